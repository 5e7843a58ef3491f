//! AllocationManager's storage: rows that hold together what one verb touches, places in lists included, so that
//! joining, allocating and slashing write few slots.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 0 | pause bits | – | 256 |
//! | 1 | [`OperatorRow`] | operator | delay 32 · pending 32 · effect 32 · flags 32 · registered sets 32 · allocated sets 32 |
//! | 2 | [`ServiceRow`] | AVS | registrar 160 · sets 32 · metadata flag 1 |
//! | 3 | [`SetRow`] | set | slasher 160 · members 32 · slashes 40 · flags 3 |
//! | 4 | pending slasher | set | slasher 160 · effect block 32 |
//! | 5 | redistribution recipient | set | 160 |
//! | 6 to 8 | strategies of a set | set | [`EnumerableSets`] |
//! | 9 | members | set, place from 0 | operator 160 |
//! | 10, 11 | registered sets, allocated sets | operator, place from 0 | set 256 |
//! | 12 | [`MemberRow`] | operator, set | slashable until 32 · flags 32 · three places 32 · strategies 32 |
//! | 13 | allocated strategies | operator, set, place from 0 | strategy 160 |
//! | 14 | [`AllocationRow`] | operator, set, strategy | magnitude 64 · pending 64 · effect 32 · place 32 |
//! | 15, 16 | deallocation queue: head, rest | operator, strategy; … and index | `queue` |
//! | 17 | owner | – | 160 |
//!
//! Places in lists count from 1; 0 is for what is not listed ([`crate::lists`]). Other parts of the protocol read the rows too, so
//! they name their home.

use crate::{
    enumerable::EnumerableSets,
    ledger::{Labelled, high, limb, low},
    storage::{Map, Slot, Word},
};
use alloy_primitives::{Address, B256, U256};
use types::addresses;

const HOME: Address = addresses::ALLOCATION_MANAGER;

pub(crate) const PAUSED: Slot<U256> = Slot::on(HOME, 0);
/// Only in the slashing release.
pub(crate) const OWNER: Slot<Address> = Slot::on(HOME, 17);
pub(crate) const OPERATORS: Map<Address, OperatorRow> = Map::on(HOME, 1);
pub(crate) const SERVICES: Map<Address, ServiceRow> = Map::on(HOME, 2);
pub(crate) const SETS: Map<B256, SetRow> = Map::on(HOME, 3);
pub(crate) const PENDING_SLASHERS: Map<B256, PendingSlasher> = Map::on(HOME, 4);
/// Set once, when a redistributing set is made.
pub(crate) const RECIPIENTS: Map<B256, Address> = Map::on(HOME, 5);
pub(crate) const SET_STRATEGIES: EnumerableSets<B256, Address> = EnumerableSets::on(HOME, [6, 7, 8]);
pub(crate) const MEMBERS: Map<(B256, u64), Address> = Map::on(HOME, 9);
pub(crate) const REGISTERED_SETS: Map<(Address, u64), B256> = Map::on(HOME, 10);
pub(crate) const ALLOCATED_SETS: Map<(Address, u64), B256> = Map::on(HOME, 11);
pub(crate) const MEMBERSHIPS: Map<(Address, B256), MemberRow> = Map::on(HOME, 12);
pub(crate) const ALLOCATED_STRATEGIES: Map<(Address, B256, u64), Address> = Map::on(HOME, 13);
pub(crate) const ALLOCATIONS: Map<(Address, B256, Address), AllocationRow> = Map::on(HOME, 14);

/// How long an operator's new allocations wait, in blocks, and the lengths of its lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OperatorRow {
    /// The delay in force.
    pub delay: u32,
    /// Whether a delay was ever in force.
    pub is_set: bool,
    /// Whether the operator has promised anything in [`crate::covenants`].
    pub has_covenant: bool,
    /// The delay that is to come.
    pub pending_delay: u32,
    /// Block from which `pending_delay` is the delay; 0 if there never was one.
    pub effect_block: u32,
    /// Sets that the operator is registered for.
    pub registered_sets: u32,
    /// Sets that have something allocated to them.
    pub allocated_sets: u32,
}

const DELAY_SET: u32 = 1;
const HAS_COVENANT: u32 = 2;

impl Word for OperatorRow {
    fn to_word(self) -> U256 {
        let covenant = if self.has_covenant { HAS_COVENANT } else { 0 };
        U256::from_limbs([
            limb(self.pending_delay, self.delay),
            limb(u32::from(self.is_set) | covenant, self.effect_block),
            limb(self.allocated_sets, self.registered_sets),
            0,
        ])
    }

    fn from_word(word: U256) -> Self {
        let [delays, effect, counts, _] = *word.as_limbs();
        Self {
            delay: low(delays),
            pending_delay: high(delays),
            effect_block: low(effect),
            is_set: high(effect) & DELAY_SET != 0,
            has_covenant: high(effect) & HAS_COVENANT != 0,
            registered_sets: low(counts),
            allocated_sets: high(counts),
        }
    }
}

impl OperatorRow {
    /// The state at `now`: a pending delay that is due is in force.
    pub const fn at(mut self, now: u32) -> Self {
        if self.effect_block != 0 && now >= self.effect_block {
            self.delay = self.pending_delay;
            self.is_set = true;
        }
        self
    }
}

/// A service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServiceRow {
    /// The contract that is asked when operators come and go; zero for the service itself.
    pub registrar: Address,
    /// How many sets it has made.
    pub sets: u32,
    /// Whether it ever announced its metadata.
    pub has_metadata: bool,
}

impl Word for ServiceRow {
    fn to_word(self) -> U256 {
        let Self { registrar, sets, has_metadata } = self;
        Labelled { address: registrar, small: sets, large: u64::from(has_metadata) }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, small, large } = Labelled::from_word(word);
        Self { registrar: address, sets: small, has_metadata: large != 0 }
    }
}

/// An operator set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetRow {
    /// Who may slash, unless a pending slasher is due.
    pub slasher: Address,
    /// How many operators are registered.
    pub members: u32,
    /// The last slash's id. Below [`SLASH_LIMIT`].
    pub slashes: u64,
    /// Whether the set was made.
    pub exists: bool,
    /// Whether slashed shares go to a recipient instead of being burnt.
    pub redistributes: bool,
    /// Whether another slasher waits in [`PENDING_SLASHERS`].
    pub has_pending_slasher: bool,
}

/// Slash ids have 40 bits: more slashes than full blocks hold in ten years.
pub(crate) const SLASH_LIMIT: u64 = 1 << 40;

const EXISTS: u64 = 1 << 40;
const REDISTRIBUTES: u64 = 1 << 41;
const HAS_PENDING_SLASHER: u64 = 1 << 42;

impl Word for SetRow {
    fn to_word(self) -> U256 {
        let flag = |set: bool, bit: u64| if set { bit } else { 0 };
        let flags = flag(self.exists, EXISTS)
            | flag(self.redistributes, REDISTRIBUTES)
            | flag(self.has_pending_slasher, HAS_PENDING_SLASHER);
        Labelled { address: self.slasher, small: self.members, large: self.slashes | flags }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, small, large } = Labelled::from_word(word);
        Self {
            slasher: address,
            members: small,
            slashes: large & (SLASH_LIMIT - 1),
            exists: large & EXISTS != 0,
            redistributes: large & REDISTRIBUTES != 0,
            has_pending_slasher: large & HAS_PENDING_SLASHER != 0,
        }
    }
}

/// A slasher that is to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PendingSlasher {
    pub slasher: Address,
    /// The first block in which it may slash.
    pub effect_block: u32,
}

impl Word for PendingSlasher {
    fn to_word(self) -> U256 {
        Labelled { address: self.slasher, small: self.effect_block, large: 0 }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, small, .. } = Labelled::from_word(word);
        Self { slasher: address, effect_block: small }
    }
}

/// An operator's relation to a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemberRow {
    /// Whether it is registered.
    pub registered: bool,
    /// Whether an exit waits in [`crate::safe_exit`].
    pub exit_requested: bool,
    /// The last block in which it can be slashed after it left; 0 if it never left.
    pub slashable_until: u32,
    /// Place in the operator's registered sets.
    pub registered_place: u32,
    /// Place in the set's members.
    pub member_place: u32,
    /// Place in the operator's allocated sets.
    pub allocated_place: u32,
    /// Strategies with something allocated.
    pub strategies: u32,
}

const REGISTERED: u32 = 1;
const EXIT_REQUESTED: u32 = 2;

impl Word for MemberRow {
    fn to_word(self) -> U256 {
        let exit = if self.exit_requested { EXIT_REQUESTED } else { 0 };
        U256::from_limbs([
            limb(u32::from(self.registered) | exit, self.slashable_until),
            limb(self.member_place, self.registered_place),
            limb(self.strategies, self.allocated_place),
            0,
        ])
    }

    fn from_word(word: U256) -> Self {
        let [status, places, allocated, _] = *word.as_limbs();
        Self {
            registered: high(status) & REGISTERED != 0,
            exit_requested: high(status) & EXIT_REQUESTED != 0,
            slashable_until: low(status),
            registered_place: low(places),
            member_place: high(places),
            allocated_place: low(allocated),
            strategies: high(allocated),
        }
    }
}

impl MemberRow {
    /// Whether the set can slash the operator in block `now`.
    pub const fn is_slashable(&self, now: u32) -> bool {
        self.registered || now <= self.slashable_until
    }
}

/// What a set can slash of an operator's magnitude in a strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AllocationRow {
    /// Slashable now, if the operator is.
    pub current: u64,
    /// What is added at the effect block, or taken if negative.
    pub pending: i64,
    /// When; 0 if nothing was ever pending.
    pub effect_block: u32,
    /// Place in the list of allocated strategies.
    pub place: u32,
}

impl Word for AllocationRow {
    fn to_word(self) -> U256 {
        let Self { current, pending, effect_block, place } = self;
        U256::from_limbs([current, pending.cast_unsigned(), limb(place, effect_block), 0])
    }

    fn from_word(word: U256) -> Self {
        let [current, pending, last, _] = *word.as_limbs();
        Self { current, pending: pending.cast_signed(), effect_block: low(last), place: high(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_keep_every_field(address: [u8; 20], n: [u32; 6], flags: [bool; 3], current: u64, pending: i64) {
            let [a, b, c, d, e, f] = n;
            let [x, y, z] = flags;
            let address = Address::from(address);
            let operator = OperatorRow {
                delay: a, is_set: x, has_covenant: y, pending_delay: b, effect_block: c, registered_sets: d,
                allocated_sets: e,
            };
            prop_assert_eq!(OperatorRow::from_word(operator.to_word()), operator);
            let service = ServiceRow { registrar: address, sets: a, has_metadata: x };
            prop_assert_eq!(ServiceRow::from_word(service.to_word()), service);
            let set = SetRow {
                slasher: address, members: a, slashes: current % SLASH_LIMIT, exists: x, redistributes: y,
                has_pending_slasher: z,
            };
            prop_assert_eq!(SetRow::from_word(set.to_word()), set);
            let slasher = PendingSlasher { slasher: address, effect_block: b };
            prop_assert_eq!(PendingSlasher::from_word(slasher.to_word()), slasher);
            let member = MemberRow {
                registered: x, exit_requested: y, slashable_until: a, registered_place: b, member_place: c, allocated_place: d,
                strategies: f,
            };
            prop_assert_eq!(MemberRow::from_word(member.to_word()), member);
            let allocation = AllocationRow { current, pending, effect_block: e, place: f };
            prop_assert_eq!(AllocationRow::from_word(allocation.to_word()), allocation);
        }
    }
}
