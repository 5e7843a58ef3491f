//! A service's cheapest purchase of security. Pooled stake: how much new stake each service must attract so that no
//! operator's load exceeds its share. Unique stake: a flow of allocations that meets every need, or the services whose
//! needs exceed what their operators have.

use crate::{Error, Graph, Mode, Operator, concentration::as_text, shocked::ether};
use serde::Serialize;
use std::collections::VecDeque;

/// Steps of the search for prices of load.
const STEPS: usize = 3_000;

/// What to add so that slack `target` holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopUp {
    /// The wanted slack.
    pub target: f64,
    /// New stake by service, in wei; services that need none are left out.
    pub additions: Vec<Addition>,
    /// All new stake, in wei.
    #[serde(serialize_with = "as_text")]
    pub total: u128,
    /// No purchase below this suffices by the same condition, in wei.
    #[serde(serialize_with = "as_text")]
    pub at_least: u128,
    /// Unique stake: allocations (operator, service, wei) that meet what can be met.
    pub allocations: Vec<(usize, usize, String)>,
    /// Unique stake: services whose needs together exceed the stake of their operators, if there are any.
    pub short: Vec<usize>,
}

/// New stake for one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Addition {
    /// Index of the service.
    pub service: usize,
    /// Its name.
    pub name: String,
    /// New stake, in wei.
    #[serde(serialize_with = "as_text")]
    pub stake: u128,
}

/// The cheapest purchase that reaches slack `target`.
///
/// # Errors
/// A target of −1 or less or not finite; modes `elastic` and `base`.
pub fn top_up(graph: &Graph, target: f64) -> Result<TopUp, Error> {
    if !target.is_finite() || target <= -1.0 || target > 1e6 {
        let range = "above -1, at most 10^6".to_owned();
        return Err(Error::OutOfRange { place: "target".into(), text: target.to_string(), range });
    }
    match graph.mode() {
        Mode::Full => Ok(pooled(graph, target)),
        Mode::Unique => Ok(unique(graph, target)),
        mode => Err(Error::Unsupported(format!(
            "a purchase is computed in modes full and unique, not {}",
            mode.name()
        ))),
    }
}

/// The graph with a new operator for each addition, who serves that service alone.
///
/// # Errors
/// The new stake exceeds the model's limits.
pub fn with_additions(graph: &Graph, additions: &[Addition]) -> Result<Graph, Error> {
    let mut operators = graph.operators().to_vec();
    let unique = graph.mode() != Mode::Full;
    let allocation = |stake: u128| unique.then_some(stake);
    let mut edges: Vec<(u32, u32, Option<u128>)> =
        graph.edges().iter().map(|edge| (edge.operator, edge.service, allocation(edge.stake))).collect();
    for addition in additions {
        edges.push((operators.len() as u32, addition.service as u32, allocation(addition.stake)));
        operators.push(Operator::new(format!("new stake for {}", addition.name), addition.stake));
    }
    Graph::new(graph.mode(), operators, graph.services().to_vec(), edges)
}

/// Least new stake with Σ_{s∈N(v)} π_s/(r_s + θ_s·Δ_s) ≤ 1/(1+γ) for every operator: convex; solved by prices on load.
fn pooled(graph: &Graph, target: f64) -> TopUp {
    let share = 1.0 / (1.0 + target);
    let services = graph.services().len();
    let prizes: Vec<f64> = graph.services().iter().map(|it| ether(it.prize)).collect();
    let thetas: Vec<f64> = graph.services().iter().map(|it| it.theta.value()).collect();
    let needs: Vec<f64> = (0..services).map(|it| thetas[it] * ether(graph.slashable(it))).collect();
    let of_operator: Vec<Vec<usize>> = (0..graph.operators().len())
        .map(|it| graph.of_operator(it).iter().map(|edge| edge.service as usize).collect())
        .collect();
    // Only the most loaded of operators with the same services count; equal rows are one.
    let mut rows = of_operator;
    rows.sort();
    rows.dedup();
    let load =
        |row: &[usize], needs: &[f64]| row.iter().map(|it| prizes[*it] / needs[*it].max(1e-300)).sum::<f64>();
    rows.retain(|row| load(row, &needs) > share);
    let (mut prices, mut best, mut floor) = (vec![1.0f64; rows.len()], None, 0.0f64);
    for step in 0..STEPS {
        let mut pressure = vec![0.0; services];
        for (row, price) in rows.iter().zip(&prices) {
            row.iter().for_each(|it| pressure[*it] += price);
        }
        // What each service buys at these prices: r + θΔ = √(θ·π·pressure).
        let bought: Vec<f64> =
            (0..services).map(|it| needs[it].max((thetas[it] * prizes[it] * pressure[it]).sqrt())).collect();
        let cost =
            |bought: &[f64]| (0..services).map(|it| (bought[it] - needs[it]) / thetas[it]).sum::<f64>();
        let excess =
            rows.iter().zip(&prices).map(|(row, price)| price * (load(row, &bought) - share)).sum::<f64>();
        floor = floor.max(cost(&bought) + excess);
        let repaired = repaired(&rows, &bought, &needs, share, &load);
        let total = cost(&repaired);
        if best.as_ref().is_none_or(|(least, _)| total < *least) {
            best = Some((total, repaired));
        }
        let rate = 1.0 / (1.0 + step as f64 / 50.0);
        for (row, price) in rows.iter().zip(&mut prices) {
            *price *= (load(row, &bought) / share).powf(2.0 * rate).clamp(0.1, 10.0);
        }
    }
    let bought = best.map_or_else(|| needs.clone(), |(_, bought)| bought);
    let additions = (0..services).map(|it| ((bought[it] - needs[it]) / thetas[it]).max(0.0));
    finish(graph, target, additions.collect(), floor)
}

/// Buys more for the services of operators that are still overloaded, all by the same factor.
fn repaired(
    rows: &[Vec<usize>],
    bought: &[f64],
    needs: &[f64],
    share: f64,
    load: &dyn Fn(&[usize], &[f64]) -> f64,
) -> Vec<f64> {
    let mut repaired = bought.to_vec();
    for row in rows {
        let over = load(row, &repaired) / share;
        if over > 1.0 {
            row.iter().for_each(|it| repaired[*it] = (repaired[*it] * over).max(needs[*it]));
        }
    }
    repaired
}

fn finish(graph: &Graph, target: f64, ether_added: Vec<f64>, floor: f64) -> TopUp {
    // Up by a gwei, so that rounding leaves no need open.
    let wei = |ether: f64| (ether * 1e9).ceil().max(0.0) as u128 * 1_000_000_000;
    let added = ether_added.into_iter().enumerate().filter(|(_, ether)| *ether > 1e-9);
    let additions: Vec<Addition> = added
        .map(|(service, ether)| Addition {
            service,
            name: graph.services()[service].name.clone(),
            stake: wei(ether),
        })
        .collect();
    let total: u128 = additions.iter().map(|it| it.stake).sum();
    let at_least = ((floor.max(0.0) * (1.0 - 1e-9)) * 1e9) as u128 * 1_000_000_000;
    TopUp {
        target,
        total,
        at_least: at_least.min(total),
        additions,
        allocations: Vec::new(),
        short: Vec::new(),
    }
}

/// An arc of the flow network: to, room, place of the arc back.
struct Arc {
    to: usize,
    room: u128,
    back: usize,
}

/// Source, operators, services, sink.
struct Flow {
    arcs: Vec<Vec<Arc>>,
}

impl Flow {
    fn arc(&mut self, from: usize, to: usize, room: u128) {
        let (forth, back) = (self.arcs[from].len(), self.arcs[to].len());
        self.arcs[from].push(Arc { to, room, back });
        self.arcs[to].push(Arc { to: from, room: 0, back: forth });
    }

    /// Distance of each node from the source along arcs with room.
    fn levels(&self) -> Vec<usize> {
        let mut levels = vec![usize::MAX; self.arcs.len()];
        levels[0] = 0;
        let mut queue = VecDeque::from([0]);
        while let Some(node) = queue.pop_front() {
            for arc in self.arcs[node].iter().filter(|arc| arc.room > 0) {
                if levels[arc.to] == usize::MAX {
                    levels[arc.to] = levels[node] + 1;
                    queue.push_back(arc.to);
                }
            }
        }
        levels
    }

    /// Pushes up to `room` from `node` to the sink; paths have at most a few hundred arcs.
    fn push(&mut self, node: usize, room: u128, levels: &[usize], next: &mut [usize]) -> u128 {
        if node + 1 == self.arcs.len() {
            return room;
        }
        while let Some(arc) = self.arcs[node].get(next[node]) {
            let (to, free, back) = (arc.to, arc.room, arc.back);
            if free > 0 && levels[to] == levels[node] + 1 {
                let pushed = self.push(to, room.min(free), levels, next);
                if pushed > 0 {
                    self.arcs[node][next[node]].room -= pushed;
                    self.arcs[to][back].room += pushed;
                    return pushed;
                }
            }
            next[node] += 1;
        }
        0
    }

    /// Largest flow (Dinic).
    fn run(&mut self) -> u128 {
        let mut total = 0;
        loop {
            let levels = self.levels();
            if levels.last() == Some(&usize::MAX) {
                return total;
            }
            let mut next = vec![0; self.arcs.len()];
            loop {
                let pushed = self.push(0, u128::MAX, &levels, &mut next);
                if pushed == 0 {
                    break;
                }
                total += pushed;
            }
        }
    }
}

/// Every service needs (1+γ)·π/θ of allocations; operators offer their stake to the services that they serve.
fn unique(graph: &Graph, target: f64) -> TopUp {
    let (operators, services) = (graph.operators().len(), graph.services().len());
    let wanted: Vec<u128> = graph
        .services()
        .iter()
        .map(|it| {
            let need = ether(it.prize) * (1.0 + target) / it.theta.value();
            (need * 1e9).ceil() as u128 * 1_000_000_000
        })
        .collect();
    let (source, sink) = (0, operators + services + 1);
    let mut flow = Flow { arcs: (0..=sink).map(|_| Vec::new()).collect() };
    for (index, operator) in graph.operators().iter().enumerate() {
        flow.arc(source, index + 1, operator.stake);
    }
    for edge in graph.edges() {
        flow.arc(edge.operator as usize + 1, operators + 1 + edge.service as usize, u128::MAX / 2);
    }
    for (service, need) in wanted.iter().enumerate() {
        flow.arc(operators + 1 + service, sink, *need);
    }
    flow.run();
    let levels = flow.levels();
    let missing = |service: usize| {
        let arc = flow.arcs[operators + 1 + service].iter().find(|arc| arc.to == sink);
        arc.map_or(0, |arc| arc.room)
    };
    let mut allocations = Vec::new();
    for operator in 0..operators {
        for arc in flow.arcs[operator + 1].iter().filter(|arc| arc.to > operators && arc.to < sink) {
            let used = u128::MAX / 2 - arc.room;
            if used > 0 {
                allocations.push((operator, arc.to - operators - 1, used.to_string()));
            }
        }
    }
    let additions: Vec<Addition> = (0..services)
        .filter(|it| missing(*it) > 0)
        .map(|service| Addition {
            service,
            name: graph.services()[service].name.clone(),
            stake: missing(service),
        })
        .collect();
    let total = additions.iter().map(|it| it.stake).sum();
    // The cut: services that cannot be reached from operators with stake left have needs beyond their operators' stake.
    let short = if total == 0 {
        Vec::new()
    } else {
        (0..services).filter(|it| levels[operators + 1 + it] == usize::MAX && wanted[*it] > 0).collect()
    };
    TopUp { target, additions, total, at_least: total, allocations, short }
}
