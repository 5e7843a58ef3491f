//! The arithmetic of slashing as pure functions: how the four kinds of share turn into each other, and how a cut of
//! magnitude becomes a loss. Divisions are never merged and roundings never moved (restaking-core §1.2).

use crate::{
    host::{Result, require},
    math::{WAD_U256, add, div_wad, mul_div_up, mul_wad, sub},
};
use alloy_primitives::U256;
use types::{
    Rules,
    abi::IDelegationManager::InvalidDepositScalingFactor,
    units::{DepositShares, OperatorShares, ScaledShares, WAD, WithdrawableShares},
};

/// A staker's deposit scaling factor `k` in a strategy: what one deposit share counts before magnitude, with 18
/// decimals. May exceed one. Stored zero reads as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalingFactor(pub U256);

impl ScalingFactor {
    /// The factor of a position that no slash has touched.
    pub const UNSET: Self = Self(U256::ZERO);

    /// The factor to calculate with.
    pub fn value(self) -> U256 {
        if self.0.is_zero() { WAD_U256 } else { self.0 }
    }

    /// The factor after `added` shares came on top of `before`; a delegation passes `before = 0`.
    ///
    /// # Errors
    /// `InvalidDepositScalingFactor` if it would round to nothing (not in the slashing release), `Panic(0x11)`,
    /// `Panic(0x12)` for a factor `f` of zero.
    pub fn after(
        self,
        before: DepositShares,
        added: DepositShares,
        f: SlashingFactor,
        rules: Rules,
    ) -> Result<Self> {
        if before.is_zero() {
            return Ok(Self::of(div_wad(self.value(), f.value())?));
        }
        let current = withdrawable(before, self, f)?;
        let shares = add(current.0, added.0)?;
        let deposits = add(before.0, added.0)?;
        let updated = div_wad(div_wad(shares, deposits)?, f.value())?;
        let kept = !updated.is_zero() || rules == Rules::Slashing2025;
        require(kept, InvalidDepositScalingFactor {})?;
        Ok(Self::of(updated))
    }

    /// The factor of a value. One is stored as zero, so that a position that no slash has touched stays as it is.
    fn of(value: U256) -> Self {
        if value == WAD_U256 { Self::UNSET } else { Self(value) }
    }
}

/// What slashes have left of a share, with 18 decimals: the operator's max magnitude, for the beacon strategy times
/// the staker's beacon chain factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlashingFactor(u64);

impl SlashingFactor {
    /// Nothing lost.
    pub const FULL: Self = Self(WAD);

    /// The factor of a max magnitude.
    pub const fn of_magnitude(max_magnitude: u64) -> Self {
        Self(max_magnitude)
    }

    /// This factor times `other`, rounded down.
    pub fn times(self, other: Self) -> Self {
        const ONE: u128 = WAD as u128;
        let product = u128::from(self.0).saturating_mul(u128::from(other.0));
        Self(u64::try_from(product / ONE).unwrap_or(u64::MAX))
    }

    /// Whether everything is lost.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    fn value(self) -> U256 {
        U256::from(self.0)
    }
}

/// `a = ⌊⌊s · k⌋ · f⌋`.
///
/// # Errors
/// `Math: mulDiv overflow`.
pub fn withdrawable(s: DepositShares, k: ScalingFactor, f: SlashingFactor) -> Result<WithdrawableShares> {
    completed(scaled(s, k)?, f)
}

/// `c = ⌊s · k⌋`: what a queued withdrawal records.
///
/// # Errors
/// `Math: mulDiv overflow`.
pub fn scaled(s: DepositShares, k: ScalingFactor) -> Result<ScaledShares> {
    Ok(ScaledShares(mul_wad(s.0, k.value())?))
}

/// `⌊c · f⌋`: what a queued withdrawal pays.
///
/// # Errors
/// `Math: mulDiv overflow`.
pub fn completed(c: ScaledShares, f: SlashingFactor) -> Result<WithdrawableShares> {
    Ok(WithdrawableShares(mul_wad(c.0, f.value())?))
}

/// `s = ⌊⌊a / k⌋ / f⌋`: about how many deposit shares are worth `a` now.
///
/// # Errors
/// `Math: mulDiv overflow`, `Panic(0x12)` if all is lost.
pub fn deposited(a: WithdrawableShares, k: ScalingFactor, f: SlashingFactor) -> Result<DepositShares> {
    Ok(DepositShares(div_wad(div_wad(a.0, k.value())?, f.value())?))
}

/// What the queue's history counts for a withdrawal of scaled shares `c`, worth `a`. Version 1.13.1 counts only what
/// left the operator's shares, so that no slash burns the rounding twice (ELIP-019, R22).
///
/// # Errors
/// `Math: mulDiv overflow`.
pub fn queued(
    c: ScaledShares,
    a: WithdrawableShares,
    f: SlashingFactor,
    rules: Rules,
) -> Result<ScaledShares> {
    match rules {
        Rules::Pinned | Rules::Slashing2025 => Ok(c),
        Rules::Mainnet if f.is_zero() => Ok(ScaledShares::ZERO),
        Rules::Mainnet => Ok(ScaledShares(div_wad(a.0, f.value())?)),
    }
}

/// What an operator's shares lose when its max magnitude falls: what remains is rounded up.
///
/// # Errors
/// `Panic(0x12)` for a magnitude of zero before, `Panic(0x11)` if it rises.
pub fn operator_loss(shares: OperatorShares, before: u64, after: u64) -> Result<OperatorShares> {
    let kept = mul_div_up(shares.0, U256::from(after), U256::from(before))?;
    Ok(OperatorShares(sub(shares.0, kept)?))
}

/// What withdrawals still in their slashable window lose together when the max magnitude falls.
///
/// # Errors
/// As [`operator_loss`].
pub fn queue_loss(in_window: ScaledShares, before: u64, after: u64, rules: Rules) -> Result<OperatorShares> {
    if rules == Rules::Slashing2025 {
        let cut = sub(U256::from(before), U256::from(after))?;
        return Ok(OperatorShares(mul_wad(in_window.0, cut)?));
    }
    if before == 0 {
        return Ok(OperatorShares::ZERO);
    }
    let worth = completed(in_window, SlashingFactor::of_magnitude(before))?;
    operator_loss(OperatorShares(worth.0), before, after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::panic;
    use alloy_sol_types::PanicKind;

    const HALF: u64 = WAD / 2;

    fn deposits(shares: u64) -> DepositShares {
        DepositShares(U256::from(shares))
    }

    fn after(k: u128, before: u64, added: u64, f: u64) -> u128 {
        let k = ScalingFactor(U256::from(k));
        let f = SlashingFactor::of_magnitude(f);
        k.after(deposits(before), deposits(added), f, Rules::Pinned).expect("a factor").0.to()
    }

    fn worth(s: u64, k: u128, f: u64) -> u64 {
        let k = ScalingFactor(U256::from(k));
        withdrawable(deposits(s), k, SlashingFactor::of_magnitude(f)).expect("shares").0.to()
    }

    #[test]
    fn a_deposit_under_a_slashed_operator_raises_the_scaling_factor() {
        let k = after(0, 1000, 500, HALF);
        assert_eq!(k, 1_333_333_333_333_333_332, "R5");
        assert_eq!(worth(1500, k, HALF), 999, "R5");
    }

    #[test]
    fn the_first_deposit_inverts_the_magnitude() {
        let third = 333_333_333_333_333_333;
        let k = after(0, 0, 1000, third);
        assert_eq!((k, worth(1000, k, third)), (3_000_000_000_000_000_003, 999), "R6");
        let k = after(k, 1000, 1000, third);
        assert_eq!((k, worth(2000, k, third)), (2_998_500_000_000_000_002, 1998), "R6");
    }

    #[test]
    fn a_dust_deposit_can_add_nothing() {
        let third = 333_333_333_333_333_333;
        let k = after(0, 0, 1_000_000, third);
        assert_eq!(worth(1_000_000, k, third), 999_999, "R7");
        let k = after(k, 1_000_000, 1, third);
        assert_eq!((k, worth(1_000_001, k, third)), (2_999_997_000_002_999_999, 999_999), "R7");
    }

    #[test]
    fn a_scaling_factor_that_rounds_to_nothing_is_refused_but_by_the_slashing_release() {
        let below_one = ScalingFactor(U256::from(WAD - 1));
        let tiny = SlashingFactor::of_magnitude(1);
        let (before, added) = (deposits(WAD), deposits(1));
        let refused = below_one.after(before, added, tiny, Rules::Pinned);
        assert_eq!(refused, crate::host::revert(InvalidDepositScalingFactor {}));
        let stored = below_one.after(before, added, tiny, Rules::Slashing2025).expect("zero");
        assert_eq!((stored, stored.value()), (ScalingFactor::UNSET, WAD_U256));
    }

    #[test]
    fn two_formulas_for_the_queue() {
        let loss = |rules| {
            let in_window = ScaledShares(U256::from(5));
            queue_loss(in_window, 900_000_000_000_000_000, 300_000_000_000_000_000, rules).expect("a loss").0
        };
        assert_eq!(loss(Rules::Pinned), U256::from(2), "R33");
        assert_eq!(loss(Rules::Slashing2025), U256::from(3), "R33");
    }

    #[test]
    fn the_operators_remainder_rounds_up() {
        let loss = operator_loss(OperatorShares(U256::from(1000)), WAD, 833_333_333_333_333_333);
        assert_eq!(loss, Ok(OperatorShares(U256::from(166))), "R2");
        assert_eq!(operator_loss(OperatorShares(U256::ONE), 0, 0), Err(panic(PanicKind::DivisionByZero)));
    }

    #[test]
    fn the_history_counts_dust_only_in_the_old_profiles() {
        let (c, a) = (ScaledShares(U256::ONE), WithdrawableShares::ZERO);
        let f = SlashingFactor::of_magnitude(HALF);
        assert_eq!(queued(c, a, f, Rules::Pinned), Ok(c), "R22");
        assert_eq!(queued(c, a, f, Rules::Mainnet), Ok(ScaledShares::ZERO), "R22");
    }
}
