//! One path: who fails, what their services take, whether the loss makes an attack pay, and what that takes. Everything
//! is cleared in time proportional to what was touched, so that quiet years cost next to nothing.

use super::{
    chance::{Faults, Stream, key_of, keyed_unit},
    even::{Even, MAX_DIMENSIONS},
    model::{LossModel, Portfolio},
};
use crate::{
    Graph, Mode,
    shocked::{Network, Shocked, ether},
};

/// Most attacks that follow one another on a path.
const MAX_ROUNDS: u32 = 32;

/// A service or factor with a chance of its own.
struct Keyed {
    index: usize,
    key: u64,
    probability: f64,
}

/// All that paths share.
pub struct Plan<'a> {
    /// The network's figures.
    pub network: Network,
    mode: Mode,
    model: &'a LossModel,
    seed: u64,
    slack: f64,
    follow: bool,
    reach: f64,
    faults: Faults,
    services: Vec<Keyed>,
    factors: Vec<Keyed>,
    /// Share of an operator's losses by portfolio: operator-major.
    holdings: Vec<f64>,
    portfolios: usize,
    /// Evenly spread chance, if asked for, and the operators whose faults it draws.
    even: Option<(Even, Vec<u32>)>,
}

/// What a path lost, in ether.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// In all.
    pub lost: f64,
    /// Through what operators share.
    pub factors: f64,
    /// Through bugs of services.
    pub services: f64,
    /// Through operators' own faults.
    pub operators: f64,
    /// Through attacks that the losses made profitable.
    pub attacks: f64,
    /// Rounds of attacks.
    pub rounds: u32,
    /// Most that could have been lost: losses times 1 + 1/γ where no bound excluded an attack.
    pub bound: f64,
}

/// Working space of one thread.
pub struct Space {
    /// What is lost on the current path.
    pub shocked: Shocked,
    hits: Vec<u32>,
    /// Unique mode: what was taken of each edge.
    taken: Vec<f64>,
    taken_list: Vec<usize>,
}

impl Space {
    /// Room for a network.
    pub fn new(plan: &Plan<'_>) -> Self {
        let edges =
            if plan.mode == Mode::Full { 0 } else { plan.network.first_edge(plan.network.stakes.len()) };
        Self {
            shocked: Shocked::new(&plan.network),
            hits: Vec::new(),
            taken: vec![0.0; edges],
            taken_list: Vec::new(),
        }
    }

    /// Operators that failed by themselves on the current path.
    pub fn faults(&self) -> &[u32] {
        &self.hits
    }

    fn clear(&mut self) {
        self.shocked.clear();
        for edge in self.taken_list.drain(..) {
            self.taken[edge] = 0.0;
        }
    }
}

impl<'a> Plan<'a> {
    /// Prepares paths of `model` on `graph`; `slack` is a certified lower bound of γ.
    pub fn new(
        graph: &Graph,
        model: &'a LossModel,
        portfolios: &[Portfolio],
        seed: u64,
        slack: f64,
        follow: bool,
    ) -> Self {
        let network = Network::new(graph);
        let reach = slack * network.smallest_prize();
        let keyed =
            |index: usize, name: String, probability: f64| Keyed { index, key: key_of(&name), probability };
        let services = graph.services().iter().zip(&model.services).enumerate();
        let services = services
            .map(|(index, (it, chance))| keyed(index, format!("service {}", it.id), chance.probability));
        let factors = model.factors.iter().enumerate();
        let factors = factors
            .map(|(index, it)| keyed(index, format!("{} {}", it.kind, it.name), it.chance.probability));
        let mut holdings = vec![0.0; graph.operators().len() * portfolios.len()];
        for (column, portfolio) in portfolios.iter().enumerate() {
            for (operator, stake) in &portfolio.stakes {
                let of = ether(graph.operators()[*operator as usize].stake);
                let share = if of > 0.0 { ether(*stake) / of } else { 0.0 };
                holdings[*operator as usize * portfolios.len() + column] += share;
            }
        }
        let probabilities: Vec<f64> = model.operators.iter().map(|chance| chance.probability).collect();
        Self {
            mode: graph.mode(),
            model,
            seed,
            slack,
            follow: follow && matches!(graph.mode(), Mode::Full | Mode::Unique),
            reach,
            faults: Faults::new(&probabilities),
            services: services.filter(|it| it.probability > 0.0).collect(),
            factors: factors.filter(|it| it.probability > 0.0).collect(),
            holdings,
            portfolios: portfolios.len(),
            even: None,
            network,
        }
    }

    /// Spreads chance evenly: what operators share first, then services, then the operators whose faults cost most, as
    /// far as there are dimensions; the rest by lot.
    pub fn spread_evenly(&mut self) {
        let first = self.factors.len() + self.services.len();
        let cost = |it: usize| {
            let chance = self.model.operators[it];
            chance.probability * chance.loss * self.network.stakes[it]
        };
        let mut order: Vec<usize> = (0..self.network.stakes.len()).filter(|it| cost(*it) > 0.0).collect();
        order.sort_by(|one, other| cost(*other).total_cmp(&cost(*one)).then(one.cmp(other)));
        order.truncate(MAX_DIMENSIONS.saturating_sub(first));
        let mut rest: Vec<f64> = self.model.operators.iter().map(|chance| chance.probability).collect();
        order.iter().for_each(|operator| rest[*operator] = 0.0);
        self.faults = Faults::new(&rest);
        let even = Even::new(first + order.len(), self.seed);
        self.even = Some((even, order.into_iter().map(|it| it as u32).collect()));
    }

    /// The number that decides whether a thing with a chance of its own happens.
    fn chance(&self, path: u64, axis: usize, key: u64) -> f64 {
        match &self.even {
            Some((even, _)) if axis < even.dimensions() => even.unit(path, axis),
            _ => keyed_unit(self.seed, path, key),
        }
    }

    /// Whether attacks are followed.
    pub fn follows(&self) -> bool {
        self.follow
    }

    /// Number of portfolios.
    pub fn portfolios(&self) -> usize {
        self.portfolios
    }

    /// Runs one path; `space` then holds what every operator lost, until the next one.
    pub fn run(&self, path: u64, space: &mut Space) -> Outcome {
        space.clear();
        let mut outcome = Outcome::default();
        for (axis, factor) in self.factors.iter().enumerate() {
            if self.chance(path, axis, factor.key) < factor.probability {
                outcome.factors += self.fail_together(path, factor, space);
            }
        }
        for (axis, service) in self.services.iter().enumerate() {
            if self.chance(path, self.factors.len() + axis, service.key) < service.probability {
                outcome.services += self.slash_wrongly(service.index, space);
            }
        }
        let mut hits = std::mem::take(&mut space.hits);
        hits.clear();
        self.faults.draw(&mut Stream::of(self.seed, path), &mut hits);
        if let Some((even, operators)) = &self.even {
            let first = self.factors.len() + self.services.len();
            let fails = |(at, operator): (usize, &u32)| {
                let probability = self.model.operators[*operator as usize].probability;
                (even.unit(path, first + at) < probability).then_some(*operator)
            };
            hits.extend(operators.iter().enumerate().filter_map(fails));
        }
        for operator in &hits {
            outcome.operators += self.fail(*operator, self.model.operators[*operator as usize].loss, space);
        }
        space.hits = hits;
        let honest = outcome.factors + outcome.services + outcome.operators;
        outcome.bound = honest;
        if honest > 0.0 && self.follow {
            self.lose_to_services(space);
            self.follow_attacks(honest, &mut outcome, space);
        }
        outcome.lost = honest + outcome.attacks;
        outcome.bound = outcome.bound.max(outcome.lost).min(self.network.total);
        outcome
    }

    /// Adds each portfolio's loss on the current path to `losses`.
    pub fn portfolio_losses(&self, space: &Space, losses: &mut [f64]) {
        for operator in &space.shocked.touched {
            let lost = space.shocked.lost[*operator as usize];
            let row = *operator as usize * self.portfolios;
            for (loss, share) in losses.iter_mut().zip(&self.holdings[row..row + self.portfolios]) {
                *loss += share * lost;
            }
        }
    }

    fn fail_together(&self, path: u64, factor: &Keyed, space: &mut Space) -> f64 {
        let of = &self.model.factors[factor.index];
        let hit = |operator: u32| {
            let key = factor.key ^ u64::from(operator).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            of.reach >= 1.0 || keyed_unit(self.seed, path, key) < of.reach
        };
        of.members.iter().filter(|it| hit(**it)).map(|it| self.fail(*it, of.chance.loss, space)).sum()
    }

    /// An operator's services take `share` of what they can.
    fn fail(&self, operator: u32, share: f64, space: &mut Space) -> f64 {
        let index = operator as usize;
        if self.mode == Mode::Full {
            let left = self.network.stakes[index] - space.shocked.lost[index];
            return space.shocked.take(&self.network, operator, share * left);
        }
        (0..self.network.services(index).len())
            .map(|edge| self.slash_edge(operator, edge, share, space))
            .sum()
    }

    /// A service takes `share` of what it can from everybody who serves it.
    fn slash_wrongly(&self, service: usize, space: &mut Space) -> f64 {
        let share = self.model.services[service].loss;
        let mut lost = 0.0;
        for operator in self.network.operators(service) {
            let index = *operator as usize;
            lost += match self.network.services(index).binary_search(&(service as u32)) {
                Ok(edge) if self.mode != Mode::Full => self.slash_edge(*operator, edge, share, space),
                _ => {
                    let left = self.network.stakes[index] - space.shocked.lost[index];
                    space.shocked.take(&self.network, *operator, share * left)
                }
            };
        }
        lost
    }

    /// Allocated stake: unique slashes shrink one allocation, elastic ones the stake behind all.
    fn slash_edge(&self, operator: u32, edge: usize, share: f64, space: &mut Space) -> f64 {
        let index = operator as usize;
        let at = self.network.first_edge(index) + edge;
        let allocation = self.network.allocations(index)[edge];
        if self.mode == Mode::Unique {
            let amount = share * (allocation - space.taken[at]);
            if space.taken[at] == 0.0 && amount > 0.0 {
                space.taken_list.push(at);
            }
            space.taken[at] += amount;
            return space.shocked.take(&self.network, operator, amount);
        }
        let left = self.network.stakes[index] - space.shocked.lost[index];
        space.shocked.take(&self.network, operator, share * allocation.min(left))
    }

    /// Passes what operators lost on to what their services can slash.
    fn lose_to_services(&self, space: &mut Space) {
        for position in 0..space.shocked.touched.len() {
            let operator = space.shocked.touched[position] as usize;
            let lost = space.shocked.lost[operator];
            let first = self.network.first_edge(operator);
            for (edge, service) in self.network.services(operator).iter().enumerate() {
                let amount = if self.mode == Mode::Full { lost } else { space.taken[first + edge] };
                space.shocked.take_from_service(*service, amount);
            }
        }
    }

    fn follow_attacks(&self, honest: f64, outcome: &mut Outcome, space: &mut Space) {
        if self.mode == Mode::Unique {
            return self.follow_unique(outcome, space);
        }
        if self.slack > 0.0 && honest <= self.reach {
            return;
        }
        let mut reachable = if self.slack > 0.0 { honest / self.slack } else { f64::INFINITY };
        while outcome.rounds < MAX_ROUNDS {
            let found = if self.slack > 0.0 {
                space.shocked.attack(&self.network, reachable)
            } else {
                space.shocked.attack_anywhere(&self.network)
            };
            let Some(found) = found else { break };
            outcome.attacks += space.shocked.execute(&self.network, &found);
            outcome.rounds += 1;
            if self.slack > 0.0 {
                reachable = (honest + outcome.attacks) / self.slack;
            }
        }
        let most = if self.slack > 0.0 { honest * (1.0 + 1.0 / self.slack) } else { self.network.total };
        outcome.bound = most;
    }

    /// Unique stake: a service falls alone, once what it can still slash at the threshold is below its prize.
    fn follow_unique(&self, outcome: &mut Outcome, space: &mut Space) {
        for position in 0..space.shocked.touched_services.len() {
            let service = space.shocked.touched_services[position] as usize;
            let left = (self.network.slashable[service] - space.shocked.lost_by_service[service]).max(0.0);
            let need = self.network.thetas[service] * left;
            if self.network.prizes[service] <= need || left <= 0.0 {
                continue;
            }
            outcome.rounds = 1;
            for operator in self.network.operators(service) {
                let index = *operator as usize;
                if let Ok(edge) = self.network.services(index).binary_search(&(service as u32)) {
                    let share = self.network.thetas[service];
                    outcome.attacks += self.slash_edge(*operator, edge, share, space);
                }
            }
        }
    }
}
