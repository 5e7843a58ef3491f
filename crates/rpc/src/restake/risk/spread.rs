//! `restake_riskCascade`: how far a loss spreads. Either the worst shock of a share of all stake, round by round, or what
//! follows a shock that the caller names.

#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "shares for people; what is certified comes from the integer checker"
)]

use super::{after, bounded, failed, finite, network::Found, network::Question};
use crate::{context::Context, error::RpcError};
use risk::{Graph, Level, cascade::Attack};
use serde_json::{Value, json};

/// Share of all stake that a shock takes unless told otherwise.
const USUAL_SHOCK: f64 = 0.01;

/// Shares of all stake.
struct Shares(f64);

impl Shares {
    fn of(graph: &Graph) -> Self {
        Self((graph.total_stake() as f64).max(1.0))
    }

    fn share(&self, stake: u128) -> f64 {
        stake as f64 / self.0
    }
}

/// The answer.
pub(super) fn cascade(_: &Context, found: &Found, question: &Question) -> Result<Value, RpcError> {
    let gamma = bounded(found, question, Level::C2)?.lower;
    let graph = &found.graph;
    if let Some(shock) = &question.shock {
        let shock = shock.iter().map(|operator| found.index_of(*operator)).collect::<Result<Vec<_>, _>>()?;
        let rounds = risk::cascade::follow(graph, &shock).map_err(|error| failed(&error))?;
        return Ok(json!({
            "gamma_lower": finite(gamma),
            "shock": found.operators(&shock),
            "rounds": told(found, &shock, &rounds),
            "totals": totals(graph, &shock, &rounds),
        }));
    }
    let psi = question.psi.unwrap_or(USUAL_SHOCK);
    let worst = risk::cascade::worst(graph, psi, gamma).map_err(|error| failed(&error))?;
    let (mut shock, by) = match &worst.attack {
        Some(_) => (worst.shock.clone(), "search"),
        None => (largest(graph, psi), "largest"),
    };
    let mut rounds = risk::cascade::follow(graph, &shock).map_err(|error| failed(&error))?;
    let lost = |rounds: &[Attack]| rounds.iter().fold(0_u128, |sum, it| sum.saturating_add(it.cost));
    // A cascade adds up to one attack, and the search for that one may see more than one that goes step by step.
    if let Some(attack) = worst.attack.as_ref().filter(|attack| attack.cost > lost(&rounds)) {
        rounds = vec![attack.clone()];
    }
    shock.sort_unstable();
    let shares = Shares::of(graph);
    let lower = worst.lower.max(psi + shares.share(lost(&rounds))).min(1.0);
    Ok(json!({
        "gamma_lower": finite(gamma),
        "psi": worst.psi,
        "stake": graph.total_stake().to_string(),
        "loss_lower": lower,
        "loss_upper": worst.upper.max(lower),
        "bound": risk::cascade::bound(gamma, psi),
        "exhaustive": worst.exhaustive,
        "shock": found.operators(&shock),
        "shock_by": by,
        "shock_stake": stake_of(graph, &shock).to_string(),
        "shock_share": shares.share(stake_of(graph, &shock)),
        "attack": worst.attack.as_ref().map(|attack| after(found, attack)),
        "rounds": told(found, &shock, &rounds),
        "totals": totals(graph, &shock, &rounds),
    }))
}

fn stake_of(graph: &Graph, operators: &[usize]) -> u128 {
    let stakes = operators.iter().filter_map(|it| graph.operators().get(*it));
    stakes.fold(0, |sum, it| sum.saturating_add(it.stake))
}

/// The largest operators that fit into a share of all stake: what is shown where no shock of that size breaks anything.
fn largest(graph: &Graph, psi: f64) -> Vec<usize> {
    let shares = Shares::of(graph);
    let mut order: Vec<(u128, usize)> = graph.operators().iter().map(|it| it.stake).zip(0..).collect();
    order.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    let (mut taken, mut sum) = (Vec::new(), 0_u128);
    for (stake, operator) in order.into_iter().filter(|(stake, _)| *stake > 0) {
        let more = sum.saturating_add(stake);
        if shares.share(more) <= psi {
            sum = more;
            taken.push(operator);
        }
    }
    taken
}

/// Each round with what it fells, what it takes, and how much is gone after it.
fn told(found: &Found, shock: &[usize], rounds: &[Attack]) -> Vec<Value> {
    let shares = Shares::of(&found.graph);
    let mut gone = stake_of(&found.graph, shock);
    let of = |(round, attack): (usize, &Attack)| {
        gone = gone.saturating_add(attack.cost);
        let mut row = after(found, attack);
        let more = json!({
            "round": round.saturating_add(1),
            "share": shares.share(attack.cost),
            "cumulative_share": shares.share(gone).min(1.0),
        });
        if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
            row.extend(more);
        }
        row
    };
    rounds.iter().enumerate().map(of).collect()
}

/// The shock and all rounds together.
fn totals(graph: &Graph, shock: &[usize], rounds: &[Attack]) -> Value {
    let distinct = |of: fn(&Attack) -> &[usize]| {
        let mut all: Vec<usize> = rounds.iter().flat_map(of).copied().collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    let sum = |of: fn(&Attack) -> u128| rounds.iter().map(of).fold(0, u128::saturating_add);
    let (shocked, attacked) = (stake_of(graph, shock), sum(|attack| attack.cost));
    let all = shocked.saturating_add(attacked);
    json!({
        "rounds": rounds.len(),
        "services": distinct(|attack| &attack.services),
        "operators": shock.len().saturating_add(distinct(|attack| &attack.operators)),
        "prize": sum(|attack| attack.prize).to_string(),
        "stake_lost": all.to_string(),
        "share": Shares::of(graph).share(all).min(1.0),
    })
}
