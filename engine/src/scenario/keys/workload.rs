//! The keys of a scenario, by its executor.

use super::super::limits;
use super::{Key, Shape};

/// An executor and what it wants to know.
#[derive(Debug, Clone, Copy)]
pub struct ExecutorKeys {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The keys that it has beside [`COMMON`].
    pub keys: &'static [Key],
    /// Whether the file says what is sent, by [`WHAT`].
    pub has_flows: bool,
}

impl ExecutorKeys {
    /// Every key of a scenario with this executor.
    pub fn all(&self) -> impl Iterator<Item = &'static Key> + use<> {
        let what = if self.has_flows { WHAT } else { &[] };
        COMMON.iter().chain(what).chain(self.keys)
    }
}

/// The keys of all executors, some of them several times: for a scenario whose executor is not known.
pub fn any_executor() -> impl Iterator<Item = &'static Key> {
    COMMON.iter().chain(WHAT).chain(EXECUTORS.iter().flat_map(|executor| executor.keys))
}

/// The keys of every scenario.
pub const COMMON: &[Key] = &[
    Key::optional(
        "name",
        Shape::Name,
        "\"visitors\"",
        "What it is called in the rows. Without it, as its flow, or by its place in the file.",
    ),
    Key::required("executor", Shape::OneOf(EXECUTOR_NAMES), "\"constant-arrival-rate\"", "How its load comes about."),
    Key::optional(
        "vars",
        Shape::Fields,
        "{ token = \"{{ setup.token_free }}\" }",
        "Values for `{{ vars.NAME }}` in this scenario; they come before those of the file.",
    ),
    Key::optional("tags", Shape::Tags, "{ tier = \"free\" }", "Tags of the scenario's rows."),
    Key::optional(
        "cookies",
        Shape::OneOf(&["iteration", "vu", "off"]),
        "\"vu\"",
        "Cookies live as long as the iteration, as long as the virtual user, or not at all.",
    )
    .or("\"iteration\""),
    Key::optional("start_time", Shape::Duration, "\"30s\"", "How long after the start of the run it begins.")
        .or("\"0s\""),
    Key::optional(
        "graceful_stop",
        Shape::Duration,
        "\"5s\"",
        "How long iterations may go on when the schedule has ended.",
    )
    .or("\"30s\""),
    Key::optional(
        "pipeline",
        Shape::Count { least: 1, most: limits::DEEPEST_PIPELINE },
        "16",
        "Requests on their way over each connection at once.",
    )
    .or("1"),
    Key::optional(
        "connections",
        Shape::OneOf(&["kept", "per-iteration"]),
        "\"per-iteration\"",
        "Whether connections are kept from iteration to iteration, or every iteration begins on a new one.",
    )
    .or("\"kept\""),
    Key::optional(
        "requests_per_connection",
        Shape::Count { least: 1, most: u32::MAX },
        "100",
        "After so many requests a connection is closed, and opened anew when it is needed.",
    ),
    Key::optional(
        "churn",
        Shape::Rate,
        "\"50/s\"",
        "So many connections are closed between requests, one after another, and opened anew when they are needed.",
    ),
    Key::optional(
        "warm_up",
        Shape::Boolean,
        "true",
        "Whether all connections are opened before the load begins; otherwise each when it is first needed.",
    )
    .or("false"),
];

/// The keys that say what a scenario sends: one of them, or neither where there is only one flow.
pub const WHAT: &[Key] = &[
    Key::optional(
        "flow",
        Shape::FlowName,
        "\"browse\"",
        "What every iteration does. Without `flow` and `mix`: the only flow that there is.",
    ),
    Key::optional(
        "mix",
        Shape::Mix,
        "{ browse = 0.7, order = 0.3 }",
        "Flows with their weights: each iteration takes one of them by chance.",
    ),
];

const EXECUTOR_NAMES: &[&str] = &[
    "constant-arrival-rate",
    "ramping-arrival-rate",
    "constant-vus",
    "ramping-vus",
    "per-vu-iterations",
    "shared-iterations",
    "replay",
];

const DURATION: Key = Key::required("duration", Shape::Duration, "\"5m\"", "How long.");

const ARRIVAL: Key = Key::optional(
    "arrival",
    Shape::OneOf(&["even", "poisson"]),
    "\"poisson\"",
    "How arrivals are spaced: as evenly as the rate allows, or as independently as many people are.",
)
.or("\"even\"");

const MAX_CONNECTIONS: Key = Key::optional(
    "max_connections",
    Shape::Count { least: 1, most: limits::MOST_CONNECTIONS },
    "256",
    "The most connections at once. An arrival that finds none free waits, which is its lag.",
)
.or("512");

const USERS: Shape = Shape::Count { least: 1, most: limits::MOST_CONNECTIONS };

const MAX_DURATION: Key =
    Key::optional("max_duration", Shape::Duration, "\"5m\"", "How long at the most, done or not.").or("\"10m\"");

/// The keys of a stage of arrival rates.
pub const RATE_STAGE: &[Key] = &[
    Key::required("duration", Shape::Duration, "\"2m\"", "How long it takes to get there; `\"0s\"` is a jump."),
    Key::required("target", Shape::Rate, "\"2000/s\"", "The rate at its end."),
];

/// The keys of a stage of virtual users.
pub const VU_STAGE: &[Key] = &[
    Key::required("duration", Shape::Duration, "\"2m\"", "How long it takes to get there; `\"0s\"` is a jump."),
    Key::required(
        "target",
        Shape::Count { least: 0, most: limits::MOST_CONNECTIONS },
        "100",
        "How many virtual users there are at its end.",
    ),
];

/// The executors.
pub const EXECUTORS: &[ExecutorKeys] = &[
    ExecutorKeys {
        name: "constant-arrival-rate",
        doc: "Open model: iterations start at a fixed rate, whatever the answers do.",
        keys: &[
            Key::required("rate", Shape::Rate, "\"2000/s\"", "How many iterations start."),
            DURATION,
            ARRIVAL,
            MAX_CONNECTIONS,
        ],
        has_flows: true,
    },
    ExecutorKeys {
        name: "ramping-arrival-rate",
        doc: "Open model: iterations start at a rate that goes from stage to stage, whatever the answers do.",
        keys: &[
            Key::optional("start_rate", Shape::Rate, "\"100/s\"", "The rate before the first stage.").or("\"0/s\""),
            Key::required(
                "stages",
                Shape::ArrayOf(&Shape::Table("rate_stage", RATE_STAGE)),
                "[{ duration = \"10s\", target = \"2000/s\" }, { duration = \"3m\", target = \"2000/s\" }]",
                "Where the rate goes, in straight lines, one after another.",
            ),
            ARRIVAL,
            MAX_CONNECTIONS,
        ],
        has_flows: true,
    },
    ExecutorKeys {
        name: "constant-vus",
        doc: "Closed model: virtual users, each of which begins anew when it is done.",
        keys: &[Key::required("vus", USERS, "100", "How many virtual users."), DURATION],
        has_flows: true,
    },
    ExecutorKeys {
        name: "ramping-vus",
        doc: "Closed model: as many virtual users as the stages say, each of which begins anew when it is done.",
        keys: &[
            Key::optional(
                "start_vus",
                Shape::Count { least: 0, most: limits::MOST_CONNECTIONS },
                "10",
                "How many virtual users there are before the first stage.",
            )
            .or("0"),
            Key::required(
                "stages",
                Shape::ArrayOf(&Shape::Table("vu_stage", VU_STAGE)),
                "[{ duration = \"2m\", target = 100 }, { duration = \"5m\", target = 100 }]",
                "Where their number goes, in straight lines, one after another.",
            ),
            Key::optional(
                "graceful_ramp_down",
                Shape::Duration,
                "\"10s\"",
                "How long a virtual user that is no longer wanted may go on with its iteration.",
            )
            .or("\"30s\""),
        ],
        has_flows: true,
    },
    ExecutorKeys {
        name: "per-vu-iterations",
        doc: "Closed model: every virtual user does so many iterations.",
        keys: &[
            Key::optional("vus", USERS, "10", "How many virtual users.").or("1"),
            Key::optional(
                "iterations",
                Shape::Count { least: 1, most: u32::MAX },
                "20",
                "How many iterations each of them does.",
            )
            .or("1"),
            MAX_DURATION,
        ],
        has_flows: true,
    },
    ExecutorKeys {
        name: "shared-iterations",
        doc: "Closed model: the virtual users do so many iterations together; who is faster does more.",
        keys: &[
            Key::optional("vus", USERS, "10", "How many virtual users.").or("1"),
            Key::optional(
                "iterations",
                Shape::Count { least: 1, most: u32::MAX },
                "1000",
                "How many iterations they do all together.",
            )
            .or("1"),
            MAX_DURATION,
        ],
        has_flows: true,
    },
    ExecutorKeys {
        name: "replay",
        doc: "Open model: sends what a trace says, when it says. It has no `flow` and no `mix`.",
        keys: &[
            Key::required(
                "trace",
                Shape::File,
                "\"access.log\"",
                "The trace: a file, or the folder of a run, relative to the scenario file.",
            ),
            Key::optional(
                "format",
                Shape::OneOf(&["csv", "combined", "run"]),
                "\"combined\"",
                "CSV, the combined log of a web server, or the folder of a run. Without it, this is found out.",
            ),
            Key::optional("speed", Shape::Factor, "2.0", "How much faster than it was: 2 is twice as fast.").or("1.0"),
            MAX_CONNECTIONS,
        ],
        has_flows: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_executors_are_those_of_the_table() {
        assert_eq!(EXECUTORS.iter().map(|executor| executor.name).collect::<Vec<_>>(), EXECUTOR_NAMES);
    }
}
