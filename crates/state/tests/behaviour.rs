//! Single claims about opening, order of calls, shapes of tries, memory, threads and messages.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

mod common;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use common::{CHAIN, Draft, Model, SMALL, World, address, compare_writer, options};
use state::{
    Account, AccountChange, BlockRecord, Changes, EmptyRange, Error, History, LogKey, Options, Progress,
    Writer,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn plain(nonce: u64) -> Account {
    Account { nonce, balance: U256::from(nonce), code_hash: KECCAK256_EMPTY }
}

fn record(number: u64) -> BlockRecord {
    BlockRecord {
        number,
        hash: keccak256(number.to_be_bytes()),
        header: vec![],
        body: vec![],
        receipts: vec![],
        transactions: vec![],
        log_keys: vec![],
        side: vec![],
    }
}

fn changes(accounts: Vec<AccountChange>) -> Changes {
    Changes { accounts, code: vec![] }
}

fn change(address: Address, nonce: u64, slots: Vec<(U256, U256)>) -> AccountChange {
    AccountChange { address, account: Some(plain(nonce)), wiped: false, slots }
}

/// Stages on both sides, compares roots, and seals.
fn seal(writer: &mut Writer, world: &mut World, changes: Changes) {
    world.apply(&changes);
    assert_eq!(writer.stage(changes).unwrap(), world.root());
    let number = writer.head().map_or(0, |head| head.number + 1);
    writer.commit(record(number)).unwrap();
}

fn draft(n: u64) -> Draft {
    Draft {
        changes: vec![((n % 20) as u8, Some((n, false)), vec![((n % 24) as u8, 1)], false)],
        logs: vec![],
        transactions: 1,
    }
}

#[test]
fn a_directory_in_use_another_chain_and_an_unknown_format_are_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let first = Writer::open(Options::durable(dir.path(), CHAIN)).unwrap();
    let locked = Writer::open(Options::durable(dir.path(), CHAIN)).err().unwrap();
    assert_eq!(locked, Error::Locked { dir: dir.path().into() });
    first.close().unwrap();
    let asked = B256::repeat_byte(0xee);
    let other = Writer::open(Options::durable(dir.path(), asked)).err().unwrap();
    assert_eq!(other, Error::OtherChain { dir: dir.path().into(), found: CHAIN, asked });
    assert!(Writer::open(Options::durable(dir.path(), CHAIN)).is_ok());
}

#[test]
fn a_place_that_is_no_directory_is_refused_in_one_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = Writer::open(Options::durable(file.path(), CHAIN)).err().unwrap();
    assert!(matches!(refused, Error::Io { action: "make the directory", .. }), "{refused}");
}

#[test]
fn every_error_is_one_line_that_says_what_to_do() {
    let dir = std::path::PathBuf::from("/data");
    let errors = [
        Error::Locked { dir: dir.clone() },
        Error::UnknownFormat { dir: dir.clone(), found: 9, known: 1 },
        Error::OtherChain { dir: dir.clone(), found: B256::ZERO, asked: CHAIN },
        Error::Damaged { dir: dir.clone(), what: "block 5 is missing".into() },
        Error::Io { dir, action: "write the block", why: "No space left on device (os error 28)".into() },
        Error::Stopped { why: "cannot write the block".into() },
        Error::StatePruned { asked: 1, oldest: 5 },
        Error::LogsPruned { asked: 1, oldest: 5 },
        Error::UnknownBlock { asked: 9, head: 5 },
        Error::NoBlocks,
        Error::ProofTooOld { asked: 1, rows: 3, most: 2 },
        Error::Rewound { asked: 3 },
        Error::Misuse { what: "a block is staged already".into() },
    ];
    for error in errors {
        let text = error.to_string();
        assert!(!text.contains('\n') && text.len() < 240, "{text}");
    }
}

#[test]
fn calls_out_of_order_are_refused_and_change_nothing() {
    let mut writer = Writer::open(Options::in_memory(CHAIN)).unwrap();
    let empty = |first: u64, blocks: usize| EmptyRange {
        first,
        first_header: vec![],
        interval_secs: 1,
        hashes: vec![B256::ZERO; blocks],
    };
    assert_eq!(writer.commit_empty([empty(0, 1)]), Err(Error::NoBlocks));
    assert_eq!(writer.rewind(0), Err(Error::NoBlocks));
    writer.commit(record(5)).unwrap();
    writer.stage(changes(vec![change(address(1), 1, vec![])])).unwrap();
    let misuse =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::Misuse { .. })), "{result:?}");
    misuse(writer.stage(Changes::default()).map(|_| ()));
    misuse(writer.commit_empty([empty(6, 1)]));
    misuse(writer.commit(record(7)));
    misuse(writer.commit(record(5)));
    writer.commit(record(6)).unwrap();
    misuse(writer.commit_empty([empty(8, 1)]));
    misuse(writer.commit_empty([empty(7, 0)]));
    misuse(writer.commit_empty([empty(7, state::RANGE_BLOCKS + 1)]));
    assert_eq!(writer.rewind(7), Err(Error::UnknownBlock { asked: 7, head: 6 }));
    assert_eq!(writer.rewind(4), Err(Error::UnknownBlock { asked: 4, head: 6 }));
    assert_eq!(writer.head().unwrap().number, 6);
    assert_eq!(writer.account(address(1)), Ok(Some(plain(1))));
}

#[test]
fn of_an_account_or_slot_named_twice_the_last_change_counts() {
    let mut writer = Writer::open(Options::in_memory(CHAIN)).unwrap();
    let mut world = World::default();
    let twice = vec![(U256::from(1), U256::from(5)), (U256::from(1), U256::from(6))];
    let accounts = vec![change(address(1), 1, vec![]), change(address(1), 2, twice)];
    world.apply(&changes(vec![accounts[1].clone()]));
    assert_eq!(writer.stage(changes(accounts)).unwrap(), world.root());
    compare_writer(&writer, &world);
}

#[test]
fn a_storage_trie_changes_shape_both_ways_and_keeps_its_root() {
    let mut writer = Writer::open(Options::in_memory(CHAIN)).unwrap();
    let mut world = World::default();
    let slots =
        |from: u64, to: u64, value: u64| (from..to).map(|n| (U256::from(n), U256::from(value * n))).collect();
    for (number, (from, to, value)) in (0u64..).zip([
        (1, 6_000, 1),
        (6_000, 9_000, 2),
        (1, 300, 7),
        (500, 8_800, 0),
        (1, 9_000, 3),
        (1, 9_000, 0),
    ]) {
        seal(&mut writer, &mut world, changes(vec![change(address(3), number, slots(from, to, value))]));
    }
    assert_eq!(writer.reader().proof(address(3), &[], 5).unwrap().storage_root, state::trie::EMPTY_ROOT);
}

#[test]
fn a_created_again_account_starts_with_empty_storage_and_the_old_state_still_reads() {
    for durable in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let open = || Writer::open(options(durable.then(|| dir.path().into()), History::All)).unwrap();
        let (mut writer, mut world) = (open(), World::default());
        let (who, slot) = (address(4), U256::from(1));
        let gone = AccountChange { address: who, account: None, wiped: false, slots: vec![] };
        let wiped = AccountChange { wiped: true, ..change(who, 9, vec![(U256::from(2), U256::from(8))]) };
        let lives = [change(who, 1, vec![(slot, U256::from(5))]), gone, change(who, 2, vec![]), wiped];
        for change in lives {
            seal(&mut writer, &mut world, changes(vec![change]));
        }
        for other in 0..12 {
            seal(&mut writer, &mut world, changes(vec![change(address(9), other, vec![])]));
        }
        if durable {
            writer.close().unwrap();
            writer = open();
        }
        let reader = writer.reader();
        let values: Vec<u64> = (0..4).map(|at| reader.slot(who, slot, at).unwrap().to()).collect();
        assert_eq!(values, [5, 0, 0, 0]);
        assert_eq!(reader.slot(who, U256::from(2), 15).unwrap(), U256::from(8));
        compare_writer(&writer, &world);
    }
}

#[test]
fn a_large_chain_starts_from_its_checkpoint_and_without_one_tells_its_progress() {
    let dir = tempfile::tempdir().unwrap();
    let told = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&told);
    let open = |leaves: usize| {
        let counter = Arc::clone(&counter);
        let tell = move |progress: Progress| {
            assert!(progress.done <= progress.total);
            counter.fetch_add(1, Ordering::Relaxed);
        };
        // Only closing writes a checkpoint, so that its block does not depend on threads.
        let limits = state::Limits { checkpoint_leaves: leaves, checkpoint_rows: usize::MAX, ..SMALL };
        Writer::open(Options {
            limits,
            side: Some(common::SIDE),
            on_progress: Some(Arc::new(tell)),
            ..Options::durable(dir.path(), CHAIN)
        })
        .unwrap()
    };
    let mut model = Model::default();
    let mut writer = open(10);
    for n in 0..50 {
        model.seal(&mut writer, &draft(n));
    }
    writer.close().unwrap();
    let mut writer = open(usize::MAX);
    assert_eq!(told.load(Ordering::Relaxed), 0, "built from the flat state although there is a checkpoint");
    for n in 50..60 {
        model.seal(&mut writer, &draft(n));
    }
    // A rewind below it makes the checkpoint useless.
    model.rewind(&mut writer, 30, 0);
    model.check(&writer.reader(), 0);
    drop(writer);
    let mut writer = open(usize::MAX);
    model.seal(&mut writer, &draft(77));
    model.check(&writer.reader(), 0);
    assert!(told.load(Ordering::Relaxed) > 0);
}

#[test]
fn tries_stay_within_their_memory() {
    let dir = tempfile::tempdir().unwrap();
    let budget = 2_000_000;
    let mut writer =
        Writer::open(Options { trie_bytes: budget, limits: SMALL, ..Options::durable(dir.path(), CHAIN) })
            .unwrap();
    let who = |n: u64| Address::from_word(keccak256(n.to_be_bytes()));
    let mut world = World::default();
    let mut most = 0;
    for number in 0..48u64 {
        let accounts = (0..200).map(|k| {
            let slots = (0..4).map(|s| (U256::from(s + number), U256::from(number + 1))).collect();
            change(who(number * 150 + k), number, slots)
        });
        let changes = changes(accounts.collect());
        world.apply(&changes);
        let root = writer.stage(changes).unwrap();
        assert!(number % 8 != 0 || root == world.root(), "block {number}");
        most = most.max(writer.trie_bytes());
        writer.commit(record(number)).unwrap();
        assert!(writer.trie_bytes() <= budget, "{} after block {number}", writer.trie_bytes());
    }
    assert_eq!(writer.reader().root_of(47).unwrap(), Some(world.root()));
    assert!(most > budget, "the test never came near its limit");
}

#[test]
fn one_two_and_three_threads_give_the_same_roots() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut writer = Writer::open(Options::in_memory(CHAIN)).unwrap();
            let mut roots = Vec::new();
            for number in 0..6u64 {
                let accounts = (0..300u64).map(|k| {
                    let slots =
                        (0..5).map(|s| (U256::from(k * s), U256::from((number + k + s) % 3))).collect();
                    change(Address::from_word(keccak256((k * number).to_be_bytes())), k, slots)
                });
                roots.push(writer.stage(changes(accounts.collect())).unwrap());
                writer.commit(record(number)).unwrap();
            }
            roots
        })
    };
    let one = run(1);
    assert_eq!(run(2), one);
    assert_eq!(run(3), one);
}

#[test]
fn a_hundred_thousand_empty_blocks_are_found_by_number_and_by_hash() {
    for durable in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = durable.then(|| dir.path().into());
        let mut writer = Writer::open(Options { data_dir, ..Options::in_memory(CHAIN) }).unwrap();
        writer.commit(record(0)).unwrap();
        let hash = |n: u64| B256::from(U256::from(n));
        let ranges = (1..=100_800u64).step_by(1_024).map(|first| EmptyRange {
            first,
            first_header: vec![7; 600],
            interval_secs: 12,
            hashes: (first..(first + 1_024).min(100_801)).map(hash).collect(),
        });
        writer.commit_empty(ranges).unwrap();
        let check = |writer: &Writer| {
            let reader = writer.reader();
            assert_eq!(reader.head().unwrap().number, 100_800);
            for n in (1..=100_800).step_by(997).chain([1_024, 1_025, 100_800]) {
                assert_eq!(reader.hash_of(n), Ok(Some(hash(n))));
                assert_eq!(reader.number_of(hash(n)), Ok(Some(n)), "{n}");
                let parent = (n % 1_024 != 1).then(|| hash(n - 1));
                let state::StoredHeader::Derived { steps, parent: found, .. } =
                    reader.header(n).unwrap().unwrap()
                else {
                    panic!("a header that was never stored");
                };
                assert_eq!((steps, found), ((n - 1) % 1_024, parent));
            }
            assert_eq!(reader.number_of(hash(100_801)), Ok(None));
        };
        check(&writer);
        writer.rewind(50_000).unwrap();
        assert_eq!(writer.reader().number_of(hash(50_001)), Ok(None));
        let rest = EmptyRange { first: 50_001, first_header: vec![], interval_secs: 1, hashes: vec![CHAIN] };
        writer.commit_empty([rest]).unwrap();
        if durable {
            writer.close().unwrap();
            writer = Writer::open(Options::durable(dir.path(), CHAIN)).unwrap();
        }
        assert_eq!(writer.reader().number_of(CHAIN), Ok(Some(50_001)));
        assert_eq!(writer.reader().number_of(hash(50_000)), Ok(Some(50_000)));
        assert_eq!(writer.reader().number_of(hash(60_000)), Ok(None));
    }
}

#[test]
fn a_rare_log_is_found_among_common_ones_in_a_long_chain() {
    for durable in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = durable.then(|| dir.path().into());
        let mut writer = Writer::open(Options { data_dir, ..Options::in_memory(CHAIN) }).unwrap();
        let (common, rare) = (LogKey::Address(address(1)), LogKey::Topic(1, B256::repeat_byte(3)));
        let mut expected = Vec::new();
        let mut number = 0;
        for burst in 0..6u64 {
            for n in 0..40 {
                let mut log_keys = vec![common, LogKey::Topic(0, B256::repeat_byte(9))];
                if n == burst {
                    log_keys.push(rare);
                    expected.push(number);
                }
                writer.commit(BlockRecord { log_keys, ..record(number) }).unwrap();
                number += 1;
            }
            let hashes = (0..1_000).map(|n| keccak256([number, n].map(u64::to_be_bytes).concat())).collect();
            writer
                .commit_empty([EmptyRange { first: number, first_header: vec![], interval_secs: 1, hashes }])
                .unwrap();
            number += 1_000;
        }
        let reader = writer.reader();
        let find = |groups: &[Vec<LogKey>]| -> Vec<u64> {
            reader.blocks_with_logs(groups, 0..=u64::MAX).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(find(&[vec![common], vec![rare]]), expected);
        assert_eq!(find(&[vec![rare], vec![common]]), expected);
        assert_eq!(find(&[vec![common]]).len(), 240);
    }
}

#[test]
fn code_is_read_while_staged_after_sealing_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(options(Some(dir.path().into()), History::All)).unwrap();
    let code: BTreeMap<B256, Vec<u8>> = (1..20u8).map(|n| (keccak256([n; 90]), vec![n; 90])).collect();
    for (number, (hash, bytes)) in (0u64..).zip(&code) {
        let account = Account { nonce: 1, balance: U256::ZERO, code_hash: *hash };
        let created = AccountChange {
            address: address(number as u8),
            account: Some(account),
            wiped: false,
            slots: vec![],
        };
        writer.stage(Changes { accounts: vec![created], code: vec![(*hash, bytes.clone().into())] }).unwrap();
        assert_eq!(writer.code(*hash).unwrap().unwrap().as_ref(), bytes);
        assert_eq!(writer.reader().code(*hash).unwrap(), None);
        writer.commit(record(number)).unwrap();
        assert_eq!(writer.reader().code(*hash).unwrap().unwrap().as_ref(), bytes);
    }
    drop(writer);
    let writer = Writer::open(options(Some(dir.path().into()), History::All)).unwrap();
    for (hash, bytes) in &code {
        assert_eq!(writer.code(*hash).unwrap().unwrap().as_ref(), bytes);
    }
}

#[test]
fn a_side_table_of_another_version_is_built_anew_and_so_is_one_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Model::default();
    let options = || options(Some(dir.path().to_owned()), History::All);
    let draft = |transactions| Draft {
        changes: vec![(1, Some((1, false)), vec![], false)],
        logs: vec![],
        transactions,
    };
    let mut writer = Writer::open(options()).unwrap();
    for number in 0..40u8 {
        model.seal(&mut writer, &draft(number % 4));
    }
    let digest = writer.reader().side_digest().unwrap();
    writer.rebuild_side(None).unwrap();
    model.check(&writer.reader(), 0);
    writer.close().unwrap();

    let fewer =
        |number, receipts: &[u8]| Some(common::side_of(number, receipts)?.into_iter().take(1).collect());
    let other = state::SideTable { version: 2, derive: fewer };
    let writer = Writer::open(Options { side: Some(other), ..options() }).unwrap();
    let rows = writer.reader().side_digest().unwrap().rows;
    assert_eq!(rows, 30, "one for each block that has receipts");
    writer.close().unwrap();

    let writer = Writer::open(options()).unwrap();
    assert_eq!(writer.reader().side_digest().unwrap(), digest);
    model.check(&writer.reader(), 0);
}
