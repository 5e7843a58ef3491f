//! The door: one listener for JSON-RPC, WebSocket, REST and metrics.
//! Who may come in is `origin`, how many `listener`, what they are told `http` and `rest`.

mod alerts;
mod events;
mod exploring;
pub(crate) mod http;
mod listener;
pub(crate) mod openapi;
pub(crate) mod origin;
mod pages;
mod patience;
pub(crate) mod rest;
mod restaking;

use crate::{
    alerts::Alerts, clients::Clients, config::ServerConfig, context::Context, dispatch::Dispatcher, health,
};
use axum::Router;
use chain::Chain;
pub use listener::ServeError;
use metrics_exporter_prometheus::PrometheusHandle;
use origin::Policy;
pub use pages::{Reads, Refused};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinHandle};

/// How long open connections may take to end their answers when the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// A running server. Dropping it leaves it running until the runtime ends; [`Server::stop`] ends it in order.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    watching: JoinHandle<()>,
    alerts: Arc<Alerts>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) policy: Policy,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) stopping: Stopping,
    pub(crate) clients: Arc<Clients>,
    /// What draws pages, if there are any.
    pub(crate) pages: Option<Router>,
    pub(crate) alerts: Arc<Alerts>,
}

/// Tells connections when the server stops.
#[derive(Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Resolves when the server stops.
    pub(crate) async fn told(&mut self) {
        // An error means that the server itself is gone.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// What answers a request: JSON-RPC, and routes for all else.
pub(crate) struct Door {
    pub(crate) shared: Arc<Shared>,
    pub(crate) routes: Router,
}

/// Starts the server: when this returns, it answers.
///
/// # Errors
/// In one line: what is wrong with the address, and what to do.
pub async fn serve(chain: Chain, config: ServerConfig) -> Result<Server, ServeError> {
    let listener = listener::bind(&config.host, config.port).await?;
    let address = listener.local_addr().map_err(ServeError::Address)?;
    let (stop, stopping) = watch::channel(false);
    let policy = Policy::new(&config.allow_hosts, &config.allow_origins, config.cors, address.ip());
    let clients = Clients::new(&config.limits);
    let context = Context::new(chain, config.mode, config.limits, config.client_version);
    let context = Arc::new(context.map_err(ServeError::Threads)?);
    let alerts = Alerts::start(&context, &config.alerts).map_err(ServeError::Alerts)?;
    let watching = tokio::spawn(health::watch(context.clone(), config.metrics.clone()));
    let shared = Arc::new(Shared {
        dispatcher: Arc::new(Dispatcher::new(context)),
        policy,
        metrics: config.metrics,
        stopping: Stopping(stopping),
        clients,
        pages: config.pages,
        alerts: alerts.clone(),
    });
    let routes = rest::routes(shared.clone());
    let accepting = tokio::spawn(listener::accept(listener, Arc::new(Door { shared, routes })));
    Ok(Server { address, stop, accepting, watching, alerts })
}

impl Server {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, ends the open ones, and returns when they have ended or after two seconds.
    pub async fn stop(self) {
        self.watching.abort();
        self.alerts.stop();
        self.stop.send_replace(true);
        // Connections hold receivers: the channel is closed when the last of them has ended.
        let _ = tokio::time::timeout(STOP_PATIENCE, self.stop.closed()).await;
        self.accepting.abort();
    }
}
