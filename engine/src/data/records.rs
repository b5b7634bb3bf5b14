//! Records of CSV (RFC 4180) in a mapped file: where they begin and end, and their fields.

use std::borrow::Cow;

/// Where the record ends that begins at `from`: behind its line end, or at the end of the text. Line ends within quotes are
/// part of it.
pub(super) fn end_of_record(text: &[u8], from: usize) -> usize {
    let mut at = from;
    let mut quoted = false;
    while let Some(found) = memchr::memchr2(b'"', b'\n', &text[at..]) {
        let place = at + found;
        at = place + 1;
        if text[place] == b'"' {
            quoted = !quoted;
        } else if !quoted {
            return at;
        }
    }
    text.len()
}

/// Where the next record begins at or after `from`: blank lines are passed over. `None` at the end.
pub(super) fn start_of_record(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match text.get(at..)? {
            [] => return None,
            [b'\n', ..] => at += 1,
            [b'\r', b'\n', ..] => at += 2,
            _ => return Some(at),
        }
    }
}

/// The fields of a record, unquoted.
pub(super) fn fields(record: &[u8]) -> Fields<'_> {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    Fields { rest: Some(record.strip_suffix(b"\r").unwrap_or(record)) }
}

/// The fields of a record, one after another.
pub(super) struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Cow<'a, [u8]>> {
        let rest = self.rest?;
        let Some(inside) = rest.strip_prefix(b"\"") else {
            let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
            self.rest = rest.get(end + 1..);
            return Some(Cow::Borrowed(&rest[..end]));
        };
        let mut field = Vec::new();
        let mut at = 0;
        loop {
            let Some(quote) = memchr::memchr(b'"', &inside[at..]) else {
                // Never closed: the rest of the record is the field.
                field.extend_from_slice(&inside[at..]);
                self.rest = None;
                return Some(Cow::Owned(field));
            };
            field.extend_from_slice(&inside[at..at + quote]);
            at += quote + 1;
            if inside.get(at) == Some(&b'"') {
                field.push(b'"');
                at += 1;
                continue;
            }
            // What stands between a closing quote and the comma belongs to the field, as most readers have it.
            let end = memchr::memchr(b',', &inside[at..]).map_or(inside.len(), |comma| at + comma);
            field.extend_from_slice(&inside[at..end]);
            self.rest = inside.get(end + 1..);
            return Some(Cow::Owned(field));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut records = Vec::new();
        let mut at = 0;
        while let Some(start) = start_of_record(text, at) {
            at = end_of_record(text, start);
            records.push(fields(&text[start..at]).map(Cow::into_owned).collect());
        }
        records
    }

    #[test]
    fn quotes_hold_what_would_end_a_field() {
        let records = all(b"a,\"b,\"\"c\"\"\nd\",\r\n\r\n,\n");
        assert_eq!(
            records,
            [vec![b"a".to_vec(), b"b,\"c\"\nd".to_vec(), b"".to_vec()], vec![b"".to_vec(), b"".to_vec()]]
        );
    }

    proptest! {
        #[test]
        fn what_a_well_known_writer_writes_is_read(records in proptest::collection::vec(proptest::collection::vec("[a,\"\n\r é]{0,6}", 2..4), 0..6)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for record in &records {
                writer.write_record(record).expect("memory");
            }
            let written = writer.into_inner().expect("memory");
            let wanted: Vec<Vec<Vec<u8>>> =
                records.iter().map(|record| record.iter().map(|field| field.clone().into_bytes()).collect()).collect();
            prop_assert_eq!(all(&written), wanted);
        }

        #[test]
        fn no_bytes_make_it_panic(text in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), any::<u8>()], 0..60)) {
            drop(all(&text));
        }
    }
}
