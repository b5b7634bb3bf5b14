//! Runs held against each other: what differs, by how much, and whether that is more than chance.
//!
//! In: loaded runs, one or several a side. Out: comparisons of every figure of every request, and the noise between runs of
//! the same thing; as sections, too. The mathematics is in `statistics`; nothing here reads files or knows renderers.

mod against;
mod diff;
mod differences;
mod errors;
mod label;
mod limits;
mod lineup;
mod overlay;
mod sections;
mod sentence;
mod side;
mod side_by_side;
mod standing;

pub use self::against::add_intervals;
pub use self::diff::{Compared, Diff, Distribution, Floor, Floors, Judged, Noise, diff, noise};
pub use self::label::labels;
pub use self::limits::limits;
pub use self::lineup::{Lineup, not_valid};
pub use self::sections::{of_diff, of_noise};
pub use self::sentence::{Yardstick, sentence};
pub use self::side::{Side, resampling};
pub use self::standing::Standing;
