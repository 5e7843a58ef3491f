//! Slack γ: by how much the cheapest attack costs more than it brings. Levels C0 to C4 trade time for sharpness; each
//! answer carries a certificate that the checker accepted, and an interval whose both ends are proved.

mod attacks;
mod covers;
mod exchange;
mod relaxation;
mod search;
mod simplex;
mod subsidy;

pub use attacks::Priced;
pub use search::Progress;
pub use subsidy::{Subsidy, min_subsidy};

use crate::{
    Error, Graph, Mode,
    certificate::{self, Certificate, Fraction, LeafPrices, LeafState, Lower, Network, Node, gamma},
};
use attacks::Attacker;
use search::{Effort, Search};

/// How sharp a bound is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The heaviest load of an operator, stake counted whole.
    C0,
    /// The same with stake counted up to each need.
    C1,
    /// The relaxation with operators divisible, by the attacked service of largest need.
    C2,
    /// C2 tightened by a bounded number of cases.
    C3,
    /// Exact, to the width of the interval asked for.
    C4,
}

impl Level {
    /// The level's name in files and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::C0 => "c0",
            Self::C1 => "c1",
            Self::C2 => "c2",
            Self::C3 => "c3",
            Self::C4 => "c4",
        }
    }

    /// The level of a name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::C0, Self::C1, Self::C2, Self::C3, Self::C4].into_iter().find(|level| level.name() == name)
    }
}

/// Cases that level C3 divides for each service.
const CASES_OF_C3: u64 = 8;

/// Bounds on effort. Time is the caller's: `stop` is asked between cases.
pub struct Limits<'a> {
    /// Width of the interval of γ at which the search ends.
    pub gap: f64,
    /// Cases to divide at most.
    pub cases: u64,
    /// Told of progress, true ends the search with what is proved so far.
    pub stop: &'a mut dyn FnMut(Progress) -> bool,
}

/// Width of the interval of γ that is asked for unless told otherwise.
pub const DEFAULT_GAP: f64 = 4e-7;

/// γ with its proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Slack {
    /// Proved lower end; infinite if no attack brings anything.
    pub lower: f64,
    /// Proved upper end.
    pub upper: f64,
    /// The level that the lower end reached.
    pub level: Level,
    /// The proof of both ends, which the checker accepted.
    pub certificate: Certificate,
    /// The cheapest attack found for its prize.
    pub witness: Option<Priced>,
    /// Whether the proof leaves no attack that wins more than it costs, in integers: also where some attack just breaks even
    /// and the lower end is a hair below nothing.
    pub profit_ruled_out: bool,
    /// Cases divided.
    pub cases: u64,
    /// Pivots of the relaxation.
    pub pivots: u64,
}

impl Slack {
    /// Whether the network is secure: `None` where neither the interval nor integers decide. With `weak`, breaking even
    /// counts as a reason to attack.
    pub fn secure(&self, weak: bool) -> Option<bool> {
        if self.profit_ruled_out && !weak {
            return Some(true);
        }
        let attacked = |gamma: f64| if weak { gamma <= 0.0 } else { gamma < 0.0 };
        match (attacked(self.lower), attacked(self.upper)) {
            (false, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
}

impl Graph {
    /// Prizes that an operator carries for each unit of its stake, at worst; `capped` counts stake up to each need.
    fn heaviest_load(&self, capped: bool) -> f64 {
        let mut heaviest = 0.0f64;
        for (operator, data) in self.operators().iter().enumerate() {
            let stake = data.stake as f64;
            let mut load = 0.0;
            for edge in self.of_operator(operator) {
                let service = edge.service as usize;
                let need = self.need(service) as f64;
                let prize = self.services()[service].prize as f64;
                let counted = if capped { (edge.stake as f64).min(need) } else { edge.stake as f64 };
                load += prize / need * counted / stake;
                if self.mode() != Mode::Full {
                    heaviest = heaviest.max(prize / need);
                }
            }
            heaviest = heaviest.max(load);
        }
        heaviest
    }
}

/// Level C0: 1 / (heaviest load) − 1, from prizes and needs alone.
pub fn c0(graph: &Graph) -> f64 {
    1.0 / graph.heaviest_load(false) - 1.0
}

/// Level C1: the same, stake counted up to the need.
pub fn c1(graph: &Graph) -> f64 {
    1.0 / graph.heaviest_load(true) - 1.0
}

/// γ of the network.
///
/// # Errors
/// A certificate of our own that the checker refuses: a mistake of this crate, never hidden.
pub fn slack(graph: &Graph, level: Level, limits: &mut Limits) -> Result<Slack, Error> {
    solve(graph, None, level, limits)
}

/// γ over the attacks that corrupt one service.
///
/// # Errors
/// An unknown service; as [`slack`].
pub fn slack_of_service(
    graph: &Graph,
    service: usize,
    level: Level,
    limits: &mut Limits,
) -> Result<Slack, Error> {
    if service >= graph.services().len() {
        let id = service.to_string();
        return Err(Error::UnknownId { place: "request".into(), kind: "service", id });
    }
    solve(graph, Some(service as u32), level, limits)
}

/// γ over the attacks that corrupt each service, in their order. One search speaks of all services that no attack found so
/// far corrupts: the cheapest attack on any of them settles all that it corrupts. Limits are those of one search.
///
/// # Errors
/// As [`slack`].
pub fn slack_of_each_service(graph: &Graph, level: Level, limits: &mut Limits) -> Result<Vec<Slack>, Error> {
    let network = graph.network();
    let free = (0..network.needs.len()).any(|it| network.prizes[it] > 0 && network.needs[it] == 0);
    let rows = priced_rows(&network);
    let mut left = if level <= Level::C1 || free { Vec::new() } else { rows.clone() };
    let mut slacks: Vec<Option<Slack>> = vec![None; network.needs.len()];
    while !left.is_empty() {
        let found = Attacker::new(graph, None).grow(&left).ok_or_else(no_attack)?;
        let mut search = Search::new(graph, None, left.clone(), rows.clone(), found);
        let level = search_to(graph, &mut search, level, limits);
        let stats = (search.divided, search.pivots);
        let attacked = &search.best.attack.services;
        let (settled, rest): (Vec<u32>, Vec<u32>) = left.iter().partition(|it| attacked.contains(it));
        if settled.is_empty() {
            break;
        }
        for service in settled {
            let lower = search.proof(&network, Some(service));
            let found = search.best.clone();
            slacks[service as usize] =
                Some(finish(&network, Some(service), level, Some(lower), found, stats)?);
        }
        left = rest;
    }
    let alone = |(service, slack): (usize, Option<Slack>)| match slack {
        Some(slack) => Ok(slack),
        None => slack_of_service(graph, service, level, limits),
    };
    slacks.into_iter().enumerate().map(alone).collect()
}

/// Services with a prize and a need, largest need first.
fn priced_rows(network: &Network) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..network.needs.len() as u32)
        .filter(|it| network.prizes[*it as usize] > 0 && network.needs[*it as usize] > 0)
        .collect();
    rows.sort_by_key(|service| (std::cmp::Reverse(network.needs[*service as usize]), *service));
    rows
}

fn no_attack() -> Error {
    Error::Unsupported("no attack reaches a need".into())
}

fn solve(graph: &Graph, must: Option<u32>, level: Level, limits: &mut Limits) -> Result<Slack, Error> {
    let network = graph.network();
    let rows = priced_rows(&network);
    if let Some(service) = must.filter(|service| !rows.contains(service)) {
        return without_need_or_prize(graph, &network, service, level, limits);
    }
    let free = (0..network.needs.len()).find(|it| network.prizes[*it] > 0 && network.needs[*it] == 0);
    if let Some(service) = free.filter(|_| must.is_none()) {
        return without_need_or_prize(graph, &network, service as u32, level, limits);
    }
    if rows.is_empty() {
        return Ok(nothing_to_gain(level));
    }
    let mut attacker = Attacker::new(graph, must);
    let seeds = must.map_or_else(|| seeds(graph, &rows), |service| vec![service]);
    let found = attacker.grow(&seeds).ok_or_else(no_attack)?;
    if level <= Level::C1 {
        return loads(graph, &network, must, level, found);
    }
    let mut search = Search::new(graph, must, Vec::new(), rows, found);
    let level = search_to(graph, &mut search, level, limits);
    let lower = search.proof(&network, must);
    let stats = (search.divided, search.pivots);
    finish(&network, must, level, Some(lower), search.best, stats)
}

/// Runs a search as far as a level and the limits ask; returns the level reached.
fn search_to(graph: &Graph, search: &mut Search, level: Level, limits: &mut Limits) -> Level {
    let network = graph.network();
    let load = load_prices(graph, search.rows());
    let cases = if level == Level::C3 { CASES_OF_C3 * network.needs.len() as u64 } else { limits.cases };
    let mut effort = Effort { gap: limits.gap, cases, stop: &mut *limits.stop };
    // Prizes that come free beside a service are in no operator's load.
    let bonus = (0..network.needs.len()).any(|it| network.needs[it] == 0 && network.prizes[it] > 0);
    let weakest = if bonus { 0.0 } else { c1(graph) + 1.0 };
    search.begin(&load, weakest, &mut effort);
    let begun = search.has_begun();
    if level > Level::C2 && begun {
        search.run(&mut effort);
    }
    if begun { level } else { Level::C1 }
}

/// Services to grow attacks from: all of a small network, else those nearest to their need for their prize.
fn seeds(graph: &Graph, rows: &[u32]) -> Vec<u32> {
    const MOST: usize = 64;
    // A large network has more registrations to look at for each attack, and takes fewer seeds.
    const MOST_VISITS: usize = 3_200_000;
    let most = (MOST_VISITS / graph.edges().len().max(1)).clamp(2, MOST);
    let mut seeds = rows.to_vec();
    let price =
        |service: u32| graph.need(service as usize) as f64 / graph.services()[service as usize].prize as f64;
    seeds.sort_by(|one, other| price(*one).total_cmp(&price(*other)));
    seeds.truncate(most);
    seeds
}

/// λ · π / r for each row at the ratio of C1: the prices that prove it.
fn load_prices(graph: &Graph, rows: &[u32]) -> Vec<f64> {
    let ratio = 1.0 / graph.heaviest_load(true);
    let price = |service: &u32| {
        let service = *service as usize;
        ratio * graph.services()[service].prize as f64 / graph.need(service) as f64
    };
    rows.iter().map(price).collect()
}

/// Levels C0 and C1: one leaf.
fn loads(
    graph: &Graph,
    network: &Network,
    must: Option<u32>,
    level: Level,
    found: Priced,
) -> Result<Slack, Error> {
    let wanted = 1.0 / graph.heaviest_load(level == Level::C1);
    let all: Vec<u32> = (0..network.needs.len() as u32).collect();
    let priced = |service: &u32| network.needs[*service as usize] > 0;
    let rows: Vec<u32> = all.into_iter().filter(priced).collect();
    let den = certificate::denominator(network);
    let mut dense = vec![0; network.needs.len()];
    let scale = wanted * graph.heaviest_load(true);
    let prices: Vec<f64> = load_prices(graph, &rows).iter().map(|price| price * scale).collect();
    for (service, price) in rows.iter().zip(prices) {
        dense[*service as usize] = certificate::integer_price(price, den);
    }
    let mut services = vec![None; network.needs.len()];
    if let Some(service) = must {
        services[service as usize] = Some(true);
    }
    let operators = vec![None; network.stakes.len()];
    let state = LeafState { operators: &operators, services: &services };
    let wanted = (wanted * den as f64).floor() as u128;
    let mut prices = LeafPrices { services: dense, covers: Vec::new() };
    let num = certificate::settle(network, &state, &mut prices, den, wanted);
    let lower = Lower { ratio: Fraction { num, den }, nodes: vec![Node::Leaf(prices.services)] };
    finish(network, must, level, Some(lower), found, (0, 0))
}

/// A service that costs nothing to corrupt is attacked at once; one without a prize is attacked only beside others.
fn without_need_or_prize(
    graph: &Graph,
    network: &Network,
    service: u32,
    level: Level,
    limits: &mut Limits,
) -> Result<Slack, Error> {
    let index = service as usize;
    if network.prizes[index] == 0 {
        // Its attacks are those of the others with this need met beside: the network's bound holds for them.
        let mut slack = solve(graph, None, level, limits)?;
        slack.upper = f64::INFINITY;
        slack.witness = None;
        slack.certificate.upper = None;
        return Ok(slack);
    }
    let attack = certificate::Attack { services: vec![service], operators: vec![], parts: vec![] };
    let found = Priced { attack, cost: 0, prize: network.prizes[index] };
    let leaf = Node::Leaf(vec![0; network.needs.len()]);
    let lower = Lower { ratio: Fraction { num: 0, den: 1 }, nodes: vec![leaf] };
    finish(network, Some(service), level, Some(lower), found, (0, 0))
}

fn nothing_to_gain(level: Level) -> Slack {
    Slack {
        lower: f64::INFINITY,
        upper: f64::INFINITY,
        level,
        certificate: Certificate::default(),
        witness: None,
        profit_ruled_out: true,
        cases: 0,
        pivots: 0,
    }
}

/// Nothing leaves as certified that the checker has not accepted.
fn finish(
    network: &Network,
    service: Option<u32>,
    level: Level,
    lower: Option<Lower>,
    found: Priced,
    (cases, pivots): (u64, u64),
) -> Result<Slack, Error> {
    let certificate = Certificate { service, lower, upper: Some(found.attack.clone()) };
    let claim = light::certificate::verify(network, &certificate)
        .map_err(|refusal| Error::CheckFailed(refusal.to_string()))?;
    Ok(Slack {
        lower: claim.lower.map_or(-1.0, gamma),
        upper: claim.upper.map_or(f64::INFINITY, gamma),
        level,
        certificate,
        witness: Some(found),
        profit_ruled_out: claim.lower.is_some_and(|ratio| certificate::rules_out_profit(network, ratio)),
        cases,
        pivots,
    })
}
