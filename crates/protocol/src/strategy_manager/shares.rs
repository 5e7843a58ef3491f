//! Deposit shares come and go. DelegationManager calls these verbs when stake enters or leaves the queue; it calls
//! the Rust functions with the ledger's rows in hand, so that each row is read and written once.

use super::{MAX_STAKER_STRATEGY_LIST_LENGTH, require_delegation_manager, strategies};
use crate::{
    guard::non_reentrant,
    host::{Host, Result, emit, require, revert},
    ledger::{Position, STAKERS, Staker, list_strategy, listed_strategy},
    math::{add, sub},
};
use alloy_primitives::{Address, U256};
use types::{
    abi::IStrategyManager::{
        Deposit, MaxStrategiesExceeded, SharesAmountTooHigh, SharesAmountZero, StakerAddressZero,
        StrategyNotFound, addSharesCall, removeDepositSharesCall, withdrawSharesAsTokensCall,
    },
    units::DepositShares,
};

/// The verb `addShares`: credits shares that come out of the queue.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, those of `add_to`.
pub fn add_shares(host: &mut dyn Host, call: addSharesCall) -> Result<(U256, U256)> {
    let addSharesCall { staker, strategy, .. } = call;
    let mut position = Position::default();
    let answer = credit(host, call, &mut position)?;
    position.store(host, staker, strategy)?;
    Ok(answer)
}

/// [`add_shares`], but the caller must store `position`, which is overwritten with the new one.
///
/// # Errors
/// As [`add_shares`].
pub fn credit(host: &mut dyn Host, call: addSharesCall, position: &mut Position) -> Result<(U256, U256)> {
    require_delegation_manager(host)?;
    non_reentrant(host, |host| {
        let addSharesCall { staker, strategy, shares } = call;
        let before;
        (before, *position) = add_to(host, staker, strategy, DepositShares(shares))?;
        Ok((before.0, shares))
    })
}

/// Adds shares and answers with those before and the new position, which the caller must store. The strategy need not
/// be on the whitelist.
///
/// # Errors
/// `StakerAddressZero`, `SharesAmountZero`, the strategy's, `MaxStrategiesExceeded`, `Panic(0x11)`.
pub(super) fn add_to(
    host: &mut dyn Host,
    staker: Address,
    strategy: Address,
    shares: DepositShares,
) -> Result<(DepositShares, Position)> {
    require(!staker.is_zero(), StakerAddressZero {})?;
    require(!shares.is_zero(), SharesAmountZero {})?;
    strategies::before_add_shares(host, strategy, staker, shares.0)?;
    let mut position = Position::load(host, staker, strategy)?;
    let before = position.shares;
    if before.is_zero() {
        let mut row = STAKERS.get(host, staker)?;
        require(row.strategies < MAX_STAKER_STRATEGY_LIST_LENGTH, MaxStrategiesExceeded {})?;
        list_strategy(host, staker, row.strategies, strategy)?;
        row.strategies = row.strategies.saturating_add(1);
        STAKERS.set(host, staker, row)?;
    }
    position.shares = DepositShares(add(before.0, shares.0)?);
    emit(host, &Deposit { staker, strategy, shares: shares.0 })?;
    Ok((before, position))
}

/// The verb `removeDepositShares`: takes shares that go into the queue.
///
/// # Errors
/// As [`debit`].
pub fn remove_deposit_shares(host: &mut dyn Host, call: removeDepositSharesCall) -> Result<U256> {
    let removeDepositSharesCall { staker, strategy, .. } = call;
    let mut row = STAKERS.get(host, staker)?;
    let mut position = Position::load(host, staker, strategy)?;
    let left = debit(host, call, &mut row, &mut position)?;
    position.store(host, staker, strategy)?;
    Ok(left)
}

/// [`remove_deposit_shares`] on rows in hand. The caller must store `position`; `row` is stored when the list of
/// strategies changes, for the next strategy asked may look at it.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, `SharesAmountZero`, `SharesAmountTooHigh`, the
/// strategy's.
pub fn debit(
    host: &mut dyn Host,
    call: removeDepositSharesCall,
    row: &mut Staker,
    position: &mut Position,
) -> Result<U256> {
    require_delegation_manager(host)?;
    non_reentrant(host, |host| {
        let removeDepositSharesCall { staker, strategy, depositSharesToRemove: shares } = call;
        require(!shares.is_zero(), SharesAmountZero {})?;
        require(shares <= position.shares.0, SharesAmountTooHigh {})?;
        strategies::before_remove_shares(host, strategy, staker, shares)?;
        let left = sub(position.shares.0, shares)?;
        position.shares = DepositShares(left);
        if left.is_zero() {
            unlist(host, staker, strategy, row)?;
        }
        Ok(left)
    })
}

/// Takes a strategy off a staker's list: the last one fills the hole.
fn unlist(host: &mut dyn Host, staker: Address, strategy: Address, row: &mut Staker) -> Result<()> {
    for place in 0..row.strategies {
        if listed_strategy(host, staker, place)? != strategy {
            continue;
        }
        let last = row.strategies.saturating_sub(1);
        if place != last {
            let moved = listed_strategy(host, staker, last)?;
            list_strategy(host, staker, place, moved)?;
        }
        list_strategy(host, staker, last, Address::ZERO)?;
        row.strategies = last;
        return Ok(STAKERS.set(host, staker, *row)?);
    }
    revert(StrategyNotFound {})
}

/// The verb `withdrawSharesAsTokens`: pays a completed withdrawal.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, the strategy's.
pub fn withdraw_shares_as_tokens(host: &mut dyn Host, call: withdrawSharesAsTokensCall) -> Result<()> {
    require_delegation_manager(host)?;
    non_reentrant(host, |host| {
        strategies::withdraw(host, call.strategy, call.staker, call.token, call.shares)?;
        Ok(())
    })
}
