//! An answer as it came: its head, and its body without the framing.

use super::decode::{self, Coding};

/// The most headers that are looked through.
const HEADERS_MOST: usize = 128;

/// An answer that is looked into.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Status line and headers, with the blank line behind them.
    pub head: Vec<u8>,
    /// The body without its transfer coding.
    pub body: Vec<u8>,
    /// Whether the body was longer than is kept: then nothing is found in it.
    pub is_cut: bool,
}

impl Content {
    /// Forgets the answer and keeps the memory.
    pub fn clear(&mut self) {
        self.head.clear();
        self.body.clear();
        self.is_cut = false;
    }

    /// The headers, names and values, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MOST];
        let mut response = httparse::Response::new(&mut headers);
        // What the framing has accepted is a head; of anything else there are no headers.
        let is_head = response.parse(&self.head).is_ok_and(|parsed| parsed.is_complete());
        let count = if is_head { response.headers.len() } else { 0 };
        headers.into_iter().take(count).map(|header| (header.name, header.value))
    }

    /// The values of a header, whatever its capitals.
    pub fn header<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers().filter(move |(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_ascii())
    }

    /// The body, where all of it is there.
    pub fn whole_body(&self) -> Option<&[u8]> {
        (!self.is_cut).then_some(&self.body)
    }

    /// Unpacks the body where it is packed (`Content-Encoding`, RFC 9110, 8.4): gzip, deflate and br, the last one first.
    /// A body that cannot be unpacked, or becomes too long, is cut.
    pub fn decode(&mut self) {
        if self.is_cut || self.body.is_empty() {
            return;
        }
        let decoded = match self.codings() {
            Some(codings) if codings.is_empty() => return,
            Some(codings) => decode::all(&codings, &self.body),
            None => None,
        };
        self.is_cut = decoded.is_none();
        self.body = decoded.unwrap_or_default();
    }

    /// How the body is packed, in the order in which that was done; `None` where one of the ways is not known.
    fn codings(&self) -> Option<Vec<Coding>> {
        self.header("content-encoding")
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"))
            .map(Coding::of)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    fn content(coding: &str, body: Vec<u8>) -> Content {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nX: a\r\nx:  b \r\n\r\n").into_bytes();
        Content { head, body, is_cut: false }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn headers_are_found_whatever_their_capitals() {
        let content = content("identity", Vec::new());
        assert_eq!(content.header("X").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(content.header("y").count(), 0);
        assert_eq!(Content::default().headers().count(), 0);
    }

    #[test]
    fn a_packed_body_is_unpacked() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(b"hello").expect("memory");
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(b"hello").expect("memory");
        // "hello" as brotli packs it without compressing: a header, an uncompressed metablock, the end.
        let brotli = vec![0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];
        for (coding, body) in [
            ("gzip", gzip(b"hello")),
            ("deflate", zlib.finish().expect("memory")),
            ("deflate", bare.finish().expect("memory")),
            ("br", brotli),
            ("gzip, gzip", gzip(&gzip(b"hello"))),
            ("identity", b"hello".to_vec()),
        ] {
            let mut content = content(coding, body);
            content.decode();
            assert_eq!(content.whole_body(), Some(b"hello".as_slice()), "{coding}");
        }
    }

    #[test]
    fn an_empty_body_is_whole_whatever_it_is_packed_with() {
        let mut content = content("gzip", Vec::new());
        content.decode();
        assert_eq!(content.whole_body(), Some(b"".as_slice()));
    }

    #[test]
    fn a_window_that_no_browser_would_take_is_not_taken() {
        // The beginning of a stream with a window of a gigabyte.
        let mut content = content("br", vec![0x11, 0x1e, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03]);
        content.decode();
        assert_eq!(content.whole_body(), None);
    }

    #[test]
    fn what_cannot_be_unpacked_is_cut() {
        let bomb = gzip(&vec![0; 20 << 20]);
        for (coding, body) in [("gzip", b"hello".to_vec()), ("zstd", b"hello".to_vec()), ("gzip", bomb)] {
            let mut content = content(coding, body);
            content.decode();
            assert_eq!(content.whole_body(), None, "{coding}");
        }
    }
}
