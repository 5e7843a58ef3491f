//! JSON-RPC of one node, one call at a time. What a node refuses becomes a failure that names the error, says what it
//! means and what to do.

use crate::{commands::explain, failure::Failure};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Longest time that a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// JSON-RPC's code of a method that does not exist.
const NO_METHOD: i64 = -32_601;

/// Items asked for in one page of a list.
const PAGE: u64 = 1_000;

/// A client of one node.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    runtime: Runtime,
    url: String,
}

impl Client {
    /// A client of the node at `url`, which is not asked yet.
    ///
    /// # Errors
    /// The HTTP client could not be made.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let broken =
            |error: &dyn std::fmt::Display| Failure::new(format!("cannot make an HTTP client: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        Ok(Self {
            http: http.map_err(|error| broken(&error))?,
            runtime: runtime.map_err(|error| broken(&error))?,
            url: url.to_owned(),
        })
    }

    /// One call; JSON-RPC's keys stay camel case.
    ///
    /// # Errors
    /// The node does not answer, or refuses.
    pub fn ask(&self, method: &str, params: Value) -> Result<Value, Failure> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut reply: Value = self.runtime.block_on(async {
            let response = self
                .http
                .post(&self.url)
                .json(&body)
                .send()
                .await
                .map_err(|error| self.unreachable(&error))?;
            response.json().await.map_err(|error| {
                Failure::new(format!("{} answers, but not as a node does: {error}", self.url))
                    .help("--rpc URL names the node's HTTP address")
            })
        })?;
        match reply.get("error") {
            Some(error) => Err(self.refusal(method, error)),
            None => Ok(reply.get_mut("result").map(Value::take).unwrap_or_default()),
        }
    }

    /// One request to the REST interface: its status and answer, JSON or a line of text.
    ///
    /// # Errors
    /// The node does not answer, or refuses.
    pub fn rest(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let url = format!("{}/api/v1{path}", self.url.trim_end_matches('/'));
        let method = reqwest::Method::from_bytes(method.as_bytes())
            .map_err(|error| Failure::new(format!("{method} is no method of HTTP: {error}")))?;
        let (is_success, text) = self.runtime.block_on(async {
            let request = self.http.request(method, url);
            let request = if let Some(body) = body { request.json(body) } else { request };
            let response = request.send().await.map_err(|error| self.unreachable(&error))?;
            let is_success = response.status().is_success();
            let text = response.text().await.map_err(|error| self.unreachable(&error))?;
            Ok::<_, Failure>((is_success, text))
        })?;
        if !is_success {
            return Err(Failure::new(text.trim()));
        }
        serde_json::from_str(&text).map_err(|_| {
            Failure::new(format!("{} answers, but not as a Bulwark node does", self.url))
                .help("--rpc URL names the node's HTTP address")
        })
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let why = if error.is_timeout() {
            format!("did not answer within {} s", PATIENCE.as_secs())
        } else if error.is_builder() {
            "is no address of a node".to_owned()
        } else {
            "does not answer".to_owned()
        };
        Failure::new(format!("{} {why}", self.url))
            .help("start a node with `bulwark dev`, or name another with --rpc URL (BULWARK_RPC)")
    }

    fn refusal(&self, method: &str, error: &Value) -> Failure {
        let message = error["message"].as_str().unwrap_or("refused");
        if error["code"].as_i64() == Some(NO_METHOD) {
            return Failure::new(format!("the node at {} does not know {method}", self.url))
                .help("it is no Bulwark node, or `bulwark node` where `bulwark dev` is needed");
        }
        refused(message)
    }

    /// A view of a contract, after the newest block.
    ///
    /// # Errors
    /// The call reverts, or its answer does not decode.
    pub fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Failure> {
        let data = Bytes::from(call.abi_encode());
        let answer = self.ask("eth_call", json!([{ "to": to, "data": data }, "latest"]))?;
        let bytes: Bytes = serde_json::from_value(answer)
            .map_err(|error| Failure::new(format!("{} answers no bytes: {error}", C::SIGNATURE)))?;
        C::abi_decode_returns(&bytes).map_err(|_| {
            Failure::new(format!("{to} has no {}: it answers what that function does not", C::SIGNATURE))
        })
    }

    /// All items of a list, page after page. `arguments` come before the page.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn list(
        &self,
        method: &str,
        arguments: &[Value],
        filter: Map<String, Value>,
    ) -> Result<Vec<Value>, Failure> {
        let (mut items, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let mut page = filter.clone();
            page.insert("limit".into(), json!(PAGE));
            if !cursor.is_null() {
                page.insert("cursor".into(), cursor);
            }
            let mut params = arguments.to_vec();
            params.push(Value::Object(page));
            let mut answer = self.ask(method, Value::Array(params))?;
            let taken = answer.get_mut("items").and_then(Value::as_array_mut);
            items.extend(taken.map(std::mem::take).unwrap_or_default());
            cursor = answer.get_mut("next").map(Value::take).unwrap_or_default();
            if cursor.is_null() {
                return Ok(items);
            }
        }
    }

    /// The number of the newest block.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn head(&self) -> Result<u64, Failure> {
        number(&self.ask("eth_blockNumber", json!([]))?)
    }

    /// Wei of an account.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn balance(&self, of: Address) -> Result<U256, Failure> {
        amount(&self.ask("eth_getBalance", json!([of, "latest"]))?)
    }
}

/// What a node said when it refused, with what a named error means.
pub fn refused(message: &str) -> Failure {
    let reason = message.trim_start_matches("execution reverted: ");
    let name: String = reason.chars().take_while(|letter| letter.is_ascii_alphanumeric()).collect();
    match explain::error(&name) {
        Some((means, help)) => Failure::new(format!("{reason}: {means}")).help(help),
        None => Failure::new(message),
    }
}

/// A number of 64 bits, hex or decimal.
///
/// # Errors
/// Anything else.
pub fn number(value: &Value) -> Result<u64, Failure> {
    value
        .as_u64()
        .or_else(|| u64::try_from(amount(value).ok()?).ok())
        .ok_or_else(|| Failure::new(format!("the node answers {value} where a number is expected")))
}

/// An amount, hex or decimal.
///
/// # Errors
/// Anything else.
pub fn amount(value: &Value) -> Result<U256, Failure> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed
        .or_else(|| value.as_u64().map(U256::from))
        .ok_or_else(|| Failure::new(format!("the node answers {value} where an amount is expected")))
}

/// An address.
///
/// # Errors
/// Anything else.
pub fn address(value: &Value) -> Result<Address, Failure> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| Failure::new(format!("the node answers {value} where an address is expected")))
}

/// Sets a field of a JSON object.
pub fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// The items of a JSON array; none if it is no array.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Camel case keys as snake case, all the way down (`decisions.md` 7). Keys that are data, as hashes, stay.
pub fn snake(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(snake).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (snake_key(&key), snake(value))).collect())
        }
        other => other,
    }
}

fn snake_key(key: &str) -> String {
    if key.starts_with("0x") || !key.starts_with(|first: char| first.is_ascii_lowercase()) {
        return key.to_owned();
    }
    let mut out = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_snake_case_and_data_stays() {
        let camel = json!({ "blockNumber": 1, "items": [{ "isOpen": true }], "0xAb": 1, "EIGEN": "0x" });
        let expected = json!({ "block_number": 1, "items": [{ "is_open": true }], "0xAb": 1, "EIGEN": "0x" });
        assert_eq!(snake(camel), expected);
    }

    #[test]
    fn a_named_refusal_says_what_it_means() {
        let failure = refused("execution reverted: NotMemberOfSet()");
        assert!(failure.message().starts_with("NotMemberOfSet(): "), "{}", failure.message());
        assert_eq!(refused("nonce too low").message(), "nonce too low");
    }
}
