//! Claims about StrategyManager. What the executed cases cover (`tests/cases`) is not repeated here.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

use super::*;
use crate::{
    host::Result,
    scene::{AVS, DELAY, Scene, event, operator, staker},
    test_token,
    testkit::{ALICE, OWNER, PAUSER, STRANGER, assert_dispatches, reverts, says, u},
};
use alloy_primitives::keccak256;
use types::{
    Params, Preset, Rules,
    abi::{
        IStrategy::pauseCall as pauseStrategyCall,
        IStrategyFactory::deployNewStrategyCall,
        IStrategyManager::{
            self, BurnOrRedistributableSharesDecreased, BurnableSharesDecreased, CurrentlyPaused,
            IStrategyManagerCalls, MaxStrategiesExceeded, OperatorSet, SharesAmountTooHigh, SharesAmountZero,
            SlashResolutionDelayNotElapsed, StakerAddressZero, StrategyAlreadyInSlash, addSharesCall,
            burnSharesCall, clearBurnOrRedistributableSharesByStrategyCall,
            clearBurnOrRedistributableSharesCall, depositIntoStrategyCall, getBurnOrRedistributableCountCall,
            getBurnOrRedistributableShares_0Call, getBurnableSharesCall, getPendingOperatorSetsCall,
            getPendingSlashIdsCall, getSlashResolutionBlockCall, getStrategiesWithBurnableSharesCall,
            increaseBurnOrRedistributableSharesCall, pauseCall, removeDepositSharesCall,
            withdrawSharesAsTokensCall,
        },
        ITestToken::{approveCall, mintCall},
    },
    addresses::{BURN, STRATEGY_MANAGER as HERE},
    units::WAD,
};

fn set(id: u32) -> OperatorSet {
    OperatorSet { avs: AVS, id }
}

fn record(scene: &mut Scene, set_id: u32, slash_id: u64, strategy: usize, shares: u64) -> Result<()> {
    let call = increaseBurnOrRedistributableSharesCall {
        operatorSet: set(set_id),
        slashId: u(slash_id),
        strategy: scene.strategies[strategy],
        sharesToBurn: u(shares),
    };
    scene.tell(DELEGATION_MANAGER, HERE, &call).map(|_| ())
}

fn clear(scene: &mut Scene, set_id: u32, slash_id: u64) -> Result<Vec<U256>> {
    let call = clearBurnOrRedistributableSharesCall { operatorSet: set(set_id), slashId: u(slash_id) };
    scene.tell(STRANGER, HERE, &call)
}

fn clear_one(scene: &mut Scene, slash_id: u64, strategy: usize) -> Result<U256> {
    let strategy = scene.strategies[strategy];
    let call = clearBurnOrRedistributableSharesByStrategyCall {
        operatorSet: set(1),
        slashId: u(slash_id),
        strategy,
    };
    scene.tell(STRANGER, HERE, &call)
}

fn pending(scene: &mut Scene) -> (Vec<OperatorSet>, Vec<U256>) {
    let sets = scene.chain.ask(HERE, &getPendingOperatorSetsCall {}).unwrap();
    let ids = scene.chain.ask(HERE, &getPendingSlashIdsCall { operatorSet: set(1) }).unwrap();
    (sets, ids)
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IStrategyManagerCalls::SELECTORS);
}

#[test]
fn the_slash_resolution_verbs_came_with_the_newest_rules() {
    let call = IStrategyManager::SLASH_RESOLUTION_DELAY_BLOCKSCall {};
    assert_eq!(Scene::with_rules(Rules::Mainnet).chain.ask(HERE, &call), Ok(0));
    for rules in [Rules::Pinned, Rules::Slashing2025] {
        let unknown = Scene::with_rules(rules).chain.ask(HERE, &call);
        assert_eq!(unknown.err(), Some(crate::testkit::empty_revert()));
    }
}

#[test]
fn the_deposit_typehash_is_that_of_its_type() {
    let kind =
        "Deposit(address staker,address strategy,address token,uint256 amount,uint256 nonce,uint256 expiry)";
    assert_eq!(DEPOSIT_TYPEHASH, keccak256(kind));
}

#[test]
fn only_delegation_manager_moves_shares() {
    let mut scene = Scene::new();
    let strategy = scene.strategies[0];
    let (alice, refused) = (staker(0), Some(reverts(OnlyDelegationManager {})));
    let add = addSharesCall { staker: alice, strategy, shares: u(1) };
    assert_eq!(scene.tell(STRANGER, HERE, &add).err(), refused);
    let remove = removeDepositSharesCall { staker: alice, strategy, depositSharesToRemove: u(1) };
    assert_eq!(scene.tell(STRANGER, HERE, &remove).err(), refused);
    let withdraw = withdrawSharesAsTokensCall { staker: alice, strategy, token: alice, shares: u(1) };
    assert_eq!(scene.tell(STRANGER, HERE, &withdraw).err(), refused);
    assert_eq!(
        scene
            .tell(
                STRANGER,
                HERE,
                &increaseBurnOrRedistributableSharesCall {
                    operatorSet: set(1),
                    slashId: u(1),
                    strategy,
                    sharesToBurn: u(1)
                }
            )
            .err(),
        refused
    );
}

#[test]
fn the_verbs_for_delegation_manager_work_by_their_abi_too() {
    let mut scene = Scene::new();
    let (alice, strategy) = (staker(0), scene.strategies[0]);
    let dm = DELEGATION_MANAGER;
    let add = |staker, shares| addSharesCall { staker, strategy, shares };
    let answer = scene.tell(dm, HERE, &add(alice, u(5))).unwrap();
    assert_eq!((answer._0, answer._1), (u(0), u(5)));
    let answer = scene.tell(dm, HERE, &add(alice, u(2))).unwrap();
    assert_eq!((answer._0, answer._1), (u(5), u(2)));
    let nobody = scene.tell(dm, HERE, &add(Address::ZERO, u(0))).err();
    assert_eq!(nobody, Some(reverts(StakerAddressZero {})));
    assert_eq!(scene.tell(dm, HERE, &add(alice, u(0))).err(), Some(reverts(SharesAmountZero {})));
    let remove = |shares| removeDepositSharesCall { staker: alice, strategy, depositSharesToRemove: shares };
    assert_eq!(scene.tell(dm, HERE, &remove(u(0))).err(), Some(reverts(SharesAmountZero {})));
    assert_eq!(scene.tell(dm, HERE, &remove(u(8))).err(), Some(reverts(SharesAmountTooHigh {})));
    assert_eq!(scene.tell(dm, HERE, &remove(u(3))), Ok(u(4)));
    assert_eq!(scene.tell(dm, HERE, &remove(u(4))), Ok(u(0)));
    let list = IStrategyManager::getStakerStrategyListCall { staker: alice };
    assert_eq!(scene.chain.ask(HERE, &list), Ok(vec![]));
}

#[test]
fn a_staker_holds_at_most_32_strategies() {
    let mut scene = Scene::new();
    let mut deposit = |index: u8| {
        let token = Address::left_padding_from(&[index, 0x30]);
        scene.chain.place(token, test_token::main);
        let strategy = scene.tell(ALICE, STRATEGY_FACTORY, &deployNewStrategyCall { token }).unwrap();
        scene.tell(ALICE, token, &mintCall { to: ALICE, value: u(10) }).unwrap();
        scene.tell(ALICE, token, &approveCall { spender: HERE, value: u(10) }).unwrap();
        scene.tell(ALICE, HERE, &depositIntoStrategyCall { strategy, token, amount: u(10) }).map(|_| ())
    };
    for index in 0..MAX_STAKER_STRATEGY_LIST_LENGTH {
        assert_eq!(deposit(index), Ok(()));
    }
    assert_eq!(deposit(MAX_STAKER_STRATEGY_LIST_LENGTH), Err(reverts(MaxStrategiesExceeded {})));
    let length = IStrategyManager::stakerStrategyListLengthCall { staker: ALICE };
    assert_eq!(scene.chain.ask(HERE, &length), Ok(u(32)));
    scene.register(operator(0));
    scene.delegate(ALICE, operator(0)).unwrap();
    assert_eq!(scene.undelegate(ALICE).unwrap().len(), 32);
}

#[test]
fn what_a_slash_took_is_paid_to_the_burn_address() {
    let mut scene = Scene::new();
    scene.register(operator(0));
    for strategy in 0..2 {
        scene.deposit(operator(0), strategy, u(100)).unwrap();
    }
    let first = scene.strategies[0];
    scene.slash(operator(0), 0, WAD / 2).unwrap();
    assert_eq!(pending(&mut scene), (vec![set(1)], vec![u(1)]));
    assert_eq!(clear(&mut scene, 1, 1), Ok(vec![u(50)]));
    let logs = scene.chain.logs();
    let decreased = BurnOrRedistributableSharesDecreased {
        operatorSet: set(1),
        slashId: u(1),
        strategy: first,
        shares: u(50),
    };
    assert_eq!((logs.len(), logs[2].address), (3, HERE), "rate, transfer, then the manager's");
    assert_eq!(logs[2].data, alloy_sol_types::SolEvent::encode_log_data(&decreased));
    assert_eq!(scene.tokens_of(BURN, 0), u(50));
    assert_eq!(pending(&mut scene), (vec![], vec![]));
}

#[test]
fn a_slash_of_several_strategies_is_cleared_in_its_order_and_piece_by_piece() {
    let mut scene = Scene::new();
    for strategy in 0..3 {
        scene.deposit(staker(0), strategy, u(100)).unwrap();
    }
    for (strategy, shares) in [(2, 10), (0, 0), (1, 30)] {
        record(&mut scene, 1, 7, strategy, shares).unwrap();
    }
    record(&mut scene, 1, 8, 0, 1).unwrap();
    assert_eq!(record(&mut scene, 1, 7, 0, 5), Err(reverts(StrategyAlreadyInSlash {})));
    let [a, b, c] = scene.strategies;
    let shares = getBurnOrRedistributableShares_0Call { operatorSet: set(1), slashId: u(7) };
    let answer = scene.chain.ask(HERE, &shares).unwrap();
    assert_eq!((answer._0, answer._1), (vec![c, a, b], vec![u(10), u(0), u(30)]));
    assert_eq!(clear_one(&mut scene, 7, 0), Ok(u(0)));
    assert!(scene.chain.logs().is_empty(), "R44: a record of nothing goes without a word");
    let count = getBurnOrRedistributableCountCall { operatorSet: set(1), slashId: u(7) };
    assert_eq!(scene.chain.ask(HERE, &count), Ok(u(2)));
    assert_eq!(pending(&mut scene).1, [u(7), u(8)]);
    assert_eq!(clear_one(&mut scene, 7, 2), Ok(u(10)));
    assert_eq!(pending(&mut scene).1, [u(7), u(8)]);
    assert_eq!(clear(&mut scene, 1, 7), Ok(vec![u(30)]));
    assert_eq!(pending(&mut scene), (vec![set(1)], vec![u(8)]));
    assert_eq!(clear(&mut scene, 1, 9), Ok(vec![]), "R44");
    assert_eq!(clear_one(&mut scene, 8, 1), Ok(u(0)), "R44");
    assert_eq!(clear_one(&mut scene, 8, 0), Ok(u(1)));
    assert_eq!(pending(&mut scene), (vec![], vec![]));
}

#[test]
fn a_strategy_that_fails_blocks_the_whole_slash_but_not_its_other_strategies() {
    let mut scene = Scene::new();
    for strategy in 0..2 {
        scene.deposit(staker(0), strategy, u(100)).unwrap();
        record(&mut scene, 1, 1, strategy, 10).unwrap();
    }
    let paused = scene.strategies[0];
    scene.tell(PAUSER, paused, &pauseStrategyCall { newPausedStatus: u(2) }).unwrap();
    assert_eq!(clear(&mut scene, 1, 1), Err(reverts(CurrentlyPaused {})));
    assert_eq!(clear_one(&mut scene, 1, 1), Ok(u(10)));
}

#[test]
fn under_the_newest_rules_clearing_can_be_paused() {
    let mut scene = Scene::with_rules(Rules::Mainnet);
    scene.deposit(staker(0), 0, u(100)).unwrap();
    record(&mut scene, 1, 1, 0, 10).unwrap();
    scene.mine(1);
    scene.tell(PAUSER, HERE, &pauseCall { newPausedStatus: u(2) }).unwrap();
    assert_eq!(clear(&mut scene, 1, 1), Err(reverts(CurrentlyPaused {})));
    assert_eq!(clear_one(&mut scene, 1, 0), Err(reverts(CurrentlyPaused {})));
    let strategy = scene.strategies[0];
    let burn = scene.tell(STRANGER, HERE, &burnSharesCall { strategy });
    assert_eq!(burn.err(), Some(reverts(CurrentlyPaused {})));
    assert!(scene.deposit(staker(0), 0, u(1)).is_ok(), "bit 0 is clear");
}

#[test]
fn under_the_newest_rules_a_slash_waits_before_it_is_cleared() {
    let params = Params { slash_resolution_delay_blocks: 10, ..Params::preset(Preset::Fast) };
    let mut scene = Scene::with_params(&params);
    scene.deposit(staker(0), 0, u(100)).unwrap();
    scene.chain.block.number = 100;
    record(&mut scene, 1, 1, 0, 10).unwrap();
    let resolution = getSlashResolutionBlockCall { operatorSet: set(1), slashId: u(1) };
    assert_eq!(scene.chain.ask(HERE, &resolution), Ok(110));
    scene.chain.block.number = 105;
    record(&mut scene, 1, 1, 1, 0).unwrap();
    assert_eq!(scene.chain.ask(HERE, &resolution), Ok(110), "later strategies keep the block");
    scene.chain.block.number = 110;
    assert_eq!(clear(&mut scene, 1, 1), Err(reverts(SlashResolutionDelayNotElapsed {})));
    assert_eq!(clear_one(&mut scene, 1, 0), Err(reverts(SlashResolutionDelayNotElapsed {})));
    scene.chain.block.number = 111;
    assert_eq!(clear(&mut scene, 1, 1), Ok(vec![u(10), u(0)]));
    assert_eq!(scene.chain.ask(HERE, &resolution), Ok(0));
}

#[test]
fn in_the_slashing_release_shares_to_burn_are_one_figure_a_strategy() {
    let mut scene = Scene::with_rules(Rules::Slashing2025);
    scene.register(operator(0));
    scene.deposit(operator(0), 0, u(100)).unwrap();
    scene.slash(operator(0), 0, WAD / 2).unwrap();
    scene.slash(operator(0), 0, WAD / 4).unwrap();
    let strategy = scene.strategies[0];
    assert_eq!(scene.chain.ask(HERE, &getBurnableSharesCall { strategy }), Ok(u(75)));
    let all = scene.chain.ask(HERE, &getStrategiesWithBurnableSharesCall {}).unwrap();
    assert_eq!((all._0, all._1), (vec![strategy], vec![u(75)]));
    scene.tell(STRANGER, HERE, &burnSharesCall { strategy }).unwrap();
    assert_eq!(scene.tokens_of(BURN, 0), u(75));
    assert_eq!(scene.chain.ask(HERE, &getBurnableSharesCall { strategy }), Ok(u(0)));
    scene.tell(STRANGER, HERE, &burnSharesCall { strategy }).unwrap();
    scene.assert_events(&[event(HERE, BurnableSharesDecreased { strategy, shares: u(0) })]);
}

#[test]
fn the_owner_names_the_whitelister() {
    let mut scene = Scene::new();
    let call = setStrategyWhitelisterCall { newStrategyWhitelister: ALICE };
    let refused = scene.tell(ALICE, HERE, &call).err();
    assert_eq!(refused, Some(says("Ownable: caller is not the owner")));
    scene.tell(OWNER, HERE, &call).unwrap();
    let changed = StrategyWhitelisterChanged { previousAddress: STRATEGY_FACTORY, newAddress: ALICE };
    scene.assert_events(&[event(HERE, changed)]);
    let strategies = vec![AVS, AVS];
    let add = addStrategiesToDepositWhitelistCall { strategiesToWhitelist: strategies.clone() };
    assert_eq!(scene.tell(OWNER, HERE, &add).err(), Some(reverts(OnlyStrategyWhitelister {})));
    scene.tell(ALICE, HERE, &add).unwrap();
    scene.assert_events(&[event(HERE, StrategyAddedToDepositWhitelist { strategy: AVS })]);
    let remove = removeStrategiesFromDepositWhitelistCall { strategiesToRemoveFromWhitelist: strategies };
    assert_eq!(scene.tell(OWNER, HERE, &remove).err(), Some(reverts(OnlyStrategyWhitelister {})));
    scene.tell(ALICE, HERE, &remove).unwrap();
    scene.assert_events(&[event(HERE, StrategyRemovedFromDepositWhitelist { strategy: AVS })]);
}

#[test]
fn unwhitelisting_stops_deposits_only() {
    let mut scene = Scene::new();
    scene.deposit(staker(0), 0, u(100)).unwrap();
    let withdrawal = scene.queue(staker(0), &[(0, u(40))]).unwrap();
    let call = types::abi::IStrategyFactory::removeStrategiesFromWhitelistCall {
        strategiesToRemoveFromWhitelist: vec![scene.strategies[0]],
    };
    scene.tell(OWNER, STRATEGY_FACTORY, &call).unwrap();
    let refused = scene.deposit(staker(0), 0, u(1));
    assert_eq!(refused, Err(reverts(IStrategyManager::StrategyNotWhitelisted {})), "R43");
    scene.mine(DELAY + 1);
    scene.complete(&withdrawal, false).unwrap();
    assert_eq!(scene.position(staker(0), 0).shares.0, u(100), "R43");
}

#[test]
fn shares_of_the_beacon_strategy_are_for_eigen_pod_manager_to_tell() {
    use types::{
        abi::IEigenPodManager as Pods,
        addresses::{BEACON_STRATEGY, EIGEN_POD_MANAGER},
    };
    let mut chain = crate::testkit::chain();
    let (staker, strategy, shares) = (ALICE, BEACON_STRATEGY, U256::from(5));
    let add = Pods::addSharesCall { staker, strategy, shares };
    chain.tell(DELEGATION_MANAGER, EIGEN_POD_MANAGER, &add).unwrap();
    let there = Pods::stakerDepositSharesCall { user: staker, strategy };
    assert_eq!(chain.ask(EIGEN_POD_MANAGER, &there), Ok(shares));
    let here = IStrategyManager::stakerDepositSharesCall { staker, strategy };
    assert_eq!(chain.ask(HERE, &here), Ok(U256::ZERO));
}
