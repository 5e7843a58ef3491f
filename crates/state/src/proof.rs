//! Merkle proofs. At the head from the tries in memory; at an older block from their cuts, in which all keys changed since
//! are set back. The root that comes out is compared with the block's own, so a proof is right or refused.

use crate::keccak::Kernel;
use crate::model::{Proof, SlotProof};
use crate::node::{AccountRow, EMPTY_ROOT, bounds};
use crate::store::Shared;
use crate::table::{AccountKey, Key, SlotKey};
use crate::trie::{Cut, LeafSource, Op, Shape, Trie};
use crate::view::{Past, View};
use crate::world::World;
use crate::{Error, Result};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use std::collections::BTreeMap;

/// Changes that a proof may have to undo: some two seconds of work.
const MOST_ROWS: usize = 50_000;

/// A proof of `address` and `slots` after block `at`, whose state root is `root`.
pub(crate) fn prove(shared: &Shared, address: Address, slots: &[U256], at: u64, root: B256) -> Result<Proof> {
    let hash = keccak256(address);
    {
        let world = shared.world.read();
        let view = shared.latest();
        let same_state = world.root() == root && view.head.is_some_and(|head| head.root == root);
        if same_state && world.staged.is_none() {
            let (row, nodes) = world.accounts().prove(&hash, &view.account_leaves())?;
            if let Some(storage) = row.map_or(Some(None), |row| in_memory(&world, &row)) {
                return assemble(
                    row,
                    nodes,
                    slots,
                    storage,
                    &view.slot_leaves(row.map_or(0, |row| row.storage_id)),
                );
            }
        }
    }
    old(shared, hash, slots, at, root)
}

/// The account's storage trie: `Some(None)` if it is empty, `None` if it is not in memory.
fn in_memory<'a>(world: &'a World, row: &AccountRow) -> Option<Option<&'a Trie<U256>>> {
    if row.storage_root == EMPTY_ROOT { Some(None) } else { world.storage(row.storage_id).map(Some) }
}

fn assemble<S: LeafSource<U256>>(
    row: Option<AccountRow>,
    nodes: Vec<Bytes>,
    slots: &[U256],
    storage: Option<&Trie<U256>>,
    source: &S,
) -> Result<Proof> {
    let prove_slot = |slot: &U256| -> Result<SlotProof> {
        let (value, nodes) = match storage {
            Some(trie) => trie.prove(&keccak256(slot.to_be_bytes::<32>()), source)?,
            None => (None, Vec::new()),
        };
        Ok(SlotProof { slot: *slot, value: value.unwrap_or_default(), nodes })
    };
    Ok(Proof {
        account: row.map(|row| row.account()),
        storage_root: row.map_or(EMPTY_ROOT, |row| row.storage_root),
        nodes,
        slots: slots.iter().map(prove_slot).collect::<Result<_>>()?,
    })
}

/// From cuts of the tries in memory and everything that changed between them and block `at`.
fn old(shared: &Shared, hash: B256, slots: &[U256], at: u64, root: B256) -> Result<Proof> {
    let (view, skeleton, storages, staged) = {
        let world = shared.world.read();
        let view = shared.latest();
        let skeleton = world.accounts().cuts(crate::world::CUT_LEAVES);
        // Only the account's own storage trie matters, now or then: its id is known after the changes are.
        let ids = [view.account_at(&hash, at)?, world.account(&hash, &view)?];
        let ids = ids.into_iter().flatten().map(|row| row.storage_id);
        let storages: BTreeMap<u64, Vec<Cut>> =
            ids.filter_map(|id| Some((id, world.storage(id)?.cuts(crate::world::CUT_LEAVES)))).collect();
        (view, skeleton, storages, world.staged.clone())
    };
    let mut past = view.past(at, MOST_ROWS)?;
    if let Some(delta) = staged {
        for change in &delta.accounts {
            let row = view.account_now(&change.key.hash)?;
            past.accounts.entry(change.key.hash).or_insert((change.key, row));
        }
        for change in &delta.slots {
            let value = view.slot_now(change.key.id, &change.key.hash)?;
            past.slots.entry(change.key.position()).or_insert((change.key, value));
        }
    }
    let source = PastLeaves { view: &view, past: &past, id: 0 };
    let kernel = Kernel::detect();
    let mut accounts = Trie::from_cuts(Shape::Sharded, kernel, &skeleton);
    let mut ops: Vec<Op<AccountRow>> =
        past.accounts.values().map(|(key, row)| Op::new(key.hash, *row)).collect();
    if accounts.resync(&mut ops, &source)? != root {
        return Err(Error::Rewound { asked: at });
    }
    let (row, nodes) = accounts.prove(&hash, &source)?;
    let Some(row) = row.filter(|row| row.storage_root != EMPTY_ROOT) else {
        return assemble(row, nodes, slots, None, &source);
    };
    let source = PastLeaves { id: row.storage_id, ..source };
    let storage = match storages.get(&row.storage_id) {
        Some(cuts) => {
            let mut trie = Trie::from_cuts(Shape::Sharded, kernel, cuts);
            let changed =
                past.slots.range((row.storage_id, B256::ZERO)..=(row.storage_id, B256::repeat_byte(0xff)));
            let mut ops: Vec<Op<U256>> = changed.map(|(_, (key, value))| Op::new(key.hash, *value)).collect();
            trie.resync(&mut ops, &source)?;
            trie
        }
        None => Trie::from_leaves(Shape::Sharded, kernel, &source.leaves(&B256::ZERO, 0)?),
    };
    if storage.root() != row.storage_root {
        return Err(view.damaged(format!("the slots of storage {} do not have their root", row.storage_id)));
    }
    assemble(Some(row), nodes, slots, Some(&storage), &source)
}

/// The flat state as it was: what a view shows, with the older values of changed rows.
struct PastLeaves<'a> {
    view: &'a View,
    past: &'a Past,
    /// Which storage, where slots are asked for.
    id: u64,
}

/// Sorted rows with those of `changed` instead.
fn set_back<K: Key, V: Copy>(
    now: Vec<(K, V)>,
    changed: impl Iterator<Item = (K, Option<V>)>,
) -> Vec<(B256, V)> {
    let mut out: BTreeMap<B256, V> = now.into_iter().map(|(key, value)| (key.position().1, value)).collect();
    for (key, value) in changed {
        let (_, hash) = key.position();
        match value {
            Some(value) => _ = out.insert(hash, value),
            None => _ = out.remove(&hash),
        }
    }
    out.into_iter().collect()
}

impl LeafSource<AccountRow> for PastLeaves<'_> {
    fn leaves(&self, prefix: &B256, nibbles: u8) -> Result<Vec<(B256, AccountRow)>> {
        let (from, to) = bounds(prefix, nibbles);
        let changed = self.past.accounts.range(from..=to).map(|(_, row)| *row);
        Ok(set_back::<AccountKey, _>(self.view.accounts_between(&from, &to)?, changed))
    }

    fn contradiction(&self) -> Error {
        self.view.damaged("accounts are not those that the state root covers".into())
    }
}

impl LeafSource<U256> for PastLeaves<'_> {
    fn leaves(&self, prefix: &B256, nibbles: u8) -> Result<Vec<(B256, U256)>> {
        let (from, to) = bounds(prefix, nibbles);
        let changed = self.past.slots.range((self.id, from)..=(self.id, to)).map(|(_, row)| *row);
        Ok(set_back::<SlotKey, _>(self.view.slots_between(self.id, &from, &to)?, changed))
    }

    fn contradiction(&self) -> Error {
        self.view.damaged(format!("slots of storage {} are not those that the state root covers", self.id))
    }
}
