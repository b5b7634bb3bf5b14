// k6/tests/soak-test.js
export const options = {
  stages: [
    { duration: '5m', target: 400 },    // Ramp up
    { duration: '4h', target: 400 },    // Stay at 400 users for 4 hours
    { duration: '5m', target: 0 },      // Ramp down
  ],
  thresholds: {
    http_req_duration: ['p(95)<500'],
    http_req_failed: ['rate<0.01'],
  },
}
