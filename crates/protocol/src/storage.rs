//! Typed storage, declared as constants: `const OPERATOR_SHARES: Map<(Address, Address), OperatorShares> = Map::at(3)`.
//! The layout is ours (`decisions.md` 28), made for few slots and cheap keys, and collision-free by construction:
//!
//! | slot | of |
//! | --- | --- |
//! | top bit 0, then zeros, then tag (4 bytes), then 20 bytes | a variable, or a mapping by one key of ≤ 20 bytes |
//! | top bit 1, then 255 bits of BLAKE3(tag ‖ keys) | a mapping by a longer key |

use crate::host::{Fatal, Host, Result, View};
use alloy_primitives::{Address, B256, U256};
use core::marker::PhantomData;
use types::{gas, units};

/// A value that fills one storage word. All zeros is the value of a slot never written.
pub trait Word: Copy {
    /// The word.
    fn to_word(self) -> U256;
    /// The value of a word that [`Word::to_word`] made.
    fn from_word(word: U256) -> Self;
}

impl Word for U256 {
    fn to_word(self) -> U256 {
        self
    }
    fn from_word(word: U256) -> Self {
        word
    }
}

impl Word for u64 {
    fn to_word(self) -> U256 {
        U256::from(self)
    }
    fn from_word(word: U256) -> Self {
        word.as_limbs()[0]
    }
}

impl Word for Address {
    fn to_word(self) -> U256 {
        self.into_word().into()
    }
    fn from_word(word: U256) -> Self {
        Self::from_word(word.into())
    }
}

impl Word for B256 {
    fn to_word(self) -> U256 {
        self.into()
    }
    fn from_word(word: U256) -> Self {
        word.into()
    }
}

impl Word for bool {
    fn to_word(self) -> U256 {
        U256::from(self)
    }
    fn from_word(word: U256) -> Self {
        !word.is_zero()
    }
}

impl Word for units::OperatorShares {
    fn to_word(self) -> U256 {
        self.0
    }
    fn from_word(word: U256) -> Self {
        Self(word)
    }
}

/// A mapping's key.
pub trait Key: Copy {
    /// The slot of the entry in the mapping `tag`.
    fn slot(self, tag: u32) -> U256;
}

/// The first slot of the 2^160 that belong to `tag`.
const fn base(tag: u32) -> U256 {
    U256::from_limbs([0, 0, (tag as u64) << 32, 0])
}

/// A slot in the hashed half.
fn hashed(tag: u32, keys: &[&[u8]]) -> U256 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&tag.to_be_bytes());
    for key in keys {
        hasher.update(key);
    }
    let mut slot = *hasher.finalize().as_bytes();
    slot[0] |= 0x80;
    U256::from_be_bytes(slot)
}

impl Key for Address {
    fn slot(self, tag: u32) -> U256 {
        base(tag) | U256::from_be_slice(self.as_slice())
    }
}

impl Key for u64 {
    fn slot(self, tag: u32) -> U256 {
        base(tag) | U256::from(self)
    }
}

impl Key for B256 {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.as_slice()])
    }
}

impl Key for (Address, Address) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), self.1.as_slice()])
    }
}

impl Key for (Address, u64) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), &self.1.to_be_bytes()])
    }
}

impl Key for (Address, B256) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), self.1.as_slice()])
    }
}

impl Key for (B256, u64) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), &self.1.to_be_bytes()])
    }
}

impl Key for (B256, u64, u64) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), &self.1.to_be_bytes(), &self.2.to_be_bytes()])
    }
}

impl Key for (B256, B256) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), self.1.as_slice()])
    }
}

impl Key for (Address, Address, u64) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), self.1.as_slice(), &self.2.to_be_bytes()])
    }
}

impl Key for (Address, B256, u64) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), self.1.as_slice(), &self.2.to_be_bytes()])
    }
}

impl Key for (Address, B256, Address) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), self.1.as_slice(), self.2.as_slice()])
    }
}

impl Key for (B256, B256, u64) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), self.1.as_slice(), &self.2.to_be_bytes()])
    }
}

impl Key for (B256, B256, Address) {
    fn slot(self, tag: u32) -> U256 {
        hashed(tag, &[self.0.as_slice(), self.1.as_slice(), self.2.as_slice()])
    }
}

/// Whose storage a variable lies in.
#[derive(Clone, Copy, Debug)]
enum Home {
    /// The running contract's.
    This,
    /// A fixed contract's, shared on purpose to pack related fields.
    Fixed(Address),
}

impl Home {
    fn address<V: View + ?Sized>(self, view: &V) -> Address {
        match self {
            Self::This => view.msg().this,
            Self::Fixed(address) => address,
        }
    }
}

/// A variable.
#[derive(Debug)]
pub struct Slot<T> {
    home: Home,
    tag: u32,
    value: PhantomData<fn() -> T>,
}

impl<T: Word> Slot<T> {
    /// The variable `tag` of the running contract. Tags are unique in a contract, maps included.
    pub const fn at(tag: u32) -> Self {
        Self { home: Home::This, tag, value: PhantomData }
    }

    /// The variable `tag` in the storage of `home`.
    pub const fn on(home: Address, tag: u32) -> Self {
        Self { home: Home::Fixed(home), tag, value: PhantomData }
    }

    /// Reads.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn get<V: View + ?Sized>(&self, view: &mut V) -> Result<T, Fatal> {
        let home = self.home.address(view);
        Ok(T::from_word(view.sload(home, base(self.tag))?))
    }

    /// Writes.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn set(&self, host: &mut dyn Host, value: T) -> Result<(), Fatal> {
        let home = self.home.address(host);
        host.sstore(home, base(self.tag), value.to_word())
    }

    /// The raw entry, for a genesis state.
    pub fn entry(&self, value: T) -> (U256, U256) {
        (base(self.tag), value.to_word())
    }
}

/// A mapping.
#[derive(Debug)]
pub struct Map<K, T> {
    home: Home,
    tag: u32,
    value: PhantomData<fn(K) -> T>,
}

impl<K: Key, T: Word> Map<K, T> {
    /// The mapping `tag` of the running contract.
    pub const fn at(tag: u32) -> Self {
        Self { home: Home::This, tag, value: PhantomData }
    }

    /// The mapping `tag` in the storage of `home`.
    pub const fn on(home: Address, tag: u32) -> Self {
        Self { home: Home::Fixed(home), tag, value: PhantomData }
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn get<V: View + ?Sized>(&self, view: &mut V, key: K) -> Result<T, Fatal> {
        view.charge_gas(gas::SLOT_HASH)?;
        let home = self.home.address(view);
        Ok(T::from_word(view.sload(home, key.slot(self.tag))?))
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn set(&self, host: &mut dyn Host, key: K, value: T) -> Result<(), Fatal> {
        host.charge_gas(gas::SLOT_HASH)?;
        let home = self.home.address(host);
        host.sstore(home, key.slot(self.tag), value.to_word())
    }

    /// The raw entry, for a genesis state.
    pub fn entry(&self, key: K, value: T) -> (U256, U256) {
        (key.slot(self.tag), value.to_word())
    }
}

/// A variable that lives until the end of the transaction.
#[derive(Debug)]
pub struct Transient<T>(u32, PhantomData<fn() -> T>);

impl<T: Word> Transient<T> {
    /// The transient variable `tag` of the running contract.
    pub const fn at(tag: u32) -> Self {
        Self(tag, PhantomData)
    }

    /// Reads.
    ///
    /// # Errors
    /// Out of gas.
    pub fn get<V: View + ?Sized>(&self, view: &mut V) -> Result<T, Fatal> {
        Ok(T::from_word(view.tload(base(self.0))?))
    }

    /// Writes.
    ///
    /// # Errors
    /// Out of gas, or a static frame.
    pub fn set(&self, host: &mut dyn Host, value: T) -> Result<(), Fatal> {
        host.tstore(base(self.0), value.to_word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_hashed_slots_never_meet() {
        let top = |slot: U256| slot.bit(255);
        assert!(!top(Address::repeat_byte(0xff).slot(u32::MAX)));
        assert!(top((Address::ZERO, Address::ZERO).slot(0)));
        assert!(top(B256::ZERO.slot(0)));
    }

    #[test]
    fn tags_and_keys_separate_slots() {
        let (a, b) = (Address::repeat_byte(1), Address::repeat_byte(2));
        assert_ne!(a.slot(1), a.slot(2));
        assert_ne!(a.slot(1), b.slot(1));
        assert_ne!((a, b).slot(1), (b, a).slot(1));
        assert_ne!((a, b).slot(1), (a, b).slot(2));
    }
}
