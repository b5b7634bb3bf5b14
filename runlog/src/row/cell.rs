//! Values as plain numbers: how formats that keep columns keep ours.

use super::{Columns, FailedChecks, RequestId, ScenarioId};
use crate::outcome::Failure;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Itself, as a set of columns.
    pub set: Columns,
    /// What its numbers stand for.
    pub kind: Kind,
    /// Whether a row may have none.
    pub may_be_absent: bool,
}

/// What the numbers of a column stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Themselves.
    Number,
    /// A set of 64 bits.
    Bits,
    /// A scenario, by its place in the manifest's list.
    Scenario,
    /// A request, by its place in the manifest's list.
    Request,
    /// A failure, by its place in [`Failure::ALL`].
    Failure,
}

/// One kind of value in a column, as a number and back.
pub(super) trait Cell: Copy {
    const KIND: Kind;
    const MAY_BE_ABSENT: bool = false;
    fn number(self) -> Option<u64>;
    /// `None` where the number is not of this kind.
    fn from_number(number: Option<u64>) -> Option<Self>;
}

macro_rules! integers {
    ($($type:ty),*) => { $(
        impl Cell for $type {
            const KIND: Kind = Kind::Number;

            #[inline]
            fn number(self) -> Option<u64> {
                Some(self.into())
            }

            #[inline]
            fn from_number(number: Option<u64>) -> Option<Self> {
                number?.try_into().ok()
            }
        }
    )* };
}
integers!(u16, u32, u64);

impl<T: Cell> Cell for Option<T> {
    const KIND: Kind = T::KIND;
    const MAY_BE_ABSENT: bool = true;

    #[inline]
    fn number(self) -> Option<u64> {
        self?.number()
    }

    #[inline]
    fn from_number(number: Option<u64>) -> Option<Self> {
        match number {
            None => Some(None),
            number => T::from_number(number).map(Some),
        }
    }
}

macro_rules! wrapped {
    ($($type:ident as $kind:ident,)*) => { $(
        impl Cell for $type {
            const KIND: Kind = Kind::$kind;

            #[inline]
            fn number(self) -> Option<u64> {
                self.0.number()
            }

            #[inline]
            fn from_number(number: Option<u64>) -> Option<Self> {
                Cell::from_number(number).map(Self)
            }
        }
    )* };
}
wrapped! {
    FailedChecks as Bits,
    ScenarioId as Scenario,
    RequestId as Request,
}

impl Cell for Failure {
    const KIND: Kind = Kind::Failure;

    fn number(self) -> Option<u64> {
        Self::ALL.iter().position(|failure| *failure == self).map(|place| place as u64)
    }

    fn from_number(number: Option<u64>) -> Option<Self> {
        Self::ALL.get(usize::try_from(number?).ok()?).copied()
    }
}
