//! Who may transfer while transfers are closed. They are open since second 0 of every chain; an owner cannot close
//! them, as on Ethereum since October 2024.

use super::{OWNER, Token};
use crate::{
    host::{Host, Result, View, emit, revert_with},
    ownable::require_owner,
    storage::{Map, Slot},
};
use alloy_primitives::{Address, U256};
use types::abi::IVotesToken::{
    SetAllowedFrom, SetAllowedTo, TransferRestrictionsDisabled, allowedFromCall, allowedToCall,
    disableTransferRestrictionsCall, setAllowedFromCall, setAllowedToCall,
};

/// Transfers are closed up to and in this second.
const CLOSED_UNTIL: Slot<U256> = Slot::at(9);
const ALLOWED_FROM: Map<Address, bool> = Map::at(10);
const ALLOWED_TO: Map<Address, bool> = Map::at(11);

/// The raw entries that let `account` send to all and receive from all.
pub(super) fn genesis_allowed(account: Address) -> [(U256, U256); 2] {
    [ALLOWED_FROM.entry(account, true), ALLOWED_TO.entry(account, true)]
}

/// The raw entry that closes transfers until the owner opens them.
#[cfg(test)]
pub(crate) fn closed_entry() -> (U256, U256) {
    CLOSED_UNTIL.entry(U256::MAX)
}

/// Lets a transfer pass, a mint (from zero) or a burn (to zero).
///
/// # Errors
/// The token's string.
pub(super) fn require_open(host: &mut dyn Host, token: &Token, from: Address, to: Address) -> Result<()> {
    let until = CLOSED_UNTIL.get(host)?;
    if U256::from(host.block().timestamp) > until {
        return Ok(());
    }
    let is_free = from.is_zero() || (token.burning_is_open && to.is_zero());
    if is_free || ALLOWED_FROM.get(host, from)? || ALLOWED_TO.get(host, to)? {
        return Ok(());
    }
    revert_with(token.closed)
}

pub(super) fn disable(host: &mut dyn Host, already: &str, _: disableTransferRestrictionsCall) -> Result<()> {
    require_owner(host, &OWNER)?;
    if CLOSED_UNTIL.get(host)? != U256::MAX {
        return revert_with(already);
    }
    CLOSED_UNTIL.set(host, U256::ZERO)?;
    emit(host, &TransferRestrictionsDisabled {})
}

pub(super) fn set_allowed_from(host: &mut dyn Host, call: setAllowedFromCall) -> Result<()> {
    require_owner(host, &OWNER)?;
    ALLOWED_FROM.set(host, call.from, call.isAllowedFrom)?;
    emit(host, &SetAllowedFrom { from: call.from, isAllowedFrom: call.isAllowedFrom })
}

pub(super) fn set_allowed_to(host: &mut dyn Host, call: setAllowedToCall) -> Result<()> {
    require_owner(host, &OWNER)?;
    ALLOWED_TO.set(host, call.to, call.isAllowedTo)?;
    emit(host, &SetAllowedTo { to: call.to, isAllowedTo: call.isAllowedTo })
}

pub(super) fn closed_until(view: &mut dyn View) -> Result<U256> {
    Ok(CLOSED_UNTIL.get(view)?)
}

pub(super) fn is_allowed_from(view: &mut dyn View, call: allowedFromCall) -> Result<bool> {
    Ok(ALLOWED_FROM.get(view, call.from)?)
}

pub(super) fn is_allowed_to(view: &mut dyn View, call: allowedToCall) -> Result<bool> {
    Ok(ALLOWED_TO.get(view, call.to)?)
}
