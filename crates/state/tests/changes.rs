//! In which blocks an account changed, against a list kept beside: folded or pending, forwards or backwards.

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

mod common;

use alloy_primitives::{KECCAK256_EMPTY, U256, keccak256};
use common::{address, options};
use proptest::prelude::*;
use state::{Account, AccountChange, BlockRecord, Changes, History, Writer};
use std::collections::BTreeMap;

/// What one block does: accounts whose balance, or else whose only slot, takes the block's number; none: empty blocks.
type Block = Vec<(u8, bool)>;

fn record(number: u64) -> BlockRecord {
    BlockRecord {
        number,
        hash: keccak256(number.to_be_bytes()),
        header: vec![],
        body: vec![],
        receipts: vec![],
        transactions: vec![],
        log_keys: vec![],
        side: Vec::new(),
    }
}

fn seal(writer: &mut Writer, balances: &mut BTreeMap<u8, u64>, number: u64, block: &Block) {
    let accounts = block
        .iter()
        .map(|(n, is_slot)| {
            let balance = balances.entry(*n).or_default();
            if !is_slot {
                *balance = number;
            }
            let account = Account { nonce: 1, balance: U256::from(*balance), code_hash: KECCAK256_EMPTY };
            let slots = if *is_slot { vec![(U256::from(7), U256::from(number))] } else { vec![] };
            AccountChange { address: address(*n), account: Some(account), wiped: false, slots }
        })
        .collect();
    writer.stage(Changes { accounts, code: vec![] }).unwrap();
    writer.commit(record(number)).unwrap();
}

fn check(blocks: &[Block], durable: bool) {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = durable.then(|| folder.path().to_path_buf());
    let mut writer = Writer::open(options(data_dir, History::All)).unwrap();
    let (mut balances, mut changed) = (BTreeMap::new(), BTreeMap::<u8, Vec<u64>>::new());
    for (number, block) in (0..).zip(blocks) {
        seal(&mut writer, &mut balances, number, block);
        for (n, _) in block {
            changed.entry(*n).or_default().push(number);
        }
    }
    let head = blocks.len() as u64 - 1;
    let reader = writer.reader();
    for n in 0..6 {
        let all = changed.remove(&n).unwrap_or_default();
        for (from, to) in [(0, head), (head / 3, head / 2), (head / 2, u64::MAX), (5, 2)] {
            let mut expected: Vec<u64> =
                all.iter().copied().filter(|block| (from..=to).contains(block)).collect();
            assert_eq!(reader.account_changes(address(n), from..=to, false, 1_000).unwrap(), expected);
            expected.truncate(2);
            assert_eq!(reader.account_changes(address(n), from..=to, false, 2).unwrap(), expected);
            expected =
                all.iter().rev().copied().filter(|block| (from..=to).contains(block)).take(3).collect();
            assert_eq!(reader.account_changes(address(n), from..=to, true, 3).unwrap(), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_block_that_changed_an_account_is_named(
        blocks in prop::collection::vec(
            prop::collection::btree_map(0u8..5, any::<bool>(), 0..4).prop_map(|block| block.into_iter().collect::<Block>()),
            1..40,
        ),
        durable: bool,
    ) {
        check(&blocks, durable);
    }
}

#[test]
fn what_is_pruned_is_not_named() {
    let folder = tempfile::tempdir().unwrap();
    for data_dir in [None, Some(folder.path().to_path_buf())] {
        let mut writer = Writer::open(options(data_dir, History::Last(10))).unwrap();
        for number in 0..60 {
            seal(&mut writer, &mut BTreeMap::new(), number, &vec![(1, false)]);
        }
        let reader = writer.reader();
        let found = reader.account_changes(address(1), 0..=59, false, 100).unwrap();
        assert_eq!(found, (reader.oldest()..=59).collect::<Vec<_>>());
        assert!(reader.oldest() > 0);
    }
}
