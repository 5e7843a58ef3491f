//! What EIGEN and bEIGEN share: OpenZeppelin's ERC-20 with permits and votes (4.9), and transfers that may be closed to
//! all but some. Each keeps this in its own storage; they differ in what a [`Token`] says.

mod checkpoints;
mod dispatch;
mod restrictions;
mod signed;

pub(crate) use dispatch::genesis_allowed;
pub use dispatch::verbs;
#[cfg(test)]
pub(crate) use restrictions::closed_entry;

use crate::{
    host::{Host, Result, View, emit, revert_with},
    math,
    storage::{Map, Slot},
};
use alloy_primitives::{Address, U256};
use types::abi::IVotesToken::{
    Approval, Transfer, approveCall, decreaseAllowanceCall, increaseAllowanceCall, transferCall,
    transferFromCall,
};

/// The variable of Ownable.
pub const OWNER: Slot<Address> = Slot::at(0);
const TOTAL_SUPPLY: Slot<U256> = Slot::at(1);
const BALANCES: Map<Address, U256> = Map::at(2);
const ALLOWANCES: Map<(Address, Address), U256> = Map::at(3);

/// What one of these tokens has of its own.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// The name that wallets show.
    pub name: &'static str,
    /// The symbol, which is the name of the EIP-712 domain too.
    pub symbol: &'static str,
    /// What is said where a closed transfer is tried.
    pub closed: &'static str,
    /// Whether burning is open to all while transfers are closed.
    pub burning_is_open: bool,
}

/// What a token has at genesis.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Its owner.
    pub owner: Address,
    /// Who holds the whole supply.
    pub holder: Address,
    /// All there is, in 10^-18 tokens.
    pub supply: U256,
}

/// The storage of a token whose transfers are open.
pub fn genesis(start: Start) -> Vec<(U256, U256)> {
    let Start { owner, holder, supply } = start;
    let mut entries = vec![OWNER.entry(owner)];
    if !supply.is_zero() {
        entries.extend([TOTAL_SUPPLY.entry(supply), BALANCES.entry(holder, supply)]);
        entries.extend(checkpoints::genesis_supply(supply));
    }
    entries
}

/// All that was made and not burnt.
///
/// # Errors
/// Out of gas, or the node's.
pub fn total_supply<V: View + ?Sized>(view: &mut V) -> Result<U256> {
    Ok(TOTAL_SUPPLY.get(view)?)
}

/// Makes tokens. `supply` is what the token tells as its supply afterwards.
///
/// # Errors
/// OpenZeppelin's strings; `Panic(0x11)`.
pub fn mint(
    host: &mut dyn Host,
    token: &Token,
    to: Address,
    value: U256,
    supply: impl FnOnce(&mut dyn Host) -> Result<U256>,
) -> Result<()> {
    if to.is_zero() {
        return revert_with("ERC20: mint to the zero address");
    }
    restrictions::require_open(host, token, Address::ZERO, to)?;
    let total = math::add(TOTAL_SUPPLY.get(host)?, value)?;
    TOTAL_SUPPLY.set(host, total)?;
    credit(host, to, value)?;
    emit(host, &Transfer { from: Address::ZERO, to, value })?;
    checkpoints::move_votes(host, Address::ZERO, to, value)?;
    if supply(host)? > checkpoints::MAX_VOTES {
        return revert_with("ERC20Votes: total supply risks overflowing votes");
    }
    checkpoints::raise_supply(host, value)
}

/// Burns tokens.
///
/// # Errors
/// OpenZeppelin's strings.
pub fn burn(host: &mut dyn Host, token: &Token, from: Address, value: U256) -> Result<()> {
    if from.is_zero() {
        return revert_with("ERC20: burn from the zero address");
    }
    restrictions::require_open(host, token, from, Address::ZERO)?;
    let Some(left) = BALANCES.get(host, from)?.checked_sub(value) else {
        return revert_with("ERC20: burn amount exceeds balance");
    };
    BALANCES.set(host, from, left)?;
    let total = math::sub(TOTAL_SUPPLY.get(host)?, value)?;
    TOTAL_SUPPLY.set(host, total)?;
    emit(host, &Transfer { from, to: Address::ZERO, value })?;
    checkpoints::move_votes(host, from, Address::ZERO, value)?;
    checkpoints::lower_supply(host, value)
}

/// Moves tokens.
///
/// # Errors
/// OpenZeppelin's strings.
pub fn shift(host: &mut dyn Host, token: &Token, from: Address, to: Address, value: U256) -> Result<()> {
    if from.is_zero() {
        return revert_with("ERC20: transfer from the zero address");
    }
    if to.is_zero() {
        return revert_with("ERC20: transfer to the zero address");
    }
    restrictions::require_open(host, token, from, to)?;
    let Some(left) = BALANCES.get(host, from)?.checked_sub(value) else {
        return revert_with("ERC20: transfer amount exceeds balance");
    };
    BALANCES.set(host, from, left)?;
    credit(host, to, value)?;
    emit(host, &Transfer { from, to, value })?;
    checkpoints::move_votes(host, from, to, value)
}

/// Never overflows: balances sum to what was made.
fn credit(host: &mut dyn Host, to: Address, value: U256) -> Result<()> {
    let balance = math::add(BALANCES.get(host, to)?, value)?;
    Ok(BALANCES.set(host, to, balance)?)
}

fn transfer(host: &mut dyn Host, token: &Token, call: transferCall) -> Result<bool> {
    let from = host.msg().sender;
    shift(host, token, from, call.to, call.amount)?;
    Ok(true)
}

fn transfer_from(host: &mut dyn Host, token: &Token, call: transferFromCall) -> Result<bool> {
    let transferFromCall { from, to, amount } = call;
    let spender = host.msg().sender;
    let allowed = ALLOWANCES.get(host, (from, spender))?;
    // An unlimited allowance is never used up.
    if allowed != U256::MAX {
        let Some(left) = allowed.checked_sub(amount) else {
            return revert_with("ERC20: insufficient allowance");
        };
        allow(host, from, spender, left)?;
    }
    shift(host, token, from, to, amount)?;
    Ok(true)
}

fn approve(host: &mut dyn Host, call: approveCall) -> Result<bool> {
    let owner = host.msg().sender;
    allow(host, owner, call.spender, call.amount)?;
    Ok(true)
}

fn increase_allowance(host: &mut dyn Host, call: increaseAllowanceCall) -> Result<bool> {
    let owner = host.msg().sender;
    let allowed = math::add(ALLOWANCES.get(host, (owner, call.spender))?, call.addedValue)?;
    allow(host, owner, call.spender, allowed)?;
    Ok(true)
}

fn decrease_allowance(host: &mut dyn Host, call: decreaseAllowanceCall) -> Result<bool> {
    let owner = host.msg().sender;
    let allowed = ALLOWANCES.get(host, (owner, call.spender))?;
    let Some(left) = allowed.checked_sub(call.subtractedValue) else {
        return revert_with("ERC20: decreased allowance below zero");
    };
    allow(host, owner, call.spender, left)?;
    Ok(true)
}

fn allow(host: &mut dyn Host, owner: Address, spender: Address, value: U256) -> Result<()> {
    if owner.is_zero() {
        return revert_with("ERC20: approve from the zero address");
    }
    if spender.is_zero() {
        return revert_with("ERC20: approve to the zero address");
    }
    ALLOWANCES.set(host, (owner, spender), value)?;
    emit(host, &Approval { owner, spender, value })
}
