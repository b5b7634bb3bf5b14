//! The row of `requests-CC.csv`, one per scheduled arrival, and the only list of its columns.

#![allow(
    clippy::inline_always,
    reason = "fields are decoded by the hundred million: a call for each is what would take long"
)]

mod cell;
mod field;
mod names;

use crate::outcome::{Blame, Failure};

use self::cell::Cell;
pub use self::cell::{Column, Kind};
use self::field::Text;
pub use self::names::Names;

/// A scenario, by its place in the manifest's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ScenarioId(pub u16);

/// A request, by its place in the manifest's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RequestId(pub u16);

/// Which checks of a request failed: bit *i* stands for the *i*-th check of the manifest's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FailedChecks(pub u64);

impl FailedChecks {
    /// The most checks a request can have.
    pub const MOST: usize = 64;

    /// Whether the check at this place failed.
    pub const fn contains(self, check: usize) -> bool {
        self.0 >> check & 1 == 1
    }
}

/// One kind of value in a column: how it is written and how it is read back.
trait Field: Sized {
    fn encode(&self, names: &Names, line: &mut Line<'_>);
    /// `None` where the text is not of this kind.
    fn decode(text: Text<'_>, names: &Names) -> Option<Self>;
}

macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident $field:ident: $type:ty,)*) => {
        /// One scheduled arrival and what became of it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Row { $($(#[$doc])* pub $field: $type,)* }

        /// Rows as columns of equal length; a column that was not asked for is empty.
        #[derive(Debug, Clone, Default)]
        pub struct Batch {
            rows: usize,
            $($(#[$doc])* pub $field: Vec<$type>,)*
        }

        /// The columns' places in a row.
        #[allow(non_camel_case_types, reason = "named as the columns are, which stand in one list")]
        enum Place { $($field,)* }

        /// The columns' names, in order.
        pub const NAMES: &[&str] = &[$(stringify!($field),)*];

        /// What the columns hold, in order.
        pub const COLUMNS: &[Column] = &[$(Column {
            name: stringify!($field),
            set: Columns::$column,
            kind: <$type as Cell>::KIND,
            may_be_absent: <$type as Cell>::MAY_BE_ABSENT,
        },)*];

        impl Columns {
            $($(#[$doc])* pub const $column: Self = Self(1 << Place::$field as u32);)*
        }

        impl Row {
            /// Writes this row as a line of CSV into a place that is long enough for any. Returns how long it is.
            pub fn encode(&self, names: &Names, place: &mut [u8; LINE_BYTES_MOST]) -> usize {
                let mut line = Line { bytes: place, length: 0 };
                $(
                    if Place::$field as usize > 0 {
                        line.push(b',');
                    }
                    self.$field.encode(names, &mut line);
                )*
                line.push(b'\n');
                line.length
            }

            /// This row as a line of CSV, with its line end.
            pub fn line(&self, names: &Names) -> Vec<u8> {
                let mut place = [0; LINE_BYTES_MOST];
                let length = self.encode(names, &mut place);
                place[..length].to_vec()
            }
        }

        impl Batch {
            /// The row at this place, with nothing in the columns that were not asked for.
            #[inline]
            pub fn row(&self, place: usize) -> Row {
                Row { $($field: self.$field.get(place).copied().unwrap_or_default(),)* }
            }

            /// How many rows.
            pub fn len(&self) -> usize {
                self.rows
            }

            /// Whether there are no rows.
            pub fn is_empty(&self) -> bool {
                self.rows == 0
            }

            /// Forgets the rows and keeps the memory.
            pub fn clear(&mut self) {
                self.rows = 0;
                $(self.$field.clear();)*
            }

            /// Forgets the rows, of which so many others are to come column by column.
            pub fn restart(&mut self, rows: usize) {
                self.clear();
                self.rows = rows;
            }

            /// Hands the column at this place (as in [`COLUMNS`]) to `each` as numbers: names and failures by their places in
            /// their lists.
            #[inline]
            pub fn numbers(&self, column: usize, mut each: impl FnMut(Option<u64>)) {
                $(
                    if column == Place::$field as usize {
                        self.$field.iter().for_each(|value| each(value.number()));
                    }
                )*
            }

            /// Sets the column at this place from numbers, the mirror of [`Self::numbers`].
            ///
            /// # Errors
            /// The name of the column where a number is none of its kind, or they are not as many as the rows; the batch then
            /// has to be thrown away.
            pub fn set_numbers(
                &mut self,
                column: usize,
                numbers: impl Iterator<Item = Option<u64>>,
            ) -> Result<(), &'static str> {
                $(
                    if column == Place::$field as usize {
                        self.$field.clear();
                        for number in numbers {
                            self.$field.push(Cell::from_number(number).ok_or(stringify!($field))?);
                        }
                        return if self.$field.len() == self.rows { Ok(()) } else { Err(stringify!($field)) };
                    }
                )*
                Err("no column")
            }

            /// Appends the wanted columns of a line (without its line end).
            ///
            /// # Errors
            /// The name of the column that could not be read; the batch then has to be thrown away.
            pub fn push_line(&mut self, line: &[u8], wanted: Columns, names: &Names) -> Result<(), &'static str> {
                let (ends, found) = ends_of_fields(line);
                if found < FIELDS {
                    // What is wrong with those that are there is said first.
                    let there = Columns(wanted.0 & ((1 << found) - 1));
                    self.push_lines(line, 0, &[ends], there, names).map_err(|none| none.column)?;
                    return Err(NAMES[found]);
                }
                if (ends[FIELDS - 1] as usize) < line.len() {
                    return Err("a column too many");
                }
                self.push_lines(line, 0, &[ends], wanted, names).map_err(|none| none.column)
            }

            /// Appends the wanted columns of lines that follow each other in a larger text: the first begins at `begin`, and
            /// their fields end before `ends`.
            ///
            /// A column at a time: fields of a kind are read in a loop of their own, in which a processor has several of them
            /// under way at once.
            ///
            /// # Errors
            /// The first line that could not be read; the batch then has to be thrown away.
            pub(crate) fn push_lines(
                &mut self,
                block: &[u8],
                begin: usize,
                ends: &[[u32; FIELDS]],
                wanted: Columns,
                names: &Names,
            ) -> Result<(), NoRow> {
                let mut first: Option<NoRow> = None;
                $(
                    if wanted.contains(Columns::$column)
                        && let Err(line) =
                            push_column(&mut self.$field, texts::<{ Place::$field as usize }>(block, begin, ends), names)
                        && first.is_none_or(|first| line < first.line)
                    {
                        first = Some(NoRow { line, column: stringify!($field) });
                    }
                )*
                self.rows += ends.len();
                first.map_or(Ok(()), Err)
            }
        }
    };
}

/// The longest line: names at their longest (quoted, every character doubled), numbers with all their digits.
pub const LINE_BYTES_MOST: usize = 768;

/// A line that is being written. This is done for every request: bytes go straight to where they stay, because what was
/// written a few at a time is slow to be moved on.
struct Line<'a> {
    bytes: &'a mut [u8; LINE_BYTES_MOST],
    length: usize,
}

impl Line<'_> {
    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    fn push_text(&mut self, text: &[u8]) {
        self.bytes[self.length..self.length + text.len()].copy_from_slice(text);
        self.length += text.len();
    }

    /// Numbers of a column differ in length from row to row, which a loop over digits would stumble over: eight digits are
    /// made at once, and those that lead with zeros shifted out.
    fn push_number(&mut self, number: u64) {
        match number {
            0..10 => self.push(b'0' + number as u8),
            10..E8 => {
                let digits = eight_digits(number);
                let zeros = digits.trailing_zeros() as usize / 8;
                self.push_eight(digits >> (8 * zeros), 8 - zeros);
            }
            E8..E16 => {
                self.push_number(number / E8);
                self.push_eight(eight_digits(number % E8), 8);
            }
            _ => self.push_text(itoa::Buffer::new().format(number).as_bytes()),
        }
    }

    /// Appends the first of eight digits, of which the first is in the lowest byte.
    fn push_eight(&mut self, digits: u64, length: usize) {
        let text = digits | u64::from_le_bytes([b'0'; 8]);
        if let Some(place) = self.bytes[self.length..].first_chunk_mut() {
            *place = text.to_le_bytes();
        }
        self.length += length;
    }
}

const E8: u64 = 100_000_000;
const E16: u64 = E8 * E8;

/// The eight digits of a number below 10⁸, the first in the lowest byte: halves, quarters and eighths of the number side
/// by side in one word (Khuong: How to print integers really fast, 2017).
const fn eight_digits(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x7f_0000_007f;
    let quarters = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((quarters - 10 * tens) << 8)
}

/// A set of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns(u32);

impl Columns {
    /// No column.
    pub const NONE: Self = Self(0);
    /// Every column.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

columns! {
    /// When the schedule (closed model: the virtual user) wanted it started, since t=0.
    SCHEDULED_NS scheduled_ns: u64,
    /// Scheduled → first byte handed to the kernel. Empty where nothing was sent.
    LAG_NS lag_ns: Option<u64>,
    /// Opening the connection for this request; 0 on a reused one.
    CONNECT_NS connect_ns: u64,
    /// The TLS handshake for this request; 0 on a reused connection and without TLS.
    TLS_NS tls_ns: u64,
    /// Sent → first byte of the answer. Empty where no byte came.
    TTFB_NS ttfb_ns: Option<u64>,
    /// Service time: sent → last byte; without an answer, until it was given up (a lower bound). Empty where nothing was sent.
    DURATION_NS duration_ns: Option<u64>,
    /// The scenario, by name.
    SCENARIO scenario: ScenarioId,
    /// The request, by name.
    REQUEST request: RequestId,
    /// The HTTP status; 0 where there was no answer.
    STATUS status: u16,
    /// Why there was no answer; empty where there was one.
    ERROR error: Option<Failure>,
    /// Which checks failed, as a set of bits.
    FAILED_CHECKS failed_checks: FailedChecks,
    /// Bytes handed to the kernel: request line, headers and body.
    BYTES_SENT bytes_sent: u64,
    /// Bytes of the answer as they came: status line, headers and body.
    BYTES_RECEIVED bytes_received: u64,
    /// Which connection of its core carried it, counted from 0 as they were opened. Empty where none did.
    CONNECTION connection: Option<u64>,
    /// Which virtual user made it (in the open model: which place of the core's pool). Empty where none did.
    VU vu: Option<u32>,
}

impl Row {
    /// Sent → last byte, where there was an answer.
    #[inline]
    pub fn service_ns(&self) -> Option<u64> {
        self.duration_ns.filter(|_| self.error.is_none())
    }

    /// Lag + service time, where there was an answer: what a user would have felt.
    #[inline]
    pub fn response_ns(&self) -> Option<u64> {
        Some(self.lag_ns?.saturating_add(self.service_ns()?))
    }

    /// First → last byte, where there was an answer.
    #[inline]
    pub fn receiving_ns(&self) -> Option<u64> {
        Some(self.service_ns()?.saturating_sub(self.ttfb_ns?))
    }

    /// Opening the connection, where one was opened for it.
    #[inline]
    pub fn connecting_ns(&self) -> Option<u64> {
        Some(self.connect_ns).filter(|&ns| ns > 0)
    }

    /// The TLS handshake, where there was one.
    #[inline]
    pub fn handshaking_ns(&self) -> Option<u64> {
        Some(self.tls_ns).filter(|&ns| ns > 0)
    }

    /// What it waited for its connection to be opened, where it was sent: nothing where one was open.
    #[inline]
    pub fn blocked_ns(&self) -> Option<u64> {
        self.lag_ns.map(|_| self.connect_ns.saturating_add(self.tls_ns))
    }

    /// Handing it to the kernel, where it was sent: always nothing, for it is taken at once.
    #[inline]
    pub fn sending_ns(&self) -> Option<u64> {
        self.lag_ns.map(|_| 0)
    }

    /// When it was over, since t=0: answered, given up, or (never sent) scheduled.
    #[inline]
    pub fn end_ns(&self) -> u64 {
        end_ns(self.scheduled_ns, self.lag_ns, self.duration_ns)
    }

    /// Whether its checks were made: it was answered, or the server is to blame that it was not.
    #[inline]
    pub fn is_checked(&self) -> bool {
        self.error.is_none_or(|failure| failure.blame() != Blame::Generator)
    }
}

impl Batch {
    /// When the last of its rows was over, since t=0, where the columns that tell were asked for.
    pub fn last_end_ns(&self) -> Option<u64> {
        let sent = self.scheduled_ns.iter().zip(&self.lag_ns).zip(&self.duration_ns);
        sent.map(|((&scheduled_ns, &lag_ns), &duration_ns)| end_ns(scheduled_ns, lag_ns, duration_ns)).max()
    }
}

#[inline]
fn end_ns(scheduled_ns: u64, lag_ns: Option<u64>, duration_ns: Option<u64>) -> u64 {
    scheduled_ns.saturating_add(lag_ns.unwrap_or(0)).saturating_add(duration_ns.unwrap_or(0))
}

/// The header line, with its line end.
pub fn header() -> String {
    NAMES.join(",") + "\n"
}

/// How many fields a line has.
pub(crate) const FIELDS: usize = NAMES.len();

/// A line that is no row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoRow {
    /// Its place among those that were read.
    pub(crate) line: usize,
    /// The first of its columns that is not what it should be.
    pub(crate) column: &'static str,
}

/// The fields at one place of lines that follow each other.
#[inline]
fn texts<'a, const PLACE: usize>(
    block: &'a [u8],
    begin: usize,
    ends: &'a [[u32; FIELDS]],
) -> impl Iterator<Item = Text<'a>> + Clone {
    let mut begin = begin;
    ends.iter().map(move |ends| {
        let start = if PLACE == 0 { begin } else { ends[PLACE.saturating_sub(1)] as usize + 1 };
        begin = ends[FIELDS - 1] as usize + 1;
        Text::new(block, start, ends[PLACE] as usize)
    })
}

/// Appends what fields of one kind say; the place of the first that says nothing of its kind, where one does.
#[inline]
fn push_column<'a, T: Field + Default>(
    column: &mut Vec<T>,
    texts: impl Iterator<Item = Text<'a>> + Clone,
    names: &Names,
) -> Result<(), usize> {
    let mut is_whole = true;
    column.extend(texts.clone().map(|text| {
        let value = T::decode(text, names);
        is_whole &= value.is_some();
        value.unwrap_or_default()
    }));
    let first =
        if is_whole { None } else { texts.map(|text| T::decode(text, names)).position(|value| value.is_none()) };
    first.map_or(Ok(()), Err)
}

/// Where the fields of a line end, quotes and all, and how many of them were found.
fn ends_of_fields(line: &[u8]) -> ([u32; FIELDS], usize) {
    let mut ends = [0; FIELDS];
    let mut start = 0;
    for (found, end) in ends.iter_mut().enumerate() {
        let Some(rest) = line.get(start..) else { return (ends, found) };
        let length = match rest.first() {
            Some(b'"') => end_of_quoted(rest),
            _ => Some(memchr::memchr(b',', rest).unwrap_or(rest.len())),
        };
        match length.and_then(|length| u32::try_from(start + length).ok()) {
            Some(place) => *end = place,
            None => return (ends, found),
        }
        start = *end as usize + 1;
    }
    (ends, FIELDS)
}

/// Where a quoted field at the start of `text` ends: behind its closing quote, at a comma or the end of the line.
fn end_of_quoted(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr(b'"', text.get(at..)?)?;
        match text.get(at + 1) {
            None | Some(b',') => return Some(at + 1),
            Some(b'"') => at += 2,
            Some(_) => return None,
        }
    }
}

impl Field for u64 {
    fn encode(&self, _: &Names, line: &mut Line<'_>) {
        line.push_number(*self);
    }

    #[inline(always)]
    fn decode(text: Text<'_>, _: &Names) -> Option<Self> {
        text.number()
    }
}

macro_rules! narrower_integers {
    ($($type:ty),*) => { $(
        impl Field for $type {
            fn encode(&self, names: &Names, line: &mut Line<'_>) {
                u64::from(*self).encode(names, line);
            }

            #[inline(always)]
            fn decode(text: Text<'_>, names: &Names) -> Option<Self> {
                u64::decode(text, names)?.try_into().ok()
            }
        }
    )* };
}
narrower_integers!(u16, u32);

impl<T: Field> Field for Option<T> {
    fn encode(&self, names: &Names, line: &mut Line<'_>) {
        if let Some(value) = self {
            value.encode(names, line);
        }
    }

    #[inline(always)]
    fn decode(text: Text<'_>, names: &Names) -> Option<Self> {
        if text.is_empty() { Some(None) } else { T::decode(text, names).map(Some) }
    }
}

impl Field for FailedChecks {
    fn encode(&self, names: &Names, line: &mut Line<'_>) {
        self.0.encode(names, line);
    }

    #[inline(always)]
    fn decode(text: Text<'_>, names: &Names) -> Option<Self> {
        u64::decode(text, names).map(Self)
    }
}

impl Field for Failure {
    fn encode(&self, _: &Names, line: &mut Line<'_>) {
        line.push_text(self.word().as_bytes());
    }

    #[inline(always)]
    fn decode(text: Text<'_>, _: &Names) -> Option<Self> {
        Self::from_word(text.bytes())
    }
}

macro_rules! named {
    ($type:ident in $list:ident) => {
        impl Field for $type {
            fn encode(&self, names: &Names, line: &mut Line<'_>) {
                line.push_text(names.$list.name(self.0));
            }

            #[inline(always)]
            fn decode(text: Text<'_>, names: &Names) -> Option<Self> {
                names.$list.id(text).map(Self)
            }
        }
    };
}
named!(ScenarioId in scenarios);
named!(RequestId in requests);

#[cfg(test)]
impl Batch {
    /// What is read of these rows, for tests.
    pub(crate) fn of(rows: &[Row], names: &Names) -> Self {
        let mut batch = Self::default();
        for row in rows {
            batch.push_line(row.line(names).trim_ascii_end(), Columns::ALL, names).expect("our own line");
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Names {
        Names::new(["steady", "a \"quoted\", one"], ["GET /", "with,comma", "plain"])
    }

    fn any_row() -> impl Strategy<Value = Row> {
        let times = (
            any::<u64>(),
            any::<Option<u64>>(),
            any::<u64>(),
            any::<u64>(),
            any::<Option<u64>>(),
            any::<Option<u64>>(),
        );
        let what = (0_u16..2, 0_u16..3, any::<u16>(), proptest::option::of(0..Failure::ALL.len()), any::<u64>());
        let rest = (any::<u64>(), any::<u64>(), any::<Option<u64>>(), any::<Option<u32>>());
        (times, what, rest).prop_map(|(t, w, r)| Row {
            scheduled_ns: t.0,
            lag_ns: t.1,
            connect_ns: t.2,
            tls_ns: t.3,
            ttfb_ns: t.4,
            duration_ns: t.5,
            scenario: ScenarioId(w.0),
            request: RequestId(w.1),
            status: w.2,
            error: w.3.map(|i| Failure::ALL[i]),
            failed_checks: FailedChecks(w.4),
            bytes_sent: r.0,
            bytes_received: r.1,
            connection: r.2,
            vu: r.3,
        })
    }

    #[test]
    fn the_columns_are_those_of_the_contract() {
        assert_eq!(
            header(),
            "scheduled_ns,lag_ns,connect_ns,tls_ns,ttfb_ns,duration_ns,scenario,request,status,error,failed_checks,\
             bytes_sent,bytes_received,connection,vu\n"
        );
    }

    #[test]
    fn what_does_not_exist_is_an_empty_field() {
        let row = Row { scheduled_ns: 5, error: Some(Failure::Dropped), ..Row::default() };
        let line = row.line(&names());
        assert_eq!(String::from_utf8_lossy(&line), "5,,0,0,,,steady,GET /,0,dropped,0,0,0,,\n");
    }

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(row in any_row()) {
            let line = row.line(&names());
            let mut batch = Batch::default();
            batch.push_line(line.trim_ascii_end(), Columns::ALL, &names()).expect("our own line");
            prop_assert_eq!(batch.row(0), row);
        }

        #[test]
        fn another_csv_reader_sees_the_same_fields(row in any_row()) {
            let mut line = header().into_bytes();
            line.extend_from_slice(&row.line(&names()));
            let mut reader = csv::Reader::from_reader(line.as_slice());
            let record = reader.records().next().expect("one row").expect("well-formed CSV");
            prop_assert_eq!(record.len(), NAMES.len());
            prop_assert_eq!(&record[6], ["steady", "a \"quoted\", one"][usize::from(row.scenario.0)]);
            prop_assert_eq!(&record[0], row.scheduled_ns.to_string());
        }

        #[test]
        fn columns_are_the_same_after_having_been_numbers(rows in proptest::collection::vec(any_row(), 0..20)) {
            let batch = Batch::of(&rows, &names());
            let mut again = Batch::default();
            again.restart(rows.len());
            for (place, column) in COLUMNS.iter().enumerate() {
                let mut numbers = Vec::new();
                batch.numbers(place, |number| numbers.push(number));
                prop_assert!(column.may_be_absent || !numbers.contains(&None));
                again.set_numbers(place, numbers.into_iter()).expect("of this kind");
            }
            prop_assert_eq!((0..again.len()).map(|place| again.row(place)).collect::<Vec<_>>(), rows);
        }

        #[test]
        fn any_line_is_read_or_refused_and_never_a_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Batch::default().push_line(&line, Columns::ALL, &names());
        }

        #[test]
        fn only_the_columns_asked_for_are_parsed(row in any_row()) {
            let line = row.line(&names());
            let mut batch = Batch::default();
            let wanted = Columns::STATUS.and(Columns::SCHEDULED_NS);
            batch.push_line(line.trim_ascii_end(), wanted, &names()).expect("our own line");
            prop_assert_eq!((batch.len(), batch.status[0], batch.scheduled_ns[0]), (1, row.status, row.scheduled_ns));
            prop_assert!(batch.duration_ns.is_empty() && batch.request.is_empty());
        }
    }
}
