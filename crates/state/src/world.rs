//! The tries of the head state: accounts above storages. A block's changes go to the storage tries first, in parallel, then
//! their roots go into the account leaves. Small cold storage tries are not kept: they grow back whole. One writer
//! changes it; proofs read it between blocks.

use crate::durable::Plan;
use crate::keccak::{Kernel, hash_all};
use crate::layer::Delta;
use crate::model::{AccountChange, Changes};
use crate::node::{AccountRow, EMPTY_ROOT};
use crate::table::{AccountDelta, AccountKey, Change, SlotDelta, SlotKey};
use crate::trie::{Cut, Op, Shape, Trie};
use crate::view::View;
use crate::{Error, Result};
use alloy_primitives::{B256, U256};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Leaves of a cut: a touch scans as many rows (8 to 18 µs), and a checkpoint of a million leaves is 5 MB.
pub(crate) const CUT_LEAVES: u32 = 64;
/// From this many slots on a storage trie is split over threads; 16 arenas waste memory in smaller ones.
const SHARD_FROM: usize = 8_192;
/// Below this many slots it is one arena again; well below [`SHARD_FROM`], so that a trie does not swing.
const SHARD_BELOW: usize = 2_048;
/// Storage tries up to this many slots are dropped when cold: growing back takes a millisecond.
const SMALL_TRIE: usize = 1_024;
/// Below this many changed slots in a block, storage tries are updated on the writer's thread.
const PARALLEL_FROM: usize = 128;
/// Ages, in blocks, by which memory is freed when it runs short: the coldest first.
const AGES: [u32; 4] = [1_024, 128, 16, 1];

/// A storage trie in memory.
struct Storage {
    trie: Trie<U256>,
    /// Heap in use by its nodes.
    bytes: usize,
    /// The round of its last change.
    touched: u32,
    /// Where the checkpoint has it as it is.
    saved: Option<CutRows>,
}

/// Where the cuts of a trie lie in the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CutRows {
    pub(crate) generation: u64,
    pub(crate) parts: u32,
}

/// All tries of the head state.
pub(crate) struct World {
    kernel: Kernel,
    accounts: Trie<AccountRow>,
    storages: BTreeMap<u64, Storage>,
    /// Heap in use by the nodes of all storage tries.
    storage_bytes: usize,
    /// Heap from which on memory is freed: the budget, or more if that was in vain.
    shed_from: usize,
    /// Storage tries that lie in the checkpoint only: not changed since.
    pub(crate) resting: BTreeMap<u64, CutRows>,
    /// The next storage id to give out.
    pub(crate) next_id: u64,
    /// Counts staged blocks.
    round: u32,
    /// What is applied but not sealed.
    pub(crate) staged: Option<Arc<Delta>>,
}

/// One account's changes with hashed keys.
struct Prepared {
    key: AccountKey,
    change: AccountChange,
    /// Hash of each of the change's slots.
    hashes: Vec<B256>,
}

/// One storage trie's part of a block.
struct StorageWork {
    id: u64,
    /// The root before the block.
    root: B256,
    trie: Option<Trie<U256>>,
    ops: Vec<Op<U256>>,
    /// The slots that `ops` are about, in their order.
    slots: Vec<U256>,
}

/// Sorted by hash, each account once: the last change counts.
fn prepare(kernel: Kernel, changes: Vec<AccountChange>) -> Vec<Prepared> {
    let raw_slots: Vec<[u8; 32]> =
        changes.iter().flat_map(|change| change.slots.iter().map(|(slot, _)| slot.to_be_bytes())).collect();
    let messages: Vec<&[u8]> = changes
        .iter()
        .map(|change| change.address.as_slice())
        .chain(raw_slots.iter().map(<[u8; 32]>::as_slice))
        .collect();
    let hashes = hash_all(kernel, messages.into_iter());
    let (addresses, mut slots) = hashes.split_at_checked(changes.len()).unwrap_or_default();
    let mut out: Vec<Prepared> = Vec::with_capacity(changes.len());
    for (hash, change) in addresses.iter().zip(changes) {
        let (mine, rest) = slots.split_at_checked(change.slots.len()).unwrap_or_default();
        slots = rest;
        let key = AccountKey { hash: *hash, address: change.address };
        out.push(Prepared { key, change, hashes: mine.to_vec() });
    }
    // Stable sort, then the last of equals: reverse first.
    out.reverse();
    out.sort_by_key(|prepared| prepared.key.hash);
    out.dedup_by_key(|prepared| prepared.key.hash);
    out
}

impl Prepared {
    /// Operations on the storage trie, sorted, each slot once; and the slots they are about.
    fn ops(&self, starts_empty: bool) -> (Vec<Op<U256>>, Vec<U256>) {
        let mut all: Vec<(B256, U256, U256)> = self
            .hashes
            .iter()
            .zip(&self.change.slots)
            .map(|(hash, (slot, value))| (*hash, *slot, *value))
            .collect();
        all.reverse();
        all.sort_by_key(|(hash, _, _)| *hash);
        all.dedup_by_key(|(hash, _, _)| *hash);
        all.retain(|(_, _, value)| !starts_empty || !value.is_zero());
        all.into_iter()
            .map(|(hash, slot, value)| (Op::new(hash, (!value.is_zero()).then_some(value)), slot))
            .unzip()
    }
}

impl World {
    /// No accounts.
    pub(crate) fn new(kernel: Kernel) -> Self {
        Self::with_accounts(kernel, Trie::new(Shape::Sharded, kernel), BTreeMap::new(), 1)
    }

    /// An account trie that was brought up elsewhere; storage tries follow when they are needed.
    pub(crate) fn with_accounts(
        kernel: Kernel,
        accounts: Trie<AccountRow>,
        resting: BTreeMap<u64, CutRows>,
        next_id: u64,
    ) -> Self {
        let (storages, storage_bytes, shed_from) = (BTreeMap::new(), 0, 0);
        Self {
            kernel,
            accounts,
            storages,
            storage_bytes,
            shed_from,
            resting,
            next_id,
            round: 0,
            staged: None,
        }
    }

    /// The state root.
    pub(crate) fn root(&self) -> B256 {
        self.accounts.root()
    }

    /// The account trie.
    pub(crate) const fn accounts(&self) -> &Trie<AccountRow> {
        &self.accounts
    }

    /// An account: from its leaf, or from `view` if a cut hides it.
    pub(crate) fn account(&self, hash: &B256, view: &View) -> Result<Option<AccountRow>> {
        match self.accounts.get(hash) {
            Some(known) => Ok(known),
            None => view.account_now(hash),
        }
    }

    /// A slot of an account: from its leaf, or from `view` if its trie is not in memory. An empty trie is not kept, and a
    /// staged block may just have emptied it.
    pub(crate) fn slot(&self, row: &AccountRow, hash: &B256, view: &View) -> Result<Option<U256>> {
        if row.storage_root == EMPTY_ROOT {
            return Ok(None);
        }
        match self.storages.get(&row.storage_id).and_then(|storage| storage.trie.get(hash)) {
            Some(known) => Ok(known),
            None => view.slot_now(row.storage_id, hash),
        }
    }

    /// Applies a block's changes over the sealed state that `view` shows, and returns what they came to.
    pub(crate) fn apply(&mut self, changes: Changes, view: &View) -> Result<Delta> {
        self.round = self.round.saturating_add(1);
        let prepared = prepare(self.kernel, changes.accounts);
        let mut rows: Vec<AccountDelta> = Vec::with_capacity(prepared.len());
        let mut work: Vec<StorageWork> = Vec::new();
        for item in prepared {
            let before = self.account(&item.key.hash, view)?;
            let after = match item.change.account {
                None => {
                    self.forget(before.map_or(0, |row| row.storage_id));
                    None
                }
                Some(account) => {
                    let bare = AccountRow::bare(account.nonce, account.balance, account.code_hash);
                    Some(self.plan_storage(&item, before, bare, &mut work))
                }
            };
            rows.push(Change { key: item.key, before, after });
        }
        let slots = self.update_storages(work, view, &mut rows)?;
        rows.retain(|row| row.before != row.after);
        let mut ops: Vec<Op<AccountRow>> = rows.iter().map(|row| Op::new(row.key.hash, row.after)).collect();
        self.accounts.update(&mut ops, self.round, &view.account_leaves())?;
        let mut code = changes.code;
        code.sort_by_key(|(hash, _)| *hash);
        code.dedup_by_key(|(hash, _)| *hash);
        Ok(Delta { accounts: rows, slots, code })
    }

    /// Adds work for the slots of one account and returns its row, whose storage root may still be the old one.
    fn plan_storage(
        &mut self,
        item: &Prepared,
        before: Option<AccountRow>,
        bare: AccountRow,
        work: &mut Vec<StorageWork>,
    ) -> AccountRow {
        let mut row = bare;
        if let Some(before) = before {
            if item.change.wiped {
                self.forget(before.storage_id);
            } else {
                row.storage_id = before.storage_id;
                row.storage_root = before.storage_root;
            }
        }
        let (ops, slots) = item.ops(row.storage_id == 0);
        if ops.is_empty() {
            return row;
        }
        if row.storage_id == 0 {
            row.storage_id = self.next_id;
            self.next_id = self.next_id.saturating_add(1);
        }
        let trie = self.take(row.storage_id);
        work.push(StorageWork { id: row.storage_id, root: row.storage_root, trie, ops, slots });
        row
    }

    fn forget(&mut self, id: u64) {
        drop(self.take(id));
        self.resting.remove(&id);
    }

    fn take(&mut self, id: u64) -> Option<Trie<U256>> {
        let storage = self.storages.remove(&id)?;
        self.storage_bytes = self.storage_bytes.saturating_sub(storage.bytes);
        Some(storage.trie)
    }

    /// Updates storage tries, puts their roots into `rows`, and returns the changed slots by position.
    fn update_storages(
        &mut self,
        mut work: Vec<StorageWork>,
        view: &View,
        rows: &mut [AccountDelta],
    ) -> Result<Vec<SlotDelta>> {
        let (kernel, resting, round) = (self.kernel, &self.resting, self.round);
        let update = |item: &mut StorageWork| -> Result<()> {
            let mut trie = match item.trie.take() {
                Some(trie) => trie,
                None => load_storage(item.id, item.root, resting.get(&item.id), kernel, view)?,
            };
            item.root = trie.update(&mut item.ops, round, &view.slot_leaves(item.id))?;
            item.trie = Some(fitted(trie));
            Ok(())
        };
        if work.iter().map(|item| item.ops.len()).fold(0, usize::saturating_add) < PARALLEL_FROM {
            work.iter_mut().try_for_each(update)?;
        } else {
            work.par_iter_mut().try_for_each(update)?;
        }
        let roots: BTreeMap<u64, B256> = work.iter().map(|item| (item.id, item.root)).collect();
        for after in rows.iter_mut().filter_map(|row| row.after.as_mut()) {
            if let Some(root) = roots.get(&after.storage_id) {
                after.storage_root = *root;
            }
        }
        let mut slots =
            Vec::with_capacity(work.iter().map(|item| item.ops.len()).fold(0, usize::saturating_add));
        work.sort_by_key(|item| item.id);
        for item in work {
            let changed = item.ops.iter().zip(&item.slots).filter(|(op, _)| op.before != op.after);
            slots.extend(changed.map(|(op, slot)| Change {
                key: SlotKey { id: item.id, hash: op.key, slot: *slot },
                before: op.before,
                after: op.after,
            }));
            self.keep(item.id, item.trie);
        }
        Ok(slots)
    }

    fn keep(&mut self, id: u64, trie: Option<Trie<U256>>) {
        self.resting.remove(&id);
        if let Some(trie) = trie.filter(|trie| !trie.is_empty()) {
            let bytes = trie.bytes();
            self.storage_bytes = self.storage_bytes.saturating_add(bytes);
            self.storages.insert(id, Storage { trie, bytes, touched: self.round, saved: None });
        }
    }

    /// Sets rows to older values, sorted by position: undoes blocks. `view` shows the state before.
    pub(crate) fn restore(
        &mut self,
        accounts: impl Iterator<Item = (AccountKey, Option<AccountRow>)>,
        slots: impl Iterator<Item = (SlotKey, Option<U256>)>,
        view: &View,
    ) -> Result<B256> {
        self.round = self.round.saturating_add(1);
        let mut by_storage: BTreeMap<u64, Vec<Op<U256>>> = BTreeMap::new();
        for (key, value) in slots {
            by_storage.entry(key.id).or_default().push(Op::new(key.hash, value));
        }
        for (id, mut ops) in by_storage {
            // A trie that is not in memory grows back from the restored rows.
            if let Some(mut trie) = self.take(id) {
                trie.update(&mut ops, self.round, &view.slot_leaves(id))?;
                self.keep(id, Some(fitted(trie)));
            }
            self.resting.remove(&id);
        }
        let mut ops: Vec<Op<AccountRow>> = accounts.map(|(key, row)| Op::new(key.hash, row)).collect();
        self.accounts.update(&mut ops, self.round, &view.account_leaves())
    }

    /// A checkpoint of the state of block `number`. Nothing may be staged.
    pub(crate) fn checkpoint(&mut self, number: u64, generation: u64) -> Plan {
        let accounts = self.accounts.cuts(CUT_LEAVES);
        let mut plan =
            Plan { number, generation, fresh: BTreeMap::from([(0, accounts)]), kept: self.resting.clone() };
        for (id, storage) in self.storages.iter_mut().filter(|(_, storage)| storage.trie.len() > SMALL_TRIE) {
            if let Some(rows) = storage.saved {
                plan.kept.insert(*id, rows);
            } else {
                let cuts = storage.trie.cuts(CUT_LEAVES);
                storage.saved = Some(plan.rows_for(cuts.len()));
                plan.fresh.insert(*id, cuts);
            }
        }
        plan
    }

    /// The storage trie of `id`, if it is in memory.
    pub(crate) fn storage(&self, id: u64) -> Option<&Trie<U256>> {
        self.storages.get(&id).map(|storage| &storage.trie)
    }

    /// Puts a storage trie that was brought up elsewhere in its place.
    pub(crate) fn adopt_storage(&mut self, id: u64, trie: Trie<U256>) {
        self.keep(id, Some(trie));
    }

    /// Leaves in memory and in cuts, of accounts and of storages in memory.
    pub(crate) fn leaves(&self) -> usize {
        let storages =
            self.storages.values().map(|storage| storage.trie.len()).fold(0, usize::saturating_add);
        self.accounts.len().saturating_add(storages)
    }

    /// Heap in use by nodes.
    pub(crate) fn bytes(&self) -> usize {
        self.accounts.bytes().saturating_add(self.storage_bytes)
    }

    /// Frees memory above `budget` bytes, the coldest first. Only where the flat state can give it back. What the last
    /// blocks touched stays; if that alone is more, the next try waits until there is a quarter more.
    pub(crate) fn shed(&mut self, budget: usize) {
        if self.bytes() <= self.shed_from.max(budget) {
            return;
        }
        for age in AGES {
            let since = self.round.saturating_sub(age);
            self.storages.retain(|_, storage| storage.touched >= since || storage.trie.len() > SMALL_TRIE);
            self.storages.par_iter_mut().for_each(|(_, storage)| {
                if storage.trie.len() > SMALL_TRIE {
                    storage.trie.thin(CUT_LEAVES, since);
                    storage.bytes = storage.trie.bytes();
                }
            });
            let storages = self.storages.values().map(|storage| storage.bytes);
            self.storage_bytes = storages.fold(0, usize::saturating_add);
            self.accounts.thin(CUT_LEAVES, since);
            // Somewhat below, or the next block would ask again.
            if self.bytes() <= budget.saturating_sub(budget / 4) {
                break;
            }
        }
        let left = self.bytes();
        self.shed_from = if left <= budget { 0 } else { left.saturating_add(left / 4) };
    }
}

/// The trie in the shape that its size asks for.
fn fitted(trie: Trie<U256>) -> Trie<U256> {
    match (trie.shape(), trie.len()) {
        (Shape::Single, len) if len >= SHARD_FROM => trie.reshaped(Shape::Sharded),
        (Shape::Sharded, len) if len < SHARD_BELOW => trie.reshaped(Shape::Single),
        _ => trie,
    }
}

const fn shape_for(leaves: usize) -> Shape {
    if leaves >= SHARD_FROM { Shape::Sharded } else { Shape::Single }
}

/// The storage trie of `id` at the sealed state that `view` shows, checked against its account's storage root: from the
/// checkpoint if it rests there, else from all its slots.
fn load_storage(
    id: u64,
    root: B256,
    rows: Option<&CutRows>,
    kernel: Kernel,
    view: &View,
) -> Result<Trie<U256>> {
    if root == EMPTY_ROOT {
        return Ok(Trie::new(Shape::Single, kernel));
    }
    if let Some(rows) = rows
        && let Some(cuts) = view.cuts(id, rows)?
    {
        let leaves = cuts.iter().map(|cut: &Cut| cut.count as usize).fold(0, usize::saturating_add);
        let trie = Trie::from_cuts(shape_for(leaves), kernel, &cuts);
        if trie.root() == root {
            return Ok(trie);
        }
        tracing::warn!(storage = id, "the checkpoint of a storage trie is stale; building it from its slots");
    }
    let leaves = view.all_slots(id)?;
    let trie = Trie::from_leaves(shape_for(leaves.len()), kernel, &leaves);
    if trie.root() != root {
        return Err(view.damaged(format!("the slots of storage {id} do not have the root of their account")));
    }
    Ok(trie)
}

/// A failure that only a defect can cause.
pub(crate) fn misuse(what: impl Into<String>) -> Error {
    Error::Misuse { what: what.into() }
}
