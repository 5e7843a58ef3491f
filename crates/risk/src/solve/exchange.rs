//! Exchanges a few operators of an attack for a few others. Near the end of a search the cheapest attack is a question of
//! adding up stakes (subset sums): bounds stand still while many sets of small operators come within a hair. Sets whose
//! sums fit between the bound and the best attack are found by walking two sorted lists, so almost none need be tried.

use super::attacks::{Attacker, Priced};
use crate::Mode;

/// Operators exchanged at once on either side, at most.
const MOST_AT_ONCE: usize = 4;
/// Exchanges tried in one pass, at most.
const MOST_TRIED: usize = 20_000;

/// Some operators, with their stake together.
struct Group {
    stake: u128,
    members: [u32; MOST_AT_ONCE],
    count: usize,
}

impl Group {
    fn members(&self) -> &[u32] {
        &self.members[..self.count]
    }
}

/// Between which ratios of cost to prize an attack is worth looking for, and how hard to look.
pub(super) struct Wanted {
    /// Nothing is cheaper than this.
    pub floor: f64,
    /// What is known already.
    pub ceiling: f64,
    /// Good enough to end.
    pub gap: f64,
    /// Sets of operators kept on either side, at most.
    pub sets: usize,
}

impl Attacker<'_> {
    /// The attack improved by exchanges until none helps or its ratio is near the floor; none if it stays above the
    /// ceiling.
    pub(super) fn exchanged(&mut self, found: &Priced, wanted: &Wanted) -> Option<Priced> {
        if self.graph().mode() != Mode::Full {
            return None;
        }
        let mut best: Option<Priced> = None;
        loop {
            let current = best.as_ref().unwrap_or(found);
            if current.ratio() - wanted.floor <= wanted.gap {
                return best;
            }
            let Some(next) = self.exchange(current, wanted) else { return best };
            best = Some(next);
        }
    }

    /// The exchange that saves most, not more than the floor allows and enough to go below the ceiling.
    fn exchange(&mut self, found: &Priced, wanted: &Wanted) -> Option<Priced> {
        let above = |ratio: f64| (found.cost as f64 - ratio * found.prize as f64).max(0.0) as u128;
        let (window, mut saving) = (above(wanted.floor), above(wanted.ceiling));
        self.take(&found.attack);
        let outside: Vec<u32> =
            (0..self.graph().operators().len() as u32).filter(|it| self.helps(*it)).collect();
        let given = self.groups(&found.attack.operators, wanted.sets);
        let taken = self.groups(&outside, wanted.sets);
        let mut chosen = None;
        let mut tried = 0;
        let mut first = 0;
        for (index, give) in given.iter().enumerate() {
            while taken.get(first).is_some_and(|take| take.stake + window < give.stake) {
                first += 1;
            }
            for (offset, take) in taken[first..].iter().enumerate() {
                if take.stake + saving >= give.stake || tried >= MOST_TRIED {
                    break;
                }
                tried += 1;
                if self.holds(give.members(), take.members()) {
                    saving = give.stake - take.stake;
                    chosen = Some((index, first + offset));
                    break;
                }
            }
        }
        let (give, take) = chosen?;
        given[give].members().iter().for_each(|operator| self.spare(*operator as usize));
        taken[take].members().iter().for_each(|operator| self.burn(*operator as usize));
        self.finished().filter(|next| next.beats(found))
    }

    /// Whether all wanted needs stay met after an exchange, which is undone.
    fn holds(&mut self, given: &[u32], taken: &[u32]) -> bool {
        given.iter().for_each(|operator| self.spare(*operator as usize));
        taken.iter().for_each(|operator| self.burn(*operator as usize));
        let met = !self.unmet();
        taken.iter().for_each(|operator| self.spare(*operator as usize));
        given.iter().for_each(|operator| self.burn(*operator as usize));
        met
    }

    /// Sets of the given operators by rising stake: of as many at once as the bound on their number allows.
    fn groups(&self, operators: &[u32], most: usize) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut from = 0;
        for count in 1..=MOST_AT_ONCE {
            let larger = combinations(operators.len(), count);
            if groups.len() + larger > most {
                break;
            }
            let to = groups.len();
            if count == 1 {
                groups.extend((0..operators.len()).map(|it| self.group(operators, None, it)));
                continue;
            }
            for smaller in from..to {
                // Members are positions until the end, in rising order, so each set is made once.
                let last = groups[smaller].members[count - 2] as usize;
                for next in last + 1..operators.len() {
                    let group = self.group(operators, Some(&groups[smaller]), next);
                    groups.push(group);
                }
            }
            from = to;
        }
        for group in &mut groups {
            group.members[..group.count].iter_mut().for_each(|it| *it = operators[*it as usize]);
        }
        groups.sort_unstable_by_key(|group| (group.stake, group.members));
        groups
    }

    fn group(&self, operators: &[u32], smaller: Option<&Group>, position: usize) -> Group {
        let stake = self.graph().operators()[operators[position] as usize].stake;
        let mut group = smaller.map_or(Group { stake: 0, members: [0; MOST_AT_ONCE], count: 0 }, |it| {
            Group { stake: it.stake, members: it.members, count: it.count }
        });
        group.members[group.count] = position as u32;
        group.count += 1;
        group.stake += stake;
        group
    }
}

/// Sets of `count` among `all`.
fn combinations(all: usize, count: usize) -> usize {
    (0..count).fold(1usize, |product, it| product.saturating_mul(all.saturating_sub(it)) / (it + 1))
}
