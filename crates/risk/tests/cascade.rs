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
    Graph, Level, Limits, Mode, Operator, Portfolio, Ratio, Service,
    cascade::{bound, confirmed, follow, worst},
    concentration::GroupBy,
    slack,
    stress::{each_alone, portfolio_shock, price_fall, smallest_shock},
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
    assert!(risk::stress::outages(&graph, &by, 1).unwrap_err().to_string().contains("cloud"));
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

/// Three operators, allocations to two services; needs at a half are 5 and 6, prizes 4 and 3.
fn allocated() -> Graph {
    let operators = [10.0, 6.0, 8.0].iter().enumerate();
    let operators = operators.map(|(it, stake)| Operator::new(it.to_string(), wei(*stake))).collect();
    let half = Ratio { num: 1, den: 2 };
    let services = [("x", 4.0), ("y", 3.0)].map(|(id, prize)| Service::new(id, wei(prize), half)).to_vec();
    let edges = [(0, 0, 6.0), (1, 0, 4.0), (0, 1, 4.0), (1, 1, 2.0), (2, 1, 6.0)];
    let edges = edges.map(|(operator, service, stake)| (operator, service, Some(wei(stake)))).to_vec();
    Graph::new(Mode::Unique, operators, services, edges).unwrap()
}

#[test]
fn allocated_stake_falls_service_by_service_in_one_round() {
    let graph = allocated();
    assert!(follow(&graph, &[]).unwrap().is_empty());
    // Without operator 1 service x can slash 6, half of which is below its prize; y has 10 left.
    let rounds = follow(&graph, &[1]).unwrap();
    assert_eq!(rounds.len(), 1);
    assert_eq!((rounds[0].services.clone(), rounds[0].cost, rounds[0].prize), (vec![0], wei(3.0), wei(4.0)));
    assert_eq!(rounds[0].operators, vec![0]);
    // A quarter of all stake is operator 1; a third more is operator 2 and nothing falls but what backs y.
    let cascade = worst(&graph, 0.25, 0.25).unwrap();
    assert!(cascade.exhaustive);
    close(cascade.lower, 0.25 + 3.0 / 24.0, 1e-9);
    assert_eq!(cascade.shock, vec![1]);
    assert!(follow(&graph, &[9]).is_err());
}

fn allocations() -> impl Strategy<Value = Graph> {
    let row = (2u64..60, prop::collection::vec(0u64..20, 3));
    let services = prop::collection::vec((1u64..40, 1u32..4), 3);
    (prop::collection::vec(row, 1..20), services).prop_filter_map("stake", |(rows, services)| {
        let stake = |row: &(u64, Vec<u64>)| row.0.max(row.1.iter().sum());
        let operators = rows.iter().enumerate();
        let operators = operators.map(|(it, row)| Operator::new(it.to_string(), wei(stake(row) as f64)));
        let targets = services.iter().enumerate().map(|(it, (prize, den))| {
            Service::new(it.to_string(), wei(*prize as f64), Ratio { num: 1, den: *den })
        });
        let edges = rows.iter().enumerate().flat_map(|(operator, row)| {
            let parts = row.1.iter().enumerate().filter(|(_, part)| **part > 0);
            parts.map(move |(service, part)| (operator as u32, service as u32, Some(wei(*part as f64))))
        });
        Graph::new(Mode::Unique, operators.collect(), targets.collect(), edges.collect()).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_cascade_of_allocated_stake_stays_within_its_bound(graph in allocations(), psi in 0.0f64..0.6) {
        let limits = &mut Limits { gap: 1e-9, cases: 100_000, stop: &mut |_| false };
        let slack = slack(&graph, Level::C4, limits).unwrap();
        let cascade = worst(&graph, psi, slack.lower).unwrap();
        prop_assert!(cascade.lower <= cascade.upper + 1e-12);
        prop_assert!(cascade.lower <= bound(slack.lower, psi) + 1e-6, "{:?} {:?}", cascade, slack);
        if let Some(attack) = &cascade.attack {
            let rounds = follow(&graph, &cascade.shock).unwrap();
            prop_assert_eq!(rounds.iter().map(|it| it.cost).sum::<u128>(), attack.cost);
            prop_assert!(rounds.iter().all(|it| it.prize > it.cost));
            prop_assert!(cascade.shock_stake as f64 <= graph.total_stake() as f64 * psi * (1.0 + 1e-9));
        }
    }

    #[test]
    fn the_smallest_loss_for_each_service_of_allocated_stake_is_that_of_brute_force(graph in allocations()) {
        let count = graph.operators().len().min(12);
        prop_assume!(count == graph.operators().len());
        let each = each_alone(&graph).unwrap();
        let members = |set: usize| (0..count).filter(move |it| set >> it & 1 == 1);
        let stake = |set: usize| members(set).map(|it| graph.operators()[it].stake).sum::<u128>();
        let falls = |set: usize, service: usize| {
            let shock: Vec<usize> = members(set).collect();
            follow(&graph, &shock).unwrap().iter().any(|it| it.services.contains(&service))
        };
        for (service, stress) in each.iter().enumerate() {
            let least = (0..1usize << count).filter(|set| falls(*set, service)).map(stake).min();
            prop_assert!(stress.exact);
            prop_assert_eq!(stress.found.as_ref().map(|it| it.stake), least);
            prop_assert_eq!(stress.at_least, least.unwrap_or(graph.total_stake()));
            if let Some(found) = &stress.found {
                prop_assert!(found.attack.as_ref().is_some_and(|it| it.services == [service] && it.prize > it.cost));
            }
        }
        let smallest = smallest_shock(&graph, None, 0.0).unwrap();
        prop_assert!(smallest.exact);
        prop_assert_eq!(smallest.found.map(|it| it.stake), each.into_iter().filter_map(|it| it.found).map(|it| it.stake).min());
    }

    #[test]
    fn the_smallest_shock_of_a_portfolio_is_that_of_brute_force(
        rows in prop::collection::vec((1u64..60, 1u64..40), 1..11), share in 0.01f64..1.0,
    ) {
        let stakes: Vec<f64> = rows.iter().map(|it| (it.0 + it.1) as f64).collect();
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let graph = full(&stakes, &[&all], &[1.0], &[(1, 3)]);
        let held = rows.iter().zip(0..).map(|((_, held), operator)| (operator, wei(*held as f64))).collect();
        let portfolio = Portfolio { name: "mine".into(), stakes: held };
        let amount = ((portfolio.total() as f64 * share) as u128).max(1);
        let of = |set: usize, value: &dyn Fn(usize) -> u128| (0..rows.len()).filter(|it| set >> it & 1 == 1).map(value).sum::<u128>();
        let least = (0..1usize << rows.len())
            .filter(|set| of(*set, &|it| portfolio.stakes[it].1) >= amount)
            .map(|set| of(set, &|it| graph.operators()[it].stake))
            .min();
        let stress = portfolio_shock(&graph, &portfolio, amount).unwrap();
        prop_assert_eq!((stress.found.map(|it| it.stake), stress.exact), (least, true));
    }
}

#[test]
fn each_service_of_the_published_network_has_its_own_smallest_loss() {
    let graph = published("a=0.03");
    let each = each_alone(&graph).unwrap();
    let network = smallest_shock(&graph, None, 0.5).unwrap().found.unwrap().stake;
    assert_eq!(each.iter().filter_map(|it| it.found.as_ref()).map(|it| it.stake).min(), Some(network));
    assert!(each.iter().all(|it| it.found.as_ref().is_none_or(|found| it.at_least <= found.stake)));
}
