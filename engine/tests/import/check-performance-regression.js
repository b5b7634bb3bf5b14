// scripts/check-performance-regression.js
const baseline = require('../k6/benchmarks/baseline.json')
const results = require(process.argv[2])

const regressions = []

// Check p95 latencies
for (const [endpoint, metrics] of Object.entries(results.endpoints)) {
  const baselineP95 = baseline.endpoints[endpoint]?.p95 || 500
  const currentP95 = metrics.p95
  
  if (currentP95 > baselineP95 * 1.1) { // 10% regression threshold
    regressions.push({
      endpoint,
      baseline: baselineP95,
      current: currentP95,
      increase: ((currentP95 - baselineP95) / baselineP95 * 100).toFixed(2),
    })
  }
}

if (regressions.length > 0) {
  console.error('Performance regressions detected:')
  console.table(regressions)
  process.exit(1)
}
