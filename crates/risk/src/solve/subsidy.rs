//! The minimum subsidy b*: what an outsider must add (burn, or win by a short position) until some attack breaks even; the
//! least cost less prize over all attacks, negative where one pays already. Branch and bound as for γ at the ratio one,
//! with bounds in wei that integers confirm.

use super::{
    Level, Limits, Progress,
    attacks::{Attacker, Priced},
    relaxation::{Relaxation, Variable},
    search::{branch, out_of_reach},
    simplex::Outcome,
};
use crate::{
    Error, Graph,
    certificate::{Attack, LeafPrices, LeafState, Network, denominator, integer_price, least_loss},
};
use std::{cmp::Reverse, collections::BinaryHeap};

/// Services beyond which the search is not begun: as for γ, its relaxations would take too long.
const MOST_ROWS: usize = 500;

/// b* as an interval, in wei.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsidy {
    /// With less than this no attack breaks even.
    pub lower: i128,
    /// With this the attack found does.
    pub upper: i128,
    /// The attack.
    pub witness: Priced,
    /// Cases divided.
    pub cases: u64,
}

impl Subsidy {
    /// Whether nobody with this budget makes an attack break even; `None` where the interval does not decide.
    pub fn secure_against(&self, budget: i128) -> Option<bool> {
        match (budget < self.lower, budget >= self.upper) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
}

/// b* of the network; none if no attack brings anything. `limits.gap` is the width wanted, as a share of the cost of the
/// cheapest attack for its prize; a wei is always left.
///
/// # Errors
/// As [`super::slack`]; more services than are searched.
pub fn min_subsidy(graph: &Graph, limits: &mut Limits) -> Result<Option<Subsidy>, Error> {
    let mut begin = Limits { gap: limits.gap, cases: 0, stop: &mut |_| false };
    let slack = super::slack(graph, Level::C1, &mut begin)?;
    let Some(mut found) = slack.witness else { return Ok(None) };
    let network = graph.network();
    let free: Vec<u32> = (0..network.needs.len() as u32)
        .filter(|it| network.prizes[*it as usize] > 0 && network.needs[*it as usize] == 0)
        .collect();
    if !free.is_empty() {
        let prize = free.iter().map(|it| network.prizes[*it as usize]).sum();
        found = Priced { attack: Attack { services: free, ..Attack::default() }, cost: 0, prize };
    }
    let mut rows: Vec<u32> = (0..network.needs.len() as u32)
        .filter(|it| network.prizes[*it as usize] > 0 && network.needs[*it as usize] > 0)
        .collect();
    if rows.len() > MOST_ROWS {
        return Err(Error::TooLarge { what: "services", count: rows.len(), limit: MOST_ROWS });
    }
    rows.sort_by_key(|service| (Reverse(network.needs[*service as usize]), *service));
    Ok(Some(Search::new(graph, network, found).run(&rows, limits)))
}

/// Cost less prize.
fn loss(attack: &Priced) -> i128 {
    attack.cost as i128 - attack.prize as i128
}

/// A case by its bound, then the newest, with its decisions and what to divide it on.
type Open = Reverse<(i128, Reverse<u64>, Box<Case>)>;

#[derive(PartialEq, Eq)]
struct Case {
    decisions: Vec<(Variable, bool)>,
    branch: Variable,
}

impl PartialOrd for Case {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Case {
    /// Cases are told apart by bound and number before this is asked.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.decisions.len().cmp(&other.decisions.len())
    }
}

struct Search<'g> {
    graph: &'g Graph,
    network: Network,
    den: u128,
    attacker: Attacker<'g>,
    best: Priced,
    open: BinaryHeap<Open>,
    /// The lowest bound among cases that cannot be divided.
    closed: i128,
    entered: u64,
    solution: Vec<f64>,
    operators: Vec<Option<bool>>,
    services: Vec<Option<bool>>,
}

impl<'g> Search<'g> {
    fn new(graph: &'g Graph, network: Network, best: Priced) -> Self {
        Self {
            graph,
            den: denominator(&network),
            attacker: Attacker::new(graph, None),
            best,
            open: BinaryHeap::new(),
            closed: i128::MAX,
            entered: 0,
            solution: Vec::new(),
            operators: vec![None; network.stakes.len()],
            services: vec![None; network.needs.len()],
            network,
        }
    }

    fn run(mut self, rows: &[u32], limits: &mut Limits) -> Subsidy {
        let width = (self.best.cost as f64 * limits.gap.max(0.0)) as i128;
        let mut relaxation = Relaxation::new(self.graph, rows.to_vec(), (self.best.cost as f64).max(1.0));
        // No attack brings more than all prizes.
        let worst = -self.network.prizes.iter().map(|prize| *prize as i128).sum::<i128>();
        let mut decisions = Vec::new();
        for service in rows {
            decisions.push((Variable::Service(*service), true));
            self.enter(decisions.clone(), worst, &mut relaxation, width);
            if let Some(last) = decisions.last_mut() {
                last.1 = false;
            }
        }
        let mut cases = 0;
        while let Some(Reverse((bound, _, _))) = self.open.peek() {
            let (bound, best) = (*bound, loss(&self.best));
            let scale = (self.best.cost as f64).max(1.0);
            let progress = Progress { cases, lower: bound as f64 / scale, upper: best as f64 / scale };
            if bound >= best - width || cases >= limits.cases || (limits.stop)(progress) {
                break;
            }
            let Some(Reverse((_, _, case))) = self.open.pop() else { break };
            cases += 1;
            for value in [true, false] {
                let decisions = [case.decisions.as_slice(), &[(case.branch, value)]].concat();
                self.enter(decisions, bound, &mut relaxation, width);
            }
        }
        let open = self.open.peek().map_or(i128::MAX, |Reverse((bound, _, _))| *bound);
        let upper = loss(&self.best);
        Subsidy { lower: open.min(self.closed).min(upper), upper, witness: self.best, cases }
    }

    /// Bounds a case and files it.
    fn enter(
        &mut self,
        decisions: Vec<(Variable, bool)>,
        parent: i128,
        relaxation: &mut Relaxation,
        width: i128,
    ) {
        relaxation.decide(&decisions);
        if out_of_reach(self.graph, &decisions, relaxation).is_some() {
            return;
        }
        let mut bound = parent;
        if let Outcome::Optimal(_) = relaxation.solve(1.0) {
            let prices = relaxation.prices();
            bound = bound.max(self.proved(&decisions, &relaxation.rows, &prices).unwrap_or(parent));
        }
        let mut solution = std::mem::take(&mut self.solution);
        relaxation.solution(&mut solution);
        for least in [0.999, 0.5, 1e-6] {
            let found = self.attacker.round(&solution, &relaxation.operators, &relaxation.rows, least);
            if let Some(found) = found.filter(|found| loss(found) < loss(&self.best)) {
                self.best = found;
            }
        }
        let divided = branch(self.graph, &solution, relaxation);
        self.solution = solution;
        match divided {
            Some(branch) if bound < loss(&self.best) - width => {
                self.entered += 1;
                let case = Box::new(Case { decisions, branch });
                self.open.push(Reverse((bound, Reverse(self.entered), case)));
            }
            _ => self.closed = self.closed.min(bound),
        }
    }

    /// The bound that prices prove in integers.
    fn proved(&mut self, decisions: &[(Variable, bool)], rows: &[u32], prices: &[f64]) -> Option<i128> {
        self.decide(decisions, true);
        let mut dense = vec![0; self.network.needs.len()];
        for (service, price) in rows.iter().zip(prices) {
            if self.services[*service as usize] != Some(false) {
                dense[*service as usize] = integer_price(*price, self.den);
            }
        }
        let state = LeafState { operators: &self.operators, services: &self.services };
        let bound =
            least_loss(&self.network, &state, &LeafPrices { services: dense, covers: Vec::new() }, self.den);
        self.decide(decisions, false);
        bound
    }

    fn decide(&mut self, decisions: &[(Variable, bool)], set: bool) {
        for (variable, value) in decisions {
            let value = set.then_some(*value);
            match variable {
                Variable::Service(service) => self.services[*service as usize] = value,
                Variable::Operator(operator) => self.operators[*operator as usize] = value,
            }
        }
    }
}
