//! Calls out of native code and back into it: tokens, callbacks, value, gas, and what a failure undoes.

use super::{
    contracts::{HUB, RELAY, ROGUE, Relay, VAULT, Vault},
    testkit::{
        ALICE, BOB, Chain, HOOK_TOKEN, HookToken, OPERATOR, PROBE, Probe, TOKEN, Token, chain, db,
        forward_to, fresh, fund, ok, place, refused, relay_to, send, tx, u,
    },
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use protocol::{
    host::revert_with,
    registry::{MAX_NATIVE_NESTING, STUB_CODE},
};
use revm::{Database, ExecuteCommitEvm, ExecuteEvm, context::TxEnv};

fn deposit(assets: u64) -> Vault::depositCall {
    Vault::depositCall { operator: OPERATOR, assets: u(assets) }
}

fn balance(chain: &mut Chain, token: Address, owner: Address) -> U256 {
    ok(chain, token, Token::balanceOfCall { owner })
}

fn pool(chain: &mut Chain) -> U256 {
    ok(chain, VAULT, Vault::poolOfCall { operator: OPERATOR })
}

#[test]
fn a_plain_transaction_moves_tokens_and_logs_in_order() {
    let mut chain = fresh();
    fund(&mut chain, TOKEN);
    let result = send(&mut chain, ALICE, VAULT, deposit(400).abi_encode());
    assert_eq!(result.output().map(|o| U256::from_be_slice(o)), Some(u(400)));
    assert!(result.tx_gas_used() < 150_000, "unused gas of nested calls comes back");
    assert_eq!(balance(&mut chain, TOKEN, VAULT), u(400));
    assert_eq!(balance(&mut chain, TOKEN, ALICE), u(600));

    let [moved, deposited] = result.logs() else { panic!("two logs, not {:?}", result.logs()) };
    assert_eq!((moved.address, deposited.address), (TOKEN, VAULT));
    let event = Vault::Deposited::decode_log(deposited).unwrap();
    assert_eq!((event.owner, event.assets), (ALICE, u(400)));
}

#[test]
fn an_evm_contract_calls_native_code() {
    let mut chain = fresh();
    ok(&mut chain, TOKEN, Token::mintCall { to: PROBE, value: u(70) });
    ok(&mut chain, PROBE, forward_to(TOKEN, Token::approveCall { spender: VAULT, value: u(70) }));
    let out = ok(&mut chain, PROBE, forward_to(VAULT, deposit(70)));
    assert_eq!(U256::from_be_slice(&out), u(70));
    assert_eq!(ok(&mut chain, VAULT, Vault::sharesOfCall { operator: OPERATOR, owner: PROBE }), u(70));
}

#[test]
fn reentry_is_refused_for_writes_and_served_for_views() {
    let mut chain = chain(HOOK_TOKEN, ());
    fund(&mut chain, HOOK_TOKEN);
    let data = deposit(1).abi_encode().into();
    ok(&mut chain, HOOK_TOKEN, HookToken::setHookCall { to: VAULT, data });
    let Err(protocol::host::Error::Revert(reentered)) = revert_with::<()>("ReentrancyGuard: reentrant call")
    else {
        panic!("a revert");
    };
    assert_eq!(refused(&mut chain, VAULT, deposit(10)), reentered);

    let data = Vault::poolOfCall { operator: OPERATOR }.abi_encode().into();
    ok(&mut chain, HOOK_TOKEN, HookToken::setHookCall { to: VAULT, data });
    ok(&mut chain, VAULT, deposit(10));
    let seen = ok(&mut chain, HOOK_TOKEN, HookToken::hookReplyCall {});
    assert_eq!(seen.as_ref(), [0; 32], "the pool as it was before this deposit's writes");
    assert_eq!(pool(&mut chain), u(10));
}

/// Relay, probe, relay, probe, ... with `levels` relays; the innermost asks for its own count.
fn ladder(levels: usize) -> Relay::relayCall {
    let mut call = relay_to(RELAY, Relay::countCall {});
    for _ in 1..levels {
        call = relay_to(PROBE, forward_to(RELAY, call));
    }
    call
}

#[test]
fn native_and_evm_frames_interleave_to_the_nesting_limit() {
    let mut chain = fresh();
    let levels = MAX_NATIVE_NESTING - 1;
    let ample = |chain: &mut Chain, levels| {
        let data = ladder(levels).abi_encode();
        let tx = TxEnv { gas_limit: 16_000_000, ..tx(chain, ALICE, RELAY, data) };
        chain.transact_commit(tx).unwrap()
    };
    assert!(ample(&mut chain, levels).is_success());
    assert_eq!(ok(&mut chain, RELAY, Relay::countCall {}), U256::from(levels));

    // One more is refused without burning the gas below it.
    let result = ample(&mut chain, levels + 1);
    assert!(!result.is_success() && result.tx_gas_used() < 3_000_000, "{result:?}");
    assert_eq!(ok(&mut chain, RELAY, Relay::countCall {}), U256::from(levels));
}

#[test]
fn a_custom_error_bubbles_through_every_level_and_undoes_each() {
    let mut chain = fresh();
    let steal = Token::transferCall { to: ALICE, value: u(5) };
    let error = Token::InsufficientBalance { owner: RELAY, have: u(0), want: u(5) }.abi_encode();
    let doomed = relay_to(PROBE, forward_to(RELAY, relay_to(TOKEN, steal.clone())));
    assert_eq!(refused(&mut chain, RELAY, doomed), error);
    assert_eq!(ok(&mut chain, RELAY, Relay::countCall {}), u(0));
    assert_eq!(ok(&mut chain, PROBE, Probe::markerCall {}), u(0));

    // Caught by an EVM contract: its own write stays, the native frame's does not.
    let data = relay_to(TOKEN, steal.clone()).abi_encode().into();
    let caught = ok(&mut chain, PROBE, Probe::tryForwardCall { to: RELAY, data });
    assert_eq!((caught.ok, caught.out.to_vec()), (false, error));
    assert_eq!(ok(&mut chain, RELAY, Relay::countCall {}), u(0));
    assert_eq!(ok(&mut chain, PROBE, Probe::markerCall {}), u(1));

    // Caught by a native contract: its own write stays, all below it is undone, its log is alone.
    let inner = relay_to(TOKEN, Token::mintCall { to: ALICE, value: u(9) }).abi_encode().into();
    let data = Probe::forwardThenBoomCall { to: RELAY, data: inner }.abi_encode().into();
    let result = send(&mut chain, ALICE, RELAY, Relay::tryRelayCall { to: PROBE, data }.abi_encode());
    let caught = Relay::tryRelayCall::abi_decode_returns(result.output().unwrap()).unwrap();
    assert!(!caught.ok && Probe::Boom::abi_decode(&caught.out).is_ok());
    assert_eq!(result.logs().len(), 1);
    assert_eq!(ok(&mut chain, RELAY, Relay::countCall {}), u(1));
    assert_eq!(ok(&mut chain, PROBE, Probe::markerCall {}), u(1));
    assert_eq!(balance(&mut chain, TOKEN, ALICE), u(0));
}

#[test]
fn value_reaches_payable_verbs_only_and_goes_out_again() {
    let mut chain = fresh();
    let paid = TxEnv { value: u(5), ..tx(&mut chain, ALICE, VAULT, deposit(1).abi_encode()) };
    let result = chain.transact(paid).unwrap().result;
    assert_eq!(result.output(), Some(&Bytes::new()), "an empty revert, as Solidity gives it");
    assert!(!result.is_success());

    // Alice -> relay -> probe, with value at each step; probe's receive() takes it.
    let call = Relay::relayCall { to: PROBE, value: u(7), data: Bytes::new() };
    let paid = TxEnv { value: u(9), ..tx(&mut chain, ALICE, RELAY, call.abi_encode()) };
    let state = chain.transact(paid).unwrap().state;
    assert_eq!(state[&RELAY].info.balance, u(2));
    assert_eq!(state[&PROBE].info.balance, u(7));

    // More than it has: the call fails, the frame goes on.
    assert!(!ok(&mut chain, RELAY, Relay::payCall { to: BOB, value: u(1) }));
}

#[test]
fn a_callee_that_burns_its_gas_leaves_its_caller_a_64th() {
    let mut chain = fresh();
    // The stub without an entry in the table: one INVALID opcode.
    place(db(&mut chain), OPERATOR, Bytes::from_static(&STUB_CODE));
    let burned = ok(&mut chain, RELAY, Relay::tryRelayCall { to: OPERATOR, data: Bytes::new() });
    assert!(!burned.ok);
}

#[test]
fn a_stipend_pays_a_receiver_but_never_buys_a_write() {
    let mut chain = fresh();
    let mut info = db(&mut chain).basic(RELAY).unwrap().unwrap();
    info.balance = u(10);
    db(&mut chain).insert_account_info(RELAY, info);
    assert!(ok(&mut chain, RELAY, Relay::payCall { to: PROBE, value: u(1) }));
    // The slot already holds the value: 2200 gas would do for the write, but for EIP-2200's sentry.
    assert!(send(&mut chain, ALICE, ROGUE, Bytes::new()).is_success());
    assert!(!ok(&mut chain, RELAY, Relay::payCall { to: ROGUE, value: u(1) }));
}

#[test]
fn a_native_account_has_code_and_calls_to_empty_accounts_succeed() {
    let mut chain = fresh();
    let code = ok(&mut chain, PROBE, Probe::codeCall { who: VAULT });
    assert_eq!((code.size, code.hash), (u(1), keccak256(STUB_CODE)));
    assert!(ok(&mut chain, RELAY, Relay::tryRelayCall { to: BOB, data: Bytes::new() }).ok);
}

#[test]
fn precompiles_answer_native_code() {
    let mut chain = fresh();
    let identity = Address::with_last_byte(4);
    let data = Bytes::from_static(b"as it came");
    let answer = ok(&mut chain, RELAY, Relay::peekCall { to: identity, data: data.clone() });
    assert_eq!((answer.ok, answer.out), (true, data));
}

#[test]
fn native_code_sees_the_block_as_opcodes_do() {
    let mut chain = fresh();
    let parent = B256::repeat_byte(0xaa);
    db(&mut chain).cache.block_hashes.insert(u(999), parent);
    let seen = ok(&mut chain, RELAY, Relay::blockCall {});
    assert_eq!((seen.number, seen.timestamp), (u(1_000), u(1_700_000_000)));
    assert_eq!((seen.parent, seen.kind), (parent, u(31_337)));
}

#[test]
fn malformed_input_reverts_without_data() {
    let mut chain = fresh();
    let mut dirty = deposit(1).abi_encode();
    dirty[4] = 1;
    for input in [dirty, vec![], vec![1, 2, 3, 4], Vault::depositCall::SELECTOR.to_vec()] {
        let result = send(&mut chain, ALICE, VAULT, input);
        assert_eq!((result.is_success(), result.output()), (false, Some(&Bytes::new())));
    }
}

#[test]
fn a_slot_of_another_contract_costs_what_an_own_slot_costs() {
    let mut chain = fresh();
    fund(&mut chain, TOKEN);
    ok(&mut chain, VAULT, deposit(30));
    let own = send(&mut chain, ALICE, VAULT, Vault::poolOfCall { operator: OPERATOR }.abi_encode());
    let shared =
        send(&mut chain, ALICE, HUB, super::contracts::Hub::poolOfCall { operator: OPERATOR }.abi_encode());
    assert_eq!(own.output(), shared.output());
    assert_eq!(own.tx_gas_used(), shared.tx_gas_used());
}
