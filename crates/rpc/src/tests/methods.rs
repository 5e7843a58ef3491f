//! The main methods, read back through alloy's types as its clients read them.

use super::*;
use alloy_primitives::{B256, Signature, keccak256};
use alloy_rpc_types_eth::{Block, FeeHistory, Log, Transaction, TransactionReceipt};

/// WETH's `deposit()`: a native contract that emits one log with two topics.
const DEPOSIT: [u8; 4] = [0xd0, 0xe3, 0x0d, 0xb0];

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// Wraps a wei of ether and returns the transaction's hash.
async fn deposit(node: &Node, nonce: u64) -> Value {
    let raw = node.signed(0, nonce, TxKind::Call(types::addresses::WETH), 1, DEPOSIT.into());
    node.get("eth_sendRawTransaction", json!([raw])).await
}

#[tokio::test]
async fn a_sealed_transaction_is_found_everywhere_with_the_same_places() {
    let node = node().await;
    let hash = deposit(&node, FIRST_NONCE).await;
    let block: Block = read(node.get("eth_getBlockByNumber", json!(["latest", true])).await);
    let hashes: Block = read(node.get("eth_getBlockByHash", json!([block.header.hash, false])).await);
    assert_eq!(block.header.number, 1);
    assert_eq!(block.header.hash, block.header.inner.hash_slow());
    assert_eq!(json!(hashes.transactions.as_hashes().unwrap()), json!([hash]));
    let transaction: Transaction = read(node.get("eth_getTransactionByHash", json!([hash])).await);
    assert_eq!(block.transactions.as_transactions().unwrap(), std::slice::from_ref(&transaction));
    assert_eq!(transaction.inner.signer(), node.address(0));
    for (method, params) in [
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x0"])),
        ("eth_getTransactionByBlockHashAndIndex", json!([block.header.hash, "0x0"])),
    ] {
        assert_eq!(read::<Transaction>(node.get(method, params).await), transaction, "{method}");
    }
    let receipt: TransactionReceipt = read(node.get("eth_getTransactionReceipt", json!([hash])).await);
    assert_eq!(receipt.block_hash, Some(block.header.hash));
    assert_eq!(receipt.gas_used, block.header.gas_used);
    assert_eq!((receipt.from, receipt.to), (node.address(0), Some(types::addresses::WETH)));
    assert_eq!(Some(receipt.effective_gas_price), transaction.effective_gas_price);
    let all: Vec<TransactionReceipt> = read(node.get("eth_getBlockReceipts", json!(["latest"])).await);
    assert_eq!(all, std::slice::from_ref(&receipt));
    let logs: Vec<Log> = read(node.get("eth_getLogs", json!([{ "blockHash": block.header.hash }])).await);
    assert_eq!(logs, receipt.inner.logs());
    assert_eq!((logs[0].log_index, logs[0].transaction_index), (Some(0), Some(0)));
    assert_eq!(node.number("eth_getBlockTransactionCountByNumber", json!(["0x1"])).await, 1);
    assert_eq!(node.number("eth_getBlockTransactionCountByHash", json!([block.header.hash])).await, 1);
    assert_eq!(node.number("eth_getUncleCountByBlockNumber", json!(["0x1"])).await, 0);
    assert_eq!(node.get("eth_getUncleByBlockNumberAndIndex", json!(["0x1", "0x0"])).await, Value::Null);
    node.end().await;
}

#[tokio::test]
async fn what_is_not_there_is_null() {
    let node = node().await;
    let hash = B256::repeat_byte(9);
    for (method, params) in [
        ("eth_getBlockByNumber", json!(["0x63", false])),
        ("eth_getBlockByHash", json!([hash, false])),
        ("eth_getTransactionByHash", json!([hash])),
        ("eth_getTransactionReceipt", json!([hash])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x0", "0x7"])),
        ("eth_getBlockReceipts", json!(["0x63"])),
        ("eth_getBlockTransactionCountByNumber", json!(["0x63"])),
    ] {
        assert_eq!(node.get(method, params).await, Value::Null, "{method}");
    }
    node.end().await;
}

#[tokio::test]
async fn state_is_read_at_every_tag_number_and_hash() {
    let node = node().await;
    deposit(&node, FIRST_NONCE).await;
    let weth = types::addresses::WETH;
    let first: Block = read(node.get("eth_getBlockByNumber", json!(["0x0", false])).await);
    let balance = async |block: Value| node.get("eth_getBalance", json!([weth, block])).await;
    for block in
        [json!("latest"), json!("pending"), json!("safe"), json!("finalized"), json!("0x1"), Value::Null]
    {
        assert_eq!(balance(block.clone()).await, "0x1", "{block}");
    }
    for block in [
        json!("earliest"),
        json!("0x0"),
        json!(first.header.hash),
        json!({ "blockNumber": "0x0" }),
        json!({ "blockHash": first.header.hash, "requireCanonical": true }),
    ] {
        assert_eq!(balance(block.clone()).await, "0x0", "{block}");
    }
    assert_eq!(node.get("eth_getCode", json!([weth])).await, "0xfe");
    assert_eq!(node.get("eth_getCode", json!([node.address(1), "latest"])).await, "0x");
    let word = format!("0x{}", "0".repeat(64));
    assert_eq!(node.get("eth_getStorageAt", json!([node.address(1), "0x0", "latest"])).await, word);
    assert_eq!(node.get("eth_getStorageAt", json!([node.address(1), word, "latest"])).await, word);
    let proof = node.get("eth_getProof", json!([weth, ["0x0"], "latest"])).await;
    assert_eq!((&proof["balance"], &proof["nonce"]), (&json!("0x1"), &json!("0x1")));
    assert!(!proof["accountProof"].as_array().unwrap().is_empty());
    assert_eq!(proof["storageProof"][0]["key"], "0x0");
    let proof = node.get("eth_getProof", json!([weth, [word], "latest"])).await;
    assert_eq!(proof["storageProof"][0]["key"], word, "the key as the caller wrote it");
    node.end().await;
}

#[tokio::test]
async fn logs_are_found_by_address_topic_and_range_and_through_filters() {
    let node = node().await;
    let weth = types::addresses::WETH;
    let filter = node.get("eth_newFilter", json!([{ "address": weth }])).await;
    let blocks = node.get("eth_newBlockFilter", json!([])).await;
    let pending = node.get("eth_newPendingTransactionFilter", json!([])).await;
    let mut hashes = Vec::new();
    for nonce in 0..3 {
        hashes.push(deposit(&node, FIRST_NONCE + nonce).await);
    }
    let topic = keccak256("Deposit(address,uint256)");
    let count =
        async |filter: Value| node.get("eth_getLogs", json!([filter])).await.as_array().unwrap().len();
    assert_eq!(count(json!({ "fromBlock": "earliest" })).await, 3);
    assert_eq!(count(json!({})).await, 1);
    assert_eq!(count(json!({ "fromBlock": "0x1", "toBlock": "0x2", "address": [weth] })).await, 2);
    assert_eq!(count(json!({ "fromBlock": "0x0", "topics": [topic, node.address(0).into_word()] })).await, 3);
    assert_eq!(count(json!({ "fromBlock": "0x0", "topics": [[topic, B256::ZERO], null] })).await, 3);
    assert_eq!(count(json!({ "fromBlock": "0x0", "topics": [B256::ZERO] })).await, 0);
    assert_eq!(count(json!({ "fromBlock": "0x0", "address": node.address(0) })).await, 0);
    assert_eq!(count(json!({ "fromBlock": "0x0", "toBlock": "0x999" })).await, 3);
    assert_eq!(count(json!({ "fromBlock": "0x99" })).await, 0);
    let changes = async |id: &Value| node.get("eth_getFilterChanges", json!([id])).await;
    assert_eq!(changes(&filter).await.as_array().unwrap().len(), 3);
    assert_eq!(changes(&filter).await, json!([]));
    assert_eq!(changes(&blocks).await.as_array().unwrap().len(), 3);
    assert_eq!(changes(&pending).await, json!(hashes));
    deposit(&node, FIRST_NONCE + 3).await;
    assert_eq!(changes(&filter).await[0]["blockNumber"], "0x4");
    assert_eq!(changes(&blocks).await.as_array().unwrap().len(), 1);
    assert_eq!(node.get("eth_getFilterLogs", json!([filter])).await.as_array().unwrap().len(), 1);
    assert_eq!(node.get("eth_uninstallFilter", json!([filter])).await, true);
    assert_eq!(node.get("eth_uninstallFilter", json!([filter])).await, false);
    assert_eq!(
        node.call("eth_getFilterChanges", json!([filter])).await.unwrap_err().message,
        "filter not found"
    );
    node.end().await;
}

#[tokio::test]
async fn more_logs_than_the_limit_are_refused() {
    let node = node_with(Mining::Instant, |config| config.limits.max_logs = 1).await;
    deposit(&node, FIRST_NONCE).await;
    deposit(&node, FIRST_NONCE + 1).await;
    let refusal = node.call("eth_getLogs", json!([{ "fromBlock": "0x0" }])).await.unwrap_err();
    assert_eq!(refusal.code, -32005);
    node.end().await;
}

#[tokio::test]
async fn calls_run_on_any_block_and_reverts_are_named() {
    let node = node().await;
    deposit(&node, FIRST_NONCE).await;
    let weth = types::addresses::WETH;
    let supply = json!({ "to": weth, "data": "0x18160ddd" });
    let word = |value: u8| format!("0x{value:064x}");
    assert_eq!(node.get("eth_call", json!([supply])).await, word(1));
    assert_eq!(node.get("eth_call", json!([supply, "0x0"])).await, word(0));
    assert_eq!(node.get("eth_call", json!([supply, "pending"])).await, word(1));
    let gas = node
        .number(
            "eth_estimateGas",
            json!([{ "from": node.address(0), "to": weth, "data": "0xd0e30db0", "value": "0x1" }]),
        )
        .await;
    assert!((21_000..200_000).contains(&gas), "{gas}");
    let plain = json!([{ "from": node.address(0), "to": node.address(1), "value": "0x1" }]);
    assert_eq!(node.number("eth_estimateGas", plain).await, 21_000);
    // minWithdrawalDelayBlocks is readable; registering twice, or undelegating when not delegated, reverts by name.
    let undelegate = format!("0xda8be864{:0>64}", node.address(2).to_string().trim_start_matches("0x"));
    let call =
        json!([{ "from": node.address(2), "to": types::addresses::DELEGATION_MANAGER, "data": undelegate }]);
    for method in ["eth_call", "eth_estimateGas"] {
        let refusal = node.call(method, call.clone()).await.unwrap_err();
        assert_eq!(refusal.code, 3, "{method}: {refusal:?}");
        assert_eq!(refusal.message, "execution reverted: NotActivelyDelegated()", "{method}");
        assert_eq!(refusal.data.as_deref().map(str::len), Some(10), "{method}");
    }
    let poor = json!([{ "from": Address::repeat_byte(7), "to": weth, "value": "0x1" }]);
    let refusal = node.call("eth_call", poor).await.unwrap_err();
    assert!(refusal.message.contains("insufficient funds"), "{refusal:?}");
    node.end().await;
}

#[tokio::test]
async fn calls_may_pretend_state_and_block() {
    let node = node().await;
    let to = Address::repeat_byte(0x22);
    // NUMBER PUSH0 MSTORE PUSH1 32 PUSH0 RETURN, and the same with PUSH0 SLOAD.
    let number = json!({ (to.to_string()): { "code": "0x435f5260205ff3" } });
    let word = |value: u64| format!("0x{value:064x}");
    let call = json!({ "to": to });
    assert_eq!(node.get("eth_call", json!([call, "latest", number])).await, word(0));
    assert_eq!(node.get("eth_call", json!([call, "pending", number])).await, word(1));
    let block = json!({ "number": "0x99" });
    assert_eq!(node.get("eth_call", json!([call, "latest", number, block])).await, word(0x99));
    let slot =
        json!({ (to.to_string()): { "code": "0x5f545f5260205ff3", "stateDiff": { (word(0)): word(7) } } });
    assert_eq!(node.get("eth_call", json!([call, "latest", slot])).await, word(7));
    let poor = Address::repeat_byte(7);
    let rich = json!({ (poor.to_string()): { "balance": "0xde0b6b3a7640000" } });
    let pays = json!({ "from": poor, "to": to, "value": "0x1" });
    assert_eq!(node.get("eth_call", json!([pays, "latest", rich])).await, "0x");
    for (overrides, part) in [
        (json!({ (to.to_string()): { "state": {}, "stateDiff": {} } }), "both 'state' and 'stateDiff'"),
        (json!({ "0x12": {} }), "invalid argument 2 (state overrides)"),
    ] {
        let refusal = node.call("eth_call", json!([call, "latest", overrides])).await.unwrap_err();
        assert!(refusal.code == -32602 && refusal.message.contains(part), "{refusal:?}");
    }
    node.end().await;
}

#[tokio::test]
async fn an_access_list_names_the_slots_of_native_contracts_and_makes_them_warm() {
    let node = node().await;
    let weth = types::addresses::WETH;
    let mut call = json!({ "from": node.address(0), "to": weth, "data": "0xd0e30db0", "value": "0x1" });
    let answer = node.get("eth_createAccessList", json!([call])).await;
    assert!(answer.get("error").is_none(), "{answer}");
    assert_eq!(answer["accessList"][0]["address"], json!(weth));
    assert!(!answer["accessList"][0]["storageKeys"].as_array().unwrap().is_empty());
    call["accessList"] = answer["accessList"].clone();
    assert_eq!(node.get("eth_createAccessList", json!([call])).await, answer);
    node.end().await;
}

#[tokio::test]
async fn an_endless_call_ends_and_the_node_answers_meanwhile() {
    let node = node_with(Mining::Instant, |config| config.limits.max_running_calls = 1).await;
    // JUMPDEST PUSH0 JUMP, as the init code of a contract creation.
    let endless = json!([{ "from": node.address(0), "data": "0x5b5f56" }]);
    let (endless, chain_id) =
        tokio::join!(node.call("eth_call", endless), node.get("eth_chainId", json!([])));
    assert!(endless.unwrap_err().message.contains("gas"));
    assert_eq!(chain_id, "0x7a69");
    node.end().await;
}

#[tokio::test]
async fn fees_follow_the_chain() {
    let node = node().await;
    deposit(&node, FIRST_NONCE).await;
    node.get("anvil_mine", json!([3])).await;
    let history: FeeHistory = read(node.get("eth_feeHistory", json!(["0x3", "latest", [0, 50, 100]])).await);
    assert_eq!(
        (history.oldest_block, history.base_fee_per_gas.len(), history.gas_used_ratio.len()),
        (2, 4, 3)
    );
    assert_eq!(history.reward.unwrap().len(), 3);
    let history: FeeHistory = read(node.get("eth_feeHistory", json!([1, "0x1", [50]])).await);
    assert_eq!(history.reward.unwrap(), [[1_000_000_000]]);
    let all: FeeHistory = read(node.get("eth_feeHistory", json!(["0x400", "latest"])).await);
    assert_eq!((all.oldest_block, all.reward), (0, None));
    let none: FeeHistory = read(node.get("eth_feeHistory", json!(["0x1", "latest", []])).await);
    assert_eq!(none.reward, None, "no percentiles, no rewards");
    let next = *all.base_fee_per_gas.last().unwrap();
    assert_eq!(u128::from(node.number("eth_gasPrice", json!([])).await), next + 1_000_000_000);
    assert_eq!(node.number("eth_maxPriorityFeePerGas", json!([])).await, 1_000_000_000);
    assert_eq!(node.number("eth_blobBaseFee", json!([])).await, 1);
    node.end().await;
}

#[tokio::test]
async fn development_accounts_sign_messages_data_and_transactions() {
    let node = node().await;
    let own = node.address(1);
    assert_eq!(node.get("eth_accounts", json!([])).await[1], json!(own));
    let signature: Signature = text(&node.get("eth_sign", json!([own, "0x1234"])).await).parse().unwrap();
    assert_eq!(signature.recover_address_from_msg([0x12, 0x34]).unwrap(), own);
    assert_eq!(
        node.get("personal_sign", json!(["0x1234", own])).await,
        node.get("eth_sign", json!([own, "0x1234"])).await
    );
    let typed = json!({
        "types": { "EIP712Domain": [{ "name": "name", "type": "string" }], "Note": [{ "name": "text", "type": "string" }] },
        "primaryType": "Note",
        "domain": { "name": "test" },
        "message": { "text": "hello" },
    });
    let signed = node.get("eth_signTypedData_v4", json!([own, typed])).await;
    assert_eq!(node.get("eth_signTypedData_v4", json!([own, typed.to_string()])).await, signed);
    let data: alloy_dyn_abi::TypedData = read(typed);
    let signature: Signature = text(&signed).parse().unwrap();
    assert_eq!(signature.recover_address_from_prehash(&data.eip712_signing_hash().unwrap()).unwrap(), own);
    let raw = node.get("eth_signTransaction", json!([{ "from": own, "to": own }])).await;
    let hash = node.get("eth_sendRawTransaction", json!([raw])).await;
    assert_eq!(node.get("eth_getTransactionByHash", json!([hash])).await["from"], json!(own));
    // PUSH1 0xfe PUSH0 MSTORE8 PUSH1 1 PUSH0 RETURN: deploys one byte.
    let create = json!([{ "from": own, "data": "0x60fe5f5360015ff3" }]);
    let hash = node.get("eth_sendTransaction", create).await;
    let receipt = node.get("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["contractAddress"], json!(own.create(1)));
    assert_eq!(node.get("eth_getCode", json!([own.create(1)])).await, "0xfe");
    node.end().await;
}

#[tokio::test]
async fn a_wallet_finds_its_bearings() {
    let node = node().await;
    assert_eq!(node.get("net_version", json!([])).await, "31337");
    assert_eq!(node.get("net_listening", json!([])).await, true);
    assert_eq!(node.get("net_peerCount", json!([])).await, "0x0");
    assert_eq!(node.get("eth_syncing", json!([])).await, false);
    assert_eq!(node.get("web3_clientVersion", json!([])).await, "bulwark/test");
    assert_eq!(node.get("web3_sha3", json!(["0x"])).await, json!(keccak256([])));
    let names = node.get("restake_abi", json!([])).await;
    assert!(names.as_array().unwrap().contains(&json!("DelegationManager")));
    let parameters = node.get("restake_parameters", json!([])).await;
    assert_eq!((&parameters["chainId"], &parameters["rules"]), (&json!(31337), &json!("mainnet")));
    node.end().await;
}
