//! Branch and bound in the ratio itself: each open case carries a proved lower bound on cost / prize (Dinkelbach on its
//! relaxation), the lowest is opened next, and the cheapest attack found bounds from above. Stopped at any time, the
//! tree so far is a proof of the lowest open bound.

use super::{
    attacks::{Attacker, Priced},
    covers::{Cover, violated},
    exchange::Wanted,
    relaxation::{Relaxation, Variable},
    simplex::{Outcome, Snapshot},
};
use crate::{
    Graph, Mode,
    certificate::{self, Fraction, LeafPrices, LeafState, Lower, Network, Node},
};
use std::{cmp::Ordering, collections::BinaryHeap, rc::Rc};

/// Fractions nearer than this to 0 or 1 count as whole.
const WHOLE: f64 = 1e-7;
/// Services beyond which no relaxation is solved: its dense inverse has the square of their number.
const MOST_ROWS: usize = 500;
/// Registrations beyond which few fractional solutions are rounded to attacks.
const MANY_EDGES: usize = 5_000;
/// Cases of a large network between two dives.
const DIVE_EVERY: u64 = 4;
/// Relaxations solved in a dive at most, and variables settled between two.
const DIVE: (usize, usize) = (48, 8);
/// A dive looks for attacks this much cheaper than the best.
const CHEAPER: f64 = 0.97;
/// Relaxations solved for one case at most.
const STEPS: usize = 30;

/// Bound and best attack are near when they differ by less than this part.
const NEAR: f64 = 1e-3;
/// Sets of operators of an attack that are tried in exchange for others, at most.
const MOST_SETS: usize = 30_000;
/// Cases between two looks for exchanges in attacks that are not the best: at first, and later on.
const EXCHANGE_EVERY: [u64; 2] = [32, 1_024];

/// A case: a node of the tree.
struct Case {
    parent: usize,
    /// What distinguishes it from its parent.
    decision: Option<(Variable, bool)>,
    /// The two parts, where it is divided: with and without the variable.
    parts: Option<(Variable, [usize; 2])>,
    /// What proves it, where it is not divided.
    proof: Proof,
}

#[derive(Clone)]
enum Proof {
    /// Services with the price of a unit of their stake, and covers with that of a unit of what they leave.
    Prices(Vec<(u32, f64)>, Vec<(Rc<Cover>, f64)>),
    /// The need of this service is out of reach.
    Unreachable(u32),
}

/// A case that is still to be divided.
struct Open {
    bound: f64,
    case: usize,
    depth: usize,
    branch: Variable,
    /// The first case that it is part of, by the service of largest need attacked.
    group: usize,
    /// Where the group's relaxation stood; none before the group has one of its own.
    snapshot: Option<Rc<Snapshot>>,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Open {}
impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Open {
    /// The lowest bound first, then the deepest, then the newest.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_bound = other.bound.total_cmp(&self.bound);
        by_bound.then(self.depth.cmp(&other.depth)).then(self.case.cmp(&other.case))
    }
}

/// How far to search.
pub(super) struct Effort<'a> {
    /// Width of the interval of cost / prize at which to stop.
    pub gap: f64,
    /// Cases to divide at most.
    pub cases: u64,
    /// Asked now and then; true stops the search.
    pub stop: &'a mut dyn FnMut(Progress) -> bool,
}

/// Where a search stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Cases divided so far.
    pub cases: u64,
    /// γ is at least this.
    pub lower: f64,
    /// γ is at most this.
    pub upper: f64,
}

/// The search over one graph.
pub(super) struct Search<'g> {
    graph: &'g Graph,
    must: Option<u32>,
    /// Services of which every attack includes one; empty: no matter which.
    among: Vec<u32>,
    rows: Vec<u32>,
    scale: f64,
    /// A group speaks of its own service and those of smaller need: few rows and operators, so quick to solve.
    groups: Vec<Option<Box<Relaxation>>>,
    attacker: Attacker<'g>,
    cases: Vec<Case>,
    open: BinaryHeap<Open>,
    /// The lowest bound among closed cases.
    closed: f64,
    /// What bounds the first cases that were not looked at; infinite when all were.
    unseen: f64,
    pub best: Priced,
    /// Whether exchanges have been looked for in the best attack.
    exchanged: bool,
    /// Cases divided.
    pub divided: u64,
    /// Pivots of all relaxations.
    pub pivots: u64,
    solution: Vec<f64>,
    decisions: Vec<(Variable, bool)>,
}

impl<'g> Search<'g> {
    /// Begins with the attack `best`; `rows` are services with prize and need, largest need first.
    pub(super) fn new(
        graph: &'g Graph,
        must: Option<u32>,
        among: Vec<u32>,
        rows: Vec<u32>,
        best: Priced,
    ) -> Self {
        let scale = (best.cost as f64).max(1.0);
        Self {
            graph,
            must,
            among,
            groups: vec![None; rows.len()],
            rows,
            scale,
            attacker: Attacker::new(graph, must),
            cases: Vec::new(),
            open: BinaryHeap::new(),
            closed: f64::INFINITY,
            unseen: f64::INFINITY,
            best,
            exchanged: false,
            divided: 0,
            pivots: 0,
            solution: Vec::new(),
            decisions: Vec::new(),
        }
    }

    /// Services with prize and need, largest need first.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The proved lower bound on cost / prize.
    pub(super) fn lower(&self) -> f64 {
        let open = self.open.peek().map_or(f64::INFINITY, |open| open.bound);
        open.min(self.closed).min(self.unseen).min(self.best.ratio())
    }

    fn target(&self, gap: f64) -> f64 {
        self.best.ratio() - 0.8 * gap
    }

    fn progress(&self) -> Progress {
        Progress { cases: self.divided, lower: self.lower() - 1.0, upper: self.best.ratio() - 1.0 }
    }

    /// The first cases: the attacked service of largest need is this or that one (all earlier ones not attacked).
    /// Where every attack must include one service, there is one first case. `fallback` are prices by row that prove
    /// the ratio `weakest` of every case.
    pub(super) fn begin(&mut self, fallback: &[f64], weakest: f64, effort: &mut Effort) {
        let proof = Proof::Prices(self.by_service(&self.rows, fallback), Vec::new());
        self.cases.push(Case { parent: 0, decision: None, parts: None, proof });
        if self.rows.len() > MOST_ROWS {
            // A relaxation for each of so many services takes longer than anybody waits: loads bound from below.
            self.unseen = weakest;
            return;
        }
        let mut whole = Relaxation::new(self.graph, self.rows.clone(), self.scale);
        if self.must.is_some() {
            return self.enter(0, (0, 0), weakest, effort.gap, &mut whole, true);
        }
        self.unseen = weakest;
        let mut last = 0;
        let shared = !self.among.is_empty();
        let attacked = if shared { self.among.clone() } else { self.rows.clone() };
        for (place, service) in attacked.into_iter().enumerate() {
            let [with, without] = self.divide(last, Variable::Service(service));
            let group = if shared { 0 } else { place };
            last = without;
            if (effort.stop)(self.progress()) {
                return;
            }
            self.enter(with, (group, 1), weakest, effort.gap, &mut whole, true);
        }
        self.unseen = f64::INFINITY;
        self.cases[last].proof = Proof::Prices(Vec::new(), Vec::new());
    }

    /// Whether all first cases were looked at, so that the bound is at least that of the relaxation.
    pub(super) fn has_begun(&self) -> bool {
        self.unseen.is_infinite()
    }

    fn by_service(&self, rows: &[u32], prices: &[f64]) -> Vec<(u32, f64)> {
        rows.iter().copied().zip(prices.iter().copied()).filter(|(_, price)| *price > 0.0).collect()
    }

    fn divide(&mut self, parent: usize, variable: Variable) -> [usize; 2] {
        let proof = self.cases[parent].proof.clone();
        let first = self.cases.len();
        for value in [true, false] {
            let decision = Some((variable, value));
            self.cases.push(Case { parent, decision, parts: None, proof: proof.clone() });
        }
        self.cases[parent].parts = Some((variable, [first, first + 1]));
        [first, first + 1]
    }

    /// Divides the lowest case until the interval is narrow, nothing is open, or the effort is spent.
    pub(super) fn run(&mut self, effort: &mut Effort) {
        while self.open.peek().is_some_and(|open| self.best.ratio() - open.bound > effort.gap) {
            if self.divided >= effort.cases || (effort.stop)(self.progress()) {
                return;
            }
            self.exchange(effort.gap);
            let Some(open) = self.open.pop() else { return };
            self.divided += 1;
            let parts = self.divide(open.case, open.branch);
            let mut relaxation = self.group(open.group);
            self.dive(&open, &mut relaxation, effort);
            for case in parts {
                if let Some(snapshot) = &open.snapshot {
                    relaxation.restore(snapshot);
                }
                self.enter(
                    case,
                    (open.group, open.depth + 1),
                    open.bound,
                    effort.gap,
                    &mut relaxation,
                    false,
                );
            }
            self.groups[open.group] = Some(relaxation);
        }
    }

    /// In a large network, now and then: settles what a case's solution uses in part, largest first and as it is nearest, until
    /// an attack is left. A relaxation rounded at once overshoots many needs; one step at a time others make room.
    fn dive(&mut self, open: &Open, relaxation: &mut Relaxation, effort: &mut Effort) {
        let large = self.graph.edges().len() > MANY_EDGES && self.graph.mode() == Mode::Full;
        if !large || !(self.divided - 1).is_multiple_of(DIVE_EVERY) {
            return;
        }
        let before = relaxation.snapshot();
        self.collect(open.case);
        let mut decisions = self.decisions.clone();
        let ratio = CHEAPER * self.best.ratio();
        let mut solution = std::mem::take(&mut self.solution);
        for _ in 0..DIVE.0 {
            relaxation.decide(&decisions);
            if !matches!(relaxation.solve(ratio), Outcome::Optimal(_)) || (effort.stop)(self.progress()) {
                break;
            }
            relaxation.solution(&mut solution);
            let settled = self.nearest(&solution, relaxation);
            if settled.is_empty() {
                break;
            }
            decisions.extend(settled);
        }
        let found = self.attacker.round(&solution, &relaxation.operators, &relaxation.rows, 0.5);
        if let Some(found) = found.filter(|found| found.beats(&self.best)) {
            self.best = found;
            self.exchanged = false;
        }
        self.solution = solution;
        relaxation.restore(&before);
    }

    /// The largest variables that a solution uses in part, with what they are nearest to; services first.
    fn nearest(&self, solution: &[f64], relaxation: &Relaxation) -> Vec<(Variable, bool)> {
        let inside = |value: f64| value.min(1.0 - value) > WHOLE;
        let services = relaxation.rows.iter().zip(&solution[relaxation.operators.len()..]);
        let services = services.map(|(service, value)| (u128::MAX, Variable::Service(*service), *value));
        let operators = relaxation.operators.iter().zip(solution).map(|(operator, value)| {
            (self.graph.operators()[*operator as usize].stake, Variable::Operator(*operator), *value)
        });
        let mut parts: Vec<_> = services.chain(operators).filter(|(_, _, value)| inside(*value)).collect();
        parts.sort_by_key(|(stake, ..)| std::cmp::Reverse(*stake));
        parts.into_iter().take(DIVE.1).map(|(_, variable, value)| (variable, value > 0.5)).collect()
    }

    /// Where bound and best attack are near, looks for a cheaper set of operators that adds up to as much.
    fn exchange(&mut self, gap: f64) {
        let floor = self.lower();
        let ceiling = self.best.ratio();
        if self.exchanged || ceiling - floor > NEAR * floor {
            return;
        }
        self.exchanged = true;
        let wanted = Wanted { floor, ceiling, gap, sets: MOST_SETS };
        if let Some(found) = self.attacker.exchanged(&self.best, &wanted) {
            self.best = found;
        }
    }

    /// The same from an attack near a case's solution, with fewer sets.
    fn exchange_near(&mut self, found: &Priced, gap: f64) -> Option<Priced> {
        let (floor, ceiling) = (self.lower(), self.best.ratio());
        let near = ceiling - floor <= NEAR * floor && found.ratio() - ceiling <= 10.0 * NEAR * ceiling;
        let wanted = Wanted { floor, ceiling, gap, sets: MOST_SETS / 8 };
        if near { self.attacker.exchanged(found, &wanted) } else { None }
    }

    /// The relaxation of a group, taken out of its place, made when first needed.
    fn group(&mut self, group: usize) -> Box<Relaxation> {
        let made = self.groups[group].take();
        made.unwrap_or_else(|| {
            let rows = self.rows[group..].to_vec();
            Box::new(Relaxation::new(self.graph, rows, self.scale))
        })
    }

    /// Evaluates a case and files it: closed if proved to the target, else open.
    fn enter(
        &mut self,
        case: usize,
        (group, depth): (usize, usize),
        parent_bound: f64,
        gap: f64,
        relaxation: &mut Relaxation,
        first: bool,
    ) {
        self.collect(case);
        relaxation.decide(&self.decisions);
        if let Some(service) = out_of_reach(self.graph, &self.decisions, relaxation) {
            self.cases[case].proof = Proof::Unreachable(service);
            return;
        }
        let before = relaxation.pivots();
        let (bound, branch) = self.evaluate(case, parent_bound, gap, relaxation, first);
        self.pivots += relaxation.pivots() - before;
        match branch {
            Some(branch) if bound < self.target(gap) => {
                let snapshot = (!first).then(|| Rc::new(relaxation.snapshot()));
                self.open.push(Open { bound, case, depth, branch, group, snapshot });
            }
            _ => self.closed = self.closed.min(bound),
        }
    }

    /// The decisions on the way to a case.
    fn collect(&mut self, case: usize) {
        self.decisions.clear();
        if let Some(service) = self.must {
            self.decisions.push((Variable::Service(service), true));
        }
        let mut at = case;
        while let Some(decision) = self.cases[at].decision {
            self.decisions.push(decision);
            at = self.cases[at].parent;
        }
    }

    /// The proved bound of a case, and what to divide it on if that is below the target.
    fn evaluate(
        &mut self,
        case: usize,
        parent_bound: f64,
        gap: f64,
        relaxation: &mut Relaxation,
        first: bool,
    ) -> (f64, Option<Variable>) {
        let mut ratio = self.target(gap).max(parent_bound);
        let mut solution = std::mem::take(&mut self.solution);
        let mut bound = parent_bound;
        for step in 0..STEPS {
            let proved = match relaxation.solve(ratio) {
                Outcome::Optimal(value) => value >= -1e-11,
                Outcome::Infeasible | Outcome::Stalled => break,
            };
            let mut next = ratio;
            if !proved {
                relaxation.solution(&mut solution);
                self.improve(&solution, relaxation, step, gap);
                let Some(found) = relaxation.ratio_of(&solution) else { break };
                next = found;
            }
            let settled = proved || next >= ratio * (1.0 - 1e-13);
            if settled && next > parent_bound {
                let prices = self.by_service(&relaxation.rows, &relaxation.prices());
                let covers = relaxation.covers.iter().cloned().zip(relaxation.cover_prices());
                let covers = covers.filter(|(_, price)| *price > 0.0).collect();
                self.cases[case].proof = Proof::Prices(prices, covers);
                bound = bound.max(next.min(ratio));
            }
            // Below the parent's bound, its prices prove that here too; only covers lead to something better.
            if settled || next <= parent_bound {
                if proved || first || !self.cut(&solution, relaxation) {
                    break;
                }
                next = self.target(gap).max(bound);
            }
            ratio = next;
        }
        let mut divided = None;
        if bound < self.target(gap) {
            relaxation.solution(&mut solution);
            divided = branch(self.graph, &solution, relaxation);
        }
        self.solution = solution;
        (bound, divided)
    }

    /// Adds covers that a solution violates; false if there are none.
    fn cut(&self, solution: &[f64], relaxation: &mut Relaxation) -> bool {
        let covers = violated(self.graph, relaxation, solution);
        let any = !covers.is_empty();
        covers.into_iter().for_each(|cover| relaxation.cover(self.graph, cover));
        any
    }

    /// Looks for attacks near a fractional one: always at first, later now and then.
    fn improve(&mut self, solution: &[f64], relaxation: &Relaxation, step: usize, gap: f64) {
        // Attacks of large networks take longer to complete than relaxations to solve: few are tried.
        let large = self.graph.edges().len() > MANY_EDGES;
        let thresholds: &[f64] = match (self.divided, step) {
            (_, 0) if large && (self.cases.len() / 2).is_multiple_of(16) => &[0.5],
            _ if large => &[],
            (0..64, _) if (self.must.is_none() && self.among.is_empty()) || self.divided < 4 => {
                &[0.999, 0.5, 1e-6]
            }
            (0..64, 0) => &[0.5],
            (_, 0) if self.divided.is_multiple_of(4) => &[0.5],
            _ => &[],
        };
        let parts = |value: &f64| value.min(1.0 - value) > WHOLE;
        let whole = !solution[..relaxation.operators.len() + relaxation.rows.len()].iter().any(parts);
        for least in if whole { &[0.5] } else { thresholds } {
            let found = self.attacker.round(solution, &relaxation.operators, &relaxation.rows, *least);
            let mut found = found;
            let every = EXCHANGE_EVERY[usize::from(self.divided >= EXCHANGE_EVERY[1])];
            if step == 0 && self.divided % every == every - 4 {
                found = found.map(|found| self.exchange_near(&found, gap).unwrap_or(found));
            }
            if let Some(found) = found.filter(|found| found.beats(&self.best)) {
                self.best = found;
                self.exchanged = false;
            }
        }
    }

    /// The proof so far: every case with integer prices, and the highest ratio that all of them prove; with `must` of the cases
    /// in which that service is attacked.
    pub(super) fn proof(&self, network: &Network, must: Option<u32>) -> Lower {
        let den = certificate::denominator(network);
        let mut writer = Writer {
            search: self,
            must,
            network,
            den,
            num: (self.lower() * den as f64).floor() as u128,
            operators: vec![None; network.stakes.len()],
            services: vec![None; network.needs.len()],
            nodes: Vec::new(),
        };
        if let Some(service) = must {
            writer.services[service as usize] = Some(true);
        }
        writer.write();
        Lower { ratio: Fraction { num: writer.num, den }, nodes: writer.nodes }
    }
}

/// What to divide on: a service that is partly attacked, else the operator that is partly burnt at most stake, else
/// whatever is undecided.
pub(super) fn branch(graph: &Graph, solution: &[f64], relaxation: &Relaxation) -> Option<Variable> {
    let (operators, rows) = (&relaxation.operators, &relaxation.rows);
    let part = |value: f64| value.min(1.0 - value);
    let heaviest = |weighted: &mut dyn Iterator<Item = (f64, Variable)>| {
        let open = weighted.filter(|(weight, it)| *weight > 0.0 && relaxation.is_open(*it));
        open.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, variable)| variable)
    };
    let split = |value: f64, weight: u128| {
        if part(value) > WHOLE { part(value) * weight as f64 } else { 0.0 }
    };
    let services = rows.iter().zip(&solution[operators.len()..]).map(|(service, value)| {
        (split(*value, graph.services()[*service as usize].prize), Variable::Service(*service))
    });
    let stake = |operator: u32| graph.operators()[operator as usize].stake;
    let burnt = operators
        .iter()
        .zip(solution)
        .map(|(operator, value)| (split(*value, stake(*operator)), Variable::Operator(*operator)));
    let open = operators.iter().zip(solution).map(|(operator, value)| {
        (stake(*operator) as f64 * if *value > 0.5 { 1.0 } else { 1e-9 }, Variable::Operator(*operator))
    });
    let attacked = rows.iter().map(|service| (1.0, Variable::Service(*service)));
    heaviest(&mut services.into_iter())
        .or_else(|| heaviest(&mut burnt.into_iter()))
        .or_else(|| heaviest(&mut open.into_iter()))
        .or_else(|| heaviest(&mut attacked.into_iter()))
}

/// An attacked service that the operators left cannot corrupt, in integers.
pub(super) fn out_of_reach(
    graph: &Graph,
    decisions: &[(Variable, bool)],
    relaxation: &Relaxation,
) -> Option<u32> {
    let excludes = decisions.iter().any(|it| matches!(it, (Variable::Operator(_), false)));
    if graph.mode() != Mode::Full || !excludes {
        return None;
    }
    decisions.iter().find_map(|decision| {
        let (Variable::Service(service), true) = decision else { return None };
        let edges = graph.of_service(*service as usize).iter();
        let left: u128 = edges.filter(|edge| !relaxation.is_out(edge.operator)).map(|edge| edge.stake).sum();
        (left < graph.need(*service as usize)).then_some(*service)
    })
}

/// Writes a tree down in preorder, without recursion: chains of services are long.
struct Writer<'a, 'g> {
    search: &'a Search<'g>,
    must: Option<u32>,
    network: &'a Network,
    den: u128,
    num: u128,
    operators: Vec<Option<bool>>,
    services: Vec<Option<bool>>,
    nodes: Vec<Node>,
}

impl Writer<'_, '_> {
    fn write(&mut self) {
        // A case to visit, or a variable to free again.
        enum Step {
            Visit(usize),
            Free(Variable),
        }
        let mut steps = vec![Step::Visit(0)];
        while let Some(step) = steps.pop() {
            let case = match step {
                Step::Free(variable) => {
                    self.set(variable, None);
                    continue;
                }
                Step::Visit(case) => case,
            };
            if let Some((variable, value)) = self.search.cases[case].decision {
                self.set(variable, Some(value));
                if !value {
                    steps.push(Step::Free(variable));
                }
            }
            match self.search.cases[case].parts {
                Some((Variable::Service(service), [with, _])) if self.must == Some(service) => {
                    steps.push(Step::Visit(with));
                }
                Some((variable, [with, without])) => {
                    self.nodes.push(match variable {
                        Variable::Service(service) => Node::Service(service),
                        Variable::Operator(operator) => Node::Operator(operator),
                    });
                    steps.push(Step::Visit(without));
                    steps.push(Step::Visit(with));
                }
                None => self.leaf(case),
            }
        }
    }

    fn set(&mut self, variable: Variable, value: Option<bool>) {
        match variable {
            Variable::Service(service) => self.services[service as usize] = value,
            Variable::Operator(operator) => self.operators[operator as usize] = value,
        }
    }

    fn leaf(&mut self, case: usize) {
        let (prices, covers) = match &self.search.cases[case].proof {
            Proof::Unreachable(service) => return self.nodes.push(Node::Unreachable(*service)),
            Proof::Prices(prices, covers) => (prices, covers),
        };
        let mut dense = vec![0; self.network.needs.len()];
        for (service, price) in prices {
            // A service that is not attacked here needs no price.
            if self.services[*service as usize] != Some(false) {
                dense[*service as usize] = certificate::integer_price(*price, self.den);
            }
        }
        let state = LeafState { operators: &self.operators, services: &self.services };
        let priced = covers.iter().filter(|(cover, _)| self.services[cover.service as usize] != Some(false));
        let covers = priced.map(|(cover, price)| certificate::Cover {
            service: cover.service,
            operators: cover.operators.clone(),
            price: certificate::integer_price(*price, self.den),
        });
        let mut prices = LeafPrices { services: dense, covers: covers.collect() };
        self.num = certificate::settle(self.network, &state, &mut prices, self.den, self.num);
        self.nodes.extend(prices.covers.into_iter().map(Node::Cover));
        self.nodes.push(Node::Leaf(prices.services));
    }
}
