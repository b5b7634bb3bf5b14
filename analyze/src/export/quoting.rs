//! Texts as fields of CSV, for every reader that follows RFC 4180.

/// A text as a field on one line: quoted where a comma, a quote or a space at its ends asks for it. Control characters, line
/// ends among them, become spaces, because not every reader takes them within quotes.
pub(super) fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.contains([',', '"']) || line.trim() != line { format!("\"{}\"", line.replace('"', "\"\"")) } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_break_out_of_its_field_is_quoted() {
        for (text, field) in [
            ("plain", "plain"),
            ("", ""),
            ("a, b", "\"a, b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            (" padded", "\" padded\""),
            ("two\r\nlines", "two  lines"),
        ] {
            assert_eq!(quoted(text), field);
        }
    }

    proptest! {
        #[test]
        fn another_csv_reader_sees_the_same_text(texts in proptest::collection::vec("[ -~äπ\n\r\t\"',]{0,12}", 2..5)) {
            let line = texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(",") + "\n";
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let record = reader.records().next().expect("one line").expect("well-formed CSV");
            let fields: Vec<&str> = record.iter().collect();
            let expected: Vec<String> = texts.iter().map(|text| text.replace(char::is_control, " ")).collect();
            prop_assert_eq!(fields, expected);
        }
    }
}
