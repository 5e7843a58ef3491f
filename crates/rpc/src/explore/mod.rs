//! What the pages show besides restaking's own reads: an overview, blocks and transactions in words, addresses, search,
//! the market and the figures of risk together. Each is JSON first, served under `/api/v1`; a page only draws it.

#![allow(clippy::indexing_slicing, reason = "JSON values are asked by name: what is not there is null")]

mod address;
mod amounts;
mod blocks;
mod history;
mod market;
mod names;
mod overview;
mod ranking;
mod registered;
mod risk;
mod search;
mod sentences;
mod transaction;

pub(crate) use address::{address, own_accounts, token};
pub(crate) use blocks::{block, blocks};
pub(crate) use history::{operator, operator_set, service};
pub(crate) use market::{Wanted, market};
pub(crate) use overview::overview;
pub(crate) use ranking::ranked;
pub(crate) use risk::{Shock, Years, cascade, losses, matrix, part, risk, stress};
pub(crate) use search::search;
pub(crate) use transaction::transaction;

use crate::{context::Context, dispatch, error::RpcError, params::Params};
use serde_json::Value;

/// What a method of JSON-RPC that only looks answers, so that a figure has one source.
///
/// # Errors
/// The method's.
fn asked(cx: &Context, method: &str, params: &Value) -> Result<Value, RpcError> {
    let look = dispatch::look(method).ok_or_else(|| RpcError::unknown_method(method))?;
    let text = params.to_string();
    let reply = look(cx, Params::new(Some(&text)))?;
    serde_json::from_slice(reply.bytes()).map_err(|error| RpcError::internal(error.to_string()))
}

/// An answer to one question about the newest block, worked out once a block however often it is asked.
///
/// # Errors
/// What working it out meets.
fn once_a_block(
    cx: &Context,
    key: &str,
    work: impl FnOnce() -> Result<Value, RpcError>,
) -> Result<Value, RpcError> {
    let view = cx.chain.view();
    let head = view.hash_of(view.head())?.unwrap_or_default();
    if let Some(known) = cx.risk.answer(head, key) {
        return Ok(known);
    }
    let answer = work()?;
    cx.risk.keep(head, key.to_owned(), answer.clone());
    Ok(answer)
}
