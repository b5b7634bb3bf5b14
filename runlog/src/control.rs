//! The changes that somebody made of a load by hand while it ran: how they stand in `events.csv`, and what they came to.

use std::fmt;

use serde::Serialize;

use crate::change::Change;
use crate::course::{Course, Pause};
use crate::samples::Event;
use crate::units::{Nanos, Thousands};

/// The kind of an event that tells of a change by hand.
pub const CONTROL: &str = "control";

/// A change, when it took effect on all cores, and who asked for it. As the detail of an event:
/// `rate factor=1.5 uid=1000 pid=4711`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Control {
    /// When, since t=0.
    pub at: Nanos,
    /// What.
    pub change: Change,
    /// Who, where that is known.
    pub by: Option<Asker>,
}

/// A process that asked for something, as the system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// The number of its user.
    pub uid: u32,
    /// Its own number.
    pub pid: u32,
}

impl Control {
    /// The event that tells of it.
    pub fn event(&self) -> Event {
        let by = self.by.map_or_else(String::new, |Asker { uid, pid }| format!(" uid={uid} pid={pid}"));
        Event { time_ns: self.at.0, kind: CONTROL.to_owned(), detail: format!("{}{by}", self.change) }
    }

    /// What an event tells; `None` where it is of another kind, or of a change that this version does not know.
    pub fn of(event: &Event) -> Option<Self> {
        if event.kind != CONTROL {
            return None;
        }
        let (words, by) = match event.detail.split_once(" uid=") {
            None => (event.detail.as_str(), None),
            Some((words, by)) => {
                let (uid, pid) = by.split_once(" pid=")?;
                (words, Some(Asker { uid: uid.parse().ok()?, pid: pid.parse().ok()? }))
            }
        };
        Some(Self { at: Nanos(event.time_ns), change: words.parse().ok()?, by })
    }

    /// The course that the events of a run tell of.
    pub fn course(events: &[Event]) -> Course {
        Course::of(events.iter().filter_map(Self::of).map(|control| (control.at, control.change)))
    }
}

/// How a load was changed by hand, all in all. A stop is none: it is how the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ByHand {
    /// How often it was paused.
    pub pauses: u64,
    /// How long it stood still, all in all.
    pub paused_ns: Nanos,
    /// How often its rate was scaled.
    pub scalings: u64,
}

impl ByHand {
    /// What a run came to that took so long.
    pub fn of(course: &Course, elapsed: Nanos) -> Self {
        let length = |pause: &Pause| pause.until.unwrap_or(elapsed).since(pause.from);
        Self {
            pauses: course.pauses().len() as u64,
            paused_ns: course.pauses().iter().map(length).fold(Nanos::ZERO, Nanos::after),
            scalings: course.rates().len() as u64,
        }
    }

    /// Whether nothing was changed.
    pub const fn is_nothing(&self) -> bool {
        self.pauses == 0 && self.scalings == 0
    }
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = |count: u64| match count {
            1 => "once".to_owned(),
            count => format!("{} times", Thousands(count)),
        };
        f.write_str("the load was changed by hand: ")?;
        if self.pauses > 0 {
            write!(f, "paused {} ({})", times(self.pauses), self.paused_ns)?;
        }
        if self.scalings > 0 {
            write!(f, "{}its rate scaled {}", if self.pauses > 0 { ", " } else { "" }, times(self.scalings))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_as_it_was_written() {
        let by = Some(Asker { uid: 1000, pid: 4711 });
        for change in [Change::Pause, Change::Resume, Change::Rate(1.5), Change::Rate(0.1), Change::Stop] {
            for by in [None, by] {
                let control = Control { at: Nanos(17), change, by };
                assert_eq!(Control::of(&control.event()), Some(control));
            }
        }
        let event = Control { at: Nanos(17), change: Change::Rate(1.5), by }.event();
        assert_eq!(event.detail, "rate factor=1.5 uid=1000 pid=4711");
    }

    #[test]
    fn changes_are_summed_up_in_a_sentence() {
        let said = |changes: &[(u64, Change)]| {
            let course = Course::of(changes.iter().map(|&(at, change)| (Nanos::from_secs(at), change)));
            ByHand::of(&course, Nanos::from_secs(20)).to_string()
        };
        let all = [
            (1, Change::Rate(2.0)),
            (2, Change::Pause),
            (4, Change::Resume),
            (5, Change::Rate(1.0)),
            (15, Change::Pause),
        ];
        assert_eq!(said(&all), "the load was changed by hand: paused 2 times (7.00 s), its rate scaled 2 times");
        assert_eq!(said(&all[..1]), "the load was changed by hand: its rate scaled once");
        assert_eq!(said(&all[1..3]), "the load was changed by hand: paused once (2.00 s)");
        assert!(ByHand::of(&Course::of([(Nanos(1), Change::Stop)]), Nanos(2)).is_nothing());
    }

    #[test]
    fn what_is_no_change_is_passed_over() {
        let event = |kind: &str, detail: &str| Event { time_ns: 1, kind: kind.to_owned(), detail: detail.to_owned() };
        for detail in ["", "paused", "rate", "rate factor=0", "rate factor=-1", "rate factor=inf", "pause uid=x pid=1"]
        {
            assert_eq!(Control::of(&event(CONTROL, detail)), None, "{detail}");
        }
        assert_eq!(Control::of(&event("stage", "pause")), None);
    }
}
