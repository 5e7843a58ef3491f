//! One WebSocket connection: requests are answered concurrently up to a bound, beyond which nothing more is read;
//! what waits to be written is bounded in bytes; a client that does not read is dropped.

use crate::{
    clients::Client,
    config::Limits,
    dispatch::{Answer, Session},
    error::RpcError,
    limits::raise,
    server::{Shared, origin::Trust},
    subscriptions::{Feeds, Task},
};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::{
    SinkExt, StreamExt,
    future::BoxFuture,
    stream::{FuturesUnordered, SplitSink},
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    task::AbortHandle,
};

/// How often an open connection is pinged.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// A client that says nothing for this long, not even a pong, is gone.
const SILENCE: Duration = Duration::from_secs(90);

/// What every waiting message costs besides its bytes.
const MESSAGE_OVERHEAD_BYTES: usize = 128;

/// Why a client's connection is ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Gone,
    Slow,
    Stopping,
}

/// A message that waits, with its share of the bounds.
struct Outgoing {
    message: Message,
    _share: OwnedSemaphorePermit,
}

/// An open subscription, and its share of those that all clients may have.
struct Subscription {
    task: Option<AbortHandle>,
    _share: OwnedSemaphorePermit,
}

/// The server's end of a connection, as methods and subscriptions see it.
pub(crate) struct Socket {
    outbox: mpsc::UnboundedSender<Outgoing>,
    answer_bytes: Arc<Semaphore>,
    max_answer_bytes: usize,
    notification_bytes: Arc<Semaphore>,
    subscriptions: Mutex<HashMap<u128, Subscription>>,
    max_subscriptions: usize,
    end: watch::Sender<End>,
}

impl Socket {
    fn new(limits: &Limits) -> (Arc<Self>, mpsc::UnboundedReceiver<Outgoing>) {
        // Bounded by the two semaphores, in bytes.
        let (outbox, inbox) = mpsc::unbounded_channel();
        let max_answer_bytes = limits.max_response_bytes.min(Semaphore::MAX_PERMITS);
        let socket = Self {
            outbox,
            answer_bytes: Arc::new(Semaphore::new(max_answer_bytes)),
            max_answer_bytes,
            notification_bytes: Arc::new(Semaphore::new(
                limits.max_waiting_bytes.min(Semaphore::MAX_PERMITS),
            )),
            subscriptions: Mutex::default(),
            max_subscriptions: limits.max_subscriptions,
            end: watch::channel(End::Open).0,
        };
        (Arc::new(socket), inbox)
    }

    /// Queues an answer when there is room for it.
    async fn push(&self, text: String) {
        let share = share_of(text.len()).min(u32::try_from(self.max_answer_bytes).unwrap_or(u32::MAX));
        if let Ok(share) = self.answer_bytes.clone().acquire_many_owned(share).await {
            let _ = self.outbox.send(Outgoing { message: Message::Text(text.into()), _share: share });
        }
    }

    /// Queues a notification if there is room; else the reader is too slow, and the connection ends.
    pub(crate) fn notify(&self, text: String) -> bool {
        match self.notification_bytes.clone().try_acquire_many_owned(share_of(text.len())) {
            Ok(share) => {
                let message = Message::Text(text.into());
                self.outbox.send(Outgoing { message, _share: share }).is_ok()
            }
            Err(_) => {
                self.finish(End::Slow);
                false
            }
        }
    }

    fn ping(&self) {
        if let Ok(share) = self.notification_bytes.clone().try_acquire_many_owned(share_of(0)) {
            let _ = self.outbox.send(Outgoing { message: Message::Ping(Vec::new().into()), _share: share });
        }
    }

    fn finish(&self, why: End) {
        self.end.send_if_modified(|end| {
            let first = *end == End::Open;
            if first {
                *end = why;
            }
            first
        });
    }

    /// Makes room for a subscription. Returns its id.
    ///
    /// # Errors
    /// The connection, or all connections together, have as many as they may.
    pub(crate) fn open_subscription(&self, feeds: &Feeds) -> Result<u128, RpcError> {
        let mut open = self.subscriptions.lock();
        if open.len() >= self.max_subscriptions {
            let (most, name) = (self.max_subscriptions, "max_subscriptions");
            return Err(RpcError::limit(format!(
                "too many subscriptions: a connection may have {most} ({name}); end one first, or {}",
                raise(name)
            )));
        }
        let share = feeds.open()?;
        let id = rand::random();
        open.insert(id, Subscription { task: None, _share: share });
        Ok(id)
    }

    /// Ends a subscription. `false`: there is none.
    pub(crate) fn close_subscription(&self, id: u128) -> bool {
        match self.subscriptions.lock().remove(&id) {
            Some(subscription) => {
                if let Some(task) = subscription.task {
                    task.abort();
                }
                true
            }
            None => false,
        }
    }

    /// Lets a subscription deliver, unless it has been ended already.
    fn start(&self, task: Task) {
        if let Some(subscription) = self.subscriptions.lock().get_mut(&task.id) {
            subscription.task = Some(tokio::spawn(task.run).abort_handle());
        }
    }

    fn end_subscriptions(&self) {
        for task in self.subscriptions.lock().drain().filter_map(|(_, subscription)| subscription.task) {
            task.abort();
        }
    }
}

fn share_of(bytes: usize) -> u32 {
    u32::try_from(bytes.saturating_add(MESSAGE_OVERHEAD_BYTES)).unwrap_or(u32::MAX)
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve(stream: WebSocket, shared: Arc<Shared>, trust: Trust, client: Arc<Client>) {
    metrics::gauge!("bulwark_rpc_websockets").increment(1);
    let limits = shared.dispatcher.limits();
    let (sink, mut incoming) = stream.split();
    let (socket, outbox) = Socket::new(limits);
    let writer = tokio::spawn(write(sink, outbox, socket.end.subscribe(), limits.io_timeout, socket.clone()));
    let mut end = socket.end.subscribe();
    let mut stopping = shared.stopping.clone();
    let mut pings = tokio::time::interval(PING_INTERVAL);
    pings.reset();
    let mut heard = Instant::now();
    let mut running: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
    while *end.borrow() == End::Open {
        tokio::select! {
            message = incoming.next(), if running.len() < limits.max_in_flight => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => {
                        running.push(Box::pin(answer(&shared, &socket, (&trust, &client), text.into())));
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        running.push(Box::pin(answer(&shared, &socket, (&trust, &client), bytes)));
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => socket.finish(End::Gone),
                }
            }
            Some(()) = running.next(), if !running.is_empty() => {}
            _ = end.changed() => {}
            () = stopping.told() => socket.finish(End::Stopping),
            _ = pings.tick() => {
                if heard.elapsed() > SILENCE {
                    socket.finish(End::Gone);
                }
                socket.ping();
            }
        }
    }
    drop(running);
    socket.end_subscriptions();
    drop(socket);
    let _ = writer.await;
    metrics::gauge!("bulwark_rpc_websockets").decrement(1);
}

async fn answer(
    shared: &Shared,
    socket: &Arc<Socket>,
    (trust, client): (&Trust, &Client),
    body: axum::body::Bytes,
) {
    let session = Session { trust, client, socket: Some(socket) };
    let Answer { text, started } = shared.dispatcher.answer(&body, session).await;
    // Notifications of the client have no answer.
    if !text.is_empty() {
        match String::from_utf8(text) {
            Ok(text) => socket.push(text).await,
            Err(_) => tracing::error!("an answer was not UTF-8"),
        }
    }
    // Only now: nobody expects notifications of a subscription whose id is still on its way.
    for task in started {
        socket.start(task);
    }
}

/// Resolves when there is no point in writing on.
async fn given_up(end: &mut watch::Receiver<End>) {
    let _ = end.wait_for(|end| matches!(end, End::Gone | End::Slow)).await;
}

/// Writes what waits, many messages to a flush.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut outbox: mpsc::UnboundedReceiver<Outgoing>,
    mut end: watch::Receiver<End>,
    patience: Duration,
    socket: Arc<Socket>,
) {
    while *end.borrow() == End::Open {
        let first = tokio::select! {
            first = outbox.recv() => first,
            _ = end.changed() => continue,
        };
        let Some(first) = first else { break };
        let batch = async {
            sink.feed(first.message).await?;
            while let Ok(next) = outbox.try_recv() {
                sink.feed(next.message).await?;
            }
            sink.flush().await
        };
        tokio::select! {
            written = tokio::time::timeout(patience, batch) => match written {
                Ok(Ok(())) => {}
                Ok(Err(_)) => socket.finish(End::Gone),
                Err(_) => socket.finish(End::Slow),
            },
            () = given_up(&mut end) => {}
        }
    }
    let why = *end.borrow();
    let frame = match why {
        End::Slow => {
            metrics::counter!("bulwark_rpc_slow_readers_total").increment(1);
            Some((close_code::POLICY, "too slow: notifications were not read"))
        }
        End::Stopping => Some((close_code::AWAY, "the node is stopping")),
        End::Open | End::Gone => None,
    };
    let farewell = async {
        if let Some((code, reason)) = frame {
            let _ = sink.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
        }
        let _ = sink.close().await;
    };
    // The peer may not be reading at all.
    let _ = tokio::time::timeout(Duration::from_secs(1), farewell).await;
}
