//! Calls to strategies, as the rules in force make them. The slashing release did not ask strategies before shares
//! come and go, and did not want to know what they paid.

use crate::{
    dispatch,
    host::{Host, Result},
    strategy_base::client,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;
use types::Rules;

pub(super) use crate::strategy_base::client::deposit;

sol! {
    /// A strategy of the slashing release.
    interface ISilentStrategy {
        function withdraw(address recipient, address token, uint256 amountShares) external;
    }
}

/// Lets the strategy veto new shares of a staker.
///
/// # Errors
/// The strategy's.
pub(super) fn before_add_shares(
    host: &mut dyn Host,
    strategy: Address,
    staker: Address,
    shares: U256,
) -> Result<()> {
    match host.params().rules {
        Rules::Slashing2025 => Ok(()),
        Rules::Mainnet | Rules::Pinned => client::before_add_shares(host, strategy, staker, shares),
    }
}

/// Lets the strategy veto that a staker's shares leave.
///
/// # Errors
/// The strategy's.
pub(super) fn before_remove_shares(
    host: &mut dyn Host,
    strategy: Address,
    staker: Address,
    shares: U256,
) -> Result<()> {
    match host.params().rules {
        Rules::Slashing2025 => Ok(()),
        Rules::Mainnet | Rules::Pinned => client::before_remove_shares(host, strategy, staker, shares),
    }
}

/// Has the strategy pay what shares are worth, and answers with the amount; zero where it did not tell.
///
/// # Errors
/// The strategy's.
pub(super) fn withdraw(
    host: &mut dyn Host,
    strategy: Address,
    recipient: Address,
    token: Address,
    shares: U256,
) -> Result<U256> {
    let is_silent = host.params().rules == Rules::Slashing2025 && host.instance_kind(strategy)?.is_none();
    if is_silent {
        let call = ISilentStrategy::withdrawCall { recipient, token, amountShares: shares };
        dispatch::call(host, strategy, &call)?;
        return Ok(U256::ZERO);
    }
    client::withdraw(host, strategy, recipient, token, shares)
}
