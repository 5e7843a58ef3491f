//! What carrying the risk of slashing is worth: a premium a year from a simulation, for the network, each operator, each
//! service and each portfolio; and how far every prize may grow before the network's slack is gone.

use crate::{Error, Graph, shocked::ether, simulate::Report, statistics::Summary};
use serde::Serialize;

/// Cost of capital a year unless told otherwise.
pub const DEFAULT_CAPITAL_COST: f64 = 0.06;
/// Level of the tail that capital must cover.
pub const LEVEL: f64 = 0.99;
/// Largest cost of capital, loading or opportunity cost.
const MAX_RATE: f64 = 10.0;

/// How to price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Terms {
    /// Cost of capital a year, k.
    pub capital_cost: f64,
    /// Loading on the whole premium.
    pub loading: f64,
    /// What stake would earn elsewhere, a year.
    pub opportunity: f64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { capital_cost: DEFAULT_CAPITAL_COST, loading: 0.0, opportunity: 0.0 }
    }
}

/// A premium, in ether a year and as a share of the stake.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Premium {
    /// Whose.
    pub name: String,
    /// Stake, in ether.
    pub stake: f64,
    /// Expected loss a year, in ether.
    pub expected: f64,
    /// Loss in the worst 1 % of years, in ether: its own, or its part of the network's.
    pub tail: f64,
    /// Premium a year, in ether.
    pub premium: f64,
    /// Premium over stake.
    pub rate: f64,
}

/// All premiums of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prices {
    /// The terms.
    pub terms: Terms,
    /// The whole network.
    pub network: Premium,
    /// Operators, by their part of the network's tail: parts add up to the network's premium.
    pub operators: Vec<Premium>,
    /// Services: what they must pay for the risk that their operators carry, shared by allocation.
    pub services: Vec<Required>,
    /// Portfolios, each by its own tail.
    pub portfolios: Vec<Premium>,
}

/// What a service must pay a year for its stake to be worth its while.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Required {
    /// The service.
    pub name: String,
    /// Slashable stake, in ether.
    pub stake: f64,
    /// Its part of its operators' premiums, in ether.
    pub premium: f64,
    /// Opportunity cost of its part of their stake, in ether.
    pub opportunity: f64,
    /// Both over the slashable stake.
    pub rate: f64,
}

/// (EL + k·(tail − EL))·(1 + loading).
pub fn premium(expected: f64, tail: f64, terms: &Terms) -> f64 {
    (expected + terms.capital_cost * (tail - expected)) * (1.0 + terms.loading)
}

/// The premium of a distribution, in its unit.
pub fn of_summary(summary: &Summary, terms: &Terms) -> f64 {
    premium(summary.mean, summary.tail(LEVEL).map_or(summary.mean, |tail| tail.tail_mean), terms)
}

/// Prices everything in a report.
///
/// # Errors
/// A rate that is negative, not finite or above ten.
pub fn prices(graph: &Graph, report: &Report, terms: &Terms) -> Result<Prices, Error> {
    check(terms)?;
    let row = |name: String, stake: f64, expected: f64, tail: f64| {
        let premium = premium(expected, tail, terms);
        Premium {
            name,
            stake,
            expected,
            tail,
            premium,
            rate: if stake > 0.0 { premium / stake } else { 0.0 },
        }
    };
    let whole = |name: String, stake: f64, loss: &Summary| {
        row(name, stake, loss.mean, loss.tail(LEVEL).map_or(loss.mean, |tail| tail.tail_mean))
    };
    let stake_of = |operator: usize| ether(graph.operators()[operator].stake);
    let operators: Vec<Premium> = report
        .operators
        .iter()
        .map(|it| row(it.id.clone(), stake_of(it.operator), it.mean, it.tail))
        .collect();
    let mut by_operator = vec![0.0; graph.operators().len()];
    for (part, premium) in report.operators.iter().zip(&operators) {
        by_operator[part.operator] = premium.premium;
    }
    Ok(Prices {
        terms: *terms,
        network: whole("network".into(), report.stake, &report.network),
        services: required(graph, &by_operator, terms),
        operators,
        portfolios: report.portfolios.iter().map(|it| whole(it.name.clone(), it.stake, &it.loss)).collect(),
    })
}

/// An operator's premium and opportunity cost are borne by its services in proportion to what each can slash.
fn required(graph: &Graph, by_operator: &[f64], terms: &Terms) -> Vec<Required> {
    let pledged: Vec<f64> = (0..graph.operators().len())
        .map(|operator| graph.of_operator(operator).iter().map(|edge| ether(edge.stake)).sum())
        .collect();
    let of = |service: usize| {
        let (mut premium, mut opportunity) = (0.0, 0.0);
        for edge in graph.of_service(service) {
            let operator = edge.operator as usize;
            let share = ether(edge.stake) / pledged[operator].max(f64::MIN_POSITIVE);
            premium += by_operator[operator] * share;
            opportunity += terms.opportunity * ether(graph.operators()[operator].stake) * share;
        }
        let stake = ether(graph.slashable(service));
        let rate = if stake > 0.0 { (premium + opportunity) / stake } else { 0.0 };
        Required { name: graph.services()[service].name.clone(), stake, premium, opportunity, rate }
    };
    (0..graph.services().len()).map(of).collect()
}

fn check(terms: &Terms) -> Result<(), Error> {
    for (place, value) in
        [("k", terms.capital_cost), ("loading", terms.loading), ("opportunity", terms.opportunity)]
    {
        let (place, text) = (place.to_owned(), value.to_string());
        if !value.is_finite() {
            return Err(Error::NotANumber { place, text, wanted: "a number" });
        }
        if value < 0.0 {
            return Err(Error::Negative { place, text });
        }
        if value > MAX_RATE {
            return Err(Error::OutOfRange { place, text, range: format!("[0, {MAX_RATE}]") });
        }
    }
    Ok(())
}

/// How many times as large every prize may be for slack `target` to remain: (1 + γ)/(1 + target).
///
/// # Errors
/// A target of −1 or less, or one that is not finite.
pub fn prize_cap(slack: f64, target: f64) -> Result<f64, Error> {
    if !target.is_finite() || target <= -1.0 {
        let range = "above -1, finite".to_owned();
        return Err(Error::OutOfRange { place: "target".into(), text: target.to_string(), range });
    }
    Ok((1.0 + slack) / (1.0 + target))
}
