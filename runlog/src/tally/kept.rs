//! Times as they were, in little more than four bytes each.

/// So many are kept together: no chunk is ever moved when more come.
const CHUNK: usize = 1 << 12;

/// Times in nanoseconds, in no order.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    chunks: Vec<Vec<u32>>,
    /// Those above 4.29 s.
    long: Vec<u64>,
}

impl Kept {
    #[inline]
    pub(super) fn push(&mut self, value_ns: u64) {
        let Ok(short) = u32::try_from(value_ns) else { return self.long.push(value_ns) };
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(short),
            _ => self.begin(short),
        }
    }

    #[cold]
    fn begin(&mut self, short: u32) {
        let mut chunk = Vec::with_capacity(CHUNK);
        chunk.push(short);
        self.chunks.push(chunk);
    }

    pub(super) fn merge(&mut self, other: Self) {
        // Only the last chunk is added to, and it may as well be another one.
        self.chunks.extend(other.chunks);
        self.long.extend(other.long);
    }

    pub(super) fn each(&self, mut take: impl FnMut(u64)) {
        for &short in self.chunks.iter().flatten() {
            take(u64::from(short));
        }
        self.long.iter().for_each(|&long| take(long));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_time_is_kept(short in 0_u64..10_000, values in proptest::collection::vec(any::<u64>(), 0..20)) {
            let (mut one, mut other) = (Kept::default(), Kept::default());
            (0..short).for_each(|value| one.push(value));
            for &value in &values {
                other.push(value);
            }
            one.merge(other);
            let mut all = Vec::new();
            one.each(|value| all.push(value));
            let mut expected: Vec<u64> = (0..short).chain(values).collect();
            all.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(all, expected);
        }
    }
}
