//! Where each scenario stands.

use runlog::text::printable;

use super::header::clock;
use super::row::{LABEL, Row, Worth, bold, cut, dim, plain};
use crate::observe::standing::{StageNow, Standing};

/// The widest a scenario's name gets.
const NAME: usize = 24;

/// A line for each scenario.
pub fn stages(standing: &Standing) -> Vec<Row> {
    let longest = standing.scenarios.iter().map(|stage| printable(&stage.scenario).chars().count()).max();
    let width = longest.unwrap_or(0).clamp(LABEL - 2, NAME);
    standing.scenarios.iter().map(|stage| row(stage, width)).collect()
}

fn row(stage: &StageNow, width: usize) -> Row {
    let name = cut(&printable(&stage.scenario), width);
    let mut spans = vec![plain(" "), bold(format!("{name:<width$}")), plain(" ")];
    let (number, of) = stage.stage;
    spans.extend(match stage.left {
        None => vec![dim("its schedule is over")],
        Some(left) => vec![
            plain(format!("stage {number} of {of}  ")),
            plain(format!("{:<20}", target(stage))),
            dim(format!("  {} left", clock(left))),
        ],
    });
    Row::new(Worth::Figure, spans)
}

/// Where the stage leads from here.
pub fn target(stage: &StageNow) -> String {
    if stage.now == stage.target { stage.target.clone() } else { format!("{} → {}", stage.now, stage.target) }
}
