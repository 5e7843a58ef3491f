//! All that a staker has: what is deposited, what waits in the queue, and who can take how much of both.

use super::{
    allocated_sets, allocated_strategies,
    exposure::Link,
    preview::{Stake, queued_worth},
    set_of,
};
use crate::{
    delegation_manager::{deposits_of, shares_of, slashable_until, withdrawal_root, withdrawals_of},
    history::now,
    host::{Result, View},
    ledger::{Operator, STAKERS},
    math::sub,
};
use alloy_primitives::{Address, B256, U256};
use types::abi::{
    IDelegationManager::Withdrawal,
    ILens::{Holding, Position, QueuedWithdrawal, Risk},
};

/// A staker's whole position; empty for an account that nobody knows.
///
/// # Errors
/// Out of gas, or the node's.
pub fn position(view: &mut dyn View, staker: Address) -> Result<Position> {
    let row = STAKERS.get(view, staker)?;
    let operator = row.operator(staker);
    let mut stakes = Vec::new();
    for (strategy, position, _) in deposits_of(view, staker, &row)? {
        stakes.push(Stake::of(view, staker, operator, strategy, position)?);
    }
    let withdrawals = withdrawals_of(view, staker)?;
    let holdings = stakes.iter().map(holding).collect::<Result<_>>()?;
    let risks = risks(view, &stakes, &withdrawals, staker, operator)?;
    let queued = withdrawals.iter().map(|withdrawal| queued(view, withdrawal)).collect::<Result<_>>()?;
    Ok(Position {
        staker,
        blockNumber: view.block().number,
        operator,
        isOperator: row.is_operator(),
        holdings,
        queued,
        risks,
    })
}

fn holding(stake: &Stake) -> Result<Holding> {
    Ok(Holding {
        strategy: stake.strategy,
        depositShares: stake.position.shares.0,
        scalingFactor: stake.position.scaling.value(),
        withdrawableShares: stake.worth(stake.max_magnitude)?,
    })
}

fn queued(view: &mut dyn View, withdrawal: &Withdrawal) -> Result<QueuedWithdrawal> {
    let until = slashable_until(view, withdrawal.startBlock)?;
    Ok(QueuedWithdrawal {
        root: withdrawal_root(view, withdrawal)?,
        operator: withdrawal.delegatedTo,
        startBlock: withdrawal.startBlock,
        slashableUntilBlock: until,
        completableBlock: until.saturating_add(1),
        withdrawableShares: shares_of(view, withdrawal)?,
        strategies: withdrawal.strategies.clone(),
        scaledShares: withdrawal.scaledShares.clone(),
    })
}

/// What each set can take: of the operator's, and of those whose slashes what waits in the queue can still suffer.
fn risks(
    view: &mut dyn View,
    stakes: &[Stake],
    withdrawals: &[Withdrawal],
    staker: Address,
    operator: Address,
) -> Result<Vec<Risk>> {
    let mut operators = vec![operator];
    for withdrawal in withdrawals {
        if now(view) <= slashable_until(view, withdrawal.startBlock)? {
            operators.push(withdrawal.delegatedTo);
        }
    }
    let mut risks = Vec::new();
    for (index, operator) in operators.iter().enumerate() {
        if operator.is_zero() || operators.iter().take(index).any(|earlier| earlier == operator) {
            continue;
        }
        for set in allocated_sets(view, *operator)? {
            for strategy in allocated_strategies(view, *operator, set)? {
                let held =
                    stakes.iter().find(|stake| (stake.operator, stake.strategy) == (*operator, strategy));
                let source = Source { staker, operator: *operator, strategy, held, withdrawals };
                risks.extend(source.risk(view, set)?);
            }
        }
    }
    Ok(risks)
}

/// What a staker has under an operator in a strategy.
struct Source<'a> {
    staker: Address,
    operator: Address,
    strategy: Address,
    held: Option<&'a Stake>,
    withdrawals: &'a [Withdrawal],
}

impl Source<'_> {
    /// What a set can take of it; `None` if there is nothing to take, or nothing allocated.
    fn risk(&self, view: &mut dyn View, set: B256) -> Result<Option<Risk>> {
        let Self { staker, operator, strategy, held, withdrawals } = *self;
        let in_queue = |view: &mut dyn View, magnitude| {
            queued_worth(view, withdrawals, staker, operator, strategy, magnitude)
        };
        let max = Operator::load(view, operator, strategy)?.max_magnitude();
        let queued = in_queue(view, max)?;
        if held.is_none() && queued.is_none() {
            return Ok(None);
        }
        let Some(link) = Link::load(view, operator, set, strategy)? else { return Ok(None) };
        let is_slashable = link.can_slash(now(view));
        let taken = if is_slashable { link.row.current } else { 0 };
        let later = i128::from(link.row.current).saturating_add(link.row.pending.into());
        let later = u64::try_from(later).unwrap_or(0);
        let lost = |magnitude: u64| match held {
            Some(stake) => sub(stake.worth(max)?, stake.worth(max.saturating_sub(magnitude))?),
            None => Ok(U256::ZERO),
        };
        let (at_risk, pending_at_risk) = (lost(taken)?, lost(later)?);
        let left_in_queue = in_queue(view, max.saturating_sub(taken))?;
        let at_risk_in_queue = sub(queued.unwrap_or_default(), left_in_queue.unwrap_or_default())?;
        Ok(Some(Risk {
            operator,
            operatorSet: set_of(set),
            strategy,
            isSlashable: is_slashable,
            redistributes: link.redistributes,
            slashableUntilBlock: link.slashable_until(),
            currentMagnitude: link.row.current,
            pendingDiff: link.row.pending.into(),
            effectBlock: link.row.effect_block,
            atRiskShares: at_risk,
            atRiskQueuedShares: at_risk_in_queue,
            pendingAtRiskShares: pending_at_risk,
        }))
    }
}
