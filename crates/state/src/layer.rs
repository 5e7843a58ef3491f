//! Layers: what consecutive blocks changed, immutable and shared. Recent blocks of a durable chain lie in layers until they
//! are folded into the database; a chain in memory consists of layers only. New layers merge with their neighbours as
//! they come, so that a chain of n blocks has about log n of them.

use crate::model::{EmptyRange, Head, LogKey};
use crate::node::AccountRow;
use crate::side;
use crate::table::{self, AccountDelta, AccountKey, SlotDelta, SlotKey, Table};
use alloy_primitives::{B256, Bytes, U256};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// A layer merges with an older one of at most this many times its rows.
const MERGE_RATIO: usize = 2;

/// The changed rows of one block, sorted by position: redo for flat tables, undo for history and rewinds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    pub(crate) accounts: Vec<AccountDelta>,
    pub(crate) slots: Vec<SlotDelta>,
    pub(crate) code: Vec<(B256, Bytes)>,
}

impl Delta {
    /// The same block's changes with further ones on top. A row that is back at its first value stays in: tables may have
    /// seen another.
    pub(crate) fn amended(&self, later: &Self) -> Self {
        Self {
            accounts: table::amended(&self.accounts, &later.accounts),
            slots: table::amended(&self.slots, &later.slots),
            code: merged(&self.code, &later.code),
        }
    }
}

/// What a block adds to the indexes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Tags of its logs' keys, sorted, each once.
    pub(crate) logs: Vec<u64>,
    pub(crate) transactions: Vec<B256>,
}

/// A block in memory.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) head: Head,
    pub(crate) header: Bytes,
    pub(crate) body: Bytes,
    pub(crate) receipts: Bytes,
}

/// A stretch of blocks in memory.
#[derive(Clone, Debug)]
pub(crate) enum Stretch {
    One(Arc<Block>),
    Empty(Arc<EmptyRange>, B256),
}

impl Stretch {
    pub(crate) fn first(&self) -> u64 {
        match self {
            Self::One(block) => block.head.number,
            Self::Empty(range, _) => range.first,
        }
    }
}

/// The tag that a log key is indexed under. Two keys may share one: the index only names candidates.
pub(crate) fn log_tag(key: &LogKey) -> u64 {
    let mut raw = [0u8; 33];
    let (kind, rest) = raw.split_at_mut(1);
    match key {
        LogKey::Address(address) => {
            kind.fill(0xff);
            rest.iter_mut().zip(address.as_slice()).for_each(|(to, from)| *to = *from);
        }
        LogKey::Topic(position, topic) => {
            kind.fill(*position);
            rest.copy_from_slice(topic.as_slice());
        }
        LogKey::Called(address) => {
            kind.fill(0xfe);
            rest.iter_mut().zip(address.as_slice()).for_each(|(to, from)| *to = *from);
        }
    }
    xxh3_64(&raw)
}

/// The first 16 bytes of a hash: enough that nobody finds two with the same.
pub(crate) fn short(hash: &B256) -> u128 {
    let (high, _) = hash.split_at(16);
    high.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

/// What blocks `first..=last` changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) accounts: Table<AccountKey, AccountRow>,
    pub(crate) slots: Table<SlotKey, U256>,
    /// Sorted by hash.
    pub(crate) code: Vec<(B256, Bytes)>,
    /// Sorted pairs of tag and block.
    pub(crate) logs: Vec<(u64, u64)>,
    /// Short hash, block, position; sorted.
    pub(crate) transactions: Vec<(u128, u64, u32)>,
    /// Short block hash and number; sorted.
    pub(crate) numbers: Vec<(u128, u64)>,
    /// Rows of the side table; sorted by key.
    pub(crate) side: Vec<side::Pending>,
    /// The blocks themselves, by number, if there is no database that has them.
    pub(crate) stretches: Vec<Stretch>,
}

impl Layer {
    /// One block.
    pub(crate) fn of_block(head: &Head, delta: &Delta, index: &Index) -> Self {
        let mut transactions: Vec<(u128, u64, u32)> =
            (0..).zip(&index.transactions).map(|(at, hash)| (short(hash), head.number, at)).collect();
        transactions.sort_unstable();
        Self {
            first: head.number,
            last: head.number,
            accounts: Table::of_block(head.number, &delta.accounts),
            slots: Table::of_block(head.number, &delta.slots),
            code: delta.code.clone(),
            logs: index.logs.iter().map(|tag| (*tag, head.number)).collect(),
            transactions,
            numbers: vec![(short(&head.hash), head.number)],
            side: Vec::new(),
            stretches: Vec::new(),
        }
    }

    /// Ranges of empty blocks, which change nothing.
    pub(crate) fn of_empty<'a>(ranges: impl Iterator<Item = &'a EmptyRange> + Clone) -> Self {
        let mut numbers: Vec<(u128, u64)> =
            ranges.clone().flat_map(|range| range.hashes.iter().map(short).zip(range.first..)).collect();
        let first = ranges.clone().map(|range| range.first).min().unwrap_or_default();
        let last = numbers.iter().map(|(_, number)| *number).max().unwrap_or_default();
        numbers.sort_unstable();
        Self { first, last, numbers, ..Self::default() }
    }

    /// Rows that it holds: the measure for merging, folding and limits.
    pub(crate) fn rows(&self) -> usize {
        [
            self.accounts.len(),
            self.slots.len(),
            self.logs.len(),
            self.transactions.len(),
            self.numbers.len(),
            self.side.len(),
        ]
        .into_iter()
        .fold(self.code.len(), usize::saturating_add)
    }

    /// Both as one; `newer` follows.
    pub(crate) fn merged(&self, newer: &Self) -> Self {
        Self {
            first: self.first,
            last: newer.last,
            accounts: self.accounts.merged(&newer.accounts),
            slots: self.slots.merged(&newer.slots),
            code: merged(&self.code, &newer.code),
            logs: merged(&self.logs, &newer.logs),
            transactions: merged(&self.transactions, &newer.transactions),
            numbers: merged(&self.numbers, &newer.numbers),
            side: merged(&self.side, &newer.side),
            stretches: self.stretches.iter().chain(&newer.stretches).cloned().collect(),
        }
    }

    /// Without blocks after `to`, which it covers in part.
    pub(crate) fn truncated(&self, to: u64) -> Self {
        let kept = |number: u64| number <= to;
        Self {
            first: self.first,
            last: to,
            accounts: self.accounts.truncated(to),
            slots: self.slots.truncated(to),
            code: self.code.clone(),
            logs: self.logs.iter().copied().filter(|(_, block)| kept(*block)).collect(),
            transactions: self.transactions.iter().copied().filter(|(_, block, _)| kept(*block)).collect(),
            numbers: self.numbers.iter().copied().filter(|(_, block)| kept(*block)).collect(),
            side: self.side.iter().filter(|row| kept(row.block)).cloned().collect(),
            stretches: self.stretches.iter().filter_map(|stretch| truncated_stretch(stretch, to)).collect(),
        }
    }

    /// Of the oldest layer there is: without state and logs that only blocks before `oldest` had.
    fn forgotten(&self, oldest: u64) -> Self {
        Self {
            accounts: self.accounts.forgotten(oldest),
            slots: self.slots.forgotten(oldest),
            logs: self.logs.iter().copied().filter(|(_, block)| *block >= oldest).collect(),
            ..self.clone()
        }
    }

    /// The stretch that holds block `number`.
    pub(crate) fn stretch(&self, number: u64) -> Option<&Stretch> {
        let after = self.stretches.partition_point(|stretch| stretch.first() <= number);
        self.stretches.get(after.checked_sub(1)?)
    }
}

fn truncated_stretch(stretch: &Stretch, to: u64) -> Option<Stretch> {
    match stretch {
        _ if stretch.first() > to => None,
        Stretch::One(_) => Some(stretch.clone()),
        Stretch::Empty(range, root) => {
            let kept =
                usize::try_from(to.saturating_sub(range.first).saturating_add(1)).unwrap_or(usize::MAX);
            let mut range = EmptyRange::clone(range);
            range.hashes.truncate(kept);
            Some(Stretch::Empty(Arc::new(range), *root))
        }
    }
}

/// Two sorted lists as one, each item once.
fn merged<T: Ord + Clone>(a: &[T], b: &[T]) -> Vec<T> {
    let mut out = Vec::with_capacity(a.len().saturating_add(b.len()));
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (None, None) => return out,
            (Some(_), None) => a.next(),
            (None, Some(_)) => b.next(),
            (Some(x), Some(y)) => match x.cmp(y) {
                std::cmp::Ordering::Less => a.next(),
                std::cmp::Ordering::Greater => b.next(),
                std::cmp::Ordering::Equal => {
                    b.next();
                    a.next()
                }
            },
        };
        out.extend(next.cloned());
    }
}

/// Adds `layer` on top, and merges what is of like size. The first `frozen` layers stay as they are.
pub(crate) fn push(layers: &mut Vec<Arc<Layer>>, layer: Layer, frozen: usize) {
    layers.push(Arc::new(layer));
    while let [rest @ .., older, newer] = layers.as_slice() {
        if rest.len() < frozen || older.rows() > newer.rows().max(1).saturating_mul(MERGE_RATIO) {
            return;
        }
        let merged = Arc::new(older.merged(newer));
        layers.truncate(rest.len());
        layers.push(merged);
    }
}

/// Removes blocks after `to`.
pub(crate) fn truncate(layers: &mut Vec<Arc<Layer>>, to: u64) {
    layers.retain(|layer| layer.first <= to);
    if let Some(last) = layers.last_mut()
        && last.last > to
    {
        *last = Arc::new(last.truncated(to));
    }
}

/// For layers that have no database below: drops from the oldest what only blocks before `oldest` had.
pub(crate) fn forget(layers: &mut [Arc<Layer>], oldest: u64) {
    if let Some(first) = layers.first_mut() {
        *first = Arc::new(first.forgotten(oldest));
    }
}
