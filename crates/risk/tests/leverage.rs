//! Leverage: golden spirals, what each scenario must reproduce, conservation of ether, and bad scenarios refused.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "test code: a panic is how a test fails"
)]

use proptest::prelude::*;
use risk::leverage::{
    by_name,
    exchange::Exchange,
    market::{Arbitrage, Borrowers, Flow, Market, Oracle, Queue, Running},
    run,
    scenario::{Event, NAMES, Scenario},
};

fn close(left: f64, right: f64, tolerance: f64) {
    assert!((left - right).abs() <= tolerance, "{left} is not {right} to {tolerance}");
}

fn market(oracle: Oracle, groups: &[(f64, f64, f64)]) -> Market {
    let group = |(collateral, debt, threshold): &(f64, f64, f64)| Borrowers {
        venue: "lender".into(),
        collateral: *collateral,
        debt: *debt,
        threshold: *threshold,
    };
    Market {
        exchange: Exchange { token: 40_000.0, ether: 40_000.0 },
        rate: 1.0,
        queue: Queue { open: false, delay_days: 0.0, per_day: 0.0, waiting: 0.0 },
        borrowers: groups.iter().map(group).collect(),
        oracle,
        arbitrage: Arbitrage { capital: 0.0, per_hour: 0.0, required_return: 0.0, patience_days: None },
    }
}

const THREE: [(f64, f64, f64); 3] =
    [(10_000., 9_000., 0.945), (8_000., 6_400., 0.945), (6_000., 3_600., 0.945)];

#[test]
fn spirals_of_a_market_oracle_are_the_golden_ones() {
    let two = [(10_000., 8_000., 0.945), (5_000., 4_600., 0.945)];
    type Case<'a> = (f64, &'a [(f64, f64, f64)], f64, f64, usize, f64);
    let cases: [Case<'_>; 2] = [
        (4_000., &THREE, 0.346021, 24_000., 3, 6_165.775401),
        (1_000., &two, 0.510204, 15_000., 2, 2_147.038328),
    ];
    for (sale, groups, price, sold, liquidations, bad_debt) in cases {
        let mut running = Running::new(market(Oracle::Market, groups), 60);
        let moved = running.step(Flow { sale, ..Flow::default() });
        close(running.market.exchange.price(), price, 5e-7);
        assert_eq!(moved.liquidations.len(), liquidations);
        close(moved.liquidations.iter().map(|it| it.sold).sum(), sold, 1e-9);
        close(moved.liquidations.iter().map(|it| it.bad_debt).sum(), bad_debt, 5e-7);
    }
}

#[test]
fn an_oracle_of_the_redemption_rate_never_sells_on_price_alone() {
    let mut running = Running::new(market(Oracle::Nav, &THREE), 60);
    let moved = running.step(Flow { sale: 4_000.0, ..Flow::default() });
    close(running.market.exchange.price(), 0.826446, 5e-7);
    assert!(moved.liquidations.is_empty());
    // A slash is another matter: it lowers the rate itself.
    let moved = running.step(Flow { slash: 0.1, ..Flow::default() });
    assert_eq!(moved.liquidations.len(), 1);
}

#[test]
fn an_averaging_oracle_sells_later_than_one_of_the_market() {
    let steps = |oracle: Oracle| {
        let mut running = Running::new(market(oracle, &[(10_000., 8_500., 0.945)]), 60);
        let mut moved = running.step(Flow { sale: 4_000.0, ..Flow::default() });
        let mut steps = 0;
        while moved.liquidations.is_empty() && steps < 100 {
            moved = running.step(Flow::default());
            steps += 1;
        }
        steps
    };
    assert_eq!(steps(Oracle::Market), 0);
    let later = steps(Oracle::Average { minutes: 600 });
    assert!((1..=10).contains(&later), "{later}");
}

#[test]
fn the_incident_of_april_2024_comes_out_as_it_was_reported() {
    let run = run(&by_name("ezeth-2024-04").unwrap()).unwrap();
    assert!((0.80..=0.88).contains(&run.lowest_price), "broad low {}", run.lowest_price);
    close(run.thin_venue_low.unwrap(), 0.22, 0.01);
    for venue in &run.venues {
        close(venue.sold, 10_000.0, 1_000.0);
    }
    assert_eq!(run.venues.len(), 2);
    assert!(run.last_price > 0.96, "back at {}", run.last_price);
}

#[test]
fn with_an_oracle_of_the_rate_the_incident_liquidates_nobody() {
    let mut scenario = by_name("ezeth-2024-04").unwrap();
    scenario.market.oracle = Oracle::Nav;
    let run = run(&scenario).unwrap();
    assert_eq!((run.liquidations, run.bad_debt), (0, 0.0));
}

#[test]
fn the_discount_of_june_2022_is_near_six_per_cent() {
    let run = run(&by_name("steth-2022-06").unwrap()).unwrap();
    close(run.largest_discount, 0.06, 0.01);
    assert_eq!(run.liquidations, 0);
}

#[test]
fn a_small_slash_is_multiplied_by_loops() {
    let run = run(&by_name("slash-2pct").unwrap()).unwrap();
    close(run.holders.stayed, 0.02, 1e-12);
    assert!(run.liquidations > 0 && run.holders.looped > 3.0 * run.holders.stayed);
    assert!(run.largest_discount > 0.02);
}

#[test]
fn a_run_on_the_queue_lasts_as_long_as_the_queue_is_served() {
    let run = run(&by_name("queue-run").unwrap()).unwrap();
    // 250,000 asked within a week and what arbitrage brought, at 10,000 a day.
    let days = run.days_to_clear.unwrap();
    assert!(run.longest_queue > 180_000.0);
    close(days, run.longest_queue / 10_000.0, 1.0);
    assert!(run.days_below[0].1 > 0.0);
}

#[test]
fn scenarios_are_reproducible_and_read_back_from_their_file_form() {
    for name in NAMES {
        let scenario = by_name(name).unwrap();
        let again: Scenario = serde_json::from_str(&serde_json::to_string(&scenario).unwrap()).unwrap();
        assert_eq!(again, scenario);
        assert_eq!(run(&scenario).unwrap(), run(&again).unwrap());
    }
    assert!(by_name("nothing").is_none());
}

#[test]
fn bad_scenarios_are_refused_with_their_place() {
    let good = by_name("queue-run").unwrap();
    let refused = |change: &dyn Fn(&mut Scenario), part: &str| {
        let mut scenario = good.clone();
        change(&mut scenario);
        let message = run(&scenario).unwrap_err().to_string();
        assert!(message.contains(part) && !message.contains('\n'), "{message}");
    };
    refused(&|it| it.market.exchange.token = f64::NAN, "market.exchange.token: \"NaN\" is not");
    refused(&|it| it.market.exchange.ether = 0.0, "market.exchange.ether");
    refused(&|it| it.market.borrowers[0].debt = -1.0, "market.borrowers[0].debt: -1 is negative");
    refused(&|it| it.market.borrowers[1].threshold = 2.0, "market.borrowers[1].threshold: 2 is outside");
    refused(&|it| it.events[0].slash = 1.5, "events[0].slash: 1.5 is outside");
    refused(&|it| it.step_minutes = 0, "step_minutes");
    refused(&|it| it.hours = u32::MAX, "hours");
    refused(&|it| it.market.arbitrage.capital = f64::INFINITY, "market.arbitrage.capital");
}

proptest! {
    #[test]
    fn ether_is_neither_made_nor_lost(
        sales in prop::collection::vec(0.0f64..3_000.0, 1..40),
        capital in 0.0f64..20_000.0,
        debts in prop::collection::vec(0.3f64..0.94, 0..6),
    ) {
        let groups: Vec<(f64, f64, f64)> = debts.iter().map(|it| (2_000.0, 2_000.0 * it, 0.945)).collect();
        let mut start = market(Oracle::Market, &groups);
        start.queue = Queue { open: true, delay_days: 14.0, per_day: 1_000.0, waiting: 0.0 };
        start.arbitrage = Arbitrage { capital, per_hour: capital, required_return: 0.2, patience_days: None };
        let product = start.exchange.token * start.exchange.ether;
        let before = start.exchange.ether + capital;
        let mut running = Running::new(start, 60);
        let mut paid = 0.0;
        for sale in sales {
            let moved = running.step(Flow { sale, ..Flow::default() });
            paid += moved.sale_paid + moved.liquidations.iter().map(|it| it.proceeds).sum::<f64>();
            let exchange = running.market.exchange;
            prop_assert!((exchange.token * exchange.ether / product - 1.0).abs() < 1e-9);
        }
        let after = running.market.exchange.ether + running.market.arbitrage.capital;
        prop_assert!((before - after - paid).abs() < 1e-6 * before);
    }
}

#[test]
fn events_add_up_to_what_they_say() {
    let mut scenario = by_name("queue-run").unwrap();
    scenario.events = vec![
        Event { hour: 1.5, hours: 10.0, slash: 0.0, sale: 100.0, redemption: 7.0 },
        Event { hour: 3.0, hours: 0.0, slash: 0.1, sale: 5.0, redemption: 0.0 },
        Event { hour: 3.2, hours: 0.0, slash: 0.1, sale: 0.0, redemption: 0.0 },
    ];
    let flows: Vec<Flow> = (0..scenario.steps()).map(|step| scenario.flow(step)).collect();
    close(flows.iter().map(|it| it.sale).sum(), 105.0, 1e-9);
    close(flows.iter().map(|it| it.redemption).sum(), 7.0, 1e-9);
    close(flows[3].slash, 0.19, 1e-12);
}
