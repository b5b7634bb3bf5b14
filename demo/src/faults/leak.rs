//! A memory leak: every request keeps some bytes for good.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytesize::ByteSize;
use prometheus::{Gauge, Registry};

use crate::metrics::{self, enrol};

/// What is never kept more of: a leak has to be seen, not to bring the machine down.
const MAX_BYTES: u64 = 2_000_000_000;

/// Memory that nobody gives back.
#[derive(Debug)]
pub(crate) struct Leak {
    bytes_per_request: AtomicU64,
    kept: Mutex<Kept>,
    kept_bytes: Gauge,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: u64,
    pieces: Vec<Box<[u8]>>,
}

impl Leak {
    pub(crate) fn enrolled(registry: &Registry, per_request: ByteSize) -> metrics::Result<Self> {
        let kept_bytes = Gauge::new("shop_leaked_bytes", "Memory kept by the leak that can be switched on");
        Ok(Self {
            bytes_per_request: AtomicU64::new(per_request.as_u64()),
            kept: Mutex::default(),
            kept_bytes: enrol(registry, kept_bytes)?,
        })
    }

    /// From now on this much; 0 stops it. What was kept stays.
    pub(crate) fn set(&self, per_request: ByteSize) {
        self.bytes_per_request.store(per_request.as_u64(), Ordering::Relaxed);
    }

    /// Loses what is to be lost for one request.
    pub(crate) fn drip(&self) {
        let bytes = self.bytes_per_request.load(Ordering::Relaxed);
        if bytes == 0 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = bytes.min(MAX_BYTES - kept.bytes);
        kept.bytes += bytes;
        // Not zeros: untouched memory would not be resident.
        kept.pieces.push(vec![1; bytes as usize].into());
        self.kept_bytes.set(kept.bytes as f64);
    }

    /// What is kept now, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leak(per_request: ByteSize) -> Leak {
        Leak::enrolled(&Registry::new(), per_request).unwrap()
    }

    #[test]
    fn it_drips_while_it_is_on_and_keeps_what_was_lost() {
        let leak = leak(ByteSize(0));
        leak.drip();
        leak.set(ByteSize::kb(10));
        for _ in 0..3 {
            leak.drip();
        }
        leak.set(ByteSize(0));
        leak.drip();
        assert_eq!(leak.bytes(), 30_000);
    }

    #[test]
    fn it_ends_where_it_would_bring_the_machine_down() {
        let leak = leak(ByteSize::tb(1));
        leak.kept.lock().unwrap().bytes = MAX_BYTES - 5;
        leak.drip();
        leak.drip();
        assert_eq!(leak.bytes(), MAX_BYTES);
    }
}
