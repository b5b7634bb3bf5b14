//! The tokens of JavaScript: enough of them that no string, comment or pattern is taken for anything else.

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A name or a word of the language.
    Word(String),
    /// A number.
    Number(f64),
    /// `'…'`, `"…"`, or the pieces of a template.
    Text(Vec<Piece>),
    /// Anything else; one of several characters where it would mean something else in pieces.
    Sign(&'static str),
    /// `/…/`, a sign that nobody looks for.
    Other,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    /// What stands for itself.
    Plain(String),
    /// `${…}`: what is inside, as it is written.
    Expression(String),
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// From 1.
    pub(crate) line: usize,
    /// Bytes of the source.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether it is the first of its line.
    pub(crate) begins_line: bool,
}

/// Longer ones first.
const SIGNS: [&str; 34] = [
    "...", "===", "!==", "=>", "||", "&&", "??", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "?.", "{", "}", "(",
    ")", "[", "]", ",", ";", ":", ".", "=", "+", "-", "*", "/", "<", ">", "?",
];

/// The tokens of a source, as far as it can be read: what is never closed ends with it.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { source, at: 0, line: 1, tokens: Vec::new(), begins_line: true };
    while lexer.one() {}
    lexer.tokens
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
    begins_line: bool,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// Goes on by so many bytes.
    fn skip(&mut self, length: usize) {
        let newlines = self.rest()[..length].matches('\n').count();
        self.line += newlines;
        self.begins_line |= newlines > 0;
        self.at += length;
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let (line, start) = (self.line, self.at);
        let begins_line = std::mem::take(&mut self.begins_line);
        self.skip(length);
        self.begins_line = false;
        self.tokens.push(Token { kind, line, start, end: self.at, begins_line });
    }

    /// Reads one token, or what stands between two; `false` at the end.
    fn one(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        if first.is_whitespace() || first == '\u{feff}' {
            self.skip(first.len_utf8());
        } else if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(rest.find("*/").map_or(rest.len(), |at| at + 2));
        } else if first.is_alphabetic() || matches!(first, '_' | '$' | '#') {
            let length =
                rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$' | '#')).unwrap_or(rest.len());
            self.push(Kind::Word(rest[..length].to_owned()), length);
        } else if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let (number, length) = number(rest);
            self.push(number.map_or(Kind::Other, Kind::Number), length);
        } else if matches!(first, '\'' | '"') {
            let (text, length) = quoted(rest, first);
            self.push(Kind::Text(vec![Piece::Plain(text)]), length);
        } else if first == '`' {
            let (pieces, length) = template(rest);
            self.push(Kind::Text(pieces), length);
        } else if first == '/' && self.pattern_may_begin() {
            self.push(Kind::Other, pattern(rest));
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            self.push(Kind::Sign(sign), sign.len());
        } else {
            self.push(Kind::Other, first.len_utf8());
        }
        true
    }

    /// Whether a `/` here begins a pattern: behind a value it divides.
    fn pattern_may_begin(&self) -> bool {
        match self.tokens.last().map(|token| &token.kind) {
            Some(Kind::Word(word)) => matches!(word.as_str(), "return" | "typeof" | "case" | "in" | "of"),
            Some(Kind::Number(_) | Kind::Text(_) | Kind::Sign(")" | "]" | "}") | Kind::Other) => false,
            Some(Kind::Sign(_)) | None => true,
        }
    }
}

/// A number with its length: decimal, `0x…`, `0o…`, `0b…`, with `_` between digits.
fn number(text: &str) -> (Option<f64>, usize) {
    let is_hex = text.starts_with("0x") || text.starts_with("0X");
    let mut before = ' ';
    let length = text
        .find(|c: char| {
            let signed = matches!(c, '+' | '-') && matches!(before, 'e' | 'E') && !is_hex;
            before = c;
            !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.') || signed)
        })
        .unwrap_or(text.len());
    let digits = text[..length].replace('_', "").to_ascii_lowercase();
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)];
    let number = match radix.iter().find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix))) {
        Some((digits, radix)) => u64::from_str_radix(digits, radix).ok().map(|number| number as f64),
        None => digits.parse().ok().filter(|number: &f64| number.is_finite()),
    };
    (number, length)
}

/// How long `/…/flags` is; a sign alone where its line does not close it.
fn pattern(text: &str) -> usize {
    let mut is_class = false;
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\n' => break,
            '\\' => drop(characters.next()),
            '[' => is_class = true,
            ']' => is_class = false,
            '/' if !is_class => {
                let flags = text[at + 1..].find(|c: char| !c.is_ascii_alphabetic());
                return flags.map_or(text.len(), |length| at + 1 + length);
            }
            _ => {}
        }
    }
    1
}

/// What stands between two quotes, and how long it is with them.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut inside = String::new();
    let mut at = 1;
    while let Some(c) = text[at..].chars().next() {
        at += c.len_utf8();
        match c {
            '\\' => at += escape(&text[at..], &mut inside),
            _ if c == quote => break,
            // A quote that is never closed ends with its line: the others are still read.
            '\n' => return (inside, at - 1),
            _ => inside.push(c),
        }
    }
    (inside, at)
}

/// Adds what an escape stands for, its backslash read already; a line that goes on is nothing. Returns its length.
fn escape(text: &str, inside: &mut String) -> usize {
    let Some(kind) = text.chars().next() else { return 0 };
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    let code = |from: usize, length: usize| {
        let digits = text.get(from..from + length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        digits.map_or(('\u{fffd}', from), |digits| (hex(digits), from + length))
    };
    let (c, length) = match kind {
        '\n' => return 1,
        'n' => ('\n', 1),
        't' => ('\t', 1),
        'r' => ('\r', 1),
        'b' => ('\u{8}', 1),
        'f' => ('\u{c}', 1),
        'v' => ('\u{b}', 1),
        '0' => ('\0', 1),
        'x' => code(1, 2),
        'u' if text[1..].starts_with('{') => {
            let length = text[2..].find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len() - 2);
            let closed = usize::from(text[2 + length..].starts_with('}'));
            (hex(&text[2..2 + length]), 2 + length + closed)
        }
        'u' => code(1, 4),
        _ => (kind, kind.len_utf8()),
    };
    inside.push(c);
    length
}

/// A template, and how long it is.
fn template(text: &str) -> (Vec<Piece>, usize) {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 1;
    while let Some(c) = text[at..].chars().next() {
        at += c.len_utf8();
        match c {
            '\\' => at += escape(&text[at..], &mut plain),
            '`' => break,
            '$' if text[at..].starts_with('{') => {
                let length = expression_length(&text[at + 1..]);
                if !plain.is_empty() {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Expression(text[at + 1..at + 1 + length].trim().to_owned()));
                at = (at + 2 + length).min(text.len());
            }
            _ => plain.push(c),
        }
    }
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    (pieces, at)
}

/// How long it is until the `}` that closes `${`, in bytes.
fn expression_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote: Option<char> = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return at,
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(source: &str) -> Vec<Kind> {
        tokens(source).into_iter().map(|token| token.kind).collect()
    }

    fn plain(text: &str) -> Kind {
        Kind::Text(vec![Piece::Plain(text.to_owned())])
    }

    #[test]
    fn strings_comments_and_patterns_are_what_they_are() {
        assert_eq!(kinds("'a\\'b' // 'c\n/* \" */ \"\\u0041\\x42\\u{43}\""), [plain("a'b"), plain("ABC")]);
        assert_eq!(
            kinds("x = /['\"]/.y"),
            [Kind::Word("x".to_owned()), Kind::Sign("="), Kind::Other, Kind::Sign("."), Kind::Word("y".to_owned())]
        );
        assert_eq!(kinds("4 / 2"), [Kind::Number(4.0), Kind::Sign("/"), Kind::Number(2.0)]);
        assert_eq!(kinds("0x10 1_000 1.5e-3 .5"), [16.0, 1000.0, 0.0015, 0.5].map(Kind::Number));
    }

    #[test]
    fn a_template_is_its_pieces() {
        let expression = |text: &str| Piece::Expression(text.to_owned());
        assert_eq!(
            kinds("`${BASE}/a/${ f({ x: '}' }) }\\n`"),
            [Kind::Text(vec![
                expression("BASE"),
                Piece::Plain("/a/".to_owned()),
                expression("f({ x: '}' })"),
                Piece::Plain("\n".to_owned())
            ])]
        );
        assert_eq!(kinds("``"), [plain("")]);
    }

    #[test]
    fn every_token_knows_its_line() {
        let lines: Vec<usize> = tokens("a\n`x\ny` b /*\n*/ 'c'").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn no_source_makes_it_panic(source in "([\\PC\n]|[`'\"/\\\\{}$*ux0-9.])*") {
            let mut end = 0;
            for token in tokens(&source) {
                prop_assert!(token.start >= end && token.end > token.start, "{token:?}");
                end = token.end;
            }
        }
    }
}
