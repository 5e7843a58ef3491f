//! Operators: accounts that others delegate to. An operator is delegated to itself, and stays one for ever.

use super::delegation::delegate;
use crate::{
    allocation_manager,
    guard::require_not_entered,
    host::{Host, Result, call_native, emit, require},
    ledger::STAKERS,
    permission_controller::sender_can_act_for,
};
use alloy_primitives::Address;
use types::{
    abi::{
        IAllocationManager::setAllocationDelayCall,
        IDelegationManager::{
            ActivelyDelegated, DelegationApproverUpdated, InvalidPermissions, OperatorMetadataURIUpdated,
            OperatorNotRegistered, OperatorRegistered, modifyOperatorDetailsCall, registerAsOperatorCall,
            updateOperatorMetadataURICall,
        },
    },
    addresses::ALLOCATION_MANAGER,
};

/// Makes the caller an operator with an allocation delay in blocks; its deposits are delegated to itself.
///
/// # Errors
/// `ReentrancyGuard: reentrant call`, `ActivelyDelegated`, `CurrentlyPaused`.
pub fn register_as_operator(host: &mut dyn Host, call: registerAsOperatorCall) -> Result<()> {
    require_not_entered(host)?;
    let registerAsOperatorCall { initDelegationApprover: approver, allocationDelay: delay, metadataURI } =
        call;
    let operator = host.msg().sender;
    let mut row = STAKERS.get(host, operator)?;
    require(!row.is_delegated(), ActivelyDelegated {})?;
    let call = setAllocationDelayCall { operator, delay };
    call_native(host, ALLOCATION_MANAGER, call, |host, call| {
        allocation_manager::set_allocation_delay(host, call)
    })?;
    row.set_approver(approver);
    emit(host, &DelegationApproverUpdated { operator, newDelegationApprover: approver })?;
    delegate(host, operator, operator, &mut row)?;
    emit(host, &OperatorRegistered { operator, delegationApprover: approver })?;
    emit(host, &OperatorMetadataURIUpdated { operator, metadataURI })
}

/// Changes who must sign delegations to an operator.
///
/// # Errors
/// `InvalidPermissions`, `ReentrancyGuard: reentrant call`, `OperatorNotRegistered`.
pub fn modify_operator_details(host: &mut dyn Host, call: modifyOperatorDetailsCall) -> Result<()> {
    let modifyOperatorDetailsCall { operator, newDelegationApprover: approver } = call;
    require_permission(host, operator)?;
    require_not_entered(host)?;
    let mut row = STAKERS.get(host, operator)?;
    require(row.is_operator(), OperatorNotRegistered {})?;
    row.set_approver(approver);
    STAKERS.set(host, operator, row)?;
    emit(host, &DelegationApproverUpdated { operator, newDelegationApprover: approver })
}

/// Announces where an operator describes itself. Nothing is stored.
///
/// # Errors
/// `InvalidPermissions`, `OperatorNotRegistered`.
pub fn update_operator_metadata_uri(host: &mut dyn Host, call: updateOperatorMetadataURICall) -> Result<()> {
    let updateOperatorMetadataURICall { operator, metadataURI } = call;
    require_permission(host, operator)?;
    let row = STAKERS.get(host, operator)?;
    require(row.is_operator(), OperatorNotRegistered {})?;
    emit(host, &OperatorMetadataURIUpdated { operator, metadataURI })
}

fn require_permission(host: &mut dyn Host, operator: Address) -> Result<()> {
    let may = sender_can_act_for(host, operator)?;
    require(may, InvalidPermissions {})
}
