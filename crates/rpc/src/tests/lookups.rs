//! Accounts, transactions by place, calls in a row, and geth's pages of state.

use super::*;
use alloy_primitives::{B256, bytes, keccak256};
use std::collections::{BTreeMap, BTreeSet};
use types::addresses::WETH;

/// WETH's `deposit()`.
const DEPOSIT: Bytes = bytes!("d0e30db0");

/// Makes a contract that does `SSTORE(calldata[0..32], calldata[32..64])`.
const BOX_INIT: Bytes = bytes!("666020355f3555005f5260076019f3");

fn put(slot: u64, value: u64) -> Bytes {
    [U256::from(slot).to_be_bytes::<32>(), U256::from(value).to_be_bytes()].concat().into()
}

fn word(value: u64) -> String {
    format!("{value:#066x}")
}

/// Deposits and returns the transaction's hash.
async fn deposit(node: &Node, account: usize, nonce: u64) -> Value {
    let raw = node.signed(account, nonce, TxKind::Call(WETH), 1, DEPOSIT);
    node.get("eth_sendRawTransaction", json!([raw])).await
}

#[tokio::test]
async fn an_account_is_told_as_its_proof_has_it() {
    let node = node().await;
    deposit(&node, 0, FIRST_NONCE).await;
    deposit(&node, 1, 0).await;
    for address in [WETH, node.address(0), Address::repeat_byte(0x77)] {
        for block in ["0x0", "0x1", "latest"] {
            let account = node.get("eth_getAccount", json!([address, block])).await;
            let proof = node.get("eth_getProof", json!([address, [], block])).await;
            for (field, proved) in [
                ("storageRoot", "storageHash"),
                ("codeHash", "codeHash"),
                ("balance", "balance"),
                ("nonce", "nonce"),
            ] {
                assert_eq!(account[field], proof[proved], "{address} {block} {field}");
            }
            let info = node.get("eth_getAccountInfo", json!([address, block])).await;
            assert_eq!((&info["balance"], &info["nonce"]), (&account["balance"], &account["nonce"]));
            assert_eq!(info["code"], node.get("eth_getCode", json!([address, block])).await);
        }
    }
    node.end().await;
}

#[tokio::test]
async fn a_transaction_is_found_by_its_sender_and_nonce_wherever_it_is() {
    let node = node_with(Mining::Manual, |_| {}).await;
    let sealed = deposit(&node, 0, FIRST_NONCE).await;
    node.get("evm_mine", json!([])).await;
    let waiting = deposit(&node, 0, FIRST_NONCE + 1).await;
    let queued = deposit(&node, 0, FIRST_NONCE + 5).await;
    let find = async |nonce: u64| {
        node.get("eth_getTransactionBySenderAndNonce", json!([node.address(0), format!("{nonce:#x}")])).await
    };
    assert_eq!(find(FIRST_NONCE).await, node.get("eth_getTransactionByHash", json!([sealed])).await);
    assert_eq!(find(FIRST_NONCE + 1).await["hash"], waiting);
    assert_eq!(find(FIRST_NONCE + 5).await["hash"], queued);
    assert_eq!(find(FIRST_NONCE + 1).await["blockHash"], Value::Null);
    for absent in [0, FIRST_NONCE + 2] {
        assert_eq!(find(absent).await, Value::Null);
    }
    let raw = node.get("eth_getRawTransactionByHash", json!([sealed])).await;
    let block = node.get("eth_getBlockByNumber", json!(["0x1", false])).await;
    for (method, block) in [
        ("eth_getRawTransactionByBlockNumberAndIndex", json!("0x1")),
        ("eth_getRawTransactionByBlockHashAndIndex", block["hash"].clone()),
    ] {
        assert_eq!(node.get(method, json!([block, "0x0"])).await, raw, "{method}");
        assert_eq!(node.get(method, json!([block, "0x1"])).await, Value::Null, "{method}");
    }
    let raw = node.get("eth_getRawTransactionByHash", json!([waiting])).await;
    let pending = node.get("eth_getRawTransactionByBlockNumberAndIndex", json!(["pending", "0x0"])).await;
    assert_eq!(pending, raw);
    node.end().await;
}

#[tokio::test]
async fn a_transaction_of_the_nodes_own_account_is_answered_with_its_receipt() {
    let node = node().await;
    let transfer = json!({ "from": node.address(1), "to": node.address(2), "value": "0x5" });
    let receipt = node.get("eth_sendTransactionSync", json!([transfer])).await;
    let again = node.get("eth_getTransactionReceipt", json!([receipt["transactionHash"]])).await;
    assert_eq!((&receipt["status"], &receipt), (&json!("0x1"), &again));
    node.get("evm_setAutomine", json!([false])).await;
    let refusal = node.call("eth_sendTransactionSync", json!([transfer, 1])).await.unwrap_err();
    assert_eq!(refusal.code, 4, "{refusal:?}");
    node.end().await;
    let node = node_with(Mining::Instant, |config| config.mode = Mode::Node).await;
    let refusal = node.call("eth_sendTransactionSync", json!([transfer])).await.unwrap_err();
    assert_eq!(refusal.code, -32004, "{refusal:?}");
    node.end().await;
}

#[tokio::test]
async fn calls_in_a_row_build_on_each_other_and_bundles_on_blocks() {
    let node = node().await;
    let supply = json!({ "to": WETH, "data": "0x18160ddd" });
    let wrap = json!({ "from": node.address(1), "to": WETH, "data": DEPOSIT, "value": "0x7" });
    let wrong = json!({ "to": WETH, "data": format!("0x2e1a7d4d{:064x}", 9) });
    // NUMBER, as a word.
    let clock = Address::repeat_byte(0xc1);
    let number = json!({ "to": clock });
    let bundles = json!([
        { "transactions": [supply, wrap, wrong, supply, number] },
        { "transactions": [supply, number], "blockOverride": {} },
        { "transactions": [number], "blockOverride": { "number": "0x64" } },
    ]);
    let state = json!({ clock.to_string(): { "code": "0x435f5260205ff3" } });
    let told = node.get("eth_callMany", json!([bundles, { "blockNumber": "latest" }, state])).await;
    let values: Vec<Vec<Value>> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|bundle| bundle.as_array().unwrap().iter().map(|call| call["value"].clone()).collect())
        .collect();
    assert_eq!(values[0][0], word(0));
    assert_eq!((&values[0][1], &values[0][2]), (&json!("0x"), &Value::Null));
    assert!(text(&told[0][2]["error"]).starts_with("execution reverted"), "{told}");
    assert_eq!((&values[0][3], &values[0][4]), (&json!(word(7)), &json!(word(0))));
    assert_eq!(values[1], [json!(word(7)), json!(word(1))]);
    assert_eq!(values[2], [json!(word(100))]);
    assert_eq!(node.get("eth_call", json!([supply])).await, word(0), "nothing stays");
    let many = vec![supply; 1_025];
    for (params, part) in [
        (json!([[]]), "bundles are empty"),
        (json!([[{ "transactions": many }]]), "too many calls: 1025, and one request may have 1024"),
    ] {
        let refusal = node.call("eth_callMany", params).await.unwrap_err();
        assert!(refusal.code == -32602 && refusal.message.contains(part), "{refusal:?}");
    }
    node.end().await;
}

#[tokio::test]
async fn the_calls_of_one_request_share_the_gas_of_one() {
    let node = node_with(Mining::Instant, |config| config.limits.max_call_gas = 1_000_000).await;
    let endless = Address::repeat_byte(0xe1);
    // JUMPDEST, PUSH0, JUMP.
    let state = json!({ endless.to_string(): { "code": "0x5b5f56" } });
    let bundles = json!([{ "transactions": [{ "to": endless }, { "to": endless }] }]);
    let refusal = node.call("eth_callMany", json!([bundles, {}, state])).await.unwrap_err();
    assert_eq!(refusal.code, -32005);
    assert!(refusal.message.contains("1000000 gas (max_call_gas)"), "{refusal:?}");
    node.end().await;
}

#[tokio::test]
async fn a_block_is_traced_from_its_encoding() {
    let node = node().await;
    deposit(&node, 0, FIRST_NONCE).await;
    let raw = node.get("debug_getRawBlock", json!(["0x1"])).await;
    let options = json!({ "tracer": "callTracer" });
    let by_number = node.get("debug_traceBlockByNumber", json!(["0x1", options])).await;
    assert_eq!(node.get("debug_traceBlock", json!([raw, options])).await, by_number);
    let hash = &by_number[0]["txHash"];
    let raw = node.get("debug_getRawTransaction", json!([hash])).await;
    assert_eq!(node.get("debug_getRawTransactions", json!(["0x1"])).await, json!([raw]));
    assert_eq!(node.get("debug_getBadBlocks", json!([])).await, json!([]));
    let refusal = node.call("debug_traceBlock", json!(["0x1234"])).await.unwrap_err();
    assert!(refusal.code == -32602 && refusal.message.starts_with("could not decode block"), "{refusal:?}");
    node.end().await;
}

#[tokio::test]
async fn pages_of_accounts_are_together_the_state_of_any_block() {
    let node = node().await;
    deposit(&node, 0, FIRST_NONCE).await;
    let stranger = Address::repeat_byte(0x5a);
    let raw = node.signed(0, FIRST_NONCE + 1, TxKind::Call(stranger), 9, Bytes::new());
    node.get("eth_sendRawTransaction", json!([raw])).await;
    for (block, has_stranger) in [("0x1", false), ("0x2", true), ("latest", true)] {
        let whole = node.get("debug_accountRange", json!([block, "0x", 256, true, true])).await;
        let whole = whole["accounts"].as_object().unwrap().clone();
        assert!(whole.len() > 20);
        assert_eq!(whole.contains_key(&stranger.to_checksum(None)), has_stranger, "{block}");
        let (mut paged, mut start) = (BTreeMap::new(), json!("0x"));
        while start != Value::Null {
            let page = node.get("debug_accountRange", json!([block, start, 7, true, true])).await;
            let accounts = page["accounts"].as_object().unwrap();
            assert!((1..=7).contains(&accounts.len()));
            paged.extend(accounts.clone());
            start = page["next"].clone();
        }
        assert_eq!(paged.len(), whole.len(), "{block}");
        for (address, account) in &whole {
            assert_eq!(paged[address], *account);
            let told = node.get("eth_getAccount", json!([address, block])).await;
            let balance: U256 = text(&account["balance"]).parse().unwrap();
            assert_eq!(json!(balance), told["balance"], "{address} {block}");
            assert_eq!((&account["root"], &account["codeHash"]), (&told["storageRoot"], &told["codeHash"]));
        }
    }
    let shown = node.get("debug_accountRange", json!(["latest", keccak256(WETH), 1])).await;
    let weth = &shown["accounts"][WETH.to_checksum(None)];
    assert_eq!((&weth["code"], &weth["key"]), (&json!("0xfe"), &json!(keccak256(WETH))));
    assert!(weth["storage"].as_object().unwrap().values().any(|value| value == "1"), "{weth}");
    let code_hash = &weth["codeHash"];
    assert_eq!(node.get("debug_codeByHash", json!([code_hash])).await, "0xfe");
    assert_eq!(node.get("debug_codeByHash", json!([B256::repeat_byte(9)])).await, Value::Null);
    node.end().await;
}

#[tokio::test]
async fn pages_of_storage_are_as_a_transaction_finds_it() {
    let node = node_with(Mining::Manual, |_| {}).await;
    let cube = node.address(0).create(FIRST_NONCE);
    let mut nonce = FIRST_NONCE;
    let mut hold = async |to: TxKind, input: Bytes| {
        let raw = node.signed(0, nonce, to, 0, input);
        node.get("eth_sendRawTransaction", json!([raw])).await;
        nonce += 1;
    };
    hold(TxKind::Create, BOX_INIT).await;
    for slot in 1..=5 {
        hold(TxKind::Call(cube), put(slot, slot * 10)).await;
    }
    node.get("evm_mine", json!([])).await;
    // In one block: one slot more, one cleared, one changed.
    for (slot, value) in [(6, 60), (2, 0), (3, 33)] {
        hold(TxKind::Call(cube), put(slot, value)).await;
    }
    node.get("evm_mine", json!([])).await;
    node.get("evm_mine", json!([])).await;
    let found = async |block: &str, index: u64, start: String, most: u64| {
        node.get("debug_storageRangeAt", json!([block, index, cube, start, most])).await
    };
    let slots = |told: &Value| -> BTreeMap<String, String> {
        let entry = |(hash, slot): (&String, &Value)| {
            assert_eq!(*hash, keccak256(text(&slot["key"]).parse::<B256>().unwrap()).to_string());
            (text(&slot["key"]), text(&slot["value"]))
        };
        told["storage"].as_object().unwrap().iter().map(entry).collect()
    };
    let expected = |pairs: &[(u64, u64)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(slot, value)| (word(*slot), word(*value))).collect()
    };
    let first = [(1, 10), (2, 20), (3, 30), (4, 40), (5, 50)];
    let last = [(1, 10), (3, 33), (4, 40), (5, 50), (6, 60)];
    for (block, index, wanted) in [
        ("0x1", 0, [].as_slice()),
        ("0x1", 3, &first[..2]),
        ("0x1", 6, &first),
        ("0x2", 0, &first),
        ("0x2", 1, &[(1, 10), (2, 20), (3, 30), (4, 40), (5, 50), (6, 60)]),
        ("0x2", 2, &[(1, 10), (3, 30), (4, 40), (5, 50), (6, 60)]),
        ("0x2", 3, &last),
        ("0x3", 0, &last),
    ] {
        let told = found(block, index, "0x".into(), 100).await;
        assert_eq!(slots(&told), expected(wanted), "block {block}, before transaction {index}");
        assert_eq!(told["nextKey"], Value::Null);
    }
    let (mut pages, mut start) = (BTreeSet::new(), word(0));
    for size in [2, 2, 1] {
        let told = found("0x2", 0, start, 2).await;
        assert_eq!(slots(&told).len(), size);
        pages.extend(slots(&told));
        start = told["nextKey"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(pages.into_iter().collect::<BTreeMap<_, _>>(), expected(&first));
    let refusal = node.call("debug_storageRangeAt", json!(["0x2", 4, cube, "0x", 1])).await.unwrap_err();
    assert!(refusal.message.contains("transaction index 4 out of range: the block has 3"), "{refusal:?}");
    node.end().await;
}

#[tokio::test]
async fn a_node_that_forgets_says_from_where_on_it_remembers() {
    let node = node_keeping(chain::History::Last(8), Mining::Instant, |_| {}).await;
    for nonce in 0..40 {
        deposit(&node, 0, FIRST_NONCE + nonce).await;
    }
    let told = node.get("eth_capabilities", json!([])).await;
    let oldest = number(&told["state"]["oldestBlock"]);
    assert!((1..=32).contains(&oldest), "{told}");
    for (resource, from) in [
        ("state", oldest),
        ("logs", oldest),
        ("stateproofs", oldest),
        ("tx", 0),
        ("receipts", 0),
        ("blocks", 0),
    ] {
        assert_eq!(
            told[resource],
            json!({ "disabled": false, "oldestBlock": format!("{from:#x}") }),
            "{resource}"
        );
    }
    // What is said to be there is there, and what is before it is not.
    let block = |number: u64| format!("{number:#x}");
    for (number, there) in [(oldest, true), (oldest - 1, false)] {
        let balance = node.call("eth_getBalance", json!([WETH, block(number)])).await;
        let range = json!([{ "fromBlock": block(number), "toBlock": block(number) }]);
        let logs = node.call("eth_getLogs", range).await;
        assert_eq!((balance.is_ok(), logs.is_ok()), (there, there), "{number}: {balance:?} {logs:?}");
    }
    let first = node.get("eth_getBlockByNumber", json!(["0x1", false])).await;
    let receipt = node.get("eth_getTransactionReceipt", json!([first["transactions"][0]])).await;
    assert_eq!(receipt["status"], "0x1");
    node.end().await;
}
