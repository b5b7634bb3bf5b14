// k6/tests/rate-limit-test.js
export default function() {
  const tier = __ENV.TIER || 'free'
  const expectedLimits = {
    free: 100,
    starter: 1000,
    professional: 10000,
  }
  
  // Burst requests to trigger rate limit
  const responses = []
  for (let i = 0; i < expectedLimits[tier] + 50; i++) {
    responses.push(http.get(`${BASE_URL}/api/products`, {
      headers: { 'Authorization': `Bearer ${token}` },
    }))
  }
  
  const rateLimited = responses.filter(r => r.status === 429).length
  check(rateLimited, {
    'rate limit enforced': (count) => count > 0,
    'rate limit accurate': (count) => count === 50,
  })
}
