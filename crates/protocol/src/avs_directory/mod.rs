//! AVSDirectory: which operators have registered with which services, the way that came before operator sets
//! (restaking-core §2.6). It carries no stake and no slashing.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    delegation_manager, eip712,
    host::{Host, Result, View, call_native, emit, require},
    pausable::require_running,
    signature,
    storage::{Map, Slot},
};
use alloy_primitives::{Address, B256, U256, b256};
use types::{
    abi::{
        IAVSDirectory::{
            AVSMetadataURIUpdated, OperatorAVSRegistrationStatusUpdated, OperatorAlreadyRegisteredToAVS,
            OperatorNotRegisteredToAVS, OperatorNotRegisteredToEigenLayer, SaltSpent,
            calculateOperatorAVSRegistrationDigestHashCall, cancelSaltCall, deregisterOperatorFromAVSCall,
            registerOperatorToAVSCall, updateAVSMetadataURICall,
        },
        IDelegationManager::isOperatorCall,
    },
    addresses::{AVS_DIRECTORY, DELEGATION_MANAGER},
    params::Roles,
};

/// keccak-256 of `OperatorAVSRegistration(address operator,address avs,bytes32 salt,uint256 expiry)`.
const REGISTRATION_TYPEHASH: B256 =
    b256!("0xda2c89bafdd34776a2b8bb9c83c82f419e20cc8c67207f70edd58249b92661bd");
/// keccak-256 of `OperatorSetRegistration(address avs,uint32[] operatorSetIds,bytes32 salt,uint256 expiry)`. Unused.
const SET_REGISTRATION_TYPEHASH: B256 =
    b256!("0x809c5ac049c45b7a7f050a20f00c16cf63797efbf8b1eb8d749fdfa39ff8f929");
/// keccak-256 of `OperatorSetForceDeregistration(address avs,uint32[] operatorSetIds,bytes32 salt,uint256 expiry)`.
/// Unused.
const SET_FORCE_DEREGISTRATION_TYPEHASH: B256 =
    b256!("0x4ee65f64218c67b68da66fd0db16560040a6b973290b9e71912d661ee53fe495");

/// Pause bit: registration and its end.
const PAUSED_REGISTRATION: u8 = 0;

const PAUSED: Slot<U256> = Slot::at(0);
const OWNER: Slot<Address> = Slot::at(1);
/// (AVS, operator) → whether the operator is registered.
pub(crate) const REGISTERED: Map<(Address, Address), bool> = Map::on(AVS_DIRECTORY, 2);
/// (operator, salt) → whether a registration used it, or the operator cancelled it.
const SPENT_SALTS: Map<(Address, B256), bool> = Map::at(3);

/// The storage that a genesis state gives it.
pub fn genesis(roles: &Roles) -> Vec<(U256, U256)> {
    vec![OWNER.entry(roles.owner)]
}

fn register_operator_to_avs(host: &mut dyn Host, call: registerOperatorToAVSCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_REGISTRATION)?;
    let registerOperatorToAVSCall { operator, operatorSignature: signed } = call;
    let avs = host.msg().sender;
    require(!REGISTERED.get(host, (avs, operator))?, OperatorAlreadyRegisteredToAVS {})?;
    require(!SPENT_SALTS.get(host, (operator, signed.salt))?, SaltSpent {})?;
    let call = isOperatorCall { operator };
    let is_operator = call_native(host, DELEGATION_MANAGER, call, delegation_manager::is_operator)?;
    require(is_operator, OperatorNotRegisteredToEigenLayer {})?;
    let digest = registration_digest(host, operator, avs, signed.salt, signed.expiry)?;
    signature::require_valid(host, operator, digest, &signed.signature, signed.expiry)?;
    SPENT_SALTS.set(host, (operator, signed.salt), true)?;
    set_registered(host, operator, avs, true)
}

fn deregister_operator_from_avs(host: &mut dyn Host, call: deregisterOperatorFromAVSCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_REGISTRATION)?;
    let avs = host.msg().sender;
    require(REGISTERED.get(host, (avs, call.operator))?, OperatorNotRegisteredToAVS {})?;
    set_registered(host, call.operator, avs, false)
}

fn set_registered(host: &mut dyn Host, operator: Address, avs: Address, registered: bool) -> Result<()> {
    REGISTERED.set(host, (avs, operator), registered)?;
    emit(host, &OperatorAVSRegistrationStatusUpdated { operator, avs, status: u8::from(registered) })
}

fn update_avs_metadata_uri(host: &mut dyn Host, call: updateAVSMetadataURICall) -> Result<()> {
    let avs = host.msg().sender;
    emit(host, &AVSMetadataURIUpdated { avs, metadataURI: call.metadataURI })
}

fn cancel_salt(host: &mut dyn Host, call: cancelSaltCall) -> Result<()> {
    let operator = host.msg().sender;
    Ok(SPENT_SALTS.set(host, (operator, call.salt), true)?)
}

fn calculated_digest(
    view: &mut dyn View,
    call: calculateOperatorAVSRegistrationDigestHashCall,
) -> Result<B256> {
    registration_digest(view, call.operator, call.avs, call.salt, call.expiry)
}

/// What an operator signs to register with a service.
fn registration_digest<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    avs: Address,
    salt: B256,
    expiry: U256,
) -> Result<B256> {
    let fields = [REGISTRATION_TYPEHASH, eip712::word(operator), eip712::word(avs), salt, expiry.into()];
    Ok(eip712::digest(view, &fields)?)
}
