//! Covenants' ABI to its verbs.

use super::{PAUSED, covenant_of, implies, policy_of, set_covenant, set_policy, terms::unlimited};
use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result, revert_empty},
    pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::ICovenants::{
        NOTICE_BLOCKSCall, covenantOfCall, impliesCall, permissionControllerCall, policyOfCall,
        policyOfReturn, setCovenantCall, setPolicyCall,
    },
    addresses::PERMISSION_CONTROLLER,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        setCovenantCall::SELECTOR => write(host, calldata, set_covenant),
        setPolicyCall::SELECTOR => write(host, calldata, set_policy),
        covenantOfCall::SELECTOR => {
            view(host, calldata, |view, call: covenantOfCall| covenant_of(view, call.operator))
        }
        policyOfCall::SELECTOR => view(host, calldata, |view, call: policyOfCall| {
            let policy = policy_of(view, call.staker)?;
            Ok(policyOfReturn { exists: policy.is_some(), terms: policy.unwrap_or_else(unlimited) })
        }),
        impliesCall::SELECTOR => {
            view(host, calldata, |view, call: impliesCall| implies(view, call.operator, call.staker))
        }
        NOTICE_BLOCKSCall::SELECTOR => {
            view(host, calldata, |view, _: NOTICE_BLOCKSCall| Ok(view.params().covenant_notice_blocks))
        }
        permissionControllerCall::SELECTOR => {
            view(host, calldata, |_, _: permissionControllerCall| Ok(PERMISSION_CONTROLLER))
        }
        _ => pausable::verbs(host, calldata, &PAUSED).unwrap_or_else(revert_empty),
    }
}
