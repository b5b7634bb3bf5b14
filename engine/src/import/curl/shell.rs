//! Lines of a shell, taken apart into commands and their words. Nothing is expanded.

use super::super::Wrong;

/// A command with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// Without their quotes.
    pub(super) words: Vec<String>,
    /// Whether a shell would have put the value of a variable somewhere.
    pub(super) has_variables: bool,
}

/// The commands of a text: one to a line, or with `;`, `|` or `&` between them; `\` at the end of a line carries on.
///
/// # Errors
/// Where a quote is never closed.
pub(super) fn commands(text: &str) -> Result<Vec<Command>, Wrong> {
    let text = text.replace("\r\n", "\n");
    let mut splitter = Splitter { rest: &text, line: 1, begun: 1, piece: String::new(), has_variables: false };
    let mut commands = Vec::new();
    while splitter.one(&mut commands)? {}
    Ok(commands)
}

struct Splitter<'a> {
    rest: &'a str,
    line: usize,
    /// Where the piece begins.
    begun: usize,
    /// What is read of a command so far, in a form that `shlex` splits as a shell would.
    piece: String,
    has_variables: bool,
}

impl Splitter<'_> {
    /// Reads on to the end of one part; `false` at the end of the text.
    fn one(&mut self, commands: &mut Vec<Command>) -> Result<bool, Wrong> {
        let Some(first) = self.rest.chars().next() else {
            self.finish(commands)?;
            return Ok(false);
        };
        if self.piece.trim().is_empty() {
            self.begun = self.line;
        }
        let at_word = self.piece.is_empty() || self.piece.ends_with(char::is_whitespace);
        let second = self.rest[first.len_utf8()..].chars().next();
        match first {
            '\\' if second == Some('\n') => self.skip(2),
            '\\' => {
                let length = 1 + second.map_or(0, char::len_utf8);
                self.take(length);
            }
            '\'' | '"' => self.quoted(first)?,
            '$' if second == Some('\'') => self.ansi_quoted()?,
            '#' if at_word => {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.skip(end);
            }
            '\n' => {
                self.finish(commands)?;
                self.skip(1);
            }
            // Within a word it is part of a URL that somebody forgot to put into quotes.
            ';' | '|' | '&' if at_word || second.is_none_or(char::is_whitespace) => {
                self.finish(commands)?;
                self.skip(1);
            }
            _ => {
                self.has_variables |= first == '$' && second.is_some_and(begins_name);
                self.take(first.len_utf8());
            }
        }
        Ok(true)
    }

    fn finish(&mut self, commands: &mut Vec<Command>) -> Result<(), Wrong> {
        let words = shlex::split(&self.piece).ok_or_else(|| Wrong::new(self.begun, "a quote is never closed"))?;
        if !words.is_empty() {
            commands.push(Command { line: self.begun, words, has_variables: self.has_variables });
        }
        self.piece.clear();
        self.has_variables = false;
        Ok(())
    }

    /// Moves so many bytes into the piece.
    fn take(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.piece.push_str(taken);
        self.line += taken.matches('\n').count();
        self.rest = rest;
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }

    /// `'…'` or `"…"`, as it stands.
    fn quoted(&mut self, quote: char) -> Result<(), Wrong> {
        let mut characters = self.rest.char_indices().skip(1);
        let mut before = ' ';
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' if quote == '"' => drop(characters.next()),
                _ if c == quote => {
                    self.take(at + 1);
                    return Ok(());
                }
                _ => self.has_variables |= quote == '"' && before == '$' && begins_name(c),
            }
            before = c;
        }
        Err(Wrong::new(self.line, format!("the quote {quote} is never closed")))
    }

    /// `$'…'`, which browsers write where a body holds what ordinary quotes cannot.
    fn ansi_quoted(&mut self) -> Result<(), Wrong> {
        let line = self.line;
        let mut decoded = String::new();
        let mut rest = self.rest[2..].char_indices();
        loop {
            match rest.next().ok_or_else(|| Wrong::new(line, "the quote $' is never closed"))? {
                (at, '\'') => {
                    self.skip(2 + at + 1);
                    self.piece.push('\'');
                    self.piece.push_str(&decoded.replace('\'', "'\\''"));
                    self.piece.push('\'');
                    return Ok(());
                }
                (_, '\\') => decoded.extend(escape(&mut rest)),
                (_, c) => decoded.push(c),
            }
        }
    }
}

fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '(')
}

/// What an escape of `$'…'` stands for, its backslash read already.
fn escape(rest: &mut std::str::CharIndices<'_>) -> Option<char> {
    let (_, kind) = rest.next()?;
    let mut number = |radix: u32, most: usize| {
        let digits: String = rest.as_str().chars().take(most).take_while(|c| c.is_digit(radix)).collect();
        rest.by_ref().take(digits.len()).for_each(drop);
        u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32).or(Some(char::REPLACEMENT_CHARACTER))
    };
    match kind {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'e' => Some('\u{1b}'),
        'f' => Some('\u{c}'),
        'v' => Some('\u{b}'),
        '0' => number(8, 3).filter(|c| *c != char::REPLACEMENT_CHARACTER).or(Some('\0')),
        'x' => number(16, 2),
        'u' => number(16, 4),
        'U' => number(16, 8),
        _ => Some(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, String)> {
        let commands = commands(text).expect(text);
        commands.into_iter().map(|command| (command.line, command.words.join("|"))).collect()
    }

    #[test]
    fn words_are_what_a_shell_makes_of_them() {
        let text = "# one\ncurl 'a b' \\\n  -H \"x: \\\"y\\\"\" http://h/?a=1&b=2 | jq .\n\n  curl $'it\\'s\\u0021\\n'; curl c";
        assert_eq!(
            of(text),
            [
                (2, "curl|a b|-H|x: \"y\"|http://h/?a=1&b=2".to_owned()),
                (3, "jq|.".to_owned()),
                (5, "curl|it's!\n".to_owned()),
                (5, "curl|c".to_owned()),
            ]
        );
    }

    #[test]
    fn an_open_quote_is_told_with_its_line() {
        for text in ["curl\n'a", "curl\n\"a\\\"", "curl\n$'a\\'"] {
            assert_eq!(commands(text).expect_err(text).line, Some(2), "{text}");
        }
    }

    #[test]
    fn variables_of_the_shell_are_noticed() {
        let has = |text: &str| commands(text).expect(text)[0].has_variables;
        assert!(has("curl $HOST/") && has("curl \"${HOST}/\"") && has("curl \"x $(id)\""));
        assert!(!has("curl '$HOST'") && !has("curl \\$HOST") && !has("curl a$"));
    }
}
