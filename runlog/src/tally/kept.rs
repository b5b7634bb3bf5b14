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
    pub(super) fn extend(&mut self, times_ns: &[u64]) {
        let mut rest = times_ns;
        while !rest.is_empty() {
            let chunk = self.chunk();
            let (now, later) = rest.split_at(rest.len().min(CHUNK - chunk.len()));
            let mut all = 0;
            chunk.extend(now.iter().map(|&time| {
                all |= time;
                time as u32
            }));
            if all > u64::from(u32::MAX) {
                // Seldom: what was cut short is put right.
                let behind = chunk.len() - now.len();
                chunk.truncate(behind);
                chunk.extend(now.iter().filter_map(|&time| u32::try_from(time).ok()));
                self.long.extend(now.iter().filter(|&&time| time > u64::from(u32::MAX)));
            }
            rest = later;
        }
    }

    /// A chunk with room.
    fn chunk(&mut self) -> &mut Vec<u32> {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let last = self.chunks.len() - 1;
        &mut self.chunks[last]
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
            one.extend(&(0..short).collect::<Vec<_>>());
            other.extend(&values);
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
