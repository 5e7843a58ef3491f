//! Limits a client: each is met in turn, each refusal names the limit, its value and the flag, and the node goes on.

use super::*;
use reqwest::StatusCode;

/// Posts a body and returns the whole answer.
async fn post(node: &Node, body: String) -> reqwest::Response {
    let post = node.client.post(node.url("/")).header("content-type", "application/json");
    post.body(body).send().await.unwrap()
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_again() {
    let node = node_with(Mining::Instant, |config| {
        (config.limits.requests_per_second, config.limits.count_loopback) = (1, true);
    })
    .await;
    let one = request(1, "eth_chainId", &json!([])).to_string();
    // The allowance of two seconds, overdrawn by a batch: its members beyond are refused one by one.
    let batch: Vec<Value> = (0..20).map(|id| request(id, "eth_chainId", &json!([]))).collect();
    let answers: Value = post(&node, json!(batch).to_string()).await.json().await.unwrap();
    let outcomes: Vec<_> = answers.as_array().unwrap().iter().map(outcome).collect();
    assert!(outcomes[0].is_ok() && outcomes[19].is_err());
    let refusal = outcomes[19].clone().unwrap_err();
    assert_eq!(refusal.code, -32005);
    assert!(refusal.message.contains("1 a second (requests_per_second)"), "{refusal:?}");
    assert!(refusal.message.contains("--limit requests_per_second=VALUE"), "{refusal:?}");
    let heavy = request(1, "eth_estimateGas", &json!([{ "to": node.address(0) }])).to_string();
    let mut refused = 0;
    for body in [&heavy, &one, &one, &one] {
        let response = post(&node, body.clone()).await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            refused += 1;
            let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=10).contains(&wait), "{wait}");
            assert_eq!(outcome(&response.json().await.unwrap()).unwrap_err().code, -32005);
        }
    }
    assert!(refused >= 3, "{refused} of 4");
    let health = node.client.get(node.url("/health")).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::TOO_MANY_REQUESTS);
    node.end().await;
}

#[tokio::test]
async fn connections_of_one_client_are_bounded() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let node = node_with(Mining::Instant, |config| {
        (config.limits.max_connections_per_client, config.limits.count_loopback) = (1, true);
    })
    .await;
    let address = node.server.local_addr();
    let mut first = tokio::net::TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let mut answer = String::new();
    let mut second = tokio::net::TcpStream::connect(address).await.unwrap();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 1"), "{answer}");
    assert!(answer.contains("one client may have 1 (max_connections_per_client)"), "{answer}");
    node.end().await;
}

#[tokio::test]
async fn refusals_name_the_limit_its_value_and_the_flag() {
    let node = node_with(Mining::Instant, |config| {
        let limits = &mut config.limits;
        (limits.max_filters, limits.max_log_blocks, limits.max_logs) = (1, 2, 1);
    })
    .await;
    let deposit = |nonce| node.signed(0, nonce, TxKind::Call(types::addresses::WETH), 1, Bytes::new());
    for nonce in 0..4 {
        node.get("eth_sendRawTransaction", json!([deposit(FIRST_NONCE + nonce)])).await;
    }
    node.get("eth_newBlockFilter", json!([])).await;
    let all = json!({ "fromBlock": "0x0", "toBlock": "latest" });
    for (method, params, name, value) in [
        ("eth_newBlockFilter", json!([]), "max_filters", "1"),
        ("eth_getLogs", json!([all]), "max_log_blocks", "2"),
        ("eth_getLogs", json!([{ "fromBlock": "0x1", "toBlock": "0x2" }]), "max_logs", "1"),
    ] {
        let refusal = node.call(method, params).await.unwrap_err();
        assert_eq!(refusal.code, -32005, "{refusal:?}");
        for part in [format!("({name})"), format!(" {value} "), format!("--limit {name}=VALUE")] {
            assert!(refusal.message.contains(&part), "{part}: {refusal:?}");
        }
    }
    let one = node.get("eth_getLogs", json!([{ "fromBlock": "0x1", "toBlock": "0x1" }])).await;
    assert_eq!(one.as_array().unwrap().len(), 1);
    node.end().await;
}
