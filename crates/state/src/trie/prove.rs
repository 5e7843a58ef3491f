//! Merkle proofs from an arena, without changing it: a cut on the way grows in an arena of its own.

use super::LeafSource;
use super::arena::{Arena, CUT, KIND, LEAF, NIL, Seed};
use super::hash::Hasher;
use crate::Result;
use crate::node::{LeafValue, Ref, Scratch, common, nibble};
use alloy_primitives::{B256, Bytes};

/// A proof lists nodes that are referred to by hash; short ones sit inside their parents. The root always counts.
fn push_node(scratch: &Scratch, out: &mut Vec<Bytes>) {
    if out.is_empty() || scratch.node.len() >= 32 {
        out.push(Bytes::copy_from_slice(&scratch.node));
    }
}

impl<V: LeafValue> Arena<V> {
    /// Appends the nodes on the way to `key`, from the top, and returns its value. Call when all is hashed.
    pub(super) fn prove<S: LeafSource<V>>(
        &self,
        key: &B256,
        source: &S,
        hasher: &mut Hasher,
        out: &mut Vec<Bytes>,
    ) -> Result<Option<V>> {
        let (mut id, mut start) = (self.root, self.start);
        loop {
            if id == NIL {
                return Ok(None);
            }
            let index = (id & !KIND) as usize;
            if id & KIND == LEAF {
                let leaf = &self.leaves[index];
                hasher.scratch.leaf(&leaf.key, start, &leaf.value);
                push_node(&hasher.scratch, out);
                return Ok((leaf.key == *key).then_some(leaf.value));
            }
            if id & KIND == CUT {
                return self.prove_in_cut(index, key, source, hasher, out);
            }
            let branch = &self.branches[index];
            let scratch = &mut hasher.scratch;
            scratch.branch(branch.children.iter().map(|child| self.reference(*child)));
            if branch.depth > start {
                let node = std::mem::take(&mut scratch.node);
                scratch.extension(&branch.key, start, branch.depth, &Ref::of(&node));
                push_node(scratch, out);
                scratch.node = node;
                if common(&branch.key, key) < branch.depth {
                    return Ok(None);
                }
            }
            push_node(scratch, out);
            id = branch.children[nibble(key, branch.depth)];
            start = branch.depth + 1;
        }
    }

    fn prove_in_cut<S: LeafSource<V>>(
        &self,
        index: usize,
        key: &B256,
        source: &S,
        hasher: &mut Hasher,
        out: &mut Vec<Bytes>,
    ) -> Result<Option<V>> {
        let cut = &self.cuts[index];
        let leaves = source.leaves(&cut.key, cut.start.max(self.shard))?;
        let seeds: Vec<Seed<V>> = leaves.into_iter().map(|(key, value)| Seed::Leaf(key, value)).collect();
        let mut grown = Self::new(cut.start, self.shard);
        grown.root = grown.build(&seeds);
        if grown.hash(hasher) != cut.reference {
            return Err(source.contradiction());
        }
        grown.prove(key, source, hasher, out)
    }
}
