//! Claims about EigenPodManager: who may call it, what a pod's balance does, and exits that rounding leaves short.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

use super::*;
use crate::{
    allocation_manager,
    delegation_manager::slash_operator_shares,
    host::{Error, call_native},
    ledger::Operator,
    math::panic,
    scene::{AVS, Scene, operator, staker},
    testkit::{ALICE, OWNER, STRANGER, UNPAUSER, assert_dispatches, empty_revert, reverts, says, u},
};
use alloy_primitives::{Bytes, I256};
use alloy_sol_types::{PanicKind, SolEvent};
use types::{
    Rules,
    abi::{
        IDelegationManager::{
            OperatorSet, OperatorsCannotUndelegate, QueuedWithdrawalParams, completeQueuedWithdrawalCall,
            getDepositedSharesCall, getWithdrawableSharesCall, queueWithdrawalsCall, slashOperatorSharesCall,
            undelegateCall,
        },
        IEigenPodManager::{
            IEigenPodManagerCalls, InputAddressZero, InvalidStrategy, OnlyEigenPod, SharesNegative,
            SharesNotMultipleOfGwei, addSharesCall, burnableETHSharesCall, getPodCall, hasPodCall,
            podOwnerDepositSharesCall, recordBeaconChainETHBalanceUpdateCall, removeDepositSharesCall,
            stakerDepositSharesCall, unpauseCall, withdrawSharesAsTokensCall,
        },
    },
    addresses::{ALLOCATION_MANAGER, EIGEN_POD_MANAGER as HERE},
};

const POD: Address = Address::repeat_byte(0x90);
const DM: Address = DELEGATION_MANAGER;

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IEigenPodManagerCalls::SELECTORS);
}

/// Staker 0 owns a pod; operator 0 exists.
fn with_pod(rules: Rules) -> Scene {
    let mut scene = Scene::with_rules(rules);
    let (slot, value) = pod_entry(staker(0), POD);
    scene.chain.accounts.get_mut(&HERE).unwrap().storage.insert(slot, value);
    scene.register(operator(0));
    scene
}

fn report(scene: &mut Scene, balance: u128, change: i128) -> Result<()> {
    let call = recordBeaconChainETHBalanceUpdateCall {
        podOwner: staker(0),
        prevRestakedBalanceWei: U256::from(balance),
        balanceDeltaWei: I256::try_from(change).unwrap(),
    };
    scene.tell(POD, HERE, &call).map(|_| ())
}

fn queue(scene: &mut Scene, shares: U256) -> Result<()> {
    let params = QueuedWithdrawalParams {
        strategies: vec![BEACON_STRATEGY],
        depositShares: vec![shares],
        __deprecated_withdrawer: AVS,
    };
    scene.tell(staker(0), DM, &queueWithdrawalsCall { params: vec![params] }).map(|_| ())
}

#[expect(clippy::redundant_closure, reason = "the closure shortens a lifetime, the function itself cannot")]
fn slash(scene: &mut Scene, magnitude: u64) -> U256 {
    let taken = scene.chain.run(ALLOCATION_MANAGER, |host| {
        let before = Operator::load(host, operator(0), BEACON_STRATEGY)?.max_magnitude();
        allocation_manager::lower_max_magnitude(host, operator(0), BEACON_STRATEGY, magnitude)?;
        let call = slashOperatorSharesCall {
            operator: operator(0),
            operatorSet: OperatorSet { avs: AVS, id: 1 },
            slashId: u(1),
            strategy: BEACON_STRATEGY,
            prevMaxMagnitude: before,
            newMaxMagnitude: magnitude,
        };
        call_native(host, DM, call, |host, call| slash_operator_shares(host, call))
    });
    taken.unwrap()
}

fn withdrawable(scene: &mut Scene) -> U256 {
    let call = getWithdrawableSharesCall { staker: staker(0), strategies: vec![BEACON_STRATEGY] };
    scene.chain.ask(DM, &call).unwrap().withdrawableShares[0]
}

fn operator_shares(scene: &mut Scene) -> U256 {
    let row = scene.chain.run(AVS, |host| Ok(Operator::load(host, operator(0), BEACON_STRATEGY)?));
    row.unwrap().shares.0
}

#[test]
fn verbs_know_their_callers() {
    let mut scene = with_pod(Rules::Pinned);
    let add = addSharesCall { staker: staker(0), strategy: BEACON_STRATEGY, shares: u(1) };
    let refused = Err(reverts(OnlyDelegationManager {}));
    assert_eq!(scene.tell(STRANGER, HERE, &add).map(|_| ()), refused);
    let pay = withdrawSharesAsTokensCall {
        staker: staker(0),
        strategy: BEACON_STRATEGY,
        token: STRANGER,
        shares: u(1),
    };
    assert_eq!(scene.tell(STRANGER, HERE, &pay).map(|_| ()), refused);
    let call = recordBeaconChainETHBalanceUpdateCall {
        podOwner: staker(0),
        prevRestakedBalanceWei: u(0),
        balanceDeltaWei: I256::ZERO,
    };
    assert_eq!(scene.tell(STRANGER, HERE, &call).map(|_| ()), Err(reverts(OnlyEigenPod {})));
}

#[test]
fn share_verbs_look_at_all_their_arguments() {
    let mut scene = with_pod(Rules::Pinned);
    let other = scene.strategies[0];
    let mut add = |staker, strategy, shares| {
        scene.tell(DM, HERE, &addSharesCall { staker, strategy, shares }).map(|_| ())
    };
    assert_eq!(add(staker(0), other, u(1)), Err(reverts(InvalidStrategy {})));
    assert_eq!(add(Address::ZERO, BEACON_STRATEGY, u(1)), Err(reverts(InputAddressZero {})));
    assert_eq!(add(staker(0), BEACON_STRATEGY, U256::MAX), Err(reverts(SharesNegative {})));
    assert_eq!(add(staker(0), BEACON_STRATEGY, U256::MAX >> 1), Ok(()));
    assert_eq!(add(staker(0), BEACON_STRATEGY, u(1)), Err(panic(PanicKind::UnderOverflow)));
    let mut remove = |staker, strategy, shares| {
        let call = removeDepositSharesCall { staker, strategy, depositSharesToRemove: shares };
        scene.tell(DM, HERE, &call)
    };
    assert_eq!(remove(staker(0), other, u(1)), Err(reverts(InvalidStrategy {})));
    let cast = says("SafeCast: value doesn't fit in an int256");
    assert_eq!(remove(staker(0), BEACON_STRATEGY, U256::MAX), Err(cast));
    assert_eq!(remove(staker(0), BEACON_STRATEGY, (U256::MAX >> 1) - u(3)), Ok(u(3)));
    assert_eq!(remove(staker(0), BEACON_STRATEGY, u(4)), Err(reverts(SharesNegative {})));
    let mut pay = |staker, strategy, shares| {
        let call = withdrawSharesAsTokensCall { staker, strategy, token: STRANGER, shares };
        scene.tell(DM, HERE, &call).map(|_| ())
    };
    assert_eq!(pay(staker(0), other, u(1)), Err(reverts(InvalidStrategy {})));
    assert_eq!(pay(Address::ZERO, BEACON_STRATEGY, u(1)), Err(reverts(InputAddressZero {})));
    assert_eq!(pay(staker(0), BEACON_STRATEGY, u(0)), Err(reverts(SharesNegative {})));
    assert_eq!(pay(staker(0), BEACON_STRATEGY, u(1)), Err(empty_revert()), "the pod has no code");
    let look = stakerDepositSharesCall { user: staker(0), strategy: other };
    assert_eq!(scene.chain.ask(HERE, &look), Err(reverts(InvalidStrategy {})));
    let look = podOwnerDepositSharesCall { podOwner: staker(0) };
    assert_eq!(scene.chain.ask(HERE, &look), Ok(I256::try_from(3).unwrap()));
}

#[test]
fn balances_change_by_whole_gwei_and_lose_no_more_than_there_is() {
    let mut scene = with_pod(Rules::Pinned);
    assert_eq!(report(&mut scene, 0, 1), Err(reverts(SharesNotMultipleOfGwei {})));
    assert_eq!(report(&mut scene, 0, -999_999_999), Err(reverts(SharesNotMultipleOfGwei {})));
    assert_eq!(report(&mut scene, 0, 0), Ok(()));
    let short = panic(PanicKind::UnderOverflow);
    assert_eq!(report(&mut scene, 1_000_000_000, -2_000_000_000), Err(short));
    assert_eq!(report(&mut scene, 0, 4_000_000_000), Ok(()));
    assert_eq!(report(&mut scene, 4_000_000_000, -1_000_000_000), Ok(()));
    assert_eq!(withdrawable(&mut scene), u(3_000_000_000));
    assert_eq!(report(&mut scene, 3_000_000_000, -3_000_000_000), Ok(()));
    assert_eq!(withdrawable(&mut scene), u(0));
    let refused = report(&mut scene, 0, 1_000_000_000);
    assert_eq!(refused, Err(reverts(types::abi::IDelegationManager::FullySlashed {})));
}

#[test]
fn shares_show_up_while_there_are_any() {
    let mut scene = with_pod(Rules::Pinned);
    let listed =
        |scene: &mut Scene| scene.chain.ask(DM, &getDepositedSharesCall { staker: staker(0) }).unwrap()._0;
    scene.deposit(staker(0), 1, u(5)).unwrap();
    report(&mut scene, 0, 2_000_000_000).unwrap();
    assert_eq!(listed(&mut scene), [scene.strategies[1], BEACON_STRATEGY]);
    queue(&mut scene, u(2_000_000_000)).unwrap();
    let withdrawal = scene.queued().pop().unwrap();
    assert_eq!(listed(&mut scene), [scene.strategies[1]]);
    assert_eq!(scene.audit(&[]), Vec::<String>::new());
    scene.mine(11);
    let back =
        completeQueuedWithdrawalCall { withdrawal, tokens: vec![Address::ZERO], receiveAsTokens: false };
    scene.tell(staker(0), DM, &back).unwrap();
    assert_eq!(listed(&mut scene), [scene.strategies[1], BEACON_STRATEGY]);
    assert_eq!(scene.audit(&[]), Vec::<String>::new());
    let operators = scene.tell(operator(0), DM, &undelegateCall { staker: operator(0) }).map(|_| ());
    assert_eq!(operators, Err(reverts(OperatorsCannotUndelegate {})));
}

#[test]
fn a_slash_of_the_beacon_strategy_is_counted_and_not_listed() {
    let mut scene = with_pod(Rules::Pinned);
    report(&mut scene, 0, 32_000_000_000).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    assert_eq!(slash(&mut scene, WAD / 4), u(24_000_000_000));
    assert_eq!(scene.chain.ask(HERE, &burnableETHSharesCall {}), Ok(u(24_000_000_000)));
    assert_eq!(withdrawable(&mut scene), u(8_000_000_000));
}

/// R46: what the floor of m · l leaves the operator short of its only staker.
fn stranded(rules: Rules) -> Scene {
    let mut scene = with_pod(rules);
    slash(&mut scene, WAD / 2);
    report(&mut scene, 0, 3_000_000_000).unwrap();
    report(&mut scene, 3_000_000_000, -2_000_000_000).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    report(&mut scene, 1_000_000_000, 3_000_000_000_000_000_000_000_000).unwrap();
    slash_again(&mut scene);
    let (held, wanted) = (operator_shares(&mut scene), withdrawable(&mut scene));
    assert_eq!(held, U256::from(2_400_000_000_000_000_800_000_000_u128), "R46");
    assert_eq!(wanted, U256::from(2_400_000_000_000_000_802_399_999_u128), "R46");
    scene
}

fn slash_again(scene: &mut Scene) {
    assert_eq!(slash(scene, WAD / 5 * 2), U256::from(600_000_000_000_000_199_999_999_u128), "R46");
}

#[test]
fn rounding_strands_a_last_exit_but_under_mainnet_rules() {
    let leave =
        |scene: &mut Scene| scene.tell(staker(0), DM, &undelegateCall { staker: staker(0) }).map(|_| ());
    for rules in [Rules::Pinned, Rules::Slashing2025] {
        let mut scene = stranded(rules);
        assert_eq!(leave(&mut scene), Err(panic(PanicKind::UnderOverflow)), "R46, {rules}");
    }
    let mut scene = stranded(Rules::Mainnet);
    assert_eq!(leave(&mut scene), Ok(()));
    assert_eq!(operator_shares(&mut scene), U256::ZERO);
}

#[test]
fn nobody_makes_a_pod_whoever_clears_the_bit() {
    let mut scene = Scene::new();
    let paused = Err(reverts(CurrentlyPaused {}));
    let stake = stakeCall { pubkey: Bytes::new(), signature: Bytes::new(), depositDataRoot: [0; 32].into() };
    assert_eq!(scene.tell(STRANGER, HERE, &createPodCall {}).map(|_| ()), paused);
    assert_eq!(scene.tell(STRANGER, HERE, &stake).map(|_| ()), paused);
    scene.tell(UNPAUSER, HERE, &unpauseCall { newPausedStatus: u(0) }).unwrap();
    assert_eq!(scene.tell(STRANGER, HERE, &createPodCall {}).map(|_| ()), paused);
    assert_eq!(scene.tell(STRANGER, HERE, &stake).map(|_| ()), paused);
    assert_eq!(scene.chain.ask(HERE, &hasPodCall { podOwner: STRANGER }), Ok(false));
    let places =
        [staker(0), staker(1)].map(|owner| scene.chain.ask(HERE, &getPodCall { podOwner: owner }).unwrap());
    assert_ne!(places[0], places[1]);
}

#[test]
fn the_fork_time_is_set_by_whom_the_owner_names() {
    let mut scene = Scene::new();
    let name = setProofTimestampSetterCall { newProofTimestampSetter: STRANGER };
    let refused: Result<(), Error> = Err(says("Ownable: caller is not the owner"));
    assert_eq!(scene.tell(STRANGER, HERE, &name).map(|_| ()), refused);
    let set = setPectraForkTimestampCall { timestamp: 7 };
    let refused = Err(reverts(OnlyProofTimestampSetter {}));
    assert_eq!(scene.tell(STRANGER, HERE, &set).map(|_| ()), refused);
    scene.tell(OWNER, HERE, &name).unwrap();
    scene.tell(STRANGER, HERE, &set).unwrap();
}

#[test]
fn the_owner_names_who_tells_when_the_pectra_fork_was() {
    let mut chain = crate::testkit::chain();
    let name = setProofTimestampSetterCall { newProofTimestampSetter: ALICE };
    chain.tell(OWNER, HERE, &name).unwrap();
    let told =
        |chain: &crate::mem::MemHost| chain.logs().iter().map(|log| log.data.clone()).collect::<Vec<_>>();
    assert_eq!(told(&chain), [ProofTimestampSetterSet { newProofTimestampSetter: ALICE }.encode_log_data()]);
    let set = setPectraForkTimestampCall { timestamp: 7 };
    assert_eq!(chain.tell(OWNER, HERE, &set).err(), Some(reverts(OnlyProofTimestampSetter {})));
    chain.tell(ALICE, HERE, &set).unwrap();
    assert_eq!(told(&chain), [PectraForkTimestampSet { newPectraForkTimestamp: 7 }.encode_log_data()]);
}
