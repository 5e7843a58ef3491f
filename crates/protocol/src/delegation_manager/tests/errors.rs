//! Errors that need more than a wrong argument: who calls, what was slashed, who comes back in, whose signature.

use crate::{
    dispatch,
    host::{Fatal, Host, Result, revert_empty, revert_with},
    ledger::Position,
    scene::{AVS, DELAY, Scene, no_approval, operator, staker},
    slashing::ScalingFactor,
    testkit::{OWNER, PAUSER, STRANGER, reverts, says, u},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use types::{
    Rules,
    abi::{
        IDelegationManager::{
            self, ActivelyDelegated, CallerCannotUndelegate, CurrentlyPaused, FullySlashed, InputAddressZero,
            InputArrayLengthMismatch, InputArrayLengthZero, InvalidDepositScalingFactor, InvalidPermissions,
            NotActivelyDelegated, OnlyAllocationManager, OnlyEigenPodManager,
            OnlyStrategyManagerOrEigenPodManager, OperatorNotRegistered, OperatorsCannotUndelegate,
            QueuedWithdrawalParams, WithdrawalNotQueued, WithdrawerNotCaller, completeQueuedWithdrawalCall,
            completeQueuedWithdrawalsCall, decreaseDelegatedSharesCall, delegateToCall,
            increaseDelegatedSharesCall, modifyOperatorDetailsCall, pauseCall, queueWithdrawalsCall,
            registerAsOperatorCall, slashOperatorSharesCall, undelegateCall, updateOperatorMetadataURICall,
        },
        IERC20::{balanceOfCall, decimalsCall, transferCall, transferFromCall},
        IPermissionController::setAppointeeCall,
        IStrategy::{
            beforeAddSharesCall, beforeRemoveSharesCall, depositCall, underlyingTokenCall, withdrawCall,
        },
        IStrategyFactory::{deployNewStrategyCall, whitelistStrategiesCall},
        IStrategyManager::{
            depositIntoStrategyCall, getStakerStrategyListCall, stakerDepositSharesCall,
            stakerStrategyListCall,
        },
    },
    addresses::{
        ALLOCATION_MANAGER, DELEGATION_MANAGER as DM, EIGEN_POD_MANAGER, PERMISSION_CONTROLLER,
        STRATEGY_FACTORY, STRATEGY_MANAGER as SM,
    },
    units::{DepositShares, WAD},
};

const REENTRANT: &str = "ReentrancyGuard: reentrant call";

fn refused<C: SolCall>(scene: &mut Scene, from: Address, call: C) -> Option<crate::host::Error> {
    scene.tell(from, DM, &call).err()
}

/// Operator 0 with staker 0, who holds 1000 of strategy 0.
fn delegated() -> Scene {
    let mut scene = Scene::new();
    scene.register(operator(0));
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    scene
}

#[test]
fn verbs_between_contracts_know_their_callers() {
    let mut scene = delegated();
    let strategy = scene.strategies[0];
    let increase = increaseDelegatedSharesCall {
        staker: staker(0),
        strategy,
        prevDepositShares: u(0),
        addedShares: u(1),
    };
    let error = Some(reverts(OnlyStrategyManagerOrEigenPodManager {}));
    assert_eq!(refused(&mut scene, STRANGER, increase.clone()), error);
    assert_eq!(refused(&mut scene, EIGEN_POD_MANAGER, increase), None);
    let decrease = decreaseDelegatedSharesCall {
        staker: staker(0),
        curDepositShares: u(0),
        beaconChainSlashingFactorDecrease: WAD,
    };
    let error = Some(reverts(OnlyEigenPodManager {}));
    assert_eq!(refused(&mut scene, SM, decrease.clone()), error);
    assert_eq!(refused(&mut scene, EIGEN_POD_MANAGER, decrease), None);
    let slash = slashOperatorSharesCall {
        operator: operator(0),
        operatorSet: IDelegationManager::OperatorSet { avs: AVS, id: 1 },
        slashId: u(1),
        strategy,
        prevMaxMagnitude: WAD,
        newMaxMagnitude: WAD,
    };
    assert_eq!(refused(&mut scene, operator(0), slash.clone()), Some(reverts(OnlyAllocationManager {})));
    assert_eq!(refused(&mut scene, ALLOCATION_MANAGER, slash), None);
}

#[test]
fn operators_stay_operators() {
    let mut scene = delegated();
    let register = registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: String::new(),
    };
    assert_eq!(refused(&mut scene, operator(0), register.clone()), Some(reverts(ActivelyDelegated {})));
    assert_eq!(refused(&mut scene, staker(0), register), Some(reverts(ActivelyDelegated {})));
    let leave = undelegateCall { staker: operator(0) };
    assert_eq!(refused(&mut scene, operator(0), leave), Some(reverts(OperatorsCannotUndelegate {})));
    assert_eq!(scene.delegate(operator(0), operator(0)), Err(reverts(ActivelyDelegated {})));
    assert_eq!(scene.delegate(staker(1), staker(0)), Err(reverts(OperatorNotRegistered {})));
    assert_eq!(scene.delegate(staker(1), Address::ZERO), Err(reverts(OperatorNotRegistered {})));
}

#[test]
fn a_static_frame_halts_at_the_lock_before_any_later_check() {
    let mut scene = delegated();
    let register = registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: String::new(),
    };
    assert_eq!(scene.chain.ask_as(operator(0), DM, &register), Err(Fatal::StaticWrite.into()));
}

#[test]
fn only_the_operators_side_forces_a_staker_out() {
    let mut scene = delegated();
    let leave = undelegateCall { staker: staker(0) };
    let nobody = undelegateCall { staker: staker(1) };
    assert_eq!(refused(&mut scene, STRANGER, leave.clone()), Some(reverts(CallerCannotUndelegate {})));
    assert_eq!(refused(&mut scene, staker(1), nobody), Some(reverts(NotActivelyDelegated {})));
    let appoint = setAppointeeCall {
        account: operator(0),
        appointee: STRANGER,
        target: DM,
        selector: undelegateCall::SELECTOR.into(),
    };
    scene.tell(operator(0), PERMISSION_CONTROLLER, &appoint).unwrap();
    assert_eq!(refused(&mut scene, STRANGER, leave), None);
}

#[test]
fn the_approver_may_force_a_staker_out_too() {
    let mut scene = delegated();
    let change = modifyOperatorDetailsCall { operator: operator(0), newDelegationApprover: PAUSER };
    assert_eq!(refused(&mut scene, STRANGER, change.clone()), Some(reverts(InvalidPermissions {})));
    assert_eq!(refused(&mut scene, operator(0), change), None);
    assert_eq!(refused(&mut scene, PAUSER, undelegateCall { staker: staker(0) }), None);
}

#[test]
fn permission_is_checked_before_registration() {
    let mut scene = Scene::new();
    let describe = |operator| updateOperatorMetadataURICall { operator, metadataURI: String::new() };
    assert_eq!(refused(&mut scene, STRANGER, describe(staker(0))), Some(reverts(InvalidPermissions {})));
    assert_eq!(refused(&mut scene, staker(0), describe(staker(0))), Some(reverts(OperatorNotRegistered {})));
    let change = modifyOperatorDetailsCall { operator: staker(0), newDelegationApprover: PAUSER };
    assert_eq!(refused(&mut scene, staker(0), change), Some(reverts(OperatorNotRegistered {})));
}

#[test]
fn lists_must_match() {
    let mut scene = delegated();
    let queue = |strategies: Vec<Address>, shares: Vec<U256>| {
        let params = QueuedWithdrawalParams {
            strategies,
            depositShares: shares,
            __deprecated_withdrawer: Address::ZERO,
        };
        queueWithdrawalsCall { params: vec![params] }
    };
    let strategy = scene.strategies[0];
    let mismatch = Some(reverts(InputArrayLengthMismatch {}));
    assert_eq!(refused(&mut scene, staker(0), queue(vec![strategy], vec![])), mismatch);
    assert_eq!(refused(&mut scene, staker(0), queue(vec![], vec![])), Some(reverts(InputArrayLengthZero {})));
    let withdrawal = scene.queue(staker(0), &[(0, u(10))]).unwrap();
    scene.mine(DELAY + 1);
    let complete = completeQueuedWithdrawalCall {
        withdrawal: withdrawal.clone(),
        tokens: vec![],
        receiveAsTokens: false,
    };
    assert_eq!(refused(&mut scene, staker(0), complete), mismatch, "R31: for shares too");
    let short = completeQueuedWithdrawalsCall {
        withdrawals: vec![withdrawal.clone()],
        tokens: vec![vec![Address::ZERO]],
        receiveAsTokens: vec![],
    };
    let out_of_bounds = crate::math::panic(alloy_sol_types::PanicKind::ArrayOutOfBounds);
    assert_eq!(refused(&mut scene, staker(0), short), Some(out_of_bounds), "R31");
    let long = completeQueuedWithdrawalsCall {
        withdrawals: vec![withdrawal],
        tokens: vec![vec![scene.tokens[0]], vec![]],
        receiveAsTokens: vec![true, true, false],
    };
    assert_eq!(refused(&mut scene, staker(0), long), None);
}

#[test]
fn a_withdrawal_is_completed_once_by_its_withdrawer_and_as_queued() {
    let mut scene = delegated();
    let withdrawal = scene.queue(staker(0), &[(0, u(10))]).unwrap();
    scene.mine(DELAY + 1);
    let mut forged = withdrawal.clone();
    forged.withdrawer = STRANGER;
    assert_eq!(scene.complete(&forged, true), Err(reverts(WithdrawalNotQueued {})));
    forged = withdrawal.clone();
    forged.scaledShares = vec![u(11)];
    assert_eq!(scene.complete(&forged, true), Err(reverts(WithdrawalNotQueued {})));
    let tokens = vec![scene.tokens[0]];
    let stolen =
        completeQueuedWithdrawalCall { withdrawal: withdrawal.clone(), tokens, receiveAsTokens: true };
    assert_eq!(refused(&mut scene, STRANGER, stolen), Some(reverts(WithdrawerNotCaller {})));
    assert_eq!(scene.complete(&withdrawal, true), Ok(()));
    assert_eq!(scene.complete(&withdrawal, true), Err(reverts(WithdrawalNotQueued {})));
}

#[test]
fn a_scaling_factor_that_would_vanish_is_refused() {
    let mut scene = delegated();
    scene.slash(operator(0), 0, 1).unwrap();
    let strategy = scene.strategies[0];
    scene
        .chain
        .run(DM, |host| {
            let mut position = Position::load(host, staker(0), strategy)?;
            position.shares = DepositShares(u(WAD));
            position.scaling = ScalingFactor(u(WAD - 1));
            Ok(position.store(host, staker(0), strategy)?)
        })
        .unwrap();
    assert_eq!(scene.deposit(staker(0), 0, u(1)), Err(reverts(InvalidDepositScalingFactor {})));
    scene.slash(operator(0), 0, 0).unwrap();
    assert_eq!(scene.deposit(staker(0), 0, u(1)), Err(reverts(FullySlashed {})));
}

#[test]
fn pausing_stops_each_door_of_its_own() {
    let mut scene = delegated();
    let strategy = scene.strategies[0];
    let withdrawal = scene.queue(staker(0), &[(0, u(10))]).unwrap();
    scene.mine(DELAY + 1);
    let paused = Some(reverts(CurrentlyPaused {}));
    scene.tell(PAUSER, DM, &pauseCall { newPausedStatus: u(1) }).unwrap();
    assert_eq!(scene.delegate(staker(1), operator(0)).err(), paused);
    scene.tell(PAUSER, DM, &pauseCall { newPausedStatus: u(1 | 2) }).unwrap();
    assert_eq!(refused(&mut scene, staker(0), undelegateCall { staker: staker(0) }), paused);
    let params = QueuedWithdrawalParams {
        strategies: vec![strategy],
        depositShares: vec![],
        __deprecated_withdrawer: Address::ZERO,
    };
    assert_eq!(refused(&mut scene, staker(0), queueWithdrawalsCall { params: vec![params] }), paused);
    scene.tell(PAUSER, DM, &pauseCall { newPausedStatus: u(1 | 2 | 4) }).unwrap();
    assert_eq!(scene.complete(&withdrawal, true).err(), paused);
}

/// A token that comes back in while it is moved: value 1 deposits again, 2 queues, 3 delegates.
fn hook_token(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let yes = Bytes::from(U256::ONE.to_be_bytes::<32>());
    if let Ok(call) = transferFromCall::abi_decode(input) {
        let this = host.msg().this;
        match call.value.to::<u64>() {
            1 => {
                let call = depositIntoStrategyCall { strategy: call.to, token: this, amount: u(0) };
                dispatch::call(host, SM, &call)?;
            }
            2 => {
                let params = QueuedWithdrawalParams {
                    strategies: vec![call.to],
                    depositShares: vec![u(1)],
                    __deprecated_withdrawer: Address::ZERO,
                };
                dispatch::call(host, DM, &queueWithdrawalsCall { params: vec![params] })?;
            }
            3 => {
                let call = delegateToCall {
                    operator: operator(0),
                    approverSignatureAndExpiry: no_approval(),
                    approverSalt: B256::ZERO,
                };
                dispatch::call(host, DM, &call)?;
            }
            _ => {}
        }
        return Ok(yes);
    }
    if transferCall::abi_decode(input).is_ok() {
        let params = vec![];
        dispatch::call(host, DM, &queueWithdrawalsCall { params })?;
        return Ok(yes);
    }
    match input.first_chunk() {
        Some(&decimalsCall::SELECTOR) => Ok(U256::from(18).to_be_bytes::<32>().into()),
        Some(&balanceOfCall::SELECTOR) => Ok(U256::from(1000).to_be_bytes::<32>().into()),
        _ => revert_empty(),
    }
}

#[test]
fn whoever_comes_back_in_is_refused_by_the_guard_of_the_contract_that_runs() {
    let mut scene = Scene::new();
    scene.register(operator(0));
    let token = Address::repeat_byte(0x70);
    scene.chain.place(token, hook_token);
    let strategy = scene.tell(AVS, STRATEGY_FACTORY, &deployNewStrategyCall { token }).unwrap();
    let mut deposit = |amount: u64| {
        let call = depositIntoStrategyCall { strategy, token, amount: u(amount) };
        scene.tell(staker(0), SM, &call).map(|_| ())
    };
    assert_eq!(deposit(500), Ok(()));
    assert_eq!(deposit(1), Err(says(REENTRANT)), "StrategyManager runs");
    scene
        .chain
        .run(DM, |host| {
            // The token's own position, so that only the guard of StrategyManager is in the way of queueing it.
            let mut position = Position::load(host, token, strategy)?;
            position.shares = DepositShares(u(5));
            Ok(position.store(host, token, strategy)?)
        })
        .unwrap();
    let call = depositIntoStrategyCall { strategy, token, amount: u(2) };
    assert_eq!(
        scene.tell(staker(0), SM, &call).err(),
        Some(says(REENTRANT)),
        "queueing needs StrategyManager"
    );
    let call = depositIntoStrategyCall { strategy, token, amount: u(3) };
    let delegates = scene.tell(staker(0), SM, &call).map(|_| ());
    assert_eq!(delegates, Ok(()), "DelegationManager does not run yet, so the token may delegate");
    let params = QueuedWithdrawalParams {
        strategies: vec![strategy],
        depositShares: vec![u(10)],
        __deprecated_withdrawer: Address::ZERO,
    };
    scene.tell(staker(0), DM, &queueWithdrawalsCall { params: vec![params] }).unwrap();
    let withdrawal = scene.queued().remove(0);
    scene.mine(DELAY + 1);
    let complete = completeQueuedWithdrawalCall { withdrawal, tokens: vec![token], receiveAsTokens: true };
    assert_eq!(refused(&mut scene, staker(0), complete), Some(says(REENTRANT)), "DelegationManager runs");
}

/// A strategy that is no instance of ours: it credits 2^200 shares for anything, and when shares leave it demands
/// that the staker's list is shown as the originals would show it, itself first.
fn foreign_strategy(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let this = host.msg().this;
    let word = |value: U256| Ok(Bytes::from(value.to_be_bytes::<32>()));
    match input.first_chunk().copied().unwrap_or_default() {
        depositCall::SELECTOR => word(U256::ONE << 200),
        beforeAddSharesCall::SELECTOR => Ok(Bytes::new()),
        beforeRemoveSharesCall::SELECTOR => {
            let staker = beforeRemoveSharesCall::abi_decode(input).expect("a call").staker;
            let list = dispatch::static_call(host, SM, &getStakerStrategyListCall { staker })?;
            let held = dispatch::static_call(host, SM, &stakerDepositSharesCall { staker, strategy: this })?;
            match list.first() == Some(&this) && !held.is_zero() {
                true => Ok(Bytes::new()),
                false => revert_with("not as it was"),
            }
        }
        withdrawCall::SELECTOR => word(withdrawCall::abi_decode(input).expect("a call").amountShares),
        underlyingTokenCall::SELECTOR => word(U256::ZERO),
        _ => revert_empty(),
    }
}

#[test]
fn a_foreign_strategy_may_credit_any_amount_and_sees_the_state_of_the_moment() {
    for rules in [Rules::Pinned, Rules::Mainnet, Rules::Slashing2025] {
        let mut scene = Scene::with_rules(rules);
        let foreign = Address::repeat_byte(0xf0);
        scene.chain.place(foreign, foreign_strategy);
        let call = whitelistStrategiesCall { strategiesToWhitelist: vec![foreign] };
        scene.tell(OWNER, STRATEGY_FACTORY, &call).unwrap();
        scene.register(operator(0));
        scene.deposit(staker(0), 0, u(10)).unwrap();
        let call = depositIntoStrategyCall { strategy: foreign, token: scene.tokens[0], amount: u(1) };
        let huge = U256::ONE << 200;
        assert_eq!(scene.tell(staker(0), SM, &call), Ok(huge));
        scene.delegate(staker(0), operator(0)).unwrap();
        let params = QueuedWithdrawalParams {
            strategies: vec![scene.strategies[0], foreign],
            depositShares: vec![u(10), huge - u(1)],
            __deprecated_withdrawer: Address::ZERO,
        };
        scene.tell(staker(0), DM, &queueWithdrawalsCall { params: vec![params] }).unwrap();
        let withdrawal = scene.queued().remove(0);
        assert_eq!(withdrawal.scaledShares, [u(10), huge - u(1)], "{rules}");
        let left = stakerDepositSharesCall { staker: staker(0), strategy: foreign };
        assert_eq!(scene.chain.ask(SM, &left), Ok(u(1)), "{rules}");
        scene.mine(DELAY + 1);
        scene.complete(&withdrawal, false).unwrap();
        assert_eq!(scene.chain.ask(SM, &left), Ok(huge), "{rules}");
        let past_the_end = stakerStrategyListCall { staker: staker(0), index: u(2) };
        assert_eq!(scene.chain.ask(SM, &past_the_end).err(), Some(crate::testkit::empty_revert()), "{rules}");
    }
}

/// Nobody has the zero address's key, but simulations may name it as their sender.
#[test]
fn the_zero_address_queues_nothing() {
    let mut scene = Scene::new();
    let params = QueuedWithdrawalParams {
        strategies: vec![],
        depositShares: vec![],
        __deprecated_withdrawer: Address::ZERO,
    };
    let call = queueWithdrawalsCall { params: vec![params] };
    let refused = scene.tell(Address::ZERO, DM, &call).err();
    assert_eq!(refused, Some(reverts(InputAddressZero {})), "before the empty list");
}
