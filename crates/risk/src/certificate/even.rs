//! Breaking even, decided in integers. All amounts are whole multiples of what divides them, so an attack that wins more
//! than it costs wins at least that much more; a bound a hair below one is then as good as one.

use super::{Fraction, Network};

/// Whether a proved ratio of cost to prize leaves no attack that wins more than it costs, though it be below one: such an
/// attack has a ratio of at most (P − 1) / P, where P are all prizes in units of what divides all amounts.
pub fn rules_out_profit(network: &Network, ratio: Fraction) -> bool {
    let Fraction { num, den } = ratio;
    let Some(short) = den.checked_sub(num).filter(|short| *short > 0) else { return true };
    prizes_in_units(network).and_then(|prizes| short.checked_mul(prizes)).is_some_and(|product| product < den)
}

/// All prizes together, in units of the greatest common divisor of what attacks cost and win.
fn prizes_in_units(network: &Network) -> Option<u128> {
    let amounts = network.stakes.iter().chain(&network.prizes).copied();
    // Where stake is used in part, parts make up needs beside whole operators.
    let parts = network.needs.iter().copied().chain(network.edges.iter().map(|(_, stake)| *stake));
    let parts = parts.filter(|_| network.divisible);
    let unit = amounts.chain(parts).fold(0, greatest_common_divisor);
    network.prizes.iter().try_fold(0_u128, |sum, prize| sum.checked_add(*prize))?.checked_div(unit)
}

const fn greatest_common_divisor(one: u128, other: u128) -> u128 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One operator with 10 units, one service that is worth 10.
    fn network(unit: u128) -> Network {
        Network {
            divisible: false,
            stakes: vec![10 * unit],
            needs: vec![4 * unit],
            prizes: vec![10 * unit],
            starts: vec![0, 1],
            edges: vec![(0, 10 * unit)],
        }
    }

    #[test]
    fn a_bound_just_above_what_one_unit_leaves_decides_and_one_at_it_does_not() {
        for unit in [1, 7, 10_u128.pow(18)] {
            // Stake and prize are equal: the unit is ten of what was meant, and all prizes are one.
            let mut odd = network(unit);
            assert!(rules_out_profit(&odd, Fraction { num: 1, den: 1_000 }));
            odd.stakes[0] += unit;
            assert!(rules_out_profit(&odd, Fraction { num: 901, den: 1_000 }));
            assert!(!rules_out_profit(&odd, Fraction { num: 900, den: 1_000 }));
            assert!(rules_out_profit(&odd, Fraction { num: 1_001, den: 1_000 }));
        }
    }

    #[test]
    fn amounts_without_a_common_divisor_are_decided_by_the_wei() {
        let mut network = network(10_u128.pow(18));
        network.stakes[0] += 1;
        assert!(!rules_out_profit(&network, Fraction { num: 999_999_999_999, den: 1_000_000_000_000 }));
        network.divisible = true;
        assert!(rules_out_profit(&network, Fraction { num: 1, den: 1 }));
    }
}
