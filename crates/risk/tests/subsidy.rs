//! The minimum subsidy: golden values, brute force on random networks in all modes, and how it goes with γ.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

mod common;
mod dice;

use common::{published, small};
use dice::{Dice, brute_force_by, exact};
use risk::{
    Graph, Limits, Mode,
    solve::{Subsidy, min_subsidy},
};

fn solve(graph: &Graph, gap: f64) -> Option<Subsidy> {
    min_subsidy(graph, &mut Limits { gap, cases: 1_000_000, stop: &mut |_| false }).unwrap()
}

#[test]
fn the_small_graphs_have_their_known_subsidies() {
    // Units of 10¹⁸ wei.
    let known = [12.0, -2.0, 1.0, 4.0, 2.0, 999.95, 0.1, 0.0, 0.0, 2.0];
    for (number, wanted) in known.into_iter().enumerate() {
        let found = solve(&small(number + 1).0, 0.0).unwrap();
        for end in [found.lower, found.upper] {
            assert!((end as f64 / 1e18 - wanted).abs() < 1e-6, "G{}: {found:?}, wanted {wanted}", number + 1);
        }
    }
}

#[test]
fn the_subsidy_is_that_of_brute_force_in_every_mode() {
    let mut dice = Dice::new(31);
    for (mode, rounds) in [(Mode::Full, 1_500), (Mode::Unique, 300), (Mode::Elastic, 300), (Mode::Base, 300)]
    {
        for _ in 0..rounds {
            let graph = dice.graph(mode, 6, 4);
            let least = brute_force_by(&graph, None, |one, other| {
                one.0 as i128 - (one.1 as i128) < other.0 as i128 - (other.1 as i128)
            });
            let found = solve(&graph, 0.0);
            let Some((cost, prize)) = least else {
                assert_eq!(found, None, "{graph:?}");
                continue;
            };
            let (wanted, found) = (cost as i128 - prize as i128, found.unwrap());
            assert_eq!(found.upper, wanted, "{found:?}\n{graph:?}");
            // The lower end is proved with prices of twelve digits.
            let near = 10 + (cost as i128 + prize as i128) / 100_000_000;
            assert!(found.lower <= wanted && wanted - found.lower <= near, "{found:?}\n{graph:?}");
        }
    }
}

#[test]
fn a_subsidy_is_wanted_where_and_only_where_the_network_is_secure() {
    let mut dice = Dice::new(32);
    for _ in 0..300 {
        let graph = dice.graph(Mode::Full, 6, 4);
        let Some(found) = solve(&graph, 0.0) else { continue };
        assert_eq!(found.upper < 0, exact(&graph).upper < 0.0, "{found:?}\n{graph:?}");
        assert_eq!(found.secure_against(found.lower - 1), Some(true));
        assert_eq!(found.secure_against(found.upper), Some(false));
    }
}

#[test]
fn stopped_early_both_ends_still_hold() {
    let graph = published("flat=20000");
    let full = solve(&graph, 1e-6).unwrap();
    let early =
        min_subsidy(&graph, &mut Limits { gap: 0.0, cases: 3, stop: &mut |_| false }).unwrap().unwrap();
    assert!(early.lower <= full.upper && full.lower <= early.upper, "{early:?} {full:?}");
    // DODOchain, GM Network and GoPlus cost 59,399.33 ETH together and bring 60,000.
    assert!((full.upper as f64 / 1e18 + 600.7).abs() < 0.1, "{full:?}");
}
