//! EigenPodManager's ABI to its verbs.

use super::{OWNER, PAUSED, shares, views};
use crate::{
    dispatch::{Calldata, already_initialized, payable, view, write},
    first_release::{self, IFirstRelease},
    host::{Host, Result, revert_empty},
    ownable, pausable,
};
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use types::{
    abi::IEigenPodManager::{
        addSharesCall, beaconChainETHStrategyCall, beaconChainSlashingFactorCall, burnableETHSharesCall,
        createPodCall, delegationManagerCall, eigenPodBeaconCall, ethPOSCall, getPodCall, hasPodCall,
        increaseBurnOrRedistributableSharesCall, initializeCall, numPodsCall, ownerToPodCall,
        pectraForkTimestampCall, podOwnerDepositSharesCall, proofTimestampSetterCall,
        recordBeaconChainETHBalanceUpdateCall, removeDepositSharesCall, setPectraForkTimestampCall,
        setProofTimestampSetterCall, stakeCall, stakerDepositSharesCall, withdrawSharesAsTokensCall,
    },
    addresses::{BEACON_STRATEGY, DELEGATION_MANAGER, DEPOSIT_CONTRACT, EIGEN_POD_BEACON},
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        createPodCall::SELECTOR => write(host, calldata, super::create_pod),
        stakeCall::SELECTOR => payable(host, calldata, super::stake),
        recordBeaconChainETHBalanceUpdateCall::SELECTOR => {
            write(host, calldata, shares::record_balance_update)
        }
        addSharesCall::SELECTOR => write(host, calldata, shares::add_shares),
        removeDepositSharesCall::SELECTOR => write(host, calldata, shares::remove_deposit_shares),
        withdrawSharesAsTokensCall::SELECTOR => write(host, calldata, shares::withdraw_shares_as_tokens),
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        ownerToPodCall::SELECTOR => view(host, calldata, views::owner_to_pod),
        hasPodCall::SELECTOR => view(host, calldata, views::has_pod),
        getPodCall::SELECTOR => view(host, calldata, views::pod),
        beaconChainSlashingFactorCall::SELECTOR => view(host, calldata, views::beacon_chain_slashing_factor),
        podOwnerDepositSharesCall::SELECTOR => view(host, calldata, views::pod_owner_shares),
        stakerDepositSharesCall::SELECTOR => view(host, calldata, views::staker_shares),
        burnableETHSharesCall::SELECTOR => view(host, calldata, views::burnable_shares),
        numPodsCall::SELECTOR => view(host, calldata, |_, _: numPodsCall| Ok(U256::ZERO)),
        beaconChainETHStrategyCall::SELECTOR => {
            view(host, calldata, |_, _: beaconChainETHStrategyCall| Ok(BEACON_STRATEGY))
        }
        delegationManagerCall::SELECTOR => {
            view(host, calldata, |_, _: delegationManagerCall| Ok(DELEGATION_MANAGER))
        }
        eigenPodBeaconCall::SELECTOR => view(host, calldata, |_, _: eigenPodBeaconCall| Ok(EIGEN_POD_BEACON)),
        ethPOSCall::SELECTOR => view(host, calldata, |_, _: ethPOSCall| Ok(DEPOSIT_CONTRACT)),
        _ => pausable::verbs(host, calldata, &PAUSED)
            .or_else(|| ownable::verbs(host, calldata, &OWNER))
            .or_else(|| loss(host, calldata))
            .or_else(|| pectra(host, calldata))
            .or_else(|| first_release::verbs(host, calldata, None))
            .unwrap_or_else(revert_empty),
    }
}

/// Runs the call if it is how DelegationManager tells of a slash under the rules.
fn loss(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    let is_first = first_release::is_in_force(host);
    Some(match calldata.selector {
        IFirstRelease::increaseBurnableSharesCall::SELECTOR if is_first => {
            write(host, calldata, shares::first_increase_burnable_shares)
        }
        increaseBurnOrRedistributableSharesCall::SELECTOR if !is_first => {
            write(host, calldata, shares::increase_burnable_shares)
        }
        _ => return None,
    })
}

/// Runs the call if it is about proofs since the Pectra fork, of which the slashing release knows nothing.
fn pectra(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    if first_release::is_in_force(host) {
        return None;
    }
    Some(match calldata.selector {
        setProofTimestampSetterCall::SELECTOR => write(host, calldata, super::set_proof_timestamp_setter),
        setPectraForkTimestampCall::SELECTOR => write(host, calldata, super::set_pectra_fork_timestamp),
        proofTimestampSetterCall::SELECTOR => view(host, calldata, views::proof_timestamp_setter),
        pectraForkTimestampCall::SELECTOR => view(host, calldata, views::pectra_fork_timestamp),
        _ => return None,
    })
}
