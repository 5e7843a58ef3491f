//! Multicall3's ABI to its verbs.

use crate::{
    dispatch::{Calldata, payable, view},
    host::{Host, Result, revert_empty},
};
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use types::abi::IMulticall3::{
    aggregate3Call, aggregate3ValueCall, aggregateCall, blockAndAggregateCall, getBasefeeCall,
    getBlockHashCall, getBlockNumberCall, getChainIdCall, getCurrentBlockCoinbaseCall,
    getCurrentBlockDifficultyCall, getCurrentBlockGasLimitCall, getCurrentBlockTimestampCall,
    getEthBalanceCall, getLastBlockHashCall, tryAggregateCall, tryBlockAndAggregateCall,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        aggregate3Call::SELECTOR => payable(host, calldata, super::aggregate3),
        aggregate3ValueCall::SELECTOR => payable(host, calldata, super::aggregate3_value),
        aggregateCall::SELECTOR => payable(host, calldata, super::aggregate),
        tryAggregateCall::SELECTOR => payable(host, calldata, super::try_aggregate),
        blockAndAggregateCall::SELECTOR => payable(host, calldata, super::block_and_aggregate),
        tryBlockAndAggregateCall::SELECTOR => payable(host, calldata, super::try_block_and_aggregate),
        _ => read(host, calldata),
    }
}

fn read(host: &mut dyn Host, calldata: Calldata<'_>) -> Result<Bytes> {
    let block = host.block();
    match calldata.selector {
        getBlockHashCall::SELECTOR => view(host, calldata, |view, call| super::block_hash(view, call)),
        getLastBlockHashCall::SELECTOR => {
            view(host, calldata, |view, _: getLastBlockHashCall| super::last_block_hash(view))
        }
        getBlockNumberCall::SELECTOR => {
            view(host, calldata, |view, _: getBlockNumberCall| super::block_number(view))
        }
        getEthBalanceCall::SELECTOR => {
            view(host, calldata, |view, call: getEthBalanceCall| Ok(view.balance(call.addr)?))
        }
        getCurrentBlockTimestampCall::SELECTOR => {
            view(host, calldata, |_, _: getCurrentBlockTimestampCall| Ok(U256::from(block.timestamp)))
        }
        getCurrentBlockCoinbaseCall::SELECTOR => {
            view(host, calldata, |_, _: getCurrentBlockCoinbaseCall| Ok(block.coinbase))
        }
        getCurrentBlockDifficultyCall::SELECTOR => {
            view(host, calldata, |_, _: getCurrentBlockDifficultyCall| {
                Ok(U256::from_be_bytes(block.prevrandao.0))
            })
        }
        getCurrentBlockGasLimitCall::SELECTOR => {
            view(host, calldata, |_, _: getCurrentBlockGasLimitCall| Ok(U256::from(block.gas_limit)))
        }
        getBasefeeCall::SELECTOR => {
            view(host, calldata, |_, _: getBasefeeCall| Ok(U256::from(block.base_fee)))
        }
        getChainIdCall::SELECTOR => {
            view(host, calldata, |_, _: getChainIdCall| Ok(U256::from(block.chain_id)))
        }
        _ => revert_empty(),
    }
}
