//! What a few letters mean: a block, a transaction, a withdrawal, an account, a contract, a service or operator by the
//! text of its description. All that fits is told; nothing is guessed.

use super::names;
use crate::{context::Context, error::RpcError, restake::ask::Snapshot};
use alloy_primitives::{Address, B256};
use chain::index::Described;
use serde_json::{Value, json};
use types::addresses;

/// Characters of a question.
const MOST_CHARS: usize = 200;
/// Services and operators whose descriptions are looked through, and results that are told.
const MOST_LOOKED: usize = 2_000;
const MOST_FOUND: usize = 50;

fn found(kind: &str, path: String, title: String) -> Value {
    json!({ "kind": kind, "path": path, "title": title })
}

/// Everything that a question may mean.
///
/// # Errors
/// A question that is too long, or the database's.
pub(crate) fn search(cx: &Context, asked: &str) -> Result<Value, RpcError> {
    let query = asked.trim();
    if query.chars().count() > MOST_CHARS {
        return Err(RpcError::params(format!("at most {MOST_CHARS} characters can be searched for")));
    }
    let snapshot = Snapshot::take(cx)?;
    let mut items = Vec::new();
    let digits: String = query.chars().filter(|it| !matches!(it, ',' | '_' | ' ')).collect();
    if let Ok(number) = digits.parse::<u64>()
        && number <= snapshot.view.head()
    {
        items.push(found("block", format!("/blocks/{number}"), format!("Block {number}")));
    }
    if let Ok(hash) = query.parse::<B256>() {
        if snapshot.view.transaction(hash)?.is_some() {
            items.push(found("transaction", format!("/tx/{hash}"), format!("Transaction {hash}")));
        }
        if let Some(number) = snapshot.view.number_of(hash)? {
            items.push(found("block", format!("/blocks/{number}"), format!("Block {number}")));
        }
        if let Some(withdrawal) = snapshot.index().withdrawal(hash)? {
            let staker = withdrawal.staker.to_checksum(None);
            items.push(found(
                "withdrawal",
                format!("/stakers/{staker}"),
                format!("A withdrawal of {staker}"),
            ));
        }
    }
    if let Ok(account) = query.parse::<Address>() {
        let full = account.to_checksum(None);
        let title = names::contract(account).map_or_else(|| full.clone(), |name| format!("{name} {full}"));
        items.push(found("address", format!("/address/{full}"), title));
    }
    if items.is_empty() && query.chars().count() >= 2 {
        by_words(&snapshot, &query.to_lowercase(), &mut items)?;
    }
    items.truncate(MOST_FOUND);
    Ok(json!({ "query": query, "items": items }))
}

/// Contracts by name, tokens by symbol, operators and services by what they say of themselves.
fn by_words(snapshot: &Snapshot<'_>, words: &str, items: &mut Vec<Value>) -> Result<(), RpcError> {
    for (name, address) in addresses::NAMED.iter().chain(addresses::NAMED_IN_DEV) {
        if name.to_lowercase().contains(words) {
            let full = address.to_checksum(None);
            items.push(found("contract", format!("/address/{full}"), format!("{name} {full}")));
        }
    }
    let index = snapshot.index();
    let mut asker = snapshot.asker();
    for strategy in crate::restake::operators::all_strategies(snapshot)? {
        let symbol = asker.token(strategy)?.symbol;
        if symbol.to_lowercase().contains(words) {
            let full = strategy.to_checksum(None);
            items.push(found("strategy", format!("/strategies/{full}"), format!("The strategy of {symbol}")));
        }
    }
    let operators = index.operators(None, MOST_LOOKED)?.items.into_iter().map(|(operator, _)| operator);
    let services = index.services(None, MOST_LOOKED)?.items.into_iter();
    let all = services
        .map(|avs| (Described::Service, "services", avs))
        .chain(operators.map(|operator| (Described::Operator, "operators", operator)));
    for (kind, path, account) in all {
        if items.len() >= MOST_FOUND {
            break;
        }
        let full = account.to_checksum(None);
        let said = index.metadata(kind, account)?.unwrap_or_default();
        if said.to_lowercase().contains(words) || full.to_lowercase().starts_with(words) {
            let what = path.trim_end_matches('s');
            items.push(found(what, format!("/{path}/{full}"), format!("{full} · {said}")));
        }
    }
    Ok(())
}
