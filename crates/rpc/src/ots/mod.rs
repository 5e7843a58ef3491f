//! `ots_`, the API of the Otterscan explorer at level 8, and the one method of `erigon_` that it asks for.
//! `blocks`: pages of one block; `transactions`: what happened within one; `search`: by address.

pub(crate) mod blocks;
pub(crate) mod search;
pub(crate) mod transactions;

use crate::{block_id, context::Context, convert, error::RpcError};
use alloy_consensus::TxReceipt as _;
use alloy_eips::BlockId;
use alloy_rpc_types_eth::TransactionReceipt;
use alloy_rpc_types_trace::otterscan::{OtsReceipt, OtsTransactionReceipt};
use chain::{SealedBlock, View};
use serde::Deserialize;
use std::sync::Arc;

/// Most blocks or transactions on a page.
const MAX_PAGE: usize = 1_000;

/// A block as Otterscan names it: a plain number, or any id.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Named {
    Number(u64),
    Id(BlockId),
}

impl From<Named> for BlockId {
    fn from(named: Named) -> Self {
        match named {
            Named::Number(number) => number.into(),
            Named::Id(id) => id,
        }
    }
}

/// The block that was named; `None` if there is none.
fn find(view: &View, named: Named) -> Result<Option<Arc<SealedBlock>>, RpcError> {
    match block_id::find(view, named.into())? {
        Some(number) => Ok(view.block(number)?),
        None => Ok(None),
    }
}

/// A page's size, within bounds.
fn page_size(cx: &Context, asked: u64) -> Result<usize, RpcError> {
    let most = MAX_PAGE.min(cx.limits.max_batch);
    match usize::try_from(asked) {
        Ok(size) if size > 0 && size <= most => Ok(size),
        _ => Err(RpcError::params(format!("page size {asked} is not between 1 and {most}"))),
    }
}

/// The receipt at a position, with its block's time; with or without logs.
fn receipt(block: &SealedBlock, index: usize, logs: bool) -> Option<OtsTransactionReceipt> {
    let receipt: TransactionReceipt = convert::receipt(block, index)?;
    let receipt = receipt.map_inner(|inner| OtsReceipt {
        status: inner.status(),
        cumulative_gas_used: inner.cumulative_gas_used(),
        logs: logs.then(|| inner.logs().to_vec()),
        logs_bloom: logs.then(|| inner.bloom()),
        r#type: inner.tx_type().into(),
    });
    Some(OtsTransactionReceipt { receipt, timestamp: Some(block.header.timestamp) })
}
