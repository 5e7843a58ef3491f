//! Changes that keep most of an input as it was: bits, bytes that mean something in RLP, whole ABI words, ranges cut,
//! doubled or taken from another input.

use crate::random::Random;
use alloy_primitives::U256;

/// Most bytes of an input: twice what a transaction may have, so that the bound itself is met.
pub const MAX_INPUT: usize = 256 * 1024;

/// Most changes to one input.
const MAX_CHANGES: usize = 6;

/// Longest range that one change inserts or removes, most of the time.
const SHORT_RANGE: usize = 40;

/// Boundaries of RLP's and EIP-2718's first bytes, and of signed bytes.
const TELLING_BYTES: &[u8] =
    &[0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0x81, 0xa0, 0xb7, 0xb8, 0xb9, 0xbf, 0xc0, 0xc1, 0xf7, 0xf8, 0xf9, 0xff];

/// Changes `input` in one to a few places; `other` gives material.
pub fn mutate(random: &mut Random, input: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=random.below(MAX_CHANGES) {
        change(random, input, other);
    }
    input.truncate(MAX_INPUT);
}

fn change(random: &mut Random, input: &mut Vec<u8>, other: &[u8]) {
    let at = random.below(input.len());
    match random.below(9) {
        0 => set(input, at, |byte| byte ^ (1 << random.below(8))),
        1 => set(input, at, |_| random.pick(TELLING_BYTES)),
        2 => set(input, at, |byte| byte.wrapping_add(1)),
        3 => overwrite(input, at, &word(random)),
        4 => {
            let length = length(random, SHORT_RANGE);
            let bytes = if random.once_in(2) { random.bytes(length) } else { vec![0; length] };
            insert(input, at, &bytes);
        }
        5 => drop(input.drain(range(random, input.len()))),
        6 => {
            let range = range(random, input.len());
            let doubled = input[range].to_vec();
            insert(input, at, &doubled);
        }
        7 => insert(input, at, &other[range(random, other.len())]),
        _ => input.truncate(at),
    }
}

fn set(input: &mut [u8], at: usize, new: impl FnOnce(u8) -> u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte = new(*byte);
    }
}

fn overwrite(input: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in input.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if input.len().saturating_add(bytes.len()) <= MAX_INPUT {
        input.splice(at..at, bytes.iter().copied());
    }
}

/// Mostly short, at times up to the whole bound.
fn length(random: &mut Random, short: usize) -> usize {
    if random.once_in(200) { random.below(MAX_INPUT) } else { random.below(short) }
}

fn range(random: &mut Random, length: usize) -> std::ops::Range<usize> {
    let start = random.below(length);
    let wanted = if random.once_in(8) { length } else { SHORT_RANGE };
    let end = start + random.below(wanted + 1).min(length - start);
    start..end
}

/// An ABI word at some edge.
fn word(random: &mut Random) -> [u8; 32] {
    let one = U256::ONE;
    let power = one << random.below(256);
    let word = match random.below(5) {
        0 => U256::from(random.below(300)),
        1 => power,
        2 => power - one,
        3 => U256::MAX,
        _ => U256::from(32 * random.below(16)),
    };
    word.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_input_can_be_changed_and_stays_within_its_bound() {
        let mut random = Random::new(1);
        let (mut input, mut different) = (Vec::new(), 0);
        for round in 0..50_000u32 {
            let before = input.clone();
            mutate(&mut random, &mut input, &round.to_be_bytes());
            assert!(input.len() <= MAX_INPUT);
            different += u32::from(before != input);
            if input.len() > 4_000 {
                input.clear();
            }
        }
        assert!(different > 40_000, "{different}");
    }
}
