//! One transaction, whole: a sentence, the call tree with contracts, functions, arguments, events where they were
//! emitted, why it failed, and which accounts it changed. It is run again by the node's own tracers.

use super::{asked, blocks, names};
use crate::{context::Context, error::RpcError, replay, restake::ask::Snapshot, revert};
use alloy_consensus::{Transaction as _, Typed2718};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde_json::{Value, json};

/// Calls of a tree that are told; the rest is counted.
const MOST_CALLS: usize = 400;
/// Accounts and slots of the changes that are told.
const MOST_ACCOUNTS: usize = 100;
const MOST_SLOTS: usize = 64;
/// Bytes of input that are told.
const MOST_INPUT: usize = 4_096;

/// A sealed transaction.
///
/// # Errors
/// There is none, it waits, its block's state is gone, or the database's.
pub(crate) fn transaction(cx: &Context, hash: B256) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let Ok((block, index)) = replay::transaction_at(&snapshot.view, hash) else {
        let known = asked(cx, "eth_getTransactionByHash", &json!([hash]))?;
        let why = if known.is_null() { "is unknown here" } else { "waits for a block" };
        return Err(RpcError::params(format!("transaction {hash} {why}")));
    };
    let mut asker = snapshot.asker();
    let row = blocks::transaction(&mut asker, &block, index)?;
    let (Some(Value::Object(mut told)), Some(sent)) = (row, block.transactions.get(index)) else {
        return Err(RpcError::internal("a block without the transaction that it holds"));
    };
    let receipt = block.receipts.get(index);
    let base = block.header.base_fee_per_gas;
    let price = U256::from(sent.tx.effective_gas_price(base));
    let gas = told.get("gas_used").and_then(Value::as_u64).unwrap_or_default();
    let input = sent.tx.input();
    let creates = told.get("to").is_none_or(Value::is_null);
    let more = json!({
        "nonce": sent.tx.nonce(),
        "type": sent.tx.ty(),
        "gas_limit": sent.tx.gas_limit(),
        "gas_price": price.to_string(),
        "fee": price.saturating_mul(U256::from(gas)).to_string(),
        "impersonated": sent.impersonated,
        "created": creates.then(|| sent.sender.create(sent.tx.nonce())),
        "call": names::call(sent.tx.to(), input),
        "input": hex::encode_prefixed(input.get(..MOST_INPUT.min(input.len())).unwrap_or_default()),
        "input_bytes": input.len(),
        "events": receipt.map_or(0, |receipt| receipt.logs().len()),
        "trace": trace(cx, hash),
        "changes": changes(cx, hash),
    });
    if let Value::Object(more) = more {
        told.extend(more);
    }
    Ok(Value::Object(told))
}

/// The call tree; a line that says why where there is none.
fn trace(cx: &Context, hash: B256) -> Value {
    let how = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    match asked(cx, "debug_traceTransaction", &json!([hash, how])) {
        Ok(traced) => {
            let mut left = MOST_CALLS;
            call(&traced, &mut left)
        }
        Err(error) => json!({ "unknown": error.message() }),
    }
}

fn address(value: &Value) -> Option<Address> {
    value.as_str()?.parse().ok()
}

fn bytes(value: &Value) -> Bytes {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn number(value: &Value) -> U256 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// One call with what is below it: events and calls in the order in which they came.
fn call(traced: &Value, left: &mut usize) -> Value {
    *left = left.saturating_sub(1);
    let to = address(&traced["to"]);
    let kind = traced["type"].as_str().unwrap_or("CALL");
    let creates = kind.starts_with("CREATE");
    let output = bytes(&traced["output"]);
    let failed = traced.get("error").and_then(Value::as_str);
    let reason = failed.and_then(|_| revert::reason(&output));
    let calls = traced["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let logs = traced["logs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut events: Vec<(u64, Value)> = logs
        .iter()
        .map(|log| (u64::try_from(number(&log["position"])).unwrap_or_default(), event(log)))
        .collect();
    events.sort_by_key(|(position, _)| *position);
    let mut events = events.into_iter().peekable();
    let mut below = Vec::new();
    let mut hidden = 0_usize;
    for (position, inner) in (0_u64..).zip(calls) {
        while let Some((_, event)) = events.next_if(|(at, _)| *at <= position) {
            below.push(event);
        }
        if *left == 0 {
            hidden = hidden.saturating_add(1);
        } else {
            below.push(call(inner, left));
        }
    }
    below.extend(events.map(|(_, event)| event));
    json!({
        "kind": kind,
        "from": traced["from"],
        "to": traced["to"],
        "value": number(&traced["value"]).to_string(),
        "gas_used": u64::try_from(number(&traced["gasUsed"])).unwrap_or_default(),
        "call": names::call(to.filter(|_| !creates), &bytes(&traced["input"])),
        "error": failed,
        "reason": reason,
        "below": below,
        "hidden": hidden,
    })
}

fn event(log: &Value) -> Value {
    let topics: Vec<B256> = log["topics"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter_map(|topic| topic.as_str()?.parse().ok())
        .collect();
    names::event(address(&log["address"]).unwrap_or_default(), &topics, &bytes(&log["data"]))
}

/// Accounts that differ after the transaction: balances, nonces, and how many slots.
fn changes(cx: &Context, hash: B256) -> Value {
    let how = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let traced = match asked(cx, "debug_traceTransaction", &json!([hash, how])) {
        Ok(traced) => traced,
        Err(error) => return json!({ "unknown": error.message(), "items": [] }),
    };
    let (pre, post) = (&traced["pre"], &traced["post"]);
    let empty = serde_json::Map::new();
    let mut all: Vec<&String> =
        [pre, post].iter().flat_map(|side| side.as_object().unwrap_or(&empty).keys()).collect();
    all.sort_unstable();
    all.dedup();
    let items: Vec<Value> = all
        .iter()
        .take(MOST_ACCOUNTS)
        .map(|account| changed(account, &pre[account.as_str()], &post[account.as_str()]))
        .collect();
    json!({ "items": items, "more": all.len() > MOST_ACCOUNTS })
}

fn changed(account: &str, pre: &Value, post: &Value) -> Value {
    let empty = serde_json::Map::new();
    let slots_of = |side: &Value| side["storage"].as_object().unwrap_or(&empty).clone();
    let (before, after) = (slots_of(pre), slots_of(post));
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let zero = Value::String(B256::ZERO.to_string());
    let slots: Vec<Value> = keys
        .iter()
        .take(MOST_SLOTS)
        .map(|key| {
            let of = |side: &serde_json::Map<String, Value>| side.get(key.as_str()).unwrap_or(&zero).clone();
            json!({ "slot": key, "before": of(&before), "after": of(&after) })
        })
        .collect();
    let balance = |side: &Value| side.get("balance").map(|balance| number(balance).to_string());
    json!({
        "address": account,
        "contract": account.parse().ok().and_then(names::contract),
        "balance_before": balance(pre),
        "balance_after": balance(post),
        "nonce_after": post.get("nonce").cloned(),
        "slot_count": keys.len(),
        "slots": slots,
    })
}
