//! ReleaseManager: what software an operator set must run, and by when (restaking-core §2.9).

mod dispatch;
#[cfg(test)]
mod tests;
mod views;

pub use dispatch::main;

use crate::{
    blobs::Blobs,
    host::{Fatal, Host, Result, emit, require},
    ledger::{high, limb, low},
    operator_set,
    permission_controller::sender_can_act_for,
    storage::{Map, Word},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue;
use types::abi::IReleaseManager::{
    InvalidMetadataURI, InvalidPermissions, InvalidUpgradeByTime, MetadataURIPublished,
    MustPublishMetadataURI, OperatorSet, ReleasePublished, publishMetadataURICall, publishReleaseCall,
};

/// Set → how many releases it has published.
const TOTALS: Map<B256, u64> = Map::at(0);
/// (set, release) → deadline and length.
const RELEASES: Map<(B256, u64), ReleaseRow> = Map::at(1);
/// (set, release, artifact) → digest.
const DIGESTS: Map<(B256, u64, u64), B256> = Map::at(2);
/// (set, release, artifact) → where the artifact is.
const REGISTRIES: Blobs<(B256, u64, u64)> = Blobs::at([3, 4]);
/// Set → where it describes itself.
const METADATA: Blobs<B256> = Blobs::at([5, 6]);

/// A release without its artifacts.
#[derive(Clone, Copy, Debug, Default)]
struct ReleaseRow {
    /// Seconds since 1970 by which to run it; 0 for at once.
    upgrade_by_secs: u32,
    artifacts: u32,
}

impl Word for ReleaseRow {
    fn to_word(self) -> U256 {
        U256::from(limb(self.artifacts, self.upgrade_by_secs))
    }

    fn from_word(word: U256) -> Self {
        let [first, ..] = *word.as_limbs();
        Self { upgrade_by_secs: low(first), artifacts: high(first) }
    }
}

fn set_key(set: &OperatorSet) -> B256 {
    operator_set::key(set.avs, set.id)
}

fn publish_metadata_uri(host: &mut dyn Host, call: publishMetadataURICall) -> Result<()> {
    let publishMetadataURICall { operatorSet: set, metadataURI } = call;
    require_permission(host, set.avs)?;
    require(!metadataURI.is_empty(), InvalidMetadataURI {})?;
    METADATA.set(host, set_key(&set), metadataURI.as_bytes())?;
    let topic = topic(host, &set)?;
    emit(host, &MetadataURIPublished { operatorSet: topic, metadataURI })
}

fn publish_release(host: &mut dyn Host, call: publishReleaseCall) -> Result<U256> {
    let publishReleaseCall { operatorSet: set, release } = call;
    require_permission(host, set.avs)?;
    let key = set_key(&set);
    require(!METADATA.is_empty(host, key)?, MustPublishMetadataURI {})?;
    let deadline = release.upgradeByTime;
    let is_ahead = u64::from(deadline) >= host.block().timestamp;
    require(deadline == 0 || is_ahead, InvalidUpgradeByTime {})?;
    let id = TOTALS.get(host, key)?;
    let too_many = Fatal::Broken("a set has fewer than 2^64 releases of fewer than 2^32 artifacts");
    let artifacts = u32::try_from(release.artifacts.len()).map_err(|_| too_many)?;
    for (artifact, index) in release.artifacts.iter().zip(0..) {
        DIGESTS.set(host, (key, id, index), artifact.digest)?;
        REGISTRIES.set(host, (key, id, index), artifact.registry.as_bytes())?;
    }
    RELEASES.set(host, (key, id), ReleaseRow { upgrade_by_secs: deadline, artifacts })?;
    TOTALS.set(host, key, id.checked_add(1).ok_or(too_many)?)?;
    let (topic, release_id) = (topic(host, &set)?, U256::from(id));
    emit(host, &ReleasePublished { operatorSet: topic, releaseId: release_id, release })?;
    Ok(release_id)
}

/// An indexed struct is the hash of its encoding, which is two words here.
fn topic(host: &mut dyn Host, set: &OperatorSet) -> Result<B256> {
    Ok(host.keccak256(&set.abi_encode())?)
}

fn require_permission(host: &mut dyn Host, avs: Address) -> Result<()> {
    let may = sender_can_act_for(host, avs)?;
    require(may, InvalidPermissions {})
}
