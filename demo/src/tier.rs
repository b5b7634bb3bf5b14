//! Who buys here: one account per tier, with a fixed token, so that a scenario needs no login before its load.

use serde::Serialize;

/// What a customer pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    Free,
    Starter,
    Professional,
    Enterprise,
}

impl Tier {
    pub(crate) const ALL: [Self; 4] = [Self::Free, Self::Starter, Self::Professional, Self::Enterprise];

    pub(crate) const fn account(self) -> &'static Account {
        &ACCOUNTS[self as usize]
    }

    /// The tenant that its account belongs to, in the database.
    pub(crate) const fn tenant(self) -> i32 {
        self as i32 + 1
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.account().tier == name)
    }

    pub(crate) fn with_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.account().token == token)
    }

    pub(crate) fn with_email(email: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.account().email.eq_ignore_ascii_case(email))
    }
}

/// How a tier signs in, and what it may do.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) tier: &'static str,
    pub(crate) email: &'static str,
    pub(crate) token: &'static str,
    pub(crate) requests_per_second: u32,
}

/// In the order of [`Tier`].
const ACCOUNTS: [Account; 4] = [
    Account { tier: "free", email: "free-tier@example.com", token: "demo-free", requests_per_second: 20 },
    Account { tier: "starter", email: "starter-tier@example.com", token: "demo-starter", requests_per_second: 200 },
    Account {
        tier: "professional",
        email: "pro-tier@example.com",
        token: "demo-professional",
        requests_per_second: 2000,
    },
    Account {
        tier: "enterprise",
        email: "enterprise-tier@example.com",
        token: "demo-enterprise",
        requests_per_second: 10_000,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_and_email_lead_to_the_tier_they_name() {
        for tier in Tier::ALL {
            let account = tier.account();
            assert_eq!(format!("{tier:?}").to_lowercase(), account.tier);
            assert_eq!(account.token, format!("demo-{}", account.tier));
            assert_eq!(serde_json::to_value(tier).unwrap(), account.tier);
            assert_eq!(Tier::named(account.tier), Some(tier));
            assert_eq!(Tier::with_token(account.token), Some(tier));
            assert_eq!(Tier::with_email(account.email), Some(tier));
        }
        assert_eq!(Tier::with_token("demo-platinum"), None);
    }
}
