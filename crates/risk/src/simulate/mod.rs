//! Losses by chance: many years at once, each with the faults, outages and bugs of a model, and the attacks that they
//! make profitable. Seeded; the same bits for any number of threads; one run serves every staker and liquid token.

pub mod chance;
pub mod even;
pub mod model;
mod path;
mod rare;

pub use model::{Chance, Factor, LossModel, Portfolio};
pub use path::Outcome;
pub use rare::{RareTail, rare_tail};

use crate::{
    Error, Graph, Mode,
    statistics::{Bin, Summary, histogram, sum, summarize},
};
use path::{Plan, Space};
use rayon::prelude::*;
use serde::Serialize;

/// Most paths of a simulation.
pub const MAX_PATHS: u64 = 100_000_000;
/// Most numbers kept for quantiles: paths × (portfolios + 1); 1 GiB.
pub const MAX_SAMPLES: u64 = 1 << 27;
/// Paths of a unit of work. Fixed: sums are taken by chunk, in order, so threads change no bit.
const CHUNK: u64 = 4_096;
/// Chunks between two reports of progress.
const CHUNKS_A_ROUND: u64 = 32;
/// Level beyond which contributions to the tail are counted.
const TAIL_LEVEL: f64 = 0.99;
/// Bars of a report's histogram.
const BINS: usize = 60;

/// How to simulate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Number of paths, each a year.
    pub paths: u64,
    /// Seed of all chance.
    pub seed: u64,
    /// Threads; 0 takes as many as there are cores.
    pub threads: usize,
    /// A certified lower bound of the network's slack γ; 0 or less if there is none.
    pub slack: f64,
    /// Whether attacks that losses make profitable are followed.
    pub follow: bool,
}

/// How chance is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// By lot: for tails, and the default.
    #[default]
    Plain,
    /// Evenly spread (Sobol points, scrambled): for means. The standard errors reported are then those of plain sampling, an
    /// upper estimate.
    Even,
}

/// What happened, in ether.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Number of paths.
    pub paths: u64,
    /// Seed.
    pub seed: u64,
    /// Whether attacks were followed (modes `full` and `unique`).
    pub attacks_followed: bool,
    /// The slack that excluded attacks.
    pub slack: f64,
    /// All stake.
    pub stake: f64,
    /// Loss of the whole network.
    pub network: Summary,
    /// Mean of the most that could have been lost on each path.
    pub mean_bound: f64,
    /// Expected loss by cause.
    pub causes: Causes,
    /// Share of paths on which an attack followed.
    pub share_with_attacks: f64,
    /// Loss of each portfolio.
    pub portfolios: Vec<PortfolioReport>,
    /// Operators by their part in the tail, largest first.
    pub operators: Vec<Contribution>,
    /// Bars of the network's loss.
    pub histogram: Vec<Bin>,
}

/// Expected loss by cause, in ether a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Causes {
    /// Operators' own faults.
    pub operators: f64,
    /// Outages of what operators share.
    pub factors: f64,
    /// Wrong slashings by services.
    pub services: f64,
    /// Attacks that followed.
    pub attacks: f64,
}

/// A portfolio's loss.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PortfolioReport {
    /// Its name.
    pub name: String,
    /// Its stake, in ether.
    pub stake: f64,
    /// Its loss, in ether.
    pub loss: Summary,
}

/// An operator's part in the network's loss (Euler): parts add up to the whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    /// Index in the graph.
    pub operator: usize,
    /// Name.
    pub id: String,
    /// Expected loss, in ether.
    pub mean: f64,
    /// Mean loss in the worst 1 % of years, in ether.
    pub tail: f64,
}

/// A run with the samples that made it: for prices, pairs and allocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What it says.
    pub report: Report,
    /// The network's loss by path, in ether.
    pub samples: Vec<f64>,
    /// Each portfolio's loss by path, in ether.
    pub portfolio_samples: Vec<Vec<f64>>,
}

/// Difference of two runs on the same paths.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// Mean of second less first.
    pub difference: f64,
    /// Its standard error, paths paired.
    pub error: f64,
    /// What it would be had the runs been independent.
    pub independent_error: f64,
}

/// Simulates; `progress` is told how many paths are done.
///
/// # Errors
/// No paths, or more than the limits; a model that does not fit the graph; no threads to be had.
pub fn simulate(
    graph: &Graph,
    model: &LossModel,
    portfolios: &[Portfolio],
    options: &Options,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Run, Error> {
    simulate_by(graph, model, portfolios, options, Sampling::Plain, progress)
}

/// Simulates with chance drawn in a chosen way; else as [`simulate`].
///
/// # Errors
/// As [`simulate`].
pub fn simulate_by(
    graph: &Graph,
    model: &LossModel,
    portfolios: &[Portfolio],
    options: &Options,
    sampling: Sampling,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Run, Error> {
    check(graph, model, portfolios, options)?;
    let mut plan = Plan::new(graph, model, portfolios, options.seed, options.slack, options.follow);
    if sampling == Sampling::Even {
        plan.spread_evenly();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let pool = pool.map_err(|error| Error::Unsupported(format!("cannot start threads: {error}")))?;
    Ok(pool.install(|| run(graph, &plan, portfolios, options, progress)))
}

fn check(graph: &Graph, model: &LossModel, portfolios: &[Portfolio], options: &Options) -> Result<(), Error> {
    let outside =
        |place: &str, text: String, range: String| Error::OutOfRange { place: place.into(), text, range };
    if options.paths == 0 || options.paths > MAX_PATHS {
        return Err(outside("paths", options.paths.to_string(), format!("[1, {MAX_PATHS}]")));
    }
    let samples = options.paths.saturating_mul(portfolios.len() as u64 + 1);
    if samples > MAX_SAMPLES {
        let text = format!("{} for {} portfolios", options.paths, portfolios.len());
        return Err(outside("paths", text, format!("[1, {}]", MAX_SAMPLES / (portfolios.len() as u64 + 1))));
    }
    if !options.slack.is_finite() && options.slack != f64::INFINITY {
        return Err(Error::NotANumber {
            place: "slack".into(),
            text: options.slack.to_string(),
            wanted: "a number",
        });
    }
    if model.operators.len() != graph.operators().len() || model.services.len() != graph.services().len() {
        return Err(Error::Form("the loss model is of another graph".into()));
    }
    Ok(())
}

/// What a chunk of paths adds up to.
struct Chunk {
    samples: Vec<f64>,
    /// Path-major.
    portfolios: Vec<f64>,
    causes: Causes,
    bound: f64,
    with_attacks: u64,
    by_operator: Vec<f64>,
}

fn run(
    graph: &Graph,
    plan: &Plan<'_>,
    portfolios: &[Portfolio],
    options: &Options,
    progress: &(dyn Fn(u64) + Sync),
) -> Run {
    let chunks = options.paths.div_ceil(CHUNK);
    let mut samples = Vec::with_capacity(options.paths as usize);
    let mut by_portfolio = vec![Vec::with_capacity(options.paths as usize); portfolios.len()];
    let (mut causes, mut bound, mut with_attacks) = (Causes::default(), 0.0, 0u64);
    let mut means = vec![0.0; graph.operators().len()];
    for first in (0..chunks).step_by(CHUNKS_A_ROUND as usize) {
        let round = first..chunks.min(first + CHUNKS_A_ROUND);
        let done = (round.end * CHUNK).min(options.paths);
        let work = |space: &mut Space, chunk: u64| {
            let to = ((chunk + 1) * CHUNK).min(options.paths);
            run_chunk(plan, chunk * CHUNK..to, space)
        };
        let results: Vec<Chunk> = round.into_par_iter().map_init(|| Space::new(plan), work).collect();
        for chunk in results {
            for row in chunk.portfolios.chunks_exact(portfolios.len().max(1)) {
                by_portfolio.iter_mut().zip(row).for_each(|(column, loss)| column.push(*loss));
            }
            samples.extend(chunk.samples);
            causes.operators += chunk.causes.operators;
            causes.factors += chunk.causes.factors;
            causes.services += chunk.causes.services;
            causes.attacks += chunk.causes.attacks;
            bound += chunk.bound;
            with_attacks += chunk.with_attacks;
            means.iter_mut().zip(&chunk.by_operator).for_each(|(mean, part)| *mean += part);
        }
        progress(done);
    }
    let network = summarize(&samples);
    let threshold = network.tail(TAIL_LEVEL).map_or(f64::INFINITY, |tail| tail.value_at_risk);
    let tails = tail_parts(plan, &samples, threshold, graph.operators().len());
    let paths = options.paths as f64;
    let report = Report {
        paths: options.paths,
        seed: options.seed,
        attacks_followed: plan.follows(),
        slack: options.slack,
        stake: plan.network.total,
        mean_bound: bound / paths,
        causes: Causes {
            operators: causes.operators / paths,
            factors: causes.factors / paths,
            services: causes.services / paths,
            attacks: causes.attacks / paths,
        },
        share_with_attacks: with_attacks as f64 / paths,
        portfolios: portfolios
            .iter()
            .zip(&by_portfolio)
            .map(|(it, losses)| PortfolioReport {
                name: it.name.clone(),
                stake: crate::shocked::ether(it.total()),
                loss: summarize(losses),
            })
            .collect(),
        operators: contributions(graph, &means, &tails, paths),
        histogram: histogram(&samples, BINS),
        network,
    };
    Run { report, samples, portfolio_samples: by_portfolio }
}

fn run_chunk(plan: &Plan<'_>, paths: std::ops::Range<u64>, space: &mut Space) -> Chunk {
    let count = (paths.end - paths.start) as usize;
    let mut chunk = Chunk {
        samples: Vec::with_capacity(count),
        portfolios: vec![0.0; count * plan.portfolios()],
        causes: Causes::default(),
        bound: 0.0,
        with_attacks: 0,
        by_operator: vec![0.0; plan.network.stakes.len()],
    };
    for (row, path) in paths.enumerate() {
        let outcome = plan.run(path, space);
        chunk.samples.push(outcome.lost);
        if outcome.lost <= 0.0 {
            continue;
        }
        let from = row * plan.portfolios();
        plan.portfolio_losses(space, &mut chunk.portfolios[from..from + plan.portfolios()]);
        for operator in &space.shocked.touched {
            chunk.by_operator[*operator as usize] += space.shocked.lost[*operator as usize];
        }
        chunk.causes.operators += outcome.operators;
        chunk.causes.factors += outcome.factors;
        chunk.causes.services += outcome.services;
        chunk.causes.attacks += outcome.attacks;
        chunk.bound += outcome.bound;
        chunk.with_attacks += u64::from(outcome.rounds > 0);
    }
    chunk
}

/// Mean loss by operator over the paths that reach `threshold`: they are run a second time, for they are few.
fn tail_parts(plan: &Plan<'_>, samples: &[f64], threshold: f64, operators: usize) -> Vec<f64> {
    /// Tail paths of a unit of work.
    const TAIL_CHUNK: usize = 1_024;
    let reaches = |(path, loss): (usize, &f64)| (*loss >= threshold && *loss > 0.0).then_some(path as u64);
    let paths: Vec<u64> = samples.iter().enumerate().filter_map(reaches).collect();
    let work = |space: &mut Space, chunk: &[u64]| {
        let mut parts = vec![0.0; operators];
        for path in chunk {
            plan.run(*path, space);
            for operator in &space.shocked.touched {
                parts[*operator as usize] += space.shocked.lost[*operator as usize];
            }
        }
        parts
    };
    let chunks: Vec<Vec<f64>> = paths
        .par_chunks(TAIL_CHUNK)
        .map_init(|| Space::new(plan), |space, chunk| work(space, chunk))
        .collect();
    let mut parts = vec![0.0; operators];
    for chunk in chunks {
        parts.iter_mut().zip(chunk).for_each(|(part, more)| *part += more);
    }
    let count = paths.len().max(1) as f64;
    parts.iter_mut().for_each(|part| *part /= count);
    parts
}

fn contributions(graph: &Graph, means: &[f64], tails: &[f64], paths: f64) -> Vec<Contribution> {
    let rows = graph.operators().iter().zip(means.iter().zip(tails)).enumerate();
    let mut rows: Vec<Contribution> = rows
        .map(|(operator, (it, (mean, tail)))| Contribution {
            operator,
            id: it.id.clone(),
            mean: mean / paths,
            tail: *tail,
        })
        .collect();
    rows.sort_by(|a, b| b.tail.total_cmp(&a.tail).then(a.operator.cmp(&b.operator)));
    rows
}

/// Difference of two runs path by path: `second` less `first`.
pub fn paired(first: &[f64], second: &[f64]) -> Paired {
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
    let (one, two, both) = (summarize(first), summarize(second), summarize(&differences));
    Paired {
        difference: sum(differences.iter().copied()) / (differences.len().max(1) as f64),
        error: both.mean_error,
        independent_error: one.mean_error.hypot(two.mean_error),
    }
}

/// The share of its stake that each operator loses, on `count` paths: rows of (operator, share), without the zeros.
pub fn scenarios(
    graph: &Graph,
    model: &LossModel,
    seed: u64,
    count: u64,
) -> Result<Vec<Vec<(u32, f64)>>, Error> {
    let options = Options { paths: count, seed, threads: 0, slack: 0.0, follow: false };
    check(graph, model, &[], &options)?;
    let plan = Plan::new(graph, model, &[], seed, 0.0, false);
    let work = |space: &mut Space, path: u64| {
        plan.run(path, space);
        let share = |operator: &u32| {
            let index = *operator as usize;
            (*operator, space.shocked.lost[index] / plan.network.stakes[index])
        };
        space.shocked.touched.iter().map(share).collect()
    };
    Ok((0..count).into_par_iter().map_init(|| Space::new(&plan), work).collect())
}

/// Whether attacks can be followed in this mode.
pub fn can_follow(mode: Mode) -> bool {
    matches!(mode, Mode::Full | Mode::Unique)
}
