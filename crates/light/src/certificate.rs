//! Certificates of security: a proof that every attack on a restaking network costs at least λ times its prize, and an
//! attack that costs no more. The checker is apart from any solver: integers only, time linear in certificate and
//! network, memory one number for each operator and service besides what it is given. Overflow refuses.

mod encoding;
#[cfg(test)]
mod tests;

pub use encoding::{Malformed, decode, encode, hash};

use std::cmp::min;

/// The network that a certificate speaks of; amounts in one unit, wei on the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Whether an attacker may use part of an operator's allocation and lose only that part (modes unique, elastic,
    /// base); otherwise an operator that takes part loses its whole stake (mode full).
    pub divisible: bool,
    /// Stake of each operator.
    pub stakes: Vec<u128>,
    /// Stake that corrupts each service, above zero wherever an attack is to cost anything.
    pub needs: Vec<u128>,
    /// What corrupting each service is worth.
    pub prizes: Vec<u128>,
    /// Where each operator's edges begin in `edges`, and the number of edges: one more than there are operators.
    pub starts: Vec<usize>,
    /// Service and slashable stake, grouped by operator, each operator's by rising service.
    pub edges: Vec<(u32, u128)>,
}

impl Network {
    fn of_operator(&self, operator: usize) -> Option<&[(u32, u128)]> {
        let begin = *self.starts.get(operator)?;
        let end = *self.starts.get(operator.checked_add(1)?)?;
        self.edges.get(begin..end)
    }
}

/// A fraction of costs and prizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Numerator.
    pub num: u128,
    /// Denominator.
    pub den: u128,
}

/// What is branched on, or a proved leaf. Nodes stand in preorder; below a branch comes first the part where the
/// variable takes part in the attack, then the part where it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Attacks with and without this service.
    Service(u32),
    /// Attacks that burn this whole operator, and others.
    Operator(u32),
    /// No attack of this part is cheaper than λ: one price for each service, in units of 1 / denominator of the bound.
    Leaf(Vec<u128>),
    /// No attack of this part exists: the stake left to use does not reach the need of this attacked service.
    Unreachable(u32),
    /// Stands before a leaf, with others of its kind: one more price, which counts in that leaf alone.
    Cover(Cover),
}

/// A price of what is left of a need beside some operators, whether they take part or not: all others together must bring
/// at least that, each counted up to it. For stake that is not divisible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// The service of the need.
    pub service: u32,
    /// Operators of the service, rising, whose stake together is below the need.
    pub operators: Vec<u32>,
    /// Price of a unit of stake, in units of 1 / denominator of the bound.
    pub price: u128,
}

/// A proof that cost ≥ λ · prize for every attack, λ = `ratio`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lower {
    /// The proved λ; its denominator is the unit of all prices.
    pub ratio: Fraction,
    /// The tree of cases.
    pub nodes: Vec<Node>,
}

/// Part of an allocation that an attacker uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Index of the operator.
    pub operator: u32,
    /// Index of the service.
    pub service: u32,
    /// Stake used.
    pub stake: u128,
}

/// An attack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attack {
    /// Corrupted services, rising.
    pub services: Vec<u32>,
    /// Operators that lose everything and count fully everywhere, rising.
    pub operators: Vec<u32>,
    /// Parts of other operators' allocations, rising; none where stake is not divisible.
    pub parts: Vec<Part>,
}

/// Bounds on the cheapest ratio of cost to prize, over all attacks or over those that corrupt one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// The service that every attack spoken of corrupts; none: any attack.
    pub service: Option<u32>,
    /// The proof of the lower bound.
    pub lower: Option<Lower>,
    /// The attack that shows the upper bound.
    pub upper: Option<Attack>,
}

/// What an accepted certificate says of cost / prize (γ is one less).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The service that every attack spoken of corrupts.
    pub service: Option<u32>,
    /// No attack is cheaper than this.
    pub lower: Option<Fraction>,
    /// Cost and prize of an attack.
    pub upper: Option<Fraction>,
}

/// Why a certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The network's lists do not fit together.
    Network,
    /// A sum or product exceeds 127 bits.
    Overflow,
    /// An index that the network does not have, or a list that does not rise.
    Index,
    /// A denominator or a prize is zero.
    Zero,
    /// This node branches on a variable that is already decided.
    Decided(usize),
    /// This leaf is not proved by its prices, its service can be reached, or its operators leave nothing of the need.
    Unproved(usize),
    /// The tree ends early, or goes on after its end, at this node.
    Shape(usize),
    /// The attack does not reach the need of this service.
    Need(u32),
    /// The attack leaves out the service that the certificate is about.
    Other(u32),
    /// A part exceeds the allocation, or is of stake that is not divisible.
    Part,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network => f.write_str("the network's lists do not fit together"),
            Self::Overflow => f.write_str("a sum or product exceeds 127 bits"),
            Self::Index => f.write_str("an index is unknown, or a list does not rise"),
            Self::Zero => f.write_str("a denominator or the attack's prize is zero"),
            Self::Decided(node) => write!(f, "node {node} branches on what is already decided"),
            Self::Unproved(node) => write!(f, "leaf {node} does not prove its part"),
            Self::Shape(node) => write!(f, "the tree of cases ends wrongly at node {node}"),
            Self::Need(service) => write!(f, "the attack does not reach the need of service {service}"),
            Self::Other(service) => write!(f, "the attack leaves out service {service}"),
            Self::Part => f.write_str("the attack uses a part of stake that it cannot use"),
        }
    }
}

/// Whether a variable is decided on the way to a leaf.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Free,
    In,
    Out,
}

/// Checks a certificate against a network.
///
/// # Errors
/// The first thing that is not proved.
pub fn verify(network: &Network, certificate: &Certificate) -> Result<Claim, Refusal> {
    let (operators, services) = (network.stakes.len(), network.needs.len());
    let sorted = network.starts.is_sorted() && network.starts.first() == Some(&0);
    let ends = network.starts.last() == Some(&network.edges.len());
    let known = network.edges.iter().all(|(service, _)| (*service as usize) < services);
    let rises = network.starts.windows(2).all(|pair| match pair {
        [begin, end] => network
            .edges
            .get(*begin..*end)
            .is_some_and(|edges| edges.is_sorted_by(|one, next| one.0 < next.0)),
        _ => false,
    });
    let fits = operators.checked_add(1) == Some(network.starts.len()) && network.prizes.len() == services;
    if !(sorted && ends && known && rises && fits) {
        return Err(Refusal::Network);
    }
    if certificate.service.is_some_and(|service| service as usize >= services) {
        return Err(Refusal::Index);
    }
    let lower = certificate.lower.as_ref();
    let lower = lower.map(|lower| verify_lower(network, certificate.service, lower)).transpose()?;
    let upper = certificate.upper.as_ref();
    let upper = upper.map(|attack| verify_attack(network, certificate.service, attack)).transpose()?;
    Ok(Claim { service: certificate.service, lower, upper })
}

/// Walks the tree; every leaf must be proved and every branch have both its parts.
fn verify_lower(network: &Network, service: Option<u32>, lower: &Lower) -> Result<Fraction, Refusal> {
    if lower.ratio.den == 0 {
        return Err(Refusal::Zero);
    }
    let mut operators = vec![Mark::Free; network.stakes.len()];
    let mut services = vec![Mark::Free; network.needs.len()];
    if let Some(mark) = service.and_then(|service| services.get_mut(service as usize)) {
        *mark = Mark::In;
    }
    let mut path: Vec<&Node> = Vec::new();
    let mut covers = Covers::default();
    let mut open = true;
    for (index, node) in lower.nodes.iter().enumerate() {
        if !open {
            return Err(Refusal::Shape(index));
        }
        let proved = match node {
            Node::Cover(cover) => {
                if !covers.add(network, cover, &services)? {
                    return Err(Refusal::Unproved(index));
                }
                continue;
            }
            Node::Leaf(prices) => {
                let covers = std::mem::take(&mut covers);
                leaf_bound(network, lower.ratio, prices, &covers, &operators, &services)? >= 0
            }
            _ if !covers.asked.is_empty() => return Err(Refusal::Shape(index)),
            Node::Unreachable(service) => unreachable(network, *service, &operators, &services)?,
            Node::Service(_) | Node::Operator(_) => {
                let mark = mark_of(node, &mut operators, &mut services).ok_or(Refusal::Index)?;
                if *mark != Mark::Free {
                    return Err(Refusal::Decided(index));
                }
                *mark = Mark::In;
                path.push(node);
                continue;
            }
        };
        if !proved {
            return Err(Refusal::Unproved(index));
        }
        // Back to the nearest branch whose second part is still to come.
        open = false;
        while let Some(branch) = path.last() {
            let mark = mark_of(branch, &mut operators, &mut services).ok_or(Refusal::Index)?;
            if *mark == Mark::In {
                *mark = Mark::Out;
                open = true;
                break;
            }
            *mark = Mark::Free;
            path.pop();
        }
    }
    if open { Err(Refusal::Shape(lower.nodes.len())) } else { Ok(lower.ratio) }
}

fn mark_of<'a>(node: &Node, operators: &'a mut [Mark], services: &'a mut [Mark]) -> Option<&'a mut Mark> {
    match node {
        Node::Service(service) => services.get_mut(*service as usize),
        Node::Operator(operator) => operators.get_mut(*operator as usize),
        Node::Leaf(_) | Node::Unreachable(_) | Node::Cover(_) => None,
    }
}

/// What covers add to a leaf: the value of what each operator brings to them, and of what each service asks of them.
#[derive(Default)]
struct Covers {
    bought: Vec<i128>,
    asked: Vec<i128>,
}

impl Covers {
    /// Counts a cover; false if its operators leave nothing of the need, or the network's stake is divisible.
    ///
    /// Whoever attacks the service brings its need. Of that the cover's operators bring at most their stake, so all others
    /// bring what is left of the need at least, and still do if each of them counts up to that.
    fn add(&mut self, network: &Network, cover: &Cover, services: &[Mark]) -> Result<bool, Refusal> {
        let index = cover.service as usize;
        let mut left = *network.needs.get(index).ok_or(Refusal::Index)?;
        if !cover.operators.is_sorted_by(|one, next| one < next) {
            return Err(Refusal::Index);
        }
        let brings = |operator: usize| {
            let edges = network.of_operator(operator).ok_or(Refusal::Index)?;
            let edge = edges.binary_search_by_key(&cover.service, |(service, _)| *service).ok();
            Ok(edge.and_then(|edge| edges.get(edge)).map(|(_, stake)| *stake))
        };
        for operator in &cover.operators {
            left = left.saturating_sub(brings(*operator as usize)?.ok_or(Refusal::Index)?);
        }
        if left == 0 || network.divisible {
            return Ok(false);
        }
        self.bought.resize(network.stakes.len(), 0);
        self.asked.resize(network.needs.len(), 0);
        if services.get(index) == Some(&Mark::Out) {
            return Ok(true);
        }
        let mut inside = cover.operators.iter().map(|it| *it as usize).peekable();
        for (operator, bought) in self.bought.iter_mut().enumerate() {
            if inside.next_if_eq(&operator).is_some() {
                continue;
            }
            if let Some(stake) = brings(operator)? {
                *bought = plus(*bought, product(min(stake, left), cover.price)?)?;
            }
        }
        let asked = self.asked.get_mut(index).ok_or(Refusal::Index)?;
        *asked = plus(*asked, product(left, cover.price)?)?;
        Ok(true)
    }
}

/// Whether an attacked service cannot be corrupted by the operators that are not left out. Where parts may be used, an
/// operator that is not burnt whole still brings its parts, so nothing is out of reach.
fn unreachable(
    network: &Network,
    service: u32,
    operators: &[Mark],
    services: &[Mark],
) -> Result<bool, Refusal> {
    let need = network.needs.get(service as usize).ok_or(Refusal::Index)?;
    if network.divisible || services.get(service as usize) != Some(&Mark::In) {
        return Ok(false);
    }
    let mut left = 0u128;
    for (operator, _) in operators.iter().enumerate().filter(|(_, mark)| **mark != Mark::Out) {
        let edges = network.of_operator(operator).ok_or(Refusal::Network)?;
        if let Ok(edge) = edges.binary_search_by_key(&service, |(service, _)| *service) {
            let stake = edges.get(edge).map_or(0, |(_, stake)| *stake);
            left = left.checked_add(stake).ok_or(Refusal::Overflow)?;
        }
    }
    Ok(left < *need)
}

/// A number that cost − λ · prize of no attack of this part falls below, times the denominator of λ.
///
/// For an attack on services A by operators B and any prices m ≥ 0, what B brings to each need, counted up to the need,
/// is at least the need: cost − λ·prize ≥ cost − λ·prize − Σ_A m·(brought − need). The same holds of what is left of a
/// need beside a cover. The right side splits into one term for each operator and each service, and this is the sum of the
/// smallest value of each.
fn leaf_bound(
    network: &Network,
    ratio: Fraction,
    prices: &[u128],
    covers: &Covers,
    operators: &[Mark],
    services: &[Mark],
) -> Result<i128, Refusal> {
    if prices.len() != services.len() {
        return Err(Refusal::Index);
    }
    let mut bound = 0i128;
    for (operator, (stake, mark)) in network.stakes.iter().zip(operators).enumerate() {
        // Burnt whole: the stake less what it brings everywhere. Used in part: what pays at these prices.
        let bought = covers.bought.get(operator).copied().unwrap_or_default();
        let mut whole = minus(product(*stake, ratio.den)?, bought)?;
        let mut parts = 0i128;
        for (service, stake) in network.of_operator(operator).ok_or(Refusal::Network)? {
            let index = *service as usize;
            let need = *network.needs.get(index).ok_or(Refusal::Index)?;
            let price = *prices.get(index).ok_or(Refusal::Index)?;
            if price == 0 || services.get(index) == Some(&Mark::Out) {
                continue;
            }
            let counted = min(*stake, need);
            whole = minus(whole, product(counted, price)?)?;
            if network.divisible && price > ratio.den {
                parts =
                    minus(parts, product(counted, price.checked_sub(ratio.den).ok_or(Refusal::Overflow)?)?)?;
            }
        }
        let term = match mark {
            Mark::In => whole,
            Mark::Out => parts,
            Mark::Free => min(whole, parts),
        };
        bound = plus(bound, term)?;
    }
    let amounts = network.needs.iter().zip(&network.prizes);
    for (index, (((need, prize), price), mark)) in amounts.zip(prices).zip(services).enumerate() {
        let asked = covers.asked.get(index).copied().unwrap_or_default();
        let gain = minus(plus(product(*need, *price)?, asked)?, product(*prize, ratio.num)?)?;
        let term = match mark {
            Mark::In => gain,
            Mark::Out => 0,
            Mark::Free => min(0, gain),
        };
        bound = plus(bound, term)?;
    }
    Ok(bound)
}

/// Whether the attack reaches every need, and what it costs and brings.
fn verify_attack(network: &Network, service: Option<u32>, attack: &Attack) -> Result<Fraction, Refusal> {
    let rises = attack.services.is_sorted_by(|one, next| one < next)
        && attack.operators.is_sorted_by(|one, next| one < next)
        && attack.parts.is_sorted_by(|one, next| (one.operator, one.service) < (next.operator, next.service));
    if !rises {
        return Err(Refusal::Index);
    }
    if let Some(service) = service.filter(|service| attack.services.binary_search(service).is_err()) {
        return Err(Refusal::Other(service));
    }
    let mut cost = 0u128;
    let mut brought = vec![0u128; attack.services.len()];
    let mut bring = |service: u32, stake: u128| {
        let Ok(index) = attack.services.binary_search(&service) else { return Ok(false) };
        let sum = brought.get_mut(index).ok_or(Refusal::Index)?;
        *sum = sum.checked_add(stake).ok_or(Refusal::Overflow)?;
        Ok(true)
    };
    for operator in &attack.operators {
        let stake = network.stakes.get(*operator as usize).ok_or(Refusal::Index)?;
        cost = cost.checked_add(*stake).ok_or(Refusal::Overflow)?;
        for (service, stake) in network.of_operator(*operator as usize).ok_or(Refusal::Index)? {
            bring(*service, *stake)?;
        }
    }
    for part in &attack.parts {
        let edges = network.of_operator(part.operator as usize).ok_or(Refusal::Index)?;
        let edge = edges.iter().find(|(service, _)| *service == part.service).ok_or(Refusal::Part)?;
        let whole = attack.operators.binary_search(&part.operator).is_ok();
        if !network.divisible || whole || part.stake > edge.1 || !bring(part.service, part.stake)? {
            return Err(Refusal::Part);
        }
        cost = cost.checked_add(part.stake).ok_or(Refusal::Overflow)?;
    }
    let mut prize = 0u128;
    for (service, brought) in attack.services.iter().zip(brought) {
        let index = *service as usize;
        if brought < *network.needs.get(index).ok_or(Refusal::Index)? {
            return Err(Refusal::Need(*service));
        }
        let gain = network.prizes.get(index).ok_or(Refusal::Index)?;
        prize = prize.checked_add(*gain).ok_or(Refusal::Overflow)?;
    }
    if prize == 0 { Err(Refusal::Zero) } else { Ok(Fraction { num: cost, den: prize }) }
}

fn product(one: u128, other: u128) -> Result<i128, Refusal> {
    let product = one.checked_mul(other).and_then(|product| i128::try_from(product).ok());
    product.ok_or(Refusal::Overflow)
}

fn plus(one: i128, other: i128) -> Result<i128, Refusal> {
    one.checked_add(other).ok_or(Refusal::Overflow)
}

fn minus(one: i128, other: i128) -> Result<i128, Refusal> {
    one.checked_sub(other).ok_or(Refusal::Overflow)
}
