"""The figures of a run directory, recomputed from its CSV files by DuckDB.

Prints what `drumfire-analyze summary RUN --json` calls `requests`, `total` and `checks`, and the rows and the time of its
`run`, as JSON. The rules are those of the documentation; nothing of it was taken from Drumfire's code.
"""

import glob
import json
import os
import sys

import duckdb

COLUMNS = {
    "scheduled_ns": "UBIGINT",
    "lag_ns": "UBIGINT",
    "connect_ns": "UBIGINT",
    "tls_ns": "UBIGINT",
    "ttfb_ns": "UBIGINT",
    "duration_ns": "UBIGINT",
    "scenario": "VARCHAR",
    "request": "VARCHAR",
    "status": "USMALLINT",
    "error": "VARCHAR",
    "failed_checks": "UBIGINT",
    "bytes_sent": "UBIGINT",
    "bytes_received": "UBIGINT",
    "connection": "UBIGINT",
    "vu": "UBIGINT",
}
# In thousandths.
PERCENTILES = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p999": 999}
# Times, and which rows have them. Wide numbers: the sum of two that are nearly as large as a column holds is no error.
TIMES = {
    "response_time_ns": ("lag_ns::HUGEINT + duration_ns", "error IS NULL"),
    "service_time_ns": ("duration_ns::HUGEINT", "error IS NULL"),
    "ttfb_ns": ("ttfb_ns::HUGEINT", "true"),
    "lag_ns": ("lag_ns::HUGEINT", "true"),
    "connect_ns": ("connect_ns::HUGEINT", "connect_ns > 0"),
    "tls_ns": ("tls_ns::HUGEINT", "tls_ns > 0"),
}
# Failures that are the generator's own doing: no answer was there to be checked, nor could there have been one.
OWN_FAILURES = ["no_socket", "no_port", "no_value", "interrupted", "dropped"]


def read(run):
    """The manifest, and a database with the rows in the table `rows`; an empty field of a row is NULL."""
    with open(os.path.join(run, "run.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    files = sorted(glob.glob(os.path.join(glob.escape(run), "requests-*.csv")))
    database = duckdb.connect()
    database.execute(
        """CREATE TABLE rows AS SELECT * FROM read_csv(
            ?, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '', columns = ?)""",
        [files, COLUMNS],
    )
    database.execute("CREATE TABLE expected (request VARCHAR, low USMALLINT, high USMALLINT)")
    for request in manifest["requests"]:
        for low, high in request["expect_status"]:
            database.execute("INSERT INTO expected VALUES (?, ?, ?)", [request["name"], low, high])
    return manifest, database


def first(database, query, parameters=()):
    """The first row that a query gives, by the names of its columns."""
    result = database.execute(query, parameters)
    return dict(zip([column[0] for column in result.description], result.fetchone()))


def figures(database, time):
    """Mean, extremes and percentiles of a time over the rows of `chosen`; None where no row has it."""
    value, condition = TIMES[time]
    # The value at place ceil(p·n), counted from 1, in whole numbers.
    ranks = [f"sorted[(n * {part} + 999) // 1000] AS {name}" for name, part in PERCENTILES.items()]
    row = first(
        database,
        f"""WITH samples AS (SELECT {value} AS value FROM chosen WHERE {condition}),
                 gathered AS (SELECT list(value ORDER BY value) AS sorted, count(value) AS n, sum(value) AS sum
                              FROM samples WHERE value IS NOT NULL)
            SELECT n, sum::DOUBLE / n AS mean, sorted[1] AS min, sorted[n] AS max, {", ".join(ranks)} FROM gathered""",
    )
    return row if row.pop("n") > 0 else None


def tally(database, column, condition):
    """How many rows of `chosen` have each value of a column."""
    query = f"SELECT {column}::VARCHAR, count(*) FROM chosen WHERE {condition} GROUP BY ALL"
    return dict(database.execute(query).fetchall())


def group(database, name, condition, parameters, elapsed):
    """The figures of the rows that a condition chooses."""
    database.execute("CREATE OR REPLACE TEMP TABLE chosen AS SELECT * FROM rows WHERE " + condition, parameters)
    counts = first(
        database,
        """SELECT count(*) AS count,
                  count(*) FILTER (WHERE error IS NOT NULL OR NOT EXISTS (
                      FROM expected WHERE expected.request = chosen.request AND status BETWEEN low AND high)) AS errors,
                  coalesce(sum(bytes_sent), 0) AS bytes_sent,
                  coalesce(sum(bytes_received), 0) AS bytes_received
           FROM chosen""",
    )
    return {
        "request": name,
        **counts,
        "rate_per_s": counts["count"] / (elapsed / 1e9) if elapsed else 0.0,
        **{time: figures(database, time) for time in TIMES},
        "statuses": tally(database, "status", "error IS NULL"),
        "error_kinds": tally(database, "error", "error IS NOT NULL"),
    }


def checks(database, manifest):
    """How often each check of each request passed and failed, of the rows that were checked at all."""
    results = []
    for request in manifest["requests"]:
        for bit, check in enumerate(request["checks"]):
            counts = first(
                database,
                """SELECT count(*) FILTER (WHERE (failed_checks >> ?) & 1 = 0) AS passes,
                          count(*) FILTER (WHERE (failed_checks >> ?) & 1 = 1) AS fails
                   FROM rows WHERE request = ? AND (error IS NULL OR NOT list_contains(?, error))""",
                [bit, bit, request["name"], OWN_FAILURES],
            )
            results.append({"request": request["name"], "check": check, **counts})
    return results


def main(run):
    manifest, database = read(run)
    facts = first(
        database,
        """SELECT count(*) AS rows, coalesce(max(scheduled_ns::HUGEINT + coalesce(lag_ns, 0) + coalesce(duration_ns, 0)), 0)
           AS elapsed_ns FROM rows""",
    )
    elapsed = facts["elapsed_ns"]
    names = [request["name"] for request in manifest["requests"]]
    requests = [group(database, name, "request = ?", [name], elapsed) for name in names]
    total = group(database, "total", "true", [], elapsed)
    json.dump({"requests": requests, "total": total, "checks": checks(database, manifest), "run": facts}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
