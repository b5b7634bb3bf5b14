//! The keys of a probe, by its kind.

use super::{Key, Shape};
use crate::probe::Preset;

/// A kind of probe and what it wants to know.
#[derive(Debug, Clone, Copy)]
pub struct ProbeKeys {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The keys that it has beside [`PROBE`].
    pub keys: &'static [Key],
}

impl ProbeKeys {
    /// Every key of a probe of this kind.
    pub fn all(&self) -> impl Iterator<Item = &'static Key> + use<> {
        PROBE.iter().chain(self.keys)
    }
}

/// The keys of all kinds, some of them several times: for a probe whose kind is not known.
pub fn any_probe() -> impl Iterator<Item = &'static Key> {
    PROBE.iter().chain(PROBES.iter().flat_map(|kind| kind.keys))
}

/// The keys of every probe.
pub const PROBE: &[Key] = &[
    Key::required(
        "name",
        Shape::Name,
        "\"app\"",
        "What it is called in `probes.csv`, and in thresholds: `app.METRIC`. It holds no `.`.",
    ),
    Key::required("kind", Shape::OneOf(KIND_NAMES), "\"json\"", "What it looks at."),
    Key::optional(
        "interval",
        Shape::Duration,
        "\"5s\"",
        "How often it looks, from the start of the load on; at least 10 ms. `--time-scale` scales it, but not below \
         100 ms.",
    )
    .or("\"1s\""),
    Key::optional(
        "timeout",
        Shape::Duration,
        "\"2s\"",
        "How long one look may take, connecting included. After that it has failed.",
    )
    .or("\"5s\""),
    Key::optional("tags", Shape::Tags, "{ host = \"db-1\" }", "Tags of its rows."),
];

const URL: Key = Key::required(
    "url",
    Shape::ProbeUrl,
    "\"{{ target }}/api/metrics\"",
    "Where to look: `http://`, `https://` or `unix:/run/app.sock:/path`; `{{ target }}` at its start is the base URL of \
     `[target]`. Redirects are not followed, and no proxy is used.",
);

const HEADERS: Key = Key::optional(
    "headers",
    Shape::Tags,
    "{ Authorization = \"Bearer ${METRICS_TOKEN:-secret}\" }",
    "Headers of the request. Values of those with the name of a secret are not shown.",
);

/// The names of the kinds, in the order of [`PROBES`].
const KIND_NAMES: &[&str] = &["json", "prometheus", "postgres", "host", "command"];

/// The keys of a selection of `kind = "prometheus"`.
pub const SELECTION: &[Key] = &[
    Key::required(
        "name",
        Shape::String,
        "'http_requests_total{code=~\"5..\"}'",
        "Which series: the name of a metric, and matchers of its labels in braces (`=`, `!=`, `=~`, `!~`), as in PromQL.",
    ),
    Key::optional(
        "quantile",
        Shape::Share,
        "0.95",
        "Of a histogram: which quantile of what was counted since the last look, interpolated within its bucket as \
         Prometheus does.",
    ),
    Key::optional(
        "by",
        Shape::ArrayOf(&Shape::String),
        "[\"code\"]",
        "Labels by whose values series are kept apart, as tags. All others are summed.",
    ),
    Key::optional(
        "type",
        Shape::OneOf(&["counter", "gauge"]),
        "\"counter\"",
        "Whether it only grows (and is sampled per second) or is a level. Without it, as the answer says; what is not \
         typed is a level, unless its name ends in `_total`.",
    ),
];

/// Every kind of probe.
pub const PROBES: &[ProbeKeys] = &[
    ProbeKeys {
        name: "json",
        doc: "Fetches a JSON document and takes numbers out of it. `true` is 1, `false` is 0.",
        keys: &[
            URL,
            HEADERS,
            Key::required(
                "metrics",
                Shape::TableOf("NAME", &Shape::Pointer),
                "{ memory_usage_mb = \"/process/memory_usage_mb\" }",
                "Names of metrics with JSON pointers (RFC 6901) to their values.",
            ),
        ],
    },
    ProbeKeys {
        name: "prometheus",
        doc: "Scrapes Prometheus' text format. Counters are sampled per second, between two looks; gauges as they are; \
              series that are selected together are summed.",
        keys: &[
            URL,
            HEADERS,
            Key::required(
                "metrics",
                Shape::TableOf("NAME", &Shape::StringOr("selection", SELECTION)),
                "{ rps = 'http_requests_total{code=\"200\"}', p95_seconds = { name = \"http_request_duration_seconds\", \
                 quantile = 0.95 } }",
                "Names of metrics with what they are made of: a name and matchers of labels as in PromQL, or a table.",
            ),
        ],
    },
    ProbeKeys {
        name: "postgres",
        doc: "Asks PostgreSQL, read-only, over a connection of its own, by `sql` or by a `preset`.",
        keys: &[
            Key::required(
                "url",
                Shape::String,
                "\"postgres://probe@127.0.0.1/shop\"",
                "The database: a URL, or `host=… user=… dbname=…`. The password is not shown. TLS is not supported.",
            ),
            Key::optional(
                "sql",
                Shape::String,
                "\"SELECT count(*) AS rows_waiting FROM jobs WHERE NOT done\"",
                "One statement. Columns of numbers are metrics of their names, those of text are tags.",
            ),
            Key::optional(
                "counters",
                Shape::ArrayOf(&Shape::String),
                "[\"xact_commit\"]",
                "Columns of `sql` that only grow: sampled as how much they grew, per second.",
            ),
            Key::optional(
                "preset",
                Shape::OneOf(Preset::NAMES),
                "\"activity\"",
                "A statement that is ready-made, in place of `sql`: see docs/probes.md.",
            ),
        ],
    },
    ProbeKeys {
        name: "host",
        doc: "Processors, memory, disks and network: of this machine, or of another by the `url` of its node_exporter.",
        keys: &[
            Key::optional(
                "url",
                Shape::ProbeUrl,
                "\"http://db-1:9100/metrics\"",
                "The node_exporter of another machine. Without it, this machine, from `/proc`.",
            ),
            HEADERS,
        ],
    },
    ProbeKeys {
        name: "command",
        doc: "Runs a program and reads what it prints: a number, lines of `name=value`, or a JSON object. It has failed \
              where its exit code is not 0.",
        keys: &[Key::required(
            "command",
            Shape::ArrayOf(&Shape::String),
            "[\"cat\", \"/sys/class/thermal/thermal_zone0/temp\"]",
            "The program and its arguments: no shell is in between.",
        )],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_kinds_are_those_of_the_table() {
        assert_eq!(PROBES.iter().map(|kind| kind.name).collect::<Vec<_>>(), KIND_NAMES);
    }
}
