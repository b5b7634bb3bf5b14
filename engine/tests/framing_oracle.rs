//! Where an answer ends, and what becomes of the connection, by a parser that is not ours: hyper's client.
//!
//! Answers are made by a grammar, some are damaged, and all come to ours in pieces. Both parsers have to say the same:
//! a whole answer with its status, its body and how many bytes belong to it, or incomplete, or bad. Of an answer by the
//! book the grammar knows what is right, and ours is held against that too. (Both read heads with httparse: there the
//! grammar is the only other opinion.) Where the two differ by choice, there is a [`Difference`] with a check that it is
//! that and nothing else.
//!
//! `DRUMFIRE_FUZZ_CASES=3000000 cargo test -p drumfire --test framing_oracle` looks longer, and `DRUMFIRE_FUZZ_SEED`
//! says from which seed on. A case that fails prints its seed: with that and one case it is replayed.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says what it expects and finds")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use engine::answer::Content;
use engine::worker::framing::{Framing, Memo};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Method, Request, Response};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// So many cases take some seconds in a debug build.
const CASES: u64 = 60_000;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// The answer ended, with or without the end of the connection.
    Whole(Answer),
    /// The connection ended first.
    Incomplete,
    Bad,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    status: u16,
    body: Vec<u8>,
    /// So many bytes of the connection belong to it.
    length: usize,
    /// Whether the connection can carry another request.
    is_reusable: bool,
}

/// What ours says when these bytes come in pieces that end at the `cuts`, and then the connection is closed.
fn ours(is_head: bool, bytes: &[u8], cuts: &[usize], memo: &mut Memo) -> Verdict {
    let mut framing = Framing::new(is_head);
    let mut content = Content::default();
    let mut taken = 0;
    for &cut in cuts.iter().chain([&bytes.len()]) {
        let Ok(fed) = framing.feed(&bytes[taken..cut.max(taken)], memo, Some(&mut content)) else {
            return Verdict::Bad;
        };
        taken += fed.consumed;
        if fed.done {
            break;
        }
    }
    if !framing.finish_at_close() {
        return Verdict::Incomplete;
    }
    let (status, is_reusable) = (framing.status(), framing.keep_alive());
    Verdict::Whole(Answer { status, body: content.body, length: taken, is_reusable })
}

fn ours_at_once(is_head: bool, bytes: &[u8]) -> Verdict {
    ours(is_head, bytes, &[], &mut Memo::default())
}

/// Which byte ours calls bad.
fn bad_byte(is_head: bool, bytes: &[u8]) -> Option<usize> {
    let (mut framing, mut memo) = (Framing::new(is_head), Memo::default());
    let mut taken = 0;
    (0..bytes.len()).find(|&place| match framing.feed(&bytes[taken..=place], &mut memo, None) {
        Ok(fed) => {
            taken += fed.consumed;
            false
        }
        Err(_) => true,
    })
}

/// The other end of hyper's connection: says nothing before it is asked, then these bytes, then nothing until it closes.
struct Wire {
    bytes: Vec<u8>,
    /// Where the pieces end.
    cuts: Vec<usize>,
    said: usize,
    is_asked: bool,
    is_closed: Rc<Cell<bool>>,
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let said = self.said;
        if !self.is_asked || said == self.bytes.len() && !self.is_closed.get() {
            return Poll::Pending;
        }
        let cut = self.cuts.iter().copied().find(|&cut| cut > said).unwrap_or(self.bytes.len());
        let end = cut.min(said + buffer.remaining());
        buffer.put_slice(&self.bytes[said..end]);
        self.said = end;
        Poll::Ready(Ok(()))
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_asked = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What has come out of hyper so far.
#[derive(Default)]
struct Heard {
    head: Option<(u16, Incoming)>,
    body: Vec<u8>,
    is_whole: bool,
}

impl Heard {
    /// Takes what there is; whether there was something.
    fn listen(
        &mut self,
        response: Pin<&mut impl Future<Output = hyper::Result<Response<Incoming>>>>,
        context: &mut Context<'_>,
    ) -> hyper::Result<bool> {
        let mut is_new = false;
        if self.head.is_none()
            && let Poll::Ready(response) = response.poll(context)
        {
            let response = response?;
            self.head = Some((response.status().as_u16(), response.into_body()));
            is_new = true;
        }
        while let Some((_, body)) = &mut self.head
            && !self.is_whole
            && let Poll::Ready(frame) = Pin::new(body).poll_frame(context)
        {
            is_new = true;
            match frame.transpose()? {
                Some(frame) => self.body.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
                None => self.is_whole = true,
            }
        }
        Ok(is_new)
    }
}

/// What hyper says of the same bytes.
fn hypers(is_head: bool, bytes: &[u8], cuts: &[usize]) -> Verdict {
    let mut context = Context::from_waker(Waker::noop());
    let is_closed = Rc::new(Cell::new(false));
    let wire =
        Wire { bytes: bytes.to_vec(), cuts: cuts.to_vec(), said: 0, is_asked: false, is_closed: Rc::clone(&is_closed) };
    let mut builder = http1::Builder::new();
    if lines(bytes).count() > 90 {
        // As many as ours takes. It is slower, and few need it.
        builder.max_headers(128);
    }
    let Poll::Ready(Ok((mut sender, mut connection))) = pin!(builder.handshake(wire)).poll(&mut context) else {
        panic!("a handshake that has nothing to say is done at once");
    };
    let mut request = Request::new(String::new());
    *request.method_mut() = if is_head { Method::HEAD } else { Method::GET };
    let mut response = pin!(sender.send_request(request));
    let mut heard = Heard::default();
    let (mut end, mut quiet_rounds) = (None, 0);
    while !heard.is_whole {
        end = end.or_else(|| match connection.poll_without_shutdown(&mut context) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        });
        match heard.listen(response.as_mut(), &mut context) {
            Ok(true) => quiet_rounds = 0,
            Ok(false) => quiet_rounds += 1,
            Err(error) => return refusal(&error),
        }
        // Nobody is woken here: who has nothing to say three times over has said it all.
        if quiet_rounds == 3 {
            assert!(!is_closed.replace(true), "hyper waits for more behind the end of the connection: {end:?}");
            quiet_rounds = 0;
        }
    }
    if end.is_none() {
        let _ = connection.poll_without_shutdown(&mut context).map(|result| end = Some(result));
    }
    let is_reusable = !is_closed.get()
        && match end {
            None => sender.is_ready(),
            Some(Ok(())) => false,
            // The connection was kept for another request, and then there were bytes that nobody had asked for.
            Some(Err(error)) => error.to_string() == "received unexpected message from connection",
        };
    let parts = connection.into_parts();
    let left = parts.read_buf.len() + parts.io.bytes.len() - parts.io.said;
    let status = heard.head.map_or(0, |(status, _)| status);
    Verdict::Whole(Answer { status, body: heard.body, length: bytes.len() - left, is_reusable })
}

fn refusal(error: &hyper::Error) -> Verdict {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    match io {
        _ if error.is_parse() => Verdict::Bad,
        _ if error.is_incomplete_message() => Verdict::Incomplete,
        Some(io::ErrorKind::UnexpectedEof) => Verdict::Incomplete,
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => Verdict::Bad,
        _ => panic!("hyper failed otherwise: {error:?}"),
    }
}

/// Where ours and hyper differ, by choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// Where a head comes in pieces, hyper looks for its end before it reads it, and does not know an end behind a bare
    /// LF, nor that what it has is bad already. At once it says otherwise.
    HeadInPieces,
    /// A length that decides nothing (an interim answer, 204, 304, an answer to HEAD, a transfer encoding): hyper does
    /// not look at it. Ours refuses one that is no length or two that differ (RFC 9112, section 6.3), and uses no
    /// connection again where a length came with a transfer encoding (section 6.1).
    IdleLength,
    /// A transfer encoding in HTTP/1.0 where there is no body: hyper does not look at it. Ours does not use the
    /// connection again (RFC 9112, section 6.1).
    IdleTransferEncoding,
    /// A length of more than 18 digits, zeros in front or not: ours refuses it, lest sums overflow.
    LongLength,
    /// A chunk's size of more than 15 digits, zeros in front or not: the same.
    LongChunkSize,
    /// A bare LF in the trailers. To hyper it is no line end while it looks for the end of the trailers, and is one when
    /// it reads them. Ours refuses it.
    BareLineFeedInTrailers,
    /// hyper looks at the trailers when they are complete, ours as they come.
    UnfinishedTrailers,
    /// Bytes above ASCII in `Connection` or `Transfer-Encoding`: hyper does not look at such a line, ours looks at the
    /// tokens in it.
    TokensBesideOtherBytes,
}

const DIFFERENCES: [Difference; 8] = [
    Difference::HeadInPieces,
    Difference::IdleLength,
    Difference::IdleTransferEncoding,
    Difference::LongLength,
    Difference::LongChunkSize,
    Difference::BareLineFeedInTrailers,
    Difference::UnfinishedTrailers,
    Difference::TokensBesideOtherBytes,
];

impl Difference {
    /// Whether it is this that the two differ in.
    fn explains(self, is_head: bool, bytes: &[u8], ours: &Verdict, hypers: &Verdict) -> bool {
        let agree_on = |bytes: &[u8]| agree(is_head, bytes);
        match self {
            // Needs hyper's second opinion, see `compare`.
            Self::HeadInPieces => false,
            Self::IdleLength | Self::IdleTransferEncoding => {
                let is_length = self == Self::IdleLength;
                let without = without_idle(is_head, bytes, hypers, if is_length { LENGTH } else { ENCODING });
                let is_choice = *ours == Verdict::Bad && is_length || *ours == not_reusable(hypers);
                is_choice && without != bytes && agree_on(&without)
            }
            Self::LongLength => *ours == Verdict::Bad && lines(bytes).any(|line| has_long_length(&bytes[line])),
            Self::LongChunkSize => bad_byte(is_head, bytes)
                .is_some_and(|place| place >= 15 && bytes[place - 15..=place].iter().all(u8::is_ascii_hexdigit)),
            Self::BareLineFeedInTrailers => bad_byte(is_head, bytes).is_some_and(|place| {
                let ended = [&bytes[..place], b"\r\n", &bytes[place + 1..]].concat();
                bytes[place] == b'\n' && bytes[place - 1] != b'\r' && *hypers != Verdict::Bad && agree_on(&ended)
            }),
            Self::UnfinishedTrailers => {
                let finished = [bytes, b"\r\n\r\n"].concat();
                (ours, hypers) == (&Verdict::Bad, &Verdict::Incomplete)
                    && self::hypers(is_head, &finished, &[]) == Verdict::Bad
            }
            Self::TokensBesideOtherBytes => {
                let mut ascii = bytes.to_vec();
                for line in lines(bytes).filter(|line| {
                    starts_with(&bytes[line.clone()], CONNECTION_NAME) || starts_with(&bytes[line.clone()], ENCODING)
                }) {
                    ascii[line].iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'x');
                }
                ascii != bytes && agree_on(&ascii)
            }
        }
    }
}

/// Whether the two say the same of these bytes, or why not.
fn agree(is_head: bool, bytes: &[u8]) -> bool {
    let (ours, hypers) = (ours_at_once(is_head, bytes), hypers(is_head, bytes, &[]));
    ours == hypers || why(is_head, bytes, &ours, &hypers).is_some()
}

fn why(is_head: bool, bytes: &[u8], ours: &Verdict, hypers: &Verdict) -> Option<Difference> {
    DIFFERENCES.into_iter().find(|difference| difference.explains(is_head, bytes, ours, hypers))
}

fn not_reusable(verdict: &Verdict) -> Verdict {
    match verdict {
        Verdict::Whole(answer) => Verdict::Whole(Answer { is_reusable: false, ..answer.clone() }),
        other => other.clone(),
    }
}

/// But for what is in the body, where a line may have been renamed.
fn is_alike(one: &Verdict, other: &Verdict) -> bool {
    match (one, other) {
        (Verdict::Whole(one), Verdict::Whole(other)) => {
            let mark = |answer: &Answer| (answer.status, answer.length, answer.body.len(), answer.is_reusable);
            mark(one) == mark(other)
        }
        _ => one == other,
    }
}

const LENGTH: &[u8] = b"content-length:";
const ENCODING: &[u8] = b"transfer-encoding:";
const CONNECTION_NAME: &[u8] = b"connection:";

/// Where each line is, without its LF.
fn lines(bytes: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut start = 0;
    bytes.split(|&byte| byte == b'\n').map(move |line| {
        let range = start..start + line.len();
        start += line.len() + 1;
        range
    })
}

fn starts_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn has_long_length(line: &[u8]) -> bool {
    starts_with(line, LENGTH)
        && line[15..].split(|&byte| byte == b',').map(<[u8]>::trim_ascii).any(|value| value.len() > 18)
}

/// The same bytes, with another name for this header wherever hyper then says the same.
fn without_idle(is_head: bool, bytes: &[u8], hypers: &Verdict, name: &[u8]) -> Vec<u8> {
    let mut renamed = bytes.to_vec();
    for line in lines(bytes).filter(|line| starts_with(&bytes[line.clone()], name)) {
        let before = std::mem::replace(&mut renamed[line.start], b'X');
        if !is_alike(&self::hypers(is_head, &renamed, &[]), hypers) {
            renamed[line.start] = before;
        }
    }
    renamed
}

/// What makes up a case.
struct Dice(Pcg64Mcg);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() >> 8) as usize % bound
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in 1..items.len() {
            items.swap(place, self.below(place + 1));
        }
    }
}

/// An answer as it goes over the wire, and what is right to say of it where it is by the book.
struct Made {
    bytes: Vec<u8>,
    right: Option<Right>,
}

#[derive(Clone)]
struct Right {
    answer: Answer,
    /// Whether the body goes on until the connection is closed, with whatever comes.
    is_until_close: bool,
}

impl Right {
    /// What is right where these bytes begin with the answer.
    fn verdict(&self, bytes: &[u8]) -> Verdict {
        let mut answer = self.answer.clone();
        if self.is_until_close {
            answer.body.extend_from_slice(&bytes[answer.length..]);
            answer.length = bytes.len();
        }
        Verdict::Whole(answer)
    }
}

/// How the grammar frames a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Length,
    Chunks,
    Close,
}

const INTERIM: [&str; 5] = [
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    "HTTP/1.1 102 Processing\r\nConnection: close\r\n\r\n",
    "HTTP/1.0 100 \r\n\r\n",
    "HTTP/1.1 199 X\r\nContent-Length: 3\r\n\r\n",
];
const ODD_INTERIM: [&str; 4] = [
    "HTTP/1.1 100 Continue\r\nContent-Length: x\r\n\r\n",
    "HTTP/1.1 100 Continue\n\n",
    "HTTP/1.1 100 Continue\r\n",
    "\r\n\r\n",
];
const CONNECTION: [&str; 6] = ["close", "keep-alive", "Keep-Alive", "Upgrade, CLOSE", "foo", "keep-alive,\tclose"];
const OTHERS: [&str; 7] = [
    "Date: Mon, 01 Jan 2024 00:00:00 GMT",
    "X-Content-Length: 7",
    "Content-Type:text/plain",
    "Empty:",
    "X: \u{e9}",
    "Server:\t  a ",
    "Keep-Alive: timeout=5",
];
const ODD_LINES: [&str; 9] = [
    " folded",
    "\tContent-Length: 3",
    "Content-Length : 3",
    "No colon",
    ": no name",
    "X\u{e9}: y",
    "X: \u{1}",
    "X: a\rb",
    "",
];
const ODD_LENGTHS: [&str; 14] = [
    "",
    "+N",
    "-1",
    "0xN",
    "N N",
    "N;",
    "N, N",
    "N,N , N",
    "N,",
    "N, 9",
    "000000000000000000000000N",
    "99999999999999999999",
    "18446744073709551615",
    "\u{e9}N",
];
const ODD_ENCODINGS: [&str; 17] = [
    "chunked, identity",
    "identity",
    "gzip",
    "",
    "xchunked",
    "chunked;q=1",
    "chunked,",
    ",chunked",
    "chunked, chunked",
    "\"chunked\"",
    "chun ked",
    "chunked\u{e9}",
    "\u{e9}, chunked",
    "\tCHUNKED\t",
    "chunked\r\nTransfer-Encoding: identity",
    "identity\r\ntransfer-encoding: chunked",
    "chunked\r\n\tchunked",
];
const ODD_SIZES: [&str; 13] = [
    "",
    " N",
    "N N",
    "N a",
    "0xN",
    "-N",
    "+N",
    "N,",
    "00000000000000N",
    "000000000000000000000N",
    "ffffffffffffffff",
    "10000000000000000",
    "N\u{0};",
];
const ODD_EXTENSIONS: [&str; 5] = [";a\n", ";\u{1}", ";a\rb", ";\u{e9}", "  ; a"];
const ODD_ENDS: [&str; 5] = ["\n", "\r", "", "\r\r\n", "\n\r\n"];
const ODD_TRAILERS: [&str; 7] = [
    "HTTP/1.1 200 OK\r\n",
    "No colon\r\n",
    " folded: x\r\n",
    "X: y\n",
    "X: \u{0}\r\n",
    "X : y\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
];

/// Makes one answer.
struct Maker<'a> {
    dice: &'a mut Dice,
    /// One in so many things is odd; none where it is 0.
    oddness: usize,
    is_by_the_book: bool,
}

impl Maker<'_> {
    fn odd(&mut self) -> bool {
        let is_odd = self.oddness > 0 && self.dice.one_in(self.oddness);
        self.is_by_the_book &= !is_odd;
        is_odd
    }

    fn line_end(&mut self) -> &'static str {
        if self.odd() { self.dice.pick(&ODD_ENDS) } else { "\r\n" }
    }

    fn answer(mut self, is_head: bool) -> Made {
        let mut text = String::new();
        while self.dice.one_in(5) {
            text += if self.odd() { self.dice.pick(&ODD_INTERIM) } else { self.dice.pick(&INTERIM) };
        }
        let is_http_1_1 = !self.dice.one_in(5);
        let status = *self.dice.pick(&[&200, &200, &200, &200, &404, &500, &205, &204, &304, &101, &999]);
        let frame = *self.dice.pick(&[&Frame::Length, &Frame::Length, &Frame::Chunks, &Frame::Chunks, &Frame::Close]);
        // Faulty, so that nothing about it is by the book.
        self.is_by_the_book &= is_http_1_1 || frame != Frame::Chunks;
        let length = if self.dice.one_in(4) { 0 } else { self.dice.below(40) };
        let content: Vec<u8> =
            (0..length).map(|_| *self.dice.pick(&[&b'\r', &b'\n', &b'0', &b'a', &b';', &0xff])).collect();
        text += if is_http_1_1 { "HTTP/1.1 " } else { "HTTP/1.0 " };
        text += &if self.odd() { "099".to_owned() } else { status.to_string() };
        text += self.dice.pick(&["", " ", " OK", " Not quite"]);
        text += self.line_end();
        let (mut lines, is_reusable) = self.lines(is_http_1_1);
        match frame {
            Frame::Length => lines.extend(self.lengths(length)),
            Frame::Chunks => lines.push(self.encoding()),
            Frame::Close => {}
        }
        // By the book ours may read on, but not use the connection again.
        let is_doubtful = frame == Frame::Chunks && self.dice.one_in(10);
        if is_doubtful || self.odd() {
            lines.extend(self.lengths(length));
        }
        self.dice.shuffle(&mut lines);
        for line in lines {
            text += &line;
            text += self.line_end();
        }
        text += self.line_end();
        let mut bytes = latin_1(&text);
        let mut answer = Answer { status, body: Vec::new(), length: bytes.len(), is_reusable };
        let is_bodiless = is_head || matches!(status, 101 | 204 | 304);
        answer.is_reusable &= status != 101 && !is_doubtful && (is_bodiless || frame != Frame::Close);
        // What has no body is followed by one all the same, now and then.
        if !is_bodiless || self.dice.one_in(8) {
            match frame {
                Frame::Chunks => self.chunks(&content, &mut bytes),
                Frame::Length | Frame::Close => bytes.extend_from_slice(&content),
            }
        }
        let is_until_close = !is_bodiless && frame == Frame::Close;
        // Of a body until the close it is not known yet what else it is.
        if !is_bodiless && !is_until_close {
            answer.length = bytes.len();
            answer.body = content;
        }
        Made { bytes, right: self.is_by_the_book.then_some(Right { answer, is_until_close }) }
    }

    /// Lines that say nothing of the length, and whether they leave the connection to another request.
    fn lines(&mut self, is_http_1_1: bool) -> (Vec<String>, bool) {
        let mut lines: Vec<String> = (0..self.dice.below(4)).map(|_| self.dice.pick(&OTHERS).to_owned()).collect();
        if self.odd() {
            lines.push(self.dice.pick(&ODD_LINES).to_owned());
        }
        if self.oddness > 0 && self.dice.one_in(300) {
            self.is_by_the_book = false;
            lines.extend((0..90 + self.dice.below(50)).map(|number| format!("X{number}: y")));
        }
        let mut is_reusable = None;
        while self.dice.one_in(3) {
            let value = self.dice.pick(&CONNECTION);
            let lower = value.to_lowercase();
            if lower.contains("close") {
                is_reusable = Some(false);
            } else if lower.contains("keep-alive") {
                is_reusable = is_reusable.or(Some(true));
            }
            let foreign = if self.odd() { "\u{e9}, " } else { "" };
            lines.push(format!("{}{}{foreign}{value}", self.dice.pick(&["Connection", "connection"]), self.colon()));
        }
        (lines, is_reusable.unwrap_or(is_http_1_1))
    }

    fn colon(&mut self) -> &'static str {
        self.dice.pick(&[":", ": ", ": ", ":\t", ":  \t"])
    }

    fn lengths(&mut self, length: usize) -> Vec<String> {
        let times = if self.dice.one_in(8) { 2 } else { 1 };
        (0..times)
            .map(|_| {
                let value =
                    if self.odd() { self.dice.pick(&ODD_LENGTHS) } else { self.dice.pick(&["N", "N", "N ", "00N"]) };
                let name = self.dice.pick(&["Content-Length", "content-length", "CONTENT-LENGTH"]);
                format!("{name}{}{}", self.colon(), value.replace('N', &length.to_string()))
            })
            .collect()
    }

    fn encoding(&mut self) -> String {
        let value = if self.odd() {
            self.dice.pick(&ODD_ENCODINGS)
        } else {
            self.dice.pick(&["chunked", "chunked", "Chunked ", "gzip, chunked", "gzip\r\nTransfer-Encoding:chunked"])
        };
        format!("{}{}{value}", self.dice.pick(&["Transfer-Encoding", "transfer-encoding"]), self.colon())
    }

    fn chunks(&mut self, content: &[u8], bytes: &mut Vec<u8>) {
        let mut rest = content;
        while !rest.is_empty() {
            let (chunk, behind) = rest.split_at(1 + self.dice.below(rest.len()));
            self.size(chunk.len(), bytes);
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(self.line_end().as_bytes());
            rest = behind;
        }
        self.size(0, bytes);
        while self.dice.one_in(4) {
            let line = if self.odd() {
                self.dice.pick(&ODD_TRAILERS)
            } else {
                self.dice.pick(&["Expires: never\r\n", "X:\r\n", "Content-Length: 4\r\n", "Y: \u{e9}\t \r\n"])
            };
            bytes.extend(latin_1(line));
        }
        bytes.extend_from_slice(self.line_end().as_bytes());
    }

    fn size(&mut self, size: usize, bytes: &mut Vec<u8>) {
        let pattern = if self.odd() { self.dice.pick(&ODD_SIZES) } else { self.dice.pick(&["N", "N", "00N"]) };
        let size = if self.dice.one_in(2) { format!("{size:x}") } else { format!("{size:X}") };
        let extension = if self.odd() {
            self.dice.pick(&ODD_EXTENSIONS)
        } else {
            self.dice.pick(&["", "", "", ";a=b", " ; a=\"q;\\\"\"", " \t"])
        };
        bytes.extend(latin_1(&(pattern.replace('N', &size) + extension)));
        bytes.extend_from_slice(self.line_end().as_bytes());
    }
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(letter).expect("the grammar has no other letters")).collect()
}

/// Damages the bytes in one place.
fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    const LIKELY: &[u8] = b"\r\n\r\n \t:;,0159afAFxXg-+\"\0\x7f\x80\xff";
    let place = dice.below(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
    let likely = LIKELY[dice.below(LIKELY.len())];
    match dice.below(6) {
        _ if bytes.is_empty() => bytes.push(likely),
        0 => bytes[place] ^= 1 << dice.below(8),
        1 => bytes[place] = likely,
        2 => bytes.insert(place, likely),
        3 => drop(bytes.remove(place)),
        4 => {
            let end = (place + 1 + dice.below(30)).min(bytes.len());
            let piece = bytes[place..end].to_vec();
            let target = dice.below(bytes.len());
            bytes.splice(target..target, piece);
        }
        _ => bytes.truncate(place),
    }
}

struct Case {
    is_head: bool,
    bytes: Vec<u8>,
    /// Where the pieces end in which ours gets it.
    cuts: Vec<usize>,
    /// Whether hyper gets it in the same pieces.
    is_cut_for_hyper: bool,
    /// What is right to say of the answers, one behind the other, as far as they are by the book.
    right: Vec<Option<Right>>,
}

impl Case {
    fn of(seed: u64) -> Self {
        let mut dice = Dice(Pcg64Mcg::seed_from_u64(seed));
        let dice = &mut dice;
        let is_head = dice.one_in(6);
        let oddness = *dice.pick(&[&0, &8, &25]);
        let (mut bytes, mut right) = (Vec::new(), Vec::new());
        let mut before: Option<Made> = None;
        for _ in 0..=dice.below(3) {
            let made = match before.take() {
                // The same head again is one that ours remembers.
                Some(before) if dice.one_in(3) => before,
                _ => Maker { dice, oddness, is_by_the_book: true }.answer(is_head),
            };
            // Behind a body where none belongs there is no telling where the next answer begins.
            let is_clean = made.right.as_ref().is_some_and(|right| right.answer.length == made.bytes.len());
            right.push(made.right.clone());
            bytes.extend_from_slice(&made.bytes);
            before = Some(made);
            if !is_clean {
                break;
            }
        }
        if dice.one_in(3) {
            right.clear();
            for _ in 0..=dice.below(3) {
                mutate(dice, &mut bytes);
            }
        }
        let mut cuts: Vec<usize> = match dice.below(5) {
            0 => Vec::new(),
            1 => (1..bytes.len()).collect(),
            _ => (0..=dice.below(6)).map(|_| dice.below(bytes.len() + 1)).collect(),
        };
        cuts.sort_unstable();
        Self { is_head, bytes, cuts, is_cut_for_hyper: dice.one_in(4), right }
    }
}

/// What was found, by name.
#[derive(Default)]
struct Tally(BTreeMap<String, u64>);

impl Tally {
    fn count(&mut self, name: String) {
        *self.0.entry(name).or_default() += 1;
    }
}

/// Says which case it was that panicked.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to replay it: DRUMFIRE_FUZZ_SEED={} DRUMFIRE_FUZZ_CASES=1", self.0);
        }
    }
}

/// Has both look at the answers of a case, one behind the other: where one ends the next begins.
fn check(case: &Case, tally: &mut Tally) {
    let mut memo = Memo::default();
    let (mut start, mut answers) = (0, 0);
    while start < case.bytes.len() || answers == 0 {
        let bytes = &case.bytes[start..];
        let cuts: Vec<usize> = case.cuts.iter().filter(|&&cut| cut > start).map(|cut| cut - start).collect();
        let verdict = ours(case.is_head, bytes, &cuts, &mut memo);
        let shown = || format!("{} {}", if case.is_head { "HEAD" } else { "GET" }, bytes.escape_ascii());
        assert_eq!(verdict, ours_at_once(case.is_head, bytes), "in pieces {cuts:?} and at once: {}", shown());
        if let Some(Some(right)) = case.right.get(answers) {
            assert_eq!(verdict, right.verdict(bytes), "ours and the book: {}", shown());
            tally.count("by the book".to_owned());
        }
        let cuts_for_hyper = if case.is_cut_for_hyper { cuts.as_slice() } else { &[] };
        let hypers = compare_pieces(case.is_head, bytes, cuts_for_hyper, tally);
        if verdict != hypers {
            let Some(difference) = why(case.is_head, bytes, &verdict, &hypers) else {
                panic!("ours and hyper:\n{verdict:?}\n{hypers:?}\n{}", shown());
            };
            tally.count(format!("{difference:?}"));
        }
        tally.count(verdict_name(&verdict).to_owned());
        let Verdict::Whole(Answer { length, .. }) = verdict else { break };
        start += length;
        answers += 1;
    }
}

/// What hyper says, at once; and that it says the same in pieces.
fn compare_pieces(is_head: bool, bytes: &[u8], cuts: &[usize], tally: &mut Tally) -> Verdict {
    let at_once = hypers(is_head, bytes, &[]);
    if !cuts.is_empty() {
        let in_pieces = hypers(is_head, bytes, cuts);
        if in_pieces != at_once {
            assert_eq!(in_pieces, Verdict::Incomplete, "hyper at once: {at_once:?}, {}", bytes.escape_ascii());
            tally.count(format!("{:?}", Difference::HeadInPieces));
        }
    }
    at_once
}

fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Whole(Answer { is_reusable: true, .. }) => "whole, connection kept",
        Verdict::Whole(_) => "whole, connection not kept",
        Verdict::Incomplete => "incomplete",
        Verdict::Bad => "bad",
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|error| panic!("{name}: {error}")))
}

#[test]
fn an_answer_ends_where_hyper_says_that_it_ends() {
    let (first, cases) = (number("DRUMFIRE_FUZZ_SEED", 0), number("DRUMFIRE_FUZZ_CASES", CASES));
    let mut tally = Tally::default();
    for seed in first..first + cases {
        let named = Named(seed);
        check(&Case::of(seed), &mut tally);
        drop(named);
    }
    for (name, count) in &tally.0 {
        eprintln!("{count:>9} {name}");
    }
    if cases >= CASES {
        for difference in DIFFERENCES {
            assert!(tally.0.contains_key(&format!("{difference:?}")), "{difference:?} is not met any more");
        }
    }
}
