//! Histories of a value by block, several snapshots to a slot (restaking-core §3): an operator's max magnitude, kept
//! for ever, and the scaled shares ever queued from it, kept as long as a slash can ask.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 264 | magnitude chunk | operator, strategy, chunk | value 64, value 64, block 32, block 32, length 32 (first chunk) |
//! | 265 | queue head | operator, strategy | value 128 · block 32 · archived 32 · start 32 · flags 2 |
//! | 266 | wide value of the head | operator, strategy | 256 |
//! | 267 | queue chunk | operator, strategy, chunk | twice: value 96, block 32 |
//! | 268 | wide value of an archived snapshot | operator, strategy, index | 256 |
//!
//! A queue's newest snapshot lies in the head, so a second withdrawal in a block touches one slot. All ones in a
//! chunk's value mean that it lies in its wide slot.

use crate::{
    host::{Fatal, Host, Result, View, revert},
    ledger::{HOME, high, limb, low, write},
    math::{add, sub},
    storage::{Map, Word},
};
use alloy_primitives::{Address, U256};
use types::{
    abi::IDelegationManager::InvalidSnapshotOrdering,
    units::{ScaledShares, WAD},
};

mod audit;

pub use audit::flaw;

const MAGNITUDES: Map<(Address, Address, u64), MagnitudeChunk> = Map::on(HOME, 264);
const QUEUE_HEADS: Map<(Address, Address), HeadWord> = Map::on(HOME, 265);
const WIDE_HEADS: Map<(Address, Address), U256> = Map::on(HOME, 266);
const QUEUE_CHUNKS: Map<(Address, Address, u64), QueueChunk> = Map::on(HOME, 267);
const WIDE_SNAPSHOTS: Map<(Address, Address, u64), U256> = Map::on(HOME, 268);

/// Solidity's `uint32(block.number)`, the clock of all delays.
pub fn now<V: View + ?Sized>(view: &V) -> u32 {
    view.block().number as u32
}

/// Two things of which an index picks one by its lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pair<T>([T; 2]);

impl<T: Copy> Pair<T> {
    fn get(self, index: u32) -> T {
        let Self([even, odd]) = self;
        if index & 1 == 0 { even } else { odd }
    }

    fn set(&mut self, index: u32, value: T) {
        let Self([even, odd]) = self;
        *(if index & 1 == 0 { even } else { odd }) = value;
    }
}

fn chunk_of(index: u32) -> u64 {
    u64::from(index >> 1)
}

/// The first index in `from..to` whose block is after `block`, or `to`.
fn first_after(
    from: u32,
    to: u32,
    block: u32,
    mut block_of: impl FnMut(u32) -> Result<u32, Fatal>,
) -> Result<u32, Fatal> {
    let (mut from, mut to) = (from, to);
    while from < to {
        let middle = from.midpoint(to);
        if block_of(middle)? > block {
            to = middle;
        } else {
            from = middle.saturating_add(1);
        }
    }
    Ok(to)
}

fn full<T>() -> Result<T> {
    Err(Fatal::Broken("a history has fewer than 2^32 snapshots").into())
}

#[derive(Clone, Copy, Default)]
struct MagnitudeChunk {
    values: Pair<u64>,
    blocks: Pair<u32>,
    /// Snapshots in all chunks; only in the first.
    length: u32,
}

impl Word for MagnitudeChunk {
    fn to_word(self) -> U256 {
        let Pair([even, odd]) = self.values;
        U256::from_limbs([even, odd, limb(self.blocks.get(1), self.blocks.get(0)), u64::from(self.length)])
    }

    fn from_word(word: U256) -> Self {
        let [even, odd, blocks, length] = *word.as_limbs();
        Self { values: Pair([even, odd]), blocks: Pair([low(blocks), high(blocks)]), length: low(length) }
    }
}

/// Records that an operator's max magnitude for a strategy is `magnitude` from `block` on; the last of a block counts.
///
/// # Errors
/// `InvalidSnapshotOrdering` if a later block is recorded.
pub fn push_magnitude(
    host: &mut dyn Host,
    operator: Address,
    strategy: Address,
    block: u32,
    magnitude: u64,
) -> Result<()> {
    let key = |index: u32| (operator, strategy, chunk_of(index));
    let mut first = MAGNITUDES.get(host, key(0))?;
    let mut index = first.length;
    let mut chunk = first;
    if let Some(last) = index.checked_sub(1) {
        if chunk_of(last) != 0 {
            chunk = MAGNITUDES.get(host, key(last))?;
        }
        match chunk.blocks.get(last).cmp(&block) {
            core::cmp::Ordering::Greater => return revert(InvalidSnapshotOrdering {}),
            core::cmp::Ordering::Equal => index = last,
            core::cmp::Ordering::Less if chunk_of(index) != chunk_of(last) => {
                chunk = MagnitudeChunk::default();
            }
            core::cmp::Ordering::Less => {}
        }
    }
    if index == first.length {
        first.length = match index.checked_add(1) {
            Some(length) => length,
            None => return full(),
        };
        if chunk_of(index) == 0 {
            chunk.length = first.length;
        } else {
            MAGNITUDES.set(host, key(0), first)?;
        }
    }
    chunk.values.set(index, magnitude);
    chunk.blocks.set(index, block);
    Ok(MAGNITUDES.set(host, key(index), chunk)?)
}

/// An operator's max magnitude for a strategy after `block`: [`WAD`] before the first slash.
///
/// # Errors
/// Out of gas, or the node's.
pub fn magnitude_at<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    strategy: Address,
    block: u32,
) -> Result<u64, Fatal> {
    let first = MAGNITUDES.get(view, (operator, strategy, 0))?;
    let mut chunk_with = |index: u32| match chunk_of(index) {
        0 => Ok(first),
        chunk => MAGNITUDES.get(view, (operator, strategy, chunk)),
    };
    let after = first_after(0, first.length, block, |index| Ok(chunk_with(index)?.blocks.get(index)))?;
    match after.checked_sub(1) {
        None => Ok(WAD),
        Some(index) => Ok(chunk_with(index)?.values.get(index)),
    }
}

/// The newest snapshot of a queue and where the older ones lie: indices `start..archived`, `start` even.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Head {
    exists: bool,
    block: u32,
    value: U256,
    archived: u32,
    start: u32,
    wide: bool,
}

#[derive(Clone, Copy, Default)]
struct HeadWord {
    value: [u64; 2],
    block: u32,
    archived: u32,
    start: u32,
    flags: u32,
}

const EXISTS_FLAG: u32 = 1;
const WIDE_FLAG: u32 = 2;
const HEAD_VALUE_BITS: usize = 128;

impl Word for HeadWord {
    fn to_word(self) -> U256 {
        let [v0, v1] = self.value;
        U256::from_limbs([v0, v1, limb(self.archived, self.block), limb(self.flags, self.start)])
    }

    fn from_word(word: U256) -> Self {
        let [v0, v1, third, last] = *word.as_limbs();
        Self {
            value: [v0, v1],
            block: low(third),
            archived: high(third),
            start: low(last),
            flags: high(last),
        }
    }
}

impl Head {
    fn load<V: View + ?Sized>(view: &mut V, operator: Address, strategy: Address) -> Result<Self, Fatal> {
        let key = (operator, strategy);
        let word = QUEUE_HEADS.get(view, key)?;
        let [v0, v1] = word.value;
        let wide = word.flags & WIDE_FLAG != 0;
        let value = if wide { WIDE_HEADS.get(view, key)? } else { U256::from_limbs([v0, v1, 0, 0]) };
        let HeadWord { block, archived, start, flags, .. } = word;
        Ok(Self { exists: flags & EXISTS_FLAG != 0, block, value, archived, start, wide })
    }

    fn store(self, host: &mut dyn Host, operator: Address, strategy: Address) -> Result<(), Fatal> {
        let key = (operator, strategy);
        let (_, wide) = write(host, &WIDE_HEADS, key, self.wide, self.value, HEAD_VALUE_BITS)?;
        let [v0, v1, ..] = *self.value.as_limbs();
        let (value, flags) = if wide { ([0, 0], EXISTS_FLAG | WIDE_FLAG) } else { ([v0, v1], EXISTS_FLAG) };
        let Self { block, archived, start, .. } = self;
        QUEUE_HEADS.set(host, key, HeadWord { value, block, archived, start, flags })
    }
}

/// An archived snapshot: 96 bits of value and a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Snapshot {
    lower: u64,
    upper: u32,
    block: u32,
}

#[derive(Clone, Copy, Default)]
struct QueueChunk(Pair<Snapshot>);

impl Word for QueueChunk {
    fn to_word(self) -> U256 {
        let Self(Pair([even, odd])) = self;
        U256::from_limbs([even.lower, limb(even.block, even.upper), odd.lower, limb(odd.block, odd.upper)])
    }

    fn from_word(word: U256) -> Self {
        let [e0, e1, o0, o1] = *word.as_limbs();
        let snapshot = |lower, rest| Snapshot { lower, upper: low(rest), block: high(rest) };
        Self(Pair([snapshot(e0, e1), snapshot(o0, o1)]))
    }
}

impl Snapshot {
    /// The mark of a value in its wide slot, which also the value that looks like it must take.
    const WIDE: (u64, u32) = (u64::MAX, u32::MAX);

    fn is_wide(self) -> bool {
        (self.lower, self.upper) == Self::WIDE
    }

    fn pack(value: U256, block: u32) -> Self {
        let [lower, second, third, fourth] = *value.as_limbs();
        let fits = (high(second), third, fourth) == (0, 0, 0);
        let (lower, upper) = if fits { (lower, low(second)) } else { Self::WIDE };
        Self { lower, upper, block }
    }
}

/// Counts scaled shares that enter the queue from an operator.
///
/// # Errors
/// `Panic(0x11)`, `InvalidSnapshotOrdering`.
pub fn push_queued(
    host: &mut dyn Host,
    operator: Address,
    strategy: Address,
    shares: ScaledShares,
) -> Result<()> {
    let block = now(host);
    let mut head = Head::load(host, operator, strategy)?;
    // The originals keep the running total in 224 bits and cut what does not fit.
    let value = add(head.value, shares.0)? & (U256::MAX.wrapping_shr(32));
    if head.exists && head.block > block {
        return revert(InvalidSnapshotOrdering {});
    }
    if head.exists && head.block < block {
        archive(host, operator, strategy, &mut head)?;
    }
    Ok(Head { exists: true, block, value, ..head }.store(host, operator, strategy)?)
}

/// Moves the newest snapshot out of the head.
fn archive(host: &mut dyn Host, operator: Address, strategy: Address, head: &mut Head) -> Result<()> {
    let index = head.archived;
    let key = (operator, strategy, chunk_of(index));
    let opens_chunk = index & 1 == 0;
    let QueueChunk(mut pair) =
        if opens_chunk { QueueChunk::default() } else { QUEUE_CHUNKS.get(host, key)? };
    let snapshot = Snapshot::pack(head.value, head.block);
    if snapshot.is_wide() {
        WIDE_SNAPSHOTS.set(host, (operator, strategy, u64::from(index)), head.value)?;
    }
    pair.set(index, snapshot);
    QUEUE_CHUNKS.set(host, key, QueueChunk(pair))?;
    head.archived = match index.checked_add(1) {
        Some(archived) => archived,
        None => return full(),
    };
    if opens_chunk {
        prune(host, operator, strategy, head)?;
    }
    Ok(())
}

/// The last block before the window in which a queued withdrawal can be slashed; `None` if the chain is younger than
/// that (restaking-core D1).
fn before_window<V: View + ?Sized>(view: &V) -> Option<u32> {
    let reach = view.params().withdrawal_delay_blocks.checked_add(1)?;
    now(view).checked_sub(reach)
}

/// Chunks dropped at most when a chunk is opened: more than one, so that a history shrinks after a busy time.
const PRUNED_CHUNKS: u32 = 2;

/// Drops chunks that no look-up can reach any more: those whose successor is before the window too (§3.4).
fn prune(host: &mut dyn Host, operator: Address, strategy: Address, head: &mut Head) -> Result<()> {
    let Some(before_window) = before_window(host) else { return Ok(()) };
    for _ in 0..PRUNED_CHUNKS {
        let next = head.start.saturating_add(2);
        if next >= head.archived {
            return Ok(());
        }
        let QueueChunk(successors) = QUEUE_CHUNKS.get(host, (operator, strategy, chunk_of(next)))?;
        if successors.get(next).block > before_window {
            return Ok(());
        }
        let key = (operator, strategy, chunk_of(head.start));
        let QueueChunk(dropped) = QUEUE_CHUNKS.get(host, key)?;
        for index in head.start..next {
            if dropped.get(index).is_wide() {
                WIDE_SNAPSHOTS.set(host, (operator, strategy, u64::from(index)), U256::ZERO)?;
            }
        }
        QUEUE_CHUNKS.set(host, key, QueueChunk::default())?;
        head.start = next;
    }
    Ok(())
}

/// The scaled shares that entered the queue in blocks `[now − delay, now]`: all that can still be slashed.
///
/// # Errors
/// `Panic(0x11)` if the running total was cut within the window.
pub fn queued_in_window<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    strategy: Address,
) -> Result<ScaledShares> {
    let head = Head::load(view, operator, strategy)?;
    let before = match before_window(view) {
        Some(block) => queued_until(view, operator, strategy, &head, block)?,
        None => U256::ZERO,
    };
    Ok(ScaledShares(sub(head.value, before)?))
}

fn queued_until<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    strategy: Address,
    head: &Head,
    block: u32,
) -> Result<U256, Fatal> {
    if head.block <= block {
        return Ok(head.value);
    }
    let mut snapshot = |index: u32| {
        let QueueChunk(pair) = QUEUE_CHUNKS.get(view, (operator, strategy, chunk_of(index)))?;
        Ok(pair.get(index))
    };
    let after = first_after(head.start, head.archived, block, |index| Ok(snapshot(index)?.block))?;
    let Some(index) = after.checked_sub(1).filter(|index| *index >= head.start) else {
        return Ok(U256::ZERO);
    };
    let found = snapshot(index)?;
    if found.is_wide() {
        return WIDE_SNAPSHOTS.get(view, (operator, strategy, u64::from(index)));
    }
    Ok(U256::from_limbs([found.lower, u64::from(found.upper), 0, 0]))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]
mod tests {
    use super::*;
    use crate::testkit::{chain, reverts, u};
    use alloy_primitives::U512;
    use proptest::prelude::*;

    const OPERATOR: Address = Address::repeat_byte(0x11);
    const STRATEGY: Address = Address::repeat_byte(0x22);
    /// Of preset `fast`.
    const DELAY: u64 = 10;

    /// The originals' list of snapshots.
    #[derive(Default)]
    struct Model(Vec<(u64, U256)>);

    impl Model {
        fn push(&mut self, block: u64, value: U256) {
            match self.0.last_mut() {
                Some(last) if last.0 == block => last.1 = value,
                _ => self.0.push((block, value)),
            }
        }

        fn at(&self, block: Option<u64>) -> Option<U256> {
            self.0.iter().rev().find(|(key, _)| Some(*key) <= block).map(|(_, value)| *value)
        }
    }

    proptest! {
        #[test]
        fn magnitudes_are_found_at_every_block(
            steps in prop::collection::vec((0u64..4, 0..=WAD), 0..25),
        ) {
            let mut chain = chain();
            let mut model = Model::default();
            let first = chain.block.number;
            for (blocks, magnitude) in steps {
                chain.block.number += blocks;
                let block = chain.block.number as u32;
                chain.run(HOME, |host| push_magnitude(host, OPERATOR, STRATEGY, block, magnitude)).unwrap();
                model.push(block.into(), U256::from(magnitude));
                for block in first - 1..=u64::from(block) + 1 {
                    let found =
                        chain.run(HOME, |host| Ok(magnitude_at(host, OPERATOR, STRATEGY, block as u32)?)).unwrap();
                    prop_assert_eq!(U256::from(found), model.at(Some(block)).unwrap_or(U256::from(WAD)));
                }
            }
        }

        #[test]
        fn the_queues_window_is_that_of_an_unpruned_list(
            start in prop_oneof![Just(0u64), Just(1000)],
            steps in prop::collection::vec((0u64..14, any::<[u64; 4]>(), 0usize..225), 0..60),
        ) {
            let mut chain = chain();
            chain.block.number = start;
            let mut model = Model::default();
            let mut total = U256::ZERO;
            for (blocks, limbs, bits) in steps {
                chain.block.number += blocks;
                let shares = U256::from_limbs(limbs).wrapping_shr(256 - bits);
                let pushed =
                    chain.run(HOME, |host| push_queued(host, OPERATOR, STRATEGY, ScaledShares(shares)));
                prop_assert_eq!(pushed, Ok(()));
                total = total.wrapping_add(shares) & (U256::MAX >> 32);
                let now = chain.block.number;
                model.push(now, total);
                let before = model.at(now.checked_sub(DELAY + 1)).unwrap_or_default();
                let found = chain.run(HOME, |host| queued_in_window(host, OPERATOR, STRATEGY));
                match total.checked_sub(before) {
                    Some(expected) => prop_assert_eq!(found, Ok(ScaledShares(expected))),
                    None => prop_assert!(found.is_err(), "the total was cut within the window"),
                }
            }
        }
    }

    #[test]
    fn a_queues_history_stays_as_small_as_its_window() {
        let mut chain = chain();
        for _ in 0..500 {
            chain.block.number += 1;
            chain
                .run(HOME, |host| push_queued(host, OPERATOR, STRATEGY, ScaledShares(U256::MAX >> 100)))
                .unwrap();
        }
        let slots = chain.accounts[&HOME].storage.values().filter(|value| !value.is_zero()).count();
        assert!(slots <= 28, "a window of 11 blocks in chunks of two, each value in a wide slot: {slots}");
    }

    #[test]
    fn several_values_of_a_block_are_one_snapshot() {
        let mut chain = chain();
        let read = chain.run(HOME, |host| {
            push_magnitude(host, OPERATOR, STRATEGY, 7, 5)?;
            push_magnitude(host, OPERATOR, STRATEGY, 7, 3)?;
            Ok((
                magnitude_at(host, OPERATOR, STRATEGY, 6)?,
                magnitude_at(host, OPERATOR, STRATEGY, 7)?,
                magnitude_at(host, OPERATOR, STRATEGY, u32::MAX)?,
            ))
        });
        assert_eq!(read, Ok((WAD, 3, 3)), "R11");
    }

    #[test]
    fn blocks_do_not_run_backwards() {
        let mut chain = chain();
        let pushed = chain.run(HOME, |host| {
            push_magnitude(host, OPERATOR, STRATEGY, 7, 5)?;
            push_magnitude(host, OPERATOR, STRATEGY, 6, 5)
        });
        assert_eq!(pushed, Err(reverts(InvalidSnapshotOrdering {})));
        chain.run(HOME, |host| push_queued(host, OPERATOR, STRATEGY, ScaledShares(u(1)))).unwrap();
        chain.block.number -= 1;
        let pushed = chain.run(HOME, |host| push_queued(host, OPERATOR, STRATEGY, ScaledShares(u(1))));
        assert_eq!(pushed, Err(reverts(InvalidSnapshotOrdering {})));
    }

    #[test]
    fn a_running_total_past_256_bits_is_refused() {
        let mut chain = chain();
        let push = |host: &mut dyn Host, shares| push_queued(host, OPERATOR, STRATEGY, ScaledShares(shares));
        let pushed = chain.run(HOME, |host| {
            push(host, U256::MAX)?;
            push(host, U256::MAX)
        });
        let sum = U512::from(U256::MAX >> 32) + U512::from(U256::MAX);
        assert!(sum.bit_len() > 256);
        assert_eq!(pushed, Err(crate::math::panic(alloy_sol_types::PanicKind::UnderOverflow)));
    }
}
