//! Undoing blocks, also folded ones. The target is recorded first, so that a kill half way is finished at the next start;
//! then tables are set back by sorted files, which can be repeated; then one batch removes the blocks and sets the head.

use super::base::Base;
use super::checkpoint::Manifest;
use super::commit::{CHECKPOINT, FOLDED, REWINDING, Sealed};
use super::db::Db;
use super::fold::Write;
use super::rows;
use crate::Result;
use crate::layer::{Delta, Index, short};
use crate::table::Key;
use crate::view::Past;
use fjall::OwnedWriteBatch;
use std::sync::Arc;

/// What the undone blocks had put into the tables.
#[derive(Default)]
pub(super) struct Undo {
    past: Vec<Write>,
    logs: Vec<Write>,
    transactions: Vec<Write>,
    numbers: Vec<Write>,
    side: Vec<Write>,
}

impl Undo {
    fn add(&mut self, number: u64, delta: &Delta, index: &Index) {
        let accounts = delta.accounts.iter().map(|change| (rows::ACCOUNT, change.key.position()));
        let slots = delta.slots.iter().map(|change| (rows::SLOT, change.key.position()));
        let keys =
            accounts.chain(slots).map(|(kind, position)| (rows::past_key(kind, &position, number), None));
        self.past.extend(keys);
        self.logs.extend(index.logs.iter().map(|tag| (rows::log_key(*tag, number).to_vec(), None)));
        let short_keys = index.transactions.iter().map(|hash| (short(hash).to_be_bytes().to_vec(), None));
        self.transactions.extend(short_keys);
    }

    fn sort(&mut self) {
        for rows in
            [&mut self.past, &mut self.logs, &mut self.transactions, &mut self.numbers, &mut self.side]
        {
            rows.sort_unstable();
            rows.dedup();
        }
    }
}

impl Db {
    /// Removes all blocks after `target`'s head. `past` holds the rows changed since; with `tables` they are set back in
    /// the folded tables too, which is needless while those never saw the blocks.
    pub(crate) fn rewind(
        self: &Arc<Self>,
        target: &Sealed,
        from: u64,
        past: &Past,
        tables: bool,
    ) -> Result<()> {
        let to = target.head.number;
        let mut batch = self.synced_batch();
        self.put_meta(&mut batch, REWINDING, target.head.number.to_be_bytes().to_vec());
        batch.commit().map_err(self.failed("rewind"))?;
        let base = Base::new(self, u64::MAX, target.first);
        let mut batch = self.synced_batch();
        let mut undo = Undo::default();
        self.remove_blocks(&base, to, from, &mut batch, &mut undo)?;
        if tables {
            undo.sort();
            self.set_back(past, undo)?;
        }
        let folded = self.meta_number(FOLDED)?.unwrap_or_default();
        if folded > to {
            self.put_meta(&mut batch, FOLDED, to.to_be_bytes().to_vec());
        }
        if Manifest::load(self)?.is_some_and(|manifest| manifest.number > to) {
            batch.remove(&self.spaces.meta, CHECKPOINT);
        }
        batch.remove(&self.spaces.meta, REWINDING);
        self.seal(batch, target)
    }

    /// Sets flat rows to their older values and removes what the indexes say of the blocks.
    fn set_back(&self, past: &Past, undo: Undo) -> Result<()> {
        let spaces = &self.spaces;
        let accounts = past.accounts.values().map(|(key, row)| {
            let value = row.as_ref().map(|row| rows::account_value(&key.address, row));
            (key.hash.to_vec(), value)
        });
        self.ingest(&spaces.account, accounts)?;
        let slots = past.slots.values().map(|(key, value)| {
            (rows::slot_key(key.id, &key.hash).to_vec(), value.map(|value| rows::slot_value(key.slot, value)))
        });
        self.ingest(&spaces.slot, slots)?;
        self.ingest(&spaces.past, undo.past.into_iter())?;
        self.ingest(&spaces.log, undo.logs.into_iter())?;
        self.ingest(&spaces.transaction, undo.transactions.into_iter())?;
        self.ingest(&spaces.number, undo.numbers.into_iter())?;
        self.ingest(&spaces.side, undo.side.into_iter())
    }

    /// Removes the rows of blocks `to + 1 ..= from`, and gathers what the tables hold of them.
    fn remove_blocks(
        &self,
        base: &Base,
        to: u64,
        from: u64,
        batch: &mut OwnedWriteBatch,
        undo: &mut Undo,
    ) -> Result<()> {
        let spaces = &self.spaces;
        let mut number = to.saturating_add(1);
        while number <= from {
            let (hash, _) =
                base.identity(number)?.ok_or_else(|| self.damaged(format!("block {number} is missing")))?;
            match base.delta_row(number)? {
                Some((delta, index)) => {
                    undo.add(number, &delta, &index);
                    let side = self.side_rows(base, number)?;
                    undo.side.extend(side.into_iter().map(|row| (row.key.to_vec(), None)));
                    undo.numbers.push((rows::number_key(short(&hash), number), None));
                    for space in [&spaces.delta, &spaces.header, &spaces.body, &spaces.receipt] {
                        batch.remove(space, number.to_be_bytes());
                    }
                    number = number.saturating_add(1);
                }
                None => number = self.remove_range(base, number, batch, undo)?,
            }
        }
        Ok(())
    }

    /// Cuts the range of empty blocks that holds `number` off before it. Returns the number after the range.
    pub(super) fn remove_range(
        &self,
        base: &Base,
        number: u64,
        batch: &mut OwnedWriteBatch,
        undo: &mut Undo,
    ) -> Result<u64> {
        let (mut range, root) =
            base.range_at(number)?.ok_or_else(|| self.damaged(format!("block {number} is missing")))?;
        let next = range.last().saturating_add(1);
        let kept = usize::try_from(number.saturating_sub(range.first)).unwrap_or(usize::MAX);
        let gone = range.hashes.split_off(kept.min(range.hashes.len()));
        let numbers =
            gone.iter().zip(number..).map(|(hash, number)| (rows::number_key(short(hash), number), None));
        undo.numbers.extend(numbers);
        let (space, key) = (&self.spaces.range, range.first.to_be_bytes());
        if range.hashes.is_empty() {
            batch.remove(space, key);
        } else {
            batch.insert(space, key, Self::sealed(space, &key, rows::range_value(&range, &root)));
        }
        Ok(next)
    }

    /// Finishes a rewind that a kill interrupted.
    pub(super) fn finish_rewind(self: &Arc<Self>, sealed: &Sealed) -> Result<Option<Sealed>> {
        let Some(to) = self.meta_number(REWINDING)? else { return Ok(None) };
        let base = Base::new(self, u64::MAX, sealed.first);
        let (hash, root) =
            base.identity(to)?.ok_or_else(|| self.damaged(format!("block {to} is missing")))?;
        let mut past = Past::default();
        base.deltas(to, sealed.head.number, |_, delta, _| {
            past.undo(&delta);
            Ok(())
        })?;
        let head = crate::Head { number: to, hash, root };
        let target = Sealed { head, serial: sealed.serial.saturating_add(1), ..*sealed };
        self.rewind(&target, sealed.head.number, &past, true)?;
        Ok(Some(target))
    }
}
