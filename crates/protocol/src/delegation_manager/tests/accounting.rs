//! Worked examples of the accounting: exact integers, one row of §9 a test.

use crate::{
    scene::{Scene, operator, plenty, staker},
    testkit::{reverts, u},
};
use alloy_primitives::U256;
use alloy_sol_types::SolEvent;
use types::{
    Rules,
    abi::{
        IDelegationManager::{DepositScalingFactorUpdated, FullySlashed, OperatorSharesIncreased},
        IStrategy::WithdrawalAmountExceedsTotalDeposits,
        IStrategyManager::{OperatorSet, clearBurnOrRedistributableSharesCall},
    },
    addresses::STRATEGY_MANAGER,
    units::WAD,
};

const THIRD: u64 = 333_333_333_333_333_333;

/// A staker (0) delegated to operator 0, who was slashed to `magnitude` in strategy 0 before.
fn delegated_under(magnitude: u64) -> Scene {
    let mut scene = Scene::new();
    scene.register(operator(0));
    scene.delegate(staker(0), operator(0)).unwrap();
    if magnitude < WAD {
        scene.slash(operator(0), 0, magnitude).unwrap();
    }
    scene
}

#[test]
fn a_deposit_under_a_slashed_operator_raises_k_and_not_m() {
    let mut scene = delegated_under(WAD);
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    assert_eq!(scene.slash(operator(0), 0, WAD / 2), Ok(u(500)));
    assert_eq!(scene.operator_shares(operator(0), 0), u(500));
    scene.deposit(staker(0), 0, u(500)).unwrap();
    assert_eq!(scene.scaling_factor(staker(0), 0), u(1_333_333_333_333_333_332), "R5");
    assert_eq!(scene.withdrawable(staker(0), 0), u(999), "R5");
    assert_eq!(scene.operator_shares(operator(0), 0), u(1000), "R5");
}

#[test]
fn k_of_a_first_deposit_is_the_inverse_of_m() {
    let mut scene = delegated_under(THIRD);
    for (k, withdrawable, shares) in
        [(3_000_000_000_000_000_003, 999, 1000), (2_998_500_000_000_000_002, 1998, 2000)]
    {
        scene.deposit(staker(0), 0, u(1000)).unwrap();
        assert_eq!(scene.scaling_factor(staker(0), 0), u(k), "R6");
        assert_eq!(scene.withdrawable(staker(0), 0), u(withdrawable), "R6");
        assert_eq!(scene.operator_shares(operator(0), 0), u(shares), "R6");
    }
}

#[test]
fn a_dust_deposit_can_add_nothing() {
    let mut scene = delegated_under(THIRD);
    scene.deposit(staker(0), 0, u(1_000_000)).unwrap();
    assert_eq!(scene.scaling_factor(staker(0), 0), u(3_000_000_000_000_000_003), "R7");
    scene.deposit(staker(0), 0, u(1)).unwrap();
    assert_eq!(scene.scaling_factor(staker(0), 0), u(2_999_997_000_002_999_999), "R7");
    assert_eq!(scene.withdrawable(staker(0), 0), u(999_999), "R7");
    assert_eq!(scene.operator_shares(operator(0), 0), u(1_000_001), "R7");
}

#[test]
fn delegation_forgives_older_slashes() {
    let mut scene = Scene::new();
    scene.register(operator(0));
    scene.slash(operator(0), 0, WAD / 10 * 8).unwrap();
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    assert_eq!(scene.scaling_factor(staker(0), 0), u(1_250_000_000_000_000_000), "R8");
    assert_eq!(scene.withdrawable(staker(0), 0), u(1000), "R8");
    assert_eq!(scene.slash(operator(0), 0, WAD / 10 * 6), Ok(u(250)), "R8");
    assert_eq!(scene.withdrawable(staker(0), 0), u(750), "R8");
}

#[test]
fn the_queue_scales_by_k_and_m_applies_at_the_end() {
    let mut scene = delegated_under(WAD);
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    assert_eq!(scene.slash(operator(0), 0, WAD / 4 * 3), Ok(u(250)));
    let withdrawal = scene.queue(staker(0), &[(0, u(400))]).unwrap();
    assert_eq!(withdrawal.scaledShares, [u(400)], "R9");
    assert_eq!(scene.operator_shares(operator(0), 0), u(450), "R9");
    assert_eq!(
        scene.slash(operator(0), 0, WAD / 8 * 5),
        Ok(u(125)),
        "R9: 75 of the operator, 50 of the queue"
    );
    assert_eq!(scene.operator_shares(operator(0), 0), u(375), "R9");
    scene.mine(11);
    let before = scene.tokens_of(staker(0), 0);
    scene.complete(&withdrawal, true).unwrap();
    assert_eq!(scene.tokens_of(staker(0), 0) - before, u(250), "R9");
    assert_eq!(scene.withdrawable(staker(0), 0), u(375), "R9");
}

#[test]
fn the_operator_keeps_the_rounding_of_its_stakers() {
    let mut scene = Scene::new();
    scene.register(operator(0));
    for (index, shares) in [(0, 333), (1, 333), (2, 334)] {
        scene.deposit(staker(index), 0, u(shares)).unwrap();
        scene.delegate(staker(index), operator(0)).unwrap();
    }
    assert_eq!(scene.slash(operator(0), 0, 833_333_333_333_333_333), Ok(u(166)), "R2");
    assert_eq!(scene.operator_shares(operator(0), 0), u(834), "R2");
    let withdrawable: Vec<U256> = (0..3).map(|index| scene.withdrawable(staker(index), 0)).collect();
    assert_eq!(withdrawable, [u(277), u(277), u(278)], "R2");
}

/// R22 until the second slash: two deposits of 1, half slashed, both queued, slashed to nothing.
fn burn_dust(rules: Rules) -> (Scene, U256, U256) {
    let mut scene = Scene::with_rules(rules);
    scene.register(operator(0));
    for index in 0..2 {
        scene.deposit(staker(index), 0, u(1)).unwrap();
        scene.delegate(staker(index), operator(0)).unwrap();
    }
    let first = scene.slash(operator(0), 0, WAD / 2).unwrap();
    assert_eq!(scene.operator_shares(operator(0), 0), u(1));
    for index in 0..2 {
        let withdrawal = scene.queue(staker(index), &[(0, u(1))]).unwrap();
        assert_eq!(withdrawal.scaledShares, [u(1)]);
    }
    assert_eq!(scene.operator_shares(operator(0), 0), u(1), "half a share is worth nothing");
    let second = scene.slash(operator(0), 0, 0).unwrap();
    (scene, first, second)
}

fn clear(scene: &mut Scene, slash_id: u64) -> crate::host::Result<Vec<U256>> {
    scene.mine(1);
    let set = OperatorSet { avs: crate::scene::AVS, id: 1 };
    let call = clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: u(slash_id) };
    scene.tell(staker(3), STRATEGY_MANAGER, &call)
}

#[test]
fn queue_dust_is_burnt_twice_where_the_queue_counts_scaled_shares() {
    let (mut scene, first, second) = burn_dust(Rules::Pinned);
    assert_eq!((first, second), (u(1), u(2)), "R22");
    assert_eq!(clear(&mut scene, 1), Ok(vec![u(1)]), "R22");
    let refused = Err(reverts(WithdrawalAmountExceedsTotalDeposits {}));
    assert_eq!(clear(&mut scene, 2), refused, "R22");
}

#[test]
fn queue_dust_is_burnt_once_where_the_queue_counts_what_left_the_operator() {
    let (mut scene, first, second) = burn_dust(Rules::Mainnet);
    assert_eq!((first, second), (u(1), u(1)), "R22");
    assert_eq!(clear(&mut scene, 1), Ok(vec![u(1)]), "R22");
    assert_eq!(clear(&mut scene, 2), Ok(vec![u(1)]), "R22");
}

#[test]
fn k_resets_only_at_zero_shares() {
    let mut scene = delegated_under(WAD / 2);
    scene.deposit(staker(0), 0, u(10)).unwrap();
    let two = u(2 * WAD);
    assert_eq!(scene.scaling_factor(staker(0), 0), two);
    scene.queue(staker(0), &[(0, u(9))]).unwrap();
    assert_eq!(scene.emitted(DepositScalingFactorUpdated::SIGNATURE_HASH), 0, "R27");
    assert_eq!(scene.scaling_factor(staker(0), 0), two, "R27");
    scene.queue(staker(0), &[(0, u(1))]).unwrap();
    let topics: Vec<_> = scene.chain.logs().iter().map(|log| log.topics()[0]).collect();
    let at = topics.iter().position(|topic| *topic == DepositScalingFactorUpdated::SIGNATURE_HASH);
    assert_eq!(at, Some(topics.len() - 2), "R27: just before SlashingWithdrawalQueued");
    assert_eq!(scene.scaling_factor(staker(0), 0), u(WAD), "R27");
}

#[test]
fn a_fully_slashed_operator_repels_those_who_would_lose() {
    let mut scene = delegated_under(0);
    scene.deposit(staker(1), 0, u(5)).unwrap();
    assert_eq!(scene.delegate(staker(1), operator(0)), Err(reverts(FullySlashed {})), "R30");
    assert_eq!(scene.deposit(staker(0), 0, u(5)), Err(reverts(FullySlashed {})), "R30");
    scene.deposit(staker(2), 1, u(5)).unwrap();
    assert_eq!(scene.delegate(staker(2), operator(0)), Ok(()), "R30");
    assert_eq!(scene.deposit(staker(2), 0, u(5)), Err(reverts(FullySlashed {})), "R30");
}

#[test]
fn stake_that_was_wiped_out_leaves_the_queue_with_nothing() {
    let mut scene = Scene::new();
    scene.register(operator(0));
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    scene.slash(operator(0), 0, 0).unwrap();
    let withdrawal = scene.undelegate(staker(0)).unwrap().remove(0);
    scene.mine(11);
    scene.complete(&withdrawal, true).unwrap();
    assert_eq!(scene.chain.logs().len(), 1, "R30: nothing but the completion");
    assert_eq!(scene.tokens_of(staker(0), 0), plenty() - u(1000), "R30");
}

#[test]
fn redelegation_gives_the_new_operator_nothing_yet() {
    let mut scene = Scene::new();
    scene.register(operator(0));
    scene.register(operator(1));
    scene.slash(operator(1), 0, WAD / 4).unwrap();
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    let call = types::abi::IDelegationManager::redelegateCall {
        newOperator: operator(1),
        newOperatorApproverSig: crate::scene::no_approval(),
        approverSalt: alloy_primitives::B256::ZERO,
    };
    let roots = scene.tell(staker(0), types::addresses::DELEGATION_MANAGER, &call).unwrap();
    assert_eq!(roots.len(), 1);
    assert_eq!(scene.emitted(OperatorSharesIncreased::SIGNATURE_HASH), 0, "R41");
    let withdrawal = scene.queued().remove(0);
    assert_eq!(scene.operator_shares(operator(1), 0), u(0), "R41");
    assert_eq!(withdrawal.delegatedTo, operator(0));
    scene.mine(11);
    scene.complete(&withdrawal, false).unwrap();
    assert_eq!(scene.operator_shares(operator(1), 0), u(1000), "R41");
    assert_eq!(scene.scaling_factor(staker(0), 0), u(4 * WAD), "R41");
    assert_eq!(scene.withdrawable(staker(0), 0), u(1000), "R41");
}

#[test]
fn a_strategy_named_twice_in_one_withdrawal_works_as_two_steps() {
    let mut scene = delegated_under(WAD / 2);
    scene.deposit(staker(0), 0, u(10)).unwrap();
    let withdrawal = scene.queue(staker(0), &[(0, u(4)), (0, u(6))]).unwrap();
    assert_eq!(withdrawal.scaledShares, [u(8), u(12)]);
    assert_eq!(scene.operator_shares(operator(0), 0), u(0));
    scene.mine(11);
    scene.complete(&withdrawal, true).unwrap();
    assert_eq!(scene.tokens_of(staker(0), 0), plenty());
}

#[test]
fn undelegation_queues_one_withdrawal_a_strategy_in_list_order() {
    let mut scene = Scene::new();
    scene.register(operator(0));
    for strategy in 0..3 {
        scene.deposit(staker(0), strategy, u(10)).unwrap();
    }
    scene.delegate(staker(0), operator(0)).unwrap();
    let [a, b, c] = scene.strategies;
    let listed = |scene: &mut Scene| {
        let call = types::abi::IStrategyManager::getStakerStrategyListCall { staker: staker(0) };
        scene.chain.ask(STRATEGY_MANAGER, &call).unwrap()
    };
    assert_eq!(listed(&mut scene), [a, b, c]);
    let partial = scene.queue(staker(0), &[(0, u(10))]).unwrap();
    assert_eq!(listed(&mut scene), [c, b], "R26");
    let rest = scene.undelegate(staker(0)).unwrap();
    let strategies: Vec<_> = rest.iter().flat_map(|withdrawal| withdrawal.strategies.clone()).collect();
    assert_eq!(strategies, [c, b], "R26");
    let nonces: Vec<U256> = rest.iter().map(|withdrawal| withdrawal.nonce).collect();
    assert_eq!((partial.nonce, nonces), (u(0), vec![u(1), u(2)]), "R26");
    assert!(listed(&mut scene).is_empty());
}
