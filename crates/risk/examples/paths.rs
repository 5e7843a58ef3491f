//! Simulated years a second on the published registration graph, for `cargo xtask bench risk-losses`: 1 % faults, all
//! lost, attacks followed, with one thread and with two. Prints one line a measurement.

#![allow(
    clippy::float_arithmetic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a measurement: it prints, and a panic only ends it"
)]

use risk::{
    LossModel, PrizeRule,
    input::{Choices, read_tables},
    simulate::{Options, simulate},
};
use std::time::Instant;

const OPERATORS: &str = include_str!("../../node/data/registration-graph/operators.csv");
const SERVICES: &str = include_str!("../../node/data/registration-graph/services.csv");
const PATHS: u64 = 1_000_000;
const REPEATS: usize = 5;

fn main() {
    // Rule a, whose slack of 1.9065 is a golden value, and flat prizes, under which losses reach the smaller services.
    for (rule, slack) in [("a=0.03", 1.9065), ("flat=10000", 0.7)] {
        let choices = Choices { rule: Some(PrizeRule::parse(rule).unwrap()), theta: None };
        let graph = read_tables(OPERATORS, SERVICES).unwrap().finish(choices).unwrap().graph;
        let model = LossModel::uniform(&graph, 0.01);
        for threads in [1, 2] {
            let mut rates = Vec::new();
            let mut mean = 0.0;
            for _ in 0..REPEATS {
                let options = Options { paths: PATHS, seed: 1, threads, slack, follow: true };
                let started = Instant::now();
                let run = simulate(&graph, &model, &[], &options, &|_| ()).unwrap();
                rates.push(PATHS as f64 / started.elapsed().as_secs_f64());
                mean = run.report.network.mean;
            }
            rates.sort_by(f64::total_cmp);
            println!("{rule} {threads} {:.0} {mean:.1}", rates[REPEATS / 2]);
        }
    }
}
