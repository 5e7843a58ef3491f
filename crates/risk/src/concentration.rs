//! In how few hands stake lies: Nakamoto numbers, Herfindahl index, Gini, the largest; by operator or by a tag that
//! says who belongs together, over the network or one service, and how few could meet every service's need at once.

use crate::{Error, Graph, Ratio};
use serde::Serialize;
use std::collections::BTreeMap;

/// Shares whose holders are counted.
pub const MARKS: [Ratio; 3] = [Ratio::THIRD, Ratio { num: 1, den: 2 }, Ratio { num: 2, den: 3 }];
/// How many of the largest are named.
pub const NAMED: usize = 10;

/// Who counts as one hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// Each operator by itself.
    Operator,
    /// Operators with the same tag of this kind; those without stand alone.
    Tag(String),
}

impl GroupBy {
    /// `operator`, or the kind of a tag as in the graph's file.
    pub fn of(name: &str) -> Self {
        if name == "operator" { Self::Operator } else { Self::Tag(name.into()) }
    }

    /// The name under which [`Self::of`] finds it.
    pub fn name(&self) -> &str {
        match self {
            Self::Operator => "operator",
            Self::Tag(kind) => kind,
        }
    }

    /// The hand that an operator of the graph belongs to.
    pub fn hand(&self, graph: &Graph, operator: usize) -> String {
        let operator = &graph.operators()[operator];
        match self {
            Self::Operator => operator.id.clone(),
            Self::Tag(kind) => operator.groups.get(kind).unwrap_or(&operator.id).clone(),
        }
    }
}

/// A hand and what it holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hand {
    /// Operator or tag.
    pub name: String,
    /// Operators of it.
    pub operators: usize,
    /// Stake in wei.
    #[serde(serialize_with = "crate::concentration::as_text")]
    pub stake: u128,
    /// Share of the whole, 0 to 1.
    pub share: f64,
}

/// Fewest hands that reach a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Nakamoto {
    /// The share, numerator.
    pub num: u32,
    /// The share, denominator.
    pub den: u32,
    /// How many hands.
    pub hands: usize,
}

/// Concentration of one amount of stake.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Concentration {
    /// Who counted as one hand.
    pub by: String,
    /// Hands with or without stake.
    pub hands: usize,
    /// Stake in wei.
    #[serde(serialize_with = "crate::concentration::as_text")]
    pub stake: u128,
    /// By [`MARKS`].
    pub nakamoto: Vec<Nakamoto>,
    /// Herfindahl–Hirschman index, sum of squared shares: 1 over the number of hands when all are equal.
    pub hhi: f64,
    /// Gini coefficient over all hands, 0 to 1.
    pub gini: f64,
    /// Share of the 1, 5 and 10 largest.
    pub top: Vec<(usize, f64)>,
    /// The largest, at most [`NAMED`].
    pub largest: Vec<Hand>,
    /// Points of the Lorenz curve: share of hands, smallest first, and share of stake.
    pub lorenz: Vec<(f64, f64)>,
}

/// Amounts beyond 2^53 are text in JSON.
pub(crate) fn as_text<S: serde::Serializer>(amount: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// Concentration of the whole network's stake.
pub fn network(graph: &Graph, by: &GroupBy) -> Concentration {
    let rows = graph.operators().iter().enumerate().map(|(index, it)| (index, it.stake));
    measure(graph, by, rows)
}

/// Concentration of what one service can slash.
///
/// # Errors
/// The graph has no such service.
pub fn service(graph: &Graph, by: &GroupBy, service: usize) -> Result<Concentration, Error> {
    if service >= graph.services().len() {
        let id = service.to_string();
        return Err(Error::UnknownId { place: "service".into(), kind: "service", id });
    }
    let rows = graph.of_service(service).iter().map(|edge| (edge.operator as usize, edge.stake));
    Ok(measure(graph, by, rows))
}

fn measure(graph: &Graph, by: &GroupBy, rows: impl Iterator<Item = (usize, u128)>) -> Concentration {
    let mut hands: BTreeMap<String, (usize, u128)> = BTreeMap::new();
    for (operator, stake) in rows {
        let hand = hands.entry(by.hand(graph, operator)).or_default();
        hand.0 += 1;
        hand.1 += stake;
    }
    let mut hands: Vec<(String, usize, u128)> =
        hands.into_iter().map(|(name, (operators, stake))| (name, operators, stake)).collect();
    hands.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    let stakes: Vec<u128> = hands.iter().map(|hand| hand.2).collect();
    let total: u128 = stakes.iter().sum();
    let share = |stake: u128| if total == 0 { 0.0 } else { stake as f64 / total as f64 };
    let top = |count: usize| share(stakes.iter().take(count).sum());
    Concentration {
        by: by.name().into(),
        hands: hands.len(),
        stake: total,
        nakamoto: MARKS.iter().map(|mark| nakamoto(&stakes, total, *mark)).collect(),
        hhi: stakes.iter().map(|stake| share(*stake) * share(*stake)).sum(),
        gini: gini(&stakes, total),
        top: [1, 5, 10].into_iter().map(|count| (count, top(count))).collect(),
        largest: hands
            .iter()
            .take(NAMED)
            .map(|(name, operators, stake)| Hand {
                name: name.clone(),
                operators: *operators,
                stake: *stake,
                share: share(*stake),
            })
            .collect(),
        lorenz: lorenz(&stakes, total),
    }
}

/// Fewest hands, largest first, that reach `mark` of `total`; exact.
fn nakamoto(stakes: &[u128], total: u128, mark: Ratio) -> Nakamoto {
    let need = mark.ceil_of(total);
    let mut sum = 0u128;
    let mut hands = 0;
    for stake in stakes {
        if sum >= need {
            break;
        }
        sum += stake;
        hands += 1;
    }
    Nakamoto { num: mark.num, den: mark.den, hands }
}

/// `stakes` descending.
fn gini(stakes: &[u128], total: u128) -> f64 {
    let count = stakes.len() as f64;
    if total == 0 {
        return 0.0;
    }
    let weighted: f64 =
        stakes.iter().rev().enumerate().map(|(index, stake)| (index as f64 + 1.0) * (*stake as f64)).sum();
    2.0 * weighted / (count * total as f64) - (count + 1.0) / count
}

fn lorenz(stakes: &[u128], total: u128) -> Vec<(f64, f64)> {
    let count = stakes.len().max(1) as f64;
    let mut sum = 0u128;
    let mut curve = vec![(0.0, 0.0)];
    for (index, stake) in stakes.iter().rev().enumerate() {
        sum += stake;
        let share = if total == 0 { 0.0 } else { sum as f64 / total as f64 };
        curve.push(((index as f64 + 1.0) / count, share));
    }
    curve
}

/// Fewest hands that meet the need of every service at once: a lower and an upper bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Joint {
    /// No fewer can do it: the largest of the services' own numbers.
    pub at_least: usize,
    /// These many can.
    pub at_most: usize,
    /// Who they are.
    pub hands: Vec<String>,
}

/// Fewest hands that could corrupt every service with stake at once, by greedy cover.
pub fn joint(graph: &Graph, by: &GroupBy) -> Joint {
    let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for operator in 0..graph.operators().len() {
        names.entry(by.hand(graph, operator)).or_default().push(operator);
    }
    let mut missing: Vec<f64> = (0..graph.services().len()).map(|it| graph.need(it) as f64).collect();
    let needs = missing.clone();
    let mut chosen = Vec::new();
    while missing.iter().any(|need| *need > 0.5) {
        let gain = |operators: &Vec<usize>| -> f64 {
            let edges = operators.iter().flat_map(|operator| graph.of_operator(*operator));
            let mut by_service: BTreeMap<usize, f64> = BTreeMap::new();
            for edge in edges {
                *by_service.entry(edge.service as usize).or_default() += edge.stake as f64;
            }
            by_service.iter().map(|(it, stake)| stake.min(missing[*it]) / needs[*it].max(1.0)).sum()
        };
        let best = names.iter().map(|(name, operators)| (gain(operators), name.clone()));
        let best = best.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((gained, name)) = best.filter(|(gained, _)| *gained > 0.0) else { break };
        debug_assert!(gained > 0.0);
        for operator in names.remove(&name).unwrap_or_default() {
            for edge in graph.of_operator(operator) {
                let need = &mut missing[edge.service as usize];
                *need = (*need - edge.stake as f64).max(0.0);
            }
        }
        chosen.push(name);
    }
    let alone = (0..graph.services().len()).map(|index| alone(graph, by, index));
    Joint { at_least: alone.max().unwrap_or(0), at_most: chosen.len(), hands: chosen }
}

/// Fewest hands that meet one service's need.
fn alone(graph: &Graph, by: &GroupBy, service: usize) -> usize {
    let mut hands: BTreeMap<String, u128> = BTreeMap::new();
    for edge in graph.of_service(service) {
        *hands.entry(by.hand(graph, edge.operator as usize)).or_default() += edge.stake;
    }
    let mut stakes: Vec<u128> = hands.into_values().collect();
    stakes.sort_unstable_by(|a, b| b.cmp(a));
    nakamoto(&stakes, graph.slashable(service), graph.services()[service].theta).hands
}
