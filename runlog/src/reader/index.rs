//! Where the fields and lines of a block end, found 64 bytes at a time.

/// Marks the end of a line among the places.
pub(super) const LINE_END: u32 = 1 << 31;
/// So many bytes are looked at together; blocks are padded to a multiple of it.
pub(super) const STRIDE: usize = 64;

/// Puts the places of all commas and line ends of a block into `places`, in their order.
pub(super) fn separators(block: &[u8], places: &mut Vec<u32>) {
    // As many as there could be at the most, so that they are written without looking whether there is room.
    let mut found = 0;
    let (chunks, rest) = block.as_chunks::<STRIDE>();
    for (number, chunk) in chunks.iter().enumerate() {
        found += add(chunk, (number * STRIDE) as u32, room(places, found));
    }
    if !rest.is_empty() {
        let mut last = [0; STRIDE];
        last[..rest.len()].copy_from_slice(rest);
        found += add(&last, (chunks.len() * STRIDE) as u32, room(places, found));
    }
    places.truncate(found);
}

/// Room for all places that a chunk may have. It is kept from block to block.
#[inline]
fn room(places: &mut Vec<u32>, found: usize) -> &mut [u32; STRIDE] {
    if places.len() < found + STRIDE {
        places.resize((found + STRIDE).max(places.capacity()), 0);
    }
    // There is: it was made above.
    places[found..].first_chunk_mut().unwrap_or_else(|| unreachable!())
}

/// Writes the places of a chunk, and returns how many they are. Four are written at a time whether there are as many or
/// not: to look after each is what would take long. Ends of lines are few: they are marked afterwards.
#[inline]
fn add(chunk: &[u8; STRIDE], base: u32, places: &mut [u32; STRIDE]) -> usize {
    let mut ends = bits(chunk, b'\n');
    let all = ends | bits(chunk, b',');
    let mut left = all;
    let (fours, _) = places.as_chunks_mut::<4>();
    for four in fours {
        if left == 0 {
            break;
        }
        for place in four {
            *place = base + left.trailing_zeros();
            left &= left.wrapping_sub(1);
        }
    }
    while ends != 0 {
        let before = all & (ends & ends.wrapping_neg()).wrapping_sub(1);
        places[before.count_ones() as usize] |= LINE_END;
        ends &= ends - 1;
    }
    all.count_ones() as usize
}

/// A bit for each byte that is the wanted one.
#[cfg(target_arch = "x86_64")]
#[inline]
fn bits(chunk: &[u8; STRIDE], wanted: u8) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};

    let (quarters, _) = chunk.as_chunks::<16>();
    let mut bits = 0;
    for (place, quarter) in quarters.iter().enumerate() {
        let whole = i128::from_le_bytes(*quarter);
        #[expect(
            unsafe_code,
            reason = "a quarter of all that reading a row costs, and no way to it that compilers find"
        )]
        // SAFETY: every processor of this architecture has SSE2.
        let equal = unsafe {
            let quarter = _mm_set_epi64x((whole >> 64) as i64, whole as i64);
            _mm_movemask_epi8(_mm_cmpeq_epi8(quarter, _mm_set1_epi8(wanted.cast_signed())))
        };
        bits |= u64::from(equal.cast_unsigned()) << (16 * place);
    }
    bits
}

/// A bit for each byte that is the wanted one.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn bits(chunk: &[u8; STRIDE], wanted: u8) -> u64 {
    let mut bits = 0;
    for (place, byte) in chunk.iter().enumerate() {
        bits |= u64::from(*byte == wanted) << place;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_separator_is_found_and_nothing_else(block in proptest::collection::vec(prop_oneof![Just(b','), Just(b'\n'), any::<u8>()], 0..300)) {
            let mut places = vec![7];
            separators(&block, &mut places);
            let expected: Vec<u32> = (0..).zip(&block).filter_map(|(at, byte)| match byte {
                b',' => Some(at),
                b'\n' => Some(at | LINE_END),
                _ => None,
            }).collect();
            prop_assert_eq!(places, expected);
        }
    }
}
