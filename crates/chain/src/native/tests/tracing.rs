//! Whoever watches sees native calls, what they call, what they make, and every log once and where it was emitted; and
//! watching changes nothing.

use super::{
    contracts::{COUNTER_KIND, HUB, Hub, LEAF, MAKER, Maker, RELAY, VAULT, Vault},
    testkit::{
        ALICE, BOB, Chain, OPERATOR, PROBE, TOKEN, Token, chain, forward_to, fund, ok, relay_to, send, tx, u,
    },
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError};
use protocol::registry::instance_code;
use revm::{InspectCommitEvm, context::result::ExecutionResult, interpreter::InstructionResult};
use revm_inspectors::tracing::{
    TracingInspector, TracingInspectorConfig,
    types::{CallKind, CallTraceNode},
};

type Watched = Chain<TracingInspector>;

fn watched() -> Watched {
    let config = TracingInspectorConfig::default_geth().set_record_logs(true).set_record_inputs(true);
    chain(TOKEN, TracingInspector::new(config))
}

/// Runs a call under the inspector and plainly on a twin; both must agree. Returns the result and the frames.
fn trace(
    watched: &mut Watched,
    plain: &mut Chain,
    to: Address,
    data: Vec<u8>,
) -> (ExecutionResult, Vec<CallTraceNode>) {
    watched.inner.inspector.fuse();
    let tx = tx(watched, ALICE, to, data.clone());
    let seen = watched.inspect_tx_commit(tx).unwrap();
    assert_eq!(seen, send(plain, ALICE, to, data));
    (seen, watched.inner.inspector.traces().nodes().to_vec())
}

fn pair() -> (Watched, Chain) {
    let (mut watched, mut plain) = (watched(), super::testkit::fresh());
    fund(&mut watched, TOKEN);
    fund(&mut plain, TOKEN);
    (watched, plain)
}

/// Parent and address of each frame.
fn shape(nodes: &[CallTraceNode]) -> Vec<(Option<usize>, Address)> {
    nodes.iter().map(|node| (node.parent, node.trace.address)).collect()
}

#[test]
fn native_calls_and_their_children_are_seen_with_input_output_and_steps() {
    let (mut watched, mut plain) = pair();
    let deposit = Vault::depositCall { operator: OPERATOR, assets: u(30) };
    let (_, nodes) = trace(&mut watched, &mut plain, VAULT, deposit.abi_encode());
    let nested = (Some(0), TOKEN);
    assert_eq!(shape(&nodes), [(None, VAULT), nested, nested, nested]);
    let root = &nodes[0].trace;
    assert_eq!(root.data, deposit.abi_encode());
    assert_eq!(U256::from_be_slice(&root.output), u(30));
    assert_eq!(nodes[2].trace.data[..4], Token::transferFromCall::SELECTOR);
    assert!(nodes[2].trace.steps.len() > 50, "opcodes of the nested frame");
    assert_eq!(nodes.iter().map(|node| node.trace.depth).collect::<Vec<_>>(), [0, 1, 1, 1]);

    // Each log once, in the frame that emitted it.
    let logs: Vec<_> = nodes.iter().map(|node| node.logs.len()).collect();
    assert_eq!(logs, [1, 0, 1, 0]);
}

#[test]
fn frames_of_both_kinds_interleave() {
    let (mut watched, mut plain) = pair();
    let call = forward_to(RELAY, relay_to(VAULT, Vault::poolOfCall { operator: OPERATOR }));
    let (_, nodes) = trace(&mut watched, &mut plain, PROBE, call.abi_encode());
    assert_eq!(shape(&nodes), [(None, PROBE), (Some(0), RELAY), (Some(1), VAULT)]);
    assert_eq!(nodes.iter().map(|node| node.trace.depth).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_scope_is_seen_as_a_call() {
    let (mut watched, mut plain) = pair();
    let note = Hub::noteCall { value: u(40) };
    let (_, nodes) = trace(&mut watched, &mut plain, HUB, note.abi_encode());
    assert_eq!(shape(&nodes), [(None, HUB), (Some(0), LEAF)]);
    let inner = &nodes[1].trace;
    assert_eq!((inner.kind, inner.caller), (CallKind::Call, HUB));
    assert_eq!(inner.data, note.abi_encode());
    assert_eq!(U256::from_be_slice(&inner.output), u(41));
    assert!(inner.success && inner.gas_used > 20_000, "{inner:?}");
    assert!(inner.gas_used < nodes[0].trace.gas_used);
    assert_eq!(nodes.iter().map(|node| node.logs.len()).collect::<Vec<_>>(), [1, 1]);

    // What the callee calls hangs below it.
    ok(&mut plain, TOKEN, Token::mintCall { to: LEAF, value: u(9) });
    ok(&mut watched, TOKEN, Token::mintCall { to: LEAF, value: u(9) });
    let spend = Hub::spendCall { token: TOKEN, to: BOB, value: u(4) };
    let (_, nodes) = trace(&mut watched, &mut plain, HUB, spend.abi_encode());
    assert_eq!(shape(&nodes), [(None, HUB), (Some(0), LEAF), (Some(1), TOKEN)]);
    assert_eq!(nodes.iter().map(|node| node.trace.depth).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(nodes[2].trace.caller, LEAF);

    // A view is a static call to who looks.
    let (_, nodes) = trace(&mut watched, &mut plain, HUB, Hub::readCall {}.abi_encode());
    assert_eq!(nodes[1].trace.kind, CallKind::Call);

    // A failure is seen where it happened.
    let (_, nodes) = trace(&mut watched, &mut plain, HUB, Hub::failCall { value: u(5) }.abi_encode());
    let error = Hub::LeafRefused { value: u(5) }.abi_encode();
    for node in &nodes {
        assert_eq!(
            (node.trace.status, node.trace.output.to_vec()),
            (Some(InstructionResult::Revert), error.clone())
        );
    }
}

#[test]
fn an_instance_is_seen_as_a_create() {
    let (mut watched, mut plain) = pair();
    let call = Maker::makeCall { kind: COUNTER_KIND }.abi_encode();
    let (_, nodes) = trace(&mut watched, &mut plain, MAKER, call);
    assert_eq!(shape(&nodes), [(None, MAKER), (Some(0), MAKER.create(1))]);
    let made = &nodes[1].trace;
    assert_eq!((made.kind, made.caller, made.success), (CallKind::Create, MAKER, true));
    assert_eq!(made.output, instance_code(COUNTER_KIND));
}

#[test]
fn depth_limits_and_collisions_look_the_same_to_the_watched_and_the_plain_run() {
    let (mut watched, mut plain) = pair();
    for levels in [30, 31, 32, 40] {
        trace(&mut watched, &mut plain, HUB, Hub::deepCall { levels: u(levels) }.abi_encode());
    }
    for chain in [super::testkit::db(&mut plain), super::testkit::db(&mut watched)] {
        super::testkit::place(chain, MAKER.create(1), instance_code(1));
    }
    let (result, nodes) =
        trace(&mut watched, &mut plain, MAKER, Maker::makeCall { kind: COUNTER_KIND }.abi_encode());
    assert!(!result.is_success());
    assert_eq!(nodes.len(), 2);
}
