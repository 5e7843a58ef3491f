//! Hashing an arena: dirty nodes are collected after all changes, then hashed level by level, deepest first, so that each
//! level is one batch of independent messages.

use super::arena::{Arena, BRANCH, KIND, LEAF, NIL};
use crate::keccak::{Batch, Kernel};
use crate::node::{LeafValue, NIBBLES, Ref, Scratch};

/// Buffers of hashing passes.
pub(super) struct Hasher {
    batch: Batch,
    pub(super) scratch: Scratch,
    /// Dirty leaves: id, and the nibble where the path begins.
    leaves: Vec<(u32, u8)>,
    /// Dirty branches by depth.
    levels: Vec<Vec<(u32, u8)>>,
}

impl Hasher {
    pub(super) fn new(kernel: Kernel) -> Self {
        Self {
            batch: Batch::new(kernel),
            scratch: Scratch::default(),
            leaves: Vec::new(),
            levels: (0..NIBBLES).map(|_| Vec::new()).collect(),
        }
    }
}

impl<V: LeafValue> Arena<V> {
    /// Finds dirty nodes below `id`. Done after the changes: lists made during them would name freed and re-used nodes.
    fn collect(&self, id: u32, start: u8, hasher: &mut Hasher) {
        match id & KIND {
            LEAF if self.leaves[id as usize].dirty => hasher.leaves.push((id, start)),
            BRANCH => {
                let branch = &self.branches[(id & !KIND) as usize];
                if !branch.dirty {
                    return;
                }
                hasher.levels[branch.depth as usize].push((id, start));
                for child in branch.children.iter().filter(|child| **child != NIL) {
                    self.collect(*child, branch.depth + 1, hasher);
                }
            }
            _ => {}
        }
    }

    /// Hashes all dirty nodes and returns the root's reference.
    pub(super) fn hash(&mut self, hasher: &mut Hasher) -> Ref {
        self.hash_below(self.root, self.start, hasher)
    }

    /// Hashes dirty nodes below `id`, whose path begins at nibble `start`, and returns its reference.
    pub(super) fn hash_below(&mut self, id: u32, start: u8, hasher: &mut Hasher) -> Ref {
        if id == NIL {
            return Ref::NONE;
        }
        self.collect(id, start, hasher);
        self.hash_leaves(hasher);
        for depth in (0..NIBBLES as usize).rev() {
            if hasher.levels[depth].is_empty() {
                continue;
            }
            let mut level = std::mem::take(&mut hasher.levels[depth]);
            self.hash_level(&level, hasher);
            level.clear();
            hasher.levels[depth] = level;
        }
        *self.reference(id)
    }

    fn hash_leaves(&mut self, hasher: &mut Hasher) {
        let leaves = &mut self.leaves;
        for (id, start) in hasher.leaves.drain(..) {
            let leaf = &mut leaves[id as usize];
            hasher.scratch.leaf(&leaf.key, start, &leaf.value);
            leaf.dirty = false;
            match Ref::embedded(&hasher.scratch.node) {
                Some(short) => leaf.reference = short,
                None => hasher.batch.push(id, &hasher.scratch.node),
            }
            if hasher.batch.is_full() {
                hasher.batch.finish(|id, hash| leaves[id as usize].reference = Ref::hash(hash));
            }
        }
        hasher.batch.finish(|id, hash| leaves[id as usize].reference = Ref::hash(hash));
    }

    fn hash_level(&mut self, level: &[(u32, u8)], hasher: &mut Hasher) {
        for (id, _) in level {
            let index = id & !KIND;
            let branch = &self.branches[index as usize];
            hasher.scratch.branch(branch.children.iter().map(|child| self.reference(*child)));
            let branch = &mut self.branches[index as usize];
            branch.dirty = false;
            match Ref::embedded(&hasher.scratch.node) {
                Some(short) => branch.reference = short,
                None => hasher.batch.push(index, &hasher.scratch.node),
            }
            if hasher.batch.is_full() {
                let all = &mut self.branches;
                hasher.batch.finish(|index, hash| all[index as usize].reference = Ref::hash(hash));
            }
        }
        let branches = &mut self.branches;
        hasher.batch.finish(|index, hash| branches[index as usize].reference = Ref::hash(hash));
        for (id, start) in level {
            let index = id & !KIND;
            let branch = &mut branches[index as usize];
            if branch.depth == *start {
                continue;
            }
            hasher.scratch.extension(&branch.key, *start, branch.depth, &branch.reference);
            match Ref::embedded(&hasher.scratch.node) {
                Some(short) => branch.reference = short,
                None => hasher.batch.push(index, &hasher.scratch.node),
            }
        }
        hasher.batch.finish(|index, hash| branches[index as usize].reference = Ref::hash(hash));
    }
}
