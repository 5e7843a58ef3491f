//! Sending signed transactions, and reading transactions and receipts.
//! Checks are the pool's. Transactions that the node must sign first are in `sign`.

use super::blocks::{hashed, numbered};
use crate::{
    context::Context,
    convert,
    error::RpcError,
    json::{Reply, json, null},
    method::{Method, PendingAll},
    params::Params,
    quantity::Quantity,
};
use alloy_primitives::{Address, B256, Bytes};
use alloy_rpc_types_eth::Transaction;
use chain::SealedBlock;
use std::sync::Arc;

pub(crate) const METHODS: &[Method] = &[
    Method::together("eth_sendRawTransaction", send_raw),
    Method::now("eth_getTransactionByHash", by_hash),
    Method::now("eth_getTransactionByBlockHashAndIndex", by_block_hash),
    Method::now("eth_getTransactionByBlockNumberAndIndex", by_block_number),
    Method::now("eth_getRawTransactionByHash", raw_by_hash),
    Method::now("eth_getRawTransactionByBlockHashAndIndex", raw_by_block_hash),
    Method::now("eth_getRawTransactionByBlockNumberAndIndex", raw_by_block_number),
    Method::now("eth_getTransactionBySenderAndNonce", by_sender_and_nonce),
    Method::now("eth_getTransactionReceipt", receipt),
    Method::now("eth_pendingTransactions", pending_transactions),
];

/// With instant sealing the answer comes when the block with the transaction is durable. Those of one batch are
/// admitted together and share a block.
fn send_raw(cx: &Arc<Context>, requests: &[Params<'_>]) -> PendingAll {
    let read: Vec<Result<Bytes, RpcError>> =
        requests.iter().map(|params| params.one("transaction")).collect();
    let chain = cx.chain.clone();
    Box::pin(async move {
        let good: Vec<Bytes> = read.iter().flatten().cloned().collect();
        let hashes = match <[Bytes; 1]>::try_from(good) {
            Ok([raw]) => vec![chain.submit_raw(raw).await],
            Err(many) => chain.submit_raw_all(many).await,
        };
        let mut hashes = hashes.into_iter();
        let lost = || Err(RpcError::internal("a transaction got no answer"));
        let answer = |read: Result<Bytes, RpcError>| match read {
            Ok(_) => hashes.next().map_or_else(lost, |hash| json(&hash?)),
            Err(error) => Err(error),
        };
        read.into_iter().map(answer).collect()
    })
}

/// A transaction, sealed or in the pool, as `of` tells it.
fn anywhere<T>(
    cx: &Context,
    hash: B256,
    sealed: impl Fn(&SealedBlock, usize) -> Option<T>,
    pooled: impl Fn(&chain::Recovered) -> T,
) -> Result<Option<T>, RpcError> {
    if let Some((block, index)) = cx.chain.view().transaction(hash)? {
        return Ok(sealed(&block, index));
    }
    let waiting = cx.chain.pool().get(hash);
    if let Some(waiting) = waiting {
        return Ok(Some(pooled(&waiting)));
    }
    // It may have left the pool for a block between the two looks.
    match cx.chain.view().transaction(hash)? {
        Some((block, index)) => Ok(sealed(&block, index)),
        None => Ok(None),
    }
}

fn by_hash(cx: &Context, params: Params<'_>) -> Reply {
    let hash = params.one("hash")?;
    json(&anywhere(cx, hash, convert::transaction, convert::pending)?)
}

fn raw_by_hash(cx: &Context, params: Params<'_>) -> Reply {
    let hash = params.one("hash")?;
    let sealed = |block: &SealedBlock, index: usize| block.transactions.get(index).map(|tx| tx.raw.clone());
    json(&anywhere(cx, hash, sealed, |waiting| waiting.raw.clone())?)
}

fn at(block: Option<Arc<SealedBlock>>, index: Quantity) -> Reply {
    let index = usize::try_from(index.0).unwrap_or(usize::MAX);
    let found: Option<Transaction> = block.and_then(|block| convert::transaction(&block, index));
    json(&found)
}

fn by_block_hash(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    at(hashed(cx, args.required(0, "hash")?)?, args.required(1, "index")?)
}

fn by_block_number(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    at(numbered(cx, args.required(0, "block")?)?, args.required(1, "index")?)
}

/// `null` where there is none, as reth has it; geth says `0x`.
fn raw_at(block: Option<Arc<SealedBlock>>, index: Quantity) -> Reply {
    let index = usize::try_from(index.0).unwrap_or(usize::MAX);
    let found = block.and_then(|block| block.transactions.get(index).map(|it| it.raw.clone()));
    json(&found)
}

fn raw_by_block_hash(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    raw_at(hashed(cx, args.required(0, "hash")?)?, args.required(1, "index")?)
}

fn raw_by_block_number(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    raw_at(numbered(cx, args.required(0, "block")?)?, args.required(1, "index")?)
}

/// Sealed or in the pool.
fn by_sender_and_nonce(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let sender: Address = args.required(0, "sender")?;
    let nonce: Quantity = args.required(1, "nonce")?;
    let waiting = {
        let (pending, queued) = cx.chain.pool().content_from(sender);
        pending.get(&nonce.0).or_else(|| queued.get(&nonce.0)).cloned()
    };
    if let Some((block, index)) = cx.chain.view().transaction_of_nonce(sender, nonce.0)? {
        return json(&convert::transaction(&block, index));
    }
    json(&waiting.map(|waiting| convert::pending(&waiting)))
}

fn receipt(cx: &Context, params: Params<'_>) -> Reply {
    match cx.chain.view().transaction(params.one("hash")?)? {
        Some((block, index)) => json(&convert::receipt(&block, index)),
        None => null(),
    }
}

/// Transactions in the pool that the node's own accounts sent, as geth answers.
fn pending_transactions(cx: &Context, _: Params<'_>) -> Reply {
    let own = cx.accounts.addresses();
    let waiting: Vec<Arc<chain::Recovered>> = {
        let pool = cx.chain.pool();
        own.iter().flat_map(|address| pool.content_from(*address).0.into_values()).collect()
    };
    json(&waiting.iter().map(|waiting| convert::pending(waiting)).collect::<Vec<_>>())
}
