//! EIGEN: what holders stake and vote with, one for one with bEIGEN, which it wraps (restaking-core §2.2,
//! `decisions.md` 78). At genesis nobody holds any: the owner may mint what bEIGEN backs, once.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    dispatch::call,
    host::{Host, Result, View, call_native, emit, revert_with},
    storage::Map,
    votes_token::{self, Start, Token},
};
use alloy_primitives::{Address, U256};
use types::{
    abi::{
        IERC20,
        IEigen::{Mint, TokenUnwrapped, TokenWrapped, mintCall, multisendCall, unwrapCall, wrapCall},
        IVotesToken::totalSupplyCall,
    },
    addresses::BACKING_EIGEN,
    params::Roles,
};

const TOKEN: Token = Token {
    name: "Eigen",
    symbol: "EIGEN",
    closed: "Eigen._beforeTokenTransfer: from or to must be whitelisted",
    burning_is_open: true,
};

/// Second after which a minter may mint.
const MINT_ALLOWED_AFTER: Map<Address, U256> = Map::at(32);
/// What a minter may still mint, all at once.
const MINTING_ALLOWANCE: Map<Address, U256> = Map::at(33);

/// The storage that a genesis state gives it, with what the owner may mint.
pub fn genesis(roles: &Roles, allowance: U256) -> Vec<(U256, U256)> {
    let owner = roles.owner;
    let start = Start { owner, holder: Address::ZERO, supply: U256::ZERO };
    votes_token::genesis(start).into_iter().chain([MINTING_ALLOWANCE.entry(owner, allowance)]).collect()
}

fn mint(host: &mut dyn Host, _: mintCall) -> Result<()> {
    let minter = host.msg().sender;
    let amount = MINTING_ALLOWANCE.get(host, minter)?;
    if amount.is_zero() {
        return revert_with("Eigen.mint: msg.sender has no minting allowance");
    }
    if U256::from(host.block().timestamp) <= MINT_ALLOWED_AFTER.get(host, minter)? {
        return revert_with("Eigen.mint: msg.sender is not allowed to mint yet");
    }
    MINTING_ALLOWANCE.set(host, minter, U256::ZERO)?;
    create(host, minter, amount)?;
    emit(host, &Mint { minter, amount })
}

fn wrap(host: &mut dyn Host, call_: wrapCall) -> Result<()> {
    let (account, amount) = (host.msg().sender, call_.amount);
    let to = host.msg().this;
    let moved = call(host, BACKING_EIGEN, &IERC20::transferFromCall { from: account, to, value: amount })?;
    if !moved {
        return revert_with("Eigen.wrap: bEIGEN transfer failed");
    }
    create(host, account, amount)?;
    emit(host, &TokenWrapped { account, amount })
}

fn unwrap(host: &mut dyn Host, call_: unwrapCall) -> Result<()> {
    let (account, amount) = (host.msg().sender, call_.amount);
    votes_token::burn(host, &TOKEN, account, amount)?;
    let moved = call(host, BACKING_EIGEN, &IERC20::transferCall { to: account, value: amount })?;
    if !moved {
        return revert_with("Eigen.unwrap: bEIGEN transfer failed");
    }
    emit(host, &TokenUnwrapped { account, amount })
}

fn multisend(host: &mut dyn Host, call: multisendCall) -> Result<()> {
    let multisendCall { receivers, amounts } = call;
    if receivers.len() != amounts.len() {
        return revert_with("Eigen.multisend: receivers and amounts must be the same length");
    }
    let sender = host.msg().sender;
    for (receiver, amount) in receivers.into_iter().zip(amounts) {
        votes_token::shift(host, &TOKEN, sender, receiver, amount)?;
    }
    Ok(())
}

fn create(host: &mut dyn Host, to: Address, amount: U256) -> Result<()> {
    votes_token::mint(host, &TOKEN, to, amount, |host| total_supply(host, totalSupplyCall {}))
}

/// The supply that EIGEN tells is bEIGEN's.
fn total_supply<V: View + ?Sized>(view: &mut V, call: totalSupplyCall) -> Result<U256> {
    call_native(view, BACKING_EIGEN, call, |view, _| votes_token::total_supply(view))
}
