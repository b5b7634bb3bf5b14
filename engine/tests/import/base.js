// k6/config/base.js
export const baseConfig = {
  stages: [
    { duration: '2m', target: 100 },  // Ramp up
    { duration: '5m', target: 100 },  // Stay at 100 users
    { duration: '2m', target: 0 },    // Ramp down
  ],
  thresholds: {
    http_req_duration: ['p(95)<500'],  // 95% of requests under 500ms
    http_req_failed: ['rate<0.1'],     // Error rate under 10%
  },
}

// k6/tests/api-load-test.js
import http from 'k6/http'
import { check, sleep } from 'k6'
import { Rate } from 'k6/metrics'

const errorRate = new Rate('errors')

export function setup() {
  // Login and get tokens for different tenant tiers
  return {
    tokens: {
      free: loginUser('free-tier@example.com'),
      starter: loginUser('starter-tier@example.com'),
      professional: loginUser('pro-tier@example.com'),
    }
  }
}

export default function(data) {
  const tier = __ENV.TIER || 'free'
  const token = data.tokens[tier]
  
  // Simulate realistic user behavior
  const scenarios = [
    { weight: 0.4, fn: browseProducts },
    { weight: 0.3, fn: searchProducts },
    { weight: 0.2, fn: createOrder },
    { weight: 0.1, fn: generateReport },
  ]
  
  const scenario = weightedRandom(scenarios)
  scenario.fn(token)
  
  sleep(randomBetween(1, 5))
}
