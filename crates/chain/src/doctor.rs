//! `bulwark doctor`: looks at all of a data directory while no node runs on it. The state root is computed from the flat
//! rows by a library that the node does not use, blocks are checked against their own commitments, and the
//! restaking core against its invariants.

use crate::{
    Chain, ChainError, Config, Genesis, Mining, View,
    audit::AuditError,
    block::{SealedBlock, receipts_root},
    chain::GENESIS_FILE,
    index::SIDE_TABLE,
    pool::Limits,
    producer::index_rows,
    query::ReadError,
};
use alloy_consensus::TxReceipt;
use alloy_primitives::{B256, Bloom, KECCAK256_EMPTY, keccak256};
use alloy_trie::{
    TrieAccount,
    root::{state_root, storage_root},
};
use state::{Account, History, OnProgress, Options, SideDigest, Writer};
use std::path::Path;

/// Most findings that are kept: what is wrong a thousand times is wrong.
pub const MOST_FINDINGS: usize = 1_000;

/// Accounts or blocks between two calls of the progress function.
const STEP: u64 = 1_024;

/// What is being looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// `accounts` or `blocks`.
    pub what: &'static str,
    /// How many are done.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

/// What was looked at and found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The genesis hash: the chain's identity.
    pub genesis: B256,
    /// The oldest block whose state and logs are kept.
    pub oldest: u64,
    /// The newest block.
    pub head: u64,
    /// Its state root, as its header has it.
    pub state_root: B256,
    /// Accounts of the newest state.
    pub accounts: u64,
    /// Slots of the newest state.
    pub slots: u64,
    /// Transactions of all blocks.
    pub transactions: u64,
    /// Logs of all blocks.
    pub logs: u64,
    /// Rows of the restaking index.
    pub index_rows: u64,
    /// What is wrong, each in one line; at most [`MOST_FINDINGS`].
    pub findings: Vec<String>,
}

impl Report {
    fn found(&mut self, finding: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }
}

/// Looks at everything in a data directory. Opening it finishes what a crash left half done, as any start does.
///
/// # Errors
/// There is no chain, another process has it, or it is too damaged to be opened.
pub fn examine(directory: &Path, tell: impl Fn(Progress)) -> Result<Report, ChainError> {
    let config = Config {
        genesis: kept_genesis(directory)?,
        data_dir: Some(directory.to_path_buf()),
        history: History::All,
        mining: Mining::Manual,
        pool: Limits::default(),
        audit: false,
    };
    let chain = Chain::open(config)?;
    let examined = examine_open(&chain, tell);
    chain.stop();
    examined
}

fn examine_open(chain: &Chain, tell: impl Fn(Progress)) -> Result<Report, ChainError> {
    let view = chain.view();
    let header = view.head_header()?;
    let mut report = Report {
        chain_id: chain.chain_id(),
        genesis: chain.genesis().identity(),
        oldest: view.reader().oldest(),
        head: header.number,
        state_root: header.state_root,
        ..Report::default()
    };
    state(&view, &mut report, &tell).map_err(ReadError::from)?;
    let derived = blocks(&view, &mut report, &tell);
    let stored = view.reader().side_digest().map_err(ReadError::from)?;
    report.index_rows = stored.rows;
    if stored != derived {
        report.found(format!(
            "the restaking index has {} rows that are not the {} of the blocks' receipts; run `bulwark doctor --reindex`",
            stored.rows, derived.rows
        ));
    }
    match chain.audit() {
        Ok(()) => {}
        Err(AuditError::Violations { violations, .. }) => {
            violations.into_iter().for_each(|violation| report.found(format!("restaking: {violation}")));
        }
        Err(error) => report.found(error.to_string()),
    }
    Ok(report)
}

/// The restaking index before and after it was built anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reindexed {
    /// The newest block.
    pub head: u64,
    /// What was there.
    pub before: SideDigest,
    /// What is there now.
    pub after: SideDigest,
}

/// Removes the restaking index of a data directory and derives it again from the receipts of all blocks.
///
/// # Errors
/// There is no chain, another process has it, or its receipts cannot be read.
pub fn reindex(directory: &Path, on_progress: Option<OnProgress>) -> Result<Reindexed, ChainError> {
    let identity = kept_genesis(directory)?.identity();
    let mut writer = Writer::open(Options {
        side: Some(SIDE_TABLE),
        on_progress: on_progress.clone(),
        ..Options::durable(directory, identity)
    })?;
    let before = writer.reader().side_digest()?;
    writer.rebuild_side(on_progress.as_ref())?;
    let after = writer.reader().side_digest()?;
    let head = writer.head().map_or(0, |head| head.number);
    writer.close()?;
    Ok(Reindexed { head, before, after })
}

/// The genesis that a data directory keeps.
fn kept_genesis(directory: &Path) -> Result<Genesis, ChainError> {
    let path = directory.join(GENESIS_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => match Genesis::from_json(&text) {
            Ok((genesis, _)) => Ok(genesis),
            Err(source) => Err(ChainError::KeptGenesis { path, source }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(ChainError::NoChain { path: directory.to_path_buf() })
        }
        Err(source) => Err(ChainError::File { path, source }),
    }
}

/// The newest state: code by its hash, and the root of all rows.
fn state(view: &View, report: &mut Report, tell: &impl Fn(Progress)) -> state::Result<()> {
    let reader = view.reader();
    let accounts = reader.accounts()?;
    let total = u64::try_from(accounts.len()).unwrap_or(u64::MAX);
    report.accounts = total;
    let mut leaves = Vec::with_capacity(accounts.len());
    for (done, (address, account)) in (0u64..).zip(accounts) {
        if done % STEP == 0 {
            tell(Progress { what: "accounts", done, total });
        }
        let Account { nonce, balance, code_hash } = account;
        if code_hash != KECCAK256_EMPTY
            && reader.code(code_hash)?.is_none_or(|code| keccak256(code) != code_hash)
        {
            report.found(format!("account {address}: its code is missing or not of hash {code_hash}"));
        }
        let slots = reader.slots(address)?;
        report.slots = report.slots.saturating_add(u64::try_from(slots.len()).unwrap_or(u64::MAX));
        let hashed = slots.into_iter().map(|(slot, value)| (keccak256(slot.to_be_bytes::<32>()), value));
        let storage_root = storage_root(hashed);
        leaves.push((keccak256(address), TrieAccount { nonce, balance, storage_root, code_hash }));
    }
    let root = state_root(leaves);
    // A block that development tools edited names an older root than its state's.
    let edited = view.is_dev().then(|| reader.root_of(report.head)).transpose()?.flatten();
    if root != report.state_root && Some(root) != edited {
        let (number, said) = (report.head, report.state_root);
        report.found(format!("block {number}: its state has root {root}, its header says {said}"));
    }
    Ok(())
}

/// All blocks: each against its header, its parent and the index of transactions. Returns what the restaking index of
/// their receipts is.
fn blocks(view: &View, report: &mut Report, tell: &impl Fn(Progress)) -> SideDigest {
    let mut derived = SideDigest::default();
    let total = report.head.saturating_add(1);
    let mut parent = None;
    for number in 0..=report.head {
        if number % STEP == 0 {
            tell(Progress { what: "blocks", done: number, total });
        }
        let block = match view.block(number) {
            Ok(Some(block)) => block,
            Ok(None) => {
                report.found(format!("block {number} is missing"));
                parent = None;
                continue;
            }
            Err(error) => {
                report.found(format!("block {number}: {error}"));
                parent = None;
                continue;
            }
        };
        for wrong in wrong(view, &block, parent) {
            report.found(format!("block {number}: {wrong}"));
        }
        parent = Some(block.hash);
        index_rows(&block).iter().for_each(|row| derived.add(row));
        let logs: usize = block.receipts.iter().map(|receipt| receipt.logs().len()).sum();
        report.logs = report.logs.saturating_add(u64::try_from(logs).unwrap_or(u64::MAX));
        let transactions = u64::try_from(block.transactions.len()).unwrap_or(u64::MAX);
        report.transactions = report.transactions.saturating_add(transactions);
    }
    derived
}

/// What of a block does not fit.
fn wrong(view: &View, block: &SealedBlock, parent: Option<B256>) -> Vec<String> {
    let header = &block.header;
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            wrong.push(what.to_owned());
        }
    };
    expect(header.hash_slow() == block.hash, "its header does not have its hash");
    expect(parent.is_none_or(|parent| header.parent_hash == parent), "its parent is another block");
    let raw: Vec<_> = block.transactions.iter().map(|transaction| &transaction.raw).collect();
    let root = alloy_trie::root::ordered_trie_root_with_encoder(&raw, |raw, out| out.extend_from_slice(raw));
    expect(root == header.transactions_root, "its transactions do not have the root that the header states");
    expect(
        receipts_root(&block.receipts) == header.receipts_root,
        "its receipts do not have the stated root",
    );
    let bloom = block.receipts.iter().fold(Bloom::ZERO, |all, receipt| all | receipt.bloom());
    expect(bloom == header.logs_bloom, "its logs do not have the stated bloom");
    let gas = block.receipts.last().map_or(0, TxReceipt::cumulative_gas_used);
    expect(gas == header.gas_used, "its receipts do not add up to the gas that the header states");
    let indexed = |transaction: B256| {
        view.reader()
            .block_of_transaction(transaction)
            .is_ok_and(|at| at.is_some_and(|(at, _)| at == header.number))
    };
    // What was pruned has left the index.
    if header.number >= view.reader().oldest() {
        let lost = block.transactions.iter().find(|transaction| !indexed(transaction.hash));
        if let Some(transaction) = lost {
            wrong.push(format!("transaction {} is not found by its hash", transaction.hash));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_a_chain_is_refused_and_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let error = examine(directory.path(), |_| ()).unwrap_err().to_string();
        assert!(error.contains("holds no chain"), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
