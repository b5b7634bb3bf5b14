"""What `drumfire-analyze gate RUN --baseline FILE --json` says of each figure of a baseline, recomputed from the CSV files of a run.

    gate_run.py RUN FILE
"""

import json
import re
import sys
import tomllib

import numpy
from scipy import stats

from comparing import FIGURES, PERCENTILES, Difference, Run, places_of, reading_of, resampled, samples_needed
from intervals import ranks

FALSE_ALARMS, SAVED_NOISE, ALLOWED, PRECISION = 0.01, 0.95, 0.10, 1e-5
UNITS = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "%": 0.01, "/s": 1}


def number(text):
    """A figure of a baseline: nanoseconds, a share of one, or per second."""
    amount, unit = re.fullmatch(r"([0-9.e+-]+)\s*(\S*)", str(text)).groups()
    return float(amount) * UNITS[unit] if unit else float(amount)


def expected_of(table):
    """The figures of a request, each with its noise."""
    noise = table.get("noise", {})
    named = {"avg": "mean"}
    return [(named.get(name, name), number(text), number(noise[name]) if name in noise else None)
            for name, text in table.items() if name != "noise"]


def clopper_pearson(found, base, confidence):
    """Of as many arrivals fewer as resampled blocks spread wider than single arrivals would (Kish's design effect)."""
    rate, arrivals = found.value, found.samples
    if rate is None:
        return None
    alone = rate * (1 - rate) / arrivals
    design = max(found.variance / alone, 1) if alone > 0 else 1
    count, failed, tail = arrivals / design, arrivals * rate / design, (1 - confidence) / 2
    low = stats.beta.ppf(tail, failed, count - failed + 1) if failed > 0 else 0.0
    high = stats.beta.ppf(1 - tail, failed + 1, count - failed) if failed < count else 1.0
    return [low - base, high - base]


def of_ranks(times, name, limit):
    """The interval of a percentile's ranks, as `summary` has it, held against a limit."""
    part, whole = PERCENTILES[name]
    places = ranks(len(times), part / whole)
    return [float(times[place - 1]) / limit - 1 for place in places] if places else None


def interval_of(name, base, value, found, times, is_saved, confidence):
    if name == "error_rate":
        return clopper_pearson(found, base, confidence)
    if not is_saved and name in PERCENTILES:
        return of_ranks(times, name, base)
    if name not in FIGURES or not found.has_data or base <= 0:
        return None
    [place] = places_of(name, [base])
    distance = Difference(found.place - place, found.resamples - place, found.freedom, None, found.spotless)
    return [reading_of(name, end) for end in distance.interval(confidence)]


def outcome_of(name, value, base, allowed, noise, interval, samples, is_saved, widening):
    sign = -1 if name == "throughput" else 1
    change = (value - base) * sign
    is_the_same = abs(change) <= base * PRECISION
    is_beyond = value * sign > base * (1 + sign * allowed) * sign and not is_the_same
    floor = None if noise is None else noise if name == "error_rate" else noise * base
    is_no_chance = (floor is None or abs(change) > floor * widening) and (interval is None or interval[0] > 0 or interval[1] < 0)
    if samples < samples_needed(name):
        return "not_enough_data"
    if is_beyond:
        return "regressed" if is_no_chance else "within_noise"
    if is_saved and -change > base * allowed and not is_the_same and is_no_chance:
        return "better"
    return "passed"


def main(path, file):
    with open(file, "rb") as text:
        baseline = tomllib.load(text)
    run, time, is_saved = Run(path), baseline.get("time", "response"), "saved" in baseline
    subjects = [(name, expected_of(table)) for name, table in baseline.get("requests", {}).items()]
    subjects += [(None, expected_of(baseline["total"]))] if "total" in baseline else []
    count = sum(len(figures) for _, figures in subjects)
    confidence = 1 - 2 * FALSE_ALARMS / max(count, 1)
    two_sided = lambda sure: stats.norm.ppf(0.5 + sure / 2)
    widening = max(two_sided(confidence) / two_sided(SAVED_NOISE), 1)
    limits = baseline.get("max_regression", {})
    checks = []
    for request, figures in subjects:
        exact, counts = run.exact(request, time)
        chosen = run.chosen(request) & run.answered
        times = numpy.sort(run.times[time][chosen])
        resamples = resampled([run.windows(request, time)], [name for name, _, _ in figures if name in FIGURES])
        for name, base, noise in figures:
            allowed = number(limits.get(name, limits.get("default", ALLOWED)))
            value, found = exact[name], resamples.get(name)
            samples = counts["arrivals" if name in ("error_rate", "throughput") else "answered"]
            interval = interval_of(name, base, value, found, times, is_saved, confidence)
            checks.append({
                "request": request, "measure": name, "baseline": base, "max_regression": allowed,
                "limit": base * (1 - allowed if name == "throughput" else 1 + allowed),
                "value": value, "change": (value - base) / base if base > 0 else None,
                "interval": interval, "noise": noise, "samples": samples,
                "outcome": outcome_of(name, value, base, allowed, noise, interval, samples, is_saved, widening),
            })
    json.dump({"checks": checks}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
