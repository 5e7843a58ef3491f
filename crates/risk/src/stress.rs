//! Reverse stress: the smallest loss that breaks a stated thing. For one service the search is exact up to its limit of
//! steps; for several together it is a search with a certain lower bound, and both ends are told. Also outages of what
//! operators share, and a fall of the stake's price.

use crate::{
    Error, Graph, Portfolio,
    cascade::{self, Attack, confirmed, only_full},
    concentration::{GroupBy, as_text},
};
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
/// A mode other than `full`; an unknown service.
pub fn smallest_shock(graph: &Graph, service: Option<usize>, slack: f64) -> Result<Stress, Error> {
    only_full(graph)?;
    if let Some(unknown) = service.filter(|it| *it >= graph.services().len()) {
        let id = unknown.to_string();
        return Err(Error::UnknownId { place: "service".into(), kind: "service", id });
    }
    let mut alone: Vec<usize> = service.map_or_else(|| (0..graph.services().len()).collect(), |it| vec![it]);
    alone.retain(|it| graph.services()[*it].prize > 0 && graph.slashable(*it) > 0);
    alone.sort_by_key(|it| (floor_alone(graph, *it), *it));
    let mut best: Option<Shock> = None;
    let (mut exact, mut floor) = (true, u128::MAX);
    for service in alone {
        let least = floor_alone(graph, service);
        if best.as_ref().is_some_and(|it| it.stake <= least) {
            floor = floor.min(least.max(best.as_ref().map_or(0, |it| it.stake)));
            continue;
        }
        let (found, proved) = alone_exactly(graph, service);
        floor = floor.min(if proved { found.as_ref().map_or(u128::MAX, |it| it.stake) } else { least });
        exact &= proved;
        best = smaller(best, found);
    }
    let below = best.as_ref().map_or(graph.total_stake(), |it| it.stake);
    best = smaller(best, together(graph, service, below));
    let several = least_together(graph, service, slack);
    let at_least = floor.min(several).min(best.as_ref().map_or(u128::MAX, |it| it.stake));
    let exact = exact && best.as_ref().is_some_and(|it| several >= it.stake - it.stake / PRECISION);
    Ok(Stress { at_least: if at_least == u128::MAX { 0 } else { at_least }, found: best, exact })
}

fn smaller(first: Option<Shock>, second: Option<Shock>) -> Option<Shock> {
    match (first, second) {
        (Some(a), Some(b)) => Some(if b.stake < a.stake { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// No shock below this makes an attack on this service alone pay: W − π/θ.
fn floor_alone(graph: &Graph, service: usize) -> u128 {
    let it = &graph.services()[service];
    let reach = it.prize.saturating_sub(1) / u128::from(it.theta.num) * u128::from(it.theta.den)
        + u128::from(it.theta.den);
    graph.slashable(service).saturating_sub(reach)
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

/// State of the exact search for one service: attackers up to what the prize pays, survivors up to what the attackers
/// outweigh; everybody else is the shock.
struct Alone {
    stakes: Vec<(u128, usize)>,
    /// Sums of the stakes from a position on.
    rest: Vec<u128>,
    prize: u128,
    /// (1 − θ)/θ as a fraction: survivors that a unit of attackers outweighs.
    outweighs: (u128, u128),
    steps: u64,
    best: u128,
    choice: Vec<u8>,
    best_choice: Vec<u8>,
}

/// Marks of a choice.
const SHOCK: u8 = 0;
const ATTACK: u8 = 1;
const SURVIVES: u8 = 2;

impl Alone {
    /// Most survivors beside `attackers` of stake.
    fn room(&self, attackers: u128) -> u128 {
        attackers / self.outweighs.1 * self.outweighs.0
            + attackers % self.outweighs.1 * self.outweighs.0 / self.outweighs.1
    }

    fn search(&mut self, at: usize, attackers: u128, survivors: u128) {
        if self.steps == 0 || at > MAX_DEPTH {
            self.steps = 0;
            return;
        }
        self.steps -= 1;
        if survivors <= self.room(attackers) && attackers > 0 && attackers + survivors > self.best {
            self.best = attackers + survivors;
            self.best_choice = self.choice[..at].to_vec();
        }
        let Some((stake, _)) = self.stakes.get(at).copied() else { return };
        let most_attackers = (attackers + self.rest[at]).min(self.prize - 1);
        let most = (attackers + survivors + self.rest[at]).min(most_attackers + self.room(most_attackers));
        // An answer better by less than the precision is not worth the search.
        if most <= self.best + self.best / PRECISION || survivors > self.room(most_attackers) {
            return;
        }
        if survivors + stake <= self.room(most_attackers) {
            self.choice[at] = SURVIVES;
            self.search(at + 1, attackers, survivors + stake);
        }
        if attackers + stake < self.prize {
            self.choice[at] = ATTACK;
            self.search(at + 1, attackers + stake, survivors);
        }
        self.choice[at] = SHOCK;
        self.search(at + 1, attackers, survivors);
    }
}

/// The smallest shock that makes an attack on this service alone pay, and whether the search came to its end.
fn alone_exactly(graph: &Graph, service: usize) -> (Option<Shock>, bool) {
    let it = &graph.services()[service];
    let mut stakes: Vec<(u128, usize)> =
        graph.of_service(service).iter().map(|edge| (edge.stake, edge.operator as usize)).collect();
    stakes.sort_unstable_by(|a, b| b.cmp(a));
    let mut rest = vec![0u128; stakes.len() + 1];
    for index in (0..stakes.len()).rev() {
        rest[index] = rest[index + 1] + stakes[index].0;
    }
    let choice = vec![SHOCK; stakes.len()];
    let outweighs = (u128::from(it.theta.den - it.theta.num), u128::from(it.theta.num));
    let mut search = Alone {
        stakes,
        rest,
        prize: it.prize,
        outweighs,
        steps: MAX_STEPS,
        best: 0,
        best_choice: Vec::new(),
        choice,
    };
    search.search(0, 0, 0);
    let of = |mark: u8| {
        let marks = search.best_choice.iter().copied().chain(std::iter::repeat(SHOCK)).zip(&search.stakes);
        marks.filter(|(it, _)| *it == mark).map(|(_, (_, operator))| *operator).collect::<Vec<_>>()
    };
    let found =
        (search.best > 0).then(|| shock(graph, of(SHOCK), Vec::new(), vec![service], of(ATTACK))).flatten();
    (found, search.steps > 0)
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
    /// Halvings.
    const TRIES: u32 = 24;
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
        if high.saturating_sub(low) <= total / PRECISION {
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
    let mut rows: Vec<(u32, u128)> = portfolio.stakes.clone();
    rows.retain(|(_, held)| *held > 0);
    // Most of the portfolio for the least stake first: held/stake, compared without division.
    rows.sort_by(|a, b| {
        let (left, right) = (a.1 as f64 / stake(a.0) as f64, b.1 as f64 / stake(b.0) as f64);
        right.total_cmp(&left).then(a.0.cmp(&b.0))
    });
    let (mut held, mut chosen, mut fraction) = (0u128, Vec::new(), 0.0f64);
    for (operator, part) in &rows {
        if held >= amount {
            break;
        }
        let share = ((amount - held) as f64 / *part as f64).min(1.0);
        fraction += share * stake(*operator) as f64;
        held += part;
        chosen.push(*operator as usize);
    }
    // What is not needed goes back, dearest first.
    chosen.sort_by_key(|operator| std::cmp::Reverse(stake(*operator as u32)));
    let part = |operator: usize| rows.iter().find(|row| row.0 as usize == operator).map_or(0, |row| row.1);
    let mut kept = Vec::new();
    for operator in chosen.clone() {
        if held - part(operator) >= amount {
            held -= part(operator);
        } else {
            kept.push(operator);
        }
    }
    let found = lost(graph, kept, Vec::new(), None);
    let at_least = (fraction * (1.0 - 1e-12)) as u128;
    let exact = at_least + at_least / PRECISION >= found.stake;
    Ok(Stress { at_least: at_least.min(found.stake), found: Some(found), exact })
}

/// What the failure of each group takes, and whether an attack pays afterwards; largest first.
///
/// # Errors
/// A mode other than `full`; no operator with a tag of this kind.
pub fn outages(graph: &Graph, by: &GroupBy) -> Result<Vec<Outage>, Error> {
    only_full(graph)?;
    let mut rows = Vec::new();
    for (name, operators) in groups(graph, by)? {
        let rounds = cascade::follow(graph, &operators)?;
        let stake: u128 = operators.iter().map(|it| graph.operators()[*it].stake).sum();
        rows.push(Outage {
            by: by.name().into(),
            name,
            operators: operators.len(),
            stake,
            psi: stake as f64 / (graph.total_stake() as f64).max(1.0),
            attack: rounds.into_iter().next(),
        });
    }
    rows.sort_by(|a, b| b.stake.cmp(&a.stake).then_with(|| a.name.cmp(&b.name)));
    Ok(rows)
}

/// The smallest set of groups (clouds, clients, entities) whose failure makes an attack pay: every set of up to twelve
/// groups, else the largest groups first.
///
/// # Errors
/// As [`outages`].
pub fn smallest_outage(graph: &Graph, by: &GroupBy, slack: f64) -> Result<Stress, Error> {
    only_full(graph)?;
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
    let smallest = graph.services().iter().map(|it| it.prize).filter(|prize| *prize > 0).min().unwrap_or(0);
    let at_least = (smallest as f64 * slack.clamp(0.0, 1e9)) as u128;
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
