//! Benches against peers: load generators take turns on the same server, and what each costs is measured from outside.
//!
//! ```text
//! experiments  what is measured, a file each           clients    who asks: a file for each load generator
//! bench        who takes part, and how                 servers    who answers, on a processor of its own
//! turns        one after another, round by round       measure    what a client process cost: CPU time, memory
//! arrivals     how well a schedule was kept            rows       what Drumfire wrote
//! statistics   medians, spreads, percentiles           machine    on what all that was measured
//! report       how it is said                          table      how it is shown: text and Markdown
//! record       where it is kept                        chance     chance with a seed
//!
//! analysis     the analysis against other ways to the same table
//! gate         how often the gate is wrong
//! floor        the least that any client can cost      serve      servers of our own: the witness, plaintext
//! ```
//!
//! Programs are in `bin/`: `peers` does the experiments, `analysis` compares ways to a table, `gate` counts wrong verdicts; they start the
//! others.

pub mod analysis;
pub mod arrivals;
pub mod bench;
pub mod chance;
pub mod clients;
pub mod experiments;
pub mod floor;
pub mod gate;
pub mod machine;
pub mod measure;
pub mod record;
pub mod report;
pub mod rows;
pub mod serve;
pub mod servers;
pub mod statistics;
pub mod table;
pub mod turns;
