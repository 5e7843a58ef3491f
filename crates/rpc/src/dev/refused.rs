//! Controls that anvil or hardhat have and that cannot hold here, each refused with its reason and what to do instead.

use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, null},
    method::Method,
    params::Params,
    quantity::Quantity,
};

pub(crate) const METHODS: &[Method] = &[
    Method::now("anvil_setChainId", set_chain_id).control(),
    Method::now("anvil_setRpcUrl", set_rpc_url).control(),
    Method::now("anvil_setMinGasPrice", set_min_gas_price).control(),
    Method::now("hardhat_setMinGasPrice", set_min_gas_price).control(),
    Method::now("anvil_impersonateSignature", impersonate_signature).control(),
    Method::now("anvil_enableTraces", enable_traces).control(),
    Method::now("anvil_getBlobByHash", no_blob).control(),
    Method::now("anvil_getBlobsByTransactionHash", no_blob).control(),
];

/// The id that the chain has is no change.
fn set_chain_id(cx: &Context, params: Params<'_>) -> Reply {
    let Quantity(asked) = params.one("chain id")?;
    match cx.chain.chain_id() {
        have if have == asked => null(),
        have => Err(RpcError::refused(format!(
            "the chain id {have} is part of the genesis, and blocks, signatures and contracts were made with it; start \
             another chain with --chain-id {asked}"
        ))),
    }
}

fn set_rpc_url(_: &Context, _: Params<'_>) -> Reply {
    Err(RpcError::refused(
        "this chain is no fork of another, so there is no upstream to change; bring accounts over with anvil_loadState",
    ))
}

fn set_min_gas_price(_: &Context, _: Params<'_>) -> Reply {
    Err(RpcError::params(
        "anvil_setMinGasPrice is not supported when EIP-1559 is active; use anvil_setNextBlockBaseFeePerGas",
    ))
}

fn impersonate_signature(_: &Context, _: Params<'_>) -> Reply {
    Err(RpcError::refused(
        "signatures recover by the rules of the chain, which replays every block; impersonate the account instead \
         (anvil_impersonateAccount)",
    ))
}

/// Every transaction can be traced at any time (`debug_`, `trace_`): there is nothing to turn on.
fn enable_traces(_: &Context, _: Params<'_>) -> Reply {
    null()
}

/// There are no blobs (`decisions.md` 82).
fn no_blob(_: &Context, _: Params<'_>) -> Reply {
    null()
}
