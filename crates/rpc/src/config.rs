//! What a server is started with: where it listens, who may call, and every bound on what a caller can make it do.
//! How these come from flags, environment and file is the binary's matter.

use crate::alerts::Rule;
use alloy_signer_local::PrivateKeySigner;
use metrics_exporter_prometheus::PrometheusHandle;
use std::{path::PathBuf, time::Duration};

/// What the server offers besides reading and raw transactions.
#[derive(Clone, Debug)]
pub enum Mode {
    /// `bulwark dev` and `demo`: signing with the given keys, and control of mining and time.
    Dev {
        /// The accounts that `eth_accounts` lists, in order.
        signers: Vec<PrivateKeySigner>,
    },
    /// `bulwark node`: neither.
    Node,
}

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Address or name to listen on, without port.
    pub host: String,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// What is offered.
    pub mode: Mode,
    /// Origins that may do all that a local program may, as `https://app.example`. When this names at least one
    /// origin, others are refused; when it is empty or has `*`, any page may read and send raw transactions.
    pub allow_origins: Vec<String>,
    /// Names besides loopback that a `Host` header may have.
    pub allow_hosts: Vec<String>,
    /// Whether pages of other origins are answered at all.
    pub cors: bool,
    /// Bounds.
    pub limits: Limits,
    /// What `/metrics` shows; `None` turns it off.
    pub metrics: Option<PrometheusHandle>,
    /// The answer of `web3_clientVersion`.
    pub client_version: String,
    /// The pages for people: asked for every path that is not the server's own, with [`crate::Reads`] as an extension.
    pub pages: Option<axum::Router>,
    /// What is watched, and who is told.
    pub alerts: AlertConfig,
}

/// Alerts: where they are kept, and the rules that the user has configured.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertConfig {
    /// Directory of the file that outlives a restart; without one nothing does.
    pub directory: Option<PathBuf>,
    /// Configured rules; more can be added while the node runs.
    pub rules: Vec<Rule>,
    /// Pause after the first failure of a webhook; each further one doubles it, up to five minutes.
    pub first_pause: Duration,
}

impl Default for AlertConfig {
    fn default() -> Self {
        Self { directory: None, rules: Vec::new(), first_pause: Duration::from_secs(1) }
    }
}

/// Every bound on what callers can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests a second from one client address, over some seconds; 0 for any number. A batch counts its members.
    pub requests_per_second: u64,
    /// Whether clients on this machine are counted too, by requests and by connections.
    pub count_loopback: bool,
    /// Bytes of a request's body or a WebSocket message.
    pub max_body_bytes: usize,
    /// Bytes of an answer, and of all answers that wait to be read by one WebSocket client.
    pub max_response_bytes: usize,
    /// Requests in one batch.
    pub max_batch: usize,
    /// Open connections.
    pub max_connections: usize,
    /// Open connections of one client address.
    pub max_connections_per_client: usize,
    /// Requests of one WebSocket connection that are answered at the same time; more wait unread.
    pub max_in_flight: usize,
    /// Open subscriptions of one WebSocket connection.
    pub max_subscriptions: usize,
    /// Open subscriptions and event streams of all clients.
    pub max_subscriptions_total: usize,
    /// Bytes of notifications that wait for one WebSocket client; one that reads too slowly is disconnected.
    pub max_waiting_bytes: usize,
    /// Installed filters, of all callers.
    pub max_filters: usize,
    /// A filter that nobody asks for changes this long is removed.
    pub filter_lifetime: Duration,
    /// Logs in one answer.
    pub max_logs: usize,
    /// Bytes of memory that one trace may take before it is written out. A trace that would take more is refused.
    pub max_trace_bytes: usize,
    /// Blocks of one `trace_filter`.
    pub max_trace_blocks: u64,
    /// Blocks that one query of logs may span.
    pub max_log_blocks: u64,
    /// Blocks of one `eth_feeHistory`.
    pub max_fee_history: u64,
    /// Gas of one call, and of all calls of one `eth_simulateV1`.
    pub max_call_gas: u64,
    /// Calls that run at the same time.
    pub max_running_calls: usize,
    /// The longest that one call may run.
    pub call_timeout: Duration,
    /// The longest that a call may wait for its turn.
    pub queue_timeout: Duration,
    /// The longest that `eth_sendRawTransactionSync` waits for a receipt.
    pub receipt_timeout: Duration,
    /// The longest that a client may take to send a request's body, or to read what was written to it.
    pub io_timeout: Duration,
    /// A connection without requests is closed after this long.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            requests_per_second: 2_000,
            count_loopback: false,
            // Ten megabytes of calldata in hex, and some: the pool, not the door, should say that it is too much.
            max_body_bytes: 24 << 20,
            max_response_bytes: 128 << 20,
            max_batch: 1_000,
            max_connections: 4_096,
            max_connections_per_client: 256,
            max_in_flight: 128,
            max_subscriptions: 1_024,
            max_subscriptions_total: 16_384,
            max_waiting_bytes: 8 << 20,
            max_filters: 4_096,
            filter_lifetime: Duration::from_secs(300),
            max_logs: 20_000,
            max_trace_bytes: 512 << 20,
            max_trace_blocks: 100_000,
            max_log_blocks: 10_000_000,
            max_fee_history: 1_024,
            // Four blocks of the default size: a call that needs more gas than any transaction has still gets an answer.
            max_call_gas: 240_000_000,
            max_running_calls: cores,
            call_timeout: Duration::from_secs(5),
            queue_timeout: Duration::from_secs(30),
            receipt_timeout: Duration::from_secs(20),
            io_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(120),
        }
    }
}
