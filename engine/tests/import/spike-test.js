// k6/tests/spike-test.js
export const options = {
  stages: [
    { duration: '10s', target: 100 },   // Normal load
    { duration: '1m', target: 100 },    
    { duration: '10s', target: 2000 },  // Spike to 20x
    { duration: '3m', target: 2000 },   // Stay at spike
    { duration: '10s', target: 100 },   // Back to normal
    { duration: '3m', target: 100 },
    { duration: '10s', target: 0 },
  ],
}
