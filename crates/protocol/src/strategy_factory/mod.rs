//! StrategyFactory: anyone makes the one strategy of a token, and it is open for deposits at once (restaking-core
//! §2.2). The owner keeps tokens out and lets other strategies in.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    duration_vault,
    host::{Error, Fatal, Host, Result, View, call_native, emit, require, revert_empty, revert_with},
    ownable::require_owner,
    pausable::require_running,
    storage::{Map, Slot},
    strategy_base, strategy_manager,
};
use alloy_primitives::{Address, U256};
use types::{
    Rules,
    abi::{
        IStrategyFactory::{
            AlreadyBlacklisted, BlacklistedToken, DurationVaultDeployed, ProhibitedDurationVaultToken,
            StrategyAlreadyExists, StrategySetForToken, TokenBlacklisted, blacklistTokensCall,
            deployDurationVaultStrategyCall, deployNewStrategyCall, deployedStrategiesCall,
            durationVaultsByTokenCall, getDurationVaultsCall, isBlacklistedCall,
            removeStrategiesFromWhitelistCall, whitelistStrategiesCall,
        },
        IStrategyManager::{addStrategiesToDepositWhitelistCall, removeStrategiesFromDepositWhitelistCall},
    },
    addresses::{BACKING_EIGEN, EIGEN, STRATEGY_MANAGER},
};

const OWNER: Slot<Address> = Slot::at(0);
const PAUSED: Slot<U256> = Slot::at(1);
const STRATEGIES: Map<Address, Address> = Map::at(2);
const BLACKLIST: Map<Address, bool> = Map::at(3);
/// Token → how many duration vaults it has.
const VAULT_COUNTS: Map<Address, u64> = Map::at(4);
/// (token, place from 0) → vault.
const VAULTS: Map<(Address, u64), Address> = Map::at(5);

/// The pause bit that stops new strategies.
const PAUSED_NEW_STRATEGIES: u8 = 0;

/// The storage that a genesis state gives it, with strategies made already, by token. EIGEN and bEIGEN are kept out:
/// EigenStrategy is theirs.
pub fn genesis(owner: Address, made: &[(Address, Address)]) -> Vec<(U256, U256)> {
    let made = made.iter().map(|(token, strategy)| STRATEGIES.entry(*token, *strategy));
    let kept_out = [EIGEN, BACKING_EIGEN].map(|token| BLACKLIST.entry(token, true));
    made.chain(kept_out).chain([OWNER.entry(owner)]).collect()
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

/// Makes a duration vault; a token may have any number.
fn deploy_duration_vault_strategy(
    host: &mut dyn Host,
    call: deployDurationVaultStrategyCall,
) -> Result<Address> {
    let config = call.config;
    let token = config.underlyingToken;
    require_running(host, &PAUSED, PAUSED_NEW_STRATEGIES)?;
    // ELIP-017: the blacklist is about base strategies, and the own tokens have no vaults.
    if host.params().rules == Rules::Mainnet {
        require(token != EIGEN && token != BACKING_EIGEN, ProhibitedDurationVaultToken {})?;
    } else {
        require(!BLACKLIST.get(host, token)?, BlacklistedToken {})?;
    }
    let vault = duration_vault::create(host, config.clone().into()).or_else(as_proxy_fails)?;
    let place = VAULT_COUNTS.get(host, token)?;
    let count = place.checked_add(1).ok_or(Fatal::Broken("a token has fewer than 2^64 vaults"))?;
    VAULTS.set(host, (token, place), vault)?;
    VAULT_COUNTS.set(host, token, count)?;
    add_to_whitelist(host, vec![vault])?;
    emit(
        host,
        &DurationVaultDeployed {
            vault,
            underlyingToken: token,
            vaultAdmin: config.vaultAdmin,
            duration: config.duration,
            maxPerDeposit: config.maxPerDeposit,
            stakeCap: config.stakeCap,
            metadataURI: config.metadataURI,
            operatorSetAVS: config.operatorSet.avs,
            operatorSetId: config.operatorSet.id,
        },
    )?;
    Ok(vault)
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

fn duration_vaults(view: &mut dyn View, call: getDurationVaultsCall) -> Result<Vec<Address>> {
    let count = VAULT_COUNTS.get(view, call.token)?;
    (0..count).map(|place| Ok(VAULTS.get(view, (call.token, place))?)).collect()
}

/// Solidity's getter of a mapping to arrays: beyond the end it reverts without data.
fn duration_vault_at(view: &mut dyn View, call: durationVaultsByTokenCall) -> Result<Address> {
    let durationVaultsByTokenCall { _0: token, _1: place } = call;
    match u64::try_from(place) {
        Ok(place) if place < VAULT_COUNTS.get(view, token)? => Ok(VAULTS.get(view, (token, place))?),
        _ => revert_empty(),
    }
}

/// Whether the owner keeps a token out.
///
/// # Errors
/// Out of gas, or the node's.
pub fn is_blacklisted<V: View + ?Sized>(view: &mut V, call: isBlacklistedCall) -> Result<bool> {
    Ok(BLACKLIST.get(view, call.token)?)
}
