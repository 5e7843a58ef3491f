//! The fact table of the demo: EigenLayer's registration graph of 2 December 2024. What is reported and what is
//! reconstructed stands in the README beside the files.

use crate::failure::Failure;
use alloy_primitives::{Address, U256};

const OPERATORS: &str = include_str!("../../data/registration-graph/operators.csv");
const SERVICES: &str = include_str!("../../data/registration-graph/services.csv");

/// The day the graph shows.
pub const AS_OF: &str = "2 December 2024";

/// Wei of one gwei.
const GWEI: U256 = U256::from_limbs([1_000_000_000, 0, 0, 0]);

/// An operator of the real network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its real address.
    pub address: Address,
    /// Stake behind it in wei of ETH value: reconstructed, not measured.
    pub stake: U256,
    /// Whether an outside figure about this operator fed the reconstruction.
    pub anchored: bool,
    /// Services that it is registered with, by index.
    pub services: Vec<usize>,
}

/// A service (AVS) of the real network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its real address.
    pub address: Address,
    /// What it is called.
    pub name: &'static str,
    /// How many operators are registered with it.
    pub operators: usize,
}

/// The whole table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Largest stake first.
    pub operators: Vec<Operator>,
    /// Most operators first.
    pub services: Vec<Service>,
}

impl Graph {
    /// Reads the table that this build carries.
    ///
    /// # Errors
    /// A row that does not parse, or rows that contradict each other.
    pub fn read() -> Result<Self, Failure> {
        let services = rows(SERVICES, "services.csv", service)?;
        let operators = rows(OPERATORS, "operators.csv", operator)?;
        let graph = Self { operators, services };
        graph.check()?;
        Ok(graph)
    }

    /// Stake of all operators, in wei.
    pub fn stake(&self) -> U256 {
        self.operators.iter().fold(U256::ZERO, |sum, operator| sum.saturating_add(operator.stake))
    }

    /// How many pairs of operator and service there are.
    pub fn registrations(&self) -> usize {
        self.operators.iter().map(|operator| operator.services.len()).sum()
    }

    fn check(&self) -> Result<(), Failure> {
        for (index, service) in self.services.iter().enumerate() {
            let found = self.operators.iter().filter(|operator| operator.services.contains(&index)).count();
            if found != service.operators {
                let (name, stated) = (service.name, service.operators);
                return Err(Failure::new(format!(
                    "operators.csv registers {found} operators with {name}, services.csv says {stated}"
                )));
            }
        }
        Ok(())
    }
}

fn rows<T>(
    file: &'static str,
    name: &str,
    parse: impl Fn(&[&'static str]) -> Option<T>,
) -> Result<Vec<T>, Failure> {
    let row = |(index, line): (usize, &'static str)| {
        let cells: Vec<&str> = line.split(',').collect();
        parse(&cells).ok_or_else(|| {
            Failure::new(format!("{name}:{}: {line:?} does not parse", index.saturating_add(1)))
        })
    };
    file.lines().enumerate().skip(1).map(row).collect()
}

fn operator(cells: &[&str]) -> Option<Operator> {
    let [address, stake, anchors, services] = cells else { return None };
    Some(Operator {
        address: address.parse().ok()?,
        stake: stake.parse::<U256>().ok()?.checked_mul(GWEI)?,
        anchored: !anchors.is_empty(),
        services: services.split(' ').map(|index| index.parse().ok()).collect::<Option<_>>()?,
    })
}

fn service(cells: &[&'static str]) -> Option<Service> {
    let [_, address, name, operators] = cells else { return None };
    Some(Service { address: address.parse().ok()?, name, operators: operators.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_what_its_readme_says() {
        let graph = Graph::read().unwrap();
        assert_eq!((graph.operators.len(), graph.services.len(), graph.registrations()), (349, 25, 1_558));
        assert_eq!(graph.stake(), U256::from(4_089_846_001_289_897u64) * GWEI);
        assert_eq!(graph.operators.iter().filter(|operator| operator.anchored).count(), 55);
        assert!(graph.operators.is_sorted_by(|a, b| a.stake >= b.stake));
    }

    #[test]
    fn operators_are_distinct_and_all_have_stake() {
        let graph = Graph::read().unwrap();
        let addresses: std::collections::BTreeSet<_> =
            graph.operators.iter().map(|operator| operator.address).collect();
        assert_eq!(addresses.len(), 349);
        assert!(graph.operators.iter().all(|operator| !operator.stake.is_zero()));
    }
}
