//! StrategyBase: one token, held in shares (restaking-core §2.2). A strategy is an instance; StrategyManager is the
//! only one who moves its shares. [`limits`] adds caps, [`client`] is how other contracts reach any strategy.

pub mod client;
mod dispatch;
pub mod limits;
mod state;
#[cfg(test)]
mod tests;

pub use dispatch::main;
pub(crate) use dispatch::shared as shared_verbs;

use crate::{
    erc20,
    host::{Host, Result, View, call_native, emit, require},
    math::{self, WAD_U256},
    storage::Slot,
    strategy_manager,
};
use alloy_primitives::{Address, U256};
use state::{STATE, State};
use types::{
    abi::{
        IPausable::{CurrentlyPaused, Paused},
        IStrategy::{
            ExchangeRateEmitted, NewSharesZero, OnlyStrategyManager, OnlyUnderlyingToken, StrategyTokenSet,
            TotalSharesExceedsMax, WithdrawalAmountExceedsTotalDeposits, beforeAddSharesCall,
            beforeRemoveSharesCall, depositCall, sharesCall, underlyingTokenCall, withdrawCall,
        },
        IStrategyManager::stakerDepositSharesCall,
    },
    addresses::STRATEGY_MANAGER,
};

/// The kind of instance that is a plain strategy.
pub const KIND: u16 = 1;

/// What `explanation()` answers.
const EXPLANATION: &str = "Base Strategy implementation to inherit from for more complex implementations";

/// Shares, and token units, that exist virtually: they make the rate of an empty strategy 1 and keep the first
/// depositor from inflating it.
const OFFSET: U256 = U256::from_limbs([1_000, 0, 0, 0]);

/// 10^38 − 1.
const MAX_TOTAL_SHARES: U256 = U256::from_limbs([0x098a_223f_ffff_ffff, 0x4b3b_4ca8_5a86_c47a, 0, 0]);

/// The pause bit that stops deposits.
const PAUSED_DEPOSITS: usize = 0;
/// The pause bit that stops withdrawals.
const PAUSED_WITHDRAWALS: usize = 1;

const UNDERLYING_TOKEN: Slot<Address> = Slot::at(1);

/// The storage of a strategy of `token` in a genesis state.
pub fn genesis(token: Address) -> Vec<(U256, U256)> {
    vec![UNDERLYING_TOKEN.entry(token)]
}

/// Makes a strategy of `token` whose creator is the running contract, and answers with its address.
///
/// # Errors
/// The token's where it does not tell its decimals.
pub fn create(host: &mut dyn Host, token: Address) -> Result<Address> {
    let strategy = host.create_instance(KIND)?;
    let call = types::abi::IStrategy::initializeCall { _underlyingToken: token };
    call_native(host, strategy, call, |host, call| initialize(host, call._underlyingToken))?;
    Ok(strategy)
}

/// Sets a strategy up, whose creator calls.
///
/// # Errors
/// The token's where it does not tell its decimals.
pub(crate) fn initialize(host: &mut dyn Host, token: Address) -> Result<()> {
    UNDERLYING_TOKEN.set(host, token)?;
    let account = host.msg().sender;
    emit(host, &Paused { account, newPausedStatus: U256::ZERO })?;
    let decimals = erc20::decimals(host, token)?;
    emit(host, &StrategyTokenSet { token, decimals })
}

/// Turns `call.amount` of the token, which has arrived already, into shares.
///
/// # Errors
/// In this order: `CurrentlyPaused`, `OnlyStrategyManager`, `OnlyUnderlyingToken`, `NewSharesZero`,
/// `TotalSharesExceedsMax`; a panic where the token's balance did not grow by the amount.
pub fn deposit(host: &mut dyn Host, call: depositCall) -> Result<U256> {
    deposit_after(host, call, |host, call| require_underlying(host, call.token))
}

/// Deposits after a check that comes after that of the caller, and tells which token the strategy holds.
///
/// # Errors
/// Those of [`deposit`], with the check's in the token's place.
pub(crate) fn deposit_after(
    host: &mut dyn Host,
    call: depositCall,
    check: impl FnOnce(&mut dyn Host, &depositCall) -> Result<Address>,
) -> Result<U256> {
    let mut state = State::load(host)?;
    require(state.is_running(PAUSED_DEPOSITS), CurrentlyPaused {})?;
    require_strategy_manager(host)?;
    let token = check(host, &call)?;

    let balance = virtual_balance(host, token)?;
    let before = math::sub(balance, call.amount)?;
    let new_shares = math::div(math::mul(call.amount, state.virtual_shares()?)?, before)?;
    require(!new_shares.is_zero(), NewSharesZero {})?;
    state.total_shares = math::add(state.total_shares, new_shares)?;
    require(state.total_shares <= MAX_TOTAL_SHARES, TotalSharesExceedsMax {})?;
    state.store(host)?;
    emit_rate(host, balance, state)?;
    Ok(new_shares)
}

/// Pays out what `call.amountShares` are worth, and answers with the amount.
///
/// # Errors
/// In this order: `CurrentlyPaused`, `OnlyStrategyManager`, `OnlyUnderlyingToken`,
/// `WithdrawalAmountExceedsTotalDeposits`, the token's.
pub fn withdraw(host: &mut dyn Host, call: withdrawCall) -> Result<U256> {
    let token = call.token;
    withdraw_through(host, call, |host| require_underlying(host, token), |_, _| Ok(()))
}

/// Pays out in `call.token`. `held` checks that token and tells which one the strategy holds; `prepare` makes the
/// amount out of it.
///
/// # Errors
/// Those of [`withdraw`], with those of `held` in the token's place.
pub(crate) fn withdraw_through(
    host: &mut dyn Host,
    call: withdrawCall,
    held: impl FnOnce(&mut dyn Host) -> Result<Address>,
    prepare: impl FnOnce(&mut dyn Host, U256) -> Result<()>,
) -> Result<U256> {
    let mut state = State::load(host)?;
    require(state.is_running(PAUSED_WITHDRAWALS), CurrentlyPaused {})?;
    require_strategy_manager(host)?;
    let token = held(host)?;
    require(call.amountShares <= state.total_shares, WithdrawalAmountExceedsTotalDeposits {})?;

    let balance = virtual_balance(host, token)?;
    let amount = math::div(math::mul(balance, call.amountShares)?, state.virtual_shares()?)?;
    state.total_shares = math::sub(state.total_shares, call.amountShares)?;
    state.store(host)?;
    emit_rate(host, math::sub(balance, amount)?, state)?;
    prepare(host, amount)?;
    erc20::safe_transfer(host, call.token, call.recipient, amount)?;
    Ok(amount)
}

/// StrategyManager tells before it credits a staker.
///
/// # Errors
/// `OnlyStrategyManager`.
pub fn before_add_shares(host: &mut dyn Host, _: beforeAddSharesCall) -> Result<()> {
    require_strategy_manager(host)
}

/// StrategyManager tells before it debits a staker.
///
/// # Errors
/// `OnlyStrategyManager`.
pub fn before_remove_shares(host: &mut dyn Host, _: beforeRemoveSharesCall) -> Result<()> {
    require_strategy_manager(host)
}

/// The token held.
///
/// # Errors
/// Out of gas, or the node's.
pub fn underlying_token<V: View + ?Sized>(view: &mut V, _: underlyingTokenCall) -> Result<Address> {
    Ok(UNDERLYING_TOKEN.get(view)?)
}

/// The token held.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn token<V: View + ?Sized>(view: &mut V) -> Result<Address> {
    Ok(UNDERLYING_TOKEN.get(view)?)
}

fn total_shares<V: View + ?Sized>(view: &mut V) -> Result<U256> {
    Ok(State::load(view)?.total_shares)
}

/// What shares are worth now, rounded down.
pub(crate) fn shares_to_underlying<V: View + ?Sized>(view: &mut V, shares: U256) -> Result<U256> {
    let state = State::load(view)?;
    let token = UNDERLYING_TOKEN.get(view)?;
    let balance = virtual_balance(view, token)?;
    math::div(math::mul(balance, shares)?, state.virtual_shares()?)
}

/// The shares that an amount would buy were it not in the balance already, rounded down.
fn underlying_to_shares<V: View + ?Sized>(view: &mut V, amount: U256) -> Result<U256> {
    let state = State::load(view)?;
    let token = UNDERLYING_TOKEN.get(view)?;
    let balance = virtual_balance(view, token)?;
    math::div(math::mul(amount, state.virtual_shares()?)?, balance)
}

/// A staker's deposit shares, as if nothing had been slashed.
fn shares<V: View + ?Sized>(view: &mut V, call: sharesCall) -> Result<U256> {
    let strategy = view.msg().this;
    let call = stakerDepositSharesCall { staker: call.user, strategy };
    call_native(view, STRATEGY_MANAGER, call, strategy_manager::staker_deposit_shares)
}

fn user_underlying<V: View + ?Sized>(view: &mut V, user: Address) -> Result<U256> {
    let shares = shares(view, sharesCall { user })?;
    shares_to_underlying(view, shares)
}

/// Lets only StrategyManager pass.
///
/// # Errors
/// `OnlyStrategyManager`.
pub(crate) fn require_strategy_manager<V: View + ?Sized>(view: &mut V) -> Result<()> {
    require(view.msg().sender == STRATEGY_MANAGER, OnlyStrategyManager {})
}

fn require_underlying<V: View + ?Sized>(view: &mut V, token: Address) -> Result<Address> {
    require(UNDERLYING_TOKEN.get(view)? == token, OnlyUnderlyingToken {})?;
    Ok(token)
}

fn virtual_balance<V: View + ?Sized>(view: &mut V, token: Address) -> Result<U256> {
    let this = view.msg().this;
    math::add(erc20::balance_of(view, token, this)?, OFFSET)
}

/// Tokens of one share, with 18 decimals, virtual units included.
fn emit_rate(host: &mut dyn Host, virtual_balance: U256, state: State) -> Result<()> {
    let rate = math::div(math::mul(WAD_U256, virtual_balance)?, state.virtual_shares()?)?;
    emit(host, &ExchangeRateEmitted { rate })
}
