//! Which row an iteration takes: a pure function of the iteration's number and of chance, so that any number of cores takes
//! the same.

/// In which order rows are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Any row, every time.
    Random,
    /// One after another, and from the start again.
    Sequential,
    /// One after another, each to one iteration only.
    Once,
}

/// What happens when every row of `once` has been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// There are no more.
    Stop,
    /// They are taken again.
    Repeat,
}

/// The row that the iteration of this number takes, of so many; `None` where all have been taken. `chance` is evenly
/// distributed from 0 to 1.
pub fn row_for(order: Order, at_end: AtEnd, rows: u64, number: u64, chance: impl FnOnce() -> f64) -> Option<u64> {
    match (order, at_end) {
        _ if rows == 0 => None,
        (Order::Random, _) => Some(((chance() * rows as f64) as u64).min(rows - 1)),
        (Order::Once, AtEnd::Stop) => (number < rows).then_some(number),
        (Order::Sequential, _) | (Order::Once, AtEnd::Repeat) => Some(number % rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_in_their_order() {
        let row = |order, at_end, number| row_for(order, at_end, 3, number, || 0.99);
        assert_eq!(row(Order::Random, AtEnd::Stop, 7), Some(2));
        assert_eq!(
            (row(Order::Sequential, AtEnd::Stop, 2), row(Order::Sequential, AtEnd::Stop, 4)),
            (Some(2), Some(1))
        );
        assert_eq!((row(Order::Once, AtEnd::Stop, 2), row(Order::Once, AtEnd::Stop, 3)), (Some(2), None));
        assert_eq!(row(Order::Once, AtEnd::Repeat, 3), Some(0));
        assert_eq!(row_for(Order::Random, AtEnd::Stop, 0, 0, || 0.0), None);
    }
}
