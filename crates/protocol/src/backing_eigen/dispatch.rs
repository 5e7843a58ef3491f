//! bEIGEN's ABI to its verbs.

use super::{IS_MINTER, TOKEN};
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    host::{Host, Result, revert_empty},
    votes_token,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::{
        IBackingEigen::{EIGENCall, burnCall, initializeCall, isMinterCall, mintCall, setIsMinterCall},
        IVotesToken::totalSupplyCall,
    },
    addresses::EIGEN,
};

const ALREADY_OPEN: &str =
    "BackingEigen.disableTransferRestrictions: transfer restrictions are already disabled";

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        mintCall::SELECTOR => write(host, calldata, super::mint),
        burnCall::SELECTOR => write(host, calldata, super::burn),
        setIsMinterCall::SELECTOR => write(host, calldata, super::set_is_minter),
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        totalSupplyCall::SELECTOR => {
            view(host, calldata, |view, _: totalSupplyCall| votes_token::total_supply(view))
        }
        isMinterCall::SELECTOR => {
            view(host, calldata, |view, call: isMinterCall| Ok(IS_MINTER.get(view, call.minter)?))
        }
        EIGENCall::SELECTOR => view(host, calldata, |_, _: EIGENCall| Ok(EIGEN)),
        _ => votes_token::verbs(host, calldata, &TOKEN, ALREADY_OPEN).unwrap_or_else(revert_empty),
    }
}
