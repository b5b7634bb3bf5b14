//! The tokens that the text format and selectors have in common: names, and values in quotes.

use std::borrow::Cow;

/// A text that is read from its start.
pub struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// Of a whole text.
    pub const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What is not read yet.
    pub const fn rest(&self) -> &'a str {
        self.rest
    }

    /// Passes over blanks.
    pub fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// Passes over a sign, if it comes next behind blanks.
    pub fn take(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A name of a metric or a label: letters, digits, `_` and `:`, no digit in front. Empty where there is none.
    pub fn name(&mut self) -> &'a str {
        self.skip_blanks();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let end = if self.rest.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { end };
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// A value in quotes of either kind, in which `\\`, `\n` and the quote are escaped by `\`. Nothing where it has no end.
    pub fn quoted(&mut self) -> Option<Cow<'a, str>> {
        self.skip_blanks();
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let inside = &self.rest[1..];
        let mut value = Cow::Borrowed("");
        let mut from = 0;
        loop {
            let at = from + inside[from..].find([quote, '\\'])?;
            value += &inside[from..at];
            if inside[at..].starts_with(quote) {
                self.rest = &inside[at + 1..];
                return Some(value);
            }
            let escaped = inside[at + 1..].chars().next()?;
            from = at + 1 + escaped.len_utf8();
            match escaped {
                'n' => value.to_mut().push('\n'),
                '\\' | '"' | '\'' => value.to_mut().push(escaped),
                // What is no escape is as it stands.
                other => value.to_mut().extend(['\\', other]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_read_one_after_another() {
        let mut scan = Scan::new(r#" http:total {path = "a\"b\\c\nd\w,=}" } 1"#);
        assert_eq!(scan.name(), "http:total");
        assert!(scan.take("{"));
        assert_eq!(scan.name(), "path");
        assert!(scan.take("=") && !scan.take("="));
        assert_eq!(scan.quoted().as_deref(), Some("a\"b\\c\nd\\w,=}"));
        assert!(scan.take("}"));
        assert_eq!(scan.rest(), " 1");
        assert_eq!(Scan::new("1a").name(), "");
        for open in ["\"abc", "\"abc\\", "abc", ""] {
            assert_eq!(Scan::new(open).quoted(), None, "{open}");
        }
    }
}
