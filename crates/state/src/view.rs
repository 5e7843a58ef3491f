//! A consistent view of one block: layers of recent blocks above a snapshot of the database, if there is one. All reading
//! by hashed key goes through here; [`crate::Reader`] is its public face.

use crate::durable::Base;
use crate::layer::{Block, Delta, Layer, Stretch, short};
use crate::model::{EmptyRange, Head, StoredHeader};
use crate::node::{AccountRow, bounds};
use crate::side::{SideRow, Span};
use crate::table::{AccountKey, Change, Key, Position, SlotKey, Table};
use crate::trie::{Cut, LeafSource};
use crate::world::{CutRows, misuse};
use crate::{Error, Result};
use alloy_primitives::{B256, Bytes, U256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One block's view of everything.
pub(crate) struct View {
    pub(crate) head: Option<Head>,
    /// The oldest block whose state and logs are readable.
    pub(crate) oldest: u64,
    /// Oldest first; they follow each other without a gap, and follow what is folded.
    pub(crate) layers: Vec<Arc<Layer>>,
    /// The database below, if the chain is durable.
    pub(crate) base: Option<Base>,
}

/// Rows as they were after an older block: those that changed since.
#[derive(Default)]
pub(crate) struct Past {
    pub(crate) accounts: BTreeMap<B256, (AccountKey, Option<AccountRow>)>,
    pub(crate) slots: BTreeMap<Position, (SlotKey, Option<U256>)>,
}

impl Past {
    pub(crate) fn rows(&self) -> usize {
        self.accounts.len().saturating_add(self.slots.len())
    }

    /// Adds the values before `delta`, of rows that are not known yet: call from the oldest delta on.
    pub(crate) fn undo(&mut self, delta: &Delta) {
        for Change { key, before, .. } in &delta.accounts {
            self.accounts.entry(key.hash).or_insert((*key, *before));
        }
        for Change { key, before, .. } in &delta.slots {
            self.slots.entry(key.position()).or_insert((*key, *before));
        }
    }
}

/// The newest value, if a layer has one.
fn newest<K: Key, V: Copy>(
    layers: &[Arc<Layer>],
    table: impl Fn(&Layer) -> &Table<K, V>,
    position: &Position,
) -> Option<Option<V>> {
    layers.iter().rev().find_map(|layer| table(layer).find(position)).map(|row| row.latest())
}

/// The value after block `at`, if a layer has a later change.
fn before_next<K: Key, V: Copy>(
    layers: &[Arc<Layer>],
    table: impl Fn(&Layer) -> &Table<K, V>,
    position: &Position,
    at: u64,
) -> Option<Option<V>> {
    let later = layers.iter().filter(|layer| layer.last > at);
    let mut rows = later.filter_map(|layer| table(layer).find(position));
    rows.find(|row| row.changed_after(at)).map(|row| row.value_at(at))
}

/// Newest values of all rows in `from..=to`, over the layers.
fn overlay<K: Key, V: Copy>(
    layers: &[Arc<Layer>],
    table: impl Fn(&Layer) -> &Table<K, V>,
    from: Position,
    to: Position,
) -> BTreeMap<Position, (K, Option<V>)> {
    let mut out = BTreeMap::new();
    for layer in layers {
        for row in table(layer).rows_from(&from).take_while(|row| row.key.position() <= to) {
            out.insert(row.key.position(), (row.key, row.latest()));
        }
    }
    out
}

/// Sorted rows of the database with those of the layers on top.
fn combined<K: Key, V: Copy>(
    base: impl Iterator<Item = Result<(K, V)>>,
    over: BTreeMap<Position, (K, Option<V>)>,
) -> Result<Vec<(K, V)>> {
    let mut out = Vec::new();
    let mut over = over.into_iter().peekable();
    let keep =
        |out: &mut Vec<(K, V)>, (key, value): (K, Option<V>)| out.extend(value.map(|value| (key, value)));
    for row in base {
        let (key, value) = row?;
        let position = key.position();
        while let Some((_, row)) = over.next_if(|(other, _)| *other < position) {
            keep(&mut out, row);
        }
        match over.next_if(|(other, _)| *other == position) {
            Some((_, row)) => keep(&mut out, row),
            None => out.push((key, value)),
        }
    }
    over.for_each(|(_, row)| keep(&mut out, row));
    Ok(out)
}

impl View {
    /// The head's number; 0 if there is none.
    pub(crate) fn number(&self) -> u64 {
        self.head.map_or(0, |head| head.number)
    }

    /// The error of a database that contradicts itself.
    pub(crate) fn damaged(&self, what: String) -> Error {
        match &self.base {
            Some(base) => base.damaged(what),
            None => misuse(what),
        }
    }

    /// An account of the head state.
    pub(crate) fn account_now(&self, hash: &B256) -> Result<Option<AccountRow>> {
        if let Some(found) = newest(&self.layers, |layer| &layer.accounts, &(0, *hash)) {
            return Ok(found);
        }
        self.base.as_ref().map_or(Ok(None), |base| base.account(hash))
    }

    /// A slot of the head state.
    pub(crate) fn slot_now(&self, id: u64, hash: &B256) -> Result<Option<U256>> {
        if let Some(found) = newest(&self.layers, |layer| &layer.slots, &(id, *hash)) {
            return Ok(found);
        }
        self.base.as_ref().map_or(Ok(None), |base| base.slot(id, hash))
    }

    /// An account after block `at`: what the first later change replaced, else the head's.
    pub(crate) fn account_at(&self, hash: &B256, at: u64) -> Result<Option<AccountRow>> {
        if at < self.number() {
            if let Some(base) = &self.base
                && let Some(found) = base.account_before_next(hash, at)?
            {
                return Ok(found);
            }
            if let Some(found) = before_next(&self.layers, |layer| &layer.accounts, &(0, *hash), at) {
                return Ok(found);
            }
        }
        self.account_now(hash)
    }

    /// At most `most` blocks in `from..=to` that changed an account, rising or falling.
    pub(crate) fn account_changes(
        &self,
        hash: &B256,
        (from, to): (u64, u64),
        falling: bool,
        most: usize,
    ) -> Result<Vec<u64>> {
        let mut out = match &self.base {
            Some(base) => base.account_changes(hash, (from, to), falling, most)?,
            None => Vec::new(),
        };
        for layer in self.layers.iter().filter(|layer| layer.first <= to && layer.last >= from) {
            let versions = layer.accounts.find(&(0, *hash)).map(|row| row.versions).unwrap_or_default();
            let blocks = versions.iter().map(|version| version.block);
            out.extend(blocks.filter(|block| (from..=to).contains(block)));
        }
        out.sort_unstable();
        out.dedup();
        if falling {
            out.reverse();
        }
        out.truncate(most);
        Ok(out)
    }

    /// A slot after block `at`.
    pub(crate) fn slot_at(&self, id: u64, hash: &B256, at: u64) -> Result<Option<U256>> {
        if at < self.number() {
            if let Some(base) = &self.base
                && let Some(found) = base.slot_before_next(id, hash, at)?
            {
                return Ok(found);
            }
            if let Some(found) = before_next(&self.layers, |layer| &layer.slots, &(id, *hash), at) {
                return Ok(found);
            }
        }
        self.slot_now(id, hash)
    }

    /// Accounts of the head state with hashes in `from..=to`, by hash.
    pub(crate) fn accounts_between(&self, from: &B256, to: &B256) -> Result<Vec<(AccountKey, AccountRow)>> {
        let over = overlay(&self.layers, |layer| &layer.accounts, (0, *from), (0, *to));
        match &self.base {
            Some(base) => combined(base.accounts_between(from, to), over),
            None => combined(std::iter::empty(), over),
        }
    }

    /// Slots of one storage of the head state with hashes in `from..=to`, by hash.
    pub(crate) fn slots_between(&self, id: u64, from: &B256, to: &B256) -> Result<Vec<(SlotKey, U256)>> {
        let over = overlay(&self.layers, |layer| &layer.slots, (id, *from), (id, *to));
        match &self.base {
            Some(base) => combined(base.slots_between(id, from, to), over),
            None => combined(std::iter::empty(), over),
        }
    }

    /// All slots of one storage, as leaves.
    pub(crate) fn all_slots(&self, id: u64) -> Result<Vec<(B256, U256)>> {
        self.slot_leaves(id).leaves(&B256::ZERO, 0)
    }

    /// The account trie's source.
    pub(crate) const fn account_leaves(&self) -> AccountLeaves<'_> {
        AccountLeaves { view: self }
    }

    /// A storage trie's source.
    pub(crate) const fn slot_leaves(&self, id: u64) -> SlotLeaves<'_> {
        SlotLeaves { view: self, id }
    }

    /// Cuts of a storage trie (or of the account trie: id 0) in the checkpoint.
    pub(crate) fn cuts(&self, id: u64, rows: &CutRows) -> Result<Option<Vec<Cut>>> {
        self.base.as_ref().map_or(Ok(None), |base| base.cuts(id, rows))
    }

    /// All rows changed after block `at`, with their values after `at`.
    pub(crate) fn past(&self, at: u64, most: usize) -> Result<Past> {
        let mut past = Past::default();
        let bounded = |past: &Past| match past.rows() {
            rows if rows > most => Err(Error::ProofTooOld { asked: at, rows, most }),
            _ => Ok(()),
        };
        if let Some(base) = &self.base {
            base.deltas(at, base.folded(), |_, delta, _| {
                past.undo(&delta);
                bounded(&past)
            })?;
        }
        for layer in self.layers.iter().filter(|layer| layer.last > at) {
            for row in layer.accounts.rows().filter(|row| row.changed_after(at)) {
                past.accounts.entry(row.key.hash).or_insert((row.key, row.value_at(at)));
            }
            for row in layer.slots.rows().filter(|row| row.changed_after(at)) {
                past.slots.entry(row.key.position()).or_insert((row.key, row.value_at(at)));
            }
        }
        bounded(&past)?;
        Ok(past)
    }

    /// Code by its hash.
    pub(crate) fn code(&self, hash: &B256) -> Result<Option<Bytes>> {
        let in_layer = |layer: &Arc<Layer>| {
            let at = layer.code.binary_search_by_key(hash, |(other, _)| *other).ok()?;
            layer.code.get(at).map(|(_, code)| code.clone())
        };
        match self.layers.iter().rev().find_map(in_layer) {
            Some(code) => Ok(Some(code)),
            None => self.base.as_ref().map_or(Ok(None), |base| base.code(hash)),
        }
    }

    /// Rows of the side table in key order.
    pub(crate) fn side(&self, span: Span<'_>) -> Result<Vec<SideRow>> {
        let mut found = BTreeMap::new();
        for layer in &self.layers {
            span.gather(&layer.side, &mut found);
        }
        if let Some(base) = &self.base {
            found.extend(base.side(span)?.into_iter().map(|row| (row.key, row.value)));
        }
        Ok(span.pick(found))
    }

    fn stretch(&self, number: u64) -> Option<&Stretch> {
        let after = self.layers.partition_point(|layer| layer.first <= number);
        self.layers.get(after.checked_sub(1)?)?.stretch(number)
    }

    /// Looks a block up in memory or in the database; `None`: after the head, or before the first block.
    pub(crate) fn block<T>(
        &self,
        number: u64,
        one: impl FnOnce(&Block) -> T,
        empty: impl FnOnce(&EmptyRange, &B256, usize) -> Option<T>,
        stored: impl FnOnce(&Base) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        if self.head.is_none_or(|head| number > head.number) {
            return Ok(None);
        }
        if let Some(base) = &self.base {
            return stored(base);
        }
        Ok(match self.stretch(number) {
            None => None,
            Some(Stretch::One(block)) => Some(one(block)),
            Some(Stretch::Empty(range, root)) => {
                let at = number.checked_sub(range.first).and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| empty(range, root, at))
            }
        })
    }

    /// A block's header.
    pub(crate) fn header(&self, number: u64) -> Result<Option<StoredHeader>> {
        self.block(
            number,
            |block| StoredHeader::Whole(block.header.clone()),
            derived_header,
            |base| base.header(number),
        )
    }

    /// A block up to which all from `number` on lie in empty ranges; `None`: that block is in none, or does not exist.
    /// In memory a look costs next to nothing, so the answer is then the block itself.
    pub(crate) fn empty_until(&self, number: u64) -> Result<Option<u64>> {
        let found = self.block(
            number,
            |_| None,
            |_, _, _| Some(Some(number)),
            |base| base.empty_until(number).map(Some),
        )?;
        Ok(found.flatten())
    }

    /// A block's hash and the state root after it.
    pub(crate) fn identity(&self, number: u64) -> Result<Option<(B256, B256)>> {
        self.block(
            number,
            |block| (block.head.hash, block.head.root),
            |range, root, at| range.hashes.get(at).map(|hash| (*hash, *root)),
            |base| base.identity(number),
        )
    }

    /// The number of the block with this hash.
    pub(crate) fn number_of(&self, hash: &B256) -> Result<Option<u64>> {
        let wanted = short(hash);
        for layer in self.layers.iter().rev() {
            let first = layer.numbers.partition_point(|(other, _)| *other < wanted);
            let candidates = layer.numbers.iter().skip(first).take_while(|(other, _)| *other == wanted);
            for (_, number) in candidates {
                if self.identity(*number)?.is_some_and(|(found, _)| found == *hash) {
                    return Ok(Some(*number));
                }
            }
        }
        let Some(base) = &self.base else { return Ok(None) };
        for number in base.numbers(wanted)? {
            if self.identity(number)?.is_some_and(|(found, _)| found == *hash) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Block and position of a transaction.
    pub(crate) fn transaction(&self, hash: &B256) -> Result<Option<(u64, u32)>> {
        let wanted = short(hash);
        for layer in self.layers.iter().rev() {
            let after = layer.transactions.partition_point(|(other, _, _)| *other <= wanted);
            let last = after.checked_sub(1).and_then(|at| layer.transactions.get(at));
            if let Some((_, block, position)) = last.filter(|(other, _, _)| *other == wanted) {
                return Ok(Some((*block, *position)));
            }
        }
        let found = self.base.as_ref().map_or(Ok(None), |base| base.transaction(wanted))?;
        Ok(found.filter(|(block, _)| *block <= self.number()))
    }

    /// At most `most` blocks in `from..=to` whose logs have this tag, rising.
    pub(crate) fn logged(&self, tag: u64, from: u64, to: u64, most: usize) -> Result<Vec<u64>> {
        let mut out = match &self.base {
            Some(base) => base.logged(tag, from, to, most)?,
            None => Vec::new(),
        };
        for layer in self.layers.iter().filter(|layer| layer.first <= to && layer.last >= from) {
            let first = layer.logs.partition_point(|entry| *entry < (tag, from));
            let entries = layer.logs.iter().skip(first).take_while(|entry| **entry <= (tag, to));
            out.extend(entries.map(|(_, block)| *block).take(most.saturating_sub(out.len())));
        }
        Ok(out)
    }
}

/// The header at position `at` of a range.
pub(crate) fn derived_header(range: &EmptyRange, _: &B256, at: usize) -> Option<StoredHeader> {
    range.hashes.get(at)?;
    Some(StoredHeader::Derived {
        first: range.first_header.clone().into(),
        interval_secs: range.interval_secs,
        steps: u64::try_from(at).ok()?,
        parent: at.checked_sub(1).and_then(|before| range.hashes.get(before)).copied(),
    })
}

/// The accounts of a view, from which the account trie's cuts grow back.
pub(crate) struct AccountLeaves<'a> {
    view: &'a View,
}

impl LeafSource<AccountRow> for AccountLeaves<'_> {
    fn leaves(&self, prefix: &B256, nibbles: u8) -> Result<Vec<(B256, AccountRow)>> {
        let (from, to) = bounds(prefix, nibbles);
        let rows = self.view.accounts_between(&from, &to)?;
        Ok(rows.into_iter().map(|(key, row)| (key.hash, row)).collect())
    }

    fn contradiction(&self) -> Error {
        self.view.damaged("accounts are not those that the state root covers".into())
    }
}

/// The slots of one storage of a view.
pub(crate) struct SlotLeaves<'a> {
    view: &'a View,
    id: u64,
}

impl LeafSource<U256> for SlotLeaves<'_> {
    fn leaves(&self, prefix: &B256, nibbles: u8) -> Result<Vec<(B256, U256)>> {
        let (from, to) = bounds(prefix, nibbles);
        let rows = self.view.slots_between(self.id, &from, &to)?;
        Ok(rows.into_iter().map(|(key, value)| (key.hash, value)).collect())
    }

    fn contradiction(&self) -> Error {
        self.view.damaged(format!("slots of storage {} are not those that the state root covers", self.id))
    }
}
