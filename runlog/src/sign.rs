//! The signs of comparison: `==`, `!=`, `<`, `<=`, `>`, `>=`.

use std::fmt;

/// A sign of comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `==`
    Equal,
    /// `!=`
    Different,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Sign {
    /// Every sign as it is written; the longer ones first, since `<=` begins with `<`.
    pub const ALL: [(&'static str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::Different),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("<", Self::Below),
        (">", Self::Above),
    ];

    /// The sign at the start of a text, and what follows it.
    pub fn split(text: &str) -> Option<(Self, &str)> {
        let text = text.trim_start();
        Self::ALL.iter().find_map(|&(sign, value)| Some((value, text.strip_prefix(sign)?.trim())))
    }

    /// Whether two values compare so.
    pub fn holds<T: PartialOrd + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Different => left != right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Above => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, sign)| sign == self).map_or("", |(text, _)| text))
    }
}
