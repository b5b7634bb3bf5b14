//! A way through a flow: where it stands, what it has kept on the way, and what comes next. The same for a virtual user
//! and for whoever runs the setup.

use runlog::units::Nanos;

use crate::answer::Jar;
use crate::plan::choice::Choices;
use crate::plan::flow::{GroupId, Operand};
use crate::plan::parts::Hop;
use crate::plan::{Flow, MessageId, Step};

/// A way through a flow. Takes memory of its own only where the flow asks for it.
#[derive(Debug, Default)]
pub struct Journey {
    flow: Option<&'static Flow>,
    at: usize,
    /// How often the repetitions that it is in are still to be done, the innermost last.
    left: Vec<u32>,
    /// The groups that it is in, the innermost last, and when they began.
    groups: Vec<(GroupId, Nanos)>,
    /// What was captured, by slot.
    pub captured: Vec<Option<Box<[u8]>>>,
    /// The cookies, where there are some.
    pub jar: Option<Box<Jar>>,
    /// The status of the last answer; 0 where there was none.
    pub status: u16,
    /// The message sent last.
    sent: Option<MessageId>,
    /// Where a redirect has led to, as long as redirects are followed.
    pub hop: Option<Box<Hop>>,
    /// The path of the request sent last, where somebody will ask for it.
    path: String,
}

/// What comes next in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A request.
    Request(MessageId),
    /// What a trace says.
    Replay,
    /// To think, for so long.
    Think(Nanos),
    /// A group that was begun then is over.
    Left(GroupId, Nanos),
    /// Nothing: the flow is over.
    Over,
}

impl Journey {
    /// Begins a flow anew. What was captured before is forgotten; cookies stay only where they are to.
    pub fn begin(&mut self, flow: &'static Flow, keeps_cookies: bool) {
        (self.flow, self.at, self.status) = (Some(flow), 0, 0);
        self.left.clear();
        self.groups.clear();
        self.captured.clear();
        self.captured.resize(usize::from(flow.slots), None);
        self.hop = None;
        if !keeps_cookies {
            self.jar = None;
        }
    }

    /// Nothing of its groups goes on for so long.
    pub fn stand_still(&mut self, span: Nanos) {
        for (_, since) in &mut self.groups {
            *since = since.after(span);
        }
    }

    /// Leaves the rest of the flow out.
    pub fn abort(&mut self) {
        (self.flow, self.hop) = (None, None);
        self.groups.clear();
    }

    /// Whether the rest of the flow was left out.
    pub const fn is_aborted(&self) -> bool {
        self.flow.is_none()
    }

    /// Goes on, at an instant, up to what takes time.
    pub fn next(&mut self, choices: &mut Choices, now: Nanos) -> Next {
        if self.hop.is_some()
            && let Some(sent) = self.sent
        {
            return Next::Request(sent);
        }
        let Some(flow) = self.flow else { return Next::Over };
        while let Some(step) = flow.steps.get(self.at) {
            self.at += 1;
            match step {
                Step::Request(id) => {
                    self.sent = Some(*id);
                    return Next::Request(*id);
                }
                Step::Replay => return Next::Replay,
                Step::Think(think) => return Next::Think(think.time(choices)),
                Step::Unless { condition, otherwise, .. } => {
                    if !condition.holds(self.status, |operand| self.value(operand)) {
                        self.at = *otherwise;
                    }
                }
                Step::Jump(to) => self.at = *to,
                Step::Repeat { times: (from, to), behind } => {
                    match choices.integer(i64::from(*from), i64::from(*to)) as u32 {
                        0 => self.at = *behind,
                        times => self.left.push(times),
                    }
                }
                Step::Again(start) => match self.left.last_mut() {
                    Some(left @ 2..) => {
                        *left -= 1;
                        self.at = *start;
                    }
                    _ => drop(self.left.pop()),
                },
                Step::Enter(group) => self.groups.push((*group, now)),
                Step::Leave => {
                    if let Some((group, since)) = self.groups.pop() {
                        return Next::Left(group, since);
                    }
                }
            }
        }
        Next::Over
    }

    /// Sends a request that is no step of the flow, but stands in a trace.
    pub const fn replays(&mut self, id: MessageId) {
        self.sent = Some(id);
    }

    /// Remembers the path of a request that is being sent, from its first line.
    pub fn sends(&mut self, request: &[u8]) {
        let path = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        self.path.clear();
        self.path.push_str(&String::from_utf8_lossy(path));
    }

    /// The path of the request sent last, query included.
    pub fn path(&self) -> String {
        self.path.clone()
    }

    fn value<'a>(&'a self, operand: &'a Operand) -> Option<&'a [u8]> {
        match operand {
            Operand::Captured(slot, otherwise) => {
                self.captured.get(usize::from(slot.0)).and_then(Option::as_deref).or(otherwise.as_deref())
            }
            Operand::Fixed(value) => Some(value),
        }
    }
}
