//! alloy's provider, a client that we did not write, against `bulwark dev`: deploys, calls native contracts by their
//! types, decodes custom errors and events, subscribes, traces, holds the clock. Other clients: `cargo xtask e2e clients`.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use alloy_network::{EthereumWallet, TransactionBuilder};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_provider::{DynProvider, Provider, ProviderBuilder, WsConnect, ext::DebugApi};
use alloy_rpc_types_eth::{BlockNumberOrTag, Filter, TransactionReceipt, TransactionRequest};
use alloy_rpc_types_trace::geth::{GethDebugTracingOptions, GethTrace};
use alloy_sol_types::{SolCall, SolEvent, SolInterface, sol};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Bulwark, Wallet};
use types::{
    abi::{IDelegationManager, IStrategyManager, ITestToken},
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
};

/// Runtime code of an ERC-20 with custom errors, compiled from Token.sol beside it.
const TOKEN: &str = include_str!("../../crates/chain/src/native/testdata/Token.hex");
/// Longest wait for a notification.
const PATIENCE: Duration = Duration::from_secs(30);

sol! {
    interface IToken {
        error InsufficientBalance(address owner, uint256 have, uint256 want);
        function mint(address to, uint256 value) external;
        function transfer(address to, uint256 value) external returns (bool);
        function balanceOf(address owner) external view returns (uint256);
    }
}

fn ether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(10).pow(U256::from(18))
}

/// Init code that returns `runtime`.
fn init(runtime: &[u8]) -> Bytes {
    let length = u16::try_from(runtime.len()).unwrap().to_be_bytes();
    // PUSH2 length DUP1 PUSH1 10 PUSH0 CODECOPY PUSH0 RETURN: ten bytes, then the code.
    let head = [0x61, length[0], length[1], 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3];
    [&head[..], runtime].concat().into()
}

/// A provider that signs for a test account.
fn provider(node: &Bulwark, index: u32) -> DynProvider {
    let wallet = EthereumWallet::from(Wallet::dev(index).signer);
    ProviderBuilder::new().wallet(wallet).connect_http(node.url().parse().unwrap()).erased()
}

fn request(to: Address, call: &impl SolCall) -> TransactionRequest {
    TransactionRequest::default().with_to(to).with_input(call.abi_encode())
}

async fn send(provider: &DynProvider, to: Address, call: &impl SolCall) -> TransactionReceipt {
    let pending = provider.send_transaction(request(to, call)).await.expect("the node takes it");
    let receipt = pending.get_receipt().await.expect("it is mined");
    assert!(receipt.status(), "{receipt:?}");
    receipt
}

async fn view<C: SolCall>(provider: &DynProvider, to: Address, call: C) -> C::Return {
    let answer = provider.call(request(to, &call)).await.expect("a view");
    C::abi_decode_returns(&answer).expect("the ABI's types")
}

/// The custom error with which the node refuses a call.
async fn custom_error<E: SolInterface>(provider: &DynProvider, request: TransactionRequest) -> E {
    let error = provider.call(request).await.expect_err("it must be refused");
    let payload = error.as_error_resp().expect("an answer of the node");
    payload.as_decoded_interface_error::<E>().unwrap_or_else(|| panic!("no custom error: {payload:?}"))
}

async fn deposit(provider: &DynProvider, staker: Address, amount: U256) -> TransactionReceipt {
    send(provider, TEST_TOKEN, &ITestToken::mintCall { to: staker, value: amount }).await;
    send(provider, TEST_TOKEN, &ITestToken::approveCall { spender: STRATEGY_MANAGER, value: amount }).await;
    let call = IStrategyManager::depositIntoStrategyCall {
        strategy: TEST_TOKEN_STRATEGY,
        token: TEST_TOKEN,
        amount,
    };
    send(provider, STRATEGY_MANAGER, &call).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_deployed_called_and_its_error_decoded() {
    let node = Bulwark::dev(&[]);
    let (provider, owner) = (provider(&node, 1), Wallet::dev(1).address);
    let code = init(&hex::decode(TOKEN.trim()).unwrap());
    let pending =
        provider.send_transaction(TransactionRequest::default().with_deploy_code(code)).await.unwrap();
    let receipt = pending.get_receipt().await.unwrap();
    let token = receipt.contract_address.expect("a creation");
    assert_eq!(token, owner.create(0));

    send(&provider, token, &IToken::mintCall { to: owner, value: U256::from(5) }).await;
    assert_eq!(view(&provider, token, IToken::balanceOfCall { owner }).await, U256::from(5));

    let too_much = IToken::transferCall { to: Address::ZERO, value: U256::from(6) };
    let IToken::ITokenErrors::InsufficientBalance(error) =
        custom_error(&provider, request(token, &too_much).with_from(owner)).await;
    assert_eq!((error.owner, error.have, error.want), (owner, U256::from(5), U256::from(6)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_delegated_and_a_second_delegation_refused_by_name() {
    let node = Bulwark::dev(&[]);
    let (operator, staker) = (Wallet::dev(1).address, Wallet::dev(2).address);
    let (as_operator, as_staker) = (provider(&node, 1), provider(&node, 2));
    let receipt = deposit(&as_staker, staker, ether(32)).await;
    let deposited = receipt.decoded_log::<IStrategyManager::Deposit>().expect("a Deposit");
    assert_eq!((deposited.staker, deposited.shares), (staker, ether(32)));

    let register = IDelegationManager::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: "https://operator.test".into(),
    };
    send(&as_operator, DELEGATION_MANAGER, &register).await;
    let delegate = IDelegationManager::delegateToCall {
        operator,
        approverSignatureAndExpiry: IDelegationManager::SignatureWithExpiry {
            signature: Bytes::new(),
            expiry: U256::ZERO,
        },
        approverSalt: B256::ZERO,
    };
    send(&as_staker, DELEGATION_MANAGER, &delegate).await;
    let again = request(DELEGATION_MANAGER, &delegate).with_from(staker);
    let error: IDelegationManager::IDelegationManagerErrors = custom_error(&as_staker, again).await;
    assert!(matches!(error, IDelegationManager::IDelegationManagerErrors::ActivelyDelegated(_)));

    let filter = Filter::new()
        .address(DELEGATION_MANAGER)
        .event_signature(IDelegationManager::StakerDelegated::SIGNATURE_HASH)
        .topic1(staker)
        .from_block(0);
    let logs = as_staker.get_logs(&filter).await.unwrap();
    let [log] = logs.as_slice() else { panic!("one delegation: {logs:?}") };
    let event = log.log_decode::<IDelegationManager::StakerDelegated>().unwrap();
    assert_eq!(event.inner.operator, operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_deliver_heads_and_logs_in_order() {
    let node = Bulwark::dev(&[]);
    let socket =
        ProviderBuilder::new().connect_ws(WsConnect::new(node.url().replace("http", "ws"))).await.unwrap();
    let mut heads = socket.subscribe_blocks().await.unwrap();
    let transfers = Filter::new().address(TEST_TOKEN).event("Transfer(address,address,uint256)");
    let mut logs = socket.subscribe_logs(&transfers).await.unwrap();

    let (provider, owner) = (provider(&node, 1), Wallet::dev(1).address);
    for value in 1..=3_u64 {
        let receipt =
            send(&provider, TEST_TOKEN, &ITestToken::mintCall { to: owner, value: U256::from(value) }).await;
        let head = tokio::time::timeout(PATIENCE, heads.recv()).await.expect("a head in time").unwrap();
        assert_eq!((Some(head.number), Some(head.hash)), (receipt.block_number, receipt.block_hash));
        let log = tokio::time::timeout(PATIENCE, logs.recv()).await.expect("a log in time").unwrap();
        assert_eq!(
            (log.transaction_hash, log.block_hash),
            (Some(receipt.transaction_hash), receipt.block_hash)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_a_deposit_shows_the_frames_of_native_contracts() {
    let node = Bulwark::dev(&[]);
    let (provider, staker) = (provider(&node, 2), Wallet::dev(2).address);
    let receipt = deposit(&provider, staker, ether(1)).await;
    let options = GethDebugTracingOptions::call_tracer(Default::default());
    let trace = provider.debug_trace_transaction(receipt.transaction_hash, options).await.unwrap();
    let GethTrace::CallTracer(frame) = trace else { panic!("another tracer's: {trace:?}") };
    assert_eq!((frame.from, frame.to), (staker, Some(STRATEGY_MANAGER)));
    assert_eq!(frame.gas_used, U256::from(receipt.gas_used));
    let transfer = ITestToken::transferFromCall::SELECTOR;
    let moved = frame
        .calls
        .iter()
        .flat_map(|call| call.calls.iter().chain([call]))
        .any(|call| call.to == Some(TEST_TOKEN) && call.input.starts_with(&transfer));
    assert!(moved, "the tokens are moved in an inner frame: {frame:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_and_a_journey_in_time_are_undone() {
    let node = Bulwark::dev(&[]);
    let (provider, owner) = (provider(&node, 1), Wallet::dev(1).address);
    let latest = || provider.get_block_by_number(BlockNumberOrTag::Latest);
    let before = latest().await.unwrap().unwrap();
    let snapshot: Value = provider.raw_request("evm_snapshot".into(), json!([])).await.unwrap();
    let _: Value = provider.raw_request("evm_increaseTime".into(), json!([86_400])).await.unwrap();
    send(&provider, TEST_TOKEN, &ITestToken::mintCall { to: owner, value: U256::from(1) }).await;
    let later = latest().await.unwrap().unwrap();
    assert!(later.header.timestamp >= before.header.timestamp + 86_400);
    assert!(provider.raw_request::<_, bool>("evm_revert".into(), json!([snapshot])).await.unwrap());
    assert_eq!(latest().await.unwrap().unwrap().header.hash, before.header.hash);
    assert_eq!(view(&provider, TEST_TOKEN, ITestToken::balanceOfCall { account: owner }).await, U256::ZERO);
}
