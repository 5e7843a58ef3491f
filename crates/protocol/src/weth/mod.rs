//! WETH: ether as a token, with WETH9's ABI and manners: failures revert without data, a call that names no verb
//! deposits. Stricter than WETH9 in one thing: short or dirty calldata is refused.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    host::{Host, Result, View, emit, revert_empty},
    math,
    storage::Map,
};
use alloy_primitives::{Address, U256};
use types::abi::IWETH::{
    Approval, Deposit, Transfer, Withdrawal, allowanceCall, approveCall, balanceOfCall, transferCall,
    transferFromCall, withdrawCall,
};

/// The token's name.
pub const NAME: &str = "Wrapped Ether";
/// The token's symbol.
pub const SYMBOL: &str = "WETH";
/// The token's decimals.
pub const DECIMALS: u8 = 18;

const BALANCES: Map<Address, U256> = Map::at(1);
const ALLOWANCES: Map<(Address, Address), U256> = Map::at(2);

/// The ether held, which may exceed the sum of balances by what was forced in.
fn total_supply<V: View + ?Sized>(view: &mut V) -> Result<U256> {
    let this = view.msg().this;
    Ok(view.balance(this)?)
}

fn balance_of<V: View + ?Sized>(view: &mut V, call: balanceOfCall) -> Result<U256> {
    Ok(BALANCES.get(view, call.owner)?)
}

fn allowance<V: View + ?Sized>(view: &mut V, call: allowanceCall) -> Result<U256> {
    Ok(ALLOWANCES.get(view, (call.owner, call.spender))?)
}

fn deposit(host: &mut dyn Host) -> Result<()> {
    let (dst, wad) = (host.msg().sender, host.msg().value);
    credit(host, dst, wad)?;
    emit(host, &Deposit { dst, wad })
}

fn withdraw(host: &mut dyn Host, call: withdrawCall) -> Result<()> {
    let src = host.msg().sender;
    debit(host, src, call.wad)?;
    // The stipend only, as Solidity's `transfer`: the receiver can log and nothing more.
    if !host.transfer(src, call.wad)?.is_success() {
        return revert_empty();
    }
    emit(host, &Withdrawal { src, wad: call.wad })
}

fn approve(host: &mut dyn Host, call: approveCall) -> Result<bool> {
    let src = host.msg().sender;
    ALLOWANCES.set(host, (src, call.guy), call.wad)?;
    emit(host, &Approval { src, guy: call.guy, wad: call.wad })?;
    Ok(true)
}

fn transfer(host: &mut dyn Host, call: transferCall) -> Result<bool> {
    let src = host.msg().sender;
    shift(host, src, call.dst, call.wad)
}

fn transfer_from(host: &mut dyn Host, call: transferFromCall) -> Result<bool> {
    let transferFromCall { src, dst, wad } = call;
    let spender = host.msg().sender;
    if src != spender {
        let allowed = ALLOWANCES.get(host, (src, spender))?;
        // An unlimited allowance is never used up.
        if allowed != U256::MAX {
            let Some(left) = allowed.checked_sub(wad) else { return revert_empty() };
            ALLOWANCES.set(host, (src, spender), left)?;
        }
    }
    shift(host, src, dst, wad)
}

fn shift(host: &mut dyn Host, src: Address, dst: Address, wad: U256) -> Result<bool> {
    debit(host, src, wad)?;
    credit(host, dst, wad)?;
    emit(host, &Transfer { src, dst, wad })?;
    Ok(true)
}

fn debit(host: &mut dyn Host, src: Address, wad: U256) -> Result<()> {
    let Some(left) = BALANCES.get(host, src)?.checked_sub(wad) else { return revert_empty() };
    Ok(BALANCES.set(host, src, left)?)
}

/// Never overflows: balances sum to at most the ether held.
fn credit(host: &mut dyn Host, dst: Address, wad: U256) -> Result<()> {
    let balance = math::add(BALANCES.get(host, dst)?, wad)?;
    Ok(BALANCES.set(host, dst, balance)?)
}
