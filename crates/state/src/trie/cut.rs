//! Cuts: subtrees known by reference, key range and number of leaves. Thinning turns cold subtrees into cuts and
//! compacts the arena; the list of cuts of a whole trie is the checkpoint from which it comes back.

use super::arena::{Arena, CUT, KIND, LEAF, NIL};
use crate::node::{LeafValue, Ref};
use alloy_primitives::B256;

/// A subtree that is not in memory. It grows back from the flat state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// A key in the subtree's range; its first `start` nibbles are the range.
    pub(crate) key: B256,
    pub(crate) start: u8,
    /// Holds at `start` only: a path that begins elsewhere has another reference.
    pub(crate) reference: Ref,
    /// Leaves in the subtree.
    pub(crate) count: u32,
}

impl<V: LeafValue> Arena<V> {
    /// A compact copy in which subtrees of at most `limit` leaves that did not change since round `since` are cuts. Call
    /// when all is hashed.
    pub(super) fn thinned(&self, limit: u32, since: u32) -> Self {
        let mut out = Self::new(self.start, self.shard);
        out.round = self.round;
        out.root = self.copy_into(self.root, self.start, limit, since, &mut out);
        out
    }

    fn copy_into(&self, id: u32, start: u8, limit: u32, since: u32, out: &mut Self) -> u32 {
        let index = (id & !KIND) as usize;
        match id {
            NIL => NIL,
            _ if id & KIND == LEAF => out.keep_leaf(self.leaves[index].clone()),
            _ if id & KIND == CUT => out.add_cut(self.cuts[index]),
            _ => {
                let mut branch = self.branches[index].clone();
                // Bounded by leaf count, or one touch would scan half of the state; never the root, which may move.
                if branch.count <= limit && branch.touched < since && start > self.start {
                    let (key, reference, count) = (branch.key, branch.reference, branch.count);
                    return out.add_cut(Cut { key, start, reference, count });
                }
                for child in &mut branch.children {
                    *child = self.copy_into(*child, branch.depth + 1, limit, since, out);
                }
                out.keep_branch(branch)
            }
        }
    }

    /// The coarsest set of cuts of at most `limit` leaves that covers the subtree, in key order.
    pub(super) fn cuts_below(&self, id: u32, start: u8, limit: u32, out: &mut Vec<Cut>) {
        let index = (id & !KIND) as usize;
        match id {
            NIL => {}
            _ if id & KIND == LEAF => {
                let leaf = &self.leaves[index];
                out.push(Cut { key: leaf.key, start, reference: leaf.reference, count: 1 });
            }
            _ if id & KIND == CUT => out.push(self.cuts[index]),
            _ => {
                let branch = &self.branches[index];
                if branch.count <= limit && start > self.start {
                    let (key, reference, count) = (branch.key, branch.reference, branch.count);
                    out.push(Cut { key, start, reference, count });
                    return;
                }
                for child in branch.children {
                    self.cuts_below(child, branch.depth + 1, limit, out);
                }
            }
        }
    }
}
