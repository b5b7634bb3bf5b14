//! How results are shown: a table, as aligned text for the terminal and as Markdown for the record.

use std::fmt::Write;

use crate::statistics::Spread;

/// A table: the first column is words, the others are numbers.
#[derive(Debug, Clone)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { head: head.map(str::to_owned).into(), rows: Vec::new() }
    }

    /// Adds a row, which has as many fields as the table has columns.
    pub fn push(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.head.len(), "a row has a field for each column");
        self.rows.push(row);
    }

    /// As aligned text.
    pub fn text(&self) -> String {
        let line = |fields: &[String]| {
            let padded = fields.iter().enumerate().map(|(column, field)| self.padded(column, field));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        self.lines().map(|fields| line(fields)).collect()
    }

    /// As a Markdown table.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (number, fields) in self.lines().enumerate() {
            let padded: Vec<String> =
                fields.iter().enumerate().map(|(column, field)| self.padded(column, field)).collect();
            let _ = writeln!(text, "| {} |", padded.join(" | "));
            if number == 0 {
                let rules = (0..self.head.len()).map(|column| {
                    let rule = "-".repeat(self.width(column).max(2) - usize::from(column > 0));
                    if column == 0 { rule } else { rule + ":" }
                });
                let _ = writeln!(text, "| {} |", rules.collect::<Vec<_>>().join(" | "));
            }
        }
        text
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.head).chain(&self.rows)
    }

    fn width(&self, column: usize) -> usize {
        self.lines().map(|fields| fields[column].chars().count()).max().unwrap_or(0)
    }

    fn padded(&self, column: usize, field: &str) -> String {
        let width = self.width(column);
        if column == 0 { format!("{field:<width$}") } else { format!("{field:>width$}") }
    }
}

/// A figure in a table, which may be missing.
pub struct Cell(pub Option<Spread>);

impl Cell {
    /// Middle, least and greatest.
    pub fn spread(&self, places: usize) -> String {
        self.0.map_or_else(|| "–".to_owned(), |spread| format!("{spread:.places$}"))
    }

    /// The middle only.
    pub fn median(&self, places: usize) -> String {
        self.0.map_or_else(|| "–".to_owned(), |spread| format!("{:.places$}", spread.median))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["client", "µs"]);
        table.push(vec!["a".to_owned(), "12.5".to_owned()]);
        table.push(vec!["longer".to_owned(), "7.0".to_owned()]);
        table
    }

    #[test]
    fn words_stand_left_and_numbers_right() {
        assert_eq!(table().text(), "client    µs\na       12.5\nlonger   7.0\n");
    }

    #[test]
    fn markdown_is_a_table_that_reads_as_text_too() {
        let expected = "| client |   µs |\n| ------ | ---: |\n| a      | 12.5 |\n| longer |  7.0 |\n";
        assert_eq!(table().markdown(), expected);
    }
}
