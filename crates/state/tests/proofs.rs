//! Proofs at the head and at older blocks, verified with `alloy-trie` against the block's root, in memory and durable, with
//! tries in memory, in cuts, staged over, and after account deletion.

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

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_trie::Nibbles;
use alloy_trie::proof::verify_proof;
use common::{CHAIN, Draft, Model, Step, address, compare_state, options, steps};
use proptest::prelude::*;
use state::{Account, AccountChange, BlockRecord, Changes, Error, History, Options, Proof, Reader, Writer};

fn verify(root: B256, key: B256, expected: Option<Vec<u8>>, nodes: &[Bytes], at: u64) {
    if root == state::trie::EMPTY_ROOT {
        assert!(expected.is_none() && nodes.is_empty(), "at {at}");
        return;
    }
    verify_proof(root, Nibbles::unpack(key), expected, nodes)
        .unwrap_or_else(|error| panic!("at {at}: {error}"));
}

fn verify_all(proof: &Proof, who: Address, root: B256, at: u64) {
    let account = proof.account.map(|account| {
        alloy_rlp::encode(alloy_trie::TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root: proof.storage_root,
            code_hash: account.code_hash,
        })
    });
    verify(root, keccak256(who), account, &proof.nodes, at);
    for slot in &proof.slots {
        let value = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
        verify(proof.storage_root, keccak256(slot.slot.to_be_bytes::<32>()), value, &slot.nodes, at);
    }
}

/// Proves some accounts and slots after block `at`, and checks proofs and values.
fn check(reader: &Reader, at: u64) {
    let root = reader.root_of(at).unwrap().unwrap();
    let slots: Vec<U256> = (0..24).step_by(3).map(U256::from).collect();
    for who in (0..21).step_by(2).map(address) {
        let proof = reader.proof(who, &slots, at).unwrap();
        verify_all(&proof, who, root, at);
        assert_eq!(proof.account, reader.account(who, at).unwrap());
        for (asked, proven) in slots.iter().zip(&proof.slots) {
            assert_eq!((proven.slot, proven.value), (*asked, reader.slot(who, *asked, at).unwrap()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_proof_of_every_block_verifies(steps in steps(40), durable: bool, last in common::draft()) {
        let dir = tempfile::tempdir().unwrap();
        let mut model = Model::default();
        let mut writer = Writer::open(options(durable.then(|| dir.path().into()), History::All)).unwrap();
        for step in &steps {
            match step {
                Step::Block(draft) => model.seal(&mut writer, draft),
                Step::Empty(lengths) => model.seal_empty(&mut writer, lengths),
                Step::Amend(draft) => model.amend(&mut writer, draft),
                Step::Rewind(back) => model.rewind(&mut writer, u64::from(*back), 0),
                _ => {}
            }
        }
        let Some(head) = model.head() else { return Ok(()) };
        for at in (0..=head).rev().step_by(3).chain([0]) {
            check(&writer.reader(), at);
        }
        // What is staged over the head shows in no proof.
        writer.stage(last.changes()).unwrap();
        for at in [head, head / 2] {
            check(&writer.reader(), at);
        }
    }
}

#[test]
fn a_proof_of_a_rewound_block_is_refused_though_its_snapshot_still_reads() {
    let mut model = Model::default();
    let mut writer = Writer::open(options(None, History::All)).unwrap();
    let draft =
        |n| Draft { changes: vec![(1, Some((n, false)), vec![], false)], logs: vec![], transactions: 0 };
    for n in 0..4 {
        model.seal(&mut writer, &draft(n));
    }
    let (reader, then) = (writer.reader(), model.clone());
    model.rewind(&mut writer, 2, 0);
    model.seal(&mut writer, &draft(9));
    compare_state(&reader, 3, then.world(3)).unwrap();
    assert_eq!(reader.proof(address(1), &[], 3), Err(Error::Rewound { asked: 3 }));
    check(&writer.reader(), 2);
}

#[test]
fn proofs_of_a_large_contract_hold_through_cuts_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        Writer::open(Options { trie_bytes: 0, limits: common::SMALL, ..Options::durable(dir.path(), CHAIN) })
    };
    let who = address(7);
    let block = |number: u64, slots: Vec<(U256, U256)>| {
        let account = Account { nonce: number, balance: U256::ZERO, code_hash: KECCAK256_EMPTY };
        let changes = AccountChange { address: who, account: Some(account), wiped: false, slots };
        let record = BlockRecord {
            number,
            hash: keccak256(number.to_be_bytes()),
            header: vec![],
            body: vec![],
            receipts: vec![],
            transactions: vec![],
            log_keys: vec![],
            side: vec![],
        };
        (Changes { accounts: vec![changes], code: vec![] }, record)
    };
    let mut writer = open().unwrap();
    let all = (1..=3_000u64).map(|n| (U256::from(n), U256::from(n))).collect();
    let mut blocks = vec![block(0, all)];
    blocks.extend(
        (1..40).map(|n| block(n, vec![(U256::from(n * 70), U256::from(n % 3)), (U256::from(n), U256::ZERO)])),
    );
    for (changes, record) in blocks {
        writer.stage(changes).unwrap();
        writer.commit(record).unwrap();
    }
    let asked: Vec<U256> = [1u64, 5, 70, 140, 210, 2_999, 9_999].map(U256::from).to_vec();
    let prove = |reader: &Reader, at: u64| {
        let proof = reader.proof(who, &asked, at).unwrap();
        verify_all(&proof, who, reader.root_of(at).unwrap().unwrap(), at);
        for slot in &proof.slots {
            assert_eq!(slot.value, reader.slot(who, slot.slot, at).unwrap(), "{} at {at}", slot.slot);
        }
    };
    for at in [39, 38, 20, 0] {
        prove(&writer.reader(), at);
    }
    writer.close().unwrap();
    let mut writer = open().unwrap();
    for at in [39, 20, 0] {
        prove(&writer.reader(), at);
    }
    let (changes, record) = block(40, vec![(U256::from(2_999), U256::ZERO)]);
    writer.stage(changes).unwrap();
    writer.commit(record).unwrap();
    prove(&writer.reader(), 40);
    prove(&writer.reader(), 39);
}
