//! An exchange of liquid token against ether by the constant-product rule, without fee: what a sale pays, and how far
//! it moves the price. Also the price at which waiting in the redemption queue is worth as much as selling.

use serde::{Deserialize, Serialize};

/// Days of a year, for rates.
pub const DAYS_A_YEAR: f64 = 365.0;

/// Reserves of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Liquid tokens.
    pub token: f64,
    /// Ether.
    pub ether: f64,
}

impl Exchange {
    /// Ether for one token at the margin.
    pub fn price(&self) -> f64 {
        if self.token > 0.0 { self.ether / self.token } else { 0.0 }
    }

    /// Sells tokens; returns the ether paid.
    pub fn sell(&mut self, tokens: f64) -> f64 {
        let product = self.token * self.ether;
        let token = self.token + tokens;
        let ether = product / token;
        let paid = self.ether - ether;
        (self.token, self.ether) = (token, ether);
        paid
    }

    /// Buys tokens with ether until the price reaches `target` or `purse` is spent; returns (tokens, ether spent).
    pub fn buy_up_to(&mut self, target: f64, purse: f64) -> (f64, f64) {
        if target <= self.price() || purse <= 0.0 {
            return (0.0, 0.0);
        }
        let product = self.token * self.ether;
        // At price p the reserves are sqrt(k/p) tokens and sqrt(k·p) ether.
        let ether = (product * target).sqrt().min(self.ether + purse);
        let token = product / ether;
        let bought = (self.token - token, ether - self.ether);
        (self.token, self.ether) = (token, ether);
        bought
    }
}

/// Discount at which holders who want `required_return` a year are indifferent between selling and a redemption that
/// takes `delay_days` and then stands behind `waiting` tokens of which `per_day` are served.
pub fn queue_discount(delay_days: f64, waiting: f64, per_day: f64, required_return: f64) -> f64 {
    let days = delay_days + if per_day > 0.0 { waiting / per_day } else { f64::INFINITY };
    1.0 - (-required_return * days / DAYS_A_YEAR).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_pool_sold_pays_a_fifth_of_its_ether() {
        let mut exchange = Exchange { token: 40_000.0, ether: 40_000.0 };
        assert!((exchange.sell(10_000.0) - 8_000.0).abs() < 1e-9);
        assert!((exchange.price() - 0.64).abs() < 1e-12);
    }

    #[test]
    fn buying_back_what_was_sold_costs_what_it_paid() {
        let mut exchange = Exchange { token: 40_000.0, ether: 40_000.0 };
        let paid = exchange.sell(4_000.0);
        let (tokens, ether) = exchange.buy_up_to(1.0, f64::INFINITY);
        assert!((tokens - 4_000.0).abs() < 1e-6 && (ether - paid).abs() < 1e-6);
        let (nothing, _) = exchange.buy_up_to(0.9, 1e9);
        assert_eq!(nothing, 0.0);
    }

    #[test]
    fn a_backed_up_queue_costs_a_hundredth() {
        assert!((queue_discount(14.0, 50_000.0, 10_000.0, 0.2) - 0.010357).abs() < 5e-7);
        assert_eq!(queue_discount(14.0, 1.0, 0.0, 0.2), 1.0);
    }
}
