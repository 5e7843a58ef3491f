//! `restake_riskCascade`: how far a loss spreads. Either the worst shock of a share of all stake, round by round, or what
//! follows a shock that the caller names. `restake_riskStress`: the smallest loss after which an attack pays.

#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "shares for people; what is certified comes from the integer checker"
)]

use super::{after, bounded, failed, finite, network::Found, network::Question};
use crate::{context::Context, error::RpcError};
use alloy_primitives::Address;
use risk::{
    Graph, Level,
    cascade::Attack,
    concentration::GroupBy,
    stress::{self, Outage, Shock, Stress},
};
use serde_json::{Value, json};

/// Share of all stake that a shock takes unless told otherwise.
const USUAL_SHOCK: f64 = 0.01;

/// Operators whose loss is told one by one, the largest first.
const MOST_OUTAGES: usize = 16;

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

/// By how much all prices may fall, and the smallest loss of stake after which an attack pays; if asked for, the same for
/// each service alone, or what follows the loss of each operator.
pub(super) fn stress(_: &Context, found: &Found, question: &Question) -> Result<Value, RpcError> {
    let slack = bounded(found, question, Level::C2)?;
    let graph = &found.graph;
    let service = question.service.map(|key| found.service(key.0)).transpose()?;
    let smallest = stress::smallest_shock(graph, service, slack.lower).map_err(|error| failed(&error))?;
    let fall = stress::price_fall(slack.lower, slack.upper);
    let mut body = json!({
        "gamma_lower": finite(slack.lower),
        "price_fall_at_least": fall.at_least,
        "price_fall_at_most": fall.at_most,
    });
    extend(&mut body, smallest_loss(found, &smallest));
    if question.each == Some(true) {
        extend(&mut body, each(found)?);
    }
    Ok(body)
}

/// What each service alone withstands, and what follows the loss of each of the largest operators.
fn each(found: &Found) -> Result<Value, RpcError> {
    let graph = &found.graph;
    let alone = stress::each_alone(graph).map_err(|error| failed(&error))?;
    let service = |(service, it): (usize, &Stress)| {
        let mut row = json!({ "service": found.key(service) });
        extend(&mut row, smallest_loss(found, it));
        row
    };
    let outages = stress::outages(graph, &GroupBy::Operator, MOST_OUTAGES).map_err(|error| failed(&error))?;
    let outage = |it: &Outage| {
        json!({
            "operator": it.name.parse::<Address>().ok(),
            "stake": it.stake.to_string(),
            "psi": it.psi,
            "attack": it.attack.as_ref().map(|attack| after(found, attack)),
        })
    };
    Ok(json!({
        "by_service": alone.iter().enumerate().map(service).collect::<Vec<_>>(),
        "outages": outages.iter().map(outage).collect::<Vec<_>>(),
    }))
}

/// Adds the fields of an object to another.
pub(super) fn extend(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}

fn smallest_loss(found: &Found, stress: &Stress) -> Value {
    let shock = |shock: &Shock| {
        json!({
            "operators": found.operators(&shock.operators),
            "stake": shock.stake.to_string(),
            "psi": shock.psi,
            "attack": shock.attack.as_ref().map(|attack| after(found, attack)),
        })
    };
    json!({
        "at_least": stress.at_least.to_string(),
        "at_least_psi": Shares::of(&found.graph).share(stress.at_least),
        "exact": stress.exact,
        "shock": stress.found.as_ref().map(shock),
    })
}
