//! What StrategyManager tells.

use super::{
    DEPOSIT_TYPEHASH, NONCES, WHITELIST, WHITELISTER,
    burning::{ALL, BURNABLE, slash_key},
    records,
};
use crate::{
    eip712,
    host::{Result, View, revert_empty},
    ledger::{Position, STAKERS, listed_strategy},
    operator_set,
};
use alloy_primitives::{Address, B256, U256};
use types::{
    abi::IStrategyManager::{
        DEFAULT_BURN_ADDRESSCall, DEPOSIT_TYPEHASHCall, OperatorSet, SLASH_RESOLUTION_DELAY_BLOCKSCall,
        domainSeparatorCall, getBurnOrRedistributableCountCall, getBurnOrRedistributableShares_0Call,
        getBurnOrRedistributableShares_1Call, getBurnableSharesCall, getDepositsCall,
        getPendingOperatorSetsCall, getPendingSlashIdsCall, getSlashResolutionBlockCall,
        getStakerStrategyListCall, getStrategiesWithBurnableSharesCall, noncesCall, stakerDepositSharesCall,
        stakerStrategyListCall, stakerStrategyListLengthCall, strategyIsWhitelistedForDepositCall,
        strategyWhitelisterCall, versionCall,
    },
    addresses::{BEACON_STRATEGY, BURN},
};

/// The strategies in which a staker holds shares, in list order.
///
/// # Errors
/// Out of gas, or the node's.
pub fn strategies_of<V: View + ?Sized>(view: &mut V, staker: Address, count: u8) -> Result<Vec<Address>> {
    (0..count).map(|place| Ok(listed_strategy(view, staker, place)?)).collect()
}

pub(super) fn deposits(view: &mut dyn View, call: getDepositsCall) -> Result<(Vec<Address>, Vec<U256>)> {
    let strategies = list(view, call.staker)?;
    let shares = strategies.iter().map(|strategy| Ok(Position::load(view, call.staker, *strategy)?.shares.0));
    let shares: Result<Vec<U256>> = shares.collect();
    Ok((strategies, shares?))
}

fn list(view: &mut dyn View, staker: Address) -> Result<Vec<Address>> {
    let count = STAKERS.get(view, staker)?.strategies;
    strategies_of(view, staker, count)
}

/// A staker's deposit shares of a strategy, as if nothing had been slashed. Those of the beacon strategy lie in the same
/// ledger but are EigenPodManager's to tell: here there are none.
///
/// # Errors
/// Out of gas, or the node's.
pub fn staker_deposit_shares<V: View + ?Sized>(view: &mut V, call: stakerDepositSharesCall) -> Result<U256> {
    if call.strategy == BEACON_STRATEGY {
        return Ok(U256::ZERO);
    }
    Ok(Position::load(view, call.staker, call.strategy)?.shares.0)
}

pub(super) fn staker_strategy_list(
    view: &mut dyn View,
    call: getStakerStrategyListCall,
) -> Result<Vec<Address>> {
    list(view, call.staker)
}

/// Past the end it reverts without data, as the getter of a Solidity array does.
pub(super) fn strategy_at(view: &mut dyn View, call: stakerStrategyListCall) -> Result<Address> {
    let count = STAKERS.get(view, call.staker)?.strategies;
    match u8::try_from(call.index) {
        Ok(place) if place < count => Ok(listed_strategy(view, call.staker, place)?),
        _ => revert_empty(),
    }
}

pub(super) fn staker_strategy_list_length(
    view: &mut dyn View,
    call: stakerStrategyListLengthCall,
) -> Result<U256> {
    Ok(U256::from(STAKERS.get(view, call.staker)?.strategies))
}

pub(super) fn is_whitelisted(view: &mut dyn View, call: strategyIsWhitelistedForDepositCall) -> Result<bool> {
    Ok(WHITELIST.get(view, call.strategy)?)
}

pub(super) fn strategy_whitelister(view: &mut dyn View, _: strategyWhitelisterCall) -> Result<Address> {
    Ok(WHITELISTER.get(view)?)
}

pub(super) fn nonces(view: &mut dyn View, call: noncesCall) -> Result<U256> {
    Ok(NONCES.get(view, call.signer)?)
}

pub(super) fn slashed_shares(
    view: &mut dyn View,
    call: getBurnOrRedistributableShares_0Call,
) -> Result<(Vec<Address>, Vec<U256>)> {
    let slash = slash_key(&call.operatorSet, call.slashId);
    let strategies = records::strategies(view, slash)?;
    let shares: Result<_> =
        strategies.iter().map(|strategy| records::shares(view, slash, *strategy)).collect();
    Ok((strategies, shares?))
}

pub(super) fn slashed_shares_of_strategy(
    view: &mut dyn View,
    call: getBurnOrRedistributableShares_1Call,
) -> Result<U256> {
    records::shares(view, slash_key(&call.operatorSet, call.slashId), call.strategy)
}

pub(super) fn slashed_count(view: &mut dyn View, call: getBurnOrRedistributableCountCall) -> Result<U256> {
    Ok(U256::from(records::count(view, slash_key(&call.operatorSet, call.slashId))?))
}

pub(super) fn pending_operator_sets(
    view: &mut dyn View,
    _: getPendingOperatorSetsCall,
) -> Result<Vec<OperatorSet>> {
    let set = |key| {
        let (avs, id) = operator_set::parts(key);
        OperatorSet { avs, id }
    };
    Ok(records::sets(view)?.into_iter().map(set).collect())
}

pub(super) fn pending_slash_ids(view: &mut dyn View, call: getPendingSlashIdsCall) -> Result<Vec<U256>> {
    let set = operator_set::key(call.operatorSet.avs, call.operatorSet.id);
    records::slashes(view, set)
}

pub(super) fn slash_resolution_block(view: &mut dyn View, call: getSlashResolutionBlockCall) -> Result<u32> {
    records::resolution_block(view, slash_key(&call.operatorSet, call.slashId))
}

pub(super) fn slash_resolution_delay_blocks(
    view: &mut dyn View,
    _: SLASH_RESOLUTION_DELAY_BLOCKSCall,
) -> Result<u32> {
    Ok(view.params().slash_resolution_delay_blocks)
}

pub(super) fn burnable_shares(view: &mut dyn View, call: getBurnableSharesCall) -> Result<U256> {
    Ok(BURNABLE.get(view, ALL, call.strategy)?)
}

pub(super) fn strategies_with_burnable_shares(
    view: &mut dyn View,
    _: getStrategiesWithBurnableSharesCall,
) -> Result<(Vec<Address>, Vec<U256>)> {
    Ok(BURNABLE.entries(view, ALL)?)
}

pub(super) fn burn_address(_: &mut dyn View, _: DEFAULT_BURN_ADDRESSCall) -> Result<Address> {
    Ok(BURN)
}

pub(super) fn deposit_typehash(_: &mut dyn View, _: DEPOSIT_TYPEHASHCall) -> Result<B256> {
    Ok(DEPOSIT_TYPEHASH)
}

pub(super) fn domain_separator(view: &mut dyn View, _: domainSeparatorCall) -> Result<B256> {
    Ok(eip712::domain_separator(view)?)
}

pub(super) fn version(view: &mut dyn View, _: versionCall) -> Result<String> {
    Ok(view.params().rules.version().into())
}
