//! The shared ledger: who holds what, under whom. It lies in DelegationManager's account, and the managers that the
//! originals split it between read and write it together, so that one slot holds what one verb touches.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 256 | [`Staker`] | staker | link 160 · open withdrawals 32 · nonce 44 · strategies 8 · flags 4 |
//! | 257 | [`Position`] | staker, strategy | deposit shares 128 · scaling factor 96 · wide flags 2 |
//! | 258, 259 | wide deposit shares, wide scaling factor | staker, strategy | 256 |
//! | 260 | strategy list | staker, place from 0 | strategy 160 |
//! | 261 | [`Operator`] | operator, strategy | shares 128 · lost magnitude 60 · wide flag 1 (bit 191) · encumbered 60 |
//! | 262 | wide operator shares | operator, strategy | 256 |
//! | 264 to 268 | histories | operator, strategy, … | [`crate::history`] |
//! | 272 to 275 | withdrawals | root; staker, index; … | `delegation_manager::queue` |
//!
//! Every amount of the ABI is a `uint256`, and a foreign strategy may return anything. So a value that does not fit
//! its field lies whole in a wide slot of its own, with a flag in the row; nothing is ever cut.

use crate::{
    host::{Fatal, Host, View},
    slashing::{ScalingFactor, SlashingFactor},
    storage::{Key, Map, Word},
};
use alloy_primitives::{Address, B256, U256};
use types::{
    addresses,
    units::{DepositShares, OperatorShares, WAD},
};

/// Whose account holds the ledger.
pub const HOME: Address = addresses::DELEGATION_MANAGER;

const POSITIONS: Map<(Address, Address), PositionWord> = Map::on(HOME, 257);
const WIDE_DEPOSITS: Map<(Address, Address), U256> = Map::on(HOME, 258);
const WIDE_SCALING: Map<(Address, Address), U256> = Map::on(HOME, 259);
const STRATEGY_LIST: Map<(Address, u64), Address> = Map::on(HOME, 260);
const OPERATORS: Map<(Address, Address), OperatorWord> = Map::on(HOME, 261);
const WIDE_OPERATORS: Map<(Address, Address), U256> = Map::on(HOME, 262);

/// The rows of stakers.
pub const STAKERS: Map<Address, Staker> = Map::on(HOME, 256);

/// An address with 96 bits beside it: the shape of most rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labelled {
    /// Bits 0 to 159.
    pub address: Address,
    /// Bits 160 to 191.
    pub small: u32,
    /// Bits 192 to 255.
    pub large: u64,
}

impl Word for Labelled {
    fn to_word(self) -> U256 {
        let beside = U256::from_limbs([0, 0, u64::from(self.small) << 32, self.large]);
        U256::from_be_bytes(self.address.into_word().0) | beside
    }

    fn from_word(word: U256) -> Self {
        let [_, _, third, large] = *word.as_limbs();
        Self { address: Address::from_word(B256::from(word)), small: high(third), large }
    }
}

/// The upper half of a limb.
pub(crate) const fn high(limb: u64) -> u32 {
    (limb >> 32) as u32
}

/// The lower half of a limb.
pub(crate) const fn low(limb: u64) -> u32 {
    limb as u32
}

/// A limb of two halves.
pub(crate) const fn limb(high: u32, low: u32) -> u64 {
    ((high as u64) << 32) | low as u64
}

/// What the ledger knows of an account, whether it stakes, operates, or neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staker {
    /// For a staker: its operator. For an operator: its delegation approver, for it is its own operator for ever.
    link: Address,
    is_operator: bool,
    /// Length of the strategy list.
    pub strategies: u8,
    /// Withdrawals not completed: the length of the set of roots.
    pub open_withdrawals: u32,
    /// Whether it holds shares of the beacon strategy, which is not on the list.
    pub has_beacon_shares: bool,
    /// Whether it demands anything in [`crate::covenants`].
    pub has_policy: bool,
    /// Whether [`crate::loss_notices`] notes its changes.
    pub is_watched: bool,
    /// Withdrawals ever queued: the nonce of the next. Below [`NONCE_LIMIT`].
    pub nonce: u64,
}

/// Nonces have 44 bits: at a thousand withdrawals a second by one staker they last for 500 years.
pub const NONCE_LIMIT: u64 = 1 << 44;

const STRATEGIES_SHIFT: u32 = 44;
const OPERATOR_FLAG: u64 = 1 << 52;
const BEACON_FLAG: u64 = 1 << 53;
const POLICY_FLAG: u64 = 1 << 54;
const WATCHED_FLAG: u64 = 1 << 55;

impl Word for Staker {
    fn to_word(self) -> U256 {
        let flag = |set: bool, bit: u64| if set { bit } else { 0 };
        let flags = flag(self.is_operator, OPERATOR_FLAG)
            | flag(self.has_beacon_shares, BEACON_FLAG)
            | flag(self.has_policy, POLICY_FLAG)
            | flag(self.is_watched, WATCHED_FLAG);
        let large = self.nonce | (u64::from(self.strategies) << STRATEGIES_SHIFT) | flags;
        Labelled { address: self.link, small: self.open_withdrawals, large }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, small, large } = Labelled::from_word(word);
        Self {
            link: address,
            is_operator: large & OPERATOR_FLAG != 0,
            strategies: (large >> STRATEGIES_SHIFT) as u8,
            open_withdrawals: small,
            has_beacon_shares: large & BEACON_FLAG != 0,
            has_policy: large & POLICY_FLAG != 0,
            is_watched: large & WATCHED_FLAG != 0,
            nonce: large & (NONCE_LIMIT - 1),
        }
    }
}

impl Staker {
    /// The operator that the owner of this row is delegated to: itself if it is one, zero if nobody.
    pub fn operator(&self, owner: Address) -> Address {
        if self.is_operator { owner } else { self.link }
    }

    /// Whether the owner is delegated to anybody, itself included.
    pub fn is_delegated(&self) -> bool {
        self.is_operator || !self.link.is_zero()
    }

    /// Whether the owner is an operator.
    pub const fn is_operator(&self) -> bool {
        self.is_operator
    }

    /// Who must sign delegations to the owner, zero if nobody.
    pub const fn approver(&self) -> Address {
        if self.is_operator { self.link } else { Address::ZERO }
    }

    /// Delegates a staker that is no operator, or frees it with zero.
    pub const fn delegate(&mut self, operator: Address) {
        self.link = operator;
    }

    /// Makes the owner an operator, for ever, or changes its approver.
    pub const fn set_approver(&mut self, approver: Address) {
        self.is_operator = true;
        self.link = approver;
    }
}

/// A staker's stake in one strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Deposit shares.
    pub shares: DepositShares,
    /// Deposit scaling factor.
    pub scaling: ScalingFactor,
    /// Which wide slots the stored row has.
    wide: Wide,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wide {
    shares: bool,
    scaling: bool,
}

#[derive(Clone, Copy, Default)]
struct PositionWord {
    shares: u128,
    scaling: u128,
    wide: Wide,
}

/// Scaling factors below 2^96 lie in the row.
const SCALING_BITS: usize = 96;
const WIDE_SHARES_FLAG: u32 = 1;
const WIDE_SCALING_FLAG: u32 = 2;

impl Word for PositionWord {
    fn to_word(self) -> U256 {
        let shares_flag = if self.wide.shares { WIDE_SHARES_FLAG } else { 0 };
        let scaling_flag = if self.wide.scaling { WIDE_SCALING_FLAG } else { 0 };
        let [s0, s1] = halves(self.shares);
        let [k0, k1] = halves(self.scaling);
        U256::from_limbs([s0, s1, k0, limb(shares_flag | scaling_flag, low(k1))])
    }

    fn from_word(word: U256) -> Self {
        let [s0, s1, k0, last] = *word.as_limbs();
        let flags = high(last);
        Self {
            shares: whole(s0, s1),
            scaling: whole(k0, u64::from(low(last))),
            wide: Wide { shares: flags & WIDE_SHARES_FLAG != 0, scaling: flags & WIDE_SCALING_FLAG != 0 },
        }
    }
}

impl Position {
    /// Reads.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn load<V: View + ?Sized>(view: &mut V, staker: Address, strategy: Address) -> Result<Self, Fatal> {
        let key = (staker, strategy);
        let row = POSITIONS.get(view, key)?;
        let shares = read(view, &WIDE_DEPOSITS, key, row.wide.shares, row.shares)?;
        let scaling = read(view, &WIDE_SCALING, key, row.wide.scaling, row.scaling)?;
        Ok(Self { shares: DepositShares(shares), scaling: ScalingFactor(scaling), wide: row.wide })
    }

    /// Writes a row that was read before.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn store(self, host: &mut dyn Host, staker: Address, strategy: Address) -> Result<(), Fatal> {
        let key = (staker, strategy);
        let (shares, wide_shares) =
            write(host, &WIDE_DEPOSITS, key, self.wide.shares, self.shares.0, u128::BITS as usize)?;
        let (scaling, wide_scaling) =
            write(host, &WIDE_SCALING, key, self.wide.scaling, self.scaling.0, SCALING_BITS)?;
        let wide = Wide { shares: wide_shares, scaling: wide_scaling };
        POSITIONS.set(host, key, PositionWord { shares, scaling, wide })
    }
}

/// An operator's stake in one strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operator {
    /// What is delegated to it.
    pub shares: OperatorShares,
    /// How much of its magnitude slashes have taken, at most one.
    lost_magnitude: u64,
    /// Magnitude that allocations hold, at most the max magnitude.
    pub encumbered_magnitude: u64,
    /// Whether the stored row has a wide slot.
    wide: bool,
}

#[derive(Clone, Copy, Default)]
struct OperatorWord {
    shares: u128,
    lost_magnitude: u64,
    encumbered_magnitude: u64,
    wide: bool,
}

const OPERATOR_WIDE_FLAG: u64 = 1 << 63;

impl Word for OperatorWord {
    fn to_word(self) -> U256 {
        let flag = if self.wide { OPERATOR_WIDE_FLAG } else { 0 };
        let [s0, s1] = halves(self.shares);
        U256::from_limbs([s0, s1, self.lost_magnitude | flag, self.encumbered_magnitude])
    }

    fn from_word(word: U256) -> Self {
        let [s0, s1, third, encumbered_magnitude] = *word.as_limbs();
        Self {
            shares: whole(s0, s1),
            lost_magnitude: third & !OPERATOR_WIDE_FLAG,
            encumbered_magnitude,
            wide: third & OPERATOR_WIDE_FLAG != 0,
        }
    }
}

impl Operator {
    /// Reads. The zero address has a row too, which nothing writes: no shares, full magnitude.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn load<V: View + ?Sized>(view: &mut V, operator: Address, strategy: Address) -> Result<Self, Fatal> {
        let key = (operator, strategy);
        let row = OPERATORS.get(view, key)?;
        let shares = read(view, &WIDE_OPERATORS, key, row.wide, row.shares)?;
        Ok(Self {
            shares: OperatorShares(shares),
            lost_magnitude: row.lost_magnitude,
            encumbered_magnitude: row.encumbered_magnitude,
            wide: row.wide,
        })
    }

    /// Writes a row that was read before.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn store(self, host: &mut dyn Host, operator: Address, strategy: Address) -> Result<(), Fatal> {
        let key = (operator, strategy);
        let (shares, wide) =
            write(host, &WIDE_OPERATORS, key, self.wide, self.shares.0, u128::BITS as usize)?;
        let Self { lost_magnitude, encumbered_magnitude, .. } = self;
        OPERATORS.set(host, key, OperatorWord { shares, lost_magnitude, encumbered_magnitude, wide })
    }

    /// What slashes have left of the operator's magnitude, 0 to [`WAD`].
    pub const fn max_magnitude(&self) -> u64 {
        WAD.saturating_sub(self.lost_magnitude)
    }

    /// The same as a factor of shares.
    pub const fn slashing_factor(&self) -> SlashingFactor {
        SlashingFactor::of_magnitude(self.max_magnitude())
    }

    /// Lowers the max magnitude to `magnitude`, at most [`WAD`].
    pub const fn set_max_magnitude(&mut self, magnitude: u64) {
        self.lost_magnitude = WAD.saturating_sub(magnitude);
    }
}

/// The strategy at a place of a staker's list.
///
/// # Errors
/// Out of gas, or the node's.
pub fn listed_strategy<V: View + ?Sized>(view: &mut V, staker: Address, place: u8) -> Result<Address, Fatal> {
    STRATEGY_LIST.get(view, (staker, u64::from(place)))
}

/// Writes a place of a staker's list; zero clears it.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub fn list_strategy(
    host: &mut dyn Host,
    staker: Address,
    place: u8,
    strategy: Address,
) -> Result<(), Fatal> {
    STRATEGY_LIST.set(host, (staker, u64::from(place)), strategy)
}

fn halves(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

fn whole(low: u64, high: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}

fn read<V: View + ?Sized, K: Key>(
    view: &mut V,
    wide_slots: &Map<K, U256>,
    key: K,
    is_wide: bool,
    field: u128,
) -> Result<U256, Fatal> {
    if is_wide { wide_slots.get(view, key) } else { Ok(U256::from(field)) }
}

/// Puts a value into its wide slot if it needs one, and clears a wide slot no longer needed. Answers with what the
/// field holds and whether the wide slot is used.
pub(crate) fn write<K: Key>(
    host: &mut dyn Host,
    wide_slots: &Map<K, U256>,
    key: K,
    was_wide: bool,
    value: U256,
    field_bits: usize,
) -> Result<(u128, bool), Fatal> {
    if value.bit_len() > field_bits {
        wide_slots.set(host, key, value)?;
        return Ok((0, true));
    }
    if was_wide {
        wide_slots.set(host, key, U256::ZERO)?;
    }
    let [low, high, ..] = *value.as_limbs();
    Ok((whole(low, high), false))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]
mod tests {
    use super::*;
    use crate::testkit::chain;
    use proptest::prelude::*;

    const OWNER: Address = Address::repeat_byte(0x11);
    const STRATEGY: Address = Address::repeat_byte(0x22);

    /// Any number of any length, and the ends of the fields.
    fn amount() -> impl Strategy<Value = U256> {
        let any_length = (any::<[u64; 4]>(), 0usize..=256)
            .prop_map(|(limbs, bits)| U256::from_limbs(limbs).wrapping_shr(256 - bits));
        let edge = (0usize..256, -1i8..=1).prop_map(|(bits, step)| match step {
            -1 => (U256::ONE << bits) - U256::ONE,
            0 => U256::ONE << bits,
            _ => (U256::ONE << bits) + U256::ONE,
        });
        prop_oneof![any_length, edge, Just(U256::MAX), Just(U256::ZERO)]
    }

    proptest! {
        #[test]
        fn a_position_keeps_every_amount_and_leaves_nothing_behind(
            amounts in prop::collection::vec((amount(), amount()), 1..6),
        ) {
            let mut chain = chain();
            let clean = chain.accounts.clone();
            for (shares, scaling) in amounts.into_iter().chain([(U256::ZERO, U256::ZERO)]) {
                let read = chain.run(HOME, |host| {
                    let mut position = Position::load(host, OWNER, STRATEGY)?;
                    position.shares = DepositShares(shares);
                    position.scaling = ScalingFactor(scaling);
                    position.store(host, OWNER, STRATEGY)?;
                    Ok(Position::load(host, OWNER, STRATEGY)?)
                });
                let read = read.unwrap();
                prop_assert_eq!((read.shares.0, read.scaling.0), (shares, scaling));
            }
            prop_assert_eq!(without_zeros(&chain.accounts[&HOME].storage), without_zeros(&clean[&HOME].storage));
        }

        #[test]
        fn an_operator_keeps_every_amount_and_leaves_nothing_behind(
            rows in prop::collection::vec((amount(), 0..=WAD, 0..=WAD), 1..6),
        ) {
            let mut chain = chain();
            for (shares, magnitude, encumbered) in rows.into_iter().chain([(U256::ZERO, WAD, 0)]) {
                let read = chain.run(HOME, |host| {
                    let mut operator = Operator::load(host, OWNER, STRATEGY)?;
                    operator.shares = OperatorShares(shares);
                    operator.set_max_magnitude(magnitude);
                    operator.encumbered_magnitude = encumbered;
                    operator.store(host, OWNER, STRATEGY)?;
                    Ok(Operator::load(host, OWNER, STRATEGY)?)
                });
                let read = read.unwrap();
                let fields = (read.shares.0, read.max_magnitude(), read.encumbered_magnitude);
                prop_assert_eq!(fields, (shares, magnitude, encumbered));
            }
            prop_assert!(without_zeros(&chain.accounts[&HOME].storage).is_empty());
        }

        #[test]
        fn a_stakers_row_keeps_every_field(
            link in any::<[u8; 20]>(),
            is_operator: bool,
            strategies: u8,
            open_withdrawals: u32,
            has_beacon_shares: bool,
            has_policy: bool,
            is_watched: bool,
            nonce in 0..NONCE_LIMIT,
        ) {
            let link = link.into();
            let row = Staker {
                link, is_operator, strategies, open_withdrawals, has_beacon_shares, has_policy, is_watched, nonce,
            };
            prop_assert_eq!(Staker::from_word(row.to_word()), row);
        }
    }

    fn without_zeros(storage: &std::collections::BTreeMap<U256, U256>) -> Vec<(U256, U256)> {
        storage.iter().filter(|(_, value)| !value.is_zero()).map(|(slot, value)| (*slot, *value)).collect()
    }

    #[test]
    fn an_operator_is_its_own_and_its_link_is_its_approver() {
        let (owner, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let mut row = Staker::default();
        assert_eq!((row.is_delegated(), row.operator(owner)), (false, Address::ZERO));
        row.delegate(other);
        assert_eq!((row.operator(owner), row.approver(), row.is_operator()), (other, Address::ZERO, false));
        let mut row = Staker::default();
        row.set_approver(Address::ZERO);
        assert_eq!((row.is_delegated(), row.operator(owner), row.approver()), (true, owner, Address::ZERO));
        row.set_approver(other);
        assert_eq!((row.operator(owner), row.approver()), (owner, other));
    }
}
