//! TestToken's ABI to its verbs.

use super::{DECIMALS, NAME, SYMBOL};
use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result, revert_empty},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::abi::ITestToken::{
    allowanceCall, approveCall, balanceOfCall, decimalsCall, mintCall, nameCall, symbolCall, totalSupplyCall,
    transferCall, transferFromCall,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        transferCall::SELECTOR => write(host, calldata, super::transfer),
        transferFromCall::SELECTOR => write(host, calldata, super::transfer_from),
        balanceOfCall::SELECTOR => view(host, calldata, |view, call| super::balance_of(view, call)),
        approveCall::SELECTOR => write(host, calldata, super::approve),
        allowanceCall::SELECTOR => view(host, calldata, |view, call| super::allowance(view, call)),
        mintCall::SELECTOR => write(host, calldata, super::mint),
        totalSupplyCall::SELECTOR => {
            view(host, calldata, |view, _: totalSupplyCall| super::total_supply(view))
        }
        nameCall::SELECTOR => view(host, calldata, |_, _: nameCall| Ok(NAME.to_owned())),
        symbolCall::SELECTOR => view(host, calldata, |_, _: symbolCall| Ok(SYMBOL.to_owned())),
        decimalsCall::SELECTOR => view(host, calldata, |_, _: decimalsCall| Ok(DECIMALS)),
        _ => revert_empty(),
    }
}
