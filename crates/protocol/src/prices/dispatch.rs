//! PriceBook's ABI to its verbs.

use super::{
    FIXED_ALLOWED, OWNER, PAUSED, clear_source, price_of, set_feed, set_fixed, set_par, set_rate_fn,
};
use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result, revert_empty},
    ownable, pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::abi::IPriceBook::{
    clearSourceCall, fixedPricesAllowedCall, priceOfCall, setFeedCall, setFixedCall, setParCall,
    setRateFnCall, sourceOfCall,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        clearSourceCall::SELECTOR => write(host, calldata, clear_source),
        setParCall::SELECTOR => write(host, calldata, set_par),
        setRateFnCall::SELECTOR => write(host, calldata, set_rate_fn),
        setFeedCall::SELECTOR => write(host, calldata, set_feed),
        setFixedCall::SELECTOR => write(host, calldata, set_fixed),
        priceOfCall::SELECTOR => view(host, calldata, |view, call: priceOfCall| price_of(view, call)),
        sourceOfCall::SELECTOR => {
            view(host, calldata, |view, call: sourceOfCall| super::source_of(view, call.asset))
        }
        fixedPricesAllowedCall::SELECTOR => {
            view(host, calldata, |view, _: fixedPricesAllowedCall| Ok(FIXED_ALLOWED.get(view)?))
        }
        _ => pausable::verbs(host, calldata, &PAUSED)
            .or_else(|| ownable::verbs(host, calldata, &OWNER))
            .unwrap_or_else(revert_empty),
    }
}
