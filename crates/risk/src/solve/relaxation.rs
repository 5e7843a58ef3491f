//! The relaxation that bounds attacks: how much of each operator is burnt, how much of each service corrupted, between
//! 0 and 1, needs met in proportion. Rows are scaled by needs, costs by one scale, so that numbers stay near one.

use super::covers::Cover;
use super::simplex::{Columns, Outcome, Simplex, Snapshot};
use crate::{Graph, Mode};
use std::rc::Rc;

/// What a case decides: a service attacked or not, an operator burnt whole or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    /// By index in the graph.
    Service(u32),
    /// By index in the graph.
    Operator(u32),
}

/// Marks what a relaxation does not speak of.
const ABSENT: u32 = u32::MAX;

/// The relaxation over some services of a graph and the operators that they can slash, with the decisions of one case applied.
#[derive(Clone, Debug)]
pub(super) struct Relaxation {
    simplex: Simplex,
    /// Operator of each of the first columns.
    pub operators: Vec<u32>,
    /// Service of each row.
    pub rows: Vec<u32>,
    column_of: Vec<u32>,
    row_of: Vec<u32>,
    prizes: Vec<f64>,
    /// Prizes of services that cost nothing to corrupt beside.
    bonus: f64,
    needs: Vec<f64>,
    /// What all operators together bring to each row, in needs.
    reach: Vec<f64>,
    divisible: bool,
    scale: f64,
    applied: Vec<(Variable, bool)>,
    /// Whose rows stand after those of services.
    pub covers: Vec<Rc<Cover>>,
}

impl Relaxation {
    /// The relaxation over `rows`: services with a prize and a need; `scale` is the unit of costs in wei.
    pub(super) fn new(graph: &Graph, rows: Vec<u32>, scale: f64) -> Self {
        let divisible = graph.mode() != Mode::Full;
        let mut row_of = vec![ABSENT; graph.services().len()];
        for (row, service) in rows.iter().enumerate() {
            row_of[*service as usize] = row as u32;
        }
        let needs: Vec<f64> = rows.iter().map(|it| graph.need(*it as usize) as f64).collect();
        let prizes = rows.iter().map(|it| graph.services()[*it as usize].prize as f64 / scale).collect();
        let free = (0..graph.services().len()).filter(|service| graph.need(*service) == 0);
        let bonus = free.map(|service| graph.services()[service].prize as f64 / scale).sum();
        let mut build = Build::default();
        let mut reach = vec![0.0; rows.len()];
        let mut operators = Vec::new();
        let mut column_of = vec![ABSENT; graph.operators().len()];
        for (operator, column) in column_of.iter_mut().enumerate() {
            let before = build.entries.len();
            for edge in graph.of_operator(operator) {
                let row = row_of[edge.service as usize];
                if row != ABSENT {
                    let counted = edge.stake.min(graph.need(edge.service as usize)) as f64;
                    let part = counted / needs[row as usize];
                    reach[row as usize] += part;
                    build.entries.push((row, part));
                }
            }
            if build.entries.len() > before {
                *column = operators.len() as u32;
                operators.push(operator as u32);
                build.close(graph.operators()[operator].stake as f64 / scale, 1.0);
            }
        }
        for row in 0..rows.len() {
            build.single(row, -1.0, 0.0, 1.0);
        }
        if divisible {
            for row in 0..rows.len() {
                build.single(row, 1.0, needs[row] / scale, reach[row]);
            }
        }
        for (row, reach) in reach.iter().enumerate() {
            build.single(row, -1.0, 0.0, 2.0 * reach + 1.0);
        }
        let columns = Columns {
            rows: rows.len(),
            starts: [vec![0], build.ends].concat(),
            entries: build.entries,
            costs: build.costs,
        };
        let lower = vec![0.0; columns.count()];
        let simplex = Simplex::new(columns, lower, build.upper);
        let applied = Vec::new();
        Self {
            simplex,
            operators,
            rows,
            column_of,
            row_of,
            prizes,
            bonus,
            needs,
            reach,
            divisible,
            scale,
            applied,
            covers: Vec::new(),
        }
    }

    /// Adds the row of a cover of a service that has one.
    pub(super) fn cover(&mut self, graph: &Graph, cover: Rc<Cover>) {
        let left = cover.left as f64;
        let others = graph.of_service(cover.service as usize).iter();
        let others = others.filter(|edge| cover.operators.binary_search(&edge.operator).is_err());
        let counted = |stake: u128| stake.min(cover.left) as f64 / left;
        let mut entries: Vec<(u32, f64)> =
            others.map(|edge| (self.column_of[edge.operator as usize], counted(edge.stake))).collect();
        let reach: f64 = entries.iter().map(|(_, part)| part).sum();
        entries.sort_unstable_by_key(|(column, _)| *column);
        entries.push((self.operators.len() as u32 + self.row_of[cover.service as usize], -1.0));
        self.simplex.add_row(&entries, 2.0 * reach + 1.0);
        self.covers.push(cover);
    }

    /// Sets the ratio at which attacks are priced.
    fn set_ratio(&mut self, ratio: f64) {
        for (row, prize) in self.prizes.iter().enumerate() {
            self.simplex.columns.costs[self.operators.len() + row] = -ratio * prize;
        }
    }

    /// Applies the decisions of a case, instead of the last one's.
    pub(super) fn decide(&mut self, decisions: &[(Variable, bool)]) {
        for (variable, _) in std::mem::take(&mut self.applied) {
            self.bound(variable, None);
        }
        for (variable, value) in decisions {
            self.bound(*variable, Some(*value));
        }
        self.applied.extend_from_slice(decisions);
    }

    fn bound(&mut self, variable: Variable, value: Option<bool>) {
        let Some(column) = self.column(variable) else { return };
        let was_in = self.simplex.lower[column] > 0.5;
        self.simplex.lower[column] = f64::from(u8::from(value == Some(true)));
        self.simplex.upper[column] = f64::from(u8::from(value != Some(false)));
        // An operator that is burnt whole brings no parts beside.
        if self.divisible && matches!(variable, Variable::Operator(_)) && was_in != (value == Some(true)) {
            let sign = if was_in { 1.0 } else { -1.0 };
            let (from, to) = (self.simplex.columns.starts[column], self.simplex.columns.starts[column + 1]);
            for &(row, part) in &self.simplex.columns.entries[from..to] {
                let parts = &mut self.simplex.upper[self.operators.len() + self.rows.len() + row as usize];
                *parts = (*parts + sign * part).clamp(0.0, self.reach[row as usize]);
            }
        }
    }

    fn column(&self, variable: Variable) -> Option<usize> {
        let (index, first) = match variable {
            Variable::Operator(operator) => (self.column_of[operator as usize], 0),
            Variable::Service(service) => (self.row_of[service as usize], self.operators.len()),
        };
        (index != ABSENT).then(|| first + index as usize)
    }

    /// Whether a case leaves a variable open.
    pub(super) fn is_open(&self, variable: Variable) -> bool {
        self.column(variable).is_some_and(|column| self.simplex.lower[column] < self.simplex.upper[column])
    }

    /// Whether a case excludes an operator.
    pub(super) fn is_out(&self, operator: u32) -> bool {
        self.column(Variable::Operator(operator)).is_some_and(|column| self.simplex.upper[column] < 0.5)
    }

    /// The least of cost − ratio · prize, in units of the scale.
    pub(super) fn solve(&mut self, ratio: f64) -> Outcome {
        self.set_ratio(ratio);
        match self.simplex.solve(50 * self.rows.len() + 2_000) {
            Outcome::Optimal(value) => Outcome::Optimal(value - ratio * self.bonus),
            other => other,
        }
    }

    /// How much of each operator and service the last solution uses: operators, then rows, then parts if divisible.
    pub(super) fn solution(&self, out: &mut Vec<f64>) {
        let kinds = if self.divisible { 2 } else { 1 };
        self.simplex.solution(self.operators.len() + kinds * self.rows.len(), out);
    }

    /// Cost / prize of a solution, if it has a prize.
    pub(super) fn ratio_of(&self, solution: &[f64]) -> Option<f64> {
        let prize: f64 =
            self.prizes.iter().zip(&solution[self.operators.len()..]).map(|(one, two)| one * two).sum();
        let prize = prize + self.bonus;
        let costs = &self.simplex.columns.costs;
        let operators: f64 =
            costs.iter().zip(&solution[..self.operators.len()]).map(|(one, two)| one * two).sum();
        let parts = self.operators.len() + self.rows.len();
        let parts: f64 = costs[parts..]
            .iter()
            .zip(&solution[parts.min(solution.len())..])
            .map(|(one, two)| one * two)
            .sum();
        (prize > 1e-12).then(|| (operators + parts) / prize)
    }

    /// Prices of a unit of stake of each row, without dimension.
    pub(super) fn prices(&self) -> Vec<f64> {
        let prices = self.simplex.prices();
        prices.iter().zip(&self.needs).map(|(price, need)| price.max(0.0) * self.scale / need).collect()
    }

    /// The same of covers, each of what it leaves, beside the service prices.
    pub(super) fn cover_prices(&self) -> Vec<f64> {
        let prices = self.simplex.prices();
        let priced = self.covers.iter().zip(&prices[self.rows.len()..]);
        priced.map(|(cover, price)| price.max(0.0) * self.scale / cover.left as f64).collect()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.simplex.snapshot()
    }

    pub(super) fn restore(&mut self, snapshot: &Snapshot) {
        self.simplex.restore(snapshot);
    }

    /// Pivots so far.
    pub(super) fn pivots(&self) -> u64 {
        self.simplex.pivots
    }
}

/// Columns while they are written down.
#[derive(Default)]
struct Build {
    entries: Vec<(u32, f64)>,
    ends: Vec<usize>,
    costs: Vec<f64>,
    upper: Vec<f64>,
}

impl Build {
    fn close(&mut self, cost: f64, upper: f64) {
        self.ends.push(self.entries.len());
        self.costs.push(cost);
        self.upper.push(upper);
    }

    fn single(&mut self, row: usize, value: f64, cost: f64, upper: f64) {
        self.entries.push((row as u32, value));
        self.close(cost, upper);
    }
}
