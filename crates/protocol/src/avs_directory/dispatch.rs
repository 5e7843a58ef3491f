//! AVSDirectory's ABI to its verbs.

use super::{
    OWNER, PAUSED, REGISTERED, REGISTRATION_TYPEHASH, SET_FORCE_DEREGISTRATION_TYPEHASH,
    SET_REGISTRATION_TYPEHASH, SPENT_SALTS,
};
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    eip712,
    host::{Host, Result, revert_empty},
    ownable, pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::IAVSDirectory::{
        OPERATOR_AVS_REGISTRATION_TYPEHASHCall, OPERATOR_SET_FORCE_DEREGISTRATION_TYPEHASHCall,
        OPERATOR_SET_REGISTRATION_TYPEHASHCall, avsOperatorStatusCall,
        calculateOperatorAVSRegistrationDigestHashCall, cancelSaltCall, delegationCall,
        deregisterOperatorFromAVSCall, domainSeparatorCall, initializeCall, operatorSaltIsSpentCall,
        registerOperatorToAVSCall, updateAVSMetadataURICall, versionCall,
    },
    addresses::DELEGATION_MANAGER,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        registerOperatorToAVSCall::SELECTOR => write(host, calldata, super::register_operator_to_avs),
        deregisterOperatorFromAVSCall::SELECTOR => write(host, calldata, super::deregister_operator_from_avs),
        updateAVSMetadataURICall::SELECTOR => write(host, calldata, super::update_avs_metadata_uri),
        cancelSaltCall::SELECTOR => write(host, calldata, super::cancel_salt),
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        avsOperatorStatusCall::SELECTOR => view(host, calldata, |view, call: avsOperatorStatusCall| {
            Ok(u8::from(REGISTERED.get(view, (call.avs, call.operator))?))
        }),
        operatorSaltIsSpentCall::SELECTOR => view(host, calldata, |view, call: operatorSaltIsSpentCall| {
            Ok(SPENT_SALTS.get(view, (call.operator, call.salt))?)
        }),
        calculateOperatorAVSRegistrationDigestHashCall::SELECTOR => {
            view(host, calldata, super::calculated_digest)
        }
        delegationCall::SELECTOR => view(host, calldata, |_, _: delegationCall| Ok(DELEGATION_MANAGER)),
        domainSeparatorCall::SELECTOR => {
            view(host, calldata, |view, _: domainSeparatorCall| Ok(eip712::domain_separator(view)?))
        }
        versionCall::SELECTOR => {
            view(host, calldata, |view, _: versionCall| Ok(view.params().rules.version().to_owned()))
        }
        _ => type_hashes(host, calldata)
            .or_else(|| pausable::verbs(host, calldata, &PAUSED))
            .or_else(|| ownable::verbs(host, calldata, &OWNER))
            .unwrap_or_else(revert_empty),
    }
}

fn type_hashes(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        OPERATOR_AVS_REGISTRATION_TYPEHASHCall::SELECTOR => {
            view(host, calldata, |_, _: OPERATOR_AVS_REGISTRATION_TYPEHASHCall| Ok(REGISTRATION_TYPEHASH))
        }
        OPERATOR_SET_REGISTRATION_TYPEHASHCall::SELECTOR => {
            view(host, calldata, |_, _: OPERATOR_SET_REGISTRATION_TYPEHASHCall| Ok(SET_REGISTRATION_TYPEHASH))
        }
        OPERATOR_SET_FORCE_DEREGISTRATION_TYPEHASHCall::SELECTOR => {
            view(host, calldata, |_, _: OPERATOR_SET_FORCE_DEREGISTRATION_TYPEHASHCall| {
                Ok(SET_FORCE_DEREGISTRATION_TYPEHASH)
            })
        }
        _ => return None,
    })
}
