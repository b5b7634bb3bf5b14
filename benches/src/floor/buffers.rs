//! The buffers that the kernel picks for what it receives, and the ring by which they are given back to it.

use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Context;
use io_uring::Submitter;
use io_uring::types::BufRingEntry;

/// A page, for memory that has to start with one.
#[repr(C, align(4096))]
struct Page([u8; PAGE_BYTES]);

const PAGE_BYTES: usize = 4096;
/// How many buffers the kernel takes at most.
const BUFFERS_MOST: u32 = 1 << 15;
/// A smaller buffer saves nothing: it is a few cache lines.
const BUFFER_BYTES_LEAST: u32 = 256;
/// A longer answer comes in several pieces.
const BUFFER_BYTES_MOST: u32 = 16384;

/// Buffers of one size, all in one piece of memory, and the ring of those that are free.
pub struct Buffers {
    /// Entries that name free buffers; read by the kernel.
    ring: Box<[Page]>,
    /// The buffers, one behind another; written by the kernel.
    memory: Box<[u8]>,
    buffer_bytes: u32,
    count: u16,
    /// How many buffers were ever put into the ring, in the kernel's sixteen bits.
    tail: u16,
}

impl Buffers {
    /// The number that operations name them by.
    pub const GROUP: u16 = 0;

    /// At least so many (as far as the kernel takes them), each for so many bytes, all free.
    pub fn new(count: u32, bytes: u32) -> Self {
        let count = count.next_power_of_two().min(BUFFERS_MOST) as u16;
        let buffer_bytes = bytes.next_power_of_two().clamp(BUFFER_BYTES_LEAST, BUFFER_BYTES_MOST);
        let pages = (usize::from(count) * size_of::<BufRingEntry>()).div_ceil(PAGE_BYTES);
        let mut buffers = Self {
            ring: (0..pages).map(|_| Page([0; PAGE_BYTES])).collect(),
            memory: vec![0; usize::from(count) * buffer_bytes as usize].into(),
            buffer_bytes,
            count,
            tail: 0,
        };
        for buffer in 0..count {
            buffers.free(buffer);
        }
        buffers.give_back();
        buffers
    }

    /// Shows them to the kernel. They must outlive the ring.
    ///
    /// # Errors
    /// Where the kernel knows no such rings.
    pub fn register(&mut self, submitter: &Submitter<'_>) -> anyhow::Result<()> {
        let address = self.ring.as_mut_ptr() as u64;
        #[expect(unsafe_code, reason = "the kernel will use this memory until the ring is dropped")]
        // SAFETY: The memory starts at a page, has room for `count` entries, and is neither moved nor shared. The one
        // caller drops its io_uring first.
        unsafe { submitter.register_buf_ring(address, self.count, Self::GROUP) }
            .context("the kernel takes no ring of buffers; it must be 5.19 or newer")
    }

    /// Puts a buffer back into the ring. The kernel sees it with the next [`Self::give_back`].
    pub fn free(&mut self, buffer: u16) {
        let place = usize::from(self.tail & (self.count - 1));
        let start = usize::from(buffer) * self.buffer_bytes as usize;
        let address = self.memory[start..].as_mut_ptr() as u64;
        #[expect(unsafe_code, reason = "the ring is memory shared with the kernel, not a slice of entries")]
        // SAFETY: `place` is below `count`, for which the ring has room; the kernel reads an entry only once the tail
        // has passed it.
        let entry = unsafe { &mut *self.ring.as_mut_ptr().cast::<BufRingEntry>().add(place) };
        entry.set_addr(address);
        entry.set_len(self.buffer_bytes);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Shows the kernel all buffers that were freed.
    pub fn give_back(&mut self) {
        #[expect(unsafe_code, reason = "the tail lies within the ring's first entry, and the kernel reads it")]
        // SAFETY: The ring starts with an entry, whose reserved field is the tail: aligned, and written by us only.
        let tail = unsafe { &*BufRingEntry::tail(self.ring.as_ptr().cast()).cast::<AtomicU16>() };
        tail.store(self.tail, Ordering::Release);
    }
}
