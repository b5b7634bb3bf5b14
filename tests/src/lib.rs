//! What the end-to-end tests are made of: the programs as a person would start them, servers under control, and the run
//! directory read without any of Drumfire's own code, so that it can be a witness.
//!
//! ```text
//! program    a built program, run with a bound on its time      nginx      a well-behaved server
//! run        a run directory, read by a parser of its own       scripted   a server that misbehaves as told
//! scratch    a folder for one test                              shop       the demo shop
//! alone      one load at a time                                 patience   waiting, with a bound
//! scenario   a scenario file, put together                      request    a request as it came, read strictly
//! written    a run directory, made up row by row               python     DuckDB and scipy, for recomputing
//! same       figures of two sources held against each other
//! visit      one virtual user, and what it did              relay      between a client and a server, for better or worse
//! certificates  those of servers and clients, by an authority of their own
//! postgres   a PostgreSQL of our own, a database for each test
//! prometheus  the real Prometheus, and what it says
//! pipeline   GitHub and GitLab, as far as it takes to run what their files say
//! browser    a page as somebody sees and uses it              reported   reports of real runs
//! pack       a file of `scenarios/`, rehearsed                 sampled    what probes sampled
//! sections   of findings and tables, as the analysis has them
//! terminal   a terminal with a shell in it                 workspace  where its files are
//! guard      a process that ends with its test              get        a document of a server
//! ```
//!
//! Every server and program is stopped by the id it was started with, when its guard is dropped. What fails in here
//! fails the test that called it, with a message; only what the benches use as well returns an error.

pub mod alone;
pub mod browser;
pub mod certificates;
pub mod get;
pub mod guard;
pub mod nginx;
pub mod pack;
pub mod patience;
pub mod pin;
pub mod pipeline;
pub mod postgres;
pub mod program;
pub mod prometheus;
pub mod python;
pub mod relay;
pub mod reported;
pub mod request;
pub mod run;
pub mod same;
pub mod sampled;
pub mod scenario;
pub mod scratch;
pub mod scripted;
pub mod sections;
pub mod shop;
pub mod terminal;
pub mod visit;
pub mod workspace;
pub mod written;
