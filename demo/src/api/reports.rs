//! What the management wants to know.

use axum::extract::State;
use serde::Deserialize;

use super::SharedShop;
use super::extract::{Asked, Json};
use crate::store::{Inventory, InventorySummary, OrderDetails};

/// `GET /api/reports/inventory`
pub(super) async fn inventory(State(shop): SharedShop) -> Json<Inventory> {
    Json(shop.store.inventory())
}

/// `GET /api/analytics/inventory-summary`
pub(super) async fn inventory_summary(State(shop): SharedShop) -> Json<InventorySummary> {
    Json(shop.store.inventory_summary())
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    include: Option<Include>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Include {
    All,
}

/// `GET /api/reports/order-details?include=all`
pub(super) async fn order_details(State(shop): SharedShop, Asked(wanted): Asked<Wanted>) -> Json<OrderDetails> {
    Json(shop.store.order_details(matches!(wanted.include, Some(Include::All))))
}
