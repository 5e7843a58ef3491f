//! SafeExit's ABI to its verbs.

use super::{PAUSED, REGISTRAR_GAS, cancel_exit, exit_of, force_exit, release_key, request_exit};
use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result, revert_empty},
    key_registrar, pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::ISafeExit::{
        GRACE_BLOCKSCall, REGISTRAR_GASCall, cancelExitCall, exitOfCall, forceExitCall, isReleasedCall,
        permissionControllerCall, releaseKeyCall, requestExitCall,
    },
    addresses::PERMISSION_CONTROLLER,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        requestExitCall::SELECTOR => write(host, calldata, request_exit),
        cancelExitCall::SELECTOR => write(host, calldata, cancel_exit),
        forceExitCall::SELECTOR => write(host, calldata, force_exit),
        releaseKeyCall::SELECTOR => write(host, calldata, release_key),
        exitOfCall::SELECTOR => view(host, calldata, exit_of),
        isReleasedCall::SELECTOR => {
            view(host, calldata, |view, call: isReleasedCall| key_registrar::is_released(view, call.keyHash))
        }
        GRACE_BLOCKSCall::SELECTOR => {
            view(host, calldata, |view, _: GRACE_BLOCKSCall| Ok(view.params().exit_grace_blocks))
        }
        REGISTRAR_GASCall::SELECTOR => view(host, calldata, |_, _: REGISTRAR_GASCall| Ok(REGISTRAR_GAS)),
        permissionControllerCall::SELECTOR => {
            view(host, calldata, |_, _: permissionControllerCall| Ok(PERMISSION_CONTROLLER))
        }
        _ => pausable::verbs(host, calldata, &PAUSED).unwrap_or_else(revert_empty),
    }
}
