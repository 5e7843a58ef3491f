//! Who goes when the pool is full. A sender loses its last transaction, never one in the middle, because those after it
//! could not run without it; and it is the sender of the cheapest transaction that loses, because nothing behind a
//! cheap transaction can run before it. So nobody can shelter cheap transactions behind a dear one.

use super::{
    Pool, PoolError,
    queue::{Entry, Queue},
};
use alloy_primitives::{Address, B256};
use std::collections::BTreeMap;

/// What must go so that a transaction fits.
struct Room<'a> {
    queues: &'a BTreeMap<Address, Queue>,
    /// Transactions too many.
    count: usize,
    /// Bytes too many.
    bytes: usize,
    /// The lowest nonce that goes, by sender.
    cut: BTreeMap<Address, u64>,
    victims: Vec<B256>,
}

impl<'a> Room<'a> {
    const fn suffices(&self) -> bool {
        self.count == 0 && self.bytes == 0
    }

    /// Whether the transaction is to go already.
    fn has(&self, sender: Address, nonce: u64) -> bool {
        self.cut.get(&sender).is_some_and(|cut| nonce >= *cut)
    }

    /// The sender's last transaction that is not to go yet.
    fn last_of(&self, sender: Address) -> Option<&'a Entry> {
        let end = self.cut.get(&sender).copied().unwrap_or(u64::MAX);
        self.queues.get(&sender)?.range(0..end).next_back()
    }

    fn take(&mut self, victim: &Entry) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(victim.tx.size());
        self.cut.insert(victim.tx.sender, victim.nonce);
        self.victims.push(victim.tx.hash);
    }
}

impl Pool {
    /// The transactions that must go so that `new` can come in.
    ///
    /// - Its sender's bytes are bounded: later transactions of the same sender go first.
    /// - Then the cheapest queued ones, if `new` is ready or pays more; then the cheapest ready ones, if `new` is ready
    ///   and pays more. A queued transaction never displaces a ready one, whatever it promises to pay.
    pub(super) fn victims(&self, new: &Entry, is_ready: bool) -> Result<Vec<B256>, PoolError> {
        let sender = new.tx.sender;
        let own = self.queues.get(&sender);
        let replaced = own.and_then(|queue| queue.get(new.nonce));
        let replaced_bytes = replaced.map_or(0, |old| old.tx.size());
        let grown = |bytes: usize| bytes.saturating_sub(replaced_bytes).saturating_add(new.tx.size());
        let count = self.len().saturating_add(usize::from(replaced.is_none()));
        let mut room = Room {
            queues: &self.queues,
            count: count.saturating_sub(self.limits.count),
            bytes: grown(self.bytes).saturating_sub(self.limits.bytes),
            cut: BTreeMap::new(),
            victims: Vec::new(),
        };
        let own_bytes = own.map_or(0, Queue::bytes);
        let mut own_excess = grown(own_bytes).saturating_sub(self.limits.sender_bytes);
        while own_excess > 0 {
            let last =
                room.last_of(sender).filter(|last| last.nonce > new.nonce).ok_or(PoolError::SenderLimit {
                    sender,
                    bytes: own_bytes,
                    limit: self.limits.sender_bytes,
                })?;
            own_excess = own_excess.saturating_sub(last.tx.size());
            room.take(last);
        }
        self.make_room(&mut room, new, is_ready)?;
        Ok(room.victims)
    }

    fn make_room(&self, room: &mut Room<'_>, new: &Entry, is_ready: bool) -> Result<(), PoolError> {
        let full = PoolError::Full { count: self.len(), bytes: self.bytes };
        let queued = self.queued.iter().map(|place| (place, is_ready));
        let ready = self.ready.iter().filter(|_| is_ready).map(|place| (place, false));
        let mut places = queued.chain(ready);
        while !room.suffices() {
            let Some(((price, place), at_any_price)) = places.next() else { return Err(full) };
            let pays_more = at_any_price || new.price() > *price;
            if !self.take_down_to(room, *place, new, pays_more) {
                return Err(full);
            }
        }
        Ok(())
    }

    /// Takes a sender's last transactions until there is room or the cheap one is taken. `false`: one must stay.
    fn take_down_to(
        &self,
        room: &mut Room<'_>,
        (sender, cheap): (Address, u64),
        new: &Entry,
        pays_more: bool,
    ) -> bool {
        while !room.suffices() && !room.has(sender, cheap) {
            let Some(last) = room.last_of(sender) else { return true };
            let may_go = if sender == new.tx.sender { last.nonce > new.nonce } else { pays_more };
            if !may_go {
                return false;
            }
            room.take(last);
        }
        true
    }
}
