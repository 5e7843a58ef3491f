//! Native contracts inside revm: an account whose code is the stub or an instance's registration runs a Rust function
//! instead of bytecode, and is called, traced, journaled and priced like any contract. Reading order: `lookup` (which
//! frames are native), `evm` (the wrapper), `frame` (one call), `host` (what the function may do), `calls` and
//! `create` (frames it opens), `drive` (how those run on the shared frame stack, plain or watched).

mod calls;
mod create;
mod drive;
mod evm;
mod frame;
mod host;
mod lookup;
mod relocate;
mod scope;

pub use drive::{Drive, EvmFrame};
pub use evm::{Context, Inner, NativeEvm, Natives};
pub use host::JournalHost;
pub use lookup::Contracts;
pub use relocate::Relocations;

#[cfg(test)]
mod tests;
