//! Blocks and what is counted in them. There are no uncles: they are answered as none.
//! A block is found by `block_id`, and written by `convert`.

use crate::{
    block_id,
    context::Context,
    convert,
    error::RpcError,
    json::{Json, Reply, json, null, quantity},
    method::Method,
    params::Params,
    pending,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use chain::SealedBlock;
use std::sync::Arc;

pub(crate) const METHODS: &[Method] = &[
    Method::now("eth_chainId", chain_id),
    Method::now("eth_blockNumber", block_number),
    Method::now("eth_syncing", syncing),
    Method::now("eth_coinbase", coinbase),
    Method::now("eth_mining", mining),
    Method::now("eth_getBlockByNumber", by_number),
    Method::now("eth_getBlockByHash", by_hash),
    Method::now("eth_getHeaderByNumber", header_by_number),
    Method::now("eth_getHeaderByHash", header_by_hash),
    Method::now("eth_getBlockTransactionCountByNumber", count_by_number),
    Method::now("eth_getBlockTransactionCountByHash", count_by_hash),
    Method::now("eth_getBlockReceipts", receipts),
    Method::now("eth_getUncleCountByBlockNumber", uncles_by_number),
    Method::now("eth_getUncleCountByBlockHash", uncles_by_hash),
    Method::now("eth_getUncleByBlockNumberAndIndex", no_uncle),
    Method::now("eth_getUncleByBlockHashAndIndex", no_uncle),
];

fn chain_id(cx: &Context, _: Params<'_>) -> Reply {
    quantity(cx.chain.chain_id())
}

fn block_number(cx: &Context, _: Params<'_>) -> Reply {
    quantity(cx.chain.view().head())
}

fn syncing(_: &Context, _: Params<'_>) -> Reply {
    json(&false)
}

fn coinbase(cx: &Context, _: Params<'_>) -> Reply {
    json(&cx.chain.dials().coinbase.unwrap_or(cx.chain.genesis().roles.fee_recipient))
}

fn mining(_: &Context, _: Params<'_>) -> Reply {
    json(&true)
}

/// The block that a number or tag names.
pub(super) fn numbered(cx: &Context, block: BlockNumberOrTag) -> Result<Option<Arc<SealedBlock>>, RpcError> {
    let view = cx.chain.view();
    if block.is_pending() {
        return Ok(Some(pending::next(cx, &view)?.block.clone()));
    }
    match block_id::height(&view, block) {
        Some(number) => Ok(view.block(number)?),
        None => Ok(None),
    }
}

/// The block with a hash.
pub(super) fn hashed(cx: &Context, hash: B256) -> Result<Option<Arc<SealedBlock>>, RpcError> {
    let view = cx.chain.view();
    match view.number_of(hash)? {
        Some(number) => Ok(view.block(number)?),
        None => Ok(None),
    }
}

/// What `of` tells of the block, or `null`.
fn told(block: Option<Arc<SealedBlock>>, of: impl FnOnce(&SealedBlock) -> Result<Json, RpcError>) -> Reply {
    match block {
        Some(block) => of(&block),
        None => null(),
    }
}

fn by_number(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let block = numbered(cx, args.required(0, "block")?)?;
    let full = args.optional(1, "full transactions")?.unwrap_or(false);
    told(block, |block| json(&convert::block(block, full)))
}

fn by_hash(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let block = hashed(cx, args.required(0, "hash")?)?;
    let full = args.optional(1, "full transactions")?.unwrap_or(false);
    told(block, |block| json(&convert::block(block, full)))
}

fn header_by_number(cx: &Context, params: Params<'_>) -> Reply {
    told(numbered(cx, params.one("block")?)?, |block| json(&convert::header(block)))
}

fn header_by_hash(cx: &Context, params: Params<'_>) -> Reply {
    told(hashed(cx, params.one("hash")?)?, |block| json(&convert::header(block)))
}

fn count(block: &SealedBlock) -> Reply {
    quantity(u64::try_from(block.transactions.len()).unwrap_or(u64::MAX))
}

fn count_by_number(cx: &Context, params: Params<'_>) -> Reply {
    told(numbered(cx, params.one("block")?)?, count)
}

fn count_by_hash(cx: &Context, params: Params<'_>) -> Reply {
    told(hashed(cx, params.one("hash")?)?, count)
}

fn receipts(cx: &Context, params: Params<'_>) -> Reply {
    let block = match params.one::<BlockId>("block")? {
        BlockId::Number(number) => numbered(cx, number)?,
        BlockId::Hash(hash) => hashed(cx, hash.block_hash)?,
    };
    told(block, |block| {
        let all = 0..block.transactions.len();
        json(&all.filter_map(|index| convert::receipt(block, index)).collect::<Vec<_>>())
    })
}

fn uncles_by_number(cx: &Context, params: Params<'_>) -> Reply {
    told(numbered(cx, params.one("block")?)?, |_| quantity(0))
}

fn uncles_by_hash(cx: &Context, params: Params<'_>) -> Reply {
    told(hashed(cx, params.one("hash")?)?, |_| quantity(0))
}

fn no_uncle(_: &Context, _: Params<'_>) -> Reply {
    null()
}
