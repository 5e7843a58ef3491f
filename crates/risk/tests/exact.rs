//! Exact slack against brute force on tens of thousands of small networks in all four modes; the order of the levels;
//! how slack answers to prizes and scale; intervals at any limit.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

mod dice;

use dice::{Dice, brute_force, exact, gamma, rebuilt, solve};
use risk::{
    Graph, Level, Limits, Mode, Operator, Ratio, Service, certificate,
    model::GWEI,
    slack, slack_of_each_service, slack_of_service,
    solve::{c0, c1},
};

/// How near floating-point γ of exact fractions must be.
const HAIR: f64 = 2e-9;

fn agrees(graph: &Graph, what: &str) {
    let found = exact(graph);
    match brute_force(graph, None) {
        None => assert!(found.lower.is_infinite(), "{what}: {found:?}\n{graph:?}"),
        Some(pair) => {
            let wanted = gamma(pair);
            let near = HAIR * (2.0 + wanted);
            assert!((found.lower - wanted).abs() <= near, "{what}: {wanted}, found {found:?}\n{graph:?}");
            assert!((found.upper - wanted).abs() <= near, "{what}: {wanted}, found {found:?}\n{graph:?}");
            assert!(found.lower <= found.upper);
            let (cost, prize) = pair;
            assert!(
                found.secure(false).is_none_or(|secure| secure == (cost >= prize)),
                "{what}: {pair:?}, found {found:?}\n{graph:?}"
            );
            assert!(certificate::verify(graph, &found.certificate).is_ok());
        }
    }
}

#[test]
fn the_exact_slack_is_that_of_brute_force_on_ten_thousand_random_networks() {
    let mut dice = Dice::new(1);
    for round in 0..10_000 {
        let most = if round % 10 == 0 { 10 } else { 6 };
        agrees(&dice.graph(Mode::Full, most, 6), &format!("network {round}"));
    }
}

#[test]
fn divisible_stake_agrees_with_brute_force_too() {
    let mut dice = Dice::new(2);
    for mode in [Mode::Unique, Mode::Elastic, Mode::Base] {
        for round in 0..1_500 {
            agrees(&dice.graph(mode, 5, 4), &format!("{} network {round}", mode.name()));
        }
    }
}

#[test]
fn every_network_of_three_by_two_agrees_with_brute_force() {
    let values = |code: u32, count: u32| -> Vec<u128> {
        (0..count).map(|at| u128::from(code / 3u32.pow(at) % 3 + 1) * GWEI).collect()
    };
    for (operators, services) in [(1u32, 1u32), (2, 1), (1, 2), (2, 2), (3, 1), (3, 2)] {
        for shape in 1u32..1 << (operators * services) {
            // Every third combination of stakes and prizes, another third for each shape.
            for code in (shape % 3..3u32.pow(operators + services)).step_by(3) {
                for theta in [Ratio::THIRD, Ratio { num: 1, den: 2 }, Ratio { num: 1, den: 1 }] {
                    let stakes = values(code, operators);
                    let prizes = values(code / 3u32.pow(operators), services);
                    let owners =
                        stakes.iter().enumerate().map(|(it, stake)| Operator::new(it.to_string(), *stake));
                    let targets = prizes
                        .iter()
                        .enumerate()
                        .map(|(it, prize)| Service::new(it.to_string(), *prize, theta));
                    let edges = (0..operators * services).filter(|at| shape >> at & 1 == 1);
                    let edges = edges.map(|at| (at / services, at % services, None)).collect();
                    let graph = Graph::new(Mode::Full, owners.collect(), targets.collect(), edges).unwrap();
                    agrees(&graph, "small network");
                }
            }
        }
    }
}

#[test]
fn the_slack_of_a_service_is_that_of_brute_force() {
    let mut dice = Dice::new(3);
    for _ in 0..1_000 {
        let graph = dice.graph(Mode::Full, 6, 4);
        for service in 0..graph.services().len() {
            if graph.services()[service].prize == 0 {
                continue;
            }
            let limits = &mut Limits { gap: 1e-9, cases: 1_000_000, stop: &mut |_| false };
            let found = slack_of_service(&graph, service, Level::C4, limits).unwrap();
            let wanted = gamma(brute_force(&graph, Some(service)).unwrap());
            let near = HAIR * (2.0 + wanted);
            assert!((found.lower - wanted).abs() <= near, "{wanted}, found {found:?}\n{graph:?}");
            assert!((found.upper - wanted).abs() <= near, "{wanted}, found {found:?}\n{graph:?}");
        }
    }
}

#[test]
fn services_solved_together_have_the_slack_of_brute_force() {
    let mut dice = Dice::new(31);
    for (mode, graphs) in [(Mode::Full, 1_000), (Mode::Elastic, 100)] {
        for _ in 0..graphs {
            let graph = dice.graph(mode, 6, 4);
            let limits = &mut Limits { gap: 1e-9, cases: 1_000_000, stop: &mut |_| false };
            let all = slack_of_each_service(&graph, Level::C4, limits).unwrap();
            for (service, found) in all.iter().enumerate() {
                if graph.services()[service].prize == 0 {
                    continue;
                }
                assert_eq!(found.certificate.service, Some(service as u32));
                let wanted = gamma(brute_force(&graph, Some(service)).unwrap());
                let near = HAIR * (2.0 + wanted);
                assert!((found.lower - wanted).abs() <= near, "{wanted}, found {found:?}\n{graph:?}");
                assert!((found.upper - wanted).abs() <= near, "{wanted}, found {found:?}\n{graph:?}");
            }
        }
    }
}

#[test]
fn each_level_is_at_least_as_sharp_as_the_one_before() {
    let mut dice = Dice::new(4);
    for _ in 0..1_000 {
        let graph = dice.graph(Mode::Full, 7, 6);
        let slacks =
            [Level::C0, Level::C1, Level::C2, Level::C3, Level::C4].map(|it| solve(&graph, it, 1_000_000));
        for pair in slacks.windows(2) {
            assert!(pair[0].lower <= pair[1].lower + 1e-9, "{slacks:?}\n{graph:?}");
        }
        if slacks[0].lower.is_finite() && slacks[0].lower > -1.0 {
            assert!((slacks[0].lower - c0(&graph)).abs() <= 1e-9 * (2.0 + c0(&graph)));
            assert!((slacks[1].lower - c1(&graph)).abs() <= 1e-9 * (2.0 + c1(&graph)));
        }
    }
}

#[test]
fn a_larger_prize_never_makes_a_network_safer() {
    let mut dice = Dice::new(5);
    for _ in 0..500 {
        let graph = dice.graph(Mode::Full, 6, 4);
        let before = exact(&graph);
        let mut prizes: Vec<u128> = graph.services().iter().map(|it| it.prize).collect();
        let raised = dice.below(prizes.len() as u64) as usize;
        prizes[raised] += u128::from(dice.between(1, 10)) * GWEI;
        let after = exact(&graph.with_prizes(&prizes).unwrap());
        assert!(after.lower <= before.upper + 1e-9, "{before:?} {after:?}\n{graph:?}");
    }
}

#[test]
fn a_common_factor_of_all_stakes_scales_the_ratio_and_one_of_all_amounts_changes_nothing() {
    let mut dice = Dice::new(6);
    for _ in 0..500 {
        let graph = dice.graph(Mode::Full, 6, 4);
        let before = exact(&graph);
        let factor = u128::from(dice.between(2, 9));
        let more: Vec<Operator> =
            graph.operators().iter().map(|it| Operator { stake: it.stake * factor, ..it.clone() }).collect();
        // Needs round up to a wei, so the factor holds to a wei in a gwei.
        let scaled = exact(&rebuilt(&graph, more.clone(), graph.services().to_vec()));
        if before.lower.is_finite() {
            let wanted = (1.0 + before.lower) * factor as f64;
            assert!(
                (1.0 + scaled.lower - wanted).abs() <= 1e-7 * (1.0 + wanted),
                "{before:?} {scaled:?}\n{graph:?}"
            );
        }
        let richer =
            graph.services().iter().map(|it| Service { prize: it.prize * factor, ..it.clone() }).collect();
        let joint = rebuilt(&graph, more, richer);
        let after = exact(&joint);
        if before.lower.is_finite() {
            assert!((after.lower - before.lower).abs() <= 1e-7 * (2.0 + before.lower), "{graph:?}");
        }
    }
}

#[test]
fn more_stake_of_one_operator_can_make_a_network_less_safe() {
    let hub = |stake: u128| {
        let stakes = [stake, 60, 60].map(|stake| stake * GWEI);
        let operators =
            stakes.iter().enumerate().map(|(it, stake)| Operator::new(it.to_string(), *stake)).collect();
        let half = Ratio { num: 1, den: 2 };
        let services = ["x", "y"].map(|id| Service::new(id, 40 * GWEI, half)).to_vec();
        Graph::new(
            Mode::Full,
            operators,
            services,
            vec![(0, 0, None), (1, 0, None), (0, 1, None), (2, 1, None)],
        )
    };
    // At 50 the shared operator is short of both needs; at 60 it corrupts both alone, at the same cost as one before.
    let (less, more) = (exact(&hub(50).unwrap()), exact(&hub(60).unwrap()));
    assert!((less.lower - 0.5).abs() < 1e-8, "{less:?}");
    assert!((more.upper + 0.25).abs() < 1e-8, "{more:?}");
}

#[test]
fn order_of_operators_and_services_changes_nothing() {
    let mut dice = Dice::new(7);
    for _ in 0..300 {
        let graph = dice.graph(Mode::Full, 6, 5);
        let (n, m) = (graph.operators().len() as u32, graph.services().len() as u32);
        let (by, on) = (dice.below(n.into()) as u32, dice.below(m.into()) as u32);
        let turned = |list: usize, by: u32| (0..list).map(move |it| (it + by as usize) % list);
        let operators = turned(n as usize, by).map(|it| graph.operators()[it].clone()).collect();
        let services = turned(m as usize, on).map(|it| graph.services()[it].clone()).collect();
        let edges =
            graph.edges().iter().map(|it| ((it.operator + n - by) % n, (it.service + m - on) % m, None));
        let other = Graph::new(Mode::Full, operators, services, edges.rev().collect()).unwrap();
        let (one, two) = (exact(&graph), exact(&other));
        let same = one.lower == two.lower || (one.lower - two.lower).abs() <= HAIR * (2.0 + one.lower);
        assert!(same, "{one:?} {two:?}\n{graph:?}");
    }
}

#[test]
fn an_operator_split_in_two_never_makes_a_network_safer() {
    let mut dice = Dice::new(8);
    for _ in 0..500 {
        let graph = dice.graph(Mode::Full, 6, 4);
        let split = dice.below(graph.operators().len() as u64) as usize;
        let mut operators = graph.operators().to_vec();
        let half = operators[split].stake / 2;
        operators[split].stake -= half;
        operators.push(Operator::new("split", half));
        let mut edges: Vec<_> = graph.edges().iter().map(|it| (it.operator, it.service, None)).collect();
        let last = operators.len() as u32 - 1;
        edges.extend(graph.of_operator(split).iter().map(|it| (last, it.service, None)));
        let other = Graph::new(Mode::Full, operators, graph.services().to_vec(), edges).unwrap();
        let (one, two) = (exact(&graph), exact(&other));
        assert!(two.lower <= one.upper + 1e-9, "{one:?} {two:?}\n{graph:?}");
    }
}

#[test]
fn the_interval_holds_the_exact_value_at_every_limit_and_never_widens() {
    let mut dice = Dice::new(9);
    for _ in 0..300 {
        let graph = dice.graph(Mode::Full, 9, 6);
        let Some(pair) = brute_force(&graph, None) else { continue };
        let wanted = gamma(pair);
        let mut last = (f64::NEG_INFINITY, f64::INFINITY);
        for cases in [0, 1, 2, 5, 20, 1_000_000] {
            let found = solve(&graph, Level::C4, cases);
            let near = HAIR * (2.0 + wanted);
            assert!(found.lower <= wanted + near && wanted <= found.upper + near, "{found:?}\n{graph:?}");
            assert!(found.lower >= last.0 - near && found.upper <= last.1 + near, "{found:?}\n{graph:?}");
            last = (found.lower, found.upper);
        }
        // Stopped before anything was looked at, the load of operators still bounds.
        let limits = &mut Limits { gap: 1e-9, cases: 9, stop: &mut |_| true };
        let stopped = slack(&graph, Level::C4, limits).unwrap();
        assert!(stopped.lower <= wanted + HAIR * (2.0 + wanted), "{stopped:?}\n{graph:?}");
        let least = if wanted > -1.0 { c1(&graph) } else { -1.0 };
        assert!(stopped.lower >= least - 1e-8 * (2.0 + least), "{stopped:?}\n{graph:?}");
    }
}

#[test]
fn breaking_even_is_decided_in_integers() {
    // One operator stakes what its service is worth.
    let network = |short: u128| {
        let stakes = [10_000 - short, 30_000, 20_001];
        let operators = stakes.iter().enumerate();
        let operators = operators.map(|(it, stake)| Operator::new(format!("o{it}"), *stake)).collect();
        let all = Ratio { num: 1, den: 1 };
        let prizes = [10_000, 7, 11];
        let services = prizes.iter().enumerate();
        let services = services.map(|(it, prize)| Service::new(format!("s{it}"), *prize, all)).collect();
        let edges = vec![(0, 0, None), (1, 1, None), (2, 2, None)];
        Graph::new(Mode::Full, operators, services, edges).unwrap()
    };
    let ask = |short: u128| {
        let mut limits = Limits { gap: 4e-7, cases: u64::MAX, stop: &mut |_| false };
        slack(&network(short), Level::C4, &mut limits).unwrap()
    };
    let even = ask(0);
    assert_eq!((even.upper, even.secure(false), even.secure(true)), (0.0, Some(true), Some(false)));
    assert!(even.profit_ruled_out);
    // A wei less, and it pays.
    let pays = ask(1);
    assert_eq!(
        (pays.secure(false), pays.secure(true), pays.profit_ruled_out),
        (Some(false), Some(false), false)
    );
}

#[test]
fn a_network_of_many_services_is_bounded_by_loads_and_says_so() {
    let mut dice = Dice::new(10);
    let (operators, services) = (1_200u32, 600u32);
    let owners = (1..=operators).map(|it| Operator::new(it.to_string(), 1_000_000 * GWEI / u128::from(it)));
    let targets = (0..services).map(|it| Service::new(it.to_string(), 40 * GWEI, Ratio::THIRD)).collect();
    let mut edges = Vec::new();
    for operator in 0..operators {
        let first = dice.below(services.into()) as u32;
        edges.extend((0..5).map(|step| (operator, (first + 97 * step) % services, None)));
    }
    let graph = Graph::new(Mode::Full, owners.collect(), targets, edges).unwrap();
    let found = solve(&graph, Level::C4, 1_000);
    assert_eq!(found.level, Level::C1);
    assert!((found.lower - c1(&graph)).abs() <= 1e-8 * (2.0 + c1(&graph)), "{}", found.lower);
    assert!(found.upper > found.lower && certificate::verify(&graph, &found.certificate).is_ok());
    let limits = &mut Limits { gap: 1e-6, cases: 9, stop: &mut |_| false };
    let one = slack_of_service(&graph, 7, Level::C4, limits).unwrap();
    assert!(one.level == Level::C1 && found.lower <= one.lower + 1e-9 && one.lower <= one.upper);
    let refused = risk::solve::min_subsidy(&graph, limits).unwrap_err().to_string();
    assert_eq!(refused, "600 services, at most 500");
}
