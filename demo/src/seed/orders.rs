//! What was bought before the shop opened: orders of a year, the same ones for the same seed, made one after another so that any
//! number of them takes no memory.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand::{Rng, RngExt as _, SeedableRng as _};
use rand_distr::Zipf;
use rand_pcg::Pcg64Mcg;

use super::tenants::Buyers;
use crate::store::postgres::load::{PastItem, PastOrder};

/// How fast popularity falls from each product to the next: by Zipf's law, the best-selling one sells twice as often as the
/// second.
const ZIPF_EXPONENT: f64 = 1.0;

/// The most lines of an order, as at the counter.
const MAX_LINES: u32 = 20;

/// One order in so many is a bulk order, of so many times as much.
const BULK: (u32, i64) = (100, 50);

/// When the first order was placed, since 1970: at the start of 2025, in UTC.
const FIRST: Duration = Duration::from_hours(20_089 * 24);

/// From the first order to the last.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// What orders are made of.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) orders: u64,
    pub(super) buyers: Buyers,
    /// The prices of all products, by their numbers less 1.
    pub(super) prices_cents: Arc<[u32]>,
    pub(super) seed: u64,
}

impl History {
    /// All orders, from the first to the last.
    pub(super) fn orders(self) -> impl Iterator<Item = PastOrder> {
        let mut random = Pcg64Mcg::seed_from_u64(self.seed);
        // A shop has at least one product, the one on flash sale.
        let popularity = Zipf::new(self.prices_cents.len() as f64, ZIPF_EXPONENT).ok();
        let apart = YEAR.div_f64(self.orders.max(1) as f64);
        (0..self.orders).map(move |before| {
            let tenant = self.buyers.draw(&mut random);
            let times = if random.random_ratio(1, BULK.0) { BULK.1 } else { 1 };
            let item = |random: &mut Pcg64Mcg| {
                let rank = popularity.map_or(1.0, |popularity| random.sample(popularity)) as u32;
                let price_cents = i64::from(self.prices_cents[rank as usize - 1]);
                PastItem { product: i64::from(rank), quantity: i64::from(few(random)) * times, price_cents }
            };
            PastOrder {
                number: before.cast_signed() + 1,
                tenant,
                placed_at: SystemTime::UNIX_EPOCH + FIRST + apart.mul_f64(before as f64),
                items: (0..few(&mut random).min(MAX_LINES)).map(|_| item(&mut random)).collect(),
            }
        })
    }
}

/// A small number: 1 half of the time, and every further one half as often.
fn few(random: &mut impl Rng) -> u32 {
    1 + random.random::<u32>().trailing_zeros().min(30)
}

#[cfg(test)]
mod tests {
    use super::super::tenants::tenants;
    use super::*;

    fn history(seed: u64) -> Vec<PastOrder> {
        let prices_cents = (1..=1000).collect();
        History { orders: 20_000, buyers: Buyers::of(tenants(100)), prices_cents, seed }.orders().collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_orders() {
        assert_eq!(history(1), history(1));
        assert_ne!(history(1), history(2));
    }

    #[test]
    fn popularity_is_skewed_and_sizes_vary() {
        let orders = history(3);
        let items: Vec<_> = orders.iter().flat_map(|order| &order.items).collect();
        let sold = |product| items.iter().filter(|item| item.product == product).count() as f64;
        // Of 1000 products the first has 1/H(1000) = 13.4 % of the sales, and twice as many as the second.
        assert!((sold(1) / items.len() as f64 - 0.134).abs() < 0.01, "{}", sold(1) / items.len() as f64);
        assert!((sold(1) / sold(2) - 2.0).abs() < 0.2, "{} {}", sold(1), sold(2));
        assert!(items.iter().all(|item| (1..=1000).contains(&item.product) && item.quantity > 0));

        let lines: Vec<_> = orders.iter().map(|order| order.items.len()).collect();
        assert!((items.len() as f64 / orders.len() as f64 - 2.0).abs() < 0.05);
        assert!(lines.contains(&1) && lines.iter().any(|&lines| lines > 8) && lines.iter().all(|&lines| lines <= 20));
    }

    #[test]
    fn the_orders_of_a_year_are_numbered_in_their_order() {
        let orders = history(4);
        assert!(
            orders.windows(2).all(|pair| pair[0].number + 1 == pair[1].number && pair[0].placed_at < pair[1].placed_at)
        );
        let span = orders.last().unwrap().placed_at.duration_since(orders[0].placed_at).unwrap();
        assert!(span < YEAR && span + Duration::from_hours(1) > YEAR, "{span:?}");
    }
}
