//! Claims about the pool one by one; `model.rs` compares whole histories with a naive pool.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::*;
use crate::transaction::{MAX_TRANSACTION_BYTES, Recovered};
use alloy_consensus::{TxEip1559, TxEip7702, TxLegacy, transaction::TypedTransaction};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Bytes, TxKind};
use std::{cell::Cell, convert::Infallible};

pub(super) const CHAIN: u64 = 31_337;

pub(super) const RULES: Rules = Rules {
    block_gas_limit: 60_000_000,
    transaction_gas_cap: Some(1 << 24),
    lowest_base_fee: LOWEST_BASE_FEE,
};

/// Accounts that answer, and count how often they were asked.
#[derive(Default)]
pub(super) struct Accounts {
    pub(super) all: BTreeMap<Address, (u64, U256)>,
    pub(super) reads: Cell<usize>,
}

impl AccountReader for Accounts {
    type Error = Infallible;

    fn nonce_and_balance(&self, address: Address) -> Result<(u64, U256), Infallible> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.all.get(&address).copied().unwrap_or_default())
    }
}

struct Unreadable;

impl AccountReader for Unreadable {
    type Error = &'static str;

    fn nonce_and_balance(&self, _: Address) -> Result<(u64, U256), &'static str> {
        Err("the disk is gone")
    }
}

fn rich(senders: &[Address]) -> Accounts {
    let all = senders.iter().map(|sender| (*sender, (0, U256::from(1u64 << 60)))).collect();
    Accounts { all, ..Accounts::default() }
}

pub(super) fn sender(index: u8) -> Address {
    Address::repeat_byte(index + 1)
}

/// A transfer of one wei with `bytes` bytes of input.
pub(super) fn transaction(
    sender: Address,
    nonce: u64,
    fee_cap: u128,
    tip_cap: u128,
    bytes: usize,
) -> Arc<Recovered> {
    let tx = TxEip1559 {
        chain_id: CHAIN,
        nonce,
        gas_limit: 21_000 + 10 * bytes as u64,
        max_fee_per_gas: fee_cap,
        max_priority_fee_per_gas: tip_cap,
        to: TxKind::Call(Address::repeat_byte(0xee)),
        value: U256::ONE,
        input: Bytes::from(vec![0; bytes]),
        ..TxEip1559::default()
    };
    impersonated(tx.into(), sender)
}

fn impersonated(tx: TypedTransaction, sender: Address) -> Arc<Recovered> {
    Arc::new(Recovered::impersonated(tx, sender, CHAIN).unwrap())
}

fn plain(from: u8, nonce: u64, fee: u128) -> Arc<Recovered> {
    transaction(sender(from), nonce, fee, fee, 0)
}

fn with_gas(gas_limit: u64) -> Arc<Recovered> {
    let to = TxKind::Call(Address::ZERO);
    let tx = TxLegacy { chain_id: Some(CHAIN), gas_price: 10, gas_limit, to, ..TxLegacy::default() };
    impersonated(tx.into(), sender(0))
}

fn pool() -> Pool {
    Pool::new(Limits::default(), RULES)
}

fn small(count: usize) -> Pool {
    Pool::new(Limits { count, ..Limits::default() }, RULES)
}

fn nonces(pool: &mut Pool, base_fee: u64) -> Vec<(Address, u64)> {
    pool.ready(base_fee, usize::MAX).iter().map(|tx| (tx.sender, tx.nonce())).collect()
}

fn message(result: Result<Admission, PoolError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_transaction_after_a_gap_waits_until_the_gap_is_filled() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0)]));
    assert!(!pool.add(plain(0, 1, 100), &accounts).unwrap().ready);
    assert_eq!(pool.status(), Status { pending: 0, queued: 1 });
    assert!(pool.ready(7, 10).is_empty());

    assert!(pool.add(plain(0, 0, 100), &accounts).unwrap().ready);
    assert_eq!(pool.status(), Status { pending: 2, queued: 0 });
    assert_eq!(nonces(&mut pool, 7), [(sender(0), 0), (sender(0), 1)]);
    assert_eq!(pool.next_nonce(sender(0)), Some(2));
}

#[test]
fn blocks_take_the_best_tip_first_and_keep_each_senders_nonces_in_order() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0), sender(1), sender(2)]));
    for tx in [
        transaction(sender(0), 0, 1_000, 1, 0),
        transaction(sender(0), 1, 1_000, 50, 0),
        transaction(sender(1), 0, 1_000, 10, 0),
        transaction(sender(2), 0, 1_000, 10, 0),
    ] {
        pool.add(tx, &accounts).unwrap();
    }
    let expected = [(sender(1), 0), (sender(2), 0), (sender(0), 0), (sender(0), 1)];
    assert_eq!(nonces(&mut pool, 7), expected);
}

#[test]
fn the_order_follows_the_base_fee() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0), sender(1)]));
    pool.add(transaction(sender(0), 0, 1_000, 10, 0), &accounts).unwrap();
    pool.add(transaction(sender(1), 0, 105, 100, 0), &accounts).unwrap();
    assert_eq!(nonces(&mut pool, 7), [(sender(1), 0), (sender(0), 0)], "98 against 10 a gas");
    assert_eq!(nonces(&mut pool, 100), [(sender(0), 0), (sender(1), 0)], "5 against 10 a gas");
    assert_eq!(nonces(&mut pool, 106), [(sender(0), 0)], "the second does not pay the base fee");
    assert_eq!(pool.status(), Status { pending: 2, queued: 0 }, "but it stays, for the fee may fall");
    assert_eq!(nonces(&mut pool, 7), [(sender(1), 0), (sender(0), 0)]);
}

#[test]
fn a_transaction_below_the_base_fee_holds_back_those_after_it() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0)]));
    pool.add(plain(0, 0, 10), &accounts).unwrap();
    pool.add(plain(0, 1, 1_000), &accounts).unwrap();
    assert!(nonces(&mut pool, 11).is_empty());
}

#[test]
fn a_replacement_must_pay_a_tenth_more_of_both_caps() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0)]));
    let first = transaction(sender(0), 0, 1_000, 100, 0);
    pool.add(first.clone(), &accounts).unwrap();
    for (fee_cap, tip_cap) in [(1_099, 110), (1_100, 109)] {
        let refused = message(pool.add(transaction(sender(0), 0, fee_cap, tip_cap, 0), &accounts));
        assert!(refused.starts_with("replacement transaction underpriced"), "{refused}");
    }
    let better = transaction(sender(0), 0, 1_100, 110, 0);
    let admission = pool.add(better.clone(), &accounts).unwrap();
    assert_eq!(admission.replaced.unwrap().hash, first.hash);
    assert_eq!((pool.len(), pool.contains(first.hash), pool.contains(better.hash)), (1, false, true));
    assert_eq!(pool.bytes(), better.size());
}

#[test]
fn a_replacement_of_the_smallest_price_must_pay_more() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0)]));
    pool.add(transaction(sender(0), 0, 7, 0, 0), &accounts).unwrap();
    let same = transaction(sender(0), 0, 7, 0, 1);
    assert!(matches!(
        pool.add(same, &accounts),
        Err(PoolError::ReplacementUnderpriced { fee_cap: 8, tip_cap: 1 })
    ));
    pool.add(transaction(sender(0), 0, 8, 1, 0), &accounts).unwrap();
}

#[test]
fn refusals_begin_with_the_words_that_tools_match_on() {
    let mut accounts = rich(&[sender(0)]);
    accounts.all.insert(sender(0), (5, U256::from(2_000_000)));
    let mut pool = Pool::new(Limits { sender_count: 8, ..Limits::default() }, RULES);
    let known = plain(0, 5, 50);
    pool.add(known.clone(), &accounts).unwrap();
    let cases = [
        (known, "already known"),
        (plain(0, 3, 50), "nonce too low: next nonce 5, tx nonce 3"),
        (plain(0, 13, 50), "nonce too high: next nonce 5, tx nonce 13"),
        (plain(0, 6, 100), "insufficient funds for gas * price + value: have 2000000 want 3150002"),
        (plain(0, 7, 100), "insufficient funds for gas * price + value: have 2000000 want 2100001"),
        (plain(0, 6, 6), "max fee per gas less than block base fee: maxFeePerGas: 6, baseFee: 7"),
        (with_gas(60_000_001), "exceeds block gas limit: gas limit 60000001, block gas limit 60000000"),
        (with_gas(16_777_217), "transaction gas limit too high (cap: 16777216, tx: 16777217)"),
    ];
    for (transaction, expected) in cases {
        let refused = message(pool.add(transaction, &accounts));
        assert!(refused.starts_with(expected), "{refused}");
    }
    assert_eq!(pool.len(), 1);
}

#[test]
fn an_unreadable_account_is_said_and_nothing_changes() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0)]));
    let refused = message(pool.add(plain(0, 0, 50), &Unreadable));
    assert!(refused.ends_with("could not be read: the disk is gone"), "{refused}");
    let mined = plain(0, 0, 50);
    pool.add(mined.clone(), &accounts).unwrap();
    assert_eq!(pool.on_block(&[mined], &Unreadable), Err("the disk is gone"));
    assert_eq!(pool.status(), Status { pending: 1, queued: 0 });
}

#[test]
fn a_known_sender_is_not_read_again_for_each_transaction() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0)]));
    for nonce in 0..100 {
        pool.add(plain(0, nonce, 50), &accounts).unwrap();
    }
    assert_eq!(accounts.reads.get(), 1);
}

#[test]
fn an_account_that_moved_on_unseen_is_noticed_by_its_next_transaction() {
    let (mut pool, mut accounts) = (pool(), rich(&[sender(0)]));
    pool.add(plain(0, 1, 50), &accounts).unwrap();
    accounts.all.insert(sender(0), (1, U256::from(1u64 << 60)));
    assert_eq!(pool.status(), Status { pending: 0, queued: 1 });
    assert!(pool.add(plain(0, 2, 50), &accounts).unwrap().ready);
    assert_eq!(pool.status(), Status { pending: 2, queued: 0 });
}

#[test]
fn a_full_pool_gives_way_to_who_pays_more() {
    let senders: Vec<_> = (0..4).map(sender).collect();
    let (mut pool, accounts) = (small(3), rich(&senders));
    for (from, fee) in [(0, 30), (1, 20), (2, 40)] {
        pool.add(plain(from, 0, fee), &accounts).unwrap();
    }
    let refused = message(pool.add(plain(3, 0, 20), &accounts));
    assert!(refused.starts_with("transaction underpriced: the pool is full (3 transactions"), "{refused}");

    let admission = pool.add(plain(3, 0, 21), &accounts).unwrap();
    assert_eq!(admission.evicted.iter().map(|tx| tx.sender).collect::<Vec<_>>(), [sender(1)]);
    assert_eq!(pool.len(), 3);
}

#[test]
fn a_sender_loses_its_last_transaction_when_its_first_is_the_cheapest() {
    let (mut pool, accounts) = (small(3), rich(&[sender(0), sender(1)]));
    for (nonce, fee) in [(0, 10), (1, 1_000), (2, 500)] {
        pool.add(plain(0, nonce, fee), &accounts).unwrap();
    }
    let admission = pool.add(plain(1, 0, 11), &accounts).unwrap();
    assert_eq!(admission.evicted.iter().map(|tx| tx.nonce()).collect::<Vec<_>>(), [2]);
    assert_eq!(pool.status(), Status { pending: 3, queued: 0 }, "no gap was torn");
}

#[test]
fn what_cannot_run_yet_gives_way_to_what_can() {
    let (mut pool, accounts) = (small(2), rich(&[sender(0), sender(1)]));
    pool.add(plain(0, 5, 1_000_000), &accounts).unwrap();
    pool.add(plain(0, 6, 1_000_000), &accounts).unwrap();
    let admission = pool.add(plain(1, 0, 7), &accounts).unwrap();
    assert_eq!(admission.evicted.iter().map(|tx| tx.nonce()).collect::<Vec<_>>(), [6]);

    pool.add(plain(1, 1, 8), &accounts).unwrap();
    let refused = pool.add(plain(0, 5, 2_000_000), &accounts);
    assert!(
        matches!(refused, Err(PoolError::Full { count: 2, .. })),
        "a promise does not displace what can run"
    );
}

#[test]
fn a_sender_fills_its_share_only_and_can_still_fill_its_gap() {
    let limits = Limits { sender_bytes: 3_000, ..Limits::default() };
    let (mut pool, accounts) = (Pool::new(limits, RULES), rich(&[sender(0)]));
    for nonce in [1, 2] {
        pool.add(transaction(sender(0), nonce, 100, 1, 1_000), &accounts).unwrap();
    }
    let refused = message(pool.add(transaction(sender(0), 3, 100, 1, 1_000), &accounts));
    assert!(refused.starts_with("account limit exceeded"), "{refused}");
    let admission = pool.add(transaction(sender(0), 0, 100, 1, 1_000), &accounts).unwrap();
    assert_eq!(admission.evicted.iter().map(|tx| tx.nonce()).collect::<Vec<_>>(), [2]);
    assert_eq!(pool.status(), Status { pending: 2, queued: 0 });
}

#[test]
fn one_transaction_of_the_largest_size_fits_the_default_limits() {
    let limits = Limits::default();
    assert!(limits.sender_bytes >= MAX_TRANSACTION_BYTES && limits.bytes >= limits.sender_bytes);
    assert!(u64::try_from(limits.count).unwrap() >= limits.sender_count);
}

#[test]
fn a_block_takes_out_what_it_used_up() {
    let (mut pool, mut accounts) = (pool(), rich(&[sender(0), sender(1)]));
    for nonce in 0..4 {
        pool.add(plain(0, nonce, 50), &accounts).unwrap();
    }
    pool.add(plain(1, 0, 50), &accounts).unwrap();
    let mined = pool.ready(7, 2);
    accounts.all.insert(sender(0), (2, U256::from(1u64 << 60)));
    pool.on_block(&mined, &accounts).unwrap();
    assert_eq!(nonces(&mut pool, 7), [(sender(0), 2), (sender(0), 3), (sender(1), 0)]);
}

#[test]
fn who_is_paid_by_a_block_can_send_what_waited_for_money() {
    let (mut pool, mut accounts) = (pool(), rich(&[sender(0)]));
    let price = U256::from(50 * 21_000 + 1);
    accounts.all.insert(sender(1), (0, price));
    pool.add(plain(1, 1, 50), &accounts).unwrap();
    pool.add(plain(1, 0, 50), &accounts).unwrap();
    assert_eq!(pool.status(), Status { pending: 1, queued: 1 }, "it can pay for one");

    accounts.all.insert(sender(1), (0, price + price));
    pool.on_block(&[plain(0, 0, 50)], &accounts).unwrap();
    assert_eq!(pool.status(), Status { pending: 2, queued: 0 });
    accounts.all.insert(sender(1), (0, price));
    pool.refresh([sender(1)], &accounts).unwrap();
    assert_eq!(pool.status(), Status { pending: 1, queued: 1 }, "and again for one");
}

#[test]
fn what_could_not_run_is_dropped_and_its_sender_read_again() {
    let (mut pool, mut accounts) = (pool(), rich(&[sender(0)]));
    let first = plain(0, 0, 50);
    pool.add(first.clone(), &accounts).unwrap();
    pool.add(plain(0, 1, 50), &accounts).unwrap();
    // A contract that the account delegates to made the account create something: its nonce moved.
    accounts.all.insert(sender(0), (1, U256::from(1u64 << 60)));
    pool.drop_all_of([first.hash]);
    assert_eq!(pool.status(), Status { pending: 0, queued: 1 });
    pool.on_block(&[], &accounts).unwrap();
    assert_eq!(nonces(&mut pool, 7), [(sender(0), 1)]);
}

#[test]
fn a_block_with_delegations_makes_the_pool_read_all_senders() {
    let (mut pool, mut accounts) = (pool(), rich(&[sender(0), sender(1)]));
    pool.add(plain(0, 0, 50), &accounts).unwrap();
    let authorization = Authorization { chain_id: U256::from(CHAIN), address: sender(9), nonce: 0 };
    let delegation = TxEip7702 {
        chain_id: CHAIN,
        gas_limit: 100_000,
        authorization_list: vec![SignedAuthorization::new_unchecked(authorization, 0, U256::ONE, U256::ONE)],
        ..TxEip7702::default()
    };
    accounts.all.insert(sender(0), (1, U256::ZERO));
    pool.on_block(&[impersonated(delegation.into(), sender(1))], &accounts).unwrap();
    assert!(pool.is_empty());
}

#[test]
fn a_rewind_brings_transactions_back_in_order() {
    let (mut pool, mut accounts) = (pool(), rich(&[sender(0)]));
    for nonce in 0..3 {
        pool.add(plain(0, nonce, 50), &accounts).unwrap();
    }
    let mined = pool.ready(7, 2);
    accounts.all.insert(sender(0), (2, U256::from(1u64 << 60)));
    pool.on_block(&mined, &accounts).unwrap();

    accounts.all.insert(sender(0), (0, U256::from(1u64 << 60)));
    pool.on_rewind(&accounts).unwrap();
    assert_eq!(pool.status(), Status { pending: 0, queued: 1 });
    assert_eq!(pool.reinsert(mined, &accounts), 2);
    assert_eq!(nonces(&mut pool, 7), [(sender(0), 0), (sender(0), 1), (sender(0), 2)]);
}

#[test]
fn a_kept_pool_can_be_put_back() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0), sender(1)]));
    for (from, nonce) in [(0, 1), (1, 0), (0, 0), (1, 3)] {
        pool.add(plain(from, nonce, 50), &accounts).unwrap();
    }
    let (kept, before) = (pool.transactions(), nonces(&mut pool, 7));
    pool.drop_all();
    assert!(pool.is_empty() && pool.bytes() == 0 && pool.ready(7, 10).is_empty());
    assert_eq!(pool.reinsert(kept, &accounts), 4);
    assert_eq!((nonces(&mut pool, 7), pool.status()), (before, Status { pending: 3, queued: 1 }));
}

#[test]
fn dropping_one_makes_those_after_it_wait() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0)]));
    let all: Vec<_> = (0..3).map(|nonce| plain(0, nonce, 50)).collect();
    for tx in &all {
        pool.add(tx.clone(), &accounts).unwrap();
    }
    assert_eq!(pool.drop(all[1].hash).unwrap().hash, all[1].hash);
    assert!(pool.drop(all[1].hash).is_none());
    assert_eq!(pool.status(), Status { pending: 1, queued: 1 });
    assert_eq!(pool.drop_from(sender(0)).iter().map(|tx| tx.nonce()).collect::<Vec<_>>(), [0, 2]);
    assert!(pool.is_empty() && pool.get(all[0].hash).is_none());
}

#[test]
fn content_tells_pending_from_queued() {
    let (mut pool, accounts) = (pool(), rich(&[sender(0), sender(1)]));
    for (from, nonce) in [(0, 0), (0, 2), (1, 1)] {
        pool.add(plain(from, nonce, 50), &accounts).unwrap();
    }
    let content = pool.content();
    let keys = |of: &BTreeMap<Address, ByNonce>| -> Vec<(Address, Vec<u64>)> {
        of.iter().map(|(sender, by_nonce)| (*sender, by_nonce.keys().copied().collect())).collect()
    };
    assert_eq!(keys(&content.pending), [(sender(0), vec![0])]);
    assert_eq!(keys(&content.queued), [(sender(0), vec![2]), (sender(1), vec![1])]);
    assert_eq!(
        summary(&content.pending[&sender(0)][&0]),
        "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE: 1 wei + 21000 gas × 50 wei",
    );
}
