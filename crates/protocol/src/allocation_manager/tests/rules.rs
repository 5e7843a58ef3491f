//! What the rule profiles change, and worked examples that need more than one contract.

use crate::{
    host::Error,
    scene::{AVS, DELAY, SLASHER, Scene, operator, staker},
    testkit::{STRANGER, reverts, u},
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent, SolValue};
use types::{
    Params, Preset, Rules,
    abi::{
        IAllocationManager::{
            self, CreateSetParams, EncumberedMagnitudeUpdated, InvalidCaller, InvalidPermissions,
            OperatorNotSlashable, OperatorSet, SlasherUpdated, StrategyAddedToOperatorSet,
            StrategyAlreadyInOperatorSet, createOperatorSets_0Call, createOperatorSets_1Call,
            createRedistributingOperatorSets_0Call, getAllocatedStakeCall, getMinimumSlashableStakeCall,
            getSlasherCall, migrateSlashersCall, slashOperatorCall,
        },
        IPermissionController::setAppointeeCall,
        IStrategyManager::{
            self, BurnOrRedistributableSharesIncreased, CurrentlyPaused, SlashResolutionBlockSet,
            SlashResolutionDelayNotElapsed, burnSharesCall, clearBurnOrRedistributableSharesByStrategyCall,
            clearBurnOrRedistributableSharesCall, getBurnableSharesCall, getSlashResolutionBlockCall,
        },
    },
    addresses::{ALLOCATION_MANAGER as AM, BURN, PERMISSION_CONTROLLER, STRATEGY_MANAGER as SM},
    units::WAD,
};

const HALF: u64 = WAD / 2;

/// Operator 0 in set 1 with all of strategy 0 allocated, and staker 0 with 1000 of it delegated.
fn at_stake(rules: Rules) -> Scene {
    at_stake_with(&Params { rules, ..Params::preset(Preset::Fast) })
}

fn at_stake_with(params: &Params) -> Scene {
    let mut scene = Scene::with_params(params);
    scene.serve();
    scene.register(operator(0));
    scene.create_set(1, &[0]).unwrap();
    scene.join(operator(0), &[1]).unwrap();
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    // Past the first delay of the slashing release.
    scene.mine(20);
    scene.allocate(operator(0), 1, 0, WAD).unwrap();
    scene
}

fn slash_by(scene: &mut Scene, from: Address, operator: Address) -> Result<Bytes, Error> {
    let params = IAllocationManager::SlashingParams {
        operator,
        operatorSetId: 1,
        strategies: vec![scene.strategies[0]],
        wadsToSlash: vec![U256::from(HALF)],
        description: String::new(),
    };
    let call = slashOperatorCall { avs: AVS, params };
    scene.chain.send(from, AM, U256::ZERO, &call.abi_encode(), 1 << 30).answer
}

#[test]
fn a_slash_takes_half_of_everything_in_all_profiles() {
    for rules in [Rules::Mainnet, Rules::Pinned, Rules::Slashing2025] {
        let mut scene = at_stake(rules);
        let answer = scene.slash_set(operator(0), 1, &[(0, HALF)]).unwrap();
        match rules {
            Rules::Slashing2025 => assert!(answer.is_empty(), "{rules}"),
            Rules::Mainnet | Rules::Pinned => {
                let expected = (u(1), vec![u(500)]).abi_encode_params();
                assert_eq!(answer, Bytes::from(expected), "{rules}");
            }
        }
        assert_eq!(scene.operator_shares(operator(0), 0), u(500), "{rules}");
        assert_eq!(scene.withdrawable(staker(0), 0), u(500), "{rules}");
        assert_eq!(scene.allocation(operator(0), 1, 0), (HALF, 0, 0), "{rules}");
        assert_eq!(scene.magnitudes(operator(0), 0), (HALF, 0), "{rules}");
        assert_eq!(scene.audit(&[1]), Vec::<String>::new(), "{rules}");
    }
}

#[test]
fn who_may_slash_is_asked_last_but_in_the_slashing_release() {
    for (rules, first, then) in [
        (Rules::Pinned, reverts(OperatorNotSlashable {}), reverts(InvalidCaller {})),
        (Rules::Mainnet, reverts(OperatorNotSlashable {}), reverts(InvalidCaller {})),
        (Rules::Slashing2025, reverts(InvalidPermissions {}), reverts(InvalidPermissions {})),
    ] {
        let mut scene = at_stake(rules);
        assert_eq!(slash_by(&mut scene, STRANGER, operator(1)), Err(first), "R32, {rules}");
        assert_eq!(slash_by(&mut scene, STRANGER, operator(0)), Err(then), "R32, {rules}");
    }
}

#[test]
fn permission_slashes_in_the_slashing_release_and_not_later() {
    for rules in [Rules::Slashing2025, Rules::Pinned] {
        let mut scene = at_stake(rules);
        let selector = slashOperatorCall::SELECTOR.into();
        let call = setAppointeeCall { account: AVS, appointee: STRANGER, target: AM, selector };
        scene.tell(AVS, PERMISSION_CONTROLLER, &call).unwrap();
        let slashed = slash_by(&mut scene, STRANGER, operator(0)).is_ok();
        assert_eq!(slashed, rules == Rules::Slashing2025, "{rules}");
    }
}

#[test]
fn a_repeated_strategy_is_refused_but_by_the_slashing_release() {
    for rules in [Rules::Slashing2025, Rules::Pinned] {
        let mut scene = at_stake(rules);
        let strategies = vec![scene.strategies[0]; 2];
        let params = vec![CreateSetParams { operatorSetId: 2, strategies }];
        let made = scene.tell(AVS, AM, &createOperatorSets_0Call { avs: AVS, params }).map(|_| ());
        if rules == Rules::Slashing2025 {
            assert_eq!(made, Ok(()));
            assert_eq!(scene.emitted(StrategyAddedToOperatorSet::SIGNATURE_HASH), 2);
            assert_eq!(scene.emitted(SlasherUpdated::SIGNATURE_HASH), 0);
        } else {
            assert_eq!(made, Err(reverts(StrategyAlreadyInOperatorSet {})));
        }
    }
}

#[test]
fn the_slashing_release_knows_no_slasher_and_no_recipient() {
    let mut scene = at_stake(Rules::Slashing2025);
    let unknown = Err(Error::Revert(Bytes::new()));
    let set = OperatorSet { avs: AVS, id: 1 };
    let call = getSlasherCall { operatorSet: set.clone() };
    assert_eq!(scene.chain.ask(AM, &call).map(|_| ()), unknown);
    let call = createOperatorSets_1Call { avs: AVS, params: Vec::new() };
    assert_eq!(scene.tell(AVS, AM, &call).map(|_| ()), unknown);
    let call =
        createRedistributingOperatorSets_0Call { avs: AVS, params: vec![], redistributionRecipients: vec![] };
    assert_eq!(scene.tell(AVS, AM, &call).map(|_| ()), unknown);
    let call = migrateSlashersCall { operatorSets: vec![set] };
    assert_eq!(scene.tell(AVS, AM, &call).map(|_| ()), unknown);
}

#[test]
fn the_slashing_release_burns_one_figure_a_strategy() {
    let mut scene = at_stake(Rules::Slashing2025);
    scene.slash_set(operator(0), 1, &[(0, HALF)]).unwrap();
    scene.slash_set(operator(0), 1, &[(0, HALF)]).unwrap();
    let strategy = scene.strategies[0];
    assert_eq!(scene.chain.ask(SM, &getBurnableSharesCall { strategy }), Ok(u(750)));
    assert_eq!(scene.audit(&[1]), Vec::<String>::new());
    scene.tell(STRANGER, SM, &burnSharesCall { strategy }).unwrap();
    assert_eq!(scene.tokens_of(BURN, 0), u(750));
    assert_eq!(scene.chain.ask(SM, &getBurnableSharesCall { strategy }), Ok(u(0)));
    assert_eq!(scene.audit(&[1]), Vec::<String>::new());
}

#[test]
fn under_mainnet_rules_a_slash_is_cleared_after_its_resolution() {
    let mut params = Params { rules: Rules::Mainnet, ..Params::preset(Preset::Fast) };
    params.slash_resolution_delay_blocks = 10;
    let mut scene = at_stake_with(&params);
    scene.chain.block.number = 2000;
    scene.slash_set(operator(0), 1, &[(0, HALF)]).unwrap();
    let topics: Vec<_> = scene.chain.logs().iter().map(|log| log.topics()[0]).collect();
    let place = |event| topics.iter().position(|topic| *topic == event).unwrap();
    let resolution = place(SlashResolutionBlockSet::SIGNATURE_HASH);
    assert_eq!(resolution + 1, place(BurnOrRedistributableSharesIncreased::SIGNATURE_HASH));
    let set = IStrategyManager::OperatorSet { avs: AVS, id: 1 };
    let ask = getSlashResolutionBlockCall { operatorSet: set.clone(), slashId: u(1) };
    assert_eq!(scene.chain.ask(SM, &ask), Ok(2010));
    let all = clearBurnOrRedistributableSharesCall { operatorSet: set.clone(), slashId: u(1) };
    let strategy = scene.strategies[0];
    let one =
        clearBurnOrRedistributableSharesByStrategyCall { operatorSet: set.clone(), slashId: u(1), strategy };
    scene.chain.block.number = 2010;
    let early = reverts(SlashResolutionDelayNotElapsed {});
    assert_eq!(scene.tell(STRANGER, SM, &all), Err(early.clone()));
    assert_eq!(scene.tell(STRANGER, SM, &one), Err(early));
    scene.chain.block.number = 2011;
    assert_eq!(scene.tell(STRANGER, SM, &all), Ok(vec![u(500)]));
    assert_eq!(scene.tokens_of(BURN, 0), u(500));
    assert_eq!(scene.chain.ask(SM, &ask), Ok(0));
    let unknown = clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: u(9) };
    assert_eq!(scene.tell(STRANGER, SM, &unknown), Ok(vec![]), "R44");
}

#[test]
fn only_under_mainnet_rules_bit_one_stops_clearing() {
    for rules in [Rules::Mainnet, Rules::Pinned] {
        let mut scene = at_stake(rules);
        scene.slash_set(operator(0), 1, &[(0, HALF)]).unwrap();
        scene.mine(1);
        let pause = IStrategyManager::pauseCall { newPausedStatus: u(2) };
        scene.tell(crate::testkit::PAUSER, SM, &pause).unwrap();
        let set = IStrategyManager::OperatorSet { avs: AVS, id: 1 };
        let clear = clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: u(1) };
        let cleared = scene.tell(STRANGER, SM, &clear);
        match rules {
            Rules::Mainnet => assert_eq!(cleared, Err(reverts(CurrentlyPaused {}))),
            Rules::Pinned | Rules::Slashing2025 => assert_eq!(cleared, Ok(vec![u(500)])),
        }
    }
}

#[test]
fn dust_in_the_queue_is_burnt_twice_but_under_mainnet_rules() {
    for (rules, burnt) in [(Rules::Pinned, 3), (Rules::Slashing2025, 3), (Rules::Mainnet, 2)] {
        let mut scene = Scene::with_rules(rules);
        scene.serve();
        scene.register(operator(0));
        scene.create_set(1, &[0]).unwrap();
        scene.join(operator(0), &[1]).unwrap();
        for index in [0, 1] {
            scene.deposit(staker(index), 0, u(1)).unwrap();
            scene.delegate(staker(index), operator(0)).unwrap();
        }
        scene.mine(20);
        scene.allocate(operator(0), 1, 0, WAD).unwrap();
        scene.slash_set(operator(0), 1, &[(0, HALF)]).unwrap();
        for index in [0, 1] {
            scene.queue(staker(index), &[(0, u(1))]).unwrap();
        }
        scene.slash_set(operator(0), 1, &[(0, WAD)]).unwrap();
        let taken = match rules {
            Rules::Slashing2025 => {
                scene.chain.ask(SM, &getBurnableSharesCall { strategy: scene.strategies[0] }).unwrap()
            }
            Rules::Mainnet | Rules::Pinned => [1, 2]
                .map(|id| {
                    let set = IStrategyManager::OperatorSet { avs: AVS, id: 1 };
                    let call = IStrategyManager::getBurnOrRedistributableShares_1Call {
                        operatorSet: set,
                        slashId: u(id),
                        strategy: scene.strategies[0],
                    };
                    scene.chain.ask(SM, &call).unwrap()
                })
                .into_iter()
                .sum(),
        };
        assert_eq!(taken, u(burnt), "R22, {rules}");
    }
}

#[test]
fn an_exit_queued_before_a_slash_is_caught_by_it() {
    let mut scene = at_stake(Rules::Mainnet);
    let withdrawal = scene.queue(staker(0), &[(0, u(400))]).unwrap();
    scene.mine(DELAY);
    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    scene.mine(1);
    let before = scene.tokens_of(staker(0), 0);
    scene.complete(&withdrawal, true).unwrap();
    assert_eq!(scene.tokens_of(staker(0), 0) - before, u(360));
    assert_eq!(scene.withdrawable(staker(0), 0), u(540));
    assert_eq!(scene.audit(&[1]), Vec::<String>::new());
}

#[test]
fn a_slash_costs_the_same_however_many_delegate() {
    let cost = |delegators: u16| {
        let mut scene = at_stake(Rules::Mainnet);
        for index in 0..delegators {
            let who = Address::left_padding_from(&(0x1000 + index).to_be_bytes());
            scene.fund(who);
            scene.deposit(who, 0, u(1000)).unwrap();
            scene.delegate(who, operator(0)).unwrap();
        }
        scene.slash_set(operator(0), 1, &[(0, HALF)]).unwrap();
        scene.chain.slots_of(AM).1 + scene.chain.slots_of(SM).1
    };
    assert_eq!(cost(0), cost(60));
}

#[test]
fn stake_is_counted_as_it_can_be_slashed() {
    let mut scene = at_stake(Rules::Pinned);
    let set = OperatorSet { avs: AVS, id: 1 };
    scene.mine(1);
    scene.allocate(operator(0), 1, 0, HALF).unwrap();
    let effect = scene.allocation(operator(0), 1, 0).2;
    let (operators, strategies) = (vec![operator(0), operator(1)], scene.strategies[..2].to_vec());
    let now = getAllocatedStakeCall {
        operatorSet: set.clone(),
        operators: operators.clone(),
        strategies: strategies.clone(),
    };
    assert_eq!(scene.chain.ask(AM, &now), Ok(vec![vec![u(1000), u(0)], vec![u(0), u(0)]]));
    let minimum = |scene: &mut Scene, block| {
        let call = getMinimumSlashableStakeCall {
            operatorSet: set.clone(),
            operators: operators.clone(),
            strategies: strategies.clone(),
            futureBlock: block,
        };
        scene.chain.ask(AM, &call).unwrap()[0][0]
    };
    assert_eq!(minimum(&mut scene, effect - 1), u(1000));
    assert_eq!(minimum(&mut scene, effect), u(500));
    scene.leave(operator(0), &[1]).unwrap();
    scene.mine(DELAY + 1);
    assert_eq!(minimum(&mut scene, effect), u(0), "not slashable any more");
    assert_eq!(scene.chain.ask(AM, &now).unwrap()[0][0], u(500), "membership does not matter here");
}

#[test]
fn clearing_the_queue_frees_magnitude_and_says_so() {
    let mut scene = at_stake(Rules::Pinned);
    scene.create_set(2, &[0]).unwrap();
    scene.allocate(operator(0), 1, 0, HALF).unwrap();
    assert_eq!(scene.allocation(operator(0), 1, 0), (WAD, -i128::from(HALF), 1031), "R13");
    scene.mine(10);
    assert_eq!(scene.magnitudes(operator(0), 0), (WAD, 0), "R13");
    let full = scene.allocate(operator(0), 2, 0, HALF);
    assert_eq!(full, Err(reverts(IAllocationManager::InsufficientMagnitude {})));
    scene.mine(1);
    assert_eq!(scene.magnitudes(operator(0), 0), (HALF, HALF), "R13");
    scene.allocate(operator(0), 2, 0, HALF).unwrap();
    assert_eq!(scene.emitted(EncumberedMagnitudeUpdated::SIGNATURE_HASH), 2);
    assert_eq!(scene.magnitudes(operator(0), 0), (WAD, 0));
    assert_eq!(scene.audit(&[1, 2]), Vec::<String>::new());
}

#[test]
fn sets_of_the_slashing_release_get_the_slasher_they_had_permitted() {
    let mut scene = at_stake(Rules::Slashing2025);
    let appoint = setAppointeeCall {
        account: AVS,
        appointee: STRANGER,
        target: AM,
        selector: slashOperatorCall::SELECTOR.into(),
    };
    scene.tell(AVS, PERMISSION_CONTROLLER, &appoint).unwrap();
    scene.chain.set_rules(Rules::Pinned);
    let known = OperatorSet { avs: AVS, id: 1 };
    let ask = getSlasherCall { operatorSet: known.clone() };
    assert_eq!(scene.chain.ask(AM, &ask), Ok(Address::ZERO));
    let update = IAllocationManager::updateSlasherCall { operatorSet: known.clone(), slasher: SLASHER };
    let unset = reverts(IAllocationManager::SlasherNotSet {});
    assert_eq!(scene.tell(AVS, AM, &update).map(|_| ()), Err(unset));
    let unknown = OperatorSet { avs: AVS, id: 7 };
    let migrate = migrateSlashersCall { operatorSets: vec![unknown, known.clone(), known] };
    scene.tell(SLASHER, AM, &migrate).unwrap();
    assert_eq!(scene.chain.logs().len(), 2, "once, and not for the set that does not exist");
    assert_eq!(scene.chain.ask(AM, &ask), Ok(STRANGER));
}
