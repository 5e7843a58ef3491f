//! Native code that calls native code as a Rust function, and instances that native code makes.

use super::{
    contracts::{COUNTER_KIND, Counter, HUB, Hub, LEAF, MAKER, Maker},
    testkit::{
        ALICE, BOB, PROBE, Probe, TOKEN, Token, chain, db, forward_to, fresh, ok, place, refused, send, tx, u,
    },
};
use alloy_primitives::{Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use protocol::registry::{MAX_NATIVE_NESTING, instance_code};
use revm::{
    Database, ExecuteCommitEvm, ExecuteEvm,
    context::{
        TxEnv,
        result::{ExecutionResult, HaltReason},
    },
};
use types::gas;

#[test]
fn the_callee_writes_logs_and_pays_as_itself() {
    let mut chain = fresh();
    let result = send(&mut chain, ALICE, HUB, Hub::noteCall { value: u(40) }.abi_encode());
    assert_eq!(result.output().map(|o| U256::from_be_slice(o)), Some(u(41)));
    let [inner, outer] = result.logs() else { panic!("two logs, not {:?}", result.logs()) };
    assert_eq!((inner.address, outer.address), (LEAF, HUB));
    let selector = Hub::noteCall::SELECTOR;
    let seen = Hub::Seen::decode_log(inner).unwrap();
    assert_eq!((seen.sender, seen.selector.0), (HUB, selector));
    let seen = Hub::Seen::decode_log(outer).unwrap();
    assert_eq!((seen.sender, seen.selector.0), (ALICE, selector), "the caller has its own message back");
    assert_eq!(ok(&mut chain, LEAF, Hub::readCall {}), u(1));
    assert_eq!(ok(&mut chain, HUB, Hub::readCall {}), u(1));

    // Tokens that the callee moves are its own.
    ok(&mut chain, TOKEN, Token::mintCall { to: LEAF, value: u(9) });
    ok(&mut chain, HUB, Hub::spendCall { token: TOKEN, to: BOB, value: u(4) });
    assert_eq!(ok(&mut chain, TOKEN, Token::balanceOfCall { owner: LEAF }), u(5));
    assert_eq!(ok(&mut chain, TOKEN, Token::balanceOfCall { owner: BOB }), u(4));
}

#[test]
fn the_callee_moves_its_own_wei() {
    let mut chain = fresh();
    let mut info = db(&mut chain).basic(LEAF).unwrap().unwrap();
    info.balance = u(10);
    db(&mut chain).insert_account_info(LEAF, info);
    let state = {
        let tx = tx(&mut chain, ALICE, HUB, Hub::payCall { to: PROBE, value: u(3) }.abi_encode());
        chain.transact(tx).unwrap().state
    };
    assert_eq!((state[&LEAF].info.balance, state[&PROBE].info.balance), (u(7), u(3)));
}

#[test]
fn a_failure_of_the_callee_undoes_both() {
    let mut chain = fresh();
    let error = Hub::LeafRefused { value: u(5) }.abi_encode();
    assert_eq!(refused(&mut chain, HUB, Hub::failCall { value: u(5) }), error);
    let data = Hub::failCall { value: u(5) }.abi_encode().into();
    let caught = ok(&mut chain, PROBE, Probe::tryForwardCall { to: HUB, data });
    assert_eq!((caught.ok, caught.out.to_vec()), (false, error));
    assert_eq!(ok(&mut chain, LEAF, Hub::readCall {}), u(0));
}

#[test]
fn a_scope_costs_one_warm_call() {
    let mut chain = fresh();
    let direct = send(&mut chain, ALICE, LEAF, Hub::readCall {}.abi_encode());
    let scoped = send(&mut chain, ALICE, HUB, Hub::readCall {}.abi_encode());
    assert_eq!(scoped.tx_gas_used() - direct.tx_gas_used(), gas::NATIVE_CALL);
}

#[test]
fn a_static_frame_stays_static_in_a_scope() {
    let mut chain = fresh();
    let data = Hub::noteCall { value: u(1) }.abi_encode().into();
    assert!(!ok(&mut chain, PROBE, Probe::lookCall { to: HUB, data }).ok);
    let data = Hub::readCall {}.abi_encode().into();
    assert!(ok(&mut chain, PROBE, Probe::lookCall { to: HUB, data }).ok);
}

#[test]
fn scopes_count_against_the_nesting_limit_and_failing_gives_the_gas_back() {
    let mut chain = fresh();
    // The frame itself is one level.
    let most = u(MAX_NATIVE_NESTING as u64 - 1);
    assert_eq!(ok(&mut chain, HUB, Hub::deepCall { levels: most }), u(1));
    let result = send(&mut chain, ALICE, HUB, Hub::deepCall { levels: most + u(1) }.abi_encode());
    assert!(matches!(result, ExecutionResult::Halt { reason: HaltReason::CallTooDeep, .. }), "{result:?}");
    // A caller can go on.
    let data = Hub::deepCall { levels: most + u(1) }.abi_encode().into();
    let result = send(&mut chain, ALICE, PROBE, Probe::tryForwardCall { to: HUB, data }.abi_encode());
    assert!(result.is_success() && result.tx_gas_used() < 100_000, "{result:?}");
    assert_eq!(ok(&mut chain, HUB, Hub::deepCall { levels: most }), u(2), "the count is back where it was");
}

#[test]
fn an_instance_is_made_where_create_would_and_at_its_price() {
    let mut chain = fresh();
    let result = send(&mut chain, ALICE, MAKER, Maker::makeCall { kind: COUNTER_KIND }.abi_encode());
    let made = Maker::makeCall::abi_decode_returns(result.output().unwrap()).unwrap();
    assert_eq!(made, MAKER.create(1));
    let code = instance_code(COUNTER_KIND);
    let account = db(&mut chain).basic(made).unwrap().unwrap();
    assert_eq!((account.nonce, account.code_hash), (1, keccak256(&code)));
    assert_eq!(db(&mut chain).basic(MAKER).unwrap().unwrap().nonce, 2);
    let calldata = 16 * 6 + 4 * 30;
    let own = gas::VERB + 2 * gas::ABI_WORD;
    let first_write = 2_100 + 20_000;
    let expected = 21_000 + calldata + own + 32_000 + 4 * 200 + first_write;
    assert_eq!(result.tx_gas_used(), expected);

    assert_eq!(ok(&mut chain, made, Counter::countCall {}), u(40));
    assert_eq!(ok(&mut chain, made, Counter::bumpCall {}), u(41));
    assert_eq!(ok(&mut chain, MAKER, Maker::makeCall { kind: COUNTER_KIND }), MAKER.create(2));
}

#[test]
fn a_revert_takes_the_instance_and_the_nonce_back() {
    let mut chain = fresh();
    assert_eq!(
        refused(&mut chain, MAKER, Maker::makeAndRevertCall { kind: COUNTER_KIND }),
        Maker::NotNow {}.abi_encode()
    );
    assert_eq!(db(&mut chain).basic(MAKER).unwrap().unwrap().nonce, 1);
    assert_eq!(ok(&mut chain, MAKER, Maker::makeCall { kind: COUNTER_KIND }), MAKER.create(1));
}

#[test]
fn a_taken_address_halts_the_frame_and_spoils_nothing() {
    let mut chain = fresh();
    place(db(&mut chain), MAKER.create(1), Bytes::from_static(&[0]));
    let result = send(&mut chain, ALICE, MAKER, Maker::makeCall { kind: COUNTER_KIND }.abi_encode());
    assert!(
        matches!(result, ExecutionResult::Halt { reason: HaltReason::CreateCollision, .. }),
        "{result:?}"
    );
    assert_eq!(db(&mut chain).basic(MAKER).unwrap().unwrap().nonce, 1);
}

#[test]
fn an_instance_made_in_a_transaction_answers_in_the_same() {
    let mut chain = chain(TOKEN, ());
    // The probe has the maker make one and calls it before the transaction ends.
    let made = MAKER.create(1);
    ok(&mut chain, PROBE, forward_to(MAKER, Maker::makeCall { kind: COUNTER_KIND }));
    let bumped = ok(&mut chain, PROBE, forward_to(made, Counter::bumpCall {}));
    assert_eq!(U256::from_be_slice(&bumped), u(41));
    let kind = ok(&mut chain, MAKER, Maker::kindOfCall { of: made });
    assert_eq!(kind, u(COUNTER_KIND.into()));
    assert_eq!(ok(&mut chain, MAKER, Maker::kindOfCall { of: ALICE }), U256::MAX);

    let tx =
        TxEnv { gas_limit: 53_000, ..tx(&mut chain, ALICE, MAKER, Maker::makeCall { kind: 1 }.abi_encode()) };
    let starved = chain.transact_commit(tx).unwrap();
    assert!(matches!(starved, ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. }), "{starved:?}");
}
