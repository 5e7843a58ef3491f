//! Reading the database at a snapshot. Every row that the journal feeds is checked against its checksum; a row that must
//! exist and does not is damage, never an empty answer.

use super::db::Db;
use super::rows::{self, HeaderRow};
use crate::Result;
use crate::layer::{Delta, Index};
use crate::model::{EmptyRange, StoredHeader};
use crate::node::AccountRow;
use crate::side::{SideRow, Span};
use crate::table::{AccountKey, SlotKey};
use crate::trie::Cut;
use crate::view::derived_header;
use crate::world::CutRows;
use alloy_primitives::{B256, Bytes, U256};
use fjall::{Guard, Keyspace, Readable, Slice, Snapshot};
use std::ops::Bound;
use std::sync::Arc;

/// The database at one moment.
#[derive(Clone)]
pub(crate) struct Base {
    pub(super) db: Arc<Db>,
    pub(super) snapshot: Snapshot,
    /// The last block in the folded tables.
    pub(super) folded: u64,
    /// The first block of the chain.
    pub(super) first: u64,
}

/// The number in a key of eight bytes.
fn number_in(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.try_into().ok()?))
}

impl Base {
    pub(crate) fn new(db: &Arc<Db>, folded: u64, first: u64) -> Self {
        Self { db: Arc::clone(db), snapshot: db.engine.snapshot(), folded, first }
    }

    pub(crate) const fn folded(&self) -> u64 {
        self.folded
    }

    pub(crate) fn damaged(&self, what: String) -> crate::Error {
        self.db.damaged(what)
    }

    fn get(&self, space: &Keyspace, key: &[u8]) -> Result<Option<Slice>> {
        self.snapshot.get(space, key).map_err(self.db.failed("read"))
    }

    /// Rows between two keys, both included.
    fn between(
        &self,
        space: &Keyspace,
        from: &[u8],
        to: &[u8],
    ) -> impl DoubleEndedIterator<Item = Result<(Slice, Slice)>> + use<'_> {
        let rows = self.snapshot.range(space, from..=to);
        rows.map(|row: Guard| row.into_inner().map_err(self.db.failed("read")))
    }

    /// The first row between two keys.
    fn first_between(&self, space: &Keyspace, from: &[u8], to: &[u8]) -> Result<Option<(Slice, Slice)>> {
        self.between(space, from, to).next().transpose()
    }

    pub(crate) fn account(&self, hash: &B256) -> Result<Option<AccountRow>> {
        let space = &self.db.spaces.account;
        let Some(raw) = self.get(space, hash.as_slice())? else { return Ok(None) };
        let (_, row) =
            rows::read_account(*hash, &raw).ok_or_else(|| self.db.malformed(space, hash.as_slice()))?;
        Ok(Some(row))
    }

    pub(crate) fn slot(&self, id: u64, hash: &B256) -> Result<Option<U256>> {
        let (space, key) = (&self.db.spaces.slot, rows::slot_key(id, hash));
        let Some(raw) = self.get(space, &key)? else { return Ok(None) };
        let (_, value) = rows::read_slot(&key, &raw).ok_or_else(|| self.db.malformed(space, &key))?;
        Ok(Some(value))
    }

    /// What the first folded change of an account after block `at` replaced; `None`: there is no such change.
    pub(crate) fn account_before_next(&self, hash: &B256, at: u64) -> Result<Option<Option<AccountRow>>> {
        self.before_next(rows::ACCOUNT, &(0, *hash), at, rows::read_past_account)
    }

    /// The same of a slot.
    pub(crate) fn slot_before_next(&self, id: u64, hash: &B256, at: u64) -> Result<Option<Option<U256>>> {
        self.before_next(rows::SLOT, &(id, *hash), at, rows::read_past_slot)
    }

    /// At most `most` folded blocks in `from..=to` that changed an account, rising or falling.
    pub(crate) fn account_changes(
        &self,
        hash: &B256,
        (from, to): (u64, u64),
        falling: bool,
        most: usize,
    ) -> Result<Vec<u64>> {
        let to = to.min(self.folded);
        if from > to {
            return Ok(Vec::new());
        }
        let space = &self.db.spaces.past;
        let key = |block| rows::past_key(rows::ACCOUNT, &(0, *hash), block);
        let mut rows = self.between(space, &key(from), &key(to));
        let next = || if falling { rows.next_back() } else { rows.next() };
        let read = |row: Result<(Slice, Slice)>| {
            let (key, _) = row?;
            rows::read_past_block(&key).ok_or_else(|| self.db.malformed(space, &key))
        };
        std::iter::from_fn(next).take(most).map(read).collect()
    }

    fn before_next<T>(
        &self,
        kind: u8,
        position: &(u64, B256),
        at: u64,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>> {
        if at >= self.folded {
            return Ok(None);
        }
        let space = &self.db.spaces.past;
        let from = rows::past_key(kind, position, at.saturating_add(1));
        let to = rows::past_key(kind, position, self.folded);
        let Some((key, raw)) = self.first_between(space, &from, &to)? else { return Ok(None) };
        read(&raw).ok_or_else(|| self.db.malformed(space, &key)).map(Some)
    }

    pub(crate) fn accounts_between(
        &self,
        from: &B256,
        to: &B256,
    ) -> impl Iterator<Item = Result<(AccountKey, AccountRow)>> + use<'_> {
        let space = &self.db.spaces.account;
        self.between(space, from.as_slice(), to.as_slice()).map(|row| {
            let (key, raw) = row?;
            let hash = B256::try_from(key.as_ref()).ok();
            hash.and_then(|hash| rows::read_account(hash, &raw)).ok_or_else(|| self.db.malformed(space, &key))
        })
    }

    pub(crate) fn slots_between(
        &self,
        id: u64,
        from: &B256,
        to: &B256,
    ) -> impl Iterator<Item = Result<(SlotKey, U256)>> + use<'_> {
        let space = &self.db.spaces.slot;
        self.between(space, &rows::slot_key(id, from), &rows::slot_key(id, to)).map(|row| {
            let (key, raw) = row?;
            rows::read_slot(&key, &raw).ok_or_else(|| self.db.malformed(space, &key))
        })
    }

    pub(crate) fn code(&self, hash: &B256) -> Result<Option<Bytes>> {
        Ok(self.get(&self.db.spaces.code, hash.as_slice())?.map(|raw| Bytes::copy_from_slice(&raw)))
    }

    /// Reads the payload of a sealed row by block number.
    fn sealed<T>(
        &self,
        space: &Keyspace,
        number: u64,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>> {
        let key = number.to_be_bytes();
        let Some(raw) = self.get(space, &key)? else { return Ok(None) };
        let payload = self.db.unsealed(space, &key, &raw)?;
        read(payload).ok_or_else(|| self.db.malformed(space, &key)).map(Some)
    }

    /// Reads the header row of a block, or finds it in a range of empty blocks. The head is known to be at or after it.
    fn block<T>(
        &self,
        number: u64,
        one: impl FnOnce(&HeaderRow<'_>) -> T,
        empty: impl FnOnce(&EmptyRange, &B256, usize) -> Option<T>,
    ) -> Result<Option<T>> {
        if number < self.first {
            return Ok(None);
        }
        if let Some(found) =
            self.sealed(&self.db.spaces.header, number, |raw| Some(one(&HeaderRow::read(raw)?)))?
        {
            return Ok(Some(found));
        }
        let (range, root) =
            self.range_at(number)?.ok_or_else(|| self.db.damaged(format!("block {number} is missing")))?;
        let at = number.checked_sub(range.first).and_then(|at| usize::try_from(at).ok());
        Ok(at.and_then(|at| empty(&range, &root, at)))
    }

    /// The range of empty blocks that holds `number`.
    pub(super) fn range_at(&self, number: u64) -> Result<Option<(EmptyRange, B256)>> {
        let space = &self.db.spaces.range;
        let Some(row) = self.between(space, &[0; 8], &number.to_be_bytes()).next_back() else {
            return Ok(None);
        };
        let (key, raw) = row?;
        let payload = self.db.unsealed(space, &key, &raw)?;
        let first = number_in(&key);
        let (range, root) = first
            .and_then(|first| rows::read_range(first, payload))
            .ok_or_else(|| self.db.malformed(space, &key))?;
        Ok((number <= range.last()).then_some((range, root)))
    }

    pub(crate) fn header(&self, number: u64) -> Result<Option<StoredHeader>> {
        let whole = |row: &HeaderRow<'_>| StoredHeader::Whole(Bytes::copy_from_slice(row.header));
        self.block(number, whole, derived_header)
    }

    /// The last block of the empty range that holds `number`.
    pub(crate) fn empty_until(&self, number: u64) -> Result<Option<u64>> {
        Ok(self.block(number, |_| None, |range, _, _| Some(Some(range.last())))?.flatten())
    }

    /// Hash and state root.
    pub(crate) fn identity(&self, number: u64) -> Result<Option<(B256, B256)>> {
        let in_range =
            |range: &EmptyRange, root: &B256, at: usize| range.hashes.get(at).map(|hash| (*hash, *root));
        self.block(number, |row| (row.hash, row.root), in_range)
    }

    pub(crate) fn body(&self, number: u64) -> Result<Option<Bytes>> {
        self.part(number, &self.db.spaces.body, |row| row.body_len)
    }

    pub(crate) fn receipts(&self, number: u64) -> Result<Option<Bytes>> {
        self.part(number, &self.db.spaces.receipt, |row| row.receipts_len)
    }

    /// Lengths of a block's body and receipts.
    pub(super) fn lengths(&self, number: u64) -> Result<(u64, u64)> {
        let lengths = self.block(number, |row| (row.body_len, row.receipts_len), |_, _, _| Some((0, 0)))?;
        Ok(lengths.unwrap_or_default())
    }

    /// A body or receipts: the header row says how long they must be.
    fn part(
        &self,
        number: u64,
        space: &Keyspace,
        len: impl FnOnce(&HeaderRow<'_>) -> u64,
    ) -> Result<Option<Bytes>> {
        let expected = match self.block(number, len, |_, _, _| Some(0))? {
            None => return Ok(None),
            Some(0) => return Ok(Some(Bytes::new())),
            Some(expected) => expected,
        };
        let found = self.sealed(space, number, |raw| Some(Bytes::copy_from_slice(raw)))?;
        match found.filter(|bytes| u64::try_from(bytes.len()) == Ok(expected)) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(self.db.damaged(format!("the {} of block {number} is missing", &**space.name()))),
        }
    }

    /// What a block changed and adds to the indexes; `None`: it is in a range of empty blocks.
    pub(super) fn delta_row(&self, number: u64) -> Result<Option<(Delta, Index)>> {
        let found = self.sealed(&self.db.spaces.delta, number, rows::read_delta)?;
        if found.is_none() && self.range_at(number)?.is_none() {
            return Err(self.db.damaged(format!("the changes of block {number} are missing")));
        }
        Ok(found)
    }

    /// Calls `each` with every block after `after`, up to `to`, that has changes; ranges of empty blocks are skipped.
    pub(crate) fn deltas(
        &self,
        after: u64,
        to: u64,
        mut each: impl FnMut(u64, Delta, Index) -> Result<()>,
    ) -> Result<()> {
        let mut number = after.saturating_add(1).max(self.first);
        while number <= to {
            let next = match self.delta_row(number)? {
                Some((delta, index)) => {
                    each(number, delta, index)?;
                    number.saturating_add(1)
                }
                None => self.range_at(number)?.map_or(number, |(range, _)| range.last()).saturating_add(1),
            };
            number = next;
        }
        Ok(())
    }

    /// Candidates for the block with this short hash.
    pub(crate) fn numbers(&self, short: u128) -> Result<Vec<u64>> {
        let space = &self.db.spaces.number;
        let (from, to) = (rows::number_key(short, 0), rows::number_key(short, u64::MAX));
        let read = |row: Result<(Slice, Slice)>| {
            let (key, _) = row?;
            rows::read_number_key(&key).ok_or_else(|| self.db.malformed(space, &key))
        };
        self.between(space, &from, &to).map(read).collect()
    }

    pub(crate) fn transaction(&self, short: u128) -> Result<Option<(u64, u32)>> {
        let (space, key) = (&self.db.spaces.transaction, short.to_be_bytes());
        let Some(raw) = self.get(space, &key)? else { return Ok(None) };
        rows::read_transaction(&raw).ok_or_else(|| self.db.malformed(space, &key)).map(Some)
    }

    /// At most `most` folded blocks in `from..=to` whose logs have this tag, rising.
    pub(crate) fn logged(&self, tag: u64, from: u64, to: u64, most: usize) -> Result<Vec<u64>> {
        let to = to.min(self.folded);
        if from > to {
            return Ok(Vec::new());
        }
        let space = &self.db.spaces.log;
        let read = |row: Result<(Slice, Slice)>| {
            let (key, _) = row?;
            rows::read_log_key(&key).ok_or_else(|| self.db.malformed(space, &key))
        };
        self.between(space, &rows::log_key(tag, from), &rows::log_key(tag, to)).take(most).map(read).collect()
    }

    /// Folded rows of the side table in key order.
    pub(crate) fn side(&self, span: Span<'_>) -> Result<Vec<SideRow>> {
        if span.from > span.to {
            return Ok(Vec::new());
        }
        let mut rows = self.between(&self.db.spaces.side, span.from, span.to);
        let next = || if span.falling { rows.next_back() } else { rows.next() };
        let read = |row: Result<(Slice, Slice)>| {
            let (key, value) = row?;
            Ok(SideRow { key: Bytes::copy_from_slice(&key), value: Bytes::copy_from_slice(&value) })
        };
        std::iter::from_fn(next).take(span.most).map(read).collect()
    }

    /// At most `most` keys of the side table after a key.
    pub(super) fn side_keys_after(&self, after: Option<&[u8]>, most: usize) -> Result<Vec<Vec<u8>>> {
        let from: Bound<&[u8]> = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.snapshot.range::<&[u8], _>(&self.db.spaces.side, (from, Bound::Unbounded));
        let keys = rows.take(most).map(|row: Guard| row.key().map_err(self.db.failed("read")));
        keys.map(|key| Ok(key?.to_vec())).collect()
    }

    /// The cuts of one trie in the checkpoint; `None`: a part is missing, which only costs time.
    pub(crate) fn cuts(&self, id: u64, cut_rows: &CutRows) -> Result<Option<Vec<Cut>>> {
        let space = &self.db.spaces.cut;
        let mut out = Vec::new();
        for part in 0..cut_rows.parts {
            let key = rows::cut_key(cut_rows.generation, id, part);
            let Some(raw) = self.get(space, &key)? else { return Ok(None) };
            let payload = self.db.unsealed(space, &key, &raw)?;
            rows::read_cuts(payload, &mut out).ok_or_else(|| self.db.malformed(space, &key))?;
        }
        Ok(Some(out))
    }
}
