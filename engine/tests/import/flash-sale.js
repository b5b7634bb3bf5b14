// k6/tests/flash-sale.js
export default function() {
  const productId = 'flash-sale-product-001'
  
  // 90% try to buy the same product
  if (Math.random() < 0.9) {
    const response = http.post(`${BASE_URL}/api/orders`, {
      items: [{
        product_id: productId,
        quantity: 1,
      }],
    })
    
    check(response, {
      'order created': (r) => r.status === 201,
      'out of stock handled': (r) => r.status === 409,
    })
  } else {
    // 10% normal traffic
    browseProducts()
  }
}
