//! Headers, blocks, transactions and receipts in the encodings that Ethereum's peers exchange.

use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json},
    method::Method,
    params::Params,
    replay,
};
use alloy_consensus::{Block, BlockBody, TxEnvelope};
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::{B256, Bytes};
use chain::SealedBlock;
use std::sync::Arc;

pub(crate) const METHODS: &[Method] = &[
    Method::now("debug_getRawHeader", header),
    Method::heavy("debug_getRawBlock", block),
    Method::now("debug_getRawTransaction", transaction),
    Method::heavy("debug_getRawTransactions", transactions),
    Method::heavy("debug_getRawReceipts", receipts),
    Method::now("debug_getBadBlocks", bad_blocks),
];

fn named(cx: &Context, params: Params<'_>) -> Result<Arc<SealedBlock>, RpcError> {
    replay::block_at(&cx.chain.view(), params.one::<BlockId>("block")?)
}

fn header(cx: &Context, params: Params<'_>) -> Reply {
    json(&Bytes::from(alloy_rlp::encode(&named(cx, params)?.header)))
}

fn block(cx: &Context, params: Params<'_>) -> Reply {
    let sealed = named(cx, params)?;
    let transactions: Vec<TxEnvelope> = sealed.transactions.iter().map(|it| it.tx.clone()).collect();
    let withdrawals = sealed.header.withdrawals_root.map(|_| Default::default());
    let body = BlockBody { transactions, ommers: Vec::new(), withdrawals };
    json(&Bytes::from(alloy_rlp::encode(Block { header: sealed.header.clone(), body })))
}

/// Sealed or in the pool; empty if it is neither, as in geth.
fn transaction(cx: &Context, params: Params<'_>) -> Reply {
    let hash: B256 = params.one("hash")?;
    let sealed = cx.chain.view().transaction(hash)?;
    let sealed = sealed.and_then(|(block, index)| block.transactions.get(index).map(|it| it.raw.clone()));
    let raw = sealed.or_else(|| cx.chain.pool().get(hash).map(|waiting| waiting.raw.clone()));
    json(&raw.unwrap_or_default())
}

/// All of a block.
fn transactions(cx: &Context, params: Params<'_>) -> Reply {
    let sealed = named(cx, params)?;
    json(&sealed.transactions.iter().map(|it| it.raw.clone()).collect::<Vec<_>>())
}

/// Nobody sends this node blocks, so it has seen no bad ones.
fn bad_blocks(_: &Context, _: Params<'_>) -> Reply {
    json::<[Bytes]>(&[])
}

fn receipts(cx: &Context, params: Params<'_>) -> Reply {
    let sealed = named(cx, params)?;
    json(&sealed.receipts.iter().map(|it| Bytes::from(it.encoded_2718())).collect::<Vec<_>>())
}
