//! A sorted, immutable table of changed rows: for each key the value before the table's first block, and after each block
//! that changed it. Tables of consecutive blocks merge into one; the newest of several tables with a key decides.

use crate::node::AccountRow;
use alloy_primitives::{Address, B256, U256};

/// Where a row lies: storage id (0 for accounts) and hashed key.
pub(crate) type Position = (u64, B256);

/// A key of a flat table, with the preimage of its hash.
pub(crate) trait Key: Copy + Send + Sync {
    fn position(&self) -> Position;
}

/// An account's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccountKey {
    pub(crate) hash: B256,
    pub(crate) address: Address,
}

/// A slot's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotKey {
    pub(crate) id: u64,
    pub(crate) hash: B256,
    pub(crate) slot: U256,
}

impl Key for AccountKey {
    fn position(&self) -> Position {
        (0, self.hash)
    }
}

impl Key for SlotKey {
    fn position(&self) -> Position {
        (self.id, self.hash)
    }
}

/// What one block did to one row; `None`: absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change<K, V> {
    pub(crate) key: K,
    pub(crate) before: Option<V>,
    pub(crate) after: Option<V>,
}

pub(crate) type AccountDelta = Change<AccountKey, AccountRow>;
pub(crate) type SlotDelta = Change<SlotKey, U256>;

/// One block's changes with further ones of the same block on top; both sorted by position.
pub(crate) fn amended<K: Key, V: Copy>(
    changes: &[Change<K, V>],
    later: &[Change<K, V>],
) -> Vec<Change<K, V>> {
    let mut out = Vec::with_capacity(changes.len().saturating_add(later.len()));
    let (mut old, mut new) = (changes.iter().peekable(), later.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return out,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.key.position().cmp(&b.key.position()),
        };
        let first = if order.is_le() { old.next() } else { None };
        let second = if order.is_ge() { new.next() } else { None };
        match (first, second) {
            (Some(first), Some(second)) => out.push(Change { before: first.before, ..*second }),
            (one, other) => out.extend(one.or(other).copied()),
        }
    }
}

/// A value from some block on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version<V> {
    /// The block that wrote it.
    pub(crate) block: u64,
    pub(crate) value: Option<V>,
}

#[derive(Clone, Debug)]
struct Entry<K, V> {
    key: K,
    before: Option<V>,
    /// End of its versions; they begin where those of the entry before end.
    end: usize,
}

/// Changed rows of consecutive blocks.
#[derive(Clone, Debug)]
pub(crate) struct Table<K, V> {
    entries: Vec<Entry<K, V>>,
    versions: Vec<Version<V>>,
}

/// One key with all that the table knows of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a, K, V> {
    pub(crate) key: K,
    /// The value before the first version.
    pub(crate) before: Option<V>,
    /// Rising by block, at least one.
    pub(crate) versions: &'a [Version<V>],
}

impl<K, V: Copy> Row<'_, K, V> {
    /// The value after the last block.
    pub(crate) fn latest(&self) -> Option<V> {
        self.versions.last().and_then(|version| version.value)
    }

    /// The value after block `at`.
    pub(crate) fn value_at(&self, at: u64) -> Option<V> {
        let later = self.versions.partition_point(|version| version.block <= at);
        match later.checked_sub(1).and_then(|last| self.versions.get(last)) {
            Some(version) => version.value,
            None => self.before,
        }
    }

    /// Whether a block after `at` changed it.
    pub(crate) fn changed_after(&self, at: u64) -> bool {
        self.versions.last().is_some_and(|version| version.block > at)
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), versions: Vec::new() }
    }
}

impl<K: Key, V: Copy> Table<K, V> {
    /// The changes of one block, sorted by position.
    pub(crate) fn of_block(block: u64, changes: &[Change<K, V>]) -> Self {
        debug_assert!(changes.is_sorted_by(|a, b| a.key.position() < b.key.position()));
        let mut table = Self::with_capacity(changes.len(), changes.len());
        for change in changes {
            table.push(change.key, change.before, &[Version { block, value: change.after }]);
        }
        table
    }

    fn with_capacity(entries: usize, versions: usize) -> Self {
        Self { entries: Vec::with_capacity(entries), versions: Vec::with_capacity(versions) }
    }

    fn push(&mut self, key: K, before: Option<V>, versions: &[Version<V>]) {
        self.versions.extend_from_slice(versions);
        self.entries.push(Entry { key, before, end: self.versions.len() });
    }

    /// Keys in the table.
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    fn row(&self, index: usize) -> Option<Row<'_, K, V>> {
        let entry = self.entries.get(index)?;
        let begin =
            index.checked_sub(1).and_then(|before| self.entries.get(before)).map_or(0, |before| before.end);
        let versions = self.versions.get(begin..entry.end)?;
        Some(Row { key: entry.key, before: entry.before, versions })
    }

    /// The row at `position`.
    pub(crate) fn find(&self, position: &Position) -> Option<Row<'_, K, V>> {
        let found = self.entries.binary_search_by(|entry| entry.key.position().cmp(position)).ok()?;
        self.row(found)
    }

    /// Rows from the first at or after `from`, in order.
    pub(crate) fn rows_from(&self, from: &Position) -> impl Iterator<Item = Row<'_, K, V>> {
        let first = self.entries.partition_point(|entry| entry.key.position() < *from);
        (first..self.entries.len()).filter_map(|index| self.row(index))
    }

    /// All rows, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_, K, V>> {
        (0..self.entries.len()).filter_map(|index| self.row(index))
    }

    /// Both tables as one; `newer` covers later blocks, or amends the last one of this table.
    pub(crate) fn merged(&self, newer: &Self) -> Self {
        let mut out = Self::with_capacity(
            self.len().saturating_add(newer.len()),
            self.versions.len().saturating_add(newer.versions.len()),
        );
        let (mut old, mut new) = (self.rows().peekable(), newer.rows().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return out,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(a), Some(b)) => a.key.position().cmp(&b.key.position()),
            };
            let first = if order.is_le() { old.next() } else { None };
            let second = if order.is_ge() { new.next() } else { None };
            if let Some(row) = first.or(second) {
                out.push(row.key, row.before, row.versions);
            }
            if let (Some(_), Some(row), Some(last)) = (first, second, out.entries.last_mut()) {
                let amended = out.versions.last().map(|version| version.block)
                    == row.versions.first().map(|version| version.block);
                if amended {
                    out.versions.pop();
                }
                out.versions.extend_from_slice(row.versions);
                last.end = out.versions.len();
            }
        }
    }

    /// Without blocks after `to`.
    pub(crate) fn truncated(&self, to: u64) -> Self {
        let mut out = Self::default();
        for row in self.rows() {
            let kept = row.versions.partition_point(|version| version.block <= to);
            if let Some(versions) = row.versions.get(..kept).filter(|versions| !versions.is_empty()) {
                out.push(row.key, row.before, versions);
            }
        }
        out
    }

    /// Of the oldest table there is: without what only tells of blocks before `oldest`.
    pub(crate) fn forgotten(&self, oldest: u64) -> Self {
        let mut out = Self::default();
        for row in self.rows() {
            let past = row.versions.partition_point(|version| version.block <= oldest).saturating_sub(1);
            let versions = row.versions.get(past..).unwrap_or_default();
            let gone = matches!(versions, [only] if only.value.is_none() && only.block <= oldest);
            if !gone {
                out.push(row.key, if past == 0 { row.before } else { None }, versions);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> SlotKey {
        SlotKey { id: 1, hash: B256::repeat_byte(n), slot: U256::from(n) }
    }

    fn change(n: u8, before: u64, after: u64) -> SlotDelta {
        let value = |v: u64| (v != 0).then(|| U256::from(v));
        Change { key: key(n), before: value(before), after: value(after) }
    }

    fn at(table: &Table<SlotKey, U256>, n: u8, block: u64) -> Option<Option<U256>> {
        table.find(&key(n).position()).map(|row| row.value_at(block))
    }

    #[test]
    fn merged_tables_answer_for_every_block_that_either_covers() {
        let first = Table::of_block(5, &[change(1, 0, 10), change(3, 7, 0)]);
        let second = Table::of_block(8, &[change(1, 10, 11), change(2, 0, 20)]);
        let merged = first.merged(&second);
        assert_eq!(merged.len(), 3);
        let expected: [(u8, [Option<u64>; 4]); 3] = [
            (1, [None, Some(10), Some(10), Some(11)]),
            (2, [None, None, None, Some(20)]),
            (3, [Some(7), None, None, None]),
        ];
        for (n, values) in expected {
            for (block, value) in [4, 5, 7, 8].into_iter().zip(values) {
                assert_eq!(at(&merged, n, block), Some(value.map(U256::from)), "key {n} at {block}");
            }
        }
        assert_eq!(at(&merged, 4, 8), None);
    }

    #[test]
    fn an_amended_block_has_one_version_of_each_row() {
        let block = [change(1, 0, 10), change(3, 7, 0)];
        let amendment = [change(1, 10, 11), change(2, 0, 20)];
        let merged = Table::of_block(5, &block).merged(&Table::of_block(5, &amendment));
        for (n, before, after) in [(1, None, Some(11)), (2, None, Some(20)), (3, Some(7), None)] {
            assert_eq!(at(&merged, n, 4), Some(before.map(U256::from)), "key {n} before");
            assert_eq!(at(&merged, n, 5), Some(after.map(U256::from)), "key {n} after");
        }
        assert_eq!(amended(&block, &amendment), [change(1, 0, 11), change(2, 0, 20), change(3, 7, 0)]);
        assert_eq!(merged.truncated(4).len(), 0);
    }

    #[test]
    fn truncating_undoes_merging() {
        let first = Table::of_block(5, &[change(1, 0, 10), change(3, 7, 0)]);
        let second = Table::of_block(8, &[change(1, 10, 11), change(2, 0, 20)]);
        let back = first.merged(&second).truncated(7);
        assert_eq!(back.len(), 2);
        assert_eq!(at(&back, 1, 8), Some(Some(U256::from(10))));
        assert_eq!(at(&back, 2, 8), None);
    }

    #[test]
    fn forgetting_keeps_every_state_from_the_oldest_on() {
        let blocks = [(1, 0, 1), (2, 1, 2), (3, 2, 0), (4, 0, 4)];
        let table = blocks
            .iter()
            .map(|(block, before, after)| Table::of_block(*block, &[change(1, *before, *after)]));
        let table = table.reduce(|a, b| a.merged(&b)).unwrap();
        for oldest in 1..=5 {
            let kept = table.forgotten(oldest);
            for block in oldest..=5 {
                assert_eq!(at(&kept, 1, block), at(&table, 1, block), "{block} of {oldest}");
            }
        }
        assert_eq!(table.truncated(3).forgotten(3).len(), 0);
    }
}
