//! The cheapest choice of things whose gains reach an amount: branch and bound over things in order of gain for cost,
//! with the divisible choice as the bound.

use super::PRECISION;

/// Most steps of the search.
const MAX_STEPS: u64 = 1_000_000;
/// Things that the search decides about; the rest are chosen greedily.
const MAX_DEPTH: usize = 4_096;
/// What a sum of floats may be off by, as a share.
const FLOAT_ERROR: f64 = 1e-12;

/// What can be chosen: what it costs, and what it brings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thing {
    pub(super) cost: u128,
    pub(super) gain: u128,
}

/// A choice.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    /// Things chosen, by index.
    pub(super) chosen: Vec<usize>,
    /// No choice costs less.
    pub(super) at_least: u128,
    /// Whether the choice is the cheapest to within 10^-9.
    pub(super) exact: bool,
}

/// The cheapest choice with gains of at least `amount` and less than `below`; none if there is no such choice.
pub(super) fn cheapest(things: &[Thing], amount: u128, below: u128) -> Option<Cover> {
    let mut order: Vec<usize> = (0..things.len()).filter(|it| things[*it].gain > 0).collect();
    let density = |it: usize| things[it].gain as f64 / things[it].cost as f64;
    order.sort_by(|a, b| density(*b).total_cmp(&density(*a)).then(a.cmp(b)));
    let sorted: Vec<Thing> = order.iter().map(|it| things[*it]).collect();
    let mut search = Search::new(sorted, amount, below);
    let at_least = (search.divisible(0, 0)? * (1.0 - FLOAT_ERROR)) as u128;
    let greedy = search.greedy()?;
    search.keep(greedy);
    search.go(0, 0, 0);
    let exact = search.steps > 0 || at_least + at_least / PRECISION >= search.best;
    let chosen = search.chosen.iter().map(|it| order[*it]).collect();
    let at_least = if exact { search.best } else { at_least.min(search.best) };
    Some(Cover { chosen, at_least, exact })
}

struct Search {
    /// The best gain for cost first.
    things: Vec<Thing>,
    /// Sums of costs and gains before each.
    before: Vec<(u128, u128)>,
    amount: u128,
    below: u128,
    steps: u64,
    taken: Vec<usize>,
    best: u128,
    chosen: Vec<usize>,
}

impl Search {
    fn new(things: Vec<Thing>, amount: u128, below: u128) -> Self {
        let mut before = vec![(0, 0)];
        for (index, it) in things.iter().enumerate() {
            before.push((before[index].0 + it.cost, before[index].1 + it.gain));
        }
        Self {
            things,
            before,
            amount,
            below,
            steps: MAX_STEPS,
            taken: Vec::new(),
            best: u128::MAX,
            chosen: Vec::new(),
        }
    }

    /// What `amount` costs at least if things from `at` on can be divided, beside gains of `gained`; none if all together
    /// do not reach it.
    fn divisible(&self, at: usize, gained: u128) -> Option<f64> {
        let (cost, gain) = self.before[at];
        let wanted = gain + self.amount.saturating_sub(gained);
        let whole = at + self.before[at + 1..].partition_point(|it| it.1 < wanted);
        if wanted == gain {
            return Some(0.0);
        }
        let last = self.things.get(whole)?;
        let (costs, gains) = self.before[whole];
        let part = (wanted - gains) as f64 / last.gain as f64;
        Some((costs - cost) as f64 + part * last.cost as f64)
    }

    /// The best gain for cost until it is enough; then what is not needed goes back, dearest first.
    fn greedy(&self) -> Option<Vec<usize>> {
        let count = self.before.partition_point(|it| it.1 < self.amount);
        let mut gained = self.before.get(count)?.1;
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|it| std::cmp::Reverse(self.things[*it].cost));
        let mut kept = Vec::new();
        for it in order {
            if gained - self.things[it].gain >= self.amount {
                gained -= self.things[it].gain;
            } else {
                kept.push(it);
            }
        }
        // Of what is kept nothing can go: if it is too much, so is every choice that reaches the amount.
        (gained < self.below).then_some(kept)
    }

    fn keep(&mut self, chosen: Vec<usize>) {
        let cost = chosen.iter().map(|it| self.things[*it].cost).sum();
        if cost < self.best {
            (self.best, self.chosen) = (cost, chosen);
        }
    }

    fn go(&mut self, at: usize, cost: u128, gained: u128) {
        if self.steps == 0 || at > MAX_DEPTH {
            self.steps = 0;
            return;
        }
        self.steps -= 1;
        if gained >= self.amount {
            if gained < self.below {
                self.keep(self.taken.clone());
            }
            return;
        }
        let Some(more) = self.divisible(at, gained) else { return };
        // An answer better by less than the precision is not worth the search.
        let least = cost + (more * (1.0 - FLOAT_ERROR)) as u128;
        if least + least / PRECISION >= self.best {
            return;
        }
        let Some(it) = self.things.get(at).copied() else { return };
        self.taken.push(at);
        self.go(at + 1, cost + it.cost, gained + it.gain);
        self.taken.pop();
        self.go(at + 1, cost, gained);
    }
}
