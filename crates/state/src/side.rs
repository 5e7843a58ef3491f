//! The side table: sorted rows that the chain derives from the receipts of sealed blocks, for questions that the state
//! cannot answer. It is folded, rewound and recovered with its block, and built anew from receipts at any time. What a key
//! means is the chain's matter; a key never comes twice.

use alloy_primitives::Bytes;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::Xxh3;

/// A row of the side table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SideRow {
    /// Unique among all rows of the chain.
    pub key: Bytes,
    /// What it says.
    pub value: Bytes,
}

/// Number and receipts of a block to its rows, in any order; `None`: receipts that cannot be read. A pure function.
pub type Derive = fn(u64, &[u8]) -> Option<Vec<SideRow>>;

/// How a chain's side table comes about.
#[derive(Clone, Copy, Debug)]
pub struct SideTable {
    /// Raised with every change of what is derived: a table of another version is built anew at the start.
    pub version: u64,
    /// What is derived from a block.
    pub derive: Derive,
}

/// What a side table holds, in short: equal tables have equal digests, whatever the order of their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideDigest {
    /// How many rows.
    pub rows: u64,
    /// The sum of their hashes, modulo 2^128.
    pub sum: u128,
}

impl SideDigest {
    /// Counts a row in.
    pub fn add(&mut self, row: &SideRow) {
        let mut hasher = Xxh3::new();
        hasher.update(&u64::try_from(row.key.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(&row.key);
        hasher.update(&row.value);
        self.rows = self.rows.saturating_add(1);
        self.sum = self.sum.wrapping_add(hasher.digest128());
    }
}

/// A row that is not folded yet, with the block it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pending {
    pub(crate) key: Bytes,
    pub(crate) block: u64,
    pub(crate) value: Bytes,
}

/// The rows of one block, sorted.
pub(crate) fn pending(block: u64, rows: Vec<SideRow>) -> Vec<Pending> {
    let mut rows: Vec<Pending> =
        rows.into_iter().map(|SideRow { key, value }| Pending { key, block, value }).collect();
    rows.sort_unstable();
    rows
}

/// Which rows are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    /// The first key, included.
    pub(crate) from: &'a [u8],
    /// The last key, included.
    pub(crate) to: &'a [u8],
    /// From the last on.
    pub(crate) falling: bool,
    /// No more than this.
    pub(crate) most: usize,
}

impl Span<'_> {
    /// Adds those of sorted pending rows that can be among the first.
    pub(crate) fn gather(&self, rows: &[Pending], found: &mut BTreeMap<Bytes, Bytes>) {
        let first = rows.partition_point(|row| row.key.as_ref() < self.from);
        let end = rows.partition_point(|row| row.key.as_ref() <= self.to);
        // Bounds the wrong way round hold nothing.
        let inside = rows.get(first..end).unwrap_or_default();
        let mut add = |row: &Pending| _ = found.insert(row.key.clone(), row.value.clone());
        if self.falling {
            inside.iter().rev().take(self.most).for_each(&mut add);
        } else {
            inside.iter().take(self.most).for_each(&mut add);
        }
    }

    /// The first of all that were gathered.
    pub(crate) fn pick(&self, found: BTreeMap<Bytes, Bytes>) -> Vec<SideRow> {
        let row = |(key, value)| SideRow { key, value };
        if self.falling {
            found.into_iter().rev().take(self.most).map(row).collect()
        } else {
            found.into_iter().take(self.most).map(row).collect()
        }
    }
}
