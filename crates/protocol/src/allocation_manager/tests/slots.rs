//! How many slots the verbs touch and change. A number that rises needs a reason.

use crate::{
    scene::{DELAY, Scene, operator, staker},
    testkit::u,
};
use types::{
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, PERMISSION_CONTROLLER, STRATEGY_MANAGER},
    units::WAD,
};

#[test]
fn verbs_touch_few_slots() {
    let mut scene = Scene::new();
    let op = operator(0);
    let mut table = Vec::new();
    let mut note = |verb: &'static str, scene: &Scene| {
        let accounts = [ALLOCATION_MANAGER, DELEGATION_MANAGER, PERMISSION_CONTROLLER, STRATEGY_MANAGER];
        let slots = accounts.map(|account| scene.chain.slots_of(account));
        let sum = slots.iter().fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1));
        table.push((verb, sum.0, sum.1));
    };
    scene.serve();
    scene.register(op);
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), op).unwrap();
    scene.create_set(1, &[0]).unwrap();
    note("create a set with a strategy", &scene);
    scene.join(op, &[1]).unwrap();
    note("join a set", &scene);
    scene.allocate(op, 1, 0, WAD).unwrap();
    note("allocate, first", &scene);
    scene.mine(1);
    scene.slash_set(op, 1, &[(0, WAD / 2)]).unwrap();
    note("slash, first", &scene);
    scene.mine(1);
    scene.slash_set(op, 1, &[(0, WAD / 2)]).unwrap();
    note("slash again", &scene);
    scene.allocate(op, 1, 0, WAD / 8).unwrap();
    note("deallocate", &scene);
    scene.mine(DELAY + 1);
    scene.allocate(op, 1, 0, WAD / 4).unwrap();
    note("clear and allocate", &scene);
    scene.leave(op, &[1]).unwrap();
    note("leave a set", &scene);
    assert_eq!(
        table,
        [
            ("create a set with a strategy", 6, 5),
            ("join a set", 9, 5),
            ("allocate, first", 10, 6),
            ("slash, first", 15, 11),
            ("slash again", 13, 9),
            ("deallocate", 9, 2),
            ("clear and allocate", 8, 2),
            ("leave a set", 8, 5),
        ]
    );
}
