//! Claims about PauserRegistry.

use crate::testkit::{PAUSER, STRANGER, UNPAUSER, assert_dispatches, chain, reverts};
use alloy_primitives::Address;
use alloy_sol_types::SolEvent;
use types::{
    abi::IPauserRegistry::{
        IPauserRegistryCalls, InputAddressZero, OnlyUnpauser, PauserStatusChanged, UnpauserChanged,
        isPauserCall, setIsPauserCall, setUnpauserCall, unpauserCall,
    },
    addresses::PAUSER_REGISTRY as HERE,
};

#[test]
fn every_selector_dispatches() {
    assert_dispatches(super::main, IPauserRegistryCalls::SELECTORS);
}

#[test]
fn genesis_names_pausers_and_the_unpauser() {
    let mut chain = chain();
    assert_eq!(chain.ask(HERE, &unpauserCall {}), Ok(UNPAUSER));
    assert_eq!(chain.ask(HERE, &isPauserCall { pauser: PAUSER }), Ok(true));
    assert_eq!(chain.ask(HERE, &isPauserCall { pauser: UNPAUSER }), Ok(false));
}

#[test]
fn the_unpauser_names_and_dismisses_pausers() {
    let mut chain = chain();
    for can_pause in [true, false] {
        let call = setIsPauserCall { newPauser: STRANGER, canPause: can_pause };
        chain.tell(UNPAUSER, HERE, &call).unwrap();
        let [log] = chain.logs() else { panic!("one log") };
        let event = PauserStatusChanged { pauser: STRANGER, canPause: can_pause };
        assert_eq!((log.address, &log.data), (HERE, &event.encode_log_data()));
        assert_eq!(chain.ask(HERE, &isPauserCall { pauser: STRANGER }), Ok(can_pause));
    }
}

#[test]
fn the_unpauser_hands_over() {
    let mut chain = chain();
    chain.tell(UNPAUSER, HERE, &setUnpauserCall { newUnpauser: STRANGER }).unwrap();
    let event = UnpauserChanged { previousUnpauser: UNPAUSER, newUnpauser: STRANGER };
    assert_eq!(chain.logs().first().map(|log| &log.data), Some(&event.encode_log_data()));
    let again = chain.tell(UNPAUSER, HERE, &setUnpauserCall { newUnpauser: UNPAUSER });
    assert_eq!(again.err(), Some(reverts(OnlyUnpauser {})));
}

#[test]
fn the_caller_is_checked_before_the_address() {
    let mut chain = chain();
    let nobody = Address::ZERO;
    let name = setIsPauserCall { newPauser: nobody, canPause: true };
    let hand_over = setUnpauserCall { newUnpauser: nobody };
    assert_eq!(chain.tell(PAUSER, HERE, &name).err(), Some(reverts(OnlyUnpauser {})));
    assert_eq!(chain.tell(PAUSER, HERE, &hand_over).err(), Some(reverts(OnlyUnpauser {})));
    assert_eq!(chain.tell(UNPAUSER, HERE, &name).err(), Some(reverts(InputAddressZero {})));
    assert_eq!(chain.tell(UNPAUSER, HERE, &hand_over).err(), Some(reverts(InputAddressZero {})));
}
