// Everything of k6's options at once, and a journey through several functions.
import http from 'k6/http'
import ws from 'k6/ws'
import { check, group, sleep } from 'k6'
import { Rate } from 'k6/metrics'
import { randomIntBetween } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js'

const BASE_URL = __ENV.BASE_URL || 'http://shop.test:8080'
const hold = { duration: '5m', target: 100 }
const stages = [{ duration: '2m', target: 100 }, hold]
const errors = new Rate('errors')
const params = {
  headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${__ENV.TOKEN}` },
  tags: { name: 'search' },
}

export let options = {
  discardResponseBodies: true,
  tags: { suite: 'everything' },
  scenarios: {
    steady: { executor: 'constant-vus', vus: __ENV.VUS || 10, duration: '1m', gracefulStop: '0s', exec: 'browse' },
    waves: { executor: 'ramping-vus', stages: [...stages, { ...hold, target: 0 }], gracefulRampDown: '5s' },
    rate: {
      executor: 'constant-arrival-rate', rate: 90, timeUnit: '1m', duration: 30000,
      preAllocatedVUs: 5, maxVUs: 50, startTime: '30s',
    },
    rates: {
      executor: 'ramping-arrival-rate', startRate: 10, timeUnit: '10s', preAllocatedVUs: 7,
      stages: [{ duration: '1m', target: 600 }], env: { TIER: 'free', LEVEL: 3 }, tags: { tier: 'free' },
    },
    each: { executor: 'per-vu-iterations', vus: 2, iterations: 5, maxDuration: '2m' },
    shared: { executor: 'shared-iterations', vus: 4, iterations: 100, exec: 'order' },
    outside: { executor: 'externally-controlled', vus: 10 },
    unplain: { executor: 'constant-vus', vus: 5, duration: howLong() },
  },
  thresholds: {
    http_req_duration: ['p(95)<500', 'avg < 200', { threshold: 'p(99)<1500', abortOnFail: true, delayAbortEval: '10s' }],
    'http_req_duration{scenario:steady}': ['med<100'],
    'http_req_duration{name:search,tier:free}': ['max<2000'],
    'http_req_failed{tier:nobody}': ['rate<0.01'],
    http_reqs: ['rate>100', 'count>=1000'],
    errors: ['rate<0.1'],
  },
}

export function setup() {
  return { token: http.post(`${BASE_URL}/api/login`, JSON.stringify({ user: 'jane', password: 'hunter2' })) }
}

export function browse() {
  sleep(0.5)
  group('list', () => {
    const list = http.get(`${BASE_URL}/api/products?page=1`)
    check(list, {
      'status is 200': (r) => r.status === 200,
      'fast': (r) => r.timings.duration < 300,
      'has items': (r) => r.json('items').length > 0,
    })
  })
  sleep(randomIntBetween(1, 5))
  http.get(`${BASE_URL}/api/products/${productId()}`)
  http.get('https://cdn.test/logo.svg')
}

export const order = (data) => {
  const payload = JSON.stringify({ items: [{ id: 'p-1', quantity: 2 }], note: 'costs $5' })
  http.post(BASE_URL + '/api/orders', payload, params)
  http.put(`${BASE_URL}/api/profile`, { email: data.email, name: 'Jane' })
  http.request('PATCH', `${BASE_URL}/api/raw`, 'a=1&b=2', { headers: { 'X-Trace': trace() }, timeout: '5s' })
  http.del(`${BASE_URL}/api/orders/1`)
  http.batch([['GET', `${BASE_URL}/a`]])
  sleep(1)
}

export default function () {
  browse()
  if (Math.random() < 0.5) order({})
  errors.add(1)
}

export function handleSummary(data) {
  return { stdout: 'done' }
}
