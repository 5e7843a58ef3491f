//! An approver's signature over a delegation (EIP-712): what a wallet is asked to sign, put together here and compared with
//! what the contract would check; and a signature that a staker was given.

use super::{
    asked::{Asked, Trouble},
    facts::{self, view},
};
use crate::parts;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use rpc::Reads;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use types::{
    abi::IDelegationManager::SignatureWithExpiry,
    addresses::DELEGATION_MANAGER,
    approval::{DOMAIN_NAME, DelegationApproval},
};

/// How long a signature that is asked for here may be used.
const LIFETIME: Duration = Duration::from_secs(86_400);

/// What an approver is asked to sign.
pub(super) struct Approval {
    pub(super) from: Address,
    pub(super) staker: Address,
    pub(super) operator: Address,
    /// As `eth_signTypedData_v4` takes it.
    pub(super) typed: Value,
    /// Where the staker goes with the signature: all but the signature itself.
    pub(super) path: String,
}

/// Puts together what is signed.
///
/// # Errors
/// A field that cannot be, or the node's refusal.
pub(super) async fn make(reads: &Reads, asked: &Asked) -> Result<Approval, Trouble> {
    let (from, operator, staker) =
        (asked.address("from")?, asked.address("operator")?, asked.address("staker")?);
    let name = |account: Address| parts::short(&account.to_string());
    let book = facts::book(reads, operator, &[]).await?;
    if !book.isOperator {
        return Err(Trouble::Field("operator", format!("{} is no operator.", name(operator))));
    }
    if book.delegationApprover != from {
        let why = match book.delegationApprover.is_zero() {
            true => format!("{} needs no approval: anyone may delegate to it.", name(operator)),
            false => format!("{} is approved by {} only.", name(operator), name(book.delegationApprover)),
        };
        return Err(Trouble::Field("from", why));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let expiry = now.saturating_add(LIFETIME).as_secs();
    // Need not be secret, only new.
    let salt = keccak256(format!("{from} {operator} {staker} {}", now.as_nanos()));
    let approval =
        DelegationApproval { delegationApprover: from, staker, operator, salt, expiry: U256::from(expiry) };
    let checked = view(reads, DELEGATION_MANAGER, &approval.digest_call()).await?;
    let chain_id = reads.chain_id();
    let Some(version) = approval.version(chain_id, checked) else {
        let why = "The DelegationManager would check another approval than this one.";
        return Err(Trouble::Field("operator", why.into()));
    };
    let typed = json!({
        "types": {
            "EIP712Domain": fields(&[
                ("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"),
            ]),
            "DelegationApproval": fields(&[
                ("delegationApprover", "address"), ("staker", "address"), ("operator", "address"),
                ("salt", "bytes32"), ("expiry", "uint256"),
            ]),
        },
        "primaryType": "DelegationApproval",
        "domain": {
            "name": DOMAIN_NAME, "version": version, "chainId": chain_id, "verifyingContract": DELEGATION_MANAGER,
        },
        "message": {
            "delegationApprover": from, "staker": staker, "operator": operator, "salt": salt,
            "expiry": expiry.to_string(),
        },
    });
    let path =
        format!("/act/delegate?from={staker}&operator={operator}&salt={salt}&expiry={expiry}&signature=");
    Ok(Approval { from, staker, operator, typed, path })
}

fn fields(all: &[(&str, &str)]) -> Vec<Value> {
    all.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect()
}

/// The signature that a staker was given; none if the field is empty.
///
/// # Errors
/// It cannot be read.
pub(super) fn given(asked: &Asked) -> Result<Option<(SignatureWithExpiry, B256)>, Trouble> {
    let text = asked.text("signature");
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        let why = "Use the link that the approver was given: signature, salt and expiry belong together.";
        Trouble::Field("signature", why.into())
    };
    let signature: Bytes = text.parse().map_err(|_| wrong())?;
    let salt: B256 = asked.text("salt").parse().map_err(|_| wrong())?;
    let expiry: u64 = asked.text("expiry").parse().map_err(|_| wrong())?;
    Ok(Some((SignatureWithExpiry { signature, expiry: U256::from(expiry) }, salt)))
}
