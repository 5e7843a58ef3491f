//! What slashes took from stakers: shares recorded by operator set and slash, until anyone clears them to the burn
//! address or to the set's recipient (restaking-core §6). The slashing release kept one figure a strategy instead.

use super::{PAUSED, PAUSED_CLEARING, require_delegation_manager, strategies};
use crate::{
    allocation_manager,
    enumerable::{EnumerableMaps, EnumerableSets},
    guard::{non_reentrant, require_not_entered},
    history::now,
    host::{Host, Result, View, call_native, emit, require},
    math::{add, panic},
    operator_set,
    pausable::require_running,
    storage::Map,
    strategy_base::client,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{PanicKind, sol};
use types::{
    Rules,
    abi::{
        IAllocationManager::getRedistributionRecipientCall,
        IStrategyManager::{
            BurnOrRedistributableSharesDecreased, BurnOrRedistributableSharesIncreased,
            BurnableSharesDecreased, OperatorSet, SlashResolutionBlockSet, SlashResolutionDelayNotElapsed,
            StrategyAlreadyInSlash, burnSharesCall, clearBurnOrRedistributableSharesByStrategyCall,
            clearBurnOrRedistributableSharesCall, increaseBurnOrRedistributableSharesCall,
        },
    },
    addresses::{ALLOCATION_MANAGER, BURN},
};

sol! {
    /// What the slashing release had in place of sets and slash ids.
    #[derive(Debug, PartialEq, Eq)]
    interface IBurnableShares {
        event BurnableSharesIncreased(address strategy, uint256 shares);
        function increaseBurnableShares(address strategy, uint256 addedSharesToBurn) external;
    }
}

use IBurnableShares::{BurnableSharesIncreased, increaseBurnableSharesCall};

/// The owner of what exists once.
pub(super) const ALL: u64 = 0;

/// (set, slash id) → strategy → shares.
pub(super) const SLASHED: EnumerableMaps<(B256, B256), Address, U256> = EnumerableMaps::at([5, 6, 7, 8]);
/// Sets with something to clear.
pub(super) const PENDING_SETS: EnumerableSets<u64, B256> = EnumerableSets::at([9, 10, 11]);
/// Set → slash ids with something to clear.
pub(super) const PENDING_SLASHES: EnumerableSets<B256, U256> = EnumerableSets::at([12, 13, 14]);
/// (set, slash id) → the last block in which the slash cannot be cleared; rules `mainnet` only.
pub(super) const RESOLUTION_BLOCKS: Map<(B256, B256), u64> = Map::at(15);
/// Strategy → shares to burn; filled under rules `slashing-2025` only.
pub(super) const BURNABLE: EnumerableMaps<u64, Address, U256> = EnumerableMaps::at([16, 17, 18, 19]);

pub(super) fn slash_key(set: &OperatorSet, slash_id: U256) -> (B256, B256) {
    (operator_set::key(set.avs, set.id), slash_id.into())
}

/// Records what a slash took in one strategy; zero too.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, `StrategyAlreadyInSlash`.
pub fn increase_burn_or_redistributable_shares(
    host: &mut dyn Host,
    call: increaseBurnOrRedistributableSharesCall,
) -> Result<()> {
    require_delegation_manager(host)?;
    require_not_entered(host)?;
    let increaseBurnOrRedistributableSharesCall {
        operatorSet: set,
        slashId: slash_id,
        strategy,
        sharesToBurn: shares,
    } = call;
    let key = slash_key(&set, slash_id);
    let is_new = SLASHED.insert(host, key, strategy, shares)?;
    require(is_new, StrategyAlreadyInSlash {})?;
    PENDING_SETS.insert(host, ALL, key.0)?;
    let is_first = PENDING_SLASHES.insert(host, key.0, slash_id)?;
    if is_first && host.params().rules == Rules::Mainnet {
        set_resolution_block(host, &set, slash_id)?;
    }
    emit(
        host,
        &BurnOrRedistributableSharesIncreased { operatorSet: set, slashId: slash_id, strategy, shares },
    )
}

fn set_resolution_block(host: &mut dyn Host, set: &OperatorSet, slash_id: U256) -> Result<()> {
    let block = now(host).checked_add(host.params().slash_resolution_delay_blocks);
    let block = block.ok_or_else(|| panic(PanicKind::UnderOverflow))?;
    RESOLUTION_BLOCKS.set(host, slash_key(set, slash_id), block.into())?;
    emit(
        host,
        &SlashResolutionBlockSet { operatorSet: set.clone(), slashId: slash_id, resolutionBlock: block },
    )
}

/// The slashing release's record of what slashes took: one figure a strategy.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, `Panic(0x11)`.
pub fn increase_burnable_shares(host: &mut dyn Host, call: increaseBurnableSharesCall) -> Result<()> {
    require_delegation_manager(host)?;
    require_not_entered(host)?;
    let increaseBurnableSharesCall { strategy, addedSharesToBurn: shares } = call;
    let before = BURNABLE.get(host, ALL, strategy)?;
    BURNABLE.insert(host, ALL, strategy, add(before, shares)?)?;
    emit(host, &BurnableSharesIncreased { strategy, shares })
}

/// Clears all strategies of a slash, in the order of slashing, and returns the tokens paid.
///
/// # Errors
/// `CurrentlyPaused` and `SlashResolutionDelayNotElapsed` (rules `mainnet`), `ReentrancyGuard: reentrant call`, any
/// strategy's.
pub(super) fn clear(host: &mut dyn Host, call: clearBurnOrRedistributableSharesCall) -> Result<Vec<U256>> {
    require_clearing_runs(host)?;
    non_reentrant(host, |host| {
        let clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: slash_id } = call;
        require_resolved(host, &set, slash_id)?;
        let strategies = SLASHED.keys(host, slash_key(&set, slash_id))?;
        strategies.into_iter().map(|strategy| clear_one(host, &set, slash_id, strategy)).collect()
    })
}

/// Clears one strategy of a slash and returns the tokens paid.
///
/// # Errors
/// As [`clear`].
pub(super) fn clear_by_strategy(
    host: &mut dyn Host,
    call: clearBurnOrRedistributableSharesByStrategyCall,
) -> Result<U256> {
    require_clearing_runs(host)?;
    non_reentrant(host, |host| {
        require_resolved(host, &call.operatorSet, call.slashId)?;
        clear_one(host, &call.operatorSet, call.slashId, call.strategy)
    })
}

/// Burns what the slashing release recorded for a strategy. The event comes for nothing too.
///
/// # Errors
/// `CurrentlyPaused` (rules `mainnet`), `ReentrancyGuard: reentrant call`, the strategy's.
pub(super) fn burn_shares(host: &mut dyn Host, call: burnSharesCall) -> Result<()> {
    require_clearing_runs(host)?;
    non_reentrant(host, |host| {
        let strategy = call.strategy;
        let shares = BURNABLE.remove(host, ALL, strategy)?;
        emit(host, &BurnableSharesDecreased { strategy, shares })?;
        if !shares.is_zero() {
            pay(host, strategy, BURN, shares)?;
        }
        Ok(())
    })
}

fn require_clearing_runs(host: &mut dyn Host) -> Result<()> {
    match host.params().rules {
        Rules::Mainnet => require_running(host, &PAUSED, PAUSED_CLEARING),
        Rules::Pinned | Rules::Slashing2025 => Ok(()),
    }
}

fn require_resolved(host: &mut dyn Host, set: &OperatorSet, slash_id: U256) -> Result<()> {
    let block = RESOLUTION_BLOCKS.get(host, slash_key(set, slash_id))?;
    let may = host.params().rules != Rules::Mainnet || host.block().number > block;
    require(may, SlashResolutionDelayNotElapsed {})
}

fn clear_one(host: &mut dyn Host, set: &OperatorSet, slash_id: U256, strategy: Address) -> Result<U256> {
    let key = slash_key(set, slash_id);
    let recipient = recipient(host, set)?;
    let shares = SLASHED.remove(host, key, strategy)?;
    let mut paid = U256::ZERO;
    if !shares.is_zero() {
        paid = pay(host, strategy, recipient, shares)?;
        let operator_set = set.clone();
        let event = BurnOrRedistributableSharesDecreased {
            operatorSet: operator_set,
            slashId: slash_id,
            strategy,
            shares,
        };
        emit(host, &event)?;
    }
    if SLASHED.len(host, key)? == 0 {
        forget(host, key, slash_id)?;
    }
    Ok(paid)
}

fn recipient(host: &mut dyn Host, set: &OperatorSet) -> Result<Address> {
    let call = getRedistributionRecipientCall { operatorSet: set.clone().into() };
    call_native(host, ALLOCATION_MANAGER, call, |host, call| {
        allocation_manager::redistribution_recipient(host, call)
    })
}

/// Drops a slash with nothing left, and its set with the last slash.
fn forget(host: &mut dyn Host, key: (B256, B256), slash_id: U256) -> Result<()> {
    let (set, _) = key;
    if PENDING_SLASHES.remove(host, set, slash_id)? && host.params().rules == Rules::Mainnet {
        RESOLUTION_BLOCKS.set(host, key, 0)?;
    }
    if PENDING_SLASHES.len(host, set)? == 0 {
        PENDING_SETS.remove(host, ALL, set)?;
    }
    Ok(())
}

fn pay(host: &mut dyn Host, strategy: Address, recipient: Address, shares: U256) -> Result<U256> {
    let token = client::underlying_token(host, strategy)?;
    strategies::withdraw(host, strategy, recipient, token, shares)
}

/// The last block in which a slash cannot be cleared, 0 for one that is not recorded.
pub(super) fn resolution_block<V: View + ?Sized>(
    view: &mut V,
    set: &OperatorSet,
    slash_id: U256,
) -> Result<u32> {
    Ok(RESOLUTION_BLOCKS.get(view, slash_key(set, slash_id))? as u32)
}
