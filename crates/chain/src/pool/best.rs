//! The order in which a block takes transactions: a merge of the senders' queues, best head first. It only reads; what
//! a block used up leaves the pool by `Pool::on_block`.

use super::{
    order::{Heads, Rank},
    queue::Queue,
};
use crate::transaction::Recovered;
use alloy_primitives::Address;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    iter::Peekable,
    sync::Arc,
};

/// Ready transactions that pay the base fee, by effective tip, then arrival; each sender's by nonce. Costs O(log n) a
/// transaction taken, however many stay.
pub struct Best<'a> {
    base_fee: u64,
    queues: &'a BTreeMap<Address, Queue>,
    /// Senders none of whose transactions was taken yet.
    heads: Peekable<Box<dyn Iterator<Item = (Rank, Address)> + 'a>>,
    /// The next transaction of each other sender: rank, sender, nonce.
    next: BinaryHeap<Reverse<(Rank, Address, u64)>>,
}

impl<'a> Best<'a> {
    pub(super) fn new(heads: &'a Heads, queues: &'a BTreeMap<Address, Queue>) -> Self {
        let all: Box<dyn Iterator<Item = (Rank, Address)> + 'a> = Box::new(heads.best());
        Self { base_fee: heads.base_fee(), queues, heads: all.peekable(), next: BinaryHeap::new() }
    }

    /// The best head, or the next of a sender if that is better.
    fn pop(&mut self) -> Option<(Address, u64)> {
        let from_heads = match (self.heads.peek(), self.next.peek()) {
            (Some((head, _)), Some(Reverse((next, ..)))) => head < next,
            (head, _) => head.is_some(),
        };
        if from_heads {
            let (_, sender) = self.heads.next()?;
            Some((sender, self.queues.get(&sender)?.account().nonce))
        } else {
            self.next.pop().map(|Reverse((_, sender, nonce))| (sender, nonce))
        }
    }
}

impl Iterator for Best<'_> {
    type Item = Arc<Recovered>;

    fn next(&mut self) -> Option<Self::Item> {
        let (sender, nonce) = self.pop()?;
        let queue = self.queues.get(&sender)?;
        let taken = queue.get(nonce)?;
        if let Some(after) = nonce.checked_add(1).filter(|after| queue.is_ready(*after))
            && let Some(entry) = queue.get(after)
            && let Some(rank) = Rank::new(entry.fee_cap, entry.tip_cap, entry.arrival, self.base_fee)
        {
            self.next.push(Reverse((rank, sender, after)));
        }
        Some(taken.tx.clone())
    }
}
