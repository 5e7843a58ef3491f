//! WETH's ABI to its verbs.

use super::{DECIMALS, NAME, SYMBOL};
use crate::{
    dispatch::{Calldata, payable, view, write},
    host::{Host, Result},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::IWETH::{
        allowanceCall, approveCall, balanceOfCall, decimalsCall, depositCall, nameCall, symbolCall,
        totalSupplyCall, transferCall, transferFromCall, withdrawCall,
    },
    gas,
};

/// The contract's entry.
///
/// # Errors
/// The verb's.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let Ok(calldata) = Calldata::split(input) else { return fallback(host) };
    match calldata.selector {
        transferCall::SELECTOR => write(host, calldata, super::transfer),
        transferFromCall::SELECTOR => write(host, calldata, super::transfer_from),
        balanceOfCall::SELECTOR => view(host, calldata, |view, call| super::balance_of(view, call)),
        approveCall::SELECTOR => write(host, calldata, super::approve),
        allowanceCall::SELECTOR => view(host, calldata, |view, call| super::allowance(view, call)),
        depositCall::SELECTOR => payable(host, calldata, |host, _: depositCall| super::deposit(host)),
        withdrawCall::SELECTOR => write(host, calldata, super::withdraw),
        totalSupplyCall::SELECTOR => {
            view(host, calldata, |view, _: totalSupplyCall| super::total_supply(view))
        }
        nameCall::SELECTOR => view(host, calldata, |_, _: nameCall| Ok(NAME.to_owned())),
        symbolCall::SELECTOR => view(host, calldata, |_, _: symbolCall| Ok(SYMBOL.to_owned())),
        decimalsCall::SELECTOR => view(host, calldata, |_, _: decimalsCall| Ok(DECIMALS)),
        _ => fallback(host),
    }
}

/// Ether sent plainly, or along with anything that is no verb.
fn fallback(host: &mut dyn Host) -> Result<Bytes> {
    host.charge_gas(gas::VERB)?;
    super::deposit(host)?;
    Ok(Bytes::new())
}
