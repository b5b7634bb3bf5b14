//! Tags: names with values that people attach to scenarios, requests and runs.

use std::collections::BTreeMap;

/// Names with values, in the order of the names.
pub type Tags = BTreeMap<String, String>;
