//! Where each scenario stands.

use runlog::text::printable;

use super::header::clock;
use super::row::{LABEL, Row, Worth, bold, cut, dim, label, plain};
use crate::observe::standing::{StageNow, Standing};

/// The widest a scenario's name gets.
const NAME: usize = 24;
/// How many scenarios are shown at the most.
const MOST: usize = 6;

/// A line for each scenario, those whose schedule is over last.
pub fn stages(standing: &Standing) -> Vec<Row> {
    let mut all: Vec<&StageNow> = standing.scenarios.iter().collect();
    all.sort_by_key(|stage| stage.left.is_none());
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    let longest = all.iter().map(|stage| printable(&stage.scenario).chars().count()).max();
    let width = longest.unwrap_or(0).clamp(LABEL - 2, NAME);
    let mut rows: Vec<Row> = all.into_iter().map(|stage| row(stage, width)).collect();
    if more > 0 {
        let scenarios = if more == 1 { "scenario" } else { "scenarios" };
        rows.push(Row::new(Worth::Detail, vec![label(""), dim(format!("{more} more {scenarios}"))]));
    }
    rows
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::screen::golden::well;

    #[test]
    fn of_many_scenarios_those_at_work_come_first() {
        let mut standing = well();
        let [first, second] = [standing.scenarios[0].clone(), standing.scenarios[1].clone()];
        let over = StageNow { left: None, ..first };
        standing.scenarios = [vec![over; 3], vec![second; 5]].concat();
        let shown: Vec<String> = stages(&standing).iter().map(|row| row.line.to_string()).collect();
        assert_eq!(shown.len(), MOST + 1);
        assert!(shown[..5].iter().all(|line| line.contains("free_tier")), "{shown:#?}");
        assert_eq!((shown[5].trim(), shown[6].trim()), ("browse     its schedule is over", "2 more scenarios"));
    }
}
