//! Text that fits into so many columns of a terminal. Some characters take two columns, and some none.

use unicode_width::UnicodeWidthStr;

/// A name that fits: its middle is left out, as names often differ at their end.
pub(super) fn elided(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let head = beginning(text, room.div_ceil(2));
    let tail = end(text, room / 2);
    format!("{head}…{tail}")
}

/// As much of the beginning as fits.
fn beginning(text: &str, width: usize) -> &str {
    let places = text.char_indices().map(|(place, c)| place + c.len_utf8());
    let fitting = places.take_while(|&place| text[..place].width() <= width).last();
    &text[..fitting.unwrap_or(0)]
}

/// As much of the end as fits.
fn end(text: &str, width: usize) -> &str {
    let places = text.char_indices().rev().map(|(place, _)| place);
    let fitting = places.take_while(|&place| text[place..].width() <= width).last();
    &text[fitting.unwrap_or(text.len())..]
}

/// Text with spaces behind it, up to this width.
pub(super) fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Text with spaces before it, up to this width.
pub(super) fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// Lines of at most so many columns, broken between words; a longer word is broken wherever it has to be.
pub(super) fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= most {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
        break_last(&mut lines, most);
    }
    lines
}

/// Breaks the last line until it fits.
fn break_last(lines: &mut Vec<String>, most: usize) {
    while let Some(line) = lines.last_mut().filter(|line| line.width() > most) {
        match beginning(line, most).len() {
            // Not even one character fits.
            0 => return,
            place => {
                let rest = line.split_off(place);
                lines.push(rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_is_too_long_keeps_both_ends() {
        assert_eq!(elided("orders_create_small", 11), "order…small");
        assert_eq!(elided("list", 4), "list");
        assert_eq!(elided("数据库查询请求", 8), "数据…求");
        assert_eq!(elided("list", 1), "…");
    }

    #[test]
    fn sentences_are_broken_between_words_and_long_words_anywhere() {
        assert_eq!(broken("a bc def", 4), ["a bc", "def"]);
        assert_eq!(broken("abcdefgh i", 4), ["abcd", "efgh", "i"]);
        assert_eq!(broken("a 数据库", 3), ["a", "数", "据", "库"]);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be_and_broken_lines_lose_nothing(text in "[a-z 数ß\u{301}\u{2764}\u{fe0f}]{0,60}", width in 2_usize..40) {
            prop_assert!(elided(&text, width).width() <= width);
            let lines = broken(&text, width);
            for line in &lines {
                prop_assert!(line.width() <= width, "{line:?} in {lines:?}");
            }
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}
