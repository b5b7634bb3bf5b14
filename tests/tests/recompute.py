"""The figures of a run directory, recomputed from its CSV files with nothing but Python's standard library.

Prints what `drumfire-analyze summary RUN --json` calls `requests` and `total`, as JSON. The rules are those of the
documentation: percentiles are nearest-rank in exact integer arithmetic, response and service time cover arrivals that
got an answer, the rate is all arrivals over the time from t=0 to the end of the last one.
"""

import csv
import glob
import json
import os
import sys

PERCENTILES = {"p50": (50, 100), "p90": (90, 100), "p95": (95, 100), "p99": (99, 100), "p999": (999, 1000)}


def figures(samples):
    if not samples:
        return None
    samples = sorted(samples)
    count = len(samples)
    result = {"mean": sum(samples) / count, "min": samples[0], "max": samples[-1]}
    for name, (part, whole) in PERCENTILES.items():
        # sorted[ceil(p·n) − 1], with the ceiling of an exact fraction
        result[name] = samples[max(1, -(-part * count // whole)) - 1]
    return result


def tally(words):
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def group(name, rows, expected, elapsed):
    answered = [row for row in rows if row["error"] == ""]
    wanted = lambda row: any(low <= int(row["status"]) <= high for low, high in expected[row["request"]])
    numbers = lambda column: [int(row[column]) for row in rows if row[column] != ""]
    return {
        "request": name,
        "count": len(rows),
        "errors": len(rows) - sum(1 for row in answered if wanted(row)),
        "rate_per_s": len(rows) / (elapsed / 1e9),
        "response_time_ns": figures([int(row["lag_ns"]) + int(row["duration_ns"]) for row in answered]),
        "service_time_ns": figures([int(row["duration_ns"]) for row in answered]),
        "ttfb_ns": figures(numbers("ttfb_ns")),
        "lag_ns": figures(numbers("lag_ns")),
        "connect_ns": figures([ns for ns in numbers("connect_ns") if ns > 0]),
        "tls_ns": figures([ns for ns in numbers("tls_ns") if ns > 0]),
        "statuses": tally(row["status"] for row in answered),
        "error_kinds": tally(row["error"] for row in rows if row["error"] != ""),
        "bytes_sent": sum(numbers("bytes_sent")),
        "bytes_received": sum(numbers("bytes_received")),
    }


def main(run):
    with open(os.path.join(run, "run.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    rows = []
    for path in sorted(glob.glob(os.path.join(glob.escape(run), "requests-*.csv"))):
        with open(path, newline="", encoding="utf-8") as file:
            rows.extend(csv.DictReader(file))
    number = lambda text: int(text) if text else 0
    elapsed = max(int(row["scheduled_ns"]) + number(row["lag_ns"]) + number(row["duration_ns"]) for row in rows)
    expected = {request["name"]: request["expect_status"] for request in manifest["requests"]}
    requests = [group(name, [row for row in rows if row["request"] == name], expected, elapsed) for name in expected]
    json.dump({"requests": requests, "total": group("total", rows, expected, elapsed)}, sys.stdout)


main(sys.argv[1])
