//! The products: found by id or by what they are like.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::money::Money;
use super::{Page, Paging};

/// Something for sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) price: Money,
    pub(crate) stock: u32,
}

/// What a search asks for; what is not given matches everything.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Filter {
    q: Option<String>,
    category: Option<String>,
    min_price: Option<Money>,
    max_price: Option<Money>,
}

impl Filter {
    fn matches(&self, product: &Product) -> bool {
        self.min_price.is_none_or(|least| product.price >= least)
            && self.max_price.is_none_or(|most| product.price <= most)
            && self.category.as_ref().is_none_or(|category| product.category.eq_ignore_ascii_case(category))
            && self.q.as_ref().is_none_or(|q| contains(&product.name, q))
    }
}

/// Whether `text` contains `part`, in capitals or not (ASCII).
fn contains(text: &str, part: &str) -> bool {
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// All products, in the order in which they came. None is ever taken away, so a position stays valid.
#[derive(Debug)]
pub(super) struct Catalogue {
    products: Vec<Product>,
    positions: HashMap<String, usize>,
}

impl Catalogue {
    pub(super) fn new(products: impl Iterator<Item = Product>) -> Self {
        let products: Vec<_> = products.collect();
        let positions = products.iter().enumerate().map(|(position, product)| (product.id.clone(), position)).collect();
        Self { products, positions }
    }

    pub(super) fn products(&self) -> &[Product] {
        &self.products
    }

    pub(super) fn get(&self, id: &str) -> Option<&Product> {
        self.positions.get(id).map(|&position| &self.products[position])
    }

    pub(super) fn search(&self, filter: &Filter, paging: Paging) -> Page<Product> {
        paging.of_matching(self.products.iter().filter(|product| filter.matches(product)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: &str, name: &str, category: &str, cents: u64, stock: u32) -> Product {
        Product { id: id.into(), name: name.into(), category: category.into(), price: Money::from_cents(cents), stock }
    }

    fn catalogue() -> Catalogue {
        let products = [
            product("a", "Quiet Kettle", "home", 1999, 5),
            product("b", "Camping kettle", "sports", 2999, 1),
            product("c", "Tent", "sports", 9900, 0),
        ];
        Catalogue::new(products.into_iter())
    }

    fn found(filter: &str) -> Vec<String> {
        let filter = serde_json::from_str(filter).unwrap();
        let page = catalogue().search(&filter, serde_json::from_str("{}").unwrap());
        page.items.into_iter().map(|product| product.id).collect()
    }

    #[test]
    fn a_search_finds_what_matches_all_that_is_asked() {
        assert_eq!(found("{}"), ["a", "b", "c"]);
        assert_eq!(found(r#"{"q": "KETTLE"}"#), ["a", "b"]);
        assert_eq!(found(r#"{"q": ""}"#), ["a", "b", "c"]);
        assert_eq!(found(r#"{"q": "kettle", "category": "sports"}"#), ["b"]);
        assert_eq!(found(r#"{"min_price": 29.99, "max_price": 99}"#), ["b", "c"]);
        assert_eq!(found(r#"{"q": "longer than any name there is"}"#), [""; 0]);
    }
}
