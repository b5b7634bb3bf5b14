//! Tables: columns aligned, names cut where they are too long, and a table in pieces where its columns do not fit beside each
//! other.

use std::collections::HashSet;
use std::io::{self, Write};
use std::ops::Range;

use runlog::text::printable;
use unicode_width::UnicodeWidthStr;

use super::fit::{elided, left, right};
use super::style::Style;
use super::{GAP, Terminal};
use crate::render::value::shown;
use crate::section::{Kind, Row, Table, Value};

/// Names are not cut shorter than this; nor so short that two of them look the same.
const SHORTEST_NAME: usize = 12;

impl Terminal {
    pub(super) fn table(&self, table: &Table, out: &mut dyn Write) -> io::Result<()> {
        let set = Set::new(table);
        for (place, columns) in set.pieces(self.width.unwrap_or(usize::MAX)).into_iter().enumerate() {
            if place > 0 {
                writeln!(out)?;
            }
            self.piece(&set, &columns, out)?;
        }
        Ok(())
    }

    /// Some columns of a table, below each other.
    fn piece(&self, set: &Set<'_>, columns: &[usize], out: &mut dyn Write) -> io::Result<()> {
        let widths = set.fitted(columns, self.width.unwrap_or(usize::MAX));
        let line = |cells: &[String]| {
            let aligned = columns.iter().zip(&widths).map(|(&column, &width)| {
                let cell = elided(&cells[column], width);
                match set.table.columns[column].kind {
                    Kind::Name => left(&cell, width),
                    Kind::Number => right(&cell, width),
                }
            });
            aligned.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
        };
        writeln!(out, "{}", self.paint(Style::Faint, &line(&set.titles)))?;
        for (row, cells) in set.table.rows.iter().zip(&set.cells) {
            writeln!(out, "{}", self.paint(style_of(row), &line(cells)))?;
        }
        Ok(())
    }
}

fn style_of(row: &Row) -> Style {
    match (row.cells.first(), row.is_total) {
        (Some(Value::Passed(true)), _) => Style::Good,
        (Some(Value::Passed(false)), _) => Style::Bad,
        (_, true) => Style::Heading,
        _ => Style::Plain,
    }
}

/// A table as text, with what its columns take.
struct Set<'t> {
    table: &'t Table,
    titles: Vec<String>,
    cells: Vec<Vec<String>>,
    /// The width of each column where nothing is cut.
    whole: Vec<usize>,
}

impl<'t> Set<'t> {
    fn new(table: &'t Table) -> Self {
        let cells: Vec<Vec<String>> = table.rows.iter().map(|row| row.cells.iter().map(shown).collect()).collect();
        let titles: Vec<String> = table.columns.iter().map(|column| printable(&column.title)).collect();
        let mut whole: Vec<usize> = titles.iter().map(|title| title.width()).collect();
        for row in &cells {
            for (width, cell) in whole.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        Self { table, titles, cells, whole }
    }

    /// The columns of each piece that the table is shown in: all in one where they fit, and else as many as do, behind those
    /// that say what a row is of.
    fn pieces(&self, most: usize) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.whole.len()).collect();
        let least: Vec<usize> = all.iter().map(|&column| self.least(column, most)).collect();
        if total(&least) <= most {
            return vec![all];
        }
        let leading = self.leading(&least, most);
        let others = leading..all.len();
        let as_wide_as_fits = ranges(&least, others.clone(), leading, most, usize::MAX);
        // Pieces of about as many columns each look better than a last one of a single column.
        let even = others.len().div_ceil(as_wide_as_fits.len().max(1));
        let evenly = ranges(&least, others, leading, most, even);
        let chosen = if evenly.len() == as_wide_as_fits.len() { evenly } else { as_wide_as_fits };
        let with_leading = |columns: Range<usize>| (0..leading).chain(columns).collect();
        if chosen.is_empty() { vec![all] } else { chosen.into_iter().map(with_leading).collect() }
    }

    /// How many columns say what a row is of, and are shown in every piece: names at the left, as far as they leave half of
    /// the room to others.
    fn leading(&self, least: &[usize], most: usize) -> usize {
        let names = self.table.columns.iter().take_while(|column| column.kind == Kind::Name).count();
        let fitting = (1..=names).take_while(|&columns| total(&least[..columns]) <= most / 2).last();
        fitting.unwrap_or(1)
    }

    /// How narrow a column may become before a table is better shown in pieces.
    fn least(&self, column: usize, most: usize) -> usize {
        let whole = self.whole[column];
        if self.table.columns[column].kind == Kind::Number {
            return whole;
        }
        let names: HashSet<&str> = self.cells.iter().map(|cells| cells[column].as_str()).collect();
        let are_told_apart = |width: &usize| {
            let cut: HashSet<String> = names.iter().map(|name| elided(name, *width)).collect();
            cut.len() == names.len()
        };
        let half = (most / 2).max(SHORTEST_NAME);
        let widths = (SHORTEST_NAME..half).step_by(4);
        widths.take_while(|&width| width < whole).find(are_told_apart).unwrap_or(half).min(whole)
    }

    /// The widths of columns that fit beside each other: what is too much is taken from the widest names, and only where
    /// those are as narrow as can be, from whatever is the widest.
    fn fitted(&self, columns: &[usize], most: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = columns.iter().map(|&column| self.whole[column]).collect();
        if total(&widths) <= most {
            return widths;
        }
        let least: Vec<usize> = columns.iter().map(|&column| self.least(column, most)).collect();
        narrow(&mut widths, &least, most);
        narrow(&mut widths, &vec![1; columns.len()], most);
        widths
    }
}

/// The width of columns beside each other.
fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
}

/// Neighbouring columns that fit behind the leading ones, and no more than so many of them.
fn ranges(least: &[usize], of: Range<usize>, leading: usize, most: usize, most_columns: usize) -> Vec<Range<usize>> {
    let room = most.saturating_sub(total(&least[..leading]));
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for column in of {
        match ranges.last_mut() {
            Some(range) if range.len() < most_columns && total(&least[range.start..=column]) + GAP.len() <= room => {
                range.end = column + 1;
            }
            _ => ranges.push(column..column + 1),
        }
    }
    ranges
}

/// Takes from the widest, none of which becomes narrower than its `least`, until they fit.
fn narrow(widths: &mut [usize], least: &[usize], most: usize) {
    while total(widths) > most {
        let can_give = widths.iter_mut().zip(least).filter(|(width, least)| **width > **least);
        match can_give.max_by_key(|(width, _)| **width) {
            Some((width, _)) => *width -= 1,
            None => return,
        }
    }
}
