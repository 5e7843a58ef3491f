//! Joining and leaving operator sets. The service's registrar has the last word on both: if it reverts, nothing
//! happened (restaking-core R42).

use super::{
    PAUSED_REGISTRATION, after,
    delays::require_operator,
    existing, require_permission,
    rows::{MEMBERS, MEMBERSHIPS, OPERATORS, OperatorRow, PAUSED, REGISTERED_SETS, SERVICES, SETS, SetRow},
    sets::registrar_or,
};
use crate::{
    covenants, dispatch,
    history::now,
    host::{Host, Result, emit, require},
    lists::{push, shorter, take},
    operator_set,
    pausable::require_running,
    permission_controller::sender_can_act_for,
};
use alloy_primitives::{Address, B256, Bytes};
use types::abi::{
    IAVSRegistrar::{deregisterOperatorCall, registerOperatorCall},
    IAllocationManager::{
        AlreadyMemberOfSet, DeregisterParams, InvalidCaller, NotMemberOfSet, OperatorAddedToOperatorSet,
        OperatorRemovedFromOperatorSet, OperatorSet, RegisterParams, deregisterFromOperatorSetsCall,
        registerForOperatorSetsCall,
    },
};

/// Registers an operator for sets of a service, which can slash its allocations from now on.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidPermissions`, `InvalidOperator`, `InvalidOperatorSet`, `AlreadyMemberOfSet`, the
/// registrar's; with a covenant `CovenantViolation`.
pub(super) fn register(host: &mut dyn Host, call: registerForOperatorSetsCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_REGISTRATION)?;
    let registerForOperatorSetsCall { operator, params } = call;
    require_permission(host, operator)?;
    require_operator(host, operator)?;
    let RegisterParams { avs, operatorSetIds: ids, data } = params;
    let mut row = OPERATORS.get(host, operator)?;
    for id in &ids {
        join(host, operator, &mut row, OperatorSet { avs, id: *id })?;
    }
    if !ids.is_empty() {
        OPERATORS.set(host, operator, row)?;
    }
    if row.has_covenant {
        covenants::require_registration(host, operator)?;
    }
    let registrar = registrar(host, avs)?;
    dispatch::call(host, registrar, &registerOperatorCall { operator, avs, operatorSetIds: ids, data })?;
    Ok(())
}

fn join(host: &mut dyn Host, operator: Address, row: &mut OperatorRow, set: OperatorSet) -> Result<()> {
    let name = operator_set::key(set.avs, set.id);
    let set_row = existing(host, name)?;
    let mut member = MEMBERSHIPS.get(host, (operator, name))?;
    require(!member.is_slashable(now(host)), AlreadyMemberOfSet {})?;
    let registered = push(host, &REGISTERED_SETS, |place| (operator, place), row.registered_sets, name)?;
    let members = push(host, &MEMBERS, |place| (name, place), set_row.members, operator)?;
    row.registered_sets = registered;
    SETS.set(host, name, SetRow { members, ..set_row })?;
    (member.registered, member.registered_place, member.member_place) = (true, registered, members);
    MEMBERSHIPS.set(host, (operator, name), member)?;
    emit(host, &OperatorAddedToOperatorSet { operator, operatorSet: set })
}

/// Takes an operator out of sets, on its own wish or the service's. It can be slashed for the deallocation delay yet,
/// and its allocations stay.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidCaller`, `InvalidOperatorSet`, `NotMemberOfSet`, `Panic(0x11)`, the registrar's.
pub(super) fn deregister(host: &mut dyn Host, call: deregisterFromOperatorSetsCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_REGISTRATION)?;
    let DeregisterParams { operator, avs, operatorSetIds: ids } = call.params;
    let may = sender_can_act_for(host, operator)? || sender_can_act_for(host, avs)?;
    require(may, InvalidCaller {})?;
    take_out(host, operator, avs, &ids)?;
    let registrar = registrar(host, avs)?;
    dispatch::call(host, registrar, &deregisterOperatorCall { operator, avs, operatorSetIds: ids })?;
    Ok(())
}

/// Takes an operator out of sets of a service without its registrar's consent: the registrar is told last, with exactly
/// so much gas. Answers with who failed and with what data, if it did. Only [`crate::safe_exit`] may ask, after its
/// checks.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidOperatorSet`, `NotMemberOfSet`, `Panic(0x11)`; out of gas where the registrar's is not
/// there.
pub(crate) fn force_out(
    host: &mut dyn Host,
    call: deregisterFromOperatorSetsCall,
    registrar_gas: u64,
) -> Result<Option<(Address, Bytes)>> {
    require_running(host, &PAUSED, PAUSED_REGISTRATION)?;
    let DeregisterParams { operator, avs, operatorSetIds: ids } = call.params;
    take_out(host, operator, avs, &ids)?;
    let registrar = registrar(host, avs)?;
    let input = dispatch::encode_call(host, &deregisterOperatorCall { operator, avs, operatorSetIds: ids })?;
    let reply = host.call_with_gas(registrar, input, registrar_gas)?;
    Ok((!reply.is_success()).then_some((registrar, reply.data)))
}

fn take_out(host: &mut dyn Host, operator: Address, avs: Address, ids: &[u32]) -> Result<()> {
    let mut row = OPERATORS.get(host, operator)?;
    for id in ids {
        leave(host, operator, &mut row, OperatorSet { avs, id: *id })?;
    }
    if !ids.is_empty() {
        OPERATORS.set(host, operator, row)?;
    }
    Ok(())
}

fn leave(host: &mut dyn Host, operator: Address, row: &mut OperatorRow, set: OperatorSet) -> Result<()> {
    let name = operator_set::key(set.avs, set.id);
    existing(host, name)?;
    let mut member = MEMBERSHIPS.get(host, (operator, name))?;
    require(member.registered, NotMemberOfSet {})?;
    forget_registration(host, operator, row, member.registered_place)?;
    forget_member(host, name, member.member_place)?;
    emit(host, &OperatorRemovedFromOperatorSet { operator, operatorSet: set })?;
    member.slashable_until = after(host, host.params().withdrawal_delay_blocks)?;
    (member.registered, member.registered_place, member.member_place) = (false, 0, 0);
    member.exit_requested = false;
    Ok(MEMBERSHIPS.set(host, (operator, name), member)?)
}

fn forget_registration(
    host: &mut dyn Host,
    operator: Address,
    row: &mut OperatorRow,
    place: u32,
) -> Result<()> {
    let moved = take(host, &REGISTERED_SETS, |place| (operator, place), row.registered_sets, place)?;
    row.registered_sets = shorter(row.registered_sets)?;
    if let Some(moved) = moved {
        let mut member = MEMBERSHIPS.get(host, (operator, moved))?;
        member.registered_place = place;
        MEMBERSHIPS.set(host, (operator, moved), member)?;
    }
    Ok(())
}

fn forget_member(host: &mut dyn Host, set: B256, place: u32) -> Result<()> {
    let mut row = SETS.get(host, set)?;
    let moved = take(host, &MEMBERS, |place| (set, place), row.members, place)?;
    row.members = shorter(row.members)?;
    SETS.set(host, set, row)?;
    if let Some(moved) = moved {
        let mut member = MEMBERSHIPS.get(host, (moved, set))?;
        member.member_place = place;
        MEMBERSHIPS.set(host, (moved, set), member)?;
    }
    Ok(())
}

/// Whom a service has asked when operators come and go.
fn registrar(host: &mut dyn Host, avs: Address) -> Result<Address> {
    Ok(registrar_or(avs, SERVICES.get(host, avs)?.registrar))
}
