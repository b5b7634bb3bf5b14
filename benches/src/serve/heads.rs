//! Where requests end in the bytes of a connection, however they are cut into reads.

use memchr::memmem;

/// What ends a head.
const END: &[u8] = b"\r\n\r\n";

/// Counts the ends of heads in a stream of bytes.
#[derive(Debug, Default)]
pub struct Heads {
    /// How much of [`END`] the last bytes were.
    begun: usize,
}

impl Heads {
    /// How many heads end in these bytes, which follow those of the last call.
    pub fn ends_in(&mut self, bytes: &[u8]) -> usize {
        let (head, begun) = (bytes.len().min(END.len() - 1), std::mem::take(&mut self.begun));
        // Only a request that is cut within its last four bytes gets here.
        if begun > 0 {
            let seam = [&END[..begun], &bytes[..head]].concat();
            if let Some(place) = memmem::find(&seam, END) {
                return 1 + self.ends_in(&bytes[place + END.len() - begun..]);
            }
            if seam.len() < END.len() {
                self.begun = begun_at_the_end(&seam);
                return 0;
            }
        }
        let mut behind = 0;
        let mut ends = 0;
        for place in memmem::find_iter(bytes, END) {
            ends += 1;
            behind = place + END.len();
        }
        self.begun = begun_at_the_end(&bytes[behind..]);
        ends
    }
}

/// How many of the last bytes are the first of [`END`].
fn begun_at_the_end(bytes: &[u8]) -> usize {
    (1..END.len()).rev().find(|&count| bytes.ends_with(&END[..count])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUESTS: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn requests_are_counted_where_they_end() {
        let mut heads = Heads::default();
        assert_eq!(heads.ends_in(REQUESTS), 2);
        assert_eq!(heads.ends_in(b"GET / HTTP/1.1\r\n"), 0);
        assert_eq!(heads.ends_in(b"\r\n"), 1);
    }

    #[test]
    fn no_cut_changes_the_count() {
        for first in 0..REQUESTS.len() {
            for second in first..REQUESTS.len() {
                let mut heads = Heads::default();
                let pieces = [&REQUESTS[..first], &REQUESTS[first..second], &REQUESTS[second..]];
                let ends: usize = pieces.iter().map(|piece| heads.ends_in(piece)).sum();
                assert_eq!(ends, 2, "cut at {first} and {second}");
            }
        }
        let mut heads = Heads::default();
        let ends: usize = REQUESTS.chunks(1).map(|byte| heads.ends_in(byte)).sum();
        assert_eq!(ends, 2, "byte by byte");
    }
}
