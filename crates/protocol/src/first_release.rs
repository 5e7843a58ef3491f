//! What the slashing release of April 2025 (v1.3.0) had and later ones dropped: `version()` of contracts without
//! signatures, owners of AllocationManager and DelegationManager, who owned nothing but their ownership, and what the
//! managers told each other of a slash.

use crate::{
    dispatch::{self, Calldata},
    host::{Host, Result, View},
    ownable,
    storage::Slot,
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use types::{Params, Rules, abi::IDelegationManager::versionCall, params::Roles};

sol! {
    /// What the managers had in place of sets and slash ids.
    #[derive(Debug, PartialEq, Eq)]
    interface IFirstRelease {
        event BurnableSharesIncreased(address strategy, uint256 shares);

        /// Of AllocationManager and DelegationManager.
        function initialize(address initialOwner, uint256 initialPausedStatus) external;
        /// Of StrategyManager and EigenPodManager.
        function increaseBurnableShares(address strategy, uint256 addedSharesToBurn) external;
        /// Of DelegationManager.
        function slashOperatorShares(address operator, address strategy, uint64 prevMaxMagnitude, uint64 newMaxMagnitude) external;
    }
}

use IFirstRelease::initializeCall;

/// Whether the rules are that release's.
pub fn is_in_force<V: View + ?Sized>(view: &V) -> bool {
    view.params().rules == Rules::Slashing2025
}

/// Runs the call if the rules are that release's and it is one of the verbs.
pub fn verbs(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    owner: Option<&Slot<Address>>,
) -> Option<Result<Bytes>> {
    if !is_in_force(host) {
        return None;
    }
    if calldata.selector == versionCall::SELECTOR {
        let version = |_: &mut dyn View, _: versionCall| Ok(Rules::Slashing2025.version());
        return Some(dispatch::view(host, calldata, version));
    }
    let owner = owner?;
    if calldata.selector == initializeCall::SELECTOR {
        return Some(dispatch::write(host, calldata, dispatch::already_initialized::<initializeCall>));
    }
    ownable::verbs(host, calldata, owner)
}

/// The owner's entry in a genesis state of that release.
pub fn genesis(params: &Params, roles: &Roles, owner: &Slot<Address>) -> Vec<(U256, U256)> {
    if params.rules == Rules::Slashing2025 { vec![owner.entry(roles.owner)] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scene::Scene,
        testkit::{OWNER, STRANGER, empty_revert, says},
    };
    use types::{
        abi::IOwnable::{ownerCall, transferOwnershipCall},
        addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, EIGEN_POD_MANAGER, PERMISSION_CONTROLLER},
    };

    #[test]
    fn managers_had_owners_once() {
        for manager in [ALLOCATION_MANAGER, DELEGATION_MANAGER] {
            let mut scene = Scene::with_rules(Rules::Slashing2025);
            assert_eq!(scene.chain.ask(manager, &ownerCall {}), Ok(OWNER));
            let pass_on = transferOwnershipCall { newOwner: STRANGER };
            let refused = Err(says("Ownable: caller is not the owner"));
            assert_eq!(scene.tell(STRANGER, manager, &pass_on).map(|_| ()), refused);
            scene.tell(OWNER, manager, &pass_on).expect("passed on");
            assert_eq!(scene.chain.ask(manager, &ownerCall {}), Ok(STRANGER));
            let mut later = Scene::with_rules(Rules::Pinned);
            assert_eq!(later.chain.ask(manager, &ownerCall {}), Err(empty_revert()));
        }
    }

    #[test]
    fn contracts_without_signatures_told_their_version_once() {
        for contract in [ALLOCATION_MANAGER, PERMISSION_CONTROLLER, EIGEN_POD_MANAGER] {
            let mut scene = Scene::with_rules(Rules::Slashing2025);
            assert_eq!(scene.chain.ask(contract, &versionCall {}), Ok("v1.3.0".into()));
            let mut later = Scene::with_rules(Rules::Pinned);
            assert_eq!(later.chain.ask(contract, &versionCall {}), Err(empty_revert()));
        }
    }
}
