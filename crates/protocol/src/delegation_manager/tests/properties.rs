//! Random sequences of verbs, with the invariants of restaking-core §8 checked after every step.

use crate::{
    host::Error,
    scene::{AVS, DELAY, OPERATORS, STAKERS, STRATEGIES, Scene, no_approval, operator, plenty, staker},
};
use alloy_primitives::{Address, B256, U256, U512, keccak256};
use alloy_sol_types::SolValue;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use types::{
    Rules,
    abi::{
        IDelegationManager::{
            SlashingWithdrawalCompleted, Withdrawal, cumulativeWithdrawalsQueuedCall, delegatedToCall,
            depositScalingFactorCall, getQueuedWithdrawalRootsCall, getQueuedWithdrawalsCall,
            getWithdrawableSharesCall, isOperatorCall, operatorSharesCall, pendingWithdrawalsCall,
            queuedWithdrawalsCall, redelegateCall,
        },
        IERC20::transferCall,
        IStrategy::totalSharesCall,
        IStrategyManager::{
            OperatorSet, burnSharesCall, clearBurnOrRedistributableSharesCall,
            getBurnOrRedistributableShares_1Call, getBurnableSharesCall, getDepositsCall,
        },
    },
    addresses::{BURN, DELEGATION_MANAGER as DM, STRATEGY_MANAGER as SM},
    units::WAD,
};

#[derive(Clone, Debug)]
enum Step {
    Deposit(u8, usize, u64),
    Donate(u8, usize, u64),
    Delegate(u8, u8),
    Undelegate(u8),
    Redelegate(u8, u8),
    /// Shares of each strategy, in sixteenths of what the staker holds.
    Queue(u8, Vec<(usize, u8)>),
    Complete(u8, u8, bool),
    /// How much of the magnitude is left, in wad.
    Slash(u8, usize, u64),
    Clear(u64),
    Mine(u64),
}

fn step() -> impl Strategy<Value = Step> {
    // Operators stake too: their indices follow those of the stakers.
    let who = || 0..STAKERS + OPERATORS;
    let amount = || prop_oneof![Just(1), Just(2), Just(3), Just(1_000), Just(WAD), Just(7 * WAD + 3)];
    let left = prop_oneof![
        4 => prop_oneof![Just(WAD), Just(WAD / 2), Just(WAD - WAD / 3), Just(WAD - 1), 1..WAD],
        1 => Just(0),
    ];
    prop_oneof![
        5 => (who(), 0..STRATEGIES, amount()).prop_map(|(who, at, amount)| Step::Deposit(who, at, amount)),
        1 => (who(), 0..STRATEGIES, amount()).prop_map(|(who, at, amount)| Step::Donate(who, at, amount)),
        4 => (0..STAKERS, 0..OPERATORS).prop_map(|(who, to)| Step::Delegate(who, to)),
        1 => (0..STAKERS).prop_map(Step::Undelegate),
        1 => (0..STAKERS, 0..OPERATORS).prop_map(|(who, to)| Step::Redelegate(who, to)),
        6 => (who(), prop::collection::vec((0..STRATEGIES, 0u8..18), 1..3))
            .prop_map(|(who, items)| Step::Queue(who, items)),
        8 => (who(), 0u8..2, any::<bool>()).prop_map(|(who, which, tokens)| Step::Complete(who, which, tokens)),
        2 => (0..OPERATORS, 0..STRATEGIES, left).prop_map(|(op, at, left)| Step::Slash(op, at, left)),
        2 => (1u64..5).prop_map(Step::Clear),
        4 => prop_oneof![1 => Just(0), 1 => Just(1), 1 => Just(DELAY), 3 => Just(DELAY + 1)].prop_map(Step::Mine),
    ]
}

fn person(index: u8) -> Address {
    if index < STAKERS { staker(index) } else { operator(index - STAKERS) }
}

fn people() -> Vec<Address> {
    (0..STAKERS + OPERATORS).map(person).collect()
}

fn root_of(withdrawal: &Withdrawal) -> B256 {
    keccak256(withdrawal.abi_encode())
}

/// A scene with what only a history knows.
struct Run {
    scene: Scene,
    rules: Rules,
    lists: Vec<Vec<Address>>,
    roots: Vec<Vec<B256>>,
    queued: BTreeSet<B256>,
    completed: BTreeSet<B256>,
    /// Withdrawal entries ever queued from delegated stakers: the slack of I15 where the queue counts scaled shares.
    entries: [u64; STRATEGIES],
}

impl Run {
    fn new(rules: Rules) -> Self {
        let mut scene = Scene::with_rules(rules);
        (0..OPERATORS).for_each(|index| scene.register(operator(index)));
        for (index, who) in (0..).zip(people()) {
            scene.deposit(who, 0, U256::from(WAD + index)).expect("a deposit");
            scene.deposit(who, 1, U256::from(1_000 + index)).expect("a deposit");
        }
        let lists = people().iter().map(|_| Vec::new()).collect();
        let roots = people().iter().map(|_| Vec::new()).collect();
        let (queued, completed) = (BTreeSet::new(), BTreeSet::new());
        Self { scene, rules, lists, roots, queued, completed, entries: [0; STRATEGIES] }
    }

    fn apply(&mut self, step: &Step) -> Result<(), Error> {
        let scene = &mut self.scene;
        match step {
            Step::Deposit(who, at, amount) => {
                scene.deposit(person(*who), *at, U256::from(*amount)).map(|_| ())
            }
            Step::Donate(who, at, amount) => {
                let (token, to) = (scene.tokens[*at], scene.strategies[*at]);
                scene.tell(person(*who), token, &transferCall { to, value: U256::from(*amount) }).map(|_| ())
            }
            Step::Delegate(who, to) => scene.delegate(person(*who), operator(*to)),
            Step::Undelegate(who) => scene.undelegate(person(*who)).map(|_| ()),
            Step::Redelegate(who, to) => {
                let call = redelegateCall {
                    newOperator: operator(*to),
                    newOperatorApproverSig: no_approval(),
                    approverSalt: B256::ZERO,
                };
                scene.tell(person(*who), DM, &call).map(|_| ())
            }
            Step::Queue(who, items) => {
                let items: Vec<(usize, U256)> = items
                    .iter()
                    .map(|(at, part)| {
                        let held = scene.position(person(*who), *at).shares.0;
                        (*at, held * U256::from(*part) / U256::from(16))
                    })
                    .collect();
                scene.queue(person(*who), &items).map(|_| ())
            }
            Step::Complete(who, which, as_tokens) => {
                let call = getQueuedWithdrawalsCall { staker: person(*who) };
                let withdrawals = scene.chain.ask(DM, &call)?.withdrawals;
                match withdrawals.get(usize::from(*which)) {
                    Some(withdrawal) => scene.complete(withdrawal, *as_tokens),
                    None => Ok(()),
                }
            }
            Step::Slash(index, at, left) => {
                let magnitude = scene.operator_row(operator(*index), *at).max_magnitude();
                let after = u128::from(magnitude) * u128::from(*left) / u128::from(WAD);
                match magnitude {
                    0 => Ok(()),
                    _ => scene.slash(operator(*index), *at, after as u64).map(|_| ()),
                }
            }
            Step::Clear(slash_id) => {
                scene.mine(1);
                if self.rules == Rules::Slashing2025 {
                    let strategy = scene.strategies[(*slash_id % 3) as usize];
                    return scene.tell(AVS, SM, &burnSharesCall { strategy }).map(|_| ());
                }
                let set = OperatorSet { avs: AVS, id: 1 };
                let slash_id = U256::from(*slash_id);
                let call = clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: slash_id };
                scene.tell(AVS, SM, &call).map(|_| ())
            }
            Step::Mine(blocks) => {
                scene.mine(*blocks);
                // So that the logs looked at are not those of the step before.
                scene.chain.run(AVS, |_| Ok(())).map(|_| ())
            }
        }
    }

    /// Follows the logs: lists and sets as the originals keep them.
    fn follow(&mut self) {
        for withdrawal in self.scene.queued() {
            let root = root_of(&withdrawal);
            let index = people().iter().position(|who| *who == withdrawal.staker).expect("a person");
            assert!(self.queued.insert(root), "I11: queued once");
            self.roots[index].push(root);
            if !withdrawal.delegatedTo.is_zero() {
                for strategy in &withdrawal.strategies {
                    let at = self.scene.strategies.iter().position(|other| other == strategy).expect("known");
                    self.entries[at] += 1;
                }
            }
        }
        let logs = self.scene.chain.logs().to_vec();
        for log in logs {
            use alloy_sol_types::SolEvent;
            if let Ok(event) = SlashingWithdrawalCompleted::decode_log_data(&log.data) {
                assert!(self.completed.insert(event.withdrawalRoot), "I11: completed once");
                let set =
                    self.roots.iter_mut().find(|set| set.contains(&event.withdrawalRoot)).expect("a set");
                let at = set.iter().position(|root| *root == event.withdrawalRoot).expect("in it");
                set.swap_remove(at);
            }
        }
    }

    fn check(&mut self) {
        for index in 0..people().len() {
            self.check_person(index);
        }
        for at in 0..STRATEGIES {
            for op in 0..OPERATORS {
                self.check_operator(operator(op), at);
            }
            self.check_strategy(at);
        }
    }

    /// I8 to I12, and the orders of lists and sets.
    fn check_person(&mut self, index: usize) {
        let who = people()[index];
        let scene = &mut self.scene;
        let deposits = scene.chain.ask(SM, &getDepositsCall { staker: who }).unwrap();
        let listed: BTreeSet<Address> = deposits._0.iter().copied().collect();
        assert_eq!(listed.len(), deposits._0.len(), "I8: no duplicates");
        let delegated = scene.chain.ask(DM, &delegatedToCall { staker: who }).unwrap();
        for (at, strategy) in scene.strategies.into_iter().enumerate() {
            let shares = scene.position(who, at).shares.0;
            assert_eq!(!shares.is_zero(), listed.contains(&strategy), "I8");
            let k = scene.chain.ask(DM, &depositScalingFactorCall { staker: who, strategy }).unwrap();
            assert!(!k.is_zero() && k < U256::from(10).pow(U256::from(74)), "I9");
            if shares.is_zero() || delegated.is_zero() {
                assert_eq!(k, U256::from(WAD), "I9");
            }
        }
        let list = &mut self.lists[index];
        for gone in list.clone().into_iter().filter(|strategy| !listed.contains(strategy)) {
            let at = list.iter().position(|strategy| *strategy == gone).expect("in it");
            list.swap_remove(at);
        }
        list.extend(
            deposits._0.iter().filter(|strategy| !list.contains(strategy)).copied().collect::<Vec<_>>(),
        );
        if list.len() < 3 {
            assert_eq!(*list, deposits._0, "order of the strategy list");
        }
        *list = deposits._0;

        let roots = scene.chain.ask(DM, &getQueuedWithdrawalRootsCall { staker: who }).unwrap();
        assert_eq!(roots, self.roots[index], "order of the set of roots");
        for root in &roots {
            let stored = scene.chain.ask(DM, &queuedWithdrawalsCall { withdrawalRoot: *root }).unwrap();
            assert_eq!((root_of(&stored), stored.staker), (*root, who), "I10");
            assert!(scene.chain.ask(DM, &pendingWithdrawalsCall { withdrawalRoot: *root }).unwrap(), "I10");
        }
        let nonce = scene.chain.ask(DM, &cumulativeWithdrawalsQueuedCall { staker: who }).unwrap();
        let completed: usize = self.queued.len() - self.roots.iter().map(Vec::len).sum::<usize>();
        assert_eq!(completed, self.completed.len(), "I11");
        assert!(nonce >= U256::from(roots.len()), "I11");
        if !delegated.is_zero() {
            let is_operator = scene.chain.ask(DM, &isOperatorCall { operator: delegated }).unwrap();
            assert!(is_operator, "I12");
        }
    }

    /// I1 to I3 and I13.
    fn check_operator(&mut self, op: Address, at: usize) {
        let scene = &mut self.scene;
        let strategy = scene.strategies[at];
        let row = scene.operator_row(op, at);
        let magnitude = row.max_magnitude();
        assert!(row.encumbered_magnitude <= magnitude && magnitude <= WAD, "I3");
        let mut withdrawable = U256::ZERO;
        let mut exact = U512::ZERO;
        for who in people() {
            if scene.chain.ask(DM, &delegatedToCall { staker: who }).unwrap() == op {
                let call = getWithdrawableSharesCall { staker: who, strategies: vec![strategy] };
                withdrawable += scene.chain.ask(DM, &call).unwrap().withdrawableShares[0];
                let position = scene.position(who, at);
                let scaled: U512 = position.shares.0.widening_mul(position.scaling.value());
                exact += scaled * U512::from(magnitude);
            }
        }
        assert!(row.shares.0 >= withdrawable, "I1: {} < {withdrawable}", row.shares.0);
        let square = U512::from(WAD) * U512::from(WAD);
        assert!(U512::from(row.shares.0) * square >= exact, "I2");
        for nobody in [staker(0), Address::ZERO] {
            let call = operatorSharesCall { operator: nobody, strategy };
            assert_eq!(scene.chain.ask(DM, &call), Ok(U256::ZERO), "I13");
        }
    }

    /// I15 and I26.
    fn check_strategy(&mut self, at: usize) {
        let scene = &mut self.scene;
        let strategy = scene.strategies[at];
        let mut claims = U256::ZERO;
        let mut tokens = scene.tokens_of(strategy, at) + scene.tokens_of(BURN, at);
        for who in people() {
            tokens += scene.tokens_of(who, at);
            claims += scene.withdrawable(who, at);
            let queued = scene.chain.ask(DM, &getQueuedWithdrawalsCall { staker: who }).unwrap();
            for (withdrawal, shares) in queued.withdrawals.iter().zip(&queued.shares) {
                let of = withdrawal.strategies.iter().zip(shares).filter(|(other, _)| **other == strategy);
                claims += of.map(|(_, shares)| *shares).sum::<U256>();
            }
        }
        assert_eq!(tokens, plenty() * U256::from(STAKERS + OPERATORS), "I26");
        if self.rules == Rules::Slashing2025 {
            claims += scene.chain.ask(SM, &getBurnableSharesCall { strategy }).unwrap();
        }
        let last = if self.rules == Rules::Slashing2025 { 0 } else { scene.last_slash().to::<u64>() };
        for slash_id in 1..=last {
            let operator_set = OperatorSet { avs: AVS, id: 1 };
            let slash_id = U256::from(slash_id);
            let call = getBurnOrRedistributableShares_1Call {
                operatorSet: operator_set,
                slashId: slash_id,
                strategy,
            };
            claims += scene.chain.ask(SM, &call).unwrap();
        }
        let total = scene.chain.ask(strategy, &totalSharesCall {}).unwrap();
        let slack = match self.rules {
            Rules::Mainnet => 0,
            Rules::Pinned | Rules::Slashing2025 => self.entries[at],
        };
        assert!(total + U256::from(slack) >= claims, "I15: {total} + {slack} < {claims}");
    }
}

/// The random sequences would prove nothing if their verbs were all refused.
#[test]
fn random_steps_do_what_they_are_named_after() {
    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec(step(), 60);
    let mut effective: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..20 {
        let mut run = Run::new(Rules::Mainnet);
        for step in steps.new_tree(&mut runner).unwrap().current() {
            if run.apply(&step).is_ok() && !run.scene.chain.logs().is_empty() {
                let name = format!("{step:?}").split('(').next().unwrap_or_default().to_owned();
                *effective.entry(name).or_default() += 1;
            }
        }
    }
    for verb in
        ["Deposit", "Donate", "Delegate", "Undelegate", "Redelegate", "Queue", "Complete", "Slash", "Clear"]
    {
        assert!(effective.get(verb).is_some_and(|count| *count >= 8), "{verb}: {effective:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_after_every_step(
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
}
