//! `/api/v1/events`: heads, logs and alerts as server-sent events. An event's id says where in the chain it stands, so a client
//! that comes back with `Last-Event-ID` is told what it missed from the chain itself, up to a bound. A client that does
//! not read holds only its connection, until the patience for that ends.

use super::{Shared, http::plain, origin::Trust};
use crate::{
    alerts::Alert,
    error::RpcError,
    restake,
    subscriptions::{Follower, MAX_MISSED},
};
use alloy_primitives::{Address, B256, Bytes};
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
use chain::{LocatedLog, LogFilter, SealedBlock, View, query};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
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

/// What a client gets.
struct Feed {
    shared: Arc<Shared>,
    follower: Follower,
    heads: bool,
    logs: Option<LogFilter>,
    alerts: Option<broadcast::Receiver<Arc<Alert>>>,
    waiting: VecDeque<Event>,
    _share: OwnedSemaphorePermit,
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

impl From<LocatedLog> for LogEvent {
    fn from(found: LocatedLog) -> Self {
        Self {
            address: found.log.address,
            topics: found.log.topics().to_vec(),
            data: found.log.data.data,
            block_number: found.block,
            block_hash: found.block_hash,
            timestamp: found.timestamp,
            transaction_hash: found.transaction,
            transaction_index: found.transaction_index,
            log_index: found.log_index,
        }
    }
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
        let follower = Follower::new(&context.chain, events);
        let alerts = alerts.then(|| shared.alerts.subscribe());
        let waiting = VecDeque::new();
        let mut feed = Self { shared, follower, heads, logs, alerts, waiting, _share: share };
        if let Some(after) = after {
            feed.resume(&context.chain.view(), after)?;
        }
        Ok(feed)
    }

    /// Tells what came after a mark. If its block is gone, because the chain went back, its height is told again.
    fn resume(&mut self, view: &View, after: Mark) -> Result<(), RpcError> {
        let head = self.follower.last();
        let oldest = head.saturating_sub(MAX_MISSED);
        let first = after.number.max(oldest);
        if first > after.number {
            let told = Event::default().event("missed").data(format!("{{\"oldest_block\":{first}}}"));
            self.waiting.push_back(told);
        }
        for number in first..=head {
            let Some(block) = view.block(number)? else { break };
            let place = (block.hash == after.hash).then_some(after.place);
            self.tell(&block, place);
        }
        Ok(())
    }

    /// Queues a block's events, those after a place in it.
    fn tell(&mut self, block: &SealedBlock, after: Option<u64>) {
        let mark = |place| Mark { number: block.header.number, hash: block.hash, place }.text();
        if self.heads && after.is_none() {
            let head = Head {
                number: block.header.number,
                hash: block.hash,
                parent_hash: block.header.parent_hash,
                timestamp: block.header.timestamp,
                gas_used: block.header.gas_used,
                base_fee: block.header.base_fee_per_gas.unwrap_or_default(),
                transactions: block.transactions.len(),
            };
            self.push("head", mark(0), &head);
        }
        let Some(filter) = &self.logs else { return };
        let mut found = Vec::new();
        query::collect(block, filter, &mut found);
        for log in found {
            let place = log.log_index.saturating_add(1);
            if after.is_none_or(|after| place > after) {
                self.push("log", mark(place), &LogEvent::from(log));
            }
        }
    }

    fn push<T: Serialize>(&mut self, kind: &str, id: String, data: &T) {
        match Event::default().event(kind).id(id).retry(RETRY).json_data(data) {
            Ok(event) => self.waiting.push_back(event),
            Err(error) => tracing::error!(%error, "an event could not be written"),
        }
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let stopping = self.shared.stopping.clone();
        let all = stream::unfold(self, |mut feed| async move {
            loop {
                if let Some(event) = feed.waiting.pop_front() {
                    return Some((Ok(event), feed));
                }
                let shared = feed.shared.clone();
                let told = tokio::select! {
                    blocks = feed.follower.next(&shared.dispatcher.context().chain) => Ok(blocks?),
                    alert = next_alert(&mut feed.alerts) => Err(alert?),
                };
                match told {
                    Ok(blocks) => blocks.iter().for_each(|block| feed.tell(block, None)),
                    Err(alert) => feed.waiting.push_back(alert),
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
