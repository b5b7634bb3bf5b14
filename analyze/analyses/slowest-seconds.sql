-- title: Slowest seconds
-- note: Of the answered arrivals that were scheduled in each second; the ten seconds with the highest 99th percentile.
SELECT floor(time_s) AS second_s,
       count(*) AS arrivals,
       sum(CASE WHEN failed THEN 1 ELSE 0 END) AS failures,
       quantile_disc(response_ns, 0.50) AS p50_ns,
       quantile_disc(response_ns, 0.99) AS p99_ns,
       max(response_ns) AS max_ns
FROM requests
GROUP BY floor(time_s)
ORDER BY p99_ns DESC NULLS LAST, second_s
LIMIT 10
