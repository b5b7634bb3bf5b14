// k6/tests/multi-tenant-load.js
export const options = {
  scenarios: {
    free_tier: {
      executor: 'constant-vus',
      vus: 50,
      duration: '10m',
      env: { TIER: 'free' },
      tags: { tier: 'free' },
    },
    starter_tier: {
      executor: 'constant-vus',
      vus: 200,
      duration: '10m',
      env: { TIER: 'starter' },
      tags: { tier: 'starter' },
    },
    professional_tier: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [
        { duration: '5m', target: 500 },
        { duration: '10m', target: 500 },
        { duration: '5m', target: 0 },
      ],
      env: { TIER: 'professional' },
      tags: { tier: 'professional' },
    },
  },
}
