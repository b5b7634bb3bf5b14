//! Reports: computed anew at every request from all products and all kept orders, because a load target has to have
//! something that is expensive.

use std::collections::BTreeMap;

use serde::Serialize;

use super::catalogue::{Catalogue, Product};
use super::money::Money;
use super::orders::{Item, Order, Orders};

/// Stock of which less than this is left is low.
const LOW_STOCK: u32 = 250;

/// How many orders are shown one by one.
const SHOWN_ORDERS: usize = 1000;

/// What is in the warehouse, and what it is worth.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Inventory {
    total: Shelf,
    by_category: BTreeMap<String, Shelf>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Shelf {
    products: usize,
    units: u64,
    value: Money,
    low_stock: usize,
    out_of_stock: usize,
}

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

/// How prices and stock are spread, by category.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct InventorySummary {
    by_category: BTreeMap<String, CategorySummary>,
}

#[derive(Debug, PartialEq, Serialize)]
struct CategorySummary {
    price: Spread,
    stock: Spread,
}

/// Of a list with at least one number.
#[derive(Debug, PartialEq, Serialize)]
struct Spread {
    min: f64,
    median: f64,
    mean: f64,
    max: f64,
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_unstable_by(f64::total_cmp);
        let last = numbers.len() - 1;
        Self {
            min: numbers[0],
            median: numbers[last / 2],
            mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
            max: numbers[last],
        }
    }
}

pub(super) fn inventory_summary(products: &[Product]) -> InventorySummary {
    let mut columns = BTreeMap::<&str, (Vec<f64>, Vec<f64>)>::new();
    for product in products {
        let (prices, stocks) = columns.entry(&product.category).or_default();
        prices.push(product.price.into());
        stocks.push(product.stock.into());
    }
    let summary = |(prices, stocks)| CategorySummary { price: Spread::of(prices), stock: Spread::of(stocks) };
    let by_category = columns.into_iter().map(|(category, columns)| (category, summary(columns))).collect();
    InventorySummary { by_category: named(by_category) }
}

/// Who bought what.
#[derive(Debug, Serialize)]
pub(crate) struct OrderDetails {
    total: Turnover,
    by_tier: BTreeMap<String, Turnover>,
    by_category: BTreeMap<String, Turnover>,
    /// The newest first; only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<Vec<OrderDetail>>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Turnover {
    lines: usize,
    units: u64,
    revenue: Money,
}

impl Turnover {
    fn add(&mut self, item: &Item) {
        self.lines += 1;
        self.units += u64::from(item.quantity);
        self.revenue = self.revenue + item.price.times(item.quantity);
    }
}

#[derive(Debug, Serialize)]
struct OrderDetail {
    id: String,
    tier: &'static str,
    total: Money,
    items: Vec<ItemDetail>,
}

#[derive(Debug, Serialize)]
struct ItemDetail {
    quantity: u32,
    price: Money,
    product: Option<Product>,
}

/// Joins the kept orders with the products they are of; `each` shows the latest ones one by one as well.
pub(super) fn order_details(catalogue: &Catalogue, orders: &Orders, each: bool) -> OrderDetails {
    let mut total = Turnover::default();
    let mut by_tier = BTreeMap::<&str, Turnover>::new();
    let mut by_category = BTreeMap::<&str, Turnover>::new();
    for order in orders.iter() {
        for item in &order.items {
            total.add(item);
            by_tier.entry(order.tier).or_default().add(item);
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
        let home = &summary.by_category["home"];
        assert_eq!(home.price, Spread { min: 1.0, median: 3.0, mean: 3.0, max: 5.0 });
        assert_eq!(home.stock, Spread { min: 0.0, median: 2.0, mean: 4.0, max: 10.0 });
    }

    #[test]
    fn order_details_join_orders_with_their_products() {
        let catalogue = Catalogue::new(products().into_iter());
        let item = |id: &str, quantity| {
            let price = catalogue.get(id).unwrap().price;
            Item { product_id: id.into(), quantity, price }
        };
        let mut orders = Orders::new();
        orders.place("free", vec![item("a", 1), item("c", 2), item("d", 1)]);
        orders.place("starter", vec![item("c", 4)]);

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
