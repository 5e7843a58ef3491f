//! What a distribution of losses says: mean, spread, value at risk, tail mean, bins for a chart. Either exact, from the
//! atoms of a few independent faults, or from simulated paths. Sums run in index order: the same samples, the same bits.

use rayon::prelude::*;
use std::collections::BTreeMap;

/// Levels at which tails are told: 1 in 20, 1 in 100, 1 in 1,000.
pub const LEVELS: [f64; 3] = [0.95, 0.99, 0.999];
/// Most atoms of an exact distribution: past it, simulate.
pub const MAX_ATOMS: usize = 1 << 20;
/// Samples of a unit of work.
const PART: usize = 4_096;
/// Standard normal quantile of a two-sided interval of 95 %.
const TWO_SIDED_95: f64 = 1.959_963_984_540_054;

/// The tail above one level.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Tail {
    /// Level α, as 0.99.
    pub level: f64,
    /// Value at risk: the smallest loss that is not exceeded with probability α.
    pub value_at_risk: f64,
    /// Lower end of the 95 % interval of the value at risk (order statistics).
    pub lower: f64,
    /// Upper end of that interval.
    pub upper: f64,
    /// Tail mean (CVaR): mean of the worst 1 − α of outcomes, an atom at the edge counted in part.
    pub tail_mean: f64,
}

/// A distribution in figures, in the unit of its samples.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Summary {
    /// Number of paths; 0 for an exact distribution.
    pub paths: u64,
    /// Expected loss.
    pub mean: f64,
    /// Standard error of the mean.
    pub mean_error: f64,
    /// Standard deviation.
    pub deviation: f64,
    /// Largest loss seen.
    pub maximum: f64,
    /// Share of paths without any loss.
    pub share_without_loss: f64,
    /// Tails, by [`LEVELS`].
    pub tails: Vec<Tail>,
}

impl Summary {
    /// The tail at `level`, if it was asked for.
    pub fn tail(&self, level: f64) -> Option<&Tail> {
        self.tails.iter().find(|tail| (tail.level - level).abs() < 1e-9)
    }
}

/// A bar of a histogram: losses in `from..to`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Bin {
    /// Lower edge.
    pub from: f64,
    /// Upper edge.
    pub to: f64,
    /// Paths between.
    pub count: u64,
}

/// Sums up samples; `samples` must be finite and not negative.
pub fn summarize(samples: &[f64]) -> Summary {
    let count = samples.len() as f64;
    let mean = sum_by_parts(samples, |loss| loss) / count.max(1.0);
    let square = sum_by_parts(samples, |loss| (loss - mean) * (loss - mean));
    let deviation = if samples.len() > 1 { (square / (count - 1.0)).sqrt() } else { 0.0 };
    let zeros = samples.iter().filter(|loss| **loss <= 0.0).count() as f64;
    let sorted = upper_part(samples);
    Summary {
        paths: samples.len() as u64,
        mean,
        mean_error: deviation / count.max(1.0).sqrt(),
        deviation,
        maximum: sorted.last().copied().unwrap_or(0.0),
        share_without_loss: zeros / count.max(1.0),
        tails: LEVELS.iter().map(|level| tail_of(&sorted, samples.len(), *level)).collect(),
    }
}

/// Sum with compensation, in order: a million small losses beside a few large ones keep their digits.
pub fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0f64, 0.0f64);
    for value in values {
        let next = total + (value - lost);
        lost = (next - total) - (value - lost);
        total = next;
    }
    total
}

/// The same of a figure of each sample, on all threads: by parts of a fixed size, so that threads change no bit.
fn sum_by_parts(samples: &[f64], figure: impl Fn(f64) -> f64 + Sync) -> f64 {
    let part = |part: &[f64]| sum(part.iter().map(|sample| figure(*sample)));
    let parts: Vec<f64> = samples.par_chunks(PART).map(part).collect();
    sum(parts.into_iter())
}

/// The samples from somewhat below the lowest of [`LEVELS`] on, ascending: all that tails need.
fn upper_part(samples: &[f64]) -> Vec<f64> {
    /// Below the lowest level, so that its interval is inside as well.
    const KEPT_FROM: f64 = 0.9;
    /// One sample in so many says where about that is.
    const LOOKED_AT: usize = 64;
    let cut = if samples.len() < 1_000 { 0 } else { (samples.len() as f64 * KEPT_FROM) as usize };
    let kept = samples.len() - cut;
    let mut values = Vec::new();
    let mut some: Vec<f64> = samples.iter().copied().step_by(LOOKED_AT).collect();
    if cut > 0 && some.len() > LOOKED_AT {
        // A level that surely more than what is kept lies above: few of the others need to be looked at.
        let place = some.len() * 7 / 8;
        let (_, level, _) = some.select_nth_unstable_by(place, f64::total_cmp);
        let level = *level;
        values.extend(samples.iter().copied().filter(|sample| *sample >= level));
    }
    if values.len() < kept {
        values = samples.to_vec();
    }
    let from = values.len() - kept;
    if from > 0 {
        values.select_nth_unstable_by(from, f64::total_cmp);
    }
    let mut upper = values.split_off(from);
    upper.par_sort_unstable_by(f64::total_cmp);
    upper
}

/// `sorted` are the largest of `count` samples, ascending.
fn tail_of(sorted: &[f64], count: usize, level: f64) -> Tail {
    let total = count as f64;
    let hidden = count.saturating_sub(sorted.len());
    let rank = ((level * total - 1e-9).ceil().max(1.0) as usize).min(count.max(1));
    let at = |rank: usize| -> f64 {
        let index = rank.clamp(1, count.max(1)).saturating_sub(1).saturating_sub(hidden);
        sorted.get(index).copied().unwrap_or(0.0)
    };
    let value_at_risk = at(rank);
    let above = sum(sorted.iter().skip(rank.saturating_sub(hidden)).copied());
    let spread = TWO_SIDED_95 * (total * level * (1.0 - level)).sqrt();
    let weight_at_edge = rank as f64 / total.max(1.0) - level;
    Tail {
        level,
        value_at_risk,
        lower: at((rank as f64 - spread).floor().max(1.0) as usize),
        upper: at((rank as f64 + spread).ceil() as usize),
        tail_mean: (weight_at_edge * value_at_risk + above / total.max(1.0)) / (1.0 - level),
    }
}

/// `bins` bars of equal width from 0 to the largest sample.
pub fn histogram(samples: &[f64], bins: usize) -> Vec<Bin> {
    let largest = samples.iter().copied().fold(0.0, f64::max);
    let bins = bins.max(1);
    let width = if largest > 0.0 { largest / bins as f64 } else { 1.0 };
    let count = |part: &[f64]| {
        let mut counts = vec![0u64; bins];
        for sample in part {
            let index = ((sample / width) as usize).min(bins.saturating_sub(1));
            if let Some(count) = counts.get_mut(index) {
                *count = count.saturating_add(1);
            }
        }
        counts
    };
    let add = |mut one: Vec<u64>, other: Vec<u64>| {
        one.iter_mut().zip(other).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        one
    };
    let counts = samples.par_chunks(PART).map(count).reduce(|| vec![0; bins], add);
    let edge = |index: usize| width * index as f64;
    let bars = counts.into_iter().enumerate();
    bars.map(|(index, count)| Bin { from: edge(index), to: edge(index.saturating_add(1)), count }).collect()
}

/// A fault of which everything is known: what it costs, and how likely it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// What is lost, in whole units.
    pub loss: u64,
    /// Probability, 0 to 1.
    pub probability: f64,
}

/// Exact distribution of the sum of independent faults; `None` when it has more than [`MAX_ATOMS`] values.
pub fn exact(faults: &[Fault]) -> Option<Summary> {
    let mut atoms = BTreeMap::from([(0u64, 1.0f64)]);
    for fault in faults {
        let mut next = BTreeMap::new();
        for (loss, weight) in &atoms {
            *next.entry(*loss).or_insert(0.0) += weight * (1.0 - fault.probability);
            *next.entry(loss.saturating_add(fault.loss)).or_insert(0.0) += weight * fault.probability;
        }
        next.retain(|_, weight| *weight > 0.0);
        if next.len() > MAX_ATOMS {
            return None;
        }
        atoms = next;
    }
    let atoms: Vec<(f64, f64)> = atoms.into_iter().map(|(loss, weight)| (loss as f64, weight)).collect();
    let mean = sum(atoms.iter().map(|(loss, weight)| loss * weight));
    let square = sum(atoms.iter().map(|(loss, weight)| (loss - mean) * (loss - mean) * weight));
    Some(Summary {
        paths: 0,
        mean,
        mean_error: 0.0,
        deviation: square.sqrt(),
        maximum: atoms.last().map_or(0.0, |(loss, _)| *loss),
        share_without_loss: atoms.first().filter(|(loss, _)| *loss == 0.0).map_or(0.0, |(_, weight)| *weight),
        tails: LEVELS.iter().map(|level| exact_tail(&atoms, *level)).collect(),
    })
}

fn exact_tail(atoms: &[(f64, f64)], level: f64) -> Tail {
    let mut below = 0.0;
    let mut found = None;
    let mut above = 0.0;
    for (loss, weight) in atoms {
        below += weight;
        match found {
            None if below >= level - 1e-15 => found = Some((*loss, below)),
            None => {}
            Some(_) => above += loss * weight,
        }
    }
    let (value, reached) = found.unwrap_or((0.0, 1.0));
    let tail_mean = ((reached - level) * value + above) / (1.0 - level);
    Tail { level, value_at_risk: value, lower: value, upper: value, tail_mean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_of_samples_count_the_atom_at_the_edge_in_part() {
        let samples: Vec<f64> = (1..=10).map(f64::from).collect();
        let summary = summarize(&samples);
        let tail = summary.tail(0.95).unwrap();
        // 0.95 of ten lies within the largest: it is the value at risk, and all of the tail.
        assert_eq!((tail.value_at_risk, summary.mean), (10.0, 5.5));
        assert!((tail.tail_mean - 10.0).abs() < 1e-9);
    }

    #[test]
    fn keeping_only_the_upper_part_changes_no_figure() {
        let samples: Vec<f64> =
            (0..5_000u64).map(|i| (i.wrapping_mul(2_654_435_761) % 4_999) as f64).collect();
        let mut all = samples.clone();
        all.sort_unstable_by(f64::total_cmp);
        for level in LEVELS {
            let part = tail_of(&upper_part(&samples), samples.len(), level);
            assert_eq!(part, tail_of(&all, samples.len(), level));
        }
    }

    #[test]
    fn bins_hold_every_sample() {
        let samples = [0.0, 0.1, 5.0, 9.99, 10.0];
        let bins = histogram(&samples, 10);
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<u64>(), 5);
        assert_eq!(bins.last().map(|bin| bin.count), Some(2));
    }
}
