//! Content codings undone: gzip, deflate and brotli, within a bound whatever the server sends.

use std::io::Read;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// The largest body that is looked into, decoded, in bytes.
pub(super) const BYTES_MOST: usize = 16 << 20;
/// The most codings on top of each other.
const CODINGS_MOST: usize = 4;
/// How much of a brotli stream is decoded at first; the room doubles from there.
const FIRST_ROOM_BYTES: usize = 16 << 10;

/// A coding that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
}

impl Coding {
    /// The coding of that name.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        [(&b"gzip"[..], Self::Gzip), (b"x-gzip", Self::Gzip), (b"deflate", Self::Deflate), (b"br", Self::Brotli)]
            .into_iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .map(|(_, coding)| coding)
    }

    fn undo(self, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Gzip => read(MultiGzDecoder::new(body)),
            // The standard says zlib; some servers send what is inside it alone.
            Self::Deflate => read(ZlibDecoder::new(body)).or_else(|| read(DeflateDecoder::new(body))),
            Self::Brotli => brotli(body),
        }
    }
}

/// Undoes codings, the last one first; `None` where the body is not what they say or becomes too long.
pub(super) fn all(codings: &[Coding], body: &[u8]) -> Option<Vec<u8>> {
    let (last, before) = codings.split_last()?;
    if codings.len() > CODINGS_MOST {
        return None;
    }
    before.iter().rev().try_fold(last.undo(body)?, |body, coding| coding.undo(&body))
}

fn read(decoder: impl Read) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    decoder.take(BYTES_MOST as u64 + 1).read_to_end(&mut decoded).ok()?;
    (decoded.len() <= BYTES_MOST).then_some(decoded)
}

/// The crate's own reader takes windows of up to a gigabyte, which no browser does: this one stays with the standard's 16 MiB.
fn brotli(body: &[u8]) -> Option<Vec<u8>> {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let (mut left, mut taken) = (body.len(), 0);
    let (mut decoded, mut written, mut total) = (vec![0; FIRST_ROOM_BYTES], 0, 0);
    loop {
        let mut room = decoded.len() - written;
        let result = BrotliDecompressStream(
            &mut left,
            &mut taken,
            body,
            &mut room,
            &mut written,
            &mut decoded,
            &mut total,
            &mut state,
        );
        match result {
            BrotliResult::ResultSuccess if written <= BYTES_MOST => {
                decoded.truncate(written);
                return Some(decoded);
            }
            BrotliResult::NeedsMoreOutput if room == 0 && written <= BYTES_MOST => {
                decoded.resize((2 * written).min(BYTES_MOST + 1), 0);
            }
            _ => return None,
        }
    }
}
