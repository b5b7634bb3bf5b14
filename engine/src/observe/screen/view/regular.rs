//! The screen of a terminal of the usual size.

use super::row::{Row, Worth};
use super::{Keys, figures, header, stages, verdicts};
use crate::observe::standing::Standing;

/// All there is to see, one below the other.
pub fn rows(standing: &Standing, width: usize, keys: Keys) -> Vec<Row> {
    let mut rows = vec![header::title(standing, width, keys), header::bar(standing, width), Row::gap()];
    rows.extend(figures::curves(standing, width));
    rows.push(Row::gap());
    rows.extend(figures::times(standing));
    rows.push(Row::gap());
    rows.push(figures::errors(standing, width));
    rows.extend(figures::schedule(standing));
    rows.push(figures::traffic(standing));
    rows.push(Row::gap());
    rows.extend(stages::stages(standing));
    rows.push(Row::gap());
    rows.extend(verdicts::thresholds(standing, width));
    rows.extend(verdicts::generator(standing, width));
    if keys == Keys::All {
        rows.push(Row::new(Worth::Headline, header::keys(width)));
    }
    rows
}
