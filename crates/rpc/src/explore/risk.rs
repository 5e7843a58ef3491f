//! The figures of risk together: the certified slack with the attack that comes nearest, concentration, stress and
//! cascade, each from the method that answers it alone. And who secures whom, as a matrix.

use super::{amounts, amounts::Unit, asked, names, once_a_block};
use crate::{
    context::Context,
    error::RpcError,
    restake::{ask::Snapshot, services},
};
use alloy_primitives::{Address, U256};
use chain::index::{Described, SetId};
use serde_json::{Value, json};

/// Seconds that one search may take.
const SEARCH_SECONDS: f64 = 2.0;
/// Rows and columns of the matrix.
const MOST_SETS: usize = 64;
const MOST_OPERATORS: usize = 400;

/// An answer, or the reason why there is none.
fn either(answer: Result<Value, RpcError>) -> Value {
    answer.unwrap_or_else(|error| json!({ "unknown": error.message() }))
}

/// How secure all is, and how that was found.
///
/// # Errors
/// The database's.
pub(crate) fn risk(cx: &Context) -> Result<Value, RpcError> {
    once_a_block(cx, "risk", || {
        let question = json!([{ "seconds": SEARCH_SECONDS }]);
        let ask = |method: &str| either(asked(cx, method, &question));
        let snapshot = Snapshot::take(cx)?;
        snapshot.answer(json!({
            "slack": ask("restake_riskSlack"),
            "attack": ask("restake_riskAttack"),
            "concentration": ask("restake_riskConcentration"),
            "stress": ask("restake_riskStress"),
            "cascade": ask("restake_riskCascade"),
            "matrix": matrix_of(cx, &snapshot)?,
        }))
    })
}

/// One of the figures alone.
///
/// # Errors
/// The method's.
pub(crate) fn part(cx: &Context, method: &str) -> Result<Value, RpcError> {
    asked(cx, method, &json!([{ "seconds": SEARCH_SECONDS }]))
}

/// Who secures whom.
///
/// # Errors
/// The database's.
pub(crate) fn matrix(cx: &Context) -> Result<Value, RpcError> {
    let snapshot = Snapshot::take(cx)?;
    let told = matrix_of(cx, &snapshot)?;
    snapshot.answer(told)
}

/// Sets as rows, operators as columns, the largest first; each cell is what the set can take of the operator.
fn matrix_of(cx: &Context, snapshot: &Snapshot<'_>) -> Result<Value, RpcError> {
    let index = snapshot.index();
    let mut asker = snapshot.asker();
    let worths = amounts::all(snapshot, &mut asker)?;
    let mut sets: Vec<SetId> = Vec::new();
    for avs in index.services(None, MOST_SETS)?.items {
        let left = MOST_SETS.saturating_sub(sets.len());
        sets.extend(index.sets(avs, None, left)?.items);
    }
    let mut cells: Vec<(usize, Address, Vec<U256>)> = Vec::new();
    let mut totals = vec![U256::ZERO; worths.len()];
    for (row, set) in sets.iter().enumerate() {
        let it = services::operator_set(cx, *set, None)?;
        let of = |key: &str| -> Vec<Address> { serde_json::from_value(it[key].clone()).unwrap_or_default() };
        let strategies = of("strategies");
        for (member, shares) in
            of("members").into_iter().zip(it["slashableStake"].as_array().into_iter().flatten())
        {
            let mut held = vec![U256::ZERO; worths.len()];
            for (strategy, shares) in strategies.iter().zip(shares.as_array().into_iter().flatten()) {
                let place = worths.iter().position(|worth| worth.strategy == *strategy);
                let shares: U256 = shares.as_str().and_then(|it| it.parse().ok()).unwrap_or_default();
                if let Some((to, all)) = place.and_then(|at| held.get_mut(at).zip(totals.get_mut(at))) {
                    *to = shares;
                    *all = all.saturating_add(shares);
                }
            }
            cells.push((row, member, held));
        }
    }
    let unit = Unit::of(&worths, &totals);
    let mut operators: std::collections::BTreeMap<Address, U256> = std::collections::BTreeMap::new();
    let mut rows = vec![U256::ZERO; sets.len()];
    let cells: Vec<(usize, Address, U256)> = cells
        .into_iter()
        .map(|(row, operator, held)| (row, operator, unit.sum(&worths, &held)))
        .filter(|(.., stake)| !stake.is_zero())
        .collect();
    for (row, operator, stake) in &cells {
        let sum = operators.entry(*operator).or_default();
        *sum = sum.saturating_add(*stake);
        if let Some(sum) = rows.get_mut(*row) {
            *sum = sum.saturating_add(*stake);
        }
    }
    let mut columns: Vec<(Address, U256)> = operators.into_iter().collect();
    columns.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let more = columns.len() > MOST_OPERATORS;
    columns.truncate(MOST_OPERATORS);
    let place = |operator: &Address| columns.iter().position(|(known, _)| known == operator);
    let told: Vec<Value> = cells
        .iter()
        .filter_map(|(row, operator, stake)| Some(json!([row, place(operator)?, stake.to_string()])))
        .collect();
    let mut described = Vec::new();
    for (set, stake) in sets.iter().zip(&rows) {
        described.push(json!({
            "operatorSet": { "avs": set.avs, "id": set.id },
            "contract": names::contract(set.avs),
            "metadataUri": index.metadata(Described::Service, set.avs)?,
            "stake": stake.to_string(),
        }));
    }
    let columns: Vec<Value> = columns
        .into_iter()
        .map(|(operator, stake)| json!({ "operator": operator, "stake": stake.to_string() }))
        .collect();
    Ok(json!({ "unit": unit.json(), "sets": described, "operators": columns, "cells": told, "more": more }))
}
