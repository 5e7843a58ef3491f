//! Accepting connections: bounded in number, with time limits, ended in order when the server stops.
//! What is said on a connection is `http`'s matter, or `socket`'s.

use super::{Door, http, patience::Patient};
use crate::{
    clients::{Client, TooMany},
    limits::raise,
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else has the port.
    #[error(
        "port {port} on {host} is in use; stop the program that listens there, or choose another port with --port"
    )]
    InUse {
        /// As configured.
        host: String,
        /// As configured.
        port: u16,
    },
    /// Low ports are the system's.
    #[error("no permission to listen on port {port} of {host}; choose a port above 1023 with --port")]
    Forbidden {
        /// As configured.
        host: String,
        /// As configured.
        port: u16,
    },
    /// Any other reason.
    #[error("cannot listen on {host}:{port}: {reason}; give an address of this machine with --host")]
    Host {
        /// As configured.
        host: String,
        /// As configured.
        port: u16,
        /// The system's.
        reason: io::Error,
    },
    /// No threads for calls.
    #[error("the threads that run calls could not be started: {0}")]
    Threads(io::Error),
    /// What is watched cannot be.
    #[error("{0}")]
    Alerts(String),
    /// The system does not say where we listen.
    #[error("the address of the listener is unknown: {0}")]
    Address(io::Error),
}

/// Rest after an accept that failed, as it does when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Bytes of a request's head, and of an answer that is written piece by piece, which are held for one connection. So
/// much waits for each reader of events that does not read.
const MOST_HELD: usize = 64 << 10;

/// Binds the port.
pub(super) async fn bind(host: &str, port: u16) -> Result<TcpListener, ServeError> {
    TcpListener::bind((host, port)).await.map_err(|reason| {
        let host = host.to_owned();
        match reason.kind() {
            io::ErrorKind::AddrInUse => ServeError::InUse { host, port },
            io::ErrorKind::PermissionDenied => ServeError::Forbidden { host, port },
            _ => ServeError::Host { host, port, reason },
        }
    })
}

/// Takes connections until the server stops.
pub(super) async fn accept(listener: TcpListener, door: Arc<Door>) {
    let limits = door.shared.dispatcher.limits();
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let mut stopping = door.shared.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.told() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            tokio::spawn(turn_away(stream, "503 Service Unavailable", busy(limits.max_connections)));
            continue;
        };
        let client = match door.shared.clients.connect(peer.ip()) {
            Ok(client) => Arc::new(client),
            Err(TooMany { why, .. }) => {
                tokio::spawn(turn_away(stream, "429 Too Many Requests", why));
                continue;
            }
        };
        // Answers are whole; waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let door = door.clone();
        tokio::spawn(async move {
            connection(stream, peer, door, client).await;
            drop(slot);
        });
    }
}

/// Why a connection beyond the limit is turned away.
fn busy(most: usize) -> String {
    let name = "max_connections";
    format!("too many connections: the node takes {most} ({name}); try again later, or {}", raise(name))
}

async fn turn_away(mut stream: TcpStream, status: &str, why: String) {
    metrics::counter!("bulwark_rpc_connections_refused_total").increment(1);
    let length = why.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
         connection: close\r\nretry-after: 1\r\n\r\n{why}"
    );
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.write_all(answer.as_bytes())).await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, door: Arc<Door>, client: Arc<Client>) {
    let mut stopping = door.shared.stopping.clone();
    let limits = door.shared.dispatcher.limits();
    let (idle, patience) = (limits.idle_timeout, limits.io_timeout);
    let service = service_fn(move |request| {
        let (door, client) = (door.clone(), client.clone());
        async move { Ok::<_, Infallible>(http::answer(&door, request, &client).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(MOST_HELD)
        .serve_connection(TokioIo::new(Patient::new(stream, patience)), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopping.told() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%peer, %error, "connection ended");
    }
}
