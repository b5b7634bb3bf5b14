//! A process that ends with whoever has started it.

use std::process::Child;

/// A process that is ended, and waited for, when this is dropped.
#[derive(Debug)]
pub struct Guard(pub Child);

impl Guard {
    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
