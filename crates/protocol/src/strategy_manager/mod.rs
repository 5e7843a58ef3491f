//! StrategyManager: whose deposit shares are whose, which strategies take deposits, and what slashes leave to burn or
//! redistribute (restaking-core §2.1). Positions lie in the shared ledger ([`crate::ledger`]).

mod burning;
mod deposits;
mod dispatch;
mod records;
mod shares;
mod strategies;
mod views;

#[cfg(test)]
mod tests;

pub use burning::increase_burnable_shares;
pub(crate) use burning::record_slash;
pub use deposits::{deposit_into_strategy, deposit_into_strategy_with_signature};
pub use dispatch::main;
pub(crate) use records::{Cut, Origin, SlashRecord, slash_record};
pub use shares::{add_shares, credit, debit, remove_deposit_shares, withdraw_shares_as_tokens};
pub use views::{staker_deposit_shares, strategies_of};

use crate::{
    guard::require_not_entered,
    host::{Host, Result, emit, require},
    ownable::require_owner,
    storage::{Map, Slot},
};
use alloy_primitives::{Address, B256, U256, b256};
use types::{
    abi::IStrategyManager::{
        OnlyDelegationManager, OnlyStrategyWhitelister, StrategyAddedToDepositWhitelist,
        StrategyRemovedFromDepositWhitelist, StrategyWhitelisterChanged, addStrategiesToDepositWhitelistCall,
        removeStrategiesFromDepositWhitelistCall, setStrategyWhitelisterCall,
    },
    addresses::{DELEGATION_MANAGER, STRATEGY_FACTORY},
    params::Roles,
};

/// A staker can hold this many strategies besides the beacon strategy, because leaving an operator walks them all.
pub const MAX_STAKER_STRATEGY_LIST_LENGTH: u8 = 32;

/// keccak-256 of `Deposit(address staker,address strategy,address token,uint256 amount,uint256 nonce,uint256 expiry)`.
const DEPOSIT_TYPEHASH: B256 = b256!("0x4337f82d142e41f2a8c10547cd8c859bddb92262a61058e77842e24d9dea9224");

/// Pause bit: deposits.
const PAUSED_DEPOSITS: u8 = 0;
/// Pause bit under rules `mainnet`: clearing of slashed shares.
const PAUSED_CLEARING: u8 = 1;

const PAUSED: Slot<U256> = Slot::at(0);
const OWNER: Slot<Address> = Slot::at(1);
const WHITELISTER: Slot<Address> = Slot::at(2);
const WHITELIST: Map<Address, bool> = Map::at(3);
/// Deposits by signature so far, by signer.
const NONCES: Map<Address, U256> = Map::at(4);

/// The storage that a genesis state gives it.
pub fn genesis(roles: &Roles, whitelisted: &[Address]) -> Vec<(U256, U256)> {
    let strategies = whitelisted.iter().copied().map(whitelist_entry);
    strategies.chain([OWNER.entry(roles.owner), WHITELISTER.entry(STRATEGY_FACTORY)]).collect()
}

/// The slot of a genesis state that lets a strategy take deposits.
pub fn whitelist_entry(strategy: Address) -> (U256, U256) {
    WHITELIST.entry(strategy, true)
}

/// Lets strategies take deposits; those that may already are passed over in silence.
///
/// # Errors
/// `OnlyStrategyWhitelister`, `ReentrancyGuard: reentrant call`.
pub fn add_strategies_to_deposit_whitelist(
    host: &mut dyn Host,
    call: addStrategiesToDepositWhitelistCall,
) -> Result<()> {
    require_whitelister(host)?;
    require_not_entered(host)?;
    for strategy in call.strategiesToWhitelist {
        if !WHITELIST.get(host, strategy)? {
            WHITELIST.set(host, strategy, true)?;
            emit(host, &StrategyAddedToDepositWhitelist { strategy })?;
        }
    }
    Ok(())
}

/// Stops deposits into strategies; withdrawals and slashes go on.
///
/// # Errors
/// `OnlyStrategyWhitelister`, `ReentrancyGuard: reentrant call`.
pub fn remove_strategies_from_deposit_whitelist(
    host: &mut dyn Host,
    call: removeStrategiesFromDepositWhitelistCall,
) -> Result<()> {
    require_whitelister(host)?;
    require_not_entered(host)?;
    for strategy in call.strategiesToRemoveFromWhitelist {
        if WHITELIST.get(host, strategy)? {
            WHITELIST.set(host, strategy, false)?;
            emit(host, &StrategyRemovedFromDepositWhitelist { strategy })?;
        }
    }
    Ok(())
}

fn set_strategy_whitelister(host: &mut dyn Host, call: setStrategyWhitelisterCall) -> Result<()> {
    require_owner(host, &OWNER)?;
    require_not_entered(host)?;
    let (previous, new) = (WHITELISTER.get(host)?, call.newStrategyWhitelister);
    emit(host, &StrategyWhitelisterChanged { previousAddress: previous, newAddress: new })?;
    Ok(WHITELISTER.set(host, new)?)
}

fn require_whitelister(host: &mut dyn Host) -> Result<()> {
    let whitelister = WHITELISTER.get(host)?;
    require(host.msg().sender == whitelister, OnlyStrategyWhitelister {})
}

fn require_delegation_manager(host: &dyn Host) -> Result<()> {
    require(host.msg().sender == DELEGATION_MANAGER, OnlyDelegationManager {})
}
