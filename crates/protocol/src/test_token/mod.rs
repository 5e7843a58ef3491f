//! TestToken: the ERC-20 of `dev` and `demo`, which anyone may mint (`decisions.md` 42). Errors and their order are
//! OpenZeppelin 5's.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    host::{Host, Result, View, emit, revert},
    math,
    storage::{Map, Slot},
};
use alloy_primitives::{Address, U256};
use types::abi::ITestToken::{
    Approval, ERC20InsufficientAllowance, ERC20InsufficientBalance, ERC20InvalidApprover,
    ERC20InvalidReceiver, ERC20InvalidSender, ERC20InvalidSpender, Transfer, allowanceCall, approveCall,
    balanceOfCall, mintCall, transferCall, transferFromCall,
};

/// The token's name.
pub const NAME: &str = "Bulwark Test Token";
/// The token's symbol.
pub const SYMBOL: &str = "TEST";
/// The token's decimals.
pub const DECIMALS: u8 = 18;

const TOTAL_SUPPLY: Slot<U256> = Slot::at(0);
const BALANCES: Map<Address, U256> = Map::at(1);
const ALLOWANCES: Map<(Address, Address), U256> = Map::at(2);

fn total_supply<V: View + ?Sized>(view: &mut V) -> Result<U256> {
    Ok(TOTAL_SUPPLY.get(view)?)
}

fn balance_of<V: View + ?Sized>(view: &mut V, call: balanceOfCall) -> Result<U256> {
    Ok(BALANCES.get(view, call.account)?)
}

fn allowance<V: View + ?Sized>(view: &mut V, call: allowanceCall) -> Result<U256> {
    Ok(ALLOWANCES.get(view, (call.owner, call.spender))?)
}

fn mint(host: &mut dyn Host, call: mintCall) -> Result<()> {
    let mintCall { to, value } = call;
    if to == Address::ZERO {
        return revert(ERC20InvalidReceiver { receiver: to });
    }
    let supply = math::add(TOTAL_SUPPLY.get(host)?, value)?;
    TOTAL_SUPPLY.set(host, supply)?;
    credit(host, to, value)?;
    emit(host, &Transfer { from: Address::ZERO, to, value })
}

fn approve(host: &mut dyn Host, call: approveCall) -> Result<bool> {
    let approveCall { spender, value } = call;
    let owner = host.msg().sender;
    set_allowance(host, owner, spender, value)?;
    emit(host, &Approval { owner, spender, value })?;
    Ok(true)
}

fn transfer(host: &mut dyn Host, call: transferCall) -> Result<bool> {
    let from = host.msg().sender;
    shift(host, from, call.to, call.value)
}

fn transfer_from(host: &mut dyn Host, call: transferFromCall) -> Result<bool> {
    let transferFromCall { from, to, value } = call;
    let spender = host.msg().sender;
    let allowed = ALLOWANCES.get(host, (from, spender))?;
    // An unlimited allowance is never used up.
    if allowed != U256::MAX {
        let Some(left) = allowed.checked_sub(value) else {
            return revert(ERC20InsufficientAllowance { spender, allowance: allowed, needed: value });
        };
        set_allowance(host, from, spender, left)?;
    }
    shift(host, from, to, value)
}

fn set_allowance(host: &mut dyn Host, owner: Address, spender: Address, value: U256) -> Result<()> {
    if owner == Address::ZERO {
        return revert(ERC20InvalidApprover { approver: owner });
    }
    if spender == Address::ZERO {
        return revert(ERC20InvalidSpender { spender });
    }
    Ok(ALLOWANCES.set(host, (owner, spender), value)?)
}

fn shift(host: &mut dyn Host, from: Address, to: Address, value: U256) -> Result<bool> {
    if from == Address::ZERO {
        return revert(ERC20InvalidSender { sender: from });
    }
    if to == Address::ZERO {
        return revert(ERC20InvalidReceiver { receiver: to });
    }
    let balance = BALANCES.get(host, from)?;
    let Some(left) = balance.checked_sub(value) else {
        return revert(ERC20InsufficientBalance { sender: from, balance, needed: value });
    };
    BALANCES.set(host, from, left)?;
    credit(host, to, value)?;
    emit(host, &Transfer { from, to, value })?;
    Ok(true)
}

/// Never overflows: balances sum to the total supply.
fn credit(host: &mut dyn Host, to: Address, value: U256) -> Result<()> {
    let balance = math::add(BALANCES.get(host, to)?, value)?;
    Ok(BALANCES.set(host, to, balance)?)
}
