//! Reading: a [`View`] is one consistent snapshot, at one head. Blocks, transactions, receipts, state and logs of any
//! kept block are answered from it, and it never waits for the producer.

use crate::{
    block::{SealedBlock, Unreadable},
    chain::Shared,
    empty::nth_empty,
    executor,
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, Log, U256};
use alloy_rlp::Decodable;
use state::{Account, LogKey, Reader, StoredHeader};
use std::sync::Arc;

/// A read that failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database's reason.
    #[error(transparent)]
    State(#[from] state::Error),
    /// A row that this build cannot read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A row of the index that this build cannot read.
    #[error("{0}")]
    Index(&'static str),
}

/// A consistent snapshot of the chain.
#[derive(Clone)]
pub struct View {
    reader: Reader,
    shared: Arc<Shared>,
}

/// Which logs are wanted, as `eth_getLogs` asks: any of the addresses, and at each position any of the topics.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// First block.
    pub from: u64,
    /// Last block.
    pub to: u64,
    /// Emitters; empty means any.
    pub addresses: Vec<Address>,
    /// Topics by position; an empty position means any.
    pub topics: [Vec<B256>; 4],
}

/// A log and where it stands.
#[derive(Clone, Debug)]
pub struct LocatedLog {
    /// The log.
    pub log: Log,
    /// Height of its block.
    pub block: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Seconds since 1970 of its block.
    pub timestamp: u64,
    /// Its transaction.
    pub transaction: B256,
    /// Position of the transaction in the block.
    pub transaction_index: u64,
    /// Position of the log in the block.
    pub log_index: u64,
}

/// Why logs were not returned.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The read that failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// More matches than the caller takes.
    #[error("more than {limit} logs match; narrow the block range or the filter")]
    TooMany {
        /// The bound.
        limit: usize,
    },
}

impl LogFilter {
    /// Whether a log matches.
    pub fn matches(&self, log: &Log) -> bool {
        let address = self.addresses.is_empty() || self.addresses.contains(&log.address);
        address
            && self.topics.iter().enumerate().all(|(position, wanted)| {
                wanted.is_empty() || log.topics().get(position).is_some_and(|topic| wanted.contains(topic))
            })
    }

    /// For the index: each inner list is "any of these", and all lists must hold.
    fn keys(&self) -> Vec<Vec<LogKey>> {
        let mut keys = Vec::new();
        if !self.addresses.is_empty() {
            keys.push(self.addresses.iter().map(|address| LogKey::Address(*address)).collect());
        }
        for (position, topics) in (0u8..).zip(&self.topics) {
            if !topics.is_empty() {
                keys.push(topics.iter().map(|topic| LogKey::Topic(position, *topic)).collect());
            }
        }
        keys
    }
}

/// The header of a block at or below the reader's head. Headers of lazily sealed blocks are rebuilt.
///
/// # Errors
/// The database's, also if there is no such block.
pub fn read_header(reader: &Reader, number: u64) -> Result<Header, ReadError> {
    let decode = |mut raw: &[u8]| {
        Header::decode(&mut raw).map_err(|_| ReadError::from(Unreadable { what: "header", number }))
    };
    match reader.header(number)? {
        Some(StoredHeader::Whole(raw)) => decode(&raw),
        Some(StoredHeader::Derived { first, interval_secs, steps, parent }) => {
            let mut header = nth_empty(decode(&first)?, steps, interval_secs);
            header.parent_hash = parent.unwrap_or(header.parent_hash);
            Ok(header)
        }
        None => {
            let head = head_of(reader);
            Err(state::Error::UnknownBlock { asked: number, head }.into())
        }
    }
}

/// The height of a reader. Block 0 is there before any reader is handed out.
pub fn head_of(reader: &Reader) -> u64 {
    reader.head().map_or(0, |head| head.number)
}

impl View {
    /// A view of what a reader sees.
    pub fn new(reader: Reader, shared: Arc<Shared>) -> Self {
        Self { reader, shared }
    }

    /// The state under this view, for execution.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The chain's numbers and rules.
    pub fn params(&self) -> &types::Params {
        &self.shared.genesis.params
    }

    /// Whether this chain keeps the restaking index; without it all lists of it are empty.
    pub fn has_index(&self) -> bool {
        self.shared.indexed
    }

    /// Whether development tools may have edited the state of this chain's blocks.
    pub fn is_dev(&self) -> bool {
        self.shared.genesis.dev
    }

    /// The height of this view.
    pub fn head(&self) -> u64 {
        head_of(&self.reader)
    }

    /// The header of this view's head.
    ///
    /// # Errors
    /// The database's.
    pub fn head_header(&self) -> Result<Header, ReadError> {
        let head = self.reader.head().map(|head| head.hash);
        match self.shared.recent(self.head()).filter(|block| Some(block.hash) == head) {
            Some(block) => Ok(block.header.clone()),
            None => read_header(&self.reader, self.head()),
        }
    }

    /// A block's header; `None` above the head.
    ///
    /// # Errors
    /// The database's.
    pub fn header(&self, number: u64) -> Result<Option<Header>, ReadError> {
        if number > self.head() {
            return Ok(None);
        }
        let sealed = self.reader.hash_of(number)?;
        match self.shared.recent(number).filter(|block| Some(block.hash) == sealed) {
            Some(block) => Ok(Some(block.header.clone())),
            None => read_header(&self.reader, number).map(Some),
        }
    }

    /// A block's hash; `None` above the head.
    ///
    /// # Errors
    /// The database's.
    pub fn hash_of(&self, number: u64) -> Result<Option<B256>, ReadError> {
        Ok(self.reader.hash_of(number)?)
    }

    /// The height of the block with a hash.
    ///
    /// # Errors
    /// The database's.
    pub fn number_of(&self, hash: B256) -> Result<Option<u64>, ReadError> {
        Ok(self.reader.number_of(hash)?)
    }

    /// A whole block; `None` above the head.
    ///
    /// # Errors
    /// The database's, or a row that this build cannot read.
    pub fn block(&self, number: u64) -> Result<Option<Arc<SealedBlock>>, ReadError> {
        if number > self.head() {
            return Ok(None);
        }
        let sealed = self.reader.hash_of(number)?;
        // After a rewind the block of this height may be another than this view's.
        if let Some(block) = self.shared.recent(number).filter(|block| Some(block.hash) == sealed) {
            return Ok(Some(block));
        }
        if let Some(block) = sealed.and_then(|hash| self.shared.reread.get(hash)) {
            return Ok(Some(block));
        }
        let header = read_header(&self.reader, number)?;
        let hash = sealed.unwrap_or_else(|| header.hash_slow());
        let body = self.reader.body(number)?.unwrap_or_default();
        let receipts = self.reader.receipts(number)?.unwrap_or_default();
        let block = Arc::new(SealedBlock::decode(header, hash, &body, &receipts)?);
        // Empty blocks are cheap to make, and may belong to a range of a hundred thousand.
        if !block.transactions.is_empty() || !block.receipts.is_empty() {
            self.shared.reread.keep(&block, body.len().saturating_add(receipts.len()));
        }
        Ok(Some(block))
    }

    /// Whether a block has transactions, without decoding it.
    ///
    /// # Errors
    /// The database's.
    pub fn has_transactions(&self, number: u64) -> Result<bool, ReadError> {
        // One byte is the empty list.
        Ok(self.reader.body(number)?.is_some_and(|body| body.len() > 1))
    }

    /// A sealed transaction: its block and its position there.
    ///
    /// # Errors
    /// The database's.
    pub fn transaction(&self, hash: B256) -> Result<Option<(Arc<SealedBlock>, usize)>, ReadError> {
        let Some((number, _)) = self.reader.block_of_transaction(hash)? else { return Ok(None) };
        let Some(block) = self.block(number)? else { return Ok(None) };
        let index = block.index_of(hash);
        Ok(index.map(|index| (block, index)))
    }

    /// An account after block `at`; all zeros if it does not exist.
    ///
    /// # Errors
    /// The database's, or state that has been pruned.
    pub fn account(&self, address: Address, at: u64) -> Result<Account, ReadError> {
        let none = Account { nonce: 0, balance: U256::ZERO, code_hash: KECCAK256_EMPTY };
        Ok(self.reader.account(address, at)?.unwrap_or(none))
    }

    /// The root of an account's storage after block `at`.
    ///
    /// # Errors
    /// The database's, or state that has been pruned.
    pub fn storage_root(&self, address: Address, at: u64) -> Result<B256, ReadError> {
        Ok(self.reader.storage_root(address, at)?)
    }

    /// A storage slot after block `at`.
    ///
    /// # Errors
    /// The database's, or state that has been pruned.
    pub fn storage(&self, address: Address, slot: U256, at: u64) -> Result<U256, ReadError> {
        Ok(self.reader.slot(address, slot, at)?)
    }

    /// An account's code after block `at`.
    ///
    /// # Errors
    /// The database's, or state that has been pruned.
    pub fn code(&self, address: Address, at: u64) -> Result<Bytes, ReadError> {
        match self.account(address, at)?.code_hash {
            KECCAK256_EMPTY | B256::ZERO => Ok(Bytes::new()),
            hash => Ok(self.reader.code(hash)?.unwrap_or_default()),
        }
    }

    /// Merkle proofs of an account and some of its slots after block `at`.
    ///
    /// # Errors
    /// The database's, or a block too far back to prove.
    pub fn proof(&self, address: Address, slots: &[U256], at: u64) -> Result<state::Proof, ReadError> {
        Ok(self.reader.proof(address, slots, at)?)
    }

    /// Logs that match, in order of block and position.
    ///
    /// # Errors
    /// More than `limit` matches, or the database's.
    pub fn logs(&self, filter: &LogFilter, limit: usize) -> Result<Vec<LocatedLog>, LogsError> {
        let to = filter.to.min(self.head());
        let mut found = Vec::new();
        if filter.from > to {
            return Ok(found);
        }
        let keys = filter.keys();
        let blocks = self.reader.blocks_with_logs(&keys, filter.from..=to).map_err(ReadError::from)?;
        for number in blocks {
            let number = number.map_err(ReadError::from)?;
            // Without a key no index tells which blocks have logs; the header does, and is read for less than the block.
            if keys.is_empty() && self.header(number)?.is_none_or(|header| header.logs_bloom.is_zero()) {
                continue;
            }
            if let Some(block) = self.block(number)? {
                collect(&block, filter, &mut found);
            }
            if found.len() > limit {
                return Err(LogsError::TooMany { limit });
            }
        }
        Ok(found)
    }

    /// The environment of the block `at`, to execute calls in it again.
    ///
    /// # Errors
    /// The database's.
    pub fn context(&self, at: u64) -> Result<Option<executor::BlockContext>, ReadError> {
        Ok(self.header(at)?.map(|header| executor::BlockContext::of(&header)))
    }
}

/// The logs of a block that match a filter.
pub fn collect(block: &SealedBlock, filter: &LogFilter, found: &mut Vec<LocatedLog>) {
    let mut log_index = 0u64;
    for (transaction_index, (transaction, receipt)) in
        (0u64..).zip(block.transactions.iter().zip(&block.receipts))
    {
        for log in receipt.logs() {
            if filter.matches(log) {
                found.push(LocatedLog {
                    log: log.clone(),
                    block: block.header.number,
                    block_hash: block.hash,
                    timestamp: block.header.timestamp,
                    transaction: transaction.hash,
                    transaction_index,
                    log_index,
                });
            }
            log_index = log_index.saturating_add(1);
        }
    }
}
