//! Snapshots of the chain at one block, for any thread.

use crate::logs::BlocksWithLogs;
use crate::model::{Account, Head, LogKey, Proof, StoredHeader};
use crate::side::{SideDigest, SideRow, Span};
use crate::store::Shared;
use crate::view::View;
use crate::{Error, Result, proof};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Bytes of the longest key that a side table may have.
const LONGEST_SIDE_KEY: usize = 256;

/// Hands out the latest [`Reader`]; cheap to clone and to ask.
#[derive(Clone)]
pub struct Readers {
    shared: Arc<Shared>,
}

impl Readers {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// A snapshot at the last sealed block.
    pub fn latest(&self) -> Reader {
        Reader { view: self.shared.latest(), shared: Arc::clone(&self.shared) }
    }
}

/// A snapshot at one block: later blocks, folds and rewinds do not change it, and it never waits for the writer.
/// While it lives, the database keeps what it needs, and stays locked: do not hold it for long.
#[derive(Clone)]
pub struct Reader {
    view: Arc<View>,
    shared: Arc<Shared>,
}

impl Reader {
    /// The snapshot's block; `None`: the chain has none yet.
    pub fn head(&self) -> Option<Head> {
        self.view.head
    }

    /// The oldest block whose state and logs are readable.
    pub fn oldest(&self) -> u64 {
        self.view.oldest
    }

    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    pub(crate) fn check(&self, at: u64) -> Result<()> {
        let head = self.view.head.ok_or(Error::NoBlocks)?.number;
        if at > head {
            return Err(Error::UnknownBlock { asked: at, head });
        }
        if at < self.view.oldest {
            return Err(Error::StatePruned { asked: at, oldest: self.view.oldest });
        }
        Ok(())
    }

    /// An account after block `at`.
    ///
    /// # Errors
    /// An unknown or pruned block, or the database's own.
    pub fn account(&self, address: Address, at: u64) -> Result<Option<Account>> {
        self.check(at)?;
        Ok(self.view.account_at(&keccak256(address), at)?.map(|row| row.account()))
    }

    /// At most `most` blocks in `blocks` that changed an account (its nonce, balance, code or storage), rising, or falling
    /// from the last. Blocks after the head do not exist, and those before [`Self::oldest`] are forgotten.
    ///
    /// # Errors
    /// The database's own.
    pub fn account_changes(
        &self,
        address: Address,
        blocks: RangeInclusive<u64>,
        falling: bool,
        most: usize,
    ) -> Result<Vec<u64>> {
        let head = self.view.head.ok_or(Error::NoBlocks)?.number;
        let (from, to) = ((*blocks.start()).max(self.view.oldest), (*blocks.end()).min(head));
        if from > to {
            return Ok(Vec::new());
        }
        self.view.account_changes(&keccak256(address), (from, to), falling, most)
    }

    /// A slot after block `at`; zero if absent.
    ///
    /// # Errors
    /// An unknown or pruned block, or the database's own.
    pub fn slot(&self, address: Address, slot: U256, at: u64) -> Result<U256> {
        self.check(at)?;
        let row = self.view.account_at(&keccak256(address), at)?;
        let Some(row) = row.filter(|row| row.storage_id != 0) else { return Ok(U256::ZERO) };
        let value = self.view.slot_at(row.storage_id, &keccak256(slot.to_be_bytes::<32>()), at)?;
        Ok(value.unwrap_or_default())
    }

    /// All accounts after the snapshot's block with their addresses, by address hash. Reads the whole state.
    ///
    /// # Errors
    /// The database's own.
    pub fn accounts(&self) -> Result<Vec<(Address, Account)>> {
        let rows = self.view.accounts_between(&B256::ZERO, &B256::repeat_byte(0xff))?;
        Ok(rows.into_iter().map(|(key, row)| (key.address, row.account())).collect())
    }

    /// All slots of an account after the snapshot's block, by slot hash.
    ///
    /// # Errors
    /// The database's own.
    pub fn slots(&self, address: Address) -> Result<Vec<(U256, U256)>> {
        let row = self.view.account_now(&keccak256(address))?;
        let Some(row) = row.filter(|row| row.storage_id != 0) else { return Ok(Vec::new()) };
        let slots = self.view.slots_between(row.storage_id, &B256::ZERO, &B256::repeat_byte(0xff))?;
        Ok(slots.into_iter().map(|(key, value)| (key.slot, value)).collect())
    }

    /// Code by its hash.
    ///
    /// # Errors
    /// The database's own.
    pub fn code(&self, hash: B256) -> Result<Option<Bytes>> {
        self.view.code(&hash)
    }

    /// A block's header; `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn header(&self, number: u64) -> Result<Option<StoredHeader>> {
        self.view.header(number)
    }

    /// A block's hash; `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn hash_of(&self, number: u64) -> Result<Option<B256>> {
        Ok(self.view.identity(number)?.map(|(hash, _)| hash))
    }

    /// The state root after a block; `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn root_of(&self, number: u64) -> Result<Option<B256>> {
        Ok(self.view.identity(number)?.map(|(_, root)| root))
    }

    /// The number of the block with this hash; `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn number_of(&self, hash: B256) -> Result<Option<u64>> {
        self.view.number_of(&hash)
    }

    /// A block's transactions; empty for a block inside an empty range, `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn body(&self, number: u64) -> Result<Option<Bytes>> {
        let empty = Some(Bytes::new());
        self.view.block(number, |block| block.body.clone(), |_, _, _| empty, |base| base.body(number))
    }

    /// A block's receipts; empty for a block inside an empty range, `None`: no such block.
    ///
    /// # Errors
    /// The database's own.
    pub fn receipts(&self, number: u64) -> Result<Option<Bytes>> {
        let empty = Some(Bytes::new());
        self.view.block(number, |block| block.receipts.clone(), |_, _, _| empty, |base| base.receipts(number))
    }

    /// Block and position of the transaction with this hash.
    ///
    /// # Errors
    /// The database's own.
    pub fn block_of_transaction(&self, hash: B256) -> Result<Option<(u64, u32)>> {
        self.view.transaction(&hash)
    }

    /// Blocks in `blocks` that hold, for each group, a log with one of its keys; rising. No group: every block
    /// that was not sealed empty. A superset of the blocks with a matching log: the caller checks the logs. Blocks after the head do not exist.
    ///
    /// # Errors
    /// A pruned begin; each item: the database's own.
    pub fn blocks_with_logs(
        &self,
        groups: &[Vec<LogKey>],
        blocks: RangeInclusive<u64>,
    ) -> Result<impl Iterator<Item = Result<u64>> + Send + use<>> {
        let head = self.view.head.ok_or(Error::NoBlocks)?.number;
        let (from, to) = (*blocks.start(), (*blocks.end()).min(head));
        if from < self.view.oldest {
            return Err(Error::LogsPruned { asked: from, oldest: self.view.oldest });
        }
        Ok(BlocksWithLogs::new(Arc::clone(&self.view), groups, from, to))
    }

    /// At most `most` rows of the side table whose keys lie in `from..=to`, rising, or falling from the last.
    ///
    /// # Errors
    /// The database's own.
    pub fn side(&self, from: &[u8], to: &[u8], falling: bool, most: usize) -> Result<Vec<SideRow>> {
        self.view.side(Span { from, to, falling, most })
    }

    /// What the side table holds, in short. Reads all of it.
    ///
    /// # Errors
    /// The database's own.
    pub fn side_digest(&self) -> Result<SideDigest> {
        const AT_ONCE: usize = 4_096;
        let (mut digest, mut from, to) = (SideDigest::default(), Vec::new(), [0xff; LONGEST_SIDE_KEY]);
        loop {
            let rows = self.side(&from, &to, false, AT_ONCE)?;
            rows.iter().for_each(|row| digest.add(row));
            let Some(last) = rows.last() else { return Ok(digest) };
            // The least key after it.
            from = [last.key.as_ref(), &[0]].concat();
        }
    }

    /// A proof of an account and some of its slots after block `at`.
    ///
    /// # Errors
    /// An unknown, pruned or too old block, or the database's own.
    pub fn proof(&self, address: Address, slots: &[U256], at: u64) -> Result<Proof> {
        self.check(at)?;
        let root = self.root_of(at)?.ok_or(Error::Rewound { asked: at })?;
        proof::prove(&self.shared, address, slots, at, root)
    }
}
