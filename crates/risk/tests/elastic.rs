//! Elastic and unique stake: golden cases, symmetric networks at their threshold, byzantine services.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

mod common;
mod dice;

use common::{published, wei};
use dice::{Dice, brute_force, exact};
use risk::{
    Graph, Level, Limits, Mode, Operator, Ratio, Service,
    elastic::{robustness, stretched},
    slack, slack_of_service,
};

const HALF: Ratio = Ratio { num: 1, den: 2 };

/// Stakes, allocations by operator and service, a common prize.
fn network(stakes: &[f64], allocations: &[&[f64]], prize: f64, theta: Ratio) -> Graph {
    let operators = stakes.iter().enumerate().map(|(it, stake)| Operator::new(it.to_string(), wei(*stake)));
    let count = allocations[0].len();
    let services = (0..count).map(|it| Service::new(it.to_string(), wei(prize), theta)).collect();
    let edges = allocations.iter().enumerate().flat_map(|(operator, row)| {
        row.iter()
            .enumerate()
            .map(move |(service, stake)| (operator as u32, service as u32, Some(wei(*stake))))
    });
    Graph::new(Mode::Elastic, operators.collect(), services, edges.collect()).unwrap()
}

fn square(count: usize, stake: f64, allocation: f64, theta: Ratio) -> Graph {
    let row = vec![allocation; count];
    let rows: Vec<&[f64]> = (0..count).map(|_| row.as_slice()).collect();
    network(&vec![stake; count], &rows, 1.0, theta)
}

#[test]
fn byzantine_services_break_the_golden_networks_at_their_known_weight() {
    // Two thirds rounded down: an attack then breaks even but for the rounding.
    let cases = [(2.0, 1.0 / 3.0, 1), (1.0, 1.0 / 3.0, 1), (0.666_666_666, 0.0, 0)];
    for (allocation, weight, byzantine) in cases {
        let found = robustness(&square(3, 2.0, allocation, HALF), &mut || false).unwrap();
        assert!((found.upper - weight).abs() < 1e-9, "{allocation}: {found:?}");
        assert!(found.lower <= found.upper && found.upper - found.lower < 1e-9, "{found:?}");
        assert_eq!(found.byzantine.len(), byzantine, "{found:?}");
    }
}

#[test]
fn two_services_on_a_shared_operator_have_their_known_slack() {
    let golden = [(6.0, -0.25), (3.0, -0.125)];
    for (allocation, wanted) in golden {
        let graph =
            network(&[6.0, 4.0, 4.0], &[&[allocation, allocation], &[4.0, 0.0], &[0.0, 4.0]], 4.0, HALF);
        let found = exact(&graph);
        assert!((found.lower - wanted).abs() < 1e-8 && (found.upper - wanted).abs() < 1e-8, "{found:?}");
    }
}

#[test]
fn symmetric_networks_are_just_secure_at_their_known_stake() {
    let golden = [
        (HALF, 1.0, 2.0),
        (HALF, 1.5, 1.818_182),
        (HALF, 2.0, 1.666_667),
        (HALF, 5.0, 1.666_667),
        (Ratio::THIRD, 1.0, 3.0),
        (Ratio::THIRD, 1.5, 2.5),
        (Ratio::THIRD, 2.0, 2.5),
    ];
    for (theta, degree, stake) in golden {
        let found = exact(&square(5, stake, stake * degree / 5.0, theta));
        assert!(found.lower.abs() < 1e-6 && found.upper.abs() < 1e-6, "{theta:?} {degree}: {found:?}");
    }
}

#[test]
fn unique_stake_split_equally_has_its_known_slack() {
    let graph = published("a=0.03");
    let edges = graph.edges().iter().map(|edge| {
        let degree = graph.of_operator(edge.operator as usize).len() as u128;
        (edge.operator, edge.service, Some(edge.stake / degree))
    });
    let split =
        Graph::new(Mode::Unique, graph.operators().to_vec(), graph.services().to_vec(), edges.collect());
    let split = split.unwrap();
    let limits = &mut Limits { gap: 4e-7, cases: 10_000, stop: &mut |_| false };
    let found = slack(&split, Level::C4, limits).unwrap();
    assert!((found.lower - 0.973_213).abs() < 2e-6 && (found.upper - 0.973_213).abs() < 2e-6, "{found:?}");
    let weakest = found.witness.unwrap().attack.services;
    assert_eq!(split.services()[weakest[0] as usize].name, "Ungate InfiniRoute");
    let mut best = f64::MIN;
    for service in 0..split.services().len() {
        // Alone, a service of unique stake has slack r / π − 1; beside cheaper ones it may be attacked for less.
        let alone = split.need(service) as f64 / split.services()[service].prize as f64 - 1.0;
        let found = slack_of_service(&split, service, Level::C2, limits).unwrap();
        assert!(found.upper <= alone + 1e-9, "{service}: {found:?}");
        best = best.max(alone);
    }
    assert!((best - 3.106_758).abs() < 2e-6, "{best}");
}

#[test]
fn elastic_stake_allocated_whole_is_never_safer_than_full_and_split_stake_equals_unique() {
    let mut dice = Dice::new(21);
    for _ in 0..300 {
        let full = dice.graph(Mode::Full, 5, 4);
        let edges = full.edges().iter().map(|it| (it.operator, it.service, Some(it.stake))).collect();
        let whole =
            Graph::new(Mode::Elastic, full.operators().to_vec(), full.services().to_vec(), edges).unwrap();
        assert!(exact(&whole).lower <= exact(&full).upper + 1e-9, "{full:?}");
        let unique = dice.graph(Mode::Unique, 5, 4);
        let edges = unique.edges().iter().map(|it| (it.operator, it.service, Some(it.stake))).collect();
        let (owners, targets) = (unique.operators().to_vec(), unique.services().to_vec());
        let same = Graph::new(Mode::Elastic, owners, targets, edges).unwrap();
        assert_eq!(
            exact(&same).witness.map(|it| (it.cost, it.prize)),
            exact(&unique).witness.map(|it| (it.cost, it.prize))
        );
    }
}

/// The lightest set after which brute force finds an attack that breaks even.
fn robustness_by_brute_force(graph: &Graph) -> f64 {
    let weights: Vec<f64> = graph.services().iter().map(|it| it.prize as f64 / it.theta.value()).collect();
    let total: f64 = weights.iter().sum();
    let sets = 0u32..1 << weights.len();
    let broken = sets.filter(|set| {
        let members: Vec<u32> = (0..weights.len() as u32).filter(|it| set >> it & 1 == 1).collect();
        let rest = stretched(graph, &members).unwrap();
        rest.is_none_or(|rest| brute_force(&rest, None).is_some_and(|(cost, prize)| cost <= prize))
    });
    let shares = broken
        .map(|set| (0..weights.len()).filter(|it| set >> it & 1 == 1).map(|it| weights[it] / total).sum());
    shares.fold(1.0, f64::min)
}

#[test]
fn robustness_is_that_of_brute_force() {
    let mut dice = Dice::new(22);
    let mut compared = 0;
    while compared < 200 {
        let graph = dice.graph(Mode::Elastic, 4, 4);
        // Prizes small enough that some networks are secure at first.
        let prizes: Vec<u128> = graph.services().iter().map(|it| it.prize / 4).collect();
        let graph = graph.with_prizes(&prizes).unwrap();
        if prizes.iter().all(|prize| *prize == 0) {
            continue;
        }
        compared += 1;
        let found = robustness(&graph, &mut || false).unwrap();
        let wanted = robustness_by_brute_force(&graph);
        assert!((found.upper - wanted).abs() < 1e-9, "{wanted}, {found:?}\n{graph:?}");
        assert!(found.lower <= wanted + 1e-9);
    }
}
