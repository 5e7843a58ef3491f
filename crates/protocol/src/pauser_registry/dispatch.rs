//! PauserRegistry's ABI to its verbs.

use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result, revert_empty},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::abi::IPauserRegistry::{isPauserCall, setIsPauserCall, setUnpauserCall, unpauserCall};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        isPauserCall::SELECTOR => view(host, calldata, |view, call| super::is_pauser(view, call)),
        unpauserCall::SELECTOR => view(host, calldata, |view, call| super::unpauser(view, call)),
        setIsPauserCall::SELECTOR => write(host, calldata, super::set_is_pauser),
        setUnpauserCall::SELECTOR => write(host, calldata, super::set_unpauser),
        _ => revert_empty(),
    }
}
