//! The pool against a naive one: a list, searched from end to end by rules written down plainly. Random histories must
//! give the same answers, the same contents and the same order, and all indexes must agree with the queues.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::{
    tests::{Accounts, RULES, sender, transaction},
    *,
};
use proptest::prelude::*;
use std::cmp::Reverse;

const LIMITS: Limits = Limits { count: 10, bytes: 2_000, sender_count: 6, sender_bytes: 900 };

const SENDERS: u8 = 4;

/// The same transactions in the order of their arrival, and nothing else.
#[derive(Default)]
struct Naive {
    list: Vec<Arc<Recovered>>,
}

impl Naive {
    fn of(&self, sender: Address) -> Vec<&Arc<Recovered>> {
        let mut all: Vec<_> = self.list.iter().filter(|tx| tx.sender == sender).collect();
        all.sort_by_key(|tx| tx.nonce());
        all
    }

    /// The ready ones: no gap from the account's nonce on, and the balance covers all up to and including each.
    fn ready_of(&self, sender: Address, accounts: &Accounts) -> Vec<&Arc<Recovered>> {
        let (nonce, balance) = accounts.all[&sender];
        let mut spent = U256::ZERO;
        (nonce..)
            .zip(self.of(sender))
            .take_while(|(expected, tx)| {
                spent += tx.cost();
                tx.nonce() == *expected && spent <= balance
            })
            .map(|(_, tx)| tx)
            .collect()
    }

    fn is_ready(&self, tx: &Recovered, accounts: &Accounts) -> bool {
        self.ready_of(tx.sender, accounts).iter().any(|ready| ready.hash == tx.hash)
    }

    fn add(&mut self, new: Arc<Recovered>, accounts: &Accounts) -> Result<Vec<B256>, PoolError> {
        let (next, have) = accounts.all[&new.sender];
        let (found, ahead) = (new.nonce(), LIMITS.sender_count);
        if self.list.iter().any(|tx| tx.hash == new.hash) {
            return Err(PoolError::AlreadyKnown);
        }
        if found < next {
            return Err(PoolError::NonceTooLow { next, found });
        }
        if found >= next + ahead {
            return Err(PoolError::NonceTooHigh { next, found, ahead });
        }
        let old = self.list.iter().find(|tx| tx.sender == new.sender && tx.nonce() == found).cloned();
        if let Some(old) = &old {
            let bumped = |price: u128| (price * 110 / 100).max(price + 1);
            let (fee_cap, tip_cap) = (bumped(old.fee_cap()), bumped(old.tip_cap()));
            if new.fee_cap() < fee_cap || new.tip_cap() < tip_cap {
                return Err(PoolError::ReplacementUnderpriced { fee_cap, tip_cap });
            }
        }
        let ready = self.ready_of(new.sender, accounts);
        let joins_ready = found <= next + ready.len() as u64;
        let others = ready.iter().filter(|tx| tx.nonce() != found).map(|tx| tx.cost());
        let before = if joins_ready { others.sum() } else { U256::ZERO };
        if before + new.cost() > have {
            return Err(PoolError::InsufficientFunds { have, want: before + new.cost() });
        }
        let evicted = self.evicted(&new, old.as_ref(), joins_ready, accounts)?;
        self.list
            .retain(|tx| !evicted.contains(&tx.hash) && old.as_ref().is_none_or(|old| old.hash != tx.hash));
        self.list.push(new);
        Ok(evicted)
    }

    fn evicted(
        &self,
        new: &Recovered,
        old: Option<&Arc<Recovered>>,
        joins_ready: bool,
        accounts: &Accounts,
    ) -> Result<Vec<B256>, PoolError> {
        let total = |list: &[&Arc<Recovered>]| list.iter().map(|tx| tx.size()).sum::<usize>();
        let old_size = old.map_or(0, |old| old.size());
        let mut left: Vec<_> = self.list.iter().collect();
        let mut evicted = Vec::new();
        let own = total(&self.of(new.sender));
        let mut own_left = own;
        while own_left - old_size + new.size() > LIMITS.sender_bytes {
            let last = last_of(&left, new.sender).filter(|last| last.nonce() > new.nonce());
            let limit = LIMITS.sender_bytes;
            let last = last.ok_or(PoolError::SenderLimit { sender: new.sender, bytes: own, limit })?;
            own_left -= last.size();
            left.retain(|tx| tx.hash != last.hash);
            evicted.push(last.hash);
        }
        let full =
            PoolError::Full { count: self.list.len(), bytes: total(&self.list.iter().collect::<Vec<_>>()) };
        while left.len() + usize::from(old.is_none()) > LIMITS.count
            || total(&left) - old_size + new.size() > LIMITS.bytes
        {
            let (ready, queued): (Vec<_>, Vec<_>) =
                left.iter().enumerate().partition(|(_, tx)| self.is_ready(tx, accounts));
            let price =
                |(arrival, tx): &(usize, &&Arc<Recovered>)| (tx.fee_cap(), tx.tip_cap(), Reverse(*arrival));
            let from_queued = !queued.is_empty();
            let candidates = if from_queued { queued } else { ready };
            let cheapest = candidates.into_iter().min_by_key(price).ok_or(full.clone())?.1;
            let last = last_of(&left, cheapest.sender).unwrap();
            let pays_more = (new.fee_cap(), new.tip_cap()) > (cheapest.fee_cap(), cheapest.tip_cap());
            let may_go = match (last.sender == new.sender, from_queued, joins_ready) {
                (true, ..) => last.nonce() > new.nonce() && (from_queued || joins_ready),
                (false, true, true) => true,
                (false, true, false) | (false, false, true) => pays_more,
                (false, false, false) => false,
            };
            if !may_go {
                return Err(full);
            }
            left.retain(|tx| tx.hash != last.hash);
            evicted.push(last.hash);
        }
        Ok(evicted)
    }

    /// The best of the senders' next ones, again and again.
    fn order(&self, base_fee: u64, accounts: &Accounts) -> Vec<B256> {
        let base_fee = u128::from(base_fee);
        let mut waiting: Vec<Vec<_>> =
            (0..SENDERS).map(|from| self.ready_of(sender(from), accounts)).collect();
        let mut order = Vec::new();
        loop {
            let arrival = |tx: &Recovered| self.list.iter().position(|other| other.hash == tx.hash);
            let best = waiting
                .iter_mut()
                .filter(|of_one| of_one.first().is_some_and(|tx| tx.fee_cap() >= base_fee))
                .max_by_key(|of_one| {
                    let tip = of_one[0].tip_cap().min(of_one[0].fee_cap() - base_fee);
                    (tip, Reverse(arrival(of_one[0])))
                });
            match best {
                Some(of_one) => order.push(of_one.remove(0).hash),
                None => return order,
            }
        }
    }
}

fn last_of<'a>(list: &[&'a Arc<Recovered>], sender: Address) -> Option<&'a Arc<Recovered>> {
    list.iter().filter(|tx| tx.sender == sender).max_by_key(|tx| tx.nonce()).copied()
}

#[derive(Clone, Debug)]
enum Step {
    Add { from: u8, ahead: u64, fee_cap: u128, tip_percent: u128, bytes: usize },
    Block { base_fee: u64, take: usize },
    Fund { of: u8, wei: u64 },
    Rewind { of: u8, by: u64 },
    Drop { index: usize },
    DropFrom { of: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let add = (0..SENDERS, 0..8u64, 7..40u128, 0..=100u128, prop_oneof![3 => 0..40usize, 1 => 200..700usize])
        .prop_map(|(from, ahead, fee_cap, tip_percent, bytes)| Step::Add {
            from,
            ahead,
            fee_cap,
            tip_percent,
            bytes,
        });
    prop_oneof![
        12 => add,
        2 => (7..30u64, 0..4usize).prop_map(|(base_fee, take)| Step::Block { base_fee, take }),
        1 => (0..SENDERS, 0..4_000_000u64).prop_map(|(of, wei)| Step::Fund { of, wei }),
        1 => (0..SENDERS, 0..4u64).prop_map(|(of, by)| Step::Rewind { of, by }),
        1 => (0..12usize).prop_map(|index| Step::Drop { index }),
        1 => (0..SENDERS).prop_map(|of| Step::DropFrom { of }),
    ]
}

fn take(
    pool: &mut Pool,
    naive: &mut Naive,
    accounts: &mut Accounts,
    step: Step,
) -> Result<(), TestCaseError> {
    match step {
        Step::Add { from, ahead, fee_cap, tip_percent, bytes } => {
            // One below the account's nonce is tried as well.
            let nonce = (accounts.all[&sender(from)].0 + ahead).saturating_sub(1);
            let tx = transaction(sender(from), nonce, fee_cap, fee_cap * tip_percent / 100, bytes);
            let expected = naive.add(tx.clone(), accounts);
            let ready = expected.is_ok() && naive.is_ready(&tx, accounts);
            match (pool.add(tx, accounts), expected) {
                (Ok(admission), Ok(evicted)) => {
                    prop_assert_eq!(admission.evicted.iter().map(|tx| tx.hash).collect::<Vec<_>>(), evicted);
                    prop_assert_eq!(admission.ready, ready);
                }
                (got, expected) => prop_assert_eq!(got.err(), expected.err()),
            }
        }
        Step::Block { base_fee, take } => {
            let mined = pool.ready(base_fee, take);
            for tx in &mined {
                let account = accounts.all.get_mut(&tx.sender).unwrap();
                *account = (tx.nonce() + 1, account.1 - tx.cost());
            }
            pool.on_block(&mined, accounts).unwrap();
        }
        Step::Fund { of, wei } => {
            accounts.all.get_mut(&sender(of)).unwrap().1 = U256::from(wei);
            pool.refresh([sender(of)], accounts).unwrap();
        }
        Step::Rewind { of, by } => {
            let nonce = &mut accounts.all.get_mut(&sender(of)).unwrap().0;
            *nonce = nonce.saturating_sub(by);
            pool.on_rewind(accounts).unwrap();
        }
        Step::Drop { index } => {
            let hash = naive.list.get(index).map(|tx| tx.hash).unwrap_or_default();
            prop_assert_eq!(pool.drop(hash).is_some(), index < naive.list.len());
            naive.list.retain(|tx| tx.hash != hash);
        }
        Step::DropFrom { of } => {
            let dropped = pool.drop_from(sender(of)).len();
            prop_assert_eq!(dropped, naive.of(sender(of)).len());
            naive.list.retain(|tx| tx.sender != sender(of));
        }
    }
    naive.list.retain(|tx| tx.nonce() >= accounts.all[&tx.sender].0);
    Ok(())
}

/// Every index says what the queues say.
fn check_indexes(pool: &Pool) -> Result<(), TestCaseError> {
    let entries = || {
        pool.queues
            .iter()
            .flat_map(|(sender, queue)| queue.entries().map(move |entry| (sender, queue, entry)))
    };
    prop_assert_eq!(entries().count(), pool.len());
    prop_assert_eq!(entries().count(), pool.by_hash.len());
    prop_assert_eq!(entries().map(|(.., entry)| entry.tx.size()).sum::<usize>(), pool.bytes());
    for (sender, queue, entry) in entries() {
        prop_assert_eq!(pool.by_hash.get(&entry.tx.hash), Some(&(*sender, entry.nonce)));
        let prices = if queue.is_ready(entry.nonce) { &pool.ready } else { &pool.queued };
        prop_assert_eq!(prices.get(&entry.price()), Some(&(*sender, entry.nonce)));
    }
    for (sender, queue) in &pool.queues {
        prop_assert!(!queue.is_empty());
        prop_assert_eq!(queue.bytes(), queue.entries().map(|entry| entry.tx.size()).sum::<usize>());
        prop_assert!(!queue.waits_for_money() || pool.unsettled.contains(sender));
    }
    let heads = pool.queues.values().filter(|queue| queue.head().is_some()).count();
    prop_assert_eq!(pool.heads.len(), heads);
    prop_assert!(pool.len() <= LIMITS.count && pool.bytes() <= LIMITS.bytes);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_give_what_the_naive_pool_gives(
        steps in prop::collection::vec((step(), 5..40u64), 1..60),
    ) {
        let (mut pool, mut naive) = (Pool::new(LIMITS, RULES), Naive::default());
        let all = (0..SENDERS).map(|from| (sender(from), (0, U256::from(3_000_000))));
        let mut accounts = Accounts { all: all.collect(), ..Accounts::default() };
        for (step, base_fee) in steps {
            take(&mut pool, &mut naive, &mut accounts, step)?;
            check_indexes(&pool)?;
            let hashes = |list: Vec<Arc<Recovered>>| list.iter().map(|tx| tx.hash).collect::<Vec<_>>();
            prop_assert_eq!(hashes(pool.transactions()), hashes(naive.list.clone()));
            let ready = naive.list.iter().filter(|tx| naive.is_ready(tx, &accounts)).count();
            let queued = naive.list.len() - ready;
            prop_assert_eq!(pool.status(), Status { pending: ready, queued });
            prop_assert_eq!(hashes(pool.ready(base_fee, usize::MAX)), naive.order(base_fee, &accounts));
        }
    }
}
