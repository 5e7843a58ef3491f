//! A thousand open event streams, readers that never read, and one stream too many: the node seals, tells and answers as
//! if it had few, and holds no more memory for whoever does not read.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use alloy_primitives::{Address, Bytes};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tests::{Bulwark, Rpc};

/// Streams that are open at the same time.
const STREAMS: usize = 1_000;
/// Of them, those that are never read.
const SILENT: usize = 100;
/// Blocks that are sealed meanwhile.
const BLOCKS: u64 = 30;
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);
/// File descriptors of this test: its streams, and some.
const FILES: u64 = 4_096;
/// File descriptors that a node is started with: fewer than it needs, as many systems do it.
const FEW_FILES: u64 = 512;

/// Lets this process open its streams.
fn allow_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < FILES) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(FILES), maximum }).unwrap();
    }
}

/// Asks for a stream and reads the head of the answer.
fn ask(node: &Bulwark, path: &str) -> (TcpStream, String) {
    let address = node.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(
            stream.read(&mut byte).unwrap(),
            1,
            "the connection ended: {}",
            String::from_utf8_lossy(&head)
        );
        head.push(byte[0]);
    }
    (stream, String::from_utf8(head).unwrap())
}

fn open(node: &Bulwark, path: &str) -> TcpStream {
    let (stream, head) = ask(node, path);
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
    stream
}

/// Reads a stream until a text comes by.
fn until(stream: &mut TcpStream, text: &str) {
    let mut read = Vec::new();
    let mut buffer = [0; 16 << 10];
    while !String::from_utf8_lossy(&read).contains(text) {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the stream ended before {text}: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..count]);
    }
}

/// Asks the node all the while for what people and programs ask, until it is told to stop. Answers how often.
async fn keep_asking(rpc: Rpc, stop: Arc<AtomicBool>) -> usize {
    let mut answers = 0;
    loop {
        rpc.call("eth_blockNumber", json!([])).await;
        rpc.call("eth_getBlockByNumber", json!(["latest", true])).await;
        for path in ["/health", "/", "/api/v1/overview", "/metrics"] {
            let answer = rpc.get(path).await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            assert!(!answer.text().await.unwrap().is_empty(), "{path}");
        }
        answers += 1;
        if stop.load(Ordering::Relaxed) {
            return answers;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_streams_are_told_the_newest_head_while_the_node_answers() {
    allow_files();
    let most = format!("max_subscriptions_total={STREAMS}");
    let node = Bulwark::dev_with_files(FEW_FILES, &["--limit", &most]);
    let rpc = node.rpc();
    let mut silent: Vec<TcpStream> =
        (0..STREAMS).map(|_| open(&node, "/api/v1/events?kinds=heads")).collect();
    let mut live = silent.split_off(SILENT);
    // One more is one too many, and is told so.
    let refused = rpc.get("/api/v1/events").await.unwrap();
    assert_eq!(refused.status(), 503);
    let said = refused.text().await.unwrap();
    assert!(
        said.contains(&format!("{STREAMS} (max_subscriptions_total)")) && said.lines().count() == 1,
        "{said}"
    );
    // So is a page of somebody else, which goes on without being live.
    assert_eq!(rpc.get("/blocks").await.unwrap().status(), 200);
    let stop = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn(keep_asking(node.rpc(), stop.clone()));
    for _ in 0..BLOCKS {
        rpc.call("evm_mine", json!([])).await;
    }
    let newest = rpc.block(BLOCKS).await["hash"].as_str().unwrap().to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        for stream in &mut live {
            until(stream, &newest);
        }
        live
    });
    let live = tokio::time::timeout(PATIENCE, reading).await.expect("all are told in time").unwrap();
    assert_eq!(live.len(), STREAMS - SILENT);
    stop.store(true, Ordering::Relaxed);
    assert!(asking.await.unwrap() > 0);
    // Who goes makes room.
    drop((live, silent));
    let begun = Instant::now();
    loop {
        let (_, head) = ask(&node, "/api/v1/events");
        if head.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "no room comes free: {head}");
    }
}

/// Streams of logs that nobody reads.
const UNREAD: usize = 50;
/// Blocks of logs that they are not read through.
const LOUD_BLOCKS: usize = 6;
/// Logs of such a block, and bytes of each: six megabytes, twice that as an event.
const LOGS: usize = 2_900;
const LOG_BYTES: u16 = 2_048;
/// What the node may grow by: its own blocks, with room. Were each stream's events kept, they were 3.5 GB; one block's
/// for each, 600 MB.
const MOST_GROWTH_KIB: u64 = 300 << 10;

/// Memory of a process, in KiB.
fn resident_kib(node: &Bulwark) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// Code that writes so many logs: `PUSH2 size, PUSH0, LOG0` each.
fn loud() -> Bytes {
    let [high, low] = LOG_BYTES.to_be_bytes();
    [0x61, high, low, 0x5f, 0xa0].repeat(LOGS).into()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_never_read_cost_little_memory_and_are_let_go() {
    allow_files();
    let node = Bulwark::dev(&["--limit", "io_timeout_secs=5"]);
    let rpc = node.rpc();
    let contract = Address::repeat_byte(0xaa);
    rpc.call("anvil_setCode", json!([contract, loud()])).await;
    let accounts = rpc.call("eth_accounts", json!([])).await;
    let shout = async || {
        let call = json!({ "from": accounts[0], "to": contract, "gas": "0x3938700" });
        let hash = rpc.call("eth_sendTransaction", json!([call])).await;
        let receipt = rpc.call("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!((&receipt["status"], receipt["logs"].as_array().unwrap().len()), (&json!("0x1"), LOGS));
    };
    shout().await;
    let mut live = open(&node, "/api/v1/events?kinds=heads");
    let unread: Vec<TcpStream> = (0..UNREAD).map(|_| open(&node, "/api/v1/events?kinds=logs")).collect();
    let before = resident_kib(&node);
    for _ in 0..LOUD_BLOCKS {
        shout().await;
    }
    let grown = resident_kib(&node).saturating_sub(before);
    assert!(grown < MOST_GROWTH_KIB, "{grown} KiB more for {UNREAD} readers that do not read");
    let newest = rpc.block(rpc.head().await).await["hash"].as_str().unwrap().to_owned();
    until(&mut live, &newest);
    let begun = Instant::now();
    let wanted = format!("bulwark_rpc_slow_readers_total {UNREAD}");
    while !rpc.get("/metrics").await.unwrap().text().await.unwrap().contains(&wanted) {
        assert!(begun.elapsed() < PATIENCE, "readers that do not read are still waited for");
    }
    drop(unread);
}
