//! StrategyBaseTVLLimits: a strategy with a cap on each deposit and on the balance (restaking-core §2.2). The caps
//! are checked after the tokens have moved, so donations count.

use super::{UNDERLYING_TOKEN, deposit_after, dispatch::shared, require_underlying};
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    erc20,
    host::{Host, Result, View, emit, require},
    pausable::require_unpauser,
    storage::Slot,
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use types::abi::{
    IStrategy::depositCall,
    IStrategyTvlLimits::{
        BalanceExceedsMaxTotalDeposits, MaxPerDepositExceedsMax, MaxPerDepositUpdated,
        MaxTotalDepositsUpdated, getTVLLimitsCall, initialize_1Call, maxPerDepositCall, maxTotalDepositsCall,
        setTVLLimitsCall,
    },
};

/// The kind of instance that is a strategy with limits.
pub const KIND: u16 = 2;

const MAX_PER_DEPOSIT: Slot<U256> = Slot::at(3);
const MAX_TOTAL_DEPOSITS: Slot<U256> = Slot::at(4);

/// The storage of a strategy of `token` with limits, in token units, in a genesis state.
pub fn genesis(token: Address, per_deposit: U256, total: U256) -> Vec<(U256, U256)> {
    let limits = [MAX_PER_DEPOSIT.entry(per_deposit), MAX_TOTAL_DEPOSITS.entry(total)];
    super::genesis(token).into_iter().chain(limits).collect()
}

/// The entry of a strategy with limits.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        depositCall::SELECTOR => write(host, calldata, deposit),
        setTVLLimitsCall::SELECTOR => write(host, calldata, set_tvl_limits),
        getTVLLimitsCall::SELECTOR => view(host, calldata, |view, _: getTVLLimitsCall| both(view)),
        maxPerDepositCall::SELECTOR => {
            view(host, calldata, |view, _: maxPerDepositCall| Ok(MAX_PER_DEPOSIT.get(view)?))
        }
        maxTotalDepositsCall::SELECTOR => {
            view(host, calldata, |view, _: maxTotalDepositsCall| Ok(MAX_TOTAL_DEPOSITS.get(view)?))
        }
        initialize_1Call::SELECTOR => write(host, calldata, initialize),
        _ => shared(host, calldata),
    }
}

/// Sets up, once, a strategy whose account was placed without storage: by a genesis file, or by development tools. The
/// originals are set up so by whoever deploys them, and listed for deposits by StrategyManager's owner.
///
/// # Errors
/// OpenZeppelin's string a second time; `MaxPerDepositExceedsMax`; the token's where it does not tell its decimals.
fn initialize(host: &mut dyn Host, call: initialize_1Call) -> Result<()> {
    if !UNDERLYING_TOKEN.get(host)?.is_zero() {
        return already_initialized(host, call).map(drop);
    }
    set(host, call._maxPerDeposit, call._maxTotalDeposits)?;
    super::initialize(host, call._underlyingToken)
}

/// [`super::deposit`] within the limits.
///
/// # Errors
/// As there, and after the caller's check `MaxPerDepositExceedsMax`, `BalanceExceedsMaxTotalDeposits`.
pub fn deposit(host: &mut dyn Host, call: depositCall) -> Result<U256> {
    deposit_after(host, call, |host, call| {
        require(call.amount <= MAX_PER_DEPOSIT.get(host)?, MaxPerDepositExceedsMax {})?;
        let token = UNDERLYING_TOKEN.get(host)?;
        let this = host.msg().this;
        let balance = erc20::balance_of(host, token, this)?;
        require(balance <= MAX_TOTAL_DEPOSITS.get(host)?, BalanceExceedsMaxTotalDeposits {})?;
        require_underlying(host, call.token)
    })
}

fn set_tvl_limits(host: &mut dyn Host, call: setTVLLimitsCall) -> Result<()> {
    require_unpauser(host)?;
    set(host, call.newMaxPerDeposit, call.newMaxTotalDeposits)
}

/// Sets both limits, in token units.
///
/// # Errors
/// `MaxPerDepositExceedsMax`.
pub(crate) fn set(host: &mut dyn Host, per_deposit: U256, total: U256) -> Result<()> {
    let (before, total_before) = both(host)?;
    emit(host, &MaxPerDepositUpdated { previousValue: before, newValue: per_deposit })?;
    emit(host, &MaxTotalDepositsUpdated { previousValue: total_before, newValue: total })?;
    require(per_deposit <= total, MaxPerDepositExceedsMax {})?;
    MAX_PER_DEPOSIT.set(host, per_deposit)?;
    Ok(MAX_TOTAL_DEPOSITS.set(host, total)?)
}

/// The limits of a deposit and in all, in token units.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn both<V: View + ?Sized>(view: &mut V) -> Result<(U256, U256)> {
    Ok((MAX_PER_DEPOSIT.get(view)?, MAX_TOTAL_DEPOSITS.get(view)?))
}
