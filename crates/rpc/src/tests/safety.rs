//! What hostile clients can do, at a real port, while another client goes on asking: each gets the standard error or
//! nothing, and the other is answered within a generous bound all the time.

use super::*;
use futures_util::{SinkExt, StreamExt};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// The longest that an `eth_blockNumber` may take while others misbehave. Debug builds on loaded machines are slow; what
/// this finds is a node that does not answer at all until the misbehaving ones are done.
const BOUND: Duration = Duration::from_secs(4);

/// Runs whatever it is given.
const BOX: &str = "0xb0b0000000000000000000000000000000000000";

/// Asks for the head until it is told to stop.
struct Pulse {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    asking: JoinHandle<Duration>,
}

impl Pulse {
    fn begin(node: &Node) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (client, url) = (node.client.clone(), node.url("/"));
        let (stopped, count) = (stop.clone(), asked.clone());
        let asking = tokio::spawn(async move {
            let mut slowest = Duration::ZERO;
            while !stopped.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let body = request(1, "eth_blockNumber", &json!([])).to_string();
                let post = client.post(&url).header("content-type", "application/json").body(body);
                let answer: Value = post.send().await.unwrap().json().await.unwrap();
                assert!(outcome(&answer).is_ok());
                slowest = slowest.max(begun.elapsed());
                count.fetch_add(1, Ordering::Relaxed);
            }
            slowest
        });
        Self { stop, asked, asking }
    }

    async fn end(self) {
        // It must have been answered while the others were at it.
        assert!(self.asked.load(Ordering::Relaxed) > 0);
        self.stop.store(true, Ordering::Relaxed);
        let slowest = self.asking.await.unwrap();
        assert!(slowest < BOUND, "an eth_blockNumber took {slowest:?}");
    }
}

/// A call of code that is pretended.
fn run(code: &str, gas: &str) -> Value {
    json!([{ "to": BOX, "gas": gas }, "latest", { BOX: { "code": code } }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_loops_end_by_gas_or_time_and_hold_nobody_up() {
    let node = node_with(Mining::Instant, |config| {
        config.limits.call_timeout = Duration::from_millis(100);
        config.limits.max_running_calls = 2;
    })
    .await;
    let pulse = Pulse::begin(&node);
    // JUMPDEST, jump to it; and the same with hashing of a megabyte.
    let calls = ["0x5b5f56", "0x5b621000005f20505f56"].map(|code| async {
        let node = &node;
        let batch: Vec<Value> = (0..4).map(|id| request(id, "eth_call", &run(code, "0xffffffff"))).collect();
        let answers = node.body(json!(batch).to_string()).await;
        for answer in answers.as_array().unwrap() {
            let refusal = outcome(answer).unwrap_err();
            assert_eq!(refusal.code, -32000, "{refusal:?}");
            let known = ["out of gas", "execution aborted (timeout = 100 ms)"];
            assert!(known.iter().any(|known| refusal.message.starts_with(known)), "{refusal:?}");
        }
    });
    futures_util::future::join_all(calls).await;
    pulse.end().await;
    node.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deepest_calls_come_back() {
    let node = node().await;
    let pulse = Pulse::begin(&node);
    // Calls itself with all its gas; at 1,024 frames, or when the gas ends, it goes on and returns.
    let recursion = format!("0x5f5f5f5f5f73{}5af100", &BOX[2..]);
    for gas in ["0x3938700", "0xffffffff"] {
        assert_eq!(node.get("eth_call", run(&recursion, gas)).await, "0x");
    }
    for method in ["eth_estimateGas", "eth_createAccessList"] {
        let params = json!([{ "to": BOX }, "latest", { BOX: { "code": recursion } }]);
        node.get(method, params).await;
    }
    pulse.end().await;
    node.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_subscriptions_are_served_and_hold_nobody_up() {
    let node = node().await;
    let pulse = Pulse::begin(&node);
    let mut streams = Vec::new();
    for _ in 0..4 {
        let (mut stream, _) = connect_async(format!("ws://{}/", node.server.local_addr())).await.unwrap();
        let batch: Vec<Value> =
            (0..250).map(|id| request(id, "eth_subscribe", &json!(["newHeads"]))).collect();
        stream.send(Message::text(json!(batch).to_string())).await.unwrap();
        let answers = stream.next().await.unwrap().unwrap().into_text().unwrap();
        let answers: Value = serde_json::from_str(&answers).unwrap();
        assert!(answers.as_array().unwrap().iter().all(|answer| outcome(answer).is_ok()));
        streams.push(stream);
    }
    for nonce in 0..3 {
        node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE + nonce)])).await;
    }
    for stream in &mut streams {
        let mut told = 0;
        while told < 750 {
            let message = tokio::time::timeout(Duration::from_secs(60), stream.next()).await;
            told += usize::from(message.unwrap().unwrap().unwrap().is_text());
        }
    }
    pulse.end().await;
    node.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_connections_and_readers_that_stop_are_let_go() {
    let node = node_with(Mining::Instant, |config| {
        let limits = &mut config.limits;
        (limits.max_connections, limits.max_in_flight) = (24, 4);
        (limits.io_timeout, limits.idle_timeout) = (Duration::from_millis(300), Duration::from_millis(300));
    })
    .await;
    let address = node.server.local_addr();
    let large = request(1, "restake_abi", &json!(["DelegationManager"]));
    let many: Vec<&Value> = std::iter::repeat_n(&large, 900).collect();
    let many = json!(many).to_string();
    let beginnings = [
        String::new(),
        "POST / HTTP/1.1\r\nhost: local".into(),
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"
            .into(),
        // Asks for more than the system keeps for it, and never reads.
        format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{many}",
            many.len()
        ),
    ];
    let mut held = Vec::new();
    for beginning in beginnings.iter().cycle().take(20) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        held.push(stream);
    }
    // All of them end without a word from the other side: then as many others find room.
    let begun = Instant::now();
    loop {
        let mut open = Vec::new();
        let mut served = 0;
        for _ in 0..23 {
            let Ok(mut stream) = TcpStream::connect(address).await else { break };
            let asked = stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
            let mut head = [0; 12];
            let read = tokio::time::timeout(Duration::from_secs(20), stream.read_exact(&mut head)).await;
            served += usize::from(asked.is_ok() && matches!(read, Ok(Ok(_))) && head.ends_with(b"200"));
            open.push(stream);
        }
        if served == 23 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{served} of 23 find room");
        drop(open);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(held);
    node.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_batches_bodies_and_filters_that_match_all_hold_nobody_up() {
    let node = node_with(Mining::Instant, |config| {
        let minute = Duration::from_secs(60);
        (config.limits.call_timeout, config.limits.queue_timeout) = (minute, minute);
    })
    .await;
    for nonce in 0..20 {
        let raw = node.signed(0, FIRST_NONCE + nonce, TxKind::Call(types::addresses::WETH), 1, Bytes::new());
        node.get("eth_sendRawTransaction", json!([raw])).await;
    }
    node.get("anvil_mine", json!(["0x4e20"])).await;
    let pulse = Pulse::begin(&node);
    let logs = request(1, "eth_getLogs", &json!([{ "fromBlock": "0x0", "toBlock": "latest" }]));
    let batch: Vec<&Value> = std::iter::repeat_n(&logs, 200).collect();
    let answers = node.body(json!(batch).to_string()).await;
    for answer in answers.as_array().unwrap() {
        assert_eq!(outcome(answer).unwrap().as_array().unwrap().len(), 20);
    }
    let blocks: Vec<Value> = (0..1_000)
        .map(|id| request(id, "eth_getBlockByNumber", &json!([format!("{id:#x}"), true])))
        .collect();
    assert_eq!(node.body(json!(blocks).to_string()).await.as_array().unwrap().len(), 1_000);
    let nested = format!("{}1{}", "[".repeat(4 << 20), "]".repeat(4 << 20));
    for body in
        [nested, format!("[{}1]", "1,".repeat(5 << 20)), "{\"a\":".repeat(1 << 20), "\"".repeat(8 << 20)]
    {
        let answer = node.body(body).await;
        let answer = answer.get(0).unwrap_or(&answer);
        assert!([-32700, -32600].contains(&outcome(answer).unwrap_err().code), "{answer}");
    }
    pulse.end().await;
    node.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_events_that_nobody_reads_is_let_go() {
    let node = node_with(Mining::Instant, |config| {
        config.limits.max_subscriptions_total = 1;
        config.limits.io_timeout = Duration::from_millis(300);
    })
    .await;
    let mut slow = TcpStream::connect(node.server.local_addr()).await.unwrap();
    let get = "GET /api/v1/events?kinds=heads HTTP/1.1\r\nhost: localhost\r\n\r\n";
    slow.write_all(get.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    slow.read_exact(&mut head).await.unwrap();
    // Heads until the system keeps no more for the reader; then its place is free again.
    let begun = Instant::now();
    loop {
        node.get("anvil_mine", json!(["0x400"])).await;
        let response = node.client.get(node.url("/api/v1/events")).send().await.unwrap();
        if response.status() == 200 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "still there");
    }
    node.end().await;
}
