//! Where an HTTP/1.x answer ends. Bytes in, progress out: no socket, no clock, no buffer of its own.

use std::mem::MaybeUninit;

use crate::answer::Content;

/// The most headers an answer may have.
const HEADERS_MOST: usize = 128;
/// The longest head (status line and headers) an answer may have.
pub const HEAD_BYTES_MOST: usize = 64 << 10;
/// A longer head is read anew every time: there is a memo for each request.
const MEMO_BYTES_MOST: usize = 4 << 10;
/// The longest line of a chunk's size with its extensions, and the longest that all trailer lines together may be.
const CHUNK_LINE_MOST: usize = 16 << 10;

/// Of a body that is to be looked into at most so much is kept.
const BODY_BYTES_KEPT: usize = 8 << 20;

/// What came back is not HTTP/1.x as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadResponse;

/// Follows one answer through the bytes of a connection.
#[derive(Debug)]
pub struct Framing {
    state: State,
    is_head: bool,
    status: u16,
    keep_alive: bool,
    continues: bool,
}

/// The head read last, with what it says. Most servers answer a request with the same head over and over, but for the
/// date once a second; to see that two are the same takes a tenth of the time that reading one takes.
#[derive(Debug, Default)]
pub struct Memo {
    bytes: Vec<u8>,
    head: Head,
}

/// What a head says of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Head {
    status: u16,
    facts: Facts,
    is_http_1_1: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The head is not complete yet.
    Head,
    /// So many bytes of the body are still to come.
    Length(u64),
    /// The body goes on until the server closes the connection.
    UntilClose,
    Chunked(Chunk),
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunk {
    /// In the line with the chunk's size: the size so far, how many of its digits, and bytes of the line.
    Size { size: u64, digits: u8, part: SizePart, line: usize },
    /// So many bytes of the chunk are still to come.
    Data(u64),
    /// In front of the line end behind the chunk's data.
    DataEnd,
    /// Behind the CR of that line end.
    DataLineFeed,
    /// In the trailers with so many bytes so far.
    Trailer { part: TrailerPart, bytes: usize },
}

/// Where in the line with a chunk's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SizePart {
    Digits,
    /// In the blanks behind the digits: no more digits can come.
    Blanks,
    Extension,
    /// Behind the CR. A bare LF is no line end here (RFC 9112, section 7.1): who takes it for one finds other chunks
    /// than who does not.
    LineFeed,
}

/// Where in the trailers. What is no field there is the head of the next answer, behind chunks that did not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TrailerPart {
    LineStart,
    Name,
    Value,
    /// Behind the CR of a field's line.
    LineFeed,
    /// Behind the CR of the empty line.
    LastLineFeed,
}

/// How far the bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fed {
    /// So many of them belong to this answer and are dealt with. Those behind have to be offered again, with more:
    /// part of a head, or (when done) what is not part of this answer.
    pub consumed: usize,
    /// Whether the answer is complete.
    pub done: bool,
}

impl Framing {
    /// For the answer to a request whose method is HEAD, or is not: an answer to HEAD has no body, whatever its headers say.
    pub const fn new(is_head: bool) -> Self {
        Self { state: State::Head, is_head, status: 0, keep_alive: false, continues: false }
    }

    /// The status, once the head is complete; 0 before.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the connection can carry another request when this answer is done.
    pub const fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether the server has asked for the body of the request (`100 Continue`).
    pub const fn continues(&self) -> bool {
        self.continues
    }

    /// Takes the next bytes of the connection. What of the answer is to be looked into later is put into `kept`.
    ///
    /// # Errors
    /// Where they are not HTTP/1.x, or a head is too long.
    pub fn feed(&mut self, bytes: &[u8], memo: &mut Memo, mut kept: Option<&mut Content>) -> Result<Fed, BadResponse> {
        let mut consumed = 0;
        while self.state != State::Done {
            let rest = &bytes[consumed..];
            let before = self.state;
            let taken = match self.state {
                State::Head => self.take_head(rest, memo)?,
                State::Length(left) => self.take_length(left, rest),
                State::UntilClose => rest.len(),
                State::Chunked(chunk) => self.take_chunk(chunk, rest)?,
                State::Done => 0,
            };
            if let Some(content) = &mut kept {
                self.keep(before, &rest[..taken], content);
            }
            consumed += taken;
            if taken == 0 || consumed == bytes.len() {
                break;
            }
        }
        Ok(Fed { consumed, done: self.state == State::Done })
    }

    /// Keeps what has just been taken, where it is part of the head or of the body.
    fn keep(&self, before: State, taken: &[u8], content: &mut Content) {
        match before {
            // An interim head leaves the state as it was.
            State::Head if self.state != State::Head => content.head.extend_from_slice(taken),
            State::Length(_) | State::UntilClose | State::Chunked(Chunk::Data(_)) => {
                let room = BODY_BYTES_KEPT.saturating_sub(content.body.len());
                content.is_cut |= taken.len() > room;
                content.body.extend_from_slice(&taken[..taken.len().min(room)]);
            }
            State::Head | State::Chunked(_) | State::Done => {}
        }
    }

    /// The server has closed the connection: whether the answer was complete with that.
    pub fn finish_at_close(&mut self) -> bool {
        if self.state == State::UntilClose {
            self.state = State::Done;
        }
        self.state == State::Done
    }

    fn take_head(&mut self, bytes: &[u8], memo: &mut Memo) -> Result<usize, BadResponse> {
        let Some((head, length)) = memo.read(bytes)? else { return Ok(0) };
        let Head { status, facts, is_http_1_1 } = head;
        if (100..200).contains(&status) && status != 101 {
            // An interim answer; the real one follows.
            self.continues |= status == 100;
            return Ok(length);
        }
        self.status = status;
        // By RFC 9112, section 6.1, a length beside a transfer encoding, and a transfer encoding in HTTP/1.0, are signs
        // that somebody on the way sees another end of this answer: nothing more is asked on such a connection.
        let is_doubtful = facts.transfer_encoding && (facts.length.is_some() || !is_http_1_1);
        self.keep_alive = status != 101 && !is_doubtful && facts.keep_alive.unwrap_or(is_http_1_1);
        let bodiless = self.is_head || matches!(status, 101 | 204 | 304);
        self.state = match facts {
            _ if bodiless => State::Done,
            // HTTP/1.0 knows no transfer encoding: its framing is faulty.
            Facts { transfer_encoding: true, .. } if !is_http_1_1 => return Err(BadResponse),
            Facts { chunked: true, .. } => State::Chunked(Chunk::START),
            // Whatever else is done to the body, the length does not count.
            Facts { transfer_encoding: true, .. } => {
                self.keep_alive = false;
                State::UntilClose
            }
            Facts { length: Some(0), .. } => State::Done,
            Facts { length: Some(length), .. } => State::Length(length),
            Facts { .. } => {
                self.keep_alive = false;
                State::UntilClose
            }
        };
        Ok(length)
    }

    fn take_length(&mut self, left: u64, bytes: &[u8]) -> usize {
        let taken = left.min(bytes.len() as u64);
        self.state = if taken == left { State::Done } else { State::Length(left - taken) };
        taken as usize
    }

    fn take_chunk(&mut self, chunk: Chunk, bytes: &[u8]) -> Result<usize, BadResponse> {
        if let Chunk::Data(left) = chunk {
            let taken = left.min(bytes.len() as u64);
            let next = if taken == left { Chunk::DataEnd } else { Chunk::Data(left - taken) };
            self.state = State::Chunked(next);
            return Ok(taken as usize);
        }
        let Some(&byte) = bytes.first() else { return Ok(0) };
        self.state = chunk.after(byte)?;
        Ok(1)
    }
}

impl Memo {
    /// The head at the start of these bytes, and its length; `None` where it is not complete.
    fn read(&mut self, bytes: &[u8]) -> Result<Option<(Head, usize)>, BadResponse> {
        if !self.bytes.is_empty() && bytes.starts_with(&self.bytes) {
            return Ok(Some((self.head, self.bytes.len())));
        }
        let Some((head, length)) = Head::parse(bytes)? else { return Ok(None) };
        self.head = head;
        self.bytes.clear();
        if length <= MEMO_BYTES_MOST {
            self.bytes.extend_from_slice(&bytes[..length]);
        }
        Ok(Some((head, length)))
    }
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, BadResponse> {
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MOST];
        let mut response = httparse::Response::new(&mut []);
        let parsed =
            httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut headers);
        let length = match parsed {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if bytes.len() < HEAD_BYTES_MOST => return Ok(None),
            Ok(httparse::Status::Partial) | Err(_) => return Err(BadResponse),
        };
        // httparse takes any three digits.
        let status = response.code.filter(|&status| status >= 100).ok_or(BadResponse)?;
        let head = Self { status, facts: Facts::of(response.headers)?, is_http_1_1: response.version == Some(1) };
        Ok(Some((head, length)))
    }
}

impl Chunk {
    const START: Self = Self::Size { size: 0, digits: 0, part: SizePart::Digits, line: 0 };

    /// The state behind one byte outside a chunk's data.
    fn after(self, byte: u8) -> Result<State, BadResponse> {
        let next = match self {
            Self::Size { line: CHUNK_LINE_MOST.., .. } | Self::Trailer { bytes: CHUNK_LINE_MOST.., .. } => {
                return Err(BadResponse);
            }
            Self::Size { size: 0, part: SizePart::LineFeed, .. } if byte == b'\n' => {
                Self::Trailer { part: TrailerPart::LineStart, bytes: 0 }
            }
            Self::Size { size, part: SizePart::LineFeed, .. } if byte == b'\n' => Self::Data(size),
            Self::Size { size, digits, part: SizePart::Digits, line } if byte.is_ascii_hexdigit() => {
                // 15 digits are an exabyte, and cannot overflow.
                let digit = (byte as char).to_digit(16).filter(|_| digits < 15).ok_or(BadResponse)?;
                let size = size << 4 | u64::from(digit);
                Self::Size { size, digits: digits + 1, part: SizePart::Digits, line: line + 1 }
            }
            Self::Size { digits: 0, .. } => return Err(BadResponse),
            Self::Size { size, digits, part, line } => {
                Self::Size { size, digits, part: part.after(byte)?, line: line + 1 }
            }
            Self::DataEnd if byte == b'\r' => Self::DataLineFeed,
            Self::DataLineFeed if byte == b'\n' => Self::START,
            Self::Data(_) | Self::DataEnd | Self::DataLineFeed => return Err(BadResponse),
            Self::Trailer { part: TrailerPart::LastLineFeed, .. } if byte == b'\n' => return Ok(State::Done),
            Self::Trailer { part, bytes } => Self::Trailer { part: part.after(byte)?, bytes: bytes + 1 },
        };
        Ok(State::Chunked(next))
    }
}

impl SizePart {
    /// The part behind one byte that is neither a digit of the size nor the end of the line.
    const fn after(self, byte: u8) -> Result<Self, BadResponse> {
        match (self, byte) {
            (Self::Digits | Self::Blanks, b' ' | b'\t') => Ok(Self::Blanks),
            (Self::Digits | Self::Blanks, b';') => Ok(Self::Extension),
            (Self::Digits | Self::Blanks | Self::Extension, b'\r') => Ok(Self::LineFeed),
            (Self::Extension, _) if byte != b'\n' => Ok(Self::Extension),
            _ => Err(BadResponse),
        }
    }
}

impl TrailerPart {
    /// The part behind one byte that does not end the trailers.
    const fn after(self, byte: u8) -> Result<Self, BadResponse> {
        match (self, byte) {
            (Self::LineStart, b'\r') => Ok(Self::LastLineFeed),
            (Self::Name, b':') | (Self::Value, b'\t' | b' '..=b'~' | 0x80..) => Ok(Self::Value),
            (Self::LineStart | Self::Name, _) if is_token(byte) => Ok(Self::Name),
            (Self::Value, b'\r') => Ok(Self::LineFeed),
            (Self::LineFeed, b'\n') => Ok(Self::LineStart),
            _ => Err(BadResponse),
        }
    }
}

/// Whether a field's name may have this byte.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// What the headers say of the framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Facts {
    length: Option<u64>,
    transfer_encoding: bool,
    /// Whether the last transfer encoding is `chunked`.
    chunked: bool,
    keep_alive: Option<bool>,
}

impl Facts {
    fn of(headers: &[httparse::Header<'_>]) -> Result<Self, BadResponse> {
        let mut facts = Self::default();
        for header in headers {
            // The length of the name tells most headers apart from the three that matter.
            match header.name.len() {
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    // The same length more than once is one length (RFC 9112, section 6.3).
                    for value in tokens(header.value) {
                        let length = parse_length(value).ok_or(BadResponse)?;
                        if facts.length.is_some_and(|other| other != length) {
                            return Err(BadResponse);
                        }
                        facts.length = Some(length);
                    }
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    facts.transfer_encoding = true;
                    facts.chunked =
                        tokens(header.value).last().is_some_and(|token| token.eq_ignore_ascii_case(b"chunked"));
                }
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    for token in tokens(header.value) {
                        if token.eq_ignore_ascii_case(b"close") {
                            facts.keep_alive = Some(false);
                        } else if token.eq_ignore_ascii_case(b"keep-alive") {
                            facts.keep_alive = facts.keep_alive.or(Some(true));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(facts)
    }
}

fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

/// A number of bytes: digits only, at most 18 of them, so that sums cannot overflow.
fn parse_length(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `bytes` in pieces that end at the `cuts`, as a connection would; what a piece leaves is offered again.
    /// Returns the framing, whether it was done and how many bytes it took.
    fn feed_in_pieces(is_head: bool, bytes: &[u8], cuts: &[usize]) -> Result<(Framing, bool, usize), BadResponse> {
        let mut framing = Framing::new(is_head);
        let mut memo = Memo::default();
        let mut taken = 0;
        for &cut in cuts.iter().chain([&bytes.len()]) {
            if cut <= taken {
                continue;
            }
            let fed = framing.feed(&bytes[taken..cut], &mut memo, None)?;
            taken += fed.consumed;
            if fed.done {
                return Ok((framing, true, taken));
            }
        }
        Ok((framing, false, taken))
    }

    const ANSWERS: &[(&str, &[u8])] = &[
        ("content length", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        ("empty body", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        ("no content", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("not modified", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
        ("interim answers", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ("chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;name=\"v\"\r\n world\r\n0\r\n\r\n"),
        ("trailers", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\nA \r\n0123456789\r\n000\r\nExpires: never\r\nX: y\r\n\r\n"),
    ];

    #[test]
    fn an_answer_is_whole_wherever_it_is_split() {
        for (name, bytes) in ANSWERS {
            for first in 0..bytes.len() {
                for second in [first, first + 1, usize::midpoint(first, bytes.len())] {
                    let (framing, done, taken) = feed_in_pieces(false, bytes, &[first, second.min(bytes.len())])
                        .unwrap_or_else(|e| panic!("{name} at {first}: {e:?}"));
                    assert!(
                        done && taken == bytes.len() && framing.keep_alive(),
                        "{name} at {first}, {second}: {framing:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_was_read_before_makes_no_difference() {
        let mut memo = Memo::default();
        for (first, (name, bytes)) in ANSWERS.iter().enumerate() {
            for (_, before) in ANSWERS.iter().skip(first).chain(ANSWERS).chain([&(*name, *bytes)]) {
                let _ = Framing::new(false).feed(before, &mut memo, None);
                let (mut with, mut without) = (Framing::new(false), Framing::new(false));
                assert_eq!(
                    with.feed(bytes, &mut memo, None),
                    without.feed(bytes, &mut Memo::default(), None),
                    "{name}"
                );
                assert_eq!(format!("{with:?}"), format!("{without:?}"), "{name}");
            }
        }
    }

    #[test]
    fn what_follows_an_answer_is_not_part_of_it() {
        for (name, bytes) in ANSWERS {
            let more = [*bytes, b"HTTP/1.1 500".as_slice()].concat();
            let fed = Framing::new(false).feed(&more, &mut Memo::default(), None).expect(name);
            assert_eq!(fed, Fed { consumed: bytes.len(), done: true }, "{name}");
        }
    }

    #[test]
    fn what_is_kept_is_the_head_and_the_body_without_its_chunks() {
        for (name, bytes) in ANSWERS {
            let head = bytes.windows(8).rposition(|start| start == b"HTTP/1.1").expect(name);
            let body: &[u8] = match *name {
                "content length" => b"hello",
                "interim answers" => b"ok",
                "chunks" => b"hello world",
                "trailers" => b"0123456789",
                _ => b"",
            };
            for cut in 0..bytes.len() {
                let (mut framing, mut memo) = (Framing::new(false), Memo::default());
                let mut content = Content::default();
                let fed = framing.feed(&bytes[..cut], &mut memo, Some(&mut content)).expect(name);
                framing.feed(&bytes[fed.consumed..], &mut memo, Some(&mut content)).expect(name);
                assert!(bytes[head..].starts_with(&content.head), "{name} at {cut}");
                assert!(content.head.ends_with(b"\r\n\r\n"), "{name} at {cut}");
                assert_eq!(content.body, body, "{name} at {cut}");
            }
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
        let (framing, done, _) = feed_in_pieces(true, head, &[]).expect("HTTP");
        assert!(done && framing.status() == 200);
    }

    #[test]
    fn without_a_length_the_body_ends_with_the_connection() {
        let mut framing = Framing::new(false);
        let fed = framing.feed(b"HTTP/1.1 200 OK\r\n\r\nsome", &mut Memo::default(), None).expect("HTTP");
        assert_eq!(fed, Fed { consumed: 23, done: false });
        assert!(!framing.keep_alive() && framing.finish_at_close());
    }

    #[test]
    fn a_connection_that_closes_early_leaves_the_answer_incomplete() {
        for (name, bytes) in ANSWERS {
            let (mut framing, done, _) = feed_in_pieces(false, &bytes[..bytes.len() - 1], &[]).expect(name);
            assert!(!done && !framing.finish_at_close(), "{name}");
        }
    }

    #[test]
    fn keeping_alive_is_up_to_version_and_header() {
        for (head, keep) in [
            ("HTTP/1.1 204 N\r\n\r\n", true),
            ("HTTP/1.1 204 N\r\nConnection: close\r\n\r\n", false),
            ("HTTP/1.1 204 N\r\nConnection: Upgrade, Close\r\n\r\n", false),
            ("HTTP/1.0 204 N\r\n\r\n", false),
            ("HTTP/1.0 204 N\r\nConnection: Keep-Alive\r\n\r\n", true),
        ] {
            let mut framing = Framing::new(false);
            framing.feed(head.as_bytes(), &mut Memo::default(), None).expect(head);
            assert_eq!(framing.keep_alive(), keep, "{head}");
        }
    }

    #[test]
    fn what_is_not_http_is_refused() {
        for bytes in [
            b"SSH-2.0-OpenSSH_9.2\r\n".as_slice(),
            b"HTTP/2 200\r\n\r\n",
            b"HTTP/1.1 099 Low\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        ] {
            assert_eq!(
                Framing::new(false).feed(bytes, &mut Memo::default(), None),
                Err(BadResponse),
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    #[test]
    fn the_lines_of_chunks_end_with_cr_and_lf() {
        for chunks in [
            "5\nhello\r\n0\r\n\r\n",
            "5\r\r\nhello\r\n0\r\n\r\n",
            "5\rx\nhello\r\n0\r\n\r\n",
            "5;a\nhello\r\n0\r\n\r\n",
            "5;a\rb\r\nhello\r\n0\r\n\r\n",
            "5 5\r\nhello\r\n0\r\n\r\n",
            "5 a\r\nhello\r\n0\r\n\r\n",
            ";a\r\n",
            " 5\r\n",
            "0x5\r\n",
            "-5\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5\r\nhello\r\r\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "0\n\n",
            "0\r\n\n",
            "0\r\nX: y\n\r\n",
            "0\r\nX: y\rz\r\n\r\n",
        ] {
            let bytes = format!("{CHUNKED}{chunks}");
            assert!(feed_in_pieces(false, bytes.as_bytes(), &[]).is_err(), "{chunks:?}");
        }
    }

    #[test]
    fn what_is_no_field_is_no_trailer() {
        for trailers in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "X\r\n\r\n",
            "X : y\r\n\r\n",
            ": y\r\n\r\n",
            "X: y\r\n z\r\n\r\n",
            "X: \0\r\n\r\n",
        ] {
            let bytes = format!("{CHUNKED}0\r\n{trailers}");
            assert!(feed_in_pieces(false, bytes.as_bytes(), &[]).is_err(), "{trailers:?}");
        }
    }

    #[test]
    fn trailers_without_end_are_refused() {
        let bytes = format!("{CHUNKED}0\r\n{}", "X: y\r\n".repeat(CHUNK_LINE_MOST / 6 + 1));
        assert!(feed_in_pieces(false, bytes.as_bytes(), &[]).is_err());
    }

    #[test]
    fn a_transfer_encoding_outweighs_a_length_and_the_connection_is_not_used_again() {
        let length = "Content-Length: 2\r\n";
        let both = format!("HTTP/1.1 200 OK\r\n{length}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nno");
        let (framing, done, taken) = feed_in_pieces(false, both.as_bytes(), &[]).expect("HTTP");
        assert!(done && taken == both.len() - 2 && !framing.keep_alive());
        for encoding in ["chunked, identity", "gzip", "xchunked", "", "chunked\r\nTransfer-Encoding: identity"] {
            let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {encoding}\r\n{length}\r\n0\r\n\r\n");
            let (mut framing, done, taken) = feed_in_pieces(false, bytes.as_bytes(), &[]).expect(encoding);
            assert!(!done && taken == bytes.len() && !framing.keep_alive() && framing.finish_at_close(), "{encoding}");
        }
    }

    #[test]
    fn http_1_0_has_no_transfer_encoding() {
        let head = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(feed_in_pieces(false, head, &[]).is_err());
        let (framing, done, _) = feed_in_pieces(true, head, &[]).expect("no body, no framing");
        assert!(done && !framing.keep_alive());
    }

    #[test]
    fn a_length_said_more_than_once_is_one_length_where_it_is_the_same() {
        for (lengths, taken) in [("5, 5", Some(5)), ("5\r\ncontent-length: 5,5", Some(5)), ("5, 6", None), ("5,", None)]
        {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {lengths}\r\n\r\n");
            let fed = feed_in_pieces(false, format!("{head}hello!").as_bytes(), &[]).ok();
            assert_eq!(fed.map(|(_, _, taken)| taken - head.len()), taken, "{lengths}");
        }
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let mut bytes = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
        bytes.resize(HEAD_BYTES_MOST, b'a');
        assert_eq!(Framing::new(false).feed(&bytes, &mut Memo::default(), None), Err(BadResponse));
    }

    proptest! {
        #[test]
        fn any_bytes_are_followed_or_refused_and_never_a_panic(
            head in prop_oneof![Just(b"".as_slice()), Just(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice())],
            tail in proptest::collection::vec(any::<u8>(), 0..300),
            cut in 0_usize..300,
        ) {
            let bytes = [head, &tail].concat();
            let cut = cut.min(bytes.len());
            if let Ok((_, _, taken)) = feed_in_pieces(false, &bytes, &[cut]) {
                prop_assert!(taken <= bytes.len());
            }
        }
    }
}
