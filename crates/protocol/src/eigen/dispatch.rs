//! EIGEN's ABI to its verbs.

use super::{MINT_ALLOWED_AFTER, MINTING_ALLOWANCE, TOKEN};
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    host::{Host, Result, revert_empty},
    votes_token,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::{
        IEigen::{
            bEIGENCall, initializeCall, mintAllowedAfterCall, mintCall, mintingAllowanceCall, multisendCall,
            unwrapCall, versionCall, wrapCall,
        },
        IVotesToken::totalSupplyCall,
    },
    addresses::BACKING_EIGEN,
};

const ALREADY_OPEN: &str = "Eigen.disableTransferRestrictions: transfer restrictions are already disabled";

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        mintCall::SELECTOR => write(host, calldata, super::mint),
        wrapCall::SELECTOR => write(host, calldata, super::wrap),
        unwrapCall::SELECTOR => write(host, calldata, super::unwrap),
        multisendCall::SELECTOR => write(host, calldata, super::multisend),
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        totalSupplyCall::SELECTOR => view(host, calldata, |view, call| super::total_supply(view, call)),
        mintAllowedAfterCall::SELECTOR => view(host, calldata, |view, call: mintAllowedAfterCall| {
            Ok(MINT_ALLOWED_AFTER.get(view, call.minter)?)
        }),
        mintingAllowanceCall::SELECTOR => view(host, calldata, |view, call: mintingAllowanceCall| {
            Ok(MINTING_ALLOWANCE.get(view, call.minter)?)
        }),
        bEIGENCall::SELECTOR => view(host, calldata, |_, _: bEIGENCall| Ok(BACKING_EIGEN)),
        versionCall::SELECTOR => {
            view(host, calldata, |view, _: versionCall| Ok(view.params().rules.version().to_owned()))
        }
        _ => votes_token::verbs(host, calldata, &TOKEN, ALREADY_OPEN).unwrap_or_else(revert_empty),
    }
}
