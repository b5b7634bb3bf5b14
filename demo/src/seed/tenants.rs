//! Who buys: many small customers and a few large ones.

use rand::{Rng, RngExt as _};

use crate::store::postgres::load::{Tenant, accounts};
use crate::tier::Tier;

/// Where tenants are.
const REGIONS: [&str; 4] = ["eu-central", "us-east", "us-west", "ap-south"];

/// Of a thousand tenants, how many are in each tier, in the order of [`Tier`].
const TENANTS: [u32; 4] = [900, 80, 18, 2];

/// Of a thousand orders, how many come from each tier: the few large customers buy most.
const ORDERS: [u32; 4] = [250, 250, 300, 200];

/// All tenants: those of the accounts, and others, of whom each tier has its share.
pub(super) fn tenants(count: u32) -> impl Iterator<Item = Tenant> {
    let others = (Tier::ALL.len() as u32 + 1..=count).map(|id| Tenant {
        id: id.cast_signed(),
        name: format!("tenant-{id}@example.com"),
        tier: tier_of(id),
        region: REGIONS[id as usize % REGIONS.len()],
    });
    accounts().chain(others)
}

/// Tiers are dealt out in rounds of a thousand, spread by a stride that meets every place of a round once.
fn tier_of(id: u32) -> Tier {
    among(TENANTS, (id * 37) % 1000)
}

/// The tier in whose share of a thousand a place lies.
fn among(shares: [u32; 4], place: u32) -> Tier {
    let ends = shares.iter().scan(0, |end, share| {
        *end += share;
        Some(*end)
    });
    Tier::ALL.into_iter().zip(ends).find(|&(_, end)| place < end).map_or(Tier::Enterprise, |(tier, _)| tier)
}

/// Draws buyers: first a tier by its share of the orders, then a tenant of it.
#[derive(Debug, Clone)]
pub(super) struct Buyers {
    by_tier: [Vec<i32>; 4],
}

impl Buyers {
    pub(super) fn of(tenants: impl Iterator<Item = Tenant>) -> Self {
        let mut by_tier: [Vec<i32>; 4] = Default::default();
        tenants.for_each(|tenant| by_tier[tenant.tier as usize].push(tenant.id));
        Self { by_tier }
    }

    pub(super) fn draw(&self, random: &mut impl Rng) -> i32 {
        // Every tier has its account at least.
        let tenants = &self.by_tier[among(ORDERS, random.random_range(0..1000)) as usize];
        tenants[random.random_range(0..tenants.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_many_small_tenants_and_a_few_large_ones() {
        let tenants: Vec<_> = tenants(1000).collect();
        let count = |tier| tenants.iter().filter(|tenant| tenant.tier == tier).count();
        // The accounts, one a tier, take four places of the round.
        for (tier, share) in Tier::ALL.into_iter().zip(TENANTS) {
            assert!(count(tier).abs_diff(share as usize) <= 4, "{tier:?}: {}", count(tier));
        }
        let ids: Vec<_> = tenants.iter().map(|tenant| tenant.id).collect();
        assert_eq!(ids, (1..=1000).collect::<Vec<_>>());
    }
}
