//! Cascades where each unit of stake backs one service. A service falls alone, once what it can still slash at its
//! threshold is below its prize; its attackers lose that much of their allocations to it and nothing elsewhere, so one
//! round follows a shock. Slack bounds this as in mode `full`: a service with slack γ falls only after losing more than
//! γ/(1+γ) of its stake W, and then θ·(what is left) < loss/γ is taken; allocations add up to no more than stake.

use super::Attack;
use crate::Graph;

/// Operators up to which every shock is tried.
const MOST_EXHAUSTIVE: usize = 16;

/// The services that fall after the operators `gone` are no more, one attack each.
pub(super) fn falls(graph: &Graph, gone: &[bool]) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (service, data) in graph.services().iter().enumerate() {
        let left = || graph.of_service(service).iter().filter(|edge| !gone[edge.operator as usize]);
        let stake: u128 = left().map(|edge| edge.stake).sum();
        let cost = data.theta.ceil_of(stake);
        if stake > 0 && data.prize > cost {
            let operators = left().map(|edge| edge.operator as usize).collect();
            attacks.push(Attack { services: vec![service], operators, cost, prize: data.prize });
        }
    }
    attacks
}

/// Attacks as one.
fn together(attacks: Vec<Attack>) -> Option<Attack> {
    attacks.into_iter().reduce(|mut all, next| {
        all.services.extend(next.services);
        all.operators.extend(next.operators);
        all.operators.sort_unstable();
        all.operators.dedup();
        (all.cost, all.prize) = (all.cost + next.cost, all.prize + next.prize);
        all
    })
}

/// Whether every shock was tried, and the shock within the budget after which most is lost, with what falls.
pub(super) fn worst(graph: &Graph, budget: u128) -> (bool, Option<(Vec<usize>, Attack)>) {
    let operators = graph.operators().len();
    let mut best: Option<(Vec<usize>, Attack)> = None;
    let mut consider = |gone: &[bool]| {
        let Some(attack) = together(falls(graph, gone)) else { return };
        if best.as_ref().is_none_or(|(_, most)| attack.cost > most.cost) {
            best = Some(((0..operators).filter(|it| gone[*it]).collect(), attack));
        }
    };
    let stake = |it: usize| graph.operators()[it].stake;
    if operators <= MOST_EXHAUSTIVE {
        for shock in 0usize..1 << operators {
            let members = (0..operators).filter(|it| shock >> it & 1 == 1);
            if members.map(stake).sum::<u128>() <= budget {
                let gone: Vec<bool> = (0..operators).map(|it| shock >> it & 1 == 1).collect();
                consider(&gone);
            }
        }
        return (true, best);
    }
    for first in 0..graph.services().len() {
        let mut gone = vec![false; operators];
        let mut left = budget;
        // The first service, then whichever follow in order of what they need for their prize, while the budget lasts.
        for service in std::iter::once(first).chain(by_distance(graph)) {
            fell(graph, service, &mut gone, &mut left);
        }
        consider(&gone);
    }
    (false, best)
}

/// Services by how large a part of their stake must go before they fall.
fn by_distance(graph: &Graph) -> Vec<usize> {
    let mut order: Vec<usize> = (0..graph.services().len()).collect();
    order.retain(|it| graph.services()[*it].prize > 0);
    let part = |it: usize| graph.services()[it].prize as f64 / (graph.need(it) as f64).max(1.0);
    order.sort_by(|one, other| part(*other).total_cmp(&part(*one)).then(one.cmp(other)));
    order
}

/// Takes the operators whose loss fells a service for the least stake, if the budget has room for them.
fn fell(graph: &Graph, service: usize, gone: &mut [bool], budget: &mut u128) {
    let data = &graph.services()[service];
    let edges = graph.of_service(service).iter().filter(|edge| !gone[edge.operator as usize]);
    let mut stake: u128 = edges.clone().map(|edge| edge.stake).sum();
    let own = |operator: u32| graph.operators()[operator as usize].stake;
    let mut members: Vec<(f64, u32, u128)> = edges
        .map(|edge| (edge.stake as f64 / (own(edge.operator) as f64).max(1.0), edge.operator, edge.stake))
        .collect();
    members.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let (mut taken, mut cost) = (Vec::new(), 0u128);
    for (_, operator, allocation) in members {
        if data.prize > data.theta.ceil_of(stake) {
            break;
        }
        if cost + own(operator) <= *budget {
            cost += own(operator);
            stake -= allocation;
            taken.push(operator);
        }
    }
    if stake > 0 && data.prize > data.theta.ceil_of(stake) {
        *budget -= cost;
        taken.into_iter().for_each(|operator| gone[operator as usize] = true);
    }
}
