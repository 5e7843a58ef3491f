//! The younger methods of `eth_`: what they answer, and what they refuse with which code.

use super::*;
use std::time::Duration;

#[tokio::test]
async fn a_transaction_that_is_sent_in_sync_is_answered_with_its_receipt() {
    let node = node().await;
    let raw = node.transfer(0, FIRST_NONCE);
    let receipt = node.get("eth_sendRawTransactionSync", json!([raw])).await;
    assert_eq!((&receipt["status"], &receipt["blockNumber"]), (&json!("0x1"), &json!("0x1")));
    assert_eq!(receipt, node.get("eth_getTransactionReceipt", json!([receipt["transactionHash"]])).await);
    let again = node.call("eth_sendRawTransactionSync", json!([raw, 1_000])).await.unwrap_err();
    assert_eq!(again.code, -32000, "{again:?}");
    // A nonce too far ahead waits in the pool: the expected one is told.
    let gap = node
        .call("eth_sendRawTransactionSync", json!([node.transfer(0, FIRST_NONCE + 5)]))
        .await
        .unwrap_err();
    assert_eq!((gap.code, gap.data.as_deref()), (6, Some("0x15")), "{gap:?}");
    node.end().await;
}

#[tokio::test]
async fn a_transaction_that_is_not_sealed_in_time_is_named_in_the_error() {
    let node = node_with(Mining::Manual, |_| {}).await;
    let raw = node.transfer(0, FIRST_NONCE);
    let refusal = node.call("eth_sendRawTransactionSync", json!([raw, "0x5"])).await.unwrap_err();
    let hash = alloy_primitives::keccak256(alloy_primitives::hex::decode(&raw).unwrap());
    assert_eq!((refusal.code, refusal.data), (4, Some(hash.to_string())));
    assert!(refusal.message.contains("within 5 ms"), "{}", refusal.message);
    // A longer wait ends with the block.
    let next = json!([node.transfer(0, FIRST_NONCE + 1), 20_000]);
    let (receipt, _) = tokio::join!(node.get("eth_sendRawTransactionSync", next), async {
        while node.get("txpool_status", json!([])).await["pending"] != "0x2" {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        node.get("evm_mine", json!([])).await
    });
    assert_eq!((&receipt["status"], &receipt["transactionIndex"]), (&json!("0x1"), &json!("0x1")));
    node.end().await;
}

#[tokio::test]
async fn a_transaction_is_filled_as_it_would_be_sent() {
    let node = node().await;
    let asked = json!({ "from": node.address(0), "to": node.address(1), "value": "0x1" });
    let filled = node.get("eth_fillTransaction", json!([asked])).await;
    let tx = &filled["tx"];
    assert_eq!((&tx["type"], &tx["nonce"], &tx["gas"]), (&json!("0x2"), &json!("0x14"), &json!("0x5208")));
    assert_eq!((&tx["chainId"], &tx["value"], &tx["r"]), (&json!("0x7a69"), &json!("0x1"), &json!("0x0")));
    assert!(text(&filled["raw"]).starts_with("0x02"));
    let kept =
        json!({ "from": node.address(0), "to": node.address(1), "gasPrice": "0x77359400", "nonce": "0x63" });
    let filled = node.get("eth_fillTransaction", json!([kept])).await;
    assert_eq!((&filled["tx"]["type"], &filled["tx"]["nonce"]), (&json!("0x0"), &json!("0x63")));
    for (wrong, code) in [(json!({ "chainId": "0x1" }), -32602), (json!({}), -32602)] {
        assert_eq!(node.call("eth_fillTransaction", json!([wrong])).await.unwrap_err().code, code);
    }
    node.end().await;
}

#[tokio::test]
async fn the_node_tells_its_rules_and_what_it_has() {
    let node = node().await;
    let config = node.get("eth_config", json!([])).await;
    let current = &config["current"];
    assert_eq!((&current["activationTime"], &current["chainId"]), (&json!(0), &json!("0x7a69")));
    assert_eq!((&config["next"], &config["last"]), (&Value::Null, &Value::Null));
    assert_eq!(current["precompiles"]["P256VERIFY"], "0x0000000000000000000000000000000000000100");
    assert_eq!(text(&current["forkId"]).len(), 10);
    for address in current["systemContracts"].as_object().unwrap().values() {
        assert_ne!(node.get("eth_getCode", json!([address])).await, "0x", "{address}");
    }
    let capabilities = node.get("eth_capabilities", json!([])).await;
    assert_eq!(capabilities["head"]["number"], "0x0");
    assert_eq!(capabilities["state"], json!({ "disabled": false, "oldestBlock": "0x0" }));
    let modules = node.get("rpc_modules", json!([])).await;
    for name in ["eth", "net", "web3", "txpool", "restake", "evm", "anvil"] {
        assert_eq!(modules[name], "1.0", "{name}");
    }
    let next = node.get("eth_getBlockByNumber", json!(["pending", false])).await;
    assert_eq!(node.get("eth_baseFee", json!([])).await, next["baseFeePerGas"]);
    assert_eq!(node.get("eth_hashrate", json!([])).await, "0x0");
    node.end().await;
}

#[tokio::test]
async fn a_node_without_keys_does_not_list_what_it_refuses() {
    let node = node_with(Mining::Instant, |config| config.mode = Mode::Node).await;
    let modules = node.get("rpc_modules", json!([])).await;
    assert_eq!(
        (&modules["eth"], &modules["evm"], &modules["anvil"]),
        (&json!("1.0"), &Value::Null, &Value::Null)
    );
    node.end().await;
}

#[tokio::test]
async fn many_slots_are_read_at_once() {
    let node = node().await;
    let (weth, word) = (types::addresses::WETH, format!("0x{}", "0".repeat(64)));
    let values =
        node.get("eth_getStorageValues", json!([{ weth.to_string(): [word, word] }, "latest"])).await;
    assert_eq!(values, json!({ format!("{weth:?}"): [word, word] }));
    let many: Vec<String> = (0..1_025).map(|slot| format!("{slot:#066x}")).collect();
    for (asked, part) in [(json!({}), "empty request"), (json!({ weth.to_string(): many }), "too many slots")]
    {
        let refusal = node.call("eth_getStorageValues", json!([asked])).await.unwrap_err();
        assert!(refusal.code == -32602 && refusal.message.contains(part), "{refusal:?}");
    }
    node.end().await;
}

#[tokio::test]
async fn the_pending_block_is_the_newest_plus_the_pool() {
    let node = node_with(Mining::Manual, |_| {}).await;
    let latest = node.get("eth_getBlockByNumber", json!(["latest", false])).await;
    node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE + 1)])).await;
    node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE)])).await;
    let pending = node.get("eth_getBlockByNumber", json!(["pending", true])).await;
    assert_eq!((&pending["number"], &pending["parentHash"]), (&json!("0x1"), &latest["hash"]));
    let nonces: Vec<u64> =
        pending["transactions"].as_array().unwrap().iter().map(|tx| number(&tx["nonce"])).collect();
    assert_eq!(nonces, [FIRST_NONCE, FIRST_NONCE + 1]);
    assert_eq!(node.get("eth_getBlockTransactionCountByNumber", json!(["pending"])).await, "0x2");
    let second = node.get("eth_getTransactionByBlockNumberAndIndex", json!(["pending", "0x1"])).await;
    assert_eq!(second["hash"], pending["transactions"][1]["hash"]);
    assert_eq!(node.get("eth_blockNumber", json!([])).await, "0x0");
    node.end().await;
}

#[tokio::test]
async fn typed_data_is_signed_under_each_name_of_the_method() {
    let node = node().await;
    let data = json!({
        "types": { "EIP712Domain": [{ "name": "name", "type": "string" }], "Note": [{ "name": "text", "type": "string" }] },
        "primaryType": "Note", "domain": { "name": "Test" }, "message": { "text": "hello" },
    });
    let address = node.address(0);
    let signature = node.get("eth_signTypedData_v4", json!([address, data])).await;
    for (method, data) in [
        ("eth_signTypedData_v3", data.clone()),
        ("eth_signTypedData", data.clone()),
        ("eth_signTypedData_v4", json!(data.to_string())),
    ] {
        assert_eq!(node.get(method, json!([address, data])).await, signature, "{method}");
    }
    node.end().await;
}
