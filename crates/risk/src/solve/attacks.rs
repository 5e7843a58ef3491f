//! Attacks: exact cost and prize of one, attacks grown greedily from a service, and attacks from fractions of a
//! relaxation. Amounts are integers here, so whatever is found is a true upper bound.

use crate::{
    Graph, Mode,
    certificate::{Attack, Part},
};

/// Services of a network in which attacks grow by one service at a time.
const SMALL_NETWORK: usize = 128;

/// An attack with what it costs and brings, in wei.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// Who attacks what.
    pub attack: Attack,
    /// Stake that the attackers lose.
    pub cost: u128,
    /// What the attack is worth to them.
    pub prize: u128,
}

impl Priced {
    /// Cost / prize.
    pub fn ratio(&self) -> f64 {
        self.cost as f64 / self.prize as f64
    }

    /// Whether this attack is cheaper for its prize than `other`, exactly where products fit, else as floats.
    pub fn beats(&self, other: &Self) -> bool {
        match (self.cost.checked_mul(other.prize), other.cost.checked_mul(self.prize)) {
            (Some(own), Some(others)) => own < others,
            _ => self.ratio() < other.ratio(),
        }
    }
}

/// Builds attacks; keeps its tables between calls.
pub(super) struct Attacker<'g> {
    graph: &'g Graph,
    must: Option<u32>,
    brought: Vec<u128>,
    burnt: Vec<bool>,
    wanted: Vec<bool>,
    order: Vec<(f64, u32)>,
    /// One over each need.
    per_need: Vec<f64>,
}

impl<'g> Attacker<'g> {
    /// Attacks on `graph`, all of them on `must` if there is one.
    pub(super) fn new(graph: &'g Graph, must: Option<u32>) -> Self {
        let (operators, services) = (graph.operators().len(), graph.services().len());
        Self {
            graph,
            must,
            brought: vec![0; services],
            burnt: vec![false; operators],
            wanted: vec![false; services],
            order: Vec::new(),
            per_need: (0..services).map(|service| 1.0 / graph.need(service) as f64).collect(),
        }
    }

    fn clear(&mut self) {
        self.brought.fill(0);
        self.burnt.fill(false);
        self.wanted.fill(false);
        if let Some(service) = self.must {
            self.wanted[service as usize] = true;
        }
    }

    /// The network attacked.
    pub(super) fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// Takes up an attack without parts as it stands.
    pub(super) fn take(&mut self, attack: &Attack) {
        self.clear();
        attack.services.iter().for_each(|service| self.wanted[*service as usize] = true);
        attack.operators.iter().for_each(|operator| self.burn(*operator as usize));
    }

    /// Whether an operator that is not burnt has stake in a wanted service.
    pub(super) fn helps(&self, operator: u32) -> bool {
        let edges = self.graph.of_operator(operator as usize);
        !self.burnt[operator as usize] && edges.iter().any(|edge| self.wanted[edge.service as usize])
    }

    pub(super) fn burn(&mut self, operator: usize) {
        self.burnt[operator] = true;
        for edge in self.graph.of_operator(operator) {
            self.brought[edge.service as usize] += edge.stake;
        }
    }

    pub(super) fn spare(&mut self, operator: usize) {
        self.burnt[operator] = false;
        for edge in self.graph.of_operator(operator) {
            self.brought[edge.service as usize] -= edge.stake;
        }
    }

    /// The best attack grown from each of the given services.
    pub(super) fn grow(&mut self, seeds: &[u32]) -> Option<Priced> {
        let mut best: Option<Priced> = None;
        for seed in seeds {
            self.clear();
            self.wanted[*seed as usize] = true;
            let mut last: Option<Priced> = None;
            while let Some(found) = self.complete() {
                if best.as_ref().is_none_or(|best| found.beats(best)) {
                    best = Some(found.clone());
                }
                if last.as_ref().is_some_and(|last| !found.beats(last)) {
                    break;
                }
                last = Some(found);
                // One at a time in small networks; in large ones by a thirty-second, so that steps stay few.
                let more = match self.wanted.len() {
                    0..=SMALL_NETWORK => 1,
                    _ => self.wanted.iter().filter(|it| **it).count() / 32 + 1,
                };
                let next = self.cheapest_additions(more);
                if next.is_empty() {
                    break;
                }
                next.iter().for_each(|service| self.wanted[*service as usize] = true);
            }
        }
        best
    }

    /// The services that are nearest to their need for their prize.
    fn cheapest_additions(&self, most: usize) -> Vec<u32> {
        let open = self.graph.services().iter().enumerate();
        let open = open.filter(|(service, data)| !self.wanted[*service] && data.prize > 0);
        let mut priced: Vec<(f64, u32)> = open
            .map(|(service, data)| {
                let missing = self.graph.need(service).saturating_sub(self.brought[service]);
                (missing as f64 / data.prize as f64, service as u32)
            })
            .collect();
        priced.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        priced.truncate(most);
        priced.into_iter().map(|(_, service)| service).collect()
    }

    /// An attack from fractions of `operators`, and after them of the services `rows`.
    pub(super) fn round(
        &mut self,
        fractions: &[f64],
        operators: &[u32],
        rows: &[u32],
        least: f64,
    ) -> Option<Priced> {
        self.clear();
        for (service, fraction) in rows.iter().zip(&fractions[operators.len()..]) {
            if *fraction >= least {
                self.wanted[*service as usize] = true;
            }
        }
        let whole = if self.graph.mode() == Mode::Full { 0.999_999 } else { 0.5 };
        for (operator, fraction) in operators.iter().zip(fractions) {
            if *fraction > whole {
                self.burn(*operator as usize);
            }
        }
        self.complete()
    }

    /// Meets all wanted needs, drops what is not needed, takes services that come free.
    fn complete(&mut self) -> Option<Priced> {
        if self.graph.mode() != Mode::Full {
            return self.complete_in_parts();
        }
        while self.unmet() {
            if !self.add_batch() {
                return None;
            }
        }
        self.finished()
    }

    /// The attack as it stands without operators that it does not need; all wanted needs are met by whole operators.
    pub(super) fn finished(&mut self) -> Option<Priced> {
        self.drop_redundant();
        self.priced(Vec::new(), 0)
    }

    pub(super) fn unmet(&self) -> bool {
        (0..self.wanted.len()).any(|it| self.wanted[it] && self.brought[it] < self.graph.need(it))
    }

    /// How much of the wanted and unmet needs an operator would meet for its stake.
    fn gain(&self, operator: usize) -> f64 {
        let edges = self.graph.of_operator(operator).iter();
        let gain: f64 = edges
            .map(|edge| {
                let service = edge.service as usize;
                if !self.wanted[service] || self.brought[service] >= self.graph.need(service) {
                    return 0.0;
                }
                let missing = self.graph.need(service) - self.brought[service];
                edge.stake.min(missing) as f64 * self.per_need[service]
            })
            .sum();
        gain / self.graph.operators()[operator].stake as f64
    }

    /// Adds operators by gain until one more need is met; false if nobody helps.
    fn add_batch(&mut self) -> bool {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        let spared = (0..self.burnt.len()).filter(|operator| !self.burnt[*operator]);
        let gains = spared.map(|operator| (self.gain(operator), operator as u32));
        order.extend(gains.filter(|(gain, _)| *gain > 0.0));
        order.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let missing = |it: &Self| {
            (0..it.wanted.len()).filter(|at| it.wanted[*at] && it.brought[*at] < it.graph.need(*at)).count()
        };
        let before = missing(self);
        for (_, operator) in &order {
            self.burn(*operator as usize);
            if missing(self) < before {
                break;
            }
        }
        let added = !order.is_empty();
        self.order = order;
        added
    }

    /// Spares operators, largest first, without whom all wanted needs stay met.
    fn drop_redundant(&mut self) {
        let mut burnt: Vec<u32> =
            (0..self.burnt.len() as u32).filter(|operator| self.burnt[*operator as usize]).collect();
        burnt.sort_unstable_by_key(|operator| {
            std::cmp::Reverse(self.graph.operators()[*operator as usize].stake)
        });
        for operator in burnt {
            let operator = operator as usize;
            let free = self.graph.of_operator(operator).iter().all(|edge| {
                let service = edge.service as usize;
                !self.wanted[service] || self.brought[service] - edge.stake >= self.graph.need(service)
            });
            if free {
                self.spare(operator);
            }
        }
    }

    /// Meets what is left of the needs by parts; an operator whose parts come to its stake is burnt whole.
    fn complete_in_parts(&mut self) -> Option<Priced> {
        loop {
            let mut parts = Vec::new();
            let mut used = vec![0u128; self.burnt.len()];
            for service in 0..self.wanted.len() {
                if !self.wanted[service] {
                    continue;
                }
                let mut missing = self.graph.need(service).saturating_sub(self.brought[service]);
                for edge in self.graph.of_service(service) {
                    let operator = edge.operator as usize;
                    if missing == 0 || self.burnt[operator] {
                        continue;
                    }
                    let stake = edge.stake.min(missing);
                    missing -= stake;
                    used[operator] += stake;
                    parts.push(Part { operator: edge.operator, service: service as u32, stake });
                }
                if missing > 0 {
                    return None;
                }
            }
            let stakes = self.graph.operators().iter().map(|operator| operator.stake);
            let whole: Vec<usize> = used
                .iter()
                .zip(stakes)
                .enumerate()
                .filter(|(_, (used, stake))| **used >= *stake && **used > 0)
                .map(|(operator, _)| operator)
                .collect();
            if whole.is_empty() {
                parts.sort_unstable();
                let cost = parts.iter().map(|part| part.stake).sum();
                self.drop_redundant_whole(&mut parts);
                return self.priced(parts, cost);
            }
            whole.into_iter().for_each(|operator| self.burn(operator));
        }
    }

    /// Spares whole operators that parts beside them have made needless.
    fn drop_redundant_whole(&mut self, parts: &mut [Part]) {
        for part in parts.iter() {
            self.brought[part.service as usize] += part.stake;
        }
        self.drop_redundant();
        for part in parts.iter() {
            self.brought[part.service as usize] -= part.stake;
        }
    }

    /// The attack as it stands: wanted services and all whose need is met beside them.
    fn priced(&mut self, parts: Vec<Part>, cost_of_parts: u128) -> Option<Priced> {
        let mut brought = std::mem::take(&mut self.brought);
        for part in &parts {
            brought[part.service as usize] += part.stake;
        }
        let services: Vec<u32> = (0..brought.len())
            .filter(|it| self.wanted[*it] || self.graph.services()[*it].prize > 0)
            .filter(|it| brought[*it] >= self.graph.need(*it))
            .map(|it| it as u32)
            .collect();
        for part in &parts {
            brought[part.service as usize] -= part.stake;
        }
        self.brought = brought;
        let operators: Vec<u32> =
            (0..self.burnt.len() as u32).filter(|operator| self.burnt[*operator as usize]).collect();
        let prize = services.iter().map(|service| self.graph.services()[*service as usize].prize).sum();
        let stakes = operators.iter().map(|operator| self.graph.operators()[*operator as usize].stake);
        let cost = stakes.sum::<u128>() + cost_of_parts;
        (prize > 0).then_some(Priced { attack: Attack { services, operators, parts }, cost, prize })
    }
}
