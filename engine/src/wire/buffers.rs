//! Memory that is lent to the kernel: a ring of equal buffers, of which it takes the next one for whatever comes first.

#![expect(unsafe_code, reason = "the memory is shared with the kernel, by an interface of addresses")]

use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::Submitter;
use io_uring::types::BufRingEntry;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// The size of a buffer: what most answers fit into.
const BUFFER_BYTES: usize = 4 << 10;
/// How far apart buffers are: not by a power of two, or the beginnings of all of them would fall into the same few lines
/// of the processor's caches.
const STRIDE_BYTES: usize = BUFFER_BYTES + 64;
/// Few buffers stay in the caches, many take more answers at once. When they run out receiving starts anew, which costs
/// time and loses nothing.
const FEWEST: u16 = 64;
const MOST: u16 = 1024;
/// The size of a large page: all buffers share one entry of the processor's address cache.
const LARGE_PAGE_BYTES: usize = 2 << 20;
/// The only group of them on the ring.
pub const GROUP: u16 = 0;

/// Buffers, and the ring by which they are handed over.
pub struct Buffers {
    memory: Mapping,
    /// The ring: an entry for each buffer.
    entries: Mapping,
    /// How many there are; a power of two.
    count: u16,
    /// How many were ever given back, modulo 2¹⁶.
    tail: u16,
}

impl Buffers {
    /// Makes buffers for so many connections and hands all of them over. They have to outlive the io_uring.
    ///
    /// # Errors
    /// Where the kernel knows no such ring (before 5.19), or grants no memory.
    pub fn lend(submitter: &Submitter<'_>, connections: u32) -> io::Result<Self> {
        let count = u16::try_from(connections).unwrap_or(MOST).clamp(FEWEST, MOST).next_power_of_two();
        let mut buffers = Self {
            memory: Mapping::in_large_pages(usize::from(count) * STRIDE_BYTES)?,
            entries: Mapping::new(usize::from(count) * size_of::<BufRingEntry>())?,
            count,
            tail: 0,
        };
        // SAFETY: the entries are page-aligned memory of the announced number, zeroed as an empty ring is, and the caller
        // keeps them for as long as the io_uring lives.
        unsafe { submitter.register_buf_ring(buffers.entries.start.as_ptr() as u64, count, GROUP)? };
        for id in 0..count {
            buffers.give_back(id);
        }
        buffers.hand_over();
        Ok(buffers)
    }

    /// What the kernel has written into the buffer of this id: `length` bytes. The buffer is ours until it is given back.
    pub fn bytes(&self, id: u16, length: usize) -> &[u8] {
        assert!(id < self.count && length <= BUFFER_BYTES, "the kernel fills a buffer of ours at most");
        // SAFETY: within the memory, by the line above; the kernel has written to it before it reported it and does not
        // again until it is given back, which takes `&mut self`, so not while this is borrowed.
        unsafe { std::slice::from_raw_parts(self.address(id), length) }
    }

    /// Gives a buffer back. The kernel gets to know by `hand_over`.
    pub fn give_back(&mut self, id: u16) {
        let place = usize::from(self.tail % self.count);
        // SAFETY: the place is within the entries; the kernel does not look at it before the tail has passed it.
        let entry = unsafe { &mut *self.first_entry().add(place) };
        entry.set_addr(self.address(id) as u64);
        entry.set_len(BUFFER_BYTES as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Lets the kernel have what was given back.
    pub fn hand_over(&self) {
        // SAFETY: the tail is a field of the first entry, aligned for 16 bits; the kernel only reads it.
        let tail = unsafe {
            let tail = BufRingEntry::tail(self.first_entry());
            AtomicU16::from_ptr(tail.cast_mut())
        };
        tail.store(self.tail, Ordering::Release);
    }

    const fn first_entry(&self) -> *mut BufRingEntry {
        self.entries.start.as_ptr().cast()
    }

    fn address(&self, id: u16) -> *const u8 {
        self.memory.start.as_ptr().wrapping_add(usize::from(id) * STRIDE_BYTES)
    }
}

/// Page-aligned memory of zeros, which costs nothing where it is not touched.
struct Mapping {
    start: NonNull<u8>,
    /// What was mapped, which may begin before.
    mapped: NonNull<c_void>,
    length: usize,
}

impl Mapping {
    fn new(length: usize) -> io::Result<Self> {
        // SAFETY: a mapping at an address of the kernel's choice touches no other memory.
        let mapped = unsafe {
            mmap_anonymous(std::ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)?
        };
        let mapped = NonNull::new(mapped).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start: mapped.cast(), mapped, length })
    }

    /// The same, from the beginning of a large page on; on large pages where the system has any to give.
    fn in_large_pages(length: usize) -> io::Result<Self> {
        let length = length.next_multiple_of(LARGE_PAGE_BYTES);
        let mut mapping = Self::new(length + LARGE_PAGE_BYTES)?;
        let before = mapping.start.align_offset(LARGE_PAGE_BYTES);
        // SAFETY: the mapping is by one large page longer than what is used of it.
        mapping.start = unsafe { mapping.start.add(before) };
        // SAFETY: advice on memory of our own changes nothing that can be seen in it. Where it is not taken, pages are small.
        let _ = unsafe { madvise(mapping.start.as_ptr().cast(), length, Advice::LinuxHugepage) };
        Ok(mapping)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: our own mapping, as it was made; nobody borrows from it any more.
        // A mapping that cannot be given back stays until the process ends.
        let _ = unsafe { munmap(self.mapped.as_ptr(), self.length) };
    }
}
