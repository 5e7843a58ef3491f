//! A vault's way from deposits over the lock to withdrawals, and what it does in AllocationManager on it.

use super::{ADMIN, ARBITRATOR, METADATA, METADATA_KEY, Phase, require_admin, set_of};
use crate::{
    dispatch::{call as call_contract, encode_call, static_call},
    host::{Host, Result, emit, require},
    math::panic,
};
use alloy_primitives::U256;
use alloy_sol_types::{PanicKind, sol};
use types::{
    abi::{
        IAllocationManager::{
            AllocateParams, Allocation, DeregisterParams, deregisterFromOperatorSetsCall, getAllocationCall,
            getStrategiesInOperatorSetCall, isMemberOfOperatorSetCall, modifyAllocationsCall,
        },
        IDelegationManager::{
            modifyOperatorDetailsCall, updateOperatorMetadataURICall as updateInDelegationManagerCall,
        },
        IDurationVaultStrategy::{
            DeallocateAttempted, DeregisterAttempted, DurationAlreadyElapsed, DurationNotElapsed,
            MetadataURIUpdated, OnlyArbitrator, PendingAllocation, StrategyNotSupportedByOperatorSet,
            VaultAdvancedToWithdrawals, VaultAlreadyLocked, VaultLocked, VaultMatured, VaultNotLocked,
            advanceToWithdrawalsCall, lockCall, markMaturedCall, setRewardsClaimerCall,
            updateDelegationApproverCall, updateMetadataURICall, updateOperatorMetadataURICall,
        },
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, REWARDS_COORDINATOR},
    units::WAD,
};

sol! {
    /// RewardsCoordinator's: who may claim what an earner earned.
    function setClaimerFor(address earner, address claimer) external;
}

pub(super) fn lock(host: &mut dyn Host, _: lockCall) -> Result<()> {
    let mut admin = require_admin(host)?;
    let mut row = ARBITRATOR.get(host)?;
    require(row.phase == Phase::Deposits, VaultAlreadyLocked {})?;
    let (vault, set) = (host.msg().this, set_of(host)?);
    let listed = getStrategiesInOperatorSetCall { operatorSet: set };
    let strategies = static_call(host, ALLOCATION_MANAGER, &listed)?;
    require(strategies.contains(&vault), StrategyNotSupportedByOperatorSet {})?;
    admin.locked_at = second(host);
    let unlock_at = admin.locked_at.checked_add(admin.duration_secs);
    admin.unlock_at = unlock_at.ok_or_else(|| panic(PanicKind::UnderOverflow))?;
    ADMIN.set(host, admin)?;
    row.phase = Phase::Allocations;
    ARBITRATOR.set(host, row)?;
    emit(host, &VaultLocked { lockedAt: admin.locked_at, unlockAt: admin.unlock_at })?;
    require(allocation(host)?.effectBlock == 0, PendingAllocation {})?;
    let call = allocating(host, WAD)?;
    call_contract(host, ALLOCATION_MANAGER, &call)?;
    Ok(())
}

/// Ends a lock whose time is over; later calls only clean up. Anyone may call it.
pub(super) fn mark_matured(host: &mut dyn Host, _: markMaturedCall) -> Result<()> {
    let phase = ARBITRATOR.get(host)?.phase;
    if phase != Phase::Withdrawals {
        require(phase == Phase::Allocations, DurationNotElapsed {})?;
        let is_over = host.block().timestamp >= u64::from(ADMIN.get(host)?.unlock_at);
        require(is_over, DurationNotElapsed {})?;
        mature(host)?;
    }
    clean_up(host)
}

/// Ends a lock before its time.
pub(super) fn advance_to_withdrawals(host: &mut dyn Host, _: advanceToWithdrawalsCall) -> Result<()> {
    let row = ARBITRATOR.get(host)?;
    let arbitrator = host.msg().sender;
    require(arbitrator == row.arbitrator, OnlyArbitrator {})?;
    if row.phase != Phase::Withdrawals {
        require(row.phase == Phase::Allocations, VaultNotLocked {})?;
        let is_early = host.block().timestamp < u64::from(ADMIN.get(host)?.unlock_at);
        require(is_early, DurationAlreadyElapsed {})?;
        let matured_at = mature(host)?;
        emit(host, &VaultAdvancedToWithdrawals { arbitrator, maturedAt: matured_at })?;
    }
    clean_up(host)
}

fn mature(host: &mut dyn Host) -> Result<u32> {
    let mut row = ARBITRATOR.get(host)?;
    row.phase = Phase::Withdrawals;
    row.matured_at = second(host);
    ARBITRATOR.set(host, row)?;
    emit(host, &VaultMatured { maturedAt: row.matured_at })?;
    Ok(row.matured_at)
}

/// Frees the stake and leaves the set as far as that works; what fails may be tried again.
fn clean_up(host: &mut dyn Host) -> Result<()> {
    let success = deallocate(host)?;
    emit(host, &DeallocateAttempted { success })?;
    let success = leave_set(host)?;
    emit(host, &DeregisterAttempted { success })
}

fn deallocate(host: &mut dyn Host) -> Result<bool> {
    let allocation = allocation(host)?;
    if allocation.currentMagnitude == 0 && allocation.pendingDiff == 0 {
        return Ok(true);
    }
    if allocation.effectBlock != 0 {
        return Ok(false);
    }
    let call = allocating(host, 0)?;
    let input = encode_call(host, &call)?;
    Ok(host.call(ALLOCATION_MANAGER, U256::ZERO, input)?.is_success())
}

fn leave_set(host: &mut dyn Host) -> Result<bool> {
    let (operator, set) = (host.msg().this, set_of(host)?);
    let asked = isMemberOfOperatorSetCall { operator, operatorSet: set.clone() };
    if !static_call(host, ALLOCATION_MANAGER, &asked)? {
        return Ok(true);
    }
    let params = DeregisterParams { operator, avs: set.avs, operatorSetIds: vec![set.id] };
    let input = encode_call(host, &deregisterFromOperatorSetsCall { params })?;
    Ok(host.call(ALLOCATION_MANAGER, U256::ZERO, input)?.is_success())
}

fn allocation(host: &mut dyn Host) -> Result<Allocation> {
    let (vault, set) = (host.msg().this, set_of(host)?);
    let call = getAllocationCall { operator: vault, operatorSet: set, strategy: vault };
    static_call(host, ALLOCATION_MANAGER, &call)
}

/// The call that allocates `magnitude` of the vault to its set.
fn allocating(host: &mut dyn Host, magnitude: u64) -> Result<modifyAllocationsCall> {
    let (vault, set) = (host.msg().this, set_of(host)?);
    let params = AllocateParams { operatorSet: set, strategies: vec![vault], newMagnitudes: vec![magnitude] };
    Ok(modifyAllocationsCall { operator: vault, params: vec![params] })
}

pub(super) fn update_metadata_uri(host: &mut dyn Host, call: updateMetadataURICall) -> Result<()> {
    require_admin(host)?;
    METADATA.set(host, METADATA_KEY, call.newMetadataURI.as_bytes())?;
    emit(host, &MetadataURIUpdated { newMetadataURI: call.newMetadataURI })
}

pub(super) fn update_delegation_approver(
    host: &mut dyn Host,
    call: updateDelegationApproverCall,
) -> Result<()> {
    require_admin(host)?;
    let (operator, approver) = (host.msg().this, call.newDelegationApprover);
    let call = modifyOperatorDetailsCall { operator, newDelegationApprover: approver };
    call_contract(host, DELEGATION_MANAGER, &call)?;
    Ok(())
}

pub(super) fn update_operator_metadata_uri(
    host: &mut dyn Host,
    call: updateOperatorMetadataURICall,
) -> Result<()> {
    require_admin(host)?;
    let (operator, uri) = (host.msg().this, call.newOperatorMetadataURI);
    let call = updateInDelegationManagerCall { operator, metadataURI: uri };
    call_contract(host, DELEGATION_MANAGER, &call)?;
    Ok(())
}

pub(super) fn set_rewards_claimer(host: &mut dyn Host, call: setRewardsClaimerCall) -> Result<()> {
    require_admin(host)?;
    let earner = host.msg().this;
    call_contract(host, REWARDS_COORDINATOR, &setClaimerForCall { earner, claimer: call.claimer })?;
    Ok(())
}

/// The block's second in 32 bits, cut as in the original.
fn second(host: &dyn Host) -> u32 {
    host.block().timestamp as u32
}
