//! AllocationManager's ABI to its verbs.

use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    host::{Host, Result, revert_empty},
    pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::IAllocationManager::{
        ALLOCATION_CONFIGURATION_DELAYCall, DEALLOCATION_DELAYCall, SLASHER_CONFIGURATION_DELAYCall,
        delegationCall, getAllocationDelayCall, getMaxMagnitudeCall, getMaxMagnitudes_0Call,
        getMaxMagnitudes_1Call, getMaxMagnitudesAtBlockCall, initializeCall, permissionControllerCall,
        setAllocationDelayCall,
    },
    addresses::{DELEGATION_MANAGER, PERMISSION_CONTROLLER},
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        setAllocationDelayCall::SELECTOR => write(host, calldata, super::set_allocation_delay),
        getAllocationDelayCall::SELECTOR => view(host, calldata, super::allocation_delay),
        getMaxMagnitudeCall::SELECTOR => view(host, calldata, super::max_magnitude),
        getMaxMagnitudes_0Call::SELECTOR => view(host, calldata, super::max_magnitudes_of_strategies),
        getMaxMagnitudes_1Call::SELECTOR => view(host, calldata, super::max_magnitudes_of_operators),
        getMaxMagnitudesAtBlockCall::SELECTOR => view(host, calldata, super::max_magnitudes_at_block),
        DEALLOCATION_DELAYCall::SELECTOR => view(host, calldata, super::deallocation_delay),
        ALLOCATION_CONFIGURATION_DELAYCall::SELECTOR => {
            view(host, calldata, super::allocation_configuration_delay)
        }
        SLASHER_CONFIGURATION_DELAYCall::SELECTOR => view(host, calldata, super::slasher_configuration_delay),
        delegationCall::SELECTOR => view(host, calldata, |_, _: delegationCall| Ok(DELEGATION_MANAGER)),
        permissionControllerCall::SELECTOR => {
            view(host, calldata, |_, _: permissionControllerCall| Ok(PERMISSION_CONTROLLER))
        }
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        _ => pausable::verbs(host, calldata, &super::PAUSED).unwrap_or_else(revert_empty),
    }
}
