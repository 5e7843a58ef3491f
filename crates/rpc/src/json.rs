//! Results as JSON text. They are serialised once, where they are made, and copied into the answer as they are.
//! What a result is called and how its fields are written is said by the types that are serialised.

use crate::error::RpcError;
use serde::Serialize;
use std::io;

/// A method's result, serialised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Json(Vec<u8>);

/// What a method answers.
pub(crate) type Reply = Result<Json, RpcError>;

/// Bytes of the largest result that is serialised at all. What one caller gets is bounded further by
/// `Limits::max_response_bytes`.
const MAX_RESULT_BYTES: usize = 256 << 20;

/// Room for the common small result.
const SMALL_RESULT_BYTES: usize = 96;

impl Json {
    /// JSON that was put together elsewhere.
    pub(crate) const fn of(text: Vec<u8>) -> Self {
        Self(text)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Stops a serialisation that grows out of bounds.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(bytes.len()) > MAX_RESULT_BYTES {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serialises a result.
///
/// # Errors
/// A result that is out of all bounds.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Reply {
    let mut out = Bounded(Vec::with_capacity(SMALL_RESULT_BYTES));
    match serde_json::to_writer(&mut out, value) {
        Ok(()) => Ok(Json(out.0)),
        Err(error) if error.is_io() => Err(RpcError::too_large(MAX_RESULT_BYTES)),
        Err(error) => Err(RpcError::internal(format!("the result could not be written: {error}"))),
    }
}

/// `null`: asked for, and not there.
pub(crate) fn null() -> Reply {
    Ok(Json(b"null".to_vec()))
}

/// A quantity, in hex.
pub(crate) fn quantity(value: u64) -> Reply {
    Ok(Json(format!("\"{value:#x}\"").into_bytes()))
}
