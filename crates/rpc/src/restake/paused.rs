//! What the pauser can stop: each verb with the contract and the bit that stop it, and whether they do now.

use super::ask::Snapshot;
use crate::{context::Context, error::RpcError};
use alloy_primitives::Address;
use serde_json::{Value, json};
use types::{
    abi::IPausable,
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER},
};

/// Verbs by contract and bit, as EigenLayer has them.
const STOPS: [(&str, &str, Address, usize); 7] = [
    ("deposit", "StrategyManager", STRATEGY_MANAGER, 0),
    ("delegate", "DelegationManager", DELEGATION_MANAGER, 0),
    ("withdraw", "DelegationManager", DELEGATION_MANAGER, 1),
    ("complete", "DelegationManager", DELEGATION_MANAGER, 2),
    ("allocate", "AllocationManager", ALLOCATION_MANAGER, 0),
    ("slash", "AllocationManager", ALLOCATION_MANAGER, 1),
    ("join", "AllocationManager", ALLOCATION_MANAGER, 2),
];

/// Each verb, and whether it is stopped after the newest block; of a contract that does not answer, null.
///
/// # Errors
/// The state cannot be read.
pub(super) fn told(cx: &Context) -> Result<Vec<Value>, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let mut asker = snapshot.asker();
    let mut told = Vec::new();
    for (verb, contract, address, bit) in STOPS {
        let bits = asker.try_ask(address, &IPausable::paused_0Call {})?;
        told.push(json!({
            "verb": verb, "contract": contract, "address": address, "bit": bit,
            "isPaused": bits.map(|bits| bits.bit(bit)),
        }));
    }
    Ok(told)
}
