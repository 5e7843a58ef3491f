//! The arithmetic of a loop: stake, take the liquid token, borrow ether on it, stake that, and again. What leverage it
//! gives, what it earns, and at which price of the token a lender sells it.

use serde::Serialize;

/// A looped position, in ether at the token's redemption rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Loop {
    /// Collateral.
    pub collateral: f64,
    /// Debt.
    pub debt: f64,
}

impl Loop {
    /// `rounds` times borrowing `loan_to_value` of what was staked last, from `equity`.
    pub fn build(equity: f64, loan_to_value: f64, rounds: u32) -> Self {
        let mut position = Self { collateral: equity, debt: 0.0 };
        let mut staked = equity;
        for _ in 0..rounds {
            staked *= loan_to_value;
            position.collateral += staked;
            position.debt += staked;
        }
        position
    }

    /// The largest loop whose health factor is `health` under a liquidation threshold.
    pub fn at_health(equity: f64, threshold: f64, health: f64) -> Self {
        let leverage = 1.0 / (1.0 - threshold / health);
        Self { collateral: equity * leverage, debt: equity * (leverage - 1.0) }
    }

    /// Collateral over equity: 1/(1 − debt/collateral).
    pub fn leverage(&self) -> f64 {
        1.0 / (1.0 - self.debt / self.collateral)
    }
}

/// Price over redemption rate below which a loop of this leverage is liquidated: (1 − 1/L)/ℓ.
pub fn liquidation_price(leverage: f64, threshold: f64) -> f64 {
    (1.0 - 1.0 / leverage) / threshold
}

/// Return on equity a year: yield + (L − 1)·(yield − borrow rate).
pub fn return_on_equity(leverage: f64, yield_rate: f64, borrow_rate: f64) -> f64 {
    yield_rate + (leverage - 1.0) * (yield_rate - borrow_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leverage_at_a_health_of_1_01_is_what_lenders_allow() {
        assert!((Loop::at_health(1.0, 0.95, 1.01).leverage() - 16.83).abs() < 0.005);
        assert!((Loop::at_health(1.0, 0.965, 1.01).leverage() - 22.44).abs() < 0.005);
    }

    #[test]
    fn ten_times_loses_when_borrowing_costs_more_than_staking_pays() {
        assert!((return_on_equity(10.0, 0.0249, 0.0353) + 0.0687).abs() < 1e-9);
        assert_eq!(return_on_equity(1.0, 0.03, 0.5), 0.03);
    }

    #[test]
    fn rounds_of_borrowing_approach_the_limit_of_the_series() {
        let position = Loop::build(1.0, 0.8, 200);
        assert!((position.leverage() - 5.0).abs() < 1e-9);
        assert!((position.collateral - position.debt - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_five_times_loop_is_sold_before_a_twentieth_is_lost() {
        assert!((liquidation_price(5.0, 0.85) - 0.941176).abs() < 1e-6);
    }
}
