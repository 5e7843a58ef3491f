//! Lens's ABI to its views.

use crate::{
    dispatch::{Calldata, view},
    host::{Host, Result, revert_empty},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::abi::ILens::{
    bookCall, effectBlocksCall, exposureCall, operatorSetCall, positionCall, previewSlashCall,
    previewSlashForCall,
};

/// The contract's entry.
///
/// # Errors
/// The view's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        bookCall::SELECTOR => {
            view(host, calldata, |view, call: bookCall| super::book(view, call.operator, &call.strategies))
        }
        effectBlocksCall::SELECTOR => {
            view(host, calldata, |view, call: effectBlocksCall| super::effect_blocks(view, call.operator))
        }
        exposureCall::SELECTOR => view(host, calldata, |view, call: exposureCall| {
            super::exposure(view, call.operator, call.strategy)
        }),
        operatorSetCall::SELECTOR => view(host, calldata, |view, call: operatorSetCall| {
            super::operator_set(view, call.operatorSet, call.futureBlock)
        }),
        positionCall::SELECTOR => {
            view(host, calldata, |view, call: positionCall| super::position(view, call.staker))
        }
        previewSlashCall::SELECTOR => view(host, calldata, |view, call: previewSlashCall| {
            super::preview_slash(view, call.avs, &call.params)
        }),
        previewSlashForCall::SELECTOR => view(host, calldata, |view, call: previewSlashForCall| {
            super::preview_slash_for(view, call.staker, call.avs, &call.params)
        }),
        _ => revert_empty(),
    }
}
