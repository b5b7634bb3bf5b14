//! Fields of a line as they stand, and what they say.

/// The digits of eight bytes: numbers are read eight digits at a time.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
const E8: u64 = 100_000_000;

/// A field within a larger text, of which what stands before it can be looked at too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    block: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Text<'a> {
    /// A field from `start` to before `end`; an empty one where they do not fit.
    pub(super) const fn new(block: &'a [u8], start: usize, end: usize) -> Self {
        Self { block, start, end }
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.block.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The number that its digits make; `None` where there are none, too many, or others.
    #[expect(
        clippy::inline_always,
        reason = "how long numbers are differs from column to column: each predicts its own"
    )]
    #[inline(always)]
    pub(super) fn number(self) -> Option<u64> {
        match self.len() {
            // Much is zero, and some columns are mostly.
            1 => self.block.get(self.start).map(|byte| u64::from(byte.wrapping_sub(b'0'))).filter(|&digit| digit <= 9),
            length @ 2..=8 => eight_digits(self.word(self.end)?, length),
            length @ 9..=16 => {
                let high = eight_digits(self.word(self.end - 8)?, length - 8)?;
                Some(high * E8 + eight_digits(self.word(self.end)?, 8)?)
            }
            17..=20 => self.long_number(),
            _ => None,
        }
    }

    /// The eight bytes before this place; zeros where the block begins later.
    #[expect(clippy::inline_always, reason = "most of what reading a number is")]
    #[inline(always)]
    fn word(self, end: usize) -> Option<u64> {
        if let Some(start) = end.checked_sub(8) {
            return self.block.get(start..end)?.try_into().ok().map(u64::from_le_bytes);
        }
        let mut bytes = [0; 8];
        bytes[8 - end..].copy_from_slice(self.block.get(..end)?);
        Some(u64::from_le_bytes(bytes))
    }

    #[cold]
    fn long_number(self) -> Option<u64> {
        self.bytes().iter().try_fold(0_u64, |number, byte| {
            let digit = byte.wrapping_sub(b'0');
            number.checked_mul(10)?.checked_add(u64::from(digit)).filter(|_| digit <= 9)
        })
    }

    /// Both of its ends.
    #[inline]
    pub(super) fn ends(self) -> Ends {
        let length = self.len();
        // Of texts of all lengths the same is done: what differs from row to row would be foreseen wrongly.
        let cut = 8 * 8_usize.saturating_sub(length) as u32;
        let last = self.word(self.end).unwrap_or(0).checked_shr(cut).unwrap_or(0);
        let first = self.word(self.start + 8).unwrap_or(0) & u64::from(length > 8).wrapping_neg();
        Ends { first, last, length }
    }
}

/// The first and the last eight bytes of a text, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    first: u64,
    last: u64,
    length: usize,
}

impl Ends {
    /// Texts up to this length are the same where their ends are.
    pub(super) const BYTES: usize = 16;

    /// A number that differs for most texts.
    #[inline]
    pub(super) const fn hash(self) -> u64 {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        (self.last ^ self.first.rotate_left(23) ^ self.length as u64).wrapping_mul(SPREAD)
    }
}

/// The number that the last `length` of eight bytes make, of which the first is in the lowest byte: all are looked at and
/// put together side by side (Lemire: Quickly parsing eight digits, 2018). `None` where one is no digit.
#[expect(clippy::inline_always, reason = "most of what reading a number is")]
#[inline(always)]
fn eight_digits(word: u64, length: usize) -> Option<u64> {
    let before = 8 * (8 - length as u32);
    let digits = (word ^ ZEROS) >> before << before;
    let beyond = digits.wrapping_add(0x7676_7676_7676_7676) | digits;
    if beyond & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    Some(low.wrapping_add(high) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_anybody_reads_them(before in "[0-9,\"]{0,9}", text in "[0-9]{1,22}|[0-9a-z,.+-]{0,12}") {
            let block = format!("{before}{text}");
            let read = Text::new(block.as_bytes(), before.len(), block.len()).number();
            let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 20;
            prop_assert_eq!(read, text.parse().ok().filter(|_| plain), "{:?}", text);
        }

        #[test]
        fn short_texts_with_the_same_ends_are_the_same(one in "[ab]{0,16}", other in "[ab]{0,16}") {
            let ends = |text: &str| Text::new(text.as_bytes(), 0, text.len()).ends();
            prop_assert_eq!(ends(&one) == ends(&other), one == other);
        }

        #[test]
        fn the_ends_are_of_the_text_alone(before in "\\PC{0,9}", other in "\\PC{0,20}", text in "\\PC{0,20}") {
            let ends = |before: &str| {
                let block = format!("{before}{text}");
                Text::new(block.as_bytes(), before.len(), block.len()).ends()
            };
            prop_assert_eq!(ends(&before), ends(&other));
        }
    }
}
