//! The records of slashed shares: by set, by slash, by strategy, in the orders of the originals' sets and maps.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 5 | sets with something to clear: their number | – | 32 |
//! | 6 | those sets | index | set 256 |
//! | 7 | [`SetRow`] | set | slashes 32 · place 32 |
//! | 8 | slashes of a set with something to clear | set, index | id 256 |
//! | 9 | [`SlashRow`] | set, id | strategies 32 · place 32 · resolution block 32 · operator 160 |
//! | 10 | strategies of a slash | set, id, index | strategy 160 · block 32 · magnitude after 64 |
//! | 11 | [`ShareRow`] | set, id, strategy | shares 128 · place 32 · wide flag 32 · magnitude before 64 |
//! | 12 | wide shares | set, id, strategy | 256 |
//!
//! Operator, block and magnitudes lie in words that a slash writes anyway, so they cost nothing; they go with the record.

use crate::{
    history::now,
    host::{Host, Result, View},
    ledger::{Labelled, high, limb, low, write},
    lists::{items, push, shorter, take},
    storage::{Map, Slot, Word},
};
use alloy_primitives::{Address, B256, U256};
use types::addresses::STRATEGY_MANAGER as HOME;

const SETS_COUNT: Slot<u64> = Slot::at(5);
const SETS: Map<u64, B256> = Map::at(6);
const SET_ROWS: Map<B256, SetRow> = Map::at(7);
const SLASHES: Map<(B256, u64), U256> = Map::at(8);
const SLASH_ROWS: Map<(B256, B256), SlashRow> = Map::on(HOME, 9);
const STRATEGIES: Map<(B256, B256, u64), Labelled> = Map::on(HOME, 10);
const SHARES: Map<(B256, B256, Address), ShareRow> = Map::on(HOME, 11);
const WIDE_SHARES: Map<(B256, B256, Address), U256> = Map::at(12);

/// Which slash: set and id.
pub(super) type Slash = (B256, B256);

#[derive(Clone, Copy, Default)]
struct SetRow {
    /// Slashes with something to clear.
    slashes: u32,
    /// Place among the sets.
    place: u32,
}

impl Word for SetRow {
    fn to_word(self) -> U256 {
        U256::from_limbs([limb(self.place, self.slashes), 0, 0, 0])
    }

    fn from_word(word: U256) -> Self {
        let [row, ..] = *word.as_limbs();
        Self { slashes: low(row), place: high(row) }
    }
}

#[derive(Clone, Copy, Default)]
struct SlashRow {
    /// Strategies with something to clear.
    strategies: u32,
    /// Place among the set's slashes.
    place: u32,
    /// The last block in which the slash cannot be cleared; rules `mainnet` only.
    resolution_block: u32,
    /// Who was slashed.
    operator: Address,
}

impl Word for SlashRow {
    fn to_word(self) -> U256 {
        let row = [limb(self.place, self.strategies), self.resolution_block.into(), 0, 0];
        U256::from_limbs(row) | U256::from_be_bytes(self.operator.into_word().0).wrapping_shl(96)
    }

    fn from_word(word: U256) -> Self {
        let [row, block, ..] = *word.as_limbs();
        let operator = Address::from_word(B256::from(word.wrapping_shr(96)));
        Self { strategies: low(row), place: high(row), resolution_block: low(block), operator }
    }
}

#[derive(Clone, Copy, Default)]
struct ShareRow {
    shares: [u64; 2],
    /// Place among the slash's strategies.
    place: u32,
    is_wide: bool,
    /// The operator's max magnitude before the slash.
    magnitude_before: u64,
}

impl Word for ShareRow {
    fn to_word(self) -> U256 {
        let [s0, s1] = self.shares;
        U256::from_limbs([s0, s1, limb(u32::from(self.is_wide), self.place), self.magnitude_before])
    }

    fn from_word(word: U256) -> Self {
        let [s0, s1, rest, magnitude_before] = *word.as_limbs();
        Self { shares: [s0, s1], place: low(rest), is_wide: high(rest) != 0, magnitude_before }
    }
}

/// Whom a slash hit, and what it left of the max magnitude.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub operator: Address,
    pub before: u64,
    pub after: u64,
}

/// What is known of a slash until it is cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlashRecord {
    /// Who was slashed.
    pub operator: Address,
    /// When.
    pub block: u32,
    /// In the strategies that are not cleared.
    pub cuts: Vec<Cut>,
}

/// What a slash left of an operator's max magnitude in a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub strategy: Address,
    pub before: u64,
    pub after: u64,
}

/// The record of a slash, if nobody has cleared all of it.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn slash_record<V: View + ?Sized>(
    view: &mut V,
    set: B256,
    id: U256,
) -> Result<Option<SlashRecord>> {
    let (id, mut block, mut cuts) = (B256::from(id), 0, Vec::new());
    let row = SLASH_ROWS.get(view, (set, id))?;
    for index in 0..u64::from(row.strategies) {
        let Labelled { address: strategy, small, large: after } = STRATEGIES.get(view, (set, id, index))?;
        let before = SHARES.get(view, (set, id, strategy))?.magnitude_before;
        block = small;
        cuts.push(Cut { strategy, before, after });
    }
    Ok((!cuts.is_empty()).then_some(SlashRecord { operator: row.operator, block, cuts }))
}

/// Shares that fit a row.
const SHARE_BITS: usize = 128;

/// What a record was the first of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// The slash had this strategy already.
    Again,
    /// A further strategy of its slash.
    Further,
    /// The first of its slash.
    First,
}

/// Records what a slash took in one strategy, zero too. A first record gets `resolution_block`.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub(super) fn record(
    host: &mut dyn Host,
    slash: Slash,
    strategy: Address,
    shares: U256,
    resolution_block: u32,
    origin: Origin,
) -> Result<Recorded> {
    let (set, id) = slash;
    let key = (set, id, strategy);
    if SHARES.get(host, key)?.place != 0 {
        return Ok(Recorded::Again);
    }
    let mut row = SLASH_ROWS.get(host, slash)?;
    let is_first = row.place == 0;
    if is_first {
        row.place = open(host, slash)?;
        row.resolution_block = resolution_block;
        row.operator = origin.operator;
    }
    let entry = Labelled { address: strategy, small: now(host), large: origin.after };
    row.strategies = push(host, &STRATEGIES, |index| (set, id, index), row.strategies, entry)?;
    SLASH_ROWS.set(host, slash, row)?;
    let (_, is_wide) = write(host, &WIDE_SHARES, key, false, shares, SHARE_BITS)?;
    let [s0, s1, ..] = *shares.as_limbs();
    let narrow = if is_wide { [0, 0] } else { [s0, s1] };
    SHARES.set(
        host,
        key,
        ShareRow { shares: narrow, place: row.strategies, is_wide, magnitude_before: origin.before },
    )?;
    Ok(if is_first { Recorded::First } else { Recorded::Further })
}

/// Lists a slash with its set, and the set with all.
fn open(host: &mut dyn Host, (set, id): Slash) -> Result<u32> {
    let mut row = SET_ROWS.get(host, set)?;
    row.slashes = push(host, &SLASHES, |index| (set, index), row.slashes, id.into())?;
    if row.place == 0 {
        let count = SETS_COUNT.get(host)? as u32;
        row.place = push(host, &SETS, |index| index, count, set)?;
        SETS_COUNT.set(host, row.place.into())?;
    }
    SET_ROWS.set(host, set, row)?;
    Ok(row.slashes)
}

/// What is recorded of a strategy, zero if nothing.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn shares<V: View + ?Sized>(view: &mut V, (set, id): Slash, strategy: Address) -> Result<U256> {
    let key = (set, id, strategy);
    let row = SHARES.get(view, key)?;
    let [s0, s1] = row.shares;
    Ok(if row.is_wide { WIDE_SHARES.get(view, key)? } else { U256::from_limbs([s0, s1, 0, 0]) })
}

/// Removes the record of a strategy and answers with its shares, zero if there is none. The slash stays listed until
/// [`close`].
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub(super) fn remove(host: &mut dyn Host, slash: Slash, strategy: Address) -> Result<U256> {
    let (set, id) = slash;
    let key = (set, id, strategy);
    let ShareRow { place, is_wide, .. } = SHARES.get(host, key)?;
    if place == 0 {
        return Ok(U256::ZERO);
    }
    let shares = shares(host, slash, strategy)?;
    let mut row = SLASH_ROWS.get(host, slash)?;
    let moved = take(host, &STRATEGIES, |index| (set, id, index), row.strategies, place)?;
    if let Some(moved) = moved {
        let mut other = SHARES.get(host, (set, id, moved.address))?;
        other.place = place;
        SHARES.set(host, (set, id, moved.address), other)?;
    }
    row.strategies = shorter(row.strategies)?;
    SLASH_ROWS.set(host, slash, row)?;
    SHARES.set(host, key, ShareRow::default())?;
    if is_wide {
        WIDE_SHARES.set(host, key, U256::ZERO)?;
    }
    Ok(shares)
}

/// Drops a slash with nothing left to clear, and its set with the last slash.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub(super) fn close(host: &mut dyn Host, slash: Slash) -> Result<()> {
    let (set, _) = slash;
    let row = SLASH_ROWS.get(host, slash)?;
    if row.place == 0 || row.strategies != 0 {
        return Ok(());
    }
    let mut set_row = SET_ROWS.get(host, set)?;
    let moved = take(host, &SLASHES, |index| (set, index), set_row.slashes, row.place)?;
    if let Some(moved) = moved {
        let mut other = SLASH_ROWS.get(host, (set, moved.into()))?;
        other.place = row.place;
        SLASH_ROWS.set(host, (set, moved.into()), other)?;
    }
    SLASH_ROWS.set(host, slash, SlashRow::default())?;
    set_row.slashes = shorter(set_row.slashes)?;
    if set_row.slashes == 0 {
        forget(host, set_row.place)?;
        set_row.place = 0;
    }
    Ok(SET_ROWS.set(host, set, set_row)?)
}

fn forget(host: &mut dyn Host, place: u32) -> Result<()> {
    let count = SETS_COUNT.get(host)? as u32;
    let moved = take(host, &SETS, |index| index, count, place)?;
    SETS_COUNT.set(host, shorter(count)?.into())?;
    if let Some(moved) = moved {
        let mut row = SET_ROWS.get(host, moved)?;
        row.place = place;
        SET_ROWS.set(host, moved, row)?;
    }
    Ok(())
}

/// The strategies of a slash with something to clear.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn strategies<V: View + ?Sized>(view: &mut V, slash: Slash) -> Result<Vec<Address>> {
    let ((set, id), length) = (slash, SLASH_ROWS.get(view, slash)?.strategies);
    let entries = items(view, &STRATEGIES, |index| (set, id, index), length)?;
    Ok(entries.into_iter().map(|entry| entry.address).collect())
}

/// How many strategies of a slash have something to clear.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn count<V: View + ?Sized>(view: &mut V, slash: Slash) -> Result<u32> {
    Ok(SLASH_ROWS.get(view, slash)?.strategies)
}

/// The last block in which a slash cannot be cleared, 0 for one that is not recorded.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn resolution_block<V: View + ?Sized>(view: &mut V, slash: Slash) -> Result<u32> {
    Ok(SLASH_ROWS.get(view, slash)?.resolution_block)
}

/// The ids of a set's slashes with something to clear.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn slashes<V: View + ?Sized>(view: &mut V, set: B256) -> Result<Vec<U256>> {
    let length = SET_ROWS.get(view, set)?.slashes;
    items(view, &SLASHES, |index| (set, index), length)
}

/// The sets with something to clear.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn sets<V: View + ?Sized>(view: &mut V) -> Result<Vec<B256>> {
    let length = SETS_COUNT.get(view)? as u32;
    items(view, &SETS, |index| index, length)
}
