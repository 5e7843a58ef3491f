//! Seeded choices: the same seed gives the same chain on every machine, so that a failure can be repeated.
//! Not for anything secret.

use alloy_primitives::U256;
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};

/// A stream of choices.
#[derive(Clone, Debug)]
pub struct Chance(Xoshiro256PlusPlus);

impl Chance {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number below `limit`, which must not be zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }

    /// A number below `limit`, for indexes.
    pub fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit.max(1) as u64)).unwrap_or_default()
    }

    /// Whether one of `n` equally likely things happened.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of several things.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }

    /// `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A word, often one at an edge.
    pub fn word(&mut self) -> U256 {
        match self.below(8) {
            0 => U256::ZERO,
            1 => U256::ONE,
            2 => U256::MAX,
            3 => U256::ONE << 255,
            4 => U256::from(self.below(300)),
            5 => U256::ONE << self.index(256),
            6 => U256::from(self.0.next_u64()),
            _ => U256::from_be_slice(&self.bytes(32)),
        }
    }
}
