//! `trace_`: transactions, blocks and calls traced as OpenEthereum does, and searched. Nothing is minted here for sealing a
//! block, so there are no reward traces.

pub(crate) mod calls;
pub(crate) mod filter;
pub(crate) mod sealed;

use crate::{
    context::Context,
    error::RpcError,
    replay::{self, Allowance, Bounded, Keeps, Scene},
};
use alloy_primitives::map::HashSet;
use alloy_rpc_types_eth::TransactionInfo;
use alloy_rpc_types_trace::parity::{LocalizedTransactionTrace, TraceResults, TraceType};
use chain::{
    SealedBlock, View,
    executor::{Failed, Replay, Simulated, SimulatedState},
};
use revm_inspectors::tracing::{TraceLimitBehavior, TraceLimits, TracingInspector, TracingInspectorConfig};
use std::sync::Arc;

/// What is asked of a trace: `trace`, `vmTrace`, `stateDiff`.
type Kinds = HashSet<TraceType>;

/// An inspector that records what `kinds` need, within bounds.
fn watcher(cx: &Context, kinds: &Kinds, allowance: Allowance) -> Bounded<TracingInspector> {
    let config = TracingInspectorConfig::from_parity_config(kinds);
    let limits = TraceLimits::default()
        .set_max_recorded_bytes(Some(cx.limits.max_trace_bytes))
        .set_behavior(TraceLimitBehavior::Halt);
    let steps = kinds.contains(&TraceType::VmTrace);
    let keeps = Keeps { steps: if steps { u64::MAX } else { 0 }, frames: true, ..Keeps::default() };
    Bounded::new(TracingInspector::new(config).with_limits(limits), keeps, allowance)
}

/// Why a run was ended, if it was.
fn verdict(watcher: &Bounded<TracingInspector>) -> Option<RpcError> {
    let full = watcher.inner.limit_exceeded();
    watcher.verdict().or_else(|| full.then(|| RpcError::trace_too_large(watcher.allowance.bytes)))
}

/// What was watched, in the kinds asked for. `state` is the one before it.
fn results(
    watcher: Bounded<TracingInspector>,
    simulated: &Simulated,
    kinds: &Kinds,
    state: &SimulatedState<'_>,
) -> Result<TraceResults, RpcError> {
    let builder = watcher.inner.into_parity_builder();
    builder
        .into_trace_results_with_state(&simulated.0, kinds, state)
        .map_err(|error: Failed| RpcError::server(error.to_string()))
}

/// Watches the next transaction of a replay, and goes on. `None`: there is none.
fn next(
    cx: &Context,
    replay: &mut Replay<'_>,
    kinds: &Kinds,
    allowance: Allowance,
) -> Result<Option<TraceResults>, RpcError> {
    let mut watcher = watcher(cx, kinds, allowance);
    let watched = replay::watch(replay, &mut watcher);
    if let Some(error) = verdict(&watcher) {
        return Err(error);
    }
    let Some(simulated) = watched? else { return Ok(None) };
    let results = results(watcher, &simulated, kinds, replay.state())?;
    replay.keep(simulated);
    Ok(Some(results))
}

/// The call traces of the next transaction of a replay, with their place; goes on.
fn next_calls(
    cx: &Context,
    replay: &mut Replay<'_>,
    allowance: Allowance,
) -> Result<Vec<LocalizedTransactionTrace>, RpcError> {
    let Some(transaction) = replay.upcoming() else { return Ok(Vec::new()) };
    let kinds = Kinds::from_iter([TraceType::Trace]);
    let mut watcher = watcher(cx, &kinds, allowance);
    let watched = replay::watch(replay, &mut watcher);
    if let Some(error) = verdict(&watcher) {
        return Err(error);
    }
    let Some(simulated) = watched? else { return Ok(Vec::new()) };
    let block = replay.block();
    let place = TransactionInfo {
        hash: Some(transaction.hash),
        index: u64::try_from(replay.position()).ok(),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        ..TransactionInfo::default()
    };
    replay.keep(simulated);
    Ok(watcher.inner.into_parity_builder().into_localized_transaction_traces(place))
}

/// The call traces of all transactions of a block.
///
/// # Errors
/// A bound was met, or a transaction did not run as it did.
pub(crate) fn calls_in(
    cx: &Context,
    view: &View,
    block: Arc<SealedBlock>,
) -> Result<Vec<LocalizedTransactionTrace>, RpcError> {
    let scene = Scene::of(view, block)?;
    let (mut replay, allowance) = (scene.replay(cx), replay::allowance(cx));
    let mut all = Vec::new();
    while replay.upcoming().is_some() {
        all.extend(next_calls(cx, &mut replay, allowance)?);
    }
    Ok(all)
}
