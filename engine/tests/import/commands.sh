# login first
curl 'http://shop.test:8080/api/login?next=%2F' -X POST -H 'Content-Type: application/json' \
  --data-raw $'{"email":"a@b.c","password":"it\'s"}' --compressed
curl -sSL http://shop.test:8080/api/products?page=1 -H 'Authorization: Bearer abc' -H 'X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' -m 5 --retry 3
