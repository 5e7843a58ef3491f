//! Geth's tracers: which there are, what each records, and its answer. Custom errors of native contracts are named in
//! call frames, where geth names only `Error(string)` and `Panic`.

use super::{Allowance, Bounded, Keeps, allowance, duration};
use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json},
    revert,
};
use alloy_rpc_types_trace::geth::{
    CallFrame, GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerConfig, GethDebugTracerType,
    GethDebugTracingOptions, GethTrace,
    mux::{MuxConfig, MuxFrame},
};
use chain::executor::{Failed, Simulated, SimulatedState};
use revm::context::{BlockEnv, TxEnv};
use revm_inspectors::tracing::{DebugInspector, DebugInspectorError, TransactionContext};

/// The tracers that this node has.
const OFFERED: &str = "callTracer, flatCallTracer, prestateTracer, 4byteTracer, muxTracer, noopTracer, and the struct logger \
     if none is named";

/// Characters of an unknown tracer's name that are shown.
const MAX_NAME: usize = 48;

/// One of geth's tracers, within bounds.
pub(crate) struct Tracer {
    pub(crate) inspector: Bounded<DebugInspector>,
}

/// What was run: a sealed transaction, or a call.
pub(crate) struct Ran<'a> {
    pub(crate) place: Option<TransactionContext>,
    pub(crate) tx: &'a TxEnv,
    pub(crate) block: &'a BlockEnv,
}

impl Tracer {
    /// The tracer that the options ask for.
    ///
    /// # Errors
    /// A tracer that is not offered, or options that it does not take.
    pub(crate) fn new(cx: &Context, mut options: GethDebugTracingOptions) -> Result<Self, RpcError> {
        let keeps = keeps(&options)?;
        let mut allowance: Allowance = allowance(cx);
        if let Some(timeout) = &options.timeout {
            allowance.time = duration::read(timeout)?.min(allowance.time);
        }
        if is(&options, BuiltIn::MuxTracer) {
            options.tracer_config = settle_mux(options.tracer_config)?;
        }
        let inspector = DebugInspector::new(options).map_err(|error| refused(&error))?;
        Ok(Self { inspector: Bounded::new(inspector, keeps, allowance) })
    }

    /// Prepares for the next transaction.
    ///
    /// # Errors
    /// The options are at fault.
    pub(crate) fn begin_again(&mut self) -> Result<(), RpcError> {
        self.inspector.begin_again();
        self.inspector.inner.fuse().map_err(|error| refused(&error))
    }

    /// What was traced. `state` is the one before the transaction.
    ///
    /// # Errors
    /// The state cannot be read, or the trace is too large.
    pub(crate) fn told(&mut self, ran: Ran<'_>, simulated: &Simulated, state: &SimulatedState<'_>) -> Reply {
        let Ran { place, tx, block } = ran;
        let trace = self.inspector.inner.get_result(place, tx, block, &simulated.0, &mut &*state);
        let mut trace = trace.map_err(|error: DebugInspectorError<Failed>| match error {
            DebugInspectorError::Database(error) => RpcError::server(error.to_string()),
            error => RpcError::internal(error.to_string()),
        })?;
        name_errors(&mut trace);
        json(&trace)
    }
}

fn is(options: &GethDebugTracingOptions, tracer: BuiltIn) -> bool {
    options.tracer == Some(GethDebugTracerType::BuiltInTracer(tracer))
}

/// What the tracer will record; a tracer that is not offered is refused by its name.
fn keeps(options: &GethDebugTracingOptions) -> Result<Keeps, RpcError> {
    let named = match &options.tracer {
        Some(tracer) if !tracer.as_str().is_empty() => tracer,
        _ => return Ok(keeps_of_steps(options)),
    };
    match named {
        GethDebugTracerType::BuiltInTracer(tracer) => match tracer {
            BuiltIn::CallTracer | BuiltIn::FlatCallTracer | BuiltIn::MuxTracer | BuiltIn::PreStateTracer => {
                Ok(Keeps { frames: true, ..Keeps::default() })
            }
            BuiltIn::FourByteTracer | BuiltIn::NoopTracer => Ok(Keeps::default()),
            BuiltIn::StateGasTracer | BuiltIn::Erc7562Tracer => Err(not_offered(named.as_str())),
        },
        GethDebugTracerType::JsTracer(code) => Err(not_offered(code)),
    }
}

fn keeps_of_steps(options: &GethDebugTracingOptions) -> Keeps {
    let config = &options.config;
    Keeps {
        steps: config.limit.filter(|limit| *limit > 0).unwrap_or(u64::MAX),
        stack: config.is_stack_enabled(),
        memory: config.is_memory_enabled(),
        storage: config.is_storage_enabled(),
        frames: true,
    }
}

fn not_offered(tracer: &str) -> RpcError {
    let is_name = tracer.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let shown: String = tracer.chars().take(MAX_NAME).collect();
    if is_name {
        RpcError::server(format!("tracer {shown} is not offered; there are {OFFERED}"))
    } else {
        RpcError::server(format!("tracers in JavaScript are not run by this node; there are {OFFERED}"))
    }
}

/// Tracers that take a configuration get an empty one where none is given, as in geth.
fn settle_mux(config: GethDebugTracerConfig) -> Result<GethDebugTracerConfig, RpcError> {
    let invalid = |error: serde_json::Error| RpcError::params(format!("invalid muxTracer config: {error}"));
    let MuxConfig(mut tracers) = config.into_mux_config().map_err(invalid)?;
    for (tracer, config) in &mut tracers {
        match tracer {
            GethDebugTracerType::BuiltInTracer(
                BuiltIn::CallTracer | BuiltIn::FlatCallTracer | BuiltIn::PreStateTracer,
            ) => {
                let given = config.take().filter(|config| !config.is_null());
                *config = Some(given.unwrap_or_else(|| serde_json::json!({}).into()));
            }
            GethDebugTracerType::BuiltInTracer(BuiltIn::FourByteTracer | BuiltIn::NoopTracer) => {
                *config = None;
            }
            other => return Err(not_offered(other.as_str())),
        }
    }
    serde_json::to_value(MuxConfig(tracers)).map(Into::into).map_err(invalid)
}

fn refused<E: std::fmt::Display>(error: &DebugInspectorError<E>) -> RpcError {
    RpcError::params(error.to_string())
}

fn name_errors(trace: &mut GethTrace) {
    match trace {
        GethTrace::CallTracer(frame) => name_error(frame),
        GethTrace::MuxTracer(MuxFrame(traces)) => traces.values_mut().for_each(name_errors),
        _ => {}
    }
}

fn name_error(frame: &mut CallFrame) {
    if frame.error.is_some() && frame.revert_reason.is_none() {
        frame.revert_reason = frame.output.as_ref().and_then(|output| revert::named(output));
    }
    frame.calls.iter_mut().for_each(name_error);
}
