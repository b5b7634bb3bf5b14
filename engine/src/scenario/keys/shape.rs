//! What stands behind a key, in terms that a schema, a page and a person understand.

use std::fmt;

use super::Key;

/// What stands behind a key. Every string may hold `${NAME}`, and stand for a number by one.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Any string.
    String,
    /// A string with placeholders in it.
    Template,
    /// The name of something: short, and on one line.
    Name,
    /// The name of a request of this file.
    RequestName,
    /// The name of a flow or of a request of this file.
    FlowName,
    /// An absolute URL.
    Url,
    /// The URL that a probe looks at, which may begin with `{{ target }}`.
    ProbeUrl,
    /// A JSON pointer.
    Pointer,
    /// A number from 0 to 1.
    Share,
    /// From the first `/` on, with placeholders in it.
    Path,
    /// A file or folder, relative to the scenario file.
    File,
    /// An HTTP method.
    Method,
    /// A span of time with its unit.
    Duration,
    /// So many in a span of time.
    Rate,
    /// A whole number, both bounds included.
    Count {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A number above zero.
    Factor,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// The name of a metric.
    Metric,
    /// What must hold for a metric: `p(95) < 500ms`.
    Bound,
    /// What decides whether a step is taken: `status == 200`.
    Condition,
    /// What is looked at in an answer: `json:/items length >= 1`.
    Check,
    /// Where in an answer a value is taken from: `json:/token`.
    Source,
    /// How long a virtual user thinks: `1s..5s`.
    Think,
    /// How often: `10`, or `"1..5"`.
    Times,
    /// A status, a class, a range, or several.
    Statuses,
    /// Any value, with placeholders in its strings.
    Json,
    /// Names with strings, numbers or booleans.
    Vars,
    /// Names with strings.
    Tags,
    /// Names with strings, numbers or booleans, with placeholders in the strings.
    Fields,
    /// Names of headers with their values, with placeholders.
    Headers,
    /// Names of flows with their weights.
    Mix,
    /// Steps of a flow, one after another.
    Steps,
    /// The scenarios, each by its executor.
    Scenarios,
    /// The probes, each by its kind.
    Probes,
    /// A string, or a table of this name with these keys.
    StringOr(&'static str, &'static [Key]),
    /// A table of this name with these keys.
    Table(&'static str, &'static [Key]),
    /// Names, which the first says in capitals, with such a value each.
    TableOf(&'static str, &'static Self),
    /// Such values, one after another.
    ArrayOf(&'static Self),
}

impl fmt::Display for Shape {
    /// The type, as the reference names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = match self {
            Self::String => "string",
            Self::Template => "string with placeholders",
            Self::Name => "name",
            Self::RequestName => "name of a request",
            Self::FlowName => "name of a flow or a request",
            Self::Url => "URL",
            Self::ProbeUrl => "URL",
            Self::Pointer => "JSON pointer",
            Self::Share => "number from 0 to 1",
            Self::Path => "path with placeholders",
            Self::File => "file",
            Self::Method => "method",
            Self::Duration => "duration",
            Self::Rate => "rate",
            Self::Factor => "number above zero",
            Self::Boolean => "boolean",
            Self::Metric => "metric",
            Self::Bound => "threshold's condition",
            Self::Condition => "condition",
            Self::Check => "check",
            Self::Source => "capture",
            Self::Think => "think time",
            Self::Times => "number or range",
            Self::Statuses => "statuses",
            Self::Json => "any value with placeholders",
            Self::Vars => "table of strings, numbers, booleans",
            Self::Tags => "table of strings",
            Self::Fields => "table of values with placeholders",
            Self::Headers => "table of strings with placeholders",
            Self::Mix => "table of weights",
            Self::Steps => "array of steps",
            Self::Scenarios => "array of scenarios",
            Self::Probes => "array of probes",
            Self::StringOr(..) => "string or table",
            Self::Table(..) => "table",
            Self::Count { least, most: u32::MAX } => return write!(f, "whole number from {least}"),
            Self::Count { least, most } => return write!(f, "whole number from {least} to {most}"),
            Self::OneOf(words) => return write!(f, "`\"{}\"`", words.join("\"`, `\"")),
            Self::TableOf(_, Self::Table(..)) => "table of tables",
            Self::TableOf(name, shape) => return write!(f, "table: {name} = {shape}"),
            Self::ArrayOf(Self::Table(..)) => "array of tables",
            Self::ArrayOf(shape) => return write!(f, "array: {shape}"),
        };
        f.write_str(fixed)
    }
}
