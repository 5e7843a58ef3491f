//! Pooled against isolated security: what it costs to corrupt one service when each brings its own stake, when all
//! share one pool, and when stake is allocated uniquely. Both readings of the pool always stand together.

use crate::{Error, Ratio};
use serde::Serialize;

/// Most services of the comparison.
pub const MAX_SERVICES: u64 = 1_000_000;
/// Most stake of one service, in whole units.
pub const MAX_STAKE: u128 = 1 << 80;

/// Cost of attack in whole units of value (dollars, ether), rounded down: never flattering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pool {
    /// Number of services.
    pub services: u64,
    /// Stake that each would have alone.
    pub stake: u128,
    /// All stake together.
    pub pooled_stake: u128,
    /// Cost of corrupting one service that stands alone: θ·stake.
    pub isolated: u128,
    /// Capital to corrupt one service of a pool: θ·(services·stake).
    pub pooled: u128,
    /// The same capital spread over an attack on all services at once: what each of them is worth to the attacker's purse.
    pub pooled_each: u128,
    /// Cost of corrupting one service when every operator splits its stake evenly over all services (unique allocation).
    pub unique: u128,
    /// How many times dearer an attack on one service is in the pool.
    pub times: u64,
}

/// Compares `services` services of `stake` each at the threshold `theta`.
///
/// # Errors
/// No service or stake, or more than the limits.
pub fn pool(services: u64, stake: u128, theta: Ratio) -> Result<Pool, Error> {
    let outside =
        |place: &str, text: String, range: String| Error::OutOfRange { place: place.into(), text, range };
    if services == 0 || services > MAX_SERVICES {
        return Err(outside("services", services.to_string(), format!("[1, {MAX_SERVICES}]")));
    }
    if stake == 0 || stake > MAX_STAKE {
        return Err(outside("stake", stake.to_string(), format!("[1, {MAX_STAKE}]")));
    }
    let floor = |amount: u128| {
        amount / u128::from(theta.den) * u128::from(theta.num)
            + amount % u128::from(theta.den) * u128::from(theta.num) / u128::from(theta.den)
    };
    let pooled_stake = stake * u128::from(services);
    let pooled = floor(pooled_stake);
    Ok(Pool {
        services,
        stake,
        pooled_stake,
        isolated: floor(stake),
        pooled,
        pooled_each: pooled / u128::from(services),
        // An even split gives every service the stake that it would have alone.
        unique: floor(stake),
        times: services,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_services_of_a_billion_are_the_explainers_example() {
        let million = 1_000_000u128;
        let answer = pool(100, 1_000 * million, Ratio::THIRD).unwrap();
        assert_eq!(answer.isolated / 100_000, 3_333); // 333.3 million
        assert_eq!(answer.pooled / (10 * million), 3_333); // 33.33 billion
        assert_eq!(answer.times, 100);
        assert_eq!(answer.pooled_each, answer.isolated);
        assert_eq!(answer.unique, answer.isolated);
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert!(pool(0, 1, Ratio::THIRD).is_err());
        assert!(pool(1, 0, Ratio::THIRD).is_err());
        assert!(pool(u64::MAX, 1, Ratio::THIRD).is_err());
        assert!(pool(1, u128::MAX, Ratio::THIRD).is_err());
    }
}
