//! Candidates that cannot run: dropped with geth's words, or left for another block.

use super::testkit::{ALICE, BOB, BOX, CHAIN_ID, ETHER, context, environment, source, tx, u};
use crate::{
    executor::{Environment, Refusal, execute_block},
    transaction::Recovered,
};
use std::sync::Arc;
use types::{Params, Preset};

/// What became of one candidate: the reason of a drop, `None` if it waits.
fn fate(candidate: Arc<Recovered>) -> Option<String> {
    let executed = execute_block(&source(), &environment(), &context(5), &[candidate]).unwrap();
    assert!(executed.block.transactions.is_empty());
    executed.skipped.first().map(|(_, reason)| reason.to_string())
}

#[test]
fn reasons_name_the_numbers() {
    let mut grown = source();
    grown.accounts.get_mut(&ALICE).unwrap().nonce = 3;
    let executed =
        execute_block(&grown, &environment(), &context(5), &[tx(ALICE, 1, BOB, u(1), []).signed()]).unwrap();
    assert_eq!(executed.skipped[0].1.to_string(), "nonce too low: next nonce 3, tx nonce 1");

    let costly = tx(ALICE, 0, BOB, ETHER * u(10), []).signed();
    let want = ETHER * u(10) + u(500_000 * 1_000);
    assert_eq!(
        fate(costly),
        Some(format!("insufficient funds for gas * price + value: have {} want {want}", ETHER * u(10)))
    );
    let greedy = tx(ALICE, 0, BOB, u(1), []).gas(20_000_000).signed();
    assert_eq!(fate(greedy).unwrap(), "transaction gas limit too high (cap: 16777216, tx: 20000000)");
    let contract = tx(BOX, 1, BOB, u(0), []).signed();
    assert!(fate(contract).unwrap().starts_with("sender not an eoa"));
}

#[test]
fn what_a_later_block_may_take_is_left_alone() {
    assert_eq!(fate(tx(ALICE, 1, BOB, u(1), []).signed()), None, "a nonce gap");
    assert_eq!(fate(tx(ALICE, 0, BOB, u(1), []).fee_cap(6).signed()), None, "below the base fee of 7");
}

#[test]
fn a_refused_transaction_leaves_no_trace() {
    let candidates = [
        tx(ALICE, 0, BOB, ETHER * u(11), []).signed(),
        tx(ALICE, 0, BOB, ETHER, []).signed(),
        tx(ALICE, 0, BOB, ETHER, []).gas(30_000).signed(),
    ];
    let executed = execute_block(&source(), &environment(), &context(5), &candidates).unwrap();
    assert_eq!(executed.block.transactions.len(), 1);
    let [(dear, _), (late, reason)] = &executed.skipped[..] else { panic!("{:?}", executed.skipped) };
    assert_eq!((dear.hash, late.hash), (candidates[0].hash, candidates[2].hash));
    assert_eq!(*reason, Refusal::NonceTooLow { have: 0, want: 1 });
    let alone = execute_block(&source(), &environment(), &context(5), &candidates[1..2]).unwrap();
    assert_eq!(executed.block.receipts, alone.block.receipts);
}

#[test]
fn impersonated_contracts_may_send_and_the_gas_cap_can_be_lifted() {
    let executed = execute_block(
        &source(),
        &environment(),
        &context(5),
        &[tx(BOX, 1, BOB, u(0), []).fee_cap(7).impersonated()],
    )
    .unwrap();
    assert_eq!(
        executed.skipped[0].1.to_string(),
        "insufficient funds for gas * price + value: have 0 want 3500000"
    );
    let mut rich = source();
    rich.accounts.get_mut(&BOX).unwrap().balance = ETHER;
    let sent = tx(BOX, 1, BOB, u(1), []).impersonated();
    assert_eq!(
        execute_block(&rich, &environment(), &context(5), &[sent]).unwrap().block.transactions.len(),
        1
    );

    let uncapped = Params { transaction_gas_cap: None, ..Params::preset(Preset::Fast) };
    let greedy = tx(ALICE, 0, BOB, u(1), []).gas(20_000_000).signed();
    let environment = Environment::new(CHAIN_ID, uncapped);
    assert_eq!(
        execute_block(&rich, &environment, &context(5), &[greedy]).unwrap().block.transactions.len(),
        1
    );
}
