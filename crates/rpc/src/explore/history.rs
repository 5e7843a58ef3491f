//! Stake over time, as the pages of operators and operator sets draw it: views run on the state of some blocks, evenly
//! spread. And what an attack on a service costs beside what it wins.

use super::{asked, once_a_block};
use crate::{
    context::Context,
    error::RpcError,
    restake::{Paging, ask::Asker, ask::Snapshot, operators, services},
};
use alloy_primitives::{Address, U256};
use chain::index::SetId;
use serde_json::{Value, json};
use types::{
    abi::{IDelegationManager, ILens},
    addresses::{DELEGATION_MANAGER, LENS},
};

/// Blocks that are looked at, and members times blocks of a set.
const MOST_BLOCKS: u64 = 24;
const MOST_READS: u64 = 2_048;
const LEAST_BLOCKS: u64 = 4;
/// Seconds that the search for the attack on one service may take.
const SEARCH_SECONDS: f64 = 0.5;
/// Sets of a service whose attacks are looked for.
const MOST_SETS: usize = 16;

/// The book of an operator, with its stake over time.
///
/// # Errors
/// The database's.
pub(crate) fn operator(cx: &Context, operator: Address) -> Result<Value, RpcError> {
    let mut book = operators::operator(cx, operator)?;
    let mut history = Value::Null;
    if let Some(from) = book["registeredBlock"].as_u64() {
        let strategies: Vec<Address> = book["exposures"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| serde_json::from_value(it["strategy"].clone()).ok())
            .collect();
        let call = IDelegationManager::getOperatorSharesCall { operator, strategies: strategies.clone() };
        let at = |asker: &mut Asker<'_>, _| asker.try_ask(DELEGATION_MANAGER, &call);
        let key = format!("history {operator}");
        history = over_time(cx, &key, (from, MOST_BLOCKS), &strategies, at)?;
    }
    add(&mut book, "history", history);
    Ok(book)
}

/// An operator set, with what it could slash over time, and the attack on it that comes nearest.
///
/// # Errors
/// An unknown set, a block that is past or out of reach, or the database's.
pub(crate) fn operator_set(cx: &Context, set: SetId, future: Option<u64>) -> Result<Value, RpcError> {
    let mut book = services::operator_set(cx, set, future)?;
    let strategies: Vec<Address> = serde_json::from_value(book["strategies"].clone()).unwrap_or_default();
    let members = book["members"].as_array().map_or(0, Vec::len) as u64;
    let blocks = MOST_READS.checked_div(members).unwrap_or(MOST_BLOCKS).clamp(LEAST_BLOCKS, MOST_BLOCKS);
    let at = |asker: &mut Asker<'_>, block: u64| {
        let future = u32::try_from(block).unwrap_or(u32::MAX);
        let operator_set = ILens::OperatorSet { avs: set.avs, id: set.id };
        let call = ILens::operatorSetCall { operatorSet: operator_set, futureBlock: future };
        let Some(then) = asker.try_ask(LENS, &call)? else { return Ok(None) };
        let of = |strategy: &Address| {
            let place = then.strategies.iter().position(|it| it == strategy);
            let shares = then.slashableStake.iter().filter_map(|row| row.get(place?));
            shares.fold(U256::ZERO, |sum, it| sum.saturating_add(*it))
        };
        Ok(Some(strategies.iter().map(of).collect()))
    };
    let key = format!("history {set}");
    add(&mut book, "history", over_time(cx, &key, (0, blocks), &strategies, at)?);
    add(&mut book, "risk", risk_of(cx, &set.to_string()));
    Ok(book)
}

/// A service, with the attack that comes nearest to each of its sets, and to itself where AVSDirectory has registrations.
///
/// # Errors
/// A bad page, or the database's.
pub(crate) fn service(cx: &Context, avs: Address, paging: &Paging) -> Result<Value, RpcError> {
    let mut told = services::service(cx, avs, paging)?;
    if told["registered"]["items"].as_array().is_some_and(|items| !items.is_empty()) {
        let risk = risk_of(cx, &avs.to_string());
        add(&mut told, "risk", risk);
    }
    if let Some(sets) = told["operatorSets"]["items"].as_array_mut() {
        for set in sets.iter_mut().take(MOST_SETS) {
            let id = set["operatorSet"]["id"].as_u64().unwrap_or_default();
            add(set, "risk", risk_of(cx, &format!("{avs}:{id}")));
        }
    }
    Ok(told)
}

fn add(to: &mut Value, key: &str, what: Value) {
    if let Some(fields) = to.as_object_mut() {
        fields.insert(key.into(), what);
    }
}

/// The attack on a service that comes nearest, or why there is none.
fn risk_of(cx: &Context, service: &str) -> Value {
    super::risk::either(asked(
        cx,
        "restake_riskAttack",
        &json!([{ "service": service, "seconds": SEARCH_SECONDS }]),
    ))
}

/// Sums of shares by strategy at some blocks from the first to the newest, as far as their state is still kept.
fn over_time(
    cx: &Context,
    key: &str,
    (from, most): (u64, u64),
    strategies: &[Address],
    at: impl Fn(&mut Asker<'_>, u64) -> Result<Option<Vec<U256>>, RpcError>,
) -> Result<Value, RpcError> {
    once_a_block(cx, key, || {
        let head = Snapshot::take(cx)?.head();
        let mut items: Vec<Value> = Vec::new();
        for block in spread(from, head, most) {
            // What was pruned is no part of the answer.
            let Ok(snapshot) = Snapshot::take(cx)?.past(block) else { continue };
            let Ok(Some(stake)) = at(&mut snapshot.asker(), block) else { continue };
            let stake: Vec<String> = stake.iter().map(U256::to_string).collect();
            items.push(json!({ "block": block, "stake": stake }));
        }
        Ok(json!({ "strategies": strategies, "items": items }))
    })
}

/// At most so many blocks, two at least, evenly spread, both ends among them.
fn spread(from: u64, head: u64, most: u64) -> Vec<u64> {
    let (from, steps) = (from.min(head), most.saturating_sub(1).max(1));
    let width = u128::from(head.saturating_sub(from));
    let at = |step: u64| {
        let past = width.saturating_mul(u128::from(step)).checked_div(u128::from(steps)).unwrap_or_default();
        from.saturating_add(u64::try_from(past).unwrap_or_default())
    };
    let mut blocks: Vec<u64> = (0..=steps).map(at).collect();
    blocks.dedup();
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_spread_from_end_to_end() {
        assert_eq!(spread(0, 46, 24).len(), 24);
        assert_eq!(spread(3, 9, 4), [3, 5, 7, 9]);
        assert_eq!(spread(5, 7, 24), [5, 6, 7]);
        assert_eq!((spread(0, 0, 24), spread(9, 3, 24)), (vec![0], vec![3]));
        assert_eq!(spread(0, u64::MAX, 3), [0, u64::MAX / 2, u64::MAX]);
    }
}
