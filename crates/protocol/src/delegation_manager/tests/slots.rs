//! How many slots the main verbs touch and change, the token's own left out: the main lever of their speed. A number
//! that rises needs a reason.

use crate::{
    scene::{DELAY, Scene, operator, staker},
    testkit::u,
};
use types::{
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, PERMISSION_CONTROLLER, STRATEGY_MANAGER},
    units::WAD,
};

/// Slots that the last transaction touched and changed in the protocol's accounts.
fn slots(scene: &Scene) -> (usize, usize) {
    let managers = [ALLOCATION_MANAGER, DELEGATION_MANAGER, PERMISSION_CONTROLLER, STRATEGY_MANAGER];
    managers.iter().chain(&scene.strategies).fold((0, 0), |(touched, changed), account| {
        let (more_touched, more_changed) = scene.chain.slots_of(*account);
        (touched + more_touched, changed + more_changed)
    })
}

#[test]
fn verbs_touch_few_slots() {
    let mut scene = Scene::new();
    let (op, alice) = (operator(0), staker(0));
    let mut table = Vec::new();
    let mut note = |verb: &'static str, scene: &Scene| {
        let (touched, changed) = slots(scene);
        table.push((verb, touched, changed));
    };

    scene.register(op);
    note("register an operator", &scene);
    scene.deposit(alice, 0, u(1000)).unwrap();
    note("first deposit of a strategy", &scene);
    scene.delegate(alice, op).unwrap();
    note("delegate one strategy", &scene);
    scene.deposit(alice, 0, u(1000)).unwrap();
    note("deposit again, delegated", &scene);
    scene.queue(alice, &[(0, u(500))]).unwrap();
    scene.mine(1);
    let withdrawal = scene.queue(alice, &[(0, u(500))]).unwrap();
    note("queue a part", &scene);
    scene.slash(op, 0, WAD / 2).unwrap();
    note("slash", &scene);
    scene.mine(1);
    let rest = scene.undelegate(alice).unwrap().remove(0);
    note("undelegate one strategy", &scene);
    scene.mine(DELAY + 1);
    scene.complete(&rest, true).unwrap();
    note("complete the last as tokens", &scene);
    scene.complete(&withdrawal, false).unwrap();
    note("complete as shares", &scene);

    assert_eq!(
        table,
        [
            ("register an operator", 3, 2),
            ("first deposit of a strategy", 7, 4),
            ("delegate one strategy", 6, 2),
            ("deposit again, delegated", 7, 3),
            ("queue a part", 9, 8),
            ("slash", 11, 9),
            ("undelegate one strategy", 10, 9),
            ("complete the last as tokens", 9, 5),
            ("complete as shares", 9, 6),
        ]
    );
}
