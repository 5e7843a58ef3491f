//! What covenants are for: whatever an operator does, and in whichever order, a delegator with a policy is exposed to no
//! more than it demanded, until it could have left after the first warning.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

use super::*;
use crate::lens;
use proptest::prelude::*;
use types::{abi::IAllocationManager::setAllocationDelayCall, addresses::ALLOCATION_MANAGER};

#[derive(Clone, Debug)]
enum Step {
    Promise(Terms),
    Allocate(u32, usize, u64),
    Join(u32),
    Leave(u32),
    Delay(u32),
    Slash(u32, usize, u64),
    Mine(u64),
}

fn quarter() -> impl Strategy<Value = u64> {
    (0_u64..=4).prop_map(|quarters| WAD / 4 * quarters)
}

fn terms() -> impl Strategy<Value = Terms> {
    (0_u16..3, quarter(), 0_u32..3, prop::bool::weighted(0.7)).prop_map(|(services, wad, delay, any)| Terms {
        maxServices: services,
        maxSlashableWad: wad,
        minAllocationDelayBlocks: delay * 3,
        services: if any { Vec::new() } else { vec![AVS] },
        ..unlimited()
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => terms().prop_map(Step::Promise),
        2 => Just(Step::Promise(unlimited())),
        5 => (1_u32..3, 0_usize..2, quarter()).prop_map(|(set, at, wad)| Step::Allocate(set, at, wad)),
        2 => (1_u32..3).prop_map(Step::Join),
        2 => (1_u32..3).prop_map(Step::Leave),
        2 => (0_u32..8).prop_map(Step::Delay),
        1 => (1_u32..3, 0_usize..2, 1..=WAD).prop_map(|(set, at, wad)| Step::Slash(set, at, wad)),
        5 => (1_u64..9).prop_map(Step::Mine),
    ]
}

fn perform(scene: &mut Scene, step: &Step) {
    let olga = operator(0);
    // What is refused changes nothing, which is the point.
    let _ = match step {
        Step::Promise(terms) => tell(scene, olga, terms.clone()),
        Step::Allocate(set, at, wad) => scene.allocate(olga, *set, *at, *wad),
        Step::Join(set) => scene.join(olga, &[*set]),
        Step::Leave(set) => scene.leave(olga, &[*set]),
        Step::Delay(delay) => {
            let call = setAllocationDelayCall { operator: olga, delay: *delay };
            scene.tell(olga, ALLOCATION_MANAGER, &call).map(|_| ())
        }
        Step::Slash(set, at, wad) => scene.slash_set(olga, *set, &[(*at, *wad)]).map(|_| ()),
        Step::Mine(blocks) => {
            scene.mine(*blocks);
            Ok(())
        }
    };
}

/// What Lens tells of the operator, compared with a policy.
fn exceeds(scene: &mut Scene, policy: &Terms) -> Option<String> {
    let strategies = scene.strategies;
    let book = scene.chain.run(HOME, |host| lens::book(host, operator(0), &strategies)).unwrap();
    let mut services: Vec<Address> = Vec::new();
    for set in book.registeredSets.iter().chain(&book.allocatedSets) {
        if !services.contains(&set.avs) {
            services.push(set.avs);
        }
    }
    let delay = &book.allocationDelay;
    let exposure = book.exposures.iter().map(|exposure| exposure.committedWad).max().unwrap_or_default();
    if exposure > policy.maxSlashableWad {
        return Some(format!("{exposure} is exposed"));
    }
    if delay.delayBlocks.min(delay.pendingDelayBlocks) < policy.minAllocationDelayBlocks {
        return Some(format!("{delay:?}"));
    }
    (services.len() > usize::from(policy.maxServices)).then(|| format!("{services:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_order_of_actions_exposes_a_delegator_before_it_could_have_left(
        policy in terms(),
        before in prop::collection::vec(step(), 0..12),
        after in prop::collection::vec(step(), 1..40),
    ) {
        let (mut scene, alice, olga) = (scene(), staker(0), operator(0));
        for step in &before {
            perform(&mut scene, step);
        }
        demand(&mut scene, alice, policy.clone()).unwrap();
        if scene.delegate(alice, olga).is_err() {
            // Give it a chance: the operator promises just that, if it keeps it.
            if tell(&mut scene, olga, policy.clone()).is_err() || scene.delegate(alice, olga).is_err() {
                return Ok(());
            }
        }
        let delay = 10;
        let mut warned = None;
        for step in &after {
            perform(&mut scene, step);
            let now = scene.chain.block.number;
            let covenant = scene.chain.ask(HOME, &covenantOfCall { operator: olga }).unwrap();
            if warned.is_none() && !terms_imply(&covenant.next, &policy) {
                warned = Some(now);
            }
            // Whoever queues in the block after the warning can be slashed until `delay` blocks later.
            if warned.is_some_and(|warned| now > warned + 1 + delay) {
                break;
            }
            prop_assert_eq!(exceeds(&mut scene, &policy), None, "after {:?}", step);
            prop_assert_eq!(scene.audit(&[1, 2]), Vec::<String>::new());
        }
    }
}
