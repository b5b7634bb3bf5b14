//! Where connections lead to and start from: addresses in turns, and names that are looked up again.

use std::collections::VecDeque;
use std::net::IpAddr;

use runlog::units::Nanos;

use crate::address::{Address, Way};
use crate::plan::target::{Name, Target};

/// The ways to a target.
#[derive(Debug)]
pub struct Names {
    addresses: Vec<Address>,
    sources: &'static [IpAddr],
    name: Option<&'static Name>,
    /// How many ways have been taken.
    taken: usize,
    /// Lines that wait for an address, and since when.
    waiting: VecDeque<(u32, Nanos)>,
    /// When the name is to be looked up again for all.
    next: Nanos,
    /// Look-ups for all that are not answered yet.
    asked: u32,
}

/// What looking up a name has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The line that it was for, where it was for one.
    pub line: Option<u32>,
    /// Since when it was waited for.
    pub since: Nanos,
}

impl Names {
    /// The ways to a target.
    pub fn new(target: &'static Target) -> Self {
        let every = target.name.as_ref().and_then(|name| name.every).unwrap_or_default();
        Self {
            addresses: target.addresses.clone(),
            sources: &target.sources,
            name: target.name.as_ref(),
            taken: 0,
            waiting: VecDeque::new(),
            next: every,
            asked: 0,
        }
    }

    /// The name that has to be looked up before a line can be opened, where one has.
    pub fn ask_for(&mut self, line: u32, now: Nanos) -> Option<&'static Name> {
        let name = self.name.filter(|name| name.every.is_none())?;
        self.waiting.push_back((line, now));
        Some(name)
    }

    /// The name that has to be looked up again for all, where the time has come.
    pub fn ask_again(&mut self, now: Nanos) -> Option<&'static Name> {
        let name = self.name?;
        let every = name.every?;
        if now < self.next || self.asked > 0 {
            return None;
        }
        self.next = now.after(every);
        self.asked += 1;
        Some(name)
    }

    /// A look-up is answered. What one line has waited for longest is as good for it as what was asked for it.
    pub fn found(&mut self, addresses: Option<Vec<Address>>, now: Nanos) -> Found {
        if let Some(addresses) = addresses.filter(|addresses| !addresses.is_empty()) {
            self.addresses = addresses;
        }
        if self.asked > 0 {
            self.asked -= 1;
            return Found { line: None, since: now };
        }
        let (line, since) = self.waiting.pop_front().unzip();
        Found { line, since: since.unwrap_or(now) }
    }

    /// The next way: addresses and sources in turns.
    pub fn way(&mut self) -> Way {
        let turn = self.taken;
        self.taken = self.taken.wrapping_add(1);
        let to = self.addresses[turn % self.addresses.len()];
        let from = (!self.sources.is_empty()).then(|| self.sources[turn / self.addresses.len() % self.sources.len()]);
        Way { from, to }
    }
}
