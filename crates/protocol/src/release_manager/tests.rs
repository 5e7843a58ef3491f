//! Claims about ReleaseManager.

use super::*;
use crate::{
    math::panic,
    mem::MemHost,
    testkit::{STRANGER, assert_dispatches, chain, reverts, u},
};
use alloy_primitives::keccak256;
use alloy_sol_types::{PanicKind, SolEvent, SolValue};
use types::{
    abi::IReleaseManager::{
        Artifact, IReleaseManagerCalls, NoReleases, Release, getLatestReleaseCall,
        getLatestUpgradeByTimeCall, getMetadataURICall, getReleaseCall, getTotalReleasesCall,
        isValidReleaseCall,
    },
    addresses::RELEASE_MANAGER as HERE,
};

const AVS: Address = Address::repeat_byte(0xa5);

fn set() -> OperatorSet {
    OperatorSet { avs: AVS, id: 7 }
}

fn release(artifacts: u8, deadline: u32) -> Release {
    let artifact = |index: u8| Artifact {
        digest: B256::repeat_byte(index),
        registry: format!("https://registry.example/{index}/{}", "x".repeat(usize::from(index) * 20)),
    };
    Release { artifacts: (0..artifacts).map(artifact).collect(), upgradeByTime: deadline }
}

fn publish(chain: &mut MemHost, release: Release) -> Result<U256> {
    chain.tell(AVS, HERE, &publishReleaseCall { operatorSet: set(), release })
}

fn describe(chain: &mut MemHost) {
    let call = publishMetadataURICall { operatorSet: set(), metadataURI: "ipfs://m".into() };
    chain.tell(AVS, HERE, &call).unwrap();
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IReleaseManagerCalls::SELECTORS);
}

#[test]
fn releases_are_kept_whole_in_order() {
    let mut chain = chain();
    describe(&mut chain);
    let topic = keccak256(set().abi_encode());
    assert_eq!(set().abi_encode().len(), 64, "two words");
    let event = MetadataURIPublished { operatorSet: topic, metadataURI: "ipfs://m".into() };
    assert_eq!(chain.logs()[0].data, event.encode_log_data());
    let now = u32::try_from(chain.block.timestamp).unwrap();
    let releases = [release(0, 0), release(3, now), release(1, now + 1)];
    for (release, id) in releases.iter().zip(0..) {
        assert_eq!(publish(&mut chain, release.clone()), Ok(u(id)));
        let event = ReleasePublished { operatorSet: topic, releaseId: u(id), release: release.clone() };
        assert_eq!(chain.logs()[0].data, event.encode_log_data());
    }
    for (release, id) in releases.iter().zip(0..) {
        let ask = getReleaseCall { operatorSet: set(), releaseId: u(id) };
        assert_eq!(chain.ask(HERE, &ask).as_ref(), Ok(release));
        let ask = isValidReleaseCall { operatorSet: set(), releaseId: u(id) };
        assert_eq!(chain.ask(HERE, &ask), Ok(id == 2), "the latest only");
    }
    assert_eq!(chain.ask(HERE, &getTotalReleasesCall { operatorSet: set() }), Ok(u(3)));
    let latest = chain.ask(HERE, &getLatestReleaseCall { operatorSet: set() }).unwrap();
    assert_eq!((latest._0, latest._1), (u(2), releases[2].clone()));
    assert_eq!(chain.ask(HERE, &getLatestUpgradeByTimeCall { operatorSet: set() }), Ok(now + 1));
    for beyond in [u(3), U256::MAX] {
        let ask = getReleaseCall { operatorSet: set(), releaseId: beyond };
        assert_eq!(chain.ask(HERE, &ask).err(), Some(panic(PanicKind::ArrayOutOfBounds)));
    }
}

#[test]
fn checks_come_in_order() {
    let mut chain = chain();
    let past = u32::try_from(chain.block.timestamp).unwrap() - 1;
    let call = publishReleaseCall { operatorSet: set(), release: release(1, past) };
    assert_eq!(chain.tell(STRANGER, HERE, &call), Err(reverts(InvalidPermissions {})));
    assert_eq!(publish(&mut chain, release(1, past)), Err(reverts(MustPublishMetadataURI {})));
    let empty = publishMetadataURICall { operatorSet: set(), metadataURI: String::new() };
    assert_eq!(chain.tell(STRANGER, HERE, &empty).err(), Some(reverts(InvalidPermissions {})));
    assert_eq!(chain.tell(AVS, HERE, &empty).err(), Some(reverts(InvalidMetadataURI {})));
    describe(&mut chain);
    assert_eq!(publish(&mut chain, release(1, past)), Err(reverts(InvalidUpgradeByTime {})));
    assert_eq!(chain.ask(HERE, &getMetadataURICall { operatorSet: set() }), Ok("ipfs://m".into()));
}

#[test]
fn without_a_release_there_is_no_latest() {
    let mut chain = chain();
    let none = Some(reverts(NoReleases {}));
    assert_eq!(chain.ask(HERE, &getLatestReleaseCall { operatorSet: set() }).err(), none);
    assert_eq!(chain.ask(HERE, &getLatestUpgradeByTimeCall { operatorSet: set() }).err(), none);
    let ask = isValidReleaseCall { operatorSet: set(), releaseId: u(0) };
    assert_eq!(chain.ask(HERE, &ask).err(), none);
    assert_eq!(chain.ask(HERE, &getTotalReleasesCall { operatorSet: set() }), Ok(u(0)));
}
