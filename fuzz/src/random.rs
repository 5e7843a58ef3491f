//! Seeded choices: the same seed gives the same run on every machine. Bounds are taken by remainder; the slight bias
//! does not matter here.

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};

/// A stream of choices.
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, or zero if that is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() >> 1).checked_rem(bound as u64).unwrap_or_default() as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// 32 random bytes.
    pub fn word(&mut self) -> [u8; 32] {
        let mut word = [0; 32];
        self.0.fill_bytes(&mut word);
        word
    }
}
