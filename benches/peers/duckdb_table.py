"""The table of a run directory by DuckDB, with two threads, as JSON in the form of a summary.

Names and types of the columns are given, and rows may come in any order, so that nothing is guessed or kept that need not be.
"""

import glob
import json
import os
import sys

import duckdb

COLUMNS = (
    "{scheduled_ns: 'BIGINT', lag_ns: 'BIGINT', connect_ns: 'BIGINT', tls_ns: 'BIGINT', ttfb_ns: 'BIGINT',"
    " duration_ns: 'BIGINT', scenario: 'VARCHAR', request: 'VARCHAR', status: 'SMALLINT', error: 'VARCHAR',"
    " failed_checks: 'BIGINT', bytes_sent: 'BIGINT', bytes_received: 'BIGINT', connection: 'BIGINT', vu: 'BIGINT'}"
)
TIMES = {"response_time_ns": "lag_ns + duration_ns", "service_time_ns": "duration_ns"}


def main(run):
    files = sorted(glob.glob(os.path.join(glob.escape(run), "requests-*.csv")))
    figures = [
        f"avg({value}) FILTER (WHERE error IS NULL), max({value}) FILTER (WHERE error IS NULL),"
        f" quantile_disc({value}, [0.5, 0.9, 0.95, 0.99, 0.999]) FILTER (WHERE error IS NULL)"
        for value in TIMES.values()
    ]
    query = f"""
        SELECT request, count(*), count(*) FILTER (WHERE error IS NOT NULL OR status <> 200), {", ".join(figures)}
        FROM read_csv(?, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {COLUMNS})
        GROUP BY request"""
    database = duckdb.connect()
    database.execute("SET threads = 2")
    database.execute("SET preserve_insertion_order = false")
    requests = []
    for name, count, errors, *figures in database.execute(query, [files]).fetchall():
        request = {"request": name, "count": count, "errors": errors}
        for time, (mean, most, ranks) in zip(TIMES, (figures[:3], figures[3:])):
            ranks = dict(zip(["p50", "p90", "p95", "p99", "p999"], ranks or []))
            request[time] = {"mean": mean, "max": most, **ranks}
        requests.append(request)
    json.dump({"requests": requests}, sys.stdout)


main(sys.argv[1])
