//! What the next blocks are like: who gets the tips, gas limit, base fee, PREVRANDAO; and whether they are told of.

use crate::error::RpcError;
use crate::{
    context::Context,
    json::{json, null},
    method::{Method, Pending, pending},
    params::Params,
    quantity::Quantity,
};
use alloy_primitives::{Address, B256};
use std::sync::Arc;

pub(crate) const METHODS: &[Method] = &[
    Method::wait("anvil_setCoinbase", set_coinbase).control(),
    Method::wait("hardhat_setCoinbase", set_coinbase).control(),
    Method::wait("evm_setBlockGasLimit", set_gas_limit).control(),
    Method::wait("anvil_setBlockGasLimit", set_gas_limit).control(),
    Method::wait("anvil_setNextBlockBaseFeePerGas", set_base_fee).control(),
    Method::wait("hardhat_setNextBlockBaseFeePerGas", set_base_fee).control(),
    Method::wait("anvil_setNextBlockPrevRandao", set_prev_randao).control(),
    Method::wait("anvil_setPrevRandao", set_prev_randao).control(),
    Method::wait("hardhat_setPrevRandao", set_prev_randao).control(),
    Method::wait("anvil_setLoggingEnabled", set_logging).control(),
    Method::wait("hardhat_setLoggingEnabled", set_logging).control(),
];

/// Gas below which no transaction fits a block.
const LEAST_GAS_LIMIT: u64 = 21_000;

fn set_coinbase(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Address>("address"), |address| async move {
        chain.turn(move |dials| dials.coinbase = Some(address)).await?;
        null()
    })
}

fn set_gas_limit(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("gas limit"), |Quantity(gas)| async move {
        if gas < LEAST_GAS_LIMIT {
            return Err(RpcError::params(format!("a block needs at least {LEAST_GAS_LIMIT} gas, not {gas}")));
        }
        chain.turn(move |dials| dials.gas_limit = Some(gas)).await?;
        json(&true)
    })
}

/// For one block; those after it follow from it by EIP-1559.
fn set_base_fee(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("base fee"), |Quantity(wei)| async move {
        chain.turn(move |dials| dials.next_base_fee = Some(wei)).await?;
        null()
    })
}

/// For one block.
fn set_prev_randao(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<B256>("value"), |value| async move {
        chain.turn(move |dials| dials.next_prev_randao = Some(value)).await?;
        null()
    })
}

fn set_logging(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<bool>("enabled"), |enabled| async move {
        chain.turn(move |dials| dials.silent = !enabled).await?;
        null()
    })
}
