//! Claims about LossNotices: a notice is the true loss to the wei, or it is refused.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

use super::*;
use crate::{
    scene::{AVS, STRATEGIES, Scene, operator, staker},
    testkit::{PAUSER, STRANGER, assert_dispatches, reverts},
};
use alloy_sol_types::{SolEvent, SolInterface as _};
use proptest::prelude::*;
use types::{
    Rules,
    abi::{
        IDelegationManager::getQueuedWithdrawalsCall,
        ILossNotices::ILossNoticesCalls,
        IPausable::{CurrentlyPaused, pauseCall},
        IStrategyManager::{self, clearBurnOrRedistributableSharesCall},
    },
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER},
    units::WAD,
};

fn set() -> OperatorSet {
    OperatorSet { avs: AVS, id: 1 }
}

fn slash(id: u64) -> U256 {
    U256::from(id)
}

/// Two stakers of one operator, the first watched; the operator has all of strategy 0 and half of 1 allocated.
fn scene(rules: Rules) -> Scene {
    let mut scene = Scene::with_rules(rules);
    scene.serve();
    scene.create_set(1, &[0, 1, 2]).unwrap();
    scene.register(operator(0));
    scene.join(operator(0), &[1]).unwrap();
    for index in [0, 1] {
        scene.deposit(staker(index), 0, U256::from(1_000_003)).unwrap();
        scene.deposit(staker(index), 1, U256::from(7_777)).unwrap();
        scene.delegate(staker(index), operator(0)).unwrap();
    }
    scene.allocate(operator(0), 1, 0, WAD).unwrap();
    scene.allocate(operator(0), 1, 1, WAD / 2).unwrap();
    watch(&mut scene, true).unwrap();
    scene.mine(1);
    scene
}

fn watch(scene: &mut Scene, watched: bool) -> Result<()> {
    scene.tell(staker(0), HOME, &setWatchedCall { staker: staker(0), watched }).map(|_| ())
}

fn notice_of(scene: &mut Scene, staker: Address, id: u64) -> Result<LossNotice> {
    let call = noticeCall { staker, operatorSet: set(), slashId: slash(id) };
    scene.tell(STRANGER, HOME, &call)?;
    let [log] = scene.chain.logs() else { panic!("one log") };
    Ok(LossNotice::decode_log_data(&log.data).unwrap())
}

/// What a staker could take out by strategy, and what its queue would pay.
fn worth(scene: &mut Scene, staker: Address) -> (Vec<U256>, Vec<U256>) {
    let held = (0..STRATEGIES).map(|strategy| scene.withdrawable(staker, strategy)).collect();
    let queued = scene.chain.ask(DELEGATION_MANAGER, &getQueuedWithdrawalsCall { staker }).unwrap();
    let mut sums = vec![U256::ZERO; STRATEGIES];
    for (withdrawal, shares) in queued.withdrawals.iter().zip(queued.shares) {
        for (strategy, worth) in withdrawal.strategies.iter().zip(shares) {
            sums[scene.strategies.iter().position(|of| of == strategy).unwrap()] += worth;
        }
    }
    (held, sums)
}

fn lost(notice: &LossNotice, scene: &Scene) -> (Vec<U256>, Vec<U256>) {
    let of = |strategy: &Address| notice.losses.iter().find(|loss| loss.strategy == *strategy);
    let held = scene.strategies.iter().map(|at| of(at).map_or(U256::ZERO, |loss| loss.lostShares)).collect();
    let queued =
        scene.strategies.iter().map(|at| of(at).map_or(U256::ZERO, |loss| loss.lostQueuedShares)).collect();
    (held, queued)
}

fn minus(before: &(Vec<U256>, Vec<U256>), after: &(Vec<U256>, Vec<U256>)) -> (Vec<U256>, Vec<U256>) {
    let pairs = |a: &[U256], b: &[U256]| a.iter().zip(b).map(|(a, b)| a - b).collect();
    (pairs(&before.0, &after.0), pairs(&before.1, &after.1))
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, &ILossNoticesCalls::selectors().collect::<Vec<_>>());
}

#[test]
fn a_notice_tells_who_was_slashed_when_and_by_how_much() {
    let mut scene = scene(Rules::Mainnet);
    let block = scene.chain.block.number as u32;
    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    scene.mine(3);
    let notice = notice_of(&mut scene, staker(0), 1).unwrap();
    assert_eq!((notice.staker, notice.operator, notice.slashBlock), (staker(0), operator(0), block));
    let [loss] = &notice.losses[..] else { panic!("one strategy") };
    assert_eq!((loss.maxMagnitudeBefore, loss.maxMagnitudeAfter), (WAD, WAD / 10 * 9));
    assert_eq!((loss.depositShares, loss.lostShares), (U256::from(1_000_003), U256::from(100_001)));
}

#[test]
fn a_notice_works_under_the_pinned_rules_too() {
    let mut scene = scene(Rules::Pinned);
    scene.slash_set(operator(0), 1, &[(1, WAD)]).unwrap();
    let notice = notice_of(&mut scene, staker(0), 1).unwrap();
    assert_eq!(notice.losses[0].lostShares, U256::from(3_889));
}

#[test]
fn a_change_of_the_stake_after_the_slash_makes_its_notice_impossible() {
    let changes: [fn(&mut Scene); 4] = [
        |scene| assert!(scene.deposit(staker(0), 2, U256::from(5_000)).is_ok()),
        |scene| assert!(scene.queue(staker(0), &[(0, U256::from(10))]).is_ok()),
        |scene| assert!(scene.undelegate(staker(0)).is_ok()),
        |scene| {
            watch(scene, false).unwrap();
            watch(scene, true).unwrap();
        },
    ];
    for change in changes {
        let mut scene = scene(Rules::Mainnet);
        let slash_block = scene.chain.block.number as u32;
        scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
        change(&mut scene);
        let refused = reverts(PositionChanged { changedBlock: slash_block, slashBlock: slash_block });
        assert_eq!(notice_of(&mut scene, staker(0), 1).err(), Some(refused));
        scene.mine(1);
        scene.slash_set(operator(0), 1, &[(1, WAD / 3)]).unwrap();
    }
}

#[test]
fn a_staker_who_came_after_the_slash_gets_no_notice() {
    let mut scene = scene(Rules::Mainnet);
    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    scene.deposit(staker(2), 0, U256::from(500)).unwrap();
    scene.tell(staker(2), HOME, &setWatchedCall { staker: staker(2), watched: true }).unwrap();
    scene.mine(1);
    scene.delegate(staker(2), operator(0)).unwrap();
    assert!(notice_of(&mut scene, staker(2), 1).is_err());
}

#[test]
fn what_is_not_known_or_not_lost_is_refused() {
    let mut scene = scene(Rules::Mainnet);
    let refused = |scene: &mut Scene, who, id| notice_of(scene, who, id).err().unwrap();
    assert_eq!(refused(&mut scene, staker(1), 1), reverts(NotWatched {}));
    assert_eq!(refused(&mut scene, STRANGER, 1), reverts(NotWatched {}));
    assert_eq!(refused(&mut scene, staker(0), 1), reverts(SlashUnknown {}));
    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    scene.tell(staker(3), HOME, &setWatchedCall { staker: staker(3), watched: true }).unwrap();
    scene.mine(1);
    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    assert_eq!(refused(&mut scene, staker(3), 2), reverts(NothingLost {}));
    let foreign = setWatchedCall { staker: staker(0), watched: false };
    assert_eq!(scene.tell(STRANGER, HOME, &foreign).err(), Some(reverts(InvalidPermissions {})));
}

#[test]
fn a_slash_that_was_kept_outlives_its_clearing() {
    let mut scene = scene(Rules::Mainnet);
    scene.slash_set(operator(0), 1, &[(0, WAD / 10), (1, WAD / 4)]).unwrap();
    let before = notice_of(&mut scene, staker(0), 1).unwrap();
    scene.tell(STRANGER, HOME, &keepCall { operatorSet: set(), slashId: slash(1) }).unwrap();
    scene.mine(1);
    let of_manager = IStrategyManager::OperatorSet { avs: AVS, id: 1 };
    let clear = clearBurnOrRedistributableSharesCall { operatorSet: of_manager, slashId: slash(1) };
    scene.tell(STRANGER, STRATEGY_MANAGER, &clear).unwrap();
    assert_eq!(notice_of(&mut scene, staker(0), 1).unwrap(), before);

    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    scene.mine(1);
    scene
        .tell(
            STRANGER,
            STRATEGY_MANAGER,
            &clearBurnOrRedistributableSharesCall { slashId: slash(2), ..clear },
        )
        .unwrap();
    assert_eq!(notice_of(&mut scene, staker(0), 2).err(), Some(reverts(SlashUnknown {})));
    let unknown = keepCall { operatorSet: set(), slashId: slash(2) };
    assert_eq!(scene.tell(STRANGER, HOME, &unknown).err(), Some(reverts(SlashUnknown {})));
}

#[test]
fn a_pause_stops_notices_and_watching_and_not_the_noting_of_changes() {
    let mut scene = scene(Rules::Mainnet);
    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    scene.tell(PAUSER, HOME, &pauseCall { newPausedStatus: U256::from(3) }).unwrap();
    assert_eq!(notice_of(&mut scene, staker(0), 1).err(), Some(reverts(CurrentlyPaused {})));
    assert_eq!(watch(&mut scene, false), Err(reverts(CurrentlyPaused {})));
    scene.mine(5);
    scene.deposit(staker(0), 2, U256::from(5_000)).unwrap();
    let since = scene.chain.ask(HOME, &watchedSinceCall { staker: staker(0) }).unwrap();
    assert_eq!(u64::from(since.changedBlock), scene.chain.block.number);
}

#[test]
fn whoever_is_not_watched_touches_no_slot_here() {
    let mut scene = scene(Rules::Mainnet);
    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    assert_eq!(scene.chain.slots_of(HOME), (0, 0));
    let withdrawal = scene.queue(staker(1), &[(0, U256::from(10))]).unwrap();
    assert_eq!(scene.chain.slots_of(HOME), (0, 0));
    scene.mine(11);
    scene.complete(&withdrawal, false).unwrap();
    assert_eq!(scene.chain.slots_of(HOME), (0, 0));
}

proptest! {
    #[test]
    fn a_notice_is_the_true_loss_to_the_wei(
        queued in 0_u64..1_000_003,
        earlier in 1..WAD,
        slashes in prop::collection::vec((0_usize..2, 1..WAD), 1..5),
        same_block: bool,
    ) {
        let mut scene = scene(Rules::Mainnet);
        scene.slash_set(operator(0), 1, &[(0, earlier / 2 + 1)]).unwrap();
        if queued > 0 {
            scene.queue(staker(0), &[(0, U256::from(queued))]).unwrap();
        }
        scene.mine(1);
        let mut expected = Vec::new();
        for (at, wad) in &slashes {
            let before = worth(&mut scene, staker(0));
            scene.slash_set(operator(0), 1, &[(*at, *wad)]).unwrap();
            expected.push(minus(&before, &worth(&mut scene, staker(0))));
            if !same_block {
                scene.mine(1);
            }
        }
        for (id, expected) in (2..).zip(expected) {
            match notice_of(&mut scene, staker(0), id) {
                Ok(notice) => prop_assert_eq!(lost(&notice, &scene), expected),
                Err(error) => {
                    prop_assert_eq!(error, reverts(NothingLost {}));
                    prop_assert!(expected.0.iter().chain(&expected.1).all(U256::is_zero));
                }
            }
        }
    }
}
