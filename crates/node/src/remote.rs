//! How commands speak to a node, which may run elsewhere: over its public JSON-RPC only. Names become addresses, words
//! become amounts, steps become signed transactions; answers become tables or JSON.

pub mod amount;
pub mod approval;
pub mod args;
pub mod bls;
pub mod client;
pub mod names;
pub mod preferences;
pub mod send;
pub mod session;
pub mod show;
pub mod signer;
pub mod warnings;
