//! Leverage on liquid tokens: loops of stake, token, loan and stake again; a depeg while redemptions back up; the
//! liquidations that follow. A run is a function of its scenario: no chance, no clock.

pub mod exchange;
pub mod loops;
pub mod market;
pub mod scenario;

pub use loops::{Loop, liquidation_price, return_on_equity};
pub use market::{Liquidation, Market, Oracle};
pub use scenario::{Scenario, by_name};

use crate::Error;
use market::Running;
use serde::Serialize;
use std::collections::BTreeMap;

/// Discounts whose length is reported: days during which the token was worth less than this share of its rate.
pub const MARKS: [f64; 3] = [0.99, 0.95, 0.90];
/// Minutes of a day.
const MINUTES_A_DAY: f64 = 1_440.0;

/// The market at the end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Hours since the beginning.
    pub hour: f64,
    /// Ether for a token on the exchange.
    pub price: f64,
    /// Ether for which a token redeems.
    pub rate: f64,
    /// Price by which lenders judged.
    pub oracle: f64,
    /// Tokens waiting in the queue.
    pub queue: f64,
    /// Tokens that lenders have sold so far.
    pub liquidated: f64,
    /// Ether that lenders have lost so far.
    pub bad_debt: f64,
}

/// What a lender went through.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Venue {
    /// Its name.
    pub venue: String,
    /// Tokens sold.
    pub sold: f64,
    /// Ether lost.
    pub bad_debt: f64,
    /// Groups of borrowers sold.
    pub liquidations: u32,
    /// Ether of borrowers' own that the liquidations took: collateral at the rate, less debt, less what was left over.
    pub equity_lost: f64,
}

/// Loss of a token's holders by what they did, as a share of the value at the rate before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Holders {
    /// Who sold on the exchange when others did.
    pub sold: f64,
    /// Who sold at the lowest price.
    pub sold_at_the_low: f64,
    /// Who stayed to the end and redeems at the rate.
    pub stayed: f64,
    /// Who looped and was liquidated: share of their equity.
    pub looped: f64,
}

/// A run with its summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// The scenario's name.
    pub scenario: String,
    /// What it tells.
    pub about: String,
    /// The oracle that lenders used.
    pub oracle: String,
    /// Lowest price on the exchange.
    pub lowest_price: f64,
    /// Hour of the lowest price.
    pub lowest_hour: f64,
    /// Largest discount to the redemption rate, 0 to 1.
    pub largest_discount: f64,
    /// Price at the end.
    pub last_price: f64,
    /// Lowest price on the thin venue, if the scenario has one.
    pub thin_venue_low: Option<f64>,
    /// Days below each of [`MARKS`].
    pub days_below: Vec<(f64, f64)>,
    /// Most tokens that waited at once.
    pub longest_queue: f64,
    /// Days from the longest queue until nobody waited; `None` if some still wait at the end.
    pub days_to_clear: Option<f64>,
    /// Tokens that lenders sold.
    pub liquidated: f64,
    /// Groups of borrowers sold.
    pub liquidations: u32,
    /// Ether that lenders lost.
    pub bad_debt: f64,
    /// Each lender.
    pub venues: Vec<Venue>,
    /// Loss by what holders did.
    pub holders: Holders,
    /// The path, one point a step.
    pub path: Vec<Point>,
}

/// What adds up over the steps of a run.
#[derive(Default)]
struct Tally {
    sold: f64,
    sold_for: f64,
    liquidated: f64,
    bad_debt: f64,
    venues: BTreeMap<String, Venue>,
}

impl Tally {
    fn count(&mut self, liquidation: &Liquidation, rate: f64) {
        let venue = self.venues.entry(liquidation.venue.clone()).or_default();
        venue.sold += liquidation.sold;
        venue.bad_debt += liquidation.bad_debt;
        venue.liquidations = venue.liquidations.saturating_add(1);
        let left = (liquidation.proceeds - liquidation.debt).max(0.0);
        venue.equity_lost += (liquidation.sold * rate - liquidation.debt - left).max(0.0);
        self.liquidated += liquidation.sold;
        self.bad_debt += liquidation.bad_debt;
    }
}

/// Runs a scenario.
///
/// # Errors
/// A figure of the scenario is outside its range.
pub fn run(scenario: &Scenario) -> Result<Run, Error> {
    scenario.check()?;
    let mut running = Running::new(scenario.market.clone(), scenario.step_minutes);
    let mut tally = Tally::default();
    let mut path = Vec::with_capacity(scenario.steps() as usize);
    for step in 0..scenario.steps() {
        let flow = scenario.flow(step);
        let moved = running.step(flow);
        tally.sold += flow.sale;
        tally.sold_for += moved.sale_paid;
        for liquidation in &moved.liquidations {
            tally.count(liquidation, running.market.rate);
        }
        path.push(Point {
            hour: (f64::from(step) + 1.0) * f64::from(scenario.step_minutes) / 60.0,
            price: running.market.exchange.price(),
            rate: running.market.rate,
            oracle: running.oracle_price(),
            queue: running.market.queue.waiting,
            liquidated: tally.liquidated,
            bad_debt: tally.bad_debt,
        });
    }
    Ok(summary(scenario, tally, path))
}

fn summary(scenario: &Scenario, tally: Tally, path: Vec<Point>) -> Run {
    let first_rate = scenario.market.rate;
    let lowest = path.iter().copied().reduce(|low, next| if next.price < low.price { next } else { low });
    let (lowest_price, lowest_hour) = lowest.map_or((0.0, 0.0), |point| (point.price, point.hour));
    let step_days = f64::from(scenario.step_minutes) / MINUTES_A_DAY;
    let below = |mark: f64| path.iter().filter(|it| it.price < mark * it.rate).count() as f64 * step_days;
    let longest = path.iter().copied().reduce(|most, next| if next.queue > most.queue { next } else { most });
    let days_to_clear = longest.and_then(|most| {
        let clear = path.iter().find(|point| point.hour >= most.hour && point.queue <= 1e-6);
        clear.map(|point| (point.hour - most.hour) / 24.0)
    });
    let thin_venue_low = scenario.thin.map(|thin| {
        let mut exchange = thin.exchange;
        exchange.sell(thin.sale);
        exchange.price()
    });
    let last = path.last();
    Run {
        scenario: scenario.name.clone(),
        about: scenario.about.clone(),
        oracle: scenario.market.oracle.name(),
        lowest_price,
        lowest_hour,
        largest_discount: path.iter().map(|it| 1.0 - it.price / it.rate).fold(0.0, f64::max),
        last_price: last.map_or(0.0, |point| point.price),
        thin_venue_low,
        days_below: MARKS.iter().map(|mark| (*mark, below(*mark))).collect(),
        longest_queue: longest.map_or(0.0, |point| point.queue),
        days_to_clear,
        liquidated: tally.liquidated,
        liquidations: tally.venues.values().map(|venue| venue.liquidations).sum(),
        bad_debt: tally.bad_debt,
        holders: holders(scenario, &tally, first_rate, lowest_price, last.map_or(first_rate, |it| it.rate)),
        venues: tally.venues.into_iter().map(|(venue, it)| Venue { venue, ..it }).collect(),
        path,
    }
}

fn holders(scenario: &Scenario, tally: &Tally, first_rate: f64, lowest: f64, last_rate: f64) -> Holders {
    let equity = |it: &market::Borrowers| (it.collateral * first_rate - it.debt).max(0.0);
    let before: f64 = scenario.market.borrowers.iter().map(equity).sum();
    let lost: f64 = tally.venues.values().map(|venue| venue.equity_lost).sum();
    let slashed = 1.0 - last_rate / first_rate;
    Holders {
        sold: if tally.sold > 0.0 { 1.0 - tally.sold_for / (tally.sold * first_rate) } else { 0.0 },
        sold_at_the_low: 1.0 - lowest / first_rate,
        stayed: slashed,
        looped: if before > 0.0 { (lost / before).min(1.0) } else { 0.0 },
    }
}
