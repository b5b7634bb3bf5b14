-- Keys, and what the shop's queries look things up by. Made after a bulk load: sorting once is faster than inserting in order.

-- Trusted since PostgreSQL 13: the owner of the database may install it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE products ADD PRIMARY KEY (number);
CREATE UNIQUE INDEX products_id ON products (id);
CREATE INDEX products_category ON products (lower(category), number);
CREATE INDEX products_price ON products (price_cents);
CREATE INDEX products_name ON products USING gin (name gin_trgm_ops);

ALTER TABLE orders ADD PRIMARY KEY (number);
CREATE INDEX orders_tenant ON orders (tenant, placed_at);
ALTER TABLE orders ADD FOREIGN KEY (tenant) REFERENCES tenants;

ALTER TABLE order_items ADD PRIMARY KEY (order_number, line);
ALTER TABLE order_items ADD FOREIGN KEY (order_number) REFERENCES orders;
ALTER TABLE order_items ADD FOREIGN KEY (product) REFERENCES products;

CREATE INDEX stock_adjustments_product ON stock_adjustments (product, adjusted_at);
ALTER TABLE stock_adjustments ADD FOREIGN KEY (product) REFERENCES products;
