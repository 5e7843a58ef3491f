//! The slot that every verb of a strategy reads: total shares and pause bits together.
//!
//! | bits, from the lowest | of |
//! | --- | --- |
//! | 128 | total shares, at most 10^38 − 1 |
//! | 64 | the low pause bits |
//! | 1 | whether the bitmap does not fit there and lies whole in a slot of its own |

use super::OFFSET;
use crate::{
    host::{Fatal, Host, Result, View},
    math,
    pausable::PauseBits,
    storage::{Slot, Word},
};
use alloy_primitives::U256;

/// Where [`State`] lies.
pub const STATE: StateSlot = StateSlot;

const PACKED: Slot<State> = Slot::at(0);
const WIDE_BITS: Slot<U256> = Slot::at(2);

/// Total shares and pause bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Shares in existence.
    pub total_shares: U256,
    low_bits: u64,
    is_wide: bool,
}

impl Word for State {
    fn to_word(self) -> U256 {
        let [low, high, ..] = *self.total_shares.as_limbs();
        U256::from_limbs([low, high, self.low_bits, u64::from(self.is_wide)])
    }

    fn from_word(word: U256) -> Self {
        let [low, high, low_bits, wide] = *word.as_limbs();
        Self { total_shares: U256::from_limbs([low, high, 0, 0]), low_bits, is_wide: wide != 0 }
    }
}

impl State {
    /// Reads.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn load<V: View + ?Sized>(view: &mut V) -> Result<Self, Fatal> {
        PACKED.get(view)
    }

    /// Writes.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn store(self, host: &mut dyn Host) -> Result<(), Fatal> {
        PACKED.set(host, self)
    }

    /// Whether a pause bit below 64 is clear.
    pub const fn is_running(&self, bit: usize) -> bool {
        self.low_bits.unbounded_shr(bit as u32) & 1 == 0
    }

    /// Total shares with the virtual ones.
    ///
    /// # Errors
    /// Never within the limit on total shares.
    pub fn virtual_shares(&self) -> Result<U256> {
        math::add(self.total_shares, OFFSET)
    }
}

/// A strategy's pause bitmap.
#[derive(Clone, Copy, Debug)]
pub struct StateSlot;

impl PauseBits for StateSlot {
    fn read<V: View + ?Sized>(&self, view: &mut V) -> Result<U256> {
        let state = State::load(view)?;
        Ok(if state.is_wide { WIDE_BITS.get(view)? } else { U256::from(state.low_bits) })
    }

    fn write(&self, host: &mut dyn Host, bits: U256) -> Result<()> {
        let mut state = State::load(host)?;
        let was_wide = state.is_wide;
        let [low, high @ ..] = *bits.as_limbs();
        state.low_bits = low;
        state.is_wide = high != [0; 3];
        state.store(host)?;
        match (was_wide, state.is_wide) {
            (_, true) => Ok(WIDE_BITS.set(host, bits)?),
            (true, false) => Ok(WIDE_BITS.set(host, U256::ZERO)?),
            (false, false) => Ok(()),
        }
    }
}
