//! What the trie is measured against: `alloy-trie` made incremental, in the way of path-keyed node stores. Stored branch
//! nodes let its builder skip clean subtrees; dirty paths are walked again.

use alloy_primitives::{B256, U256};
use alloy_trie::{BranchNodeCompact, HashBuilder, Nibbles};
use state::trie::{LeafValue, Op};
use std::collections::BTreeMap;

/// Leaves and branch nodes of one trie.
pub struct Walker<V> {
    leaves: BTreeMap<B256, V>,
    nodes: BTreeMap<Nibbles, BranchNodeCompact>,
}

/// The lowest and the highest key below `path`.
fn bounds(path: &Nibbles) -> (B256, B256) {
    let mut low = B256::ZERO;
    path.pack_to(&mut low.0[..path.len().div_ceil(2)]);
    let ones = U256::MAX >> (path.len() * 4);
    let high = if path.len() == 64 { low } else { B256::from(U256::from_be_bytes(low.0) | ones) };
    (low, high)
}

impl<V: LeafValue> Walker<V> {
    pub fn new(leaves: &[(B256, V)]) -> Self {
        let mut walker = Self { leaves: leaves.iter().copied().collect(), nodes: BTreeMap::new() };
        walker.update(&[]);
        walker
    }

    pub fn update(&mut self, ops: &[Op<V>]) -> B256 {
        for op in ops {
            match op.after {
                Some(value) => self.leaves.insert(op.key, value),
                None => self.leaves.remove(&op.key),
            };
        }
        let dirty: Vec<Nibbles> = ops.iter().map(|op| Nibbles::unpack(op.key)).collect();
        let mut builder = HashBuilder::default().with_updates(true);
        self.walk(Nibbles::default(), &dirty, &mut builder);
        let root = builder.root();
        self.nodes.extend(builder.split().1);
        root
    }

    fn walk(&mut self, path: Nibbles, dirty: &[Nibbles], builder: &mut HashBuilder) {
        let Some(node) = self.nodes.remove(&path) else { return self.add_leaves(path, builder) };
        for at in 0..16 {
            let mut child = path;
            child.push(at);
            let from = dirty.partition_point(|d| d.slice(..child.len().min(d.len())) < child);
            let to = dirty.partition_point(|d| d.slice(..child.len().min(d.len())) <= child);
            let mine = &dirty[from..to];
            let stored = node.tree_mask.is_bit_set(at);
            if mine.is_empty() && node.hash_mask.is_bit_set(at) {
                builder.add_branch(child, node.hash_for_nibble(at), stored);
            } else if stored {
                self.walk(child, mine, builder);
            } else if !mine.is_empty() || node.state_mask.is_bit_set(at) {
                self.add_leaves(child, builder);
            }
        }
    }

    fn add_leaves(&mut self, path: Nibbles, builder: &mut HashBuilder) {
        let below =
            self.nodes.range(path..).map(|(other, _)| *other).take_while(|other| other.starts_with(&path));
        for stale in below.collect::<Vec<_>>() {
            self.nodes.remove(&stale);
        }
        let (low, high) = bounds(&path);
        let mut value = Vec::new();
        for (key, leaf) in self.leaves.range(low..=high) {
            value.clear();
            leaf.encode_leaf(&mut value);
            builder.add_leaf(Nibbles::unpack(key), &value);
        }
    }
}
