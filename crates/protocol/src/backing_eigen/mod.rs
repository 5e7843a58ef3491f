//! bEIGEN: what stands behind EIGEN, and what EigenStrategy holds (`decisions.md` 78). At genesis EIGEN holds all of
//! it, and the owner may mint more.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    host::{Host, Result, emit, revert_with},
    ownable::require_owner,
    storage::Map,
    votes_token::{self, OWNER, Start, Token},
};
use alloy_primitives::{Address, U256, uint};
use types::{
    abi::IBackingEigen::{IsMinterModified, burnCall, mintCall, setIsMinterCall},
    addresses::EIGEN,
    params::Roles,
};

/// What the original mints to EIGEN when it is made, in 10^-18 tokens.
pub const INITIAL_SUPPLY: U256 = uint!(1_673_646_668_284_660_000_000_000_000_U256);

const TOKEN: Token = Token {
    name: "Backing Eigen",
    symbol: "bEIGEN",
    closed: "BackingEigen._beforeTokenTransfer: from or to must be whitelisted",
    burning_is_open: false,
};

const IS_MINTER: Map<Address, bool> = Map::at(32);

/// The storage that a genesis state gives it.
pub fn genesis(roles: &Roles) -> Vec<(U256, U256)> {
    let start = Start { owner: roles.owner, holder: EIGEN, supply: INITIAL_SUPPLY };
    let minter = IS_MINTER.entry(roles.owner, true);
    let allowed = votes_token::genesis_allowed(EIGEN);
    votes_token::genesis(start).into_iter().chain([minter]).chain(allowed).collect()
}

fn set_is_minter(host: &mut dyn Host, call: setIsMinterCall) -> Result<()> {
    require_owner(host, &OWNER)?;
    let setIsMinterCall { minterAddress, newStatus } = call;
    emit(host, &IsMinterModified { minterAddress, newStatus })?;
    Ok(IS_MINTER.set(host, minterAddress, newStatus)?)
}

fn mint(host: &mut dyn Host, call: mintCall) -> Result<()> {
    let minter = host.msg().sender;
    if !IS_MINTER.get(host, minter)? {
        return revert_with("BackingEigen.mint: caller is not a minter");
    }
    votes_token::mint(host, &TOKEN, call.to, call.amount, |host| votes_token::total_supply(host))
}

fn burn(host: &mut dyn Host, call: burnCall) -> Result<()> {
    let from = host.msg().sender;
    votes_token::burn(host, &TOKEN, from, call.amount)
}
