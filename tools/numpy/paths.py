"""Simulated years a second in numpy, one core: the batch that `cargo xtask bench risk-losses` compares with.

Each operator of the published registration graph fails with 1 % and loses all; then, twice, every service whose need
fell below its prize (3 % of the need before) falls alone. Prints years a second, median of five, and the mean loss.
"""
import sys
import time

import numpy as np

operators = [line.split(",") for line in open(sys.argv[1]).read().splitlines()[1:]]
services = len(open(sys.argv[2]).read().splitlines()) - 1
stakes = np.array([int(row[1]) / 1e9 for row in operators])
serves = np.zeros((len(operators), services))
for index, row in enumerate(operators):
    for service in row[3].split():
        serves[index, int(service)] = 1.0
slashable = stakes[:, None] * serves
needs = slashable.sum(axis=0) / 3
prizes = 0.03 * needs
random = np.random.default_rng(1)
BATCH, BATCHES = 8_192, 12


def years(count):
    failed = random.random((count, len(stakes))) < 0.01
    lost = failed @ stakes
    gone = failed.astype(float)
    for _ in range(2):
        left = needs - gone @ slashable / 3
        falls = left < prizes
        lost = lost + (falls * np.maximum(left, 0)).sum(axis=1)
    return lost


rates = []
for _ in range(5):
    started = time.perf_counter()
    mean = np.mean([years(BATCH).mean() for _ in range(BATCHES)])
    rates.append(BATCH * BATCHES / (time.perf_counter() - started))
print(f"numpy 1 {sorted(rates)[2]:.0f} {mean:.1f}")
