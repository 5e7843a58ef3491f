//! The linear relaxation of attacks at a fixed ratio λ, by a bounded dual simplex method that starts from where it last
//! stood. One row a service, so the inverse of the basis is a small dense matrix; every column has two finite bounds,
//! so a change of costs or bounds never loses dual feasibility: columns only flip.

/// Below this, a violation of a bound counts as none.
const FEASIBLE: f64 = 1e-9;
/// Below this, an entry of a row cannot be a pivot.
const PIVOT: f64 = 1e-9;
/// Pivots after which the inverse is computed anew.
const REFACTOR: usize = 120;

/// Where a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Lower,
    Upper,
    Basic,
}

/// How a solve ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Solved; the value of the objective.
    Optimal(f64),
    /// No point satisfies the bounds.
    Infeasible,
    /// Too many pivots; prices are still valid, the value may be too low.
    Stalled,
}

/// The columns of the relaxation, in compressed form, and their costs.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// Rows.
    pub rows: usize,
    /// First entry of each column, and the number of entries.
    pub starts: Vec<usize>,
    /// Row and coefficient.
    pub entries: Vec<(u32, f64)>,
    /// Cost of each column.
    pub costs: Vec<f64>,
}

impl Columns {
    fn of(&self, column: usize) -> &[(u32, f64)] {
        &self.entries[self.starts[column]..self.starts[column + 1]]
    }

    pub(super) fn count(&self) -> usize {
        self.costs.len()
    }
}

/// What to resume a solve from.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    basis: Vec<u32>,
    status: Vec<Status>,
}

/// The solver's state.
#[derive(Clone, Debug)]
pub(super) struct Simplex {
    pub columns: Columns,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    status: Vec<Status>,
    basis: Vec<u32>,
    inverse: Vec<f64>,
    norms: Vec<f64>,
    values: Vec<f64>,
    reduced: Vec<f64>,
    row: Vec<f64>,
    since: usize,
    /// Pivots in all.
    pub pivots: u64,
    /// The direction in which prices grow without bound, after [`Outcome::Infeasible`].
    pub ray: Vec<f64>,
    candidates: Vec<(f64, u32)>,
}

impl Simplex {
    /// Columns with bounds; the last `rows` columns are the slacks, which begin as the basis.
    pub(super) fn new(columns: Columns, lower: Vec<f64>, upper: Vec<f64>) -> Self {
        let (rows, count) = (columns.rows, columns.count());
        let mut status = vec![Status::Lower; count];
        let basis: Vec<u32> = (count - rows..count).map(|column| column as u32).collect();
        for column in &basis {
            status[*column as usize] = Status::Basic;
        }
        let mut simplex = Self {
            columns,
            lower,
            upper,
            status,
            basis,
            inverse: vec![0.0; rows * rows],
            norms: vec![1.0; rows],
            values: vec![0.0; rows],
            reduced: vec![0.0; count],
            row: vec![0.0; count],
            since: 0,
            pivots: 0,
            ray: vec![0.0; rows],
            candidates: Vec::new(),
        };
        simplex.factor();
        simplex
    }

    /// Adds a row of (column, coefficient) by rising columns, and its slack, which takes at most `most`, as the last column.
    pub(super) fn add_row(&mut self, entries: &[(u32, f64)], most: f64) {
        let row = self.columns.rows as u32;
        let mut next = entries.iter().peekable();
        let mut starts = vec![0];
        let mut all = Vec::with_capacity(self.columns.entries.len() + entries.len() + 1);
        for column in 0..self.columns.count() {
            all.extend_from_slice(self.columns.of(column));
            if let Some((_, value)) = next.next_if(|(at, _)| *at as usize == column) {
                all.push((row, *value));
            }
            starts.push(all.len());
        }
        all.push((row, -1.0));
        starts.push(all.len());
        self.columns.costs.push(0.0);
        (self.columns.starts, self.columns.entries) = (starts, all);
        self.columns.rows += 1;
        let (rows, count) = (self.columns.rows, self.columns.count());
        self.lower.push(0.0);
        self.upper.push(most);
        self.status.push(Status::Basic);
        self.basis.push(count as u32 - 1);
        self.inverse = vec![0.0; rows * rows];
        self.norms.push(1.0);
        self.values.push(0.0);
        self.reduced.push(0.0);
        self.row.push(0.0);
        self.ray.push(0.0);
        self.factor();
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot { basis: self.basis.clone(), status: self.status.clone() }
    }

    /// Goes back to a snapshot; bounds and costs stay as they are, the slacks of rows added since are basic.
    pub(super) fn restore(&mut self, snapshot: &Snapshot) {
        let count = self.columns.count();
        let since = snapshot.status.len() as u32..count as u32;
        self.status.clone_from(&snapshot.status);
        self.status.resize(count, Status::Basic);
        if !self.basis.iter().copied().eq(snapshot.basis.iter().copied().chain(since.clone())) {
            self.basis.clone_from(&snapshot.basis);
            self.basis.extend(since);
            self.factor();
        }
    }

    /// The inverse of the basis by elimination with row pivots. A basis that has become singular is replaced by slacks.
    fn factor(&mut self) {
        let rows = self.columns.rows;
        self.since = 0;
        loop {
            if self.invert() {
                break;
            }
            let count = self.columns.count();
            for column in &self.basis {
                self.status[*column as usize] = Status::Lower;
            }
            self.basis = (count - rows..count).map(|column| column as u32).collect();
            for column in &self.basis {
                self.status[*column as usize] = Status::Basic;
            }
        }
        for row in 0..rows {
            self.norms[row] = self.inverse[row * rows..(row + 1) * rows].iter().map(|it| it * it).sum();
        }
    }

    fn invert(&mut self) -> bool {
        let rows = self.columns.rows;
        let width = 2 * rows;
        let mut work = vec![0.0; rows * width];
        for (position, column) in self.basis.iter().enumerate() {
            for (row, value) in self.columns.of(*column as usize) {
                work[*row as usize * width + position] = *value;
            }
        }
        for row in 0..rows {
            work[row * width + rows + row] = 1.0;
        }
        for pivot in 0..rows {
            let best = (pivot..rows).max_by(|one, other| {
                work[one * width + pivot].abs().total_cmp(&work[other * width + pivot].abs())
            });
            let Some(best) = best else { return false };
            if work[best * width + pivot].abs() < 1e-11 {
                return false;
            }
            if best != pivot {
                for column in 0..width {
                    work.swap(best * width + column, pivot * width + column);
                }
            }
            let scale = 1.0 / work[pivot * width + pivot];
            for value in &mut work[pivot * width + pivot..(pivot + 1) * width] {
                *value *= scale;
            }
            let (before, rest) = work.split_at_mut(pivot * width);
            let (pivot_row, after) = rest.split_at_mut(width);
            for row in before.chunks_exact_mut(width).chain(after.chunks_exact_mut(width)) {
                let factor = row[pivot];
                if factor != 0.0 {
                    for (value, pivot_value) in row[pivot..].iter_mut().zip(&pivot_row[pivot..]) {
                        *value -= factor * pivot_value;
                    }
                }
            }
        }
        for row in 0..rows {
            let from = row * width + rows;
            self.inverse[row * rows..(row + 1) * rows].copy_from_slice(&work[from..from + rows]);
        }
        true
    }

    /// The prices of the rows.
    pub(super) fn prices(&self) -> Vec<f64> {
        let rows = self.columns.rows;
        let mut prices = vec![0.0; rows];
        for (position, column) in self.basis.iter().enumerate() {
            let cost = self.columns.costs[*column as usize];
            if cost != 0.0 {
                let inverse = &self.inverse[position * rows..(position + 1) * rows];
                prices.iter_mut().zip(inverse).for_each(|(price, value)| *price += cost * value);
            }
        }
        prices
    }

    /// The values of the first `count` columns.
    pub(super) fn solution(&self, count: usize, out: &mut Vec<f64>) {
        out.clear();
        out.extend((0..count).map(|column| match self.status[column] {
            Status::Upper => self.upper[column],
            _ => self.lower[column],
        }));
        for (column, value) in self.basis.iter().zip(&self.values) {
            if (*column as usize) < count {
                out[*column as usize] = *value;
            }
        }
    }

    /// Reduced costs from the prices, each column at the bound that its reduced cost asks for, and basic values.
    fn refresh(&mut self) {
        let prices = self.prices();
        for column in 0..self.columns.count() {
            if self.status[column] == Status::Basic {
                self.reduced[column] = 0.0;
                continue;
            }
            let priced: f64 =
                self.columns.of(column).iter().map(|(row, value)| prices[*row as usize] * value).sum();
            let reduced = self.columns.costs[column] - priced;
            self.reduced[column] = reduced;
            if reduced > FEASIBLE {
                self.status[column] = Status::Lower;
            } else if reduced < -FEASIBLE {
                self.status[column] = Status::Upper;
            }
        }
        self.refresh_values();
    }

    fn refresh_values(&mut self) {
        let rows = self.columns.rows;
        let mut right = vec![0.0; rows];
        for column in 0..self.columns.count() {
            let at = match self.status[column] {
                Status::Basic => continue,
                Status::Lower => self.lower[column],
                Status::Upper => self.upper[column],
            };
            if at != 0.0 {
                for (row, value) in self.columns.of(column) {
                    right[*row as usize] -= value * at;
                }
            }
        }
        for (value, inverse) in self.values.iter_mut().zip(self.inverse.chunks_exact(rows)) {
            *value = inverse.iter().zip(&right).map(|(one, other)| one * other).sum();
        }
    }

    /// Solves from where the basis stands, after any change of bounds and costs.
    pub(super) fn solve(&mut self, most: usize) -> Outcome {
        self.refresh();
        let mut polished = false;
        for _ in 0..most {
            let Some((position, above)) = self.leaving() else {
                // Rounding may have crept in since the last factorisation: look once more with fresh numbers.
                if polished || self.since == 0 {
                    return Outcome::Optimal(self.objective());
                }
                polished = true;
                self.refresh();
                continue;
            };
            polished = false;
            if !self.pivot(position, above) {
                return Outcome::Infeasible;
            }
            if self.since >= REFACTOR.max(self.columns.rows) {
                self.factor();
                self.refresh();
            }
        }
        Outcome::Stalled
    }

    fn objective(&self) -> f64 {
        let costs = &self.columns.costs;
        let mut sum: f64 =
            self.basis.iter().zip(&self.values).map(|(column, value)| costs[*column as usize] * value).sum();
        for (column, cost) in costs.iter().enumerate() {
            sum += match self.status[column] {
                Status::Basic => 0.0,
                Status::Lower => cost * self.lower[column],
                Status::Upper => cost * self.upper[column],
            };
        }
        sum
    }

    /// The basic column that violates a bound most for the length of its row, and whether it is the upper one.
    fn leaving(&self) -> Option<(usize, bool)> {
        let mut best = None;
        let mut most = 0.0;
        for (position, column) in self.basis.iter().enumerate() {
            let (value, column) = (self.values[position], *column as usize);
            let over = value - self.upper[column];
            let under = self.lower[column] - value;
            let violation = over.max(under);
            if violation > FEASIBLE {
                let weight = violation * violation / self.norms[position].max(1e-12);
                if weight > most {
                    most = weight;
                    best = Some((position, over > under));
                }
            }
        }
        best
    }

    /// One dual step with flips of bounds; false if the violated row shows that nothing is feasible.
    fn pivot(&mut self, position: usize, above: bool) -> bool {
        let rows = self.columns.rows;
        let sign = if above { 1.0 } else { -1.0 };
        let leaving = self.basis[position] as usize;
        let target = if above { self.upper[leaving] } else { self.lower[leaving] };
        self.price_row(position, sign);
        let mut sorted = 0;
        let mut slope = (self.values[position] - target).abs();
        let mut entering = None;
        let mut flips = 0;
        for index in 0..self.candidates.len() {
            if index == sorted {
                sorted = sort_more(&mut self.candidates, sorted);
            }
            let (ratio, column) = self.candidates[index];
            let column = column as usize;
            let passed = slope - self.row[column].abs() * (self.upper[column] - self.lower[column]);
            // At θ = 1 a need takes all that there is, exactly: the last candidate must enter, not flip.
            if passed < FEASIBLE {
                // Among candidates of nearly the same ratio the largest pivot is the most stable.
                let mut best = index;
                for (later, (other, at)) in self.candidates.iter().enumerate().skip(index + 1) {
                    if *other > ratio + 1e-12 {
                        if later < sorted {
                            break;
                        }
                        continue;
                    }
                    let best_column = self.candidates[best].1 as usize;
                    if self.row[*at as usize].abs() > self.row[best_column].abs() {
                        best = later;
                    }
                }
                entering = Some(self.candidates[best].1 as usize);
                flips = index;
                break;
            }
            slope = passed;
        }
        let Some(entering) = entering else {
            let inverse = &self.inverse[position * rows..(position + 1) * rows];
            self.ray.iter_mut().zip(inverse).for_each(|(ray, value)| *ray = sign * value);
            return false;
        };
        self.flip(flips, entering);
        self.exchange(position, entering, leaving, target, above);
        true
    }

    /// The row of the leaving column over all others, and who may enter, with its ratio.
    fn price_row(&mut self, position: usize, sign: f64) {
        let rows = self.columns.rows;
        let inverse = &self.inverse[position * rows..(position + 1) * rows];
        self.candidates.clear();
        for column in 0..self.columns.count() {
            if self.status[column] == Status::Basic {
                self.row[column] = 0.0;
                continue;
            }
            let entries = self.columns.of(column);
            let value: f64 = entries.iter().map(|(row, value)| inverse[*row as usize] * value).sum();
            self.row[column] = value;
            if self.upper[column] <= self.lower[column] {
                continue;
            }
            let signed = sign * value;
            let fits = match self.status[column] {
                Status::Lower => signed > PIVOT,
                _ => signed < -PIVOT,
            };
            if fits {
                self.candidates.push(((self.reduced[column] / signed).max(0.0), column as u32));
            }
        }
    }

    /// Moves the first `count` candidates to their other bounds.
    fn flip(&mut self, count: usize, entering: usize) {
        let rows = self.columns.rows;
        let mut change = vec![0.0; if count > 0 { rows } else { 0 }];
        for (_, column) in &self.candidates[..count] {
            let column = *column as usize;
            if column == entering {
                continue;
            }
            let range = self.upper[column] - self.lower[column];
            let (status, step) = match self.status[column] {
                Status::Lower => (Status::Upper, range),
                _ => (Status::Lower, -range),
            };
            self.status[column] = status;
            for (row, value) in self.columns.of(column) {
                change[*row as usize] += value * step;
            }
        }
        if count > 0 {
            for (value, inverse) in self.values.iter_mut().zip(self.inverse.chunks_exact(rows)) {
                *value -= inverse.iter().zip(&change).map(|(one, other)| one * other).sum::<f64>();
            }
        }
    }

    fn exchange(&mut self, position: usize, entering: usize, leaving: usize, target: f64, above: bool) {
        let rows = self.columns.rows;
        let step = self.reduced[entering] / self.row[entering];
        if step != 0.0 {
            self.reduced.iter_mut().zip(&self.row).for_each(|(reduced, value)| *reduced -= step * value);
        }
        self.reduced[entering] = 0.0;
        self.reduced[leaving] = -step;
        let direction: Vec<f64> = self
            .inverse
            .chunks_exact(rows)
            .map(|inverse| {
                self.columns.of(entering).iter().map(|(row, value)| inverse[*row as usize] * value).sum()
            })
            .collect();
        let pivot = direction[position];
        let from = match self.status[entering] {
            Status::Upper => self.upper[entering],
            _ => self.lower[entering],
        };
        let length = (self.values[position] - target) / pivot;
        self.values.iter_mut().zip(&direction).for_each(|(value, change)| *value -= change * length);
        self.values[position] = from + length;
        self.status[leaving] = if above { Status::Upper } else { Status::Lower };
        self.status[entering] = Status::Basic;
        self.basis[position] = entering as u32;
        let scaled: Vec<f64> =
            self.inverse[position * rows..(position + 1) * rows].iter().map(|it| it / pivot).collect();
        for (row, inverse) in self.inverse.chunks_exact_mut(rows).enumerate() {
            if row == position {
                inverse.copy_from_slice(&scaled);
                self.norms[row] = scaled.iter().map(|it| it * it).sum();
                continue;
            }
            let factor = direction[row];
            if factor != 0.0 {
                let mut norm = 0.0;
                for (value, scaled) in inverse.iter_mut().zip(&scaled) {
                    *value -= factor * scaled;
                    norm += *value * *value;
                }
                self.norms[row] = norm;
            }
        }
        self.since += 1;
        self.pivots += 1;
    }
}

/// Brings the least of the candidates from `from` on to their place and order: few are asked for, so not all are sorted.
/// Returns how many stand in order now.
fn sort_more(candidates: &mut [(f64, u32)], from: usize) -> usize {
    /// Candidates in the first portion; later ones are as large as all before.
    const FIRST: usize = 16;
    let by_ratio = |one: &(f64, u32), other: &(f64, u32)| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1));
    let to = (2 * from).max(FIRST).min(candidates.len());
    if to < candidates.len() {
        candidates[from..].select_nth_unstable_by(to - from, by_ratio);
    }
    candidates[from..to].sort_unstable_by(by_ratio);
    to
}
