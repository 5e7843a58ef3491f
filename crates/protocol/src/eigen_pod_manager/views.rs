//! What EigenPodManager tells.

use super::{BURNABLE_SHARES, PECTRA_FORK_TIMESTAMP, PODS, PROOF_TIMESTAMP_SETTER, deposit_shares};
use crate::host::{Result, View, require};
use alloy_primitives::{Address, B256, I256, U256, b256};
use types::{
    abi::IEigenPodManager::{
        InvalidStrategy, beaconChainSlashingFactorCall, burnableETHSharesCall, getPodCall, hasPodCall,
        ownerToPodCall, pectraForkTimestampCall, podOwnerDepositSharesCall, proofTimestampSetterCall,
        stakerDepositSharesCall,
    },
    addresses::{BEACON_STRATEGY, EIGEN_POD_MANAGER},
};

/// What stands for the hash of pods' creation code in their addresses: keccak-256 of `bulwark.EigenPod`.
const POD_INIT_CODE_HASH: B256 = b256!("0x026bc26d030e3805fae07bf5fcb0724ed93908f4bdd1214a3e9303dc770f33b0");

pub(super) fn owner_to_pod(view: &mut dyn View, call: ownerToPodCall) -> Result<Address> {
    Ok(PODS.get(view, call.podOwner)?.pod)
}

pub(super) fn has_pod(view: &mut dyn View, call: hasPodCall) -> Result<bool> {
    Ok(!PODS.get(view, call.podOwner)?.pod.is_zero())
}

/// The owner's pod, or where it will be.
pub(super) fn pod(view: &mut dyn View, call: getPodCall) -> Result<Address> {
    let pod = PODS.get(view, call.podOwner)?.pod;
    if !pod.is_zero() {
        return Ok(pod);
    }
    Ok(EIGEN_POD_MANAGER.create2(call.podOwner.into_word(), POD_INIT_CODE_HASH))
}

pub(super) fn beacon_chain_slashing_factor(
    view: &mut dyn View,
    call: beaconChainSlashingFactorCall,
) -> Result<u64> {
    Ok(PODS.get(view, call.podOwner)?.factor())
}

pub(super) fn pod_owner_shares(view: &mut dyn View, call: podOwnerDepositSharesCall) -> Result<I256> {
    Ok(I256::from_raw(deposit_shares(view, call.podOwner)?.0))
}

/// # Errors
/// `InvalidStrategy`.
pub(super) fn staker_shares(view: &mut dyn View, call: stakerDepositSharesCall) -> Result<U256> {
    require(call.strategy == BEACON_STRATEGY, InvalidStrategy {})?;
    Ok(deposit_shares(view, call.user)?.0)
}

pub(super) fn burnable_shares(view: &mut dyn View, _: burnableETHSharesCall) -> Result<U256> {
    Ok(BURNABLE_SHARES.get(view)?)
}

pub(super) fn proof_timestamp_setter(view: &mut dyn View, _: proofTimestampSetterCall) -> Result<Address> {
    Ok(PROOF_TIMESTAMP_SETTER.get(view)?)
}

pub(super) fn pectra_fork_timestamp(view: &mut dyn View, _: pectraForkTimestampCall) -> Result<u64> {
    Ok(PECTRA_FORK_TIMESTAMP.get(view)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;

    #[test]
    fn the_stand_in_for_creation_code_is_the_hash_of_its_name() {
        assert_eq!(POD_INIT_CODE_HASH, keccak256("bulwark.EigenPod"));
    }
}
