// k6/tests/memory-leak-test.js
import { Trend } from 'k6/metrics'

const memoryUsage = new Trend('memory_usage_mb')

export default function() {
  // Regular operations
  const responses = []
  for (let i = 0; i < 10; i++) {
    responses.push(http.get(`${BASE_URL}/api/products`))
  }
  
  // Check memory metrics endpoint
  const metricsResponse = http.get(`${BASE_URL}/api/metrics`)
  if (metricsResponse.status === 200) {
    const metrics = JSON.parse(metricsResponse.body)
    memoryUsage.add(metrics.process.memory_usage_mb)
  }
}
