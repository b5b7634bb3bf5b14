//! Lines on a terminal, redrawn where they stand: below everything that was printed before, above nothing.
//!
//! The cursor rests at the start of the first line. So the terminal itself keeps track of where that is, also when its size
//! changes and lines are broken anew: whatever has become of the rest, it is all below the cursor and can be erased.

use std::fmt::Write;

use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier};
use ratatui_core::text::Line;

/// To the start of the line, and nothing from there on.
pub const ERASE: &str = "\r\x1b[J";
const UP: char = 'A';
const DOWN: char = 'B';
const RIGHT: char = 'C';

/// Knows what stands on the terminal. Writes nothing itself: it says what has to be written.
#[derive(Debug)]
pub struct Painter {
    shown: Option<Buffer>,
    has_colours: bool,
}

impl Painter {
    /// Nothing stands there yet.
    pub const fn new(has_colours: bool) -> Self {
        Self { shown: None, has_colours }
    }

    /// Shows these lines instead of what stands there, on a terminal so wide.
    pub fn paint(&mut self, lines: &[Line<'_>], columns: u16) -> String {
        let area = Rect::new(0, 0, columns, lines.len() as u16);
        let mut next = Buffer::empty(area);
        for (y, line) in (0..).zip(lines) {
            next.set_line(0, y, line, columns);
        }
        let mut out = String::new();
        let before = match self.shown.take() {
            Some(shown) if shown.area == area => shown,
            shown => {
                out.push_str(if shown.is_some() { ERASE } else { "\r" });
                let below = usize::from(area.height.saturating_sub(1));
                out.push_str(&"\n".repeat(below));
                go(&mut out, below as u16, UP);
                Buffer::empty(area)
            }
        };
        self.write_changes(&before, &next, &mut out);
        self.shown = Some(next);
        out
    }

    /// Says something above what stands there.
    pub fn above(&mut self, text: &str) -> String {
        let shown = self.shown.take();
        let mut out = format!("{}{text}\n", if shown.is_some() { ERASE } else { "" });
        if let Some(shown) = shown {
            let below = shown.area.height.saturating_sub(1);
            out.push_str(&"\n".repeat(below.into()));
            go(&mut out, below, UP);
            self.write_changes(&Buffer::empty(shown.area), &shown, &mut out);
            self.shown = Some(shown);
        }
        out
    }

    /// Takes away what stands there.
    pub fn erase(&mut self) -> &'static str {
        if self.shown.take().is_some() { ERASE } else { "" }
    }

    /// Forgets what stands there: somebody else has taken it away.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    fn write_changes(&self, before: &Buffer, next: &Buffer, out: &mut String) {
        // Where the cursor is, and in what style it writes.
        let (mut row, mut column) = (0, 0);
        let mut style = String::new();
        for (x, y, cell) in before.diff_iter(next) {
            if (x, y) != (column, row) {
                out.push('\r');
                go(out, y - row, DOWN);
                go(out, x, RIGHT);
            }
            let wanted = self.style(cell);
            if wanted != style {
                out.push_str("\x1b[0m");
                out.push_str(&wanted);
                style = wanted;
            }
            out.push_str(cell.symbol());
            (row, column) = (y, x + 1);
        }
        if !style.is_empty() {
            out.push_str("\x1b[0m");
        }
        out.push('\r');
        go(out, row, UP);
    }

    /// What a terminal has to be told to write like this; nothing where it writes as ever.
    pub fn style(&self, cell: &Cell) -> String {
        let colour = match cell.fg {
            _ if !self.has_colours => None,
            Color::Red => Some("31"),
            Color::Green => Some("32"),
            Color::Yellow => Some("33"),
            Color::Magenta => Some("35"),
            Color::Cyan => Some("36"),
            _ => None,
        };
        let weight = |modifier, code| cell.modifier.contains(modifier).then_some(code);
        let codes = [weight(Modifier::BOLD, "1"), weight(Modifier::DIM, "2"), colour];
        let codes: Vec<&str> = codes.into_iter().flatten().collect();
        if codes.is_empty() { String::new() } else { format!("\x1b[{}m", codes.join(";")) }
    }
}

/// Moves the cursor by so many rows or columns.
fn go(out: &mut String, by: u16, direction: char) {
    if by > 0 {
        // Writing to a string cannot fail.
        let _ = write!(out, "\x1b[{by}{direction}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui_core::style::Style;
    use ratatui_core::text::Span;

    fn lines(texts: &[&'static str]) -> Vec<Line<'static>> {
        texts.iter().map(|text| Line::from(*text)).collect()
    }

    #[test]
    fn only_what_has_changed_is_written() {
        let mut painter = Painter::new(true);
        assert_eq!(painter.paint(&lines(&["ab", "cd"]), 10), "\r\n\x1b[1Aab\r\x1b[1Bcd\r\x1b[1A");
        assert_eq!(painter.paint(&lines(&["ab", "cx"]), 10), "\r\x1b[1B\x1b[1Cx\r\x1b[1A");
        assert_eq!(painter.paint(&lines(&["ab", "cx"]), 10), "\r");
    }

    #[test]
    fn another_size_is_drawn_anew() {
        let mut painter = Painter::new(true);
        painter.paint(&lines(&["ab", "cd"]), 10);
        assert_eq!(painter.paint(&lines(&["ab", "cd"]), 1), "\r\x1b[J\n\x1b[1Aa\r\x1b[1Bc\r\x1b[1A");
    }

    #[test]
    fn what_is_said_above_leaves_the_rest_below() {
        let mut painter = Painter::new(true);
        assert_eq!(painter.above("first"), "first\n");
        painter.paint(&lines(&["ab", "cd"]), 10);
        assert_eq!(painter.above("second"), "\r\x1b[Jsecond\n\n\x1b[1Aab\r\x1b[1Bcd\r\x1b[1A");
        assert_eq!((painter.erase(), painter.erase()), ("\r\x1b[J", ""));
    }

    #[test]
    fn colours_can_be_left_out() {
        let red = Span::styled("a", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        let line = [Line::from(vec![red, Span::raw("b")])];
        assert_eq!(Painter::new(true).paint(&line, 10), "\r\x1b[0m\x1b[1;31ma\x1b[0mb\r");
        assert_eq!(Painter::new(false).paint(&line, 10), "\r\x1b[0m\x1b[1ma\x1b[0mb\r");
    }
}
