//! Nodes of one thread's part of a trie: leaves, branches and cuts in arenas, named by 32-bit ids. An extension is part
//! of the branch below it (`start..depth` of the branch's key), so there is one shape to collapse. Building, looking up
//! and freeing are here; changing, hashing, thinning and proving are in the files beside.

use super::cut::Cut;
use crate::node::{LeafValue, Ref, common, nibble};
use alloy_primitives::B256;

/// No node.
pub(super) const NIL: u32 = u32::MAX;
/// The two bits of an id that say what it names.
pub(super) const KIND: u32 = 3 << 30;
pub(super) const LEAF: u32 = 0;
pub(super) const BRANCH: u32 = 1 << 30;
pub(super) const CUT: u32 = 2 << 30;

#[derive(Clone)]
pub(super) struct Leaf<V> {
    pub(super) key: B256,
    pub(super) value: V,
    pub(super) reference: Ref,
    pub(super) dirty: bool,
}

#[derive(Clone)]
pub(super) struct Branch {
    /// Any key below; the nibbles before `depth` are the branch's path.
    pub(super) key: B256,
    pub(super) children: [u32; 16],
    pub(super) reference: Ref,
    pub(super) depth: u8,
    pub(super) dirty: bool,
    /// Leaves below, cut ones included.
    pub(super) count: u32,
    /// The round in which it last changed.
    pub(super) touched: u32,
}

/// What a trie is built from.
pub(super) enum Seed<V> {
    Leaf(B256, V),
    Cut(Cut),
}

impl<V> Seed<V> {
    pub(super) const fn key(&self) -> &B256 {
        match self {
            Self::Leaf(key, _) => key,
            Self::Cut(cut) => &cut.key,
        }
    }
}

/// One thread's part of a trie.
pub(super) struct Arena<V> {
    pub(super) leaves: Vec<Leaf<V>>,
    pub(super) branches: Vec<Branch>,
    pub(super) cuts: Vec<Cut>,
    free: [Vec<u32>; 3],
    pub(super) root: u32,
    /// Where the root's path begins: 0 alone, 1 below a top branch.
    pub(super) start: u8,
    /// Nibbles that all keys of the arena share: 1 if it is one of sixteen. Even a cut that is the whole trie, whose path
    /// begins at 0, grows back inside them only.
    pub(super) shard: u8,
    /// Leaves in the trie, cut ones included.
    pub(super) live: u32,
    /// The caller's clock, in blocks.
    pub(super) round: u32,
}

fn put<T>(slots: &mut Vec<T>, free: &mut Vec<u32>, kind: u32, item: T) -> u32 {
    match free.pop() {
        Some(index) => {
            slots[index as usize] = item;
            index | kind
        }
        None => {
            slots.push(item);
            (slots.len() as u32 - 1) | kind
        }
    }
}

impl<V: LeafValue> Arena<V> {
    pub(super) fn new(start: u8, shard: u8) -> Self {
        Self {
            leaves: Vec::new(),
            branches: Vec::new(),
            cuts: Vec::new(),
            free: Default::default(),
            root: NIL,
            start,
            shard,
            live: 0,
            round: 0,
        }
    }

    pub(super) fn add_leaf(&mut self, key: B256, value: V) -> u32 {
        self.live += 1;
        let leaf = Leaf { key, value, reference: Ref::NONE, dirty: true };
        put(&mut self.leaves, &mut self.free[0], LEAF, leaf)
    }

    pub(super) fn add_branch(&mut self, key: B256, depth: u8) -> u32 {
        let branch = Branch {
            key,
            children: [NIL; 16],
            reference: Ref::NONE,
            depth,
            dirty: true,
            count: 0,
            touched: self.round,
        };
        self.keep_branch(branch)
    }

    pub(super) fn keep_branch(&mut self, branch: Branch) -> u32 {
        put(&mut self.branches, &mut self.free[1], BRANCH, branch)
    }

    pub(super) fn keep_leaf(&mut self, leaf: Leaf<V>) -> u32 {
        self.live += 1;
        put(&mut self.leaves, &mut self.free[0], LEAF, leaf)
    }

    pub(super) fn add_cut(&mut self, cut: Cut) -> u32 {
        self.live += cut.count;
        put(&mut self.cuts, &mut self.free[2], CUT, cut)
    }

    pub(super) fn release(&mut self, id: u32) {
        let index = id & !KIND;
        match id & KIND {
            LEAF => self.live -= 1,
            CUT => self.live -= self.cuts[index as usize].count,
            _ => {}
        }
        self.free[(id >> 30) as usize].push(index);
    }

    pub(super) fn branch(&mut self, id: u32) -> &mut Branch {
        &mut self.branches[(id & !KIND) as usize]
    }

    pub(super) fn mark_dirty(&mut self, id: u32) {
        match id & KIND {
            LEAF => self.leaves[id as usize].dirty = true,
            BRANCH => self.branch(id).dirty = true,
            _ => {}
        }
    }

    pub(super) fn reference(&self, id: u32) -> &Ref {
        let index = (id & !KIND) as usize;
        match id {
            NIL => &Ref::NONE,
            _ if id & KIND == LEAF => &self.leaves[index].reference,
            _ if id & KIND == BRANCH => &self.branches[index].reference,
            _ => &self.cuts[index].reference,
        }
    }

    /// Builds a subtree from seeds in key order, one a key.
    pub(super) fn build(&mut self, seeds: &[Seed<V>]) -> u32 {
        let (first, last) = match seeds {
            [] => return NIL,
            [Seed::Leaf(key, value)] => return self.add_leaf(*key, *value),
            [Seed::Cut(cut)] => return self.add_cut(*cut),
            [first, .., last] => (first.key(), last.key()),
        };
        let depth = common(first, last);
        let id = self.add_branch(*first, depth);
        let before = self.live;
        let mut rest = seeds;
        while let Some(seed) = rest.first() {
            let at = nibble(seed.key(), depth);
            let (mine, others) = rest.split_at(rest.partition_point(|s| nibble(s.key(), depth) == at));
            let child = self.build(mine);
            self.branch(id).children[at] = child;
            rest = others;
        }
        self.branch(id).count = self.live - before;
        id
    }

    /// The value of `key` without the flat state: `None` if a cut hides it, `Some(None)` if absent.
    pub(super) fn get(&self, key: &B256) -> Option<Option<V>> {
        let mut id = self.root;
        while id != NIL && id & KIND == BRANCH {
            let branch = &self.branches[(id & !KIND) as usize];
            id = branch.children[nibble(key, branch.depth)];
        }
        match id {
            NIL => Some(None),
            _ if id & KIND == LEAF => {
                let leaf = &self.leaves[id as usize];
                Some((leaf.key == *key).then_some(leaf.value))
            }
            // A cut's range may lie beside the key: then the key is absent, but only the flat state knows.
            _ => None,
        }
    }

    /// What the subtree is made of, in key order.
    pub(super) fn seeds(&self, id: u32, out: &mut Vec<Seed<V>>) {
        let index = (id & !KIND) as usize;
        match id {
            NIL => {}
            _ if id & KIND == LEAF => {
                let leaf = &self.leaves[index];
                out.push(Seed::Leaf(leaf.key, leaf.value));
            }
            _ if id & KIND == CUT => out.push(Seed::Cut(self.cuts[index])),
            _ => self.branches[index].children.iter().for_each(|child| self.seeds(*child, out)),
        }
    }

    /// Heap in use.
    pub(super) fn bytes(&self) -> usize {
        self.leaves.capacity() * size_of::<Leaf<V>>()
            + self.branches.capacity() * size_of::<Branch>()
            + self.cuts.capacity() * size_of::<Cut>()
            + self.free.iter().map(|free| free.capacity() * size_of::<u32>()).sum::<usize>()
    }
}
