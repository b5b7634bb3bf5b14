"""What `drumfire-analyze diff BASE RUN --json` says of requests and of all together, recomputed from the CSV files of runs.

    compare_runs.py BASE RUN

A side is a run directory, or a folder of several. Effects of distributions come from scipy, on times of which each stands for the middle
of its bucket.
"""

import json
import math
import os
import sys

import numpy
from scipy import stats

from comparing import FIGURES, LEAST_WINDOWS, RESAMPLES, SEED, Chance, Run, Side, difference_of, middle_of, reading_of, resampled

CONFIDENCE = 0.95


def runs_at(path):
    if os.path.exists(os.path.join(path, "run.json")):
        return [Run(path)]
    runs = [Run(os.path.join(path, name)) for name in os.listdir(path)]
    return sorted(runs, key=lambda run: run.manifest["started_unix_ns"])


def least_difference(base, run, confidence):
    """Chance alone makes error rates differ by as much: two failures and two others added to each side (Agresti & Coull 1998)."""
    arrivals = [sum(int(one["arrivals"].sum()) for one in side) for side in (base, run)]
    failed = [sum(int(one["failed"].sum()) for one in side) for side in (base, run)]
    if min(arrivals) < 1:
        return None
    rate = (sum(failed) + 4) / (sum(arrivals) + 8)
    return stats.norm.ppf(0.5 + confidence / 2) * math.sqrt(rate * (1 - rate) * sum(1 / count for count in arrivals))


def verdict_of(name, interval, difference):
    low, high = interval
    if low <= 0 <= high:
        # What may as well be half of it, or twice, is not known to be the same.
        is_vague = name != "error_rate" and (low < -0.5 or high > 1)
        return "not enough data" if is_vague else "same"
    return "better" if (difference > 0) == (name == "throughput") else "worse"


def judged(name, base, run, windows, exact, confidence):
    values = [side.value for side in (base, run)]
    for place, one in enumerate(exact):
        # Of one run the figure is that of its rows; of several together, that of their windows.
        if values[place] is not None and one is not None:
            values[place] = one.get(name, values[place])
    known = None not in values
    if name == "error_rate":
        difference = values[1] - values[0] if known else None
    else:
        difference = values[1] / values[0] - 1 if known and values[0] > 0 else None
    found = {"figure": name, "base": values[0], "run": values[1], "difference": difference}
    if not (base.has_data and run.has_data):
        return found | {"interval": None, "p_value": None, "verdict": "not enough data"}
    distribution = difference_of(base, run)
    interval = [reading_of(name, end) for end in distribution.interval(confidence)]
    verdict = verdict_of(name, interval, distribution.estimate)
    if name == "error_rate":
        least = least_difference(*windows, confidence)
        interval = [min(interval[0], distribution.estimate - least), max(interval[1], distribution.estimate + least)]
        verdict = "same" if interval[0] <= 0 <= interval[1] else verdict
    return found | {"interval": interval, "p_value": distribution.p_value(), "verdict": verdict}


def magnitude(delta):
    bounds = [(0.147, "negligible"), (0.33, "small"), (0.474, "medium")]
    return next((word for bound, word in bounds if abs(delta) < bound), "large")


def spread_p_value(base, run):
    """How often resampled distributions move as far from those found as the run's is from the base's."""
    occupied = numpy.unique(numpy.concatenate([one for side in (base, run) for part in side for one in part["times"]]))
    sides = [Side(side, occupied) for side in (base, run)]
    if min(side.windows for side in sides) < LEAST_WINDOWS or min(side.counts.sum() for side in sides) == 0:
        return None
    steps = numpy.diff(numpy.log(numpy.maximum([middle_of(bucket) for bucket in occupied], 1)))
    shares = lambda counts: numpy.cumsum(counts) / counts.sum()
    distances = lambda ahead: (numpy.abs(ahead).max(), float(numpy.abs(ahead[:-1]) @ steps))
    found = [shares(side.counts.sum(axis=0)) for side in sides]
    pieces = [len(side.runs) if len(side.runs) > 1 else side.blocks() for side in sides]
    stretches = [math.sqrt(count / (count - 1)) for count in pieces]
    chance, as_far = Chance(SEED), [0, 0]
    limits = distances(found[1] - found[0])
    for _ in range(RESAMPLES):
        moved = []
        for side, whole, stretch in zip(sides, found, stretches):
            counts = side.draw(chance) @ side.counts
            moved.append(stretch * (shares(counts) - whole) if counts.sum() else numpy.zeros(len(occupied)))
        for place, distance in enumerate(distances(moved[1] - moved[0])):
            as_far[place] += int(distance >= limits[place])
    return min(2 * (min(as_far) + 1) / (RESAMPLES + 1), 1.0)


def distribution(base, run, significance):
    times = [numpy.array([middle_of(bucket) for part in side for one in part["times"] for bucket in one]) for side in (base, run)]
    if min(len(one) for one in times) == 0:
        return None
    longer = stats.mannwhitneyu(times[1], times[0]).statistic / (len(times[0]) * len(times[1]))
    logarithms = [numpy.log(numpy.maximum(one, 1)) for one in times]
    p_value = spread_p_value(base, run)
    return {
        "superiority": float(longer),
        "cliffs_delta": float(2 * longer - 1),
        "magnitude": magnitude(2 * longer - 1),
        "kolmogorov_smirnov": float(stats.ks_2samp(*times).statistic),
        "typical_factor": math.exp(stats.wasserstein_distance(*logarithms)),
        "p_value": p_value,
        "differs": bool(p_value is not None and p_value < significance),
    }


def main(base, run):
    sides = [runs_at(path) for path in (base, run)]
    names = [[name for name in side[0].requests if all(name in one.requests for one in side)] for side in sides]
    common = [name for name in names[0] if name in names[1]]
    groups = len(common) + 1
    confidence = 1 - (1 - CONFIDENCE) / (groups * len(FIGURES))

    def compared(request):
        windows = [[one.windows(request, "response") for one in side] for side in sides]
        exact = [side[0].exact(request, "response")[0] if len(side) == 1 else None for side in sides]
        figures = [resampled(side, FIGURES) for side in windows]
        return {
            "request": request or "total",
            "figures": [judged(name, figures[0][name], figures[1][name], windows, exact, confidence) for name in FIGURES],
            "distribution": distribution(*windows, (1 - CONFIDENCE) / groups),
        }

    json.dump({"requests": [compared(name) for name in common], "total": compared(None)}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
