//! Integer prices of a leaf, and the highest bound that they prove. The arithmetic is the checker's; where it would
//! overflow, the answer is that nothing is proved.

use super::{Cover, Network};

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

/// Prices of a leaf in units of the bound: of each service, and of covers.
#[derive(Default)]
pub(crate) struct LeafPrices {
    /// One for each service.
    pub services: Vec<u128>,
    /// Whatever covers stand before the leaf, each leaving something of its need.
    pub covers: Vec<Cover>,
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
    prices: &mut LeafPrices,
    den: u128,
    wanted: u128,
) -> u128 {
    for part in [1_000_000_000_000, 1_000_000_000, 1_000_000, 1] {
        let num = certified(network, leaf, prices, den, wanted);
        if num > 0 || wanted == 0 {
            return num;
        }
        let covers = prices.covers.iter_mut().map(|cover| &mut cover.price);
        prices.services.iter_mut().chain(covers).for_each(|price| *price -= price.div_ceil(part));
    }
    certified(network, leaf, prices, den, wanted)
}

/// The highest numerator up to `wanted` for which the leaf is proved, or zero if the arithmetic overflows.
fn certified(network: &Network, leaf: &LeafState, prices: &LeafPrices, den: u128, wanted: u128) -> u128 {
    prove(network, leaf, prices, den, wanted).unwrap_or(0)
}

/// What cost less prize of no attack of a leaf falls below, in wei; none if the arithmetic overflows.
pub(crate) fn least_loss(
    network: &Network,
    leaf: &LeafState,
    prices: &LeafPrices,
    den: u128,
) -> Option<i128> {
    let (services, _) = services_term(network, leaf, prices, den)?;
    let bound = operators_term(network, leaf, prices, den)?.checked_add(services)?;
    Some(bound.div_euclid(i128::try_from(den).ok()?))
}

fn prove(network: &Network, leaf: &LeafState, prices: &LeafPrices, den: u128, wanted: u128) -> Option<u128> {
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

fn operators_term(network: &Network, leaf: &LeafState, prices: &LeafPrices, den: u128) -> Option<i128> {
    let mut sum = 0i128;
    let bought = bought(network, leaf, &prices.covers)?;
    for (operator, stake) in network.stakes.iter().enumerate() {
        let mut whole = product(*stake, den)?.checked_sub(bought.get(operator).copied().unwrap_or(0))?;
        let mut parts = 0i128;
        for (service, stake) in &network.edges[network.starts[operator]..network.starts[operator + 1]] {
            let service = *service as usize;
            let price = prices.services[service];
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

/// The value of what each operator brings to covers of services that may be attacked; nothing if there are none.
fn bought(network: &Network, leaf: &LeafState, covers: &[Cover]) -> Option<Vec<i128>> {
    let mut bought = vec![0i128; if covers.is_empty() { 0 } else { network.stakes.len() }];
    for cover in covers.iter().filter(|cover| leaf.services[cover.service as usize] != Some(false)) {
        let left = left_of(network, cover);
        for (operator, bought) in bought.iter_mut().enumerate() {
            if cover.operators.binary_search(&(operator as u32)).is_err() {
                let counted = stake_of(network, operator, cover.service).min(left);
                *bought = bought.checked_add(product(counted, cover.price)?)?;
            }
        }
    }
    Some(bought)
}

/// What is left of a need beside a cover's operators.
fn left_of(network: &Network, cover: &Cover) -> u128 {
    let inside = cover.operators.iter().map(|it| stake_of(network, *it as usize, cover.service));
    network.needs[cover.service as usize].saturating_sub(inside.sum())
}

fn stake_of(network: &Network, operator: usize, service: u32) -> u128 {
    let edges = &network.edges[network.starts[operator]..network.starts[operator + 1]];
    edges.binary_search_by_key(&service, |(service, _)| *service).map_or(0, |edge| edges[edge].1)
}

/// The services' part of the bound at a numerator, and how fast it falls there.
fn services_term(
    network: &Network,
    leaf: &LeafState,
    prices: &LeafPrices,
    num: u128,
) -> Option<(i128, u128)> {
    let mut sum = 0i128;
    let mut slope = 0u128;
    let mut asked = vec![0i128; if prices.covers.is_empty() { 0 } else { network.needs.len() }];
    for cover in &prices.covers {
        let asked = &mut asked[cover.service as usize];
        *asked = asked.checked_add(product(left_of(network, cover), cover.price)?)?;
    }
    for (service, price) in prices.services.iter().enumerate() {
        let prize = network.prizes[service];
        let asked = asked.get(service).copied().unwrap_or(0);
        let gain = product(network.needs[service], *price)?.checked_add(asked)?;
        let gain = gain.checked_sub(product(prize, num)?)?;
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
