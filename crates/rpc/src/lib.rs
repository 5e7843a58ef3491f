//! JSON-RPC over HTTP and WebSocket, and a little REST, on one port. It reads the chain through [`chain::Chain`] and
//! keeps no state of its own but filters and subscriptions. Who may call what is decided in `server::origin`.

mod abi;
mod accounts;
mod alerts;
mod block_id;
mod clients;
mod config;
mod context;
mod convert;
mod debug;
mod dev;
mod dispatch;
mod error;
mod eth;
mod explore;
mod filters;
mod health;
mod json;
mod limits;
mod meters;
mod method;
mod net;
mod offline;
mod ots;
mod params;
mod pending;
mod quantity;
mod replay;
mod request;
mod restake;
mod revert;
mod server;
mod socket;
mod subscriptions;
pub mod terms;
mod trace;
mod txpool;
mod web3;
mod workers;

pub use alerts::{BadRule, Kind as AlertKind, Rule as AlertRule};
pub use config::{AlertConfig, Limits, Mode, ServerConfig};
pub use offline::Offline;
pub use restake::risk::graph_of;
pub use server::{Reads, Refused, ServeError, Server, serve};

#[cfg(test)]
mod tests;
