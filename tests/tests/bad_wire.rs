//! What a stranger can send below JSON: HTTP that is none, pipelines, bodies that lie about their length, clients that
//! never finish, and WebSocket frames of nonsense. Each is answered by the standard or shut out; the node goes on.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Bulwark, Rpc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than any answer takes, and than any limit of time that the tests set.
const PATIENCE: Duration = Duration::from_secs(60);

const CHAIN_ID: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;

async fn connect(node: &Bulwark) -> TcpStream {
    TcpStream::connect(node.url().trim_start_matches("http://")).await.unwrap()
}

/// A request as it goes over the wire.
fn post(body: &str, more: &str) -> String {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n{body}"
    )
}

/// Writes `bytes`, says that nothing more comes, and returns all that is answered until the end.
async fn exchange(node: &Bulwark, bytes: &[u8]) -> String {
    let mut stream = connect(node).await;
    // The node may hang up in the middle.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn is_well(rpc: &Rpc) {
    assert_eq!(rpc.call("eth_chainId", json!([])).await, "0x7a69");
    let health: Value = rpc.get("/health").await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_their_order() {
    let node = Bulwark::dev(&[]);
    let mut bytes = String::new();
    for id in 0..50 {
        let method = if id % 2 == 0 { "eth_chainId" } else { "eth_gasPrice" };
        bytes += &post(&json!({ "jsonrpc": "2.0", "id": id, "method": method }).to_string(), "");
    }
    bytes += &post("{", "connection: close\r\n");
    // Without an end from our side: who hangs up half is not owed the answer to a question still open.
    let mut stream = connect(&node).await;
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("the node closes").unwrap();
    let ids: Vec<u64> = answer
        .split("\"id\":")
        .skip(1)
        .filter_map(|rest| rest.split([',', '}']).next()?.parse().ok())
        .collect();
    assert_eq!(ids, (0..50).collect::<Vec<u64>>());
    assert!(answer.contains("-32700"), "the last one is no JSON: {answer}");
    is_well(&node.rpc()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_refused_and_the_connection_ends() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let long_header =
        format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let many_headers =
        format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    let two_lengths = post(CHAIN_ID, "content-length: 3\r\n");
    let both = post(CHAIN_ID, "transfer-encoding: chunked\r\n");
    let negative =
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: -1\r\n\r\n";
    let endless = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99999999999999999999\r\n\r\n";
    let no_host = "POST / HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let bad_chunk = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nnonsense\r\n";
    let cases: &[(&str, &[u8])] = &[
        ("bytes of TLS", &[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]),
        ("zeros", &[0; 4_096]),
        ("a line of nonsense", b"nonsense\r\n\r\n"),
        ("a version to come", b"GET / HTTP/9.9\r\n\r\n"),
        ("a newline in a header", b"GET /health HTTP/1.1\r\nhost: local\nhost\r\n\r\n"),
        ("a long header", long_header.as_bytes()),
        ("many headers", many_headers.as_bytes()),
        ("two lengths", two_lengths.as_bytes()),
        ("a length below nothing", negative.as_bytes()),
        ("a length beyond all", endless.as_bytes()),
        ("no host", no_host.as_bytes()),
        ("a chunk of no length", bad_chunk.as_bytes()),
        ("a length and chunks", both.as_bytes()),
        ("HTTP/2 without having asked", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ];
    for (what, bytes) in cases {
        let answer = exchange(&node, bytes).await;
        let status = answer.strip_prefix("HTTP/1.1 ").map(|rest| rest[..3].to_owned());
        assert!(status.as_deref().is_none_or(|status| status.starts_with('4')), "{what}: {answer}");
        is_well(&rpc).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ends_early_is_not_taken_for_a_request() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let mine = r#"{"jsonrpc":"2.0","id":1,"method":"evm_mine"}"#;
    let whole = post(mine, "");
    // Every prefix, and one that promises more than comes.
    for length in (0..whole.len()).step_by(7) {
        let answer = exchange(&node, &whole.as_bytes()[..length]).await;
        assert!(!answer.contains("result"), "{length}: {answer}");
    }
    let lying = whole.replace(&format!("content-length: {}", mine.len()), "content-length: 4000");
    assert!(!exchange(&node, lying.as_bytes()).await.contains("result"));
    assert_eq!(rpc.head().await, 0, "nothing was mined");
    is_well(&rpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_finish_hold_nobody_up_and_are_cut_off() {
    let node = Bulwark::dev(&["--limit", "io_timeout_secs=1", "--limit", "idle_timeout_secs=1"]);
    let beginnings = [
        "",
        "P",
        "POST / HTTP/1.1\r\nhost: localho",
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
        "GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n",
    ];
    let mut open = Vec::new();
    for index in 0..200 {
        let mut stream = connect(&node).await;
        stream.write_all(beginnings[index % beginnings.len()].as_bytes()).await.unwrap();
        open.push(stream);
    }
    is_well(&node.rpc()).await;
    for (index, mut stream) in open.into_iter().enumerate() {
        let mut answer = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "still open: {:?}", beginnings[index % beginnings.len()]);
    }
    is_well(&node.rpc()).await;
}

/// A WebSocket connection, its handshake done.
async fn upgraded(node: &Bulwark) -> TcpStream {
    let mut stream = connect(node).await;
    let head = "GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// A frame with a mask of zeros, so that its body stays as it is.
fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap();
    let mut out = vec![kind];
    match u8::try_from(length) {
        Ok(short) if short < 126 => out.push(0x80 | short),
        _ => {
            out.push(0x80 | 126);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(body);
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_nonsense_end_their_connection_and_no_other() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let mut neighbour = upgraded(&node).await;
    let endless_fragments: Vec<u8> = [frame(0x01, b"{"), frame(0x00, b"\"a\":"), frame(0x01, b"{")].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no mask", vec![0x81, 2, b'{', b'}']),
        ("a reserved kind", frame(0x83, b"{}")),
        ("reserved bits", frame(0xf1, b"{}")),
        ("a length of 2^63", [&[0x81, 0xff][..], &[0xff; 8], &[0; 4]].concat()),
        ("a length of 2^40", [&[0x81, 0xff][..], &(1u64 << 40).to_be_bytes(), &[0; 4]].concat()),
        ("a continuation of nothing", frame(0x80, b"{}")),
        ("a text in the middle of a text", endless_fragments),
        ("a long ping", frame(0x89, &[0; 200])),
        ("a fragmented ping", frame(0x09, b"")),
        ("text that is no UTF-8", frame(0x81, &[0xff, 0xfe, 0x80])),
        ("a close of one byte", frame(0x88, &[3])),
        ("a close without sense", frame(0x88, &9_999u16.to_be_bytes())),
        ("HTTP again", post(CHAIN_ID, "").into_bytes()),
    ];
    for (what, bytes) in cases {
        let mut stream = upgraded(&node).await;
        let _ = stream.write_all(&bytes).await;
        let mut answer = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{what}: still open");
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    for _ in 0..200 {
        let mut bytes = vec![0; 1 + (random.next_u64() % 400) as usize];
        random.fill_bytes(&mut bytes);
        let mut stream = upgraded(&node).await;
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
    }
    // Bodies that are no requests are answered, and the connection stays.
    for (body, code) in [("{", "-32700"), ("[]", "-32600"), ("\u{0}", "-32700"), ("{}", "-32600")] {
        neighbour.write_all(&frame(0x81, body.as_bytes())).await.unwrap();
        let mut head = [0; 2];
        neighbour.read_exact(&mut head).await.unwrap();
        let length = match head[1] {
            126 => usize::from(neighbour.read_u16().await.unwrap()),
            short => usize::from(short),
        };
        let mut answer = vec![0; length];
        neighbour.read_exact(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains(code), "{body:?}: {answer}");
    }
    is_well(&rpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_without_measure_are_refused_with_the_limit() {
    let node = Bulwark::dev(&[
        "--limit",
        "max_logs=10",
        "--limit",
        "max_log_blocks=1000",
        "--limit",
        "max_batch=50",
    ]);
    let rpc = node.rpc();
    let mint = json!({
        "from": "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "to": types::addresses::TEST_TOKEN,
        "data": format!("0x40c10f19{:064x}{:064x}", 1, 1),
    });
    for _ in 0..11 {
        rpc.call("eth_sendTransaction", json!([mint])).await;
    }
    rpc.call("anvil_mine", json!(["0x7d0"])).await;
    let all = json!([{ "fromBlock": "0x0", "toBlock": "0x20" }]);
    let wide = json!([{ "fromBlock": "0x0", "toBlock": "latest" }]);
    let backwards = json!([{ "fromBlock": "0x5", "toBlock": "0x2" }]);
    let unknown = json!([{ "blockHash": format!("0x{}", "77".repeat(32)) }]);
    for (method, params, code, part) in [
        ("eth_getLogs", all.clone(), -32_005, "more than 10 results (max_logs)"),
        ("eth_getLogs", wide.clone(), -32_005, "1000 blocks (max_log_blocks)"),
        ("eth_getLogs", backwards.clone(), -32_602, "from 5 is after to 2"),
        ("eth_getLogs", unknown, -32_000, "unknown block"),
        ("eth_newFilter", backwards, -32_602, "from 5 is after to 2"),
        ("trace_filter", json!([{ "fromBlock": "0x5", "toBlock": "0x2" }]), -32_602, "from 5 is after to 2"),
        ("eth_getBlockReceipts", json!(["0x12"]), 0, ""),
    ] {
        match rpc.try_call(method, params.clone()).await {
            Ok(_) => assert_eq!(code, 0, "{method} {params}"),
            Err(refused) => {
                assert_eq!(refused.code, code, "{method} {params}: {refused:?}");
                assert!(refused.message.contains(part), "{method} {params}: {refused:?}");
            }
        }
    }
    let member = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" });
    let answer: Value =
        rpc.post(json!(vec![member; 100_000]).to_string()).await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"]["code"], -32_600);
    assert!(answer["error"]["message"].as_str().unwrap().contains("50 requests (max_batch)"), "{answer}");
    is_well(&rpc).await;
}
