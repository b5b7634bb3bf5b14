//! Flows as a virtual user follows them: a list of steps to go through from the first to the last, with jumps.

use runlog::row::RequestId;
use runlog::units::Nanos;

use super::choice::Choices;
use super::template::Slot;
use crate::answer::Condition;
pub use crate::scenario::Think;

/// A flow, by its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowId(pub u16);

/// A message, by its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageId(pub u32);

/// A group, by its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupId(pub u16);

/// What a virtual user of one scenario does in one iteration. Begins with a request, whatever happens.
#[derive(Debug)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// One after another, but for jumps.
    pub steps: Vec<Step>,
    /// How many captured values are kept.
    pub slots: u16,
    /// What an arrival that is never sent would have begun with.
    pub first: RequestId,
    /// Whether it takes a row of data.
    pub takes_data: bool,
    /// How many requests it makes, as far as that can be said before: conditions count as if they held.
    pub requests: f64,
}

/// A step of a flow.
#[derive(Debug)]
pub enum Step {
    /// Send a message and wait for its answer.
    Request(MessageId),
    /// Send what the trace says for this arrival.
    Replay,
    /// Wait, as a person would.
    Think(Think),
    /// Go on elsewhere unless something holds.
    Unless {
        /// What has to hold.
        condition: Condition<Operand>,
        /// The same as people write it.
        shown: String,
        /// Where to go on if it does not.
        otherwise: usize,
    },
    /// Go on elsewhere.
    Jump(usize),
    /// What follows is done so many times: as often as chance says, from the one number to the other.
    Repeat {
        /// At least and at the most.
        times: (u32, u32),
        /// Where to go on if that is never.
        behind: usize,
    },
    /// Once more from here, as long as times are left.
    Again(usize),
    /// A group begins.
    Enter(GroupId),
    /// The group begun last ends.
    Leave,
}

/// A name in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A captured value, or, where there is none, a variable's text.
    Captured(Slot, Option<Vec<u8>>),
    /// A variable's text.
    Fixed(Vec<u8>),
}

impl Think {
    /// A time, by chance.
    pub fn time(&self, choices: &mut Choices) -> Nanos {
        match *self {
            Self::Uniform { from, to } => choices.span(from, to),
            Self::Exponential { mean } => scaled(mean, choices.exponential()),
            Self::LogNormal { median, sigma } => scaled(median, (sigma * choices.normal()).exp()),
        }
    }
}

fn scaled(span: Nanos, factor: f64) -> Nanos {
    // Beyond what a number can hold it is for ever, and the conversion stays there.
    Nanos((span.0 as f64 * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::choice::Purpose;
    use runlog::row::ScenarioId;

    #[test]
    fn think_times_have_the_mean_or_the_median_that_was_asked_for() {
        let mut choices = Choices::new(1, ScenarioId(0), Purpose::Gaps);
        let mut times = |think: Think| -> Vec<f64> {
            let mut times: Vec<f64> = (0..20_000).map(|_| think.time(&mut choices).as_secs_f64()).collect();
            times.sort_by(f64::total_cmp);
            times
        };
        let second = Nanos::from_secs(1);
        let mean = times(Think::Exponential { mean: second }).iter().sum::<f64>() / 20_000.0;
        assert!((mean - 1.0).abs() < 0.05, "{mean}");
        let log_normal = times(Think::LogNormal { median: second, sigma: 0.5 });
        assert!((log_normal[10_000] - 1.0).abs() < 0.05, "{}", log_normal[10_000]);
        assert!((log_normal[16_827] - 0.5_f64.exp()).abs() < 0.1, "one sigma above: {}", log_normal[16_827]);
        let fixed = times(Think::Uniform { from: second, to: second });
        assert!(fixed.iter().all(|time| (time - 1.0).abs() < 1e-9));
    }
}
