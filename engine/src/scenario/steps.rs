//! The way through steps, however deep they stand within others.

use super::{Call, Step};

/// The name of a group within another: `checkout::payment`.
pub fn within(outer: Option<&str>, name: &str) -> String {
    outer.map_or_else(|| name.to_owned(), |outer| format!("{outer}::{name}"))
}

/// Looks at every request that steps send, with the group that it is sent in.
pub fn each_call<'a>(steps: &'a [Step], look: &mut impl FnMut(Option<&str>, &'a Call)) {
    each_call_within(None, steps, look);
}

fn each_call_within<'a>(group: Option<&str>, steps: &'a [Step], look: &mut impl FnMut(Option<&str>, &'a Call)) {
    for step in steps {
        match step {
            Step::Request(call) => look(group, call),
            Step::Think(_) => {}
            Step::Repeat { steps, .. } => each_call_within(group, steps, look),
            Step::Group { name, steps } => each_call_within(Some(&within(group, name)), steps, look),
            Step::If { steps, otherwise, .. } => {
                each_call_within(group, steps, look);
                each_call_within(group, otherwise, look);
            }
        }
    }
}
