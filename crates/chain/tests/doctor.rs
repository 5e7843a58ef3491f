//! The doctor: silent on a sound data directory, and naming the fault where a block or the state is not what it claims.

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

#[allow(dead_code, reason = "shared with tests that use more of it")]
mod support;

use alloy_consensus::{EMPTY_ROOT_HASH, Header};
use alloy_primitives::{Address, Bloom, U256, address};
use alloy_rlp::Encodable;
use alloy_sol_types::SolCall;
use chain::{
    Chain, Config, SealedBlock,
    develop::Edit,
    doctor::{Report, examine},
};
use state::{Account, AccountChange, BlockRecord, Changes, Options, Writer};
use std::path::Path;
use support::{Sender, dev_config};
use types::{
    abi::{IStrategyManager, ITestToken},
    addresses,
};

const SOMEBODY: Address = address!("0x00000000000000000000000000000000000b0b00");

/// A chain of some transfers, tokens and empty blocks.
async fn make(directory: &Path) -> Chain {
    let config = Config { data_dir: Some(directory.to_path_buf()), ..dev_config() };
    let chain = Chain::open(config).unwrap();
    let mut alice = Sender::dev(1);
    for _ in 0..3 {
        chain.submit_raw(alice.transfer(SOMEBODY, 5)).await.unwrap();
        chain.submit_raw(alice.mint_test_token(SOMEBODY, 7)).await.unwrap();
    }
    chain.mine(50, None).await.unwrap();
    chain
}

fn look(directory: &Path) -> Report {
    examine(directory, |_| ()).unwrap()
}

/// Adds a block below the chain's own rules: `header` is whatever the head's child is made to be.
fn forge(directory: &Path, changes: Changes, header: impl FnOnce(&mut Header)) {
    let identity =
        chain::Genesis::from_json(&std::fs::read_to_string(directory.join("genesis.json")).unwrap());
    let identity = identity.unwrap().0.identity();
    let mut writer = Writer::open(Options::durable(directory, identity)).unwrap();
    let head = writer.head().unwrap();
    let root = writer.stage(changes).unwrap();
    let parent = chain::query::read_header(&writer.reader(), head.number).unwrap();
    let mut forged = Header {
        number: head.number + 1,
        parent_hash: head.hash,
        state_root: root,
        timestamp: parent.timestamp + 1,
        ..parent
    };
    header(&mut forged);
    let block = SealedBlock {
        hash: forged.hash_slow(),
        header: forged,
        transactions: Vec::new(),
        receipts: Vec::new(),
    };
    let mut raw = Vec::new();
    block.header.encode(&mut raw);
    let record = BlockRecord {
        number: block.header.number,
        hash: block.hash,
        header: raw,
        body: block.encode_body(),
        receipts: block.encode_receipts(),
        transactions: Vec::new(),
        log_keys: Vec::new(),
        side: Vec::new(),
    };
    writer.commit(record).unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn a_sound_chain_has_no_finding_and_its_figures_are_told() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path()).await.stop();
    let report = look(directory.path());
    assert_eq!(report.findings, Vec::<String>::new());
    assert_eq!((report.chain_id, report.oldest, report.head), (31_337, 0, 56));
    assert_eq!((report.transactions, report.logs), (6, 3));
    assert!(report.accounts > 15 && report.slots > 10, "{report:?}");
    // A look changes nothing.
    assert_eq!(look(directory.path()).state_root, report.state_root);
}

#[tokio::test]
async fn an_edit_by_development_tools_is_told_and_no_fault() {
    let directory = tempfile::tempdir().unwrap();
    let chain = make(directory.path()).await;
    let root = chain.view().head_header().unwrap().state_root;
    chain.edit(vec![Edit::Balance(SOMEBODY, U256::from(77))]).await.unwrap();
    chain.stop();
    drop(chain);
    let report = look(directory.path());
    assert_eq!(report.findings, Vec::<String>::new());
    assert_eq!(report.state_root, root, "the header names the root before the edit");
}

#[tokio::test]
async fn a_header_that_states_other_roots_gas_or_parents_is_found() {
    let faults: [(fn(&mut Header), &str); 5] = [
        (|header| header.gas_used = 21_000, "block 57: its receipts do not add up to the gas"),
        (
            |header| header.transactions_root = header.state_root,
            "block 57: its transactions do not have the root",
        ),
        (
            |header| header.receipts_root = header.state_root,
            "block 57: its receipts do not have the stated root",
        ),
        (|header| header.parent_hash = header.state_root, "block 57: its parent is another block"),
        (|header| header.logs_bloom.0[3] = 1, "block 57: its logs do not have the stated bloom"),
    ];
    for (fault, said) in faults {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path()).await.stop();
        forge(directory.path(), Changes::default(), fault);
        let findings = look(directory.path()).findings;
        assert!(findings.len() == 1 && findings[0].starts_with(said), "{said}: {findings:?}");
    }
}

#[tokio::test]
async fn state_that_breaks_an_invariant_of_restaking_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let chain = make(directory.path()).await;
    let mut bob = Sender::dev(2);
    let approve = ITestToken::approveCall { spender: addresses::STRATEGY_MANAGER, value: U256::MAX };
    let deposit = IStrategyManager::depositIntoStrategyCall {
        strategy: addresses::TEST_TOKEN_STRATEGY,
        token: addresses::TEST_TOKEN,
        amount: U256::from(900),
    };
    let own = bob.address();
    chain.submit_raw(bob.mint_test_token(own, 1_000)).await.unwrap();
    for (to, input) in
        [(addresses::TEST_TOKEN, approve.abi_encode()), (addresses::STRATEGY_MANAGER, deposit.abi_encode())]
    {
        chain.submit_raw(bob.call(to, U256::ZERO, input.into())).await.unwrap();
    }
    chain.audit().unwrap();
    let view = chain.view();
    let strategy = view.account(addresses::TEST_TOKEN_STRATEGY, view.head()).unwrap();
    let slots: Vec<U256> = (0..8).map(U256::from).collect();
    let values =
        slots.iter().map(|slot| view.storage(addresses::TEST_TOKEN_STRATEGY, *slot, view.head()).unwrap());
    // One share less, where the strategy keeps the sum of 900 in the lower half of a slot.
    let half = U256::from(u128::MAX);
    let changed: Vec<_> = slots
        .iter()
        .zip(values)
        .filter(|(_, value)| value & half == U256::from(900))
        .map(|(slot, value)| (*slot, value - U256::ONE))
        .collect();
    assert_eq!(changed.len(), 1);
    drop(view);
    chain.stop();
    drop(chain);
    let account = Account { ..strategy };
    let change = AccountChange {
        address: addresses::TEST_TOKEN_STRATEGY,
        account: Some(account),
        wiped: false,
        slots: changed,
    };
    let of_an_empty_block = |header: &mut Header| {
        header.transactions_root = EMPTY_ROOT_HASH;
        header.receipts_root = EMPTY_ROOT_HASH;
        header.logs_bloom = Bloom::ZERO;
        header.gas_used = 0;
    };
    forge(directory.path(), Changes { accounts: vec![change], ..Changes::default() }, of_an_empty_block);
    let findings = look(directory.path()).findings;
    assert!(
        !findings.is_empty() && findings.iter().all(|finding| finding.starts_with("restaking: ")),
        "{findings:?}"
    );
}

#[tokio::test]
async fn a_directory_that_a_node_has_is_refused_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let chain = make(directory.path()).await;
    let error = examine(directory.path(), |_| ()).unwrap_err().to_string();
    assert!(error.contains("in use") && error.lines().count() == 1, "{error}");
    chain.stop();
}
