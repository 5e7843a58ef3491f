//! Stake leaves the queue, as tokens or back as shares, worth what the magnitude at the end of its window left.

use super::{
    PAUSED, PAUSED_EXIT_WITHDRAWAL_QUEUE,
    delegation::Increase,
    pods,
    queue::{self, slashable_until, withdrawal_root},
};
use crate::{
    guard::non_reentrant,
    history::{self, now},
    host::emit,
    host::{Host, Result, View, call_native, require},
    ledger::{Operator, Position, STAKERS},
    loss_notices::note_change,
    math::panic,
    pausable::require_running,
    slashing::{SlashingFactor, completed},
    strategy_manager,
};
use alloy_primitives::Address;
use alloy_sol_types::PanicKind;
use types::{
    abi::{
        IDelegationManager::{
            InputArrayLengthMismatch, SlashingWithdrawalCompleted, Withdrawal, WithdrawalDelayNotElapsed,
            WithdrawalNotQueued, WithdrawerNotCaller, completeQueuedWithdrawalCall,
            completeQueuedWithdrawalsCall,
        },
        IStrategyManager::{addSharesCall, withdrawSharesAsTokensCall},
    },
    addresses::STRATEGY_MANAGER,
    units::{DepositShares, ScaledShares, WAD, WithdrawableShares},
};

/// Completes one withdrawal of the caller.
///
/// # Errors
/// `CurrentlyPaused`, `ReentrancyGuard: reentrant call`, `InputArrayLengthMismatch`, `WithdrawerNotCaller`,
/// `WithdrawalNotQueued`, `WithdrawalDelayNotElapsed`, then the strategies'.
pub fn complete_queued_withdrawal(host: &mut dyn Host, call: completeQueuedWithdrawalCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_EXIT_WITHDRAWAL_QUEUE)?;
    let completeQueuedWithdrawalCall { withdrawal, tokens, receiveAsTokens: as_tokens } = call;
    non_reentrant(host, |host| complete(host, withdrawal, &tokens, as_tokens))
}

/// Completes several withdrawals of the caller. What the other lists have too many of is ignored.
///
/// # Errors
/// As [`complete_queued_withdrawal`], and `Panic(0x32)` for a list that is too short.
pub fn complete_queued_withdrawals(host: &mut dyn Host, call: completeQueuedWithdrawalsCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_EXIT_WITHDRAWAL_QUEUE)?;
    non_reentrant(host, |host| {
        let completeQueuedWithdrawalsCall { withdrawals, tokens, receiveAsTokens: as_tokens } = call;
        let out_of_bounds = || panic(PanicKind::ArrayOutOfBounds);
        for (index, withdrawal) in withdrawals.into_iter().enumerate() {
            let tokens = tokens.get(index).ok_or_else(out_of_bounds)?;
            let as_tokens = as_tokens.get(index).ok_or_else(out_of_bounds)?;
            complete(host, withdrawal, tokens, *as_tokens)?;
        }
        Ok(())
    })
}

fn complete(host: &mut dyn Host, withdrawal: Withdrawal, tokens: &[Address], as_tokens: bool) -> Result<()> {
    require(tokens.len() == withdrawal.strategies.len(), InputArrayLengthMismatch {})?;
    require(host.msg().sender == withdrawal.withdrawer, WithdrawerNotCaller {})?;
    let root = withdrawal_root(host, &withdrawal)?;
    let place = queue::find(host, root)?;
    require(place.is_some(), WithdrawalNotQueued {})?;
    let until = slashable_until(host, withdrawal.startBlock)?;
    require(now(host) > until, WithdrawalDelayNotElapsed {})?;

    let staker = withdrawal.staker;
    let mut row = STAKERS.get(host, staker)?;
    queue::remove(host, &mut row, root, &withdrawal)?;
    STAKERS.set(host, staker, row)?;
    note_change(host, staker, &row)?;
    emit(host, &SlashingWithdrawalCompleted { withdrawalRoot: root })?;

    let operator = row.operator(staker);
    let Withdrawal { delegatedTo, strategies, scaledShares, .. } = withdrawal;
    for ((strategy, scaled), token) in strategies.into_iter().zip(scaledShares).zip(tokens) {
        let factor = factor_at(host, staker, delegatedTo, strategy, until)?;
        let shares = completed(ScaledShares(scaled), factor)?;
        if shares.is_zero() {
            continue;
        }
        if as_tokens {
            pay_tokens(host, staker, strategy, *token, shares)?;
        } else {
            return_shares(host, staker, operator, strategy, shares)?;
        }
    }
    Ok(())
}

/// What slashes until `block` left of shares queued from `operator`. The beacon chain's part is today's.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn factor_at<V: View + ?Sized>(
    view: &mut V,
    staker: Address,
    operator: Address,
    strategy: Address,
    block: u32,
) -> Result<SlashingFactor> {
    let beacon = pods::slashing_factor(view, staker, strategy)?;
    if operator.is_zero() || Operator::load(view, operator, strategy)?.max_magnitude() == WAD {
        return Ok(beacon);
    }
    let magnitude = history::magnitude_at(view, operator, strategy, block)?;
    Ok(SlashingFactor::of_magnitude(magnitude).times(beacon))
}

fn pay_tokens(
    host: &mut dyn Host,
    staker: Address,
    strategy: Address,
    token: Address,
    shares: WithdrawableShares,
) -> Result<()> {
    if pods::is_beacon(strategy) {
        return pods::pay(host, staker, token, shares);
    }
    let call = withdrawSharesAsTokensCall { staker, strategy, token, shares: shares.0 };
    call_native(host, STRATEGY_MANAGER, call, |host, call| {
        strategy_manager::withdraw_shares_as_tokens(host, call)
    })
}

fn return_shares(
    host: &mut dyn Host,
    staker: Address,
    operator: Address,
    strategy: Address,
    shares: WithdrawableShares,
) -> Result<()> {
    let mut position = Position::default();
    let (before, added) = if pods::is_beacon(strategy) {
        pods::return_shares(host, staker, shares, &mut position)?
    } else {
        let call = addSharesCall { staker, strategy, shares: shares.0 };
        let (before, added) = call_native(host, STRATEGY_MANAGER, call, |host, call| {
            strategy_manager::credit(host, call, &mut position)
        })?;
        (DepositShares(before), DepositShares(added))
    };
    let beacon = pods::slashing_factor(host, staker, strategy)?;
    Increase { staker, operator, strategy, before, added, beacon }.apply(host, &mut position)?;
    Ok(position.store(host, staker, strategy)?)
}
