//! What the pool shows: by hash, by sender, and in the forms of geth's `txpool_` methods. Turning it into JSON is the
//! caller's.

use super::{Pool, queue::Queue};
use crate::transaction::Recovered;
use alloy_consensus::Transaction;
use alloy_primitives::{Address, B256};
use std::{collections::BTreeMap, sync::Arc};

/// How many transactions wait (`txpool_status`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Those that blocks can take.
    pub pending: usize,
    /// Those that wait for an earlier nonce, or for money.
    pub queued: usize,
}

/// Transactions by nonce.
pub type ByNonce = BTreeMap<u64, Arc<Recovered>>;

/// All transactions by sender and nonce (`txpool_content`).
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Those that blocks can take.
    pub pending: BTreeMap<Address, ByNonce>,
    /// Those that wait for an earlier nonce, or for money.
    pub queued: BTreeMap<Address, ByNonce>,
}

impl Pool {
    /// Transactions in the pool.
    pub fn len(&self) -> usize {
        self.ready.len().saturating_add(self.queued.len())
    }

    /// Whether no transaction waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number that changes whenever a transaction comes, goes, or becomes ready: what was made from the pool is old once
    /// it differs.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Encoded bytes of all transactions.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a transaction is here.
    pub fn contains(&self, hash: B256) -> bool {
        self.by_hash.contains_key(&hash)
    }

    /// A transaction by hash.
    pub fn get(&self, hash: B256) -> Option<Arc<Recovered>> {
        let (sender, nonce) = self.by_hash.get(&hash)?;
        self.queues.get(sender)?.get(*nonce).map(|entry| entry.tx.clone())
    }

    /// The nonce after a sender's last pending transaction: its next free one. `None` if the sender has nothing here,
    /// so that the account's own nonce counts.
    pub fn next_nonce(&self, sender: Address) -> Option<u64> {
        self.queues.get(&sender).map(Queue::ready_end)
    }

    /// How many transactions wait.
    pub fn status(&self) -> Status {
        Status { pending: self.ready.len(), queued: self.queued.len() }
    }

    /// All transactions by sender and nonce.
    pub fn content(&self) -> Content {
        let mut content = Content::default();
        for sender in self.queues.keys() {
            let (pending, queued) = self.content_from(*sender);
            if !pending.is_empty() {
                content.pending.insert(*sender, pending);
            }
            if !queued.is_empty() {
                content.queued.insert(*sender, queued);
            }
        }
        content
    }

    /// One sender's pending and queued transactions (`txpool_contentFrom`).
    pub fn content_from(&self, sender: Address) -> (ByNonce, ByNonce) {
        let Some(queue) = self.queues.get(&sender) else { return Default::default() };
        queue
            .entries()
            .map(|entry| (entry.nonce, entry.tx.clone()))
            .partition(|(nonce, _)| queue.is_ready(*nonce))
    }

    /// All transactions in the order of their arrival: what a snapshot keeps, and [`Pool::reinsert`] takes back.
    pub fn transactions(&self) -> Vec<Arc<Recovered>> {
        let mut all: Vec<_> = self.queues.values().flat_map(Queue::entries).collect();
        all.sort_unstable_by_key(|entry| entry.arrival);
        all.into_iter().map(|entry| entry.tx.clone()).collect()
    }
}

/// A transaction in one line, as geth's `txpool_inspect` writes it.
pub fn summary(transaction: &Recovered) -> String {
    let to = transaction.tx.to().map_or_else(|| "contract creation".into(), |to| to.to_checksum(None));
    let (value, gas, price) = (transaction.tx.value(), transaction.tx.gas_limit(), transaction.fee_cap());
    format!("{to}: {value} wei + {gas} gas × {price} wei")
}
