//! `/api/v1/events`: heads, logs and alerts as server-sent events. An event's id says where in the chain it stands, so a client
//! that comes back with `Last-Event-ID` is told what it missed from the chain itself, up to a bound. A client that does
//! not read holds only its connection, until the patience for that ends.

use super::{Shared, http::plain, origin::Trust};
use crate::{alerts::Alert, error::RpcError, restake, subscriptions::Follower};
use alloy_primitives::{Address, B256, Bytes, Log};
use axum::{
    Extension,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, Response, StatusCode},
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use chain::{LogFilter, SealedBlock};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{
    OwnedSemaphorePermit,
    broadcast::{self, error::RecvError},
};

/// A comment is sent after this long without an event, so that both ends notice when the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After this long a browser tries again when the connection breaks.
const RETRY: Duration = Duration::from_secs(1);

/// What is asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// `heads`, `logs`, `alerts`, separated by commas; heads and logs if absent.
    kinds: Option<String>,
    /// Emitters of logs, separated by commas: addresses, or names of contracts.
    address: Option<String>,
    /// First topics of logs, separated by commas.
    topic: Option<String>,
}

/// Where an event stands: its block, and its place there. The head is at 0, a log at its index plus one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    number: u64,
    hash: B256,
    place: u64,
}

/// What a client gets. It holds one block and one event at most, however slowly the client reads.
struct Feed {
    shared: Arc<Shared>,
    follower: Follower,
    heads: bool,
    logs: Option<LogFilter>,
    alerts: Option<broadcast::Receiver<Arc<Alert>>>,
    /// The mark after which the client wants to be told, until its height has been.
    after: Option<Mark>,
    telling: Option<Telling>,
    waiting: Option<Event>,
    _share: OwnedSemaphorePermit,
}

/// A block of which not all is told yet, shared with whoever else tells it.
struct Telling {
    block: Arc<SealedBlock>,
    /// Up to this place the client was told before it went away.
    after: Option<u64>,
    is_head_told: bool,
    /// The next log: its transaction, its place among that one's logs, and in the block.
    transaction: usize,
    log: usize,
    log_index: u64,
}

/// A head, with the keys of REST.
#[derive(Serialize)]
struct Head {
    number: u64,
    hash: B256,
    parent_hash: B256,
    timestamp: u64,
    gas_used: u64,
    base_fee: u64,
    transactions: usize,
}

/// A log, with the keys of REST.
#[derive(Serialize)]
struct LogEvent {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    block_number: u64,
    block_hash: B256,
    timestamp: u64,
    transaction_hash: B256,
    transaction_index: u64,
    log_index: u64,
}

pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(trust): Extension<Trust>,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Response<Body> {
    let bad = |why: &str| plain(StatusCode::BAD_REQUEST, why);
    let wanted = match wanted {
        Ok(Query(wanted)) => wanted,
        Err(error) => return bad(&error.body_text()),
    };
    let sorts = match filters(&shared, &wanted) {
        Ok(sorts) => sorts,
        Err(why) => return bad(&why),
    };
    // Alerts name their rules, which are not for every page.
    if sorts.alerts && matches!(trust, Trust::Foreign(_)) {
        return plain(
            StatusCode::FORBIDDEN,
            "alerts are for this node's own pages and the origins that it allows",
        );
    }
    let after = match headers.get("last-event-id").map(|id| id.to_str().ok().and_then(Mark::read)) {
        Some(None) => return bad("Last-Event-ID is not one that this node gave out"),
        Some(mark) => mark,
        None => None,
    };
    match Feed::open(shared, sorts, after) {
        Ok(feed) => Sse::new(feed.stream()).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response(),
        Err(error) => plain(StatusCode::SERVICE_UNAVAILABLE, error.message()),
    }
}

/// Which events are wanted.
struct Sorts {
    heads: bool,
    logs: Option<LogFilter>,
    alerts: bool,
}

fn filters(shared: &Shared, wanted: &Wanted) -> Result<Sorts, String> {
    let (mut heads, mut logs, mut alerts) = (wanted.kinds.is_none(), wanted.kinds.is_none(), false);
    for kind in wanted.kinds.iter().flat_map(|kinds| kinds.split(',')) {
        match kind {
            "heads" => heads = true,
            "logs" => logs = true,
            "alerts" => alerts = true,
            _ => return Err(format!("no events are called {kind:?}; there are heads, logs, alerts")),
        }
    }
    let mut filter = LogFilter { from: 0, to: u64::MAX, ..LogFilter::default() };
    let named = restake::named(shared.dispatcher.context());
    for text in wanted.address.iter().flat_map(|list| list.split(',')) {
        let text = named.get(text).map_or(text, String::as_str);
        let address: Address =
            text.parse().map_err(|_| format!("{text:?} is no address and no contract's name"))?;
        filter.addresses.push(address);
    }
    if let Some(first) = filter.topics.first_mut() {
        for text in wanted.topic.iter().flat_map(|list| list.split(',')) {
            first.push(text.parse().map_err(|_| format!("{text:?} is no topic: 32 bytes in hex"))?);
        }
    }
    Ok(Sorts { heads, logs: logs.then_some(filter), alerts })
}

impl Mark {
    fn text(self) -> String {
        format!("{}-{:x}-{}", self.number, self.hash, self.place)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let number = parts.next()?.parse().ok()?;
        let hash = parts.next()?.parse().ok()?;
        let place = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Self { number, hash, place })
    }
}

/// The next alert; none ever where none are wanted. It has no id: ids are places in the chain. `None`: the server ends.
async fn next_alert(alerts: &mut Option<broadcast::Receiver<Arc<Alert>>>) -> Option<Event> {
    let Some(alerts) = alerts else { return std::future::pending().await };
    let event = match alerts.recv().await {
        Ok(alert) => Event::default().event("alert").json_data(&*alert),
        Err(RecvError::Lagged(missed)) => {
            Ok(Event::default().event("missed").data(format!("{{\"alerts\":{missed}}}")))
        }
        Err(RecvError::Closed) => return None,
    };
    event.ok()
}

impl Telling {
    const fn new(block: Arc<SealedBlock>, after: Option<u64>) -> Self {
        Self { block, after, is_head_told: false, transaction: 0, log: 0, log_index: 0 }
    }

    /// The block's next event that is wanted; `None` when all is told.
    fn next(&mut self, heads: bool, filter: Option<&LogFilter>) -> Option<Event> {
        if !std::mem::replace(&mut self.is_head_told, true) && heads && self.after.is_none() {
            return event("head", self.mark(0), &self.head());
        }
        let filter = filter?;
        loop {
            let receipt = self.block.receipts.get(self.transaction)?;
            let Some(log) = receipt.logs().get(self.log) else {
                self.transaction = self.transaction.saturating_add(1);
                self.log = 0;
                continue;
            };
            let place = self.log_index.saturating_add(1);
            if filter.matches(log) && self.after.is_none_or(|after| place > after) {
                let told = event("log", self.mark(place), &self.log_event(log)?);
                self.step();
                return told;
            }
            self.step();
        }
    }

    const fn step(&mut self) {
        self.log = self.log.saturating_add(1);
        self.log_index = self.log_index.saturating_add(1);
    }

    fn mark(&self, place: u64) -> String {
        Mark { number: self.block.header.number, hash: self.block.hash, place }.text()
    }

    fn head(&self) -> Head {
        let header = &self.block.header;
        Head {
            number: header.number,
            hash: self.block.hash,
            parent_hash: header.parent_hash,
            timestamp: header.timestamp,
            gas_used: header.gas_used,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            transactions: self.block.transactions.len(),
        }
    }

    fn log_event(&self, log: &Log) -> Option<LogEvent> {
        Some(LogEvent {
            address: log.address,
            topics: log.topics().to_vec(),
            data: log.data.data.clone(),
            block_number: self.block.header.number,
            block_hash: self.block.hash,
            timestamp: self.block.header.timestamp,
            transaction_hash: self.block.transactions.get(self.transaction)?.hash,
            transaction_index: u64::try_from(self.transaction).ok()?,
            log_index: self.log_index,
        })
    }
}

fn event<T: Serialize>(kind: &str, id: String, data: &T) -> Option<Event> {
    let written = Event::default().event(kind).id(id).retry(RETRY).json_data(data);
    written.inspect_err(|error| tracing::error!(%error, "an event could not be written")).ok()
}

impl Feed {
    /// Begins after a mark, or with what comes next.
    fn open(
        shared: Arc<Shared>,
        Sorts { heads, logs, alerts }: Sorts,
        after: Option<Mark>,
    ) -> Result<Self, RpcError> {
        let context = shared.dispatcher.context().clone();
        let share = context.feeds.open()?;
        // Before the look at the chain: what comes in between is told once, by one or the other.
        let events = context.chain.subscribe();
        let mut follower = Follower::new(&context.chain, events);
        let alerts = alerts.then(|| shared.alerts.subscribe());
        let mut waiting = None;
        if let Some(after) = after {
            // If the mark's block is gone, because the chain went back, its height is told again.
            let first = follower.go_back(after.number);
            if first > after.number {
                let data = format!("{{\"oldest_block\":{first}}}");
                waiting = Some(Event::default().event("missed").data(data));
            }
        }
        Ok(Self { shared, follower, heads, logs, alerts, after, telling: None, waiting, _share: share })
    }

    /// The next event that needs no waiting for.
    fn ready(&mut self) -> Option<Event> {
        if let Some(event) = self.waiting.take() {
            return Some(event);
        }
        let event = self.telling.as_mut()?.next(self.heads, self.logs.as_ref());
        if event.is_none() {
            self.telling = None;
        }
        event
    }

    fn begin(&mut self, block: Arc<SealedBlock>) {
        let after = self.after.take().filter(|after| after.hash == block.hash).map(|after| after.place);
        self.telling = Some(Telling::new(block, after));
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let stopping = self.shared.stopping.clone();
        let all = stream::unfold(self, |mut feed| async move {
            loop {
                if let Some(event) = feed.ready() {
                    return Some((Ok(event), feed));
                }
                let shared = feed.shared.clone();
                tokio::select! {
                    block = feed.follower.next(&shared.dispatcher.context().chain) => feed.begin(block?),
                    alert = next_alert(&mut feed.alerts) => feed.waiting = Some(alert?),
                }
            }
        });
        all.take_until(async move {
            let mut stopping = stopping;
            stopping.told().await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_others_do_not() {
        let mark = Mark { number: 7, hash: B256::repeat_byte(0xab), place: 3 };
        assert_eq!(Mark::read(&mark.text()), Some(mark));
        for text in ["", "7", "7-ab-3", "x-y-z", "7-ab-3-4"] {
            assert_eq!(Mark::read(text), None, "{text}");
        }
    }
}
