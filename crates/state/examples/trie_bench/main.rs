//! Microseconds a dirty slot: the trie over a million accounts, and over a million slots of one contract, against
//! `alloy-trie` in the same run, block by block, with equal roots; and the whole of `Writer::stage` over a million accounts.
//! `cargo run --release -p state --example trie_bench [leaves]`

#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement: sums of times, and a failure ends it"
)]

mod walker;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use rayon::prelude::*;
use state::trie::{AccountRow, Kernel, LeafValue, NoCuts, Op, Shape, Trie};
use state::{Account, AccountChange, Changes, Options, Writer};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use walker::Walker;

/// Dirty slots a block.
const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// splitmix64: the same blocks in every run.
struct Rng(u64);

impl Rng {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `count` distinct numbers below `among`.
    fn choose(&mut self, count: usize, among: u64) -> BTreeSet<u64> {
        let mut chosen = BTreeSet::new();
        while chosen.len() < count {
            chosen.insert(self.draw() % among);
        }
        chosen
    }
}

fn address(n: u64) -> Address {
    let mut raw = [0; 20];
    raw[12..].copy_from_slice(&n.to_be_bytes());
    Address::from(raw)
}

fn account(n: u64) -> AccountRow {
    AccountRow::bare(n, U256::from(n) << 40, KECCAK256_EMPTY)
}

fn slot(n: u64) -> U256 {
    U256::from(n) << 40 | U256::ONE
}

/// Sorted leaves 0..n.
fn leaves<V: Send>(
    count: u64,
    key: impl Fn(u64) -> B256 + Sync,
    value: impl Fn(u64) -> V + Sync,
) -> Vec<(B256, V)> {
    let mut out: Vec<(B256, V)> = (0..count).into_par_iter().map(|n| (key(n), value(n))).collect();
    out.par_sort_unstable_by_key(|leaf| leaf.0);
    out
}

/// Median and least.
struct Times(Vec<Duration>);

impl Times {
    fn micros(&mut self, dirty: usize) -> (f64, f64) {
        self.0.sort_unstable();
        let each = |time: Duration| time.as_secs_f64() * 1e6 / dirty as f64;
        (each(self.0[self.0.len() / 2]), each(self.0[0]))
    }
}

fn time<T>(times: &mut Times, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let out = work();
    times.0.push(begin.elapsed());
    out
}

/// One table row a block size: ours on one and on all threads, and `alloy-trie`, on the same blocks in turn.
fn compare<V: LeafValue>(
    what: &str,
    leaves: &[(B256, V)],
    key: impl Fn(u64) -> B256,
    value: impl Fn(u64) -> V,
) {
    let kernel = Kernel::detect();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let mut alone = one.install(|| Trie::from_leaves(Shape::Sharded, kernel, leaves));
    let mut ours = Trie::from_leaves(Shape::Sharded, kernel, leaves);
    let mut theirs = Walker::new(leaves);
    let mut rng = Rng(1);
    let among = leaves.len() as u64;
    for dirty in SIZES {
        let rounds = if dirty < 10_000 { 25 } else { 9 };
        let (mut t1, mut tn, mut ta) = (Times(vec![]), Times(vec![]), Times(vec![]));
        for _ in 0..rounds {
            let chosen = rng.choose(dirty.min(leaves.len()), among);
            let mut ops: Vec<Op<V>> =
                chosen.into_iter().map(|n| Op::new(key(n), Some(value(rng.draw() >> 8)))).collect();
            ops.sort_unstable_by_key(|op| op.key);
            let root = time(&mut tn, || ours.update(&mut ops, 1, &NoCuts)).expect("no cuts");
            let same = time(&mut t1, || one.install(|| alone.update(&mut ops, 1, &NoCuts))).expect("no cuts");
            let theirs = time(&mut ta, || theirs.update(&ops));
            assert!(root == same && root == theirs, "roots differ");
        }
        let ((mn, ln), (m1, l1), (ma, la)) = (tn.micros(dirty), t1.micros(dirty), ta.micros(dirty));
        println!(
            "| {what} | {dirty:>6} | {mn:.2} / {ln:.2} | {m1:.2} / {l1:.2} | {ma:.2} / {la:.2} | {:.1}× | {:.1}× |",
            ma / mn,
            ma / m1
        );
    }
}

/// The whole stage: hashing keys, values before, changed rows, root.
fn stage(count: u64) {
    let mut writer = Writer::open(Options::in_memory(B256::ZERO)).expect("in memory");
    let change = |n: u64, nonce: u64| {
        let account = Account { nonce, balance: U256::from(n) << 40, code_hash: KECCAK256_EMPTY };
        AccountChange { address: address(n), account: Some(account), wiped: false, slots: vec![] }
    };
    writer
        .stage(Changes { accounts: (0..count).map(|n| change(n, 0)).collect(), code: vec![] })
        .expect("a first block");
    let record = |number: u64| state::BlockRecord {
        number,
        hash: keccak256(number.to_be_bytes()),
        header: vec![],
        body: vec![],
        receipts: vec![],
        transactions: vec![],
        log_keys: vec![],
        side: Vec::new(),
    };
    writer.commit(record(0)).expect("in memory");
    let (mut rng, mut number) = (Rng(2), 0);
    for dirty in SIZES {
        let (mut staged, mut sealed) = (Times(vec![]), Times(vec![]));
        for _ in 0..if dirty < 10_000 { 25 } else { 9 } {
            let chosen = rng.choose(dirty.min(count as usize), count);
            number += 1;
            let changes =
                Changes { accounts: chosen.into_iter().map(|n| change(n, number)).collect(), code: vec![] };
            time(&mut staged, || writer.stage(changes)).expect("in memory");
            time(&mut sealed, || writer.commit(record(number))).expect("in memory");
        }
        let ((ms, ls), (mc, lc)) = (staged.micros(dirty), sealed.micros(dirty));
        println!("| {dirty:>6} | {ms:.2} / {ls:.2} | {mc:.2} / {lc:.2} |");
    }
    println!("\nMemory of the account trie: {} bytes a leaf.", writer.trie_bytes() / count as usize);
}

fn main() {
    let count = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let threads = rayon::current_num_threads();
    println!(
        "{count} leaves, random keys, values change; median / least µs a dirty slot; kernel {:?}\n",
        Kernel::detect()
    );
    println!(
        "| trie | dirty | ours, {threads} threads | ours, 1 thread | alloy-trie, 1 thread | ratio | ratio, 1 thread |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let key = |n: u64| keccak256(address(n));
    compare("accounts", &leaves(count, key, account), key, account);
    let key = |n: u64| keccak256(U256::from(n).to_be_bytes::<32>());
    compare("one contract's slots", &leaves(count, key, slot), key, slot);
    println!("\nWhole blocks in memory over {count} accounts, median / least µs a changed account\n");
    println!("| dirty | stage: hash keys, old values, root | commit: layers |");
    println!("| --- | --- | --- |");
    stage(count);
}
