//! Every key of a scenario file, listed once.
//!
//! From these tables come the complaint about a key that nobody knows, the JSON Schema of `drumfire schema` and the
//! tables of `docs/scenario.md`. They are data: what a value means is decided where it is read.

mod flow;
mod probe;
mod request;
mod shape;
mod workload;

pub use self::flow::{STEPS, STEPS_HOLDER, StepKeys, any_step};
pub use self::probe::{PROBE, PROBES, ProbeKeys, SELECTION, any_probe};
pub use self::request::REQUEST;
pub use self::shape::Shape;
pub use self::workload::{COMMON, EXECUTORS, ExecutorKeys, RATE_STAGE, VU_STAGE, WHAT, any_executor};

/// A key of a table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What stands behind it.
    pub shape: Shape,
    /// Whether the table is wrong without it.
    pub is_required: bool,
    /// What holds where it is missing, as TOML; where it takes words to say, `doc` says it.
    pub default: Option<&'static str>,
    /// A value as people write it, as TOML.
    pub example: &'static str,
    /// One or two plain sentences.
    pub doc: &'static str,
}

impl Key {
    const fn required(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Self {
        Self { name, shape, is_required: true, default: None, example, doc }
    }

    const fn optional(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Self {
        Self { name, shape, is_required: false, default: None, example, doc }
    }

    /// The same key with the value that holds where it is missing.
    const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}

/// The keys of the file itself.
pub const ROOT: &[Key] = &[
    Key::optional(
        "name",
        Shape::Name,
        "\"api-load\"",
        "What the run is called, in its folder and its report. Without it, the file's name.",
    ),
    Key::optional("tags", Shape::Tags, "{ suite = \"smoke\" }", "Tags of every row of the run."),
    Key::optional(
        "include",
        Shape::ArrayOf(&Shape::File),
        "[\"shared.toml\"]",
        "Files relative to this one. Their `vars`, `data`, `requests`, `flows` and `probes` are added; a name that is given \
         twice is an error.",
    ),
    Key::optional(
        "vars",
        Shape::Vars,
        "{ tier = \"free\", limit = 20 }",
        "Values for `{{ vars.NAME }}`. `--var NAME=VALUE` on the command line comes before them.",
    ),
    Key::required(
        "target",
        Shape::Table("target", TARGET),
        "{ base_url = \"http://127.0.0.1:8080\" }",
        "Whom the load goes to.",
    ),
    Key::optional(
        "setup",
        Shape::Table("setup", STEPS_HOLDER),
        "{ steps = [{ request = \"login\", capture = { token = \"json:/token\" } }] }",
        "Sent once before the load and not measured. What it captures is `{{ setup.NAME }}`; if it fails, there is no \
         run (exit code 1).",
    ),
    Key::optional(
        "teardown",
        Shape::Table("teardown", STEPS_HOLDER),
        "{ steps = [{ request = \"logout\" }] }",
        "Sent once after the load and not measured.",
    ),
    Key::optional(
        "data",
        Shape::TableOf("NAME", &Shape::Table("data", DATA)),
        "{ products = { file = \"products.csv\" } }",
        "Files whose rows fill `{{ data.NAME.COLUMN }}`.",
    ),
    Key::optional(
        "requests",
        Shape::TableOf("NAME", &Shape::Table("request", REQUEST)),
        "{ home = { path = \"/\" } }",
        "What is sent, each request under a name of its own. There is at least one, unless a replay's trace says what is \
         sent.",
    ),
    Key::optional(
        "flows",
        Shape::TableOf("NAME", &Shape::Steps),
        "{ browse = [{ request = \"home\" }, { think = \"1s..5s\" }] }",
        "What a virtual user does in one iteration. Every request is a flow of its own name, too.",
    ),
    Key::required(
        "scenarios",
        Shape::Scenarios,
        "[{ executor = \"constant-vus\", vus = 10, duration = \"1m\" }]",
        "Who sends how much, when. All of them run side by side.",
    ),
    Key::optional(
        "thresholds",
        Shape::ArrayOf(&Shape::Table("threshold", THRESHOLD)),
        "[{ metric = \"http_req_failed\", condition = \"rate < 1%\" }]",
        "What must hold for the run to pass; otherwise it ends with exit code 99.",
    ),
    Key::optional(
        "probes",
        Shape::Probes,
        "[{ name = \"app\", kind = \"json\", url = \"{{ target }}/api/metrics\", metrics = { memory_usage_mb = \
         \"/process/memory_usage_mb\" } }]",
        "What is sampled from the system under test while the load runs, into `probes.csv`: see docs/probes.md.",
    ),
];

/// The keys of `[target]`.
pub const TARGET: &[Key] = &[
    Key::required(
        "base_url",
        Shape::Url,
        "\"${BASE_URL:-http://127.0.0.1:8080}\"",
        "`http://` or `https://` with host and port, or `unix:/run/app.sock`; a path of its own (`unix:/run/app.sock:/api`) \
         goes before the paths of the requests.",
    ),
    Key::optional(
        "request_timeout",
        Shape::Duration,
        "\"5s\"",
        "How long a request may take, from its first byte sent to the last byte of its answer. After that its row has \
         the error `timeout`.",
    )
    .or("\"10s\""),
    Key::optional(
        "connect_timeout",
        Shape::Duration,
        "\"2s\"",
        "How long opening a connection may take: looking up the name, TCP, and the tunnel of a proxy. After that: \
         `connect_timeout`. Without it, as long as a request.",
    ),
    Key::optional(
        "tls_timeout",
        Shape::Duration,
        "\"2s\"",
        "How long the TLS handshake may take. After that: `tls_timeout`. Without it, as long as a request.",
    ),
    Key::optional(
        "first_byte_timeout",
        Shape::Duration,
        "\"1s\"",
        "How long the first byte of an answer may take. After that: `first_byte_timeout`. Without it, as long as the \
         whole answer.",
    ),
    Key::optional(
        "resolve",
        Shape::TableOf("HOST:PORT", &Shape::String),
        "{ \"shop.example:443\" = \"127.0.0.1:8443\" }",
        "Addresses of hosts, in place of a look-up; the port may be another one.",
    ),
    Key::optional(
        "dns",
        Shape::String,
        "\"30s\"",
        "When the host's name is looked up: `once` before the load, `per-connection`, or again after so long. All \
         addresses are used in turns.",
    )
    .or("\"once\""),
    Key::optional(
        "ip",
        Shape::OneOf(&["any", "v4", "v6", "prefer-v4", "prefer-v6"]),
        "\"v4\"",
        "Which of the host's addresses are used.",
    )
    .or("\"any\""),
    Key::optional(
        "source_addresses",
        Shape::ArrayOf(&Shape::String),
        "[\"127.0.0.2\", \"127.0.0.3\"]",
        "Addresses of this machine that connections start from, in turns: each has local ports of its own.",
    ),
    Key::optional(
        "proxy",
        Shape::Url,
        "\"http://127.0.0.1:3128\"",
        "An HTTP proxy that is asked for a tunnel (CONNECT) to the target for every connection.",
    ),
    Key::optional(
        "proxy_authorization",
        Shape::String,
        "\"Basic ${PROXY_AUTHORIZATION:-dXNlcjpwYXNz}\"",
        "The value of `Proxy-Authorization`; a secret.",
    ),
    Key::optional(
        "tls",
        Shape::Table("tls", TLS),
        "{ ca_cert = \"ca.pem\", min_version = \"1.3\" }",
        "How connections are secured, where the base URL is `https://`.",
    ),
];

/// The keys of `[target.tls]`.
pub const TLS: &[Key] = &[
    Key::optional(
        "ca_cert",
        Shape::File,
        "\"ca.pem\"",
        "Certificates (PEM) that are trusted in place of the system's.",
    ),
    Key::optional(
        "client_cert",
        Shape::File,
        "\"client.pem\"",
        "The certificate (PEM, with its chain) that is shown to the server.",
    ),
    Key::optional("client_key", Shape::File, "\"client.key\"", "The key (PEM) of `client_cert`."),
    Key::optional(
        "server_name",
        Shape::Name,
        "\"shop.example\"",
        "The name that is asked for (SNI) and that the server's certificate must have. Without it, the URL's host.",
    ),
    Key::optional("min_version", Shape::OneOf(&["1.2", "1.3"]), "\"1.3\"", "The lowest version of TLS that will do.")
        .or("\"1.2\""),
    Key::optional(
        "resumption",
        Shape::Boolean,
        "false",
        "Whether sessions are resumed, so that a second handshake costs less.",
    )
    .or("true"),
    Key::optional(
        "insecure",
        Shape::Boolean,
        "true",
        "Whether any certificate will do: for servers of your own, and with a warning.",
    )
    .or("false"),
];

/// The keys of `[data.NAME]`.
pub const DATA: &[Key] = &[
    Key::required("file", Shape::File, "\"products.csv\"", "The file, relative to the scenario file."),
    Key::optional(
        "format",
        Shape::OneOf(&["csv", "jsonl"]),
        "\"csv\"",
        "CSV with a header row, or one JSON object a line. Without it, the file's name decides.",
    ),
    Key::optional(
        "order",
        Shape::OneOf(&["random", "sequential", "once"]),
        "\"sequential\"",
        "Which row comes next: any, the one behind the last, or each of them a single time.",
    )
    .or("\"random\""),
    Key::optional(
        "at_end",
        Shape::OneOf(&["stop", "repeat"]),
        "\"repeat\"",
        "What happens when the rows of `order = \"once\"` are used up: the scenario's iterations end, or the rows start over.",
    )
    .or("\"stop\""),
];

/// The keys of a `[[thresholds]]`.
pub const THRESHOLD: &[Key] = &[
    Key::required(
        "metric",
        Shape::Metric,
        "\"http_req_duration\"",
        "What is looked at; `PROBE.METRIC` for what a probe samples.",
    ),
    Key::optional(
        "filter",
        Shape::Tags,
        "{ request = \"login\", tier = \"free\" }",
        "Only the rows of this `request`, this `scenario`, and with these tags. Without it, all of them. Samples of probes \
         are told by their tags.",
    ),
    Key::required("condition", Shape::Bound, "\"p(95) < 500ms\"", "What must hold."),
    Key::optional(
        "abort_on_fail",
        Shape::Boolean,
        "true",
        "Whether the run ends as soon as the condition does not hold.",
    )
    .or("false"),
    Key::optional(
        "delay_abort_eval",
        Shape::Duration,
        "\"10s\"",
        "How long `abort_on_fail` waits from the start of the run, so that a few first answers decide nothing.",
    )
    .or("\"0s\""),
    Key::optional(
        "window",
        Shape::Duration,
        "\"30s\"",
        "The condition must hold in every stretch of that length, judged once a second from the first full one on. \
         Without it, over the whole run.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Every table, with what it is called in a message.
    fn tables() -> Vec<(String, Vec<&'static Key>)> {
        let mut tables: Vec<(String, Vec<&'static Key>)> = [
            ("the file", ROOT),
            ("target", TARGET),
            ("target.tls", TLS),
            ("setup", STEPS_HOLDER),
            ("data", DATA),
            ("requests", REQUEST),
            ("a stage of rates", RATE_STAGE),
            ("a stage of users", VU_STAGE),
            ("thresholds", THRESHOLD),
            ("a selection of a probe", SELECTION),
        ]
        .into_iter()
        .map(|(name, keys)| (name.to_owned(), keys.iter().collect()))
        .collect();
        tables.extend(STEPS.iter().map(|step| (step.name.to_owned(), step.keys.iter().collect())));
        tables.extend(EXECUTORS.iter().map(|executor| (executor.name.to_owned(), executor.all().collect())));
        tables.extend(PROBES.iter().map(|kind| (kind.name.to_owned(), kind.all().collect())));
        tables
    }

    #[test]
    fn a_table_has_no_key_twice() {
        for (table, keys) in tables() {
            let mut names: Vec<&str> = keys.iter().map(|key| key.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{table}: {names:?}");
        }
    }

    #[test]
    fn examples_and_defaults_are_toml_and_every_key_is_explained() {
        for (table, keys) in tables() {
            for key in keys {
                let place = format!("{table}.{}", key.name);
                for value in key.default.into_iter().chain([key.example]) {
                    assert!(format!("x = {value}").parse::<toml::Table>().is_ok(), "{place}: {value}");
                }
                assert!(key.doc.ends_with('.'), "{place}: {}", key.doc);
                assert!(key.default.is_none() || !key.is_required, "{place}: a default that is never used");
                assert!(!key.shape.to_string().is_empty(), "{place}");
            }
        }
    }
}
