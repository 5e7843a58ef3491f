//! `debug_`, `trace_` and `ots_` on a chain with bytecode and native contracts: a story told once, seen in every form.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

mod debug;
mod diffs;
mod otterscan;
mod parity;

use super::*;
use alloy_primitives::bytes;
use alloy_sol_types::{SolCall, sol};
use types::addresses::{STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY};

sol! {
    function mint(address to, uint256 value);
    function approve(address spender, uint256 value) returns (bool);
    function depositIntoStrategy(address strategy, address token, uint256 amount) returns (uint256);
}

/// `SSTORE(calldata[0..32], calldata[32..64])`.
const BOX_INIT: Bytes = bytes!("666020355f3555005f5260076019f3");
/// Reverts with the word 0x2a.
const REVERTER_INIT: Bytes = bytes!("67602a5f5260205ffd5f5260086018f3");
/// Sends its value to the address in its calldata.
const FORWARDER_INIT: Bytes = bytes!("695f5f5f5f345f355af1005f52600a6016f3");
/// Creates a contract that does nothing.
const FACTORY_INIT: Bytes = bytes!("6d6360015ff35f526004601c5ff0005f52600e6012f3");

/// A chain on which account 0 has deployed the small contracts.
struct Story {
    node: Node,
    cube: Address,
    reverter: Address,
    forwarder: Address,
    factory: Address,
}

impl Story {
    async fn begin() -> Self {
        let node = node().await;
        let cube = node.deploy(BOX_INIT).await;
        let reverter = node.deploy(REVERTER_INIT).await;
        let forwarder = node.deploy(FORWARDER_INIT).await;
        let factory = node.deploy(FACTORY_INIT).await;
        Self { node, cube, reverter, forwarder, factory }
    }

    /// One transaction of each kind, each in a block of its own: the hashes, in order.
    async fn tell(&self) -> Vec<String> {
        let node = &self.node;
        let person: Bytes = Address::with_last_byte(0xa1).into_word().to_vec().into();
        vec![
            node.send_to(0, Address::with_last_byte(0xa1), 5, Bytes::new()).await,
            node.send_to(1, self.cube, 0, put(3, 9)).await,
            node.send_to(1, self.cube, 0, put(3, 0)).await,
            node.send_to(2, self.reverter, 0, Bytes::new()).await,
            node.send_to(0, self.forwarder, 6, person).await,
            node.send_to(1, self.factory, 0, Bytes::new()).await,
            node.send(2, TxKind::Create, 1, BOX_INIT).await,
            node.deposit(0, 1_000).await,
            node.send_to(1, STRATEGY_MANAGER, 0, deposit_call(U256::from(5))).await,
        ]
    }
}

impl Node {
    /// Signs with the next nonce, sends, and returns the transaction's hash: it is sealed.
    async fn send(&self, account: usize, to: TxKind, value: u64, input: Bytes) -> String {
        let nonce = self.number("eth_getTransactionCount", json!([self.address(account), "pending"])).await;
        let raw = self.signed_with_gas(account, nonce, to, value, input, 1_000_000);
        text(&self.get("eth_sendRawTransaction", json!([raw])).await)
    }

    async fn send_to(&self, account: usize, to: Address, value: u64, input: impl Into<Bytes>) -> String {
        self.send(account, TxKind::Call(to), value, input.into()).await
    }

    async fn deploy(&self, init: Bytes) -> Address {
        let hash = self.send(0, TxKind::Create, 0, init).await;
        let receipt = self.get("eth_getTransactionReceipt", json!([hash])).await;
        text(&receipt["contractAddress"]).parse().unwrap()
    }

    async fn receipt(&self, hash: &str) -> Value {
        self.get("eth_getTransactionReceipt", json!([hash])).await
    }

    /// Mints, approves and deposits; the hash is the deposit's.
    async fn deposit(&self, account: usize, amount: u64) -> String {
        let amount = U256::from(amount);
        let mint = mintCall { to: self.address(account), value: amount }.abi_encode();
        self.send_to(account, TEST_TOKEN, 0, mint).await;
        let approve = approveCall { spender: STRATEGY_MANAGER, value: amount }.abi_encode();
        self.send_to(account, TEST_TOKEN, 0, approve).await;
        self.send_to(account, STRATEGY_MANAGER, 0, deposit_call(amount)).await
    }
}

fn deposit_call(amount: U256) -> Vec<u8> {
    depositIntoStrategyCall { strategy: TEST_TOKEN_STRATEGY, token: TEST_TOKEN, amount }.abi_encode()
}

/// Calldata of the box: a slot and its value.
fn put(slot: u64, value: u64) -> Bytes {
    [U256::from(slot).to_be_bytes::<32>(), U256::from(value).to_be_bytes()].concat().into()
}

fn word(value: u64) -> String {
    format!("{:#066x}", value)
}
