-- title: First request on a connection
-- note: What a new connection costs beyond being opened: cold caches, slow start, authentication. Opening it is part of the
-- note: response time, not of the service time.
SELECT request,
       CASE WHEN connect_ns > 0 THEN 'new' ELSE 'reused' END AS opened,
       count(*) AS answered,
       quantile_disc(connect_ns + tls_ns, 0.50) AS opening_p50_ns,
       quantile_disc(service_ns, 0.50) AS service_p50_ns,
       quantile_disc(service_ns, 0.95) AS service_p95_ns
FROM requests
WHERE error IS NULL
GROUP BY request, CASE WHEN connect_ns > 0 THEN 'new' ELSE 'reused' END
ORDER BY request, opened
