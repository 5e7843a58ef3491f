//! Traces of calls that are not sealed: single, many in a row, and raw transactions.

use super::{Kinds, results, verdict, watcher};
use crate::{
    context::Context,
    error::RpcError,
    eth::execute::{call_request, overrides, refused},
    json::{Reply, json},
    method::Method,
    params::Params,
    pending::{self, Place},
    replay::{self, Allowance, List, check_calls},
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::Bytes;
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use alloy_rpc_types_trace::parity::TraceResults;
use chain::{
    CallRequest,
    executor::{Simulated, Simulator},
    transaction::recover,
};

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("trace_call", call),
    Method::heavy("trace_callMany", call_many),
    Method::heavy("trace_rawTransaction", raw_transaction),
];

/// After a block, or in the next one if it is `pending`.
fn place(cx: &Context, block: Option<BlockId>) -> Result<Place, RpcError> {
    pending::place(cx, &cx.chain.view(), block)
}

fn call(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let request = call_request(args.required(0, "transaction")?)?;
    let kinds: Kinds = args.required(1, "trace types")?;
    let place = place(cx, args.optional(2, "block")?)?;
    let state: Option<StateOverride> = args.optional(3, "state overrides")?;
    let block: Option<BlockOverrides> = args.optional(4, "block overrides")?;
    let pretended = overrides(state.unwrap_or_default(), block.unwrap_or_default())?;
    let mut simulator = Simulator::new(&place.ground, cx.chain.environment(), place.context);
    simulator.pretend(&pretended).map_err(|error| refused(&error.into()))?;
    json(&watch(cx, &mut simulator, &request, &kinds, replay::allowance(cx))?.0)
}

fn watch(
    cx: &Context,
    simulator: &mut Simulator<'_>,
    request: &CallRequest,
    kinds: &Kinds,
    allowance: Allowance,
) -> Result<(TraceResults, Simulated), RpcError> {
    let mut watcher = watcher(cx, kinds, allowance);
    let simulated = simulator.inspect_call(request, &mut watcher);
    if let Some(error) = verdict(&watcher) {
        return Err(error);
    }
    let simulated = simulated.map_err(|error| refused(&error))?;
    Ok((results(watcher, &simulated, kinds, simulator.state())?, simulated))
}

/// Calls in a row, each on the state that the one before left.
fn call_many(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let calls: Vec<(TransactionRequest, Kinds)> = args.required(0, "calls")?;
    check_calls(calls.len())?;
    let place = place(cx, args.optional(1, "block")?)?;
    let mut simulator = Simulator::new(&place.ground, cx.chain.environment(), place.context);
    let (mut all, allowance) = (List::new(cx.limits.max_response_bytes), replay::allowance(cx));
    for (request, kinds) in calls {
        let (told, simulated) = watch(cx, &mut simulator, &call_request(request)?, &kinds, allowance)?;
        all.push(&told)?;
        simulator.keep(simulated);
    }
    all.end()
}

/// A signed transaction as the next block would run it; it is not sent.
fn raw_transaction(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let raw: Bytes = args.required(0, "transaction")?;
    let kinds: Kinds = args.required(1, "trace types")?;
    let block: Option<BlockId> = args.optional(2, "block")?;
    let transaction =
        recover(raw, cx.chain.chain_id()).map_err(|error| RpcError::server(error.to_string()))?;
    let place = place(cx, Some(block.unwrap_or(BlockId::Number(BlockNumberOrTag::Pending))))?;
    let mut simulator = Simulator::new(&place.ground, cx.chain.environment(), place.context);
    let mut watcher = watcher(cx, &kinds, replay::allowance(cx));
    let simulated = simulator.inspect_transaction(&transaction, &mut watcher);
    if let Some(error) = verdict(&watcher) {
        return Err(error);
    }
    let simulated = simulated.map_err(|error| refused(&error))?;
    json(&results(watcher, &simulated, &kinds, simulator.state())?)
}
