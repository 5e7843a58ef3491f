//! A small JSON-RPC client, as bare as a shell script's: what goes over the wire is what the test says.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::time::Duration;

/// An error object of JSON-RPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: i64,
    pub message: String,
}

/// A client of one node.
#[derive(Clone, Debug)]
pub struct Rpc {
    http: Client,
    url: String,
}

impl Rpc {
    pub fn new(url: &str) -> Self {
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("a client");
        Self { http, url: url.to_string() }
    }

    /// Posts a body as it is.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> reqwest::Result<Response> {
        self.http.post(&self.url).header("content-type", "application/json").body(body).send().await
    }

    /// Gets a page.
    pub async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.http.get(format!("{}{path}", self.url)).send().await
    }

    /// One call that may fail on the way: `Err` when the node does not answer.
    pub async fn attempt(&self, method: &str, params: Value) -> reqwest::Result<Result<Value, Refused>> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let answer: Value = self.post(body).await?.json().await?;
        Ok(outcome(&answer))
    }

    /// One call to a node that answers.
    pub async fn try_call(&self, method: &str, params: Value) -> Result<Value, Refused> {
        self.attempt(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// One call that succeeds.
    pub async fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, params).await.unwrap_or_else(|refused| panic!("{method}: {refused:?}"))
    }

    /// Many calls in one batch, all of which succeed.
    pub async fn batch(&self, method: &str, params: &[Value]) -> Vec<Value> {
        let request = |(id, params): (usize, &Value)| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let body: Vec<Value> = params.iter().enumerate().map(request).collect();
        let response =
            self.post(json!(body).to_string()).await.unwrap_or_else(|error| panic!("{method}: {error}"));
        let mut answers: Vec<Value> =
            response.json().await.unwrap_or_else(|error| panic!("{method}: {error}"));
        answers.sort_by_key(|answer| answer["id"].as_u64());
        answers
            .iter()
            .map(|answer| outcome(answer).unwrap_or_else(|refused| panic!("{method}: {refused:?}")))
            .collect()
    }

    pub async fn head(&self) -> u64 {
        quantity(&self.call("eth_blockNumber", json!([])).await).to()
    }

    pub async fn nonce(&self, of: Address) -> u64 {
        quantity(&self.call("eth_getTransactionCount", json!([of, "latest"])).await).to()
    }

    pub async fn balance(&self, of: Address) -> U256 {
        quantity(&self.call("eth_getBalance", json!([of, "latest"])).await)
    }

    pub async fn receipt(&self, hash: B256) -> Value {
        self.call("eth_getTransactionReceipt", json!([hash])).await
    }

    /// A block's header, by number.
    pub async fn block(&self, number: u64) -> Value {
        self.call("eth_getBlockByNumber", json!([format!("{number:#x}"), false])).await
    }

    /// Sends a signed transaction and returns its receipt, whatever its status.
    pub async fn send(&self, raw: &Bytes) -> Value {
        let hash = self.call("eth_sendRawTransaction", json!([raw])).await;
        self.call("eth_getTransactionReceipt", json!([hash])).await
    }

    /// Calls a view of a contract at the head.
    pub async fn view<C: SolCall>(&self, to: Address, call: C) -> C::Return {
        let data = Bytes::from(call.abi_encode());
        let answer = self.call("eth_call", json!([{ "to": to, "data": data }, "latest"])).await;
        let bytes: Bytes = serde_json::from_value(answer).expect("eth_call answers bytes");
        C::abi_decode_returns(&bytes).unwrap_or_else(|error| panic!("{}: {error}", C::SIGNATURE))
    }
}

fn outcome(answer: &Value) -> Result<Value, Refused> {
    match answer.get("error") {
        Some(error) => Err(Refused {
            code: error["code"].as_i64().expect("an error has a code"),
            message: error["message"].as_str().expect("an error has a message").to_string(),
        }),
        None => Ok(answer["result"].clone()),
    }
}

/// A hex quantity.
pub fn quantity(value: &Value) -> U256 {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value} is no quantity: {error}"))
}
