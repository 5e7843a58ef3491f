//! The smallest loss of operators that makes an attack on one service alone pay. Where stake is shared the rest of a service
//! is divided into attackers and survivors; where it is allocated, its stake must fall to what the prize outweighs.

use super::{MAX_DEPTH, PRECISION, Shock, Stress, cover, lost, shock};
use crate::{
    Error, Graph, Mode,
    cascade::{self, only_full},
};

/// Most steps of the search for one service among all.
const STEPS_OF_EACH: u64 = 50_000;

/// For each service the smallest loss of operators after which an attack on it alone pays; `found` is none where no loss
/// of whole operators does that, and for services without a prize.
///
/// # Errors
/// The modes `elastic` and `base`.
pub fn each_alone(graph: &Graph) -> Result<Vec<Stress>, Error> {
    only_known(graph)?;
    Ok((0..graph.services().len()).map(|it| alone(graph, it, STEPS_OF_EACH)).collect())
}

/// Shocks are searched where stake is shared whole, and where it is allocated.
pub(super) fn only_known(graph: &Graph) -> Result<(), Error> {
    if graph.mode() == Mode::Unique { Ok(()) } else { only_full(graph) }
}

/// The smallest shock for one service, found in so many steps where stake is shared.
pub(super) fn alone(graph: &Graph, service: usize, steps: u64) -> Stress {
    if graph.services()[service].prize == 0 || graph.slashable(service) == 0 {
        return Stress { at_least: graph.total_stake(), found: None, exact: true };
    }
    if graph.mode() == Mode::Unique {
        return allocated(graph, service);
    }
    let (found, exact) = alone_exactly(graph, service, steps);
    let at_least = match &found {
        Some(it) if exact => it.stake,
        None if exact => graph.total_stake(),
        _ => floor_alone(graph, service),
    };
    Stress { at_least, found, exact }
}

/// Where stake is allocated: the operators whose loss leaves the service with less than its prize is worth.
fn allocated(graph: &Graph, service: usize) -> Stress {
    let edges = graph.of_service(service);
    let things: Vec<cover::Thing> = edges
        .iter()
        .map(|it| cover::Thing { cost: graph.operators()[it.operator as usize].stake, gain: it.stake })
        .collect();
    let (amount, all) = (excess(graph, service), graph.slashable(service));
    // Somebody must be left to attack.
    let Some(found) = cover::cheapest(&things, amount, all) else {
        return Stress { at_least: graph.total_stake(), found: None, exact: true };
    };
    let operators: Vec<usize> = found.chosen.iter().map(|it| edges[*it].operator as usize).collect();
    let attack = cascade::follow(graph, &operators)
        .ok()
        .and_then(|rounds| rounds.into_iter().find(|attack| attack.services.contains(&service)));
    Stress {
        at_least: found.at_least,
        found: Some(lost(graph, operators, Vec::new(), attack)),
        exact: found.exact,
    }
}

/// What the service must lose until θ of the rest is less than its prize: W − ⌊(π − 1)/θ⌋.
fn excess(graph: &Graph, service: usize) -> u128 {
    let it = &graph.services()[service];
    let (num, den) = (u128::from(it.theta.num), u128::from(it.theta.den));
    let reach = (it.prize - 1) / num * den + (it.prize - 1) % num * den / num;
    graph.slashable(service).saturating_sub(reach)
}

/// No shock below this makes an attack on this service alone pay: W − π/θ.
pub(super) fn floor_alone(graph: &Graph, service: usize) -> u128 {
    let it = &graph.services()[service];
    let reach = it.prize.saturating_sub(1) / u128::from(it.theta.num) * u128::from(it.theta.den)
        + u128::from(it.theta.den);
    graph.slashable(service).saturating_sub(reach)
}

/// State of the exact search for one service: attackers up to what the prize pays, survivors up to what the attackers
/// outweigh; everybody else is the shock.
struct Alone {
    stakes: Vec<(u128, usize)>,
    /// Sums of the stakes from a position on.
    rest: Vec<u128>,
    prize: u128,
    /// (1 − θ)/θ as a fraction: survivors that a unit of attackers outweighs.
    outweighs: (u128, u128),
    steps: u64,
    best: u128,
    choice: Vec<u8>,
    best_choice: Vec<u8>,
}

/// Marks of a choice.
const SHOCK: u8 = 0;
const ATTACK: u8 = 1;
const SURVIVES: u8 = 2;

impl Alone {
    /// Most survivors beside `attackers` of stake.
    fn room(&self, attackers: u128) -> u128 {
        attackers / self.outweighs.1 * self.outweighs.0
            + attackers % self.outweighs.1 * self.outweighs.0 / self.outweighs.1
    }

    fn search(&mut self, at: usize, attackers: u128, survivors: u128) {
        if self.steps == 0 || at > MAX_DEPTH {
            self.steps = 0;
            return;
        }
        self.steps -= 1;
        if survivors <= self.room(attackers) && attackers > 0 && attackers + survivors > self.best {
            self.best = attackers + survivors;
            self.best_choice = self.choice[..at].to_vec();
        }
        let Some((stake, _)) = self.stakes.get(at).copied() else { return };
        let most_attackers = (attackers + self.rest[at]).min(self.prize - 1);
        let most = (attackers + survivors + self.rest[at]).min(most_attackers + self.room(most_attackers));
        // An answer better by less than the precision is not worth the search.
        if most <= self.best + self.best / PRECISION || survivors > self.room(most_attackers) {
            return;
        }
        if survivors + stake <= self.room(most_attackers) {
            self.choice[at] = SURVIVES;
            self.search(at + 1, attackers, survivors + stake);
        }
        if attackers + stake < self.prize {
            self.choice[at] = ATTACK;
            self.search(at + 1, attackers + stake, survivors);
        }
        self.choice[at] = SHOCK;
        self.search(at + 1, attackers, survivors);
    }
}

/// The smallest shock that makes an attack on this service alone pay, and whether the search came to its end.
fn alone_exactly(graph: &Graph, service: usize, steps: u64) -> (Option<Shock>, bool) {
    let it = &graph.services()[service];
    let mut stakes: Vec<(u128, usize)> =
        graph.of_service(service).iter().map(|edge| (edge.stake, edge.operator as usize)).collect();
    stakes.sort_unstable_by(|a, b| b.cmp(a));
    let mut rest = vec![0u128; stakes.len() + 1];
    for index in (0..stakes.len()).rev() {
        rest[index] = rest[index + 1] + stakes[index].0;
    }
    let choice = vec![SHOCK; stakes.len()];
    let outweighs = (u128::from(it.theta.den - it.theta.num), u128::from(it.theta.num));
    let mut search =
        Alone { stakes, rest, prize: it.prize, outweighs, steps, best: 0, best_choice: Vec::new(), choice };
    search.search(0, 0, 0);
    let of = |mark: u8| {
        let marks = search.best_choice.iter().copied().chain(std::iter::repeat(SHOCK)).zip(&search.stakes);
        marks.filter(|(it, _)| *it == mark).map(|(_, (_, operator))| *operator).collect::<Vec<_>>()
    };
    let found =
        (search.best > 0).then(|| shock(graph, of(SHOCK), Vec::new(), vec![service], of(ATTACK))).flatten();
    (found, search.steps > 0)
}
