//! The products: found by id or by what they are like.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::store::{Filter, Imported, MAX_ADDED, Page, Paging, Product, Refusal, StockChange};

impl Filter {
    fn matches(&self, product: &Product) -> bool {
        self.min_price.is_none_or(|least| product.price >= least)
            && self.max_price.is_none_or(|most| product.price <= most)
            && self
                .category
                .as_ref()
                .is_none_or(|category| category.is_empty() || product.category.eq_ignore_ascii_case(category))
            && self.q.as_ref().is_none_or(|q| contains(&product.name, q))
    }
}

/// Whether `text` contains `part`, in capitals or not (ASCII).
fn contains(text: &str, part: &str) -> bool {
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// All products, in the order in which they came; none is ever taken away.
#[derive(Debug)]
pub(super) struct Catalogue {
    products: Vec<Product>,
    positions: HashMap<String, usize>,
    capacity: usize,
}

impl Catalogue {
    pub(super) fn new(products: impl Iterator<Item = Product>) -> Self {
        let products: Vec<_> = products.collect();
        let positions = products.iter().enumerate().map(|(position, product)| (product.id.clone(), position)).collect();
        let capacity = products.len() + MAX_ADDED;
        Self { products, positions, capacity }
    }

    pub(super) fn products(&self) -> &[Product] {
        &self.products
    }

    pub(super) fn get(&self, id: &str) -> Result<&Product, Refusal> {
        Ok(&self.products[self.position(id)?])
    }

    fn position(&self, id: &str) -> Result<usize, Refusal> {
        self.positions.get(id).copied().ok_or_else(|| Refusal::UnknownProduct(id.into()))
    }

    pub(super) fn search(&self, filter: &Filter, paging: Paging) -> Page<Product> {
        paging.of_matching(self.products.iter().filter(|product| filter.matches(product)))
    }

    /// Makes all of `changes` or, where one is impossible, none; several to one product are taken together.
    pub(super) fn change_stock(&mut self, changes: &[StockChange]) -> Result<(), Refusal> {
        let mut net = BTreeMap::<usize, i64>::new();
        for StockChange { product_id, delta } in changes {
            let sum = net.entry(self.position(product_id)?).or_default();
            *sum = sum.saturating_add(*delta);
        }
        let mut levels = Vec::with_capacity(net.len());
        for (position, delta) in net {
            let product = &self.products[position];
            let level = i64::from(product.stock).saturating_add(delta);
            levels.push((position, u32::try_from(level).map_err(|_| Refusal::of_stock(&product.id, level))?));
        }
        for (position, level) in levels {
            self.products[position].stock = level;
        }
        Ok(())
    }

    /// Takes in all of `products` or, where there is no room for the new ones, none. A known id is replaced.
    pub(super) fn import(&mut self, products: Vec<Product>) -> Result<Imported, Refusal> {
        let new: HashSet<&str> =
            products.iter().map(|product| &*product.id).filter(|id| !self.positions.contains_key(*id)).collect();
        let (created, room) = (new.len(), self.capacity - self.products.len());
        if created > room {
            return Err(Refusal::Full { room });
        }
        let imported = Imported { created, updated: products.len() - created };
        for product in products {
            if let Some(&position) = self.positions.get(&product.id) {
                self.products[position] = product;
            } else {
                self.positions.insert(product.id.clone(), self.products.len());
                self.products.push(product);
            }
        }
        Ok(imported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Money;

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
        assert_eq!(found(r#"{"q": "", "category": ""}"#), ["a", "b", "c"]);
        assert_eq!(found(r#"{"q": "kettle", "category": "sports"}"#), ["b"]);
        assert_eq!(found(r#"{"min_price": 29.99, "max_price": 99}"#), ["b", "c"]);
        assert_eq!(found(r#"{"q": "longer than any name there is"}"#), [""; 0]);
    }

    fn stock_after(changes: &[(&str, i64)]) -> Result<Vec<u32>, Refusal> {
        let mut catalogue = catalogue();
        let change = |&(id, delta): &(&str, i64)| StockChange { product_id: id.into(), delta };
        let done = catalogue.change_stock(&changes.iter().map(change).collect::<Vec<_>>());
        let stock: Vec<_> = catalogue.products.iter().map(|product| product.stock).collect();
        assert!(done.is_ok() || stock == [5, 1, 0], "refused and yet changed: {stock:?}");
        done.map(|()| stock)
    }

    #[test]
    fn stock_can_be_sold_to_the_last_one_and_no_further() {
        assert_eq!(stock_after(&[("a", -5), ("b", -1)]), Ok(vec![0, 0, 0]));
        assert_eq!(stock_after(&[("a", -5), ("b", -2)]), Err(Refusal::OutOfStock("b".into())));
        assert_eq!(stock_after(&[("a", -5), ("x", -1)]), Err(Refusal::UnknownProduct("x".into())));
        assert_eq!(stock_after(&[("c", i64::from(u32::MAX) + 1)]), Err(Refusal::TooMuchStock("c".into())));
    }

    #[test]
    fn changes_to_one_product_are_taken_together() {
        assert_eq!(stock_after(&[("a", -3), ("a", -3)]), Err(Refusal::OutOfStock("a".into())));
        assert_eq!(stock_after(&[("a", -7), ("a", 4)]), Ok(vec![2, 1, 0]));
        assert_eq!(stock_after(&[("a", i64::MIN), ("a", i64::MIN)]), Err(Refusal::OutOfStock("a".into())));
    }

    #[test]
    fn an_import_replaces_what_is_known_and_adds_what_is_not() {
        let mut catalogue = catalogue();
        let batch = vec![product("b", "Kettle", "home", 1, 9), product("d", "Tea", "grocery", 2, 9)];
        assert_eq!(catalogue.import(batch.clone()), Ok(Imported { created: 1, updated: 1 }));
        assert_eq!(catalogue.products[1..2], batch[..1]);
        assert_eq!(catalogue.products[3..], batch[1..]);
    }

    #[test]
    fn an_import_beyond_the_room_there_is_changes_nothing() {
        let mut catalogue = catalogue();
        catalogue.capacity = 4;
        let batch = ["a", "d", "e"].map(|id| product(id, "New", "toys", 1, 1));
        assert_eq!(catalogue.import(batch.to_vec()), Err(Refusal::Full { room: 1 }));
        assert_eq!(catalogue.products[0].name, "Quiet Kettle");
        let same_twice = ["d", "d"].map(|id| product(id, "New", "toys", 1, 1));
        assert_eq!(catalogue.import(same_twice.to_vec()), Ok(Imported { created: 1, updated: 1 }));
    }
}
