//! Text from outside, made fit for the eyes of a person.

use std::path::Path;

/// Text whose characters that command a terminal, or turn the direction of what follows, are written out: `\u{1b}`.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                safe.extend(c.escape_unicode());
            }
            c if c.is_control() => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
    }
    safe
}

/// A path on a single line: names of files may hold anything.
pub fn printable_path(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// A message of several lines: its line ends stay, and everything else is as in [`printable`].
pub fn printable_lines(message: &str) -> String {
    message.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// Words in lines of at most so many characters; one that is longer has a line for itself.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_a_line_goes_on_below() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one, unbreakable", 5), ["one,", "unbreakable"]);
        assert!(wrapped(" ", 5).is_empty());
    }

    #[test]
    fn what_would_command_a_terminal_is_written_out() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n\u{9b}c\u{202e}d"), "a\\u{1b}[2Jb\\r\\n\\u{9b}c\\u{202e}d");
        assert_eq!(printable("Größe → 5 µs"), "Größe → 5 µs");
    }

    #[test]
    fn a_path_is_a_single_line_and_a_message_has_as_many_as_it_had() {
        assert_eq!(printable_path(Path::new("a\n\u{1b}[1mb")), "a\\n\\u{1b}[1mb");
        assert_eq!(printable_lines("a\u{1b}[1m\n  b\rc\n"), "a\\u{1b}[1m\n  b\\rc");
    }
}
