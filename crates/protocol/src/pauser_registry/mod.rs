//! PauserRegistry: who may set pause bits in all contracts, and who may clear them (restaking-core §2.0.1).

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    host::{Host, Result, View, emit, require},
    storage::{Map, Slot},
};
use alloy_primitives::{Address, U256};
use types::{
    abi::IPauserRegistry::{
        InputAddressZero, OnlyUnpauser, PauserStatusChanged, UnpauserChanged, isPauserCall, setIsPauserCall,
        setUnpauserCall, unpauserCall,
    },
    addresses::PROTOCOL_REGISTRY,
    params::Roles,
};

const UNPAUSER: Slot<Address> = Slot::at(0);
const PAUSERS: Map<Address, bool> = Map::at(1);

/// The storage that a genesis state gives it. ProtocolRegistry is a pauser, or its one switch would stop nothing.
pub fn genesis(roles: &Roles) -> Vec<(U256, U256)> {
    let pausers = roles.pausers.iter().chain([&PROTOCOL_REGISTRY]).map(|pauser| PAUSERS.entry(*pauser, true));
    pausers.chain([UNPAUSER.entry(roles.unpauser)]).collect()
}

/// Whether `call.pauser` may set pause bits.
///
/// # Errors
/// Out of gas, or the node's.
pub fn is_pauser<V: View + ?Sized>(view: &mut V, call: isPauserCall) -> Result<bool> {
    Ok(PAUSERS.get(view, call.pauser)?)
}

/// Who may clear pause bits.
///
/// # Errors
/// Out of gas, or the node's.
pub fn unpauser<V: View + ?Sized>(view: &mut V, _: unpauserCall) -> Result<Address> {
    Ok(UNPAUSER.get(view)?)
}

fn set_is_pauser(host: &mut dyn Host, call: setIsPauserCall) -> Result<()> {
    require_unpauser(host)?;
    require(call.newPauser != Address::ZERO, InputAddressZero {})?;
    PAUSERS.set(host, call.newPauser, call.canPause)?;
    emit(host, &PauserStatusChanged { pauser: call.newPauser, canPause: call.canPause })
}

/// Emits before it writes, as the original does.
fn set_unpauser(host: &mut dyn Host, call: setUnpauserCall) -> Result<()> {
    require_unpauser(host)?;
    require(call.newUnpauser != Address::ZERO, InputAddressZero {})?;
    let before = UNPAUSER.get(host)?;
    emit(host, &UnpauserChanged { previousUnpauser: before, newUnpauser: call.newUnpauser })?;
    Ok(UNPAUSER.set(host, call.newUnpauser)?)
}

fn require_unpauser(host: &mut dyn Host) -> Result<()> {
    let unpauser = UNPAUSER.get(host)?;
    require(unpauser == host.msg().sender, OnlyUnpauser {})
}
