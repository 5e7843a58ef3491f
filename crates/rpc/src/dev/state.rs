//! Setters of accounts. They change the state of the last block, durably and at once, as anvil's do; the next block's
//! state root covers them.

use crate::{
    context::Context,
    error::RpcError,
    json::{json, null},
    method::{Method, Pending, pending},
    params::{Args, Params},
    quantity::Quantity,
};
use alloy_primitives::{Address, U256};
use chain::Edit;
use std::sync::Arc;

pub(crate) const METHODS: &[Method] = &[
    Method::wait("anvil_setBalance", set_balance).control(),
    Method::wait("hardhat_setBalance", set_balance).control(),
    Method::wait("tenderly_setBalance", set_balance).control(),
    Method::wait("anvil_addBalance", add_balance).control(),
    Method::wait("hardhat_addBalance", add_balance).control(),
    Method::wait("tenderly_addBalance", add_balance).control(),
    Method::wait("anvil_setCode", set_code).control(),
    Method::wait("hardhat_setCode", set_code).control(),
    Method::wait("anvil_setNonce", set_nonce).control(),
    Method::wait("hardhat_setNonce", set_nonce).control(),
    Method::wait("evm_setAccountNonce", set_nonce).control(),
    Method::wait("anvil_setStorageAt", set_storage).control(),
    Method::wait("hardhat_setStorageAt", set_storage).control(),
];

/// Reads one edit from the arguments and makes it.
fn edit(
    cx: &Arc<Context>,
    params: Params<'_>,
    read: impl FnOnce(Address, Args<'_>) -> Result<Edit, RpcError>,
) -> Pending {
    let chain = cx.chain.clone();
    let read = |args: Args<'_>| read(args.required(0, "address")?, args);
    pending(params.args().and_then(read), |edit| async move {
        chain.edit(vec![edit]).await?;
        null()
    })
}

fn set_balance(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    edit(cx, params, |address, args| Ok(Edit::Balance(address, args.required(1, "balance")?)))
}

fn add_balance(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    edit(cx, params, |address, args| Ok(Edit::AddBalance(address, args.required(1, "balance")?)))
}

fn set_code(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    edit(cx, params, |address, args| Ok(Edit::Code(address, args.required(1, "code")?)))
}

/// EIP-2681 keeps the last 64-bit nonce from every account.
fn set_nonce(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    edit(cx, params, |address, args| match args.required(1, "nonce")? {
        Quantity(u64::MAX) => Err(RpcError::params("invalid argument 1 (nonce): it must be below 2^64 - 1")),
        Quantity(nonce) => Ok(Edit::Nonce(address, nonce)),
    })
}

fn set_storage(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    let read = |args: Args<'_>| -> Result<Edit, RpcError> {
        let (slot, value): (U256, U256) = (args.required(1, "slot")?, args.required(2, "value")?);
        Ok(Edit::Slot(args.required(0, "address")?, slot, value))
    };
    pending(params.args().and_then(read), |edit| async move {
        chain.edit(vec![edit]).await?;
        json(&true)
    })
}
