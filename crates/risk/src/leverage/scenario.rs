//! The scenarios that come with the engine, and how one is read from a file. Dated facts stand beside what is assumed:
//! the size of a market and the order of events are public, depth and borrowers are calibrated to what was reported.

use super::{
    exchange::Exchange,
    market::{Arbitrage, Borrowers, Flow, Market, Oracle, Queue},
};
use crate::Error;
use serde::{Deserialize, Serialize};

/// Most steps of a scenario: ten years of hours.
pub const MAX_STEPS: u32 = 87_600;
/// Most groups of borrowers.
pub const MAX_BORROWERS: usize = 10_000;
/// Largest amount of tokens or ether.
const MAX_AMOUNT: f64 = 1e12;
/// Longest step, in minutes: a day.
const MAX_STEP_MINUTES: u32 = 1_440;

/// Something from outside, spread evenly over its hours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Hour at which it begins.
    pub hour: f64,
    /// Hours that it lasts; 0 is one step.
    #[serde(default)]
    pub hours: f64,
    /// Share of the redemption rate that a slash takes at the beginning.
    #[serde(default)]
    pub slash: f64,
    /// Tokens sold.
    #[serde(default)]
    pub sale: f64,
    /// Tokens asked to be redeemed.
    #[serde(default)]
    pub redemption: f64,
}

/// A market and what happens to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it tells, and what in it is fact or assumption.
    pub about: String,
    /// The market before.
    pub market: Market,
    /// A single thin venue, apart from the market: its low is what screens showed.
    #[serde(default)]
    pub thin: Option<ThinVenue>,
    /// What happens.
    pub events: Vec<Event>,
    /// Minutes of a step.
    pub step_minutes: u32,
    /// Hours in all.
    pub hours: u32,
}

/// A small pool that one sale empties.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThinVenue {
    /// Its reserves.
    pub exchange: Exchange,
    /// Tokens of that one sale.
    pub sale: f64,
}

/// The names that [`by_name`] knows.
pub const NAMES: [&str; 4] = ["ezeth-2024-04", "steth-2022-06", "slash-2pct", "queue-run"];

/// A scenario that comes with the engine.
pub fn by_name(name: &str) -> Option<Scenario> {
    match name {
        "ezeth-2024-04" => Some(ezeth_2024_04()),
        "steth-2022-06" => Some(steth_2022_06()),
        "slash-2pct" => Some(slash_of_two_per_cent()),
        "queue-run" => Some(queue_run()),
        _ => None,
    }
}

impl Scenario {
    /// Steps in all.
    pub fn steps(&self) -> u32 {
        self.hours.saturating_mul(60).checked_div(self.step_minutes).unwrap_or(0)
    }

    /// What comes from outside in one step.
    pub fn flow(&self, step: u32) -> Flow {
        let length = f64::from(self.step_minutes) / 60.0;
        let (from, to) = (f64::from(step) * length, (f64::from(step) + 1.0) * length);
        let mut flow = Flow::default();
        for event in &self.events {
            let begins = event.hour >= from && event.hour < to;
            let lasting = event.hours.max(length);
            let inside = (to.min(event.hour + lasting) - from.max(event.hour)).max(0.0);
            // An event shorter than a step falls whole into the step in which it begins.
            let part = if event.hours <= length { f64::from(u8::from(begins)) } else { inside / lasting };
            flow.sale += event.sale * part;
            flow.redemption += event.redemption * part;
            if begins {
                flow.slash = 1.0 - (1.0 - flow.slash) * (1.0 - event.slash);
            }
        }
        flow
    }

    /// Refuses what cannot be simulated.
    ///
    /// # Errors
    /// A figure outside its range, with its place.
    pub fn check(&self) -> Result<(), Error> {
        let amount = |place: String, value: f64| within(place, value, 0.0, MAX_AMOUNT);
        let share = |place: String, value: f64| within(place, value, 0.0, 1.0);
        let market = &self.market;
        within("market.exchange.token".into(), market.exchange.token, 1e-9, MAX_AMOUNT)?;
        within("market.exchange.ether".into(), market.exchange.ether, 1e-9, MAX_AMOUNT)?;
        within("market.rate".into(), market.rate, 1e-9, 1e9)?;
        amount("market.queue.delay_days".into(), market.queue.delay_days)?;
        amount("market.queue.per_day".into(), market.queue.per_day)?;
        amount("market.queue.waiting".into(), market.queue.waiting)?;
        amount("market.arbitrage.capital".into(), market.arbitrage.capital)?;
        amount("market.arbitrage.per_hour".into(), market.arbitrage.per_hour)?;
        within("market.arbitrage.required_return".into(), market.arbitrage.required_return, 0.0, 100.0)?;
        if let Some(days) = market.arbitrage.patience_days {
            within("market.arbitrage.patience_days".into(), days, 0.0, 36_500.0)?;
        }
        if market.borrowers.len() > MAX_BORROWERS {
            let (what, count) = ("groups of borrowers", market.borrowers.len());
            return Err(Error::TooLarge { what, count, limit: MAX_BORROWERS });
        }
        for (index, group) in market.borrowers.iter().enumerate() {
            amount(format!("market.borrowers[{index}].collateral"), group.collateral)?;
            amount(format!("market.borrowers[{index}].debt"), group.debt)?;
            within(format!("market.borrowers[{index}].threshold"), group.threshold, 1e-9, 1.0)?;
        }
        if let Some(thin) = &self.thin {
            within("thin.exchange.token".into(), thin.exchange.token, 1e-9, MAX_AMOUNT)?;
            within("thin.exchange.ether".into(), thin.exchange.ether, 1e-9, MAX_AMOUNT)?;
            amount("thin.sale".into(), thin.sale)?;
        }
        for (index, event) in self.events.iter().enumerate() {
            within(format!("events[{index}].hour"), event.hour, 0.0, f64::from(MAX_STEPS))?;
            within(format!("events[{index}].hours"), event.hours, 0.0, f64::from(MAX_STEPS))?;
            share(format!("events[{index}].slash"), event.slash)?;
            amount(format!("events[{index}].sale"), event.sale)?;
            amount(format!("events[{index}].redemption"), event.redemption)?;
        }
        within("step_minutes".into(), f64::from(self.step_minutes), 1.0, f64::from(MAX_STEP_MINUTES))?;
        within("hours".into(), f64::from(self.steps()), 1.0, f64::from(MAX_STEPS))
    }
}

fn within(place: String, value: f64, least: f64, most: f64) -> Result<(), Error> {
    if !value.is_finite() {
        return Err(Error::NotANumber { place, text: value.to_string(), wanted: "a finite number" });
    }
    if value < 0.0 {
        return Err(Error::Negative { place, text: value.to_string() });
    }
    if value < least || value > most {
        return Err(Error::OutOfRange {
            place,
            text: value.to_string(),
            range: format!("[{least}, {most}]"),
        });
    }
    Ok(())
}

fn borrowers(venue: &str, rows: &[(f64, f64)], threshold: f64) -> Vec<Borrowers> {
    let group = |(collateral, loan_to_value): &(f64, f64)| Borrowers {
        venue: venue.into(),
        collateral: *collateral,
        debt: collateral * loan_to_value,
        threshold,
    };
    rows.iter().map(group).collect()
}

/// The last week of April 2024: an airdrop's terms disappoint, redemption is not open yet, the token is sold on exchanges.
fn ezeth_2024_04() -> Scenario {
    let mut groups = borrowers(
        "lender A",
        &[(5_300.0, 0.800), (3_200.0, 0.775), (2_150.0, 0.752), (2_600.0, 0.640), (4_000.0, 0.520)],
        0.86,
    );
    groups.extend(borrowers("lender B", &[(6_200.0, 0.790), (3_700.0, 0.760), (5_000.0, 0.600)], 0.86));
    Scenario {
        name: "ezeth-2024-04".into(),
        about: "24 April 2024. Reported: about 1.05 M tokens, redemption not open, one venue near 0.2, the broad low \
                0.80 to 0.88, about 10,000 tokens sold by each of two lenders, 0.971 paid by one buyer later. Assumed: \
                depth, how many sold in which hour, borrowers' loan to value, buyers' patience and pace"
            .into(),
        market: Market {
            exchange: Exchange { token: 290_000.0, ether: 290_000.0 },
            rate: 1.0,
            queue: Queue { open: false, delay_days: 7.0, per_day: 10_000.0, waiting: 0.0 },
            borrowers: groups,
            oracle: Oracle::Market,
            arbitrage: Arbitrage {
                capital: 60_000.0,
                per_hour: 3_000.0,
                required_return: 0.20,
                patience_days: Some(45.0),
            },
        },
        thin: Some(ThinVenue { exchange: Exchange { token: 900.0, ether: 900.0 }, sale: 1_030.0 }),
        events: vec![
            Event { hour: 1.0, hours: 1.0, slash: 0.0, sale: 6_000.0, redemption: 0.0 },
            Event { hour: 2.5, hours: 0.5, slash: 0.0, sale: 9_000.0, redemption: 0.0 },
            Event { hour: 3.0, hours: 20.0, slash: 0.0, sale: 12_000.0, redemption: 0.0 },
        ],
        step_minutes: 5,
        hours: 72,
    }
}

/// June 2022: a token without redemption, large holders forced to sell; lenders' thresholds were not reached.
fn steth_2022_06() -> Scenario {
    Scenario {
        name: "steth-2022-06".into(),
        about: "June 2022. Reported: redemption did not exist, the discount reached about 6 %. Assumed: depth, the pace \
                of sales, borrowers, buyers who wait for a year"
            .into(),
        market: Market {
            exchange: Exchange { token: 600_000.0, ether: 600_000.0 },
            rate: 1.0,
            queue: Queue { open: false, delay_days: 1.0, per_day: 57_600.0, waiting: 0.0 },
            borrowers: borrowers("lender A", &[(300_000.0, 0.55), (200_000.0, 0.68), (90_000.0, 0.74)], 0.83),
            oracle: Oracle::Market,
            arbitrage: Arbitrage {
                capital: 40_000.0,
                per_hour: 400.0,
                required_return: 0.06,
                patience_days: Some(365.0),
            },
        },
        thin: None,
        events: vec![
            Event { hour: 24.0, hours: 72.0, slash: 0.0, sale: 9_000.0, redemption: 0.0 },
            Event { hour: 120.0, hours: 48.0, slash: 0.0, sale: 11_500.0, redemption: 0.0 },
        ],
        step_minutes: 60,
        hours: 24 * 30,
    }
}

/// A slash of 2 % on a looped token: the first loss is small, what lenders sell after it is not.
fn slash_of_two_per_cent() -> Scenario {
    Scenario {
        name: "slash-2pct".into(),
        about: "A service takes 2 % of the stake behind a token of 1 M; redemption is open and holders ask for a tenth. \
                All figures are assumptions: put your own into a file"
            .into(),
        market: Market {
            exchange: Exchange { token: 60_000.0, ether: 60_000.0 },
            rate: 1.0,
            queue: Queue { open: true, delay_days: 14.0, per_day: 10_000.0, waiting: 5_000.0 },
            borrowers: borrowers("lender A", &[(12_000.0, 0.93), (14_000.0, 0.915), (20_000.0, 0.88)], 0.945),
            oracle: Oracle::Market,
            arbitrage: Arbitrage { capital: 30_000.0, per_hour: 1_000.0, required_return: 0.2, patience_days: None },
        },
        thin: None,
        events: vec![
            Event { hour: 24.0, hours: 0.0, slash: 0.02, sale: 0.0, redemption: 0.0 },
            Event { hour: 24.0, hours: 12.0, slash: 0.0, sale: 3_000.0, redemption: 0.0 },
            Event { hour: 24.0, hours: 72.0, slash: 0.0, sale: 0.0, redemption: 100_000.0 },
        ],
        step_minutes: 60,
        hours: 24 * 90,
    }
}

/// Holders leave through the queue, without a slash: how long it takes and what leaving early costs.
fn queue_run() -> Scenario {
    Scenario {
        name: "queue-run".into(),
        about: "A quarter of a token of 1 M asks to redeem within a week. All figures are assumptions: put your own into \
                a file"
            .into(),
        market: Market {
            exchange: Exchange { token: 60_000.0, ether: 60_000.0 },
            rate: 1.0,
            queue: Queue { open: true, delay_days: 14.0, per_day: 10_000.0, waiting: 0.0 },
            borrowers: borrowers("lender A", &[(20_000.0, 0.9), (20_000.0, 0.8)], 0.945),
            oracle: Oracle::Nav,
            arbitrage: Arbitrage { capital: 50_000.0, per_hour: 2_000.0, required_return: 0.2, patience_days: None },
        },
        thin: None,
        events: vec![
            Event { hour: 24.0, hours: 168.0, slash: 0.0, sale: 0.0, redemption: 250_000.0 },
            Event { hour: 48.0, hours: 96.0, slash: 0.0, sale: 12_000.0, redemption: 0.0 },
        ],
        step_minutes: 60,
        hours: 24 * 90,
    }
}
