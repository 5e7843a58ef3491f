//! Enumerable sets with the order of OpenZeppelin's (4.9): insertion order, and removal moves the last element into
//! the hole. The order is part of the ABI, because list views return it.

use crate::{
    host::{Fatal, Host, View},
    storage::{Key, Map, Word},
};
use alloy_primitives::{Address, B256, U256};
use core::marker::PhantomData;
use types::gas;

/// A mapping from an owner to a set of values.
#[derive(Debug)]
pub struct EnumerableSets<O, T> {
    tag: u32,
    lengths: Map<O, u64>,
    items: Map<(B256, u64), T>,
    /// Places from 1; 0 for what is not in the set.
    places: Map<(B256, B256), u64>,
    owner: PhantomData<fn(O) -> T>,
}

impl<O: Key, T: Word> EnumerableSets<O, T> {
    /// The sets of the running contract under three tags: `lengths`, `items`, `places`.
    pub const fn at([lengths, items, places]: [u32; 3]) -> Self {
        Self {
            tag: lengths,
            lengths: Map::at(lengths),
            items: Map::at(items),
            places: Map::at(places),
            owner: PhantomData,
        }
    }

    /// The same in the storage of `home`.
    pub const fn on(home: Address, [lengths, items, places]: [u32; 3]) -> Self {
        Self {
            tag: lengths,
            lengths: Map::on(home, lengths),
            items: Map::on(home, items),
            places: Map::on(home, places),
            owner: PhantomData,
        }
    }

    /// How many values the set holds.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn len<V: View + ?Sized>(&self, view: &mut V, owner: O) -> Result<u64, Fatal> {
        self.lengths.get(view, owner)
    }

    /// Whether the set holds `value`.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn contains<V: View + ?Sized>(&self, view: &mut V, owner: O, value: T) -> Result<bool, Fatal> {
        let set = self.name(view, owner)?;
        Ok(self.places.get(view, (set, value.to_word().into()))? != 0)
    }

    /// All values in order.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn values<V: View + ?Sized>(&self, view: &mut V, owner: O) -> Result<Vec<T>, Fatal> {
        let set = self.name(view, owner)?;
        let length = self.lengths.get(view, owner)?;
        (0..length).map(|index| self.items.get(view, (set, index))).collect()
    }

    /// The value at a place of the order, counted from 0.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn at_place<V: View + ?Sized>(&self, view: &mut V, owner: O, place: u64) -> Result<Option<T>, Fatal> {
        if place >= self.lengths.get(view, owner)? {
            return Ok(None);
        }
        let set = self.name(view, owner)?;
        Ok(Some(self.items.get(view, (set, place))?))
    }

    /// The raw entries of a set of these values, which differ, for a genesis state.
    pub fn genesis(&self, owner: O, values: &[T]) -> Vec<(U256, U256)> {
        let set: B256 = owner.slot(self.tag).into();
        let rows = values.iter().zip(0_u64..).flat_map(|(value, index)| {
            let place = (set, value.to_word().into());
            [self.items.entry((set, index), *value), self.places.entry(place, index.saturating_add(1))]
        });
        rows.chain([self.lengths.entry(owner, values.len() as u64)]).collect()
    }

    /// Adds at the end. Answers whether the value is new.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn insert(&self, host: &mut dyn Host, owner: O, value: T) -> Result<bool, Fatal> {
        let set = self.name(host, owner)?;
        let place = (set, value.to_word().into());
        if self.places.get(host, place)? != 0 {
            return Ok(false);
        }
        let index = self.lengths.get(host, owner)?;
        let length = index.checked_add(1).ok_or(Fatal::Broken("a set has fewer than 2^64 values"))?;
        self.items.set(host, (set, index), value)?;
        self.places.set(host, place, length)?;
        self.lengths.set(host, owner, length)?;
        Ok(true)
    }

    /// Removes, moving the last value into the hole. Answers whether the value was there.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn remove(&self, host: &mut dyn Host, owner: O, value: T) -> Result<bool, Fatal> {
        let set = self.name(host, owner)?;
        let place = (set, value.to_word().into());
        let at = self.places.get(host, place)?;
        let Some(index) = at.checked_sub(1) else { return Ok(false) };
        let length = self.lengths.get(host, owner)?;
        let last = length.checked_sub(1).ok_or(Fatal::Broken("a set with a value is not empty"))?;
        if index != last {
            let moved = self.items.get(host, (set, last))?;
            self.items.set(host, (set, index), moved)?;
            self.places.set(host, (set, moved.to_word().into()), at)?;
        }
        self.items.set(host, (set, last), T::from_word(U256::ZERO))?;
        self.places.set(host, place, 0)?;
        self.lengths.set(host, owner, last)?;
        Ok(true)
    }

    /// What the set's items are keyed by: the slot of its length, which no other set has.
    fn name<V: View + ?Sized>(&self, view: &mut V, owner: O) -> Result<B256, Fatal> {
        view.charge_gas(gas::SLOT_HASH)?;
        Ok(owner.slot(self.tag).into())
    }
}

/// A mapping from an owner to a map of keys to values, with the order of OpenZeppelin's `EnumerableMap` (4.9).
#[derive(Debug)]
pub struct EnumerableMaps<O, K, V> {
    keys: EnumerableSets<O, K>,
    values: Map<(B256, B256), V>,
}

impl<O: Key, K: Word, V: Word> EnumerableMaps<O, K, V> {
    /// The maps of the running contract under four tags: three of the keys' sets, one of the values.
    pub const fn at([lengths, items, places, values]: [u32; 4]) -> Self {
        Self { keys: EnumerableSets::at([lengths, items, places]), values: Map::at(values) }
    }

    /// How many keys the map has.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn len<W: View + ?Sized>(&self, view: &mut W, owner: O) -> Result<u64, Fatal> {
        self.keys.len(view, owner)
    }

    /// The value of a key, zero if the map does not have it.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn get<W: View + ?Sized>(&self, view: &mut W, owner: O, key: K) -> Result<V, Fatal> {
        let map = self.keys.name(view, owner)?;
        self.values.get(view, (map, key.to_word().into()))
    }

    /// The raw entries of a map of these keys, which differ, for a genesis state.
    pub fn genesis(&self, owner: O, entries: &[(K, V)]) -> Vec<(U256, U256)> {
        let map: B256 = owner.slot(self.keys.tag).into();
        let keys: Vec<K> = entries.iter().map(|(key, _)| *key).collect();
        let values =
            entries.iter().map(|(key, value)| self.values.entry((map, key.to_word().into()), *value));
        values.chain(self.keys.genesis(owner, &keys)).collect()
    }

    /// All keys in order, with their values.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn entries<W: View + ?Sized>(&self, view: &mut W, owner: O) -> Result<(Vec<K>, Vec<V>), Fatal> {
        let keys = self.keys.values(view, owner)?;
        let values: Result<Vec<V>, Fatal> = keys.iter().map(|key| self.get(view, owner, *key)).collect();
        Ok((keys, values?))
    }

    /// Writes a value, zero too. Answers whether the key is new.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn insert(&self, host: &mut dyn Host, owner: O, key: K, value: V) -> Result<bool, Fatal> {
        let map = self.keys.name(host, owner)?;
        self.values.set(host, (map, key.to_word().into()), value)?;
        self.keys.insert(host, owner, key)
    }

    /// Removes a key, if the map has it, and answers with its value, zero if not.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn remove(&self, host: &mut dyn Host, owner: O, key: K) -> Result<V, Fatal> {
        let value = self.get(host, owner, key)?;
        if self.keys.remove(host, owner, key)? {
            let map = self.keys.name(host, owner)?;
            self.values.set(host, (map, key.to_word().into()), V::from_word(U256::ZERO))?;
        }
        Ok(value)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]
mod tests {
    use super::*;
    use crate::testkit::chain;
    use proptest::prelude::*;

    const SETS: EnumerableSets<Address, U256> = EnumerableSets::at([1, 2, 3]);

    /// OpenZeppelin's set as a list.
    fn model(list: &mut Vec<U256>, value: U256, insert: bool) -> bool {
        match (insert, list.iter().position(|item| *item == value)) {
            (true, None) => {
                list.push(value);
                true
            }
            (false, Some(index)) => {
                list.swap_remove(index);
                true
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_set_behaves_as_a_list_with_swap_and_pop(
            steps in prop::collection::vec((0u8..2, 0u8..6, any::<bool>()), 0..60),
        ) {
            let mut chain = chain();
            let mut models = [Vec::new(), Vec::new()];
            for (owner, value, insert) in steps {
                let list = &mut models[usize::from(owner)];
                let owner = Address::repeat_byte(owner);
                let value = U256::from(value);
                let mut seen = None;
                chain.run(Address::ZERO, |host| {
                    let done = match insert {
                        true => SETS.insert(host, owner, value)?,
                        false => SETS.remove(host, owner, value)?,
                    };
                    let held = (0..6).map(|value| SETS.contains(host, owner, U256::from(value)));
                    let held: Vec<bool> = held.collect::<Result<_, _>>()?;
                    seen = Some((done, SETS.values(host, owner)?, SETS.len(host, owner)?, held));
                    Ok(())
                }).unwrap();
                let done = model(list, value, insert);
                let held = (0..6).map(|value| list.contains(&U256::from(value))).collect();
                prop_assert_eq!(seen, Some((done, list.clone(), list.len() as u64, held)));
            }
        }
    }
}
