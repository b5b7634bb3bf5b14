//! What a bench says at its end: sections of words and tables, for the terminal and as Markdown.

use std::fmt::Write;

use crate::table::Table;

/// What one experiment found.
#[derive(Debug)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// What was done, and what is aimed at.
    pub words: String,
    /// The figures.
    pub tables: Vec<Table>,
    /// What went wrong or was left out, a line each.
    pub remarks: Vec<String>,
}

impl Section {
    /// As text.
    pub fn text(&self) -> String {
        let tables: Vec<String> = self.tables.iter().map(Table::text).collect();
        self.written("", &tables)
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let tables: Vec<String> = self.tables.iter().map(Table::markdown).collect();
        self.written("## ", &tables)
    }

    fn written(&self, mark: &str, tables: &[String]) -> String {
        let mut text = format!("{mark}{}\n\n{}\n", self.title, self.words);
        for table in tables {
            let _ = write!(text, "\n{table}");
        }
        for (number, remark) in self.remarks.iter().enumerate() {
            let _ = writeln!(text, "{}- {remark}", if number == 0 { "\n" } else { "" });
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_words_tables_and_remarks() {
        let mut table = Table::new(["client", "µs"]);
        table.push(vec!["a".to_owned(), "1".to_owned()]);
        let (title, words) = ("Closed loop".to_owned(), "As fast as it goes.".to_owned());
        let section = Section { title, words, tables: vec![table], remarks: vec!["b failed".to_owned()] };
        let expected = "## Closed loop\n\nAs fast as it goes.\n\n\
                        | client | µs |\n| ------ | -: |\n| a      |  1 |\n\n- b failed\n";
        assert_eq!(section.markdown(), expected);
    }
}
