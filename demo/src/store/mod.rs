//! What the shop keeps, all of it in memory behind one lock. Ids, quantities and money come in, owned values go out; nothing
//! in here knows of HTTP, and nothing outside knows how things are kept.

mod catalogue;
mod money;
mod page;
mod seed;

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use catalogue::Catalogue;
pub(crate) use catalogue::{Filter, Product};
pub(crate) use page::{Page, Paging};
pub(crate) use seed::Seeding;

/// The shop's memory.
#[derive(Debug)]
pub(crate) struct Store {
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    catalogue: Catalogue,
}

impl Store {
    pub(crate) fn seeded(seeding: Seeding) -> Self {
        Self { state: RwLock::new(State { catalogue: Catalogue::new(seeding.products()) }) }
    }

    pub(crate) fn products(&self, paging: Paging) -> Page<Product> {
        paging.of(self.read().catalogue.products())
    }

    pub(crate) fn search(&self, filter: &Filter, paging: Paging) -> Page<Product> {
        self.read().catalogue.search(filter, paging)
    }

    pub(crate) fn product(&self, id: &str) -> Option<Product> {
        self.read().catalogue.get(id).cloned()
    }

    // Changes are worked out first and applied last, so a panic in between leaves nothing half done behind a poisoned lock.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}
