//! Native frames use the thread's stack: the deepest nesting must fit many times over.

use super::{
    contracts::{RELAY, Relay},
    testkit::{ALICE, BLOCK, PROBE, TOKEN, chain, forward_to, relay_to, tx},
};
use crate::executor::{CallRequest, Environment, MemorySource, STACK_BYTES, Simulator};
use alloy_primitives::{Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use protocol::registry::{MAX_NATIVE_NESTING, STUB_CODE};
use revm::{InspectEvm, context::TxEnv};
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};
use state::Account;
use types::{Params, Preset, abi::IMulticall3, addresses::MULTICALL3};

/// Runs in a thread with an eighth of the stack that executing threads have.
fn on_an_eighth_of_the_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES / 8).spawn(work).unwrap();
    thread.join().unwrap();
}

fn watcher() -> TracingInspector {
    TracingInspector::new(TracingInspectorConfig::all())
}

#[test]
fn native_and_evm_frames_in_turns() {
    on_an_eighth_of_the_stack(|| {
        let mut chain = chain(TOKEN, watcher());
        let mut call = relay_to(RELAY, Relay::countCall {});
        for _ in 2..MAX_NATIVE_NESTING {
            call = relay_to(PROBE, forward_to(RELAY, call));
        }
        let tx = TxEnv { gas_limit: 16_000_000, ..tx(&mut chain, ALICE, RELAY, call.abi_encode()) };
        let result = chain.inspect_tx(tx).unwrap().result;
        assert!(result.is_success(), "{result:?}");
    });
}

/// A call of Multicall3 to itself, so many frames deep.
fn nested(frames: usize) -> Bytes {
    (0..frames).fold(Bytes::new(), |inner, level| {
        let call = IMulticall3::Call3 { target: MULTICALL3, allowFailure: false, callData: inner };
        let calls = if level == 0 { Vec::new() } else { vec![call] };
        IMulticall3::aggregate3Call { calls }.abi_encode().into()
    })
}

#[test]
fn a_contract_of_the_protocol_within_itself() {
    on_an_eighth_of_the_stack(|| {
        let mut source = MemorySource::default();
        let code = Bytes::from_static(&STUB_CODE);
        let code_hash = keccak256(&code);
        source.accounts.insert(MULTICALL3, Account { nonce: 1, balance: U256::ZERO, code_hash });
        source.codes.insert(code_hash, code);
        let environment = Environment::new(31_337, Params::preset(Preset::Fast));
        let mut simulator = Simulator::new(&source, &environment, BLOCK);
        for (frames, succeeds) in [(MAX_NATIVE_NESTING, true), (MAX_NATIVE_NESTING + 1, false)] {
            let request =
                CallRequest { to: Some(MULTICALL3), input: nested(frames), ..CallRequest::default() };
            let mut inspector = watcher();
            let watched = simulator.inspect_call(&request, &mut inspector).unwrap().outcome();
            assert_eq!(watched.is_success(), succeeds, "{frames} frames: {watched:?}");
            assert_eq!(simulator.call(&request).unwrap().outcome(), watched);
            assert_eq!(inspector.traces().nodes().len(), frames);
        }
    });
}
