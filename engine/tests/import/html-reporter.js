// k6/lib/html-reporter.js
export function generateHTMLReport(results) {
  return `
    <!DOCTYPE html>
    <html>
    <head>
      <title>Load Test Report - ${new Date().toISOString()}</title>
      <style>
        /* Styles for charts and tables */
      </style>
    </head>
    <body>
      <h1>Load Test Results</h1>
      
      <section id="summary">
        <h2>Summary</h2>
        <ul>
          <li>Total Requests: ${results.total_requests}</li>
          <li>Failed Requests: ${results.failed_requests} (${results.error_rate}%)</li>
          <li>Avg Response Time: ${results.avg_response_time}ms</li>
          <li>P95 Response Time: ${results.p95_response_time}ms</li>
        </ul>
      </section>
      
      <section id="charts">
        <h2>Performance Charts</h2>
        <div id="response-time-chart"></div>
        <div id="throughput-chart"></div>
        <div id="error-rate-chart"></div>
      </section>
      
      <section id="details">
        <h2>Endpoint Details</h2>
        <table>
          <thead>
            <tr>
              <th>Endpoint</th>
              <th>Requests</th>
              <th>Avg Time</th>
              <th>P95 Time</th>
              <th>Error Rate</th>
            </tr>
          </thead>
          <tbody>
            ${results.endpoints.map(e => `
              <tr>
                <td>${e.name}</td>
                <td>${e.requests}</td>
                <td>${e.avg_time}ms</td>
                <td>${e.p95_time}ms</td>
                <td>${e.error_rate}%</td>
              </tr>
            `).join('')}
          </tbody>
        </table>
      </section>
    </body>
    </html>
  `
}
