//! ReleaseManager's ABI to its verbs.

use super::views;
use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result, revert_empty},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::IReleaseManager::{
        getLatestReleaseCall, getLatestUpgradeByTimeCall, getMetadataURICall, getReleaseCall,
        getTotalReleasesCall, isValidReleaseCall, permissionControllerCall, publishMetadataURICall,
        publishReleaseCall,
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
        publishMetadataURICall::SELECTOR => write(host, calldata, super::publish_metadata_uri),
        publishReleaseCall::SELECTOR => write(host, calldata, super::publish_release),
        getTotalReleasesCall::SELECTOR => view(host, calldata, views::total),
        getReleaseCall::SELECTOR => view(host, calldata, views::release),
        getLatestReleaseCall::SELECTOR => view(host, calldata, views::latest_release),
        getLatestUpgradeByTimeCall::SELECTOR => view(host, calldata, views::latest_deadline),
        isValidReleaseCall::SELECTOR => view(host, calldata, views::is_latest),
        getMetadataURICall::SELECTOR => view(host, calldata, views::metadata_uri),
        permissionControllerCall::SELECTOR => {
            view(host, calldata, |_, _: permissionControllerCall| Ok(PERMISSION_CONTROLLER))
        }
        _ => revert_empty(),
    }
}
