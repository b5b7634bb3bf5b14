//! Charts: a sparkline for each line, with the ends of its values beside it.

use std::io::{self, Write};

use runlog::text::printable;
use runlog::units::{Bytes, Nanos};
use unicode_width::UnicodeWidthStr;

use super::fit::{elided, left, right};
use super::sparkline::Sparkline;
use super::style::Style;
use super::{GAP, Terminal, USUAL_WIDTH};
use crate::render::value::shown;
use crate::section::{Axis, Chart, Line, Mark, Unit, Value};

/// Names have this many columns at least, and figures these, so that charts below each other are aligned.
const NAME: usize = 9;
const FIGURE: usize = 8;
/// The headings of the figures.
const ENDS: [&str; 2] = ["lowest", "highest"];

/// A line as it is shown.
struct Row {
    name: String,
    marks: String,
    ends: [String; 2],
}

impl Terminal {
    /// The lines of a chart; nothing where it has none that have values in some order.
    pub(super) fn chart(&self, chart: &Chart, out: &mut dyn Write) -> io::Result<()> {
        let lines: Vec<&Line> = chart.lines.iter().filter(|line| line.mark != Mark::Points).collect();
        let width = self.width.unwrap_or(USUAL_WIDTH);
        let name = widest(lines.iter().map(|line| printable(&line.name).width())).clamp(NAME, NAME.max(width / 3));
        let figure = FIGURE + GAP.len();
        let most = width.saturating_sub(name + GAP.len() + 2 * figure);
        let rows: Vec<Row> = lines.iter().filter_map(|line| row(line, chart.unit, most)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let marks = widest(rows.iter().map(|row| row.marks.width()));
        let heading = left(&elided(&heading(chart), name + GAP.len() + marks), name + GAP.len() + marks);
        let heading = format!("{heading}{}", ENDS.map(|end| right(end, figure)).concat());
        writeln!(out, "{}", self.paint(Style::Faint, heading.trim_end()))?;
        for row in rows {
            let marks = self.paint(Style::Drawn, &left(&row.marks, marks));
            let ends = row.ends.map(|end| right(&end, figure)).concat();
            writeln!(out, "{}{GAP}{marks}{ends}", left(&elided(&row.name, name), name))?;
        }
        Ok(())
    }
}

fn widest(widths: impl Iterator<Item = usize>) -> usize {
    widths.max().unwrap_or(0)
}

fn row(line: &Line, unit: Unit, most: usize) -> Option<Row> {
    let Sparkline { marks, lowest, highest } = Sparkline::new(&line.values, unit, most)?;
    Some(Row { name: printable(&line.name), marks, ends: [lowest, highest].map(|value| in_unit(value, unit)) })
}

/// The title, and what time is looked at.
fn heading(chart: &Chart) -> String {
    let title = printable(&chart.title);
    match &chart.axis {
        Axis::Time(at) => match (at.first(), at.last()) {
            (Some(first), Some(last)) if first < last => format!("{title}, {first} – {last}"),
            _ => title,
        },
        Axis::Amount { of, values } => match (values.first(), values.last()) {
            (Some(first), Some(last)) if first < last => {
                let [first, last] = [first, last].map(|end| shown(&Value::Number(*end)));
                format!("{title}, {first} – {last} {}", printable(of))
            }
            _ => title,
        },
        Axis::Percentile(_) | Axis::Rate(_) => title,
    }
}

/// A value of a chart as people read it.
fn in_unit(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Time => shown(&Value::Time(Nanos(value.round() as u64))),
        Unit::PerSecond => shown(&Value::per_second(value)),
        Unit::Count | Unit::Number => shown(&Value::Number(value)),
        Unit::Share => shown(&Value::Share(value)),
        Unit::Bytes => shown(&Value::Bytes(Bytes(value.round() as u64))),
        Unit::BytesPerSecond => format!("{}/s", Bytes(value.round() as u64)),
    }
}
