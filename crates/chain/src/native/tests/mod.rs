//! The mechanism against a real EVM: calls out and back in, refusals, traces, gas, failures, scopes and instances. The
//! contracts are this module's own; `protocol` has its own tests.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

mod calls;
mod contracts;
mod failures;
mod refusals;
mod scopes;
mod stack;
mod sweep;
mod testkit;
mod tracing;
mod twin;
