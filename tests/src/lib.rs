//! What whole-system tests share: a `bulwark` process on a free port, a JSON-RPC client, a wallet, and a small
//! assembler. Tests go through the public surfaces only: command line, files, HTTP.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "test code: a panic is how a test fails"
)]

pub mod desk;
pub mod hook;
pub mod process;
pub mod rpc;
pub mod wallet;

pub use desk::Desk;
pub use hook::Hook;
pub use process::{Bulwark, Ended, bulwark};
pub use rpc::{Refused, Rpc};
pub use wallet::Wallet;
