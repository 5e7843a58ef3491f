//! The seam to EigenPodManager, the share manager of the beacon strategy: all that the core asks of it is here.

use crate::{
    eigen_pod_manager,
    host::{Host, Result, View, call_native},
    ledger::{Position, Staker},
    slashing::SlashingFactor,
};
use alloy_primitives::Address;
use types::{
    abi::{
        IEigenPodManager::{
            OperatorSet, addSharesCall, increaseBurnOrRedistributableSharesCall, removeDepositSharesCall,
            withdrawSharesAsTokensCall,
        },
        IStrategyManager,
    },
    addresses::{BEACON_STRATEGY, EIGEN_POD_MANAGER},
    units::{DepositShares, WithdrawableShares},
};

/// Whether a strategy is the beacon strategy.
pub(super) fn is_beacon(strategy: Address) -> bool {
    strategy == BEACON_STRATEGY
}

/// What the beacon chain has left of a staker's shares in a strategy: all, but for the beacon strategy.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn slashing_factor<V: View + ?Sized>(
    view: &mut V,
    staker: Address,
    strategy: Address,
) -> Result<SlashingFactor> {
    if is_beacon(strategy) {
        eigen_pod_manager::slashing_factor(view, staker)
    } else {
        Ok(SlashingFactor::FULL)
    }
}

/// Takes shares that go into the queue, zero too, and answers with those left.
///
/// # Errors
/// `SharesNegative`.
pub(super) fn remove_shares(
    host: &mut dyn Host,
    staker: Address,
    removed: DepositShares,
    row: &mut Staker,
    position: &mut Position,
) -> Result<DepositShares> {
    let strategy = BEACON_STRATEGY;
    let call = removeDepositSharesCall { staker, strategy, depositSharesToRemove: removed.0 };
    let left = call_native(host, EIGEN_POD_MANAGER, call, |host, call| {
        eigen_pod_manager::debit(host, call, row, position)
    })?;
    Ok(DepositShares(left))
}

/// Counts what a slash took, which nothing ever burns.
///
/// # Errors
/// Out of gas, or a static frame.
pub(super) fn record_loss(
    host: &mut dyn Host,
    call: IStrategyManager::increaseBurnOrRedistributableSharesCall,
) -> Result<()> {
    let IStrategyManager::OperatorSet { avs, id } = call.operatorSet;
    let call = increaseBurnOrRedistributableSharesCall {
        operatorSet: OperatorSet { avs, id },
        slashId: call.slashId,
        strategy: call.strategy,
        addedSharesToBurn: call.sharesToBurn,
    };
    call_native(host, EIGEN_POD_MANAGER, call, |host, call| {
        eigen_pod_manager::increase_burnable_shares(host, call)
    })
}

/// Credits shares that come out of the queue: writes `position`, which the caller must store, and answers with the
/// shares before and those added.
///
/// # Errors
/// `SharesNegative`, `Panic(0x11)`.
pub(super) fn return_shares(
    host: &mut dyn Host,
    staker: Address,
    shares: WithdrawableShares,
    position: &mut Position,
) -> Result<(DepositShares, DepositShares)> {
    let call = addSharesCall { staker, strategy: BEACON_STRATEGY, shares: shares.0 };
    let (before, added) = call_native(host, EIGEN_POD_MANAGER, call, |host, call| {
        eigen_pod_manager::credit(host, call, position)
    })?;
    Ok((DepositShares(before), DepositShares(added)))
}

/// Has the staker's pod pay shares that come out of the queue.
///
/// # Errors
/// The pod's; an empty revert where there is none.
pub(super) fn pay(
    host: &mut dyn Host,
    staker: Address,
    token: Address,
    shares: WithdrawableShares,
) -> Result<()> {
    let call = withdrawSharesAsTokensCall { staker, strategy: BEACON_STRATEGY, token, shares: shares.0 };
    call_native(host, EIGEN_POD_MANAGER, call, |host, call| {
        eigen_pod_manager::withdraw_shares_as_tokens(host, call)
    })
}
