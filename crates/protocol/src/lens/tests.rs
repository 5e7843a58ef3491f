//! Claims about Lens.

use super::*;
use crate::{
    scene::{AVS, Scene, operator, staker},
    testkit::{assert_dispatches, reverts},
};
use alloy_primitives::U256;
use alloy_sol_types::SolInterface as _;
use types::{
    Rules,
    abi::ILens::{
        ILensCalls, InvalidOperatorSet, InvalidWadToSlash, OperatorNotSlashable, SlashingParams,
        StrategiesMustBeInAscendingOrder, StrategyNotInOperatorSet, bookCall, effectBlocksCall, exposureCall,
        operatorSetCall, positionCall, previewSlashCall, previewSlashForCall,
    },
    addresses::LENS,
    units::WAD,
};

const HALF: u64 = WAD / 2;

fn scene() -> Scene {
    let mut scene = Scene::with_rules(Rules::Mainnet);
    scene.serve();
    scene.create_set(1, &[0, 1]).unwrap();
    scene.create_set(2, &[0]).unwrap();
    let (alice, olga) = (staker(0), operator(0));
    scene.register(olga);
    scene.deposit(alice, 0, U256::from(1000)).unwrap();
    scene.deposit(alice, 1, U256::from(77)).unwrap();
    scene.delegate(alice, olga).unwrap();
    scene.join(olga, &[1, 2]).unwrap();
    scene.mine(1);
    scene.allocate(olga, 1, 0, HALF).unwrap();
    scene.allocate(olga, 2, 0, WAD / 4).unwrap();
    scene.mine(1);
    scene
}

fn params(scene: &Scene, strategies: &[usize], wads: &[u64]) -> SlashingParams {
    let mut strategies: Vec<_> = strategies.iter().map(|at| scene.strategies[*at]).collect();
    strategies.sort();
    let wads = wads.iter().map(|wad| U256::from(*wad)).collect();
    SlashingParams { operator: operator(0), operatorSetId: 1, strategies, wadsToSlash: wads }
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, &ILensCalls::selectors().collect::<Vec<_>>());
}

#[test]
fn a_position_tells_who_can_take_how_much() {
    let mut scene = scene();
    let queued = scene.queue(staker(0), &[(0, U256::from(400))]).unwrap();
    let position = scene.chain.ask(LENS, &positionCall { staker: staker(0) }).unwrap();
    assert_eq!((position.operator, position.isOperator), (operator(0), false));
    let holdings: Vec<_> =
        position.holdings.iter().map(|of| (of.strategy, of.depositShares, of.withdrawableShares)).collect();
    let (first, second) = (scene.strategies[0], scene.strategies[1]);
    let shares = |n: u64| U256::from(n);
    assert_eq!(holdings, [(first, shares(600), shares(600)), (second, shares(77), shares(77))]);
    let [waiting] = &position.queued[..] else { panic!("one withdrawal") };
    assert_eq!(waiting.slashableUntilBlock, queued.startBlock + 10);
    assert_eq!(waiting.completableBlock, queued.startBlock + 11);
    assert_eq!(waiting.withdrawableShares, [shares(400)]);
    let risks: Vec<_> = position
        .risks
        .iter()
        .map(|risk| (risk.operatorSet.id, risk.strategy, risk.atRiskShares, risk.atRiskQueuedShares))
        .collect();
    assert_eq!(risks, [(1, first, shares(300), shares(200)), (2, first, shares(150), shares(100))]);
    scene.mine(11);
    let later = scene.chain.ask(LENS, &positionCall { staker: staker(0) }).unwrap();
    assert!(later.risks.iter().all(|risk| risk.atRiskQueuedShares.is_zero()), "the window is over");
}

#[test]
fn what_is_pending_is_told_with_its_block() {
    let mut scene = scene();
    scene.allocate(operator(0), 1, 0, WAD / 10).unwrap();
    let position = scene.chain.ask(LENS, &positionCall { staker: staker(0) }).unwrap();
    let risk = &position.risks[0];
    let block = scene.chain.block.number as u32;
    assert_eq!((risk.atRiskShares, risk.pendingAtRiskShares), (U256::from(500), U256::from(100)));
    assert_eq!(risk.effectBlock, block + 11);
    let told = scene.chain.ask(LENS, &effectBlocksCall { operator: operator(0) }).unwrap();
    assert_eq!((told.deallocation, told.withdrawal, told.allocation), (block + 11, block + 11, block));
    assert_eq!((told.allocationDelay, told.slasher), (block + 16, block + 16));
}

#[test]
fn exposure_counts_what_is_committed_and_what_can_be_slashed_now() {
    let mut scene = scene();
    let ask = |scene: &mut Scene| {
        let call = exposureCall { operator: operator(0), strategy: scene.strategies[0] };
        scene.chain.ask(LENS, &call).unwrap()
    };
    let exposure = ask(&mut scene);
    assert_eq!((exposure.committedWad, exposure.slashableWad), (WAD / 4 * 3, WAD / 4 * 3));
    scene.leave(operator(0), &[2]).unwrap();
    scene.mine(11);
    let exposure = ask(&mut scene);
    assert_eq!((exposure.committedWad, exposure.slashableWad), (WAD / 4 * 3, HALF), "set 2 cannot slash");
    scene.slash_set(operator(0), 1, &[(0, WAD)]).unwrap();
    let exposure = ask(&mut scene);
    assert_eq!((exposure.maxMagnitude, exposure.encumberedMagnitude), (HALF, WAD / 4));
    assert_eq!((exposure.committedWad, exposure.slashableWad), (HALF, 0));
    assert_eq!(exposure.operatorShares, U256::from(500));
}

#[test]
fn a_preview_equals_what_then_happens() {
    let mut scene = scene();
    scene.queue(staker(0), &[(0, U256::from(333))]).unwrap();
    let wad = 123_456_789_012_345_678;
    let params = params(&scene, &[0], &[wad]);
    let call = previewSlashCall { avs: AVS, params: params.clone() };
    let effects = scene.chain.ask(LENS, &call).unwrap();
    let call = previewSlashForCall { staker: staker(0), avs: AVS, params };
    let own = scene.chain.ask(LENS, &call).unwrap();
    let (before, shares) = (scene.withdrawable(staker(0), 0), scene.operator_shares(operator(0), 0));
    scene.slash_set(operator(0), 1, &[(0, wad)]).unwrap();
    assert_eq!(own[0].withdrawableBefore, before);
    assert_eq!(own[0].withdrawableAfter, scene.withdrawable(staker(0), 0));
    assert_eq!(effects[0].operatorSharesLost, shares - scene.operator_shares(operator(0), 0));
    assert_eq!(effects[0].maxMagnitudeAfter, scene.operator_row(operator(0), 0).max_magnitude());
}

#[test]
fn previews_fail_as_the_slash_would() {
    let mut scene = scene();
    let mut refuse = |avs, params| scene.chain.ask(LENS, &previewSlashCall { avs, params }).unwrap_err();
    let of = |id, strategies: &[Address], wad: u64| SlashingParams {
        operator: operator(0),
        operatorSetId: id,
        strategies: strategies.to_vec(),
        wadsToSlash: vec![U256::from(wad); strategies.len()],
    };
    let some = Address::with_last_byte(1);
    assert_eq!(refuse(AVS, of(9, &[], 1)), reverts(InvalidOperatorSet {}));
    assert_eq!(refuse(some, of(1, &[], 1)), reverts(InvalidOperatorSet {}));
    assert_eq!(refuse(AVS, of(1, &[some], 1)), reverts(StrategyNotInOperatorSet {}));
    assert_eq!(refuse(AVS, of(1, &[some], 0)), reverts(InvalidWadToSlash {}));
    assert_eq!(refuse(AVS, of(1, &[some], WAD + 1)), reverts(InvalidWadToSlash {}));
    let foreign = SlashingParams { operator: some, ..of(1, &[], 1) };
    assert_eq!(refuse(AVS, foreign), reverts(OperatorNotSlashable {}));
    let twice = params_twice(&scene);
    let refused = scene.chain.ask(LENS, &previewSlashCall { avs: AVS, params: twice }).unwrap_err();
    assert_eq!(refused, reverts(StrategiesMustBeInAscendingOrder {}));
}

fn params_twice(scene: &Scene) -> SlashingParams {
    params(scene, &[0, 0], &[1, 1])
}

#[test]
fn foreign_accounts_and_sets_have_empty_positions() {
    let mut scene = scene();
    let nobody = Address::repeat_byte(0x77);
    let position = scene.chain.ask(LENS, &positionCall { staker: nobody }).unwrap();
    assert!(position.operator.is_zero() && position.holdings.is_empty() && position.risks.is_empty());
    let book = scene.chain.ask(LENS, &bookCall { operator: nobody, strategies: vec![nobody] }).unwrap();
    assert!(!book.isOperator && !book.allocationDelay.isSet && book.registeredSets.is_empty());
    assert_eq!(book.exposures[0].operatorShares, U256::ZERO);
    let set = OperatorSet { avs: nobody, id: 1 };
    let refused = scene.chain.ask(LENS, &operatorSetCall { operatorSet: set, futureBlock: 0 });
    assert_eq!(refused.unwrap_err(), reverts(InvalidOperatorSet {}));
}

#[test]
fn a_set_shows_slashable_stake_now_and_later() {
    let mut scene = scene();
    scene.allocate(operator(0), 1, 0, WAD / 10).unwrap();
    let block = scene.chain.block.number as u32;
    let set = OperatorSet { avs: AVS, id: 1 };
    let call = operatorSetCall { operatorSet: set, futureBlock: block + 11 };
    let book = scene.chain.ask(LENS, &call).unwrap();
    assert_eq!(book.members, [operator(0)]);
    assert_eq!(book.strategies, scene.strategies[..2]);
    assert_eq!(book.slashableStake, [[U256::from(500), U256::ZERO]]);
    assert_eq!(book.futureSlashableStake, [[U256::from(100), U256::ZERO]]);
    let call = bookCall { operator: operator(0), strategies: Vec::new() };
    let book = scene.chain.ask(LENS, &call).unwrap();
    assert_eq!(book.registeredSets.len(), 2);
    assert_eq!(book.exposures.len(), 1);
}
