//! How far a loss spreads in the worst case: a shock of at most ψ of all stake, then attacks that it makes profitable.
//! A sequence of attacks after a shock adds up to one attack after it (Durvasula and Roughgarden), so one is searched
//! for: all pairs of sets on small graphs, a widening search on large ones. What is found is checked in integers.

mod unique;

use crate::{
    Error, Graph, Mode,
    concentration::as_text,
    shocked::{Network, Shocked},
};
use serde::Serialize;

/// Most pairs of sets times services that are tried one by one.
const MAX_EXHAUSTIVE: u64 = 60_000_000;
/// Widest search: services from which, and by which, an attack grows.
const WIDTH: usize = 64;
/// Most rounds of attacks that are followed after a given shock.
const MAX_ROUNDS: usize = 10_000;
/// Rounding that a share of all stake may suffer on its way into a number.
const SHARE_ROUNDING: f64 = 1e-12;

/// A profitable attack on what a shock left, in wei.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attack {
    /// Services corrupted, by index.
    pub services: Vec<usize>,
    /// Operators that lose their stake, by index; in mode `unique` those whose allocations back the services, who lose
    /// the cost between them.
    pub operators: Vec<usize>,
    /// Their stake.
    #[serde(serialize_with = "as_text")]
    pub cost: u128,
    /// The prizes together.
    #[serde(serialize_with = "as_text")]
    pub prize: u128,
}

/// The worst cascade that was found, and the bound that none can exceed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cascade {
    /// Share of all stake that the shock may take.
    pub psi: f64,
    /// Loss found, as a share of all stake: ψ and what the attack takes.
    pub lower: f64,
    /// No cascade loses more: the least of 1, ψ·(1 + 1/γ), and ψ plus all prizes.
    pub upper: f64,
    /// Whether every shock and attack was tried, so that `lower` is exact.
    pub exhaustive: bool,
    /// Operators of the shock, by index.
    pub shock: Vec<usize>,
    /// Stake of the shock in wei.
    #[serde(serialize_with = "as_text")]
    pub shock_stake: u128,
    /// The attack after it, if any pays.
    pub attack: Option<Attack>,
}

/// Bound of a cascade: (1 + 1/γ)·ψ of all stake, at most everything.
pub fn bound(slack: f64, psi: f64) -> f64 {
    if slack > 0.0 { ((1.0 + 1.0 / slack) * psi).min(1.0) } else { 1.0 }
}

/// The worst cascade after a shock of at most `psi` of all stake; `slack` is a certified lower bound of γ.
///
/// # Errors
/// A share outside 0 to 1; the modes `elastic` and `base`.
pub fn worst(graph: &Graph, psi: f64, slack: f64) -> Result<Cascade, Error> {
    if graph.mode() != Mode::Unique {
        only_full(graph)?;
    }
    crate::simulate::model::unit(psi, "psi")?;
    let total = graph.total_stake();
    let budget = ((total as f64 * psi * (1.0 + SHARE_ROUNDING)) as u128).min(total);
    let (exhaustive, best) = match graph.mode() {
        Mode::Unique => unique::worst(graph, budget),
        _ if is_small(graph) => (true, every_pair(graph, budget)),
        _ => (false, widening(graph, budget)),
    };
    let (shock, attack) = best.map_or((Vec::new(), None), |(shock, attack)| (shock, Some(attack)));
    let lost = attack.as_ref().map_or(0.0, |attack| attack.cost as f64 / (total as f64).max(1.0));
    let prizes: f64 =
        graph.services().iter().map(|it| it.prize as f64).sum::<f64>() / (total as f64).max(1.0);
    let upper = if exhaustive { psi + lost } else { bound(slack, psi).min(psi + prizes).max(psi + lost) };
    Ok(Cascade {
        psi,
        lower: (psi + lost).min(1.0),
        upper: upper.min(1.0),
        exhaustive,
        shock_stake: shock.iter().map(|it| graph.operators()[*it].stake).sum(),
        shock,
        attack,
    })
}

/// The rounds of attacks after these operators are gone, as far as the search finds them.
///
/// # Errors
/// An unknown operator; the modes `elastic` and `base`.
pub fn follow(graph: &Graph, shock: &[usize]) -> Result<Vec<Attack>, Error> {
    if graph.mode() != Mode::Unique {
        only_full(graph)?;
    }
    if let Some(unknown) = shock.iter().find(|it| **it >= graph.operators().len()) {
        let id = unknown.to_string();
        return Err(Error::UnknownId { place: "shock".into(), kind: "operator", id });
    }
    if graph.mode() == Mode::Unique {
        let mut gone = vec![false; graph.operators().len()];
        shock.iter().for_each(|operator| gone[*operator] = true);
        return Ok(unique::falls(graph, &gone));
    }
    let network = Network::new(graph);
    let mut shocked = Shocked::new(&network);
    let mut gone = vec![false; graph.operators().len()];
    let mut attacked = vec![false; graph.services().len()];
    for operator in shock {
        shocked.wipe(&network, *operator as u32);
        gone[*operator] = true;
    }
    let mut rounds = Vec::new();
    while rounds.len() < MAX_ROUNDS {
        let Some(found) = shocked.attack_anywhere(&network) else { break };
        let services: Vec<usize> = found.services.iter().map(|it| *it as usize).collect();
        let operators: Vec<usize> = found.operators.iter().map(|it| *it as usize).collect();
        let fresh = services.iter().all(|it| !attacked[*it]);
        let Some(attack) = confirmed(graph, &gone, services, operators).filter(|_| fresh) else { break };
        shocked.execute(&network, &found);
        attack.operators.iter().for_each(|it| gone[*it] = true);
        attack.services.iter().for_each(|it| attacked[*it] = true);
        rounds.push(attack);
    }
    Ok(rounds)
}

/// The attack with its exact cost and prize, if it is valid and pays when the operators `gone` are no more.
pub fn confirmed(
    graph: &Graph,
    gone: &[bool],
    services: Vec<usize>,
    operators: Vec<usize>,
) -> Option<Attack> {
    let mut within = vec![false; graph.operators().len()];
    for operator in &operators {
        if gone[*operator] || within[*operator] {
            return None;
        }
        within[*operator] = true;
    }
    for service in &services {
        let edges = graph.of_service(*service);
        let of = |keep: &dyn Fn(usize) -> bool| -> u128 {
            edges.iter().filter(|edge| keep(edge.operator as usize)).map(|edge| edge.stake).sum()
        };
        let left = of(&|operator| !gone[operator]);
        let gathered = of(&|operator| within[operator]);
        if gathered < graph.services()[*service].theta.ceil_of(left) {
            return None;
        }
    }
    let cost = operators.iter().map(|it| graph.operators()[*it].stake).sum();
    let prize = services.iter().map(|it| graph.services()[*it].prize).sum();
    (!services.is_empty() && prize > cost).then_some(Attack { services, operators, cost, prize })
}

pub(crate) fn only_full(graph: &Graph) -> Result<(), Error> {
    if graph.mode() == Mode::Full {
        return Ok(());
    }
    let mode = graph.mode().name();
    Err(Error::Unsupported(format!(
        "shocks are searched in mode full, cascades also in unique; the graph is {mode}"
    )))
}

fn is_small(graph: &Graph) -> bool {
    let operators = u32::try_from(graph.operators().len()).unwrap_or(u32::MAX);
    let services = graph.services().len() as u64;
    let pairs = 3u64.checked_pow(operators).and_then(|pairs| pairs.checked_mul(services));
    pairs.is_some_and(|pairs| pairs <= MAX_EXHAUSTIVE)
}

/// Every shock within the budget, and every set of operators beside it.
fn every_pair(graph: &Graph, budget: u128) -> Option<(Vec<usize>, Attack)> {
    let operators = graph.operators().len();
    let sets = 1usize << operators;
    let mut stakes = vec![0u128; sets];
    let mut by_service = vec![vec![0u128; sets]; graph.services().len()];
    for set in 1..sets {
        let lowest = set.trailing_zeros() as usize;
        let rest = set & (set - 1);
        stakes[set] = stakes[rest] + graph.operators()[lowest].stake;
        for (service, sums) in by_service.iter_mut().enumerate() {
            let edge = graph.of_service(service).iter().find(|edge| edge.operator as usize == lowest);
            sums[set] = sums[rest] + edge.map_or(0, |edge| edge.stake);
        }
    }
    let needs = |shock: usize| -> Vec<u128> {
        let left = graph.services().iter().zip(&by_service);
        left.map(|(service, sums)| service.theta.ceil_of(sums[sets - 1] - sums[shock])).collect()
    };
    let mut best: Option<(u128, usize, usize)> = None;
    for shock in (0..sets).filter(|shock| stakes[*shock] <= budget) {
        let alive = (sets - 1) & !shock;
        let needs = needs(shock);
        let mut set = alive;
        while set > 0 {
            let cost = stakes[set];
            if best.is_none_or(|(most, ..)| cost > most) {
                let won = covered(graph, &by_service, &needs, set);
                if won.map(|service| graph.services()[service].prize).sum::<u128>() > cost {
                    best = Some((cost, shock, set));
                }
            }
            set = (set - 1) & alive;
        }
    }
    let (_, shock, set) = best?;
    let members = |set: usize| (0..operators).filter(|it| set >> it & 1 == 1).collect::<Vec<_>>();
    let needs = needs(shock);
    let services = covered(graph, &by_service, &needs, set).collect();
    let gone: Vec<bool> = (0..operators).map(|it| shock >> it & 1 == 1).collect();
    confirmed(graph, &gone, services, members(set)).map(|attack| (members(shock), attack))
}

fn covered<'a>(
    graph: &'a Graph,
    by_service: &'a [Vec<u128>],
    needs: &'a [u128],
    set: usize,
) -> impl Iterator<Item = usize> + 'a {
    (0..graph.services().len())
        .filter(move |it| graph.services()[*it].prize > 0 && by_service[*it][set] >= needs[*it])
}

/// A shock and an attack on some services, chosen by prize per stake.
struct Plan {
    attack: Vec<usize>,
    shock: Vec<usize>,
    cost: u128,
}

/// Grows attacked sets service by service from the cheapest ones, keeping what loses most.
fn widening(graph: &Graph, budget: u128) -> Option<(Vec<usize>, Attack)> {
    let mut order: Vec<usize> = (0..graph.services().len()).collect();
    order.retain(|it| graph.services()[*it].prize > 0);
    order.sort_by_key(|it| (graph.need(*it), *it));
    let mut starts: Vec<Vec<usize>> = order.iter().take(WIDTH).map(|it| vec![*it]).collect();
    starts.push(order.clone());
    let mut best: Option<(Vec<usize>, Plan)> = None;
    for start in starts {
        let mut services = start;
        let mut plan = attempt(graph, &services, budget);
        loop {
            if let Some(found) =
                plan.take().filter(|it| best.as_ref().is_none_or(|(_, most)| it.cost > most.cost))
            {
                best = Some((services.clone(), found));
            }
            let grown = order.iter().take(WIDTH).filter(|it| !services.contains(*it)).filter_map(|service| {
                let mut wider = services.clone();
                wider.push(*service);
                attempt(graph, &wider, budget).map(|plan| (plan.cost, wider, plan))
            });
            match grown.reduce(|most, next| if next.0 > most.0 { next } else { most }) {
                Some((_, wider, found)) => {
                    services = wider;
                    plan = Some(found);
                }
                None => break,
            }
        }
    }
    let (services, plan) = best?;
    let mut gone = vec![false; graph.operators().len()];
    plan.shock.iter().for_each(|it| gone[*it] = true);
    confirmed(graph, &gone, services, plan.attack).map(|attack| (plan.shock, attack))
}

/// Attackers first, up to what the prizes pay, then the shock, both by what they count for on `services`.
fn attempt(graph: &Graph, services: &[usize], budget: u128) -> Option<Plan> {
    let mut wanted = vec![false; graph.services().len()];
    services.iter().for_each(|it| wanted[*it] = true);
    let prize: u128 = services.iter().map(|it| graph.services()[*it].prize).sum();
    let ranked = ranked(graph, services, &wanted);
    let mut missing: Vec<i128> = services.iter().map(|it| graph.need(*it) as i128).collect();
    let place: Vec<usize> = positions(graph, services);
    let (mut plan, mut taken) = (Plan { attack: Vec::new(), shock: Vec::new(), cost: 0 }, 0u128);
    let mut rest = Vec::new();
    for operator in &ranked {
        let stake = graph.operators()[*operator].stake;
        if plan.cost + stake < prize {
            plan.cost += stake;
            plan.attack.push(*operator);
            for edge in graph.of_operator(*operator).iter().filter(|edge| wanted[edge.service as usize]) {
                missing[place[edge.service as usize]] -= edge.stake as i128;
            }
        } else {
            rest.push(*operator);
        }
    }
    for operator in rest {
        let stake = graph.operators()[operator].stake;
        let edges = graph.of_operator(operator).iter().filter(|edge| wanted[edge.service as usize]);
        let helps = edges.clone().any(|edge| missing[place[edge.service as usize]] > 0);
        if helps && taken + stake <= budget {
            taken += stake;
            plan.shock.push(operator);
            for edge in edges {
                let theta = graph.services()[edge.service as usize].theta;
                missing[place[edge.service as usize]] -= (theta.value() * edge.stake as f64) as i128;
            }
        }
    }
    let mut gone = vec![false; graph.operators().len()];
    plan.shock.iter().for_each(|it| gone[*it] = true);
    confirmed(graph, &gone, services.to_vec(), plan.attack.clone()).map(|_| plan)
}

/// Operators of `services` by needed share per unit of stake, best first.
fn ranked(graph: &Graph, services: &[usize], wanted: &[bool]) -> Vec<usize> {
    let mut operators: Vec<usize> =
        services.iter().flat_map(|it| graph.of_service(*it)).map(|edge| edge.operator as usize).collect();
    operators.sort_unstable();
    operators.dedup();
    let score = |operator: usize| -> f64 {
        let edges = graph.of_operator(operator).iter().filter(|edge| wanted[edge.service as usize]);
        edges.map(|edge| 1.0 / (graph.need(edge.service as usize) as f64).max(1.0)).sum()
    };
    let mut scored: Vec<(f64, usize)> = operators.into_iter().map(|it| (score(it), it)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, operator)| operator).collect()
}

fn positions(graph: &Graph, services: &[usize]) -> Vec<usize> {
    let mut place = vec![0; graph.services().len()];
    services.iter().enumerate().for_each(|(position, service)| place[*service] = position);
    place
}
