//! Drumfire's analysis: reads run directories, never the network, and says what they mean.
//!
//! ```text
//! run directories ──load──▶ Run ──analysis──▶ Sections ──render──▶ terminal, JSON, Markdown, report.html
//!                  command: what is asked          └─ exit: what it means for whoever asked
//! ```
//!
//! An analysis knows no renderer and a renderer no analysis: both know only `section`. The figures that
//! both programs show are `runlog`'s; whether figures of runs differ is for `statistics`.

pub mod analysis;
pub mod baseline;
pub mod cli;
pub mod columnar;
pub mod command;
pub mod compare;
pub mod condensed;
pub mod exactness;
pub mod exit;
pub mod export;
pub mod failure;
pub mod gate;
pub mod history;
pub mod load;
pub mod manual;
pub mod measure;
pub mod output;
pub mod render;
pub mod report;
pub mod scaling;
pub mod section;
pub mod sql;
pub mod statistics;
pub mod time;
