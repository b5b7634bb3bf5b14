//! What comes into the warehouse: adjustments and imports, each done as a whole or not at all.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::SharedShop;
use super::error::ApiError;
use super::extract::{Batch, Json};
use crate::store::{Imported, Product, StockChange};

const MAX_ADJUSTMENTS: usize = 1000;
const MAX_IMPORT: usize = 20_000;

/// The longest texts that a product may have, in bytes: what is kept has a bound.
const MAX_ID: usize = 64;
const MAX_CATEGORY: usize = 64;
const MAX_NAME: usize = 200;

#[derive(Deserialize)]
pub(super) struct Adjustments {
    adjustments: Batch<StockChange, MAX_ADJUSTMENTS>,
}

/// `POST /api/inventory/adjustments`
pub(super) async fn adjust(
    State(shop): SharedShop,
    Json(Adjustments { adjustments: Batch(adjustments) }): Json<Adjustments>,
) -> Result<Json<Value>, ApiError> {
    let products = shop.store.adjust_stock(adjustments).await?;
    let adjusted = products.iter().map(|product| json!({ "product_id": product.id, "stock": product.stock }));
    Ok(Json(json!({ "adjusted": adjusted.collect::<Vec<_>>() })))
}

#[derive(Deserialize)]
pub(super) struct Import {
    products: Batch<Product, MAX_IMPORT>,
}

/// `POST /api/bulk/import`
pub(super) async fn import(State(shop): SharedShop, Json(import): Json<Import>) -> Result<Json<Imported>, ApiError> {
    let Batch(products) = import.products;
    for product in &products {
        check(product).map_err(|problem| {
            ApiError::new(StatusCode::BAD_REQUEST, format!("product {:?}: {problem}", product.id))
        })?;
    }
    Ok(Json(shop.store.import(products).await?))
}

fn check(product: &Product) -> Result<(), String> {
    for (field, text, max) in
        [("id", &product.id, MAX_ID), ("name", &product.name, MAX_NAME), ("category", &product.category, MAX_CATEGORY)]
    {
        if !(1..=max).contains(&text.len()) {
            return Err(format!("{field} must have 1 to {max} bytes, not {}", text.len()));
        }
    }
    Ok(())
}
