//! The engine: `scenario → plan → worker → record`, and `observe` beside it.
//!
//! A scenario file is parsed and validated (`scenario`), compiled once into a read-only plan that all cores share
//! (`plan`), driven by one worker per core (`worker`) and written as rows (`record`). Nothing behind the plan returns a
//! configuration error. The library is for the binary, the tests and the benches; it promises nothing to others.

pub mod address;
pub mod answer;
pub mod check;
pub mod cli;
pub mod client;
pub mod clock;
pub mod command;
pub mod control;
pub mod data;
pub mod demo;
pub mod doctor;
pub mod errand;
pub mod host;
pub mod import;
pub mod json;
pub mod manual;
pub mod observe;
pub mod plan;
pub mod preflight;
pub mod probe;
pub mod publish;
pub mod record;
pub mod resolve;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod stop;
pub mod tls;
pub mod visit;
pub mod wire;
pub mod worker;
