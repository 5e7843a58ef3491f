//! A list of results that is written out as it grows: each trace is let go before the next is made, and the answer stays
//! within the bound that every answer has.

use crate::{
    error::RpcError,
    json::{Json, Reply, json},
};
use serde::Serialize;

/// A JSON list in the making.
pub(crate) struct List {
    text: Vec<u8>,
    most: usize,
    len: u64,
}

impl List {
    /// An empty list of at most `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { text: vec![b'['], most, len: 0 }
    }

    /// Results in the list.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Adds a result.
    ///
    /// # Errors
    /// The list would be too large.
    pub(crate) fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), RpcError> {
        let json = json(value)?;
        self.parts(&[json.bytes()])
    }

    /// Adds a result that is written already.
    ///
    /// # Errors
    /// The list would be too large.
    pub(crate) fn push_json(&mut self, json: &Json) -> Result<(), RpcError> {
        self.parts(&[json.bytes()])
    }

    /// Adds an object, given as text with a JSON value after it.
    ///
    /// # Errors
    /// The list would be too large.
    pub(crate) fn push_object(&mut self, head: &str, value: &Json) -> Result<(), RpcError> {
        self.parts(&[head.as_bytes(), value.bytes(), b"}"])
    }

    fn parts(&mut self, parts: &[&[u8]]) -> Result<(), RpcError> {
        if self.len > 0 {
            self.text.push(b',');
        }
        self.len = self.len.saturating_add(1);
        for part in parts {
            if self.text.len().saturating_add(part.len()) >= self.most {
                return Err(RpcError::too_large(self.most));
            }
            self.text.extend_from_slice(part);
        }
        Ok(())
    }

    /// The whole list.
    ///
    /// # Errors
    /// None: it is what a method answers.
    pub(crate) fn end(mut self) -> Reply {
        self.text.push(b']');
        Ok(Json::of(self.text))
    }
}
