//! The network of restaking: operators, services, who can be slashed by whom, thresholds and prizes. A [`Graph`] is
//! valid by construction; amounts are wei, sums bounded so that checked `u128` arithmetic has room.

use crate::Error;
use std::collections::{BTreeMap, BTreeSet};

/// Most operators of a graph.
pub const MAX_OPERATORS: usize = 100_000;
/// Most services of a graph.
pub const MAX_SERVICES: usize = 10_000;
/// Most registrations of a graph.
pub const MAX_EDGES: usize = 5_000_000;
/// Bound on the sum of all stakes, and on the sum of all prizes, in wei (79 billion ether).
pub const MAX_TOTAL_WEI: u128 = 1 << 96;
/// Wei of one gwei.
pub const GWEI: u128 = 1_000_000_000;
/// Wei of one ether.
pub const ETHER: u128 = 1_000_000_000_000_000_000;

/// How stake backs services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Legacy restaking: each registered service can slash the whole stake; an attacker loses it once.
    Full,
    /// Allocated magnitudes: each unit of stake belongs to one service.
    Unique,
    /// Allocations may add up to more than the stake; an attacker loses what it used, at most the stake.
    Elastic,
    /// Elastic, and service 0 is the base chain with the whole stake of every operator.
    Base,
}

impl Mode {
    /// The mode's name in files and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Unique => "unique",
            Self::Elastic => "elastic",
            Self::Base => "base",
        }
    }

    /// The mode of a name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Full, Self::Unique, Self::Elastic, Self::Base].into_iter().find(|mode| mode.name() == name)
    }
}

/// A fraction above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Numerator.
    pub num: u32,
    /// Denominator.
    pub den: u32,
}

impl Ratio {
    /// One third: safety of a two-thirds quorum, the threshold unless a file says otherwise.
    pub const THIRD: Self = Self { num: 1, den: 3 };

    /// ⌈ratio · amount⌉.
    pub fn ceil_of(self, amount: u128) -> u128 {
        let (num, den) = (u128::from(self.num), u128::from(self.den));
        (amount / den) * num + ((amount % den) * num).div_ceil(den)
    }

    /// Reads `1/3`.
    ///
    /// # Errors
    /// Text that is no fraction above 0 and at most 1.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let place = || "threshold".to_owned();
        let wanted = "a fraction such as 1/3";
        let wrong = || Error::NotANumber { place: place(), text: text.into(), wanted };
        let (num, den) = text.split_once('/').unwrap_or((text, "1"));
        let part = |text: &str| text.trim().parse().map_err(|_| wrong());
        let ratio = Self { num: part(num)?, den: part(den)? };
        let range = || "(0, 1]".to_owned();
        let outside = || Error::OutOfRange { place: place(), text: text.into(), range: range() };
        if ratio.is_valid() { Ok(ratio) } else { Err(outside()) }
    }

    /// As a floating-point number.
    pub fn value(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    fn is_valid(self) -> bool {
        self.num > 0 && self.num <= self.den
    }
}

/// Somebody who runs nodes with stake.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// Name or address.
    pub id: String,
    /// Stake after all slashings, in wei.
    pub stake: u128,
    /// Tags by kind: `entity`, `cloud`, `client`, `country`, `lrt`.
    pub groups: BTreeMap<String, String>,
    /// Chance of an honest loss in a year, 0 to 1.
    pub fault: f64,
}

impl Operator {
    /// An operator without tags.
    pub fn new(id: impl Into<String>, stake: u128) -> Self {
        Self { id: id.into(), stake, groups: BTreeMap::new(), fault: 0.0 }
    }
}

/// Something that stake secures.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Name or address.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What an attacker gains by corrupting it, in wei.
    pub prize: u128,
    /// Fraction of its slashable stake that corrupts it.
    pub theta: Ratio,
    /// Chance of a wrong slashing in a year, 0 to 1.
    pub bug: f64,
    /// Share of a slash that is paid out rather than burnt, 0 to 1.
    pub redistribute: f64,
}

impl Service {
    /// A service with threshold `theta`.
    pub fn new(id: impl Into<String>, prize: u128, theta: Ratio) -> Self {
        let id = id.into();
        Self { name: id.clone(), id, prize, theta, bug: 0.0, redistribute: 0.0 }
    }
}

/// A registration: what a service can slash of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Index of the operator.
    pub operator: u32,
    /// Index of the service.
    pub service: u32,
    /// Slashable stake, in wei: the whole stake in mode `full`.
    pub stake: u128,
}

/// What corrupting a service is worth when nobody has said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PrizeRule {
    /// A fraction of the stake at the threshold, θ·W (`a=0.03`).
    OfNeed(f64),
    /// A fraction of all slashable stake, W (`b=0.03`).
    OfStake(f64),
    /// The same number of ether each (`flat=20000`).
    Flat(f64),
    /// A multiple of the square root of W in ether (`sqrt=10`).
    Root(f64),
}

impl PrizeRule {
    /// Three per cent of the stake at the threshold.
    pub const DEFAULT: Self = Self::OfNeed(0.03);

    /// Reads `a=0.03`, `b=0.03`, `flat=20000`, `sqrt=10`.
    ///
    /// # Errors
    /// Another name; a number that is negative or not finite.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let place = || "prize rule".to_owned();
        let wanted = "one of a=FRACTION, b=FRACTION, flat=ETHER, sqrt=FACTOR";
        let wrong = || Error::NotANumber { place: place(), text: text.into(), wanted };
        let (name, number) = text.split_once('=').ok_or_else(wrong)?;
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        if !number.is_finite() {
            return Err(wrong());
        }
        if number < 0.0 {
            return Err(Error::Negative { place: place(), text: text.into() });
        }
        match name.trim() {
            "a" => Ok(Self::OfNeed(number)),
            "b" => Ok(Self::OfStake(number)),
            "flat" | "c" => Ok(Self::Flat(number)),
            "sqrt" | "d" => Ok(Self::Root(number)),
            _ => Err(wrong()),
        }
    }

    /// The prize in wei of a service with threshold `theta` and `stake` wei slashable.
    fn prize(self, theta: Ratio, stake: u128) -> u128 {
        let ether = stake as f64 / ETHER as f64;
        match self {
            Self::OfNeed(fraction) => portion(theta.ceil_of(stake), fraction),
            Self::OfStake(fraction) => portion(stake, fraction),
            Self::Flat(ether) => (ether * ETHER as f64) as u128,
            Self::Root(factor) => (factor * ether.sqrt() * ETHER as f64) as u128,
        }
    }
}

impl std::fmt::Display for PrizeRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OfNeed(number) => write!(f, "a={number}"),
            Self::OfStake(number) => write!(f, "b={number}"),
            Self::Flat(number) => write!(f, "flat={number}"),
            Self::Root(number) => write!(f, "sqrt={number}"),
        }
    }
}

/// `amount · fraction` to nine decimals of the fraction, so that simple fractions stay exact.
fn portion(amount: u128, fraction: f64) -> u128 {
    let parts = (fraction * 1e9).round() as u128;
    (amount / GWEI).saturating_mul(parts).saturating_add((amount % GWEI).saturating_mul(parts) / GWEI)
}

/// A valid network with both adjacency lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    mode: Mode,
    operators: Vec<Operator>,
    services: Vec<Service>,
    by_operator: Vec<Edge>,
    by_service: Vec<Edge>,
    operator_starts: Vec<usize>,
    service_starts: Vec<usize>,
    slashable: Vec<u128>,
    needs: Vec<u128>,
    total_stake: u128,
}

impl Graph {
    /// Builds a network. `edges` are (operator, service, allocation in wei): the allocation is absent in mode `full`,
    /// where each registration carries the operator's whole stake.
    ///
    /// # Errors
    /// Any rule of the module broken; the message names the row.
    pub fn new(
        mode: Mode,
        operators: Vec<Operator>,
        services: Vec<Service>,
        edges: Vec<(u32, u32, Option<u128>)>,
    ) -> Result<Self, Error> {
        check_sizes(operators.len(), services.len(), edges.len())?;
        check_operators(&operators)?;
        check_services(&services)?;
        let by_operator = check_edges(mode, &operators, &services, edges)?;
        check_allocations(mode, &operators, &services, &by_operator)?;
        let total_stake = operators.iter().map(|operator| operator.stake).sum();
        Ok(Self::indexed(mode, operators, services, by_operator, total_stake))
    }

    fn indexed(
        mode: Mode,
        operators: Vec<Operator>,
        services: Vec<Service>,
        by_operator: Vec<Edge>,
        total_stake: u128,
    ) -> Self {
        let mut by_service = by_operator.clone();
        by_service.sort_unstable_by_key(|edge| (edge.service, edge.operator));
        let operator_starts = starts(operators.len(), by_operator.iter().map(|edge| edge.operator));
        let service_starts = starts(services.len(), by_service.iter().map(|edge| edge.service));
        let mut slashable = vec![0; services.len()];
        for edge in &by_service {
            slashable[edge.service as usize] += edge.stake;
        }
        let needs = services.iter().zip(&slashable).map(|(it, stake)| it.theta.ceil_of(*stake)).collect();
        Self {
            mode,
            operators,
            services,
            by_operator,
            by_service,
            operator_starts,
            service_starts,
            slashable,
            needs,
            total_stake,
        }
    }

    /// How stake backs services here.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// All operators.
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    /// All services.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// All registrations, by operator, then service.
    pub fn edges(&self) -> &[Edge] {
        &self.by_operator
    }

    /// Registrations of one operator, by service.
    pub fn of_operator(&self, operator: usize) -> &[Edge] {
        &self.by_operator[self.operator_starts[operator]..self.operator_starts[operator + 1]]
    }

    /// Registrations of one service, by operator.
    pub fn of_service(&self, service: usize) -> &[Edge] {
        &self.by_service[self.service_starts[service]..self.service_starts[service + 1]]
    }

    /// First edge of each operator in [`Self::edges`], and the number of edges.
    pub fn operator_starts(&self) -> &[usize] {
        &self.operator_starts
    }

    /// Stake that a service can slash, W, in wei.
    pub fn slashable(&self, service: usize) -> u128 {
        self.slashable[service]
    }

    /// Stake that corrupts a service, r = ⌈θ·W⌉, in wei.
    pub fn need(&self, service: usize) -> u128 {
        self.needs[service]
    }

    /// Sum of all stakes, in wei.
    pub fn total_stake(&self) -> u128 {
        self.total_stake
    }

    /// The same network with other prizes, one a service, in wei.
    ///
    /// # Errors
    /// Not one a service; a sum over the limit.
    pub fn with_prizes(&self, prizes: &[u128]) -> Result<Self, Error> {
        if prizes.len() != self.services.len() {
            return Err(Error::Form(format!("{} prizes for {} services", prizes.len(), self.services.len())));
        }
        let mut graph = self.clone();
        for (service, prize) in graph.services.iter_mut().zip(prizes) {
            service.prize = *prize;
        }
        check_services(&graph.services)?;
        Ok(graph)
    }

    /// The prizes that `rule` gives, one a service, in wei.
    pub fn prizes_by(&self, rule: PrizeRule) -> Vec<u128> {
        let stakes = self.services.iter().zip(&self.slashable);
        stakes.map(|(service, stake)| rule.prize(service.theta, *stake)).collect()
    }

    /// What is odd but allowed: operators without stake, services without stake.
    pub fn warnings(&self) -> Vec<String> {
        let idle = self.operators.iter().filter(|operator| operator.stake == 0);
        let idle = idle.map(|operator| format!("operator {} has no stake", operator.id));
        let bare = self.services.iter().zip(&self.slashable).filter(|(_, stake)| **stake == 0);
        idle.chain(bare.map(|(service, _)| format!("service {} has no slashable stake", service.id)))
            .collect()
    }
}

fn starts(count: usize, keys: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut starts = vec![0; count + 1];
    for key in keys {
        starts[key as usize + 1] += 1;
    }
    for index in 0..count {
        starts[index + 1] += starts[index];
    }
    starts
}

fn check_sizes(operators: usize, services: usize, edges: usize) -> Result<(), Error> {
    let rows = [
        ("operators", operators, MAX_OPERATORS),
        ("services", services, MAX_SERVICES),
        ("registrations", edges, MAX_EDGES),
    ];
    for (what, count, limit) in rows {
        if count == 0 {
            return Err(Error::Empty(what));
        }
        if count > limit {
            return Err(Error::TooLarge { what, count, limit });
        }
    }
    Ok(())
}

fn check_operators(operators: &[Operator]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let mut total = 0u128;
    for (index, operator) in operators.iter().enumerate() {
        let place = || format!("operators[{index}]");
        if !seen.insert(operator.id.as_str()) {
            return Err(Error::Duplicate { place: place(), kind: "operator", id: operator.id.clone() });
        }
        check_chance(operator.fault, &place, "p_fault")?;
        total = total.saturating_add(operator.stake);
    }
    if total > MAX_TOTAL_WEI { Err(Error::Overflow("all stakes together")) } else { Ok(()) }
}

fn check_services(services: &[Service]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let mut total = 0u128;
    for (index, service) in services.iter().enumerate() {
        let place = || format!("services[{index}]");
        if !seen.insert(service.id.as_str()) {
            return Err(Error::Duplicate { place: place(), kind: "service", id: service.id.clone() });
        }
        if !service.theta.is_valid() {
            let text = format!("{}/{}", service.theta.num, service.theta.den);
            let place = format!("{}.theta", place());
            return Err(Error::OutOfRange { place, text, range: "(0, 1]".into() });
        }
        check_chance(service.bug, &place, "p_bug")?;
        check_chance(service.redistribute, &place, "redistribute")?;
        total = total.saturating_add(service.prize);
    }
    if total > MAX_TOTAL_WEI { Err(Error::Overflow("all prizes together")) } else { Ok(()) }
}

fn check_chance(value: f64, place: &dyn Fn() -> String, field: &str) -> Result<(), Error> {
    let place = || format!("{}.{field}", place());
    if !value.is_finite() {
        return Err(Error::NotANumber { place: place(), text: value.to_string(), wanted: "a number" });
    }
    if value < 0.0 {
        return Err(Error::Negative { place: place(), text: value.to_string() });
    }
    if value > 1.0 {
        return Err(Error::OutOfRange { place: place(), text: value.to_string(), range: "[0, 1]".into() });
    }
    Ok(())
}

/// Resolves the stake of each edge, drops those without stake, sorts.
fn check_edges(
    mode: Mode,
    operators: &[Operator],
    services: &[Service],
    edges: Vec<(u32, u32, Option<u128>)>,
) -> Result<Vec<Edge>, Error> {
    let mut sorted = Vec::with_capacity(edges.len());
    for (row, (operator, service, allocation)) in edges.into_iter().enumerate() {
        let place = || format!("edges[{row}]");
        let unknown = |kind, id: u32| Error::UnknownId { place: place(), kind, id: id.to_string() };
        let owner = operators.get(operator as usize).ok_or_else(|| unknown("operator", operator))?;
        services.get(service as usize).ok_or_else(|| unknown("service", service))?;
        let mismatch = |reason| Error::ModeMismatch { place: place(), reason };
        let stake = match (mode, allocation) {
            (Mode::Full, None) => owner.stake,
            (Mode::Full, Some(_)) => {
                return Err(mismatch("an allocation is given, but mode full has none"));
            }
            (_, None) => return Err(mismatch("the allocation is missing, which this mode needs")),
            (_, Some(stake)) => stake,
        };
        sorted.push((Edge { operator, service, stake }, row));
    }
    sorted.sort_unstable_by_key(|(edge, row)| (edge.operator, edge.service, *row));
    for pair in sorted.windows(2) {
        let ((first, _), (second, row)) = (pair[0], pair[1]);
        if (first.operator, first.service) == (second.operator, second.service) {
            let id = format!("[{}, {}]", second.operator, second.service);
            return Err(Error::Duplicate { place: format!("edges[{row}]"), kind: "edge", id });
        }
    }
    Ok(sorted.into_iter().map(|(edge, _)| edge).filter(|edge| edge.stake > 0).collect())
}

fn check_allocations(
    mode: Mode,
    operators: &[Operator],
    services: &[Service],
    edges: &[Edge],
) -> Result<(), Error> {
    let mut sums = vec![0u128; operators.len()];
    for edge in edges {
        let operator = &operators[edge.operator as usize];
        let sum = &mut sums[edge.operator as usize];
        *sum = sum.saturating_add(edge.stake);
        let compared = if mode == Mode::Unique { *sum } else { edge.stake };
        if compared > operator.stake {
            let (id, stake) = (operator.id.clone(), operator.stake);
            return Err(Error::OverAllocated { operator: id, sum: compared, stake });
        }
        if mode == Mode::Base && edge.service == 0 && edge.stake != operator.stake {
            let place = format!("edge of operator {} and {}", operator.id, services[0].id);
            let reason = "the base chain holds the whole stake of its validators";
            return Err(Error::ModeMismatch { place, reason });
        }
    }
    Ok(())
}
