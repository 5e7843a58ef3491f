//! A network after losses, kept up step by step, and the search for an attack on it: cheap enough to run inside a
//! simulation. Mode `full`, in ether as floating point; what it finds is a lower bound of what an attacker could do.

use crate::{Graph, model::ETHER};

/// Part of a need that rounding may leave open.
const ROUNDING: f64 = 1e-12;

/// The network's figures in ether, laid out for loops.
pub struct Network {
    /// Stake by operator.
    pub stakes: Vec<f64>,
    /// Prize by service.
    pub prizes: Vec<f64>,
    /// Threshold by service.
    pub thetas: Vec<f64>,
    /// Slashable stake by service.
    pub slashable: Vec<f64>,
    /// Sum of all stakes.
    pub total: f64,
    operator_starts: Vec<usize>,
    services_of: Vec<u32>,
    service_starts: Vec<usize>,
    operators_of: Vec<u32>,
    /// Allocation by edge, in the order of `services_of`.
    allocations: Vec<f64>,
    /// Operators by falling load before any loss, each with its load: prize per unit of needed stake.
    by_load: Vec<(f64, u32)>,
}

/// Wei as ether.
pub fn ether(wei: u128) -> f64 {
    wei as f64 / ETHER as f64
}

impl Network {
    /// The figures of a graph.
    pub fn new(graph: &Graph) -> Self {
        let services = 0..graph.services().len();
        let mut service_starts = vec![0];
        let mut operators_of = Vec::with_capacity(graph.edges().len());
        for service in services.clone() {
            operators_of.extend(graph.of_service(service).iter().map(|edge| edge.operator));
            service_starts.push(operators_of.len());
        }
        let mut network = Self {
            stakes: graph.operators().iter().map(|it| ether(it.stake)).collect(),
            prizes: graph.services().iter().map(|it| ether(it.prize)).collect(),
            thetas: graph.services().iter().map(|it| it.theta.value()).collect(),
            slashable: services.map(|service| ether(graph.slashable(service))).collect(),
            total: ether(graph.total_stake()),
            operator_starts: graph.operator_starts().to_vec(),
            services_of: graph.edges().iter().map(|edge| edge.service).collect(),
            service_starts,
            operators_of,
            allocations: graph.edges().iter().map(|edge| ether(edge.stake)).collect(),
            by_load: Vec::new(),
        };
        let loads = (0..network.stakes.len()).map(|operator| (network.load(operator), operator as u32));
        let mut by_load: Vec<(f64, u32)> = loads.filter(|(load, _)| *load > 0.0).collect();
        by_load.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        network.by_load = by_load;
        network
    }

    /// Services of an operator.
    pub fn services(&self, operator: usize) -> &[u32] {
        &self.services_of[self.operator_starts[operator]..self.operator_starts[operator + 1]]
    }

    /// Allocations of an operator, beside [`Self::services`].
    pub fn allocations(&self, operator: usize) -> &[f64] {
        &self.allocations[self.operator_starts[operator]..self.operator_starts[operator + 1]]
    }

    /// Index of an operator's first edge.
    pub fn first_edge(&self, operator: usize) -> usize {
        self.operator_starts[operator]
    }

    /// Operators of a service.
    pub fn operators(&self, service: usize) -> &[u32] {
        &self.operators_of[self.service_starts[service]..self.service_starts[service + 1]]
    }

    /// Smallest prize that is not zero.
    pub fn smallest_prize(&self) -> f64 {
        self.prizes.iter().copied().filter(|prize| *prize > 0.0).fold(f64::INFINITY, f64::min)
    }

    /// Largest load of an operator before any loss.
    pub fn largest_load(&self) -> f64 {
        self.by_load.first().map_or(0.0, |(load, _)| *load)
    }

    fn load(&self, operator: usize) -> f64 {
        let of = |service: &u32| {
            let service = *service as usize;
            let need = self.thetas[service] * self.slashable[service];
            self.prizes[service] / need.max(self.stakes[operator])
        };
        self.services(operator).iter().map(of).sum()
    }
}

/// What is left of a network on one path; cleared in time proportional to what was touched.
pub struct Shocked {
    /// Stake that an operator has lost.
    pub lost: Vec<f64>,
    /// Operators with losses, in the order in which they came.
    pub touched: Vec<u32>,
    /// Slashable stake that a service has lost.
    pub lost_by_service: Vec<f64>,
    /// Services with losses.
    pub touched_services: Vec<u32>,
    /// Services that were attacked already.
    attacked: Vec<bool>,
    attacked_list: Vec<u32>,
    // Working space of the search.
    wanted: Vec<bool>,
    needs: Vec<f64>,
    /// Operators that can take part, by falling prize for their stake.
    scores: Vec<(f64, u32)>,
    /// Services of operators that carry more prize than stake: part of every attack that pays.
    heavy: Vec<bool>,
    /// The seed, one more than its index, whose member an operator was last marked as.
    member: Vec<u32>,
    collected: Vec<f64>,
    collected_list: Vec<u32>,
    covered: Vec<bool>,
}

/// An attack found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Services corrupted.
    pub services: Vec<u32>,
    /// Operators that lose what they have left.
    pub operators: Vec<u32>,
    /// Their stake.
    pub cost: f64,
    /// Prizes together.
    pub prize: f64,
}

impl Shocked {
    /// Nothing lost yet.
    pub fn new(network: &Network) -> Self {
        let (operators, services) = (network.stakes.len(), network.prizes.len());
        Self {
            lost: vec![0.0; operators],
            touched: Vec::new(),
            lost_by_service: vec![0.0; services],
            touched_services: Vec::new(),
            attacked: vec![false; services],
            attacked_list: Vec::new(),
            wanted: vec![false; services],
            needs: vec![0.0; services],
            scores: Vec::new(),
            heavy: vec![false; services],
            member: vec![0; operators],
            collected: vec![0.0; services],
            collected_list: Vec::new(),
            covered: vec![false; services],
        }
    }

    /// As if nothing had happened.
    pub fn clear(&mut self) {
        for operator in self.touched.drain(..) {
            self.lost[operator as usize] = 0.0;
        }
        for service in self.touched_services.drain(..) {
            self.lost_by_service[service as usize] = 0.0;
        }
        for service in self.attacked_list.drain(..) {
            self.attacked[service as usize] = false;
        }
    }

    /// Takes `amount` of an operator's stake, at most what is left; returns what was taken.
    pub fn take(&mut self, network: &Network, operator: u32, amount: f64) -> f64 {
        let index = operator as usize;
        let taken = amount.min(network.stakes[index] - self.lost[index]).max(0.0);
        if taken <= 0.0 {
            return 0.0;
        }
        if self.lost[index] == 0.0 {
            self.touched.push(operator);
        }
        self.lost[index] += taken;
        taken
    }

    /// A service can slash that much less; each loss once.
    pub fn take_from_service(&mut self, service: u32, amount: f64) {
        let lost = &mut self.lost_by_service[service as usize];
        if *lost == 0.0 && amount > 0.0 {
            self.touched_services.push(service);
        }
        *lost += amount;
    }

    /// Takes everything that an operator has left, from its services as well.
    pub fn wipe(&mut self, network: &Network, operator: u32) -> f64 {
        let taken = self.take(network, operator, f64::INFINITY);
        for service in network.services(operator as usize) {
            self.take_from_service(*service, taken);
        }
        taken
    }

    fn need(&self, network: &Network, service: usize) -> f64 {
        network.thetas[service] * (network.slashable[service] - self.lost_by_service[service]).max(0.0)
    }

    fn left(&self, network: &Network, operator: u32) -> f64 {
        (network.stakes[operator as usize] - self.lost[operator as usize]).max(0.0)
    }

    /// Looks for a profitable attack on what is left, among services with prizes below `reachable`.
    ///
    /// If the network had slack γ > 0 before `shock` was lost, the attacked prizes together are below shock/γ: pass that.
    /// `None` says only that the search found nothing.
    pub fn attack(&mut self, network: &Network, reachable: f64) -> Option<Found> {
        if self.surely_secure(network, reachable) {
            return None;
        }
        let limit = self.want(network, reachable);
        self.rank(network, limit);
        let mut best = self.prefix_attack(network, None, limit);
        for index in 0..self.touched_services.len() {
            let seed = self.touched_services[index];
            if best.is_some() || !self.heavy[seed as usize] {
                continue;
            }
            best = self.prefix_attack(network, Some(seed), limit);
        }
        best.map(|found| self.trimmed(network, found))
    }

    /// As [`Self::attack`], from every service: for networks that had no slack to begin with.
    pub fn attack_anywhere(&mut self, network: &Network) -> Option<Found> {
        let limit = self.want(network, f64::INFINITY);
        self.rank(network, limit);
        let mut best = self.prefix_attack(network, None, limit);
        for seed in 0..network.prizes.len() as u32 {
            if best.is_none() && self.heavy[seed as usize] {
                best = self.prefix_attack(network, Some(seed), limit);
            }
        }
        best.map(|found| self.trimmed(network, found))
    }

    /// Executes an attack: its operators lose what they have left, its services are out of play.
    pub fn execute(&mut self, network: &Network, found: &Found) -> f64 {
        let mut lost = 0.0;
        for operator in &found.operators {
            lost += self.wipe(network, *operator);
        }
        for service in &found.services {
            if !self.attacked[*service as usize] {
                self.attacked[*service as usize] = true;
                self.attacked_list.push(*service);
            }
        }
        lost
    }

    /// Whether no need fell so far that an operator's load could exceed 1 (bound C1 after the shock).
    fn surely_secure(&self, network: &Network, reachable: f64) -> bool {
        let mut growth = 1.0f64;
        for service in &self.touched_services {
            let service = *service as usize;
            if self.in_play(network, service, reachable) {
                let left = network.slashable[service] - self.lost_by_service[service];
                growth = growth.max(network.slashable[service] / left.max(1e-300));
            }
        }
        // Loads grow at most as needs fall; of operators that lost stake themselves, more than that.
        self.touched.iter().all(|it| self.carries_less_than_one(network, *it, reachable))
            && network
                .by_load
                .iter()
                .take_while(|(load, _)| load * growth > 1.0)
                .all(|(_, it)| self.carries_less_than_one(network, *it, reachable))
    }

    fn in_play(&self, network: &Network, service: usize, reachable: f64) -> bool {
        let prize = network.prizes[service];
        prize > 0.0 && prize < reachable && !self.attacked[service]
    }

    /// Whether no attack that pays less than `reachable` in all could load this operator above 1.
    fn carries_less_than_one(&self, network: &Network, operator: u32, reachable: f64) -> bool {
        let left = self.left(network, operator);
        if left <= 0.0 || left >= reachable {
            // Nothing left to attack with, or more than any attack brings.
            return true;
        }
        let services = network.services(operator as usize).iter().map(|it| *it as usize);
        let services = services.filter(|it| self.in_play(network, *it, reachable));
        let counts = |service: usize| 1.0 / self.need(network, service).max(left);
        if services.clone().map(|it| network.prizes[it] * counts(it)).sum::<f64>() <= 1.0 {
            return true;
        }
        // All prizes together stay below what is reachable: the dearest load within that is a fractional knapsack.
        let mut parts: Vec<(f64, f64)> = services.map(|it| (counts(it), network.prizes[it])).collect();
        parts.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let (mut budget, mut load) = (reachable, 0.0);
        for (weight, prize) in parts {
            let part = prize.min(budget);
            load += weight * part;
            budget -= part;
        }
        load <= 1.0
    }

    /// Marks the services in play and their needs; no attack brings more than the answer.
    fn want(&mut self, network: &Network, reachable: f64) -> f64 {
        let mut prizes = 0.0;
        for service in 0..network.prizes.len() {
            self.needs[service] = self.need(network, service);
            self.wanted[service] = self.in_play(network, service, reachable);
            if self.wanted[service] {
                prizes += network.prizes[service];
            }
        }
        prizes.min(reachable)
    }

    /// Takes operators by prize per stake, only those of `seed` if there is one, as far as what all services bring, `limit`,
    /// pays for them; stops where the prizes won exceed the cost most.
    fn prefix_attack(&mut self, network: &Network, seed: Option<u32>, limit: f64) -> Option<Found> {
        let mark = seed.map_or(0, |seed| seed + 1);
        if let Some(seed) = seed {
            network.operators(seed as usize).iter().for_each(|it| self.member[*it as usize] = mark);
        }
        let mut found = Found::default();
        let scores = std::mem::take(&mut self.scores);
        let mut best: Option<(f64, usize, usize)> = None;
        for (_, operator) in &scores {
            if seed.is_some() && self.member[*operator as usize] != mark {
                continue;
            }
            let left = self.left(network, *operator);
            if found.cost + left >= limit {
                break;
            }
            found.operators.push(*operator);
            found.cost += left;
            for service in network.services(*operator as usize) {
                self.collect(network, *service as usize, left, &mut found);
            }
            let profit = found.prize - found.cost;
            if profit > 0.0 && best.is_none_or(|(most, ..)| profit > most) {
                best = Some((profit, found.operators.len(), found.services.len()));
            }
        }
        self.scores = scores;
        for service in self.collected_list.drain(..) {
            self.collected[service as usize] = 0.0;
            self.covered[service as usize] = false;
        }
        let (_, operators, services) = best?;
        found.operators.truncate(operators);
        found.services.truncate(services);
        found.cost = found.operators.iter().map(|it| self.left(network, *it)).sum();
        found.prize = found.services.iter().map(|it| network.prizes[*it as usize]).sum();
        Some(found)
    }

    fn collect(&mut self, network: &Network, service: usize, stake: f64, found: &mut Found) {
        if !self.wanted[service] || self.covered[service] {
            return;
        }
        if self.collected[service] == 0.0 {
            self.collected_list.push(service as u32);
        }
        self.collected[service] += stake;
        if self.collected[service] >= self.needs[service] * (1.0 - ROUNDING) {
            self.covered[service] = true;
            found.services.push(service as u32);
            found.prize += network.prizes[service];
        }
    }

    /// Orders operators with stake left, below `limit`, by prize per unit of it, and marks the services of heavy ones.
    fn rank(&mut self, network: &Network, limit: f64) {
        self.scores.clear();
        self.heavy.fill(false);
        for operator in 0..network.stakes.len() as u32 {
            let left = self.left(network, operator);
            if left <= 0.0 || left >= limit {
                continue;
            }
            let services = network.services(operator as usize).iter().map(|it| *it as usize);
            let services = services.filter(|it| self.wanted[*it]);
            let score: f64 = services.map(|it| network.prizes[it] / self.needs[it].max(left)).sum();
            if score > 0.0 {
                self.scores.push((score, operator));
            }
            // What attackers bring to needs, each up to the need, is worth all prizes that they win: one of them has more.
            if score > 1.0 - ROUNDING {
                network.services(operator as usize).iter().for_each(|it| self.heavy[*it as usize] = true);
            }
        }
        for (heavy, wanted) in self.heavy.iter_mut().zip(&self.wanted) {
            *heavy &= wanted;
        }
        self.scores.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }

    /// Leaves out operators that the attack does not need, dearest first.
    fn trimmed(&self, network: &Network, mut found: Found) -> Found {
        let mut surplus = vec![f64::INFINITY; network.prizes.len()];
        for service in &found.services {
            surplus[*service as usize] = -self.needs[*service as usize] * (1.0 - ROUNDING);
        }
        for operator in &found.operators {
            let left = self.left(network, *operator);
            for service in network.services(*operator as usize) {
                surplus[*service as usize] += left;
            }
        }
        let mut order = found.operators.clone();
        order.sort_by(|a, b| self.left(network, *b).total_cmp(&self.left(network, *a)).then(a.cmp(b)));
        for operator in order {
            let left = self.left(network, operator);
            let services = network.services(operator as usize);
            if services.iter().all(|service| surplus[*service as usize] >= left) {
                services.iter().for_each(|service| surplus[*service as usize] -= left);
                found.operators.retain(|it| *it != operator);
                found.cost -= left;
            }
        }
        found
    }
}
