//! Traces in geth's forms: of sealed transactions, whole blocks, and calls on any kept state with overrides.

use crate::{
    context::Context,
    error::RpcError,
    eth::execute::{call_request, overrides, refused},
    json::{Json, Reply},
    method::Method,
    params::Params,
    replay::{self, List, Scene, Stage, Tracer, calls_in, check_calls, next_block, tracer::Ran},
};
use alloy_consensus::{Block, TxEnvelope};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::{Bundle, StateContext, TransactionRequest};
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions};
use chain::{
    CallRequest,
    executor::{BlockContext, Replay, Simulator, transaction_env},
};
use revm_inspectors::tracing::TransactionContext;

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("debug_traceTransaction", transaction),
    Method::heavy("debug_traceBlockByNumber", block_by_number),
    Method::heavy("debug_traceBlockByHash", block_by_hash),
    Method::heavy("debug_traceBlock", block_by_encoding),
    Method::heavy("debug_traceCall", call),
    Method::heavy("debug_traceCallMany", call_many),
];

fn transaction(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let hash: B256 = args.required(0, "hash")?;
    let options: GethDebugTracingOptions = args.optional(1, "options")?.unwrap_or_default();
    let view = cx.chain.view();
    let (block, index) = replay::transaction_at(&view, hash)?;
    let mut tracer = Tracer::new(cx, options)?;
    let scene = Scene::of(&view, block)?;
    let mut replay = scene.replay(cx);
    replay.skip_to(index).map_err(|error| replay::failed(&error))?;
    next(&mut replay, &mut tracer)?.ok_or_else(|| RpcError::server("transaction not found"))
}

/// Traces the next transaction, and goes on. `None`: there is none.
fn next(replay: &mut Replay<'_>, tracer: &mut Tracer) -> Result<Option<Json>, RpcError> {
    let Some(transaction) = replay.upcoming() else { return Ok(None) };
    let Some(simulated) = replay::watch(replay, &mut tracer.inspector)? else { return Ok(None) };
    let block = replay.block();
    let place = TransactionContext::default()
        .with_block_hash(block.hash)
        .with_tx_index(replay.position())
        .with_tx_hash(transaction.hash);
    let env = BlockContext::of(&block.header).block_env();
    let ran = Ran { place: Some(place), tx: &transaction_env(transaction), block: &env };
    let told = tracer.told(ran, &simulated, replay.state())?;
    replay.keep(simulated);
    Ok(Some(told))
}

fn block_by_number(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let number: BlockNumberOrTag = args.required(0, "block")?;
    block(cx, number.into(), args.optional(1, "options")?.unwrap_or_default())
}

fn block_by_hash(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let hash: B256 = args.required(0, "hash")?;
    block(cx, hash.into(), args.optional(1, "options")?.unwrap_or_default())
}

/// A block of this chain, given as RLP; of others the state is not known.
fn block_by_encoding(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let raw: Bytes = args.required(0, "block")?;
    let decoded = Block::<TxEnvelope>::decode(&mut raw.as_ref());
    let header =
        decoded.map_err(|error| RpcError::params(format!("could not decode block: {error}")))?.header;
    block(cx, header.hash_slow().into(), args.optional(1, "options")?.unwrap_or_default())
}

fn block(cx: &Context, id: BlockId, options: GethDebugTracingOptions) -> Reply {
    let view = cx.chain.view();
    let mut tracer = Tracer::new(cx, options)?;
    let scene = Scene::of(&view, replay::block_at(&view, id)?)?;
    let mut replay = scene.replay(cx);
    let mut traces = List::new(cx.limits.max_response_bytes);
    while let Some(transaction) = replay.upcoming() {
        let Some(told) = next(&mut replay, &mut tracer)? else { break };
        traces.push_object(&format!("{{\"txHash\":\"{}\",\"result\":", transaction.hash), &told)?;
        tracer.begin_again()?;
    }
    traces.end()
}

fn call(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let request = call_request(args.required(0, "transaction")?)?;
    let block: Option<BlockId> = args.optional(1, "block")?;
    let options: GethDebugTracingCallOptions = args.optional(2, "options")?.unwrap_or_default();
    let pretended =
        overrides(options.state_overrides.unwrap_or_default(), options.block_overrides.unwrap_or_default())?;
    let mut tracer = Tracer::new(cx, options.tracing_options)?;
    let index = options.tx_index.map(|index| usize::try_from(index).unwrap_or(usize::MAX));
    let view = cx.chain.view();
    let stage = Stage::set(cx, &view, block, index)?;
    let mut simulator = stage.simulator(cx)?;
    simulator.pretend(&pretended).map_err(|error| refused(&error.into()))?;
    trace_call(&mut simulator, &request, &mut tracer, false)
}

fn trace_call(
    simulator: &mut Simulator<'_>,
    request: &CallRequest,
    tracer: &mut Tracer,
    keep: bool,
) -> Reply {
    let tx = simulator.envelope(request).map_err(|error| refused(&error.into()))?;
    let simulated = simulator.inspect_call(request, &mut tracer.inspector);
    if let Some(error) = tracer.inspector.verdict() {
        return Err(error);
    }
    let simulated = simulated.map_err(|error| refused(&error))?;
    let block = simulator.context().block_env();
    let ran = Ran { place: None, tx: &tx, block: &block };
    let told = tracer.told(ran, &simulated, simulator.state())?;
    if keep {
        simulator.keep(simulated);
    }
    Ok(told)
}

/// Bundles of calls, each on the state that the one before left; each bundle in a block of its own.
fn call_many(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let bundles: Vec<Bundle<TransactionRequest>> = args.required(0, "bundles")?;
    let context: StateContext = args.optional(1, "state context")?.unwrap_or_default();
    let options: GethDebugTracingCallOptions = args.optional(2, "options")?.unwrap_or_default();
    check_calls(calls_in(&bundles))?;
    let state = overrides(options.state_overrides.unwrap_or_default(), Default::default())?;
    let mut tracer = Tracer::new(cx, options.tracing_options)?;
    let view = cx.chain.view();
    let stage = Stage::at(cx, &view, context)?;
    let mut simulator = stage.simulator(cx)?;
    simulator.pretend(&state).map_err(|error| refused(&error.into()))?;
    let mut told = List::new(cx.limits.max_response_bytes);
    for bundle in bundles {
        let pretended = overrides(Default::default(), bundle.block_override.unwrap_or_default())?;
        simulator.pretend(&pretended).map_err(|error| refused(&error.into()))?;
        let mut traces = List::new(cx.limits.max_response_bytes);
        for request in bundle.transactions {
            traces.push_json(&trace_call(&mut simulator, &call_request(request)?, &mut tracer, true)?)?;
            tracer.begin_again()?;
        }
        told.push_json(&traces.end()?)?;
        let slot = cx.chain.params().slot_secs;
        simulator.pretend(&next_block(simulator.context(), slot)).map_err(|error| refused(&error.into()))?;
    }
    told.end()
}
