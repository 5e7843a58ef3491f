//! The server as its callers meet it: a real chain in memory, a real port, raw requests.

mod alerts;
mod bad_input;
mod batches;
mod control;
mod develop;
mod door;
mod eth;
mod limits;
mod lookups;
mod methods;
mod pending;
mod rest;
mod restake;
mod risk;
mod safety;
mod simulate;
mod sockets;
mod traces;

use crate::{Limits, Mode, Server, ServerConfig, serve};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};
use chain::{
    Chain, Config, Mining,
    genesis::{DevOptions, Genesis},
};
use serde_json::{Value, json};
use types::{Preset, Rules};

/// Anvil's mnemonic.
const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Account 0 begins here (`decisions.md` 40).
const FIRST_NONCE: u64 = 20;

/// A server on a port of its own.
struct Node {
    chain: Chain,
    server: Server,
    client: reqwest::Client,
    signers: Vec<PrivateKeySigner>,
}

/// An error as it came over the wire.
#[derive(Clone, Debug, PartialEq)]
struct Refusal {
    code: i64,
    message: String,
    data: Option<String>,
}

fn signers() -> Vec<PrivateKeySigner> {
    let key = |index| MnemonicBuilder::from_phrase(MNEMONIC).index(index).unwrap().build().unwrap();
    (0..3).map(key).collect()
}

/// A development node with instant sealing.
async fn node() -> Node {
    node_with(Mining::Instant, |_| {}).await
}

async fn node_with(mining: Mining, change: impl FnOnce(&mut ServerConfig)) -> Node {
    node_keeping(chain::History::All, mining, change).await
}

async fn node_keeping(
    history: chain::History,
    mining: Mining,
    change: impl FnOnce(&mut ServerConfig),
) -> Node {
    let signers = signers();
    let funds = U256::from(10).pow(U256::from(22));
    let genesis = Genesis::dev(&DevOptions {
        chain_id: 31337,
        preset: Preset::Fast,
        rules: Rules::Mainnet,
        accounts: signers.iter().map(|signer| (signer.address(), funds)).collect(),
        gas_limit: None,
        timestamp: 1_700_000_000,
        base_fee: None,
    });
    let config = Config { genesis, data_dir: None, history, mining, pool: Default::default(), audit: true };
    let chain = Chain::open(config).unwrap();
    let mut config = ServerConfig {
        host: "127.0.0.1".into(),
        port: 0,
        mode: Mode::Dev { signers: signers.clone() },
        allow_origins: Vec::new(),
        allow_hosts: Vec::new(),
        cors: true,
        limits: Limits::default(),
        metrics: None,
        client_version: "bulwark/test".into(),
        pages: None,
        alerts: crate::AlertConfig::default(),
    };
    change(&mut config);
    let server = serve(chain.clone(), config).await.unwrap();
    Node { chain, server, client: reqwest::Client::new(), signers }
}

fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// Result or error of one answer.
fn outcome(answer: &Value) -> Result<Value, Refusal> {
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    match (answer.get("result"), answer.get("error")) {
        (Some(result), None) => Ok(result.clone()),
        (None, Some(error)) => Err(Refusal {
            code: error["code"].as_i64().unwrap(),
            message: error["message"].as_str().unwrap().to_owned(),
            data: error.get("data").map(|data| data.as_str().unwrap().to_owned()),
        }),
        _ => panic!("neither result nor error, or both: {answer}"),
    }
}

impl Node {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.local_addr())
    }

    /// Sends a body as JSON and reads the answer as JSON.
    async fn body(&self, body: impl Into<reqwest::Body>) -> Value {
        let post = self.client.post(self.url("/")).header("content-type", "application/json");
        let response = post.body(body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        response.json().await.unwrap()
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, Refusal> {
        let answer = self.body(request(7, method, &params).to_string()).await;
        assert_eq!(answer["id"], 7);
        outcome(&answer)
    }

    async fn get(&self, method: &str, params: Value) -> Value {
        self.call(method, params).await.unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// What a path of the REST interface answers.
    async fn rest(&self, path: &str) -> Value {
        self.client.get(self.url(path)).send().await.unwrap().json().await.unwrap()
    }

    /// A quantity.
    async fn number(&self, method: &str, params: Value) -> u64 {
        number(&self.get(method, params).await)
    }

    fn signature(&self, account: usize, hash: alloy_primitives::B256) -> Bytes {
        self.signers[account].sign_hash_sync(&hash).unwrap().as_bytes().to_vec().into()
    }

    fn address(&self, account: usize) -> Address {
        self.signers[account].address()
    }

    /// A signed transfer or call.
    fn signed(&self, account: usize, nonce: u64, to: TxKind, value: u64, input: Bytes) -> String {
        self.signed_with_gas(account, nonce, to, value, input, 200_000)
    }

    fn signed_with_gas(
        &self,
        account: usize,
        nonce: u64,
        to: TxKind,
        value: u64,
        input: Bytes,
        gas_limit: u64,
    ) -> String {
        let transaction = TxEip1559 {
            chain_id: 31337,
            nonce,
            gas_limit,
            max_fee_per_gas: 10_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to,
            value: U256::from(value),
            input,
            ..TxEip1559::default()
        };
        let signature = self.signers[account].sign_hash_sync(&transaction.signature_hash()).unwrap();
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        Bytes::from(envelope.encoded_2718()).to_string()
    }

    fn transfer(&self, account: usize, nonce: u64) -> String {
        self.signed(account, nonce, TxKind::Call(Address::repeat_byte(0x11)), 1, Bytes::new())
    }

    async fn end(self) {
        self.server.stop().await;
        self.chain.stop();
    }
}

fn number(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().strip_prefix("0x").unwrap(), 16).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
