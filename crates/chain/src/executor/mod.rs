//! Execution: what a block, a call or a trace does to the state below it, and nothing about when or why. The same
//! inputs give the same outputs on every machine: no clock, no randomness, no thread timing in here.
//! Reading order: `environment`, `source` (where state comes from), `block`, `changes`, `header`; for what is not
//! sealed: `simulator`, `request`, `estimate`; for what was: `replay`.

mod block;
mod changes;
mod codes;
mod database;
mod environment;
mod estimate;
mod header;
mod history;
mod outcome;
mod replay;
mod request;
mod simulator;
mod source;
mod transaction;
mod transfers;

pub use block::{Executed, ExecutedBlock, ExecutionError, MAX_BLOCK_BYTES, execute_block};
pub use codes::CodeCache;
pub use database::{Failed, StateDatabase};
pub use environment::{BlockContext, Checks, Environment};
pub use estimate::{EstimateError, estimate_gas};
pub use header::assemble_header;
pub use outcome::{Ending, Outcome};
pub use replay::{Replay, ReplayError};
pub use request::{AccountOverride, BlockOverrides, CallRequest, Overrides};
pub use simulator::{Simulated, SimulatedContext, SimulatedState, SimulationError, Simulator, simulate};
pub use source::{At, MemorySource, StateSource};
pub use transaction::{Refusal, transaction_env};
pub use transfers::TRANSFER_EMITTER;

/// Stack that a thread needs which executes transactions, in bytes: native frames use it, unlike EVM frames, up to
/// `MAX_NATIVE_NESTING` of them.
pub const STACK_BYTES: usize = 16 << 20;

#[cfg(test)]
mod tests;
