//! One sender's transactions by nonce. The first `ready` ones follow the account's nonce without a gap, and the
//! balance covers all of them together; the others wait.

use super::order::{Head, Price};
use crate::transaction::Recovered;
use alloy_primitives::U256;
use std::{cmp::Reverse, collections::BTreeMap, ops::Range, sync::Arc};

/// A pooled transaction, with what is asked of it most.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) tx: Arc<Recovered>,
    /// Position in the order of admission.
    pub(super) arrival: u64,
    pub(super) nonce: u64,
    /// Most wei that it can take.
    pub(super) cost: U256,
    pub(super) fee_cap: u128,
    pub(super) tip_cap: u128,
}

impl Entry {
    pub(super) fn new(tx: Arc<Recovered>, arrival: u64) -> Self {
        let (nonce, cost, fee_cap, tip_cap) = (tx.nonce(), tx.cost(), tx.fee_cap(), tx.tip_cap());
        Self { tx, arrival, nonce, cost, fee_cap, tip_cap }
    }

    pub(super) const fn price(&self) -> Price {
        Price { fee_cap: self.fee_cap, tip_cap: self.tip_cap, arrival: Reverse(self.arrival) }
    }

    fn head(&self) -> Head {
        Head { sender: self.tx.sender, arrival: self.arrival, fee_cap: self.fee_cap, tip_cap: self.tip_cap }
    }
}

/// The account that pays for a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) nonce: u64,
    pub(super) balance: U256,
}

/// One sender's transactions.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    account: Account,
    /// The nonce after the last ready transaction.
    ready_end: u64,
    /// Cost of all ready transactions; at most the balance.
    ready_cost: U256,
    /// Bytes of all transactions.
    bytes: usize,
    entries: BTreeMap<u64, Entry>,
}

impl Queue {
    pub(super) const fn new(account: Account) -> Self {
        let ready_end = account.nonce;
        Self { account, ready_end, ready_cost: U256::ZERO, bytes: 0, entries: BTreeMap::new() }
    }

    pub(super) const fn account(&self) -> Account {
        self.account
    }

    pub(super) const fn ready_end(&self) -> u64 {
        self.ready_end
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the transaction with this nonce is ready.
    pub(super) const fn is_ready(&self, nonce: u64) -> bool {
        nonce < self.ready_end
    }

    pub(super) fn get(&self, nonce: u64) -> Option<&Entry> {
        self.entries.get(&nonce)
    }

    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.values()
    }

    pub(super) fn range(&self, nonces: Range<u64>) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.range(nonces).map(|(_, entry)| entry)
    }

    /// The transaction that could run next.
    pub(super) fn head(&self) -> Option<Head> {
        match self.is_ready(self.account.nonce) {
            true => self.entries.get(&self.account.nonce).map(Entry::head),
            false => None,
        }
    }

    /// Whether only money keeps the next transaction from being ready.
    pub(super) fn waits_for_money(&self) -> bool {
        self.entries.contains_key(&self.ready_end)
    }

    /// What all ready transactions up to and including a new one would cost; `None` if a gap precedes it.
    pub(super) fn cost_with(&self, new: &Entry) -> Option<U256> {
        if new.nonce > self.ready_end {
            return None;
        }
        let replaced = match self.is_ready(new.nonce) {
            true => self.get(new.nonce).map_or(U256::ZERO, |old| old.cost),
            false => U256::ZERO,
        };
        Some(self.ready_cost.saturating_sub(replaced).saturating_add(new.cost))
    }

    /// Takes a transaction in, and out the one with the same nonce. The caller has checked [`Queue::cost_with`].
    pub(super) fn insert(&mut self, new: Entry) -> Option<Entry> {
        self.bytes = self.bytes.saturating_add(new.tx.size());
        if self.is_ready(new.nonce) {
            self.ready_cost = self.ready_cost.saturating_add(new.cost);
        }
        let ready = self.is_ready(new.nonce);
        let old = self.entries.insert(new.nonce, new)?;
        self.bytes = self.bytes.saturating_sub(old.tx.size());
        if ready {
            self.ready_cost = self.ready_cost.saturating_sub(old.cost);
        }
        Some(old)
    }

    /// Takes a transaction out; those after it wait for the gap to be filled.
    pub(super) fn remove(&mut self, nonce: u64) -> Option<Entry> {
        if self.is_ready(nonce) && self.entries.contains_key(&nonce) {
            let lost = self
                .entries
                .range(nonce..self.ready_end)
                .fold(U256::ZERO, |sum, (_, entry)| sum.saturating_add(entry.cost));
            self.ready_cost = self.ready_cost.saturating_sub(lost);
            self.ready_end = nonce;
        }
        let entry = self.entries.remove(&nonce)?;
        self.bytes = self.bytes.saturating_sub(entry.tx.size());
        Some(entry)
    }

    /// Follows the account to another state. Returns the transactions whose nonces are used up.
    pub(super) fn set_account(&mut self, account: Account) -> Vec<Entry> {
        let mut used = Vec::new();
        while let Some(first) = self.entries.first_entry() {
            if *first.key() >= account.nonce {
                break;
            }
            let entry = first.remove();
            self.bytes = self.bytes.saturating_sub(entry.tx.size());
            if self.is_ready(entry.nonce) {
                self.ready_cost = self.ready_cost.saturating_sub(entry.cost);
            }
            used.push(entry);
        }
        let went_back = account.nonce < self.account.nonce;
        self.account = account;
        if went_back || self.ready_cost > account.balance {
            self.ready_end = account.nonce;
            self.ready_cost = U256::ZERO;
        }
        self.ready_end = self.ready_end.max(account.nonce);
        used
    }

    /// Lets all become ready that can.
    pub(super) fn extend(&mut self) {
        while let Some(entry) = self.entries.get(&self.ready_end) {
            match self.ready_cost.checked_add(entry.cost) {
                Some(cost) if cost <= self.account.balance => self.ready_cost = cost,
                _ => break,
            }
            self.ready_end = self.ready_end.saturating_add(1);
        }
    }
}
