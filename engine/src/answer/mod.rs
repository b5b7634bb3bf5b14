//! What came back, looked into: where values are found in an answer, what has to hold of it, which cookies it sets and
//! where it leads to.
//!
//! In: the bytes of an answer, and what people write about them. Out: values, and yes or no. Pure functions: no socket, no
//! clock, no plan.

mod check;
mod compare;
mod condition;
mod content;
mod cookies;
mod decode;
mod redirect;
mod source;

pub use self::check::{Check, Figures};
pub use self::condition::Condition;
pub use self::content::Content;
pub use self::cookies::Jar;
pub use self::redirect::{Target, follow};
pub use self::source::{Needs, Source};
