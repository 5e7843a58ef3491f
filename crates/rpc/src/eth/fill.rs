//! `eth_fillTransaction`: what a transaction lacks, as the node would choose it, without signing it.
//! Nonce, fees and gas are those of `eth_sendTransaction`; signing stays with the caller.

use super::{sign, state};
use crate::{
    context::Context,
    error::RpcError,
    json::json,
    method::{Method, Pending, pending},
    params::Params,
};
use alloy_consensus::{TxEnvelope, TypedTransaction};
use alloy_eips::Encodable2718;
use alloy_primitives::{Bytes, Signature, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use serde::Serialize;
use std::sync::Arc;

pub(crate) const METHODS: &[Method] = &[Method::wait("eth_fillTransaction", fill)];

/// The transaction, and its encoding, with a signature of zeros.
#[derive(Serialize)]
struct Filled {
    raw: Bytes,
    tx: TxEnvelope,
}

fn fill(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(params.one("transaction"), |request| async move {
        let tx = complete(&cx, request).await?;
        let tx = TxEnvelope::new_unhashed(tx, Signature::new(U256::ZERO, U256::ZERO, false));
        json(&Filled { raw: tx.encoded_2718().into(), tx })
    })
}

async fn complete(cx: &Arc<Context>, mut request: TransactionRequest) -> Result<TypedTransaction, RpcError> {
    let from = request.from.unwrap_or_default();
    request.from = Some(from);
    let chain_id = cx.chain.chain_id();
    if let Some(asked) = request.chain_id.filter(|asked| *asked != chain_id) {
        return Err(RpcError::params(format!(
            "invalid chain id: the request says {asked}, this is {chain_id}"
        )));
    }
    request.chain_id = Some(chain_id);
    let input = request.input.try_into_unique_input();
    let input = input.map_err(|_| RpcError::params("both \"data\" and \"input\" are set and not equal"))?;
    request.input = input.into();
    if request.to.is_none() {
        if request.input.input().is_none_or(|input| input.is_empty()) {
            return Err(RpcError::params("contract creation without any data provided"));
        }
        request.to = Some(TxKind::Create);
    }
    sign::fill_fees(cx, &mut request)?;
    if request.nonce.is_none() {
        request.nonce = Some(state::next_nonce(cx, from)?);
    }
    if request.gas.is_none() {
        request.gas = Some(sign::estimate(cx, request.clone()).await?);
    }
    request
        .build_typed_tx()
        .map_err(|_| RpcError::params("the request's fields do not make a transaction of any type"))
}
