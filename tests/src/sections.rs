//! Sections of findings and tables, as the analysis has them in JSON.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::analyze;
use crate::run::Run;

/// What is found of a run, section by section.
#[derive(Debug)]
pub struct Sections(Vec<Value>);

/// A row of a table, by the titles of its columns; what has a unit is without it.
pub type TableRow = BTreeMap<String, Value>;

impl Sections {
    /// The server's side: `drumfire-analyze server RUN --json`.
    #[track_caller]
    pub fn of_server(run: &Run) -> Self {
        Self::in_list(&analyze().arg("server").arg(run.path()).arg("--json").finish().assert_code(0).json()["sections"])
    }

    /// The figures of a run by what tells them apart: `drumfire-analyze summary RUN --by stage --json`.
    #[track_caller]
    pub fn by(what: &str, run: &Run) -> Self {
        let summary = analyze().arg("summary").arg(run.path()).args(["--by", what, "--json"]).finish();
        Self::in_list(&summary.json()["analyses"])
    }

    #[track_caller]
    fn in_list(list: &Value) -> Self {
        Self(list.as_array().unwrap_or_else(|| panic!("no sections: {list:#}")).clone())
    }

    /// The findings of a section that are as bad, or as good, as this: `good`, `note`, `warning` or `bad`.
    #[track_caller]
    pub fn found(&self, section: &str, level: &str) -> Vec<String> {
        let findings = self.parts(section, "findings").filter_map(|part| part["findings"].as_array()).flatten();
        let wanted = findings.filter(|finding| finding["level"] == level);
        wanted.map(|finding| finding["text"].as_str().expect("a finding has a text").to_owned()).collect()
    }

    /// The rows of a section's tables.
    #[track_caller]
    pub fn rows(&self, section: &str) -> Vec<TableRow> {
        let of_table = |table: &Value| {
            let columns = table["columns"].as_array().expect("a table has columns").clone();
            let row = |cells: &Value| {
                let titles = columns.iter().map(|title| title.as_str().expect("a column has a title").to_owned());
                titles.zip(cells.as_array().expect("a row has cells").iter().map(without_unit)).collect::<TableRow>()
            };
            table["rows"].as_array().expect("a table has rows").iter().map(row).collect::<Vec<_>>()
        };
        self.parts(section, "table").flat_map(of_table).collect()
    }

    #[track_caller]
    fn parts<'a>(&'a self, section: &str, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        let found = self.0.iter().find(|candidate| candidate["title"] == section);
        let found = found.unwrap_or_else(|| panic!("there is no section {section:?}: {:#?}", self.0));
        found["parts"].as_array().into_iter().flatten().filter(move |part| part["kind"] == kind)
    }
}

fn without_unit(cell: &Value) -> Value {
    cell.get("value").unwrap_or(cell).clone()
}
