//! Cascades and reverse stress: golden values of the specification, the theorem's bound and its tightness, and the
//! properties that must hold on random graphs.

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
    Graph, Portfolio,
    cascade::{bound, confirmed, follow, worst},
    concentration::GroupBy,
    stress::{portfolio_shock, price_fall, smallest_shock},
};

fn close(left: f64, right: f64, tolerance: f64) {
    assert!((left - right).abs() <= tolerance, "{left} is not {right} to {tolerance}");
}

#[test]
fn worst_cascades_of_the_small_graphs_are_the_golden_ones() {
    let cases = [
        (1, 0.333333, 0.333333),
        (1, 0.666667, 0.666667),
        (5, 0.1, 0.1),
        (5, 0.2, 0.2),
        (5, 0.35, 0.35 + 13.0 / 28.0),
        (6, 0.001, 0.010999),
        (7, 1.0 / 71.0, 1.0),
        (9, 1.0 / 6.0, 1.0),
        (10, 0.2, 0.2),
        (10, 0.45, 0.45),
    ];
    for (number, psi, expected) in cases {
        let (graph, slack) = small(number);
        let cascade = worst(&graph, psi, slack).unwrap();
        assert!(cascade.exhaustive);
        close(cascade.lower, expected, 1e-6);
        assert!(cascade.lower <= bound(slack, psi) + 1e-9, "G{number} at {psi}");
    }
}

#[test]
fn the_bound_of_a_tenth_of_slack_and_a_thousandth_lost_is_eleven_thousandths() {
    close(bound(0.1, 0.001), 0.011, 1e-15);
    assert_eq!(bound(0.0, 0.001), 1.0);
    assert_eq!(bound(0.001, 0.5), 1.0);
}

#[test]
fn the_bound_is_tight() {
    // One service on d and v, all of it needed: slack γ, and losing d makes the rest worth taking.
    let (total, psi, gamma, rest) = (1e6, 0.01, 0.25, 1.0);
    let shock = psi * total;
    let other = shock / gamma - rest;
    let prize = (shock + other) / (1.0 + gamma);
    let graph = full(&[shock, other, total - shock - other], &[&[0, 1]], &[prize], &[(1, 1)]);
    let cascade = worst(&graph, psi, gamma).unwrap();
    close(cascade.lower, (1.0 + 1.0 / gamma) * psi, 2e-6);
}

#[test]
fn safety_of_the_whole_does_not_save_a_part() {
    let (graph, _) = small(10);
    // The first operator alone then holds all of service 0 and of service 2.
    let rounds = follow(&graph, &[1, 2]).unwrap();
    let mut services = rounds[0].services.clone();
    services.sort_unstable();
    assert_eq!((services, rounds[0].operators.clone()), (vec![0, 2], vec![0]));
    assert_eq!((rounds[0].cost, rounds[0].prize), (wei(1.5), wei(2.0)));
}

#[test]
fn a_tenth_of_the_published_network_lost_can_cascade_but_not_past_its_bound() {
    let graph = published("a=0.03");
    let cascade = worst(&graph, 0.1, 1.9065).unwrap();
    assert!(!cascade.exhaustive);
    let attack = cascade.attack.clone().unwrap();
    assert!(attack.prize > attack.cost && cascade.shock_stake <= graph.total_stake() / 10 + 1_000_000_000);
    assert!(cascade.lower > 0.1 && cascade.lower <= cascade.upper);
    assert!(cascade.upper <= 0.1 * (1.0 + 1.0 / 1.9065) + 1e-12);
    let mut gone = vec![false; graph.operators().len()];
    cascade.shock.iter().for_each(|it| gone[*it] = true);
    assert_eq!(confirmed(&graph, &gone, attack.services.clone(), attack.operators.clone()), Some(attack));
}

#[test]
fn the_smallest_shocks_of_the_published_network_are_the_golden_ones() {
    // Stake in ether and as a share; both through GM Network.
    for (rule, shock, psi) in [("a=0.03", 114_496.313_5, 0.0279953), ("flat=10000", 88_034.093_7, 0.021525)] {
        let graph = published(rule);
        let stress = smallest_shock(&graph, None, 0.5).unwrap();
        let found = stress.found.unwrap();
        close(found.stake as f64 / 1e18, shock, 1.0);
        close(found.psi, psi, 1e-6);
        let attack = found.attack.clone().unwrap();
        assert_eq!(graph.services()[attack.services[0]].name, "GM Network MACH (Powered by AltLayer)");
        // With flat prizes several sets of operators are equally small to a billionth.
        assert!(rule != "a=0.03" || found.operators.len() == 21);
        assert!(stress.at_least <= found.stake);
        let mut gone = vec![false; graph.operators().len()];
        found.operators.iter().for_each(|it| gone[*it] = true);
        assert_eq!(confirmed(&graph, &gone, attack.services.clone(), attack.operators.clone()), Some(attack));
    }
}

#[test]
fn a_fall_of_price_eats_the_slack() {
    let fall = price_fall(1.906524, 1.906526);
    close(fall.at_least, 1.906524 / 2.906524, 1e-12);
    assert!(fall.at_least <= fall.at_most);
    assert_eq!(price_fall(-0.1, -0.1).at_most, 0.0);
    assert_eq!(price_fall(f64::INFINITY, f64::INFINITY).at_least, 1.0);
}

#[test]
fn the_smallest_shock_of_a_portfolio_takes_its_densest_operators() {
    let (graph, _) = small(5);
    let name = "all with the last two".to_owned();
    let portfolio = Portfolio { name, stakes: vec![(0, wei(1.0)), (3, wei(4.0)), (4, wei(3.0))] };
    let stress = portfolio_shock(&graph, &portfolio, wei(7.0)).unwrap();
    let found = stress.found.unwrap();
    assert_eq!((found.stake, stress.exact), (wei(7.0), true));
    assert!(portfolio_shock(&graph, &portfolio, wei(9.0)).is_err());
    assert!(portfolio_shock(&graph, &portfolio, 0).is_err());
}

#[test]
fn other_modes_and_shares_are_refused_in_one_line() {
    let (graph, slack) = small(1);
    for psi in [-0.1, 1.1, f64::NAN] {
        assert!(worst(&graph, psi, slack).unwrap_err().to_string().starts_with("psi"), "{psi}");
    }
    assert!(follow(&graph, &[9]).unwrap_err().to_string().contains("no operator 9"));
    let by = GroupBy::Tag("cloud".into());
    assert!(risk::stress::outages(&graph, &by).unwrap_err().to_string().contains("cloud"));
}

/// Random graphs in mode `full`: up to seven operators and four services.
fn graphs() -> impl Strategy<Value = Graph> {
    let stakes = prop::collection::vec(1u32..40, 2..7);
    let services = prop::collection::vec((1u32..30, 1u32..=3, any::<u8>()), 1..5);
    (stakes, services).prop_map(|(stakes, services)| {
        let count = stakes.len() as u32;
        let stakes: Vec<f64> = stakes.into_iter().map(f64::from).collect();
        let members: Vec<Vec<u32>> = services
            .iter()
            .map(|(_, _, bits)| (0..count).filter(|it| it % 8 == 0 || bits >> (it % 8) & 1 == 1).collect())
            .collect();
        let members: Vec<&[u32]> = members.iter().map(Vec::as_slice).collect();
        let prizes: Vec<f64> = services.iter().map(|(prize, ..)| f64::from(*prize)).collect();
        let thetas: Vec<(u32, u32)> = services.iter().map(|(_, num, _)| (*num, 3)).collect();
        full(&stakes, &members, &prizes, &thetas)
    })
}

/// Smallest cost over prize of any attack, less 1, by trying every coalition.
fn exact_slack(graph: &Graph) -> f64 {
    let count = graph.operators().len();
    let ratio = |set: usize| {
        let inside = |it: usize| set >> it & 1 == 1;
        let cost: u128 = (0..count).filter(|it| inside(*it)).map(|it| graph.operators()[it].stake).sum();
        let won = (0..graph.services().len()).filter(|service| {
            let edges = graph.of_service(*service).iter().filter(|edge| inside(edge.operator as usize));
            edges.map(|edge| edge.stake).sum::<u128>() >= graph.need(*service)
        });
        let prize: u128 = won.map(|service| graph.services()[service].prize).sum();
        if prize == 0 { f64::INFINITY } else { cost as f64 / prize as f64 }
    };
    (0..1usize << count).map(ratio).fold(f64::INFINITY, f64::min) - 1.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_cascade_exceeds_its_bound(graph in graphs(), psi in 0.0f64..0.5) {
        let slack = exact_slack(&graph);
        let cascade = worst(&graph, psi, slack).unwrap();
        prop_assert!(cascade.lower <= bound(slack, psi) + 1e-9);
        prop_assert!(slack < 0.0 || cascade.attack.is_none() || cascade.shock_stake > 0);
        // The attack after the shock, with the shock, is an attack on the whole graph.
        if let Some(attack) = cascade.attack {
            let mut all = attack.operators.clone();
            all.extend(&cascade.shock);
            let none = vec![false; graph.operators().len()];
            let merged = confirmed(&graph, &none, attack.services.clone(), all.clone());
            let cost: u128 = all.iter().map(|it| graph.operators()[*it].stake).sum();
            prop_assert_eq!(merged.is_some(), attack.prize > cost);
        }
    }

    #[test]
    fn the_smallest_shock_breaks_and_nothing_below_its_lower_bound_does(graph in graphs()) {
        let slack = exact_slack(&graph);
        prop_assume!(slack >= 0.0);
        let stress = smallest_shock(&graph, None, slack).unwrap();
        let count = graph.operators().len();
        let stake = |set: usize| (0..count).filter(|it| set >> it & 1 == 1).map(|it| graph.operators()[it].stake).sum::<u128>();
        let total = graph.total_stake() as f64;
        let breaks = |set: usize| {
            let cascade = worst(&graph, stake(set) as f64 / total, slack).unwrap();
            // A shock that leaves a service without stake makes it free: the search speaks of attacks that cost.
            cascade.attack.is_some_and(|it| it.cost > 0)
        };
        let sizes: std::collections::BTreeSet<u128> = (0..1usize << count).map(stake).collect();
        let first = sizes.into_iter().find(|size| {
            (0..1usize << count).any(|set| stake(set) == *size && breaks(set))
        });
        if let Some(found) = &stress.found {
            prop_assert!(first.is_some_and(|least| found.stake >= least));
            if stress.exact {
                prop_assert_eq!(Some(found.stake), first);
            }
        }
        if let Some(least) = first {
            prop_assert!(stress.at_least <= least, "{} > {}", stress.at_least, least);
        }
    }
}
