//! The errors of JSON-RPC: one type, with the codes of the specification and the texts of geth where tools match
//! on them.

use crate::limits::raise;
use alloy_primitives::Bytes;
use serde::Serialize;
use std::borrow::Cow;

/// Malformed JSON.
const PARSE: i32 = -32700;
/// JSON that is no request.
const INVALID_REQUEST: i32 = -32600;
/// No such method.
const METHOD_NOT_FOUND: i32 = -32601;
/// Arguments that do not fit the method.
const INVALID_PARAMS: i32 = -32602;
/// Our fault.
const INTERNAL: i32 = -32603;
/// Any refusal with a reason.
const SERVER: i32 = -32000;
/// An answer that would be too large.
const TOO_LARGE: i32 = -32003;
/// Known, but not to be had here (`decisions.md` 67).
const REFUSED: i32 = -32004;
/// A bound was met (EIP-1474).
const LIMIT: i32 = -32005;
/// Never sent: the method has to run on a thread that may execute, and `dispatch` runs it again there.
const NEEDS_WORKER: i32 = i32::MIN;
/// A call ended in REVERT.
const REVERTED: i32 = 3;

/// An error as the caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RpcError {
    code: i32,
    message: Cow<'static, str>,
    /// Hex, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

impl RpcError {
    /// Messages may quote what the caller sent; they stay one line in a log or a terminal all the same.
    fn new(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        let mut message = message.into();
        if message.contains(char::is_control) {
            message = Cow::Owned(message.replace(char::is_control, " "));
        }
        Self { code, message, data: None }
    }

    pub(crate) fn parse() -> Self {
        Self::new(PARSE, "parse error: the body is not valid JSON")
    }

    pub(crate) fn invalid_request(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(INVALID_REQUEST, why)
    }

    pub(crate) fn unknown_method(method: &str) -> Self {
        let shown: String = method.chars().take(64).collect();
        Self::new(METHOD_NOT_FOUND, format!("the method {shown} does not exist/is not available"))
    }

    pub(crate) fn no_notifications() -> Self {
        Self::new(METHOD_NOT_FOUND, "notifications not supported: subscribe over a WebSocket")
    }

    pub(crate) fn params(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(INVALID_PARAMS, why)
    }

    /// What a look-up answers on a thread that may not execute, if it would have to.
    pub(crate) const fn needs_worker() -> Self {
        Self { code: NEEDS_WORKER, message: Cow::Borrowed("the request must run on a worker"), data: None }
    }

    /// Whether it is [`Self::needs_worker`].
    pub(crate) const fn is_for_worker(&self) -> bool {
        self.code == NEEDS_WORKER
    }

    pub(crate) fn internal(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(INTERNAL, why)
    }

    pub(crate) fn server(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(SERVER, why)
    }

    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        Self::new(
            TOO_LARGE,
            format!(
                "response too large: more than {limit_bytes} bytes (max_response_bytes); ask for less at a time, or {}",
                raise("max_response_bytes")
            ),
        )
    }

    pub(crate) fn trace_too_large(limit_bytes: usize) -> Self {
        Self::new(
            TOO_LARGE,
            format!(
                "trace too large: more than {limit_bytes} bytes would be recorded (max_trace_bytes); ask for less (limit, \
                 disableStack, disableStorage) or for another tracer, or {}",
                raise("max_trace_bytes")
            ),
        )
    }

    pub(crate) fn refused(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(REFUSED, why)
    }

    pub(crate) fn limit(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(LIMIT, why)
    }

    /// An error with a code of its method's specification.
    pub(crate) fn coded(code: i32, why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code, why)
    }

    /// The same error with data for programs.
    pub(crate) fn with_data(self, data: impl Into<String>) -> Self {
        Self { data: Some(data.into()), ..self }
    }

    /// The reason is the contract's, and tools compare it: it is kept as it is.
    pub(crate) fn reverted(message: String, data: Bytes) -> Self {
        Self { code: REVERTED, message: message.into(), data: Some(data.to_string()) }
    }

    pub(crate) const fn code(&self) -> i32 {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl From<chain::ReadError> for RpcError {
    fn from(error: chain::ReadError) -> Self {
        Self::server(error.to_string())
    }
}

impl From<chain::ControlError> for RpcError {
    fn from(error: chain::ControlError) -> Self {
        Self::server(error.to_string())
    }
}

impl From<chain::SubmitError> for RpcError {
    fn from(error: chain::SubmitError) -> Self {
        Self::server(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_quotes_the_caller_stays_one_line() {
        let error = RpcError::unknown_method("two\nlines\u{1b}[2J");
        assert_eq!(error.message(), "the method two lines [2J does not exist/is not available");
    }

    #[test]
    fn the_reason_of_a_revert_is_kept_as_it_is() {
        let error = RpcError::reverted("execution reverted: two\nlines".to_owned(), Bytes::new());
        assert_eq!((error.code(), error.message()), (REVERTED, "execution reverted: two\nlines"));
    }
}
