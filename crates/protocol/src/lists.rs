//! Lists in storage whose length and places lie in rows of their owner's, beside what the same verb touches. Places
//! count from 1; 0 is for what is not listed. The order is OpenZeppelin's: removal moves the last item into the hole.

use crate::{
    host::{Fatal, Host, Result, View},
    math::panic,
    storage::{Key, Map, Word},
};
use alloy_primitives::U256;
use alloy_sol_types::PanicKind;

/// The items of a list of `length` items.
///
/// # Errors
/// Out of gas, or the node's.
pub fn items<V: View + ?Sized, K: Key, T: Word>(
    view: &mut V,
    list: &Map<K, T>,
    key: impl Fn(u64) -> K,
    length: u32,
) -> Result<Vec<T>> {
    (0..u64::from(length)).map(|index| Ok(list.get(view, key(index))?)).collect()
}

/// Adds an item to a list of `length` items and answers with its place, which is the new length.
///
/// # Errors
/// `Panic(0x11)` for a list of 2^32 items, out of gas, a static frame, or the node's.
pub fn push<K: Key, T: Word>(
    host: &mut dyn Host,
    list: &Map<K, T>,
    key: impl Fn(u64) -> K,
    length: u32,
    item: T,
) -> Result<u32> {
    let place = length.checked_add(1).ok_or_else(|| panic(PanicKind::UnderOverflow))?;
    list.set(host, key(u64::from(length)), item)?;
    Ok(place)
}

/// Takes the item at `place` out of a list of `length` items. Answers with the item that moved into its place, if any.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub fn take<K: Key, T: Word>(
    host: &mut dyn Host,
    list: &Map<K, T>,
    key: impl Fn(u64) -> K,
    length: u32,
    place: u32,
) -> Result<Option<T>> {
    let hole = u64::from(place).checked_sub(1).ok_or(LISTED)?;
    let last = u64::from(length).checked_sub(1).ok_or(LISTED)?;
    let moved = if hole == last { None } else { Some(list.get(host, key(last))?) };
    if let Some(item) = moved {
        list.set(host, key(hole), item)?;
    }
    list.set(host, key(last), T::from_word(U256::ZERO))?;
    Ok(moved)
}

/// The length of a list after [`take`].
///
/// # Errors
/// A broken rule.
pub fn shorter(length: u32) -> Result<u32> {
    Ok(length.checked_sub(1).ok_or(LISTED)?)
}

const LISTED: Fatal = Fatal::Broken("what has a place in a list is in it");
