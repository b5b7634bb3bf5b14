// k6/tests/database-load.js
export default function() {
  const scenarios = [
    // Simple query
    () => http.get(`${BASE_URL}/api/products?limit=10`),
    
    // Complex aggregation
    () => http.get(`${BASE_URL}/api/analytics/inventory-summary`),
    
    // Heavy join
    () => http.get(`${BASE_URL}/api/reports/order-details?include=all`),
    
    // Write operation
    () => http.post(`${BASE_URL}/api/inventory/adjustments`, {
      adjustments: generateBulkAdjustments(100),
    }),
  ]
  
  // Execute random scenario
  const scenario = scenarios[Math.floor(Math.random() * scenarios.length)]
  const response = scenario()
  
  check(response, {
    'status is 200': (r) => r.status === 200,
    'response time OK': (r) => r.timings.duration < 1000,
  })
}
