//! Claims about duration vaults.

use super::*;
use crate::{
    genesis::Setup,
    host::Error,
    mem::MemHost,
    testkit::{
        ALICE, BOB, OWNER, PAUSER, STRANGER, UNPAUSER, assert_dispatches, chain, empty_revert, reverts,
        roles, says, u,
    },
};
use alloy_primitives::{B256, Bytes};
use alloy_sol_types::{SolCall, SolEvent, SolValue};
use types::{
    Params, Preset,
    abi::{
        IAllocationManager::{
            CreateSetParamsV2, addStrategiesToOperatorSetCall, createOperatorSets_1Call, getAllocationCall,
            isMemberOfOperatorSetCall, updateAVSMetadataURICall,
        },
        IDelegationManager::{
            QueuedWithdrawalParams, SignatureWithExpiry, delegateToCall, queueWithdrawalsCall, undelegateCall,
        },
        IDurationVaultStrategy::{
            DeallocateAttempted, DeregisterAttempted, DurationAlreadyElapsed, DurationNotElapsed,
            IDurationVaultStrategyCalls, MetadataURIUpdated, OnlyArbitrator,
            StrategyNotSupportedByOperatorSet, VaultAdvancedToWithdrawals, VaultAlreadyLocked, VaultLocked,
            VaultMatured, VaultNotLocked, advanceToWithdrawalsCall, getTVLLimitsCall, isMaturedCall,
            lockCall, lockedAtCall, markMaturedCall, metadataURICall, operatorSetInfoCall,
            operatorSetRegisteredCall, setRewardsClaimerCall, stakeCapCall, stateCall, unlockTimestampCall,
            updateDelegationApproverCall, updateMetadataURICall, updateOperatorMetadataURICall,
        },
        IERC20,
        IPausable::{CurrentlyPaused, OnlyUnpauser, pauseCall},
        IStrategyFactory::{
            self, BlacklistedToken, DurationVaultDeployed, ProhibitedDurationVaultToken, blacklistTokensCall,
            deployDurationVaultStrategyCall, durationVaultsByTokenCall, getDurationVaultsCall,
        },
        IStrategyManager::depositIntoStrategyCall,
        IStrategyTvlLimits::MaxPerDepositExceedsMax,
        ITestToken,
    },
    addresses::{BACKING_EIGEN, EIGEN, STRATEGY_MANAGER, TEST_TOKEN},
    units::WAD,
};

const AVS: Address = Address::repeat_byte(0xa5);
const ADMIN_OF_VAULT: Address = Address::repeat_byte(0xad);
const JUDGE: Address = Address::repeat_byte(0xab);
const DURATION: u32 = 1000;

fn config() -> IStrategyFactory::VaultConfig {
    IStrategyFactory::VaultConfig {
        underlyingToken: TEST_TOKEN,
        vaultAdmin: ADMIN_OF_VAULT,
        arbitrator: JUDGE,
        duration: DURATION,
        maxPerDeposit: u(600),
        stakeCap: u(1000),
        metadataURI: "ipfs://vault".into(),
        operatorSet: IStrategyFactory::OperatorSet { avs: AVS, id: 1 },
        operatorSetRegistrationData: Bytes::new(),
        delegationApprover: Address::ZERO,
        operatorMetadataURI: "ipfs://operator".into(),
    }
}

/// A chain with the set, whose service lets everybody in, and stakers with tokens.
fn with_set(rules: Rules) -> MemHost {
    let params = Params { rules, ..Params::preset(Preset::Fast) };
    let setup = Setup { params: &params, roles: &roles(), dev: true };
    let mut chain = MemHost::new(&setup, chain().block);
    chain.place(AVS, |_, _| Ok(U256::ONE.to_be_bytes::<32>().into()));
    let call = updateAVSMetadataURICall { avs: AVS, metadataURI: "ipfs://avs".into() };
    chain.tell(AVS, ALLOCATION_MANAGER, &call).unwrap();
    let set = CreateSetParamsV2 { operatorSetId: 1, strategies: vec![], slasher: AVS };
    chain.tell(AVS, ALLOCATION_MANAGER, &createOperatorSets_1Call { avs: AVS, params: vec![set] }).unwrap();
    for staker in [ALICE, BOB] {
        chain.tell(staker, TEST_TOKEN, &ITestToken::mintCall { to: staker, value: u(10_000) }).unwrap();
        let call = IERC20::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
        chain.tell(staker, TEST_TOKEN, &call).unwrap();
    }
    chain
}

fn make(chain: &mut MemHost, config: IStrategyFactory::VaultConfig) -> Result<Address> {
    chain.tell(STRANGER, STRATEGY_FACTORY, &deployDurationVaultStrategyCall { config })
}

/// A chain with a vault.
fn with_vault(rules: Rules) -> (MemHost, Address) {
    let mut chain = with_set(rules);
    let vault = make(&mut chain, config()).unwrap();
    (chain, vault)
}

/// A chain with a vault that its set lists, and 500 of Alice in it.
fn with_deposit() -> (MemHost, Address) {
    let (mut chain, vault) = with_vault(Rules::Mainnet);
    support(&mut chain, vault);
    join(&mut chain, ALICE, vault);
    assert_eq!(deposit(&mut chain, ALICE, vault, 500), None);
    (chain, vault)
}

fn support(chain: &mut MemHost, vault: Address) {
    let call = addStrategiesToOperatorSetCall { avs: AVS, operatorSetId: 1, strategies: vec![vault] };
    chain.tell(AVS, ALLOCATION_MANAGER, &call).unwrap();
}

fn join(chain: &mut MemHost, staker: Address, operator: Address) {
    let unsigned = SignatureWithExpiry { signature: Bytes::new(), expiry: u(0) };
    let call = delegateToCall { operator, approverSignatureAndExpiry: unsigned, approverSalt: B256::ZERO };
    chain.tell(staker, DELEGATION_MANAGER, &call).unwrap();
}

fn deposit(chain: &mut MemHost, staker: Address, strategy: Address, amount: u64) -> Option<Error> {
    let call = depositIntoStrategyCall { strategy, token: TEST_TOKEN, amount: u(amount) };
    chain.tell(staker, STRATEGY_MANAGER, &call).err()
}

fn queue(chain: &mut MemHost, staker: Address, strategy: Address, shares: u64) -> Option<Error> {
    let params = QueuedWithdrawalParams {
        strategies: vec![strategy],
        depositShares: vec![u(shares)],
        __deprecated_withdrawer: staker,
    };
    chain.tell(staker, DELEGATION_MANAGER, &queueWithdrawalsCall { params: vec![params] }).err()
}

fn refused<C: SolCall>(chain: &mut MemHost, from: Address, vault: Address, call: &C) -> Option<Error> {
    chain.tell(from, vault, call).err()
}

fn events(chain: &MemHost, at: Address) -> Vec<B256> {
    chain.logs().iter().filter(|log| log.address == at).map(|log| log.topics()[0]).collect()
}

fn phase(chain: &mut MemHost, vault: Address) -> u8 {
    chain.ask(vault, &stateCall {}).unwrap()
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IDurationVaultStrategyCalls::SELECTORS);
}

#[test]
fn a_vault_is_made_as_operator_and_member_of_its_set() {
    let mut chain = with_set(Rules::Mainnet);
    let vault = make(&mut chain, config()).unwrap();
    assert_eq!(vault, STRATEGY_FACTORY.create(2));
    let topics: Vec<(Address, B256)> =
        chain.logs().iter().map(|log| (log.address, log.topics()[0])).collect();
    use types::abi::{IAllocationManager as Am, IDelegationManager as Dm, IDurationVaultStrategy as Vault};
    let expected = [
        (vault, Vault::MaxPerDepositUpdated::SIGNATURE_HASH),
        (vault, Vault::MaxTotalDepositsUpdated::SIGNATURE_HASH),
        (vault, Vault::Paused::SIGNATURE_HASH),
        (vault, Vault::StrategyTokenSet::SIGNATURE_HASH),
        (ALLOCATION_MANAGER, Am::AllocationDelaySet::SIGNATURE_HASH),
        (DELEGATION_MANAGER, Dm::DelegationApproverUpdated::SIGNATURE_HASH),
        (DELEGATION_MANAGER, Dm::StakerDelegated::SIGNATURE_HASH),
        (DELEGATION_MANAGER, Dm::OperatorRegistered::SIGNATURE_HASH),
        (DELEGATION_MANAGER, Dm::OperatorMetadataURIUpdated::SIGNATURE_HASH),
        (ALLOCATION_MANAGER, Am::OperatorAddedToOperatorSet::SIGNATURE_HASH),
        (vault, VaultInitialized::SIGNATURE_HASH),
        (STRATEGY_MANAGER, types::abi::IStrategyManager::StrategyAddedToDepositWhitelist::SIGNATURE_HASH),
        (STRATEGY_FACTORY, DurationVaultDeployed::SIGNATURE_HASH),
    ];
    assert_eq!(topics, expected);
    assert_eq!(phase(&mut chain, vault), 1);
    assert_eq!(chain.ask(vault, &operatorSetRegisteredCall {}), Ok(true));
    let set = chain.ask(vault, &operatorSetInfoCall {}).unwrap();
    assert_eq!((set.avs, set.operatorSetId), (AVS, 1));
    assert_eq!(chain.ask(vault, &metadataURICall {}), Ok("ipfs://vault".into()));
    assert_eq!(chain.ask(vault, &stakeCapCall {}), Ok(u(1000)));

    let second = make(&mut chain, config()).unwrap();
    let listed = chain.ask(STRATEGY_FACTORY, &getDurationVaultsCall { token: TEST_TOKEN });
    assert_eq!(listed, Ok(vec![vault, second]), "any number a token");
    let at = |place| durationVaultsByTokenCall { _0: TEST_TOKEN, _1: place };
    assert_eq!(chain.ask(STRATEGY_FACTORY, &at(u(1))), Ok(second));
    assert_eq!(chain.ask(STRATEGY_FACTORY, &at(u(2))), Err(empty_revert()));
    assert_eq!(chain.ask(STRATEGY_FACTORY, &at(U256::MAX)), Err(empty_revert()));
}

#[test]
fn checks_of_the_making_come_in_order() {
    let mut chain = with_set(Rules::Pinned);
    let before = chain.accounts.clone();
    let mut wrong = config();
    wrong.operatorSet.avs = Address::ZERO;
    (wrong.vaultAdmin, wrong.arbitrator) = (Address::ZERO, Address::ZERO);
    (wrong.duration, wrong.maxPerDeposit) = (0, u(1001));
    assert_eq!(make(&mut chain, wrong.clone()), Err(reverts(InvalidVaultAdmin {})));
    wrong.vaultAdmin = ADMIN_OF_VAULT;
    assert_eq!(make(&mut chain, wrong.clone()), Err(reverts(InvalidArbitrator {})));
    wrong.arbitrator = JUDGE;
    assert_eq!(make(&mut chain, wrong.clone()), Err(reverts(InvalidDuration {})));
    wrong.duration = 730 * 86_400 + 1;
    assert_eq!(make(&mut chain, wrong.clone()), Err(reverts(InvalidDuration {})));
    wrong.duration = 730 * 86_400;
    assert_eq!(make(&mut chain, wrong.clone()), Err(reverts(MaxPerDepositExceedsMax {})));
    wrong.maxPerDeposit = u(1000);
    wrong.underlyingToken = BOB;
    let silent = Err(says("Address: low-level delegate call failed"));
    assert_eq!(make(&mut chain, wrong.clone()), silent, "no decimals");
    wrong.underlyingToken = TEST_TOKEN;
    assert_eq!(make(&mut chain, wrong.clone()), Err(reverts(OperatorIntegrationInvalid {})));
    wrong.operatorSet = IStrategyFactory::OperatorSet { avs: AVS, id: 9 };
    let no_set = IAllocationManager::InvalidOperatorSet {};
    assert_eq!(make(&mut chain, wrong), Err(reverts(no_set)));
    assert_eq!(chain.accounts, before, "nothing is left");
    chain.tell(OWNER, STRATEGY_FACTORY, &blacklistTokensCall { tokens: vec![TEST_TOKEN] }).unwrap();
    assert_eq!(make(&mut chain, config()), Err(reverts(BlacklistedToken {})));
    chain.tell(PAUSER, STRATEGY_FACTORY, &pauseCall { newPausedStatus: u(1) }).unwrap();
    assert_eq!(make(&mut chain, config()), Err(reverts(CurrentlyPaused {})));
}

#[test]
fn since_elip_017_the_blacklist_is_no_matter_of_vaults() {
    let (mut chain, vault) = with_vault(Rules::Mainnet);
    chain.tell(OWNER, STRATEGY_FACTORY, &blacklistTokensCall { tokens: vec![TEST_TOKEN] }).unwrap();
    join(&mut chain, ALICE, vault);
    assert_eq!(deposit(&mut chain, ALICE, vault, 1), None);
    assert!(make(&mut chain, config()).is_ok());
    for token in [EIGEN, BACKING_EIGEN] {
        let own = IStrategyFactory::VaultConfig { underlyingToken: token, ..config() };
        assert_eq!(make(&mut chain, own), Err(reverts(ProhibitedDurationVaultToken {})));
    }
    let (mut chain, vault) = with_vault(Rules::Pinned);
    chain.tell(OWNER, STRATEGY_FACTORY, &blacklistTokensCall { tokens: vec![TEST_TOKEN] }).unwrap();
    join(&mut chain, ALICE, vault);
    assert_eq!(deposit(&mut chain, ALICE, vault, 1), Some(reverts(UnderlyingTokenBlacklisted {})));
}

#[test]
fn deposits_are_for_delegators_within_the_limits() {
    let (mut chain, vault) = with_vault(Rules::Mainnet);
    let stranger = Some(reverts(MustBeDelegatedToVaultOperator {}));
    assert_eq!(deposit(&mut chain, ALICE, vault, 9999), stranger, "before the limits");
    join(&mut chain, ALICE, vault);
    let too_much = Some(reverts(DepositExceedsMaxPerDeposit {}));
    assert_eq!(deposit(&mut chain, ALICE, vault, 601), too_much);
    assert_eq!(deposit(&mut chain, ALICE, vault, 600), None);
    let full = Some(reverts(BalanceExceedsMaxTotalDeposits {}));
    assert_eq!(deposit(&mut chain, ALICE, vault, 401), full);
    assert_eq!(deposit(&mut chain, ALICE, vault, 400), None);
    assert_eq!(queue(&mut chain, ALICE, vault, 300), None);
    assert_eq!(deposit(&mut chain, ALICE, vault, 300), None, "what is queued makes room");
    let hook = beforeAddSharesCall { staker: ALICE, shares: u(1) };
    let only_manager = types::abi::IStrategy::OnlyStrategyManager {};
    assert_eq!(refused(&mut chain, STRANGER, vault, &hook), Some(reverts(only_manager)));
}

#[test]
fn a_lock_allocates_everything_and_lets_nobody_in_or_out() {
    let (mut chain, vault) = with_vault(Rules::Mainnet);
    assert_eq!(refused(&mut chain, STRANGER, vault, &lockCall {}), Some(reverts(OnlyVaultAdmin {})));
    let unsupported = Some(reverts(StrategyNotSupportedByOperatorSet {}));
    assert_eq!(refused(&mut chain, ADMIN_OF_VAULT, vault, &lockCall {}), unsupported);
    support(&mut chain, vault);
    join(&mut chain, ALICE, vault);
    assert_eq!(deposit(&mut chain, ALICE, vault, 500), None);
    assert_eq!(queue(&mut chain, ALICE, vault, 100), None);
    chain.tell(ADMIN_OF_VAULT, vault, &lockCall {}).unwrap();
    let now = u32::try_from(chain.block.timestamp).unwrap();
    let event = VaultLocked { lockedAt: now, unlockAt: now + DURATION };
    assert_eq!(chain.logs()[0].data, event.encode_log_data());
    assert_eq!(phase(&mut chain, vault), 2);
    assert_eq!(chain.ask(vault, &lockedAtCall {}), Ok(now));
    assert_eq!(chain.ask(vault, &unlockTimestampCall {}), Ok(now + DURATION));
    let set = IAllocationManager::OperatorSet { avs: AVS, id: 1 };
    let ask = getAllocationCall { operator: vault, operatorSet: set, strategy: vault };
    let pending = chain.ask(ALLOCATION_MANAGER, &ask).unwrap();
    assert_eq!((pending.pendingDiff, pending.effectBlock), (i128::from(WAD), 1011), "delay 10 + 1");
    let again = refused(&mut chain, ADMIN_OF_VAULT, vault, &lockCall {});
    assert_eq!(again, Some(reverts(VaultAlreadyLocked {})));
    assert_eq!(deposit(&mut chain, ALICE, vault, 1), Some(reverts(DepositsLocked {})));
    let locked = Some(reverts(WithdrawalsLockedDuringAllocations {}));
    assert_eq!(queue(&mut chain, ALICE, vault, 1), locked);
    let leave = chain.tell(ALICE, DELEGATION_MANAGER, &undelegateCall { staker: ALICE });
    assert_eq!(leave.err(), locked);
    chain.block.number += 11;
    let ask = types::abi::IDelegationManager::getQueuedWithdrawalsCall { staker: ALICE };
    let withdrawal = chain.ask(DELEGATION_MANAGER, &ask).unwrap().withdrawals.remove(0);
    let complete = types::abi::IDelegationManager::completeQueuedWithdrawalCall {
        withdrawal,
        tokens: vec![TEST_TOKEN],
        receiveAsTokens: true,
    };
    assert!(chain.tell(ALICE, DELEGATION_MANAGER, &complete).is_ok(), "queued before the lock");
}

#[test]
fn at_maturity_it_frees_its_stake_and_leaves_its_set() {
    let (mut chain, vault) = with_deposit();
    let early = Some(reverts(DurationNotElapsed {}));
    assert_eq!(refused(&mut chain, STRANGER, vault, &markMaturedCall {}), early, "not even locked");
    chain.tell(ADMIN_OF_VAULT, vault, &lockCall {}).unwrap();
    chain.block.number += 11;
    chain.block.timestamp += u64::from(DURATION) - 1;
    assert_eq!(refused(&mut chain, STRANGER, vault, &markMaturedCall {}), early);
    chain.block.timestamp += 1;
    let late = refused(&mut chain, JUDGE, vault, &advanceToWithdrawalsCall {});
    assert_eq!(late, Some(reverts(DurationAlreadyElapsed {})));
    chain.tell(STRANGER, vault, &markMaturedCall {}).unwrap();
    let own = [
        VaultMatured::SIGNATURE_HASH,
        DeallocateAttempted::SIGNATURE_HASH,
        DeregisterAttempted::SIGNATURE_HASH,
    ];
    assert_eq!(events(&chain, vault), own);
    let outcomes: Vec<Bytes> =
        chain.logs().iter().filter(|log| log.address == vault).map(|log| log.data.data.clone()).collect();
    assert_eq!(outcomes[1..], [true.abi_encode(), true.abi_encode()]);
    let set = IAllocationManager::OperatorSet { avs: AVS, id: 1 };
    let ask = isMemberOfOperatorSetCall { operator: vault, operatorSet: set };
    assert_eq!(chain.ask(ALLOCATION_MANAGER, &ask), Ok(false));
    assert_eq!((phase(&mut chain, vault), chain.ask(vault, &isMaturedCall {})), (3, Ok(true)));
    assert_eq!(queue(&mut chain, ALICE, vault, 500), None);
    assert_eq!(deposit(&mut chain, ALICE, vault, 1), Some(reverts(DepositsLocked {})));
    chain.tell(STRANGER, vault, &markMaturedCall {}).unwrap();
    assert_eq!(events(&chain, vault), own[1..], "again: clean-up only");
}

#[test]
fn what_fails_at_maturity_is_tried_again() {
    let (mut chain, vault) = with_deposit();
    chain.tell(ADMIN_OF_VAULT, vault, &lockCall {}).unwrap();
    chain.tell(PAUSER, ALLOCATION_MANAGER, &pauseCall { newPausedStatus: u(0b101) }).unwrap();
    chain.block.number += 11;
    chain.block.timestamp += u64::from(DURATION);
    let outcomes = |chain: &MemHost| -> Vec<bool> {
        let own = chain.logs().iter().filter(|log| log.address == vault);
        let attempts = own.filter(|log| log.topics()[0] != VaultMatured::SIGNATURE_HASH);
        attempts.map(|log| bool::abi_decode(&log.data.data).unwrap()).collect()
    };
    chain.tell(STRANGER, vault, &markMaturedCall {}).unwrap();
    assert_eq!(outcomes(&chain), [false, false], "AllocationManager is paused");
    let call = types::abi::IPausable::unpauseCall { newPausedStatus: u(0) };
    chain.tell(UNPAUSER, ALLOCATION_MANAGER, &call).unwrap();
    chain.tell(STRANGER, vault, &markMaturedCall {}).unwrap();
    assert_eq!(outcomes(&chain), [true, true]);
}

#[test]
fn the_arbitrator_ends_a_lock_early() {
    let (mut chain, vault) = with_deposit();
    let advance = advanceToWithdrawalsCall {};
    assert_eq!(refused(&mut chain, STRANGER, vault, &advance), Some(reverts(OnlyArbitrator {})));
    assert_eq!(refused(&mut chain, JUDGE, vault, &advance), Some(reverts(VaultNotLocked {})));
    chain.tell(ADMIN_OF_VAULT, vault, &lockCall {}).unwrap();
    chain.tell(JUDGE, vault, &advance).unwrap();
    let now = u32::try_from(chain.block.timestamp).unwrap();
    let event = VaultAdvancedToWithdrawals { arbitrator: JUDGE, maturedAt: now };
    assert_eq!(chain.logs()[1].data, event.encode_log_data());
    let pending = chain.logs().iter().find(|log| log.topics()[0] == DeallocateAttempted::SIGNATURE_HASH);
    assert_eq!(pending.unwrap().data.data, false.abi_encode(), "the allocation is still pending");
    assert_eq!(phase(&mut chain, vault), 3);
    chain.tell(JUDGE, vault, &advance).unwrap();
    assert_eq!(events(&chain, vault).first(), Some(&DeallocateAttempted::SIGNATURE_HASH));
}

#[test]
fn the_admin_describes_and_limits_the_vault() {
    let (mut chain, vault) = with_vault(Rules::Mainnet);
    let limits = updateTVLLimitsCall { newMaxPerDeposit: u(5), newStakeCap: u(4) };
    let only_admin = Some(reverts(OnlyVaultAdmin {}));
    assert_eq!(refused(&mut chain, STRANGER, vault, &limits), only_admin);
    let too_much = refused(&mut chain, ADMIN_OF_VAULT, vault, &limits);
    assert_eq!(too_much, Some(reverts(MaxPerDepositExceedsMax {})));
    let limits = updateTVLLimitsCall { newMaxPerDeposit: u(4), newStakeCap: u(5) };
    chain.tell(ADMIN_OF_VAULT, vault, &limits).unwrap();
    let both = chain.ask(vault, &getTVLLimitsCall {}).unwrap();
    assert_eq!((both._0, both._1), (u(4), u(5)));
    let set = setTVLLimitsCall { newMaxPerDeposit: u(6), newMaxTotalDeposits: u(7) };
    assert_eq!(refused(&mut chain, ADMIN_OF_VAULT, vault, &set), Some(reverts(OnlyUnpauser {})));
    chain.tell(UNPAUSER, vault, &set).unwrap();

    let uri = updateMetadataURICall { newMetadataURI: "ipfs://new".into() };
    assert_eq!(refused(&mut chain, STRANGER, vault, &uri), only_admin);
    chain.tell(ADMIN_OF_VAULT, vault, &uri).unwrap();
    let event = MetadataURIUpdated { newMetadataURI: "ipfs://new".into() };
    assert_eq!(chain.logs()[0].data, event.encode_log_data());
    assert_eq!(chain.ask(vault, &metadataURICall {}), Ok("ipfs://new".into()));
    let approver = updateDelegationApproverCall { newDelegationApprover: BOB };
    assert_eq!(refused(&mut chain, STRANGER, vault, &approver), only_admin);
    assert!(chain.tell(ADMIN_OF_VAULT, vault, &approver).is_ok());
    let operator = updateOperatorMetadataURICall { newOperatorMetadataURI: "x".into() };
    assert_eq!(refused(&mut chain, STRANGER, vault, &operator), only_admin);
    assert!(chain.tell(ADMIN_OF_VAULT, vault, &operator).is_ok());
    let claimer = setRewardsClaimerCall { claimer: BOB };
    assert_eq!(refused(&mut chain, STRANGER, vault, &claimer), only_admin);
    let no_rewards = refused(&mut chain, ADMIN_OF_VAULT, vault, &claimer);
    assert_eq!(no_rewards, Some(empty_revert()), "RewardsCoordinator has no code yet");

    support(&mut chain, vault);
    chain.tell(ADMIN_OF_VAULT, vault, &lockCall {}).unwrap();
    let locked = Some(reverts(DepositsLocked {}));
    assert_eq!(refused(&mut chain, ADMIN_OF_VAULT, vault, &limits), locked);
    assert_eq!(refused(&mut chain, UNPAUSER, vault, &set), locked);
}
