//! The figures of risk together: the certified slack with the attack that comes nearest, concentration, stress and
//! cascade, each from the method that answers it alone. And who secures whom, as a matrix.

#![allow(
    clippy::float_arithmetic,
    reason = "shares that people ask for; what is certified comes from the integer checker"
)]

use super::{amounts, amounts::Unit, amounts::Worth, asked, names, once_a_block, registered::Directory};
use crate::{
    context::Context,
    error::RpcError,
    restake::{ask::Snapshot, services},
};
use alloy_primitives::{Address, U256};
use chain::index::{Described, SetId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Seconds that one search may take.
const SEARCH_SECONDS: f64 = 2.0;
/// Share of all stake that a shock takes unless told otherwise.
const USUAL_SHOCK: f64 = 0.1;
/// Years that are drawn unless told otherwise, and within which bounds.
const USUAL_YEARS: u64 = 100_000;
const LEAST_YEARS: u64 = 1_000;
const MOST_YEARS: u64 = 1_000_000;
const USUAL_SEED: u64 = 1;
/// Operators that are told by their part in the tail.
const TOLD_OPERATORS: usize = 25;
/// Rows and columns of the matrix.
const MOST_SETS: usize = 64;
const MOST_OPERATORS: usize = 400;

/// An answer, or the reason why there is none.
pub(super) fn either(answer: Result<Value, RpcError>) -> Value {
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

/// Which shock is asked about: a share of all stake, as `0.1` or `10%`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shock {
    shock: Option<String>,
}

impl Shock {
    /// The share.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn share(&self) -> Result<f64, RpcError> {
        let Some(text) = self.shock.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(USUAL_SHOCK);
        };
        let share = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().map(|it| it / 100.0),
            None => text.parse::<f64>(),
        };
        let shown: String = text.chars().take(32).collect();
        share.ok().filter(|share| *share > 0.0 && *share <= 1.0).ok_or_else(|| {
            RpcError::params(format!(
                "shock {shown:?} is no share of all stake: write 0.1 or 10% for a tenth, above 0, at most 1"
            ))
        })
    }
}

/// How far the worst shock of a share of all stake spreads, round by round.
///
/// # Errors
/// The method's.
pub(crate) fn cascade(cx: &Context, share: f64) -> Result<Value, RpcError> {
    asked(cx, "restake_riskCascade", &json!([{ "psi": share, "seconds": SEARCH_SECONDS }]))
}

/// What would break it: the smallest loss for the network and for each service alone, the fall of price, and the loss of each
/// operator.
///
/// # Errors
/// The method's.
pub(crate) fn stress(cx: &Context) -> Result<Value, RpcError> {
    asked(cx, "restake_riskStress", &json!([{ "each": true, "seconds": SEARCH_SECONDS }]))
}

/// How many years are drawn, from which seed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Years {
    years: Option<u64>,
    seed: Option<u64>,
}

impl Years {
    /// How many, and from which seed.
    ///
    /// # Errors
    /// Too few or too many.
    pub(crate) fn drawn(self) -> Result<(u64, u64), RpcError> {
        let years = self.years.unwrap_or(USUAL_YEARS);
        if !(LEAST_YEARS..=MOST_YEARS).contains(&years) {
            let why =
                format!("years {years} is outside [{LEAST_YEARS}, {MOST_YEARS}]: each is one drawn year");
            return Err(RpcError::params(why));
        }
        Ok((years, self.seed.unwrap_or(USUAL_SEED)))
    }
}

/// What a year may cost by chance: its mean, its tails and a histogram, over many drawn years.
///
/// # Errors
/// The method's.
pub(crate) fn losses(cx: &Context, (years, seed): (u64, u64)) -> Result<Value, RpcError> {
    let question = json!([{ "paths": years, "seed": seed, "seconds": SEARCH_SECONDS }]);
    let mut whole = asked(cx, "restake_riskSimulate", &question)?;
    let report = whole["report"].take();
    let Some(fields) = whole.as_object_mut() else { return Ok(whole) };
    fields.remove("report");
    let network = &report["network"];
    let told: Vec<Value> = report["operators"]
        .as_array()
        .into_iter()
        .flatten()
        .take(TOLD_OPERATORS)
        .map(|it| json!({ "operator": it["id"], "mean": it["mean"], "tail": it["tail"] }))
        .collect();
    let more = json!({
        "years": report["paths"],
        "seed": report["seed"],
        "unit": "ETH",
        "stake": report["stake"],
        "mean": network["mean"],
        "mean_error": network["meanError"],
        "deviation": network["deviation"],
        "maximum": network["maximum"],
        "share_without_loss": network["shareWithoutLoss"],
        "share_with_attacks": report["shareWithAttacks"],
        "tails": network["tails"],
        "causes": report["causes"],
        "histogram": report["histogram"],
        "contributions": told,
        "assumptions": assumptions(&report),
    });
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    Ok(whole)
}

/// In words, what the drawn years take for granted.
fn assumptions(report: &Value) -> Vec<String> {
    let attacks = match report["attacksFollowed"].as_bool() {
        Some(true) => "An attack that a loss makes profitable is made in the same year.",
        _ => "Attacks that losses make profitable are not followed.",
    };
    vec![
        format!(
            "Each operator fails in a year with a chance of {:.0} %, apart from the others, and then loses all stake that \
             a service can take.",
            risk::simulate::model::DEFAULT_FAULT * 100.0
        ),
        "No service slashes wrongly, and no outage hits several operators at once: this chain's state knows of neither."
            .into(),
        attacks.into(),
        "A service that has declared no prize is counted with 3 % of what corrupts it.".into(),
        "Stake is what the newest block holds, at the prices it has, for the whole year.".into(),
    ]
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

/// Services as rows, operators as columns, the largest first; each cell is what the set can take of the operator. Services
/// of AVSDirectory come last, each with the whole stake of its operators.
fn matrix_of(cx: &Context, snapshot: &Snapshot<'_>) -> Result<Value, RpcError> {
    let index = snapshot.index();
    let mut asker = snapshot.asker();
    let worths = amounts::all(snapshot, &mut asker)?;
    let mut sets: Vec<SetId> = Vec::new();
    let services = index.services(None, MOST_SETS)?.items;
    for avs in &services {
        let left = MOST_SETS.saturating_sub(sets.len());
        sets.extend(index.sets(*avs, None, left)?.items);
    }
    let mut totals = vec![U256::ZERO; worths.len()];
    let cells = pledges(cx, &sets, &worths, &mut totals)?;
    let directory = Directory::read(snapshot, &mut asker, &services, &worths)?;
    directory.add_to(&mut totals);
    let unit = Unit::of(&worths, &totals);
    let mut table = Table { rows: vec![U256::ZERO; sets.len()], ..Table::default() };
    for (row, operator, held) in cells {
        table.add(row, operator, unit.sum(&worths, &held));
    }
    for (_, operators) in &directory.services {
        let row = table.rows.len();
        table.rows.push(U256::ZERO);
        for operator in operators {
            table.share(row, *operator, unit.sum(&worths, directory.shares(*operator)));
        }
    }
    let mut described = Vec::new();
    let of_sets = sets.iter().map(|set| (set.avs, Some(set.id)));
    let of_directory = directory.services.iter().map(|(avs, _)| (*avs, None));
    for ((avs, id), stake) in of_sets.chain(of_directory).zip(&table.rows) {
        described.push(json!({
            "operatorSet": { "avs": avs, "id": id },
            "contract": names::contract(avs),
            "metadataUri": index.metadata(Described::Service, avs)?,
            "stake": stake.to_string(),
            "shared": id.is_none(),
        }));
    }
    let (columns, cells, more) = table.told();
    Ok(json!({
        "unit": unit.json(), "sets": described, "operators": columns, "cells": cells, "more": more || directory.more,
    }))
}

/// What each set can take of each member: row, operator, shares by strategy; `totals` are their sums.
fn pledges(
    cx: &Context,
    sets: &[SetId],
    worths: &[Worth],
    totals: &mut [U256],
) -> Result<Vec<(usize, Address, Vec<U256>)>, RpcError> {
    let mut cells = Vec::new();
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
    Ok(cells)
}

/// The matrix in the making, in the unit's smallest parts.
#[derive(Default)]
struct Table {
    cells: Vec<(usize, Address, U256)>,
    rows: Vec<U256>,
    /// What is promised to sets, each part to one.
    promised: BTreeMap<Address, U256>,
    /// What is shared by services: the same stake for each.
    shared: BTreeMap<Address, U256>,
}

impl Table {
    fn cell(&mut self, row: usize, operator: Address, stake: U256) {
        self.cells.push((row, operator, stake));
        if let Some(sum) = self.rows.get_mut(row) {
            *sum = sum.saturating_add(stake);
        }
    }

    fn add(&mut self, row: usize, operator: Address, stake: U256) {
        if !stake.is_zero() {
            self.cell(row, operator, stake);
            let sum = self.promised.entry(operator).or_default();
            *sum = sum.saturating_add(stake);
        }
    }

    fn share(&mut self, row: usize, operator: Address, stake: U256) {
        if !stake.is_zero() {
            self.cell(row, operator, stake);
            self.shared.insert(operator, stake);
        }
    }

    /// Columns, the largest first, cells, and whether columns were left out.
    fn told(self) -> (Vec<Value>, Vec<Value>, bool) {
        let Self { cells, mut promised, shared, .. } = self;
        for (operator, stake) in shared {
            let at_stake = promised.entry(operator).or_default();
            *at_stake = stake.max(*at_stake);
        }
        let mut columns: Vec<(Address, U256)> = promised.into_iter().collect();
        columns.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let more = columns.len() > MOST_OPERATORS;
        columns.truncate(MOST_OPERATORS);
        let places: BTreeMap<Address, usize> =
            columns.iter().enumerate().map(|(place, (operator, _))| (*operator, place)).collect();
        let told = cells
            .iter()
            .filter_map(|(row, operator, stake)| Some(json!([row, places.get(operator)?, stake.to_string()])))
            .collect();
        let columns = columns
            .into_iter()
            .map(|(operator, stake)| json!({ "operator": operator, "stake": stake.to_string() }))
            .collect();
        (columns, told, more)
    }
}
