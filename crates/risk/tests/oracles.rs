//! The solver against two others: a maximum flow, which solves networks whose services need all of their stake, and the
//! prices of an independent solver (HiGHS), which our checker must accept as a proof.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

mod common;
mod dice;

use common::published;
use dice::{Dice, cheaper, exact};
use risk::{
    Graph, Mode, Ratio, Service,
    certificate::{self, Certificate, Fraction, Lower, Node},
};
use std::collections::VecDeque;

/// The cheapest attack where every need is all of the stake: services with all their operators, a closure. At a ratio
/// the dearest closure is a minimum cut; its own ratio is the next one, until nothing is gained.
fn closure(graph: &Graph) -> Option<(u128, u128)> {
    let (services, operators) = (graph.services().len(), graph.operators().len());
    let (source, sink) = (services + operators, services + operators + 1);
    let mut best: Option<(u128, u128)> = None;
    let all: Vec<usize> = (0..services).filter(|it| graph.services()[*it].prize > 0).collect();
    let mut chosen = all;
    loop {
        let prize: u128 = chosen.iter().map(|it| graph.services()[*it].prize).sum();
        let mut burnt = vec![false; operators];
        for service in &chosen {
            graph.of_service(*service).iter().for_each(|edge| burnt[edge.operator as usize] = true);
        }
        let cost = (0..operators).filter(|it| burnt[*it]).map(|it| graph.operators()[it].stake).sum();
        if prize == 0 || best.is_some_and(|best| !cheaper((cost, prize), best)) {
            return best;
        }
        best = Some((cost, prize));
        // Prizes times cost against stakes times prize, all whole numbers of gwei.
        let unit = 1_000_000_000;
        let mut room = vec![vec![0u128; sink + 1]; sink + 1];
        for (service, data) in graph.services().iter().enumerate() {
            room[source][service] = data.prize / unit * (cost / unit);
            graph
                .of_service(service)
                .iter()
                .for_each(|edge| room[service][services + edge.operator as usize] = u128::MAX / 4);
        }
        for (operator, data) in graph.operators().iter().enumerate() {
            room[services + operator][sink] = data.stake / unit * (prize / unit);
        }
        let reached = cut(&mut room, source, sink);
        chosen = (0..services).filter(|it| reached[*it] && graph.services()[*it].prize > 0).collect();
        if chosen.is_empty() {
            return best;
        }
    }
}

/// What the source still reaches once a maximum flow runs.
fn cut(room: &mut [Vec<u128>], source: usize, sink: usize) -> Vec<bool> {
    loop {
        let mut from = vec![usize::MAX; room.len()];
        from[source] = source;
        let mut queue = VecDeque::from([source]);
        while let Some(at) = queue.pop_front() {
            for next in 0..room.len() {
                if from[next] == usize::MAX && room[at][next] > 0 {
                    from[next] = at;
                    queue.push_back(next);
                }
            }
        }
        if from[sink] == usize::MAX {
            return from.into_iter().map(|it| it != usize::MAX).collect();
        }
        let mut path = vec![sink];
        while path[path.len() - 1] != source {
            path.push(from[path[path.len() - 1]]);
        }
        let least = path.windows(2).map(|pair| room[pair[1]][pair[0]]).min().unwrap();
        for pair in path.windows(2) {
            room[pair[1]][pair[0]] -= least;
            room[pair[0]][pair[1]] += least;
        }
    }
}

#[test]
fn where_all_stake_is_needed_the_slack_is_that_of_a_maximum_flow() {
    let mut dice = Dice::new(41);
    let whole = Ratio { num: 1, den: 1 };
    let mut compared = 0;
    for round in 0..600 {
        // Larger than brute force could try.
        let graph = dice.graph(Mode::Full, if round % 4 == 0 { 30 } else { 10 }, 8);
        let services = graph.services().iter().map(|it| Service { theta: whole, ..it.clone() }).collect();
        let graph = dice::rebuilt(&graph, graph.operators().to_vec(), services);
        if (0..graph.services().len()).any(|it| graph.need(it) == 0) {
            continue;
        }
        let found = exact(&graph);
        let Some(pair) = closure(&graph) else {
            assert!(found.lower.is_infinite(), "{found:?}\n{graph:?}");
            continue;
        };
        let wanted = dice::gamma(pair);
        let near = 2e-9 * (2.0 + wanted);
        assert!((found.upper - wanted).abs() <= near, "{wanted}, found {found:?}\n{graph:?}");
        assert!((found.lower - wanted).abs() <= near, "{wanted}, found {found:?}\n{graph:?}");
        compared += 1;
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn prices_of_another_solver_prove_the_published_bound() {
    let file: serde_json::Value = serde_json::from_str(include_str!("data/highs.json")).unwrap();
    let graph = published("a=0.03");
    let den = 1_000_000_000_000u128;
    let whole = |number: f64| (number * den as f64).floor() as u128;
    let proof = |ratio: f64| {
        let mut nodes = Vec::new();
        for row in file["prices"].as_array().unwrap() {
            let mut prices = vec![0; graph.services().len()];
            for price in row[1].as_array().unwrap() {
                prices[price[0].as_u64().unwrap() as usize] = whole(price[1].as_f64().unwrap());
            }
            nodes.push(Node::Service(row[0].as_u64().unwrap() as u32));
            nodes.push(Node::Leaf(prices));
        }
        nodes.push(Node::Leaf(vec![0; graph.services().len()]));
        let ratio = Fraction { num: whole(ratio), den };
        Certificate { lower: Some(Lower { ratio, nodes }), ..Certificate::default() }
    };
    let ratio = file["ratio"].as_f64().unwrap();
    let claim = certificate::verify(&graph, &proof(ratio - 1e-8)).unwrap();
    assert!((certificate::gamma(claim.lower.unwrap()) - 1.906524).abs() < 1e-6);
    // No more than they prove.
    assert!(certificate::verify(&graph, &proof(ratio + 1e-6)).is_err());
}
