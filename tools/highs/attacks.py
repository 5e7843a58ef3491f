"""Robustness of an elastic network, and the smallest shock after which an attack pays, by HiGHS as mixed integer problems, for
`cargo xtask bench risk` to compare with.

The elastic network is the one that the bench draws (20 operators, 10 services; same generator, same seed). A service
that is byzantine slashes its allocations, what is left stretches: both, and what an attacker pays, are minima, each with a
binary variable and a large constant. Prints `key|milliseconds|figure`, or `key|milliseconds|limit` where 20 s were not enough.
"""
import sys
import time

import highspy
import numpy as np

LIMIT = 20.0
MASK = (1 << 64) - 1


class Dice:
    """xoshiro256++, seeded by SplitMix64."""

    def __init__(self, seed):
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            word = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
            self.state.append(word ^ (word >> 31))

    def between(self, low, high):
        turn = lambda word, by: ((word << by) | (word >> (64 - by))) & MASK
        s = self.state
        drawn = (turn((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = turn(s[3], 45)
        return low + drawn % (high - low + 1)


class Problem:
    def __init__(self):
        self.highs = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 1e-6), ("time_limit", LIMIT)):
            self.highs.setOptionValue(name, value)
        self.columns, self.rows = [], []

    def column(self, upper, cost=0.0, integer=False):
        self.columns.append((upper, cost, integer))
        return len(self.columns) - 1

    def at_least(self, bound, terms):
        self.rows.append((bound, terms))

    def at_most(self, bound, terms):
        self.at_least(-bound, [(column, -value) for column, value in terms])

    def solve(self):
        """Milliseconds, and the least cost, or nothing within the limit."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.columns), len(self.rows)
        lp.col_cost_ = np.array([cost for _, cost, _ in self.columns])
        lp.col_lower_ = np.zeros(len(self.columns))
        lp.col_upper_ = np.array([upper for upper, _, _ in self.columns])
        lp.row_lower_ = np.array([bound for bound, _ in self.rows])
        lp.row_upper_ = np.full(len(self.rows), np.inf)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0] + [len(terms) for _, terms in self.rows])
        lp.a_matrix_.index_ = np.array([column for _, terms in self.rows for column, _ in terms])
        lp.a_matrix_.value_ = np.array([value for _, terms in self.rows for _, value in terms])
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[integer] for _, _, integer in self.columns]
        started = time.perf_counter()
        self.highs.passModel(lp)
        self.highs.run()
        taken = (time.perf_counter() - started) * 1e3
        ended = self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return taken, self.highs.getInfo().objective_function_value if ended else None


def robustness():
    dice = Dice(20)
    stakes = [dice.between(50, 150) for _ in range(20)]
    prizes = [dice.between(20, 60) for _ in range(10)]
    held = [[stake * dice.between(10, 30) / 100 for _ in prizes] for stake in stakes]
    problem, half = Problem(), 0.5
    byzantine = [problem.column(1, prize / sum(prizes), True) for prize in prizes]
    attacked = [problem.column(1, 0.0, True) for _ in prizes]
    cut, costs = [], []
    for stake, row in zip(stakes, held):
        total = sum(row)
        left, gone = problem.column(stake), problem.column(1, 0.0, True)
        slashed = [(column, amount) for column, amount in zip(byzantine, row)]
        problem.at_least(stake, [(left, 1.0), *slashed])
        problem.at_most(stake, [(left, 1.0), *slashed, (gone, -total)])
        problem.at_most(stake, [(left, 1.0), (gone, stake)])
        cost, whole, used = problem.column(stake), problem.column(1, 0.0, True), []
        for service, amount in enumerate(row):
            kept, short, part = problem.column(amount), problem.column(1, 0.0, True), problem.column(amount)
            problem.at_most(0, [(kept, 1.0), (left, -1.0)])
            problem.at_least(amount, [(kept, 1.0), (short, amount)])
            problem.at_least(-stake, [(kept, 1.0), (left, -1.0), (short, -stake)])
            problem.at_most(0, [(part, 1.0), (kept, -1.0)])
            problem.at_most(0, [(part, 1.0), (attacked[service], -amount)])
            used.append((part, kept))
        cut.append(used)
        problem.at_least(0, [(cost, 1.0), *[(part, -1.0) for part, _ in used], (whole, total)])
        problem.at_least(-stake, [(cost, 1.0), (left, -1.0), (whole, -stake)])
        costs.append((cost, -1.0))
    for service in range(len(prizes)):
        problem.at_most(1, [(byzantine[service], 1.0), (attacked[service], 1.0)])
        need = [term for row in cut for term in ((row[service][0], 1.0), (row[service][1], -half))]
        most = half * sum(row[service] for row in held)
        problem.at_least(-most, [*need, (attacked[service], -most)])
    problem.at_least(0, [*zip(attacked, prizes), *costs])
    problem.at_least(1, [(column, 1.0) for column in attacked])
    return problem.solve()


def smallest_shock(operators, services):
    """Rule a: prizes of 3 % of the need, θ = 1/3; in ether."""
    rows = [line.split(",") for line in open(operators).read().splitlines()[1:]]
    stakes = [int(row[1]) / 1e9 for row in rows]
    members = [[] for _ in open(services).read().splitlines()[1:]]
    for index, row in enumerate(rows):
        for service in row[3].split():
            members[int(service)].append(index)
    problem, unit = Problem(), 1e4
    lost = [problem.column(1, stake / unit, True) for stake in stakes]
    burnt = [problem.column(1, 0.0, True) for _ in stakes]
    attacked, prizes = [problem.column(1, 0.0, True) for _ in members], []
    for pair in zip(lost, burnt):
        problem.at_most(1, [(column, 1.0) for column in pair])
    for service, those in enumerate(members):
        need = sum(stakes[it] for it in those) / 3
        prizes.append(0.03 * need / unit)
        terms = [(burnt[it], stakes[it] / need) for it in those] + [(lost[it], stakes[it] / need / 3) for it in those]
        problem.at_least(0, [*terms, (attacked[service], -1.0)])
    problem.at_least(0, [*zip(attacked, prizes), *[(column, -stake / unit) for column, stake in zip(burnt, stakes)]])
    problem.at_least(1, [(column, 1.0) for column in attacked])
    taken, found = problem.solve()
    return taken, None if found is None else found * unit


for key, (taken, found) in (("beta", robustness()), ("stress", smallest_shock(sys.argv[1], sys.argv[2]))):
    print(f"{key}|{taken:.2f}|{'limit' if found is None else f'{found:.6f}'}", flush=True)
