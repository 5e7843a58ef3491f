"""Slack of the published registration graph by HiGHS, for `cargo xtask bench risk` to compare with.

The same formulation: least stake less ratio times prizes, needs met with stake counted up to each need, the ratio
lowered until nothing pays (Dinkelbach), to a relative gap of 1e-6, on one thread. The relaxation: one linear problem for
each attacked service of largest need. Prints `key|milliseconds|figure`, medians. With `--prices FILE` it writes the
prices of the relaxation under rule a instead, for the test that our checker accepts another solver's proofs.
"""
import json
import sys
import time

import highspy
import numpy as np

operators = [line.split(",") for line in open(sys.argv[1]).read().splitlines()[1:]]
SERVICES = len(open(sys.argv[2]).read().splitlines()) - 1
STAKES = np.array([int(row[1]) / 1e9 for row in operators])
MEMBERS = [[] for _ in range(SERVICES)]
for index, row in enumerate(operators):
    for service in row[3].split():
        MEMBERS[int(service)].append(index)
SLASHABLE = np.array([STAKES[list].sum() for list in MEMBERS])
NEEDS = SLASHABLE / 3
RULES = {
    "a": 0.03 * NEEDS,
    "b": 0.03 * SLASHABLE,
    "c": np.full(SERVICES, 20_000.0),
    "d": 10 * np.sqrt(SLASHABLE),
}
COUNT = len(STAKES)


def solver():
    highs = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 1e-6), ("time_limit", 60.0)):
        highs.setOptionValue(name, value)
    return highs


def problem(costs, upper, rows, integer):
    """Columns: operators, services, and what the caller adds; rows are (lower, upper, columns, values)."""
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(costs), len(rows)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = costs, np.zeros(len(costs)), upper
    lp.row_lower_ = np.array([row[0] for row in rows])
    lp.row_upper_ = np.array([row[1] for row in rows])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0] + [len(row[2]) for row in rows])
    lp.a_matrix_.index_ = np.concatenate([row[2] for row in rows])
    lp.a_matrix_.value_ = np.concatenate([row[3] for row in rows])
    if integer:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * len(costs)
    return lp


def cover(service):
    """What operators bring to a service, in needs, less whether it is attacked: at least nothing."""
    members = np.array(MEMBERS[service])
    columns = np.append(members, COUNT + service)
    return columns, np.append(np.minimum(STAKES[members] / NEEDS[service], 1.0), -1.0)


def exact(prizes):
    """The least cost / prize of an attack."""
    ratio = STAKES.sum() / prizes.sum()
    rows = [(0.0, np.inf, *cover(service)) for service in range(SERVICES)]
    rows.append((1.0, np.inf, np.arange(COUNT, COUNT + SERVICES), np.ones(SERVICES)))
    for _ in range(20):
        costs = np.concatenate([STAKES, -ratio * prizes])
        highs = solver()
        highs.passModel(problem(costs, np.ones(len(costs)), rows, True))
        highs.run()
        chosen = np.round(np.array(highs.getSolution().col_value))
        prize = chosen[COUNT:] @ prizes
        better = chosen[:COUNT] @ STAKES / prize if prize > 0 else ratio
        if better >= ratio * (1 - 1e-6):
            return min(better, ratio), highs
        ratio = better
    return ratio, highs


def relaxed(prizes):
    """The least over the attacked service of largest need, and the prices of each of these problems."""
    order = sorted(range(SERVICES), key=lambda service: (-NEEDS[service], service))
    least, prices = np.inf, []
    for place, first in enumerate(order):
        inside = order[place:]
        costs = np.append(np.append(STAKES, np.zeros(SERVICES)), 0.0)
        unit = len(costs) - 1
        upper = np.full(len(costs), np.inf)
        for outside in order[:place]:
            upper[COUNT + outside] = 0.0
        rows = [(0.0, np.inf, *cover(service)) for service in inside]
        rows.append((1.0, 1.0, COUNT + np.array(inside), prizes[inside]))
        rows.append((0.0, 0.0, np.array([COUNT + first, unit]), np.array([1.0, -1.0])))
        used = sorted({operator for service in inside for operator in MEMBERS[service]})
        rows += [(-np.inf, 0.0, np.array([operator, unit]), np.array([1.0, -1.0])) for operator in used]
        others = [service for service in inside if service != first]
        rows += [(-np.inf, 0.0, np.array([COUNT + it, unit]), np.array([1.0, -1.0])) for it in others]
        highs = solver()
        highs.passModel(problem(costs, upper, rows, False))
        highs.run()
        least = min(least, highs.getInfo().objective_function_value)
        dual = np.array(highs.getSolution().row_dual)[: len(inside)]
        prices.append([first, [[int(it), float(max(price, 0.0) / NEEDS[it])] for it, price in zip(inside, dual)]])
    return least, prices


def median(run, times):
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        found = run()[0]
        taken.append(time.perf_counter() - started)
    return sorted(taken)[times // 2] * 1e3, found


if len(sys.argv) > 3:
    least, prices = relaxed(RULES["a"])
    json.dump({"ratio": least, "prices": prices}, open(sys.argv[4], "w"))
    sys.exit()
for name, prizes in RULES.items():
    for key, run, times in (("C4", exact, 3), ("C2", relaxed, 3)):
        taken, found = median(lambda: run(prizes), times)
        print(f"{key}-{name}|{taken:.2f}|{found - 1:.6f}", flush=True)
