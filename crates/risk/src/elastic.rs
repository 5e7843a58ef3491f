//! Robustness of elastic restaking: how much of a network's services, by weight, must turn byzantine (slash all they can,
//! wrongly) before attacking the rest pays. Stake that is left stretches over the services that are left.

use crate::{
    Error, Graph, Mode, Operator, Service,
    solve::{Level, Limits, Progress, c1, slack},
};
use std::{cmp::Ordering, collections::BinaryHeap};

/// Cases divided for one set of byzantine services at most.
const CASES: u64 = 20_000;

/// β*, as an interval, and how it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Robustness {
    /// No lighter set of byzantine services makes the rest insecure.
    pub lower: f64,
    /// This set does: its weight. One if only all services together do.
    pub upper: f64,
    /// The set.
    pub byzantine: Vec<u32>,
    /// Networks tested.
    pub tests: u64,
}

/// A set of byzantine services, by weight.
struct Candidate {
    weight: f64,
    members: Vec<u32>,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Candidate {}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Candidate {
    /// The lightest first, then the one of earlier services.
    fn cmp(&self, other: &Self) -> Ordering {
        other.weight.total_cmp(&self.weight).then_with(|| other.members.cmp(&self.members))
    }
}

/// The network after the services `byzantine` slashed all their allocations; `None` if no service is left. Each operator
/// loses what they held of it, at most all; what other services hold is cut to what is left.
///
/// # Errors
/// A network without allocations.
pub fn stretched(graph: &Graph, byzantine: &[u32]) -> Result<Option<Graph>, Error> {
    if graph.mode() == Mode::Full {
        return Err(Error::Unsupported("mode full has no allocations to stretch; use mode elastic".into()));
    }
    let gone = |service: u32| byzantine.contains(&service);
    let left = |operator: usize| {
        let slashed = graph.of_operator(operator).iter().filter(|edge| gone(edge.service));
        let slashed: u128 = slashed.map(|edge| edge.stake).sum();
        graph.operators()[operator].stake.saturating_sub(slashed)
    };
    let stakes: Vec<u128> = (0..graph.operators().len()).map(left).collect();
    let operators: Vec<Operator> = graph
        .operators()
        .iter()
        .zip(&stakes)
        .map(|(operator, stake)| Operator { stake: *stake, ..operator.clone() })
        .collect();
    let services: Vec<Service> = graph
        .services()
        .iter()
        .enumerate()
        .map(|(index, service)| Service {
            prize: if gone(index as u32) { 0 } else { service.prize },
            ..service.clone()
        })
        .collect();
    if services.iter().all(|service| service.prize == 0) {
        return Ok(None);
    }
    let edges: Vec<_> = graph
        .edges()
        .iter()
        .filter(|edge| !gone(edge.service))
        .map(|edge| (edge.operator, edge.service, Some(edge.stake.min(stakes[edge.operator as usize]))))
        .collect();
    if edges.is_empty() {
        return Ok(None);
    }
    // Mode base promises whole stakes to service 0, which is never byzantine: after a slash that is still so.
    Graph::new(graph.mode(), operators, services, edges).map(Some)
}

/// Whether no attack brings as much as it costs; `None` if undecided within the effort.
fn is_secure(graph: &Graph) -> Result<Option<bool>, Error> {
    if c1(graph) > 1e-9 && graph.warnings().is_empty() {
        return Ok(Some(true));
    }
    let mut decided = |progress: Progress| progress.lower > 1e-9 || progress.upper <= 0.0;
    let limits = &mut Limits { gap: 1e-9, cases: CASES, stop: &mut decided };
    Ok(slack(graph, Level::C4, limits)?.secure(true))
}

/// β*: the smallest weight of services that, byzantine, leave the rest insecure (an attack brings at least its cost). A
/// service weighs its prize over its threshold. `stop` ends the search with the interval reached.
///
/// # Errors
/// Mode full, or what the engine refuses.
pub fn robustness(graph: &Graph, stop: &mut dyn FnMut() -> bool) -> Result<Robustness, Error> {
    let weights: Vec<f64> =
        graph.services().iter().map(|service| service.prize as f64 / service.theta.value()).collect();
    let total: f64 = weights.iter().sum();
    let earlier = alike(graph);
    let first = u32::from(graph.mode() == Mode::Base);
    let mut open = BinaryHeap::from([Candidate { weight: 0.0, members: Vec::new() }]);
    let (mut tests, mut lower, mut doubtful) = (0, 0.0f64, None);
    while let Some(candidate) = open.pop() {
        let share = if total > 0.0 { (candidate.weight / total).min(1.0) } else { 1.0 };
        if stop() {
            let lower = doubtful.unwrap_or(share);
            return Ok(Robustness { lower, upper: 1.0, byzantine: Vec::new(), tests });
        }
        lower = lower.max(share);
        tests += 1;
        let rest = stretched(graph, &candidate.members)?;
        let verdict = match &rest {
            None => Some(false),
            Some(rest) => is_secure(rest)?,
        };
        match verdict {
            Some(false) => {
                let lower = doubtful.unwrap_or(share);
                return Ok(Robustness { lower, upper: share, byzantine: candidate.members, tests });
            }
            Some(true) => {}
            None => doubtful = Some(doubtful.unwrap_or(share)),
        }
        let next = candidate.members.last().map_or(first, |last| last + 1);
        for service in next..graph.services().len() as u32 {
            // Of services that are alike, take the first ones.
            if earlier[service as usize].is_some_and(|twin| !candidate.members.contains(&twin)) {
                continue;
            }
            let weight = candidate.weight + weights[service as usize];
            let members = [candidate.members.as_slice(), &[service]].concat();
            open.push(Candidate { weight, members });
        }
    }
    Ok(Robustness { lower: doubtful.unwrap_or(1.0), upper: 1.0, byzantine: Vec::new(), tests })
}

/// For each service the one before it that is exactly alike: same prize, threshold and allocations.
fn alike(graph: &Graph) -> Vec<Option<u32>> {
    let shape = |service: usize| {
        let data = &graph.services()[service];
        let edges = graph.of_service(service).iter().map(|edge| (edge.operator, edge.stake));
        (data.prize, data.theta.num, data.theta.den, edges.collect::<Vec<_>>())
    };
    let shapes: Vec<_> = (0..graph.services().len()).map(shape).collect();
    let before = |service: usize| (0..service).rev().find(|it| shapes[*it] == shapes[service]);
    (0..shapes.len()).map(|service| before(service).map(|it| it as u32)).collect()
}
