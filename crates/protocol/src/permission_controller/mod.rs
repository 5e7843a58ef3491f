//! PermissionController: who may act for an account (restaking-core §2.5). Admins hold all of the account's powers,
//! appointees one (target, selector) each. Once an account has an admin, it has no power of its own.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    enumerable::EnumerableSets,
    host::{Host, Result, View, call_native, emit, require},
};
use alloy_primitives::{Address, B256, FixedBytes};
use types::{
    abi::IPermissionController::{
        AdminAlreadyPending, AdminAlreadySet, AdminNotPending, AdminNotSet, AdminRemoved, AdminSet,
        AppointeeAlreadySet, AppointeeNotSet, AppointeeRemoved, AppointeeSet, CannotHaveZeroAdmins, NotAdmin,
        PendingAdminAdded, PendingAdminRemoved, acceptAdminCall, addPendingAdminCall, canCallCall,
        getAdminsCall, getAppointeePermissionsCall, getAppointeesCall, getPendingAdminsCall, isAdminCall,
        isPendingAdminCall, removeAdminCall, removeAppointeeCall, removePendingAdminCall, setAppointeeCall,
    },
    addresses::PERMISSION_CONTROLLER,
};

const PENDING_ADMINS: EnumerableSets<Address, Address> = EnumerableSets::at([0, 1, 2]);
const ADMINS: EnumerableSets<Address, Address> = EnumerableSets::at([3, 4, 5]);
/// (account, appointee) → what the appointee may call.
const PERMISSIONS: EnumerableSets<(Address, Address), B256> = EnumerableSets::at([6, 7, 8]);
/// (account, what may be called) → who may call it.
const APPOINTEES: EnumerableSets<(Address, B256), Address> = EnumerableSets::at([9, 10, 11]);

/// Asks, from another native contract, whether the sender may call the selector that it called for `account`. The
/// selector is the outermost one (restaking-core §2.0.2).
///
/// # Errors
/// Out of gas, or the node's.
pub fn sender_can_act_for<V: View + ?Sized>(view: &mut V, account: Address) -> Result<bool> {
    let msg = view.msg();
    let call = canCallCall { account, caller: msg.sender, target: msg.this, selector: msg.selector.into() };
    call_native(view, PERMISSION_CONTROLLER, call, |view, call| can_call(view, call))
}

/// Whether `call.caller` is an admin of the account, or its appointee for this target and selector.
///
/// # Errors
/// Out of gas, or the node's.
pub fn can_call<V: View + ?Sized>(view: &mut V, call: canCallCall) -> Result<bool> {
    let canCallCall { account, caller, target, selector } = call;
    if is_admin(view, isAdminCall { account, caller })? {
        return Ok(true);
    }
    let permission = target_selector(target, selector);
    Ok(PERMISSIONS.contains(view, (account, caller), permission)?)
}

/// Whether `call.caller` is an admin of the account. An account without admins is its own.
///
/// # Errors
/// Out of gas, or the node's.
pub fn is_admin<V: View + ?Sized>(view: &mut V, call: isAdminCall) -> Result<bool> {
    match ADMINS.len(view, call.account)? {
        0 => Ok(call.account == call.caller),
        _ => Ok(ADMINS.contains(view, call.account, call.caller)?),
    }
}

/// Who may call `selector` of `target` for the account, in order of appointment; admins are not among them.
///
/// # Errors
/// Out of gas, or the node's.
pub fn appointees<V: View + ?Sized>(view: &mut V, call: getAppointeesCall) -> Result<Vec<Address>> {
    let permission = target_selector(call.target, call.selector);
    Ok(APPOINTEES.values(view, (call.account, permission))?)
}

fn is_pending_admin(view: &mut dyn View, call: isPendingAdminCall) -> Result<bool> {
    Ok(PENDING_ADMINS.contains(view, call.account, call.pendingAdmin)?)
}

fn admins(view: &mut dyn View, call: getAdminsCall) -> Result<Vec<Address>> {
    let admins = ADMINS.values(view, call.account)?;
    Ok(if admins.is_empty() { vec![call.account] } else { admins })
}

fn pending_admins(view: &mut dyn View, call: getPendingAdminsCall) -> Result<Vec<Address>> {
    Ok(PENDING_ADMINS.values(view, call.account)?)
}

fn appointee_permissions(
    view: &mut dyn View,
    call: getAppointeePermissionsCall,
) -> Result<(Vec<Address>, Vec<FixedBytes<4>>)> {
    let permissions = PERMISSIONS.values(view, (call.account, call.appointee))?;
    Ok(permissions.into_iter().map(from_target_selector).unzip())
}

fn add_pending_admin(host: &mut dyn Host, call: addPendingAdminCall) -> Result<()> {
    let addPendingAdminCall { account, admin } = call;
    require_admin(host, account)?;
    let is_set = ADMINS.contains(host, account, admin)?;
    require(!is_set, AdminAlreadySet {})?;
    let is_new = PENDING_ADMINS.insert(host, account, admin)?;
    require(is_new, AdminAlreadyPending {})?;
    emit(host, &PendingAdminAdded { account, admin })
}

fn remove_pending_admin(host: &mut dyn Host, call: removePendingAdminCall) -> Result<()> {
    let removePendingAdminCall { account, admin } = call;
    require_admin(host, account)?;
    let was_pending = PENDING_ADMINS.remove(host, account, admin)?;
    require(was_pending, AdminNotPending {})?;
    emit(host, &PendingAdminRemoved { account, admin })
}

fn accept_admin(host: &mut dyn Host, call: acceptAdminCall) -> Result<()> {
    let (account, admin) = (call.account, host.msg().sender);
    let was_pending = PENDING_ADMINS.remove(host, account, admin)?;
    require(was_pending, AdminNotPending {})?;
    ADMINS.insert(host, account, admin)?;
    emit(host, &AdminSet { account, admin })
}

fn remove_admin(host: &mut dyn Host, call: removeAdminCall) -> Result<()> {
    let removeAdminCall { account, admin } = call;
    require_admin(host, account)?;
    let count = ADMINS.len(host, account)?;
    require(count > 1, CannotHaveZeroAdmins {})?;
    let was_admin = ADMINS.remove(host, account, admin)?;
    require(was_admin, AdminNotSet {})?;
    emit(host, &AdminRemoved { account, admin })
}

fn set_appointee(host: &mut dyn Host, call: setAppointeeCall) -> Result<()> {
    let setAppointeeCall { account, appointee, target, selector } = call;
    require_admin(host, account)?;
    let permission = target_selector(target, selector);
    let is_new = PERMISSIONS.insert(host, (account, appointee), permission)?;
    require(is_new, AppointeeAlreadySet {})?;
    APPOINTEES.insert(host, (account, permission), appointee)?;
    emit(host, &AppointeeSet { account, appointee, target, selector })
}

fn remove_appointee(host: &mut dyn Host, call: removeAppointeeCall) -> Result<()> {
    let removeAppointeeCall { account, appointee, target, selector } = call;
    require_admin(host, account)?;
    let permission = target_selector(target, selector);
    let was_set = PERMISSIONS.remove(host, (account, appointee), permission)?;
    require(was_set, AppointeeNotSet {})?;
    APPOINTEES.remove(host, (account, permission), appointee)?;
    emit(host, &AppointeeRemoved { account, appointee, target, selector })
}

fn require_admin(host: &mut dyn Host, account: Address) -> Result<()> {
    let caller = host.msg().sender;
    let may = is_admin(host, isAdminCall { account, caller })?;
    require(may, NotAdmin {})
}

/// The key of a power: 20 bytes target, 4 bytes selector, 8 zero bytes.
fn target_selector(target: Address, selector: FixedBytes<4>) -> B256 {
    let head: FixedBytes<24> = target.0.concat_const(selector);
    head.concat_const(FixedBytes::<8>::ZERO)
}

fn from_target_selector(key: B256) -> (Address, FixedBytes<4>) {
    let [target @ .., _, _, _, _, _, _, _, _, _, _, _, _] = key.0;
    let [.., a, b, c, d, _, _, _, _, _, _, _, _] = key.0;
    (Address::new(target), FixedBytes([a, b, c, d]))
}
