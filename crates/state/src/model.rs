//! What goes into the database and what comes out: accounts, changes, block records, ranges of empty blocks, proofs.
//! Plain data; nothing here knows how it is stored, and nothing knows the EVM.

use crate::side::{SideRow, SideTable};
use alloy_primitives::{Address, B256, Bytes, U256};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Most blocks in one [`EmptyRange`]: a row of 32 KiB of hashes, and at most this many steps to rebuild a header.
pub const RANGE_BLOCKS: usize = 1_024;

/// An account as the executor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// Keccak-256 of the code; of nothing, if there is none.
    pub code_hash: B256,
}

/// What a block did to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// Whose.
    pub address: Address,
    /// The account after the block; `None`: it is gone, and its storage with it.
    pub account: Option<Account>,
    /// Its storage started empty in this block, whatever was there before.
    pub wiped: bool,
    /// New values of changed slots; zero deletes. Of a slot named twice the last value counts.
    pub slots: Vec<(U256, U256)>,
}

/// What a block did to the state. Of an account named twice the last change counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Changed accounts, in any order.
    pub accounts: Vec<AccountChange>,
    /// New code by its hash.
    pub code: Vec<(B256, Bytes)>,
}

/// What blocks can be looked up by, for which their state has no row: keys of logs, and of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogKey {
    /// The contract that wrote it.
    Address(Address),
    /// A topic at its position, 0 to 3.
    Topic(u8, B256),
    /// Not a log's: whom a transaction called.
    Called(Address),
}

/// All that is kept of a block besides its changes. Bodies and receipts are opaque bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    /// One more than the head's; any number for the first block.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its header.
    pub header: Vec<u8>,
    /// Its transactions.
    pub body: Vec<u8>,
    /// Their receipts.
    pub receipts: Vec<u8>,
    /// Hashes of its transactions, in order.
    pub transactions: Vec<B256>,
    /// Keys of all its logs, and of calls that may have changed no account; repetitions are dropped.
    pub log_keys: Vec<LogKey>,
    /// What the derivation of [`Options::side`] makes of its receipts, in any order.
    pub side: Vec<SideRow>,
}

/// Consecutive empty blocks that differ by a rule: number, parent, timestamp and base fee follow from the block before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptyRange {
    /// Number of the first block.
    pub first: u64,
    /// Header of the first block; the others are rebuilt from it.
    pub first_header: Vec<u8>,
    /// Seconds between two blocks of the range.
    pub interval_secs: u64,
    /// Hash of each block, in order: 1 to [`RANGE_BLOCKS`].
    pub hashes: Vec<B256>,
}

impl EmptyRange {
    /// Number of the last block; of the first, if there are no hashes.
    pub fn last(&self) -> u64 {
        let blocks = u64::try_from(self.hashes.len()).unwrap_or(u64::MAX);
        self.first.saturating_add(blocks.saturating_sub(1))
    }
}

/// A stored header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredHeader {
    /// As it was given in [`BlockRecord::header`].
    Whole(Bytes),
    /// Inside an [`EmptyRange`]: follow the rule `steps` times from `first`.
    Derived {
        /// The range's first header.
        first: Bytes,
        /// Seconds between two blocks.
        interval_secs: u64,
        /// How many blocks after the first.
        steps: u64,
        /// Hash of the block before; of the first block it is in `first`.
        parent: Option<B256>,
    },
}

/// The last block of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// The state root after it.
    pub root: B256,
}

/// A Merkle proof of an account and some of its slots (EIP-1186).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// `None`: proven absent.
    pub account: Option<Account>,
    /// Root of its storage trie.
    pub storage_root: B256,
    /// Nodes from the state root down.
    pub nodes: Vec<Bytes>,
    /// One for each slot asked, in that order.
    pub slots: Vec<SlotProof>,
}

/// A Merkle proof of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotProof {
    /// Which.
    pub slot: U256,
    /// Zero: proven absent.
    pub value: U256,
    /// Nodes from the storage root down.
    pub nodes: Vec<Bytes>,
}

/// How many past states stay readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// All.
    All,
    /// Those of this many last blocks, the head not counted, and the logs of the same blocks.
    Last(u64),
}

/// How far a long piece of work of [`crate::Writer::open`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done: a short phrase.
    pub work: &'static str,
    /// Parts done.
    pub done: u64,
    /// Parts in all.
    pub total: u64,
}

/// Told of [`Progress`], on any thread.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// When work that follows sealing is done. The defaults suit a node; tests choose small ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pending rows at which a fold begins: each fold writes a file a table, so few large ones beat many small ones.
    pub fold_rows: usize,
    /// Pending blocks at which a fold begins: bounds what a start has to load.
    pub fold_blocks: u64,
    /// Pending rows at which the next commit waits for the fold.
    pub pending_rows: usize,
    /// Leaves from which on a checkpoint of the tries is kept: with fewer, building them takes less than 100 ms.
    pub checkpoint_leaves: usize,
    /// Changed rows after which a checkpoint is written: a start applies as many, at some 10 µs each.
    pub checkpoint_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fold_rows: 50_000,
            fold_blocks: 4_096,
            pending_rows: 200_000,
            checkpoint_leaves: 100_000,
            checkpoint_rows: 50_000,
        }
    }
}

/// How to open a database.
#[derive(Clone)]
pub struct Options {
    /// Where; `None`: in memory, nothing is written.
    pub data_dir: Option<PathBuf>,
    /// What to remember.
    pub history: History,
    /// The genesis that the database belongs to.
    pub identity: B256,
    /// Bytes of trie nodes to keep in memory; colder ones grow back from the database.
    pub trie_bytes: usize,
    /// When work that follows sealing is done.
    pub limits: Limits,
    /// The side table; `None`: there is none.
    pub side: Option<SideTable>,
    /// Called now and then during a long start.
    pub on_progress: Option<OnProgress>,
}

/// Default of [`Options::trie_bytes`]: some 4 million accounts or 6 million slots.
pub const TRIE_BYTES: usize = 1 << 30;

impl Options {
    /// A database without files.
    pub fn in_memory(identity: B256) -> Self {
        let (data_dir, history, limits) = (None, History::All, Limits::default());
        Self { data_dir, history, identity, trie_bytes: TRIE_BYTES, limits, side: None, on_progress: None }
    }

    /// A database in a directory, which is made if it does not exist.
    pub fn durable(data_dir: impl Into<PathBuf>, identity: B256) -> Self {
        Self { data_dir: Some(data_dir.into()), ..Self::in_memory(identity) }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("data_dir", &self.data_dir)
            .field("history", &self.history)
            .field("identity", &self.identity)
            .field("trie_bytes", &self.trie_bytes)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
