//! Benches against peers: load generators take turns on the same server, and what each costs is measured from outside.
//!
//! ```text
//! servers    who answers, on a processor of its own       measure   what a client process cost: CPU time, memory
//! clients    who asks: one file per load generator        machine   on what all that was measured
//! table      how it is shown: text and Markdown
//! ```
//!
//! A bench is a program in `bin/`. It knows its clients only as [`clients::Client`].

pub mod clients;
pub mod floor;
pub mod machine;
pub mod measure;
pub mod serve;
pub mod servers;
pub mod table;
