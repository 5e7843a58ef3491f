//! Requests as they stand in the text of a body: single or batch, read without copying.
//! What the method and its arguments mean is not looked at here.

use crate::{error::RpcError, limits::raise};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// A request.
#[derive(Deserialize)]
pub(crate) struct Request<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<Cow<'a, str>>,
    /// As it was sent; `None`: a notification, which is not answered.
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) params: Option<&'a RawValue>,
}

/// Tells `"id": null` from no id.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Whether a body is a batch.
pub(crate) fn is_batch(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// Reads a request.
///
/// # Errors
/// Malformed JSON, or JSON that is no request.
pub(crate) fn read(text: &[u8]) -> Result<Request<'_>, RpcError> {
    let request: Request<'_> = serde_json::from_slice(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            RpcError::invalid_request("invalid request: a request has jsonrpc, id, method and params")
        }
        _ => RpcError::parse(),
    })?;
    if request.jsonrpc.as_deref() != Some("2.0") {
        return Err(RpcError::invalid_request("invalid request: jsonrpc must be \"2.0\""));
    }
    match request.id.map(|id| id.get().as_bytes().first()) {
        None | Some(Some(b'"' | b'-' | b'0'..=b'9' | b'n')) => Ok(request),
        Some(_) => {
            Err(RpcError::invalid_request("invalid request: the id must be a string, a number or null"))
        }
    }
}

/// Stops at the bound instead of collecting a batch that will be refused anyway.
struct Entries {
    most: usize,
}

impl<'de> de::Visitor<'de> for Entries {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a batch of requests")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            if entries.len() >= self.most {
                while seq.next_element::<de::IgnoredAny>()?.is_some() {}
                return Ok(None);
            }
            entries.push(entry);
        }
        Ok(Some(entries))
    }
}

/// Splits a batch into its members, which are still to be read.
///
/// # Errors
/// Malformed JSON, no member, or more than `most`.
pub(crate) fn read_batch(body: &[u8], most: usize) -> Result<Vec<&RawValue>, RpcError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let entries = deserializer.deserialize_seq(Entries { most }).map_err(|_| RpcError::parse())?;
    deserializer.end().map_err(|_| RpcError::parse())?;
    match entries {
        None => {
            let name = "max_batch";
            let why = format!("batch too large: the limit is {most} requests ({name}); {}", raise(name));
            Err(RpcError::invalid_request(why))
        }
        Some(entries) if entries.is_empty() => Err(RpcError::invalid_request("empty batch")),
        Some(entries) => Ok(entries),
    }
}
