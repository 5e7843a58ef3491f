//! Graphs of the golden tests: the small ones of the specification and the published registration graph. Stakes are in
//! units of 10⁹ gwei, so that fractions of a unit are whole wei.

#![allow(clippy::unwrap_used, dead_code, reason = "test code; each test file uses a part of it")]

use risk::{
    Graph, Mode, Operator, PrizeRule, Ratio, Service,
    input::{self, Choices},
};

/// Wei of one unit.
pub const UNIT: f64 = 1e18;

const OPERATORS: &str = include_str!("../../../node/data/registration-graph/operators.csv");
const SERVICES: &str = include_str!("../../../node/data/registration-graph/services.csv");

/// The published graph under a prize rule, θ = 1/3.
pub fn published(rule: &str) -> Graph {
    let choices = Choices { rule: Some(PrizeRule::parse(rule).unwrap()), theta: None };
    input::read_tables(OPERATORS, SERVICES).unwrap().finish(choices).unwrap().graph
}

/// Units as wei, to a billionth.
pub fn wei(units: f64) -> u128 {
    (units * 1e9).round() as u128 * 1_000_000_000
}

/// A graph in mode `full`: stakes, operators by service, prizes, thresholds.
pub fn full(stakes: &[f64], members: &[&[u32]], prizes: &[f64], thetas: &[(u32, u32)]) -> Graph {
    let operators = stakes.iter().enumerate();
    let operators = operators.map(|(index, stake)| Operator::new(format!("o{index}"), wei(*stake))).collect();
    let services = prizes.iter().zip(thetas).enumerate().map(|(index, (prize, (num, den)))| {
        Service::new(format!("s{index}"), wei(*prize), Ratio { num: *num, den: *den })
    });
    let edges = members.iter().enumerate();
    let edges =
        edges.flat_map(|(service, of)| of.iter().map(move |it| (*it, service as u32, None))).collect();
    Graph::new(Mode::Full, operators, services.collect(), edges).unwrap()
}

/// The small graphs G1 to G10 of the specification, with their exact slack.
pub fn small(number: usize) -> (Graph, f64) {
    let half = (1, 2);
    let third = (1, 3);
    let one = (1, 1);
    match number {
        1 => (full(&[10., 10., 10.], &[&[0, 1, 2]], &[8.], &[half]), 1.5),
        2 => (full(&[6., 4., 4.], &[&[0, 1], &[0, 2]], &[4., 4.], &[half, half]), -0.25),
        3 => {
            let thetas = [third, third, half];
            (full(&[100., 5., 5.], &[&[0, 1], &[0, 2], &[1, 2]], &[6., 6., 4.], &thetas), 0.25)
        }
        4 => (full(&[7., 7., 7., 7.], &[&[0, 1, 2, 3]], &[10.], &[half]), 0.4),
        5 => {
            let members: [&[u32]; 4] = [&[0, 1, 2], &[1, 2, 3], &[2, 3, 4], &[0, 4]];
            let thetas = [half, third, (2, 3), half];
            (full(&[9., 7., 5., 4., 3.], &members, &[5., 4., 3., 2.], &thetas), 0.25)
        }
        6 => (full(&[1_000., 9_999., 989_001.], &[&[0, 1]], &[9_999.05], &[one]), 0.100_004_5),
        7 => {
            let members: [&[u32]; 3] = [&[0, 1], &[1, 2], &[2, 3]];
            (full(&[1., 10., 20., 40.], &members, &[10.2, 20.3, 40.4], &[one; 3]), 0.001_410)
        }
        8 => (full(&[6., 5., 5., 3.], &[&[0, 1, 2], &[1, 2, 3]], &[5., 5.], &[half, half]), 0.0),
        9 => {
            let members: [&[u32]; 3] = [&[0, 1, 2, 3, 4, 5], &[0, 1, 2], &[3, 4, 5]];
            (full(&[1.; 6], &members, &[2., 2., 2.], &[one; 3]), 0.0)
        }
        _ => {
            let members: [&[u32]; 3] = [&[0, 1], &[1, 2], &[0, 2]];
            (full(&[1.5, 4., 4.], &members, &[1., 1., 1.], &[half; 3]), 1.0)
        }
    }
}
