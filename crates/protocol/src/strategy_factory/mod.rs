//! StrategyFactory: anyone makes the one strategy of a token, and it is open for deposits at once (restaking-core
//! §2.2). The owner keeps tokens out and lets other strategies in.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    host::{Error, Host, Result, View, call_native, emit, require, revert_with},
    ownable::require_owner,
    pausable::require_running,
    storage::{Map, Slot},
    strategy_base, strategy_manager,
};
use alloy_primitives::{Address, U256};
use types::{
    abi::{
        IStrategyFactory::{
            AlreadyBlacklisted, BlacklistedToken, StrategyAlreadyExists, StrategySetForToken,
            TokenBlacklisted, blacklistTokensCall, deployNewStrategyCall, deployedStrategiesCall,
            isBlacklistedCall, removeStrategiesFromWhitelistCall, whitelistStrategiesCall,
        },
        IStrategyManager::{addStrategiesToDepositWhitelistCall, removeStrategiesFromDepositWhitelistCall},
    },
    addresses::STRATEGY_MANAGER,
};

const OWNER: Slot<Address> = Slot::at(0);
const PAUSED: Slot<U256> = Slot::at(1);
const STRATEGIES: Map<Address, Address> = Map::at(2);
const BLACKLIST: Map<Address, bool> = Map::at(3);

/// The pause bit that stops new strategies.
const PAUSED_NEW_STRATEGIES: u8 = 0;

/// The storage that a genesis state gives it, with strategies made already, by token.
pub fn genesis(owner: Address, made: &[(Address, Address)]) -> Vec<(U256, U256)> {
    let made = made.iter().map(|(token, strategy)| STRATEGIES.entry(*token, *strategy));
    made.chain([OWNER.entry(owner)]).collect()
}

fn deploy_new_strategy(host: &mut dyn Host, call: deployNewStrategyCall) -> Result<Address> {
    let token = call.token;
    require_running(host, &PAUSED, PAUSED_NEW_STRATEGIES)?;
    require(!BLACKLIST.get(host, token)?, BlacklistedToken {})?;
    require(STRATEGIES.get(host, token)? == Address::ZERO, StrategyAlreadyExists {})?;
    let strategy = strategy_base::create(host, token).or_else(as_proxy_fails)?;
    STRATEGIES.set(host, token, strategy)?;
    emit(host, &StrategySetForToken { token, strategy })?;
    add_to_whitelist(host, vec![strategy])?;
    Ok(strategy)
}

/// A strategy of the originals is a proxy, and a proxy whose set-up reverts without data gives this string.
fn as_proxy_fails<T>(error: Error) -> Result<T> {
    match error {
        Error::Revert(data) if data.is_empty() => revert_with("Address: low-level delegate call failed"),
        error => Err(error),
    }
}

fn blacklist_tokens(host: &mut dyn Host, call: blacklistTokensCall) -> Result<()> {
    require_owner(host, &OWNER)?;
    let mut strategies = Vec::new();
    for token in call.tokens {
        require(!BLACKLIST.get(host, token)?, AlreadyBlacklisted {})?;
        BLACKLIST.set(host, token, true)?;
        emit(host, &TokenBlacklisted { token })?;
        let strategy = STRATEGIES.get(host, token)?;
        if strategy != Address::ZERO {
            strategies.push(strategy);
        }
    }
    if strategies.is_empty() { Ok(()) } else { remove_from_whitelist(host, strategies) }
}

fn whitelist_strategies(host: &mut dyn Host, call: whitelistStrategiesCall) -> Result<()> {
    require_owner(host, &OWNER)?;
    add_to_whitelist(host, call.strategiesToWhitelist)
}

fn remove_strategies_from_whitelist(
    host: &mut dyn Host,
    call: removeStrategiesFromWhitelistCall,
) -> Result<()> {
    require_owner(host, &OWNER)?;
    remove_from_whitelist(host, call.strategiesToRemoveFromWhitelist)
}

fn add_to_whitelist(host: &mut dyn Host, strategies: Vec<Address>) -> Result<()> {
    let call = addStrategiesToDepositWhitelistCall { strategiesToWhitelist: strategies };
    call_native(host, STRATEGY_MANAGER, call, |host, call| {
        strategy_manager::add_strategies_to_deposit_whitelist(host, call)
    })
}

fn remove_from_whitelist(host: &mut dyn Host, strategies: Vec<Address>) -> Result<()> {
    let call = removeStrategiesFromDepositWhitelistCall { strategiesToRemoveFromWhitelist: strategies };
    call_native(host, STRATEGY_MANAGER, call, |host, call| {
        strategy_manager::remove_strategies_from_deposit_whitelist(host, call)
    })
}

fn deployed_strategies<V: View + ?Sized>(view: &mut V, call: deployedStrategiesCall) -> Result<Address> {
    Ok(STRATEGIES.get(view, call.token)?)
}

fn is_blacklisted<V: View + ?Sized>(view: &mut V, call: isBlacklistedCall) -> Result<bool> {
    Ok(BLACKLIST.get(view, call.token)?)
}
