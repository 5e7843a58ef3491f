//! Traces in geth's forms: of sealed transactions, whole blocks, and calls on any kept state with overrides.

use crate::{
    block_id,
    context::Context,
    error::RpcError,
    eth::execute::{call_request, overrides, refused},
    json::{Json, Reply},
    method::Method,
    params::Params,
    replay::{self, List, Scene, Tracer, tracer::Ran},
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use alloy_rpc_types_eth::{Bundle, StateContext, TransactionIndex, TransactionRequest};
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions};
use chain::{
    CallRequest, Overrides, View,
    executor::{At, BlockContext, BlockOverrides, Replay, Simulator, transaction_env},
};
use revm_inspectors::tracing::TransactionContext;

/// Calls of one `debug_traceCallMany`.
const MAX_CALLS: usize = 1_024;

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("debug_traceTransaction", transaction),
    Method::heavy("debug_traceBlockByNumber", block_by_number),
    Method::heavy("debug_traceBlockByHash", block_by_hash),
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

/// Where calls are traced: after a block or in its middle, or in the next block.
struct Stage {
    scene: Option<Scene>,
    place: (At, BlockContext),
    before: usize,
}

impl Stage {
    fn set(
        cx: &Context,
        view: &View,
        block: Option<BlockId>,
        index: Option<usize>,
    ) -> Result<Self, RpcError> {
        let at = block_id::state_at(view, block)?;
        let pending = block == Some(BlockId::Number(BlockNumberOrTag::Pending));
        let place = cx.chain.place(view, at, pending)?;
        let scene = match index {
            Some(_) => Some(Scene::of(view, replay::block_at(view, at.into())?)?),
            None => None,
        };
        Ok(Self { scene, place, before: index.unwrap_or_default() })
    }

    fn simulator<'s>(&'s self, cx: &'s Context) -> Result<Simulator<'s>, RpcError> {
        let Some(scene) = &self.scene else {
            return Ok(Simulator::new(&self.place.0, cx.chain.environment(), self.place.1));
        };
        let mut replay = scene.replay(cx);
        replay.skip_to(self.before).map_err(|error| replay::failed(&error))?;
        Ok(replay.into_simulator())
    }
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
    let calls = bundles.iter().map(|bundle| bundle.transactions.len()).fold(0, usize::saturating_add);
    if calls > MAX_CALLS {
        return Err(RpcError::params(format!("too many calls: {calls}, the limit is {MAX_CALLS}")));
    }
    let state = overrides(options.state_overrides.unwrap_or_default(), Default::default())?;
    let mut tracer = Tracer::new(cx, options.tracing_options)?;
    let index = match context.transaction_index {
        Some(TransactionIndex::Index(index)) => Some(index),
        Some(TransactionIndex::All) | None => None,
    };
    let view = cx.chain.view();
    let stage = Stage::set(cx, &view, context.block_number, index)?;
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

/// The block after one, `slot_secs` later.
fn next_block(context: &BlockContext, slot_secs: u64) -> Overrides {
    let block = BlockOverrides {
        number: Some(context.number.saturating_add(1)),
        timestamp: Some(context.timestamp.saturating_add(slot_secs)),
        ..BlockOverrides::default()
    };
    Overrides { block, ..Overrides::default() }
}
