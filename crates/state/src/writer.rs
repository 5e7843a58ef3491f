//! The one that writes: it owns the tries of the head state, stages a block's changes, and seals blocks durably.

use crate::durable::{Db, Sealed, recover};
use crate::keccak::Kernel;
use crate::layer::{Block, Delta, Index, Layer, Stretch, log_tag};
use crate::model::{
    Account, BlockRecord, Changes, EmptyRange, Head, Limits, OnProgress, Options, RANGE_BLOCKS,
};
use crate::side;
use crate::store::Shared;
use crate::view::View;
use crate::world::{World, misuse};
use crate::{Error, Reader, Readers, Result};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use std::sync::Arc;
use std::thread::JoinHandle;

/// With more leaves a checkpoint is written after a share of them has changed: it costs 70 bytes for each 64 leaves.
const CHECKPOINT_SHARE: usize = 8;

/// Changes that are applied to the tries but not sealed.
struct Staged {
    delta: Arc<Delta>,
    root: B256,
}

/// The only writer of a database. Reads see staged changes; readers see them after [`Writer::commit`]. After a failed write
/// it is stopped: it still reads, and each further write says what failed first.
pub struct Writer {
    shared: Arc<Shared>,
    fold_thread: Option<JoinHandle<()>>,
    /// The sealed state, below what is staged.
    view: Arc<View>,
    staged: Option<Staged>,
    /// Rows changed since the last checkpoint.
    unsaved_rows: usize,
    trie_bytes: usize,
    limits: Limits,
}

impl Writer {
    /// Opens or creates a database and brings the head state up.
    ///
    /// # Errors
    /// A directory in use, of another format or chain, damaged, or not writable.
    pub fn open(options: Options) -> Result<Self> {
        let Options { data_dir, history, identity, trie_bytes, limits, side, on_progress } = options;
        let Some(path) = data_dir else {
            let world = World::new(Kernel::detect());
            let shared =
                Arc::new(Shared::new(None, (history, limits), world, Vec::new(), None, (0, 0, None)));
            return Ok(Self::over(shared, None, 0, (trie_bytes, limits)));
        };
        let db = Arc::new(Db::open(&path, &identity, side)?);
        let found = recover(&db, trie_bytes, on_progress.as_ref())?;
        let unsaved_rows = found.layers.iter().map(|layer| layer.rows()).fold(0, usize::saturating_add);
        let marks = (found.folded, found.pruned, found.checkpoint);
        let policy = (history, limits);
        let shared =
            Shared::new(Some(Arc::clone(&db)), policy, found.world, found.layers, found.sealed, marks);
        let shared = Arc::new(shared);
        let folding = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("state-fold".into());
        let thread = thread.spawn(move || folding.fold_until_closed(&db)).map_err(|error| Error::Io {
            dir: path,
            action: "start the fold thread",
            why: error.to_string(),
        })?;
        Ok(Self::over(shared, Some(thread), unsaved_rows, (trie_bytes, limits)))
    }

    fn over(
        shared: Arc<Shared>,
        fold_thread: Option<JoinHandle<()>>,
        unsaved_rows: usize,
        (trie_bytes, limits): (usize, Limits),
    ) -> Self {
        let view = shared.latest();
        Self { shared, fold_thread, view, staged: None, unsaved_rows, trie_bytes, limits }
    }

    /// Writes what makes the next start quick, and closes. Dropping a writer is as safe, and closes too.
    ///
    /// # Errors
    /// A failed write. Sealed blocks are safe all the same.
    pub fn close(mut self) -> Result<()> {
        self.shut();
        self.shared.check()
    }

    fn shut(&mut self) {
        let Some(thread) = self.fold_thread.take() else { return };
        if self.staged.is_none() && self.unsaved_rows > 0 {
            self.checkpoint(1);
        }
        self.shared.close();
        if thread.join().is_err() {
            self.shared.stop(&misuse("the fold thread panicked"));
        }
    }

    /// The last sealed block.
    pub fn head(&self) -> Option<Head> {
        self.view.head
    }

    /// An account of the head state, staged changes included.
    ///
    /// # Errors
    /// The database's own.
    pub fn account(&self, address: Address) -> Result<Option<Account>> {
        let row = self.shared.world.read().account(&keccak256(address), &self.view)?;
        Ok(row.map(|row| row.account()))
    }

    /// A slot of the head state, staged changes included; zero if absent.
    ///
    /// # Errors
    /// The database's own.
    pub fn slot(&self, address: Address, slot: U256) -> Result<U256> {
        let world = self.shared.world.read();
        let Some(row) = world.account(&keccak256(address), &self.view)? else { return Ok(U256::ZERO) };
        if row.storage_id == 0 {
            return Ok(U256::ZERO);
        }
        let value = world.slot(&row, &keccak256(slot.to_be_bytes::<32>()), &self.view)?;
        Ok(value.unwrap_or_default())
    }

    /// Code by its hash, staged code included.
    ///
    /// # Errors
    /// The database's own.
    pub fn code(&self, hash: B256) -> Result<Option<Bytes>> {
        if let Some(staged) = &self.staged
            && let Some((_, code)) = staged.delta.code.iter().find(|(other, _)| *other == hash)
        {
            return Ok(Some(code.clone()));
        }
        self.view.code(&hash)
    }

    /// Applies the changes of the next block and returns the state root after them. At most one block is staged.
    ///
    /// # Errors
    /// Something is staged already, or the database's own; after the latter the writer is stopped.
    pub fn stage(&mut self, changes: Changes) -> Result<B256> {
        self.shared.check()?;
        if self.staged.is_some() {
            return Err(misuse("a block is staged already"));
        }
        let mut world = self.shared.world.write();
        let delta = match world.apply(changes, &self.view) {
            Ok(delta) => Arc::new(delta),
            Err(error) => {
                self.shared.stop(&error);
                return Err(error);
            }
        };
        let root = world.root();
        world.staged = Some(Arc::clone(&delta));
        self.staged = Some(Staged { delta, root });
        Ok(root)
    }

    /// Takes staged changes back.
    ///
    /// # Errors
    /// The database's own; the writer is then stopped.
    pub fn discard(&mut self) -> Result<()> {
        let Some(Staged { delta, .. }) = self.staged.take() else { return Ok(()) };
        self.shared.check()?;
        let mut world = self.shared.world.write();
        let accounts = delta.accounts.iter().map(|change| (change.key, change.before));
        let slots = delta.slots.iter().map(|change| (change.key, change.before));
        let restored = world.restore(accounts, slots, &self.view);
        world.staged = None;
        if let Err(error) = restored {
            self.shared.stop(&error);
            return Err(error);
        }
        Ok(())
    }

    /// Seals the next block with the staged changes (none, if nothing is staged): durable when this returns, visible
    /// to readers right after.
    ///
    /// # Errors
    /// A number out of order, or a failed write; after the latter the writer is stopped.
    pub fn commit(&mut self, block: BlockRecord) -> Result<()> {
        self.shared.wait_for_room()?;
        if let Some(head) = self.head()
            && block.number != head.number.saturating_add(1)
        {
            return Err(misuse(format!("block {} cannot follow block {}", block.number, head.number)));
        }
        let (delta, root) = match &self.staged {
            Some(staged) => (Arc::clone(&staged.delta), staged.root),
            None => (Arc::default(), self.shared.world.read().root()),
        };
        let sealed = self.next_record(Head { number: block.number, hash: block.hash, root }, block.number);
        let mut logs: Vec<u64> = block.log_keys.iter().map(log_tag).collect();
        logs.sort_unstable();
        logs.dedup();
        let index = Index { logs, transactions: block.transactions.clone() };
        if let Some(db) = &self.shared.db {
            db.commit(&sealed, &block, &delta, &index).inspect_err(|error| self.shared.stop(error))?;
        }
        let mut layer = Layer::of_block(&sealed.head, &delta, &index);
        layer.side = side::pending(block.number, block.side);
        if self.shared.db.is_none() {
            layer.stretches = vec![Stretch::One(Arc::new(Block {
                head: sealed.head,
                header: block.header.into(),
                body: block.body.into(),
                receipts: block.receipts.into(),
            }))];
        }
        self.shared.append(layer, sealed);
        self.staged = None;
        self.shared.world.write().staged = None;
        self.view = self.shared.latest();
        let rows = delta.accounts.len().saturating_add(delta.slots.len());
        self.unsaved_rows = self.unsaved_rows.saturating_add(rows);
        self.keep_house();
        Ok(())
    }

    /// Adds changes to the last sealed block: from here on they are part of its state, and of no earlier one's. `header`
    /// is that block's, as it was sealed: its hash stays, and with it a state root that no longer is the state's. Returns
    /// the root after the changes; durable and visible to readers when this returns. For development chains.
    ///
    /// # Errors
    /// No block, something staged, or a failed write; after the last the writer is stopped.
    pub fn amend(&mut self, changes: Changes, header: Vec<u8>) -> Result<B256> {
        self.shared.wait_for_room()?;
        let head = self.head().ok_or(Error::NoBlocks)?;
        if self.staged.is_some() {
            return Err(misuse("a block cannot be amended under a staged one"));
        }
        let amended = self.apply_to(head, changes, header.into());
        amended.inspect_err(|error| self.shared.stop(error))
    }

    fn apply_to(&mut self, head: Head, changes: Changes, header: Bytes) -> Result<B256> {
        let shared = Arc::clone(&self.shared);
        let mut world = shared.world.write();
        let delta = world.apply(changes, &self.view)?;
        let head = Head { root: world.root(), ..head };
        let next_id = world.next_id;
        shared.amend(|state| {
            let last = state.sealed.ok_or(Error::NoBlocks)?;
            let sealed = Sealed { head, serial: last.serial.saturating_add(1), next_id, first: last.first };
            let Some(db) = &shared.db else {
                let mut layer = Layer::of_block(&head, &delta, &Index::default());
                layer.stretches = self.amended_stretch(head, &header)?;
                return Ok((sealed, layer, false));
            };
            let amended = db.amend(&sealed, &header, &delta)?;
            let layer = match amended.was_folded {
                true => Layer::of_block(&head, &amended.delta, &amended.index),
                false => Layer::of_block(&head, &delta, &Index::default()),
            };
            Ok((sealed, layer, amended.was_folded))
        })?;
        drop(world);
        self.view = shared.latest();
        self.unsaved_rows =
            self.unsaved_rows.saturating_add(delta.accounts.len()).saturating_add(delta.slots.len());
        Ok(head.root)
    }

    /// In memory: the last block with its new root, in a stretch of its own.
    fn amended_stretch(&self, head: Head, header: &Bytes) -> Result<Vec<Stretch>> {
        let parts = self.view.block(
            head.number,
            |block| (block.body.clone(), block.receipts.clone()),
            |_, _, _| Some((Bytes::new(), Bytes::new())),
            |_| Ok(None),
        )?;
        let (body, receipts) = parts.ok_or(Error::NoBlocks)?;
        Ok(vec![Stretch::One(Arc::new(Block { head, header: header.clone(), body, receipts }))])
    }

    /// The head record of the next sealed write.
    fn next_record(&self, head: Head, first: u64) -> Sealed {
        let next_id = self.shared.world.read().next_id;
        match self.shared.sealed() {
            Some(last) => Sealed { head, serial: last.serial.saturating_add(1), next_id, first: last.first },
            None => Sealed { head, serial: 1, next_id, first },
        }
    }

    /// Seals empty blocks, which change no state, all in one durable write.
    ///
    /// # Errors
    /// Ranges out of order, empty or too long, something staged, or a failed write; after the last the writer is stopped.
    pub fn commit_empty(&mut self, ranges: impl IntoIterator<Item = EmptyRange>) -> Result<()> {
        self.shared.wait_for_room()?;
        let ranges: Vec<EmptyRange> = ranges.into_iter().collect();
        let mut head = self.head().ok_or(Error::NoBlocks)?;
        if self.staged.is_some() {
            return Err(misuse("empty blocks cannot be sealed over a staged block"));
        }
        for range in &ranges {
            if range.first != head.number.saturating_add(1) {
                return Err(misuse(format!(
                    "a range from block {} cannot follow block {}",
                    range.first, head.number
                )));
            }
            match range.hashes.last() {
                Some(hash) if range.hashes.len() <= RANGE_BLOCKS => {
                    head = Head { number: range.last(), hash: *hash, root: head.root };
                }
                _ => {
                    let blocks = range.hashes.len();
                    return Err(misuse(format!("a range has {blocks} blocks, not 1 to {RANGE_BLOCKS}")));
                }
            }
        }
        if ranges.is_empty() {
            return Ok(());
        }
        let sealed = self.next_record(head, head.number);
        if let Some(db) = &self.shared.db {
            let written = db.commit_empty(&sealed, &ranges, &head.root);
            written.inspect_err(|error| self.shared.stop(error))?;
        }
        let mut layer = Layer::of_empty(ranges.iter());
        if self.shared.db.is_none() {
            layer.stretches =
                ranges.into_iter().map(|range| Stretch::Empty(Arc::new(range), head.root)).collect();
        }
        self.shared.append(layer, sealed);
        self.view = self.shared.latest();
        Ok(())
    }

    /// Undoes all blocks above `to`, durably. Staged changes are taken back first.
    ///
    /// # Errors
    /// An unknown block, one whose state is pruned, or a failed write; after the last the writer is stopped.
    pub fn rewind(&mut self, to: u64) -> Result<()> {
        self.discard()?;
        self.shared.check()?;
        let head = self.head().ok_or(Error::NoBlocks)?;
        if to == head.number {
            return Ok(());
        }
        // Pruning goes on behind: what is still there counts, not what a snapshot may still read.
        let oldest = self.shared.oldest();
        let (hash, root) =
            self.view.identity(to)?.ok_or(Error::UnknownBlock { asked: to, head: head.number })?;
        if to < oldest {
            return Err(Error::StatePruned { asked: to, oldest });
        }
        let undone = self.undo(Head { number: to, hash, root }, head.number);
        undone.inspect_err(|error| self.shared.stop(error))
    }

    fn undo(&mut self, target: Head, from: u64) -> Result<()> {
        let past = self.view.past(target.number, usize::MAX)?;
        let mut world = self.shared.world.write();
        let accounts = past.accounts.values().copied();
        let slots = past.slots.values().copied();
        if world.restore(accounts, slots, &self.view)? != target.root {
            return Err(self
                .view
                .damaged(format!("undoing blocks does not lead to the root of block {}", target.number)));
        }
        let next_id = world.next_id;
        self.shared.rewind(|state| {
            let last = state.sealed.ok_or(Error::NoBlocks)?;
            let sealed =
                Sealed { head: target, serial: last.serial.saturating_add(1), next_id, first: last.first };
            if let Some(db) = &self.shared.db {
                db.rewind(&sealed, from, &past, state.tables_reach_beyond(target.number))?;
            }
            Ok(sealed)
        })?;
        drop(world);
        self.view = self.shared.latest();
        self.unsaved_rows = self.unsaved_rows.saturating_add(past.rows());
        Ok(())
    }

    /// Bytes of memory that trie nodes take.
    pub fn trie_bytes(&self) -> usize {
        self.shared.world.read().bytes()
    }

    /// Removes what is folded of the side table, and derives it again from the receipts of the same blocks.
    ///
    /// # Errors
    /// Receipts that cannot be read, or a failed write; after that the writer is stopped.
    pub fn rebuild_side(&mut self, progress: Option<&OnProgress>) -> Result<()> {
        let Some(db) = self.shared.db.clone() else { return Ok(()) };
        let rebuilt = self.shared.with_tables(|first, folded| db.build_side((first, folded), progress));
        rebuilt.inspect_err(|error| self.shared.stop(error))?;
        self.view = self.shared.latest();
        Ok(())
    }

    /// A snapshot at the head.
    pub fn reader(&self) -> Reader {
        self.readers().latest()
    }

    /// Hands out snapshots to other threads.
    pub fn readers(&self) -> Readers {
        Readers::new(Arc::clone(&self.shared))
    }

    /// After a block: bounds memory, and orders a checkpoint when enough has changed. In memory there is neither.
    fn keep_house(&mut self) {
        if self.shared.db.is_none() {
            return;
        }
        self.shared.world.write().shed(self.trie_bytes);
        if self.unsaved_rows >= self.limits.checkpoint_rows {
            self.checkpoint(self.limits.checkpoint_rows);
        }
    }

    /// Orders a checkpoint if the state is large, and at least `rows` rows and a share of it changed since the last.
    fn checkpoint(&mut self, rows: usize) {
        let Some(sealed) = self.shared.sealed() else { return };
        if !self.shared.wants_checkpoint() {
            return;
        }
        let mut world = self.shared.world.write();
        let leaves = world.leaves();
        let share = if rows > 1 { leaves / CHECKPOINT_SHARE } else { 0 };
        if leaves < self.limits.checkpoint_leaves || self.unsaved_rows < rows.max(share) {
            return;
        }
        let plan = world.checkpoint(sealed.head.number, sealed.serial);
        drop(world);
        self.shared.order_checkpoint(plan);
        self.unsaved_rows = 0;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shut();
    }
}
