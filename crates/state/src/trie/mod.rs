//! The incremental Merkle Patricia trie of hashed keys: one arena, or one for each top nibble, worked on in parallel.
//! A cache of the flat state: what is not in memory is a **cut**, which grows back from a [`LeafSource`] when touched.
//! Results do not depend on threads, kernels, shapes or cuts.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "hot and proven: ids come from the arena that they index, nibbles are below 16, counts below 2^30"
)]

mod arena;
mod change;
mod cut;
mod hash;
mod prove;

pub use crate::keccak::Kernel;
pub use crate::node::{AccountRow, EMPTY_ROOT, LeafValue};
pub use cut::Cut;

use crate::node::{Ref, Scratch, nibble};
use crate::{Error, Result};
use alloy_primitives::{B256, Bytes, keccak256};
use arena::{Arena, NIL, Seed};
use change::Descent;
use hash::Hasher;
use rayon::prelude::*;

/// From this many operations on, arenas are worked on in parallel: below, waking threads costs more than it saves.
const PARALLEL_FROM: usize = 128;
/// Arenas of a sharded trie: one for each top nibble.
const SHARDS: usize = 16;

/// One change of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op<V> {
    /// The hashed key.
    pub key: B256,
    /// What it held before: filled in by the update.
    pub before: Option<V>,
    /// What it holds from now on; `None` deletes.
    pub after: Option<V>,
}

impl<V> Op<V> {
    /// Sets or deletes `key`.
    pub const fn new(key: B256, after: Option<V>) -> Self {
        Self { key, before: None, after }
    }
}

/// Sorted leaves of the flat state, from which cuts grow back.
pub trait LeafSource<V>: Sync {
    /// All leaves whose key has the first `nibbles` nibbles of `prefix`, in key order.
    ///
    /// # Errors
    /// The database's own.
    fn leaves(&self, prefix: &B256, nibbles: u8) -> Result<Vec<(B256, V)>>;

    /// The error to report when the leaves are not those that a cut stands for.
    fn contradiction(&self) -> Error;
}

/// A source for tries that never hold cuts.
pub struct NoCuts;

impl<V> LeafSource<V> for NoCuts {
    fn leaves(&self, _: &B256, _: u8) -> Result<Vec<(B256, V)>> {
        Err(Error::Misuse { what: "a trie without a source holds a cut".into() })
    }

    fn contradiction(&self) -> Error {
        Error::Misuse { what: "a trie without a source holds a cut".into() }
    }
}

/// How a trie is laid out over threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One arena: for storage tries of ordinary size.
    Single,
    /// One arena for each top nibble, worked on in parallel.
    Sharded,
}

/// A trie of hashed keys.
pub struct Trie<V> {
    arenas: Vec<Arena<V>>,
    kernel: Kernel,
    /// References of the arenas' roots as of the last hashing.
    top: Vec<Ref>,
}

/// The part of sorted `items` whose keys begin with nibble `index`.
fn range_of<T>(items: &[T], index: usize, key: impl Fn(&T) -> &B256) -> &[T] {
    let from = items.partition_point(|item| nibble(key(item), 0) < index);
    let to = items.partition_point(|item| nibble(key(item), 0) <= index);
    &items[from..to]
}

/// Splits sorted operations by top nibble.
fn split_by_nibble<V>(mut ops: &mut [Op<V>]) -> Vec<&mut [Op<V>]> {
    let mut parts = Vec::with_capacity(SHARDS);
    for index in 0..SHARDS {
        let end = ops.partition_point(|op| nibble(&op.key, 0) <= index);
        let (mine, rest) = ops.split_at_mut(end);
        parts.push(mine);
        ops = rest;
    }
    parts
}

impl<V: LeafValue> Trie<V> {
    /// A trie without leaves.
    pub fn new(shape: Shape, kernel: Kernel) -> Self {
        let (arenas, shard) = match shape {
            Shape::Single => (1, 0),
            Shape::Sharded => (SHARDS, 1),
        };
        Self {
            arenas: (0..arenas).map(|_| Arena::new(0, shard)).collect(),
            kernel,
            top: vec![Ref::NONE; arenas],
        }
    }

    /// Builds from all leaves in key order.
    pub fn from_leaves(shape: Shape, kernel: Kernel, leaves: &[(B256, V)]) -> Self {
        let mut trie = Self::new(shape, kernel);
        let sharded = shape == Shape::Sharded;
        trie.arenas.par_iter_mut().enumerate().with_max_len(1).for_each(|(index, arena)| {
            let mine = if sharded { range_of(leaves, index, |leaf| &leaf.0) } else { leaves };
            let seeds: Vec<Seed<V>> = mine.iter().map(|(key, value)| Seed::Leaf(*key, *value)).collect();
            arena.root = arena.build(&seeds);
        });
        trie.settle(true);
        trie
    }

    /// Builds the upper part from a checkpoint of cuts in key order; the rest grows back on demand.
    pub fn from_cuts(shape: Shape, kernel: Kernel, cuts: &[Cut]) -> Self {
        let seeds: Vec<Seed<V>> = cuts.iter().map(|cut| Seed::Cut(*cut)).collect();
        Self::from_seeds(shape, kernel, &seeds)
    }

    fn from_seeds(shape: Shape, kernel: Kernel, seeds: &[Seed<V>]) -> Self {
        let mut trie = Self::new(shape, kernel);
        for (index, arena) in trie.arenas.iter_mut().enumerate() {
            let mine = if shape == Shape::Sharded { range_of(seeds, index, Seed::key) } else { seeds };
            arena.root = arena.build(mine);
        }
        trie.settle(seeds.len() >= PARALLEL_FROM);
        trie
    }

    /// Builds a sharded trie from leaves by top nibble, each part thinned to cuts of at most `limit` leaves, if given,
    /// before more than a few others are read: memory stays bounded.
    ///
    /// # Errors
    /// What `leaves` reports.
    pub fn from_parts(
        kernel: Kernel,
        limit: Option<u32>,
        leaves: impl Fn(usize) -> Result<Vec<(B256, V)>> + Sync,
    ) -> Result<Self> {
        let mut trie = Self::new(Shape::Sharded, kernel);
        trie.arenas.par_iter_mut().enumerate().with_max_len(1).try_for_each(
            |(index, arena)| -> Result<()> {
                let seeds: Vec<Seed<V>> =
                    leaves(index)?.into_iter().map(|(key, value)| Seed::Leaf(key, value)).collect();
                arena.start = 1;
                arena.root = arena.build(&seeds);
                drop(seeds);
                arena.hash(&mut Hasher::new(kernel));
                if let Some(limit) = limit {
                    *arena = arena.thinned(limit, u32::MAX);
                }
                Ok(())
            },
        )?;
        trie.settle(true);
        Ok(trie)
    }

    /// After building: tells the arenas where their paths begin, and hashes.
    fn settle(&mut self, parallel: bool) {
        let start = self.start();
        for arena in &mut self.arenas {
            if arena.start != start && arena.root != NIL {
                arena.mark_dirty(arena.root);
            }
            arena.start = start;
        }
        self.hash(parallel);
    }

    /// Applies operations sorted by key, each key once, fills in what they replaced, and returns the new root. `round`
    /// is the caller's clock for [`Trie::thin`]; it never goes back.
    ///
    /// # Errors
    /// What `source` reports, or a flat state that contradicts a cut. The trie is then unusable.
    pub fn update<S: LeafSource<V>>(&mut self, ops: &mut [Op<V>], round: u32, source: &S) -> Result<B256> {
        let parallel = ops.len() >= PARALLEL_FROM;
        self.edit(ops, round, source, true)?;
        self.hash(parallel);
        Ok(self.root())
    }

    /// Brings cuts of an older state up to the source's: `ops` are all keys changed since, with their present values.
    ///
    /// # Errors
    /// What `source` reports. The trie is then unusable.
    pub fn resync<S: LeafSource<V>>(&mut self, ops: &mut [Op<V>], source: &S) -> Result<B256> {
        self.edit(ops, 0, source, false)?;
        self.hash(true);
        Ok(self.root())
    }

    fn edit<S: LeafSource<V>>(
        &mut self,
        ops: &mut [Op<V>],
        round: u32,
        source: &S,
        strict: bool,
    ) -> Result<()> {
        debug_assert!(ops.is_sorted_by(|a, b| a.key < b.key));
        let kernel = self.kernel;
        let work = |hasher: &mut Hasher, arena: &mut Arena<V>, mine: &mut [Op<V>]| -> Result<()> {
            arena.round = arena.round.max(round);
            if !mine.is_empty() {
                (arena.root, _) = arena.apply(arena.root, mine, &mut Descent { source, hasher, strict })?;
            }
            Ok(())
        };
        if let [arena] = self.arenas.as_mut_slice() {
            return work(&mut Hasher::new(kernel), arena, ops);
        }
        let parallel = ops.len() >= PARALLEL_FROM;
        let parts = split_by_nibble(ops);
        if parallel {
            self.arenas.par_iter_mut().zip(parts).with_max_len(1).try_for_each_init(
                || Hasher::new(kernel),
                |hasher, (arena, mine)| work(hasher, arena, mine),
            )?;
        } else {
            let mut hasher = Hasher::new(kernel);
            self.arenas.iter_mut().zip(parts).try_for_each(|(arena, mine)| work(&mut hasher, arena, mine))?;
        }
        let start = self.start();
        let mut hasher = Hasher::new(kernel);
        let descent = &mut Descent { source, hasher: &mut hasher, strict };
        self.arenas.iter_mut().try_for_each(|arena| arena.move_root(start, descent))
    }

    /// Where arenas' paths begin: below a top branch, unless one arena holds all.
    fn start(&self) -> u8 {
        u8::from(self.arenas.iter().filter(|arena| arena.root != NIL).count() > 1)
    }

    /// Hashes what is dirty.
    fn hash(&mut self, parallel: bool) {
        let kernel = self.kernel;
        if parallel && self.arenas.len() > 1 {
            self.arenas
                .par_iter_mut()
                .zip(self.top.par_iter_mut())
                .with_max_len(1)
                .for_each_init(|| Hasher::new(kernel), |hasher, (arena, top)| *top = arena.hash(hasher));
        } else {
            let mut hasher = Hasher::new(kernel);
            for (arena, top) in self.arenas.iter_mut().zip(&mut self.top) {
                *top = arena.hash(&mut hasher);
            }
        }
    }

    /// The root.
    pub fn root(&self) -> B256 {
        let mut filled = self.top.iter().filter(|top| **top != Ref::NONE);
        match (filled.next(), filled.next()) {
            (None, _) => EMPTY_ROOT,
            (Some(only), None) => only.root(),
            _ => {
                let mut scratch = Scratch::default();
                scratch.branch(self.top.iter());
                keccak256(&scratch.node)
            }
        }
    }

    /// A checkpoint: cuts of at most `limit` leaves that cover the trie, in key order.
    pub fn cuts(&self, limit: u32) -> Vec<Cut> {
        let mut out = Vec::new();
        for arena in &self.arenas {
            arena.cuts_below(arena.root, arena.start, limit, &mut out);
        }
        out
    }

    /// Frees memory: subtrees of at most `limit` leaves that did not change since round `since` become cuts.
    pub fn thin(&mut self, limit: u32, since: u32) {
        self.arenas.par_iter_mut().for_each(|arena| *arena = arena.thinned(limit, since));
    }

    /// The same trie in another shape.
    #[must_use]
    pub fn reshaped(self, shape: Shape) -> Self {
        let mut seeds = Vec::new();
        self.arenas.iter().for_each(|arena| arena.seeds(arena.root, &mut seeds));
        let round = self.arenas.iter().map(|arena| arena.round).max().unwrap_or_default();
        let mut trie = Self::from_seeds(shape, self.kernel, &seeds);
        trie.arenas.iter_mut().for_each(|arena| arena.round = round);
        trie
    }

    /// How it is laid out.
    pub const fn shape(&self) -> Shape {
        if self.arenas.len() > 1 { Shape::Sharded } else { Shape::Single }
    }

    /// The value of `key` and the nodes that prove it (or its absence), from the root down.
    ///
    /// # Errors
    /// What `source` reports, or a flat state that contradicts a cut.
    pub fn prove<S: LeafSource<V>>(&self, key: &B256, source: &S) -> Result<(Option<V>, Vec<Bytes>)> {
        let (mut hasher, mut out) = (Hasher::new(self.kernel), Vec::new());
        if self.start() == 1 {
            hasher.scratch.branch(self.top.iter());
            out.push(Bytes::copy_from_slice(&hasher.scratch.node));
        }
        let on_the_way = match (self.shape(), self.start()) {
            (Shape::Sharded, 1) => self.arenas.get(nibble(key, 0)),
            _ => self.arenas.iter().find(|arena| arena.root != NIL),
        };
        let value = match on_the_way {
            Some(arena) => arena.prove(key, source, &mut hasher, &mut out)?,
            None => None,
        };
        Ok((value, out))
    }

    /// The value of `key` if it is known without the flat state: `None` if a cut hides it, `Some(None)` if absent.
    #[inline]
    pub fn get(&self, key: &B256) -> Option<Option<V>> {
        match self.arenas.as_slice() {
            [only] => only.get(key),
            arenas => arenas[nibble(key, 0)].get(key),
        }
    }

    /// Leaves in the trie, cut ones included.
    pub fn len(&self) -> usize {
        self.arenas.iter().map(|arena| arena.live as usize).sum()
    }

    /// Whether it has no leaves.
    pub fn is_empty(&self) -> bool {
        self.arenas.iter().all(|arena| arena.live == 0)
    }

    /// Heap in use by nodes.
    pub fn bytes(&self) -> usize {
        self.arenas.iter().map(Arena::bytes).sum()
    }
}

#[cfg(test)]
mod tests;
