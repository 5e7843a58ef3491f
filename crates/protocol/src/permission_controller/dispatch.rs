//! PermissionController's ABI to its verbs.

use crate::{
    dispatch::{Calldata, view, write},
    first_release,
    host::{Host, Result, revert_empty},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::abi::IPermissionController::{
    acceptAdminCall, addPendingAdminCall, canCallCall, getAdminsCall, getAppointeePermissionsCall,
    getAppointeesCall, getPendingAdminsCall, isAdminCall, isPendingAdminCall, removeAdminCall,
    removeAppointeeCall, removePendingAdminCall, setAppointeeCall,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        canCallCall::SELECTOR => view(host, calldata, |view, call| super::can_call(view, call)),
        isAdminCall::SELECTOR => view(host, calldata, |view, call| super::is_admin(view, call)),
        isPendingAdminCall::SELECTOR => view(host, calldata, super::is_pending_admin),
        getAdminsCall::SELECTOR => view(host, calldata, super::admins),
        getPendingAdminsCall::SELECTOR => view(host, calldata, super::pending_admins),
        getAppointeesCall::SELECTOR => view(host, calldata, |view, call| super::appointees(view, call)),
        getAppointeePermissionsCall::SELECTOR => view(host, calldata, super::appointee_permissions),
        addPendingAdminCall::SELECTOR => write(host, calldata, super::add_pending_admin),
        removePendingAdminCall::SELECTOR => write(host, calldata, super::remove_pending_admin),
        acceptAdminCall::SELECTOR => write(host, calldata, super::accept_admin),
        removeAdminCall::SELECTOR => write(host, calldata, super::remove_admin),
        setAppointeeCall::SELECTOR => write(host, calldata, super::set_appointee),
        removeAppointeeCall::SELECTOR => write(host, calldata, super::remove_appointee),
        _ => first_release::verbs(host, calldata, None).unwrap_or_else(revert_empty),
    }
}
