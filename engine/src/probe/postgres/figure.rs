//! What is made of the rows of two answers, one after the other.

use std::cmp::Reverse;
use std::collections::HashMap;

use runlog::tags::Tags;

use super::super::Sample;
use super::super::increase::{increase, per_second};

/// An answer: rows of numbers, told apart by their tags.
#[derive(Debug, Default, PartialEq)]
pub struct Table {
    /// The names of the columns of numbers.
    pub columns: Vec<String>,
    /// Tags, and a number for each column; nothing where it is NULL.
    pub rows: Vec<(Tags, Vec<Option<f64>>)>,
}

/// What is made of columns.
#[derive(Debug, Clone, Copy)]
pub enum Figure<'a> {
    /// The number as it is.
    Level(&'a str),
    /// How much it grew, per second.
    PerSecond(&'a str),
    /// How much one grew for each that the other did.
    Ratio {
        /// The one above the line.
        part: &'a str,
        /// The one below.
        whole: &'a str,
    },
}

/// Which rows are told of.
#[derive(Debug, Clone, Copy)]
pub enum Kept<'a> {
    /// All of them.
    All,
    /// Those in which a column grew the most, and did grow.
    MostGrown {
        /// The column.
        column: &'a str,
        /// How many of them.
        rows: usize,
    },
}

impl Table {
    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

/// An answer, with the one before and the time between them where there was one.
pub struct Change<'t> {
    now: &'t Table,
    before: HashMap<&'t Tags, &'t [Option<f64>]>,
    seconds: Option<f64>,
}

impl<'t> Change<'t> {
    /// From one answer to the next.
    pub fn new(now: &'t Table, before: Option<(&'t Table, f64)>) -> Self {
        let rows = before.iter().flat_map(|(table, _)| &table.rows);
        Self {
            now,
            before: rows.map(|(tags, numbers)| (tags, numbers.as_slice())).collect(),
            seconds: before.map(|(_, seconds)| seconds),
        }
    }

    /// The figures of all rows that are told of.
    pub fn samples<'a>(&self, figures: &[(&'a str, Figure<'a>)], kept: Kept<'_>) -> Vec<Sample> {
        let mut samples = Vec::new();
        for row in self.kept(kept) {
            for (metric, figure) in figures {
                if let Some(value) = self.value(row, *figure).filter(|value| value.is_finite()) {
                    let tags = self.now.rows[row].0.clone();
                    samples.push(Sample { metric: (*metric).to_owned(), tags, value });
                }
            }
        }
        samples
    }

    /// The places of the rows that are told of.
    fn kept(&self, kept: Kept<'_>) -> Vec<usize> {
        let rows = 0..self.now.rows.len();
        let Kept::MostGrown { column, rows: most } = kept else { return rows.collect() };
        let grown = |row| Some((self.grown(row, column).filter(|grown| *grown > 0.0)?, row));
        let mut grown: Vec<(f64, usize)> = rows.filter_map(grown).collect();
        grown.sort_by_key(|&(grown, _)| Reverse(grown.to_bits()));
        grown.into_iter().take(most).map(|(_, row)| row).collect()
    }

    fn value(&self, row: usize, figure: Figure<'_>) -> Option<f64> {
        match figure {
            Figure::Level(column) => self.number(row, column),
            Figure::PerSecond(column) => per_second(self.grown(row, column)?, self.seconds?),
            Figure::Ratio { part, whole } => {
                let whole = self.grown(row, whole).filter(|whole| *whole > 0.0)?;
                Some(self.grown(row, part)? / whole)
            }
        }
    }

    fn number(&self, row: usize, column: &str) -> Option<f64> {
        self.now.rows[row].1[self.now.column(column)?]
    }

    /// How much a number grew. A row that is new has begun at zero.
    fn grown(&self, row: usize, column: &str) -> Option<f64> {
        self.seconds?;
        let before = self.before.get(&self.now.rows[row].0);
        let before = before.and_then(|numbers| numbers[self.now.column(column)?]).unwrap_or(0.0);
        Some(increase(before, self.number(row, column)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, [f64; 2])]) -> Table {
        let row = |&(query, numbers): &(&str, [f64; 2])| {
            (Tags::from([("query".to_owned(), query.to_owned())]), numbers.map(Some).to_vec())
        };
        Table { columns: vec!["calls".to_owned(), "total".to_owned()], rows: rows.iter().map(row).collect() }
    }

    fn told(samples: &[Sample]) -> Vec<(&str, &str, f64)> {
        samples.iter().map(|sample| (sample.metric.as_str(), sample.tags["query"].as_str(), sample.value)).collect()
    }

    const FIGURES: [(&str, Figure<'_>); 3] = [
        ("calls", Figure::Level("calls")),
        ("calls_per_s", Figure::PerSecond("calls")),
        ("mean", Figure::Ratio { part: "total", whole: "calls" }),
    ];

    #[test]
    fn the_first_answer_tells_levels_only() {
        let now = table(&[("a", [10.0, 100.0])]);
        let samples = Change::new(&now, None).samples(&FIGURES, Kept::All);
        assert_eq!(told(&samples), [("calls", "a", 10.0)]);
    }

    #[test]
    fn growth_is_from_one_answer_to_the_next() {
        let before = table(&[("a", [10.0, 100.0]), ("b", [5.0, 5.0])]);
        let now = table(&[("b", [5.0, 5.0]), ("a", [14.0, 108.0]), ("new", [2.0, 6.0])]);
        let samples = Change::new(&now, Some((&before, 2.0))).samples(&FIGURES[1..], Kept::All);
        let expected = [
            ("calls_per_s", "b", 0.0),
            ("calls_per_s", "a", 2.0),
            ("mean", "a", 2.0),
            ("calls_per_s", "new", 1.0),
            ("mean", "new", 3.0),
        ];
        assert_eq!(told(&samples), expected);
    }

    #[test]
    fn the_rows_that_grew_the_most_come_first() {
        let before = table(&[("a", [0.0, 100.0]), ("b", [0.0, 0.0]), ("c", [0.0, 3.0])]);
        let now = table(&[("a", [1.0, 105.0]), ("b", [1.0, 50.0]), ("c", [1.0, 3.0])]);
        let kept = Kept::MostGrown { column: "total", rows: 5 };
        let samples = Change::new(&now, Some((&before, 1.0))).samples(&FIGURES[1..2], kept);
        assert_eq!(told(&samples), [("calls_per_s", "b", 1.0), ("calls_per_s", "a", 1.0)]);
    }
}
