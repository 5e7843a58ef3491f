//! LossNotices' ABI to its verbs.

use super::{PAUSED, keep, notice, preview, set_watched, watched_since};
use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result, revert_empty},
    pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::ILossNotices::{
        keepCall, noticeCall, permissionControllerCall, previewCall, setWatchedCall, watchedSinceCall,
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
        noticeCall::SELECTOR => write(host, calldata, notice),
        keepCall::SELECTOR => write(host, calldata, keep),
        setWatchedCall::SELECTOR => write(host, calldata, set_watched),
        previewCall::SELECTOR => view(host, calldata, preview),
        watchedSinceCall::SELECTOR => view(host, calldata, watched_since),
        permissionControllerCall::SELECTOR => {
            view(host, calldata, |_, _: permissionControllerCall| Ok(PERMISSION_CONTROLLER))
        }
        _ => pausable::verbs(host, calldata, &PAUSED).unwrap_or_else(revert_empty),
    }
}
