//! `bulwark node`: settings from file, environment and flags, a genesis file, blocks at intervals, no development
//! methods, and a kept chain.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command},
};
use tests::{Rpc, Wallet, bulwark, process, rpc::quantity};

/// A directory with the genesis of a network whose first test account is rich, and settings that name it.
fn network() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let account = Wallet::dev(1).address;
    let genesis = json!({
        "config": {
            "chainId": 31_337,
            "bulwark": {
                "preset": "fast",
                "roles": { "owner": account, "unpauser": account, "pausers": [account] },
            },
        },
        "timestamp": "0x65000000",
        "alloc": { account.to_string(): { "balance": "0xde0b6b3a7640000" } },
    });
    fs::write(directory.path().join("genesis.json"), genesis.to_string()).unwrap();
    let settings = "genesis = \"genesis.json\"\ndata_dir = \"data\"\nport = 1\nblock_time_secs = 0.05\n";
    fs::write(directory.path().join("bulwark.toml"), settings).unwrap();
    directory
}

struct Node {
    child: Child,
    rpc: Rpc,
}

/// Starts on a free port, with JSON logs, and waits for the line that says it is ready.
fn start(directory: &Path) -> Node {
    let config = directory.join("bulwark.toml");
    let mut command = bulwark(["node", "--config", config.to_str().unwrap(), "--log-format", "json"]);
    let mut child = command.env("BULWARK_PORT", "0").spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("is ready") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it ended before it was ready");
    }
    let ready: Value = serde_json::from_str(&line).unwrap();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        // Reads on so that the pipe never fills.
        let _ = stderr.read_to_end(&mut rest);
    });
    Node { rpc: Rpc::new(ready["rpc"].as_str().unwrap()), child }
}

impl Node {
    fn stop(mut self) {
        Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_seals_at_intervals_keeps_its_chain_and_refuses_development_methods() {
    let directory = network();
    let node = start(directory.path());
    let mut wallet = Wallet::dev(1);
    let signed = wallet.transfer(Address::repeat_byte(7), 5);
    node.rpc.call("eth_sendRawTransaction", json!([signed.raw])).await;
    while node.rpc.receipt(signed.hash).await.is_null() {}
    let receipt = node.rpc.receipt(signed.hash).await;
    for method in ["anvil_mine", "evm_increaseTime", "evm_snapshot", "eth_sendTransaction"] {
        let refused = node.rpc.try_call(method, json!([])).await.unwrap_err();
        assert_eq!(refused.code, -32_004, "{method}: {refused:?}");
    }
    assert_eq!(node.rpc.call("eth_accounts", json!([])).await, json!([]));
    node.stop();

    let node = start(directory.path());
    assert_eq!(node.rpc.receipt(signed.hash).await, receipt);
    assert_eq!(node.rpc.balance(Address::repeat_byte(7)).await, U256::from(5));
    let head = node.rpc.head().await;
    while node.rpc.head().await <= head {}
    node.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gas_cap_of_a_transaction_holds() {
    let directory = network();
    let node = start(directory.path());
    let mut wallet = Wallet::dev(1);
    let transaction = wallet.transaction(Address::ZERO, U256::ZERO, Vec::new());
    let greedy = alloy_consensus::TxEip1559 {
        gas_limit: (1 << 24) + 1,
        max_fee_per_gas: 1_000_000_000,
        ..transaction
    };
    let signed = wallet.sign(greedy);
    let refused = node.rpc.try_call("eth_sendRawTransaction", json!([signed.raw])).await.unwrap_err();
    assert!(refused.message.contains("cap: 16777216"), "{refused:?}");
    let latest = node.rpc.call("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(quantity(&latest["gasLimit"]), U256::from(60_000_000));
    node.stop();
}

#[test]
fn another_genesis_or_a_damaged_one_is_refused_in_one_line() {
    let directory = network();
    let config = directory.path().join("bulwark.toml");
    let config = config.to_str().unwrap();
    start(directory.path()).stop();
    let path = directory.path().join("genesis.json");
    let good = fs::read_to_string(&path).unwrap();

    fs::write(&path, good.replace("31337", "31338")).unwrap();
    let ended = process::run(["node", "--config", config, "--port", "0", "--log", "error"]);
    assert_eq!(ended.code(), 1);
    assert!(ended.error().contains("holds another chain"), "{}", ended.error());

    fs::write(&path, good.replace("owner", "ownr")).unwrap();
    let ended = process::run(["node", "--config", config, "--port", "0"]);
    assert_eq!(ended.code(), 64);
    assert!(ended.error().contains("genesis.json: config.bulwark.roles"), "{}", ended.error());
}
