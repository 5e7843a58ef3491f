//! Random inputs for what faces strangers: transaction bytes, calldata of native contracts and RPC bodies. Runs on
//! stable Rust for a bounded time. There is no coverage feedback; instead an input is kept as a parent of others when it makes the target
//! behave in a way not seen before (another error, another verb's other outcome).

pub mod dispatch;
pub mod mutate;
pub mod random;
pub mod rpc;
pub mod runner;
pub mod transaction;

use random::Random;

/// Something that takes bytes and must keep its promises whatever they are.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on the command line and in messages.
    pub name: &'static str,
    /// Makes an input that the target understands.
    pub generate: fn(&mut Random) -> Vec<u8>,
    /// Changes an input a little; another one gives material.
    pub mutate: fn(&mut Random, &mut Vec<u8>, &[u8]),
    /// Runs an input and panics if a promise is broken. Answers with marks of the behaviours that the input showed.
    pub run: fn(&[u8]) -> Vec<u64>,
}
