//! Views of the pinned release that the slashing release has not.

use super::{Asking, SET_IDS, all_sets, with_beacon};
use crate::differential::scene::{NOBODY, Scene};
use alloy_primitives::{B256, Bytes, U256};
use types::{
    abi::{
        IAllocationManager as Sets, IKeyRegistrar as Keys, IReleaseManager as Releases,
        IStrategy as Strategy, IStrategyManager as Deposits,
    },
    addresses::{ALLOCATION_MANAGER, KEY_REGISTRAR, RELEASE_MANAGER, STRATEGY_MANAGER},
};

/// Slash ids of a set that are looked at.
const SLASHES: u64 = 3;

/// Adds them all.
pub fn ask(asking: &mut Asking, scene: &Scene) {
    asking.ask(ALLOCATION_MANAGER, Sets::SLASHER_CONFIGURATION_DELAYCall {});
    asking.ask(ALLOCATION_MANAGER, Sets::eigenStrategyCall {});
    asking.ask(STRATEGY_MANAGER, Deposits::allocationManagerCall {});
    asking.ask(STRATEGY_MANAGER, Deposits::getPendingOperatorSetsCall {});
    for &operator in scene.operators.iter().chain([&NOBODY]) {
        asking.ask_timed(ALLOCATION_MANAGER, Sets::isOperatorRedistributableCall { operator });
    }
    for set in all_sets(scene) {
        slashes(asking, scene, &Sets::OperatorSet { avs: set.avs, id: set.id });
        keys(asking, scene, &Keys::OperatorSet { avs: set.avs, id: set.id });
        releases(asking, &Releases::OperatorSet { avs: set.avs, id: set.id });
    }
    for &strategy in &scene.strategies {
        asking.ask(strategy, Strategy::explanationCall {});
        asking.ask(strategy, Strategy::strategyManagerCall {});
        for &user in &scene.stakers {
            asking.ask(strategy, Strategy::sharesCall { user });
            asking.ask(strategy, Strategy::userUnderlyingViewCall { user });
        }
        for amountShares in [U256::ZERO, U256::MAX] {
            asking.ask(strategy, Strategy::sharesToUnderlyingViewCall { amountShares });
        }
    }
}

fn slashes(asking: &mut Asking, scene: &Scene, set: &Sets::OperatorSet) {
    let to = ALLOCATION_MANAGER;
    let operatorSet = || set.clone();
    asking.ask_timed(to, Sets::getSlasherCall { operatorSet: operatorSet() });
    asking.ask_timed(to, Sets::getPendingSlasherCall { operatorSet: operatorSet() });
    asking.ask(to, Sets::getRedistributionRecipientCall { operatorSet: operatorSet() });
    asking.ask(to, Sets::isRedistributingOperatorSetCall { operatorSet: operatorSet() });
    asking.ask(to, Sets::getSlashCountCall { operatorSet: operatorSet() });
    let to = STRATEGY_MANAGER;
    let operatorSet = || Deposits::OperatorSet { avs: set.avs, id: set.id };
    asking.ask(to, Deposits::getPendingSlashIdsCall { operatorSet: operatorSet() });
    for slash in 0..SLASHES {
        let slashId = U256::from(slash);
        let all = Deposits::getBurnOrRedistributableShares_0Call { operatorSet: operatorSet(), slashId };
        asking.ask(to, all);
        let count = Deposits::getBurnOrRedistributableCountCall { operatorSet: operatorSet(), slashId };
        asking.ask(to, count);
        for strategy in with_beacon(scene) {
            let one = Deposits::getBurnOrRedistributableShares_1Call {
                operatorSet: operatorSet(),
                slashId,
                strategy,
            };
            asking.ask(to, one);
        }
    }
}

fn keys(asking: &mut Asking, scene: &Scene, set: &Keys::OperatorSet) {
    let to = KEY_REGISTRAR;
    let operatorSet = || set.clone();
    asking.ask(to, Keys::getOperatorSetCurveTypeCall { operatorSet: operatorSet() });
    for &operator in &scene.operators {
        asking.ask(to, Keys::isRegisteredCall { operatorSet: operatorSet(), operator });
        asking.ask(to, Keys::getBN254KeyCall { operatorSet: operatorSet(), operator });
        asking.ask(to, Keys::getECDSAAddressCall { operatorSet: operatorSet(), operator });
        asking.ask(to, Keys::getECDSAKeyCall { operatorSet: operatorSet(), operator });
        asking.ask(to, Keys::getKeyHashCall { operatorSet: operatorSet(), operator });
    }
    for signer in scene.stakers.iter().take(3) {
        let keyData: Bytes = signer.to_vec().into();
        asking.ask(to, Keys::getOperatorFromSigningKeyCall { operatorSet: operatorSet(), keyData });
        let keyData: Bytes = vec![7; 64].into();
        asking.ask(to, Keys::getOperatorFromSigningKeyCall { operatorSet: operatorSet(), keyData });
    }
    if set.id == SET_IDS[0] {
        asking.ask(to, Keys::isKeyGloballyRegisteredCall { keyHash: B256::ZERO });
        asking.ask(to, Keys::versionCall {});
        asking.ask(to, Keys::domainSeparatorCall {});
        asking.ask(to, Keys::ECDSA_KEY_REGISTRATION_TYPEHASHCall {});
        asking.ask(to, Keys::BN254_KEY_REGISTRATION_TYPEHASHCall {});
    }
}

fn releases(asking: &mut Asking, set: &Releases::OperatorSet) {
    let to = RELEASE_MANAGER;
    let operatorSet = || set.clone();
    asking.ask(to, Releases::getTotalReleasesCall { operatorSet: operatorSet() });
    asking.ask(to, Releases::getLatestReleaseCall { operatorSet: operatorSet() });
    asking.ask(to, Releases::getLatestUpgradeByTimeCall { operatorSet: operatorSet() });
    asking.ask(to, Releases::getMetadataURICall { operatorSet: operatorSet() });
    for id in 0..3_u64 {
        let releaseId = U256::from(id);
        asking.ask(to, Releases::getReleaseCall { operatorSet: operatorSet(), releaseId });
        asking.ask(to, Releases::isValidReleaseCall { operatorSet: operatorSet(), releaseId });
    }
}
