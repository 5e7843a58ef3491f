//! Shares of the beacon strategy come and go: through the withdrawal queue, by DelegationManager, and with the balance
//! of pods. DelegationManager calls the Rust functions with the ledger's rows in hand.

use super::{BURNABLE_SHARES, PODS, PodRow, require_delegation_manager};
use crate::{
    delegation_manager, dispatch, first_release,
    guard::{non_reentrant, require_not_entered},
    host::{Host, Result, call_native, emit, require, revert_with},
    ledger::{Position, STAKERS, Staker},
    math::{add, mul_div, panic, sub},
};
use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::PanicKind;
use types::{
    abi::{
        IDelegationManager::{decreaseDelegatedSharesCall, increaseDelegatedSharesCall},
        IEigenPod::withdrawRestakedBeaconChainETHCall,
        IEigenPodManager::{
            BeaconChainSlashingFactorDecreased, BurnableETHSharesIncreased, InputAddressZero,
            InvalidStrategy, NewTotalShares, OnlyDelegationManager, OnlyEigenPod, PodSharesUpdated,
            SharesNegative, SharesNotMultipleOfGwei, addSharesCall, increaseBurnOrRedistributableSharesCall,
            recordBeaconChainETHBalanceUpdateCall, removeDepositSharesCall, withdrawSharesAsTokensCall,
        },
    },
    addresses::{BEACON_STRATEGY, DELEGATION_MANAGER},
    units::DepositShares,
};

/// The beacon chain counts in gwei.
const GWEI_TO_WEI: u64 = 1_000_000_000;

/// The verb `addShares`: credits shares that come out of the queue.
///
/// # Errors
/// As [`credit`].
pub fn add_shares(host: &mut dyn Host, call: addSharesCall) -> Result<(U256, U256)> {
    let addSharesCall { staker, strategy, .. } = call;
    let mut position = Position::default();
    let answer = credit(host, call, &mut position)?;
    position.store(host, staker, strategy)?;
    Ok(answer)
}

/// [`add_shares`], but the caller must store `position`, which is overwritten with the new one. Returns the shares
/// before and those added.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, `InvalidStrategy`, `InputAddressZero`,
/// `SharesNegative`, `Panic(0x11)`.
pub fn credit(host: &mut dyn Host, call: addSharesCall, position: &mut Position) -> Result<(U256, U256)> {
    require_delegation_manager(host)?;
    let addSharesCall { staker, strategy, shares } = call;
    require(strategy == BEACON_STRATEGY, InvalidStrategy {})?;
    let before;
    (before, *position) = add_to(host, staker, shares)?;
    Ok((before, shares))
}

/// Adds shares and answers with those before and the new position, which the caller must store.
fn add_to(host: &mut dyn Host, staker: Address, shares: U256) -> Result<(U256, Position)> {
    require(!staker.is_zero(), InputAddressZero {})?;
    let added = I256::from_raw(shares);
    require(!added.is_negative(), SharesNegative {})?;
    let mut position = Position::load(host, staker, BEACON_STRATEGY)?;
    let before = position.shares.0;
    let total = signed(add(before, shares)?)?;
    position.shares = DepositShares(total.into_raw());
    mark(host, staker, !position.shares.is_zero())?;
    emit(host, &PodSharesUpdated { podOwner: staker, sharesDelta: added })?;
    emit(host, &NewTotalShares { podOwner: staker, newTotalShares: total })?;
    Ok((before, position))
}

fn signed(shares: U256) -> Result<I256> {
    I256::try_from(shares).map_err(|_| panic(PanicKind::UnderOverflow))
}

/// Notes in the staker's row whether it has shares here, so that nobody must look who has none.
fn mark(host: &mut dyn Host, staker: Address, has_shares: bool) -> Result<()> {
    let mut row = STAKERS.get(host, staker)?;
    if row.has_beacon_shares != has_shares {
        row.has_beacon_shares = has_shares;
        STAKERS.set(host, staker, row)?;
    }
    Ok(())
}

/// The verb `removeDepositShares`: takes shares that go into the queue.
///
/// # Errors
/// As [`debit`].
pub(super) fn remove_deposit_shares(host: &mut dyn Host, call: removeDepositSharesCall) -> Result<U256> {
    let removeDepositSharesCall { staker, strategy, .. } = call;
    let mut row = STAKERS.get(host, staker)?;
    let mut position = Position::load(host, staker, strategy)?;
    let left = debit(host, call, &mut row, &mut position)?;
    position.store(host, staker, strategy)?;
    Ok(left)
}

/// `remove_deposit_shares` on rows in hand. The caller must store `position`; `row` is stored when it changes.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, `InvalidStrategy`, OpenZeppelin's string for what is no
/// `int256`, `SharesNegative`.
pub fn debit(
    host: &mut dyn Host,
    call: removeDepositSharesCall,
    row: &mut Staker,
    position: &mut Position,
) -> Result<U256> {
    require_delegation_manager(host)?;
    let removeDepositSharesCall { staker, strategy, depositSharesToRemove: removed } = call;
    require(strategy == BEACON_STRATEGY, InvalidStrategy {})?;
    if I256::from_raw(removed).is_negative() {
        return revert_with("SafeCast: value doesn't fit in an int256");
    }
    require(removed <= position.shares.0, SharesNegative {})?;
    let left = sub(position.shares.0, removed)?;
    position.shares = DepositShares(left);
    if left.is_zero() && row.has_beacon_shares {
        row.has_beacon_shares = false;
        STAKERS.set(host, staker, *row)?;
    }
    emit(host, &NewTotalShares { podOwner: staker, newTotalShares: signed(left)? })?;
    Ok(left)
}

/// The verb `withdrawSharesAsTokens`: has the pod pay a completed withdrawal.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, `InvalidStrategy`, `InputAddressZero`,
/// `SharesNegative`, the pod's.
pub fn withdraw_shares_as_tokens(host: &mut dyn Host, call: withdrawSharesAsTokensCall) -> Result<()> {
    require(host.msg().sender == DELEGATION_MANAGER, OnlyDelegationManager {})?;
    non_reentrant(host, |host| {
        let withdrawSharesAsTokensCall { staker, strategy, shares, .. } = call;
        require(strategy == BEACON_STRATEGY, InvalidStrategy {})?;
        require(!staker.is_zero(), InputAddressZero {})?;
        require(I256::from_raw(shares).is_positive(), SharesNegative {})?;
        let pod = PODS.get(host, staker)?.pod;
        let pay = withdrawRestakedBeaconChainETHCall { recipient: staker, amount: shares };
        dispatch::call(host, pod, &pay)?;
        Ok(())
    })
}

/// The verb `increaseBurnOrRedistributableShares`: counts what a slash took.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, `Panic(0x11)`.
pub fn increase_burnable_shares(
    host: &mut dyn Host,
    call: increaseBurnOrRedistributableSharesCall,
) -> Result<()> {
    count_burnable(host, call.addedSharesToBurn)
}

/// The verb as the slashing release has it: without a set.
///
/// # Errors
/// As [`increase_burnable_shares`].
pub fn first_increase_burnable_shares(
    host: &mut dyn Host,
    call: first_release::IFirstRelease::increaseBurnableSharesCall,
) -> Result<()> {
    count_burnable(host, call.addedSharesToBurn)
}

fn count_burnable(host: &mut dyn Host, shares: U256) -> Result<()> {
    require_delegation_manager(host)?;
    let before = BURNABLE_SHARES.get(host)?;
    BURNABLE_SHARES.set(host, add(before, shares)?)?;
    emit(host, &BurnableETHSharesIncreased { shares })
}

/// A pod tells of a change of its balance. A gain is a deposit; a loss lowers what all its shares are worth.
///
/// # Errors
/// `OnlyEigenPod`, `ReentrancyGuard: reentrant call`, `InputAddressZero`, `SharesNotMultipleOfGwei`, `Panic(0x11)`,
/// DelegationManager's.
pub(super) fn record_balance_update(
    host: &mut dyn Host,
    call: recordBeaconChainETHBalanceUpdateCall,
) -> Result<()> {
    let recordBeaconChainETHBalanceUpdateCall { podOwner: owner, prevRestakedBalanceWei, balanceDeltaWei } =
        call;
    let row = PODS.get(host, owner)?;
    require(row.pod == host.msg().sender, OnlyEigenPod {})?;
    require_not_entered(host)?;
    require(!owner.is_zero(), InputAddressZero {})?;
    let (sign, change) = balanceDeltaWei.into_sign_and_abs();
    let dust = change.checked_rem(U256::from(GWEI_TO_WEI)).unwrap_or_default();
    require(dust.is_zero(), SharesNotMultipleOfGwei {})?;
    if change.is_zero() {
        Ok(())
    } else if sign.is_positive() {
        gain(host, owner, change)
    } else if balanceDeltaWei == I256::MIN {
        Err(panic(PanicKind::UnderOverflow))
    } else {
        lose(host, owner, row, prevRestakedBalanceWei, change)
    }
}

fn gain(host: &mut dyn Host, owner: Address, shares: U256) -> Result<()> {
    let (before, mut position) = add_to(host, owner, shares)?;
    let call = increaseDelegatedSharesCall {
        staker: owner,
        strategy: BEACON_STRATEGY,
        prevDepositShares: before,
        addedShares: shares,
    };
    call_native(host, DELEGATION_MANAGER, call, |host, call| {
        delegation_manager::increase_delegated(host, &call, &mut position)
    })?;
    Ok(position.store(host, owner, BEACON_STRATEGY)?)
}

fn lose(host: &mut dyn Host, owner: Address, row: PodRow, balance: U256, loss: U256) -> Result<()> {
    let before = row.factor();
    let after = mul_div(U256::from(before), sub(balance, loss)?, balance)?;
    let after = u64::try_from(after).map_err(|_| panic(PanicKind::UnderOverflow))?;
    let decrease = before.checked_sub(after).ok_or_else(|| panic(PanicKind::UnderOverflow))?;
    PODS.set(host, owner, PodRow { lost: row.lost.saturating_add(decrease), ..row })?;
    let event = BeaconChainSlashingFactorDecreased {
        staker: owner,
        prevBeaconChainSlashingFactor: before,
        newBeaconChainSlashingFactor: after,
    };
    emit(host, &event)?;
    let held = super::deposit_shares(host, owner)?;
    let call = decreaseDelegatedSharesCall {
        staker: owner,
        curDepositShares: held.0,
        beaconChainSlashingFactorDecrease: decrease,
    };
    call_native(host, DELEGATION_MANAGER, call, |host, call| {
        delegation_manager::decrease_delegated_shares(host, call)
    })
}
