//! Signing with the development accounts: messages, typed data, and transactions whose missing fields are filled in.
//! Only development nodes hold keys; who may use them is decided in `dispatch`.

use super::{execute, fees, state::next_nonce};
use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json},
    method::{Method, Pending, pending},
    params::{Args, Params},
    quantity::Quantity,
};
use alloy_consensus::{SignableTransaction, TxEnvelope, TypedTransaction};
use alloy_dyn_abi::TypedData;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_signer::SignerSync;
use chain::{Recovered, transaction};
use serde::Deserialize;
use std::sync::Arc;

/// A nonce that is held until the pool has the transaction.
type Held<'a> = Option<crate::accounts::Promise<'a>>;

pub(crate) const METHODS: &[Method] = &[
    Method::now("eth_accounts", accounts),
    Method::now("eth_requestAccounts", accounts),
    Method::now("eth_sign", sign).keys(),
    Method::now("personal_sign", personal_sign).keys(),
    Method::now("eth_signTypedData", sign_typed_data).keys(),
    Method::now("eth_signTypedData_v3", sign_typed_data).keys(),
    Method::now("eth_signTypedData_v4", sign_typed_data).keys(),
    Method::wait("eth_signTransaction", sign_transaction).keys(),
    Method::wait("eth_sendTransaction", send_transaction).keys(),
];

fn accounts(cx: &Context, _: Params<'_>) -> Reply {
    let own = cx.accounts.addresses();
    let named = cx.chain.dials().impersonated;
    let others: Vec<Address> = named.into_iter().filter(|address| !own.contains(address)).collect();
    json(&[own, others].concat())
}

fn sign_message(cx: &Context, address: Address, message: &[u8]) -> Reply {
    let signature = cx.accounts.signer(address)?.sign_message_sync(message).map_err(failed)?;
    json(&Bytes::from(signature.as_bytes().to_vec()))
}

fn failed(error: impl std::fmt::Display) -> RpcError {
    RpcError::internal(format!("signing failed: {error}"))
}

/// EIP-191: address, then message.
fn sign(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    sign_message(cx, args.required(0, "address")?, &args.required::<Bytes>(1, "message")?)
}

/// EIP-191: message, then address.
fn personal_sign(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    sign_message(cx, args.required(1, "address")?, &args.required::<Bytes>(0, "message")?)
}

/// Typed data as an object, or as its JSON text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Typed {
    Text(String),
    Data(Box<TypedData>),
}

/// EIP-712.
fn sign_typed_data(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let address = args.required(0, "address")?;
    let bad =
        |error: &dyn std::fmt::Display| RpcError::params(format!("invalid argument 1 (typed data): {error}"));
    let data = match args.required::<Typed>(1, "typed data")? {
        Typed::Data(data) => data,
        Typed::Text(text) => serde_json::from_str(&text).map_err(|error| bad(&error))?,
    };
    let hash = data.eip712_signing_hash().map_err(|error| bad(&error))?;
    let signature = cx.accounts.signer(address)?.sign_hash_sync(&hash).map_err(failed)?;
    json(&Bytes::from(signature.as_bytes().to_vec()))
}

/// The transaction of a request.
pub(crate) fn request(args: Args<'_>) -> Result<TransactionRequest, RpcError> {
    args.required(0, "transaction")
}

fn sign_transaction(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(params.args().and_then(request), |request| async move {
        let (signed, _nonce) = prepare(&cx, request).await?;
        json(&Bytes::from(signed.encoded_2718()))
    })
}

fn send_transaction(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(params.args().and_then(request), |request| async move {
        // The promised nonce is held until the pool has the transaction.
        let (transaction, _nonce) = ready(&cx, request).await?;
        json(&cx.chain.submit(transaction).await?)
    })
}

/// The account that a request is from: the node's first if it names none.
pub(crate) fn sender(cx: &Context, request: &TransactionRequest) -> Result<Address, RpcError> {
    match request.from {
        Some(from) => Ok(from),
        None => {
            let own = cx.accounts.addresses();
            own.first().copied().ok_or_else(|| RpcError::server("the node holds no keys"))
        }
    }
}

/// Fills in what is missing, and signs.
async fn prepare(cx: &Arc<Context>, request: TransactionRequest) -> Result<(TxEnvelope, Held<'_>), RpcError> {
    let from = sender(cx, &request)?;
    let signer = cx.accounts.signer(from)?;
    let (unsigned, promise) = fill(cx, request, from).await?;
    let signature = signer.sign_hash_sync(&unsigned.signature_hash()).map_err(failed)?;
    Ok((unsigned.into_signed(signature).into(), promise))
}

/// A transaction to submit: signed where the node holds the key, as it is where the sender is impersonated.
pub(crate) async fn ready(
    cx: &Arc<Context>,
    request: TransactionRequest,
) -> Result<(Arc<Recovered>, Held<'_>), RpcError> {
    let from = sender(cx, &request)?;
    if cx.accounts.signer(from).is_err() && cx.chain.dials().impersonates(from) {
        return unsigned(cx, request).await;
    }
    let (signed, promise) = prepare(cx, request).await?;
    let checked = transaction::recover(signed.encoded_2718().into(), cx.chain.chain_id());
    Ok((Arc::new(checked.map_err(chain::SubmitError::from)?), promise))
}

/// A transaction that nobody signs.
pub(crate) async fn unsigned(
    cx: &Arc<Context>,
    request: TransactionRequest,
) -> Result<(Arc<Recovered>, Held<'_>), RpcError> {
    let from = sender(cx, &request)?;
    let (unsigned, promise) = fill(cx, request, from).await?;
    let made = Recovered::impersonated(unsigned, from, cx.chain.chain_id());
    Ok((Arc::new(made.map_err(chain::SubmitError::from)?), promise))
}

/// Fills in what is missing.
async fn fill(
    cx: &Arc<Context>,
    mut request: TransactionRequest,
    from: Address,
) -> Result<(TypedTransaction, Held<'_>), RpcError> {
    request.from = Some(from);
    let chain_id = cx.chain.chain_id();
    match request.chain_id {
        Some(asked) if asked != chain_id => {
            return Err(RpcError::params(format!(
                "invalid chain id: the request says {asked}, this is {chain_id}"
            )));
        }
        _ => request.chain_id = Some(chain_id),
    }
    let input = request.input.try_into_unique_input();
    let input = input.map_err(|_| RpcError::params("both \"data\" and \"input\" are set and not equal"))?;
    request.input = input.into();
    if request.to.is_none() {
        if request.input.input().is_none_or(|input| input.is_empty()) {
            return Err(RpcError::params("contract creation without any data provided"));
        }
        request.to = Some(TxKind::Create);
    }
    fill_fees(cx, &mut request)?;
    if request.gas.is_none() {
        request.gas = Some(estimate(cx, request.clone()).await?);
    }
    // Last: a request that fails before leaves no gap that would hold up the others.
    let promise = match request.nonce {
        Some(_) => None,
        None => {
            let promise = cx.accounts.promise(from, next_nonce(cx, from)?);
            request.nonce = Some(promise.nonce);
            Some(promise)
        }
    };
    let unsigned: TypedTransaction = request
        .build_typed_tx()
        .map_err(|_| RpcError::params("the request's fields do not make a transaction of any type"))?;
    Ok((unsigned, promise))
}

/// Twice the base fee plus a tip, as wallets do, unless the request says more.
pub(super) fn fill_fees(cx: &Context, request: &mut TransactionRequest) -> Result<(), RpcError> {
    if request.gas_price.is_some() {
        return Ok(());
    }
    let base_fee = fees::next_base_fee(cx, &cx.chain.view())?;
    let tip = match (request.max_priority_fee_per_gas, request.max_fee_per_gas) {
        (Some(tip), _) => tip,
        (None, Some(cap)) => fees::SUGGESTED_TIP.min(cap),
        (None, None) => fees::SUGGESTED_TIP,
    };
    request.max_priority_fee_per_gas = Some(tip);
    request.max_fee_per_gas.get_or_insert(u128::from(base_fee).saturating_mul(2).saturating_add(tip));
    Ok(())
}

/// Gas for a request without a limit, found on a worker's thread.
pub(super) async fn estimate(cx: &Arc<Context>, request: TransactionRequest) -> Result<u64, RpcError> {
    let worker = cx.clone();
    let reply = cx.workers.run(move || execute::estimate_next(&worker, request)).await?;
    let Quantity(gas) = serde_json::from_slice(reply.bytes())
        .map_err(|error| RpcError::internal(format!("an estimate was no number: {error}")))?;
    Ok(gas)
}
