//! The answer to a query for programs: JSON or CSV, each value as the query made it.

use std::io::{self, Write};

use runlog::text::printable;
use serde_json::{Value as Json, json};

use crate::sql::{Answer, Cell};

/// `{"columns": […], "rows": [[…], …]}`, a row a line.
///
/// # Errors
/// Where `out` cannot be written.
pub fn json(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\"columns\": {}, \"rows\": [", json!(answer.columns()))?;
    for place in 0..answer.rows() {
        let row: Vec<Json> = answer.row(place).into_iter().map(json_of).collect();
        write!(out, "{}\n  {}", if place == 0 { "" } else { "," }, Json::from(row))?;
    }
    writeln!(out, "{}]}}", if answer.rows() == 0 { "" } else { "\n" })
}

fn json_of(cell: Cell) -> Json {
    match cell {
        Cell::Absent => Json::Null,
        Cell::Whole(number) => json!(number),
        Cell::Number(number) => json!(number),
        Cell::Flag(flag) => json!(flag),
        Cell::Text(text) => json!(text),
    }
}

/// A line of names, then a line for each row. What is absent is an empty field; text is made printable.
///
/// # Errors
/// Where `out` cannot be written.
pub fn csv(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(answer.columns().into_iter().map(printable))?;
    for place in 0..answer.rows() {
        writer.write_record(answer.row(place).into_iter().map(csv_of))?;
    }
    writer.flush()
}

fn csv_of(cell: Cell) -> String {
    match cell {
        Cell::Absent => String::new(),
        Cell::Whole(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Text(text) => printable(&text),
    }
}
