//! What was read lately, so that it need not be read again: products by id, and pages of lists and searches. Within its time to
//! live an answer may be out of date; a product that this process changes is forgotten at once.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use prometheus::{Gauge, IntCounter, Registry};
use quick_cache::Weighter;
use quick_cache::sync::Cache as Bounded;
use serde::Serialize;

use crate::clock::Clock;
use crate::metrics::{self, Latency, enrol};
use crate::store::{Filter, Page, Paging, Product};

/// How much is remembered, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CacheSettings {
    /// Products that are remembered one by one, and as many on pages.
    pub(crate) products: usize,
    pub(crate) time_to_live: Duration,
}

/// How the cache is doing.
#[derive(Debug, Serialize)]
pub(crate) struct CacheFigures {
    hits: u64,
    misses: u64,
    /// Nothing before the first look.
    hit_rate: Option<f64>,
    entries: usize,
    get_latency_p95_ms: Option<f64>,
    set_latency_p95_ms: Option<f64>,
}

/// Products and pages.
#[derive(Debug)]
pub(super) struct Cache {
    pub(super) products: Kept<String, Product>,
    pub(super) pages: Kept<(Filter, Paging), Page<Product>>,
    measured: Arc<Measured>,
}

impl Cache {
    pub(super) fn enrolled(settings: CacheSettings, registry: &Registry, clock: Clock) -> metrics::Result<Self> {
        let measured = Arc::new(Measured::enrolled(registry)?);
        Ok(Self {
            products: Kept::new(settings, Arc::clone(&measured), clock),
            pages: Kept::new(settings, Arc::clone(&measured), clock),
            measured,
        })
    }

    /// How it is doing now.
    pub(super) fn figures(&self) -> CacheFigures {
        let (hits, misses) = (self.measured.hits.get(), self.measured.misses.get());
        let entries = self.products.entries.len() + self.pages.entries.len();
        self.measured.entries.set(entries as f64);
        CacheFigures {
            hits,
            misses,
            hit_rate: (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64),
            entries,
            get_latency_p95_ms: self.measured.get.figures().p95_ms,
            set_latency_p95_ms: self.measured.set.figures().p95_ms,
        }
    }
}

#[derive(Debug)]
struct Measured {
    hits: IntCounter,
    misses: IntCounter,
    entries: Gauge,
    get: Latency,
    set: Latency,
}

impl Measured {
    fn enrolled(registry: &Registry) -> metrics::Result<Self> {
        let hits = IntCounter::new("shop_cache_hits_total", "Reads that the cache answered");
        let misses = IntCounter::new("shop_cache_misses_total", "Reads that the cache could not answer");
        let entries = Gauge::new("shop_cache_entries", "Products and pages in the cache");
        Ok(Self {
            hits: enrol(registry, hits)?,
            misses: enrol(registry, misses)?,
            entries: enrol(registry, entries)?,
            get: Latency::enrolled(registry, "shop_cache_get_seconds", "How long a look into the cache takes")?,
            set: Latency::enrolled(registry, "shop_cache_set_seconds", "How long it takes to remember something")?,
        })
    }
}

/// Values of one kind, each with the time at which it was read.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    entries: Bounded<K, (Duration, V), Products>,
    time_to_live: Duration,
    measured: Arc<Measured>,
    clock: Clock,
}

impl<K: Hash + Eq + Clone, V: Clone + Weighed> Kept<K, V> {
    fn new(settings: CacheSettings, measured: Arc<Measured>, clock: Clock) -> Self {
        let entries = Bounded::with_weighter(settings.products, settings.products as u64, Products);
        Self { entries, time_to_live: settings.time_to_live, measured, clock }
    }

    /// What was read lately; counted as a hit or a miss.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let asked = self.clock.now();
        let found = self.entries.get(key).filter(|(read, _)| asked.saturating_sub(*read) < self.time_to_live);
        self.measured.get.observe(self.clock.now().saturating_sub(asked));
        if found.is_some() { &self.measured.hits } else { &self.measured.misses }.inc();
        found.map(|(_, value)| value)
    }

    pub(super) fn set(&self, key: K, value: V) {
        let asked = self.clock.now();
        self.entries.insert(key, (asked, value));
        self.measured.set.observe(self.clock.now().saturating_sub(asked));
    }

    pub(super) fn forget<'a>(&self, keys: impl Iterator<Item = &'a K>)
    where
        K: 'a,
    {
        keys.for_each(|key| drop(self.entries.remove(key)));
    }
}

/// How many products something counts for.
pub(super) trait Weighed {
    fn weight(&self) -> u64;
}

impl Weighed for Product {
    fn weight(&self) -> u64 {
        1
    }
}

impl Weighed for Page<Product> {
    fn weight(&self) -> u64 {
        self.items.len().max(1) as u64
    }
}

/// Bounds a cache by the products in it.
#[derive(Debug, Clone)]
struct Products;

impl<K, V: Weighed> Weighter<K, (Duration, V)> for Products {
    fn weight(&self, _: &K, (_, value): &(Duration, V)) -> u64 {
        value.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Money;

    fn cache(products: usize, time_to_live: Duration) -> Cache {
        let settings = CacheSettings { products, time_to_live };
        Cache::enrolled(settings, &Registry::new(), Clock::start()).unwrap()
    }

    fn product(id: &str) -> Product {
        Product { id: id.into(), name: id.into(), category: "home".into(), price: Money::from_cents(1), stock: 1 }
    }

    #[test]
    fn what_was_read_is_a_hit_until_it_is_forgotten() {
        let cache = cache(10, Duration::from_hours(1));
        let id = "a".to_owned();
        assert_eq!(cache.products.get(&id), None);
        cache.products.set(id.clone(), product("a"));
        assert_eq!(cache.products.get(&id), Some(product("a")));
        cache.products.forget([&id].into_iter());
        assert_eq!(cache.products.get(&id), None);
        let figures = cache.figures();
        assert_eq!((figures.hits, figures.misses, figures.entries), (1, 2, 0));
        assert!(figures.get_latency_p95_ms.is_some() && figures.set_latency_p95_ms.is_some());
    }

    #[test]
    fn what_is_too_old_or_too_much_is_not_there() {
        let short_lived = cache(10, Duration::ZERO);
        short_lived.products.set("a".into(), product("a"));
        assert_eq!(short_lived.products.get(&"a".into()), None);

        let small = cache(10, Duration::from_hours(1));
        (0..100).for_each(|number| small.products.set(number.to_string(), product("a")));
        assert!((1..=10).contains(&small.figures().entries));
    }
}
