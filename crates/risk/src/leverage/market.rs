//! A liquid token's market, a step at a time: exchange, redemption queue, lenders, arbitrage. Each step runs what comes
//! from outside, then trades, liquidations and the queue until nothing more moves. Amounts are tokens or ether.

use super::exchange::{Exchange, queue_discount};
use serde::{Deserialize, Serialize};

/// Ether that cannot be told from nothing, in the market's own unit.
const DUST: f64 = 1e-9;
/// Hours of a day.
const HOURS_A_DAY: f64 = 24.0;

/// What lenders believe the token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Oracle {
    /// The exchange's price now.
    Market,
    /// What a token redeems for.
    Nav,
    /// The exchange's mean price over the last minutes.
    Average {
        /// Length of the window.
        minutes: u32,
    },
}

impl Oracle {
    /// `market`, `nav` or `average:MINUTES`.
    pub fn of(name: &str) -> Option<Self> {
        match name.split_once(':') {
            None if name == "market" => Some(Self::Market),
            None if name == "nav" => Some(Self::Nav),
            Some(("average", minutes)) => minutes.parse().ok().map(|minutes| Self::Average { minutes }),
            _ => None,
        }
    }

    /// The name under which [`Self::of`] finds it.
    pub fn name(self) -> String {
        match self {
            Self::Market => "market".into(),
            Self::Nav => "nav".into(),
            Self::Average { minutes } => format!("average:{minutes}"),
        }
    }
}

/// Borrowers alike: what they pledged, owe, and when their lender sells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Borrowers {
    /// The lender.
    pub venue: String,
    /// Tokens pledged.
    pub collateral: f64,
    /// Ether owed.
    pub debt: f64,
    /// Debt over collateral at which the lender sells, 0 to 1.
    pub threshold: f64,
}

/// The redemption queue.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Whether redemption is possible at all.
    pub open: bool,
    /// Days from request to payment when nobody waits.
    pub delay_days: f64,
    /// Tokens served a day.
    pub per_day: f64,
    /// Tokens waiting.
    pub waiting: f64,
}

/// Those who buy below what a token will redeem for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arbitrage {
    /// Ether left to spend.
    pub capital: f64,
    /// Most of it that arrives in an hour.
    pub per_hour: f64,
    /// Return that they want a year.
    pub required_return: f64,
    /// Days until redemption that they reckon with while it is closed; without a figure they stay away.
    pub patience_days: Option<f64>,
}

/// The whole market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// Where tokens trade: all venues as one.
    pub exchange: Exchange,
    /// Ether for which a token redeems.
    pub rate: f64,
    /// Redemptions.
    pub queue: Queue,
    /// Loans on tokens.
    pub borrowers: Vec<Borrowers>,
    /// What lenders believe.
    pub oracle: Oracle,
    /// Buyers of cheap tokens.
    pub arbitrage: Arbitrage,
}

/// One group sold by its lender.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Liquidation {
    /// The lender.
    pub venue: String,
    /// Step in which it happened.
    pub step: u32,
    /// Tokens sold.
    pub sold: f64,
    /// Ether that the sale paid.
    pub proceeds: f64,
    /// Ether owed before.
    pub debt: f64,
    /// Ether that the lender did not get back.
    pub bad_debt: f64,
}

/// Flows of a step that the market answers to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Share of the redemption rate that a slash takes, 0 to 1.
    pub slash: f64,
    /// Tokens sold by holders.
    pub sale: f64,
    /// Tokens that holders ask to redeem.
    pub redemption: f64,
}

/// What one step did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moved {
    /// Ether that holders got for what they sold.
    pub sale_paid: f64,
    /// Ether that redemptions paid out.
    pub redeemed: f64,
    /// Ether that arbitrage spent.
    pub arbitrage_spent: f64,
    /// Liquidations, in order.
    pub liquidations: Vec<Liquidation>,
}

/// A market with the prices that its oracle remembers.
#[derive(Clone, Debug)]
pub struct Running {
    /// The market as it stands.
    pub market: Market,
    /// Length of a step.
    step_minutes: u32,
    /// Prices at the end of each step so far, the latest last.
    prices: Vec<f64>,
    step: u32,
}

impl Running {
    /// Before the first step.
    pub fn new(market: Market, step_minutes: u32) -> Self {
        let prices = vec![market.exchange.price()];
        Self { market, step_minutes, prices, step: 0 }
    }

    /// Price over redemption rate, less 1: how far below it the token trades.
    pub fn discount(&self) -> f64 {
        1.0 - self.market.exchange.price() / self.market.rate
    }

    /// The price by which lenders judge.
    pub fn oracle_price(&self) -> f64 {
        match self.market.oracle {
            Oracle::Market => self.market.exchange.price(),
            Oracle::Nav => self.market.rate,
            Oracle::Average { minutes } => {
                let steps = minutes.div_ceil(self.step_minutes.max(1)).max(1) as usize;
                // Of the window, the present takes one step; the rest are the ends of the steps before.
                let past = self.prices.iter().rev().take(steps.saturating_sub(1));
                let count = past.len() as f64 + 1.0;
                (past.sum::<f64>() + self.market.exchange.price()) / count
            }
        }
    }

    /// Runs one step.
    pub fn step(&mut self, flow: Flow) -> Moved {
        let hours = f64::from(self.step_minutes) / 60.0;
        let mut moved = Moved::default();
        self.market.rate *= 1.0 - flow.slash;
        if flow.sale > 0.0 {
            moved.sale_paid = self.market.exchange.sell(flow.sale);
        }
        if self.market.queue.open {
            self.market.queue.waiting += flow.redemption;
        }
        let mut budget = self.market.arbitrage.per_hour * hours;
        loop {
            let spent = self.buy_cheap(budget);
            budget -= spent;
            moved.arbitrage_spent += spent;
            match self.liquidate_worst() {
                Some(liquidation) => moved.liquidations.push(liquidation),
                None => break,
            }
        }
        if self.market.queue.open {
            let served = self.market.queue.waiting.min(self.market.queue.per_day * hours / HOURS_A_DAY);
            self.market.queue.waiting -= served;
            moved.redeemed = served * self.market.rate;
        }
        self.prices.push(self.market.exchange.price());
        self.step = self.step.saturating_add(1);
        moved
    }

    /// The price below which buying pays, if anybody reckons with redemption.
    fn floor(&self) -> Option<f64> {
        let (queue, arbitrage) = (&self.market.queue, &self.market.arbitrage);
        let required = arbitrage.required_return;
        let discount = match (queue.open, arbitrage.patience_days) {
            (true, _) => queue_discount(queue.delay_days, queue.waiting, queue.per_day, required),
            (false, Some(days)) => queue_discount(days, 0.0, 1.0, required),
            (false, None) => return None,
        };
        Some(self.market.rate * (1.0 - discount))
    }

    fn buy_cheap(&mut self, budget: f64) -> f64 {
        let Some(floor) = self.floor() else { return 0.0 };
        let purse = budget.min(self.market.arbitrage.capital);
        let (tokens, ether) = self.market.exchange.buy_up_to(floor, purse);
        if ether <= DUST {
            return 0.0;
        }
        self.market.arbitrage.capital -= ether;
        if self.market.queue.open {
            self.market.queue.waiting += tokens;
        }
        ether
    }

    /// Sells the collateral of the group that is deepest under water by the oracle, if any is.
    fn liquidate_worst(&mut self) -> Option<Liquidation> {
        let price = self.oracle_price();
        let depth = |it: &Borrowers| it.debt / (it.threshold * price * it.collateral);
        let open = self.market.borrowers.iter().enumerate().filter(|(_, it)| it.collateral > 0.0);
        let (index, _) = open
            .map(|(index, it)| (index, depth(it)))
            .filter(|(_, depth)| *depth > 1.0)
            .reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let group = self.market.borrowers.get_mut(index)?;
        let (sold, debt) = (std::mem::take(&mut group.collateral), std::mem::take(&mut group.debt));
        let venue = group.venue.clone();
        let proceeds = self.market.exchange.sell(sold);
        let bad_debt = (debt - proceeds).max(0.0);
        Some(Liquidation { venue, step: self.step, sold, proceeds, debt, bad_debt })
    }
}
