//! `eth_sendRawTransactionSync` (EIP-7966) and `eth_sendTransactionSync`: send, and answer with the receipt once the transaction is sealed.
//! The wait follows the chain's events; nothing polls.

use super::sign;
use crate::{
    context::Context,
    convert,
    error::RpcError,
    json::{Json, Reply, json},
    method::{Method, Pending, pending},
    params::Params,
    quantity::Quantity,
};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use chain::SealedBlock;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::timeout,
};

/// Sent, but not sealed in time. The data are the transaction's hash.
const TIMEOUT: i32 = 4;

/// Sent, but waits for something. The data are the transaction's hash.
const NOT_READY: i32 = 5;

/// Sent, but waits for an earlier nonce. The data are the nonce that is expected.
const NONCE_GAP: i32 = 6;

/// How long to wait if nothing is asked for (recommended by the EIP).
const USUAL_WAIT: Duration = Duration::from_secs(2);

pub(crate) const METHODS: &[Method] = &[
    Method::wait("eth_sendRawTransactionSync", send_raw),
    Method::wait("eth_sendTransactionSync", send).keys(),
];

/// Transaction and wait, as both methods take them.
fn arguments<T: serde::de::DeserializeOwned>(params: Params<'_>) -> Result<(T, Option<Quantity>), RpcError> {
    let args = params.args()?;
    let asked = args.optional(1, "timeout in milliseconds")?;
    Ok((args.required(0, "transaction")?, asked))
}

fn send_raw(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(arguments::<Bytes>(params), |(raw, asked)| async move {
        // Before it is sent: else its block could come between sending and listening.
        let blocks = cx.chain.subscribe();
        let hash = cx.chain.submit_raw(raw).await?;
        wait(&cx, blocks, hash, asked).await
    })
}

fn send(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(arguments::<TransactionRequest>(params), |(request, asked)| async move {
        let blocks = cx.chain.subscribe();
        // The promised nonce is held until the pool has the transaction.
        let (transaction, nonce) = sign::ready(&cx, request).await?;
        let hash = cx.chain.submit(transaction).await?;
        drop(nonce);
        wait(&cx, blocks, hash, asked).await
    })
}

/// The receipt, once there is one.
async fn wait(
    cx: &Context,
    mut blocks: Receiver<Arc<SealedBlock>>,
    hash: B256,
    asked: Option<Quantity>,
) -> Reply {
    // As the EIP has it: a wait that cannot be is replaced by the usual one.
    let asked = asked.map(|Quantity(millis)| Duration::from_millis(millis));
    let longest = cx.limits.receipt_timeout;
    let wait = asked.filter(|wait| !wait.is_zero() && *wait <= longest);
    let wait = wait.unwrap_or(USUAL_WAIT.min(longest));
    if let Some(receipt) = sealed(cx, hash)? {
        return Ok(receipt);
    }
    unready(cx, hash)?;
    match timeout(wait, receipt(cx, &mut blocks, hash)).await {
        Ok(answer) => answer,
        Err(_) => {
            let millis = wait.as_millis();
            let why = format!("the transaction is in the pool, but was not sealed within {millis} ms");
            Err(RpcError::coded(TIMEOUT, why).with_data(hash.to_string()))
        }
    }
}

/// The receipt, if the transaction is sealed.
fn sealed(cx: &Context, hash: B256) -> Result<Option<Json>, RpcError> {
    match cx.chain.view().transaction(hash)? {
        Some((block, index)) => json(&convert::receipt(&block, index)).map(Some),
        None => Ok(None),
    }
}

/// Tells of a transaction that no block can take yet.
fn unready(cx: &Context, hash: B256) -> Result<(), RpcError> {
    let (nonce, next) = {
        let pool = cx.chain.pool();
        let Some(waiting) = pool.get(hash) else { return Ok(()) };
        (waiting.nonce(), pool.next_nonce(waiting.sender).unwrap_or_default())
    };
    // Nonces below the next one are ready.
    if nonce < next {
        return Ok(());
    }
    if nonce == next {
        let why = "the transaction is in the pool, but its sender cannot pay for it yet";
        return Err(RpcError::coded(NOT_READY, why).with_data(hash.to_string()));
    }
    let why = format!(
        "the transaction is in the pool, but waits for an earlier one: next nonce {next}, its own {nonce}"
    );
    Err(RpcError::coded(NONCE_GAP, why).with_data(format!("{next:#x}")))
}

/// The receipt, when it is there.
async fn receipt(cx: &Context, blocks: &mut Receiver<Arc<SealedBlock>>, hash: B256) -> Reply {
    loop {
        match blocks.recv().await {
            Ok(block) => {
                if let Some(index) = block.index_of(hash) {
                    return json(&convert::receipt(&block, index));
                }
            }
            Err(RecvError::Lagged(_)) => {
                if let Some(receipt) = sealed(cx, hash)? {
                    return Ok(receipt);
                }
            }
            Err(RecvError::Closed) => return Err(RpcError::internal("the chain was closed")),
        }
    }
}
