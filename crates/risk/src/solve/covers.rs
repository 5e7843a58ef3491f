//! Covers: beside some operators, whether they attack or not, all others must bring what is left of a need, each counted up to
//! that. Where a few large operators almost meet a need, a relaxation that burns them and a bit of a third is cut off.

use super::relaxation::Relaxation;
use crate::{Graph, Mode};
use std::rc::Rc;

/// Covers of one relaxation at most: its dense inverse has the square of its rows.
const MOST: usize = 32;
/// What a solution falls short of a cover, in parts of what is left, at least.
const SHORT: f64 = 1e-4;

/// Operators of a service, and what they leave of its need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cover {
    pub service: u32,
    /// By index, rising.
    pub operators: Vec<u32>,
    /// Above zero, in wei.
    pub left: u128,
}

/// Covers that a solution violates, the one of each service that it violates most: operators are taken as far as the solution
/// burns them, those that would meet the need passed over.
pub(super) fn violated(graph: &Graph, relaxation: &Relaxation, solution: &[f64]) -> Vec<Rc<Cover>> {
    let room = MOST.saturating_sub(relaxation.covers.len());
    if graph.mode() != Mode::Full || room == 0 {
        return Vec::new();
    }
    let mut burnt = vec![0.0; graph.operators().len()];
    for (operator, value) in relaxation.operators.iter().zip(solution) {
        burnt[*operator as usize] = *value;
    }
    let attacked = relaxation.rows.iter().zip(&solution[relaxation.operators.len()..]);
    let found = attacked.filter_map(|(service, part)| worst(graph, *service, *part, &burnt));
    let mut found: Vec<(f64, Cover)> = found.collect();
    found.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.service.cmp(&other.1.service)));
    found.truncate(room);
    let known = |cover: &Cover| relaxation.covers.iter().any(|it| **it == *cover);
    found.into_iter().map(|(_, cover)| cover).filter(|cover| !known(cover)).map(Rc::new).collect()
}

/// The cover of a service, attacked to this part, that what is burnt falls short of most.
fn worst(graph: &Graph, service: u32, part: f64, burnt: &[f64]) -> Option<(f64, Cover)> {
    if part <= SHORT {
        return None;
    }
    let edges = graph.of_service(service as usize).iter();
    let mut members: Vec<(f64, u128, u32)> = edges
        .map(|edge| (burnt[edge.operator as usize], edge.stake, edge.operator))
        .filter(|(value, ..)| *value > 0.0)
        .collect();
    members
        .sort_by(|one, other| other.0.total_cmp(&one.0).then(other.1.cmp(&one.1)).then(one.2.cmp(&other.2)));
    let mut left = graph.need(service as usize);
    let mut inside: Vec<u32> = Vec::new();
    let mut best: Option<(f64, usize, u128)> = None;
    let mut outside = members.clone();
    for (_, stake, operator) in members {
        if stake >= left {
            continue;
        }
        left -= stake;
        inside.push(operator);
        outside.retain(|it| it.2 != operator);
        let brought: f64 = outside.iter().map(|(value, stake, _)| value * (*stake).min(left) as f64).sum();
        let short = part - brought / left as f64;
        if short > best.map_or(SHORT, |it| it.0) {
            best = Some((short, inside.len(), left));
        }
    }
    let (short, count, left) = best?;
    let mut operators = inside;
    operators.truncate(count);
    operators.sort_unstable();
    Some((short, Cover { service, operators, left }))
}
