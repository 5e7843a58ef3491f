//! Allocation delays and max magnitudes.

use crate::{
    host::Result,
    scene::{Scene, operator},
    testkit::{STRANGER, reverts},
};
use alloy_primitives::Address;
use alloy_sol_types::SolEvent;
use types::{
    Rules,
    abi::IAllocationManager::{
        ALLOCATION_CONFIGURATION_DELAYCall, AllocationDelaySet, DEALLOCATION_DELAYCall, InvalidCaller,
        InvalidOperator, InvalidPermissions, SLASHER_CONFIGURATION_DELAYCall, getAllocationDelayCall,
        getMaxMagnitudeCall, getMaxMagnitudes_0Call, getMaxMagnitudes_1Call, getMaxMagnitudesAtBlockCall,
        setAllocationDelayCall,
    },
    addresses::ALLOCATION_MANAGER as HERE,
    units::WAD,
};

fn delay(scene: &mut Scene, operator: Address) -> (bool, u32) {
    let answer = scene.chain.ask(HERE, &getAllocationDelayCall { operator }).unwrap();
    (answer._0, answer._1)
}

fn set(scene: &mut Scene, from: Address, operator: Address, delay: u32) -> Result<()> {
    scene.tell(from, HERE, &setAllocationDelayCall { operator, delay }).map(|_| ())
}

#[test]
fn the_first_delay_is_instant_and_later_ones_wait() {
    let mut scene = Scene::new();
    let op = operator(0);
    scene.register(op);
    assert_eq!(delay(&mut scene, op), (true, 0), "R20");
    scene.chain.block.number = 1100;
    set(&mut scene, op, op, 7).unwrap();
    let event = AllocationDelaySet { operator: op, delay: 7, effectBlock: 1116 };
    assert_eq!(scene.chain.logs()[0].data, event.encode_log_data());
    scene.chain.block.number = 1115;
    assert_eq!(delay(&mut scene, op), (true, 0), "R20");
    scene.chain.block.number = 1116;
    assert_eq!(delay(&mut scene, op), (true, 7), "R20");
}

#[test]
fn each_call_restarts_the_clock() {
    let mut scene = Scene::new();
    let op = operator(0);
    scene.register(op);
    set(&mut scene, op, op, 7).unwrap();
    scene.mine(10);
    set(&mut scene, op, op, 7).unwrap();
    scene.mine(15);
    assert_eq!(delay(&mut scene, op), (true, 0));
    scene.mine(1);
    assert_eq!(delay(&mut scene, op), (true, 7));
}

#[test]
fn in_the_slashing_release_the_first_delay_waits_too() {
    let mut scene = Scene::with_rules(Rules::Slashing2025);
    let op = operator(0);
    scene.register(op);
    scene.mine(15);
    assert_eq!(delay(&mut scene, op), (false, 0), "R20");
    scene.mine(1);
    assert_eq!(delay(&mut scene, op), (true, 0), "R20");
}

#[test]
fn who_may_set_a_delay_is_checked_before_whether_it_is_an_operator() {
    for (rules, refused) in [
        (Rules::Pinned, reverts(InvalidPermissions {})),
        (Rules::Mainnet, reverts(InvalidPermissions {})),
        (Rules::Slashing2025, reverts(InvalidCaller {})),
    ] {
        let mut scene = Scene::with_rules(rules);
        assert_eq!(set(&mut scene, STRANGER, operator(0), 1), Err(refused), "{rules}");
        assert_eq!(set(&mut scene, operator(0), operator(0), 1), Err(reverts(InvalidOperator {})), "{rules}");
    }
}

#[test]
fn magnitudes_are_told_now_and_then() {
    let mut scene = Scene::new();
    let (op, other) = (operator(0), operator(1));
    scene.register(op);
    let [first, second, _] = scene.strategies;
    scene.slash(op, 0, WAD / 2).unwrap();
    scene.mine(5);
    scene.slash(op, 0, WAD / 4).unwrap();
    let ask = |scene: &mut Scene, block| {
        let call =
            getMaxMagnitudesAtBlockCall { operator: op, strategies: vec![first, second], blockNumber: block };
        scene.chain.ask(HERE, &call).unwrap()
    };
    assert_eq!(ask(&mut scene, 999), [WAD, WAD]);
    assert_eq!(ask(&mut scene, 1000), [WAD / 2, WAD]);
    assert_eq!(ask(&mut scene, 1004), [WAD / 2, WAD]);
    assert_eq!(ask(&mut scene, 1005), [WAD / 4, WAD]);
    assert_eq!(ask(&mut scene, u32::MAX), [WAD / 4, WAD]);
    let by_strategies = getMaxMagnitudes_0Call { operator: op, strategies: vec![second, first] };
    assert_eq!(scene.chain.ask(HERE, &by_strategies), Ok(vec![WAD, WAD / 4]));
    let by_operators = getMaxMagnitudes_1Call { operators: vec![other, op, Address::ZERO], strategy: first };
    assert_eq!(scene.chain.ask(HERE, &by_operators), Ok(vec![WAD, WAD / 4, WAD]));
    let one = getMaxMagnitudeCall { operator: op, strategy: first };
    assert_eq!(scene.chain.ask(HERE, &one), Ok(WAD / 4));
}

#[test]
fn the_delays_are_those_of_the_chain() {
    let mut scene = Scene::new();
    assert_eq!(scene.chain.ask(HERE, &DEALLOCATION_DELAYCall {}), Ok(10));
    assert_eq!(scene.chain.ask(HERE, &ALLOCATION_CONFIGURATION_DELAYCall {}), Ok(15));
    assert_eq!(scene.chain.ask(HERE, &SLASHER_CONFIGURATION_DELAYCall {}), Ok(15));
}
