//! What a stranger can send: each wrong thing is refused with a precise error, and the node goes on as if nothing had
//! happened. Wrong flags and files are in `crates/node/tests/cli.rs`; damaged data directories in `crash.rs`.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use alloy_consensus::{SignableTransaction, TxEip1559, transaction::RlpEcdsaEncodableTx};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, bytes, hex};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use tests::{Bulwark, Refused, Rpc, Wallet, rpc::quantity};
use types::{
    abi::{IStrategy, IStrategyFactory},
    addresses::{STRATEGY_FACTORY, TEST_TOKEN},
};

/// Sends a transaction that must be refused.
async fn refused(rpc: &Rpc, raw: &[u8]) -> Refused {
    let raw = Bytes::copy_from_slice(raw);
    rpc.try_call("eth_sendRawTransaction", json!([raw])).await.expect_err("it is wrong")
}

/// The node still takes a transfer and answers.
async fn is_well(rpc: &Rpc, wallet: &mut Wallet) {
    let receipt = rpc.send(&wallet.transfer(Address::repeat_byte(1), 1).raw).await;
    assert_eq!(receipt["status"], "0x1");
    let health: Value = rpc.get("/health").await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "ready");
}

/// Signs without using up the nonce.
fn signed(wallet: &Wallet, change: impl FnOnce(&mut TxEip1559)) -> Bytes {
    let mut transaction = wallet.transaction(Address::repeat_byte(2), U256::ZERO, Bytes::new());
    change(&mut transaction);
    wallet.clone().sign(transaction).raw
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_no_block_can_hold_are_refused_with_the_reason() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let mut wallet = Wallet::dev(1);
    is_well(&rpc, &mut wallet).await;
    let good = signed(&wallet, |_| ());
    let cases: Vec<(&str, Bytes, &str)> = vec![
        ("nothing", Bytes::new(), "empty transaction"),
        ("garbage", bytes!("deadbeef"), "transaction"),
        ("cut off", good.slice(..good.len() - 5), "malformed transaction of type 2"),
        ("padded", [good.as_ref(), &[0]].concat().into(), "trailing bytes"),
        ("a blob transaction", bytes!("03c0"), "takes no blob transactions"),
        ("an unknown type", bytes!("7fc0"), "transaction type not supported: 127"),
        (
            "another chain's",
            signed(&wallet, |tx| tx.chain_id = 1),
            "invalid chain id for signer: have 1 want 31337",
        ),
        ("a used nonce", signed(&wallet, |tx| tx.nonce = 0), "nonce too low: next nonce 1, tx nonce 0"),
        ("a nonce far ahead", signed(&wallet, |tx| tx.nonce = 1 << 40), "nonce too high"),
        ("the last nonce", signed(&wallet, |tx| tx.nonce = u64::MAX), "nonce has max value"),
        (
            "too little gas",
            signed(&wallet, |tx| tx.gas_limit = 20_999),
            "intrinsic gas too low: have 20999, want 21000",
        ),
        ("more gas than a block", signed(&wallet, |tx| tx.gas_limit = 60_000_001), "exceeds block gas limit"),
        ("the most gas", signed(&wallet, |tx| tx.gas_limit = u64::MAX), "gas limit"),
        ("more than it has", signed(&wallet, |tx| tx.value = U256::MAX), "insufficient funds"),
        (
            "the most of everything",
            signed(&wallet, |tx| tx.max_fee_per_gas = u128::MAX),
            "insufficient funds",
        ),
        (
            "too low a fee",
            signed(&wallet, |tx| tx.max_fee_per_gas = 1),
            "max fee per gas less than block base fee",
        ),
        (
            "a tip above the cap",
            signed(&wallet, |tx| tx.max_priority_fee_per_gas = u128::MAX),
            "max priority fee per gas higher than max fee per gas",
        ),
        (
            "too large init code",
            signed(&wallet, |tx| {
                (tx.to, tx.input, tx.gas_limit) = (TxKind::Create, vec![0; 49_153].into(), 30_000_000)
            }),
            "max initcode size exceeded",
        ),
    ];
    for (what, raw, expected) in cases {
        let refused = refused(&rpc, &raw).await;
        assert!(refused.message.contains(expected), "{what}: {refused:?} should contain {expected:?}");
        assert_eq!(refused.message.lines().count(), 1, "{what}");
    }
    is_well(&rpc, &mut wallet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_no_key_made_is_refused() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let mut wallet = Wallet::dev(1);
    let transaction = wallet.transaction(Address::repeat_byte(2), U256::ZERO, Bytes::new());
    let order = U256::from_be_bytes(hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
    for (what, r, s) in [
        ("r and s are zero", U256::ZERO, U256::ZERO),
        ("r is beyond the order", order, U256::from(1)),
        ("s is in the upper half", U256::from(1), order - U256::from(1)),
    ] {
        let mut raw = Vec::new();
        transaction.eip2718_encode(&Signature::new(r, s, false), &mut raw);
        let refused = refused(&rpc, &raw).await;
        assert!(refused.message.contains("invalid transaction v, r, s values"), "{what}: {refused:?}");
    }
    // A flipped bit makes another signer, who has nothing.
    let mut forged = wallet.clone().sign(transaction.clone()).raw.to_vec();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let refused = refused(&rpc, &forged).await;
    assert!(
        ["insufficient funds", "invalid transaction v, r, s values"]
            .iter()
            .any(|part| refused.message.contains(part)),
        "{refused:?}"
    );
    assert_ne!(transaction.signature_hash(), B256::ZERO);
    is_well(&rpc, &mut wallet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_gap_waits_until_it_is_filled() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let mut wallet = Wallet::dev(1);
    let first = wallet.transfer(Address::repeat_byte(2), 1);
    let second = wallet.transfer(Address::repeat_byte(2), 1);
    rpc.call("eth_sendRawTransaction", json!([second.raw])).await;
    assert_eq!(rpc.receipt(second.hash).await, Value::Null);
    assert_eq!(rpc.call("txpool_status", json!([])).await["queued"], "0x1");
    assert_eq!(rpc.send(&first.raw).await["status"], "0x1");
    assert_eq!(rpc.receipt(second.hash).await["status"], "0x1");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_of_calldata_are_refused_by_the_pool_and_more_by_the_door() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let mut wallet = Wallet::dev(1);
    let raw = signed(&wallet, |tx| (tx.input, tx.gas_limit) = (vec![0xff; 10 << 20].into(), 60_000_000));
    let refused = refused(&rpc, &raw).await;
    assert!(
        refused.message.contains("oversized data: transaction size 10485"),
        "{}",
        &refused.message[..200.min(refused.message.len())]
    );

    let data = format!("0x{}", "00".repeat(10 << 20));
    let call = rpc.try_call("eth_call", json!([{ "to": TEST_TOKEN, "data": data }, "latest"])).await;
    assert!(call.is_err(), "no selector of the token is zero");

    let huge = vec![b' '; 40 << 20];
    if let Ok(response) = rpc.post(huge).await {
        assert!(response.status().is_client_error() || response.text().await.unwrap().contains("error"));
    }
    is_well(&rpc, &mut wallet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_no_requests_get_json_rpc_errors() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let cases = [
        ("", -32_700),
        ("{", -32_700),
        (deep.as_str(), -32_600),
        ("[]", -32_600),
        ("42", -32_600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32_600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_noSuchThing\",\"params\":[]}", -32_601),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBalance\",\"params\":[]}", -32_602),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBalance\",\"params\":[\"0x12\",\"latest\"]}",
            -32_602,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":[\"latestt\",false]}",
            -32_602,
        ),
    ];
    for (body, code) in cases {
        let shown = &body[..80.min(body.len())];
        let answer: Value =
            rpc.post(body.to_string()).await.unwrap().json().await.unwrap_or_else(|_| panic!("{shown}"));
        let error = if answer.is_array() { &answer[0]["error"] } else { &answer["error"] };
        assert_eq!(error["code"], code, "{shown}: {answer}");
    }
    is_well(&rpc, &mut Wallet::dev(1)).await;
}

/// A token that asks its own strategy for a price whenever it is asked for anything, which asks the token for its
/// balance, and so on without end. Only `decimals()` is answered at once, with 18; all else, at last, with 1.
fn endless_token(strategy: Address) -> Vec<u8> {
    let question = IStrategy::sharesToUnderlyingViewCall { amountShares: U256::from(1) }.abi_encode();
    // Calldata's first four bytes == decimals()? Then jump to the end.
    let mut code = hex!("5f3560e01c63313ce56714").to_vec();
    code.extend(hex!("600057"));
    let target_at = code.len() - 2;
    for (index, word) in question.chunks(32).enumerate() {
        let mut padded = word.to_vec();
        padded.resize(32, 0);
        // PUSH32 word, PUSH1 offset, MSTORE.
        code.push(0x7f);
        code.extend(padded);
        code.extend([0x60, u8::try_from(index * 32).unwrap(), 0x52]);
    }
    // STATICCALL with all gas: input from 0, 32 bytes of output to 0; what came of it is dropped.
    code.extend([0x60, 0x20, 0x5f, 0x60, u8::try_from(question.len()).unwrap(), 0x5f, 0x73]);
    code.extend(strategy.as_slice());
    code.extend(hex!("5afa50"));
    // Return 1.
    code.extend(hex!("60015f5260205ff3"));
    code[target_at] = u8::try_from(code.len()).unwrap();
    // JUMPDEST, return 18.
    code.extend(hex!("5b60125f5260205ff3"));
    code
}

/// Init code that deploys `runtime`.
fn init(runtime: &[u8]) -> Vec<u8> {
    // PUSH1 length, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN: nine bytes.
    let length = u8::try_from(runtime.len()).expect("a short program");
    [&[0x60, length, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3], runtime].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_recursion_through_native_calls_ends_and_harms_nobody() {
    let node = Bulwark::dev(&[]);
    let rpc = node.rpc();
    let mut wallet = Wallet::dev(1);
    let strategy = STRATEGY_FACTORY.create(2);
    let (creation, token) = wallet.create(init(&endless_token(strategy)));
    assert_eq!(rpc.send(&creation.raw).await["status"], "0x1");
    let deploy = wallet.call(STRATEGY_FACTORY, &IStrategyFactory::deployNewStrategyCall { token });
    assert_eq!(
        rpc.send(&deploy.raw).await["status"],
        "0x1",
        "the strategy of a wicked token is made like any other"
    );
    assert_eq!(
        rpc.view(STRATEGY_FACTORY, IStrategyFactory::deployedStrategiesCall { token }).await,
        strategy
    );

    // As a transaction with all the gas of a block: it ends, whatever its status, and used no more than it was given.
    let question = IStrategy::sharesToUnderlyingViewCall { amountShares: U256::from(1) };
    let mut transaction = wallet.transaction(strategy, U256::ZERO, question.abi_encode());
    transaction.gas_limit = 60_000_000;
    let receipt = rpc.send(&wallet.sign(transaction).raw).await;
    assert!(quantity(&receipt["gasUsed"]) <= U256::from(60_000_000), "{receipt}");
    // As a call, as an estimate.
    let data = Bytes::from(question.abi_encode());
    for method in ["eth_call", "eth_estimateGas"] {
        // Either end is fine: an answer, or an error in one line.
        if let Err(refused) = rpc.try_call(method, json!([{ "to": strategy, "data": data }, "latest"])).await
        {
            assert_eq!(refused.message.lines().count(), 1, "{refused:?}");
        }
    }
    is_well(&rpc, &mut wallet).await;
}
