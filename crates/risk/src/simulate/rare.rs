//! Rare years (importance sampling): the faults that weigh most are drawn more often than they happen, and every year
//! counts for as much less. For tails beyond what a million plain years show.

use super::{
    MAX_PATHS, MAX_SAMPLES, Options, check,
    model::{Chance, LossModel},
    path::{Plan, Space},
};
use crate::{Error, Graph, shocked::ether};
use rayon::prelude::*;
use serde::Serialize;

/// Operators whose faults are drawn more often.
const TILTED: usize = 32;
/// How many times as often, and at most with which probability.
const TIMES: f64 = 10.0;
const MOST: f64 = 0.2;

/// A far tail, in ether.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RareTail {
    /// Level α, as 0.9999.
    pub level: f64,
    /// The smallest loss that is not exceeded with probability α.
    pub value_at_risk: f64,
    /// Mean of the worst 1 − α of outcomes.
    pub tail_mean: f64,
    /// Expected loss, by the same weights: compare it with a plain run.
    pub mean: f64,
    /// Standard error of the expected loss.
    pub mean_error: f64,
    /// Mean weight of a path: near one, or there are too few paths.
    pub mass: f64,
    /// Paths that reach the tail.
    pub paths_in_tail: u64,
}

/// The tail of the network's loss beyond `level`.
///
/// # Errors
/// As [`super::simulate`]; a level outside 0 to 1.
pub fn rare_tail(graph: &Graph, model: &LossModel, options: &Options, level: f64) -> Result<RareTail, Error> {
    check(graph, model, &[], options)?;
    if !(level > 0.0 && level < 1.0) {
        let range = "(0, 1)".to_owned();
        return Err(Error::OutOfRange { place: "level".into(), text: level.to_string(), range });
    }
    debug_assert!(options.paths <= MAX_PATHS.min(MAX_SAMPLES));
    let (tilted, ratios, quiet) = tilt(graph, model);
    let plan = Plan::new(graph, &tilted, &[], options.seed, options.slack, options.follow);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let pool = pool.map_err(|error| Error::Unsupported(format!("cannot start threads: {error}")))?;
    let draw = |space: &mut Space, path: u64| {
        let lost = plan.run(path, space).lost;
        let weight =
            space.faults().iter().fold(quiet, |weight, operator| weight * ratios[*operator as usize]);
        (lost, weight)
    };
    let paths: Vec<(f64, f64)> =
        pool.install(|| (0..options.paths).into_par_iter().map_init(|| Space::new(&plan), draw).collect());
    Ok(weigh(paths, level))
}

/// The model with its weightiest faults drawn more often; by operator how a hit changes a path's weight; and the weight
/// of a path without any.
fn tilt(graph: &Graph, model: &LossModel) -> (LossModel, Vec<f64>, f64) {
    let weight = |it: usize| {
        let Chance { probability, loss } = model.operators[it];
        probability * loss * ether(graph.operators()[it].stake)
    };
    let mut order: Vec<usize> = (0..model.operators.len()).collect();
    order.sort_by(|one, other| weight(*other).total_cmp(&weight(*one)).then(one.cmp(other)));
    let mut tilted = model.clone();
    let (mut ratios, mut quiet) = (vec![1.0; model.operators.len()], 1.0);
    for operator in order.into_iter().take(TILTED) {
        let before = model.operators[operator].probability;
        let after = (TIMES * before).min(MOST).max(before);
        if before > 0.0 && after > before {
            tilted.operators[operator].probability = after;
            quiet *= (1.0 - before) / (1.0 - after);
            ratios[operator] = before * (1.0 - after) / (after * (1.0 - before));
        }
    }
    (tilted, ratios, quiet)
}

fn weigh(mut paths: Vec<(f64, f64)>, level: f64) -> RareTail {
    let count = paths.len() as f64;
    let mass = paths.iter().map(|(_, weight)| weight).sum::<f64>() / count;
    let mean = paths.iter().map(|(lost, weight)| lost * weight).sum::<f64>() / count;
    let squares: f64 = paths.iter().map(|(lost, weight)| (lost * weight - mean).powi(2)).sum();
    paths.sort_by(|one, other| other.0.total_cmp(&one.0));
    let beyond = 1.0 - level;
    let (mut reached, mut lost_beyond, mut value_at_risk, mut paths_in_tail) = (0.0, 0.0, 0.0, 0);
    for (lost, weight) in paths {
        // The atom at the edge counts in part.
        let part = (weight / count).min(beyond - reached);
        lost_beyond += lost * part;
        reached += part;
        value_at_risk = lost;
        paths_in_tail += 1;
        if reached >= beyond {
            break;
        }
    }
    RareTail {
        level,
        value_at_risk,
        tail_mean: lost_beyond / beyond,
        mean,
        mean_error: (squares / count).sqrt() / count.sqrt(),
        mass,
        paths_in_tail,
    }
}
