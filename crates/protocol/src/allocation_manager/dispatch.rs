//! AllocationManager's ABI to its verbs. The slashing release knows neither redistribution nor slashers of a set.

use super::{
    allocations, delays, queue, registration,
    rows::{OWNER, PAUSED},
    sets, slashers, slashing,
    views::{self, is_operator_slashable},
};
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    first_release,
    host::{Host, Result, revert_empty},
    pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    Rules,
    abi::IAllocationManager::{
        ALLOCATION_CONFIGURATION_DELAYCall, DEALLOCATION_DELAYCall, SLASHER_CONFIGURATION_DELAYCall,
        addStrategiesToOperatorSetCall, clearDeallocationQueueCall, createOperatorSets_0Call,
        createOperatorSets_1Call, createRedistributingOperatorSets_0Call,
        createRedistributingOperatorSets_1Call, delegationCall, deregisterFromOperatorSetsCall,
        eigenStrategyCall, getAVSRegistrarCall, getAllocatableMagnitudeCall, getAllocatedSetsCall,
        getAllocatedStakeCall, getAllocatedStrategiesCall, getAllocationCall, getAllocationDelayCall,
        getAllocationsCall, getEncumberedMagnitudeCall, getMaxMagnitudeCall, getMaxMagnitudes_0Call,
        getMaxMagnitudes_1Call, getMaxMagnitudesAtBlockCall, getMemberCountCall, getMembersCall,
        getMinimumSlashableStakeCall, getOperatorSetCountCall, getPendingSlasherCall,
        getRedistributionRecipientCall, getRegisteredSetsCall, getSlashCountCall, getSlasherCall,
        getStrategiesInOperatorSetCall, getStrategyAllocationsCall, initializeCall,
        isMemberOfOperatorSetCall, isOperatorRedistributableCall, isOperatorSetCall, isOperatorSlashableCall,
        isRedistributingOperatorSetCall, migrateSlashersCall, modifyAllocationsCall,
        permissionControllerCall, registerForOperatorSetsCall, removeStrategiesFromOperatorSetCall,
        setAVSRegistrarCall, setAllocationDelayCall, slashOperatorCall, updateAVSMetadataURICall,
        updateSlasherCall, viewImplementationCall,
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, EIGEN_STRATEGY, PERMISSION_CONTROLLER},
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    verb(host, calldata)
        .or_else(|| operators_view(host, calldata))
        .or_else(|| sets_view(host, calldata))
        .or_else(|| newer(host, calldata))
        .or_else(|| pausable::verbs(host, calldata, &PAUSED))
        .or_else(|| first_release::verbs(host, calldata, Some(&OWNER)))
        .unwrap_or_else(revert_empty)
}

/// The verbs of all releases.
fn verb(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        slashOperatorCall::SELECTOR => slash(host, calldata),
        modifyAllocationsCall::SELECTOR => write(host, calldata, allocations::modify_allocations),
        clearDeallocationQueueCall::SELECTOR => write(host, calldata, queue::clear_deallocation_queue),
        registerForOperatorSetsCall::SELECTOR => write(host, calldata, registration::register),
        deregisterFromOperatorSetsCall::SELECTOR => write(host, calldata, registration::deregister),
        setAllocationDelayCall::SELECTOR => write(host, calldata, delays::set_allocation_delay),
        setAVSRegistrarCall::SELECTOR => write(host, calldata, sets::set_avs_registrar),
        updateAVSMetadataURICall::SELECTOR => write(host, calldata, sets::update_avs_metadata_uri),
        createOperatorSets_0Call::SELECTOR => write(host, calldata, sets::create_self_slashed_sets),
        addStrategiesToOperatorSetCall::SELECTOR => write(host, calldata, sets::add_strategies),
        removeStrategiesFromOperatorSetCall::SELECTOR => write(host, calldata, sets::remove_strategies),
        _ => return None,
    })
}

/// The slashing release answers nothing.
fn slash(host: &mut dyn Host, calldata: Calldata<'_>) -> Result<Bytes> {
    let answer = write(host, calldata, slashing::slash_operator)?;
    Ok(if host.params().rules == Rules::Slashing2025 { Bytes::new() } else { answer })
}

/// What operators have allocated, and the delays.
fn operators_view(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        getAllocationDelayCall::SELECTOR => view(host, calldata, delays::allocation_delay),
        getMaxMagnitudeCall::SELECTOR => view(host, calldata, views::max_magnitude),
        getMaxMagnitudes_0Call::SELECTOR => view(host, calldata, views::max_magnitudes_of_strategies),
        getMaxMagnitudes_1Call::SELECTOR => view(host, calldata, views::max_magnitudes_of_operators),
        getMaxMagnitudesAtBlockCall::SELECTOR => view(host, calldata, views::max_magnitudes_at_block),
        getEncumberedMagnitudeCall::SELECTOR => view(host, calldata, views::encumbered_magnitude),
        getAllocatableMagnitudeCall::SELECTOR => view(host, calldata, views::allocatable_magnitude),
        getAllocationCall::SELECTOR => view(host, calldata, views::allocation),
        getAllocationsCall::SELECTOR => view(host, calldata, views::allocations),
        getStrategyAllocationsCall::SELECTOR => view(host, calldata, views::strategy_allocations),
        getAllocatedSetsCall::SELECTOR => view(host, calldata, views::allocated_sets),
        getAllocatedStrategiesCall::SELECTOR => view(host, calldata, views::allocated_strategies),
        getRegisteredSetsCall::SELECTOR => view(host, calldata, views::registered_sets),
        getAllocatedStakeCall::SELECTOR => view(host, calldata, views::allocated_stake_now),
        getMinimumSlashableStakeCall::SELECTOR => view(host, calldata, views::minimum_slashable_stake),
        DEALLOCATION_DELAYCall::SELECTOR => view(host, calldata, views::deallocation_delay),
        ALLOCATION_CONFIGURATION_DELAYCall::SELECTOR => {
            view(host, calldata, views::allocation_configuration_delay)
        }
        _ => return None,
    })
}

/// Sets and services.
fn sets_view(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        isMemberOfOperatorSetCall::SELECTOR => view(host, calldata, views::is_member),
        isOperatorSetCall::SELECTOR => view(host, calldata, views::is_operator_set),
        isOperatorSlashableCall::SELECTOR => {
            view(host, calldata, |view, call| is_operator_slashable(view, call))
        }
        getOperatorSetCountCall::SELECTOR => view(host, calldata, views::operator_set_count),
        getMembersCall::SELECTOR => view(host, calldata, views::members),
        getMemberCountCall::SELECTOR => view(host, calldata, views::member_count),
        getStrategiesInOperatorSetCall::SELECTOR => view(host, calldata, views::strategies_in_set),
        getAVSRegistrarCall::SELECTOR => view(host, calldata, views::avs_registrar),
        delegationCall::SELECTOR => view(host, calldata, |_, _: delegationCall| Ok(DELEGATION_MANAGER)),
        permissionControllerCall::SELECTOR => {
            view(host, calldata, |_, _: permissionControllerCall| Ok(PERMISSION_CONTROLLER))
        }
        _ => return None,
    })
}

/// What came after the slashing release.
fn newer(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    if host.params().rules == Rules::Slashing2025 {
        return None;
    }
    Some(match calldata.selector {
        createOperatorSets_1Call::SELECTOR => write(host, calldata, sets::create_operator_sets),
        createRedistributingOperatorSets_0Call::SELECTOR => {
            write(host, calldata, sets::create_self_slashed_redistributing_sets)
        }
        createRedistributingOperatorSets_1Call::SELECTOR => {
            write(host, calldata, sets::create_redistributing_sets)
        }
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        updateSlasherCall::SELECTOR => write(host, calldata, slashers::update_slasher),
        migrateSlashersCall::SELECTOR => write(host, calldata, slashers::migrate_slashers),
        getSlasherCall::SELECTOR => view(host, calldata, views::slasher),
        getPendingSlasherCall::SELECTOR => view(host, calldata, views::pending_slasher),
        getSlashCountCall::SELECTOR => view(host, calldata, views::slash_count),
        getRedistributionRecipientCall::SELECTOR => {
            view(host, calldata, |view, call| sets::redistribution_recipient(view, call))
        }
        isRedistributingOperatorSetCall::SELECTOR => view(host, calldata, views::is_redistributing),
        isOperatorRedistributableCall::SELECTOR => view(host, calldata, views::is_operator_redistributable),
        eigenStrategyCall::SELECTOR => view(host, calldata, |_, _: eigenStrategyCall| Ok(EIGEN_STRATEGY)),
        viewImplementationCall::SELECTOR => {
            view(host, calldata, |_, _: viewImplementationCall| Ok(ALLOCATION_MANAGER))
        }
        SLASHER_CONFIGURATION_DELAYCall::SELECTOR => view(host, calldata, views::slasher_configuration_delay),
        _ => return None,
    })
}
