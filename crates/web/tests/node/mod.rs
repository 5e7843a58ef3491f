//! A node that shows pages: a real chain in memory, a real port, a client that follows no redirects.

#![allow(dead_code, reason = "each test file uses some of it")]

use alloy_primitives::{Address, U256, hex};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};
use alloy_sol_types::SolCall;
use chain::{
    Chain, Config, History, Mining,
    genesis::{DevOptions, Genesis},
};
use reqwest::{StatusCode, redirect::Policy};
use rpc::{AlertConfig, AlertRule, Limits, Mode, Server, ServerConfig, serve};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use types::{Preset, Rules};

/// A node that shows pages.
pub struct Node {
    chain: Chain,
    server: Server,
    pub client: reqwest::Client,
}

fn signers() -> Vec<PrivateKeySigner> {
    let phrase = "test test test test test test test test test test test junk";
    (0..3).map(|index| MnemonicBuilder::from_phrase(phrase).index(index).unwrap().build().unwrap()).collect()
}

/// The address book of whoever runs the node.
fn book() -> BTreeMap<String, String> {
    [("alice".to_owned(), signers()[1].address().to_string())].into()
}

impl Node {
    pub async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    /// With rules of alerts that the configuration has.
    pub async fn start_with(rules: Vec<AlertRule>) -> Self {
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
        let config = Config {
            genesis,
            data_dir: None,
            history: History::All,
            mining: Mining::Instant,
            pool: Default::default(),
            audit: true,
        };
        let chain = Chain::open(config).unwrap();
        let config = ServerConfig {
            host: "127.0.0.1".into(),
            port: 0,
            mode: Mode::Dev { signers },
            allow_origins: Vec::new(),
            allow_hosts: Vec::new(),
            cors: true,
            limits: Limits::default(),
            metrics: None,
            client_version: "bulwark/test".into(),
            pages: Some(web::routes(book)),
            alerts: AlertConfig { rules, ..AlertConfig::default() },
        };
        let server = serve(chain.clone(), config).await.unwrap();
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { chain, server, client }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.local_addr())
    }

    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = self.client.get(self.url(path)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    pub async fn end(self) {
        self.server.stop().await;
        self.chain.stop();
    }

    /// One of the node's own accounts.
    pub fn who(&self, index: usize) -> Address {
        signers()[index].address()
    }

    /// What a method of JSON-RPC answers.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer: Value =
            self.client.post(self.url("/")).json(&body).send().await.unwrap().json().await.unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Sends what the node signs, and sees that it succeeds.
    pub async fn send(&self, transaction: Value) {
        let hash = self.ask("eth_sendTransaction", json!([transaction])).await;
        let receipt = self.ask("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["status"], "0x1", "{transaction}");
    }

    /// A call by one of the node's own accounts.
    pub async fn call(&self, from: usize, to: Address, call: &impl SolCall) {
        let data = hex::encode_prefixed(call.abi_encode());
        self.send(json!({ "from": self.who(from), "to": to, "data": data })).await;
    }
}
