//! What slashes took from stakers: shares recorded by operator set and slash, until anyone clears them to the burn
//! address or to the set's recipient (restaking-core §6). The slashing release kept one figure a strategy instead.

use super::{
    PAUSED, PAUSED_CLEARING,
    records::{self, Origin, Recorded},
    require_delegation_manager, strategies,
};
use crate::{
    allocation_manager,
    enumerable::EnumerableMaps,
    first_release::IFirstRelease::{BurnableSharesIncreased, increaseBurnableSharesCall},
    guard::{non_reentrant, require_not_entered},
    history::now,
    host::{Host, Result, call_native, emit, require},
    math::{add, panic},
    operator_set,
    pausable::require_running,
    strategy_base::client,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::PanicKind;
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

/// The owner of what exists once.
pub(super) const ALL: u64 = 0;

/// Strategy → shares to burn; filled under rules `slashing-2025` only.
pub(super) const BURNABLE: EnumerableMaps<u64, Address, U256> = EnumerableMaps::at([16, 17, 18, 19]);

pub(super) fn slash_key(set: &OperatorSet, slash_id: U256) -> records::Slash {
    (operator_set::key(set.avs, set.id), slash_id.into())
}

/// The verb `increaseBurnOrRedistributableShares`: only DelegationManager may call it, and it calls [`record_slash`].
///
/// # Errors
/// As [`record_slash`].
pub(super) fn increase_burn_or_redistributable_shares(
    host: &mut dyn Host,
    call: increaseBurnOrRedistributableSharesCall,
) -> Result<()> {
    record_slash(host, call, Origin::default())
}

/// Records what a slash took in one strategy, zero too, and whom it hit.
///
/// # Errors
/// `OnlyDelegationManager`, `ReentrancyGuard: reentrant call`, `StrategyAlreadyInSlash`.
pub(crate) fn record_slash(
    host: &mut dyn Host,
    call: increaseBurnOrRedistributableSharesCall,
    origin: Origin,
) -> Result<()> {
    require_delegation_manager(host)?;
    require_not_entered(host)?;
    let increaseBurnOrRedistributableSharesCall {
        operatorSet: set,
        slashId: slash_id,
        strategy,
        sharesToBurn: shares,
    } = call;
    let block = resolution_block(host)?;
    let recorded = records::record(host, slash_key(&set, slash_id), strategy, shares, block, origin)?;
    require(recorded != Recorded::Again, StrategyAlreadyInSlash {})?;
    if recorded == Recorded::First && host.params().rules == Rules::Mainnet {
        let operator_set = set.clone();
        let event =
            SlashResolutionBlockSet { operatorSet: operator_set, slashId: slash_id, resolutionBlock: block };
        emit(host, &event)?;
    }
    emit(
        host,
        &BurnOrRedistributableSharesIncreased { operatorSet: set, slashId: slash_id, strategy, shares },
    )
}

/// The last block in which a slash of this block cannot be cleared; 0 where slashes need no resolution.
fn resolution_block(host: &dyn Host) -> Result<u32> {
    if host.params().rules != Rules::Mainnet {
        return Ok(0);
    }
    let block = now(host).checked_add(host.params().slash_resolution_delay_blocks);
    block.ok_or_else(|| panic(PanicKind::UnderOverflow))
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
        let strategies = records::strategies(host, slash_key(&set, slash_id))?;
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
    if host.params().rules != Rules::Mainnet {
        return Ok(());
    }
    let block = records::resolution_block(host, slash_key(set, slash_id))?;
    require(host.block().number > u64::from(block), SlashResolutionDelayNotElapsed {})
}

fn clear_one(host: &mut dyn Host, set: &OperatorSet, slash_id: U256, strategy: Address) -> Result<U256> {
    let key = slash_key(set, slash_id);
    let recipient = recipient(host, set)?;
    let shares = records::remove(host, key, strategy)?;
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
    records::close(host, key)?;
    Ok(paid)
}

fn recipient(host: &mut dyn Host, set: &OperatorSet) -> Result<Address> {
    let call = getRedistributionRecipientCall { operatorSet: set.clone().into() };
    call_native(host, ALLOCATION_MANAGER, call, |host, call| {
        allocation_manager::redistribution_recipient(host, call)
    })
}

fn pay(host: &mut dyn Host, strategy: Address, recipient: Address, shares: U256) -> Result<U256> {
    let token = client::underlying_token(host, strategy)?;
    strategies::withdraw(host, strategy, recipient, token, shares)
}
