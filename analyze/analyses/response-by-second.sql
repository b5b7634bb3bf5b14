-- title: Response time by second
-- note: Of the answered arrivals that were scheduled in each second.
-- chart: line x=second_s y=p50_ms,p95_ms,p99_ms unit=ms
SELECT floor(time_s) AS second_s,
       quantile_disc(response_ns, 0.50) / 1000000 AS p50_ms,
       quantile_disc(response_ns, 0.95) / 1000000 AS p95_ms,
       quantile_disc(response_ns, 0.99) / 1000000 AS p99_ms
FROM requests
GROUP BY floor(time_s)
ORDER BY second_s
