//! Sending as an account whose key nobody has. Such a transaction has a hash, a place in a block and a receipt as any
//! other; its record keeps the sender, and its signature is a mark that no key can make.

use crate::{
    context::Context,
    error::RpcError,
    eth::sign,
    json::{json, null},
    method::{Method, Pending, pending},
    params::Params,
};
use alloy_primitives::Address;
use std::sync::Arc;

pub(crate) const METHODS: &[Method] = &[
    Method::wait("anvil_impersonateAccount", impersonate).control(),
    Method::wait("hardhat_impersonateAccount", impersonate).control(),
    Method::wait("anvil_stopImpersonatingAccount", stop).control(),
    Method::wait("hardhat_stopImpersonatingAccount", stop).control(),
    Method::wait("anvil_autoImpersonateAccount", impersonate_all).control(),
    Method::wait("hardhat_autoImpersonateAccount", impersonate_all).control(),
    Method::wait("eth_sendUnsignedTransaction", send_unsigned).control(),
];

fn impersonate(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Address>("address"), |address| async move {
        chain.turn(move |dials| _ = dials.impersonated.insert(address)).await?;
        null()
    })
}

fn stop(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Address>("address"), |address| async move {
        chain.turn(move |dials| _ = dials.impersonated.remove(&address)).await?;
        null()
    })
}

fn impersonate_all(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<bool>("enabled"), |enabled| async move {
        chain.turn(move |dials| dials.impersonate_all = enabled).await?;
        null()
    })
}

/// As `eth_sendTransaction`, of any sender, impersonated or not.
fn send_unsigned(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(params.args().and_then(sign::request), |request| async move {
        if request.from.is_none() {
            return Err(RpcError::params("a transaction that nobody signs needs \"from\""));
        }
        // The promised nonce is held until the pool has the transaction.
        let (transaction, _nonce) = sign::unsigned(&cx, request).await?;
        json(&cx.chain.submit(transaction).await?)
    })
}
