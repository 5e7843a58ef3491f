//! How long an operator's new allocations wait before they can be slashed (restaking-core §5.1).

use super::{
    past, require_permission,
    rows::{OPERATORS, OperatorRow},
};
use crate::{
    covenants, delegation_manager,
    history::now,
    host::{Host, Result, View, call_native, emit, require},
    permission_controller::sender_can_act_for,
};
use alloy_primitives::Address;
use types::{
    Rules,
    abi::{
        IAllocationManager::{
            AllocationDelaySet, InvalidCaller, InvalidOperator, getAllocationDelayCall,
            setAllocationDelayCall,
        },
        IDelegationManager::isOperatorCall,
    },
    addresses::DELEGATION_MANAGER,
};

/// Sets an operator's allocation delay, in blocks: at once if DelegationManager calls for a new operator, else after
/// the configuration delay. Each call restarts the clock. The slashing release lets new operators wait too.
///
/// # Errors
/// `InvalidPermissions` (slashing release: `InvalidCaller`), `InvalidOperator`; with a covenant `CovenantViolation`.
pub fn set_allocation_delay(host: &mut dyn Host, call: setAllocationDelayCall) -> Result<()> {
    let setAllocationDelayCall { operator, delay } = call;
    let is_new_operator = host.msg().sender == DELEGATION_MANAGER;
    if !is_new_operator {
        require_permission_of_operator(host, operator)?;
        require_operator(host, operator)?;
    }
    let current = OPERATORS.get(host, operator)?.at(now(host));
    let row = if is_new_operator && host.params().rules != Rules::Slashing2025 {
        OperatorRow { delay, is_set: true, pending_delay: delay, effect_block: now(host), ..current }
    } else {
        let effect_block = past(host, host.params().configuration_delay_blocks)?;
        OperatorRow { pending_delay: delay, effect_block, ..current }
    };
    OPERATORS.set(host, operator, row)?;
    if row.has_covenant {
        covenants::require_delay(host, operator)?;
    }
    emit(host, &AllocationDelaySet { operator, delay, effectBlock: row.effect_block })
}

/// Lets those pass who may act for an operator in its own matters: the slashing release had another error there.
///
/// # Errors
/// `InvalidPermissions` (slashing release: `InvalidCaller`).
pub(super) fn require_permission_of_operator(host: &mut dyn Host, operator: Address) -> Result<()> {
    if host.params().rules == Rules::Slashing2025 {
        let may = sender_can_act_for(host, operator)?;
        return require(may, InvalidCaller {});
    }
    require_permission(host, operator)
}

/// # Errors
/// `InvalidOperator`.
pub(super) fn require_operator(host: &mut dyn Host, operator: Address) -> Result<()> {
    let call = isOperatorCall { operator };
    let is_operator = call_native(host, DELEGATION_MANAGER, call, |host, call| {
        delegation_manager::is_operator(host, call)
    })?;
    require(is_operator, InvalidOperator {})
}

pub(super) fn allocation_delay(view: &mut dyn View, call: getAllocationDelayCall) -> Result<(bool, u32)> {
    let OperatorRow { delay, is_set, .. } = OPERATORS.get(view, call.operator)?.at(now(view));
    Ok((is_set, delay))
}
