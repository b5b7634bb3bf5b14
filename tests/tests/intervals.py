"""95 % confidence intervals of percentiles by order statistics, recomputed with scipy from the CSV files of a run directory.

Prints, of each request and of all of them, how many samples each time has and the interval of each of its percentiles, as JSON.

Of n independent samples, the number that lie below the quantile of p is binomial (n, p). So the sorted sample number l is
above the quantile with probability P(B < l), and number u is below it with probability P(B >= u) (Conover, Practical
Nonparametric Statistics, 3.2). The interval goes from the largest l to the smallest u for which either is 2.5 % at the most.
Where even the largest sample is too likely to be below the quantile (p^n > 2.5 %), it is the upper end nevertheless, and
the lower end has what is left of 5 %. Where nothing is left, or no sample is low enough, there is no interval.
"""

import csv
import glob
import json
import os
import sys

import numpy
from scipy import stats

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
MISS = 0.05
TIMES = ["response_time_ns", "service_time_ns", "ttfb_ns", "lag_ns"]


def ranks(n, p):
    """The ranks of the interval's ends, counted from 1; None where there is no interval."""
    below = stats.binom(n, p)
    beyond = below.pmf(n)
    if beyond > MISS:
        return None
    if beyond > MISS / 2:
        lower, upper = below.ppf(MISS - beyond), n
    else:
        lower, upper = below.ppf(MISS / 2), below.ppf(1 - MISS / 2) + 1
    # `ppf` is the first k with P(B <= k) of so much or more: up to k - 1 it is less, and number k is the last low enough.
    return (int(lower), int(upper)) if lower >= 1 else None


def assert_as_scipy_has_it(samples, p, ends):
    """scipy's test of quantiles has an interval too, where both tails can be alike: it is this one."""
    theirs = stats.quantile_test(samples.astype(float), p=p).confidence_interval(1 - MISS)
    if not (numpy.isnan(theirs.low) or numpy.isnan(theirs.high)):
        assert ends is not None and [theirs.low, theirs.high] == [float(end) for end in ends], (len(samples), p, theirs, ends)


def intervals(values):
    """How many samples, and the interval of each percentile."""
    samples = numpy.sort(numpy.array(values, dtype=numpy.uint64))
    result = {}
    for name, p in PERCENTILES.items():
        places = ranks(len(samples), p)
        ends = [int(samples[place - 1]) for place in places] if places else None
        assert_as_scipy_has_it(samples, p, ends)
        result[name] = ends
    return {"samples": len(samples), "ci95": result}


def times(rows):
    """The times of rows, as the summary has them."""
    answered = [row for row in rows if row["error"] == ""]
    present = lambda column: [int(row[column]) for row in rows if row[column] != ""]
    return {
        "response_time_ns": [int(row["lag_ns"]) + int(row["duration_ns"]) for row in answered],
        "service_time_ns": [int(row["duration_ns"]) for row in answered],
        "ttfb_ns": present("ttfb_ns"),
        "lag_ns": present("lag_ns"),
    }


def group(rows):
    # A time that no row has is null in the summary.
    return {time: intervals(values) if values else None for time, values in times(rows).items()}


def main(run):
    with open(os.path.join(run, "run.json"), encoding="utf-8") as file:
        names = [request["name"] for request in json.load(file)["requests"]]
    rows = []
    for path in sorted(glob.glob(os.path.join(glob.escape(run), "requests-*.csv"))):
        with open(path, newline="", encoding="utf-8") as file:
            rows.extend(csv.DictReader(file))
    requests = [{"request": name, **group([row for row in rows if row["request"] == name])} for name in names]
    json.dump({"requests": requests, "total": {"request": "total", **group(rows)}}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
