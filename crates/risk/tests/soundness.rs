//! The checker believes nothing: a hundred thousand mutations of true certificates, of which it accepts only those whose
//! claim brute force confirms.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

mod dice;

use dice::{Dice, Pair, brute_force, exact};
use risk::{
    Graph, Mode,
    certificate::{self, Certificate, Cover, Node},
};

/// Changes one thing.
fn mutate(dice: &mut Dice, certificate: &mut Certificate, graph: &Graph) {
    let (operators, services) = (graph.operators().len() as u64, graph.services().len() as u64);
    let lower = certificate.lower.as_mut().unwrap();
    let node = dice.below(lower.nodes.len() as u64) as usize;
    match dice.below(15) {
        0 => lower.ratio.num += u128::from(dice.between(1, 1_000_000_000_000)),
        1 => lower.ratio.den -= u128::from(dice.below(1_000_000)).min(lower.ratio.den - 1),
        2 => drop(lower.nodes.remove(node)),
        3 => {
            let copy = lower.nodes[node].clone();
            lower.nodes.insert(node, copy);
        }
        4 => lower.nodes[node] = Node::Unreachable(dice.below(services) as u32),
        5 => lower.nodes[node] = Node::Operator(dice.below(operators) as u32),
        6 => lower.nodes[node] = Node::Service(dice.below(services) as u32),
        7 => {
            let other = dice.below(lower.nodes.len() as u64) as usize;
            lower.nodes.swap(node, other);
        }
        8 | 9 => {
            let prices = lower.nodes.iter_mut().filter_map(|it| match it {
                Node::Leaf(prices) => Some(prices),
                _ => None,
            });
            for price in prices.flatten() {
                match dice.below(4) {
                    0 => *price = price.saturating_sub(u128::from(dice.below(100_000_000_000))),
                    1 => *price += u128::from(dice.below(100_000_000_000)),
                    _ => {}
                }
            }
        }
        10 => {
            let cover = dice_cover(dice, operators, services);
            lower.nodes.insert(node, Node::Cover(cover));
        }
        11 | 12 => {
            let covers = lower.nodes.iter_mut().filter_map(|it| match it {
                Node::Cover(cover) => Some(cover),
                _ => None,
            });
            for cover in covers {
                match dice.below(5) {
                    0 => cover.price = cover.price.saturating_sub(u128::from(dice.below(100_000_000_000))),
                    1 => cover.price += u128::from(dice.below(100_000_000_000)),
                    2 => drop(cover.operators.pop()),
                    3 => cover.operators = dice_cover(dice, operators, services).operators,
                    _ => cover.service = dice.below(services) as u32,
                }
            }
        }
        13 => {
            let attack = certificate.upper.as_mut().unwrap();
            match dice.below(4) {
                0 => drop(attack.operators.pop()),
                1 => attack.operators = vec![dice.below(operators) as u32],
                2 => attack.services = (0..services as u32).collect(),
                _ => attack.services.push(dice.below(services + 1) as u32),
            }
        }
        _ => certificate.service = Some(dice.below(services + 1) as u32),
    }
}

fn dice_cover(dice: &mut Dice, operators: u64, services: u64) -> Cover {
    Cover {
        service: dice.below(services) as u32,
        operators: (0..operators as u32).filter(|_| dice.below(3) == 0).collect(),
        price: u128::from(dice.below(1_000_000_000_000)),
    }
}

/// Whether brute force confirms all that an accepted certificate claims.
fn is_true(graph: &Graph, claim: certificate::Claim) -> bool {
    let truth: Option<Pair> = brute_force(graph, claim.service.map(|service| service as usize));
    let Some((cost, prize)) = truth else { return true };
    let lower = claim.lower.is_none_or(|bound| bound.num * prize <= cost * bound.den);
    let upper = claim.upper.is_none_or(|pair| cost * pair.den <= pair.num * prize);
    lower && upper
}

fn try_mutations(mode: Mode, graphs: usize, each: usize, seed: u64) -> (usize, usize, usize) {
    let mut dice = Dice::new(seed);
    let (mut accepted, mut refused, mut covered) = (0, 0, 0);
    for _ in 0..graphs {
        let graph = dice.graph(mode, 5, 4);
        let slack = exact(&graph);
        if slack.lower.is_infinite() {
            continue;
        }
        assert!(is_true(&graph, certificate::verify(&graph, &slack.certificate).unwrap()));
        for _ in 0..each {
            let mut wrong = slack.certificate.clone();
            let nodes = wrong.lower.iter().flat_map(|lower| &lower.nodes);
            covered += usize::from(nodes.into_iter().any(|node| matches!(node, Node::Cover(_))));
            for _ in 0..dice.between(1, 3) {
                if wrong.lower.as_ref().is_some_and(|lower| !lower.nodes.is_empty()) {
                    mutate(&mut dice, &mut wrong, &graph);
                }
            }
            match certificate::verify(&graph, &wrong) {
                Err(_) => refused += 1,
                Ok(claim) => {
                    accepted += 1;
                    assert!(is_true(&graph, claim), "{wrong:?}\n{graph:?}");
                }
            }
        }
    }
    (accepted, refused, covered)
}

#[test]
fn a_mutated_certificate_is_accepted_only_if_what_it_says_is_true() {
    let (accepted, refused, covered) = try_mutations(Mode::Full, 800, 125, 11);
    assert!(covered >= 5_000, "{covered} with covers");
    assert!(accepted + refused >= 70_000 && refused > accepted, "{accepted} accepted, {refused} refused");
    let (accepted, refused, _) = try_mutations(Mode::Elastic, 300, 100, 12);
    assert!(accepted + refused >= 20_000 && refused > accepted, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_certificate_reads_back_from_json_and_bytes_and_proves_the_same() {
    let mut dice = Dice::new(13);
    for mode in [Mode::Full, Mode::Elastic] {
        for _ in 0..100 {
            let graph = dice.graph(mode, 6, 4);
            let certificate = exact(&graph).certificate;
            let json = certificate::to_json(&certificate).to_string();
            assert_eq!(certificate::from_json(&json), Ok(certificate.clone()));
            assert_eq!(certificate::decode(&certificate::encode(&certificate)), Ok(certificate));
        }
    }
}
