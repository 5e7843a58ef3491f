//! What happened within one transaction: it is run again.

use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json},
    method::Method,
    params::Params,
    replay::{self, Bounded, Keeps, Scene},
    trace::sealed::calls_of,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rpc_types_trace::{
    otterscan::TraceEntry,
    parity::{Action, CallType, CreationMethod, TraceOutput, TransactionTrace},
};
use chain::{Outcome, executor::Ending};
use revm::Inspector;
use revm_inspectors::otterscan::InternalOperationsInspector;

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("ots_getInternalOperations", internal_operations),
    Method::heavy("ots_traceTransaction", trace),
    Method::heavy("ots_getTransactionError", error),
];

/// Runs a sealed transaction again under an inspector, and returns how it ended.
fn rerun<I>(cx: &Context, params: Params<'_>, inspector: &mut Bounded<I>) -> Result<Outcome, RpcError>
where
    I: for<'s> Inspector<chain::executor::SimulatedContext<'s>>,
{
    let view = cx.chain.view();
    let (block, index) = replay::transaction_at(&view, params.one("hash")?)?;
    let scene = Scene::of(&view, block)?;
    let mut replay = scene.replay(cx);
    replay.skip_to(index).map_err(|error| replay::failed(&error))?;
    let simulated = replay::watch(&mut replay, inspector)?;
    simulated.map(|it| it.into_outcome()).ok_or_else(|| RpcError::server("transaction not found"))
}

/// Transfers of value, creations and destructions below the outermost call, also those that were taken back.
fn internal_operations(cx: &Context, params: Params<'_>) -> Reply {
    let keeps = Keeps { frames: true, ..Keeps::default() };
    let mut inspector = Bounded::new(InternalOperationsInspector::default(), keeps, replay::allowance(cx));
    rerun(cx, params, &mut inspector)?;
    json(inspector.inner.operations())
}

/// What the transaction reverted with; empty if it did not.
fn error(cx: &Context, params: Params<'_>) -> Reply {
    let mut inspector = Bounded::new(revm::inspector::NoOpInspector, Keeps::default(), replay::allowance(cx));
    json(&match rerun(cx, params, &mut inspector)?.ending {
        Ending::Reverted(data) => data,
        _ => Bytes::new(),
    })
}

fn trace(cx: &Context, params: Params<'_>) -> Reply {
    let hash: B256 = params.one("hash")?;
    let traces = calls_of(cx, hash)?.ok_or_else(|| RpcError::server("transaction not found"))?;
    json(&traces.iter().filter_map(|located| entry(&located.trace)).collect::<Vec<_>>())
}

/// Calls, creations and destructions in the order in which they began. Only what moves value tells a value.
fn entry(trace: &TransactionTrace) -> Option<TraceEntry> {
    let depth = u32::try_from(trace.trace_address.len()).unwrap_or(u32::MAX);
    let output = trace.result.as_ref().map(|result| result.output().clone()).unwrap_or_default();
    let entry = |kind: &str, from: Address, to: Address, value: Option<U256>, input: Bytes, output: Bytes| {
        Some(TraceEntry { r#type: kind.into(), depth, from, to, value, input, output })
    };
    match &trace.action {
        Action::Call(call) => {
            let moves = !matches!(call.call_type, CallType::StaticCall | CallType::DelegateCall);
            let value = moves.then_some(call.value);
            entry(&call.call_type.to_string(), call.from, call.to, value, call.input.clone(), output)
        }
        Action::Create(create) => {
            let kind = match create.creation_method {
                CreationMethod::Create2 => "CREATE2",
                _ => "CREATE",
            };
            let made = match &trace.result {
                Some(TraceOutput::Create(made)) => made.address,
                _ => Address::ZERO,
            };
            entry(kind, create.from, made, Some(create.value), create.init.clone(), output)
        }
        Action::Selfdestruct(gone) => {
            let (from, to) = (gone.address, gone.refund_address);
            entry("SELFDESTRUCT", from, to, Some(gone.balance), Bytes::new(), Bytes::new())
        }
        Action::Reward(_) => None,
    }
}
