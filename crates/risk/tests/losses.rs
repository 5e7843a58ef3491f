//! Losses by chance: golden figures, the same bits for any number of threads, analytic means, pairing, and what must
//! hold of every tail.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

mod common;

use common::{full, published, small, wei};
use proptest::prelude::*;
use risk::{
    Graph, LossModel, Mode, Operator, Portfolio, Ratio, Service,
    simulate::{Chance, Factor, Options, Sampling, model, paired, rare_tail, simulate, simulate_by},
    statistics::{Fault, exact, summarize},
};

const STAKES: [u64; 10] = [30, 20, 15, 10, 8, 6, 5, 3, 2, 1];
const CHANCES: [f64; 10] = [0.01, 0.01, 0.02, 0.02, 0.03, 0.03, 0.05, 0.05, 0.1, 0.1];

fn close(left: f64, right: f64, tolerance: f64) {
    assert!((left - right).abs() <= tolerance, "{left} is not {right} to {tolerance}");
}

fn options(paths: u64) -> Options {
    Options { paths, seed: 7, threads: 2, slack: 0.0, follow: false }
}

fn quiet(_: u64) {}

/// Ten operators of the golden distribution under one service that nobody gains by corrupting.
fn ten() -> (Graph, LossModel) {
    let stakes: Vec<f64> = STAKES.iter().map(|stake| *stake as f64).collect();
    let graph = full(&stakes, &[&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]], &[0.0], &[(1, 3)]);
    let mut model = LossModel::uniform(&graph, 0.0);
    model.operators.iter_mut().zip(CHANCES).for_each(|(chance, it)| chance.probability = it);
    (graph, model)
}

#[test]
fn the_exact_distribution_is_the_golden_one() {
    let faults: Vec<Fault> =
        STAKES.iter().zip(CHANCES).map(|(loss, probability)| Fault { loss: *loss, probability }).collect();
    let summary = exact(&faults).unwrap();
    close(summary.mean, 2.12, 1e-12);
    close(summary.deviation, 4.920874, 5e-7);
    let (ninety_five, ninety_nine) = (summary.tail(0.95).unwrap(), summary.tail(0.99).unwrap());
    assert_eq!((ninety_five.value_at_risk, ninety_nine.value_at_risk), (11.0, 30.0));
    close(ninety_five.tail_mean, 19.812969, 5e-7);
    close(ninety_nine.tail_mean, 31.988132, 5e-7);
}

#[test]
fn simulated_years_agree_with_the_exact_distribution() {
    let (graph, model) = ten();
    let report = simulate(&graph, &model, &[], &options(400_000), &quiet).unwrap().report;
    close(report.network.mean, 2.12, 4.0 * report.network.mean_error);
    close(report.network.deviation, 4.920874, 0.05);
    assert_eq!(report.network.tail(0.95).unwrap().value_at_risk, 11.0);
    assert_eq!(report.network.tail(0.99).unwrap().value_at_risk, 30.0);
    close(report.network.tail(0.99).unwrap().tail_mean, 31.988132, 0.35);
    let parts: f64 = report.operators.iter().map(|it| it.mean).sum();
    close(parts, report.network.mean, 1e-9);
}

#[test]
fn a_hundredth_of_fault_on_the_published_network_loses_what_was_computed() {
    let graph = published("a=0.03");
    let model = LossModel::uniform(&graph, 0.01);
    let report = simulate(&graph, &model, &[], &options(1_000_000), &quiet).unwrap().report;
    let summary = &report.network;
    close(summary.mean, 40_898.46, 4.0 * summary.mean_error);
    close(summary.deviation, 84_063.69, 0.01 * 84_063.69);
    for (level, value) in [(0.95, 266.2e3), (0.99, 348.7e3), (0.999, 571.9e3)] {
        close(summary.tail(level).unwrap().value_at_risk, value, 0.02 * value);
    }
    close(summary.tail(0.99).unwrap().tail_mean, 440.7e3, 0.015 * 440.7e3);
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    let graph = published("flat=10000");
    let mut model = LossModel::uniform(&graph, 0.02);
    model.services.iter_mut().for_each(|chance| *chance = Chance { probability: 0.01, loss: 0.1 });
    let members = (0..40).collect();
    let chance = Chance { probability: 0.05, loss: 0.3 };
    model.factors.push(Factor { kind: "cloud".into(), name: "x".into(), chance, reach: 0.5, members });
    let portfolio =
        Portfolio { name: "p".into(), stakes: vec![(0, wei(100.0)), (5, wei(50.0)), (90, wei(7.0))] };
    let run = |threads: usize| {
        let options = Options { paths: 30_000, seed: 11, threads, slack: 0.47, follow: true };
        simulate(&graph, &model, std::slice::from_ref(&portfolio), &options, &quiet).unwrap()
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
    let text = |run: &risk::simulate::Run| serde_json::to_string(&run.report).unwrap();
    assert_eq!(text(&one), text(&run(3)));
    assert!(one.report.causes.factors > 0.0 && one.report.causes.services > 0.0);
}

#[test]
fn another_seed_gives_other_losses_and_more_paths_begin_with_the_same_ones() {
    let (graph, model) = ten();
    let run = |paths: u64, seed: u64| {
        let options = Options { seed, ..options(paths) };
        simulate(&graph, &model, &[], &options, &quiet).unwrap().samples
    };
    let (short, long) = (run(5_000, 1), run(9_000, 1));
    assert_eq!(short[..], long[..5_000]);
    assert_ne!(short, run(5_000, 2));
}

#[test]
fn factors_and_bugs_cost_what_their_chances_say() {
    let (graph, mut model) = ten();
    model.operators.iter_mut().for_each(|chance| chance.probability = 0.0);
    let chance = Chance { probability: 0.2, loss: 0.5 };
    let members = vec![0, 1, 2];
    model.factors.push(Factor { kind: "client".into(), name: "x".into(), chance, reach: 0.25, members });
    model.services[0] = Chance { probability: 0.1, loss: 0.1 };
    let report = simulate(&graph, &model, &[], &options(200_000), &quiet).unwrap().report;
    // Of 65 in the factor, 0.2 · 0.5 · 0.25; of all 100 a tenth with a chance of a tenth.
    close(report.causes.factors, 65.0 * 0.025, 0.03);
    close(report.causes.services, 1.0, 0.05);
}

#[test]
fn the_certified_slack_changes_no_loss_but_only_the_work() {
    // Slack excludes attacks early; without it, every path is searched from every service.
    let graph = published("flat=15000");
    let model = LossModel::uniform(&graph, 0.2);
    let run = |slack: f64| {
        let options = Options { paths: 500, seed: 3, threads: 2, slack, follow: true };
        simulate(&graph, &model, &[], &options, &quiet).unwrap()
    };
    let (fast, slow) = (run(0.32), run(0.0));
    let differing = fast.samples.iter().zip(&slow.samples).filter(|(a, b)| a != b).count();
    assert!(differing <= 10, "{differing} of 500 paths");
    assert!(fast.report.share_with_attacks > 0.0);
    assert!(fast.report.mean_bound >= fast.report.network.mean);
}

#[test]
fn unique_stake_falls_service_by_service() {
    let operators = vec![Operator::new("a", wei(10.0)), Operator::new("b", wei(10.0))];
    let theta = Ratio { num: 1, den: 2 };
    let services = vec![Service::new("s", wei(6.0), theta), Service::new("t", 0, theta)];
    let edges = vec![(0, 0, Some(wei(8.0))), (1, 0, Some(wei(8.0))), (1, 1, Some(wei(2.0)))];
    let graph = Graph::new(Mode::Unique, operators, services, edges).unwrap();
    let mut model = LossModel::uniform(&graph, 0.0);
    model.operators[0].probability = 1.0;
    let options = Options { paths: 10, seed: 1, threads: 1, slack: 0.3, follow: true };
    let report = simulate(&graph, &model, &[], &options, &quiet).unwrap().report;
    // a's 8 are gone; half of the 8 left is below the prize of 6: b loses 4 of them.
    close(report.network.mean, 12.0, 1e-9);
    close(report.causes.attacks, 4.0, 1e-9);
}

#[test]
fn pairing_the_same_years_shrinks_the_error_of_a_difference() {
    let graph = published("a=0.03");
    let base = LossModel::uniform(&graph, 0.01);
    let mut riskier = base.clone();
    riskier.services[20] = Chance { probability: 0.02, loss: 0.1 };
    let run = |model: &LossModel| simulate(&graph, model, &[], &options(100_000), &quiet).unwrap().samples;
    let pair = paired(&run(&base), &run(&riskier));
    assert!(pair.difference > 0.0 && pair.error < 0.5 * pair.independent_error);
    let expected = 0.02 * 0.1 * 0.99 * graph.slashable(20) as f64 / 1e18;
    close(pair.difference, expected, 4.0 * pair.error);
}

#[test]
fn a_portfolio_of_everything_loses_what_the_network_loses() {
    let (graph, model) = ten();
    let stakes = graph.operators().iter().enumerate().map(|(index, it)| (index as u32, it.stake)).collect();
    let all = Portfolio { name: "all".into(), stakes };
    let half =
        Portfolio { name: "half".into(), stakes: all.stakes.iter().map(|(it, w)| (*it, w / 2)).collect() };
    let run = simulate(&graph, &model, &[all, half], &options(20_000), &quiet).unwrap();
    for (path, lost) in run.samples.iter().enumerate() {
        close(run.portfolio_samples[0][path], *lost, 1e-9);
        close(run.portfolio_samples[1][path], lost / 2.0, 1e-9);
    }
    assert_eq!(run.report.portfolios[0].stake, 100.0);
}

#[test]
fn bad_models_portfolios_and_options_are_refused_with_their_place() {
    let (graph, model) = ten();
    let cases = [
        ("{\"operator_fault\": 2}", "operator_fault: 2 is outside"),
        ("{\"operator_fault\": -1}", "operator_fault: -1 is negative"),
        ("{\"operators\": {\"nobody\": {\"probability\": 0.1}}}", "no operator nobody"),
        ("{\"services\": {\"s0\": {\"probability\": \"x\"}}}", "services.s0.probability"),
        (
            "{\"groups\": [{\"kind\": \"cloud\", \"name\": \"x\", \"probability\": 0.1}]}",
            "groups[0]: no operator",
        ),
        ("{\"surprise\": 1}", "surprise"),
        ("", "EOF"),
        ("{} {}", "trailing"),
    ];
    for (text, part) in cases {
        let message = LossModel::parse(&graph, text).unwrap_err().to_string();
        assert!(message.contains(part) && !message.contains('\n'), "{text}: {message}");
    }
    let cases = [
        ("[]", "no portfolios"),
        ("[{\"name\":\"a\",\"stake_gwei\":{\"x\":1}}]", "[0].stake_gwei.x: no operator x"),
        ("[{\"name\":\"a\",\"stake_gwei\":{\"o0\":1.5}}]", "\"1.5\" is not an integer"),
        ("[{\"name\":\"a\",\"stake_gwei\":{\"o0\":\"-3\"}}]", "-3 is negative"),
    ];
    for (text, part) in cases {
        let message = model::portfolios(&graph, text).unwrap_err().to_string();
        assert!(message.contains(part) && !message.contains('\n'), "{text}: {message}");
    }
    for paths in [0, u64::MAX] {
        let message = simulate(&graph, &model, &[], &options(paths), &quiet).unwrap_err().to_string();
        assert!(message.starts_with("paths: "), "{message}");
    }
    let (other, _) = small(1);
    assert!(simulate(&other, &model, &[], &options(10), &quiet).is_err());
}

proptest! {
    #[test]
    fn tails_are_ordered_and_subadditive(
        rows in prop::collection::vec((0u32..1_000, 0u32..1_000), 1..400)
    ) {
        let first: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
        let second: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
        let both: Vec<f64> = rows.iter().map(|row| f64::from(row.0) + f64::from(row.1)).collect();
        let (first, second, both) = (summarize(&first), summarize(&second), summarize(&both));
        for index in 0..3 {
            prop_assert!(first.tails[index].tail_mean >= first.tails[index].value_at_risk - 1e-9);
            prop_assert!(first.tails[index].value_at_risk >= 0.0);
            let apart = first.tails[index].tail_mean + second.tails[index].tail_mean;
            prop_assert!(both.tails[index].tail_mean <= apart + 1e-6);
        }
    }
}

#[test]
fn evenly_spread_years_find_the_mean_with_a_quarter_of_the_error() {
    let (graph, model) = ten();
    let mut errors = [0.0, 0.0];
    for seed in 0..20 {
        let options = Options { seed, ..options(4_096) };
        for (error, sampling) in errors.iter_mut().zip([Sampling::Plain, Sampling::Even]) {
            let run = simulate_by(&graph, &model, &[], &options, sampling, &quiet).unwrap();
            *error += (run.report.network.mean - 2.12).powi(2);
        }
    }
    assert!(errors[1] < errors[0] / 16.0, "{errors:?}");
}

#[test]
fn evenly_spread_years_are_the_same_for_any_number_of_threads_and_reach_the_known_mean() {
    let graph = published("a=0.03");
    let mut model = LossModel::uniform(&graph, 0.01);
    // More things with a chance than there are dimensions: the smallest fall back on lot.
    model.services.iter_mut().for_each(|chance| (chance.probability, chance.loss) = (0.001, 0.0));
    let run = |threads| {
        let options = Options { threads, ..options(65_536) };
        simulate_by(&graph, &model, &[], &options, Sampling::Even, &quiet).unwrap()
    };
    let (one, three) = (run(1), run(3));
    assert_eq!(one, three);
    // A plain run of this size has a standard error of 328 ETH.
    close(one.report.network.mean, 40_898.46, 250.0);
}

#[test]
fn weighted_years_reach_the_tails_of_the_exact_distribution() {
    let (graph, model) = ten();
    let faults: Vec<Fault> =
        STAKES.iter().zip(CHANCES).map(|(loss, probability)| Fault { loss: *loss, probability }).collect();
    let known = exact(&faults).unwrap();
    let options = options(200_000);
    let tail = rare_tail(&graph, &model, &options, 0.999).unwrap();
    close(tail.mean, 2.12, 5.0 * tail.mean_error);
    close(tail.mass, 1.0, 0.02);
    let wanted = known.tail(0.999).unwrap();
    close(tail.value_at_risk, wanted.value_at_risk, 1.0);
    close(tail.tail_mean, wanted.tail_mean, 0.02 * wanted.tail_mean);
    // A hundred times as many paths are in the tail as a plain run would have there.
    assert!(tail.paths_in_tail > 2_000, "{tail:?}");
    for level in [0.0, 1.0, f64::NAN] {
        assert!(rare_tail(&graph, &model, &options, level).unwrap_err().to_string().starts_with("level"));
    }
}
