//! Nonsense at the door is answered with the standard error, and the node goes on.

use super::*;
use alloy_primitives::hex;

async fn unharmed(node: &Node) {
    assert_eq!(node.get("eth_chainId", json!([])).await, "0x7a69");
}

#[tokio::test]
async fn bodies_that_are_no_requests_get_the_codes_of_the_specification() {
    let node = node().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let cases: &[(&str, i64)] = &[
        ("", -32700),
        ("{", -32700),
        ("nonsense", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"} trailing", -32700),
        ("[{]", -32700),
        ("[]", -32600),
        ("5", -32600),
        ("null", -32600),
        ("\"text\"", -32600),
        ("{}", -32600),
        (r#"{"id":1,"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":2,"id":1,"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":true,"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"eth_chainId"}"#, -32600),
    ];
    for (body, code) in cases {
        let answer = node.body((*body).to_owned()).await;
        assert_eq!(outcome(&answer).unwrap_err().code, *code, "{body}");
        assert_eq!(answer["id"], Value::Null, "{body}");
    }
    let answer = node.body(deep).await;
    assert_eq!(outcome(&answer[0]).unwrap_err().code, -32600);
    unharmed(&node).await;
    node.end().await;
}

#[tokio::test]
async fn ids_come_back_as_they_were_sent_and_notifications_are_not_answered() {
    let node = node().await;
    for id in ["1", "-1", "1.5", "\"one\"", "\"\\u0041\"", "null", "123456789012345678901234567890"] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"net_version"}}"#);
        let post = node.client.post(node.url("/")).header("content-type", "application/json");
        let answer = post.body(body).send().await.unwrap().text().await.unwrap();
        assert_eq!(answer, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"31337"}}"#));
    }
    for body in [r#"{"jsonrpc":"2.0","method":"evm_mine"}"#, r#"[{"jsonrpc":"2.0","method":"evm_mine"}]"#] {
        let post = node.client.post(node.url("/")).header("content-type", "application/json");
        let response = post.body(body).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap()), (200, String::new()));
    }
    assert_eq!(node.number("eth_blockNumber", json!([])).await, 0);
    node.end().await;
}

#[tokio::test]
async fn wrong_arguments_name_the_argument_and_what_is_wrong() {
    let node = node().await;
    let address = "0x1111111111111111111111111111111111111111";
    let cases: Vec<(&str, Value, i64, &str)> = vec![
        ("eth_nothing", json!([]), -32601, "the method eth_nothing does not exist/is not available"),
        ("eth_getBalance", json!({"address": address}), -32602, "positional"),
        ("eth_getBalance", json!([]), -32602, "missing value for required argument 0 (address)"),
        ("eth_getBalance", json!(["0x12"]), -32602, "invalid argument 0 (address)"),
        ("eth_getBalance", json!(["0xzz11111111111111111111111111111111111111"]), -32602, "argument 0"),
        ("eth_getBalance", json!([5]), -32602, "invalid argument 0 (address)"),
        ("eth_getBalance", json!([address, "newest"]), -32602, "invalid argument 1 (block)"),
        ("eth_getBalance", json!([address, "0x"]), -32602, "invalid argument 1 (block)"),
        ("eth_getBalance", json!([address, {"blockHash": "0x12"}]), -32602, "invalid argument 1 (block)"),
        ("eth_getBalance", json!([address, "0x99"]), -32000, "header not found"),
        (
            "eth_getBalance",
            json!([address, format!("0x{}", "77".repeat(32))]),
            -32000,
            "header for hash not found",
        ),
        ("eth_getStorageAt", json!([address, "0xgg"]), -32602, "invalid argument 1 (slot)"),
        ("eth_getBlockByNumber", json!(["latest", "yes"]), -32602, "invalid argument 1 (full transactions)"),
        ("eth_getBlockByHash", json!(["0x12", true]), -32602, "invalid argument 0 (hash)"),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["latest", -1]), -32602, "argument 1 (index)"),
        (
            "eth_getLogs",
            json!([{"fromBlock": "0x5", "toBlock": "0x2"}]),
            -32602,
            "invalid block range params",
        ),
        ("eth_getLogs", json!([{"address": "0x12"}]), -32602, "invalid argument 0 (filter)"),
        ("eth_getLogs", json!([{"topics": ["0x12"]}]), -32602, "invalid argument 0 (filter)"),
        ("eth_getFilterChanges", json!(["0x1"]), -32000, "filter not found"),
        ("eth_getFilterChanges", json!(["seven"]), -32602, "invalid argument 0 (filter id)"),
        ("eth_feeHistory", json!(["0x5", "latest", [50, 20]]), -32602, "invalid reward percentile"),
        ("eth_feeHistory", json!(["0x5", "latest", [101]]), -32602, "invalid reward percentile"),
        ("eth_feeHistory", json!(["0x5", "0x99"]), -32000, "request beyond head block"),
        ("eth_subscribe", json!(["newHeads"]), -32601, "notifications not supported"),
        ("eth_sign", json!([address, "0x00"]), -32000, "unknown account"),
        ("restake_abi", json!(["NoSuchContract"]), -32602, "no contract is named \"NoSuchContract\""),
        ("evm_increaseTime", json!([-1]), -32602, "invalid argument 0 (seconds)"),
        ("anvil_mine", json!(["0x1ffffffffffffffff"]), -32602, "invalid argument 0 (blocks)"),
        ("anvil_mine", json!(["0xffffffffffffffff"]), -32000, "ask for at most"),
        ("evm_setNextBlockTimestamp", json!([5]), -32000, "is not after"),
    ];
    for (method, params, code, part) in cases {
        let refusal = node.call(method, params.clone()).await.unwrap_err();
        assert_eq!(refusal.code, code, "{method} {params}: {refusal:?}");
        assert!(refusal.message.contains(part), "{method} {params}: {refusal:?}");
    }
    unharmed(&node).await;
    node.end().await;
}

#[tokio::test]
async fn transactions_that_cannot_be_taken_are_refused_in_the_words_of_geth() {
    let node = node().await;
    let other_chain = {
        let raw = hex::decode(node.transfer(0, FIRST_NONCE)).unwrap();
        // 31337 is 0x827a69 as an RLP string; the last byte makes it 31338.
        let at = raw.windows(3).position(|bytes| bytes == [0x82, 0x7a, 0x69]).unwrap();
        let mut raw = raw;
        raw[at + 2] = 0x6a;
        hex::encode_prefixed(raw)
    };
    let large = node.signed(0, FIRST_NONCE, TxKind::Call(Address::ZERO), 0, vec![0u8; 10_000_000].into());
    let cases: Vec<(String, i64, &str)> = vec![
        ("0x".into(), -32000, "empty transaction"),
        ("0x02".into(), -32000, "malformed transaction"),
        ("0xzz".into(), -32602, "invalid argument 0 (transaction)"),
        ("0x03c0".into(), -32000, "transaction type not supported"),
        (other_chain, -32000, "invalid chain id"),
        (large, -32000, "oversized data"),
        (node.transfer(0, FIRST_NONCE - 1), -32000, "nonce too low"),
        (
            node.signed(0, FIRST_NONCE, TxKind::Call(Address::ZERO), u64::MAX, Bytes::new())
                .replace("zz", ""),
            0,
            "",
        ),
    ];
    for (raw, code, part) in cases {
        let outcome = node.call("eth_sendRawTransaction", json!([raw])).await;
        if code == 0 {
            outcome.unwrap();
            continue;
        }
        let refusal = outcome.unwrap_err();
        assert_eq!(refusal.code, code, "{refusal:?}");
        assert!(refusal.message.contains(part), "{part}: {refusal:?}");
    }
    unharmed(&node).await;
    node.end().await;
}

/// Lists of arguments that hardly any method takes, and none may choke on.
fn strange_arguments() -> Vec<Value> {
    let address = Address::repeat_byte(0x11);
    let hash = format!("0x{}", "77".repeat(32));
    let mut deep = json!([]);
    for _ in 0..60 {
        deep = json!([deep]);
    }
    vec![
        json!([]),
        json!([null]),
        json!([null, null, null, null, null, null]),
        json!([true]),
        json!([-1]),
        json!([1.5]),
        json!([1e300]),
        json!([""]),
        json!(["0x"]),
        json!(["0xg"]),
        json!(["0x0", "0x0"]),
        json!(["pending"]),
        json!(["\u{0}\n\u{202e}"]),
        json!(["x".repeat(10_000)]),
        json!([{}]),
        json!([[]]),
        json!([{}, {}, {}, {}]),
        json!([[{}], {}, {}]),
        json!([deep]),
        json!([address]),
        json!([address, "pending"]),
        json!([address, "0xffffffffffffffff"]),
        json!([address, hash]),
        json!([address, hash, "pending"]),
        json!([hash]),
        json!([hash, "0xffffffffffffffff"]),
        json!([hash, 0, address, "0x", 1]),
        json!(["latest", 0, address, "0x", -1]),
        json!(["latest", { "tracer": "noSuchTracer" }]),
        json!([{ "to": address, "data": "0x00" }, "pending", { address.to_string(): {} }, {}]),
        json!([{ "from": address, "to": address, "gas": "0xffffffffffffffff", "value": U256::MAX }]),
        json!([{ "fromBlock": "latest", "toBlock": "earliest", "address": [], "topics": [[], [], [], []] }]),
        json!([{ "blockStateCalls": [{}] }, "pending"]),
        json!({}),
        json!({ "address": address }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_answers_strange_arguments_by_the_standard() {
    let node = node().await;
    for method in crate::Offline::methods() {
        let batch: Vec<Value> = (0..)
            .zip(strange_arguments())
            .map(|(id, params)| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .collect();
        let answers = node.body(json!(batch).to_string()).await;
        let answers = answers.as_array().unwrap_or_else(|| panic!("{method}: no list"));
        assert_eq!(answers.len(), batch.len(), "{method}");
        for (asked, answer) in batch.iter().zip(answers) {
            assert_eq!(asked["id"], answer["id"], "{method}");
            let Err(refusal) = outcome(answer) else { continue };
            let params = asked["params"].to_string();
            let standard = (-32_768..=-32_000).contains(&refusal.code) || (3..=6).contains(&refusal.code);
            assert!(standard && refusal.code != -32603, "{method} {params}: {refusal:?}");
            let shown = refusal.message.len() < 1_000 && refusal.message.lines().count() == 1;
            assert!(shown, "{method} {params}: {refusal:?}");
        }
    }
    assert_eq!(node.get("eth_chainId", json!([])).await, "0x7a69");
    node.end().await;
}
