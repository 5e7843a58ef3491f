//! Random small networks, and the cheapest attack on one by trying all of them.

#![allow(dead_code, reason = "each test binary uses its part")]

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use risk::{Graph, Limits, Mode, Operator, Ratio, Service, Slack, model::GWEI, slack, solve::Level};

/// Cost and prize.
pub type Pair = (u128, u128);

/// Whether one attack is cheaper for its prize than another.
pub fn cheaper(one: Pair, other: Pair) -> bool {
    one.0 * other.1 < other.0 * one.1
}

/// γ of an attack.
pub fn gamma(pair: Pair) -> f64 {
    (pair.0 as f64 - pair.1 as f64) / pair.1 as f64
}

/// The cheapest attack for its prize, over all sets of operators that are burnt whole and, where stake is divisible,
/// all sets of services, the rest met by parts. `must` is attacked in all of them.
pub fn brute_force(graph: &Graph, must: Option<usize>) -> Option<Pair> {
    brute_force_by(graph, must, cheaper)
}

/// The same by another order: the attack that `better` puts before all others.
pub fn brute_force_by(
    graph: &Graph,
    must: Option<usize>,
    better: impl Fn(Pair, Pair) -> bool,
) -> Option<Pair> {
    let operators = graph.operators().len();
    let mut best = None;
    for burnt in 0u32..1 << operators {
        let inside = |operator: u32| burnt >> operator & 1 == 1;
        let stakes = graph.operators().iter().enumerate().filter(|(it, _)| inside(*it as u32));
        let cost: u128 = stakes.map(|(_, operator)| operator.stake).sum();
        // For each service what is missing, if parts may bring it.
        let missing: Vec<Option<u128>> = (0..graph.services().len())
            .map(|service| {
                let edges = graph.of_service(service);
                let whole: u128 = edges.iter().filter(|it| inside(it.operator)).map(|it| it.stake).sum();
                let rest = graph.need(service).saturating_sub(whole);
                let parts: u128 = edges.iter().filter(|it| !inside(it.operator)).map(|it| it.stake).sum();
                let reached = rest == 0 || graph.mode() != Mode::Full && rest <= parts;
                reached.then_some(rest)
            })
            .collect();
        for attacked in 1u32..1 << graph.services().len() {
            let chosen = |service: usize| attacked >> service & 1 == 1;
            if must.is_some_and(|service| !chosen(service)) {
                continue;
            }
            let services = (0..missing.len()).filter(|service| chosen(*service));
            let rest: Option<u128> = services.clone().map(|service| missing[service]).sum();
            let prize: u128 = services.map(|service| graph.services()[service].prize).sum();
            let Some(rest) = rest.filter(|_| prize > 0) else { continue };
            let pair = (cost + rest, prize);
            if best.is_none_or(|best| better(pair, best)) {
                best = Some(pair);
            }
        }
    }
    best
}

/// A source of random numbers.
pub struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }

    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// A network of at most this many operators and services; stakes and prizes of few values, so that ties are common,
    /// or of many.
    pub fn graph(&mut self, mode: Mode, most_operators: u64, most_services: u64) -> Graph {
        loop {
            if let Some(graph) = self.try_graph(mode, most_operators, most_services) {
                return graph;
            }
        }
    }

    fn try_graph(&mut self, mode: Mode, most_operators: u64, most_services: u64) -> Option<Graph> {
        let (operators, services) = (self.between(1, most_operators), self.between(1, most_services));
        let largest = [3, 10, 1_000_000_007][self.below(3) as usize];
        let dense = self.between(1, 4);
        let thetas = [(1, 3), (1, 2), (2, 3), (1, 1), (1, 10)];
        let base = u64::from(mode == Mode::Base);
        let owners: Vec<Operator> = (0..operators)
            .map(|it| Operator::new(format!("o{it}"), u128::from(self.between(1, largest)) * GWEI))
            .collect();
        let targets: Vec<Service> = (0..services)
            .map(|it| {
                let (num, den) = thetas[self.below(5) as usize];
                Service::new(
                    format!("s{it}"),
                    u128::from(self.between(0, largest)) * GWEI,
                    Ratio { num, den },
                )
            })
            .collect();
        let mut edges = Vec::new();
        for (operator, owner) in owners.iter().enumerate() {
            let mut left = owner.stake;
            for service in 0..services {
                if self.below(4) >= dense && !(base == 1 && service == 0) {
                    continue;
                }
                let allocation = match mode {
                    Mode::Full => None,
                    Mode::Base if service == 0 => Some(owner.stake),
                    Mode::Unique => Some(left / u128::from(self.between(1, 3))),
                    _ => Some(owner.stake / u128::from(self.between(1, 3))),
                };
                if mode == Mode::Unique {
                    left -= allocation.unwrap_or_default();
                }
                edges.push((operator as u32, service as u32, allocation));
            }
        }
        Graph::new(mode, owners, targets, edges).ok()
    }
}

/// γ to a hair.
pub fn exact(graph: &Graph) -> Slack {
    solve(graph, Level::C4, 1_000_000)
}

/// γ at a level, with a bound on cases.
pub fn solve(graph: &Graph, level: Level, cases: u64) -> Slack {
    slack(graph, level, &mut Limits { gap: 1e-9, cases, stop: &mut |_| false }).unwrap()
}

/// The graph with other stakes (allocations in proportion), for mode full.
pub fn rebuilt(graph: &Graph, operators: Vec<Operator>, services: Vec<Service>) -> Graph {
    let edges = graph.edges().iter().map(|edge| (edge.operator, edge.service, None)).collect();
    Graph::new(Mode::Full, operators, services, edges).unwrap()
}
