//! What can be wrong with the shop on purpose, so that those who look for such things can be seen to find them. All of it is
//! switched while the shop runs, and bounded.

mod leak;
mod slow;

pub(crate) use leak::Leak;
pub(crate) use slow::{Slow, SlowQueries};
