//! What covenants are for: whatever an operator does with several services, and whatever they do with it, in whichever
//! order, a delegator with a policy is exposed to no more than it demanded, until it could have left after the first
//! warning.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

use super::*;
use crate::{
    audit::{self, Actors, OperatorSetName},
    lens,
    scene::{DELAY, REGISTRAR, SLASHER},
};
use alloy_primitives::Bytes;
use proptest::{prelude::*, test_runner::TestRunner};
use std::{cell::Cell, collections::BTreeSet};
use types::{
    abi::IAllocationManager::{
        AllocateParams, CreateSetParamsV2, DeregisterParams, OperatorSet, RegisterParams, SlashingParams,
        addStrategiesToOperatorSetCall, clearDeallocationQueueCall, createOperatorSets_1Call,
        createRedistributingOperatorSets_1Call, deregisterFromOperatorSetsCall, modifyAllocationsCall,
        registerForOperatorSetsCall, removeStrategiesFromOperatorSetCall, setAVSRegistrarCall,
        setAllocationDelayCall, slashOperatorCall, updateAVSMetadataURICall,
    },
    addresses::ALLOCATION_MANAGER as AM,
};

/// Ascending, as terms name them.
const SERVICES: [Address; 3] =
    [Address::repeat_byte(0xe1), Address::repeat_byte(0xe2), Address::repeat_byte(0xe3)];
/// Each service has these sets; the last one redistributes.
const IDS: [u32; 3] = [1, 2, 3];
const REDISTRIBUTING: u32 = 3;
const CASES: u32 = 512;

/// What the operator does, or somebody who may be in league with it.
#[derive(Clone, Debug)]
enum Step {
    Promise(Terms),
    Allocate(OperatorSet, usize, u64),
    Join(OperatorSet),
    Leave(OperatorSet),
    Delay(u32),
    Clear(usize, u16),
    Slash(OperatorSet, usize, u64),
    /// The service takes a strategy into its set.
    List(OperatorSet, usize),
    /// The service takes a strategy out of its set.
    Unlist(OperatorSet, usize),
    /// The service makes the operator leave.
    Eject(OperatorSet),
    Mine(u64),
}

fn quarter() -> impl Strategy<Value = u64> {
    (0_u64..=4).prop_map(|quarters| WAD / 4 * quarters)
}

fn terms() -> impl Strategy<Value = Terms> {
    let named = prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::sample::subsequence(SERVICES.to_vec(), 1..=3),
    ];
    (0_u16..5, quarter(), 0_u32..3, any::<bool>(), named).prop_map(
        |(services, wad, delay, redistribution, named)| Terms {
            maxServices: services,
            maxSlashableWad: wad,
            minAllocationDelayBlocks: delay * 3,
            allowRedistribution: redistribution,
            services: named,
        },
    )
}

/// Demands that an operator may well promise.
fn policy() -> impl Strategy<Value = Terms> {
    let demand = (terms(), 1_u16..5, 1_u64..=4, prop::bool::weighted(0.3), prop::bool::weighted(0.7));
    demand.prop_map(|(terms, services, quarters, delays, redistributes)| Terms {
        maxServices: services,
        maxSlashableWad: WAD / 4 * quarters,
        minAllocationDelayBlocks: if delays { terms.minAllocationDelayBlocks } else { 0 },
        allowRedistribution: redistributes,
        ..terms
    })
}

fn set() -> impl Strategy<Value = OperatorSet> {
    (prop::sample::select(&SERVICES[..]), prop::sample::select(&IDS[..]))
        .prop_map(|(avs, id)| OperatorSet { avs, id })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => terms().prop_map(Step::Promise),
        2 => Just(Step::Promise(unlimited())),
        6 => (set(), 0_usize..3, quarter()).prop_map(|(set, at, wad)| Step::Allocate(set, at, wad)),
        4 => set().prop_map(Step::Join),
        3 => set().prop_map(Step::Leave),
        2 => (0_u32..8).prop_map(Step::Delay),
        1 => (0_usize..3, 0_u16..3).prop_map(|(at, count)| Step::Clear(at, count)),
        2 => (set(), 0_usize..3, 1..=WAD).prop_map(|(set, at, wad)| Step::Slash(set, at, wad)),
        1 => (set(), 0_usize..3).prop_map(|(set, at)| Step::List(set, at)),
        1 => (set(), 0_usize..3).prop_map(|(set, at)| Step::Unlist(set, at)),
        1 => set().prop_map(Step::Eject),
        5 => (1_u64..9).prop_map(Step::Mine),
    ]
}

/// Three services with a plain, another plain and a redistributing set each, an operator, and a staker with shares of
/// every strategy.
fn several_services() -> Scene {
    let mut scene = Scene::with_rules(Rules::Mainnet);
    scene.chain.place(REGISTRAR, |_, _| Ok(U256::ONE.to_be_bytes::<32>().into()));
    for avs in SERVICES {
        scene.tell(avs, AM, &updateAVSMetadataURICall { avs, metadataURI: "ipfs://service".into() }).unwrap();
        scene.tell(avs, AM, &setAVSRegistrarCall { avs, registrar: REGISTRAR }).unwrap();
        let made = |id: u32, at: &[usize]| CreateSetParamsV2 {
            operatorSetId: id,
            strategies: at.iter().map(|at| scene.strategies[*at]).collect(),
            slasher: SLASHER,
        };
        let (plain, redistributing) =
            (vec![made(1, &[0, 1]), made(2, &[0])], vec![made(REDISTRIBUTING, &[1, 2])]);
        scene.tell(avs, AM, &createOperatorSets_1Call { avs, params: plain }).unwrap();
        let make = createRedistributingOperatorSets_1Call {
            avs,
            params: redistributing,
            redistributionRecipients: vec![STRANGER],
        };
        scene.tell(avs, AM, &make).unwrap();
    }
    scene.register(operator(0));
    for at in 0..scene.strategies.len() {
        scene.deposit(staker(0), at, U256::from(1000)).unwrap();
    }
    scene.mine(1);
    scene
}

/// Whether it was not refused. What is refused changes nothing, which is the point.
fn perform(scene: &mut Scene, step: &Step) -> bool {
    let operator = operator(0);
    let at = |scene: &Scene, at: usize| vec![scene.strategies[at]];
    match step.clone() {
        Step::Promise(terms) => tell(scene, operator, terms).is_ok(),
        Step::Allocate(set, place, wad) => {
            let params =
                AllocateParams { operatorSet: set, strategies: at(scene, place), newMagnitudes: vec![wad] };
            scene.tell(operator, AM, &modifyAllocationsCall { operator, params: vec![params] }).is_ok()
        }
        Step::Join(OperatorSet { avs, id }) => {
            let params = RegisterParams { avs, operatorSetIds: vec![id], data: Bytes::new() };
            scene.tell(operator, AM, &registerForOperatorSetsCall { operator, params }).is_ok()
        }
        Step::Leave(set) => leave(scene, operator, set),
        Step::Eject(set) => leave(scene, set.avs, set),
        Step::Delay(delay) => scene.tell(operator, AM, &setAllocationDelayCall { operator, delay }).is_ok(),
        Step::Clear(place, count) => {
            let strategies = at(scene, place);
            let clear = clearDeallocationQueueCall { operator, strategies, numToClear: vec![count] };
            scene.tell(operator, AM, &clear).is_ok()
        }
        Step::Slash(OperatorSet { avs, id }, place, wad) => {
            let params = SlashingParams {
                operator,
                operatorSetId: id,
                strategies: at(scene, place),
                wadsToSlash: vec![U256::from(wad)],
                description: "fault".into(),
            };
            scene.tell(SLASHER, AM, &slashOperatorCall { avs, params }).is_ok()
        }
        Step::List(OperatorSet { avs, id }, place) => {
            let strategies = at(scene, place);
            let list = addStrategiesToOperatorSetCall { avs, operatorSetId: id, strategies };
            scene.tell(avs, AM, &list).is_ok()
        }
        Step::Unlist(OperatorSet { avs, id }, place) => {
            let strategies = at(scene, place);
            let unlist = removeStrategiesFromOperatorSetCall { avs, operatorSetId: id, strategies };
            scene.tell(avs, AM, &unlist).is_ok()
        }
        Step::Mine(blocks) => {
            scene.mine(blocks);
            true
        }
    }
}

fn leave(scene: &mut Scene, from: Address, OperatorSet { avs, id }: OperatorSet) -> bool {
    let params = DeregisterParams { operator: operator(0), avs, operatorSetIds: vec![id] };
    scene.tell(from, AM, &deregisterFromOperatorSetsCall { params }).is_ok()
}

/// What Lens tells of the operator, compared with a policy.
fn exceeds(scene: &mut Scene, policy: &Terms) -> Option<String> {
    let strategies = scene.strategies;
    let book = scene.chain.run(HOME, |host| lens::book(host, operator(0), &strategies)).unwrap();
    let sets = || book.registeredSets.iter().chain(&book.allocatedSets);
    let services: BTreeSet<Address> = sets().map(|set| set.avs).collect();
    let delay = &book.allocationDelay;
    let exposure = book.exposures.iter().map(|exposure| exposure.committedWad).max().unwrap_or_default();
    if exposure > policy.maxSlashableWad {
        return Some(format!("{exposure} is exposed"));
    }
    if delay.delayBlocks.min(delay.pendingDelayBlocks) < policy.minAllocationDelayBlocks {
        return Some(format!("{delay:?}"));
    }
    if !policy.allowRedistribution && sets().any(|set| set.id == REDISTRIBUTING) {
        return Some("a set redistributes".into());
    }
    if !policy.services.is_empty() && services.iter().any(|of| !policy.services.contains(of)) {
        return Some(format!("{services:?} are not those named"));
    }
    (services.len() > usize::from(policy.maxServices)).then(|| format!("{services:?}"))
}

fn flaws(scene: &mut Scene) -> Vec<String> {
    let sets = SERVICES.into_iter().flat_map(|avs| IDS.map(|id| OperatorSetName { avs, id }));
    let actors = Actors {
        stakers: vec![staker(0), operator(0)],
        operators: vec![operator(0)],
        strategies: scene.strategies.to_vec(),
        sets: sets.collect(),
        ..Actors::default()
    };
    scene.chain.run(audit::ADDRESS, |host| audit::check(host, &actors)).unwrap()
}

/// Delegates a staker with a policy; the operator gives it a chance by promising just that, if it keeps it.
fn is_covered(scene: &mut Scene, policy: &Terms) -> bool {
    let (alice, olga) = (staker(0), operator(0));
    demand(scene, alice, policy.clone()).unwrap();
    scene.delegate(alice, olga).is_ok()
        || tell(scene, olga, policy.clone()).is_ok() && scene.delegate(alice, olga).is_ok()
}

#[test]
fn no_order_of_actions_exposes_a_delegator_before_it_could_have_left() {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) };
    let mut runner = TestRunner::new(config);
    let orders = (policy(), prop::collection::vec(step(), 0..8), prop::collection::vec(step(), 1..50));
    let (covered, warned_of, done) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let outcome = runner.run(&orders, |(policy, before, after)| {
        let mut scene = several_services();
        for step in &before {
            perform(&mut scene, step);
        }
        if !is_covered(&mut scene, &policy) {
            return Ok(());
        }
        covered.set(covered.get() + 1);
        let mut warned = None;
        for step in &after {
            done.set(done.get() + u32::from(perform(&mut scene, step)));
            let now = scene.chain.block.number;
            let covenant = scene.chain.ask(HOME, &covenantOfCall { operator: operator(0) }).unwrap();
            if warned.is_none() && !terms_imply(&covenant.next, &policy) {
                warned = Some(now);
                warned_of.set(warned_of.get() + 1);
            }
            // Whoever queues in the block after the warning can be slashed until the delay has passed.
            if warned.is_some_and(|warned| now > warned + 1 + DELAY) {
                break;
            }
            prop_assert_eq!(exceeds(&mut scene, &policy), None, "after {:?}", step);
            prop_assert_eq!(flaws(&mut scene), Vec::<String>::new());
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(covered.get() > CASES / 3, "{} of {CASES} delegators were covered", covered.get());
    assert!(warned_of.get() > CASES / 10, "{} of {CASES} were warned", warned_of.get());
    assert!(done.get() > CASES * 2, "{} actions were not refused", done.get());
}
