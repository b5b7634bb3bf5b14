// k6/config/tiers.js
export const tierLimits = {
  free: {
    rps: 20,              // Requests per second
    concurrent_users: 10,
    error_threshold: 0.05,
  },
  starter: {
    rps: 200,
    concurrent_users: 50,
    error_threshold: 0.02,
  },
  professional: {
    rps: 2000,
    concurrent_users: 500,
    error_threshold: 0.01,
  },
  enterprise: {
    rps: 10000,
    concurrent_users: 5000,
    error_threshold: 0.005,
  },
}
