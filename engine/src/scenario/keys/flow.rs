//! The keys of the steps of a flow.

use super::{Key, Shape};

/// A step: the key that makes it one of its kind, and all that may stand beside it.
#[derive(Debug, Clone, Copy)]
pub struct StepKeys {
    /// The key that it cannot do without.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its keys, that one included.
    pub keys: &'static [Key],
}

/// The keys of `[setup]` and `[teardown]`.
pub const STEPS_HOLDER: &[Key] = &[Key::required(
    "steps",
    Shape::Steps,
    "[{ request = \"login\", capture = { token = \"json:/token\" } }]",
    "What is done, one after another, as in a flow.",
)];

const IF: Key = Key::optional("if", Shape::Condition, "\"status == 200\"", "The step is taken only where this holds.");

const INNER_STEPS: Key =
    Key::required("steps", Shape::Steps, "[{ request = \"home\" }, { think = \"1s\" }]", "The steps inside.");

/// The kinds of steps. The first whose name is among a step's keys is its kind: `if` may stand beside the others.
pub const STEPS: &[StepKeys] = &[
    StepKeys {
        name: "request",
        doc: "Sends a request and waits for its answer.",
        keys: &[
            Key::required("request", Shape::RequestName, "\"login\"", "The request."),
            Key::optional(
                "vars",
                Shape::Fields,
                "{ email = \"{{ data.users.email }}\" }",
                "Values for `{{ vars.NAME }}` in this one request.",
            ),
            Key::optional(
                "capture",
                Shape::TableOf("NAME", &Shape::Source),
                "{ token = \"json:/token\" }",
                "Values taken from the answer, for `{{ vars.NAME }}` in what follows. One that finds nothing is a failed \
                 check, `captures NAME`.",
            ),
            IF,
        ],
    },
    StepKeys {
        name: "think",
        doc: "Waits, as a person who reads does.",
        keys: &[
            Key::required(
                "think",
                Shape::Think,
                "\"1s..5s\"",
                "How long: always the same, evenly between two times, `exponential(MEAN)` or `lognormal(MEDIAN, SIGMA)`.",
            ),
            IF,
        ],
    },
    StepKeys {
        name: "repeat",
        doc: "Takes the steps inside several times.",
        keys: &[
            Key::required("repeat", Shape::Times, "\"1..5\"", "How often; of a range, as chance says."),
            INNER_STEPS,
        ],
    },
    StepKeys {
        name: "group",
        doc: "Gives the steps inside a name: their requests are `GROUP::NAME` in the rows, and have the tag `group`.",
        keys: &[Key::required("group", Shape::Name, "\"checkout\"", "The name."), INNER_STEPS],
    },
    StepKeys {
        name: "if",
        doc: "Takes one way or the other.",
        keys: &[
            Key::required("if", Shape::Condition, "\"vars.token exists\"", "What decides."),
            Key::required("steps", Shape::Steps, "[{ request = \"home\" }]", "What is done where it holds."),
            Key::optional("else", Shape::Steps, "[{ request = \"login\" }]", "What is done where it does not."),
        ],
    },
];

/// The keys of all kinds, some of them several times: for a step that is of no kind.
pub fn any_step() -> impl Iterator<Item = &'static Key> {
    STEPS.iter().flat_map(|step| step.keys)
}
