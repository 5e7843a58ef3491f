//! A split over operators with the least tail loss for a wanted reward, or the most reward within a limit of tail loss.
//! Searched by multiplicative steps on simulated years; the average of the cuts seen bounds how much better any could be.

use crate::{Error, Graph, LossModel, simulate::scenarios};
use serde::Serialize;

/// Simulated years of a search.
pub const YEARS: u64 = 20_000;
/// Level of the tail.
const LEVEL: f64 = 0.99;
/// Steps of one search.
const STEPS: usize = 400;
/// Halvings of the wanted reward under a limit of loss.
const HALVINGS: usize = 14;
/// Halvings of a multiplier.
const BISECTIONS: usize = 60;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Least tail loss with at least this reward a year (a share of the stake).
    Reward(f64),
    /// Most reward with at most this tail loss (a share of the stake).
    LossLimit(f64),
}

/// A split and what it promises.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Operator index, name, share of the stake; largest first, none below a ten-thousandth.
    pub shares: Vec<(usize, String, f64)>,
    /// Reward a year, as a share.
    pub reward: f64,
    /// Expected loss a year, as a share.
    pub expected_loss: f64,
    /// Mean loss of the worst 1 % of years, as a share.
    pub tail_mean: f64,
    /// No split with this reward has a smaller tail mean on the same years.
    pub at_least: f64,
    /// The same figures of a split in proportion to operators' stake, to compare: reward, expected, tail mean.
    pub by_stake: (f64, f64, f64),
}

/// Years of losses and what every operator pays.
struct Problem {
    years: Vec<Vec<(u32, f64)>>,
    rewards: Vec<f64>,
    cap: f64,
}

/// The best split over the operators of a graph. `rewards` is each operator's reward a year as a share of stake, net of
/// its commission; `cap` the most that one operator may get.
///
/// # Errors
/// Rewards of another number or not finite; a cap that leaves stake over; a goal that no split reaches.
pub fn plan(
    graph: &Graph,
    model: &LossModel,
    rewards: &[f64],
    cap: f64,
    goal: Goal,
    seed: u64,
) -> Result<Plan, Error> {
    let operators = graph.operators().len();
    check(operators, rewards, cap)?;
    let problem = Problem { years: scenarios(graph, model, seed, YEARS)?, rewards: rewards.to_vec(), cap };
    let most = problem.best_linear(&rewards.iter().map(|it| -it).collect::<Vec<_>>());
    let most = -dot(&most, &rewards.iter().map(|it| -it).collect::<Vec<_>>());
    let (split, at_least) = match goal {
        Goal::Reward(wanted) => {
            if !wanted.is_finite() || wanted > most + 1e-12 {
                let range = format!("at most {most:.6}, the most that any split pays");
                return Err(Error::OutOfRange { place: "reward".into(), text: wanted.to_string(), range });
            }
            problem.least_tail(wanted)
        }
        Goal::LossLimit(limit) => {
            crate::simulate::model::unit(limit, "limit of loss")?;
            problem.most_reward(limit, most)?
        }
    };
    let stakes: Vec<f64> = graph.operators().iter().map(|it| it.stake as f64).collect();
    let total: f64 = stakes.iter().sum();
    let even: Vec<f64> = stakes.iter().map(|stake| stake / total.max(1.0)).collect();
    let named = split.iter().enumerate().filter(|(_, share)| **share >= 1e-4);
    let mut shares: Vec<(usize, String, f64)> =
        named.map(|(index, share)| (index, graph.operators()[index].id.clone(), *share)).collect();
    shares.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
    let (tail_mean, _) = problem.tail(&split);
    Ok(Plan {
        shares,
        reward: dot(&split, rewards),
        expected_loss: problem.mean(&split),
        tail_mean,
        at_least: at_least.max(0.0).min(tail_mean),
        by_stake: (dot(&even, rewards), problem.mean(&even), problem.tail(&even).0),
    })
}

fn check(operators: usize, rewards: &[f64], cap: f64) -> Result<(), Error> {
    if rewards.len() != operators {
        return Err(Error::Form(format!("{} rewards for {operators} operators", rewards.len())));
    }
    if let Some((index, value)) = rewards.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        let place = format!("rewards[{index}]");
        return Err(Error::NotANumber { place, text: value.to_string(), wanted: "a finite number" });
    }
    let least = 1.0 / operators as f64;
    if !(cap >= least - 1e-12 && cap <= 1.0) {
        let range = format!("[{least:.6}, 1]: below it, stake would be left over");
        return Err(Error::OutOfRange { place: "cap".into(), text: cap.to_string(), range });
    }
    Ok(())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

impl Problem {
    /// Loss of a split in each year.
    fn losses(&self, split: &[f64]) -> Vec<f64> {
        let year = |hits: &Vec<(u32, f64)>| hits.iter().map(|(it, share)| split[*it as usize] * share).sum();
        self.years.iter().map(year).collect()
    }

    fn mean(&self, split: &[f64]) -> f64 {
        self.losses(split).iter().sum::<f64>() / self.years.len() as f64
    }

    /// Tail mean and its gradient: the mean of what operators lose over the worst years.
    fn tail(&self, split: &[f64]) -> (f64, Vec<f64>) {
        let losses = self.losses(split);
        let mut order: Vec<usize> = (0..losses.len()).collect();
        let count = (((1.0 - LEVEL) * losses.len() as f64).round() as usize).max(1);
        let worst = |a: &usize, b: &usize| losses[*b].total_cmp(&losses[*a]).then(a.cmp(b));
        order.select_nth_unstable_by(count - 1, worst);
        order.truncate(count);
        order.sort_unstable();
        let mut gradient = vec![0.0; split.len()];
        for year in &order {
            for (operator, share) in &self.years[*year] {
                gradient[*operator as usize] += share / count as f64;
            }
        }
        (dot(split, &gradient), gradient)
    }

    /// The feasible split that minimises a linear cost: the cheapest operators, each up to the cap.
    fn best_linear(&self, cost: &[f64]) -> Vec<f64> {
        let mut order: Vec<usize> = (0..cost.len()).collect();
        order.sort_by(|a, b| cost[*a].total_cmp(&cost[*b]).then(a.cmp(b)));
        let (mut left, mut split) = (1.0f64, vec![0.0; cost.len()]);
        for operator in order {
            split[operator] = left.min(self.cap);
            left -= split[operator];
        }
        split
    }

    /// Least of a linear cost among splits that pay at least `wanted`: its dual over the price of reward.
    fn linear_bound(&self, cost: &[f64], wanted: f64) -> f64 {
        let value = |price: f64| {
            let priced: Vec<f64> =
                cost.iter().zip(&self.rewards).map(|(it, reward)| it - price * reward).collect();
            dot(&self.best_linear(&priced), &priced) + price * wanted
        };
        let (mut low, mut high) = (0.0f64, 1e6f64);
        for _ in 0..BISECTIONS {
            // Concave in the price: compare two inner points.
            let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if value(a) < value(b) { low = a } else { high = b }
        }
        value(low).max(value(0.0))
    }

    /// Scales weights to a split with shares at most the cap.
    fn capped(&self, weights: &[f64]) -> Vec<f64> {
        let (mut low, mut high) = (0.0f64, 1.0f64);
        let sum = |scale: f64| weights.iter().map(|it| (it * scale).min(self.cap)).sum::<f64>();
        while sum(high) < 1.0 - 1e-12 && high < 1e30 {
            high *= 2.0;
        }
        for _ in 0..BISECTIONS {
            let middle = (low + high) / 2.0;
            if sum(middle) < 1.0 { low = middle } else { high = middle }
        }
        weights.iter().map(|it| (it * high).min(self.cap)).collect()
    }

    /// As [`Self::capped`], tilted towards reward until it pays `wanted`.
    fn feasible(&self, logs: &[f64], wanted: f64) -> Vec<f64> {
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spread = self.rewards.iter().copied().fold(0.0f64, |most, it| most.max(it.abs())).max(1e-12);
        let tilted = |tilt: f64| {
            let tops: Vec<f64> = logs
                .iter()
                .zip(&self.rewards)
                .map(|(log, reward)| log - largest + tilt * reward / spread)
                .collect();
            let top = tops.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            // A floor keeps every operator in reach, however small its weight.
            let weights: Vec<f64> = tops.iter().map(|it| (it - top).exp().max(1e-18)).collect();
            self.capped(&weights)
        };
        let plain = tilted(0.0);
        if dot(&plain, &self.rewards) >= wanted {
            return plain;
        }
        let (mut low, mut high) = (0.0f64, 1.0f64);
        while dot(&tilted(high), &self.rewards) < wanted && high < 1e9 {
            high *= 2.0;
        }
        for _ in 0..BISECTIONS / 2 {
            let middle = (low + high) / 2.0;
            if dot(&tilted(middle), &self.rewards) < wanted { low = middle } else { high = middle }
        }
        tilted(high)
    }

    /// The split with the least tail mean that pays `wanted`, and a lower bound of that.
    fn least_tail(&self, wanted: f64) -> (Vec<f64>, f64) {
        let operators = self.rewards.len();
        let mut logs = vec![0.0f64; operators];
        let mut average = vec![0.0; operators];
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut split = self.feasible(&logs, wanted);
        let mut mean_split = vec![0.0; operators];
        for step in 0..STEPS {
            let (value, gradient) = self.tail(&split);
            if best.as_ref().is_none_or(|(least, _)| value < *least) {
                best = Some((value, split.clone()));
            }
            // Late gradients count more: they are those of nearly the best split.
            let weight = 2.0 / (step as f64 + 2.0);
            for index in 0..operators {
                average[index] += weight * (gradient[index] - average[index]);
                mean_split[index] += weight * (split[index] - mean_split[index]);
            }
            let size = gradient.iter().copied().fold(0.0f64, f64::max).max(1e-12);
            let rate = 4.0 / (step as f64 + 1.0).sqrt() / size;
            logs.iter_mut().zip(&gradient).for_each(|(log, slope)| *log -= rate * slope);
            split = self.feasible(&logs, wanted);
        }
        let (value, _) = self.tail(&mean_split);
        if best.as_ref().is_none_or(|(least, _)| value < *least) {
            best = Some((value, mean_split));
        }
        // The tail mean is convex and homogeneous: every average of its gradients is a bound from below.
        (best.map_or_else(Vec::new, |(_, split)| split), self.linear_bound(&average, wanted))
    }

    fn most_reward(&self, limit: f64, most: f64) -> Result<(Vec<f64>, f64), Error> {
        let floor = self.rewards.iter().copied().fold(f64::INFINITY, f64::min);
        let (safest, at_least) = self.least_tail(floor);
        let (least, _) = self.tail(&safest);
        if least > limit {
            let range = format!("at least {at_least:.6}; the safest split found has {least:.6}");
            return Err(Error::OutOfRange { place: "limit of loss".into(), text: limit.to_string(), range });
        }
        let (mut low, mut high) = (dot(&safest, &self.rewards), most);
        let mut best = (safest, at_least);
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            let (split, bound) = self.least_tail(middle);
            if self.tail(&split).0 <= limit {
                low = middle.max(dot(&split, &self.rewards));
                best = (split, bound);
            } else {
                high = middle;
            }
            if high - low <= 1e-6 * most.abs() {
                break;
            }
        }
        Ok(best)
    }
}
