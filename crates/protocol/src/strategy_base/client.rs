//! Any strategy, as the managers reach it: an instance of ours runs as a Rust function (`decisions.md` 33), anything
//! else is called as the contract that it claims to be.

#![allow(clippy::redundant_closure, reason = "a bare function does not cover every lifetime of `dyn Host`")]

use super::limits;
use crate::{
    dispatch, duration_vault,
    host::{Host, Result, call_native},
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use types::abi::IStrategy::{
    beforeAddSharesCall, beforeRemoveSharesCall, depositCall, underlyingTokenCall, withdrawCall,
};

/// What a strategy's address holds.
enum Module {
    Plain,
    Limited,
    Vault,
    Foreign,
}

fn module_of(host: &mut dyn Host, strategy: Address) -> Result<Module> {
    Ok(match host.instance_kind(strategy)? {
        Some(super::KIND) => Module::Plain,
        Some(limits::KIND) => Module::Limited,
        Some(duration_vault::KIND) => Module::Vault,
        _ => Module::Foreign,
    })
}

/// Tells `strategy` that `amount` of `token` has arrived, and answers with the new shares.
///
/// # Errors
/// The strategy's.
pub fn deposit(host: &mut dyn Host, strategy: Address, token: Address, amount: U256) -> Result<U256> {
    let call = depositCall { token, amount };
    match module_of(host, strategy)? {
        Module::Plain | Module::Vault => {
            call_native(host, strategy, call, |host, call| super::deposit(host, call))
        }
        Module::Limited => call_native(host, strategy, call, |host, call| limits::deposit(host, call)),
        Module::Foreign => dispatch::call(host, strategy, &call),
    }
}

/// Has `strategy` pay what `shares` are worth to `recipient`, and answers with the amount.
///
/// # Errors
/// The strategy's.
pub fn withdraw(
    host: &mut dyn Host,
    strategy: Address,
    recipient: Address,
    token: Address,
    shares: U256,
) -> Result<U256> {
    let call = withdrawCall { recipient, token, amountShares: shares };
    route(host, strategy, call, [super::withdraw; 2])
}

/// Tells `strategy` that `staker` will be credited with `shares`.
///
/// # Errors
/// The strategy's.
pub fn before_add_shares(
    host: &mut dyn Host,
    strategy: Address,
    staker: Address,
    shares: U256,
) -> Result<()> {
    let verbs = [super::before_add_shares, duration_vault::before_add_shares];
    route(host, strategy, beforeAddSharesCall { staker, shares }, verbs)
}

/// Tells `strategy` that `staker` will be debited by `shares`.
///
/// # Errors
/// The strategy's.
pub fn before_remove_shares(
    host: &mut dyn Host,
    strategy: Address,
    staker: Address,
    shares: U256,
) -> Result<()> {
    let verbs = [super::before_remove_shares, duration_vault::before_remove_shares];
    route(host, strategy, beforeRemoveSharesCall { staker, shares }, verbs)
}

/// The token that `strategy` holds.
///
/// # Errors
/// The strategy's.
pub fn underlying_token(host: &mut dyn Host, strategy: Address) -> Result<Address> {
    match module_of(host, strategy)? {
        Module::Plain | Module::Limited | Module::Vault => {
            call_native(host, strategy, underlyingTokenCall {}, |host, call| {
                super::underlying_token(host, call)
            })
        }
        Module::Foreign => dispatch::static_call(host, strategy, &underlyingTokenCall {}),
    }
}

/// A strategy's verb.
type Verb<C, R> = fn(&mut dyn Host, C) -> Result<R>;

/// Calls a verb, which is that of all kinds of ours but the vault's, or the vault's.
fn route<C: SolCall, R>(
    host: &mut dyn Host,
    strategy: Address,
    call: C,
    [verb, of_vault]: [Verb<C, R>; 2],
) -> Result<R>
where
    R: Clone + Into<C::Return>,
    C::Return: Into<R>,
{
    match module_of(host, strategy)? {
        Module::Plain | Module::Limited => call_native(host, strategy, call, |host, call| verb(host, call)),
        Module::Vault => call_native(host, strategy, call, |host, call| of_vault(host, call)),
        Module::Foreign => Ok(dispatch::call(host, strategy, &call)?.into()),
    }
}
