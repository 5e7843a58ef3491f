//! A strategy's ABI to its verbs.

use super::STATE;
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    host::{Host, Result, revert_empty},
    pausable,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::IStrategy::{
        beforeAddSharesCall, beforeRemoveSharesCall, depositCall, explanationCall, initializeCall,
        sharesCall, sharesToUnderlyingCall, sharesToUnderlyingViewCall, strategyManagerCall, totalSharesCall,
        underlyingToSharesCall, underlyingToSharesViewCall, underlyingTokenCall, userUnderlyingCall,
        userUnderlyingViewCall, withdrawCall,
    },
    addresses::STRATEGY_MANAGER,
};

/// The entry of a plain strategy.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        depositCall::SELECTOR => write(host, calldata, super::deposit),
        _ => shared(host, calldata),
    }
}

/// The verbs that all kinds of strategy answer alike.
pub(crate) fn shared(host: &mut dyn Host, calldata: Calldata<'_>) -> Result<Bytes> {
    match calldata.selector {
        withdrawCall::SELECTOR => write(host, calldata, super::withdraw),
        beforeAddSharesCall::SELECTOR => write(host, calldata, super::before_add_shares),
        beforeRemoveSharesCall::SELECTOR => write(host, calldata, super::before_remove_shares),
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        sharesCall::SELECTOR => view(host, calldata, |view, call| super::shares(view, call)),
        sharesToUnderlyingCall::SELECTOR => view(host, calldata, |view, call: sharesToUnderlyingCall| {
            super::shares_to_underlying(view, call.amountShares)
        }),
        sharesToUnderlyingViewCall::SELECTOR => {
            view(host, calldata, |view, call: sharesToUnderlyingViewCall| {
                super::shares_to_underlying(view, call.amountShares)
            })
        }
        underlyingToSharesCall::SELECTOR => view(host, calldata, |view, call: underlyingToSharesCall| {
            super::underlying_to_shares(view, call.amountUnderlying)
        }),
        underlyingToSharesViewCall::SELECTOR => {
            view(host, calldata, |view, call: underlyingToSharesViewCall| {
                super::underlying_to_shares(view, call.amountUnderlying)
            })
        }
        userUnderlyingCall::SELECTOR => {
            view(host, calldata, |view, call: userUnderlyingCall| super::user_underlying(view, call.user))
        }
        userUnderlyingViewCall::SELECTOR => {
            view(host, calldata, |view, call: userUnderlyingViewCall| super::user_underlying(view, call.user))
        }
        underlyingTokenCall::SELECTOR => {
            view(host, calldata, |view, call| super::underlying_token(view, call))
        }
        totalSharesCall::SELECTOR => {
            view(host, calldata, |view, _: totalSharesCall| super::total_shares(view))
        }
        strategyManagerCall::SELECTOR => {
            view(host, calldata, |_, _: strategyManagerCall| Ok(STRATEGY_MANAGER))
        }
        explanationCall::SELECTOR => {
            view(host, calldata, |_, _: explanationCall| Ok(super::EXPLANATION.to_owned()))
        }
        _ => pausable::verbs(host, calldata, &STATE).unwrap_or_else(revert_empty),
    }
}
