"""How runs are held against each other, written down once more with numpy and scipy: what `docs/figures.md` says under "How
`diff` and `gate` come to their intervals".
"""

import csv
import glob
import json
import math
import os

import numpy
from scipy import stats

PERCENTILES = {"p50": (1, 2), "p90": (9, 10), "p95": (19, 20), "p99": (99, 100), "p999": (999, 1000)}
FIGURES = [*PERCENTILES, "mean", "error_rate", "throughput"]
RESAMPLES, SEED = 1000, 20_260
LEAST_WINDOWS, MOST_WINDOWS = 8, 300


class Chance:
    """PCG XSL RR 128/64 (MCG), seeded as the crate rand_core seeds from a 64-bit number: by a stream of PCG32."""

    def __init__(self, seed):
        words = []
        for _ in range(4):
            seed = (seed * 6_364_136_223_846_793_005 + 11_634_580_027_462_260_723) % 2**64
            shifted = ((seed >> 18 ^ seed) >> 27) % 2**32
            turn = seed >> 59
            words.append((shifted >> turn | shifted << (32 - turn)) % 2**32)
        self.state = sum(word << 32 * place for place, word in enumerate(words)) | 1

    def below(self, bound):
        self.state = self.state * 0x2360ED051FC65DA44385DF649FCCF645 % 2**128
        mixed, turn = (self.state >> 64 ^ self.state) % 2**64, self.state >> 122
        number = (mixed >> turn | mixed << (64 - turn)) % 2**64
        return number * bound >> 64


# Buckets of times: every nanosecond up to 255, then 128 to an octave.


def buckets_of(times):
    times = numpy.asarray(times, dtype=numpy.uint64)
    octave = numpy.maximum(numpy.frexp(times.astype(float))[1] - 8, 0).astype(numpy.uint64)
    return (octave * 128 + (times >> octave)).astype(numpy.int64)


def ends_of(bucket):
    octave = max(bucket // 128 - 1, 0)
    low = (bucket - octave * 128) << octave
    return low, low + (1 << octave) - 1


def middle_of(bucket):
    low, high = ends_of(int(bucket))
    return (low + high) / 2


class Run:
    """A run directory: its manifest and its rows, as columns."""

    def __init__(self, path):
        with open(os.path.join(path, "run.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)
        rows = []
        for name in sorted(glob.glob(os.path.join(glob.escape(path), "requests-*.csv"))):
            with open(name, newline="", encoding="utf-8") as file:
                rows.extend(csv.DictReader(file))
        number = lambda text: int(text) if text else 0
        column = lambda of: numpy.array([of(row) for row in rows], dtype=object)
        expected = {one["name"]: one["expect_status"] for one in self.manifest["requests"]}
        wanted = lambda row: any(low <= int(row["status"]) <= high for low, high in expected[row["request"]])
        self.requests = list(expected)
        self.request = column(lambda row: row["request"])
        self.scheduled = column(lambda row: int(row["scheduled_ns"])).astype(numpy.int64)
        self.answered = column(lambda row: row["error"] == "").astype(bool)
        self.failed = column(lambda row: row["error"] != "" or not wanted(row)).astype(bool)
        self.times = {
            "response": column(lambda row: number(row["lag_ns"]) + number(row["duration_ns"])).astype(numpy.int64),
            "service": column(lambda row: number(row["duration_ns"])).astype(numpy.int64),
        }
        ends = [sum(number(row[name]) for name in ("scheduled_ns", "lag_ns", "duration_ns")) for row in rows]
        self.elapsed_ns = max(ends, default=0)

    def chosen(self, request):
        return numpy.full(len(self.request), True) if request is None else self.request == request

    def width_ns(self):
        """A tenth of a second up to a minute; then a second, doubled until there are few enough."""
        elapsed = self.manifest["ending"]["elapsed_ns"]
        if elapsed <= 60 * 10**9:
            return 10**8
        cells = len(self.manifest["scenarios"]) * len(self.requests)
        most = min(max(65_536 // cells, 60), 1_200)
        width = 10**9
        while elapsed // width > most:
            width *= 2
        return width

    def windows(self, request, time):
        """Windows of a request: arrivals, failures, and times by bucket; and how long each is."""
        chosen, width = self.chosen(request), self.width_ns()
        if not chosen.any():
            return {"width_ns": width, "arrivals": numpy.zeros(0, int), "failed": numpy.zeros(0, int), "times": []}
        place = self.scheduled[chosen] // width
        count = int(place.max()) + 1
        of_each = max(-(-count // MOST_WINDOWS), 1)
        place, windows = place // of_each, -(-count // of_each)
        # The last one, where the end of the schedule may have cut it off.
        if windows > 10 and (of_each == 1 or count % of_each != 0):
            windows -= 1
        times = [numpy.zeros(0, numpy.int64)] * windows
        answered = self.answered[chosen]
        buckets = buckets_of(self.times[time][chosen][answered])
        for window in range(windows):
            times[window] = buckets[place[answered] == window]
        tally = lambda which: numpy.bincount(place[which], minlength=windows)[:windows]
        return {
            "width_ns": width * of_each,
            "arrivals": tally(numpy.full(len(place), True)),
            "failed": tally(self.failed[chosen]),
            "times": times,
        }

    def exact(self, request, time):
        """The figures of the rows themselves."""
        chosen = self.chosen(request)
        times = numpy.sort(self.times[time][chosen & self.answered])
        arrivals, failed = int(chosen.sum()), int(self.failed[chosen].sum())
        found = {}
        if len(times):
            found = {name: float(times[rank(share, len(times))]) for name, share in PERCENTILES.items()}
            found |= {"mean": int(times.sum(dtype=object)) / len(times), "max": float(times[-1])}
        if arrivals:
            found["error_rate"] = failed / arrivals
            found["throughput"] = (arrivals - failed) / (self.elapsed_ns / 1e9)
        return found, {"arrivals": arrivals, "answered": len(times)}


def rank(share, count):
    """⌈p·n⌉ − 1, in whole numbers."""
    part, whole = share
    return max(-(-part * count // whole), 1) - 1


def samples_needed(name):
    """So many that all of them lie on one side of the percentile with a probability of 5 % at the most."""
    if name not in PERCENTILES:
        return 1
    part, whole = PERCENTILES[name]
    p, count = part / whole, 1
    while (1 - p) ** count + p**count > 0.05:
        count += 1
    return count


class Side:
    """The windows of one run or several, row by row, over the buckets that are occupied."""

    def __init__(self, runs, occupied=None):
        self.runs, first = [], 0
        for run in runs:
            self.runs.append(range(first, first + len(run["arrivals"])))
            first += len(run["arrivals"])
        times = [one for run in runs for one in run["times"]]
        own = numpy.unique(numpy.concatenate(times)) if times else numpy.zeros(0, numpy.int64)
        self.buckets = own if occupied is None else occupied
        self.counts = numpy.zeros((len(times), len(self.buckets)), numpy.int64)
        for row, one in enumerate(times):
            numpy.add.at(self.counts[row], numpy.searchsorted(self.buckets, one), 1)
        self.arrivals = numpy.concatenate([run["arrivals"] for run in runs] or [numpy.zeros(0, int)])
        self.failed = numpy.concatenate([run["failed"] for run in runs] or [numpy.zeros(0, int)])
        self.spans = numpy.concatenate([numpy.full(len(run["arrivals"]), run["width_ns"]) for run in runs] or [numpy.zeros(0, int)])
        self.middles = numpy.array([middle_of(bucket) for bucket in self.buckets])
        self.lows, self.highs = (numpy.array([ends_of(int(bucket))[end] for bucket in self.buckets], float) for end in (0, 1))
        self.lengths = [self.length(rows) for rows in self.runs]

    @property
    def windows(self):
        return len(self.arrivals)

    def percentiles(self, counts, share):
        """By nearest rank, of each row of counts: the times of a bucket count as evenly spread over it. NaN without times."""
        ends = numpy.cumsum(counts, axis=1)
        totals = ends[:, -1] if ends.shape[1] else numpy.zeros(len(counts), int)
        found = numpy.full(len(counts), numpy.nan)
        for row in numpy.flatnonzero(totals):
            place = rank(share, int(totals[row]))
            bucket = int(numpy.searchsorted(ends[row], place, side="right"))
            count = int(counts[row, bucket])
            part = (place - int(ends[row, bucket]) + count + 0.5) / count
            found[row] = self.lows[bucket] + part * (self.highs[bucket] - self.lows[bucket])
        return found

    def figures(self, name, taken):
        """A figure of the rows, taken so many times each, for each way of taking them; NaN where there is none."""
        counts = taken @ self.counts
        arrivals, failed, span = (taken @ column for column in (self.arrivals, self.failed, self.spans))
        if name in PERCENTILES:
            return self.percentiles(counts, PERCENTILES[name])
        part, whole = {
            "mean": (counts @ self.middles, counts.sum(axis=1)),
            "error_rate": (failed, arrivals),
            "throughput": ((arrivals - failed) * 1e9, span),
        }[name]
        return numpy.divide(part, whole, out=numpy.full(len(taken), numpy.nan), where=whole > 0)

    def length(self, rows):
        """Of blocks: twice the longest that three series ask for, at most a quarter of the run."""
        rows = list(rows)
        counts = self.counts[rows]
        upper = numpy.nan_to_num(self.percentiles(counts.sum(axis=0, keepdims=True), PERCENTILES["p95"]))[0]
        answered = counts.sum(axis=1)

        def mean_of(values):
            with numpy.errstate(invalid="ignore"):
                return numpy.where(answered > 0, counts @ values / answered, numpy.nan)

        with numpy.errstate(invalid="ignore"):
            failed = numpy.where(self.arrivals[rows] > 0, self.failed[rows] / self.arrivals[rows], numpy.nan)
        series = [mean_of(numpy.log(numpy.maximum(self.middles, 1))), mean_of((self.middles > upper).astype(float)), failed]
        wanted = max([0.5] + [optimal_length(filled(one)) for one in series])
        return min(max(math.floor(2 * wanted + 0.5), 1), max(len(rows) // 4, 1))

    def draw(self, chance):
        """Of several runs as many; then blocks from anywhere in each, round and round."""
        taken = numpy.zeros(self.windows, numpy.int64)
        for place in range(len(self.runs)):
            chosen = chance.below(len(self.runs)) if len(self.runs) > 1 else place
            rows, length = self.runs[chosen], self.lengths[chosen]
            left = len(rows)
            while left > 0:
                start, drawn = chance.below(len(rows)), min(left, length)
                for row in range(start, start + drawn):
                    taken[rows[row % len(rows)]] += 1
                left -= drawn
        return taken

    def blocks(self):
        return sum(len(rows) / length for rows, length in zip(self.runs, self.lengths))


def filled(series):
    known = series[~numpy.isnan(series)]
    return numpy.where(numpy.isnan(series), known.sum() / max(len(known), 1), series)


def optimal_length(series):
    """Politis & White (2004) with the correction of Patton, Politis & White (2009), for the circular block bootstrap."""
    count = len(series)
    if count < 4:
        return 0.0
    quiet = max(math.ceil(math.sqrt(math.log10(count))), 5)
    furthest = math.ceil(math.sqrt(count)) + quiet
    centred = series - series.mean()
    covariances = [float(centred[: count - lag] @ centred[lag:]) / count for lag in range(min(furthest + quiet, count - 1) + 1)]
    if covariances[0] <= numpy.finfo(float).eps * float(series @ series) / count:
        return 0.0
    threshold = 2 * math.sqrt(math.log10(count) / count) * covariances[0]
    fades = lambda after: all(abs(one) < threshold for one in covariances[after + 1 : after + 1 + quiet])
    reach = next((after for after in range(furthest + 1) if fades(after)), furthest)
    bandwidth = min(2 * max(reach, 1), furthest)
    slope, spectrum = 0.0, covariances[0]
    for lag in range(1, min(bandwidth, len(covariances) - 1) + 1):
        weight = min(2 * (1 - lag / bandwidth), 1)
        slope += 2 * weight * lag * covariances[lag]
        spectrum += 2 * weight * covariances[lag]
    longest = math.ceil(min(3 * math.sqrt(count), count / 3))
    if spectrum == 0:
        return longest
    return min((2 * slope**2 / (4 / 3 * spectrum**2) * count) ** (1 / 3), longest)


def places_of(name, values):
    """Where values lie on the scale on which they are subtracted; those that lie nowhere are left out."""
    values = numpy.asarray(values, float)
    if name == "error_rate":
        return values[~numpy.isnan(values)]
    return numpy.log(values[values > 0])


def reading_of(name, distance):
    return distance if name == "error_rate" else math.expm1(distance)


class Figure:
    """A figure of a side, and what resamples give for it."""

    def __init__(self, side, name, resamples, each):
        self.name = name
        self.samples = int(side.arrivals.sum() if name == "error_rate" else side.counts.sum())
        whole = side.figures(name, numpy.ones((1, side.windows), numpy.int64))
        is_enough = self.samples >= samples_needed(name)
        self.value = float(whole[0]) if is_enough and not numpy.isnan(whole[0]) else None
        self.place = next(iter(places_of(name, whole)), None) if is_enough else None
        self.has_data = side.windows >= LEAST_WINDOWS and self.place is not None
        is_spotless = name == "error_rate" and int(side.failed.sum()) == 0
        self.spotless = int(side.arrivals.sum()) if is_spotless else None
        self.resamples, self.freedom = spread(resamples, side.blocks(), each)

    @property
    def variance(self):
        return float(self.resamples.var(ddof=1)) if len(self.resamples) > 1 else 0.0


def spread(resamples, blocks, each):
    """Resamples of few blocks or runs vary too little: they are stretched about their mean. With the degrees of freedom."""
    within_freedom = max(blocks - 1, 1)
    expanded, runs = blocks / within_freedom, len(each)
    found = float(resamples.var(ddof=1)) if len(resamples) > 1 else 0.0
    if runs < 2:
        stretch, freedom = math.sqrt(expanded), within_freedom
    else:
        between = float(numpy.var(each, ddof=1)) / runs
        within = max(found - (runs - 1) / runs * between, 0) * expanded
        meant = max(between, within)
        if found <= 0 or meant <= 0:
            stretch, freedom = 1.0, runs - 1
        else:
            part = max(1 - within / meant, 0)
            stretch = math.sqrt(meant / found)
            freedom = 1 / (part**2 / (runs - 1) + (1 - part) ** 2 / within_freedom)
    mean = resamples.mean() if len(resamples) else 0.0
    return mean + stretch * (resamples - mean), freedom


def resampled(runs, names):
    """The figures of a side by their names."""
    side, chance = Side(runs), Chance(SEED)
    draws = RESAMPLES if side.windows >= LEAST_WINDOWS else 0
    taken = numpy.array([side.draw(chance) for _ in range(draws)], numpy.int64).reshape(draws, side.windows)
    each = numpy.zeros((len(side.runs), side.windows), numpy.int64)
    for place, rows in enumerate(side.runs):
        each[place, list(rows)] = 1
    each = each[each.any(axis=1)]
    places = lambda name, taken: places_of(name, side.figures(name, taken))
    return {name: Figure(side, name, places(name, taken), places(name, each)) for name in names}


class Difference:
    """A difference with what resamples give for it."""

    def __init__(self, estimate, resamples, freedom, base_spotless, run_spotless):
        self.estimate, self.sorted, self.freedom = estimate, numpy.sort(resamples), max(freedom, 1)
        self.spotless = (base_spotless, run_spotless)

    def interval(self, confidence):
        tail = (1 - confidence) / 2
        wider = stats.t.ppf(tail, self.freedom) / stats.norm.ppf(tail)

        def end(share):
            if len(self.sorted) == 0:
                return self.estimate
            # Between neighbours in proportion: definition 6 of Hyndman & Fan.
            return self.estimate + wider * (numpy.quantile(self.sorted, share, method="weibull") - self.estimate)

        low, high = min(end(tail), self.estimate), max(end(1 - tail), self.estimate)
        unseen = lambda arrivals: 0.0 if arrivals is None else -math.log(tail) / arrivals
        base, run = self.spotless
        low = self.estimate - math.hypot(self.estimate - low, unseen(base))
        return low, self.estimate + math.hypot(high - self.estimate, unseen(run))

    def p_value(self):
        """The least p for which the interval of confidence 1 − p has no zero in it, to six digits."""
        excludes = lambda p: not self.interval(1 - p)[0] <= 0 <= self.interval(1 - p)[1]
        low, high = 2 / (len(self.sorted) + 1), 0.999
        if not excludes(high):
            return 1.0
        if excludes(low):
            return low
        for _ in range(20):
            middle = (low + high) / 2
            low, high = (low, middle) if excludes(middle) else (middle, high)
        return high


def difference_of(base, run):
    """Of two sides that were resampled with one seed: they are taken half a turn apart."""
    turned = numpy.roll(base.resamples, -(len(base.resamples) // 2))
    count = len(run.resamples)
    turned = numpy.resize(turned, count) if len(turned) else numpy.zeros(0)
    one, other = base.variance, run.variance
    if one + other > 0:
        freedom = (one + other) ** 2 / (one**2 / base.freedom + other**2 / run.freedom)
    else:
        freedom = min(base.freedom, run.freedom)
    resamples = run.resamples[: len(turned)] - turned
    return Difference(run.place - base.place, resamples, freedom, base.spotless, run.spotless)
