//! Developer methods that change more than time: setters, impersonation, what the next blocks are like, going back.

use super::*;
use alloy_primitives::B256;
use types::addresses::{TEST_TOKEN, WETH};

const SOMEBODY: Address = Address::repeat_byte(0x77);

/// Returns what slot 0 holds: PUSH0 SLOAD PUSH0 MSTORE MSIZE PUSH0 RETURN.
const READS_SLOT_0: &str = "0x5f545f52595ff3";

async fn block(node: &Node, which: &str) -> Value {
    node.get("eth_getBlockByNumber", json!([which, true])).await
}

async fn balance(node: &Node, of: Address, at: &str) -> U256 {
    node.get("eth_getBalance", json!([of, at])).await.as_str().unwrap().parse().unwrap()
}

/// Sends from an account whose key the node has not, and returns the receipt.
async fn sent(node: &Node, method: &str, request: Value) -> Value {
    let hash = node.get(method, json!([request])).await;
    node.get("eth_getTransactionReceipt", json!([hash])).await
}

#[tokio::test]
async fn setters_show_at_latest_without_a_block_and_the_next_root_covers_them() {
    let node = node().await;
    let before = block(&node, "latest").await;
    let ether = U256::from(10).pow(U256::from(18));
    assert_eq!(node.get("anvil_setBalance", json!([SOMEBODY, ether])).await, Value::Null);
    assert_eq!(node.get("hardhat_setBalance", json!([SOMEBODY, "0x10"])).await, Value::Null);
    assert_eq!(node.get("anvil_addBalance", json!([SOMEBODY, 5])).await, Value::Null);
    assert_eq!(node.get("anvil_setCode", json!([SOMEBODY, READS_SLOT_0])).await, Value::Null);
    assert_eq!(node.get("anvil_setNonce", json!([SOMEBODY, "0x9"])).await, Value::Null);
    let word = B256::left_padding_from(&[0xab]);
    assert_eq!(node.get("hardhat_setStorageAt", json!([SOMEBODY, "0x0", word])).await, true);
    assert_eq!(balance(&node, SOMEBODY, "latest").await, U256::from(0x15));
    assert_eq!(node.get("eth_getCode", json!([SOMEBODY, "latest"])).await, READS_SLOT_0);
    assert_eq!(node.number("eth_getTransactionCount", json!([SOMEBODY, "latest"])).await, 9);
    assert_eq!(node.get("eth_getStorageAt", json!([SOMEBODY, "0x0", "latest"])).await, json!(word));
    assert_eq!(node.get("eth_call", json!([{ "to": SOMEBODY }, "latest"])).await, json!(word));
    assert_eq!(block(&node, "latest").await, before, "no block was sealed, and the head is as it was");
    node.get("evm_mine", json!([])).await;
    let after = block(&node, "latest").await;
    assert_ne!(after["stateRoot"], before["stateRoot"]);
    let proof = |at: &str| node.get("eth_getProof", json!([SOMEBODY, ["0x0"], at]));
    assert_eq!(proof("0x0").await, proof("latest").await, "the amended block and the next have one state");
    node.end().await;
}

#[tokio::test]
async fn amounts_saturate_and_impossible_ones_are_refused() {
    let node = node().await;
    node.get("anvil_setBalance", json!([SOMEBODY, U256::MAX])).await;
    node.get("anvil_addBalance", json!([SOMEBODY, 1])).await;
    assert_eq!(balance(&node, SOMEBODY, "latest").await, U256::MAX);
    for (method, params) in [
        ("anvil_setBalance", json!([SOMEBODY, "0x1".to_owned() + &"0".repeat(64)])),
        ("anvil_setBalance", json!([SOMEBODY])),
        ("anvil_setNonce", json!([SOMEBODY, "0xffffffffffffffff"])),
        ("anvil_setStorageAt", json!([SOMEBODY, "0x0", "0xzz"])),
        ("evm_setBlockGasLimit", json!([20_999])),
        ("anvil_rollback", json!([1])),
        ("anvil_reorg", json!([1, []])),
        ("anvil_reorg", json!([0, [["0x00", 0]]])),
        ("anvil_loadState", json!(["0x1f8b0800"])),
        ("anvil_loadState", json!(["0x7b7d"])),
        ("anvil_setMinGasPrice", json!(["0x1"])),
    ] {
        assert_eq!(node.call(method, params.clone()).await.unwrap_err().code, -32602, "{method} {params}");
    }
    node.end().await;
}

#[tokio::test]
async fn impersonated_accounts_send_and_contracts_are_among_them() {
    let node = node().await;
    node.get("anvil_setBalance", json!([SOMEBODY, U256::from(10).pow(U256::from(18))])).await;
    node.get("anvil_setCode", json!([SOMEBODY, READS_SLOT_0])).await;
    let request = json!({ "from": SOMEBODY, "to": node.address(1), "value": "0x7" });
    let refusal = node.call("eth_sendTransaction", json!([request])).await.unwrap_err();
    assert!(refusal.message.contains("holds no key"), "{refusal:?}");
    node.get("anvil_impersonateAccount", json!([SOMEBODY])).await;
    let listed = node.get("eth_accounts", json!([])).await;
    assert_eq!(listed.as_array().unwrap().last().unwrap(), &json!(SOMEBODY));
    let receipt = sent(&node, "eth_sendTransaction", request.clone()).await;
    assert_eq!((&receipt["status"], &receipt["from"]), (&json!("0x1"), &json!(SOMEBODY)));
    let found = node.get("eth_getTransactionByHash", json!([receipt["transactionHash"]])).await;
    assert_eq!((&found["from"], &found["s"]), (&json!(SOMEBODY), &json!("0x0")));
    let raw = node.get("eth_getRawTransactionByHash", json!([receipt["transactionHash"]])).await;
    let refusal = node.call("eth_sendRawTransaction", json!([raw])).await.unwrap_err();
    assert!(refusal.message.contains("v, r, s"), "nobody can send it again: {refusal:?}");
    node.get("hardhat_stopImpersonatingAccount", json!([SOMEBODY])).await;
    assert!(node.call("eth_sendTransaction", json!([request])).await.is_err());
    let unsigned = sent(&node, "eth_sendUnsignedTransaction", request.clone()).await;
    assert_ne!(unsigned["transactionHash"], receipt["transactionHash"]);
    node.get("anvil_autoImpersonateAccount", json!([true])).await;
    assert_eq!(sent(&node, "eth_sendTransaction", request.clone()).await["from"], json!(SOMEBODY));
    node.get("anvil_autoImpersonateAccount", json!([false])).await;
    assert!(node.call("eth_sendTransaction", json!([request])).await.is_err());
    node.end().await;
}

#[tokio::test]
async fn token_balances_and_allowances_are_dealt_of_native_tokens_too() {
    let node = node().await;
    let spender = node.address(2);
    for token in [TEST_TOKEN, WETH] {
        for amount in [1_000u64, 0, 7] {
            node.get("anvil_dealERC20", json!([SOMEBODY, token, amount])).await;
            let call = format!("0x70a08231{}", &SOMEBODY.into_word().to_string()[2..]);
            let told = node.get("eth_call", json!([{ "to": token, "data": call }, "latest"])).await;
            assert_eq!(told, json!(B256::from(U256::from(amount))), "{token}");
        }
        node.get("anvil_setERC20Allowance", json!([SOMEBODY, spender, token, "0x63"])).await;
        let words = [SOMEBODY, spender].map(|address| address.into_word().to_string()[2..].to_owned());
        let call = format!("0xdd62ed3e{}", words.concat());
        let told = node.get("eth_call", json!([{ "to": token, "data": call }, "latest"])).await;
        assert_eq!(told, json!(B256::from(U256::from(0x63))));
    }
    let refusal = node.call("anvil_dealERC20", json!([SOMEBODY, node.address(1), 5])).await.unwrap_err();
    assert!(refusal.message.starts_with("Unable to set ERC20 balance, no slot found"), "{refusal:?}");
    node.end().await;
}

#[tokio::test]
async fn the_next_blocks_are_as_told() {
    let node = node().await;
    let randao = B256::repeat_byte(0x42);
    node.get("anvil_setCoinbase", json!([SOMEBODY])).await;
    assert_eq!(node.get("eth_coinbase", json!([])).await, json!(SOMEBODY));
    assert_eq!(node.get("evm_setBlockGasLimit", json!(["0x1c9c380"])).await, true);
    node.get("hardhat_setNextBlockBaseFeePerGas", json!(["0x3"])).await;
    node.get("hardhat_setPrevRandao", json!([randao])).await;
    node.get("anvil_mine", json!([3])).await;
    let first = block(&node, "0x1").await;
    let told = ["miner", "gasLimit", "baseFeePerGas", "mixHash"].map(|key| first[key].clone());
    assert_eq!(told, [json!(SOMEBODY), json!("0x1c9c380"), json!("0x3"), json!(randao)]);
    let last = block(&node, "0x3").await;
    assert_eq!((&last["miner"], &last["gasLimit"]), (&json!(SOMEBODY), &json!("0x1c9c380")));
    let hash = node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE)])).await;
    assert_eq!(node.get("eth_getTransactionReceipt", json!([hash])).await["status"], "0x1");
    assert!(balance(&node, SOMEBODY, "latest").await > U256::ZERO, "the tip");
    assert_ne!(block(&node, "latest").await["mixHash"], json!(randao), "for one block only");
    node.get("anvil_setBlockTimestampInterval", json!([100])).await;
    node.get("evm_mine", json!([])).await;
    node.get("anvil_mine", json!([2])).await;
    let times: Vec<u64> = {
        let mut times = Vec::new();
        for height in ["0x4", "0x5", "0x6", "0x7"] {
            times.push(number(&block(&node, height).await["timestamp"]));
        }
        times
    };
    assert_eq!([times[1] - times[0], times[2] - times[1], times[3] - times[2]], [100; 3]);
    assert_eq!(node.get("anvil_removeBlockTimestampInterval", json!([])).await, true);
    assert_eq!(node.get("anvil_removeBlockTimestampInterval", json!([])).await, false);
    node.end().await;
}

#[tokio::test]
async fn a_revert_restores_state_pool_mode_time_and_impersonation_of_the_moment() {
    let node = node().await;
    node.get("evm_setAutomine", json!([false])).await;
    let waiting = node.get("eth_sendRawTransaction", json!([node.transfer(0, FIRST_NONCE)])).await;
    node.get("anvil_setBalance", json!([SOMEBODY, "0x5"])).await;
    node.get("anvil_impersonateAccount", json!([SOMEBODY])).await;
    let id = node.get("evm_snapshot", json!([])).await;
    let snapshots = node.get("anvil_metadata", json!([])).await["snapshots"].clone();
    assert_eq!(snapshots[id.as_str().unwrap()][0], 0);

    node.get("anvil_setBalance", json!([SOMEBODY, "0x6"])).await;
    node.get("anvil_setStorageAt", json!([SOMEBODY, "0x1", B256::repeat_byte(1)])).await;
    node.get("evm_mine", json!([])).await;
    node.get("anvil_setBalance", json!([SOMEBODY, "0x7"])).await;
    node.get("evm_setAutomine", json!([true])).await;
    node.get("evm_increaseTime", json!([100_000])).await;
    node.get("anvil_stopImpersonatingAccount", json!([SOMEBODY])).await;
    let other = node.get("eth_sendRawTransaction", json!([node.transfer(1, 0)])).await;
    assert!(!node.get("eth_getTransactionReceipt", json!([other])).await.is_null());

    assert_eq!(node.get("evm_revert", json!([id])).await, true);
    assert_eq!(node.number("eth_blockNumber", json!([])).await, 0);
    assert_eq!(balance(&node, SOMEBODY, "latest").await, U256::from(5));
    let slot = node.get("eth_getStorageAt", json!([SOMEBODY, "0x1", "latest"])).await;
    assert_eq!(slot, json!(B256::ZERO));
    assert_eq!(node.get("eth_getTransactionReceipt", json!([waiting])).await, Value::Null);
    assert_eq!(node.get("txpool_status", json!([])).await, json!({ "pending": "0x1", "queued": "0x0" }));
    assert_eq!(node.get("anvil_getAutomine", json!([])).await, false);
    assert!(node.get("eth_accounts", json!([])).await.as_array().unwrap().contains(&json!(SOMEBODY)));
    node.get("evm_mine", json!([])).await;
    assert_eq!(node.get("eth_getTransactionReceipt", json!([waiting])).await["status"], "0x1");
    assert_eq!(node.get("eth_getTransactionReceipt", json!([other])).await, Value::Null);
    assert_eq!(node.get("evm_revert", json!([id])).await, false, "it is used up");
    node.end().await;
}

#[tokio::test]
async fn a_polling_filter_tells_every_block_that_replaced_one_and_no_stale_height() {
    let node = node().await;
    node.get("anvil_mine", json!([5])).await;
    let id = node.get("evm_snapshot", json!([])).await;
    let filter = node.get("eth_newBlockFilter", json!([])).await;
    node.get("anvil_mine", json!([5])).await;
    let changes = || node.get("eth_getFilterChanges", json!([filter]));
    assert_eq!(changes().await.as_array().unwrap().len(), 5);
    node.get("evm_revert", json!([id])).await;
    assert_eq!(changes().await, json!([]));
    node.get("evm_setNextBlockTimestamp", json!([2_000_000_000])).await;
    node.get("anvil_mine", json!([7])).await;
    let told = changes().await;
    assert_eq!(told.as_array().unwrap().len(), 7);
    assert_eq!(told[0], block(&node, "0x6").await["hash"]);
    node.end().await;
}

#[tokio::test]
async fn blocks_are_undone_replaced_and_all_forgotten() {
    let node = node().await;
    node.get("anvil_mine", json!([4])).await;
    let first = block(&node, "0x1").await;
    assert_eq!(node.get("anvil_rollback", json!([])).await, Value::Null);
    assert_eq!(node.get("anvil_rollback", json!(["0x2"])).await, Value::Null);
    assert_eq!(block(&node, "latest").await, first);
    node.get("anvil_mine", json!([3])).await;
    let third = block(&node, "0x3").await;
    let pairs = json!([
        [{ "from": node.address(1), "to": SOMEBODY, "value": "0x64" }, 0],
        [node.transfer(0, FIRST_NONCE), 1],
        [{ "from": node.address(1), "to": SOMEBODY, "value": "0xc8" }, 1],
    ]);
    assert_eq!(node.get("anvil_reorg", json!([2, pairs])).await, Value::Null);
    assert_eq!(node.number("eth_blockNumber", json!([])).await, 4);
    assert_ne!(block(&node, "0x3").await["hash"], third["hash"]);
    let counts: Vec<usize> = {
        let mut counts = Vec::new();
        for number in ["0x3", "0x4"] {
            counts.push(block(&node, number).await["transactions"].as_array().unwrap().len());
        }
        counts
    };
    assert_eq!(counts, [1, 2]);
    assert_eq!(balance(&node, SOMEBODY, "latest").await, U256::from(300));

    let zero = block(&node, "0x0").await;
    node.get("anvil_rollback", json!([4])).await;
    node.get("anvil_setBalance", json!([SOMEBODY, "0x9"])).await;
    node.get("anvil_setCode", json!([node.address(0), "0x00"])).await;
    node.get("evm_mine", json!([])).await;
    let instance = node.get("hardhat_metadata", json!([])).await["instanceId"].clone();
    assert_eq!(node.get("hardhat_reset", json!([])).await, Value::Null);
    assert_ne!(node.get("hardhat_metadata", json!([])).await["instanceId"], instance);
    assert_eq!(block(&node, "latest").await, zero);
    assert_eq!(balance(&node, SOMEBODY, "latest").await, U256::ZERO);
    assert_eq!(node.get("eth_getCode", json!([node.address(0), "latest"])).await, "0x");
    node.get("evm_mine", json!([])).await;
    assert_eq!(block(&node, "latest").await["stateRoot"], zero["stateRoot"], "the genesis state again");
    let fork = json!([{ "forking": { "jsonRpcUrl": "http://localhost:1" } }]);
    assert_eq!(node.call("hardhat_reset", fork).await.unwrap_err().code, -32004);
    node.end().await;
}

#[tokio::test]
async fn a_dumped_state_loads_into_another_chain_with_height_time_and_pool() {
    let one = node().await;
    one.get("anvil_setBalance", json!([SOMEBODY, "0x64"])).await;
    one.get("anvil_setCode", json!([SOMEBODY, READS_SLOT_0])).await;
    one.get("anvil_setStorageAt", json!([SOMEBODY, "0x0", B256::repeat_byte(3)])).await;
    one.get("anvil_mine", json!([50])).await;
    one.get("evm_setAutomine", json!([false])).await;
    let waiting = one.get("eth_sendRawTransaction", json!([one.transfer(0, FIRST_NONCE)])).await;
    let state = one.get("anvil_dumpState", json!([])).await;
    let (last, fee) = (block(&one, "latest").await, one.get("eth_gasPrice", json!([])).await);
    one.end().await;

    let two = node().await;
    assert_eq!(two.get("anvil_loadState", json!([state])).await, true);
    assert_eq!(two.number("eth_blockNumber", json!([])).await, 50);
    assert_eq!(block(&two, "latest").await["timestamp"], last["timestamp"]);
    assert_eq!(two.get("eth_gasPrice", json!([])).await, fee);
    assert_eq!(balance(&two, SOMEBODY, "latest").await, U256::from(100));
    let word = two.get("eth_call", json!([{ "to": SOMEBODY }, "latest"])).await;
    assert_eq!(word, json!(B256::repeat_byte(3)));
    assert_eq!(two.get("anvil_getAutomine", json!([])).await, false);
    two.get("evm_mine", json!([])).await;
    assert_eq!(two.get("eth_getTransactionReceipt", json!([waiting])).await["status"], "0x1");
    two.end().await;
}

#[tokio::test]
async fn detailed_mining_tells_blocks_outputs_and_reasons() {
    let node = node().await;
    node.get("evm_setAutomine", json!([false])).await;
    // PUSH0 PUSH0 REVERT.
    node.get("anvil_setCode", json!([SOMEBODY, "0x5f5ffd"])).await;
    let raw = node.signed(0, FIRST_NONCE, TxKind::Call(SOMEBODY), 0, Bytes::new());
    node.get("eth_sendRawTransaction", json!([raw])).await;
    for method in ["evm_mine_detailed", "anvil_mine_detailed", "anvil_mineDetailed"] {
        let blocks = node.get(method, json!([{ "blocks": 2 }])).await;
        assert_eq!(blocks.as_array().unwrap().len(), 2, "{method}");
    }
    let first = block(&node, "0x1").await;
    assert_eq!(first["transactions"].as_array().unwrap().len(), 1);
    node.get("anvil_setCode", json!([SOMEBODY, READS_SLOT_0])).await;
    let raw = node.signed(0, FIRST_NONCE + 1, TxKind::Call(SOMEBODY), 0, Bytes::new());
    node.get("eth_sendRawTransaction", json!([raw])).await;
    let blocks = node.get("evm_mineDetailed", json!([])).await;
    assert_eq!(blocks[0]["transactions"][0]["output"], json!(B256::ZERO));
    node.end().await;
}

#[tokio::test]
async fn pooled_transactions_are_dropped_one_by_one_by_sender_or_all() {
    let node = node().await;
    node.get("evm_setAutomine", json!([false])).await;
    let mut hashes = Vec::new();
    for (account, nonce) in [(0, FIRST_NONCE), (0, FIRST_NONCE + 1), (1, 0), (2, 0)] {
        hashes.push(node.get("eth_sendRawTransaction", json!([node.transfer(account, nonce)])).await);
    }
    assert_eq!(node.get("anvil_dropTransaction", json!([hashes[2]])).await, hashes[2]);
    assert_eq!(node.get("hardhat_dropTransaction", json!([hashes[2]])).await, Value::Null);
    assert_eq!(node.get("anvil_removePoolTransactions", json!([node.address(0)])).await, Value::Null);
    assert_eq!(node.get("txpool_status", json!([])).await["pending"], "0x1");
    assert_eq!(node.get("anvil_dropAllTransactions", json!([])).await, Value::Null);
    assert_eq!(node.get("txpool_status", json!([])).await["pending"], "0x0");
    node.end().await;
}

#[tokio::test]
async fn an_edit_that_lets_a_waiting_transaction_run_seals_it() {
    let node = node().await;
    let hash = node.get("eth_sendRawTransaction", json!([node.transfer(1, 3)])).await;
    assert_eq!(node.get("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
    node.get("anvil_setNonce", json!([node.address(1), 3])).await;
    assert_eq!(node.get("eth_getTransactionReceipt", json!([hash])).await["status"], "0x1");
    node.end().await;
}

#[tokio::test]
async fn what_cannot_hold_is_refused_with_the_reason() {
    let node = node().await;
    assert_eq!(node.get("anvil_setChainId", json!([31_337])).await, Value::Null);
    for (method, params, reason) in [
        ("anvil_setChainId", json!([1]), "--chain-id 1"),
        ("anvil_setRpcUrl", json!(["http://localhost:1"]), "no fork"),
        ("anvil_impersonateSignature", json!(["0x", SOMEBODY]), "anvil_impersonateAccount"),
    ] {
        let refusal = node.call(method, params).await.unwrap_err();
        assert_eq!(refusal.code, -32004, "{method}");
        assert!(refusal.message.contains(reason), "{refusal:?}");
    }
    assert_eq!(node.get("anvil_enableTraces", json!([])).await, Value::Null);
    node.end().await;
}

#[tokio::test]
async fn a_node_of_a_real_network_refuses_every_one_of_them() {
    use crate::dev;
    let tables = [
        dev::mining::METHODS,
        dev::time::METHODS,
        dev::state::METHODS,
        dev::tokens::METHODS,
        dev::impersonation::METHODS,
        dev::next::METHODS,
        dev::past::METHODS,
        dev::pool::METHODS,
        dev::node::METHODS,
        dev::refused::METHODS,
    ];
    let node = node_with(Mining::Instant, |config| config.mode = Mode::Node).await;
    for method in tables.iter().copied().flatten() {
        let refusal = node.call(method.name, json!([])).await.unwrap_err();
        assert_eq!(refusal.code, -32004, "{}", method.name);
        assert!(refusal.message.contains("only `bulwark dev` and `bulwark demo` offer"), "{refusal:?}");
    }
    node.end().await;
}
