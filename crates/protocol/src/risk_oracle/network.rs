//! The network of one stake mode, built from the state: which services, which operators, what each can lose where, in
//! wei at PriceBook's prices. The chain checks certificates against it, and the RPC tells solvers the same thing by
//! calling the same function, so indexes agree.

use super::{
    Mode,
    services::{COUNTED, LISTED, MAX_MEMBERS, MAX_SERVICES, Service, TRACKED, declared, require_within},
};
use crate::{
    allocation_manager::{
        minimum_slashable_stake,
        rows::{MEMBERS, SET_STRATEGIES, SETS},
    },
    avs_directory::REGISTERED,
    host::{Result, View, call_native, require, revert},
    ledger::Operator,
    lists::items,
    math::{WAD_U256, add, mul_div},
    operator_set, prices,
};
use alloy_primitives::{Address, B256, U256};
use light::certificate::Network;
use std::collections::BTreeMap;
use types::{
    abi::{
        IAllocationManager::{self, getMinimumSlashableStakeCall},
        IPriceBook::priceOfCall,
        IRiskOracle::{self, PriceUnavailable, TooLarge, UnknownService},
    },
    addresses::PRICE_BOOK,
};

/// The threshold of a service that declared nothing: safety of a quorum of two thirds.
const USUAL_THRESHOLD: (u32, u32) = (1, 3);
/// A prize that nobody declared, in hundredths of the stake at the threshold (`decisions.md` 51).
const ASSUMED_PRIZE_PERCENT: u128 = 3;
/// Bound on the sum of all stakes, and of all prizes, in bits of wei: the engine's.
const MOST_BITS: usize = 96;

/// A service of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltService {
    /// Its key.
    pub key: B256,
    /// Fraction of its slashable stake that corrupts it.
    pub threshold: (u32, u32),
    /// Whether its prize is assumed.
    pub assumed: bool,
}

/// A network with the names behind its indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Its stake mode.
    pub mode: Mode,
    /// Services of the other mode among those asked for.
    pub other_services: u32,
    /// Services by index.
    pub services: Vec<BuiltService>,
    /// Operators by index, rising.
    pub operators: Vec<Address>,
    /// What the checker takes.
    pub network: Network,
}

/// The network of all listed services of a mode.
///
/// # Errors
/// `InvalidMode`, `PriceUnavailable`, `TooLarge`, out of gas, or the node's.
pub fn listed(view: &mut dyn View, mode: u8) -> Result<Built> {
    let services = LISTED.values(view, 0)?;
    of_services(view, mode, &services)
}

/// The network of these services, as far as they are of the mode.
///
/// # Errors
/// `InvalidMode`, `UnknownService`, `PriceUnavailable`, `TooLarge`, out of gas, or the node's.
pub fn of_services(view: &mut dyn View, mode: u8, services: &[B256]) -> Result<Built> {
    let mode = Mode::of(mode)?;
    require_within(services.len() as u64, MAX_SERVICES)?;
    let mut reader = Reader { view, prices: BTreeMap::new(), whole: BTreeMap::new() };
    let counted = COUNTED.values(reader.view, 0)?;
    let mut parts = Parts::default();
    let mut other_services = 0_u32;
    for key in services {
        let backing = reader.backing(*key)?;
        if backing.mode() != mode {
            other_services = other_services.saturating_add(1);
            continue;
        }
        let index = u32::try_from(parts.keys.len()).unwrap_or(u32::MAX);
        for (operator, slashable) in backing.rows {
            let stake = match mode {
                Mode::Full => reader.whole_stake(operator, &counted)?,
                Mode::Unique => {
                    reader.whole_stake(operator, &backing.strategies)?;
                    reader.value(&backing.strategies, &slashable)?
                }
            };
            if stake > 0 {
                parts.edges.entry(operator).or_default().push((index, stake));
            }
        }
        parts.keys.push(*key);
    }
    reader.finish(mode, other_services, parts)
}

/// Services and edges on the way to a network.
#[derive(Default)]
struct Parts {
    keys: Vec<B256>,
    edges: BTreeMap<Address, Vec<(u32, u128)>>,
}

/// Who stands behind a service, with the slashable shares by strategy.
struct Backing {
    strategies: Vec<Address>,
    rows: Vec<(Address, Vec<U256>)>,
}

impl Backing {
    /// A set with anything allocated is of mode unique.
    fn mode(&self) -> Mode {
        let allocated = self.rows.iter().any(|(_, shares)| shares.iter().any(|shares| !shares.is_zero()));
        if allocated { Mode::Unique } else { Mode::Full }
    }
}

/// Reads of one network: each price and each stake once.
struct Reader<'v> {
    view: &'v mut dyn View,
    prices: BTreeMap<Address, U256>,
    /// What an operator has in a strategy, in wei.
    whole: BTreeMap<(Address, Address), u128>,
}

impl Reader<'_> {
    fn backing(&mut self, key: B256) -> Result<Backing> {
        match Service::named(key) {
            Some(Service::Set(set)) => self.backing_of_set(set),
            Some(Service::Directory(avs)) => {
                let mut rows = Vec::new();
                for operator in TRACKED.values(self.view, key)? {
                    if REGISTERED.get(self.view, (avs, operator))? {
                        rows.push((operator, Vec::new()));
                    }
                }
                Ok(Backing { strategies: Vec::new(), rows })
            }
            None => revert(UnknownService {}),
        }
    }

    fn backing_of_set(&mut self, set: B256) -> Result<Backing> {
        let row = SETS.get(self.view, set)?;
        require(row.exists, UnknownService {})?;
        require_within(row.members.into(), MAX_MEMBERS)?;
        let operators = items(self.view, &MEMBERS, |place| (set, place), row.members)?;
        let strategies = SET_STRATEGIES.values(self.view, set)?;
        let (avs, id) = operator_set::parts(set);
        let call = getMinimumSlashableStakeCall {
            operatorSet: IAllocationManager::OperatorSet { avs, id },
            operators: operators.clone(),
            strategies: strategies.clone(),
            futureBlock: 0,
        };
        let stakes = minimum_slashable_stake(self.view, call)?;
        Ok(Backing { strategies, rows: operators.into_iter().zip(stakes).collect() })
    }

    /// An operator's stake in these strategies, in wei.
    fn whole_stake(&mut self, operator: Address, strategies: &[Address]) -> Result<u128> {
        let mut sum = 0_u128;
        for strategy in strategies {
            let value = match self.whole.get(&(operator, *strategy)) {
                Some(value) => *value,
                None => {
                    let shares = Operator::load(self.view, operator, *strategy)?.shares.0;
                    let value = self.value(&[*strategy], &[shares])?;
                    self.whole.insert((operator, *strategy), value);
                    value
                }
            };
            sum = bounded(sum.checked_add(value))?;
        }
        Ok(sum)
    }

    /// What shares are worth in wei, each strategy's rounded down.
    fn value(&mut self, strategies: &[Address], shares: &[U256]) -> Result<u128> {
        let mut sum = U256::ZERO;
        for (strategy, shares) in strategies.iter().zip(shares) {
            if shares.is_zero() {
                continue;
            }
            let wad = self.price(*strategy)?;
            let value = mul_div(*shares, wad, WAD_U256)?;
            sum = add(sum, value)?;
        }
        bounded(u128::try_from(sum).ok())
    }

    /// A strategy of which PriceBook knows nothing counts for nothing; one whose price fails makes the network wait.
    fn price(&mut self, strategy: Address) -> Result<U256> {
        if let Some(wad) = self.prices.get(&strategy) {
            return Ok(*wad);
        }
        let call = priceOfCall { asset: strategy };
        let price = call_native(self.view, PRICE_BOOK, call, prices::price_of)?;
        require(price.ok || price.unknown, PriceUnavailable { strategy })?;
        self.prices.insert(strategy, price.wad);
        Ok(price.wad)
    }

    fn finish(self, mode: Mode, other_services: u32, parts: Parts) -> Result<Built> {
        let Parts { keys, edges: by_operator } = parts;
        let mut slashable = vec![0_u128; keys.len()];
        let mut built = Built {
            mode,
            other_services,
            services: Vec::new(),
            operators: Vec::new(),
            network: Network { divisible: mode == Mode::Unique, starts: vec![0], ..Network::default() },
        };
        let mut total = 0_u128;
        for (operator, edges) in by_operator {
            let stake = match mode {
                Mode::Full => edges.first().map_or(0, |(_, stake)| *stake),
                // In all strategies of all sets it is in, which is at least what is allocated.
                Mode::Unique => {
                    let all = self.whole.range((operator, Address::ZERO)..);
                    let own = all.take_while(|((of, _), _)| *of == operator).map(|(_, value)| *value);
                    bounded(own.into_iter().try_fold(0_u128, u128::checked_add))?
                }
            };
            total = bounded(total.checked_add(stake))?;
            for (service, stake) in &edges {
                let index = usize::try_from(*service).unwrap_or(usize::MAX);
                if let Some(sum) = slashable.get_mut(index) {
                    *sum = bounded(sum.checked_add(*stake))?;
                }
            }
            built.operators.push(operator);
            built.network.stakes.push(stake);
            built.network.edges.extend(edges);
            built.network.starts.push(built.network.edges.len());
        }
        let mut prizes = 0_u128;
        for (key, slashable) in keys.into_iter().zip(slashable) {
            let said = declared(self.view, key)?;
            let threshold = said.map_or(USUAL_THRESHOLD, |said| (said.numerator, said.denominator));
            let need = at_threshold(slashable, threshold)?;
            let assumed = bounded(need.checked_mul(ASSUMED_PRIZE_PERCENT))?.checked_div(100);
            let prize = said.map_or(assumed.unwrap_or_default(), |said| said.prize);
            prizes = bounded(prizes.checked_add(prize))?;
            built.network.needs.push(need);
            built.network.prizes.push(prize);
            built.services.push(BuiltService { key, threshold, assumed: said.is_none() });
        }
        Ok(built)
    }
}

/// ⌈threshold · stake⌉.
fn at_threshold(stake: u128, (numerator, denominator): (u32, u32)) -> Result<u128> {
    let product = stake.checked_mul(numerator.into());
    let rounded = product.map(|product| product.div_ceil(u128::from(denominator.max(1))));
    bounded(rounded)
}

/// An amount within the engine's bounds.
fn bounded(amount: Option<u128>) -> Result<u128> {
    let bits = amount.map_or(usize::MAX, |amount| U256::from(amount).bit_len());
    match amount {
        Some(amount) if bits <= MOST_BITS => Ok(amount),
        _ => revert(TooLarge { size: U256::from(bits), limit: U256::from(MOST_BITS) }),
    }
}

impl Built {
    /// The network as the ABI tells it.
    ///
    /// # Errors
    /// `TooLarge` for more than 2^32 edges, which no gas pays for.
    pub fn told(self) -> Result<IRiskOracle::Network> {
        let Self { mode, other_services, services, operators, network } = self;
        let small = |index: usize| match u32::try_from(index) {
            Ok(index) => Ok(index),
            Err(_) => revert(TooLarge { size: U256::from(index), limit: U256::from(u32::MAX) }),
        };
        Ok(IRiskOracle::Network {
            mode: mode as u8,
            otherServices: other_services,
            services: services.iter().map(|service| service.key).collect(),
            prizes: network.prizes,
            needs: network.needs,
            thresholdNumerators: services.iter().map(|service| service.threshold.0).collect(),
            thresholdDenominators: services.iter().map(|service| service.threshold.1).collect(),
            assumed: services.iter().map(|service| service.assumed).collect(),
            operators,
            stakes: network.stakes,
            starts: network.starts.into_iter().map(small).collect::<Result<_>>()?,
            edgeServices: network.edges.iter().map(|(service, _)| *service).collect(),
            edgeStakes: network.edges.into_iter().map(|(_, stake)| stake).collect(),
        })
    }
}
