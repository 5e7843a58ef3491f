//! `eth_subscribe` over a WebSocket: new heads, logs, and transactions that the pool admits. Each subscription is a
//! task of its own that follows the chain's events; one that falls behind reads what it missed from the chain.

use crate::{
    config::Limits,
    context::Context,
    convert,
    error::RpcError,
    eth::logs::between,
    filters::FilterId,
    json::json,
    limits::raise,
    method::{Begun, Method},
    params::Params,
    socket::Socket,
};
use alloy_primitives::B256;
use alloy_rpc_types_eth::Filter;
use chain::{Chain, LocatedLog, LogFilter, SealedBlock, query};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::{collections::HashSet, sync::Arc};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    broadcast::{Receiver, error::RecvError},
};

/// Blocks that a subscriber who fell behind, or who watched a long range being mined, is told of afterwards.
pub(crate) const MAX_MISSED: u64 = 1_024;

pub(crate) const METHODS: &[Method] =
    &[Method::socket("eth_subscribe", subscribe), Method::socket("eth_unsubscribe", unsubscribe)];

/// How many subscriptions and event streams all clients together have open, and may have.
pub(crate) struct Feeds {
    free: Arc<Semaphore>,
    most: usize,
}

impl Feeds {
    pub(crate) fn new(limits: &Limits) -> Self {
        let most = limits.max_subscriptions_total.min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(most)), most }
    }

    /// Room for one more, given back when it is dropped.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub(crate) fn open(&self) -> Result<OwnedSemaphorePermit, RpcError> {
        self.free.clone().try_acquire_owned().map_err(|_| {
            let (most, name) = (self.most, "max_subscriptions_total");
            RpcError::limit(format!(
                "too many subscriptions: all clients together may have {most} ({name}); {}",
                raise(name)
            ))
        })
    }
}

/// A subscription that delivers once it is run.
pub(crate) struct Task {
    pub(crate) id: u128,
    pub(crate) run: BoxFuture<'static, ()>,
}

fn subscribe(cx: &Arc<Context>, params: Params<'_>, socket: &Arc<Socket>) -> Begun {
    let args = params.args()?;
    let kind: String = args.required(0, "kind")?;
    let feed = Feed::new(0, socket, cx, "eth_subscription");
    let run: Box<dyn FnOnce(Feed) -> BoxFuture<'static, ()>> = match kind.as_str() {
        "newHeads" => {
            let blocks = cx.chain.subscribe();
            Box::new(|feed| Box::pin(heads(feed, blocks)))
        }
        "logs" => {
            let filter: Filter = args.optional(1, "filter")?.unwrap_or_default();
            let filter = between(&filter, 0, u64::MAX);
            let blocks = cx.chain.subscribe();
            Box::new(|feed| Box::pin(logs(feed, blocks, filter)))
        }
        "newPendingTransactions" => {
            let full = args.optional(1, "full transactions")?.unwrap_or(false);
            let hashes = cx.chain.subscribe_pending();
            Box::new(move |feed| Box::pin(pending(feed, hashes, full)))
        }
        "syncing" => Box::new(|feed| Box::pin(syncing(feed))),
        "transactionReceipts" => {
            let wanted: ReceiptFilter = args.optional(1, "filter")?.unwrap_or_default();
            let blocks = cx.chain.subscribe();
            Box::new(|feed| Box::pin(receipts(feed, blocks, wanted)))
        }
        other => {
            let shown: String = other.chars().take(64).collect();
            return Err(RpcError::params(format!(
                "no {shown:?} subscription in eth namespace; there are newHeads, logs, newPendingTransactions, \
                 transactionReceipts, syncing"
            )));
        }
    };
    let id = socket.open_subscription(&cx.feeds)?;
    let feed = Feed { id: FilterId(id), ..feed };
    Ok((json(&FilterId(id))?, Some(Task { id, run: run(feed) })))
}

fn unsubscribe(_: &Arc<Context>, params: Params<'_>, socket: &Arc<Socket>) -> Begun {
    close(params, socket)
}

/// Ends a subscription of any namespace.
///
/// # Errors
/// There is none with this id.
pub(crate) fn close(params: Params<'_>, socket: &Arc<Socket>) -> Begun {
    let id: FilterId = params.one("subscription id")?;
    if socket.close_subscription(id.0) {
        Ok((json(&true)?, None))
    } else {
        Err(RpcError::server("subscription not found"))
    }
}

/// Where a subscription's notifications go.
pub(crate) struct Feed {
    id: FilterId,
    socket: Arc<Socket>,
    cx: Arc<Context>,
    /// The method that notifications name.
    method: &'static str,
}

/// The newest head as it is told to subscribers: written once for all of them.
#[derive(Default)]
pub(crate) struct Heads(Mutex<Option<(B256, Arc<RawValue>)>>);

impl Heads {
    fn text(&self, block: &SealedBlock) -> Option<Arc<RawValue>> {
        let mut newest = self.0.lock();
        match &*newest {
            Some((hash, text)) if *hash == block.hash => Some(text.clone()),
            _ => {
                let text: Arc<RawValue> = to_raw_value(&convert::header(block)).ok()?.into();
                *newest = Some((block.hash, text.clone()));
                Some(text)
            }
        }
    }
}

#[derive(Serialize)]
struct Notification<'a, T: ?Sized> {
    jsonrpc: &'static str,
    method: &'static str,
    params: Delivery<'a, T>,
}

#[derive(Serialize)]
struct Delivery<'a, T: ?Sized> {
    subscription: FilterId,
    result: &'a T,
}

impl Feed {
    /// A feed for a subscription on a connection.
    pub(crate) fn new(id: u128, socket: &Arc<Socket>, cx: &Arc<Context>, method: &'static str) -> Self {
        Self { id: FilterId(id), socket: socket.clone(), cx: cx.clone(), method }
    }

    /// The chain that is followed.
    pub(crate) fn chain(&self) -> &Chain {
        &self.cx.chain
    }

    /// Sends one notification. `false`: the connection is ending.
    pub(crate) fn deliver<T: Serialize + ?Sized>(&self, result: &T) -> bool {
        let params = Delivery { subscription: self.id, result };
        let notification = Notification { jsonrpc: "2.0", method: self.method, params };
        match serde_json::to_string(&notification) {
            Ok(text) => self.socket.notify(text),
            Err(error) => {
                tracing::error!(%error, "a notification could not be written");
                false
            }
        }
    }
}

/// Follows the chain block by block. Blocks that came without an event of their own, because the subscriber was slow
/// or an empty range was sealed at once, are read from the chain, one when it is asked for: whoever is far behind holds
/// no more memory than whoever is not. After a revert heights come again.
pub(crate) struct Follower {
    events: Receiver<Arc<SealedBlock>>,
    /// The height that is told next.
    next: u64,
    /// The first height that is not known to be sealed; those from `next` up to it are read from the chain.
    known: u64,
}

impl Follower {
    pub(crate) fn new(chain: &Chain, events: Receiver<Arc<SealedBlock>>) -> Self {
        let next = chain.view().head().saturating_add(1);
        Self { events, next, known: next }
    }

    /// Goes back to tell from a height on, or from the oldest that is told afterwards; answers which.
    pub(crate) fn go_back(&mut self, to: u64) -> u64 {
        let oldest = self.known.saturating_sub(1).saturating_sub(MAX_MISSED);
        self.next = to.max(oldest).min(self.known);
        self.next
    }

    /// The next block to tell of; `None` when the chain has ended.
    pub(crate) async fn next(&mut self, chain: &Chain) -> Option<Arc<SealedBlock>> {
        loop {
            if self.next < self.known {
                let number = self.next;
                self.next = number.saturating_add(1);
                match chain.view().block(number) {
                    Ok(Some(block)) => return Some(block),
                    // The chain went back meanwhile; what it seals now comes as events.
                    Ok(None) => (self.next, self.known) = (number, number),
                    Err(error) => {
                        tracing::warn!(%error, number, "a subscription skips a block that cannot be read");
                    }
                }
                continue;
            }
            match self.events.recv().await {
                // A height that was told already: the chain was reverted, or the event came after the look at it.
                Ok(block) if block.header.number <= self.next => {
                    self.next = block.header.number.saturating_add(1);
                    self.known = self.next;
                    return Some(block);
                }
                Ok(block) => self.reach(block.header.number),
                Err(RecvError::Lagged(_)) => {
                    // What is still held of the events is read from the chain with the rest.
                    self.events = self.events.resubscribe();
                    let head = chain.view().head();
                    self.next = self.next.min(head);
                    self.reach(head);
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn reach(&mut self, head: u64) {
        self.known = head.saturating_add(1);
        self.next = self.next.max(head.saturating_sub(MAX_MISSED));
    }
}

async fn heads(feed: Feed, events: Receiver<Arc<SealedBlock>>) {
    let mut follower = Follower::new(&feed.cx.chain, events);
    while let Some(block) = follower.next(&feed.cx.chain).await {
        let delivered = match feed.cx.heads.text(&block) {
            Some(text) => feed.deliver(&*text),
            None => feed.deliver(&convert::header(&block)),
        };
        if !delivered {
            return;
        }
    }
}

async fn logs(feed: Feed, events: Receiver<Arc<SealedBlock>>, filter: LogFilter) {
    let mut follower = Follower::new(&feed.cx.chain, events);
    while let Some(block) = follower.next(&feed.cx.chain).await {
        let mut found: Vec<LocatedLog> = Vec::new();
        query::collect(&block, &filter, &mut found);
        for log in found {
            if !feed.deliver(&convert::log(log)) {
                return;
            }
        }
    }
}

/// The node has all that there is: this is told once.
async fn syncing(feed: Feed) {
    feed.deliver(&false);
}

/// Which receipts are wanted; all, if no transaction is named.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptFilter {
    #[serde(default)]
    transaction_hashes: HashSet<B256>,
}

/// The receipts of each block in one notification, as geth tells them.
async fn receipts(feed: Feed, events: Receiver<Arc<SealedBlock>>, wanted: ReceiptFilter) {
    let mut follower = Follower::new(&feed.cx.chain, events);
    let hashes = wanted.transaction_hashes;
    while let Some(block) = follower.next(&feed.cx.chain).await {
        let all = block.transactions.iter().enumerate();
        let told = all.filter(|(_, transaction)| hashes.is_empty() || hashes.contains(&transaction.hash));
        let told: Vec<_> = told.filter_map(|(index, _)| convert::receipt(&block, index)).collect();
        if !told.is_empty() && !feed.deliver(&told) {
            return;
        }
    }
}

async fn pending(feed: Feed, mut hashes: Receiver<B256>, full: bool) {
    loop {
        let hash = match hashes.recv().await {
            Ok(hash) => hash,
            Err(RecvError::Lagged(missed)) => {
                tracing::debug!(missed, "a subscription of pending transactions fell behind");
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        let delivered = if full {
            let waiting = feed.cx.chain.pool().get(hash);
            match waiting {
                Some(waiting) => feed.deliver(&convert::pending(&waiting)),
                None => continue,
            }
        } else {
            feed.deliver(&hash)
        };
        if !delivered {
            return;
        }
    }
}
