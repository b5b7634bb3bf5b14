//! Memory that is used again: requests that are put together, and answers that are looked into.

use crate::answer::Content;

/// Memory of a core that nobody uses now.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "contents go from hand to hand, and are to be small in it")]
pub struct Spare {
    buffers: Vec<Vec<u8>>,
    contents: Vec<Box<Content>>,
}

/// More than this is not kept for the next: one large body would be held for ever.
const KEPT_BYTES_MOST: usize = 256 << 10;

impl Spare {
    /// An empty buffer.
    pub fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub fn give_buffer(&mut self, mut buffer: Vec<u8>) {
        if (1..=KEPT_BYTES_MOST).contains(&buffer.capacity()) {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }

    /// An empty content.
    #[expect(clippy::unnecessary_box_returns, reason = "it goes from hand to hand, and is to be small in it")]
    pub fn content(&mut self) -> Box<Content> {
        self.contents.pop().unwrap_or_default()
    }

    /// Takes a content back.
    pub fn give_content(&mut self, mut content: Box<Content>) {
        if content.body.capacity() <= KEPT_BYTES_MOST {
            content.clear();
            self.contents.push(content);
        }
    }
}
