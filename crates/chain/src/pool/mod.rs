//! The transaction pool: nonce queues by sender, replacement, eviction, and the order in which blocks take transactions.
//! A pure data structure: no locks, no clock (arrivals are counted), the same calls give the same pool. The caller
//! locks it, and reads accounts for it through [`AccountReader`].

mod best;
mod error;
mod limits;
#[cfg(test)]
mod model;
mod order;
mod queue;
mod room;
#[cfg(test)]
mod tests;
mod views;

pub use best::Best;
pub use error::PoolError;
pub use limits::{LOWEST_BASE_FEE, Limits, PRICE_BUMP_PERCENT, Rules};
pub use views::{ByNonce, Content, Status, summary};

use crate::transaction::Recovered;
use alloy_consensus::Transaction;
use alloy_primitives::{Address, B256, U256, map::B256Map};
use order::{Heads, Price};
use queue::{Account, Entry, Queue};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// What the pool asks of the state.
pub trait AccountReader {
    /// Why an account could not be read.
    type Error: fmt::Display;

    /// Nonce and balance (wei) of an account; zeros if it does not exist.
    ///
    /// # Errors
    /// The state could not be read.
    fn nonce_and_balance(&self, address: Address) -> Result<(u64, U256), Self::Error>;
}

/// How a transaction was admitted.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Whether the next block may take it, if it pays the base fee.
    pub ready: bool,
    /// The transaction whose nonce it took over.
    pub replaced: Option<Arc<Recovered>>,
    /// Transactions that made room for it.
    pub evicted: Vec<Arc<Recovered>>,
}

/// All transactions that wait for a block.
///
/// A transaction is *pending* (ready) if all of its sender's transactions from the account's nonce up to it are here and
/// the balance covers them together; else it is *queued*. As in geth, one that does not pay the current base fee may be
/// pending: blocks pass it over until the fee falls. Blocks take pending transactions by effective tip, then arrival,
/// each sender's by nonce, and nothing else changes the order (`decisions.md` 24).
///
/// EIP-7702: geth lets a delegated account, or the authority of a pooled delegation, have one transaction in flight,
/// because a single sweep can void many transactions that its peers have already passed on. This pool gossips with
/// nobody, so it limits such accounts like any other; after a block with delegations it reads all senders again, and
/// what cannot run is dropped by the executor for the price of a look-up.
#[derive(Clone, Debug)]
pub struct Pool {
    limits: Limits,
    rules: Rules,
    /// By sender; never an empty queue.
    queues: BTreeMap<Address, Queue>,
    /// Sender and nonce of each transaction.
    by_hash: B256Map<(Address, u64)>,
    /// Of each sender, the transaction that could run next.
    heads: Heads,
    /// Ready transactions, cheapest first.
    ready: BTreeMap<Price, (Address, u64)>,
    /// The others, cheapest first.
    queued: BTreeMap<Price, (Address, u64)>,
    /// Senders to read again after the next block: those short of money, and those whose transaction could not run.
    unsettled: BTreeSet<Address>,
    /// Encoded bytes of all transactions.
    bytes: usize,
    /// Transactions ever admitted.
    arrivals: u64,
    /// Changes ever made.
    generation: u64,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: Limits, rules: Rules) -> Self {
        Self {
            limits,
            rules,
            queues: BTreeMap::new(),
            by_hash: B256Map::default(),
            heads: Heads::default(),
            ready: BTreeMap::new(),
            queued: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            bytes: 0,
            arrivals: 0,
            generation: 0,
        }
    }

    /// What a transaction must satisfy.
    pub const fn rules(&self) -> Rules {
        self.rules
    }

    /// Judges by other rules from here on. What is in stays in: the executor drops what cannot run.
    pub const fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Admits a transaction.
    ///
    /// The sender's account is read unless what is known of it suffices. Make the `reader` after locking the pool: an
    /// older one could miss a block that the pool has already followed, and would keep the transaction waiting.
    ///
    /// # Errors
    /// Why it is refused; nothing has been evicted or replaced then.
    pub fn add<R: AccountReader>(
        &mut self,
        transaction: Arc<Recovered>,
        reader: &R,
    ) -> Result<Admission, PoolError> {
        if self.by_hash.contains_key(&transaction.hash) {
            return Err(PoolError::AlreadyKnown);
        }
        self.rules.check(&transaction)?;
        let entry = Entry::new(transaction, self.arrivals);
        let (account, ready) = self.place(&entry, reader)?;
        let victims = self.victims(&entry, ready)?;
        let evicted = victims.into_iter().filter_map(|hash| self.drop(hash)).collect();
        self.arrivals = self.arrivals.saturating_add(1);
        let replaced = self.insert(entry, account);
        Ok(Admission { ready, replaced, evicted })
    }

    /// The account of a transaction's sender, and whether the transaction will be ready.
    fn place<R: AccountReader>(&mut self, entry: &Entry, reader: &R) -> Result<(Account, bool), PoolError> {
        let sender = entry.tx.sender;
        if let Some(queue) = self.queues.get(&sender)
            && let Ok(true) = self.limits.admit(queue, entry)
        {
            return Ok((queue.account(), true));
        }
        let account = read(reader, sender)
            .map_err(|reason| PoolError::Account { address: sender, reason: reason.to_string() })?;
        self.update(sender, |queue| queue.set_account(account));
        let none = Queue::new(account);
        let ready = self.limits.admit(self.queues.get(&sender).unwrap_or(&none), entry)?;
        Ok((account, ready))
    }

    fn insert(&mut self, entry: Entry, account: Account) -> Option<Arc<Recovered>> {
        let (sender, nonce) = (entry.tx.sender, entry.nonce);
        let queue = self.queues.entry(sender).or_insert_with(|| Queue::new(account));
        let prices = if queue.is_ready(nonce) { &mut self.ready } else { &mut self.queued };
        prices.insert(entry.price(), (sender, nonce));
        self.by_hash.insert(entry.tx.hash, (sender, nonce));
        self.bytes = self.bytes.saturating_add(entry.tx.size());
        self.update(sender, |queue| queue.insert(entry).into_iter().collect()).pop()
    }

    /// Changes one queue, and all indexes after it. `change` returns the entries that it took out.
    fn update(
        &mut self,
        sender: Address,
        change: impl FnOnce(&mut Queue) -> Vec<Entry>,
    ) -> Vec<Arc<Recovered>> {
        let Some(queue) = self.queues.get_mut(&sender) else { return Vec::new() };
        self.generation = self.generation.wrapping_add(1);
        let (old_end, old_head) = (queue.ready_end(), queue.head());
        let removed = change(queue);
        queue.extend();
        let (new_end, new_head) = (queue.ready_end(), queue.head());
        for entry in &removed {
            let prices = if entry.nonce < old_end { &mut self.ready } else { &mut self.queued };
            prices.remove(&entry.price());
            self.by_hash.remove(&entry.tx.hash);
            self.bytes = self.bytes.saturating_sub(entry.tx.size());
        }
        let (from, to) = match new_end > old_end {
            true => (&mut self.queued, &mut self.ready),
            false => (&mut self.ready, &mut self.queued),
        };
        for entry in queue.range(old_end.min(new_end)..old_end.max(new_end)) {
            from.remove(&entry.price());
            to.insert(entry.price(), (sender, entry.nonce));
        }
        if old_head != new_head {
            old_head.inspect(|head| self.heads.remove(head));
            new_head.inspect(|head| self.heads.insert(*head));
        }
        match queue.waits_for_money() {
            true => self.unsettled.insert(sender),
            false => self.unsettled.remove(&sender),
        };
        if queue.is_empty() {
            self.queues.remove(&sender);
        }
        removed.into_iter().map(|entry| entry.tx).collect()
    }

    /// Takes a transaction out. Those of the same sender after it wait until the gap is filled.
    pub fn drop(&mut self, hash: B256) -> Option<Arc<Recovered>> {
        let (sender, nonce) = *self.by_hash.get(&hash)?;
        self.update(sender, |queue| queue.remove(nonce).into_iter().collect()).pop()
    }

    /// Takes out transactions that turned out unable to run; their senders' accounts are read again after the next
    /// block.
    pub fn drop_all_of(&mut self, hashes: impl IntoIterator<Item = B256>) {
        for hash in hashes {
            if let Some(transaction) = self.drop(hash)
                && self.queues.contains_key(&transaction.sender)
            {
                self.unsettled.insert(transaction.sender);
            }
        }
    }

    /// Takes out all transactions of one sender; returns them by nonce.
    pub fn drop_from(&mut self, sender: Address) -> Vec<Arc<Recovered>> {
        let all: Vec<B256> = self
            .queues
            .get(&sender)
            .map_or_else(Vec::new, |queue| queue.entries().rev().map(|entry| entry.tx.hash).collect());
        let mut dropped: Vec<_> = all.into_iter().filter_map(|hash| self.drop(hash)).collect();
        dropped.reverse();
        dropped
    }

    /// Empties the pool.
    pub fn drop_all(&mut self) {
        let (arrivals, generation) = (self.arrivals, self.generation.wrapping_add(1));
        *self = Self { arrivals, generation, ..Self::new(self.limits, self.rules) };
    }

    /// Follows a block: takes out what it used up, and looks again at the accounts that it probably changed: senders,
    /// recipients, and whoever waits for money; with delegations among the transactions (EIP-7702), at all senders.
    /// Who knows exactly which accounts a block changed can pass them to [`Pool::refresh`] as well.
    ///
    /// # Errors
    /// An account could not be read; the pool is then as before.
    pub fn on_block<R: AccountReader>(
        &mut self,
        mined: &[Arc<Recovered>],
        reader: &R,
    ) -> Result<(), R::Error> {
        if mined.iter().any(|transaction| transaction.tx.is_eip7702()) {
            return self.on_rewind(reader);
        }
        let mut addresses = self.unsettled.clone();
        for transaction in mined {
            addresses.insert(transaction.sender);
            addresses.extend(transaction.tx.to());
        }
        self.refresh(addresses, reader)
    }

    /// Follows the chain back to an earlier block: looks at all senders again.
    ///
    /// # Errors
    /// An account could not be read; the pool is then as before.
    pub fn on_rewind<R: AccountReader>(&mut self, reader: &R) -> Result<(), R::Error> {
        let all: Vec<Address> = self.queues.keys().copied().collect();
        self.refresh(all, reader)
    }

    /// Looks again at accounts that changed: drops used nonces, and lets their transactions become ready or wait.
    ///
    /// # Errors
    /// An account could not be read; the pool is then as before.
    pub fn refresh<R: AccountReader>(
        &mut self,
        addresses: impl IntoIterator<Item = Address>,
        reader: &R,
    ) -> Result<(), R::Error> {
        let accounts = addresses
            .into_iter()
            .filter(|address| self.queues.contains_key(address))
            .map(|address| Ok((address, read(reader, address)?)))
            .collect::<Result<Vec<_>, R::Error>>()?;
        for (address, account) in accounts {
            self.update(address, |queue| queue.set_account(account));
        }
        Ok(())
    }

    /// Admits again what a rewind took out of the chain, or what [`Pool::transactions`] gave earlier, in the order
    /// given. What can no longer be admitted is left out; returns how many were.
    pub fn reinsert<R: AccountReader>(
        &mut self,
        transactions: impl IntoIterator<Item = Arc<Recovered>>,
        reader: &R,
    ) -> usize {
        transactions.into_iter().filter(|transaction| self.add(transaction.clone(), reader).is_ok()).count()
    }

    /// The transactions that the next block may take, at most `max`, best first.
    pub fn ready(&mut self, base_fee: u64, max: usize) -> Vec<Arc<Recovered>> {
        self.best(base_fee).take(max).collect()
    }

    /// The transactions that a block with this base fee may take: by effective tip, then arrival, each sender's by nonce.
    pub fn best(&mut self, base_fee: u64) -> Best<'_> {
        self.heads.set_base_fee(base_fee);
        Best::new(&self.heads, &self.queues)
    }
}

fn read<R: AccountReader>(reader: &R, address: Address) -> Result<Account, R::Error> {
    let (nonce, balance) = reader.nonce_and_balance(address)?;
    Ok(Account { nonce, balance })
}
