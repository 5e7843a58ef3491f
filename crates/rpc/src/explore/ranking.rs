//! Operators by the stake that is delegated to them.

use super::{amounts, amounts::Unit, amounts::Worth, once_a_block};
use crate::{context::Context, error::RpcError, restake::ask::Snapshot};
use alloy_primitives::{Address, U256};
use chain::index::Described;
use serde_json::{Value, json};

/// Operators that are ranked: beyond, answers say `more`.
const MOST_RANKED: usize = 5_000;
/// Operators of a page.
const USUAL_LIMIT: usize = 100;
const MOST_ITEMS: usize = 1_000;

/// All operators with what they hold, the largest first.
pub(super) struct Ranking {
    pub(super) unit: Unit,
    pub(super) worths: Vec<Worth>,
    /// By strategy, in shares.
    pub(super) totals: Vec<U256>,
    /// In the unit's smallest parts.
    pub(super) held: Vec<(Address, U256)>,
    pub(super) total: U256,
    pub(super) more: bool,
}

/// Ranks the operators of a snapshot.
///
/// # Errors
/// The database's.
pub(super) fn rank(snapshot: &Snapshot<'_>) -> Result<Ranking, RpcError> {
    let mut asker = snapshot.asker();
    let worths = amounts::all(snapshot, &mut asker)?;
    let page = snapshot.index().operators(None, MOST_RANKED)?;
    let more = page.next.is_some();
    let operators: Vec<Address> = page.items.into_iter().map(|(operator, _)| operator).collect();
    let shares = amounts::shares(&mut asker, &operators, &worths)?;
    let sum = |place: usize| {
        shares.iter().filter_map(|row| row.get(place)).fold(U256::ZERO, |sum, it| sum.saturating_add(*it))
    };
    let totals: Vec<U256> = (0..worths.len()).map(sum).collect();
    let unit = Unit::of(&worths, &totals);
    let mut held: Vec<(Address, U256)> = operators
        .into_iter()
        .zip(&shares)
        .map(|(operator, shares)| (operator, unit.sum(&worths, shares)))
        .collect();
    held.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let total = held.iter().fold(U256::ZERO, |sum, (_, it)| sum.saturating_add(*it));
    Ok(Ranking { unit, worths, totals, held, total, more })
}

/// A page of the ranking.
///
/// # Errors
/// A limit out of bounds, or the database's.
pub(crate) fn ranked(cx: &Context, skip: usize, limit: Option<u64>) -> Result<Value, RpcError> {
    let limit = limit.map_or(Ok(USUAL_LIMIT), usize::try_from).unwrap_or(usize::MAX);
    if !(1..=MOST_ITEMS).contains(&limit) {
        return Err(RpcError::params(format!("limit {limit} is not 1 to {MOST_ITEMS}")));
    }
    once_a_block(cx, &format!("ranked {skip} {limit}"), || {
        let snapshot = Snapshot::take(cx)?;
        let ranking = rank(&snapshot)?;
        let index = snapshot.index();
        let mut items = Vec::new();
        for (place, (operator, stake)) in ranking.held.iter().enumerate().skip(skip).take(limit) {
            items.push(json!({
                "rank": place.saturating_add(1),
                "operator": operator,
                "stake": stake.to_string(),
                "metadataUri": index.metadata(Described::Operator, *operator)?,
                "registeredBlock": index.registration(*operator)?.map(|place| place.block),
            }));
        }
        let end = skip.saturating_add(items.len());
        snapshot.answer(json!({
            "unit": ranking.unit.json(),
            "staked": ranking.total.to_string(),
            "count": ranking.held.len(),
            "more": ranking.more,
            "items": items,
            "next": (end < ranking.held.len() && end > skip).then_some(end),
        }))
    })
}
