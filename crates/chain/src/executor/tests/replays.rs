//! Sealed blocks run again: the same story, or an error that says where it differs.

use super::testkit::{ALICE, BOB, BOX, REVERTER, context, environment, put, seal, source, tx, u};
use crate::{
    block::SealedBlock,
    executor::{Replay, ReplayError},
};
use alloy_consensus::Header;
use alloy_primitives::{B256, U256};
use revm::inspector::NoOpInspector;

/// Block 5 with four transactions, and the state after it.
fn sealed() -> (SealedBlock, crate::executor::MemorySource) {
    let mut after = source();
    let transactions = [
        tx(ALICE, 0, BOX, U256::ZERO, put(1, 5)).signed(),
        tx(ALICE, 1, BOX, U256::ZERO, put(1, 0)).signed(),
        tx(BOB, 0, REVERTER, U256::ZERO, []).signed(),
        tx(BOB, 1, ALICE, u(3), []).signed(),
    ];
    let executed = seal(&mut after, 5, &transactions);
    let like = context(5);
    let header = Header {
        number: like.number,
        timestamp: like.timestamp,
        parent_hash: like.parent_hash,
        base_fee_per_gas: Some(like.base_fee),
        gas_limit: like.gas_limit,
        beneficiary: like.beneficiary,
        mix_hash: like.prev_randao,
        ..Header::default()
    };
    let block = SealedBlock {
        header,
        hash: B256::repeat_byte(5),
        transactions: executed.block.transactions,
        receipts: executed.block.receipts,
    };
    (block, after)
}

#[test]
fn a_replay_ends_in_the_state_that_was_sealed() {
    let ((block, after), before, environment) = (sealed(), source(), environment());
    let mut replay = Replay::begin(&before, &environment, &block);
    replay.skip_to(1).unwrap();
    assert_eq!(replay.position(), 1);
    while let Some(simulated) = replay.watch(&mut NoOpInspector).unwrap() {
        // Until it is kept, the state is the one before it.
        let sender = replay.upcoming().unwrap();
        let nonce = replay.state().cache.accounts[&sender.sender].info.nonce;
        assert_eq!(nonce, sender.nonce());
        replay.keep(simulated);
    }
    assert_eq!(replay.position(), 4);
    replay.skip_to(100).unwrap();
    let mut simulator = replay.into_simulator();
    for address in [ALICE, BOB, BOX, context(5).beneficiary] {
        assert_eq!(simulator.balance(address).unwrap(), after.accounts[&address].balance, "{address}");
    }
}

#[test]
fn a_replay_that_differs_from_the_receipts_says_so() {
    let ((block, _), mut before, environment) = (sealed(), source(), environment());
    // The slot was not empty: writing it is cheaper.
    before.slots.insert((BOX, u(1)), u(9));
    let mut replay = Replay::begin(&before, &environment, &block);
    let error = replay.skip_to(4).unwrap_err();
    let sealed = block.gas_used(0);
    let ReplayError::Differs { block: number, transaction, replayed, sealed: told } = error else {
        panic!("{error}");
    };
    assert_eq!((number, transaction, told), (5, block.transactions[0].hash, sealed));
    assert!(replayed < sealed);
    let mut replay = Replay::begin(&before, &environment, &block);
    assert!(replay.watch(&mut NoOpInspector).is_err());
}
