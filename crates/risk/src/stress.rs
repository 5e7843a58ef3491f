//! Reverse stress: the smallest loss that breaks a stated thing. For one service the search is exact up to its limit of
//! steps; for several together it is a search with a certain lower bound, and both ends are told. Also outages of what
//! operators share, and a fall of the stake's price.

mod alone;
mod cover;

use crate::{
    Error, Graph, Mode, Portfolio,
    cascade::{self, Attack, confirmed},
    concentration::{GroupBy, as_text},
};
pub use alone::each_alone;
use alone::{floor_alone, only_known};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most steps of the exact search for one service.
const MAX_STEPS: u64 = 4_000_000;
/// Deepest the search goes: operators of one service that it decides about.
const MAX_DEPTH: usize = 4_096;
/// Most groups of which every set is tried.
const MAX_GROUPS: usize = 12;
/// Share of a stake below which a better answer is of no interest: 10^-9.
const PRECISION: u128 = 1_000_000_000;

/// A shock that breaks what was asked, with the proof that it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shock {
    /// Operators lost, by index.
    pub operators: Vec<usize>,
    /// Names of the groups that fail, if groups were asked for.
    pub groups: Vec<String>,
    /// Stake lost, in wei.
    #[serde(serialize_with = "as_text")]
    pub stake: u128,
    /// The same as a share of all stake.
    pub psi: f64,
    /// The attack that pays afterwards; none if the broken thing is a portfolio.
    pub attack: Option<Attack>,
}

/// The answer: no shock smaller than `at_least` breaks it, `found` does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stress {
    /// Certain lower bound of the smallest shock, in wei.
    #[serde(serialize_with = "as_text")]
    pub at_least: u128,
    /// The smallest found.
    pub found: Option<Shock>,
    /// Whether `found` is the smallest to within 10^-9.
    pub exact: bool,
}

/// One cause and what it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outage {
    /// Kind of the group, or `operator`.
    pub by: String,
    /// The group.
    pub name: String,
    /// Operators of it.
    pub operators: usize,
    /// Stake lost, in wei.
    #[serde(serialize_with = "as_text")]
    pub stake: u128,
    /// Share of all stake.
    pub psi: f64,
    /// The attack that pays afterwards, if the search finds one.
    pub attack: Option<Attack>,
}

/// How far the stake's price can fall, prizes unchanged, before an attack pays: a fall below `at_least` breaks nothing,
/// one above `at_most` does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PriceFall {
    /// Certain lower end, 0 to 1.
    pub at_least: f64,
    /// Upper end, 0 to 1.
    pub at_most: f64,
}

/// The fall of price that slack between `lower` and `upper` withstands: γ/(1 + γ), since 1 + γ scales with stake.
pub fn price_fall(lower: f64, upper: f64) -> PriceFall {
    let fall = |slack: f64| if slack.is_infinite() { 1.0 } else { (slack / (1.0 + slack)).clamp(0.0, 1.0) };
    PriceFall { at_least: fall(lower), at_most: fall(upper) }
}

/// The smallest loss of operators that makes an attack on the network, or on one service, pay. `slack` is a certified
/// lower bound of γ (of the service's own if one is asked for).
///
/// # Errors
/// The modes `elastic` and `base`; an unknown service.
pub fn smallest_shock(graph: &Graph, service: Option<usize>, slack: f64) -> Result<Stress, Error> {
    only_known(graph)?;
    if let Some(unknown) = service.filter(|it| *it >= graph.services().len()) {
        let id = unknown.to_string();
        return Err(Error::UnknownId { place: "service".into(), kind: "service", id });
    }
    let mut each: Vec<usize> = service.map_or_else(|| (0..graph.services().len()).collect(), |it| vec![it]);
    each.retain(|it| graph.services()[*it].prize > 0 && graph.slashable(*it) > 0);
    each.sort_by_key(|it| (floor_alone(graph, *it), *it));
    let mut best: Option<Shock> = None;
    let (mut exact, mut floor) = (true, graph.total_stake());
    for service in each {
        let least = floor_alone(graph, service);
        if best.as_ref().is_some_and(|it| it.stake <= least) {
            floor = floor.min(least.max(best.as_ref().map_or(0, |it| it.stake)));
            continue;
        }
        let it = alone::alone(graph, service, MAX_STEPS);
        floor = floor.min(it.at_least);
        exact &= it.exact;
        best = smaller(best, it.found);
    }
    if graph.mode() == Mode::Unique {
        // Each service falls alone: what is lost behind one weakens no other.
        return Ok(Stress { at_least: floor, found: best, exact });
    }
    let below = best.as_ref().map_or(graph.total_stake(), |it| it.stake);
    best = smaller(best, together(graph, service, below));
    let several = least_together(graph, service, slack);
    let least = best.as_ref().map_or(u128::MAX, |it| it.stake);
    let exact = exact && several >= least - least / PRECISION;
    Ok(Stress { at_least: floor.min(several).min(least), found: best, exact })
}

fn smaller(first: Option<Shock>, second: Option<Shock>) -> Option<Shock> {
    match (first, second) {
        (Some(a), Some(b)) => Some(if b.stake < a.stake { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// An attack on two services or more needs a shock above γ times their prizes.
fn least_together(graph: &Graph, service: Option<usize>, slack: f64) -> u128 {
    let mut prizes: Vec<u128> =
        graph.services().iter().map(|it| it.prize).filter(|prize| *prize > 0).collect();
    prizes.sort_unstable();
    let sum: u128 = match service {
        Some(it) => graph.services()[it].prize + prizes.first().copied().unwrap_or(0),
        None => prizes.iter().take(2).sum(),
    };
    if prizes.len() < 2 {
        return u128::MAX;
    }
    (sum as f64 * slack.clamp(0.0, 1e9)) as u128
}

/// A shock with its attack, checked in integers.
fn shock(
    graph: &Graph,
    operators: Vec<usize>,
    groups: Vec<String>,
    services: Vec<usize>,
    attackers: Vec<usize>,
) -> Option<Shock> {
    let mut gone = vec![false; graph.operators().len()];
    operators.iter().for_each(|it| gone[*it] = true);
    let attack = confirmed(graph, &gone, services, attackers)?;
    Some(lost(graph, operators, groups, Some(attack)))
}

fn lost(graph: &Graph, operators: Vec<usize>, groups: Vec<String>, attack: Option<Attack>) -> Shock {
    let stake: u128 = operators.iter().map(|it| graph.operators()[*it].stake).sum();
    let psi = stake as f64 / (graph.total_stake() as f64).max(1.0);
    Shock { operators, groups, stake, psi, attack }
}

/// A smaller shock for several services at once, by halving the budget of the cascade's search.
fn together(graph: &Graph, service: Option<usize>, below: u128) -> Option<Shock> {
    /// Halvings, until what is found is the smallest that this search finds to a ten-thousandth.
    const TRIES: u32 = 24;
    const NARROW: u128 = 10_000;
    let total = graph.total_stake();
    let (mut low, mut high) = (0u128, below);
    let mut best = None;
    for _ in 0..TRIES {
        let middle = low + (high - low) / 2;
        let cascade = cascade::worst(graph, middle as f64 / total as f64, 0.0).ok()?;
        let breaks = |attack: &Attack| service.is_none_or(|it| attack.services.contains(&it));
        match cascade.attack.filter(breaks) {
            Some(attack) if cascade.shock_stake < below => {
                high = cascade.shock_stake;
                best = Some(lost(graph, cascade.shock, Vec::new(), Some(attack)));
            }
            _ => low = middle,
        }
        if high.saturating_sub(low) <= high / NARROW {
            break;
        }
    }
    best
}

/// The smallest loss of operators that takes at least `amount` wei of a portfolio.
///
/// # Errors
/// The portfolio cannot lose that much.
pub fn portfolio_shock(graph: &Graph, portfolio: &Portfolio, amount: u128) -> Result<Stress, Error> {
    if amount == 0 || amount > portfolio.total() {
        let text = format!("{amount} wei");
        let range = format!("[1, {}] wei, what {} has", portfolio.total(), portfolio.name);
        return Err(Error::OutOfRange { place: "loss".into(), text, range });
    }
    let stake = |operator: u32| graph.operators()[operator as usize].stake;
    let things: Vec<cover::Thing> = portfolio
        .stakes
        .iter()
        .map(|(operator, held)| cover::Thing { cost: stake(*operator), gain: *held })
        .collect();
    let found = cover::cheapest(&things, amount, u128::MAX);
    let found =
        found.ok_or_else(|| Error::Form(format!("no operators take {amount} wei of {}", portfolio.name)))?;
    let operators = found.chosen.iter().map(|it| portfolio.stakes[*it].0 as usize).collect();
    Ok(Stress {
        at_least: found.at_least,
        found: Some(lost(graph, operators, Vec::new(), None)),
        exact: found.exact,
    })
}

/// What the failure of each group takes, and whether an attack pays afterwards; the `most` largest, the largest first.
///
/// # Errors
/// The modes `elastic` and `base`; no operator with a tag of this kind.
pub fn outages(graph: &Graph, by: &GroupBy, most: usize) -> Result<Vec<Outage>, Error> {
    only_known(graph)?;
    let stake = |operators: &[usize]| operators.iter().map(|it| graph.operators()[*it].stake).sum::<u128>();
    let mut groups: Vec<(u128, String, Vec<usize>)> = groups(graph, by)?
        .into_iter()
        .map(|(name, operators)| (stake(&operators), name, operators))
        .collect();
    groups.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    groups.truncate(most);
    let outage = |(stake, name, operators): (u128, String, Vec<usize>)| {
        Ok(Outage {
            by: by.name().into(),
            name,
            operators: operators.len(),
            stake,
            psi: stake as f64 / (graph.total_stake() as f64).max(1.0),
            attack: cascade::follow(graph, &operators)?.into_iter().next(),
        })
    };
    groups.into_iter().map(outage).collect()
}

/// The smallest set of groups (clouds, clients, entities) whose failure makes an attack pay: every set of up to twelve
/// groups, else the largest groups first.
///
/// # Errors
/// As [`outages`].
pub fn smallest_outage(graph: &Graph, by: &GroupBy, slack: f64) -> Result<Stress, Error> {
    only_known(graph)?;
    let groups: Vec<(String, Vec<usize>)> = groups(graph, by)?.into_iter().collect();
    let stake = |group: &(String, Vec<usize>)| -> u128 {
        group.1.iter().map(|it| graph.operators()[*it].stake).sum()
    };
    let mut sets: Vec<Vec<usize>> = Vec::new();
    if groups.len() <= MAX_GROUPS {
        sets.extend(
            (1..1usize << groups.len())
                .map(|set| (0..groups.len()).filter(|it| set >> it & 1 == 1).collect()),
        );
    } else {
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|it| std::cmp::Reverse(stake(&groups[*it])));
        sets.extend((1..=order.len().min(64)).map(|count| order[..count].to_vec()));
        sets.extend((0..groups.len()).map(|it| vec![it]));
    }
    sets.sort_by_key(|set| set.iter().map(|it| stake(&groups[*it])).sum::<u128>());
    let with_prize = || (0..graph.services().len()).filter(|it| graph.services()[*it].prize > 0);
    let at_least = if graph.mode() == Mode::Unique {
        with_prize().map(|it| floor_alone(graph, it)).min().unwrap_or(0)
    } else {
        let smallest = with_prize().map(|it| graph.services()[it].prize).min().unwrap_or(0);
        (smallest as f64 * slack.clamp(0.0, 1e9)) as u128
    };
    for set in sets {
        let operators: Vec<usize> = set.iter().flat_map(|it| groups[*it].1.iter().copied()).collect();
        if operators.iter().map(|it| graph.operators()[*it].stake).sum::<u128>() < at_least {
            continue;
        }
        if let Some(attack) = cascade::follow(graph, &operators)?.into_iter().next() {
            let names = set.iter().map(|it| groups[*it].0.clone()).collect();
            return Ok(Stress {
                at_least,
                found: Some(lost(graph, operators, names, Some(attack))),
                exact: false,
            });
        }
    }
    Ok(Stress { at_least, found: None, exact: false })
}

/// Operators by group; those without a tag of the kind are left out.
fn groups(graph: &Graph, by: &GroupBy) -> Result<BTreeMap<String, Vec<usize>>, Error> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, operator) in graph.operators().iter().enumerate() {
        let name = match by {
            GroupBy::Operator => Some(operator.id.clone()),
            GroupBy::Tag(kind) => operator.groups.get(kind).cloned(),
        };
        if let Some(name) = name {
            groups.entry(name).or_default().push(index);
        }
    }
    if groups.is_empty() {
        return Err(Error::Unsupported(format!("no operator of the graph has a tag {:?}", by.name())));
    }
    Ok(groups)
}
