//! Random sequences of services, operators and stakers, with the auditor and a model of all lists after each step.

use crate::{
    host::Error,
    scene::{AVS, DELAY, OPERATORS, STAKERS, STRATEGIES, Scene, operator, staker},
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolEvent;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use std::collections::BTreeMap;
use types::{
    Rules,
    abi::{
        IAllocationManager::{
            OperatorAddedToOperatorSet, OperatorRemovedFromOperatorSet, OperatorSet,
            addStrategiesToOperatorSetCall, clearDeallocationQueueCall, getAllocatedSetsCall,
            getAllocatedStrategiesCall, getMembersCall, getRegisteredSetsCall,
            getStrategiesInOperatorSetCall, removeStrategiesFromOperatorSetCall,
        },
        IDelegationManager::getQueuedWithdrawalsCall,
        IStrategyManager::{self, burnSharesCall, clearBurnOrRedistributableSharesCall},
    },
    addresses::{ALLOCATION_MANAGER as AM, DELEGATION_MANAGER as DM, STRATEGY_MANAGER as SM},
    units::WAD,
};

const SETS: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    AddStrategy(u32, usize),
    RemoveStrategy(u32, usize),
    Join(u8, u32),
    Leave(u8, u32),
    Allocate(u8, u32, usize, u64),
    ClearQueue(u8, usize, u16),
    Slash(u8, u32, Vec<(usize, u64)>),
    Deposit(u8, usize, u64),
    Delegate(u8, u8),
    Undelegate(u8),
    Queue(u8, usize, u8),
    Complete(u8, bool),
    Burn(u64, usize),
    Mine(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let set = || 1..=SETS;
    let op = || 0..OPERATORS;
    let at = || 0..STRATEGIES;
    let magnitude = prop_oneof![Just(0), Just(1), Just(WAD), Just(WAD / 2), Just(WAD / 3), 0..=WAD];
    let wad = || prop_oneof![Just(1), Just(WAD), Just(WAD / 2), Just(WAD / 3), 1..=WAD];
    let amount = prop_oneof![Just(1), Just(2), Just(3), Just(1_000), Just(WAD)];
    prop_oneof![
        1 => (set(), at()).prop_map(|(set, at)| Step::AddStrategy(set, at)),
        1 => (set(), at()).prop_map(|(set, at)| Step::RemoveStrategy(set, at)),
        4 => (op(), set()).prop_map(|(op, set)| Step::Join(op, set)),
        2 => (op(), set()).prop_map(|(op, set)| Step::Leave(op, set)),
        10 => (op(), set(), at(), magnitude).prop_map(|(op, set, at, m)| Step::Allocate(op, set, at, m)),
        8 => (op(), at(), 0u16..3).prop_map(|(op, at, limit)| Step::ClearQueue(op, at, limit)),
        9 => (op(), set(), prop::collection::vec((at(), wad()), 0..3))
            .prop_map(|(op, set, parts)| Step::Slash(op, set, parts)),
        4 => (0..STAKERS, at(), amount).prop_map(|(who, at, amount)| Step::Deposit(who, at, amount)),
        3 => (0..STAKERS, op()).prop_map(|(who, op)| Step::Delegate(who, op)),
        1 => (0..STAKERS).prop_map(Step::Undelegate),
        3 => (0..STAKERS, at(), 1u8..17).prop_map(|(who, at, part)| Step::Queue(who, at, part)),
        3 => (0..STAKERS, any::<bool>()).prop_map(|(who, tokens)| Step::Complete(who, tokens)),
        6 => (1u64..4, at()).prop_map(|(id, at)| Step::Burn(id, at)),
        6 => prop_oneof![Just(1), Just(2), Just(DELAY), Just(DELAY + 1)].prop_map(Step::Mine),
    ]
}

/// A scene with the lists that the logs imply, as the originals keep them.
struct Run {
    scene: Scene,
    rules: Rules,
    members: BTreeMap<u32, Vec<Address>>,
    registered: BTreeMap<Address, Vec<u32>>,
}

fn remove<T: PartialEq>(list: &mut Vec<T>, item: &T) {
    let place = list.iter().position(|other| other == item).expect("in the list");
    list.swap_remove(place);
}

impl Run {
    fn new(rules: Rules) -> Self {
        let mut scene = Scene::with_rules(rules);
        scene.serve();
        (0..OPERATORS).for_each(|index| scene.register(operator(index)));
        for id in 1..=SETS {
            scene.create_set(id, &[0, 1][..(id as usize).min(2)]).expect("a set");
        }
        for index in 0..STAKERS {
            for at in 0..STRATEGIES {
                scene.deposit(staker(index), at, U256::from(WAD + u64::from(index))).expect("a deposit");
            }
            scene.delegate(staker(index), operator(index % OPERATORS)).expect("delegated");
        }
        scene.mine(20);
        let mut run = Self { scene, rules, members: BTreeMap::new(), registered: BTreeMap::new() };
        for index in 0..OPERATORS {
            run.scene.join(operator(index), &[1, 2]).expect("registered");
            run.follow();
            run.scene.allocate(operator(index), 1, 0, WAD / 2).expect("allocated");
            run.scene.allocate(operator(index), 2, 1, WAD / 2).expect("allocated");
        }
        run
    }

    fn apply(&mut self, step: &Step) -> Result<(), Error> {
        let scene = &mut self.scene;
        match step {
            Step::AddStrategy(id, at) => {
                let strategies = vec![scene.strategies[*at]];
                let call = addStrategiesToOperatorSetCall { avs: AVS, operatorSetId: *id, strategies };
                scene.tell(AVS, AM, &call).map(|_| ())
            }
            Step::RemoveStrategy(id, at) => {
                let strategies = vec![scene.strategies[*at]];
                let call = removeStrategiesFromOperatorSetCall { avs: AVS, operatorSetId: *id, strategies };
                scene.tell(AVS, AM, &call).map(|_| ())
            }
            Step::Join(op, id) => scene.join(operator(*op), &[*id]),
            Step::Leave(op, id) => scene.leave(operator(*op), &[*id]),
            Step::Allocate(op, id, at, magnitude) => scene.allocate(operator(*op), *id, *at, *magnitude),
            Step::ClearQueue(op, at, limit) => {
                let (operator, strategies) = (operator(*op), vec![scene.strategies[*at]]);
                let call = clearDeallocationQueueCall { operator, strategies, numToClear: vec![*limit] };
                scene.tell(AVS, AM, &call).map(|_| ())
            }
            Step::Slash(op, id, parts) => scene.slash_set(operator(*op), *id, parts).map(|_| ()),
            Step::Deposit(who, at, amount) => {
                scene.deposit(staker(*who), *at, U256::from(*amount)).map(|_| ())
            }
            Step::Delegate(who, op) => scene.delegate(staker(*who), operator(*op)),
            Step::Undelegate(who) => scene.undelegate(staker(*who)).map(|_| ()),
            Step::Queue(who, at, part) => {
                let held = scene.position(staker(*who), *at).shares.0;
                let shares = held * U256::from(*part) / U256::from(16);
                scene.queue(staker(*who), &[(*at, shares)]).map(|_| ())
            }
            Step::Complete(who, as_tokens) => {
                let queued = scene.chain.ask(DM, &getQueuedWithdrawalsCall { staker: staker(*who) })?;
                match queued.withdrawals.first() {
                    Some(withdrawal) => scene.complete(withdrawal, *as_tokens),
                    None => Ok(()),
                }
            }
            Step::Burn(id, at) => {
                scene.mine(1);
                if self.rules == Rules::Slashing2025 {
                    let strategy = scene.strategies[*at];
                    return scene.tell(AVS, SM, &burnSharesCall { strategy }).map(|_| ());
                }
                let set = IStrategyManager::OperatorSet { avs: AVS, id: *at as u32 + 1 };
                let call =
                    clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: U256::from(*id) };
                scene.tell(AVS, SM, &call).map(|_| ())
            }
            Step::Mine(blocks) => {
                scene.mine(*blocks);
                scene.chain.run(AVS, |_| Ok(())).map(|_| ())
            }
        }
    }

    fn follow(&mut self) {
        for log in self.scene.chain.logs().to_vec() {
            if let Ok(event) = OperatorAddedToOperatorSet::decode_log_data(&log.data) {
                self.members.entry(event.operatorSet.id).or_default().push(event.operator);
                self.registered.entry(event.operator).or_default().push(event.operatorSet.id);
            } else if let Ok(event) = OperatorRemovedFromOperatorSet::decode_log_data(&log.data) {
                remove(self.members.entry(event.operatorSet.id).or_default(), &event.operator);
                remove(self.registered.entry(event.operator).or_default(), &event.operatorSet.id);
            }
        }
    }

    fn check(&mut self) {
        let ids: Vec<u32> = (1..=SETS).collect();
        assert_eq!(self.scene.audit(&ids), Vec::<String>::new());
        for id in ids {
            let set = OperatorSet { avs: AVS, id };
            let members = self.scene.chain.ask(AM, &getMembersCall { operatorSet: set });
            assert_eq!(members, Ok(self.members.get(&id).cloned().unwrap_or_default()), "order of members");
        }
        for index in 0..OPERATORS {
            let operator = operator(index);
            let sets = self.scene.chain.ask(AM, &getRegisteredSetsCall { operator }).expect("sets");
            let ids: Vec<u32> = sets.into_iter().map(|set| set.id).collect();
            assert_eq!(ids, self.registered.get(&operator).cloned().unwrap_or_default(), "order of sets");
        }
    }
}

/// The random sequences would prove nothing if their verbs were all refused.
#[test]
fn random_steps_do_what_they_are_named_after() {
    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec(step(), 60);
    let mut effective: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..20 {
        let mut run = Run::new(Rules::Pinned);
        for step in steps.new_tree(&mut runner).expect("steps").current() {
            if run.apply(&step).is_ok() && !run.scene.chain.logs().is_empty() {
                let name = format!("{step:?}").split('(').next().unwrap_or_default().to_owned();
                *effective.entry(name).or_default() += 1;
            }
        }
    }
    let verbs = ["AddStrategy", "RemoveStrategy", "Join", "Leave", "Allocate", "ClearQueue", "Slash", "Burn"];
    for verb in verbs {
        assert!(effective.get(verb).is_some_and(|count| *count >= 2), "{verb}: {effective:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn invariants_and_orders_hold_after_every_step(
        rules in prop_oneof![Just(Rules::Mainnet), Just(Rules::Pinned), Just(Rules::Slashing2025)],
        steps in prop::collection::vec(step(), 1..70),
    ) {
        let mut run = Run::new(rules);
        for step in &steps {
            match run.apply(step) {
                Ok(()) => run.follow(),
                Err(Error::Revert(_)) => {}
                Err(fatal @ Error::Fatal(_)) => prop_assert!(false, "{step:?}: {fatal:?}"),
            }
            run.check();
        }
    }

    #[test]
    fn lists_of_what_is_allocated_behave_as_lists_with_swap_and_pop(
        steps in prop::collection::vec((1..=SETS, 0..STRATEGIES, any::<bool>()), 1..40),
    ) {
        let mut scene = Scene::new();
        scene.serve();
        scene.register(operator(0));
        (1..=SETS).for_each(|id| scene.create_set(id, &[]).expect("a set"));
        let mut sets: Vec<u32> = Vec::new();
        let mut lists: BTreeMap<u32, Vec<Address>> = BTreeMap::new();
        for (id, at, allocate) in steps {
            let strategy = scene.strategies[at];
            // Nothing is slashable here, so what is given back is gone at once.
            let done = scene.allocate(operator(0), id, at, if allocate { 7 } else { 0 }).is_ok();
            let list = lists.entry(id).or_default();
            if done && allocate {
                list.push(strategy);
                if list.len() == 1 {
                    sets.push(id);
                }
            } else if done {
                remove(list, &strategy);
                if list.is_empty() {
                    remove(&mut sets, &id);
                }
            }
            let found = scene.chain.ask(AM, &getAllocatedSetsCall { operator: operator(0) }).expect("sets");
            let found: Vec<u32> = found.into_iter().map(|set| set.id).collect();
            prop_assert_eq!(&found, &sets);
            for (id, list) in &lists {
                let set = OperatorSet { avs: AVS, id: *id };
                let call = getAllocatedStrategiesCall { operator: operator(0), operatorSet: set.clone() };
                let found = scene.chain.ask(AM, &call).expect("strategies");
                prop_assert_eq!(&found, list);
                let call = getStrategiesInOperatorSetCall { operatorSet: set };
                prop_assert_eq!(scene.chain.ask(AM, &call), Ok(vec![]));
            }
        }
    }
}
