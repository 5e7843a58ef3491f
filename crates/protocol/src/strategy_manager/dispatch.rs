//! StrategyManager's ABI to its verbs.

use super::{OWNER, PAUSED, burning, deposits, shares, views};
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    first_release::IFirstRelease::increaseBurnableSharesCall,
    host::{Host, Result, revert_empty},
    ownable, pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    Rules,
    abi::IStrategyManager::{
        DEFAULT_BURN_ADDRESSCall, DEPOSIT_TYPEHASHCall, SLASH_RESOLUTION_DELAY_BLOCKSCall, addSharesCall,
        addStrategiesToDepositWhitelistCall, allocationManagerCall, burnSharesCall,
        calculateStrategyDepositDigestHashCall, clearBurnOrRedistributableSharesByStrategyCall,
        clearBurnOrRedistributableSharesCall, delegationCall, depositIntoStrategyCall,
        depositIntoStrategyWithSignatureCall, domainSeparatorCall, getBurnOrRedistributableCountCall,
        getBurnOrRedistributableShares_0Call, getBurnOrRedistributableShares_1Call, getBurnableSharesCall,
        getDepositsCall, getPendingOperatorSetsCall, getPendingSlashIdsCall, getSlashResolutionBlockCall,
        getStakerStrategyListCall, getStrategiesWithBurnableSharesCall,
        increaseBurnOrRedistributableSharesCall, initializeCall, noncesCall, removeDepositSharesCall,
        removeStrategiesFromDepositWhitelistCall, setStrategyWhitelisterCall, stakerDepositSharesCall,
        stakerStrategyListCall, stakerStrategyListLengthCall, strategyIsWhitelistedForDepositCall,
        strategyWhitelisterCall, versionCall, withdrawSharesAsTokensCall,
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER},
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        depositIntoStrategyCall::SELECTOR => write(host, calldata, deposits::deposit_into_strategy),
        depositIntoStrategyWithSignatureCall::SELECTOR => {
            write(host, calldata, deposits::deposit_into_strategy_with_signature)
        }
        addSharesCall::SELECTOR => write(host, calldata, shares::add_shares),
        removeDepositSharesCall::SELECTOR => write(host, calldata, shares::remove_deposit_shares),
        withdrawSharesAsTokensCall::SELECTOR => write(host, calldata, shares::withdraw_shares_as_tokens),
        burnSharesCall::SELECTOR => write(host, calldata, burning::burn_shares),
        setStrategyWhitelisterCall::SELECTOR => write(host, calldata, super::set_strategy_whitelister),
        addStrategiesToDepositWhitelistCall::SELECTOR => {
            write(host, calldata, super::add_strategies_to_deposit_whitelist)
        }
        removeStrategiesFromDepositWhitelistCall::SELECTOR => {
            write(host, calldata, super::remove_strategies_from_deposit_whitelist)
        }
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        _ => pausable::verbs(host, calldata, &PAUSED)
            .or_else(|| ownable::verbs(host, calldata, &OWNER))
            .or_else(|| read(host, calldata))
            .or_else(|| slashed(host, calldata))
            .unwrap_or_else(revert_empty),
    }
}

/// Runs the call if it is one of the views.
fn read(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        getDepositsCall::SELECTOR => view(host, calldata, views::deposits),
        stakerDepositSharesCall::SELECTOR => {
            view(host, calldata, |view, call| views::staker_deposit_shares(view, call))
        }
        getStakerStrategyListCall::SELECTOR => view(host, calldata, views::staker_strategy_list),
        stakerStrategyListCall::SELECTOR => view(host, calldata, views::strategy_at),
        stakerStrategyListLengthCall::SELECTOR => view(host, calldata, views::staker_strategy_list_length),
        strategyIsWhitelistedForDepositCall::SELECTOR => view(host, calldata, views::is_whitelisted),
        strategyWhitelisterCall::SELECTOR => view(host, calldata, views::strategy_whitelister),
        noncesCall::SELECTOR => view(host, calldata, views::nonces),
        calculateStrategyDepositDigestHashCall::SELECTOR => {
            view(host, calldata, |view, call| deposits::deposit_digest(view, call))
        }
        getBurnableSharesCall::SELECTOR => view(host, calldata, views::burnable_shares),
        getStrategiesWithBurnableSharesCall::SELECTOR => {
            view(host, calldata, views::strategies_with_burnable_shares)
        }
        delegationCall::SELECTOR => view(host, calldata, |_, _: delegationCall| Ok(DELEGATION_MANAGER)),
        DEFAULT_BURN_ADDRESSCall::SELECTOR => view(host, calldata, views::burn_address),
        DEPOSIT_TYPEHASHCall::SELECTOR => view(host, calldata, views::deposit_typehash),
        domainSeparatorCall::SELECTOR => view(host, calldata, views::domain_separator),
        versionCall::SELECTOR => view(host, calldata, views::version),
        _ => return None,
    })
}

/// Runs the call if the rules know it: what slashes took is kept by strategy in the slashing release, by set and slash
/// later, and needs a resolution under rules `mainnet`.
fn slashed(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    let rules = host.params().rules;
    if rules == Rules::Slashing2025 {
        let is_known = calldata.selector == increaseBurnableSharesCall::SELECTOR;
        return is_known.then(|| write(host, calldata, burning::increase_burnable_shares));
    }
    let has_resolution_delay = rules == Rules::Mainnet;
    Some(match calldata.selector {
        increaseBurnOrRedistributableSharesCall::SELECTOR => {
            write(host, calldata, burning::increase_burn_or_redistributable_shares)
        }
        clearBurnOrRedistributableSharesCall::SELECTOR => write(host, calldata, burning::clear),
        clearBurnOrRedistributableSharesByStrategyCall::SELECTOR => {
            write(host, calldata, burning::clear_by_strategy)
        }
        getBurnOrRedistributableShares_0Call::SELECTOR => view(host, calldata, views::slashed_shares),
        getBurnOrRedistributableShares_1Call::SELECTOR => {
            view(host, calldata, views::slashed_shares_of_strategy)
        }
        getBurnOrRedistributableCountCall::SELECTOR => view(host, calldata, views::slashed_count),
        getPendingOperatorSetsCall::SELECTOR => view(host, calldata, views::pending_operator_sets),
        getPendingSlashIdsCall::SELECTOR => view(host, calldata, views::pending_slash_ids),
        SLASH_RESOLUTION_DELAY_BLOCKSCall::SELECTOR if has_resolution_delay => {
            view(host, calldata, views::slash_resolution_delay_blocks)
        }
        getSlashResolutionBlockCall::SELECTOR if has_resolution_delay => {
            view(host, calldata, views::slash_resolution_block)
        }
        allocationManagerCall::SELECTOR => {
            view(host, calldata, |_, _: allocationManagerCall| Ok(ALLOCATION_MANAGER))
        }
        _ => return None,
    })
}
