//! Claims about Covenants: the rules one by one, then what they are for, on random orders of an operator's actions.

mod rules;
mod safety;

use super::*;
use crate::{
    scene::{AVS, Scene, operator, staker},
    testkit::{STRANGER, assert_dispatches, reverts},
};
use types::{
    Rules,
    abi::ICovenants::{Component, CovenantViolation, covenantOfCall, impliesCall, policyOfCall},
    units::WAD,
};

fn tell(scene: &mut Scene, operator: Address, terms: Terms) -> Result<()> {
    scene.tell(operator, HOME, &setCovenantCall { operator, terms }).map(|_| ())
}

fn demand(scene: &mut Scene, staker: Address, terms: Terms) -> Result<()> {
    scene.tell(staker, HOME, &setPolicyCall { staker, terms }).map(|_| ())
}

fn half() -> Terms {
    Terms { maxSlashableWad: WAD / 2, ..unlimited() }
}

/// Set 1 and 2 of the service, with an operator that has joined set 1, and a staker with a thousand shares.
fn scene() -> Scene {
    let mut scene = Scene::with_rules(Rules::Mainnet);
    scene.serve();
    scene.create_set(1, &[0, 1]).unwrap();
    scene.create_set(2, &[0]).unwrap();
    scene.register(operator(0));
    scene.join(operator(0), &[1]).unwrap();
    scene.deposit(staker(0), 0, U256::from(1000)).unwrap();
    scene.mine(1);
    scene
}

fn violates(component: Component) -> Option<crate::host::Error> {
    Some(reverts(CovenantViolation { component }))
}
