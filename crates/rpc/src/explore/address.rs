//! One address: what it is in restaking and beyond, what it owns, and its newest transactions. And tokens.

use super::{asked, blocks, names};
use crate::{
    context::Context,
    error::RpcError,
    restake::{ask::Snapshot, operators::all_strategies, position},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U256};
use chain::index::Described;
use serde_json::{Value, json};
use types::abi::{IERC20, IStrategyManager};
use types::addresses::STRATEGY_MANAGER;

/// Transactions of a page.
const SHOWN: u64 = 25;
/// Calls of a native contract on a page: those of a block are told together.
const MOST_CALLS: usize = 200;

fn big(value: &Value) -> U256 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// What an address is.
///
/// # Errors
/// The database's.
pub(crate) fn address(cx: &Context, account: Address, before: u64) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let index = snapshot.index();
    let mut asker = snapshot.asker();
    let code = asked(cx, "eth_getCode", &json!([account, "latest"]))?;
    let code_bytes = code.as_str().map_or(0, |text| text.len().saturating_sub(2) / 2);
    let balance = big(&asked(cx, "eth_getBalance", &json!([account, "latest"]))?);
    let nonce = big(&asked(cx, "eth_getTransactionCount", &json!([account, "latest"]))?);
    let symbol = if code_bytes > 0 { asker.try_ask(account, &IERC20::symbolCall {})? } else { None };
    let is_strategy = all_strategies(&snapshot)?.contains(&account);
    let deposits = asker.ask(STRATEGY_MANAGER, &IStrategyManager::getDepositsCall { staker: account })?;
    let mine = position::position(cx, account)?;
    let some = |key: &str| mine.get(key).and_then(Value::as_array).is_some_and(|items| !items.is_empty());
    let is_staker = some("holdings") || some("queued") || !deposits._0.is_empty();
    let is_operator = index.registration(account)?.is_some();
    let is_service = index.is_service(account)?;
    let mut metadata = None;
    for (is, kind) in [(is_operator, Described::Operator), (is_service, Described::Service)] {
        if is && metadata.is_none() {
            metadata = index.metadata(kind, account)?;
        }
    }
    snapshot.answer(json!({
        "address": account,
        "contract": names::contract(account),
        "metadataUri": metadata,
        "isStaker": is_staker,
        "isOperator": is_operator,
        "isService": is_service,
        "isStrategy": is_strategy,
        "isToken": symbol.is_some(),
        "balance": balance.to_string(),
        "nonce": u64::try_from(nonce).unwrap_or(u64::MAX),
        "codeBytes": code_bytes,
        "transactions": transactions(cx, &snapshot, account, before)?,
    }))
}

/// The newest transactions in which an address took part, below a block.
fn transactions(
    cx: &Context,
    snapshot: &Snapshot<'_>,
    account: Address,
    before: u64,
) -> Result<Value, RpcError> {
    if names::contract(account).is_some() {
        return calls_to(snapshot, account, before);
    }
    let found = asked(cx, "ots_searchTransactionsBefore", &json!([account, before, SHOWN]))?;
    let mut asker = snapshot.asker();
    let mut items = Vec::new();
    let mut last = None;
    for it in found["txs"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let number = u64::try_from(big(&it["blockNumber"])).unwrap_or_default();
        let place = usize::try_from(big(&it["transactionIndex"])).unwrap_or_default();
        let Some(block) = snapshot.view.block(number)? else { continue };
        items.extend(blocks::transaction(&mut asker, &block, place)?);
        last = Some(number);
    }
    let whole = found["lastPage"].as_bool().unwrap_or(true);
    Ok(json!({ "items": items, "next": last.filter(|_| !whole) }))
}

/// Accounts that the node itself signs for, with what they own: development chains have some.
///
/// # Errors
/// The database's.
pub(crate) fn own_accounts(cx: &Context) -> Result<Value, RpcError> {
    const MOST: usize = 20;
    let accounts = asked(cx, "eth_accounts", &json!([]))?;
    let mut items = Vec::new();
    for account in accounts.as_array().into_iter().flatten().take(MOST) {
        let balance = big(&asked(cx, "eth_getBalance", &json!([account, "latest"]))?);
        items.push(json!({ "account": account, "balance": balance.to_string() }));
    }
    Ok(json!({ "items": items }))
}

/// The newest transactions that call a native contract themselves. Nearly every block has one inside others, and finding
/// those would run the whole chain again.
fn calls_to(snapshot: &Snapshot<'_>, account: Address, before: u64) -> Result<Value, RpcError> {
    const SEARCHED_BLOCKS: u64 = 512;
    let head = snapshot.view.head();
    let first = if before == 0 { head } else { before.saturating_sub(1).min(head) };
    let last = first.saturating_sub(SEARCHED_BLOCKS);
    let mut asker = snapshot.asker();
    let mut items = Vec::new();
    let mut next = (last > 0).then_some(last);
    for number in (last..=first).rev() {
        let Some(block) = snapshot.view.block(number)? else { break };
        for (place, sent) in block.transactions.iter().enumerate().rev() {
            if sent.tx.to() == Some(account) {
                items.extend(blocks::transaction(&mut asker, &block, place)?);
            }
        }
        if items.len() >= SHOWN as usize {
            next = (number > 0).then_some(number);
            break;
        }
    }
    items.truncate(MOST_CALLS);
    Ok(json!({ "items": items, "next": next }))
}

/// A token, and the strategies that hold it.
///
/// # Errors
/// It is none, or the database's.
pub(crate) fn token(cx: &Context, token: Address) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let mut asker = snapshot.asker();
    let Some(supply) = asker.try_ask(token, &IERC20::totalSupplyCall {})? else {
        return Err(RpcError::params(format!("{token} is no token: it tells no total supply")));
    };
    let name = asker.try_ask(token, &IERC20::nameCall {})?;
    let about = asker.token_at(token)?;
    let mut strategies = Vec::new();
    for strategy in all_strategies(&snapshot)? {
        if asker.token(strategy)?.address == Some(token) {
            let held = asker.try_ask(token, &IERC20::balanceOfCall { account: strategy })?;
            strategies.push(json!({ "strategy": strategy, "tokens": held.unwrap_or_default().to_string() }));
        }
    }
    snapshot.answer(json!({
        "token": token,
        "name": name,
        "symbol": about.symbol,
        "decimals": about.decimals,
        "contract": names::contract(token),
        "totalSupply": supply.to_string(),
        "strategies": strategies,
    }))
}
