//! What a slash would do, to an operator and to one of its stakers, by the same arithmetic that slashes.

use super::key;
use crate::{
    allocation_manager::{Cut, preview_slash as preview_cuts},
    delegation_manager::{beacon_factor, slashable_in_queue, slashable_until, withdrawals_of},
    history::now,
    host::{Result, View},
    ledger::{Operator, Position, STAKERS},
    math::{add, sub},
    slashing::{SlashingFactor, completed, operator_loss, withdrawable},
};
use alloy_primitives::{Address, U256};
use types::{
    abi::{
        IDelegationManager::Withdrawal,
        ILens::{OperatorSet, SlashEffect, SlashingParams, StakerEffect},
    },
    units::ScaledShares,
};

/// What a slash would do to an operator, by strategy.
///
/// # Errors
/// Those that the slash would meet, but for who may slash: `InputArrayLengthMismatch`, `InvalidOperatorSet`,
/// `OperatorNotSlashable`, `StrategiesMustBeInAscendingOrder`, `InvalidWadToSlash`, `StrategyNotInOperatorSet`.
pub fn preview_slash(view: &mut dyn View, avs: Address, params: &SlashingParams) -> Result<Vec<SlashEffect>> {
    let operator = params.operator;
    let cuts = cuts(view, avs, params)?;
    let effect = |(strategy, cut): (Address, Option<Cut>)| {
        let stake = Operator::load(view, operator, strategy)?;
        let Some(Cut { before, after, part, .. }) = cut else {
            let magnitude = stake.max_magnitude();
            return Ok(SlashEffect {
                strategy,
                maxMagnitudeBefore: magnitude,
                maxMagnitudeAfter: magnitude,
                ..SlashEffect::default()
            });
        };
        Ok(SlashEffect {
            strategy,
            wadSlashed: part,
            maxMagnitudeBefore: before,
            maxMagnitudeAfter: after,
            operatorSharesLost: operator_loss(stake.shares, before, after)?.0,
            queuedSharesLost: slashable_in_queue(view, operator, strategy, before, after)?.0,
        })
    };
    cuts.into_iter().map(effect).collect()
}

/// What a slash would do to a staker, by strategy: to what it has deposited under the operator, and to what waits in
/// the queue and can still be slashed. Nothing to a staker of somebody else.
///
/// # Errors
/// As [`preview_slash`].
pub fn preview_slash_for(
    view: &mut dyn View,
    staker: Address,
    avs: Address,
    params: &SlashingParams,
) -> Result<Vec<StakerEffect>> {
    let operator = params.operator;
    let is_delegated = STAKERS.get(view, staker)?.operator(staker) == operator;
    let withdrawals = withdrawals_of(view, staker)?;
    let cuts = cuts(view, avs, params)?;
    let effect = |(strategy, cut): (Address, Option<Cut>)| {
        let magnitude = Operator::load(view, operator, strategy)?.max_magnitude();
        let (before, after) = cut.map_or((magnitude, magnitude), |cut| (cut.before, cut.after));
        let position = Position::load(view, staker, strategy)?;
        let stake = Stake::of(view, staker, operator, strategy, position)?;
        let queued = |view: &mut dyn View, magnitude| {
            queued_worth(view, &withdrawals, staker, operator, strategy, magnitude)
        };
        let worth = |magnitude| if is_delegated { stake.worth(magnitude) } else { Ok(U256::ZERO) };
        Ok(StakerEffect {
            strategy,
            withdrawableBefore: worth(before)?,
            withdrawableAfter: worth(after)?,
            queuedBefore: queued(view, before)?.unwrap_or_default(),
            queuedAfter: queued(view, after)?.unwrap_or_default(),
        })
    };
    cuts.into_iter().map(effect).collect()
}

fn cuts(view: &mut dyn View, avs: Address, params: &SlashingParams) -> Result<Vec<(Address, Option<Cut>)>> {
    let SlashingParams { operator, operatorSetId: id, strategies, wadsToSlash } = params;
    let set = key(&OperatorSet { avs, id: *id });
    let cuts = preview_cuts(view, set, *operator, strategies, wadsToSlash)?;
    Ok(strategies.iter().copied().zip(cuts).collect())
}

/// A staker's deposited stake in a strategy, and what its worth depends on.
pub(crate) struct Stake {
    /// Zero if nobody's.
    pub operator: Address,
    pub strategy: Address,
    pub position: Position,
    /// The operator's.
    pub max_magnitude: u64,
    beacon: SlashingFactor,
}

impl Stake {
    /// Reads what is missing.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn of(
        view: &mut dyn View,
        staker: Address,
        operator: Address,
        strategy: Address,
        position: Position,
    ) -> Result<Self> {
        let beacon = beacon_factor(view, staker, strategy)?;
        // The zero address has full magnitude.
        let max_magnitude = Operator::load(view, operator, strategy)?.max_magnitude();
        Ok(Self { operator, strategy, position, max_magnitude, beacon })
    }

    /// What a withdrawal loses in the strategy when the max magnitude falls.
    ///
    /// # Errors
    /// `Math: mulDiv overflow`, `Panic(0x11)`.
    pub fn lost_in(&self, withdrawal: &Withdrawal, before: u64, after: u64) -> Result<U256> {
        let mut lost = U256::ZERO;
        for (strategy, scaled) in withdrawal.strategies.iter().zip(&withdrawal.scaledShares) {
            if *strategy == self.strategy {
                let worth = |magnitude| -> Result<U256> {
                    let factor = SlashingFactor::of_magnitude(magnitude).times(self.beacon);
                    Ok(completed(ScaledShares(*scaled), factor)?.0)
                };
                lost = add(lost, sub(worth(before)?, worth(after)?)?)?;
            }
        }
        Ok(lost)
    }

    /// What it would be worth at a max magnitude.
    ///
    /// # Errors
    /// `Math: mulDiv overflow`.
    pub fn worth(&self, max_magnitude: u64) -> Result<U256> {
        let factor = SlashingFactor::of_magnitude(max_magnitude).times(self.beacon);
        Ok(withdrawable(self.position.shares, self.position.scaling, factor)?.0)
    }
}

/// What withdrawals that an operator's slashes can still reach would pay in a strategy at a max magnitude; `None` if
/// there are none.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn queued_worth(
    view: &mut dyn View,
    withdrawals: &[Withdrawal],
    staker: Address,
    operator: Address,
    strategy: Address,
    max_magnitude: u64,
) -> Result<Option<U256>> {
    let beacon = beacon_factor(view, staker, strategy)?;
    let factor = SlashingFactor::of_magnitude(max_magnitude).times(beacon);
    let mut sum = None;
    for withdrawal in withdrawals {
        let in_window = now(view) <= slashable_until(view, withdrawal.startBlock)?;
        if withdrawal.delegatedTo != operator || !in_window {
            continue;
        }
        for (of, scaled) in withdrawal.strategies.iter().zip(&withdrawal.scaledShares) {
            if *of == strategy {
                let worth = completed(ScaledShares(*scaled), factor)?;
                sum = Some(add(sum.unwrap_or_default(), worth.0)?);
            }
        }
    }
    Ok(sum)
}
