//! Byte strings in storage: up to 31 bytes in one slot, longer ones in a head with the length and a slot for each 32
//! bytes.

use crate::{
    host::{Fatal, Host, View},
    storage::{Key, Map, Word},
};
use alloy_primitives::{B256, U256};
use types::gas;

/// A mapping to byte strings; those never written are empty.
#[derive(Debug)]
pub struct Blobs<K> {
    tag: u32,
    heads: Map<K, U256>,
    words: Map<(B256, u64), B256>,
}

/// The lowest byte of a head is the length of a string that fits it, or this.
const LONG: u64 = 0xff;
const WORD_BYTES: usize = 32;

impl<K: Key> Blobs<K> {
    /// The mapping of the running contract under two tags: heads, words.
    pub const fn at([heads, words]: [u32; 2]) -> Self {
        Self { tag: heads, heads: Map::at(heads), words: Map::at(words) }
    }

    /// Reads.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn get<V: View + ?Sized>(&self, view: &mut V, key: K) -> Result<Vec<u8>, Fatal> {
        let head = self.heads.get(view, key)?;
        let Some(length) = long_length(head) else {
            let mut bytes = head.to_be_bytes_vec();
            bytes.truncate(usize::from(head.byte(0)));
            return Ok(bytes);
        };
        let name = self.name(view, key)?;
        let words = (0..words_of(length)).map(|index| self.words.get(view, (name, index)));
        let words: Vec<B256> = words.collect::<Result<_, _>>()?;
        let mut bytes: Vec<u8> = words.into_iter().flatten().collect();
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(bytes)
    }

    /// Whether the string is empty.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn is_empty<V: View + ?Sized>(&self, view: &mut V, key: K) -> Result<bool, Fatal> {
        Ok(self.heads.get(view, key)?.is_zero())
    }

    /// Writes, and clears what the string before took beyond this one.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn set(&self, host: &mut dyn Host, key: K, bytes: &[u8]) -> Result<(), Fatal> {
        let before = long_length(self.heads.get(host, key)?).map_or(0, words_of);
        let (head, words) = match <[u8; WORD_BYTES]>::try_from(padded(bytes)) {
            Ok(word) if bytes.len() < WORD_BYTES => {
                (U256::from_be_bytes(word) | U256::from(bytes.len()), [].as_slice())
            }
            _ => (U256::from(bytes.len()).wrapping_shl(8) | U256::from(LONG), bytes),
        };
        let name = self.name(host, key)?;
        let mut next = 0_u64;
        for chunk in words.chunks(WORD_BYTES) {
            self.words.set(host, (name, next), B256::right_padding_from(chunk))?;
            next = next.saturating_add(1);
        }
        for index in next..before {
            self.words.set(host, (name, index), B256::from_word(U256::ZERO))?;
        }
        self.heads.set(host, key, head)
    }

    /// What a string's words are keyed by: the slot of its head, which no other string has.
    fn name<V: View + ?Sized>(&self, view: &mut V, key: K) -> Result<B256, Fatal> {
        view.charge_gas(gas::SLOT_HASH)?;
        Ok(key.slot(self.tag).into())
    }
}

/// The bytes in front of zeros, up to a word; longer strings as they are.
fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().max(WORD_BYTES), 0);
    padded
}

fn long_length(head: U256) -> Option<u64> {
    let is_long = u64::from(head.byte(0)) == LONG;
    is_long.then(|| head.wrapping_shr(8).as_limbs()[0])
}

const fn words_of(length: u64) -> u64 {
    length.div_ceil(WORD_BYTES as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{ALICE, chain};
    use alloy_primitives::Address;
    use proptest::prelude::*;

    const BLOBS: Blobs<Address> = Blobs::at([1, 2]);

    proptest! {
        #[test]
        fn a_string_is_kept_whole_and_leaves_nothing_behind(
            strings in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..6),
        ) {
            let mut chain = chain();
            for string in strings.into_iter().chain([Vec::new()]) {
                let kept = chain.run(ALICE, |host| {
                    BLOBS.set(host, ALICE, &string)?;
                    Ok((BLOBS.get(host, ALICE)?, BLOBS.is_empty(host, ALICE)?))
                });
                prop_assert_eq!(kept, Ok((string.clone(), string.is_empty())));
            }
            let left = chain.accounts.get(&ALICE).map_or(0, |account| {
                account.storage.values().filter(|value| !value.is_zero()).count()
            });
            prop_assert_eq!(left, 0);
        }
    }

    #[test]
    fn thirty_one_bytes_take_one_slot() {
        for (bytes, slots) in [(1, 1), (31, 1), (32, 2), (33, 3), (192, 7)] {
            let mut chain = chain();
            chain.run(ALICE, |host| Ok(BLOBS.set(host, ALICE, &vec![7; bytes])?)).unwrap();
            assert_eq!(chain.accounts[&ALICE].storage.len(), slots, "{bytes} bytes");
        }
    }
}
