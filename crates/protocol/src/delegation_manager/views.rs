//! What DelegationManager tells.

use super::{
    DELEGATION_APPROVAL_TYPEHASH, SPENT_SALTS,
    completing::factor_at,
    pods,
    queue::{self, slashable_until, withdrawal_root},
    slashes::slashable_in_queue,
};
use crate::{
    eip712,
    history::now,
    host::{Result, View},
    ledger::{Operator, Position, STAKERS, Staker},
    math::panic,
    slashing::{SlashingFactor, completed, deposited, withdrawable},
    strategy_manager::strategies_of,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::PanicKind;
use types::{
    abi::IDelegationManager::{
        DELEGATION_APPROVAL_TYPEHASHCall, Withdrawal, calculateWithdrawalRootCall,
        convertToDepositSharesCall, cumulativeWithdrawalsQueuedCall, delegatedToCall, delegationApproverCall,
        delegationApproverSaltIsSpentCall, depositScalingFactorCall, domainSeparatorCall,
        getDepositedSharesCall, getOperatorSharesCall, getOperatorsSharesCall, getQueuedWithdrawalCall,
        getQueuedWithdrawalRootsCall, getQueuedWithdrawalsCall, getSlashableSharesInQueueCall,
        getWithdrawableSharesCall, isDelegatedCall, isOperatorCall, minWithdrawalDelayBlocksCall,
        operatorSharesCall, pendingWithdrawalsCall, queuedWithdrawalsCall, versionCall,
    },
    addresses::BEACON_STRATEGY,
    units::{DepositShares, ScaledShares, WithdrawableShares},
};

/// A staker's strategies with its position and its deposit shares in each: the list's, then the beacon strategy if
/// it holds any of it.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn deposits_of<V: View + ?Sized>(
    view: &mut V,
    staker: Address,
    row: &Staker,
) -> Result<Vec<(Address, Position, DepositShares)>> {
    let listed = strategies_of(view, staker, row.strategies)?;
    let mut deposits = Vec::with_capacity(listed.len().saturating_add(1));
    for strategy in listed {
        let position = Position::load(view, staker, strategy)?;
        deposits.push((strategy, position, position.shares));
    }
    if row.has_beacon_shares {
        let position = Position::load(view, staker, BEACON_STRATEGY)?;
        deposits.push((BEACON_STRATEGY, position, position.shares));
    }
    Ok(deposits)
}

/// Whether an account is an operator.
///
/// # Errors
/// Out of gas, or the node's.
pub fn is_operator<V: View + ?Sized>(view: &mut V, call: isOperatorCall) -> Result<bool> {
    Ok(STAKERS.get(view, call.operator)?.is_operator())
}

/// What slashes left by now of a staker's shares under `operator`.
fn factor_now(
    view: &mut dyn View,
    staker: Address,
    operator: Address,
    strategy: Address,
) -> Result<SlashingFactor> {
    let beacon = pods::slashing_factor(view, staker, strategy)?;
    if operator.is_zero() {
        return Ok(beacon);
    }
    Ok(Operator::load(view, operator, strategy)?.slashing_factor().times(beacon))
}

pub(super) fn delegated_to(view: &mut dyn View, call: delegatedToCall) -> Result<Address> {
    Ok(STAKERS.get(view, call.staker)?.operator(call.staker))
}

pub(super) fn is_delegated(view: &mut dyn View, call: isDelegatedCall) -> Result<bool> {
    Ok(STAKERS.get(view, call.staker)?.is_delegated())
}

pub(super) fn delegation_approver(view: &mut dyn View, call: delegationApproverCall) -> Result<Address> {
    Ok(STAKERS.get(view, call.operator)?.approver())
}

pub(super) fn is_salt_spent(view: &mut dyn View, call: delegationApproverSaltIsSpentCall) -> Result<bool> {
    Ok(SPENT_SALTS.get(view, (call.delegationApprover, call.salt))?)
}

pub(super) fn withdrawals_queued(view: &mut dyn View, call: cumulativeWithdrawalsQueuedCall) -> Result<U256> {
    Ok(U256::from(STAKERS.get(view, call.staker)?.nonce))
}

pub(super) fn is_pending(view: &mut dyn View, call: pendingWithdrawalsCall) -> Result<bool> {
    Ok(queue::find(view, call.withdrawalRoot)?.is_some())
}

pub(super) fn operator_shares(view: &mut dyn View, call: operatorSharesCall) -> Result<U256> {
    Ok(Operator::load(view, call.operator, call.strategy)?.shares.0)
}

pub(super) fn operator_shares_in(view: &mut dyn View, call: getOperatorSharesCall) -> Result<Vec<U256>> {
    let shares = |strategy| Ok(Operator::load(view, call.operator, strategy)?.shares.0);
    call.strategies.into_iter().map(shares).collect()
}

pub(super) fn operators_shares(view: &mut dyn View, call: getOperatorsSharesCall) -> Result<Vec<Vec<U256>>> {
    let getOperatorsSharesCall { operators, strategies } = call;
    let shares = |operator| {
        operator_shares_in(view, getOperatorSharesCall { operator, strategies: strategies.clone() })
    };
    operators.into_iter().map(shares).collect()
}

pub(super) fn deposit_scaling_factor(view: &mut dyn View, call: depositScalingFactorCall) -> Result<U256> {
    Ok(Position::load(view, call.staker, call.strategy)?.scaling.value())
}

pub(super) fn withdrawable_shares(
    view: &mut dyn View,
    call: getWithdrawableSharesCall,
) -> Result<(Vec<U256>, Vec<U256>)> {
    let staker = call.staker;
    let operator = STAKERS.get(view, staker)?.operator(staker);
    let shares = |strategy| {
        let f = factor_now(view, staker, operator, strategy)?;
        let position = Position::load(view, staker, strategy)?;
        Ok((withdrawable(position.shares, position.scaling, f)?.0, position.shares.0))
    };
    call.strategies.into_iter().map(shares).collect()
}

pub(super) fn deposited_shares(
    view: &mut dyn View,
    call: getDepositedSharesCall,
) -> Result<(Vec<Address>, Vec<U256>)> {
    let row = STAKERS.get(view, call.staker)?;
    let deposits = deposits_of(view, call.staker, &row)?;
    Ok(deposits.into_iter().map(|(strategy, _, deposited)| (strategy, deposited.0)).unzip())
}

pub(super) fn convert_to_deposit_shares(
    view: &mut dyn View,
    call: convertToDepositSharesCall,
) -> Result<Vec<U256>> {
    let convertToDepositSharesCall { staker, strategies, withdrawableShares } = call;
    let operator = STAKERS.get(view, staker)?.operator(staker);
    let mut amounts = withdrawableShares.into_iter();
    let convert = |strategy| {
        let f = factor_now(view, staker, operator, strategy)?;
        let k = Position::load(view, staker, strategy)?.scaling;
        let amount = amounts.next().ok_or_else(|| panic(PanicKind::ArrayOutOfBounds))?;
        Ok(deposited(WithdrawableShares(amount), k, f)?.0)
    };
    strategies.into_iter().map(convert).collect()
}

pub(super) fn slashable_shares_in_queue(
    view: &mut dyn View,
    call: getSlashableSharesInQueueCall,
) -> Result<U256> {
    let getSlashableSharesInQueueCall { operator, strategy } = call;
    let magnitude = Operator::load(view, operator, strategy)?.max_magnitude();
    Ok(slashable_in_queue(view, operator, strategy, magnitude, 0)?.0)
}

pub(super) fn queued_withdrawal(view: &mut dyn View, call: queuedWithdrawalsCall) -> Result<Withdrawal> {
    stored(view, call.withdrawalRoot)
}

pub(super) fn queued_withdrawal_and_shares(
    view: &mut dyn View,
    call: getQueuedWithdrawalCall,
) -> Result<(Withdrawal, Vec<U256>)> {
    let withdrawal = stored(view, call.withdrawalRoot)?;
    let shares = shares_of(view, &withdrawal)?;
    Ok((withdrawal, shares))
}

pub(super) fn queued_withdrawals(
    view: &mut dyn View,
    call: getQueuedWithdrawalsCall,
) -> Result<(Vec<Withdrawal>, Vec<Vec<U256>>)> {
    let withdrawals = queue::all_of(view, call.staker)?;
    let shares: Result<Vec<_>> = withdrawals.iter().map(|withdrawal| shares_of(view, withdrawal)).collect();
    Ok((withdrawals, shares?))
}

pub(super) fn queued_withdrawal_roots(
    view: &mut dyn View,
    call: getQueuedWithdrawalRootsCall,
) -> Result<Vec<B256>> {
    let withdrawals = queue::all_of(view, call.staker)?;
    withdrawals.iter().map(|withdrawal| Ok(withdrawal_root(view, withdrawal)?)).collect()
}

/// The withdrawal of a pending root, else the empty one.
fn stored(view: &mut dyn View, root: B256) -> Result<Withdrawal> {
    let Some((staker, index)) = queue::find(view, root)? else {
        return Ok(Withdrawal {
            staker: Address::ZERO,
            delegatedTo: Address::ZERO,
            withdrawer: Address::ZERO,
            nonce: U256::ZERO,
            startBlock: 0,
            strategies: Vec::new(),
            scaledShares: Vec::new(),
        });
    };
    Ok(queue::read(view, staker, index)?)
}

/// What a withdrawal pays: fixed once its window is over, today's figure until then (R45).
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn shares_of(view: &mut dyn View, withdrawal: &Withdrawal) -> Result<Vec<U256>> {
    let Withdrawal { staker, delegatedTo: operator, startBlock, strategies, scaledShares, .. } = withdrawal;
    let until = slashable_until(view, *startBlock)?;
    let is_fixed = until < now(view);
    let shares = |(strategy, scaled): (&Address, &U256)| {
        let f = match is_fixed {
            true => factor_at(view, *staker, *operator, *strategy, until)?,
            false => factor_now(view, *staker, *operator, *strategy)?,
        };
        Ok(completed(ScaledShares(*scaled), f)?.0)
    };
    strategies.iter().zip(scaledShares).map(shares).collect()
}

pub(super) fn calculate_withdrawal_root(
    view: &mut dyn View,
    call: calculateWithdrawalRootCall,
) -> Result<B256> {
    Ok(withdrawal_root(view, &call.withdrawal)?)
}

pub(super) fn min_withdrawal_delay_blocks(
    view: &mut dyn View,
    _: minWithdrawalDelayBlocksCall,
) -> Result<u32> {
    Ok(view.params().withdrawal_delay_blocks)
}

pub(super) fn approval_typehash(_: &mut dyn View, _: DELEGATION_APPROVAL_TYPEHASHCall) -> Result<B256> {
    Ok(DELEGATION_APPROVAL_TYPEHASH)
}

pub(super) fn domain_separator(view: &mut dyn View, _: domainSeparatorCall) -> Result<B256> {
    Ok(eip712::domain_separator(view)?)
}

pub(super) fn version(view: &mut dyn View, _: versionCall) -> Result<String> {
    Ok(view.params().rules.version().into())
}
