//! The goods the shop opens with: the same ones for the same seed.

use std::iter;

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use crate::store::{Money, Product};

/// What the shop is seeded with where nobody says otherwise.
pub(crate) const SEED: u64 = 0x5eed_0f5a_1e50;

/// The product that everybody wants at once.
const FLASH_SALE_ID: &str = "flash-sale-product-001";

const QUALITIES: [&str; 8] = ["Classic", "Compact", "Folding", "Heavy", "Light", "Quiet", "Sturdy", "Travel"];

/// A category and what is sold in it.
const CATEGORIES: [(&str, [&str; 4]); 8] = [
    ("books", ["Atlas", "Cookbook", "Diary", "Novel"]),
    ("electronics", ["Camera", "Headset", "Keyboard", "Radio"]),
    ("garden", ["Bench", "Hose", "Lantern", "Spade"]),
    ("grocery", ["Coffee", "Honey", "Pasta", "Tea"]),
    ("home", ["Blanket", "Chair", "Kettle", "Lamp"]),
    ("sports", ["Bicycle", "Helmet", "Paddle", "Tent"]),
    ("tools", ["Drill", "Hammer", "Ladder", "Wrench"]),
    ("toys", ["Kite", "Puzzle", "Robot", "Train"]),
];

/// How much of everything there is at the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seeding {
    /// Products beside the one on flash sale.
    pub(crate) products: u32,
    /// Stock of each of these; without it each has its own.
    pub(crate) stock: Option<u32>,
    pub(crate) flash_sale_stock: u32,
    /// The same goods for the same number.
    pub(crate) seed: u64,
}

impl Seeding {
    /// `product-1` to `product-N`, then the one on flash sale.
    pub(crate) fn products(self) -> impl Iterator<Item = Product> {
        let mut random = Pcg64Mcg::seed_from_u64(self.seed);
        let regular = (1..=self.products).map(move |number| {
            let (category, things) = CATEGORIES[random.random_range(0..CATEGORIES.len())];
            let quality = QUALITIES[random.random_range(0..QUALITIES.len())];
            let thing = things[random.random_range(0..things.len())];
            // Drawn even where it is not used: a fixed stock changes neither names nor prices.
            let stock = random.random_range(100..=5000);
            Product {
                id: format!("product-{number}"),
                name: format!("{quality} {thing} {number}"),
                category: category.into(),
                price: Money::from_cents(random.random_range(199..=49_999)),
                stock: self.stock.unwrap_or(stock),
            }
        });
        regular.chain(iter::once(Product {
            id: FLASH_SALE_ID.into(),
            name: "Flash Sale Robot".into(),
            category: "toys".into(),
            price: Money::from_cents(999),
            stock: self.flash_sale_stock,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_and_prices(stock: Option<u32>) -> Vec<(String, Money)> {
        let seeding = Seeding { products: 50, stock, flash_sale_stock: 5, seed: SEED };
        seeding.products().map(|product| (product.name, product.price)).collect()
    }

    #[test]
    fn every_start_brings_the_same_goods_whatever_their_stock() {
        assert_eq!(names_and_prices(None), names_and_prices(None));
        assert_eq!(names_and_prices(None), names_and_prices(Some(7)));
    }
}
