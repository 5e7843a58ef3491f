//! The risk engine: slack of the published graph under four prize rules, its relaxation, the checker, robustness of an
//! elastic network, and a synthetic network of a size that nobody has. `cargo xtask bench risk` runs it.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    reason = "a bench prints figures"
)]

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use risk::{
    Error, Graph, Level, Limits, Mode, Operator, PrizeRule, Ratio, Service, certificate, elastic,
    input::{self, Choices},
    model::ETHER,
    slack, slack_of_each_service,
    stress::smallest_shock,
};
use std::time::{Duration, Instant};

const OPERATORS: &str = include_str!("../../../crates/node/data/registration-graph/operators.csv");
const SERVICES: &str = include_str!("../../../crates/node/data/registration-graph/services.csv");

/// Runs of each measurement; the median counts.
const RUNS: usize = 5;
/// What one search may take.
const LIMIT: Duration = Duration::from_secs(5);

type Result<T> = std::result::Result<T, Error>;

fn main() -> Result<()> {
    for (key, name, rule) in [
        ("a", "a (3 % of need)", PrizeRule::OfNeed(0.03)),
        ("b", "b (3 % of stake)", PrizeRule::OfStake(0.03)),
        ("c", "c (20,000 ETH)", PrizeRule::Flat(20_000.0)),
        ("d", "d (10 √stake)", PrizeRule::Root(10.0)),
    ] {
        let graph = published(rule)?;
        let (bound, relaxed) = median(|| solve(&graph, Level::C2, 4e-7))?;
        let (exact, found) = median(|| solve(&graph, Level::C4, 1e-6))?;
        let (check, _) = median(|| certificate::verify(&graph, &found.certificate))?;
        let width = found.upper - found.lower;
        let note = format!("γ ≥ {:.6}, {} cases, width {width:.0e}", found.lower, found.cases);
        let (c4, c2) = (format!("C4-{key}"), format!("C2-{key}"));
        line((&c4, Some(found.lower)), &format!("exact C4, rule {name}"), exact, &note, "100 ms");
        line((&c2, Some(relaxed.lower)), &format!("relaxation C2, rule {name}"), bound, "", "20 ms");
        line(("-", None), &format!("certificate checked, rule {name}"), check, "", "5 ms");
    }
    let flat = published(PrizeRule::Flat(20_000.0))?;
    let (time, pivots) = median(|| each_service(&flat))?;
    line(("-", None), "γ of each of 25 services, rule c", time, &format!("{pivots} pivots"), "1 s");
    let elastic = elastic_network()?;
    let (time, found) = median(|| elastic::robustness(&elastic, &mut || false))?;
    let note = format!("β* {:.4}, {} networks tested", found.upper, found.tests);
    line(("beta", Some(found.upper)), "elastic robustness, 20 × 10", time, &note, "1 s");
    let stressed = published(PrizeRule::OfNeed(0.03))?;
    let slack = solve(&stressed, Level::C4, 1e-6)?.lower;
    let (time, found) = median(|| smallest_shock(&stressed, None, slack))?;
    let stake = found.found.map_or(0.0, |shock| shock.stake as f64 / ETHER as f64);
    let note = format!("{stake:.0} ETH, {}", if found.exact { "exact" } else { "found" });
    line(("stress", Some(stake)), "smallest shock after which an attack pays, rule a", time, &note, "300 ms");
    large("2,000 × 100 × 20,000 registrations", (2_000, 100, 10), "5 s")?;
    large("10,000 × 1,000 × 200,000 registrations", (10_000, 1_000, 20), "seconds")
}

/// A row for `cargo xtask bench risk`: key of the baseline, what, milliseconds, note, aim, figure that the baseline has too.
fn line((key, figure): (&str, Option<f64>), what: &str, time: Duration, note: &str, aim: &str) {
    let figure = figure.map_or_else(String::new, |figure| format!("{figure:.9}"));
    println!("{key}|{what}|{:.2}|{note}|{aim}|{figure}", time.as_secs_f64() * 1e3);
}

fn each_service(graph: &Graph) -> Result<u64> {
    let mut limits = Limits { gap: 1e-5, cases: u64::MAX, stop: &mut |_| false };
    let found = slack_of_each_service(graph, Level::C4, &mut limits)?;
    let mut searches: Vec<u64> = found.iter().map(|it| it.pivots).collect();
    searches.sort_unstable();
    searches.dedup();
    Ok(searches.iter().sum())
}

fn published(rule: PrizeRule) -> Result<Graph> {
    let choices = Choices { rule: Some(rule), theta: None };
    Ok(input::read_tables(OPERATORS, SERVICES)?.finish(choices)?.graph)
}

fn solve(graph: &Graph, level: Level, gap: f64) -> Result<risk::Slack> {
    let started = Instant::now();
    let mut stop = |_| started.elapsed() > LIMIT;
    slack(graph, level, &mut Limits { gap, cases: u64::MAX, stop: &mut stop })
}

/// The median time of several runs, and the last answer.
fn median<T>(mut run: impl FnMut() -> Result<T>) -> Result<(Duration, T)> {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..RUNS {
        let started = Instant::now();
        last = Some(run()?);
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let median = times.get(RUNS / 2).copied().unwrap_or_default();
    Ok((median, last.ok_or(Error::Empty("runs"))?))
}

/// 20 operators × 10 services, allocations drawn; prizes such that it takes several byzantine services.
fn elastic_network() -> Result<Graph> {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(20);
    let mut draw = |low: u64, high: u64| u128::from(low + dice.next_u64() % (high - low + 1));
    let operators: Vec<Operator> =
        (0..20).map(|it| Operator::new(it.to_string(), draw(50, 150) * ETHER)).collect();
    let half = Ratio { num: 1, den: 2 };
    let services = (0..10).map(|it| Service::new(it.to_string(), draw(20, 60) * ETHER, half)).collect();
    let mut edges = Vec::new();
    for (operator, data) in operators.iter().enumerate() {
        for service in 0..10 {
            edges.push((operator as u32, service, Some(data.stake * draw(10, 30) / 100)));
        }
    }
    Graph::new(Mode::Elastic, operators, services, edges)
}

/// A network of this many operators, services, and registrations of each operator, drawn.
fn large(what: &str, (operators, services, degree): (u32, u32, usize), aim: &str) -> Result<()> {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(10_000);
    // Stakes fall off as in the real network: few large, many small.
    let owners = (1..=operators).map(|it| Operator::new(it.to_string(), 400_000 * ETHER / u128::from(it)));
    let owners: Vec<Operator> = owners.collect();
    let targets: Vec<Service> =
        (0..services).map(|it| Service::new(it.to_string(), 0, Ratio::THIRD)).collect();
    let mut edges = Vec::new();
    for operator in 0..operators {
        let mut chosen: Vec<u32> = Vec::with_capacity(degree);
        while chosen.len() < degree {
            let service = (dice.next_u64() % u64::from(services)) as u32;
            if !chosen.contains(&service) {
                chosen.push(service);
            }
        }
        edges.extend(chosen.into_iter().map(|service| (operator, service, None)));
    }
    let graph = Graph::new(Mode::Full, owners, targets, edges)?;
    let prizes = graph.prizes_by(PrizeRule::DEFAULT);
    let graph = graph.with_prizes(&prizes)?;
    let started = Instant::now();
    let found = solve(&graph, Level::C4, 1e-6)?;
    let time = started.elapsed();
    let gap = 100.0 * (found.upper - found.lower) / (1.0 + found.upper);
    let level = found.level.name().to_uppercase();
    println!("{} pivots {} cases", found.pivots, found.cases);
    let note = format!("{level}, γ from {:.4} to {:.4}, gap {gap:.2} %", found.lower, found.upper);
    line(("-", None), what, time, &note, aim);
    Ok(())
}
