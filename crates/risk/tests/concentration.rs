//! Concentration: golden figures of the published graph, merging of entities, and what the joint number promises.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

mod common;

use common::{full, published, small, wei};
use risk::{
    Graph, Mode,
    concentration::{GroupBy, joint, network, service},
};

fn close(left: f64, right: f64, tolerance: f64) {
    assert!((left - right).abs() <= tolerance, "{left} is not {right} to {tolerance}");
}

#[test]
fn the_published_network_is_as_concentrated_as_was_computed() {
    let answer = network(&published("a=0.03"), &GroupBy::Operator);
    let hands: Vec<usize> = answer.nakamoto.iter().map(|it| it.hands).collect();
    assert_eq!(hands, [5, 8, 13]);
    close(answer.hhi, 0.042674, 5e-7);
    close(answer.gini, 0.902776, 5e-7);
    for ((count, share), (expected_count, expected)) in
        answer.top.iter().zip([(1, 0.082096), (5, 0.35824), (10, 0.589446)])
    {
        assert_eq!(*count, expected_count);
        close(*share, expected, 5e-7);
    }
    assert_eq!((answer.hands, answer.largest.len()), (349, 10));
    assert_eq!(answer.lorenz.last(), Some(&(1.0, 1.0)));
}

#[test]
fn equal_hands_have_no_gini_and_the_least_index() {
    let graph = full(&[5.0; 8], &[&[0, 1, 2, 3, 4, 5, 6, 7]], &[1.0], &[(1, 3)]);
    let answer = network(&graph, &GroupBy::Operator);
    close(answer.gini, 0.0, 1e-12);
    close(answer.hhi, 0.125, 1e-12);
    assert_eq!(answer.nakamoto[1].hands, 4);
}

#[test]
fn operators_of_one_entity_count_as_one_hand() {
    let (graph, _) = small(5);
    let mut operators = graph.operators().to_vec();
    for operator in &mut operators[1..4] {
        operator.groups.insert("entity".into(), "three".into());
    }
    let edges = graph.edges().iter().map(|edge| (edge.operator, edge.service, None)).collect();
    let graph = Graph::new(Mode::Full, operators, graph.services().to_vec(), edges).unwrap();
    let by = GroupBy::of("entity");
    let answer = network(&graph, &by);
    assert_eq!((answer.hands, answer.largest[0].name.as_str()), (3, "three"));
    assert_eq!((answer.largest[0].stake, answer.largest[0].operators), (wei(16.0), 3));
    assert_eq!(answer.nakamoto[1].hands, 1);
    assert_eq!(service(&graph, &by, 3).unwrap().hands, 2);
    assert!(service(&graph, &by, 4).is_err());
}

#[test]
fn the_joint_number_meets_every_need() {
    let graph = published("a=0.03");
    let answer = joint(&graph, &GroupBy::Operator);
    assert!(answer.at_least <= answer.at_most && answer.at_most == answer.hands.len());
    for index in 0..graph.services().len() {
        let held = graph.of_service(index).iter();
        let held = held.filter(|edge| answer.hands.contains(&graph.operators()[edge.operator as usize].id));
        assert!(held.map(|edge| edge.stake).sum::<u128>() >= graph.need(index));
    }
}
