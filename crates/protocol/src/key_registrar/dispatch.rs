//! KeyRegistrar's ABI to its verbs.

use super::{BN254_TYPEHASH, ECDSA_TYPEHASH, views};
use crate::{
    dispatch::{Calldata, view, write},
    eip712,
    host::{Host, Result, revert_empty},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::IKeyRegistrar::{
        BN254_KEY_REGISTRATION_TYPEHASHCall, ECDSA_KEY_REGISTRATION_TYPEHASHCall, allocationManagerCall,
        configureOperatorSetCall, deregisterKeyCall, domainSeparatorCall, encodeBN254KeyDataCall,
        getBN254KeyCall, getBN254KeyRegistrationMessageHashCall, getECDSAAddressCall, getECDSAKeyCall,
        getECDSAKeyRegistrationMessageHashCall, getKeyHashCall, getOperatorFromSigningKeyCall,
        getOperatorSetCurveTypeCall, isKeyGloballyRegisteredCall, isRegisteredCall, permissionControllerCall,
        registerKeyCall, versionCall,
    },
    addresses::{ALLOCATION_MANAGER, PERMISSION_CONTROLLER},
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        configureOperatorSetCall::SELECTOR => write(host, calldata, super::configure_operator_set),
        registerKeyCall::SELECTOR => write(host, calldata, super::register_key),
        deregisterKeyCall::SELECTOR => write(host, calldata, super::deregister_key),
        isRegisteredCall::SELECTOR => view(host, calldata, views::is_registered),
        getOperatorSetCurveTypeCall::SELECTOR => view(host, calldata, views::curve),
        getBN254KeyCall::SELECTOR => view(host, calldata, views::bn254_key),
        getECDSAKeyCall::SELECTOR => view(host, calldata, views::ecdsa_key),
        getECDSAAddressCall::SELECTOR => view(host, calldata, views::ecdsa_address),
        isKeyGloballyRegisteredCall::SELECTOR => view(host, calldata, views::is_spent),
        getKeyHashCall::SELECTOR => view(host, calldata, views::key_hash),
        getOperatorFromSigningKeyCall::SELECTOR => view(host, calldata, views::operator_of_key),
        getECDSAKeyRegistrationMessageHashCall::SELECTOR => view(host, calldata, views::ecdsa_digest),
        getBN254KeyRegistrationMessageHashCall::SELECTOR => view(host, calldata, views::bn254_digest),
        encodeBN254KeyDataCall::SELECTOR => view(host, calldata, views::encode),
        ECDSA_KEY_REGISTRATION_TYPEHASHCall::SELECTOR => {
            view(host, calldata, |_, _: ECDSA_KEY_REGISTRATION_TYPEHASHCall| Ok(ECDSA_TYPEHASH))
        }
        BN254_KEY_REGISTRATION_TYPEHASHCall::SELECTOR => {
            view(host, calldata, |_, _: BN254_KEY_REGISTRATION_TYPEHASHCall| Ok(BN254_TYPEHASH))
        }
        allocationManagerCall::SELECTOR => {
            view(host, calldata, |_, _: allocationManagerCall| Ok(ALLOCATION_MANAGER))
        }
        permissionControllerCall::SELECTOR => {
            view(host, calldata, |_, _: permissionControllerCall| Ok(PERMISSION_CONTROLLER))
        }
        domainSeparatorCall::SELECTOR => {
            view(host, calldata, |view, _: domainSeparatorCall| Ok(eip712::domain_separator(view)?))
        }
        versionCall::SELECTOR => {
            view(host, calldata, |view, _: versionCall| Ok(view.params().rules.version().to_owned()))
        }
        _ => revert_empty(),
    }
}
