//! Blocks: the newest ones as a list, and one with its transactions in sentences.

use super::{names, sentences};
use crate::{
    context::Context,
    error::RpcError,
    restake::ask::{Asker, Snapshot},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{B256, TxKind};
use chain::{SealedBlock, View};
use serde_json::{Value, json};

/// Blocks of a list without `limit`.
const USUAL_BLOCKS: u64 = 25;
/// Most blocks of a list.
const MOST_BLOCKS: u64 = 100;
/// Most transactions told of one block; blocks have more, and a page of the others.
const MOST_TRANSACTIONS: usize = 200;

/// Blocks, the newest first, from below `before` on.
///
/// # Errors
/// A limit out of bounds, or the database's.
pub(crate) fn blocks(cx: &Context, before: Option<u64>, limit: Option<u64>) -> Result<Value, RpcError> {
    let limit = limit.unwrap_or(USUAL_BLOCKS);
    if !(1..=MOST_BLOCKS).contains(&limit) {
        return Err(RpcError::params(format!("limit {limit} is not 1 to {MOST_BLOCKS}")));
    }
    let view = cx.chain.view();
    let head = view.head();
    let first = before.map_or(head, |before| before.saturating_sub(1)).min(head);
    let last = first.saturating_sub(limit.saturating_sub(1));
    let mut items = Vec::new();
    for number in (last..=first).rev() {
        let Some(block) = view.block(number)? else { break };
        items.push(row(&block));
    }
    let next = (before != Some(0)).then_some(last).filter(|last| *last > 0);
    Ok(json!({ "head": head, "items": items, "next": next }))
}

/// A block in a list.
pub(super) fn row(block: &SealedBlock) -> Value {
    json!({
        "number": block.header.number,
        "hash": block.hash,
        "timestamp": block.header.timestamp,
        "transactions": block.transactions.len(),
        "gas_used": block.header.gas_used,
        "gas_limit": block.header.gas_limit,
        "base_fee": block.header.base_fee_per_gas.unwrap_or_default().to_string(),
    })
}

/// The block that a number or a hash names.
///
/// # Errors
/// Neither; there is none; or the database's.
pub(super) fn find(view: &View, named: &str) -> Result<u64, RpcError> {
    let absent = || RpcError::params(format!("there is no block {named}; the newest is {}", view.head()));
    if let Ok(hash) = named.parse::<B256>() {
        return view.number_of(hash)?.ok_or_else(absent);
    }
    let number: u64 = named.parse().map_err(|_| absent())?;
    if number > view.head() { Err(absent()) } else { Ok(number) }
}

/// A block with its transactions, from `skip` on.
///
/// # Errors
/// There is none, or the database's.
pub(crate) fn block(cx: &Context, named: &str, skip: usize) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let number = find(&snapshot.view, named)?;
    let gone = || RpcError::params(format!("block {number} is no longer kept here"));
    let block = snapshot.view.block(number)?.ok_or_else(gone)?;
    let mut asker = snapshot.asker();
    let end = skip.saturating_add(MOST_TRANSACTIONS).min(block.transactions.len());
    let items: Result<Vec<Value>, RpcError> =
        (skip.min(end)..end).filter_map(|index| transaction(&mut asker, &block, index).transpose()).collect();
    let mut told = row(&block);
    if let Some(told) = told.as_object_mut() {
        let more = json!({
            "parent_hash": block.header.parent_hash,
            "state_root": block.header.state_root,
            "receipts_root": block.header.receipts_root,
            "transactions_root": block.header.transactions_root,
            "size": block.size(),
            "head": snapshot.view.head(),
            "items": items?,
            "next": (end < block.transactions.len()).then_some(end),
        });
        if let Value::Object(more) = more {
            told.extend(more);
        }
    }
    Ok(told)
}

/// A transaction of a block in one row; `None`: there is none at this place.
///
/// # Errors
/// The state cannot be read.
pub(super) fn transaction(
    asker: &mut Asker<'_>,
    block: &SealedBlock,
    index: usize,
) -> Result<Option<Value>, RpcError> {
    let (Some(sent), Some(receipt)) = (block.transactions.get(index), block.receipts.get(index)) else {
        return Ok(None);
    };
    let before = index.checked_sub(1).and_then(|before| block.receipts.get(before));
    let before = before.map_or(0, alloy_consensus::ReceiptEnvelope::cumulative_gas_used);
    let to = match sent.tx.kind() {
        TxKind::Call(to) => Some(to),
        TxKind::Create => None,
    };
    Ok(Some(json!({
        "hash": sent.hash,
        "block_number": block.header.number,
        "timestamp": block.header.timestamp,
        "index": index,
        "from": sent.sender,
        "to": to,
        "contract": to.and_then(names::contract),
        "function": to.and_then(|to| names::function(to, sent.tx.input())),
        "value": sent.tx.value().to_string(),
        "success": receipt.status(),
        "gas_used": receipt.cumulative_gas_used().saturating_sub(before),
        "words": sentences::of(asker, sent.tx.kind(), sent.tx.value(), sent.tx.input())?,
    })))
}

/// The newest transactions, the newest first, of at most some blocks back.
///
/// # Errors
/// The state cannot be read.
pub(super) fn newest(
    snapshot: &Snapshot<'_>,
    asker: &mut Asker<'_>,
    blocks: u64,
    most: usize,
) -> Result<Vec<Value>, RpcError> {
    let head = snapshot.view.head();
    let mut found = Vec::new();
    for number in (head.saturating_sub(blocks)..=head).rev() {
        let Some(block) = snapshot.view.block(number)? else { break };
        for index in (0..block.transactions.len()).rev() {
            if found.len() >= most {
                return Ok(found);
            }
            found.extend(transaction(asker, &block, index)?);
        }
    }
    Ok(found)
}
