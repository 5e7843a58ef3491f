//! JSON-RPC of a provider that may be far away, busy, and strict: what passes is tried again, what it refuses is told
//! apart from what is wrong.

use crate::failure::Failure;
use alloy_primitives::{Address, B256, Bytes, U64};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use std::{thread, time::Duration};
use tokio::runtime::Runtime;

/// Longest time that one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Tries of one question; pauses between them double.
const TRIES: u32 = 6;
/// The first pause.
const PAUSE: Duration = Duration::from_millis(250);
/// Most bytes of one answer.
const MOST_BYTES: usize = 256 << 20;
/// JSON-RPC's code of a method that does not exist.
const NO_METHOD: i64 = -32_601;
/// JSON-RPC's code by which providers say that too much was asked in too short a time.
const TOO_FAST: i64 = -32_005;

/// Why there is no answer.
#[derive(Debug)]
pub enum Trouble {
    /// Asking for less may help.
    Refused(String),
    /// Asking again would not help.
    Broken(Failure),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(why) => Self::new(format!("the node refuses: {why}")),
            Trouble::Broken(failure) => failure,
        }
    }
}

/// What came over the wire.
enum Heard {
    Answer(Value),
    /// It may pass.
    Busy(String),
    Trouble(Trouble),
}

/// A provider.
#[derive(Debug)]
pub struct Provider {
    http: reqwest::Client,
    runtime: Runtime,
    url: String,
    has_answered: std::cell::Cell<bool>,
}

/// A block: number, hash, time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: B256,
}

impl Provider {
    /// A provider at `url`, which is not asked yet.
    ///
    /// # Errors
    /// The HTTP client could not be made.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        let broken =
            |error: &dyn std::fmt::Display| Failure::new(format!("cannot make an HTTP client: {error}"));
        Ok(Self {
            http: http.map_err(|error| broken(&error))?,
            runtime: runtime.map_err(|error| broken(&error))?,
            url: if url.contains("://") { url.to_owned() } else { format!("http://{url}") },
            has_answered: std::cell::Cell::new(false),
        })
    }

    /// One question.
    ///
    /// # Errors
    /// What the provider refuses, or that it does not answer.
    pub fn ask(&self, method: &str, params: &Value) -> Result<Value, Trouble> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut pause = PAUSE;
        let mut last = String::new();
        for _ in 0..TRIES {
            match self.runtime.block_on(self.post(&body)) {
                Heard::Answer(answer) => {
                    self.has_answered.set(true);
                    return Ok(answer);
                }
                Heard::Trouble(trouble) => return Err(trouble),
                Heard::Busy(why) => last = why,
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2);
        }
        // A question that never gets through may be too large.
        Err(Trouble::Refused(last))
    }

    async fn post(&self, body: &Value) -> Heard {
        let mut response = match self.http.post(&self.url).json(body).send().await {
            Ok(response) => response,
            Err(error) if error.is_timeout() => return Heard::Busy(self.said("does not answer in time")),
            Err(error) if error.is_builder() => return self.broken("is no address of a node"),
            // One that has answered before may come back.
            Err(_) if self.has_answered.get() => return Heard::Busy(self.said("does not answer")),
            Err(_) => return self.broken("does not answer"),
        };
        let status = response.status();
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => return Heard::Busy(self.said("breaks off its answer")),
            }
            if bytes.len() > MOST_BYTES {
                return Heard::Trouble(Trouble::Refused(format!(
                    "an answer of over {} MB",
                    MOST_BYTES >> 20
                )));
            }
        }
        let is_busy = status == reqwest::StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        let Ok(mut answer) = serde_json::from_slice::<Value>(&bytes) else {
            return match is_busy {
                true => Heard::Busy(self.said(&format!("is busy ({status})"))),
                false if status.is_success() => self.broken("answers, but not as a node does"),
                false => self.broken(&format!("answers with {status}")),
            };
        };
        match answer.get("error").filter(|error| !error.is_null()) {
            Some(error) => refused(error, is_busy),
            None if !status.is_success() => self.broken(&format!("answers with {status}")),
            None => Heard::Answer(answer.get_mut("result").map(Value::take).unwrap_or_default()),
        }
    }

    fn said(&self, what: &str) -> String {
        format!("{} {what}", self.shown())
    }

    fn broken(&self, what: &str) -> Heard {
        let failure = Failure::new(self.said(what));
        Heard::Trouble(Trouble::Broken(failure.help("--rpc URL names a node's HTTP address (BULWARK_RPC)")))
    }

    /// The address without its path, in which providers want a secret.
    fn shown(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("http", &self.url));
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("{scheme}://{host}")
    }

    /// The chain's id.
    ///
    /// # Errors
    /// As [`Provider::ask`].
    pub fn chain(&self) -> Result<u64, Failure> {
        let answer = self.ask("eth_chainId", &json!([]))?;
        quantity(&answer).ok_or_else(|| Failure::new(format!("eth_chainId answers {answer}")))
    }

    /// A block by number or tag; none if there is none.
    ///
    /// # Errors
    /// As [`Provider::ask`].
    pub fn block(&self, which: &Value) -> Result<Option<Block>, Trouble> {
        let answer = self.ask("eth_getBlockByNumber", &json!([which, false]))?;
        let number = answer.get("number").and_then(quantity);
        let hash = answer.get("hash").and_then(|hash| serde_json::from_value(hash.clone()).ok());
        Ok(number.zip(hash).map(|(number, hash)| Block { number, hash }))
    }

    /// Whether an account has code.
    ///
    /// # Errors
    /// As [`Provider::ask`].
    pub fn has_code(&self, at: Address) -> Result<bool, Failure> {
        let code = self.ask("eth_getCode", &json!([at, "latest"]))?;
        Ok(code.as_str().is_some_and(|code| code.len() > 2))
    }

    /// A view of a contract after a block.
    ///
    /// # Errors
    /// The call is refused, reverts, or answers something else.
    pub fn view<C: SolCall>(&self, block: u64, to: Address, call: &C) -> Result<C::Return, Trouble> {
        let data = Bytes::from(call.abi_encode());
        let call = json!([{ "to": to, "data": data }, format!("{block:#x}")]);
        let answer = self.ask("eth_call", &call)?;
        let bytes: Bytes = serde_json::from_value(answer).unwrap_or_default();
        C::abi_decode_returns(&bytes).map_err(|_| {
            let why = format!("{to} does not answer {} as EigenLayer's contract does", C::SIGNATURE);
            Trouble::Broken(Failure::new(why).help("another chain? --addresses FILE names the contracts"))
        })
    }
}

fn refused(error: &Value, is_busy: bool) -> Heard {
    let message = error.get("message").and_then(Value::as_str).unwrap_or("refused").to_owned();
    let code = error.get("code").and_then(Value::as_i64);
    let lower = message.to_lowercase();
    let speaks_of_pace = ["rate limit", "too many requests", "capacity", "per second"];
    match code {
        Some(NO_METHOD) => Heard::Trouble(Trouble::Broken(Failure::new(format!("the node says: {message}")))),
        _ if is_busy || speaks_of_pace.iter().any(|words| lower.contains(words)) => Heard::Busy(message),
        Some(TOO_FAST) if lower.contains("daily") => Heard::Trouble(Trouble::Broken(Failure::new(message))),
        _ => Heard::Trouble(Trouble::Refused(message)),
    }
}

/// A hex quantity of 64 bits.
pub fn quantity(value: &Value) -> Option<u64> {
    let number: U64 = serde_json::from_value(value.clone()).ok()?;
    Some(number.to())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_apart_from_what_asks_for_less() {
        let busy = |error: Value| matches!(refused(&error, false), Heard::Busy(_));
        assert!(busy(json!({ "code": -32_005, "message": "rate limit exceeded" })));
        assert!(busy(json!({ "code": 429, "message": "Too Many Requests" })));
        for message in [
            "query returned more than 10000 results",
            "block range is too wide",
            "Log response size exceeded",
        ] {
            let heard = refused(&json!({ "code": -32_602, "message": message }), false);
            assert!(matches!(heard, Heard::Trouble(Trouble::Refused(why)) if why == message));
        }
        let unknown = refused(&json!({ "code": NO_METHOD, "message": "no such method" }), false);
        assert!(matches!(unknown, Heard::Trouble(Trouble::Broken(_))));
    }

    #[test]
    fn a_secret_in_the_address_is_not_shown() {
        let provider = Provider::new("https://me:word@node.example/v2/secret?key=1").unwrap();
        assert_eq!(provider.shown(), "https://node.example");
    }
}
