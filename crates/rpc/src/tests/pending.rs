//! `pending`: what the next block would hold and leave, as those see it who ask before it is sealed.

use super::*;
use alloy_primitives::bytes;
use types::addresses::WETH;

/// WETH's `deposit()`.
const DEPOSIT: Bytes = bytes!("d0e30db0");

/// Makes a contract that does `SSTORE(calldata[0..32], calldata[32..64])`.
const BOX_INIT: Bytes = bytes!("666020355f3555005f5260076019f3");

/// Sends without waiting for a block.
async fn hold(node: &Node, account: usize, nonce: u64, to: TxKind, value: u64, input: Bytes) -> String {
    let raw = node.signed(account, nonce, to, value, input);
    text(&node.get("eth_sendRawTransaction", json!([raw])).await)
}

fn put(slot: u64, value: u64) -> Bytes {
    [U256::from(slot).to_be_bytes::<32>(), U256::from(value).to_be_bytes()].concat().into()
}

/// A creation, a call of what it makes, and a deposit, all waiting: the box's address.
async fn waiting_story(node: &Node) -> Address {
    let cube = node.address(0).create(FIRST_NONCE);
    hold(node, 0, FIRST_NONCE, TxKind::Create, 0, BOX_INIT).await;
    hold(node, 0, FIRST_NONCE + 1, TxKind::Call(cube), 0, put(3, 9)).await;
    hold(node, 1, 0, TxKind::Call(WETH), 5, DEPOSIT).await;
    cube
}

/// What is asked of a state, at a block.
fn questions(node: &Node, cube: Address, block: &str) -> Vec<(&'static str, Value)> {
    let supply = json!({ "to": WETH, "data": "0x18160ddd" });
    vec![
        ("eth_getBalance", json!([WETH, block])),
        ("eth_getTransactionCount", json!([node.address(0), block])),
        ("eth_getCode", json!([cube, block])),
        ("eth_getStorageAt", json!([cube, "0x3", block])),
        ("eth_getStorageValues", json!([{ cube.to_string(): [format!("{:#066x}", 3)] }, block])),
        ("eth_getAccountInfo", json!([WETH, block])),
        ("eth_call", json!([supply, block])),
        ("eth_estimateGas", json!([{ "from": node.address(2), "to": cube, "data": put(3, 8) }, block])),
        ("eth_createAccessList", json!([{ "from": node.address(2), "to": cube, "data": put(3, 8) }, block])),
        ("eth_callMany", json!([[{ "transactions": [supply] }], { "blockNumber": block }])),
        ("debug_traceCall", json!([supply, block, { "tracer": "callTracer" }])),
        ("eth_getBlockTransactionCountByNumber", json!([block])),
    ]
}

#[tokio::test]
async fn what_pending_says_is_what_the_sealed_block_says() {
    let node = node_with(Mining::Manual, |_| {}).await;
    let cube = waiting_story(&node).await;
    let mut told = Vec::new();
    for (method, params) in questions(&node, cube, "pending") {
        told.push((method, node.get(method, params).await));
    }
    for (method, params) in questions(&node, cube, "latest") {
        if method == "debug_traceCall" {
            continue;
        }
        let before = node.get(method, params).await;
        assert!(!told.contains(&(method, before)), "{method} does not see what waits");
    }
    let next = node.get("eth_getBlockByNumber", json!(["pending", false])).await;
    let receipts = node.get("eth_getBlockReceipts", json!(["pending"])).await;
    assert_eq!(node.number("eth_blockNumber", json!([])).await, 0, "nothing is sealed by asking");
    node.get("evm_mine", json!([])).await;
    for ((method, params), (_, told)) in questions(&node, cube, "latest").into_iter().zip(told) {
        assert_eq!(node.get(method, params).await, told, "{method}");
    }
    let sealed = node.get("eth_getBlockByNumber", json!(["latest", false])).await;
    for field in
        ["number", "parentHash", "transactions", "gasUsed", "receiptsRoot", "logsBloom", "baseFeePerGas"]
    {
        assert_eq!(next[field], sealed[field], "{field}");
    }
    let sealed = node.get("eth_getBlockReceipts", json!(["latest"])).await;
    for (next, sealed) in receipts.as_array().unwrap().iter().zip(sealed.as_array().unwrap()) {
        for field in ["status", "gasUsed", "contractAddress", "transactionHash", "cumulativeGasUsed"] {
            assert_eq!(next[field], sealed[field], "{field}");
        }
    }
    assert_eq!(receipts.as_array().unwrap().len(), 3);
    node.end().await;
}

#[tokio::test]
async fn pending_follows_pool_blocks_and_edits() {
    let node = node_with(Mining::Manual, |_| {}).await;
    let balance = async || node.number("eth_getBalance", json!([WETH, "pending"])).await;
    assert_eq!(balance().await, 0);
    let first = hold(&node, 0, FIRST_NONCE, TxKind::Call(WETH), 5, DEPOSIT).await;
    assert_eq!((balance().await, balance().await), (5, 5));
    let second = hold(&node, 0, FIRST_NONCE + 1, TxKind::Call(WETH), 7, DEPOSIT).await;
    assert_eq!(balance().await, 12);
    node.get("anvil_dropTransaction", json!([second])).await;
    assert_eq!(balance().await, 5);
    // The sender of what waits can no longer pay: the edit is seen.
    node.get("anvil_setBalance", json!([WETH, "0x64"])).await;
    assert_eq!(balance().await, 105);
    node.get("evm_mine", json!([])).await;
    assert_eq!(balance().await, 105);
    let receipt = node.get("eth_getTransactionReceipt", json!([first])).await;
    assert_eq!(receipt["status"], "0x1");
    node.end().await;
}

#[tokio::test]
async fn a_batch_may_ask_for_pending_and_latest_side_by_side() {
    let node = node_with(Mining::Manual, |_| {}).await;
    hold(&node, 0, FIRST_NONCE, TxKind::Call(WETH), 5, DEPOSIT).await;
    let blocks = ["pending", "latest", "PENDING", "p\\u0065nding"];
    let members = blocks.map(|block| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["{WETH}","{}"]}}"#,
            block.replace("\\\\", "\\")
        )
    });
    let answers = node.body(format!("[{}]", members.join(","))).await;
    let told: Vec<Value> =
        answers.as_array().unwrap().iter().map(|answer| outcome(answer).unwrap()).collect();
    assert_eq!(json!(told), json!(["0x5", "0x0", "0x5", "0x5"]), "however it is written");
    node.end().await;
}

#[tokio::test]
async fn a_pending_block_spends_no_more_gas_than_a_call_may() {
    let node = node_with(Mining::Manual, |config| config.limits.max_call_gas = 500_000).await;
    for nonce in FIRST_NONCE..FIRST_NONCE + 4 {
        hold(&node, 0, nonce, TxKind::Call(WETH), 1, DEPOSIT).await;
    }
    // Each may use 200,000.
    assert_eq!(node.number("eth_getBlockTransactionCountByNumber", json!(["pending"])).await, 2);
    assert_eq!(node.number("eth_getBalance", json!([WETH, "pending"])).await, 2);
    node.end().await;
}

#[tokio::test]
async fn simulated_blocks_may_follow_the_pending_one() {
    let node = node_with(Mining::Manual, |_| {}).await;
    hold(&node, 0, FIRST_NONCE, TxKind::Call(WETH), 5, DEPOSIT).await;
    let payload = json!({ "blockStateCalls": [{ "calls": [{ "to": WETH, "data": "0x18160ddd" }] }] });
    let blocks = node.get("eth_simulateV1", json!([payload, "pending"])).await;
    assert_eq!(
        (&blocks[0]["number"], &blocks[0]["calls"][0]["returnData"]),
        (&json!("0x2"), &json!(format!("{:#066x}", 5)))
    );
    let blocks = node.get("eth_simulateV1", json!([payload, "latest"])).await;
    assert_eq!(
        (&blocks[0]["number"], &blocks[0]["calls"][0]["returnData"]),
        (&json!("0x1"), &json!(format!("{:#066x}", 0)))
    );
    node.end().await;
}
