//! The logs of the main verbs, whole and in order.

use crate::{
    scene::{AVS, DELAY, Scene, event, no_approval, operator, staker},
    testkit::u,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue;
use types::{
    Rules,
    abi::{
        IAllocationManager::AllocationDelaySet,
        IDelegationManager::{
            DelegationApproverUpdated, DepositScalingFactorUpdated, OperatorMetadataURIUpdated,
            OperatorRegistered, OperatorSharesDecreased, OperatorSharesIncreased, OperatorSharesSlashed,
            SlashingWithdrawalCompleted, SlashingWithdrawalQueued, StakerDelegated, StakerForceUndelegated,
            StakerUndelegated, Withdrawal, redelegateCall, undelegateCall,
        },
        IERC20::Transfer,
        IStrategy::ExchangeRateEmitted,
        IStrategyManager::{
            BurnOrRedistributableSharesIncreased, Deposit, OperatorSet, SlashResolutionBlockSet,
        },
    },
    addresses::{ALLOCATION_MANAGER as AM, DELEGATION_MANAGER as DM, STRATEGY_MANAGER as SM},
    units::WAD,
};

const RATE: u64 = WAD;

fn root_of(withdrawal: &Withdrawal) -> B256 {
    alloy_primitives::keccak256(withdrawal.abi_encode())
}

fn factor(staker: Address, strategy: Address, value: U256) -> (Address, alloy_primitives::LogData) {
    event(DM, DepositScalingFactorUpdated { staker, strategy, newDepositScalingFactor: value })
}

#[test]
fn registering_with_stake() {
    let mut scene = Scene::new();
    let (op, strategy) = (operator(0), scene.strategies[0]);
    scene.deposit(op, 0, u(70)).unwrap();
    scene.register(op);
    scene.assert_events(&[
        event(AM, AllocationDelaySet { operator: op, delay: 0, effectBlock: 1000 }),
        event(DM, DelegationApproverUpdated { operator: op, newDelegationApprover: Address::ZERO }),
        event(DM, StakerDelegated { staker: op, operator: op }),
        factor(op, strategy, u(WAD)),
        event(DM, OperatorSharesIncreased { operator: op, staker: op, strategy, shares: u(70) }),
        event(DM, OperatorRegistered { operator: op, delegationApprover: Address::ZERO }),
        event(DM, OperatorMetadataURIUpdated { operator: op, metadataURI: "ipfs://operator".into() }),
    ]);
}

#[test]
fn a_deposit_of_a_delegated_staker() {
    let mut scene = Scene::new();
    let (op, alice) = (operator(0), staker(0));
    let (strategy, token) = (scene.strategies[0], scene.tokens[0]);
    scene.register(op);
    scene.delegate(alice, op).unwrap();
    scene.deposit(alice, 0, u(50)).unwrap();
    scene.assert_events(&[
        event(token, Transfer { from: alice, to: strategy, value: u(50) }),
        event(strategy, ExchangeRateEmitted { rate: u(RATE) }),
        event(SM, Deposit { staker: alice, strategy, shares: u(50) }),
        factor(alice, strategy, u(WAD)),
        event(DM, OperatorSharesIncreased { operator: op, staker: alice, strategy, shares: u(50) }),
    ]);
}

#[test]
fn a_slash_with_stake_in_the_queue() {
    for rules in [Rules::Pinned, Rules::Mainnet] {
        let mut scene = Scene::with_rules(rules);
        let (op, alice, strategy) = (operator(0), staker(0), scene.strategies[0]);
        scene.register(op);
        scene.deposit(alice, 0, u(100)).unwrap();
        scene.delegate(alice, op).unwrap();
        scene.queue(alice, &[(0, u(40))]).unwrap();
        scene.slash(op, 0, WAD / 2).unwrap();
        let set = OperatorSet { avs: AVS, id: 1 };
        let mut expected = vec![
            event(
                DM,
                OperatorSharesDecreased { operator: op, staker: Address::ZERO, strategy, shares: u(30) },
            ),
            event(DM, OperatorSharesSlashed { operator: op, strategy, totalSlashedShares: u(50) }),
        ];
        if rules == Rules::Mainnet {
            let event_set = set.clone();
            let resolution =
                SlashResolutionBlockSet { operatorSet: event_set, slashId: u(1), resolutionBlock: 1000 };
            expected.push(event(SM, resolution));
        }
        expected.push(event(
            SM,
            BurnOrRedistributableSharesIncreased { operatorSet: set, slashId: u(1), strategy, shares: u(50) },
        ));
        scene.assert_events(&expected);
    }
}

#[test]
fn a_slash_in_the_slashing_release() {
    let mut scene = Scene::with_rules(Rules::Slashing2025);
    let (op, strategy) = (operator(0), scene.strategies[0]);
    scene.deposit(op, 0, u(100)).unwrap();
    scene.register(op);
    scene.slash(op, 0, WAD / 2).unwrap();
    let burnable = crate::first_release::IFirstRelease::BurnableSharesIncreased { strategy, shares: u(50) };
    scene.assert_events(&[
        event(DM, OperatorSharesDecreased { operator: op, staker: Address::ZERO, strategy, shares: u(50) }),
        event(DM, OperatorSharesSlashed { operator: op, strategy, totalSlashedShares: u(50) }),
        event(SM, burnable),
    ]);
}

#[test]
fn an_operator_forces_a_staker_out() {
    let mut scene = Scene::new();
    let (op, alice, strategy) = (operator(0), staker(0), scene.strategies[0]);
    scene.register(op);
    scene.deposit(alice, 0, u(100)).unwrap();
    scene.delegate(alice, op).unwrap();
    scene.slash(op, 0, WAD / 2).unwrap();
    let roots = scene.tell(op, DM, &undelegateCall { staker: alice }).unwrap();
    let withdrawal = Withdrawal {
        staker: alice,
        delegatedTo: op,
        withdrawer: alice,
        nonce: u(0),
        startBlock: 1000,
        strategies: vec![strategy],
        scaledShares: vec![u(100)],
    };
    let root = root_of(&withdrawal);
    assert_eq!(roots, [root]);
    let queued = SlashingWithdrawalQueued { withdrawalRoot: root, withdrawal, sharesToWithdraw: vec![u(50)] };
    scene.assert_events(&[
        event(DM, StakerForceUndelegated { staker: alice, operator: op }),
        event(DM, StakerUndelegated { staker: alice, operator: op }),
        event(DM, OperatorSharesDecreased { operator: op, staker: alice, strategy, shares: u(50) }),
        factor(alice, strategy, u(WAD)),
        event(DM, queued),
    ]);
}

#[test]
fn a_redelegation() {
    let mut scene = Scene::new();
    let (alice, strategy) = (staker(0), scene.strategies[0]);
    let (old, new) = (operator(0), operator(1));
    scene.register(old);
    scene.register(new);
    scene.deposit(alice, 0, u(100)).unwrap();
    scene.delegate(alice, old).unwrap();
    let call =
        redelegateCall { newOperator: new, newOperatorApproverSig: no_approval(), approverSalt: B256::ZERO };
    scene.tell(alice, DM, &call).unwrap();
    let withdrawal = scene.queued().remove(0);
    let queued = SlashingWithdrawalQueued {
        withdrawalRoot: root_of(&withdrawal),
        withdrawal,
        sharesToWithdraw: vec![u(100)],
    };
    scene.assert_events(&[
        event(DM, StakerUndelegated { staker: alice, operator: old }),
        event(DM, OperatorSharesDecreased { operator: old, staker: alice, strategy, shares: u(100) }),
        factor(alice, strategy, u(WAD)),
        event(DM, queued),
        event(DM, StakerDelegated { staker: alice, operator: new }),
    ]);
}

#[test]
fn completions_as_tokens_and_as_shares() {
    let mut scene = Scene::new();
    let (op, alice) = (operator(0), staker(0));
    let (strategy, token) = (scene.strategies[0], scene.tokens[0]);
    scene.register(op);
    scene.deposit(alice, 0, u(100)).unwrap();
    scene.delegate(alice, op).unwrap();
    let first = scene.queue(alice, &[(0, u(40))]).unwrap();
    let second = scene.queue(alice, &[(0, u(60))]).unwrap();
    scene.slash(op, 0, WAD / 2).unwrap();
    scene.mine(DELAY + 1);
    scene.complete(&first, true).unwrap();
    scene.assert_events(&[
        event(DM, SlashingWithdrawalCompleted { withdrawalRoot: root_of(&first) }),
        event(strategy, ExchangeRateEmitted { rate: u(RATE) }),
        event(token, Transfer { from: strategy, to: alice, value: u(20) }),
    ]);
    scene.complete(&second, false).unwrap();
    scene.assert_events(&[
        event(DM, SlashingWithdrawalCompleted { withdrawalRoot: root_of(&second) }),
        event(SM, Deposit { staker: alice, strategy, shares: u(30) }),
        factor(alice, strategy, u(2 * WAD)),
        event(DM, OperatorSharesIncreased { operator: op, staker: alice, strategy, shares: u(30) }),
    ]);
}
