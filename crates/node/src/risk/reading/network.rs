//! From a snapshot to the network of one stake mode, as RiskOracle counts it (`decisions.md` 72): sets with allocations are
//! of mode unique; registrations in AVSDirectory, and sets without, of mode full.

use super::snapshot::{SetStake, Snapshot, Stake};
use alloy_primitives::{Address, B256, U256};
use risk::{Mode, Operator, Ratio, Service, input::Draft};
use std::collections::{BTreeMap, BTreeSet};
use types::units::WAD;

/// What the whole of a strategy's token is worth, in wei, by strategy. One that is not named counts for nothing.
pub type Prices = BTreeMap<Address, U256>;

/// How many services are of each mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of mode full.
    pub full: usize,
    /// Of mode unique.
    pub unique: usize,
}

/// A service with those who back it.
struct Backed {
    key: B256,
    name: String,
    /// Operator, and what can be slashed of it, in wei; nothing in mode full.
    rows: Vec<(Address, u128)>,
    strategies: Vec<Address>,
}

/// The services of each mode that anybody backs.
pub struct Backing<'a> {
    stake: &'a Stake,
    /// Wei of 10^18 shares, by strategy.
    worth: BTreeMap<Address, U256>,
    full: Vec<Backed>,
    unique: Vec<Backed>,
}

impl<'a> Backing<'a> {
    /// Sorts services by mode and prices what backs them.
    pub fn new(snapshot: &'a Snapshot, stake: &'a Stake, prices: &Prices) -> Self {
        let wad = U256::from(WAD);
        let worth = |(strategy, price): (&Address, &U256)| {
            let rate = stake.rates.get(strategy)?;
            Some((*strategy, rate.checked_mul(*price)?.checked_div(wad)?))
        };
        let worth = prices.iter().filter_map(worth).collect();
        let mut backing = Self { stake, worth, full: Vec::new(), unique: Vec::new() };
        for (avs, operators) in &snapshot.registered {
            let rows = operators.iter().map(|operator| (*operator, 0)).collect::<Vec<_>>();
            if !rows.is_empty() {
                let (key, name) = (key(*avs, [0xff; 12]), avs.to_string());
                backing.full.push(Backed { key, name, rows, strategies: Vec::new() });
            }
        }
        for set in &stake.sets {
            backing.add_set(set);
        }
        backing
    }

    fn add_set(&mut self, set: &SetStake) {
        let [a, b, c, d] = set.set.id.to_be_bytes();
        let key = key(set.set.avs, [0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]);
        let name = format!("{}:{}", set.set.avs, set.set.id);
        let allocated = set.slashable.iter().flatten().any(|shares| !shares.is_zero());
        let value = |row: &Vec<U256>| match allocated {
            true => self.value(set.strategies.iter().copied().zip(row.iter().copied())),
            false => 0,
        };
        let rows =
            set.members.iter().zip(&set.slashable).map(|(member, row)| (*member, value(row))).collect();
        let backed = Backed { key, name, rows, strategies: set.strategies.clone() };
        if allocated { self.unique.push(backed) } else { self.full.push(backed) }
    }

    /// What shares are worth, each strategy's rounded down; saturated, for the engine's limit is far below.
    fn value(&self, shares: impl Iterator<Item = (Address, U256)>) -> u128 {
        let wad = U256::from(WAD);
        let one = |(strategy, shares): (Address, U256)| {
            let worth = self.worth.get(&strategy).copied().unwrap_or_default();
            let value = shares.saturating_mul(worth).checked_div(wad).unwrap_or_default();
            u128::try_from(value).unwrap_or(u128::MAX)
        };
        shares.map(one).fold(0, u128::saturating_add)
    }

    /// Services of each mode.
    pub fn counts(&self) -> Counts {
        Counts { full: self.full.len(), unique: self.unique.len() }
    }

    /// Strategies that count for nothing though somebody's sets have them, or operators shares in them.
    pub fn unpriced(&self) -> usize {
        let held = self.stake.shares.values().flatten().map(|(strategy, _)| *strategy);
        let all: BTreeSet<Address> = held.collect();
        all.iter().filter(|strategy| self.worth.get(*strategy).is_none_or(U256::is_zero)).count()
    }

    /// The network of a mode; prizes and thresholds are still open.
    pub fn draft(&self, mode: Mode) -> Draft {
        let services = if mode == Mode::Unique { &self.unique } else { &self.full };
        let mut edges: BTreeMap<Address, Vec<(u32, u128)>> = BTreeMap::new();
        let mut at_stake: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
        let mut whole: BTreeMap<Address, u128> = BTreeMap::new();
        for (index, service) in (0_u32..).zip(services) {
            for (operator, slashable) in &service.rows {
                let slashable = match mode {
                    Mode::Unique => *slashable,
                    _ => *whole.entry(*operator).or_insert_with(|| self.value(self.held(*operator))),
                };
                at_stake.entry(*operator).or_default().extend(&service.strategies);
                if slashable > 0 {
                    edges.entry(*operator).or_default().push((index, slashable));
                }
            }
        }
        let mut draft =
            Draft { mode, block: Some(self.stake.block), operators: vec![], services: vec![], edges: vec![] };
        for (index, (operator, edges)) in (0_u32..).zip(edges) {
            let stake = match mode {
                // In all strategies of all sets it is in, which is at least what is allocated.
                Mode::Unique => {
                    let of = at_stake.get(&operator);
                    let counted =
                        |(strategy, _): &(Address, U256)| of.is_some_and(|of| of.contains(strategy));
                    self.value(self.held(operator).filter(counted))
                }
                _ => whole.get(&operator).copied().unwrap_or_default(),
            };
            draft.operators.push(Operator::new(operator.to_string(), stake));
            let allocated = |stake| (mode == Mode::Unique).then_some(stake);
            draft.edges.extend(edges.into_iter().map(|(service, stake)| (index, service, allocated(stake))));
        }
        let told = |it: &Backed| {
            let mut service = Service::new(it.key.to_string(), 0, Ratio::THIRD);
            service.name.clone_from(&it.name);
            (service, None, None)
        };
        draft.services = services.iter().map(told).collect();
        draft
    }

    fn held(&self, operator: Address) -> impl Iterator<Item = (Address, U256)> {
        self.stake.shares.get(&operator).into_iter().flatten().map(|(strategy, shares)| (*strategy, *shares))
    }
}

/// The key of a service as RiskOracle has it.
fn key(avs: Address, id: [u8; 12]) -> B256 {
    let mut key = [0; 32];
    key.iter_mut().zip(avs.iter().chain(&id)).for_each(|(to, from)| *to = *from);
    key.into()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{book::Contracts, snapshot::SetFields},
        *,
    };

    const STRATEGY: Address = Address::repeat_byte(5);
    const OTHER: Address = Address::repeat_byte(6);

    fn shares(amount: u64) -> U256 {
        U256::from(amount)
    }

    /// Two operators with 1000 and 500; a set that slashes half of each, and a registration of the first.
    fn snapshot() -> Snapshot {
        let [avs, one, two] = [9, 1, 2].map(Address::repeat_byte);
        let mut snapshot = Snapshot::new(31_337, Contracts::of_chain(31_337), 0);
        snapshot.registered.entry(avs).or_default().insert(one);
        let held = |amount| BTreeMap::from([(STRATEGY, shares(amount)), (OTHER, shares(70))]);
        let set = SetStake {
            set: SetFields { avs, id: 3 },
            strategies: vec![STRATEGY],
            members: vec![two, one],
            slashable: vec![vec![shares(250)], vec![shares(500)]],
        };
        snapshot.stake = Some(Stake {
            rates: BTreeMap::from([(STRATEGY, U256::from(2 * WAD)), (OTHER, U256::from(WAD))]),
            shares: BTreeMap::from([(one, held(1_000)), (two, held(500))]),
            sets: vec![set],
            ..Stake::default()
        });
        snapshot
    }

    #[test]
    fn sets_with_allocations_and_registrations_are_networks_of_their_own() {
        let snapshot = snapshot();
        let prices = Prices::from([(STRATEGY, U256::from(WAD))]);
        let backing = Backing::new(&snapshot, snapshot.stake.as_ref().unwrap(), &prices);
        assert_eq!((backing.counts(), backing.unpriced()), (Counts { full: 1, unique: 1 }, 1));
        let unique = backing.draft(Mode::Unique);
        // By rising address, at two tokens a share; the strategy without a price counts for nothing.
        let stakes: Vec<u128> = unique.operators.iter().map(|it| it.stake).collect();
        assert_eq!(
            (stakes, unique.edges),
            (vec![2_000, 1_000], vec![(0, 0, Some(1_000)), (1, 0, Some(500))])
        );
        let full = backing.draft(Mode::Full);
        assert_eq!((full.operators[0].stake, full.edges), (2_000, vec![(0, 0, None)]));
    }
}
