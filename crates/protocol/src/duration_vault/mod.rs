//! DurationVaultStrategy: a strategy that is its own operator in one operator set (restaking-core §2.2). Deposits, then
//! a lock with all stake allocated to the set, then withdrawals. Its reward splits come with the rewards.

mod dispatch;
mod lifecycle;
#[cfg(test)]
mod tests;
mod views;

pub use dispatch::main;

use crate::{
    blobs::Blobs,
    delegation_manager,
    dispatch::call as call_contract,
    host::{Host, Result, View, call_native, emit, require},
    ledger::{Labelled, Operator, STAKERS, high, limb, low},
    math, operator_set,
    pausable::require_unpauser,
    storage::{Slot, Word},
    strategy_base::{self, limits, shares_to_underlying},
    strategy_factory,
};
use alloy_primitives::{Address, B256, U256};
use types::{
    Rules,
    abi::{
        IAllocationManager::{self, RegisterParams, registerForOperatorSetsCall},
        IDelegationManager::registerAsOperatorCall,
        IDurationVaultStrategy::{
            BalanceExceedsMaxTotalDeposits, DepositExceedsMaxPerDeposit, DepositsLocked, InvalidArbitrator,
            InvalidDuration, InvalidVaultAdmin, MustBeDelegatedToVaultOperator, OnlyVaultAdmin,
            OperatorIntegrationInvalid, UnderlyingTokenBlacklisted, VaultConfig, VaultInitialized,
            WithdrawalsLockedDuringAllocations, initialize_0Call, setTVLLimitsCall, updateTVLLimitsCall,
        },
        IStrategy::{beforeAddSharesCall, beforeRemoveSharesCall},
        IStrategyFactory::isBlacklistedCall,
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_FACTORY},
};

/// The kind of instance that is a duration vault.
pub const KIND: u16 = 3;

/// The longest lock: two years of 365 days.
const MAX_DURATION_SECS: u32 = 2 * 365 * 86_400;

const ADMIN: Slot<AdminRow> = Slot::at(5);
const ARBITRATOR: Slot<ArbitratorRow> = Slot::at(6);
/// The key of the one operator set.
const SET: Slot<B256> = Slot::at(7);
/// The one string: where the vault describes itself.
const METADATA: Blobs<u64> = Blobs::at([8, 9]);
const METADATA_KEY: u64 = 0;

/// Where a vault stands. The numbers are the ABI's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Being made.
    #[default]
    Uninitialized,
    /// Takes deposits.
    Deposits,
    /// Locked, all stake allocated.
    Allocations,
    /// Over: stake leaves.
    Withdrawals,
}

impl Phase {
    const fn number(self) -> u8 {
        match self {
            Self::Uninitialized => 0,
            Self::Deposits => 1,
            Self::Allocations => 2,
            Self::Withdrawals => 3,
        }
    }

    const fn of(number: u64) -> Self {
        match number {
            1 => Self::Deposits,
            2 => Self::Allocations,
            3 => Self::Withdrawals,
            _ => Self::Uninitialized,
        }
    }
}

/// Who locks the vault, for how long, since when, until when.
#[derive(Clone, Copy, Debug, Default)]
struct AdminRow {
    admin: Address,
    duration_secs: u32,
    locked_at: u32,
    unlock_at: u32,
}

impl Word for AdminRow {
    fn to_word(self) -> U256 {
        let large = limb(self.unlock_at, self.locked_at);
        Labelled { address: self.admin, small: self.duration_secs, large }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, small, large } = Labelled::from_word(word);
        Self { admin: address, duration_secs: small, locked_at: low(large), unlock_at: high(large) }
    }
}

/// Who may end the lock early, when it ended, and where the vault stands.
#[derive(Clone, Copy, Debug, Default)]
struct ArbitratorRow {
    arbitrator: Address,
    matured_at: u32,
    phase: Phase,
}

impl Word for ArbitratorRow {
    fn to_word(self) -> U256 {
        let large = u64::from(self.phase.number());
        Labelled { address: self.arbitrator, small: self.matured_at, large }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, small, large } = Labelled::from_word(word);
        Self { arbitrator: address, matured_at: small, phase: Phase::of(large) }
    }
}

/// Makes a vault whose creator is the running contract, and answers with its address.
///
/// # Errors
/// In this order: `InvalidVaultAdmin`, `InvalidArbitrator`, `InvalidDuration`, `MaxPerDepositExceedsMax`, the token's
/// where it does not tell its decimals, `OperatorIntegrationInvalid`, those of the registration.
pub fn create(host: &mut dyn Host, config: VaultConfig) -> Result<Address> {
    let vault = host.create_instance(KIND)?;
    call_native(host, vault, initialize_0Call { config }, |host, call| initialize(host, call.config))?;
    Ok(vault)
}

fn initialize(host: &mut dyn Host, config: VaultConfig) -> Result<()> {
    require(!config.vaultAdmin.is_zero(), InvalidVaultAdmin {})?;
    require(!config.arbitrator.is_zero(), InvalidArbitrator {})?;
    let duration = config.duration;
    require(duration != 0 && duration <= MAX_DURATION_SECS, InvalidDuration {})?;
    limits::set(host, config.maxPerDeposit, config.stakeCap)?;
    strategy_base::initialize(host, config.underlyingToken)?;
    let admin = AdminRow { admin: config.vaultAdmin, duration_secs: duration, ..AdminRow::default() };
    ADMIN.set(host, admin)?;
    let mut row = ArbitratorRow { arbitrator: config.arbitrator, ..ArbitratorRow::default() };
    ARBITRATOR.set(host, row)?;
    METADATA.set(host, METADATA_KEY, config.metadataURI.as_bytes())?;
    join_set(host, &config)?;
    row.phase = Phase::Deposits;
    ARBITRATOR.set(host, row)?;
    emit(
        host,
        &VaultInitialized {
            vaultAdmin: config.vaultAdmin,
            arbitrator: config.arbitrator,
            underlyingToken: config.underlyingToken,
            duration,
            maxPerDeposit: config.maxPerDeposit,
            stakeCap: config.stakeCap,
            metadataURI: config.metadataURI,
        },
    )
}

/// Makes the vault an operator, and a member of its set. The allocation delay is longer than the withdrawal delay, so
/// that nothing queued before a lock is slashable by it.
fn join_set(host: &mut dyn Host, config: &VaultConfig) -> Result<()> {
    let set = &config.operatorSet;
    require(!set.avs.is_zero(), OperatorIntegrationInvalid {})?;
    SET.set(host, operator_set::key(set.avs, set.id))?;
    let delay = host.params().withdrawal_delay_blocks;
    let delay = delay.checked_add(1).ok_or_else(|| math::panic(alloy_sol_types::PanicKind::UnderOverflow))?;
    let call = registerAsOperatorCall {
        initDelegationApprover: config.delegationApprover,
        allocationDelay: delay,
        metadataURI: config.operatorMetadataURI.clone(),
    };
    call_native(host, DELEGATION_MANAGER, call, |host, call| {
        delegation_manager::register_as_operator(host, call)
    })?;
    let params = RegisterParams {
        avs: set.avs,
        operatorSetIds: vec![set.id],
        data: config.operatorSetRegistrationData.clone(),
    };
    let operator = host.msg().this;
    call_contract(host, ALLOCATION_MANAGER, &registerForOperatorSetsCall { operator, params })?;
    Ok(())
}

/// Lets a credit pass while deposits are open and within the limits.
///
/// # Errors
/// In this order: `OnlyStrategyManager`, `DepositsLocked`, `UnderlyingTokenBlacklisted`,
/// `MustBeDelegatedToVaultOperator`, `DepositExceedsMaxPerDeposit`, `BalanceExceedsMaxTotalDeposits`.
pub fn before_add_shares(host: &mut dyn Host, call: beforeAddSharesCall) -> Result<()> {
    strategy_base::require_strategy_manager(host)?;
    let beforeAddSharesCall { staker, shares } = call;
    require_deposits_open(host)?;
    require_token_allowed(host)?;
    let vault = host.msg().this;
    let operator = STAKERS.get(host, staker)?.operator(staker);
    require(operator == vault, MustBeDelegatedToVaultOperator {})?;
    let (per_deposit, cap) = limits::both(host)?;
    let value = shares_to_underlying(host, shares)?;
    require(value <= per_deposit, DepositExceedsMaxPerDeposit {})?;
    let held = Operator::load(host, vault, vault)?.shares.0;
    let value = shares_to_underlying(host, math::add(held, shares)?)?;
    require(value <= cap, BalanceExceedsMaxTotalDeposits {})
}

/// Since ELIP-017 the blacklist says nothing about vaults.
fn require_token_allowed(host: &mut dyn Host) -> Result<()> {
    if host.params().rules == Rules::Mainnet {
        return Ok(());
    }
    let token = strategy_base::token(host)?;
    let call = isBlacklistedCall { token };
    let listed = call_native(host, STRATEGY_FACTORY, call, strategy_factory::is_blacklisted)?;
    require(!listed, UnderlyingTokenBlacklisted {})
}

/// Lets a debit pass unless the vault is locked.
///
/// # Errors
/// `OnlyStrategyManager`, `WithdrawalsLockedDuringAllocations`.
pub fn before_remove_shares(host: &mut dyn Host, _: beforeRemoveSharesCall) -> Result<()> {
    strategy_base::require_strategy_manager(host)?;
    let phase = ARBITRATOR.get(host)?.phase;
    require(phase != Phase::Allocations, WithdrawalsLockedDuringAllocations {})
}

fn update_tvl_limits(host: &mut dyn Host, call: updateTVLLimitsCall) -> Result<()> {
    require_admin(host)?;
    require_deposits_open(host)?;
    limits::set(host, call.newMaxPerDeposit, call.newStakeCap)
}

fn set_tvl_limits(host: &mut dyn Host, call: setTVLLimitsCall) -> Result<()> {
    require_unpauser(host)?;
    require_deposits_open(host)?;
    limits::set(host, call.newMaxPerDeposit, call.newMaxTotalDeposits)
}

fn require_admin(host: &mut dyn Host) -> Result<AdminRow> {
    let row = ADMIN.get(host)?;
    require(host.msg().sender == row.admin, OnlyVaultAdmin {})?;
    Ok(row)
}

fn require_deposits_open(host: &mut dyn Host) -> Result<()> {
    let phase = ARBITRATOR.get(host)?.phase;
    require(phase == Phase::Deposits, DepositsLocked {})
}

fn set_of<V: View + ?Sized>(view: &mut V) -> Result<IAllocationManager::OperatorSet> {
    let (avs, id) = operator_set::parts(SET.get(view)?);
    Ok(IAllocationManager::OperatorSet { avs, id })
}
