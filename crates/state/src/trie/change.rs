//! Changing an arena: sorted operations go down once, split at each branch; each leaf met tells what it held before.
//! Cuts on the way grow back from the flat state and must then hash to the reference that they stood for.

use super::arena::{Arena, BRANCH, CUT, KIND, LEAF, NIL, Seed};
use super::hash::Hasher;
use super::{LeafSource, Op};
use crate::Result;
use crate::node::{LeafValue, NIBBLES, common, nibble};
use alloy_primitives::B256;

/// What a descent carries along.
pub(super) struct Descent<'a, S> {
    pub(super) source: &'a S,
    pub(super) hasher: &'a mut Hasher,
    /// Cuts must find the leaves that they stand for; not so when cuts of an older state are brought up to date.
    pub(super) strict: bool,
}

/// Nibbles that `key` shares with all of the sorted `ops`: the ends decide.
fn shared<V>(key: &B256, ops: &[Op<V>]) -> u8 {
    match ops {
        [] => NIBBLES,
        [only] => common(key, &only.key),
        [first, .., last] => common(key, &first.key).min(common(key, &last.key)),
    }
}

impl<V: LeafValue> Arena<V> {
    /// Replaces a cut by the nodes it stands for.
    pub(super) fn expand<S: LeafSource<V>>(&mut self, id: u32, descent: &mut Descent<'_, S>) -> Result<u32> {
        let cut = self.cuts[(id & !KIND) as usize];
        self.release(id);
        let leaves = descent.source.leaves(&cut.key, cut.start.max(self.shard))?;
        let seeds: Vec<Seed<V>> = leaves.into_iter().map(|(key, value)| Seed::Leaf(key, value)).collect();
        let grown = self.build(&seeds);
        if descent.strict && self.hash_below(grown, cut.start, descent.hasher) != cut.reference {
            return Err(descent.source.contradiction());
        }
        Ok(grown)
    }

    /// Applies sorted operations, all inside the range of `id`. Returns the node that takes its place, and whether its
    /// reference may have changed.
    pub(super) fn apply<S: LeafSource<V>>(
        &mut self,
        id: u32,
        ops: &mut [Op<V>],
        descent: &mut Descent<'_, S>,
    ) -> Result<(u32, bool)> {
        if id == NIL {
            let seeds: Vec<Seed<V>> =
                ops.iter().filter_map(|op| op.after.map(|value| Seed::Leaf(op.key, value))).collect();
            return Ok((self.build(&seeds), !seeds.is_empty()));
        }
        match id & KIND {
            LEAF => self.apply_leaf(id, ops, descent),
            BRANCH => self.apply_branch(id, ops, descent),
            _ => {
                let grown = self.expand(id, descent)?;
                let (id, changed) = self.apply(grown, ops, descent)?;
                Ok((id, changed || !descent.strict))
            }
        }
    }

    fn apply_leaf<S: LeafSource<V>>(
        &mut self,
        id: u32,
        ops: &mut [Op<V>],
        descent: &mut Descent<'_, S>,
    ) -> Result<(u32, bool)> {
        let leaf = &mut self.leaves[id as usize];
        if let [op] = ops
            && op.key == leaf.key
        {
            op.before = Some(leaf.value);
            let Some(value) = op.after else {
                self.release(id);
                return Ok((NIL, true));
            };
            let changed = value != leaf.value;
            leaf.value = value;
            leaf.dirty |= changed;
            return Ok((id, changed));
        }
        let key = leaf.key;
        leaf.dirty = true;
        let fork = self.fork(key, id, 1, shared(&key, ops));
        self.apply_branch(fork, ops, descent)
    }

    /// A branch at `depth` above `child`; it stays only if the operations give it a second child.
    fn fork(&mut self, key: B256, child: u32, count: u32, depth: u8) -> u32 {
        let fork = self.add_branch(key, depth);
        let branch = self.branch(fork);
        branch.children[nibble(&key, depth)] = child;
        branch.count = count;
        fork
    }

    fn apply_branch<S: LeafSource<V>>(
        &mut self,
        id: u32,
        ops: &mut [Op<V>],
        descent: &mut Descent<'_, S>,
    ) -> Result<(u32, bool)> {
        let branch = self.branch(id);
        let (key, depth, count) = (branch.key, branch.depth, branch.count);
        let shared = shared(&key, ops);
        if shared < depth {
            // Its path begins lower below the fork, so its reference changes.
            branch.dirty = true;
            let fork = self.fork(key, id, count, shared);
            return self.apply_branch(fork, ops, descent);
        }
        let before = self.live;
        let mut changed = false;
        let mut rest = ops;
        while let Some(first) = rest.first() {
            let at = nibble(&first.key, depth);
            let end = rest.partition_point(|op| nibble(&op.key, depth) == at);
            let (mine, others) = rest.split_at_mut(end);
            let child = self.branch(id).children[at];
            let (child, moved) = self.apply(child, mine, descent)?;
            self.branch(id).children[at] = child;
            changed |= moved;
            rest = others;
        }
        let (live, round) = (self.live, self.round);
        let branch = self.branch(id);
        branch.count = (branch.count + live) - before;
        branch.touched = round;
        if !changed && !branch.dirty {
            return Ok((id, false));
        }
        branch.dirty = true;
        Ok((self.collapse(id, descent)?, true))
    }

    /// A branch with one child gives way to it; with none it vanishes.
    fn collapse<S: LeafSource<V>>(&mut self, id: u32, descent: &mut Descent<'_, S>) -> Result<u32> {
        let mut present = self.branch(id).children.iter().copied().filter(|child| *child != NIL);
        let only = match (present.next(), present.next()) {
            (Some(_), Some(_)) => return Ok(id),
            (Some(only), None) => only,
            (None, _) => NIL,
        };
        self.release(id);
        if only == NIL {
            return Ok(NIL);
        }
        // Its path now begins higher, so its reference changes; a cut must show what it is.
        let only = if only & KIND == CUT { self.expand(only, descent)? } else { only };
        if only != NIL {
            self.mark_dirty(only);
        }
        Ok(only)
    }

    /// Its root's path now begins at `start`, so the root's reference changes; a cut must show what it is.
    pub(super) fn move_root<S: LeafSource<V>>(
        &mut self,
        start: u8,
        descent: &mut Descent<'_, S>,
    ) -> Result<()> {
        if self.start != start && self.root != NIL {
            if self.root & KIND == CUT {
                self.root = self.expand(self.root, descent)?;
            }
            if self.root != NIL {
                self.mark_dirty(self.root);
            }
        }
        self.start = start;
        Ok(())
    }
}
