-- title: Balance of connections
-- note: Where connections of a worker carry very different numbers of requests, or some are slower than others, look at the
-- note: load balancer. The twenty that carried the most.
SELECT run,
       worker,
       connection,
       count(*) AS requests,
       sum(CASE WHEN failed THEN 1 ELSE 0 END) * 1.0 / count(*) AS failed_share,
       quantile_disc(service_ns, 0.50) AS p50_ns,
       quantile_disc(service_ns, 0.99) AS p99_ns
FROM requests
WHERE connection IS NOT NULL
GROUP BY run, worker, connection
ORDER BY requests DESC, worker, connection
LIMIT 20
