//! Snapshots of the chain at one block, for any thread.

use crate::{Account, Error, Head, LogKey, Proof, Result, StoredHeader};
use alloy_primitives::{Address, B256, Bytes, U256};
use std::ops::RangeInclusive;

fn unready<T>() -> Result<T> {
    Err(Error::Misuse { what: "not built yet".into() })
}

/// Hands out the latest [`Reader`]; cheap to clone and to ask.
#[derive(Clone)]
pub struct Readers {}

impl Readers {
    /// A snapshot at the last sealed block.
    pub fn latest(&self) -> Reader {
        Reader {}
    }
}

/// A snapshot at one block: later blocks, folds and rewinds do not change it, and it never waits for the writer.
/// While it lives, the database keeps what it needs: do not hold it for long.
#[derive(Clone)]
pub struct Reader {}

impl Reader {
    /// The snapshot's block; `None`: the chain has none yet.
    pub fn head(&self) -> Option<Head> {
        None
    }

    /// The oldest block whose state and logs are readable.
    pub fn oldest(&self) -> u64 {
        0
    }

    /// An account after block `at`.
    ///
    /// # Errors
    /// An unknown or pruned block, or the database's own.
    pub fn account(&self, _address: Address, _at: u64) -> Result<Option<Account>> {
        unready()
    }

    /// A slot after block `at`; zero if absent.
    ///
    /// # Errors
    /// An unknown or pruned block, or the database's own.
    pub fn slot(&self, _address: Address, _slot: U256, _at: u64) -> Result<U256> {
        unready()
    }

    /// Code by its hash.
    ///
    /// # Errors
    /// The database's own.
    pub fn code(&self, _hash: B256) -> Result<Option<Bytes>> {
        unready()
    }

    /// A block's header; `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn header(&self, _number: u64) -> Result<Option<StoredHeader>> {
        unready()
    }

    /// A block's hash; `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn hash_of(&self, _number: u64) -> Result<Option<B256>> {
        unready()
    }

    /// The state root after a block; `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn root_of(&self, _number: u64) -> Result<Option<B256>> {
        unready()
    }

    /// The number of the block with this hash; `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn number_of(&self, _hash: B256) -> Result<Option<u64>> {
        unready()
    }

    /// A block's transactions; empty for a block inside an empty range, `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn body(&self, _number: u64) -> Result<Option<Bytes>> {
        unready()
    }

    /// A block's receipts; empty for a block inside an empty range, `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn receipts(&self, _number: u64) -> Result<Option<Bytes>> {
        unready()
    }

    /// Block and position of the transaction with this hash.
    ///
    /// # Errors
    /// The database's own.
    pub fn block_of_transaction(&self, _hash: B256) -> Result<Option<(u64, u32)>> {
        unready()
    }

    /// Blocks in `blocks` that hold, for each group, a log with one of its keys; rising. No group: every block. A
    /// superset of the blocks with a matching log: the caller checks the logs. Blocks after the head do not exist.
    ///
    /// # Errors
    /// A pruned begin; each item: the database's own.
    pub fn blocks_with_logs(
        &self,
        _groups: &[Vec<LogKey>],
        _blocks: RangeInclusive<u64>,
    ) -> Result<impl Iterator<Item = Result<u64>> + Send + 'static> {
        unready::<std::iter::Empty<Result<u64>>>()
    }

    /// A proof of an account and some of its slots after block `at`.
    ///
    /// # Errors
    /// An unknown, pruned or too old block, or the database's own.
    pub fn proof(&self, _address: Address, _slots: &[U256], _at: u64) -> Result<Proof> {
        unready()
    }
}
