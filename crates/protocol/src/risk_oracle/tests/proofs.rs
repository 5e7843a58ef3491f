//! Certificates made by hand: one leaf that prices every service alike proves the lower bound, and the largest
//! allocations first make the attack. Tight where one service alone is the weakest.

use light::certificate::{Attack, Certificate, Fraction, Lower, Node, Part};
use types::abi::IRiskOracle::Network;

const UNIT: u128 = 1_000_000_000;

/// The most services that one operator stands behind.
fn degree(network: &Network) -> u128 {
    let lengths = network.starts.windows(2).map(|pair| u128::from(pair[1] - pair[0]));
    lengths.max().unwrap_or(1).max(1)
}

/// The price of a unit of stake at which no operator brings more than it has.
fn price(network: &Network) -> u128 {
    if network.mode == 1 { UNIT } else { UNIT / degree(network) }
}

/// The proof by that price: need · price ≥ λ · prize for every service.
pub fn proof(network: &Network) -> Lower {
    let price = price(network);
    let ratios = network.needs.iter().zip(&network.prizes);
    let num = ratios.filter(|(_, prize)| **prize > 0).map(|(need, prize)| need * price / prize).min();
    let ratio = Fraction { num: num.unwrap_or(0), den: UNIT };
    Lower { ratio, nodes: vec![Node::Leaf(vec![price; network.needs.len()])] }
}

/// γ of the cheapest attack in mode unique, of those that corrupt `service`, in millionths, rounded down: every choice
/// of services is tried, and each costs its needs.
pub fn cheapest(network: &Network, service: Option<usize>) -> i64 {
    let count = network.needs.len();
    let choices =
        (1_u32..1 << count).filter(|choice| service.is_none_or(|service| choice >> service & 1 == 1));
    let ratio = |choice: u32| {
        let sum = |of: &[u128]| (0..count).filter(|it| choice >> it & 1 == 1).map(|it| of[it]).sum::<u128>();
        sum(&network.needs) * 1_000_000 / sum(&network.prizes)
    };
    i64::try_from(choices.map(ratio).min().unwrap()).unwrap() - 1_000_000
}

/// The service with the least need for its prize.
pub fn weakest(network: &Network) -> u32 {
    let ratio = |service: &usize| network.needs[*service] * UNIT / network.prizes[*service].max(1);
    u32::try_from((0..network.needs.len()).min_by_key(ratio).unwrap()).unwrap()
}

/// The attack on one service that uses no more than it needs.
pub fn attack(network: &Network, service: u32) -> Attack {
    let mut left = network.needs[service as usize];
    let mut attack = Attack { services: vec![service], ..Attack::default() };
    for operator in 0..network.operators.len() {
        let edges = network.starts[operator] as usize..network.starts[operator + 1] as usize;
        for edge in edges.filter(|edge| network.edgeServices[*edge] == service) {
            let stake = network.edgeStakes[edge].min(left);
            left -= stake;
            let operator = u32::try_from(operator).unwrap();
            if stake > 0 && network.mode == 1 {
                attack.parts.push(Part { operator, service, stake });
            } else if stake > 0 {
                attack.operators.push(operator);
            }
        }
    }
    attack
}

/// A tight certificate, made wrong in one place each.
pub fn corruptions(valid: &Certificate) -> Vec<(&'static str, Certificate)> {
    let changed = |change: &dyn Fn(&mut Lower, &mut Attack)| {
        let mut certificate = valid.clone();
        change(certificate.lower.as_mut().unwrap(), certificate.upper.as_mut().unwrap());
        certificate
    };
    vec![
        ("a higher bound", changed(&|lower, _| lower.ratio.num += 1)),
        ("no unit", changed(&|lower, _| lower.ratio.den = 0)),
        ("a smaller unit", changed(&|lower, _| lower.ratio.den -= 1)),
        ("a lower price", changed(&|lower, _| lower.nodes = vec![Node::Leaf(vec![UNIT - 1; 2])])),
        ("a higher price", changed(&|lower, _| lower.nodes = vec![Node::Leaf(vec![UNIT * 2; 2])])),
        ("too few prices", changed(&|lower, _| lower.nodes = vec![Node::Leaf(vec![UNIT])])),
        ("no nodes", changed(&|lower, _| lower.nodes.clear())),
        ("a branch without leaves", changed(&|lower, _| lower.nodes.insert(0, Node::Service(0)))),
        ("a service that is not there", changed(&|lower, _| lower.nodes.insert(0, Node::Service(2)))),
        ("an operator that is not there", changed(&|lower, _| lower.nodes.insert(0, Node::Operator(2)))),
        ("a node after the end", changed(&|lower, _| lower.nodes.push(Node::Unreachable(0)))),
        ("out of reach, which it is not", changed(&|lower, _| lower.nodes = vec![Node::Unreachable(0)])),
        (
            "numbers beyond all bounds",
            changed(&|lower, _| lower.nodes = vec![Node::Leaf(vec![u128::MAX; 2])]),
        ),
        ("a part too small", changed(&|_, attack| attack.parts[0].stake -= 1)),
        ("a part too large", changed(&|_, attack| attack.parts[0].stake += 1_000)),
        ("a part of nobody", changed(&|_, attack| attack.parts[0].operator = 7)),
        ("a part for another service", changed(&|_, attack| attack.parts[0].service = 1)),
        ("a part twice", changed(&|_, attack| attack.parts.insert(0, attack.parts[0]))),
        ("no parts", changed(&|_, attack| attack.parts.clear())),
        ("another attack", changed(&|_, attack| attack.services = vec![0, 1])),
        ("no attack", changed(&|_, attack| *attack = Attack::default())),
    ]
}

/// A tree with so many branches and no end.
pub fn endless(valid: &Certificate, nodes: usize) -> Certificate {
    let mut certificate = valid.clone();
    let lower = certificate.lower.as_mut().unwrap();
    let leaf = lower.nodes[0].clone();
    lower.nodes = vec![Node::Service(0), leaf.clone(), Node::Service(1), leaf.clone(), leaf];
    lower.nodes.extend(vec![Node::Unreachable(0); nodes]);
    certificate
}
