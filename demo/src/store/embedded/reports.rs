//! Reports: computed anew at every request from all products and all kept orders, because a load target has to have
//! something that is expensive.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::orders::Orders;
use crate::store::money::CENTS_PER_UNIT;
use crate::store::report::{
    CategorySummary, Inventory, InventorySummary, ItemDetail, LOW_STOCK, OrderDetail, OrderDetails, SHOWN_ORDERS,
    Shelf, Turnover, WholeSpread,
};
use crate::store::{Item, Order, Product};

impl Shelf {
    fn add(&mut self, product: &Product) {
        self.products += 1;
        self.units += u64::from(product.stock);
        self.value = self.value + product.price.times(product.stock);
        self.low_stock += usize::from((1..LOW_STOCK).contains(&product.stock));
        self.out_of_stock += usize::from(product.stock == 0);
    }
}

pub(super) fn inventory(products: &[Product]) -> Inventory {
    let mut total = Shelf::default();
    let mut by_category = BTreeMap::<&str, Shelf>::new();
    for product in products {
        total.add(product);
        by_category.entry(&product.category).or_default().add(product);
    }
    Inventory { total, by_category: named(by_category) }
}

pub(super) fn inventory_summary(products: &[Product]) -> InventorySummary {
    let mut columns = BTreeMap::<&str, (Vec<u64>, Vec<u64>)>::new();
    for product in products {
        let (prices, stocks) = columns.entry(&product.category).or_default();
        prices.push(product.price.cents());
        stocks.push(u64::from(product.stock));
    }
    let summary = |(prices, stocks)| CategorySummary {
        price: spread(prices).in_units_of(CENTS_PER_UNIT),
        stock: spread(stocks).in_units_of(1.0),
    };
    let by_category = columns.into_iter().map(|(category, columns)| (category, summary(columns))).collect();
    InventorySummary { by_category: named(by_category) }
}

impl Turnover {
    fn add(&mut self, item: &Item) {
        self.lines += 1;
        self.units += u64::from(item.quantity);
        self.revenue = self.revenue + item.price.times(item.quantity);
    }
}

/// Of at least one number.
fn spread(mut numbers: Vec<u64>) -> WholeSpread {
    numbers.sort_unstable();
    let last = numbers.len() - 1;
    let (sum, count) = (numbers.iter().sum(), numbers.len() as u64);
    WholeSpread { min: numbers[0], median: numbers[last / 2], sum, count, max: numbers[last] }
}

/// Joins the kept orders with the products they are of; `each` shows the latest ones one by one as well.
pub(super) fn order_details(catalogue: &Catalogue, orders: &Orders, each: bool) -> OrderDetails {
    let mut total = Turnover::default();
    let mut by_tier = BTreeMap::<&str, Turnover>::new();
    let mut by_category = BTreeMap::<&str, Turnover>::new();
    for order in orders.iter() {
        for item in &order.items {
            total.add(item);
            by_tier.entry(order.tier.account().tier).or_default().add(item);
            if let Ok(product) = catalogue.get(&item.product_id) {
                by_category.entry(&product.category).or_default().add(item);
            }
        }
    }
    let latest = || orders.iter().rev().take(SHOWN_ORDERS).map(|order| order_detail(catalogue, order)).collect();
    OrderDetails { total, by_tier: named(by_tier), by_category: named(by_category), orders: each.then(latest) }
}

fn order_detail(catalogue: &Catalogue, order: &Order) -> OrderDetail {
    let item = |item: &Item| ItemDetail {
        quantity: item.quantity,
        price: item.price,
        product: catalogue.get(&item.product_id).ok().cloned(),
    };
    OrderDetail {
        id: order.id.clone(),
        tier: order.tier,
        total: order.total,
        items: order.items.iter().map(item).collect(),
    }
}

/// Names are borrowed while something is added up, and copied once at the end.
fn named<T>(by_name: BTreeMap<&str, T>) -> BTreeMap<String, T> {
    by_name.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Money;
    use crate::tier::Tier;

    fn products() -> Vec<Product> {
        let rows = [("a", "home", 100, 10), ("b", "home", 300, 0), ("c", "toys", 250, 1000), ("d", "home", 500, 2)];
        let product = |(id, category, cents, stock): (&str, &str, u64, u32)| Product {
            id: id.into(),
            name: id.to_uppercase(),
            category: category.into(),
            price: Money::from_cents(cents),
            stock,
        };
        rows.map(product).to_vec()
    }

    #[test]
    fn an_inventory_adds_up_by_category_and_in_total() {
        let shelf = |products, units, value, low_stock, out_of_stock| json!({ "products": products, "units": units, "value": value, "low_stock": low_stock, "out_of_stock": out_of_stock });
        let expected = json!({
            "total": shelf(4, 1012, 2520.0, 2, 1),
            "by_category": { "home": shelf(3, 12, 20.0, 2, 1), "toys": shelf(1, 1000, 2500.0, 0, 0) },
        });
        assert_eq!(serde_json::to_value(inventory(&products())).unwrap(), expected);
    }

    #[test]
    fn a_summary_spreads_prices_and_stock() {
        let summary = inventory_summary(&products());
        let home = json!({
            "price": { "min": 1.0, "median": 3.0, "mean": 3.0, "max": 5.0 },
            "stock": { "min": 0.0, "median": 2.0, "mean": 4.0, "max": 10.0 },
        });
        assert_eq!(serde_json::to_value(&summary.by_category["home"]).unwrap(), home);
    }

    #[test]
    fn order_details_join_orders_with_their_products() {
        let catalogue = Catalogue::new(products().into_iter());
        let item = |id: &str, quantity| {
            let price = catalogue.get(id).unwrap().price;
            Item { product_id: id.into(), quantity, price }
        };
        let mut orders = Orders::new();
        orders.place(Tier::Free, vec![item("a", 1), item("c", 2), item("d", 1)]);
        orders.place(Tier::Starter, vec![item("c", 4)]);

        let details = order_details(&catalogue, &orders, true);
        let turnover = |lines, units, cents| Turnover { lines, units, revenue: Money::from_cents(cents) };
        assert_eq!(details.total, turnover(4, 8, 2100));
        assert_eq!(details.by_tier["free"], turnover(3, 4, 1100));
        assert_eq!(details.by_category["home"], turnover(2, 2, 600));
        assert_eq!(details.by_category["toys"], turnover(2, 6, 1500));
        let ids: Vec<_> = details.orders.unwrap().into_iter().map(|order| order.id).collect();
        assert_eq!(ids, ["order-2", "order-1"]);
        assert!(order_details(&catalogue, &orders, false).orders.is_none());
    }
}
