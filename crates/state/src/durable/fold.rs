//! Folding: what pending blocks changed goes into flat tables, history and indexes, in key order, as files of their own: no
//! journal, no memtable. Not atomic over tables, and it need not be: folding again gives the same rows, and the record of
//! how far it came is written last. Pruning removes history and logs the same way, as sorted tombstones.

use super::base::Base;
use super::commit::{FOLDED, PRUNED};
use super::db::Db;
use super::rows;
use crate::Result;
use crate::layer::{Index, Layer};
use crate::node::AccountRow;
use crate::table::{Key, Row};
use fjall::Keyspace;
use std::sync::Arc;
use std::time::Duration;

/// Rows removed in one step of pruning: bounds memory.
const PRUNE_ROWS: usize = 100_000;
/// Between two looks whether a flush is done.
const FLUSH_POLL: Duration = Duration::from_millis(2);

/// A key, and its value or `None` to remove it.
pub(super) type Write = (Vec<u8>, Option<Vec<u8>>);

impl Db {
    /// Writes sorted rows, each key once, as files of their own.
    pub(super) fn ingest(&self, space: &Keyspace, rows: impl Iterator<Item = Write>) -> Result<()> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        let failed = self.failed("write tables");
        let mut load = space.start_ingestion().map_err(&failed)?;
        for (key, value) in rows {
            match value {
                Some(value) => load.write(key, value),
                None => load.write_tombstone(key),
            }
            .map_err(&failed)?;
        }
        load.finish().map_err(&failed)
    }

    /// Folds one layer: all pending blocks up to its last.
    pub(crate) fn fold(&self, layer: &Layer) -> Result<()> {
        let spaces = &self.spaces;
        self.ingest(
            &spaces.account,
            layer.accounts.rows().map(|row| {
                let value = row.latest().map(|account| rows::account_value(&row.key.address, &account));
                (row.key.hash.to_vec(), value)
            }),
        )?;
        self.ingest(
            &spaces.slot,
            layer.slots.rows().map(|row| {
                let value = row.latest().map(|value| rows::slot_value(row.key.slot, value));
                (rows::slot_key(row.key.id, &row.key.hash).to_vec(), value)
            }),
        )?;
        let accounts = layer
            .accounts
            .rows()
            .flat_map(|row| past(rows::ACCOUNT, row, |v| rows::past_account(v.as_ref())));
        let slots = layer.slots.rows().flat_map(|row| past(rows::SLOT, row, rows::past_slot));
        self.ingest(&spaces.past, accounts.chain(slots))?;
        let logs =
            layer.logs.iter().map(|(tag, block)| (rows::log_key(*tag, *block).to_vec(), Some(Vec::new())));
        self.ingest(&spaces.log, logs)?;
        let mut transactions = layer.transactions.iter().peekable();
        let last_of_each = std::iter::from_fn(|| {
            let (short, block, position) = *transactions.next()?;
            let mut newest = (block, position);
            while let Some((_, block, position)) = transactions.next_if(|(other, _, _)| *other == short) {
                newest = (*block, *position);
            }
            Some((short.to_be_bytes().to_vec(), Some(rows::transaction_value(newest.0, newest.1))))
        });
        self.ingest(&spaces.transaction, last_of_each)?;
        let numbers =
            layer.numbers.iter().map(|(short, block)| (rows::number_key(*short, *block), Some(Vec::new())));
        self.ingest(&spaces.number, numbers)?;
        let side = layer.side.iter().map(|row| (row.key.to_vec(), Some(row.value.to_vec())));
        self.ingest(&spaces.side, side)?;
        let code = layer.code.iter().map(|(hash, code)| (hash.to_vec(), Some(code.to_vec())));
        self.ingest(&spaces.code, code)?;
        let mut batch = self.synced_batch();
        self.put_meta(&mut batch, FOLDED, layer.last.to_be_bytes().to_vec());
        batch.commit().map_err(self.failed("write tables"))?;
        self.flush()
    }

    /// Flushes what commits wrote, so that journals can go and the next start stays short. It waits, on the fold's thread,
    /// so that back-pressure meets the fold and not the next commit.
    pub(super) fn flush(&self) -> Result<()> {
        let failed = self.failed("flush tables");
        for space in self.spaces.journaled() {
            if !space.rotate_memtable().map_err(&failed)? {
                continue;
            }
            while space.sealed_memtable_count() > 0 {
                // A worker that failed never empties it; then the engine refuses this.
                self.engine.persist(fjall::PersistMode::Buffer).map_err(&failed)?;
                std::thread::sleep(FLUSH_POLL);
            }
        }
        Ok(())
    }

    /// Forgets state and logs before `oldest`, as far as folded deltas tell what there is. Returns the oldest block whose
    /// state is still there.
    pub(crate) fn prune(self: &Arc<Self>, pruned: u64, oldest: u64, first: u64) -> Result<u64> {
        let base = Base::new(self, u64::MAX, first);
        let mut done = pruned;
        while done < oldest {
            done = self.prune_some(&base, done, oldest)?;
        }
        Ok(done)
    }

    fn prune_some(&self, base: &Base, pruned: u64, oldest: u64) -> Result<u64> {
        let (mut past, mut logs, mut dead) = (Vec::new(), Vec::new(), Vec::new());
        let mut batch = self.synced_batch();
        let mut done = pruned;
        let mut index = base.delta_row(done)?.map(|(_, index)| index).unwrap_or_default();
        // The changes of a block lead from the state before it to its own; its logs go when its state goes.
        while done < oldest && past.len() < PRUNE_ROWS {
            logs.extend(index.logs.iter().map(|tag| (rows::log_key(*tag, done).to_vec(), None)));
            batch.remove(&self.spaces.delta, done.to_be_bytes());
            let number = done.saturating_add(1);
            let Some((delta, next)) = base.delta_row(number)? else {
                let end = base.range_at(number)?.map_or(number, |(range, _)| range.last());
                (done, index) = (end.min(oldest), Index::default());
                continue;
            };
            for change in &delta.accounts {
                past.push((rows::past_key(rows::ACCOUNT, &change.key.position(), number), None));
                let id = |row: Option<AccountRow>| row.map_or(0, |row| row.storage_id);
                if id(change.before) != 0 && id(change.before) != id(change.after) {
                    dead.push(id(change.before));
                }
            }
            let slots = delta.slots.iter().map(|change| change.key.position());
            past.extend(slots.map(|position| (rows::past_key(rows::SLOT, &position, number), None)));
            (done, index) = (number, next);
        }
        past.sort_unstable();
        logs.sort_unstable();
        self.ingest(&self.spaces.past, past.into_iter())?;
        self.ingest(&self.spaces.log, logs.into_iter())?;
        self.sweep(base, dead)?;
        self.put_meta(&mut batch, PRUNED, done.to_be_bytes().to_vec());
        batch.commit().map_err(self.failed("prune"))?;
        Ok(done)
    }

    /// Removes the slots of storages that no readable state has.
    fn sweep(&self, base: &Base, mut dead: Vec<u64>) -> Result<()> {
        dead.sort_unstable();
        dead.dedup();
        for id in dead {
            let (low, high) = (alloy_primitives::B256::ZERO, alloy_primitives::B256::repeat_byte(0xff));
            let slots: Vec<Write> = base
                .slots_between(id, &low, &high)
                .map(|row| row.map(|(key, _)| (rows::slot_key(id, &key.hash).to_vec(), None)))
                .collect::<Result<_>>()?;
            self.ingest(&self.spaces.slot, slots.into_iter())?;
        }
        Ok(())
    }
}

/// History rows of one key: before each block that changed it, what it was.
fn past<K: Key, V: Copy>(
    kind: u8,
    row: Row<'_, K, V>,
    encode: impl Fn(Option<V>) -> Vec<u8>,
) -> impl Iterator<Item = Write> {
    let mut before = row.before;
    let position = row.key.position();
    row.versions.iter().map(move |version| {
        let replaced = std::mem::replace(&mut before, version.value);
        (rows::past_key(kind, &position, version.block), Some(encode(replaced)))
    })
}
