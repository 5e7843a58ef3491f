//! StrategyFactory's ABI to its verbs.

use super::{OWNER, PAUSED};
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    host::{Host, Result, revert_empty},
    ownable, pausable,
};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use types::{
    abi::IStrategyFactory::{
        blacklistTokensCall, deployDurationVaultStrategyCall, deployNewStrategyCall, deployedStrategiesCall,
        durationVaultBeaconCall, durationVaultsByTokenCall, getDurationVaultsCall, initializeCall,
        isBlacklistedCall, removeStrategiesFromWhitelistCall, strategyBeaconCall, strategyManagerCall,
        whitelistStrategiesCall,
    },
    addresses::STRATEGY_MANAGER,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        deployDurationVaultStrategyCall::SELECTOR => {
            write(host, calldata, super::deploy_duration_vault_strategy)
        }
        getDurationVaultsCall::SELECTOR => view(host, calldata, super::duration_vaults),
        durationVaultsByTokenCall::SELECTOR => view(host, calldata, super::duration_vault_at),
        deployNewStrategyCall::SELECTOR => write(host, calldata, super::deploy_new_strategy),
        blacklistTokensCall::SELECTOR => write(host, calldata, super::blacklist_tokens),
        whitelistStrategiesCall::SELECTOR => write(host, calldata, super::whitelist_strategies),
        removeStrategiesFromWhitelistCall::SELECTOR => {
            write(host, calldata, super::remove_strategies_from_whitelist)
        }
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        deployedStrategiesCall::SELECTOR => {
            view(host, calldata, |view, call| super::deployed_strategies(view, call))
        }
        isBlacklistedCall::SELECTOR => view(host, calldata, |view, call| super::is_blacklisted(view, call)),
        strategyManagerCall::SELECTOR => {
            view(host, calldata, |_, _: strategyManagerCall| Ok(STRATEGY_MANAGER))
        }
        // Strategies are native: there are no beacons that say which code they run.
        durationVaultBeaconCall::SELECTOR => {
            view(host, calldata, |_, _: durationVaultBeaconCall| Ok(Address::ZERO))
        }
        strategyBeaconCall::SELECTOR => view(host, calldata, |_, _: strategyBeaconCall| Ok(Address::ZERO)),
        _ => pausable::verbs(host, calldata, &PAUSED)
            .or_else(|| ownable::verbs(host, calldata, &OWNER))
            .unwrap_or_else(revert_empty),
    }
}
