//! Nothing acknowledged is ever lost: `kill -9` at random instants under load, a second process, an unknown format, a
//! full disk, damaged files. `BULWARK_CRASH_KILLS` sets how many kills (12 by default), `BULWARK_CRASH_SEED` the seed.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

mod crash {
    pub mod ledger;
    pub mod load;
}

use crash::{
    ledger::{Ledger, Scope},
    load,
};
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};
use tests::{Bulwark, Wallet, bulwark, process};

/// Kills in a plain `cargo test`.
const KILLS: u64 = 12;

/// Longest time under load before a kill.
const MAX_LOAD: Duration = Duration::from_millis(250);

/// Longest time that a start is left alone before it is killed: longer than a start takes.
const MAX_START: Duration = Duration::from_millis(400);

/// Of so many rounds, one begins with a kill during the start.
const START_KILL_EVERY: u64 = 4;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn up_to(random: &mut Xoshiro256PlusPlus, most: Duration) -> Duration {
    Duration::from_micros(random.next_u64() % u64::try_from(most.as_micros()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_instant_nothing_acknowledged_is_lost() {
    let kills = setting("BULWARK_CRASH_KILLS", KILLS);
    let seed = setting("BULWARK_CRASH_SEED", 1);
    println!("{kills} kills, seed {seed}");
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut killed = 0;
    while killed < kills {
        if killed % START_KILL_EVERY == 1 {
            kill_while_starting(data, up_to(&mut random, MAX_START)).await;
            killed += 1;
        }
        let node = Bulwark::dev(&["--silent", "--data-dir", data]);
        let known = ledger.lock().unwrap().clone();
        known.check(&node.rpc(), Scope::Recent).await;
        let load = load::start(node.rpc(), ledger.clone(), random.next_u64());
        tokio::time::sleep(up_to(&mut random, MAX_LOAD)).await;
        node.kill();
        load.ended().await;
        killed += 1;
    }
    let node = Bulwark::dev(&["--silent", "--data-dir", data]);
    let known = ledger.lock().unwrap().clone();
    known.check(&node.rpc(), Scope::All).await;
    assert_eq!(node.signal("TERM").code(), 0);
    let looked = process::run(["doctor", data]);
    assert!(looked.code() == 0 && looked.stdout.contains("All agrees"), "{}{}", looked.stdout, looked.stderr);
    let rebuilt = process::run(["doctor", "--reindex", "--json", data]);
    assert!(rebuilt.stdout.contains("\"equal\": true"), "{}{}", rebuilt.stdout, rebuilt.stderr);
    let node = Bulwark::dev(&["--silent", "--data-dir", data]);
    known.check(&node.rpc(), Scope::All).await;
    println!("{killed} kills: {known}");
    assert!(known.receipts() > usize::try_from(kills).unwrap(), "there was load: {known}");
}

async fn kill_while_starting(data: &str, after: Duration) {
    let mut child = bulwark(["dev", "--silent", "--port", "0", "--data-dir", data]).spawn().unwrap();
    tokio::time::sleep(after).await;
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A data directory with some history, and what was acknowledged of it.
async fn some_history(data: &str) -> Ledger {
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let node = Bulwark::dev(&["--silent", "--data-dir", data]);
    load::some(&node.rpc(), &ledger, 40).await;
    assert_eq!(node.signal("TERM").code(), 0);
    ledger.lock().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_format_is_refused_with_both_versions() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let known = some_history(data.to_str().unwrap()).await;
    let manifest = data.join("MANIFEST");
    let written = fs::read_to_string(&manifest).unwrap();
    let (stated, _) = written.split_once("checksum ").unwrap();
    let later = stated.replacen("format 1\n", "format 2\n", 1);
    let sum = xxhash_rust::xxh3::xxh3_64(later.as_bytes());
    fs::write(&manifest, format!("{later}checksum {sum:016x}\n")).unwrap();
    let refused = Bulwark::try_dev(&["--data-dir", data.to_str().unwrap()]).unwrap_err();
    assert_eq!(refused.code(), 1);
    assert!(
        refused.error().contains("has database format 2, this release reads format 1"),
        "{}",
        refused.error()
    );

    fs::write(&manifest, written).unwrap();
    let node = Bulwark::dev(&["--data-dir", data.to_str().unwrap()]);
    known.check(&node.rpc(), Scope::All).await;
}

/// All files below a directory.
fn files(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// What is done to a file: bytes in, bytes out.
type Damage = (&'static str, fn(Vec<u8>) -> Vec<u8>);

const DAMAGES: [Damage; 4] = [
    ("a bit flipped in the middle", |mut bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    }),
    ("a bit flipped near the beginning", |mut bytes| {
        let at = 20.min(bytes.len() - 1);
        bytes[at] ^= 0x10;
        bytes
    }),
    ("the second half cut off", |mut bytes| {
        bytes.truncate(bytes.len() / 2);
        bytes
    }),
    ("emptied", |_| Vec::new()),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_gives_one_line_of_error_or_correct_data() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let known = some_history(data.to_str().unwrap()).await;
    let (mut refused, mut served) = (0, 0);
    for file in files(&data) {
        let name = file.strip_prefix(&data).unwrap();
        let bytes = fs::read(&file).unwrap();
        if bytes.is_empty() {
            continue;
        }
        for (what, damage) in DAMAGES {
            let hurt = directory.path().join("hurt");
            copy(&data, &hurt);
            fs::write(hurt.join(name), damage(bytes.clone())).unwrap();
            match Bulwark::try_dev(&["--silent", "--data-dir", hurt.to_str().unwrap()]) {
                Ok(node) => {
                    println!("{}, {what}: served", name.display());
                    known.check(&node.rpc(), Scope::All).await;
                    served += 1;
                }
                Err(ended) => {
                    println!("{}, {what}: {}", name.display(), ended.error());
                    assert_eq!(ended.code(), 1);
                    refused += 1;
                }
            }
            fs::remove_dir_all(&hurt).unwrap();
        }
    }
    println!("{refused} refused, {served} served correctly");
    assert!(refused > 0, "some damage was found out");
}

/// Sends large transactions until the disk is full; the node must end by itself, with the reason.
async fn fill(node: Bulwark, ledger: &Arc<Mutex<Ledger>>) {
    let rpc = node.rpc();
    let mut wallet = Wallet::dev(load::FILLER);
    wallet.nonce = rpc.nonce(wallet.address).await;
    loop {
        let signed = load::large(&mut wallet);
        match rpc.attempt("eth_sendRawTransaction", json!([signed.raw])).await {
            Ok(Ok(_)) => load::acknowledge(&rpc, ledger, signed.hash).await,
            Ok(Err(refused)) => {
                println!("refused: {}", refused.message);
                break;
            }
            Err(_) => break,
        }
    }
    let ended = node.wait();
    assert_eq!(ended.code(), 1, "{ended:?}");
    println!("{}", ended.error());
    assert!(ended.error().contains("block production stopped"), "{}", ended.error());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_grow_stops_the_node_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let node = Bulwark::dev(&["--silent", "--data-dir", data]);
    load::some(&node.rpc(), &ledger, 10).await;
    assert_eq!(node.signal("TERM").code(), 0);
    let largest = files(Path::new(data)).iter().map(|file| fs::metadata(file).unwrap().len()).max().unwrap();

    let node = Bulwark::try_dev_within(largest / 1024 + 2_048, &["--silent", "--data-dir", data])
        .expect("it starts");
    fill(node, &ledger).await;
    let node = Bulwark::dev(&["--silent", "--data-dir", data]);
    let known = ledger.lock().unwrap().clone();
    known.check(&node.rpc(), Scope::All).await;
    load::some(&node.rpc(), &ledger, 5).await;
}

/// A small file system of its own, where the system allows it.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(mib: u64) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let options = format!("size={mib}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(directory.path())
            .output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self { directory })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Nothing more can be done about a mount that stays.
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_node_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount(96) else {
        println!("not run: mounting needs root; a_file_that_may_not_grow… covers the same path");
        return;
    };
    let data = disk.directory.path().join("data");
    let data = data.to_str().unwrap();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let node = Bulwark::dev(&["--silent", "--data-dir", data]);
    fill(node, &ledger).await;
    let resized =
        Command::new("mount").args(["-o", "remount,size=512m"]).arg(disk.directory.path()).output().unwrap();
    assert!(resized.status.success(), "{resized:?}");
    let node = Bulwark::dev(&["--silent", "--data-dir", data]);
    let known = ledger.lock().unwrap().clone();
    known.check(&node.rpc(), Scope::All).await;
    load::some(&node.rpc(), &ledger, 5).await;
}
