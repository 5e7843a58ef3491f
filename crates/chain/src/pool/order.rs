//! Two orders of transactions: by what they pay the producer now ([`Heads`]), and by what they pay at most
//! ([`Price`]), which says who goes first when the pool is full.

use alloy_primitives::Address;
use std::{cmp::Reverse, collections::BTreeMap, iter};

/// What a transaction pays at most, cheapest first; of equals the newest first, so that the oldest stay longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Price {
    pub(super) fee_cap: u128,
    pub(super) tip_cap: u128,
    pub(super) arrival: Reverse<u64>,
}

/// The transaction of a sender that could run next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) sender: Address,
    pub(super) arrival: u64,
    pub(super) fee_cap: u128,
    pub(super) tip_cap: u128,
}

/// What a transaction pays the producer, best first; of equals the oldest first. Arrivals are unique, so this order is
/// total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    tip: Reverse<u128>,
    arrival: u64,
}

impl Rank {
    /// The rank of a transaction at a base fee; `None` if it does not pay the base fee.
    pub(super) fn new(fee_cap: u128, tip_cap: u128, arrival: u64, base_fee: u64) -> Option<Self> {
        let above = fee_cap.checked_sub(u128::from(base_fee))?;
        Some(Self { tip: Reverse(above.min(tip_cap)), arrival })
    }
}

impl Head {
    /// The highest base fee at which the tip cap decides.
    const fn threshold(&self) -> u128 {
        self.fee_cap.saturating_sub(self.tip_cap)
    }
}

/// The heads of all senders, in the order in which blocks take them.
///
/// The tip at a base fee is `min(tip cap, fee cap - base fee)`. Each head is therefore in one of two groups: those whose
/// tip cap decides, ordered by it, and those whose fee cap decides, ordered by that. Neither order depends on the base
/// fee; when it moves, only the heads between whose caps it moved change the group.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads {
    base_fee: u64,
    /// Heads whose tip cap decides, best first.
    by_tip: BTreeMap<(Reverse<u128>, u64), Head>,
    /// Heads whose fee cap decides, best first.
    by_fee: BTreeMap<(Reverse<u128>, u64), Head>,
    /// All heads, by the base fee above which they change from the first group to the second.
    by_threshold: BTreeMap<(u128, u64), Head>,
}

impl Heads {
    pub(super) fn insert(&mut self, head: Head) {
        self.by_threshold.insert((head.threshold(), head.arrival), head);
        self.place(head);
    }

    pub(super) fn remove(&mut self, head: &Head) {
        self.by_threshold.remove(&(head.threshold(), head.arrival));
        self.by_tip.remove(&(Reverse(head.tip_cap), head.arrival));
        self.by_fee.remove(&(Reverse(head.fee_cap), head.arrival));
    }

    /// Reorders for another base fee.
    pub(super) fn set_base_fee(&mut self, base_fee: u64) {
        let moved = u128::from(self.base_fee.min(base_fee))..u128::from(self.base_fee.max(base_fee));
        self.base_fee = base_fee;
        let moved: Vec<Head> =
            self.by_threshold.range((moved.start, 0)..(moved.end, 0)).map(|(_, head)| *head).collect();
        for head in moved {
            self.by_tip.remove(&(Reverse(head.tip_cap), head.arrival));
            self.by_fee.remove(&(Reverse(head.fee_cap), head.arrival));
            self.place(head);
        }
    }

    fn place(&mut self, head: Head) {
        if head.threshold() >= u128::from(self.base_fee) {
            self.by_tip.insert((Reverse(head.tip_cap), head.arrival), head);
        } else {
            self.by_fee.insert((Reverse(head.fee_cap), head.arrival), head);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_tip.len().saturating_add(self.by_fee.len())
    }

    pub(super) const fn base_fee(&self) -> u64 {
        self.base_fee
    }

    /// The heads that pay the base fee, best first.
    pub(super) fn best(&self) -> impl Iterator<Item = (Rank, Address)> {
        let base_fee = self.base_fee;
        let ranked = move |head: &Head| {
            let rank = Rank::new(head.fee_cap, head.tip_cap, head.arrival, base_fee)?;
            Some((rank, head.sender))
        };
        let mut by_tip = self.by_tip.values().map_while(ranked).peekable();
        let mut by_fee = self.by_fee.values().map_while(ranked).peekable();
        iter::from_fn(move || match (by_tip.peek(), by_fee.peek()) {
            (Some(tip), Some(fee)) if tip > fee => by_fee.next(),
            (Some(_), _) => by_tip.next(),
            (None, _) => by_fee.next(),
        })
    }
}
