//! At every gas limit a transaction either succeeds or runs out of gas and changes nothing, watched or not.

use super::{
    contracts::{COUNTER_KIND, HUB, Hub, MAKER, Maker, VAULT, Vault},
    testkit::{ALICE, Chain, OPERATOR, PROBE, TOKEN, Token, chain, forward_to, fund, ok, tx, u},
};
use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use revm::{
    ExecuteEvm, InspectEvm,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    },
    inspector::NoOpInspector,
    state::EvmState,
};

/// A chain where Alice and the probe hold shares, tokens and an allowance.
fn ready() -> Chain<NoOpInspector> {
    let mut chain = chain(TOKEN, NoOpInspector);
    fund(&mut chain, TOKEN);
    ok(&mut chain, TOKEN, Token::mintCall { to: PROBE, value: u(1000) });
    ok(&mut chain, PROBE, forward_to(TOKEN, Token::approveCall { spender: VAULT, value: u(1000) }));
    ok(&mut chain, VAULT, deposit(100));
    chain
}

fn deposit(assets: u64) -> Vault::depositCall {
    Vault::depositCall { operator: OPERATOR, assets: u(assets) }
}

/// Runs every limit from 21000 until 1000 past the first success.
fn sweep(to: Address, call: &impl SolCall, is_clean: fn(&ExecutionResult) -> bool) {
    let mut chain = ready();
    let template = tx(&mut chain, ALICE, to, call.abi_encode());
    let mut first = None;
    for gas_limit in 21_000.. {
        match run_both_ways(&mut chain, TxEnv { gas_limit, ..template.clone() }) {
            None => assert_eq!(first, None),
            Some((result, _)) if result.is_success() => first = first.or(Some(gas_limit)),
            Some((result, state)) => {
                assert_eq!(first, None, "failed above a limit that was enough: {result:?}");
                assert!(is_clean(&result), "at {gas_limit}: {result:?}");
                assert_unchanged(&state);
            }
        }
        if first.is_some_and(|enough| gas_limit > enough + 1_000) {
            break;
        }
    }
}

/// Plain and under an inspector; both must agree. `None`: below the intrinsic gas.
fn run_both_ways(chain: &mut Chain<NoOpInspector>, tx: TxEnv) -> Option<(ExecutionResult, EvmState)> {
    let plain = chain.transact(tx.clone());
    let watched = chain.inspect_tx(tx);
    assert_eq!(plain, watched);
    match plain {
        Ok(done) => Some((done.result, done.state)),
        Err(EVMError::Transaction(
            InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
        )) => None,
        Err(error) => panic!("{error:?}"),
    }
}

fn assert_unchanged(state: &EvmState) {
    for (address, account) in state {
        let before = account.original_info();
        assert_eq!(account.info.balance, before.balance, "{address}");
        assert!(account.info.nonce == before.nonce || *address == ALICE, "{address}");
        assert!(account.storage.values().all(|slot| !slot.is_changed()), "{address}");
    }
}

fn out_of_gas(result: &ExecutionResult) -> bool {
    match result {
        ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), logs, .. } => logs.is_empty(),
        _ => false,
    }
}

/// What an EVM contract reports when its callee starved: an empty revert.
fn out_of_gas_below(result: &ExecutionResult) -> bool {
    match result {
        ExecutionResult::Revert { output, logs, .. } => output.is_empty() && logs.is_empty(),
        result => out_of_gas(result),
    }
}

#[test]
fn a_deposit() {
    sweep(VAULT, &deposit(50), out_of_gas);
}

#[test]
fn a_withdrawal() {
    sweep(VAULT, &Vault::withdrawCall { operator: OPERATOR, assets: u(40) }, out_of_gas);
}

#[test]
fn a_deposit_by_an_evm_contract() {
    sweep(PROBE, &forward_to(VAULT, deposit(50)), out_of_gas_below);
}

#[test]
fn a_call_between_native_contracts() {
    sweep(HUB, &Hub::noteCall { value: u(1) }, out_of_gas);
}

#[test]
fn the_making_of_an_instance() {
    sweep(MAKER, &Maker::makeCall { kind: COUNTER_KIND }, out_of_gas);
}
