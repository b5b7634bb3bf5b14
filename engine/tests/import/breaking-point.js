// k6/tests/breaking-point.js
export const options = {
  stages: [
    { duration: '5m', target: 1000 },
    { duration: '5m', target: 2000 },
    { duration: '5m', target: 3000 },
    { duration: '5m', target: 4000 },
    { duration: '5m', target: 5000 },
  ],
  thresholds: {
    http_req_failed: ['rate<0.5'], // Allow up to 50% failure to find breaking point
  },
}
