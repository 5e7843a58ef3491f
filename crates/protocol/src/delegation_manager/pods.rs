//! The seam to EigenPodManager, the share manager of the beacon strategy. Until it exists nobody has a pod: no
//! deposit shares, nothing slashed on the beacon chain (`decisions.md` 77). All that the core asks of it is here.

use crate::{
    host::{Host, Result, View, require, revert_empty},
    slashing::SlashingFactor,
};
use alloy_primitives::Address;
use alloy_sol_types::sol;
use types::{addresses::BEACON_STRATEGY, units::DepositShares};

sol! {
    /// A pod owner has fewer shares than are to be removed.
    error SharesNegative();
}

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
    let held = shares(host, staker)?;
    require(removed <= held, SharesNegative {})?;
    Ok(DepositShares::ZERO)
}

/// Credits shares, or has the pod pay them. Nobody can have queued any, so nobody comes here.
///
/// # Errors
/// Always an empty revert, as a call to a contract that does not exist.
pub(super) fn release_shares() -> Result<()> {
    revert_empty()
}
