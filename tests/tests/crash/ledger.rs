//! What a client was told: receipts and block headers. After a crash the chain must say the same, and its state must be
//! what its transactions make of it.

use super::load::{DEPOSITOR, OPERATOR, SENDERS, description, sink};
use alloy_primitives::{B256, U256};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt};
use tests::{Rpc, Wallet};
use types::{
    abi::IStrategyManager,
    addresses::{STRATEGY_MANAGER, TEST_TOKEN_STRATEGY},
};

/// Calls in one batch.
const BATCH: usize = 500;

/// Newest receipts and headers that each restart checks; the end checks all.
const RECENT: usize = 300;

/// How much to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The newest, and a sample of the others.
    Recent,
    /// Everything.
    All,
}

/// What was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    receipts: Vec<(B256, Value)>,
    /// Headers by number, as JSON: hash and state root are in it.
    headers: BTreeMap<u64, Value>,
}

impl Ledger {
    /// Remembers a receipt and the header of its block.
    pub fn acknowledge(&mut self, hash: B256, receipt: Value) {
        self.receipts.push((hash, receipt));
    }

    /// Remembers a header; a header told before must be the same.
    pub fn header(&mut self, number: u64, header: Value) {
        let known = self.headers.entry(number).or_insert_with(|| header.clone());
        assert_eq!(*known, header, "block {number} changed while the node ran");
    }

    /// How many receipts were acknowledged.
    pub fn receipts(&self) -> usize {
        self.receipts.len()
    }

    /// The newest, and every so-manieth of the others.
    fn sample<T: Clone>(all: &[T], scope: Scope) -> Vec<T> {
        let old = all.len().saturating_sub(RECENT);
        let step = if scope == Scope::All { 1 } else { (old / RECENT).max(1) };
        all.iter().take(old).step_by(step).chain(all.iter().skip(old)).cloned().collect()
    }

    /// Compares the chain with what was acknowledged.
    pub async fn check(&self, rpc: &Rpc, scope: Scope) {
        for part in Self::sample(&self.receipts, scope).chunks(BATCH) {
            let params: Vec<Value> = part.iter().map(|(hash, _)| json!([hash])).collect();
            let found = rpc.batch("eth_getTransactionReceipt", &params).await;
            for ((hash, told), found) in part.iter().zip(found) {
                assert_eq!(*told, found, "receipt of {hash}");
            }
        }
        let headers: Vec<(u64, Value)> =
            self.headers.iter().map(|(number, header)| (*number, header.clone())).collect();
        for part in Self::sample(&headers, scope).chunks(BATCH) {
            let params: Vec<Value> =
                part.iter().map(|(number, _)| json!([format!("{number:#x}"), false])).collect();
            let found = rpc.batch("eth_getBlockByNumber", &params).await;
            for ((number, told), found) in part.iter().zip(found) {
                assert_eq!(*told, found, "header of block {number}");
            }
        }
        if let Some((newest, _)) = headers.last() {
            assert!(rpc.head().await >= *newest, "the head is behind block {newest}");
        }
        check_state(rpc).await;
    }
}

/// Balances and shares are what the nonces say: each transfer moves one wei, each third call of the depositor deposits
/// one token, and each of the operator's says something new.
async fn check_state(rpc: &Rpc) {
    for index in SENDERS {
        let sent = rpc.nonce(Wallet::dev(index).address).await;
        assert_eq!(rpc.balance(sink(index)).await, U256::from(sent), "what sender {index} sent has arrived");
    }
    let depositor = Wallet::dev(DEPOSITOR).address;
    let calls = rpc.nonce(depositor).await;
    let shares =
        IStrategyManager::stakerDepositSharesCall { staker: depositor, strategy: TEST_TOKEN_STRATEGY };
    assert_eq!(rpc.view(STRATEGY_MANAGER, shares).await, U256::from(calls / 3), "shares of the depositor");
    let operator = Wallet::dev(OPERATOR).address;
    let said = rpc.nonce(operator).await.checked_sub(1).map(description);
    let book = rpc.call("restake_operator", json!([operator])).await;
    assert_eq!(book["metadataUri"], json!(said), "what the operator said last is in the index");
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let newest = self.headers.keys().next_back().copied().unwrap_or_default();
        write!(f, "{} receipts, {} headers up to block {newest}", self.receipts.len(), self.headers.len())
    }
}
