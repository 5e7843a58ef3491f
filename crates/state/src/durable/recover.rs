//! The start of a durable chain: finish what a kill interrupted, load the deltas that are not folded, and bring the tries up
//! from the checkpoint or from the flat state. The root must be the head's: a mismatch means building anew, and a second
//! one is damage.

use super::base::Base;
use super::checkpoint::Manifest;
use super::commit::{FOLDED, PRUNED, Sealed};
use super::db::Db;
use crate::Result;
use crate::keccak::Kernel;
use crate::layer::{Layer, push};
use crate::model::{EmptyRange, OnProgress, Progress};
use crate::node::AccountRow;
use crate::side;
use crate::table::{Key, Position};
use crate::trie::{Op, Shape, Trie};
use crate::view::View;
use crate::world::{CUT_LEAVES, CutRows, World};
use alloy_primitives::{B256, U256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that an account takes in a trie, and at least on disk: to guess before a scan whether all fit.
const TRIE_BYTES_AN_ACCOUNT: u64 = 256;
const DISK_BYTES_AN_ACCOUNT: u64 = 64;

/// A database that was brought up.
pub(crate) struct Recovered {
    pub(crate) sealed: Option<Sealed>,
    pub(crate) layers: Vec<Arc<Layer>>,
    pub(crate) folded: u64,
    /// The oldest block whose state was not removed.
    pub(crate) pruned: u64,
    pub(crate) world: World,
    /// The block of the checkpoint in use.
    pub(crate) checkpoint: Option<u64>,
}

/// Brings the database up to its head.
pub(crate) fn recover(db: &Arc<Db>, budget: usize, progress: Option<&OnProgress>) -> Result<Recovered> {
    let kernel = Kernel::detect();
    let Some(mut sealed) = db.sealed_head()? else {
        if db.dir.mark().is_some() {
            return Err(db.damaged("its last blocks are gone: it holds none at all"));
        }
        db.ensure_side(None, progress)?;
        let world = World::new(kernel);
        return Ok(Recovered {
            sealed: None,
            layers: Vec::new(),
            folded: 0,
            pruned: 0,
            world,
            checkpoint: None,
        });
    };
    check_mark(db, &sealed)?;
    if let Some(target) = db.finish_rewind(&sealed)? {
        sealed = target;
    }
    let folded = db.meta_number(FOLDED)?;
    let pruned = db.meta_number(PRUNED)?.unwrap_or(sealed.first).max(sealed.first);
    let layers = pending(db, &sealed, folded)?;
    db.ensure_side(folded.map(|folded| (sealed.first, folded)), progress)?;
    let folded = folded.unwrap_or_default();
    let base = Base::new(db, folded, sealed.first);
    let view = View { head: Some(sealed.head), oldest: pruned, layers, base: Some(base) };
    let manifest =
        Manifest::load(db)?.filter(|manifest| (pruned..=sealed.head.number).contains(&manifest.number));
    let from_checkpoint = match &manifest {
        Some(manifest) => resume(&view, manifest, kernel, sealed.next_id)?,
        None => None,
    };
    let checkpoint = manifest.filter(|_| from_checkpoint.is_some()).map(|manifest| manifest.number);
    let world = match from_checkpoint {
        Some(world) => world,
        None => rebuild(db, &view, kernel, sealed.next_id, budget, progress)?,
    };
    Ok(Recovered { sealed: Some(sealed), layers: view.layers, folded, pruned, world, checkpoint })
}

/// A head record older than the mark means that the end of the journal is gone.
fn check_mark(db: &Db, sealed: &Sealed) -> Result<()> {
    let Some(mark) = db.dir.mark() else { return Ok(()) };
    let lost = mark.serial > sealed.serial || (mark.serial == sealed.serial && mark != sealed.mark());
    if lost {
        let (found, was) = (sealed.head.number, mark.number);
        return Err(db.damaged(format!(
            "its last blocks are gone: block {was} was sealed, block {found} is the last found"
        )));
    }
    Ok(())
}

/// Layers of the blocks beyond the last fold. Rows folded half are folded again, to the same values.
fn pending(db: &Arc<Db>, sealed: &Sealed, folded: Option<u64>) -> Result<Vec<Arc<Layer>>> {
    let base = Base::new(db, u64::MAX, sealed.first);
    let mut layers = Vec::new();
    let mut number = folded.map_or(sealed.first, |folded| folded.saturating_add(1));
    while number <= sealed.head.number {
        let missing = || db.damaged(format!("block {number} is missing"));
        let layer = match base.delta_row(number)? {
            Some((delta, index)) => {
                let (hash, root) = base.identity(number)?.ok_or_else(missing)?;
                let mut layer = Layer::of_block(&crate::Head { number, hash, root }, &delta, &index);
                layer.side = side::pending(number, db.side_rows(&base, number)?);
                layer
            }
            None => {
                let (range, _) = base.range_at(number)?.ok_or_else(missing)?;
                Layer::of_empty(std::iter::once(&from(range, number)))
            }
        };
        number = layer.last.saturating_add(1);
        push(&mut layers, layer, 0);
    }
    Ok(layers)
}

/// The part of a range from block `number` on.
fn from(mut range: EmptyRange, number: u64) -> EmptyRange {
    let folded = usize::try_from(number.saturating_sub(range.first)).unwrap_or(usize::MAX);
    range.hashes.drain(..folded.min(range.hashes.len()));
    range.first = number;
    range
}

/// Tries from the checkpoint and the keys changed since. `None`: it does not lead to the head's root.
fn resume(view: &View, manifest: &Manifest, kernel: Kernel, next_id: u64) -> Result<Option<World>> {
    let Some(rows) = manifest.rows.get(&0) else { return Ok(None) };
    let Some(cuts) = view.cuts(0, rows)? else { return Ok(None) };
    let (accounts, slots) = changed_since(view, manifest.number)?;
    let mut ops: Vec<Op<AccountRow>> = Vec::with_capacity(accounts.len());
    for hash in &accounts {
        ops.push(Op::new(*hash, view.account_now(hash)?));
    }
    // An account whose slots changed has changed too.
    let roots: BTreeMap<u64, B256> =
        ops.iter().filter_map(|op| op.after).map(|row| (row.storage_id, row.storage_root)).collect();
    let mut trie = Trie::from_cuts(Shape::Sharded, kernel, &cuts);
    let root = trie.resync(&mut ops, &view.account_leaves())?;
    if view.head.is_none_or(|head| head.root != root) {
        tracing::warn!(
            block = manifest.number,
            "the checkpoint does not lead to the head; building from the flat state"
        );
        return Ok(None);
    }
    let resting = manifest.rows.iter().filter(|(id, _)| **id != 0 && !slots.contains_key(id));
    let mut world =
        World::with_accounts(kernel, trie, resting.map(|(id, rows)| (*id, *rows)).collect(), next_id);
    for (id, hashes) in slots {
        let Some(rows) = manifest.rows.get(&id) else { continue };
        if let Some(storage) = resume_storage(view, id, rows, &hashes, kernel)?
            && roots.get(&id) == Some(&storage.root())
        {
            world.adopt_storage(id, storage);
        }
    }
    Ok(Some(world))
}

fn resume_storage(
    view: &View,
    id: u64,
    rows: &CutRows,
    changed: &BTreeSet<B256>,
    kernel: Kernel,
) -> Result<Option<Trie<U256>>> {
    let Some(cuts) = view.cuts(id, rows)? else { return Ok(None) };
    let mut ops: Vec<Op<U256>> = Vec::with_capacity(changed.len());
    for hash in changed {
        ops.push(Op::new(*hash, view.slot_now(id, hash)?));
    }
    let mut trie = Trie::from_cuts(Shape::Sharded, kernel, &cuts);
    trie.resync(&mut ops, &view.slot_leaves(id))?;
    Ok(Some(trie))
}

/// Hashes of accounts, and of slots by storage.
type Changed = (BTreeSet<B256>, BTreeMap<u64, BTreeSet<B256>>);

/// What changed after block `after`.
fn changed_since(view: &View, after: u64) -> Result<Changed> {
    let mut accounts = BTreeSet::new();
    let mut slots: BTreeMap<u64, BTreeSet<B256>> = BTreeMap::new();
    let mut add = |(id, hash): Position| slots.entry(id).or_default().insert(hash);
    if let Some(base) = &view.base {
        base.deltas(after, base.folded(), |_, delta, _| {
            accounts.extend(delta.accounts.iter().map(|change| change.key.hash));
            delta.slots.iter().for_each(|change| _ = add(change.key.position()));
            Ok(())
        })?;
    }
    for layer in view.layers.iter().filter(|layer| layer.last > after) {
        accounts.extend(layer.accounts.rows().map(|row| row.key.hash));
        layer.slots.rows().for_each(|row| _ = add(row.key.position()));
    }
    Ok((accounts, slots))
}

/// The account trie from all accounts, part by part; storage tries follow when they are needed.
fn rebuild(
    db: &Db,
    view: &View,
    kernel: Kernel,
    next_id: u64,
    budget: usize,
    progress: Option<&OnProgress>,
) -> Result<World> {
    const PARTS: u64 = 16;
    let on_disk = db.spaces.account.disk_space() / DISK_BYTES_AN_ACCOUNT;
    let too_many = on_disk.saturating_mul(TRIE_BYTES_AN_ACCOUNT) > u64::try_from(budget).unwrap_or(u64::MAX);
    let done = AtomicU64::new(0);
    let trie = Trie::from_parts(kernel, too_many.then_some(CUT_LEAVES), |part| {
        let (mut low, mut high) = (B256::ZERO, B256::repeat_byte(0xff));
        if let (Some(first), Some(last), Ok(part)) = (low.first_mut(), high.first_mut(), u8::try_from(part)) {
            *first = part << 4;
            *last = part << 4 | 0x0f;
        }
        let rows = view.accounts_between(&low, &high)?;
        let done = done.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if let Some(tell) = progress {
            tell(Progress { work: "building the account trie", done, total: PARTS });
        }
        Ok(rows.into_iter().map(|(key, row)| (key.hash, row)).collect())
    })?;
    if view.head.is_none_or(|head| head.root != trie.root()) {
        return Err(db.damaged("its accounts do not have the state root of the last block"));
    }
    Ok(World::with_accounts(kernel, trie, BTreeMap::new(), next_id))
}
