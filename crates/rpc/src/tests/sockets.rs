//! WebSockets: requests, subscriptions, and clients that misbehave.

use super::*;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

pub(super) struct Client {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Notifications that came while an answer was awaited.
    early: std::collections::VecDeque<Value>,
}

impl Client {
    pub(super) async fn connect(node: &Node, path: &str, origin: Option<&str>) -> Self {
        let mut request = format!("ws://{}{path}", node.server.local_addr()).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        Self { stream: connect_async(request).await.unwrap().0, early: Default::default() }
    }

    pub(super) async fn send(&mut self, body: Value) {
        self.stream.send(Message::text(body.to_string())).await.unwrap();
    }

    pub(super) async fn next(&mut self) -> Value {
        loop {
            match self.stream.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) async fn call(&mut self, method: &str, params: Value) -> Result<Value, Refusal> {
        self.send(request(3, method, &params)).await;
        loop {
            let message = self.next().await;
            if message.get("id").is_some() {
                return outcome(&message);
            }
            self.early.push_back(message);
        }
    }

    /// The next notification's subscription and result.
    async fn notified(&mut self) -> (Value, Value) {
        let message = match self.early.pop_front() {
            Some(message) => message,
            None => self.next().await,
        };
        assert_eq!(message["method"], "eth_subscription", "{message}");
        (message["params"]["subscription"].clone(), message["params"]["result"].clone())
    }
}

#[tokio::test]
async fn both_paths_take_requests_and_batches() {
    let node = node().await;
    for path in ["/", "/ws"] {
        let mut client = Client::connect(&node, path, None).await;
        assert_eq!(client.call("eth_chainId", json!([])).await.unwrap(), "0x7a69");
        client.send(json!([request(1, "eth_chainId", &json!([])), request(2, "evm_mine", &json!([]))])).await;
        assert_eq!(client.next().await.as_array().unwrap().len(), 2);
        client.stream.send(Message::text("{")).await.unwrap();
        assert_eq!(outcome(&client.next().await).unwrap_err().code, -32700);
    }
    node.end().await;
}

#[tokio::test]
async fn heads_logs_and_pending_transactions_are_delivered() {
    let node = node().await;
    let mut client = Client::connect(&node, "/", None).await;
    let weth = types::addresses::WETH;
    let heads = client.call("eth_subscribe", json!(["newHeads"])).await.unwrap();
    let logs = client.call("eth_subscribe", json!(["logs", { "address": weth }])).await.unwrap();
    let pending = client.call("eth_subscribe", json!(["newPendingTransactions"])).await.unwrap();
    let raw = node.signed(0, FIRST_NONCE, TxKind::Call(weth), 1, vec![0xd0, 0xe3, 0x0d, 0xb0].into());
    let hash = node.get("eth_sendRawTransaction", json!([raw])).await;
    let mut seen = std::collections::HashMap::new();
    for _ in 0..3 {
        let (subscription, result) = client.notified().await;
        seen.insert(subscription.as_str().unwrap().to_owned(), result);
    }
    assert_eq!(seen[heads.as_str().unwrap()]["number"], "0x1");
    assert_eq!(seen[logs.as_str().unwrap()]["transactionHash"], hash);
    assert_eq!(seen[pending.as_str().unwrap()], hash);
    assert_eq!(client.call("eth_unsubscribe", json!([heads])).await.unwrap(), true);
    assert_eq!(
        client.call("eth_unsubscribe", json!([heads])).await.unwrap_err().message,
        "subscription not found"
    );
    node.end().await;
}

#[tokio::test]
async fn every_head_of_a_range_mined_at_once_is_delivered_in_order() {
    let node = node().await;
    let mut client = Client::connect(&node, "/", None).await;
    client.call("eth_subscribe", json!(["newHeads"])).await.unwrap();
    node.get("anvil_mine", json!([50])).await;
    for height in 1..=50 {
        assert_eq!(number(&client.notified().await.1["number"]), height);
    }
    node.end().await;
}

#[tokio::test]
async fn heads_come_again_after_a_revert() {
    let node = node().await;
    let mut client = Client::connect(&node, "/", None).await;
    client.call("eth_subscribe", json!(["newHeads"])).await.unwrap();
    let id = node.get("evm_snapshot", json!([])).await;
    for _ in 0..2 {
        node.get("evm_mine", json!([])).await;
    }
    node.get("evm_revert", json!([id])).await;
    node.get("evm_mine", json!([])).await;
    let mut heights = Vec::new();
    for _ in 0..3 {
        heights.push(number(&client.notified().await.1["number"]));
    }
    assert_eq!(heights, [1, 2, 1]);
    node.end().await;
}

#[tokio::test]
async fn subscriptions_are_bounded_and_unknown_kinds_refused() {
    let node = node_with(Mining::Instant, |config| config.limits.max_subscriptions = 2).await;
    let mut client = Client::connect(&node, "/", None).await;
    let refusal = client.call("eth_subscribe", json!(["everything"])).await.unwrap_err();
    assert_eq!(refusal.code, -32602);
    for _ in 0..2 {
        client.call("eth_subscribe", json!(["newHeads"])).await.unwrap();
    }
    assert_eq!(client.call("eth_subscribe", json!(["newHeads"])).await.unwrap_err().code, -32005);
    node.end().await;
}

#[tokio::test]
async fn a_foreign_page_may_read_over_a_socket_but_not_travel() {
    let node = node().await;
    let mut client = Client::connect(&node, "/", Some("https://evil.test")).await;
    assert!(client.call("eth_blockNumber", json!([])).await.is_ok());
    assert_eq!(client.call("evm_mine", json!([])).await.unwrap_err().code, -32004);
    node.end().await;
}

#[tokio::test]
async fn an_origin_that_is_not_allowed_cannot_open_a_socket() {
    let node =
        node_with(Mining::Instant, |config| config.allow_origins = vec!["https://app.test".into()]).await;
    let mut request = format!("ws://{}/", node.server.local_addr()).into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://evil.test".parse().unwrap());
    assert!(connect_async(request).await.is_err());
    node.end().await;
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye() {
    let node = node().await;
    let mut client = Client::connect(&node, "/", None).await;
    client.call("eth_chainId", json!([])).await.unwrap();
    node.server.stop().await;
    let last = client.stream.next().await.unwrap().unwrap();
    assert!(matches!(last, Message::Close(Some(frame)) if frame.reason == "the node is stopping"));
    node.chain.stop();
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_nobody_else_notices() {
    let node = node_with(Mining::Instant, |config| config.limits.max_waiting_bytes = 64 << 10).await;
    let mut idle = Client::connect(&node, "/", None).await;
    let mut reader = Client::connect(&node, "/", None).await;
    for _ in 0..400 {
        idle.call("eth_subscribe", json!(["newHeads"])).await.unwrap();
    }
    reader.call("eth_subscribe", json!(["newHeads"])).await.unwrap();
    // Enough for the system's buffers and ours: 400 heads of some 1.8 kB for each of 30 blocks.
    for height in 1..=30 {
        node.get("evm_mine", json!([])).await;
        assert_eq!(number(&reader.notified().await.1["number"]), height);
    }
    let end = async {
        while let Some(Ok(message)) = idle.stream.next().await {
            if let Message::Close(frame) = message {
                return frame;
            }
        }
        None
    };
    let frame = tokio::time::timeout(std::time::Duration::from_secs(20), end).await.expect("it is dropped");
    if let Some(frame) = frame {
        assert_eq!(frame.reason, "too slow: notifications were not read");
    }
    assert_eq!(reader.call("eth_chainId", json!([])).await.unwrap(), "0x7a69");
    node.end().await;
}

#[tokio::test]
async fn more_requests_than_run_at_once_are_all_answered() {
    let node = node_with(Mining::Instant, |config| config.limits.max_in_flight = 4).await;
    let mut client = Client::connect(&node, "/", None).await;
    for id in 0..100 {
        let call = json!([{ "to": types::addresses::WETH, "data": "0x18160ddd" }]);
        client.send(request(id, "eth_call", &call)).await;
    }
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let answer = client.next().await;
        assert!(outcome(&answer).is_ok());
        ids.insert(answer["id"].as_u64().unwrap());
    }
    assert_eq!(ids.len(), 100);
    node.end().await;
}

#[tokio::test]
async fn receipts_of_blocks_and_of_named_transactions_are_told_and_syncing_once() {
    let node = node().await;
    let mut client = Client::connect(&node, "/", None).await;
    let all = client.call("eth_subscribe", json!(["transactionReceipts"])).await.unwrap();
    let hash = alloy_primitives::keccak256(
        alloy_primitives::hex::decode(node.transfer(0, FIRST_NONCE + 1)).unwrap(),
    );
    let named = json!(["transactionReceipts", { "transactionHashes": [hash] }]);
    let named = client.call("eth_subscribe", named).await.unwrap();
    node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE)])).await;
    let (subscription, receipts) = client.notified().await;
    assert_eq!(
        (&subscription, &receipts[0]["status"], receipts.as_array().unwrap().len()),
        (&all, &json!("0x1"), 1)
    );
    node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE + 1)])).await;
    let mut told = vec![client.notified().await, client.notified().await];
    told.sort_by_key(|(subscription, _)| *subscription == named);
    assert_eq!((&told[0].0, &told[1].0), (&all, &named));
    for (_, receipts) in told {
        assert_eq!(receipts[0]["transactionHash"], json!(hash));
    }
    let syncing = client.call("eth_subscribe", json!(["syncing"])).await.unwrap();
    assert_eq!(client.notified().await, (syncing.clone(), json!(false)));
    assert_eq!(client.call("eth_unsubscribe", json!([syncing])).await, Ok(json!(true)));
    node.end().await;
}

#[tokio::test]
async fn subscriptions_of_all_clients_together_are_bounded() {
    let node = node_with(Mining::Instant, |config| config.limits.max_subscriptions_total = 2).await;
    let mut one = Client::connect(&node, "/", None).await;
    let mut other = Client::connect(&node, "/", None).await;
    let first = one.call("eth_subscribe", json!(["newHeads"])).await.unwrap();
    other.call("eth_subscribe", json!(["newHeads"])).await.unwrap();
    let refusal = other.call("eth_subscribe", json!(["newHeads"])).await.unwrap_err();
    assert_eq!(refusal.code, -32005);
    assert!(refusal.message.contains("2 (max_subscriptions_total)"), "{refusal:?}");
    assert_eq!(one.call("eth_unsubscribe", json!([first])).await, Ok(json!(true)));
    assert!(other.call("eth_subscribe", json!(["newHeads"])).await.is_ok());
    node.end().await;
}
