//! The chain as its users see it through the handle: sealing, time, history, snapshots, restarts.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

mod support;

use alloy_primitives::{Address, U256, address};
use chain::{LogFilter, Mining};
use std::time::Duration;
use support::{Sender, dev_chain, dev_config};

const SOMEBODY: Address = address!("0x00000000000000000000000000000000000b0b00");

#[tokio::test]
async fn a_transaction_is_sealed_and_readable_when_submit_returns() {
    let chain = dev_chain();
    let mut alice = Sender::dev(1);
    let hash = chain.submit_raw(alice.transfer(SOMEBODY, 5)).await.unwrap();

    let view = chain.view();
    let (block, index) = view.transaction(hash).unwrap().expect("sealed");
    assert_eq!((block.header.number, index), (1, 0));
    assert!(block.receipts[0].is_success());
    assert_eq!(view.account(SOMEBODY, 1).unwrap().balance, U256::from(5));
    assert_eq!(view.account(SOMEBODY, 0).unwrap().balance, U256::ZERO);
    chain.stop();
}

#[tokio::test]
async fn transactions_submitted_together_share_blocks_in_nonce_order() {
    let chain = dev_chain();
    let mut alice = Sender::dev(1);
    let raw: Vec<_> = (0..200).map(|_| alice.transfer(SOMEBODY, 1)).collect();
    let submitted: Vec<_> = raw
        .into_iter()
        .map(|raw| {
            let chain = chain.clone();
            tokio::spawn(async move { chain.submit_raw(raw).await })
        })
        .collect();
    for task in submitted {
        task.await.unwrap().unwrap();
    }
    let view = chain.view();
    assert_eq!(view.account(SOMEBODY, view.head()).unwrap().balance, U256::from(200));
    assert_eq!(view.account(alice.address(), view.head()).unwrap().nonce, 200);
    chain.stop();
}

#[tokio::test]
async fn a_nonce_gap_waits_and_its_filler_releases_it() {
    let chain = dev_chain();
    let mut alice = Sender::dev(1);
    let first = alice.transfer(SOMEBODY, 1);
    let second = alice.transfer(SOMEBODY, 2);
    let early = chain.submit_raw(second).await.unwrap();
    assert!(chain.view().transaction(early).unwrap().is_none());
    chain.submit_raw(first).await.unwrap();
    assert!(chain.view().transaction(early).unwrap().is_some());
    chain.stop();
}

#[tokio::test]
async fn timestamps_rise_by_at_least_a_slot_and_travel_moves_them() {
    let chain = dev_chain();
    let start = chain.view().head_header().unwrap().timestamp;
    for _ in 0..5 {
        chain.mine(1, None).await.unwrap();
    }
    let later = chain.view().head_header().unwrap().timestamp;
    assert!(later >= start + 5);
    chain.increase_time(1_000_000).await.unwrap();
    chain.mine(1, None).await.unwrap();
    let travelled = chain.view().head_header().unwrap().timestamp;
    assert!(travelled >= later + 1_000_000, "{travelled} {later}");
    assert_eq!(chain.set_next_timestamp(travelled + 77).await, Ok(travelled + 77));
    chain.mine(1, None).await.unwrap();
    assert_eq!(chain.view().head_header().unwrap().timestamp, travelled + 77);
    assert!(chain.set_next_timestamp(travelled).await.is_err());
    chain.stop();
}

#[tokio::test]
async fn a_long_range_of_empty_blocks_is_linked_and_readable() {
    let chain = dev_chain();
    let mut alice = Sender::dev(1);
    chain.submit_raw(alice.transfer(SOMEBODY, 1)).await.unwrap();
    assert_eq!(chain.mine(5_000, Some(3)).await, Ok(5_001));
    let view = chain.view();
    let mut parent = view.header(1).unwrap().unwrap();
    for number in 2..=5_001 {
        let header = view.header(number).unwrap().unwrap();
        assert_eq!(header.number, number);
        assert_eq!(header.parent_hash, parent.hash_slow());
        assert_eq!(view.hash_of(number).unwrap(), Some(header.hash_slow()));
        assert_eq!(header.state_root, parent.state_root);
        if number > 2 {
            assert_eq!(header.timestamp, parent.timestamp + 3);
        }
        parent = header;
    }
    let middle = view.hash_of(2_500).unwrap().unwrap();
    assert_eq!(view.number_of(middle).unwrap(), Some(2_500));
    chain.submit_raw(alice.transfer(SOMEBODY, 1)).await.unwrap();
    let view = chain.view();
    assert_eq!(view.account(SOMEBODY, view.head()).unwrap().balance, U256::from(2));
    assert_eq!(view.account(SOMEBODY, 4_000).unwrap().balance, U256::from(1));
    chain.stop();
}

#[tokio::test]
async fn revert_goes_back_in_state_blocks_and_pool() {
    let chain = dev_chain();
    let mut alice = Sender::dev(1);
    chain.submit_raw(alice.transfer(SOMEBODY, 1)).await.unwrap();
    let snapshot = chain.snapshot().await.unwrap();
    let before = chain.view().head_header().unwrap();
    let undone = chain.submit_raw(alice.transfer(SOMEBODY, 10)).await.unwrap();
    chain.mine(20, None).await.unwrap();
    assert_eq!(chain.revert(snapshot).await, Ok(true));
    assert_eq!(chain.revert(snapshot).await, Ok(false));

    let view = chain.view();
    assert_eq!(view.head_header().unwrap(), before);
    assert!(view.transaction(undone).unwrap().is_none());
    assert_eq!(view.account(SOMEBODY, view.head()).unwrap().balance, U256::from(1));
    alice.nonce -= 1;
    chain.submit_raw(alice.transfer(SOMEBODY, 7)).await.unwrap();
    let view = chain.view();
    assert_eq!(view.account(SOMEBODY, view.head()).unwrap().balance, U256::from(8));
    chain.stop();
}

#[tokio::test]
async fn manual_mining_waits_for_the_command() {
    let chain = dev_chain();
    chain.set_mining(Mining::Manual).await.unwrap();
    let mut alice = Sender::dev(1);
    let hash = chain.submit_raw(alice.transfer(SOMEBODY, 1)).await.unwrap();
    assert_eq!(chain.view().head(), 0);
    assert_eq!(chain.mine(1, None).await, Ok(1));
    assert!(chain.view().transaction(hash).unwrap().is_some());
    chain.set_mining(Mining::Interval(Duration::from_millis(20))).await.unwrap();
    let mut blocks = chain.subscribe();
    assert_eq!(blocks.recv().await.unwrap().header.number, 2);
    chain.stop();
}

#[tokio::test]
async fn logs_are_found_by_address_and_topic_over_many_blocks() {
    let chain = dev_chain();
    let mut alice = Sender::dev(1);
    for amount in 1..=3u64 {
        chain.submit_raw(alice.mint_test_token(SOMEBODY, amount)).await.unwrap();
        chain.mine(500, None).await.unwrap();
    }
    let view = chain.view();
    let filter = LogFilter {
        to: view.head(),
        addresses: vec![types::addresses::TEST_TOKEN],
        topics: [vec![], vec![], vec![SOMEBODY.into_word()], vec![]],
        ..LogFilter::default()
    };
    let found = view.logs(&filter, 100).unwrap();
    let blocks: Vec<u64> = found.iter().map(|log| log.block).collect();
    assert_eq!(blocks, [1, 502, 1_003]);
    assert!(view.logs(&filter, 2).is_err());
    let elsewhere = LogFilter { addresses: vec![SOMEBODY], ..filter };
    assert!(view.logs(&elsewhere, 100).unwrap().is_empty());
    chain.stop();
}

#[tokio::test]
async fn a_restart_continues_where_the_chain_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = dev_config();
    config.data_dir = Some(directory.path().join("data"));
    let chain = chain::Chain::open(config.clone()).unwrap();
    let mut alice = Sender::dev(1);
    let hash = chain.submit_raw(alice.transfer(SOMEBODY, 9)).await.unwrap();
    chain.mine(2_000, None).await.unwrap();
    let head = chain.view().head_header().unwrap();
    chain.stop();
    drop(chain);

    config.genesis.timestamp += 1_000;
    let chain = chain::Chain::open(config.clone()).unwrap();
    let view = chain.view();
    assert_eq!(view.head_header().unwrap(), head);
    assert!(view.transaction(hash).unwrap().is_some());
    assert_eq!(view.account(SOMEBODY, 1_500).unwrap().balance, U256::from(9));
    chain.submit_raw(alice.transfer(SOMEBODY, 1)).await.unwrap();
    chain.stop();
    drop((view, chain));

    config.genesis.params.withdrawal_delay_blocks += 1;
    let refused = chain::Chain::open(config).err().expect("another chain").to_string();
    assert!(refused.contains("holds another chain"), "{refused}");
}
