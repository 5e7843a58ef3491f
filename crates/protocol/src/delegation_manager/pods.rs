//! The seam to EigenPodManager, the share manager of the beacon strategy. Until it exists nobody has a pod: no
//! deposit shares, nothing slashed on the beacon chain (`decisions.md` 77). All that the core asks of it is here.

use crate::{
    host::{Host, Result, View, call_native, emit, require, revert_empty},
    slashing::SlashingFactor,
};
use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::sol;
use types::{
    abi::IStrategyManager::{increaseBurnOrRedistributableSharesCall, removeDepositSharesCall},
    addresses::{BEACON_STRATEGY, EIGEN_POD_MANAGER},
    units::DepositShares,
};

sol! {
    /// What the core needs of EigenPodManager beyond the verbs that all share managers have.
    #[derive(Debug, PartialEq, Eq)]
    interface IShareManager {
        error SharesNegative();
        event NewTotalShares(address indexed podOwner, int256 newTotalShares);
        event BurnableETHSharesIncreased(uint256 shares);
    }
}

use IShareManager::{BurnableETHSharesIncreased, NewTotalShares, SharesNegative};

/// Whether a strategy is the beacon strategy.
pub(super) fn is_beacon(strategy: Address) -> bool {
    strategy == BEACON_STRATEGY
}

/// A staker's deposit shares of the beacon strategy.
pub(super) fn shares<V: View + ?Sized>(_: &mut V, _staker: Address) -> Result<DepositShares> {
    Ok(DepositShares::ZERO)
}

/// What the beacon chain has left of a staker's shares in a strategy: all, but for the beacon strategy.
pub(super) fn slashing_factor<V: View + ?Sized>(
    _: &mut V,
    _staker: Address,
    _strategy: Address,
) -> Result<SlashingFactor> {
    Ok(SlashingFactor::FULL)
}

/// Takes shares that go into the queue, zero too, and answers with those left.
///
/// # Errors
/// `SharesNegative`.
pub(super) fn remove_shares(
    host: &mut dyn Host,
    staker: Address,
    removed: DepositShares,
) -> Result<DepositShares> {
    let strategy = BEACON_STRATEGY;
    let call = removeDepositSharesCall { staker, strategy, depositSharesToRemove: removed.0 };
    call_native(host, EIGEN_POD_MANAGER, call, |host, _| {
        let held = shares(host, staker)?;
        require(removed <= held, SharesNegative {})?;
        emit(host, &NewTotalShares { podOwner: staker, newTotalShares: I256::ZERO })?;
        Ok(U256::ZERO)
    })?;
    Ok(DepositShares::ZERO)
}

/// Counts what a slash took, which nothing ever burns.
///
/// # Errors
/// Out of gas, or a static frame.
pub(super) fn record_loss(host: &mut dyn Host, call: increaseBurnOrRedistributableSharesCall) -> Result<()> {
    call_native(host, EIGEN_POD_MANAGER, call, |host, call| {
        emit(host, &BurnableETHSharesIncreased { shares: call.sharesToBurn })
    })
}

/// Credits shares, or has the pod pay them. Nobody can have queued any, so nobody comes here.
///
/// # Errors
/// Always an empty revert, as a call to a contract that does not exist.
pub(super) fn release_shares() -> Result<()> {
    revert_empty()
}
