//! What an operator's approver signs so that a staker may delegate (EIP-712, restaking-core §2.0.4): the struct, and under
//! which version of EigenLayer's domain a chain's DelegationManager checks it.

use crate::{
    abi::IDelegationManager::calculateDelegationApprovalDigestHashCall, addresses::DELEGATION_MANAGER,
};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{Eip712Domain, SolStruct};
use std::borrow::Cow;

/// Name of the domain.
pub const DOMAIN_NAME: &str = "EigenLayer";
/// Versions of the domain by the rules of the core.
const VERSIONS: [&str; 2] = ["1", "v1"];

alloy_sol_types::sol! {
    /// What an approver signs.
    struct DelegationApproval {
        address delegationApprover;
        address staker;
        address operator;
        bytes32 salt;
        uint256 expiry;
    }
}

impl DelegationApproval {
    /// The question to DelegationManager which digest it would check.
    pub fn digest_call(&self) -> calculateDelegationApprovalDigestHashCall {
        calculateDelegationApprovalDigestHashCall {
            staker: self.staker,
            operator: self.operator,
            approver: self.delegationApprover,
            approverSalt: self.salt,
            expiry: self.expiry,
        }
    }

    /// The version of the domain under which `checked` is the digest of this very approval; `None` if it is another's.
    pub fn version(&self, chain_id: u64, checked: B256) -> Option<&'static str> {
        VERSIONS.into_iter().find(|version| self.eip712_signing_hash(&domain(version, chain_id)) == checked)
    }
}

fn domain(version: &'static str, chain_id: u64) -> Eip712Domain {
    Eip712Domain {
        name: Some(Cow::Borrowed(DOMAIN_NAME)),
        version: Some(Cow::Borrowed(version)),
        chain_id: Some(U256::from(chain_id)),
        verifying_contract: Some(DELEGATION_MANAGER),
        salt: None,
    }
}
