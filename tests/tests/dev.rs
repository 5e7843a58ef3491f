//! `bulwark dev` as a developer meets it: ready at once, accounts and contracts where the banner says, flags that mean
//! what anvil's mean, a first deposit, a clean end.

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
use alloy_provider::{Provider, ProviderBuilder};
use serde_json::{Value, json};
use std::{io::Read, net::TcpListener};
use tests::{Bulwark, Wallet, bulwark, process, rpc::quantity};
use types::{
    abi::{IDelegationManager, IStrategyManager, ITestToken},
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
};

const ETHER: u64 = 1_000_000_000_000_000_000;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banner_tells_the_truth_about_accounts_contracts_and_chain() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let health: Value = rpc.get("/health").await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "ready");
    assert_eq!(quantity(&rpc.call("eth_chainId", json!([])).await), U256::from(31_337));

    let accounts = node.banner["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 10);
    for (index, account) in accounts.iter().enumerate() {
        let wallet = Wallet::dev(u32::try_from(index).unwrap());
        assert_eq!(text(&account["address"]), wallet.address.to_string());
        assert_eq!(text(&account["private_key"]), wallet.signer.to_bytes().to_string());
        assert_eq!(rpc.balance(wallet.address).await, U256::from(10_000) * U256::from(ETHER));
        assert_eq!(rpc.nonce(wallet.address).await, wallet.nonce);
    }
    assert_eq!(node.banner["account_0_nonce"], 20);
    assert_eq!(rpc.call("restake_addresses", json!([])).await, node.banner["contracts"]);
    for (name, address) in node.banner["contracts"].as_object().unwrap() {
        let code = rpc.call("eth_getCode", json!([address, "latest"])).await;
        assert_ne!(code, "0x", "{name} has code");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_deposit_is_delegated_withdrawn_and_told_block_by_block() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let (mut operator, mut staker) = (Wallet::dev(1), Wallet::dev(2));
    let amount = U256::from(32) * U256::from(ETHER);
    let register = IDelegationManager::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: "granite".into(),
    };
    let delegate = IDelegationManager::delegateToCall {
        operator: operator.address,
        approverSignatureAndExpiry: IDelegationManager::SignatureWithExpiry {
            signature: "".into(),
            expiry: U256::ZERO,
        },
        approverSalt: Default::default(),
    };
    let sent = [
        operator.call(DELEGATION_MANAGER, &register),
        staker.call(TEST_TOKEN, &ITestToken::mintCall { to: staker.address, value: amount }),
        staker.call(TEST_TOKEN, &ITestToken::approveCall { spender: STRATEGY_MANAGER, value: amount }),
        staker.call(
            STRATEGY_MANAGER,
            &IStrategyManager::depositIntoStrategyCall {
                strategy: TEST_TOKEN_STRATEGY,
                token: TEST_TOKEN,
                amount,
            },
        ),
        staker.call(DELEGATION_MANAGER, &delegate),
    ];
    for signed in &sent {
        assert_eq!(rpc.send(&signed.raw).await["status"], "0x1");
    }
    let shares =
        IDelegationManager::operatorSharesCall { operator: operator.address, strategy: TEST_TOKEN_STRATEGY };
    assert_eq!(rpc.view(DELEGATION_MANAGER, shares.clone()).await, amount);

    let undelegate =
        staker.call(DELEGATION_MANAGER, &IDelegationManager::undelegateCall { staker: staker.address });
    assert_eq!(rpc.send(&undelegate.raw).await["status"], "0x1");
    assert_eq!(rpc.view(DELEGATION_MANAGER, shares).await, U256::ZERO);
    let queued = rpc
        .view(DELEGATION_MANAGER, IDelegationManager::getQueuedWithdrawalsCall { staker: staker.address })
        .await;
    let withdrawal = queued.withdrawals[0].clone();
    let complete = IDelegationManager::completeQueuedWithdrawalCall {
        withdrawal,
        tokens: vec![TEST_TOKEN],
        receiveAsTokens: true,
    };
    let early = rpc.send(&staker.call(DELEGATION_MANAGER, &complete).raw).await;
    assert_eq!(early["status"], "0x0", "the delay is not over");
    rpc.call("anvil_mine", json!(["0xb"])).await;
    assert_eq!(rpc.send(&staker.call(DELEGATION_MANAGER, &complete).raw).await["status"], "0x1");
    assert_eq!(rpc.view(TEST_TOKEN, ITestToken::balanceOfCall { account: staker.address }).await, amount);

    let head = rpc.head().await;
    let ended = node.signal("TERM");
    assert_eq!((ended.code(), ended.stderr.as_str()), (0, ""));
    let told: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let with_transactions: Vec<&Value> =
        told.iter().filter(|line| !line["transactions"].as_array().unwrap().is_empty()).collect();
    assert_eq!(with_transactions.len(), 8, "each transaction had a block of its own");
    assert_eq!(with_transactions[3]["transactions"][0]["hash"], sent[3].hash.to_string());
    assert_eq!(with_transactions[7]["number"], head);
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_mean_what_they_say() {
    let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let node = Bulwark::dev(&[
        "--chain-id",
        "560048",
        "--accounts",
        "3",
        "--balance",
        "1.5",
        "--gas-limit",
        "12345678",
        "--timestamp",
        "1700000000",
        "--base-fee",
        "7",
        "--mnemonic",
        phrase,
        "--preset",
        "mainnet",
        "--rules",
        "slashing-2025",
    ]);
    let rpc = node.rpc();
    assert_eq!(quantity(&rpc.call("eth_chainId", json!([])).await), U256::from(560_048));
    assert_eq!(rpc.call("eth_accounts", json!([])).await.as_array().unwrap().len(), 3);
    let first: Address = text(&node.banner["accounts"][0]["address"]).parse().unwrap();
    assert_eq!(rpc.balance(first).await, U256::from(ETHER) * U256::from(3) / U256::from(2));
    assert_eq!(rpc.nonce(first).await, 0, "only anvil's account 0 would create onto a fixed address");
    let genesis = rpc.block(0).await;
    assert_eq!(quantity(&genesis["gasLimit"]), U256::from(12_345_678));
    assert_eq!(quantity(&genesis["timestamp"]), U256::from(1_700_000_000u64));
    assert_eq!(quantity(&genesis["baseFeePerGas"]), U256::from(7));
    assert_eq!(
        rpc.view(DELEGATION_MANAGER, IDelegationManager::minWithdrawalDelayBlocksCall {}).await,
        100_800
    );
    assert_eq!(rpc.view(DELEGATION_MANAGER, IDelegationManager::versionCall {}).await, "v1.3.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mining_a_transaction_waits_for_the_command() {
    let node = Bulwark::dev(&["--no-mining"]);
    let rpc = node.rpc();
    let signed = Wallet::dev(1).transfer(Address::repeat_byte(7), 5);
    rpc.call("eth_sendRawTransaction", json!([signed.raw])).await;
    assert_eq!(rpc.receipt(signed.hash).await, Value::Null);
    rpc.call("evm_mine", json!([])).await;
    assert_eq!(rpc.receipt(signed.hash).await["status"], "0x1");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_block_time_blocks_come_by_themselves() {
    let node = Bulwark::dev(&["--block-time", "0.05"]);
    let rpc = node.rpc();
    let signed = Wallet::dev(1).transfer(Address::repeat_byte(7), 5);
    rpc.call("eth_sendRawTransaction", json!([signed.raw])).await;
    while rpc.receipt(signed.hash).await.is_null() {}
    let head = rpc.head().await;
    while rpc.head().await < head + 3 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_ethereum_client_sends_and_reads() {
    let node = Bulwark::dev(&[]);
    let mut wallet = Wallet::dev(3);
    let provider = ProviderBuilder::new().connect_http(node.url().parse().unwrap());
    let signed = wallet.transfer(Address::repeat_byte(9), 77);
    let pending = provider.send_raw_transaction(&signed.raw).await.unwrap();
    let receipt = provider.get_transaction_receipt(*pending.tx_hash()).await.unwrap().unwrap();
    assert!(receipt.status());
    assert_eq!(provider.get_balance(Address::repeat_byte(9)).await.unwrap(), U256::from(77));
    assert_eq!(provider.get_block_number().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_chain_goes_on_where_it_ended() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let mut wallet = Wallet::dev(1);
    let node = Bulwark::dev(&["--data-dir", data]);
    let receipt = node.rpc().send(&wallet.transfer(Address::repeat_byte(7), 5).raw).await;
    let block = node.rpc().block(1).await;
    assert_eq!(node.signal("INT").code(), 0);

    let node = Bulwark::dev(&["--data-dir", data]);
    let rpc = node.rpc();
    assert_eq!(node.banner["head"], 1);
    assert_eq!(rpc.block(1).await, block);
    assert_eq!(rpc.receipt(text(&receipt["transactionHash"]).parse().unwrap()).await, receipt);
    assert_eq!(rpc.send(&wallet.transfer(Address::repeat_byte(7), 5).raw).await["status"], "0x1");
    assert_eq!(rpc.balance(Address::repeat_byte(7)).await, U256::from(10));
    assert_eq!(node.signal("TERM").code(), 0);

    let other = Bulwark::try_dev(&["--data-dir", data, "--chain-id", "5"]).unwrap_err();
    assert_eq!(other.code(), 1);
    assert!(other.error().contains("holds another chain"), "{}", other.error());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_or_directory_that_is_taken_is_told_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = process::run(["dev", "--silent", "--port", &port]);
    assert_eq!(ended.code(), 1);
    assert!(ended.error().contains(&format!("port {port} on 127.0.0.1 is in use")), "{}", ended.error());

    let node = Bulwark::dev(&["--data-dir", data]);
    let second = Bulwark::try_dev(&["--data-dir", data]).unwrap_err();
    assert_eq!(second.code(), 1);
    assert!(second.error().contains("in use by another process"), "{}", second.error());
    let mut wallet = Wallet::dev(1);
    assert_eq!(node.rpc().send(&wallet.transfer(Address::ZERO, 1).raw).await["status"], "0x1");
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_says_nothing_and_metrics_are_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = bulwark(["dev", "--silent", "--port", &port.to_string()]).spawn().unwrap();
    let rpc = tests::Rpc::new(&format!("http://127.0.0.1:{port}"));
    while rpc.get("/health").await.is_err() {}
    let mut wallet = Wallet::dev(1);
    assert_eq!(rpc.send(&wallet.transfer(Address::ZERO, 1).raw).await["status"], "0x1");
    let metrics = rpc.get("/metrics").await.unwrap().text().await.unwrap();
    assert!(
        metrics.lines().any(|line| line.starts_with("bulwark_head") && line.ends_with(" 1")),
        "{metrics}"
    );
    std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
    let mut told = String::new();
    child.stdout.unwrap().read_to_string(&mut told).unwrap();
    child.stderr.unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(told, "");
}

#[test]
fn the_banner_for_people_names_accounts_keys_contracts_and_the_first_nonce() {
    let mut child = bulwark(["dev", "--port", "0"]).spawn().unwrap();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut banner = String::new();
    while !banner.contains("ready in") {
        assert_ne!(std::io::BufRead::read_line(&mut stdout, &mut banner).unwrap(), 0, "{banner}");
    }
    for expected in [
        "chain 31337 · rules mainnet · preset fast (delays of 10 blocks)",
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9",
        "account 0 starts at nonce 20",
    ] {
        assert!(banner.contains(expected), "{expected} is not in {banner}");
    }
    assert!(!banner.contains('\u{1b}'), "no colours into a pipe");
    assert!(banner.lines().all(|line| line.chars().count() <= 80), "80 columns: {banner}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Somebody whose key nobody has.
const SOMEBODY: Address = Address::repeat_byte(0x77);

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_impersonated_transactions_survive_restarts_and_kills() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let node = Bulwark::dev(&["--data-dir", data, "--auto-impersonate"]);
    let rpc = node.rpc();
    rpc.call("anvil_setBalance", json!([SOMEBODY, U256::from(ETHER)])).await;
    let request = json!({ "from": SOMEBODY, "to": Address::repeat_byte(8), "value": "0x5" });
    let hash = rpc.call("eth_sendTransaction", json!([request])).await;
    rpc.call("anvil_mine", json!([20])).await;
    rpc.call("anvil_setNonce", json!([SOMEBODY, 40])).await;
    rpc.call("anvil_setCode", json!([SOMEBODY, "0x5f5ffd"])).await;
    let told = rpc.call("eth_getTransactionByHash", json!([hash])).await;
    let receipt = rpc.call("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(told["from"], json!(SOMEBODY));
    let proof = rpc.call("eth_getProof", json!([SOMEBODY, [], "latest"])).await;
    node.kill();

    for flags in [&["--data-dir", data][..], &["--data-dir", data, "--audit"]] {
        let node = Bulwark::dev(flags);
        let rpc = node.rpc();
        assert_eq!(node.banner["head"], 21);
        assert_eq!(rpc.call("eth_getTransactionByHash", json!([hash])).await, told);
        assert_eq!(rpc.call("eth_getTransactionReceipt", json!([hash])).await, receipt);
        assert_eq!(rpc.call("eth_getProof", json!([SOMEBODY, [], "latest"])).await, proof);
        assert_eq!(rpc.nonce(SOMEBODY).await, 40);
        let before = rpc.call("eth_getTransactionCount", json!([SOMEBODY, "0x14"])).await;
        assert_eq!(before, "0x1", "the edit belongs to the last block");
        assert_eq!(rpc.call("eth_getCode", json!([SOMEBODY, "latest"])).await, "0x5f5ffd");
        assert_eq!(node.signal("INT").code(), 0);
    }
    let looked = process::run(["doctor", data]);
    assert_eq!(looked.code(), 0, "{looked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_file_is_written_at_the_end_and_begun_with() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.json");
    let path = file.to_str().unwrap();
    let mut wallet = Wallet::dev(1);
    let node = Bulwark::dev(&["--state", path]);
    let rpc = node.rpc();
    rpc.call("anvil_setBalance", json!([SOMEBODY, "0x64"])).await;
    assert_eq!(rpc.send(&wallet.transfer(SOMEBODY, 5).raw).await["status"], "0x1");
    rpc.call("anvil_mine", json!([30])).await;
    let last = rpc.block(31).await;
    assert_eq!(node.signal("INT").code(), 0);

    for signal in ["TERM", "INT"] {
        let node = Bulwark::dev(&["--state", path]);
        let rpc = node.rpc();
        let head = rpc.head().await;
        assert!(head >= 31);
        // Blocks above it came by the wall clock, and shift those below when they are sealed anew.
        assert!(head > 31 || rpc.block(31).await["timestamp"] == last["timestamp"]);
        assert_eq!(rpc.nonce(wallet.address).await, wallet.nonce);
        assert_eq!(rpc.send(&wallet.transfer(SOMEBODY, 1).raw).await["status"], "0x1");
        assert_eq!(node.signal(signal).code(), 0);
    }
    let copy = Bulwark::dev(&["--load-state", directory.path().to_str().unwrap()]);
    assert_eq!(
        copy.rpc().balance(SOMEBODY).await,
        U256::from(107),
        "a directory stands for state.json in it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_anvil_is_begun_with_and_anything_else_refused_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let anvils = json!({
        "block": { "number": "0x7", "beneficiary": Address::ZERO, "timestamp": "0x6553f100", "gas_limit": 30_000_000,
            "basefee": 9, "difficulty": "0x0", "prevrandao": null, "blob_excess_gas_and_price": null },
        "accounts": { SOMEBODY.to_string(): { "nonce": 3, "balance": "0x2a", "code": "0x5f5ffd",
            "storage": { "0x1": "0x2" } } },
        "best_block_number": 7,
        "blocks": [{ "header": {} }],
        "historical_states": null,
    });
    std::fs::write(path("anvil.json"), anvils.to_string()).unwrap();
    let node = Bulwark::dev(&["--load-state", &path("anvil.json"), "--no-mining"]);
    let rpc = node.rpc();
    assert_eq!((rpc.head().await, rpc.nonce(SOMEBODY).await), (7, 3));
    assert_eq!(rpc.block(7).await["timestamp"], "0x6553f100");
    assert_eq!(rpc.balance(SOMEBODY).await, U256::from(42));
    let slot = rpc.call("eth_getStorageAt", json!([SOMEBODY, "0x1", "latest"])).await;
    assert_eq!(quantity(&slot), U256::from(2));
    rpc.call("evm_mine", json!([])).await;
    assert_eq!(rpc.block(8).await["baseFeePerGas"], "0x9");

    std::fs::write(path("other.json"), "{\"alloc\":{}}").unwrap();
    std::fs::write(
        path("later.json"),
        json!({ "block": null, "accounts": {}, "bulwark": { "version": 2 } }).to_string(),
    )
    .unwrap();
    for (flag, name, expected) in [
        ("--load-state", "none.json", "there is no state file"),
        ("--load-state", "other.json", "no state dump: missing field `accounts`"),
        ("--load-state", "later.json", "no state dump"),
        ("--dump-state", "no/where.json", "there is no directory"),
    ] {
        let ended = Bulwark::try_dev(&[flag, &path(name)]).unwrap_err();
        assert_eq!(ended.code(), 64, "{name}");
        assert!(ended.error().contains(expected), "{}", ended.error());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_that_anvil_users_type_are_taken_or_refused_with_the_reason() {
    let funded = format!("{SOMEBODY}:3");
    let node = Bulwark::dev(&[
        "--fund-accounts",
        &funded,
        "--hardfork",
        "osaka",
        "--order",
        "fees",
        "--steps-tracing",
        "--block-gas-limit",
        "30000000",
    ]);
    assert_eq!(node.rpc().balance(SOMEBODY).await, U256::from(ETHER) * U256::from(3));
    for (flag, reason) in [
        ("--fork-url", "this chain forks no other"),
        ("--ipc", "HTTP and WebSocket"),
        ("--disable-code-size-limit", "rules of the chain"),
    ] {
        let ended = process::run(["dev", flag]);
        assert_eq!(ended.code(), 64);
        assert!(ended.error().contains(flag) && ended.stderr.contains(reason), "{}", ended.stderr);
    }
}
