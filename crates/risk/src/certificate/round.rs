//! Integer prices of a leaf, and the highest bound that they prove. The arithmetic is the checker's; where it would
//! overflow, the answer is that nothing is proved.

use super::Network;

/// Prices and bounds are multiples of one part in a million million, where sums leave room for that.
const FINE: u128 = 1_000_000_000_000;
/// And of one part in a thousand million where stakes are beyond any real network.
const COARSE: u128 = 1_000_000_000;

/// What a leaf decides.
pub(crate) struct LeafState<'a> {
    /// Operators that are burnt whole (true) or not (false).
    pub operators: &'a [Option<bool>],
    /// Services that are attacked (true) or not (false).
    pub services: &'a [Option<bool>],
}

/// The unit of prices for a network: fine enough for the bound, coarse enough for 127 bits.
pub(crate) fn denominator(network: &Network) -> u128 {
    let stakes: u128 = network.stakes.iter().sum();
    let prizes: u128 = network.prizes.iter().sum();
    if stakes.max(prizes) < 1 << 84 { FINE } else { COARSE }
}

/// The price of a unit of stake as a whole multiple of 1 / `denominator`, rounded down: what operators bring is then
/// never valued above their stake for rounding's sake. A negative price becomes zero.
pub(crate) fn integer_price(price: f64, denominator: u128) -> u128 {
    (price.max(0.0) * denominator as f64).floor() as u128
}

/// Prices of a leaf that prove as much as they can, with the highest numerator up to `wanted` that they prove. Where
/// the given ones prove nothing by a hair, slightly lower ones may.
pub(crate) fn settle(
    network: &Network,
    leaf: &LeafState,
    prices: &mut [u128],
    den: u128,
    wanted: u128,
) -> u128 {
    for part in [1_000_000_000_000, 1_000_000_000, 1_000_000, 1] {
        let num = certified(network, leaf, prices, den, wanted);
        if num > 0 || wanted == 0 {
            return num;
        }
        prices.iter_mut().for_each(|price| *price -= price.div_ceil(part));
    }
    certified(network, leaf, prices, den, wanted)
}

/// The highest numerator up to `wanted` for which the leaf is proved, or zero if the arithmetic overflows.
fn certified(network: &Network, leaf: &LeafState, prices: &[u128], den: u128, wanted: u128) -> u128 {
    prove(network, leaf, prices, den, wanted).unwrap_or(0)
}

/// What cost less prize of no attack of a leaf falls below, in wei; none if the arithmetic overflows.
pub(crate) fn least_loss(network: &Network, leaf: &LeafState, prices: &[u128], den: u128) -> Option<i128> {
    let (services, _) = services_term(network, leaf, prices, den)?;
    let bound = operators_term(network, leaf, prices, den)?.checked_add(services)?;
    Some(bound.div_euclid(i128::try_from(den).ok()?))
}

fn prove(network: &Network, leaf: &LeafState, prices: &[u128], den: u128, wanted: u128) -> Option<u128> {
    let operators = operators_term(network, leaf, prices, den)?;
    let mut num = wanted;
    // Each round is exact on the current linear piece; the pieces are as many as there are services.
    for _ in 0..=network.needs.len().saturating_add(2) {
        let (services, slope) = services_term(network, leaf, prices, num)?;
        let bound = operators.checked_add(services)?;
        if bound >= 0 {
            return Some(num);
        }
        if slope == 0 {
            return None;
        }
        let down = bound.unsigned_abs().div_ceil(slope);
        num = num.checked_sub(down)?;
    }
    None
}

fn operators_term(network: &Network, leaf: &LeafState, prices: &[u128], den: u128) -> Option<i128> {
    let mut sum = 0i128;
    for (operator, stake) in network.stakes.iter().enumerate() {
        let mut whole = product(*stake, den)?;
        let mut parts = 0i128;
        for (service, stake) in &network.edges[network.starts[operator]..network.starts[operator + 1]] {
            let service = *service as usize;
            let price = prices[service];
            if price == 0 || leaf.services[service] == Some(false) {
                continue;
            }
            let counted = (*stake).min(network.needs[service]);
            whole = whole.checked_sub(product(counted, price)?)?;
            if network.divisible && price > den {
                parts = parts.checked_sub(product(counted, price - den)?)?;
            }
        }
        let term = match leaf.operators[operator] {
            Some(true) => whole,
            Some(false) => parts,
            None => whole.min(parts),
        };
        sum = sum.checked_add(term)?;
    }
    Some(sum)
}

/// The services' part of the bound at a numerator, and how fast it falls there.
fn services_term(network: &Network, leaf: &LeafState, prices: &[u128], num: u128) -> Option<(i128, u128)> {
    let mut sum = 0i128;
    let mut slope = 0u128;
    for (service, price) in prices.iter().enumerate() {
        let prize = network.prizes[service];
        let gain = product(network.needs[service], *price)?.checked_sub(product(prize, num)?)?;
        let counted = match leaf.services[service] {
            Some(true) => true,
            Some(false) => false,
            None => gain < 0,
        };
        if counted {
            sum = sum.checked_add(gain)?;
            slope = slope.checked_add(prize)?;
        }
    }
    Some((sum, slope))
}

fn product(one: u128, other: u128) -> Option<i128> {
    one.checked_mul(other).and_then(|product| i128::try_from(product).ok())
}
