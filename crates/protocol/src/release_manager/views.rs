//! What ReleaseManager tells.

use super::{DIGESTS, METADATA, REGISTRIES, RELEASES, ReleaseRow, TOTALS, set_key};
use crate::{
    host::{Result, View, revert},
    math::panic,
};
use alloy_primitives::{B256, U256};
use alloy_sol_types::PanicKind;
use types::abi::IReleaseManager::{
    Artifact, NoReleases, OperatorSet, Release, getLatestReleaseCall, getLatestUpgradeByTimeCall,
    getMetadataURICall, getReleaseCall, getTotalReleasesCall, isValidReleaseCall,
};

pub(super) fn total(view: &mut dyn View, call: getTotalReleasesCall) -> Result<U256> {
    Ok(U256::from(TOTALS.get(view, set_key(&call.operatorSet))?))
}

pub(super) fn release(view: &mut dyn View, call: getReleaseCall) -> Result<Release> {
    let set = set_key(&call.operatorSet);
    let total = TOTALS.get(view, set)?;
    match u64::try_from(call.releaseId) {
        Ok(id) if id < total => whole(view, set, id),
        _ => Err(panic(PanicKind::ArrayOutOfBounds)),
    }
}

pub(super) fn latest_release(view: &mut dyn View, call: getLatestReleaseCall) -> Result<(U256, Release)> {
    let (set, id) = latest(view, &call.operatorSet)?;
    Ok((U256::from(id), whole(view, set, id)?))
}

pub(super) fn latest_deadline(view: &mut dyn View, call: getLatestUpgradeByTimeCall) -> Result<u32> {
    let latest = latest(view, &call.operatorSet)?;
    Ok(RELEASES.get(view, latest)?.upgrade_by_secs)
}

pub(super) fn is_latest(view: &mut dyn View, call: isValidReleaseCall) -> Result<bool> {
    let (_, id) = latest(view, &call.operatorSet)?;
    Ok(call.releaseId == U256::from(id))
}

pub(super) fn metadata_uri(view: &mut dyn View, call: getMetadataURICall) -> Result<String> {
    let uri = METADATA.get(view, set_key(&call.operatorSet))?;
    Ok(String::from_utf8_lossy(&uri).into_owned())
}

/// The key of a set and the id of its latest release.
///
/// # Errors
/// `NoReleases`.
fn latest(view: &mut dyn View, set: &OperatorSet) -> Result<(B256, u64)> {
    let set = set_key(set);
    match TOTALS.get(view, set)?.checked_sub(1) {
        Some(id) => Ok((set, id)),
        None => revert(NoReleases {}),
    }
}

fn whole(view: &mut dyn View, set: B256, id: u64) -> Result<Release> {
    let ReleaseRow { upgrade_by_secs, artifacts } = RELEASES.get(view, (set, id))?;
    let artifact = |index: u32| {
        let key = (set, id, u64::from(index));
        let registry = REGISTRIES.get(view, key)?;
        let registry = String::from_utf8_lossy(&registry).into_owned();
        Ok(Artifact { digest: DIGESTS.get(view, key)?, registry })
    };
    let artifacts: Vec<Artifact> = (0..artifacts).map(artifact).collect::<Result<_>>()?;
    Ok(Release { artifacts, upgradeByTime: upgrade_by_secs })
}
