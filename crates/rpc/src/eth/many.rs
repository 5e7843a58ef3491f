//! `eth_callMany`: bundles of calls, each on the state that the one before left, as reth and Erigon have it.

use super::execute::{call_request, outcome_of, overrides, refused};
use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json},
    limits::raise,
    method::Method,
    params::Params,
    replay::{self, Allowance, Stage, calls_in, check_calls, next_block},
};
use alloy_rpc_types_eth::{Bundle, EthCallResponse, StateContext, TransactionRequest, state::StateOverride};
use chain::executor::Simulator;

pub(crate) const METHODS: &[Method] = &[Method::heavy("eth_callMany", call_many)];

/// What the calls of one request may still use.
struct Left {
    gas: u64,
    time: Allowance,
}

fn call_many(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let bundles: Vec<Bundle<TransactionRequest>> = args.required(0, "bundles")?;
    let context: StateContext = args.optional(1, "state context")?.unwrap_or_default();
    let state: Option<StateOverride> = args.optional(2, "state overrides")?;
    if bundles.is_empty() {
        return Err(RpcError::params("bundles are empty"));
    }
    check_calls(calls_in(&bundles))?;
    let state = overrides(state.unwrap_or_default(), Default::default())?;
    let view = cx.chain.view();
    let stage = Stage::at(cx, &view, context)?;
    let mut simulator = stage.simulator(cx)?;
    simulator.pretend(&state).map_err(|error| refused(&error.into()))?;
    let mut left = Left { gas: cx.limits.max_call_gas, time: replay::allowance(cx) };
    let mut answers = Vec::new();
    for bundle in bundles {
        let pretended = overrides(Default::default(), bundle.block_override.unwrap_or_default())?;
        simulator.pretend(&pretended).map_err(|error| refused(&error.into()))?;
        let calls = bundle.transactions.into_iter().map(|call| one(cx, &mut simulator, call, &mut left));
        answers.push(calls.collect::<Result<Vec<_>, _>>()?);
        let slot = cx.chain.params().slot_secs;
        simulator.pretend(&next_block(simulator.context(), slot)).map_err(|error| refused(&error.into()))?;
    }
    json(&answers)
}

/// Runs a call, and keeps what it changed. That it fails is an answer; that it cannot run is an error.
fn one(
    cx: &Context,
    simulator: &mut Simulator<'_>,
    call: TransactionRequest,
    left: &mut Left,
) -> Result<EthCallResponse, RpcError> {
    left.time.check()?;
    if left.gas == 0 {
        let (most, name) = (cx.limits.max_call_gas, "max_call_gas");
        return Err(RpcError::limit(format!(
            "the calls of one request may use {most} gas ({name}); split it into several, or {}",
            raise(name)
        )));
    }
    let mut request = call_request(call)?;
    request.gas = Some(request.gas.unwrap_or(u64::MAX).min(left.gas));
    let simulated = simulator.call(&request).map_err(|error| refused(&error))?;
    let outcome = simulated.outcome();
    simulator.keep(simulated);
    left.gas = left.gas.saturating_sub(outcome.gas_used);
    Ok(match outcome_of(outcome) {
        Ok(data) => EthCallResponse { value: Some(data), error: None },
        Err(error) => EthCallResponse { value: None, error: Some(error.message().to_owned()) },
    })
}
