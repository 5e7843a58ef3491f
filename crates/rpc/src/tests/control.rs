//! Mining and time, as development tools drive them.

use super::*;

async fn head(node: &Node) -> (u64, u64) {
    let block = node.get("eth_getBlockByNumber", json!(["latest", false])).await;
    (number(&block["number"]), number(&block["timestamp"]))
}

#[tokio::test]
async fn blocks_are_mined_on_command_and_at_intervals_asked_for() {
    let node = node().await;
    let (_, begin) = head(&node).await;
    assert_eq!(node.get("evm_mine", json!([])).await, "0x0");
    assert_eq!(head(&node).await.0, 1);
    assert_eq!(node.get("anvil_mine", json!(["0x10", 5])).await, Value::Null);
    assert_eq!(node.get("hardhat_mine", json!([3])).await, Value::Null);
    assert_eq!(node.get("evm_mine", json!([{ "blocks": 2 }])).await, "0x0");
    assert_eq!(head(&node).await.0, 22);
    let at = async |block: &str| {
        number(&node.get("eth_getBlockByNumber", json!([block, false])).await["timestamp"])
    };
    assert_eq!(at("0x11").await - at("0x10").await, 5);
    assert!(head(&node).await.1 > begin);
    node.end().await;
}

#[tokio::test]
async fn time_moves_as_told_and_the_value_used_is_returned() {
    let node = node().await;
    node.get("evm_mine", json!([])).await;
    let (_, before) = head(&node).await;
    assert!(node.get("evm_increaseTime", json!([86_400])).await.as_i64().unwrap() >= 86_400);
    node.get("evm_mine", json!([])).await;
    let (_, after) = head(&node).await;
    assert!(after >= before + 86_400);
    assert_eq!(node.get("evm_setNextBlockTimestamp", json!([after + 1_000])).await, after + 1_000);
    node.get("evm_mine", json!([])).await;
    assert_eq!(head(&node).await.1, after + 1_000);
    node.get("evm_mine", json!([format!("{:#x}", after + 5_000)])).await;
    assert_eq!(head(&node).await.1, after + 5_000);
    node.end().await;
}

#[tokio::test]
async fn with_automine_off_transactions_wait_in_the_pool() {
    let node = node().await;
    assert_eq!(node.get("anvil_getAutomine", json!([])).await, true);
    assert_eq!(node.get("evm_setAutomine", json!([false])).await, Value::Null);
    assert_eq!(node.get("hardhat_getAutomine", json!([])).await, false);
    let hash = node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE)])).await;
    let gap = node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE + 2)])).await;
    let waiting = node.get("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!((&waiting["hash"], &waiting["blockHash"]), (&hash, &Value::Null));
    assert_eq!(node.get("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
    let count =
        async |block: &str| node.number("eth_getTransactionCount", json!([node.address(0), block])).await;
    assert_eq!((count("latest").await, count("pending").await), (FIRST_NONCE, FIRST_NONCE + 1));
    assert_eq!(node.get("txpool_status", json!([])).await, json!({ "pending": "0x1", "queued": "0x1" }));
    let sender = node.address(0).to_checksum(None);
    let content = node.get("txpool_content", json!([])).await;
    assert_eq!(content["pending"][&sender][FIRST_NONCE.to_string()]["hash"], hash);
    assert_eq!(content["queued"][&sender][(FIRST_NONCE + 2).to_string()]["hash"], gap);
    let from = node.get("txpool_contentFrom", json!([sender])).await;
    assert_eq!(from["pending"][FIRST_NONCE.to_string()]["hash"], hash);
    let inspect = node.get("txpool_inspect", json!([])).await;
    assert!(text(&inspect["pending"][&sender][FIRST_NONCE.to_string()]).contains("1 wei + 200000 gas"));
    node.get("evm_mine", json!([])).await;
    assert_eq!(node.get("eth_getTransactionReceipt", json!([hash])).await["status"], "0x1");
    node.end().await;
}

#[tokio::test]
async fn interval_mining_is_reported_and_zero_stops_it() {
    let node = node().await;
    node.get("evm_setIntervalMining", json!([3600])).await;
    assert_eq!(node.get("anvil_getIntervalMining", json!([])).await, 3600);
    assert_eq!(node.get("anvil_getAutomine", json!([])).await, false);
    node.get("evm_setIntervalMining", json!([0])).await;
    assert_eq!(node.get("anvil_getIntervalMining", json!([])).await, Value::Null);
    assert_eq!(node.get("anvil_getAutomine", json!([])).await, false);
    node.end().await;
}

#[tokio::test]
async fn a_snapshot_is_gone_back_to_once() {
    let node = node().await;
    let id = node.get("evm_snapshot", json!([])).await;
    node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE)])).await;
    node.get("anvil_mine", json!([5])).await;
    assert_eq!(head(&node).await.0, 6);
    assert_eq!(node.get("evm_revert", json!([id])).await, true);
    assert_eq!(head(&node).await.0, 0);
    assert_eq!(node.number("eth_getTransactionCount", json!([node.address(0)])).await, FIRST_NONCE);
    assert_eq!(node.get("evm_revert", json!([id])).await, false);
    node.end().await;
}

#[tokio::test]
async fn node_info_has_the_shape_of_anvil() {
    let node = node().await;
    let info = node.get("anvil_nodeInfo", json!([])).await;
    assert_eq!(info["currentBlockNumber"], "0x0");
    assert_eq!(info["environment"]["chainId"], 31_337);
    assert!(info["forkConfig"]["forkUrl"].is_null());
    node.end().await;
}
