//! Traces of sealed blocks and transactions.

use super::{Kinds, next, next_calls};
use crate::{
    block_id,
    context::Context,
    error::RpcError,
    json::{Reply, json, null},
    method::Method,
    params::Params,
    quantity::Quantity,
    replay::{self, List, Scene},
};
use alloy_eips::BlockId;
use alloy_primitives::B256;
use alloy_rpc_types_trace::parity::{LocalizedTransactionTrace, TraceResultsWithTransactionHash};
use chain::{SealedBlock, View};
use std::sync::Arc;

/// Numbers in the address of one trace: calls nest no deeper.
const MAX_TRACE_ADDRESS: usize = 1_024;

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("trace_block", block),
    Method::heavy("trace_transaction", transaction),
    Method::heavy("trace_get", get),
    Method::heavy("trace_replayTransaction", replay_transaction),
    Method::heavy("trace_replayBlockTransactions", replay_block),
];

/// The block that an id names; `None` if there is none.
fn find(view: &View, id: BlockId) -> Result<Option<Arc<SealedBlock>>, RpcError> {
    match block_id::find(view, id)? {
        Some(number) => Ok(view.block(number)?),
        None => Ok(None),
    }
}

fn block(cx: &Context, params: Params<'_>) -> Reply {
    let view = cx.chain.view();
    let Some(block) = find(&view, params.one("block")?)? else { return null() };
    let mut traces = List::new(cx.limits.max_response_bytes);
    if block.transactions.is_empty() {
        return traces.end();
    }
    let scene = Scene::of(&view, block)?;
    let (mut replay, allowance) = (scene.replay(cx), replay::allowance(cx));
    while replay.upcoming().is_some() {
        for trace in next_calls(cx, &mut replay, allowance)? {
            traces.push(&trace)?;
        }
    }
    traces.end()
}

/// The call traces of a transaction; `None` if there is no such transaction.
///
/// # Errors
/// A bound was met, or the transaction did not run as it did.
pub(crate) fn calls_of(cx: &Context, hash: B256) -> Result<Option<Vec<LocalizedTransactionTrace>>, RpcError> {
    let view = cx.chain.view();
    let Some((block, index)) = view.transaction(hash)? else { return Ok(None) };
    let scene = Scene::of(&view, block)?;
    let mut replay = scene.replay(cx);
    let allowance = replay::allowance(cx);
    replay.skip_to(index).map_err(|error| replay::failed(&error))?;
    next_calls(cx, &mut replay, allowance).map(Some)
}

fn transaction(cx: &Context, params: Params<'_>) -> Reply {
    json(&calls_of(cx, params.one("hash")?)?)
}

/// The trace at an address: the way from the outermost call, as in a trace's `traceAddress`.
fn get(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let hash: B256 = args.required(0, "hash")?;
    let way: Vec<Quantity> = args.required(1, "trace address")?;
    if way.len() > MAX_TRACE_ADDRESS {
        return null();
    }
    let way: Vec<usize> = way.iter().map(|step| usize::try_from(step.0).unwrap_or(usize::MAX)).collect();
    let traces = calls_of(cx, hash)?.unwrap_or_default();
    json(&traces.into_iter().find(|trace| trace.trace.trace_address == way))
}

fn replay_transaction(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let hash: B256 = args.required(0, "hash")?;
    let kinds: Kinds = args.required(1, "trace types")?;
    let view = cx.chain.view();
    let (block, index) = replay::transaction_at(&view, hash)?;
    let scene = Scene::of(&view, block)?;
    let mut replay = scene.replay(cx);
    let allowance = replay::allowance(cx);
    replay.skip_to(index).map_err(|error| replay::failed(&error))?;
    json(&next(cx, &mut replay, &kinds, allowance)?)
}

fn replay_block(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let id: BlockId = args.required(0, "block")?;
    let kinds: Kinds = args.required(1, "trace types")?;
    let view = cx.chain.view();
    let Some(block) = find(&view, id)? else { return null() };
    let mut all = List::new(cx.limits.max_response_bytes);
    if block.transactions.is_empty() {
        return all.end();
    }
    let scene = Scene::of(&view, block)?;
    let (mut replay, allowance) = (scene.replay(cx), replay::allowance(cx));
    while let Some(transaction) = replay.upcoming() {
        let Some(full_trace) = next(cx, &mut replay, &kinds, allowance)? else { break };
        all.push(&TraceResultsWithTransactionHash { full_trace, transaction_hash: transaction.hash })?;
    }
    all.end()
}
