//! The rules one by one.

use super::*;
use crate::testkit::PAUSER;
use alloy_sol_types::SolInterface as _;
use types::{
    abi::{
        IAllocationManager::setAllocationDelayCall,
        ICovenants::{
            CurrentlyPaused, ICovenantsCalls, InvalidMaxSlashableWad, ServicesMustBeInAscendingOrder,
            TooManyServices,
        },
        IPausable::pauseCall,
    },
    addresses::ALLOCATION_MANAGER,
};

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, &ICovenantsCalls::selectors().collect::<Vec<_>>());
}

#[test]
fn tighter_terms_hold_at_once_and_looser_ones_after_the_notice() {
    let (mut scene, olga) = (scene(), operator(0));
    let ask = |scene: &mut Scene| scene.chain.ask(HOME, &covenantOfCall { operator: operator(0) }).unwrap();
    assert!(!ask(&mut scene).exists);
    tell(&mut scene, olga, half()).unwrap();
    assert_eq!(ask(&mut scene), Covenant { exists: true, inForce: half(), next: half(), effectBlock: 0 });
    let block = scene.chain.block.number as u32;
    let looser = Terms { maxSlashableWad: WAD / 4 * 3, ..unlimited() };
    tell(&mut scene, olga, looser.clone()).unwrap();
    let waits = Covenant { exists: true, inForce: half(), next: looser.clone(), effectBlock: block + 16 };
    assert_eq!(ask(&mut scene), waits);
    scene.mine(15);
    assert_eq!(ask(&mut scene), waits);
    scene.mine(1);
    assert_eq!(
        ask(&mut scene),
        Covenant { exists: true, inForce: looser.clone(), next: looser, effectBlock: 0 }
    );
}

#[test]
fn a_mixed_change_tightens_now_and_loosens_later() {
    let (mut scene, olga) = (scene(), operator(0));
    tell(&mut scene, olga, half()).unwrap();
    let mixed = Terms { maxServices: 1, ..unlimited() };
    tell(&mut scene, olga, mixed.clone()).unwrap();
    let covenant = scene.chain.ask(HOME, &covenantOfCall { operator: olga }).unwrap();
    assert_eq!(covenant.inForce, Terms { maxServices: 1, ..half() });
    assert_eq!(covenant.next, mixed);
}

#[test]
fn tightening_replaces_what_waits() {
    let (mut scene, olga) = (scene(), operator(0));
    tell(&mut scene, olga, half()).unwrap();
    tell(&mut scene, olga, unlimited()).unwrap();
    tell(&mut scene, olga, half()).unwrap();
    scene.mine(20);
    let covenant = scene.chain.ask(HOME, &covenantOfCall { operator: olga }).unwrap();
    assert_eq!((covenant.inForce, covenant.effectBlock), (half(), 0));
}

#[test]
fn a_covenant_that_the_operator_does_not_keep_is_refused() {
    let (mut scene, olga) = (scene(), operator(0));
    scene.allocate(olga, 1, 0, WAD / 2 + 1).unwrap();
    let cases = [
        (half(), Component::MaxSlashableWad),
        (Terms { maxServices: 0, ..unlimited() }, Component::MaxServices),
        (Terms { services: vec![STRANGER], ..unlimited() }, Component::Services),
        (Terms { minAllocationDelayBlocks: 1, ..unlimited() }, Component::MinAllocationDelayBlocks),
    ];
    for (terms, component) in cases {
        assert_eq!(tell(&mut scene, olga, terms).err(), violates(component));
    }
    let kept = Terms { maxServices: 1, maxSlashableWad: WAD / 2 + 1, services: vec![AVS], ..unlimited() };
    tell(&mut scene, olga, kept).unwrap();
}

#[test]
fn allocations_beyond_the_covenant_are_refused_in_every_strategy_and_over_all_sets() {
    let (mut scene, olga) = (scene(), operator(0));
    tell(&mut scene, olga, half()).unwrap();
    scene.allocate(olga, 1, 0, WAD / 4).unwrap();
    scene.allocate(olga, 1, 1, WAD / 2).unwrap();
    scene.mine(1);
    let broken = violates(Component::MaxSlashableWad);
    assert_eq!(scene.allocate(olga, 2, 0, WAD / 4 + 1).err(), broken);
    assert_eq!(scene.allocate(olga, 1, 1, WAD / 2 + 1).err(), broken);
    // Strategy 2 is in no set, but a service may list it at any time.
    assert_eq!(scene.allocate(olga, 2, 2, WAD).err(), broken);
    scene.allocate(olga, 2, 0, WAD / 4).unwrap();
    assert_eq!(scene.audit(&[1, 2]), Vec::<String>::new());
}

#[test]
fn what_waits_to_be_deallocated_counts_until_it_is() {
    let (mut scene, olga) = (scene(), operator(0));
    tell(&mut scene, olga, half()).unwrap();
    scene.allocate(olga, 1, 0, WAD / 2).unwrap();
    scene.mine(1);
    scene.allocate(olga, 1, 0, WAD / 4).unwrap();
    assert_eq!(scene.allocate(olga, 2, 0, WAD / 4).err(), violates(Component::MaxSlashableWad));
    scene.mine(11);
    scene.allocate(olga, 2, 0, WAD / 4).unwrap();
}

#[test]
fn the_share_is_of_what_slashes_have_left_and_a_slash_never_breaches() {
    let (mut scene, olga) = (scene(), operator(0));
    tell(&mut scene, olga, half()).unwrap();
    scene.allocate(olga, 1, 0, WAD / 2).unwrap();
    scene.mine(1);
    scene.slash_set(olga, 1, &[(0, WAD)]).unwrap();
    assert_eq!(scene.audit(&[1, 2]), Vec::<String>::new());
    assert_eq!(scene.allocate(olga, 2, 0, WAD / 4 + 1).err(), violates(Component::MaxSlashableWad));
    scene.allocate(olga, 2, 0, WAD / 4).unwrap();
}

#[test]
fn services_are_limited_by_name_number_and_redistribution() {
    use types::abi::IAllocationManager::{
        CreateSetParamsV2, RegisterParams, createRedistributingOperatorSets_1Call,
        registerForOperatorSetsCall,
    };
    let (mut scene, olga) = (scene(), operator(0));
    let params =
        vec![CreateSetParamsV2 { operatorSetId: 3, strategies: vec![scene.strategies[0]], slasher: AVS }];
    let make =
        createRedistributingOperatorSets_1Call { avs: AVS, params, redistributionRecipients: vec![STRANGER] };
    scene.tell(AVS, ALLOCATION_MANAGER, &make).unwrap();
    tell(&mut scene, olga, Terms { allowRedistribution: false, ..unlimited() }).unwrap();
    let join = |scene: &mut Scene, id| {
        let params = RegisterParams { avs: AVS, operatorSetIds: vec![id], data: Default::default() };
        let call = registerForOperatorSetsCall { operator: operator(0), params };
        scene.tell(operator(0), ALLOCATION_MANAGER, &call).map(|_| ())
    };
    assert_eq!(join(&mut scene, 3).err(), violates(Component::AllowRedistribution));
    assert_eq!(scene.allocate(olga, 3, 0, 1).err(), violates(Component::AllowRedistribution));
    join(&mut scene, 2).unwrap();
    tell(&mut scene, operator(0), Terms { maxServices: 1, ..unlimited() }).unwrap();
}

#[test]
fn an_allocation_delay_below_the_promised_one_is_refused_also_as_the_one_to_come() {
    let (mut scene, olga) = (scene(), operator(0));
    let set = |scene: &mut Scene, delay| {
        let call = setAllocationDelayCall { operator: operator(0), delay };
        scene.tell(operator(0), ALLOCATION_MANAGER, &call).map(|_| ())
    };
    let promise = Terms { minAllocationDelayBlocks: 5, ..unlimited() };
    set(&mut scene, 7).unwrap();
    let broken = violates(Component::MinAllocationDelayBlocks);
    assert_eq!(tell(&mut scene, olga, promise.clone()).err(), broken, "the old delay is in force");
    scene.mine(16);
    set(&mut scene, 4).unwrap();
    assert_eq!(tell(&mut scene, olga, promise.clone()).err(), broken, "a shorter one waits");
    set(&mut scene, 6).unwrap();
    tell(&mut scene, olga, promise).unwrap();
    assert_eq!(set(&mut scene, 4).err(), broken);
    set(&mut scene, 5).unwrap();
}

#[test]
fn a_policy_lets_a_staker_delegate_only_where_it_is_promised() {
    let (mut scene, olga, alice) = (scene(), operator(0), staker(0));
    demand(&mut scene, alice, half()).unwrap();
    let too_loose = Some(reverts(CovenantTooLoose {}));
    assert_eq!(scene.delegate(alice, olga).err(), too_loose);
    tell(&mut scene, olga, Terms { maxSlashableWad: WAD / 4 * 3, ..unlimited() }).unwrap();
    assert_eq!(scene.delegate(alice, olga).err(), too_loose);
    tell(&mut scene, olga, half()).unwrap();
    assert_eq!(scene.chain.ask(HOME, &impliesCall { operator: olga, staker: alice }), Ok(true));
    tell(&mut scene, olga, unlimited()).unwrap();
    assert_eq!(scene.delegate(alice, olga).err(), too_loose, "who joins during a notice was not warned");
    tell(&mut scene, olga, half()).unwrap();
    scene.delegate(alice, olga).unwrap();
    demand(&mut scene, alice, unlimited()).unwrap();
    assert!(!scene.chain.ask(HOME, &policyOfCall { staker: alice }).unwrap().exists);
}

#[test]
fn a_policy_that_can_never_hold_binds_nobody_but_its_staker() {
    let (mut scene, olga, alice) = (scene(), operator(0), staker(0));
    let never = Terms {
        maxServices: 0,
        maxSlashableWad: 0,
        minAllocationDelayBlocks: u32::MAX,
        allowRedistribution: false,
        services: vec![STRANGER],
    };
    demand(&mut scene, alice, never.clone()).unwrap();
    let implied = impliesCall { operator: olga, staker: alice };
    assert_eq!(scene.chain.ask(HOME, &implied), Ok(false));
    assert_eq!(scene.delegate(alice, olga).err(), Some(reverts(CovenantTooLoose {})));
    assert_eq!(tell(&mut scene, olga, never).err(), violates(Component::MinAllocationDelayBlocks));
    scene.deposit(alice, 0, U256::from(10)).unwrap();
    let withdrawal = scene.queue(alice, &[(0, U256::from(1010))]).unwrap();
    scene.mine(11);
    scene.complete(&withdrawal, true).unwrap();
    demand(&mut scene, alice, unlimited()).unwrap();
    scene.delegate(alice, olga).unwrap();
}

#[test]
fn a_dust_delegator_cannot_freeze_an_operator() {
    let (mut scene, olga) = (scene(), operator(0));
    let strict = Terms { maxServices: 0, maxSlashableWad: 0, allowRedistribution: false, ..unlimited() };
    scene.deposit(staker(1), 0, U256::ONE).unwrap();
    demand(&mut scene, staker(1), strict.clone()).unwrap();
    assert!(scene.delegate(staker(1), olga).is_err(), "its wish binds itself");
    // It may come first and wish afterwards: that binds nobody either.
    demand(&mut scene, staker(1), unlimited()).unwrap();
    scene.delegate(staker(1), olga).unwrap();
    demand(&mut scene, staker(1), strict).unwrap();
    scene.allocate(olga, 1, 0, WAD).unwrap();
    scene.join(olga, &[2]).unwrap();
    // And under a covenant it delays no loosening.
    let other = operator(1);
    scene.register(other);
    tell(&mut scene, other, half()).unwrap();
    demand(&mut scene, staker(2), half()).unwrap();
    scene.delegate(staker(2), other).unwrap();
    tell(&mut scene, other, unlimited()).unwrap();
    scene.mine(16);
    scene.allocate(other, 1, 0, WAD).unwrap();
}

#[test]
fn malformed_terms_are_refused() {
    let (mut scene, olga, alice) = (scene(), operator(0), staker(0));
    let some = |n: u8| Address::with_last_byte(n);
    let listed = |services: Vec<Address>| Terms { services, ..unlimited() };
    let unsorted = || reverts(ServicesMustBeInAscendingOrder {});
    let cases = [
        (Terms { maxSlashableWad: WAD + 1, ..unlimited() }, reverts(InvalidMaxSlashableWad {})),
        (listed((1..=33).map(some).collect()), reverts(TooManyServices {})),
        (listed(vec![some(2), some(1)]), unsorted()),
        (listed(vec![some(1), some(1)]), unsorted()),
        (listed(vec![some(0)]), unsorted()),
    ];
    for (terms, error) in cases {
        assert_eq!(tell(&mut scene, olga, terms.clone()), Err(error.clone()));
        assert_eq!(demand(&mut scene, alice, terms), Err(error));
    }
    demand(&mut scene, alice, listed((1..=32).map(some).collect())).unwrap();
    tell(&mut scene, olga, listed(vec![some(1), AVS])).unwrap();
    assert_eq!(tell(&mut scene, olga, listed(vec![some(2)])), Err(reverts(NoCommonService {})));
}

#[test]
fn only_who_may_act_for_an_account_speaks_for_it() {
    let mut scene = scene();
    let promise = setCovenantCall { operator: operator(0), terms: half() };
    let wish = setPolicyCall { staker: staker(0), terms: half() };
    let refused = Some(reverts(InvalidPermissions {}));
    assert_eq!(scene.tell(STRANGER, HOME, &promise).err(), refused);
    assert_eq!(scene.tell(STRANGER, HOME, &wish).err(), refused);
    assert_eq!(tell(&mut scene, staker(0), half()).err(), Some(reverts(InvalidOperator {})));
}

#[test]
fn a_pause_stops_new_terms_and_frees_nobody() {
    let (mut scene, olga) = (scene(), operator(0));
    tell(&mut scene, olga, half()).unwrap();
    scene.tell(PAUSER, HOME, &pauseCall { newPausedStatus: U256::from(3) }).unwrap();
    let paused = Some(reverts(CurrentlyPaused {}));
    assert_eq!(tell(&mut scene, olga, unlimited()).err(), paused);
    assert_eq!(demand(&mut scene, staker(0), half()).err(), paused);
    assert_eq!(scene.allocate(olga, 1, 0, WAD).err(), violates(Component::MaxSlashableWad));
}

#[test]
fn whoever_promises_and_demands_nothing_touches_no_slot_here() {
    let mut scene = scene();
    scene.delegate(staker(0), operator(0)).unwrap();
    assert_eq!(scene.chain.slots_of(HOME), (0, 0));
    scene.allocate(operator(0), 1, 0, WAD).unwrap();
    assert_eq!(scene.chain.slots_of(HOME), (0, 0));
    scene.join(operator(0), &[2]).unwrap();
    assert_eq!(scene.chain.slots_of(HOME), (0, 0));
}
