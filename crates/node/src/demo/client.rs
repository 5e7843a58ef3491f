//! The demo's way to its chain: the public JSON-RPC over HTTP, in batches, as any other program would use it. Signing
//! runs on all cores.

use super::cast::Player;
use crate::failure::Failure;
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_network::TxSignerSync;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};

/// Calls in one batch.
pub const BATCH: usize = 500;

/// Most that the demo pays for gas, in wei: a hundred times the first base fee, so that full blocks cannot outprice it.
const MAX_FEE: u128 = 100_000_000_000;

/// Longest time that the node may take to answer a batch.
const PATIENCE: Duration = Duration::from_secs(60);

/// A transaction to be signed.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// Who signs.
    pub from: &'a Player,
    /// The signer's nonce.
    pub nonce: u64,
    /// Whom it calls, or that it deploys.
    pub to: TxKind,
    /// Wei that go with it.
    pub value: U256,
    /// Gas limit.
    pub gas: u64,
    /// Calldata.
    pub input: Bytes,
}

/// A signed transaction.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Its hash.
    pub hash: B256,
    /// Its EIP-2718 encoding.
    pub raw: Bytes,
}

/// What became of a transaction.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The block it is in.
    pub block: u64,
    /// Gas used.
    pub gas: u64,
    /// The logs, as JSON.
    pub logs: Vec<Value>,
}

/// A JSON-RPC client of one node.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    chain_id: u64,
}

impl Client {
    /// Connects to a node on this machine.
    ///
    /// # Errors
    /// The HTTP client could not be made, or the node does not answer.
    pub async fn connect(at: SocketAddr) -> Result<Self, Failure> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        let http = http.map_err(|error| Failure::new(format!("cannot make an HTTP client: {error}")))?;
        let mut client = Self { http, url: format!("http://{at}"), chain_id: 0 };
        client.chain_id = number(&client.ask("eth_chainId", json!([])).await?)?;
        Ok(client)
    }

    /// Where the node answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// One call.
    ///
    /// # Errors
    /// The node's refusal.
    pub async fn ask(&self, method: &str, params: Value) -> Result<Value, Failure> {
        let answers = self.post(&[(method, params)]).await?;
        answers.into_iter().next().ok_or_else(|| Failure::new(format!("{method}: no answer")))
    }

    /// Many calls, in batches; the answers are in the order of the calls.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn ask_all(&self, calls: &[(&str, Value)]) -> Result<Vec<Value>, Failure> {
        let mut answers = Vec::with_capacity(calls.len());
        for batch in calls.chunks(BATCH) {
            answers.extend(self.post(batch).await?);
        }
        Ok(answers)
    }

    async fn post(&self, calls: &[(&str, Value)]) -> Result<Vec<Value>, Failure> {
        let request = |(id, (method, params)): (usize, &(&str, Value))| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let body: Vec<Value> = calls.iter().enumerate().map(request).collect();
        let unreachable = |error: reqwest::Error| {
            Failure::new(format!("the node at {} does not answer: {error}", self.url))
        };
        let response = self.http.post(&self.url).json(&body).send().await.map_err(unreachable)?;
        let mut replies: Vec<Value> = response.json().await.map_err(unreachable)?;
        replies.sort_by_key(|reply| reply["id"].as_u64());
        if replies.len() != calls.len() {
            return Err(Failure::new(format!(
                "{} answers to a batch of {} calls",
                replies.len(),
                calls.len()
            )));
        }
        let answer = |((method, _), mut reply): (&(&str, Value), Value)| match reply.get("error") {
            Some(error) => {
                Err(Failure::new(format!("{method}: {}", error["message"].as_str().unwrap_or("refused"))))
            }
            None => Ok(reply.get_mut("result").map(Value::take).unwrap_or_default()),
        };
        calls.iter().zip(replies).map(answer).collect()
    }

    /// Signs orders on all cores.
    ///
    /// # Errors
    /// A signer that refuses; local keys never do.
    pub fn sign(&self, orders: &[Order<'_>]) -> Result<Vec<Signed>, Failure> {
        orders.par_iter().map(|order| sign(self.chain_id, order)).collect()
    }

    /// Sends signed transactions, a batch at a time, calling `progress` with how many have been sent.
    ///
    /// # Errors
    /// The first that the node refuses.
    pub async fn send(&self, signed: &[Signed], mut progress: impl FnMut(usize)) -> Result<(), Failure> {
        for batch in signed.chunks(BATCH) {
            let calls: Vec<(&str, Value)> =
                batch.iter().map(|signed| ("eth_sendRawTransaction", json!([signed.raw]))).collect();
            self.post(&calls).await?;
            progress(batch.len());
        }
        Ok(())
    }

    /// The receipts of transactions, all of which must have succeeded.
    ///
    /// # Errors
    /// One that is not in a block, or failed.
    pub async fn receipts(&self, signed: &[Signed]) -> Result<Vec<Receipt>, Failure> {
        let calls: Vec<(&str, Value)> =
            signed.iter().map(|signed| ("eth_getTransactionReceipt", json!([signed.hash]))).collect();
        let answers = self.ask_all(&calls).await?;
        signed.iter().zip(answers).map(|(signed, answer)| receipt(signed.hash, &answer)).collect()
    }

    /// Calls a contract's view after block `at` for each of the inputs.
    ///
    /// # Errors
    /// A call that reverts, or an answer that does not decode.
    pub async fn view<C: SolCall>(
        &self,
        to: Address,
        inputs: &[C],
        at: u64,
    ) -> Result<Vec<C::Return>, Failure> {
        let call = |input: &C| {
            let data = Bytes::from(input.abi_encode());
            ("eth_call", json!([{ "to": to, "data": data }, format!("{at:#x}")]))
        };
        let calls: Vec<(&str, Value)> = inputs.iter().map(call).collect();
        let decode = |answer: Value| {
            let bytes: Bytes = serde_json::from_value(answer)
                .map_err(|error| Failure::new(format!("{} answers no bytes: {error}", C::SIGNATURE)))?;
            C::abi_decode_returns(&bytes).map_err(|error| Failure::new(format!("{}: {error}", C::SIGNATURE)))
        };
        self.ask_all(&calls).await?.into_iter().map(decode).collect()
    }

    /// Why a call is refused, in the node's words.
    ///
    /// # Errors
    /// The call goes through, or the node does not answer.
    pub async fn refusal(&self, order: &Order<'_>) -> Result<String, Failure> {
        let call =
            json!([{ "from": order.from.address, "to": order.to.to(), "data": order.input }, "latest"]);
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": call });
        let unreachable = |error: reqwest::Error| {
            Failure::new(format!("the node at {} does not answer: {error}", self.url))
        };
        let response = self.http.post(&self.url).json(&body).send().await.map_err(unreachable)?;
        let reply: Value = response.json().await.map_err(unreachable)?;
        let message = reply.pointer("/error/message").and_then(Value::as_str);
        message
            .map(|message| message.trim_start_matches("execution reverted: ").to_string())
            .ok_or_else(|| Failure::new("a call that breaks a promise went through"))
    }

    /// The number of the newest block.
    ///
    /// # Errors
    /// The node's refusal.
    pub async fn head(&self) -> Result<u64, Failure> {
        number(&self.ask("eth_blockNumber", json!([])).await?)
    }
}

fn sign(chain_id: u64, order: &Order<'_>) -> Result<Signed, Failure> {
    let mut transaction = TxEip1559 {
        chain_id,
        nonce: order.nonce,
        gas_limit: order.gas,
        max_fee_per_gas: MAX_FEE,
        max_priority_fee_per_gas: 0,
        to: order.to,
        value: order.value,
        input: order.input.clone(),
        ..TxEip1559::default()
    };
    let signature = order.from.signer.sign_transaction_sync(&mut transaction);
    let signature = signature.map_err(|error| Failure::new(format!("{}: {error}", order.from.address)))?;
    let raw = transaction.into_signed(signature).encoded_2718();
    Ok(Signed { hash: keccak256(&raw), raw: raw.into() })
}

fn receipt(hash: B256, answer: &Value) -> Result<Receipt, Failure> {
    if answer.is_null() {
        return Err(Failure::new(format!("transaction {hash} was accepted but is in no block")));
    }
    if answer["status"] != "0x1" {
        return Err(Failure::new(format!(
            "transaction {hash} failed in block {}",
            number(&answer["blockNumber"])?
        )));
    }
    let logs = answer["logs"].as_array().cloned().unwrap_or_default();
    Ok(Receipt { block: number(&answer["blockNumber"])?, gas: number(&answer["gasUsed"])?, logs })
}

/// A hex quantity of 64 bits.
///
/// # Errors
/// Anything else.
pub fn number(value: &Value) -> Result<u64, Failure> {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    digits
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| Failure::new(format!("{value} is no hex quantity")))
}
