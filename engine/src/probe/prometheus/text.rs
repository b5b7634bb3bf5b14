//! Prometheus' text format (version 0.0.4): the types of metrics, and the series that somebody wants.
//!
//! The crates that parse it cut label values at commas and signs of equality, or have a licence that does not fit; the format
//! is a page long (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::bounded;
use super::scan::Scan;

/// What an answer says.
#[derive(Debug, Default, PartialEq)]
pub struct Document<'a> {
    /// The type of each metric that has one: `counter`, `gauge`, `histogram`, `summary`, `untyped`.
    pub types: HashMap<&'a str, &'a str>,
    /// The wanted series, in their order.
    pub series: Vec<Series<'a>>,
}

/// A series, and its value now.
#[derive(Debug, PartialEq)]
pub struct Series<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// Its labels, by their names.
    pub labels: Vec<(&'a str, Cow<'a, str>)>,
    /// The value.
    pub value: f64,
}

impl Series<'_> {
    /// The value of a label; empty where it has none, as in PromQL.
    pub fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(label, _)| *label == name).map_or("", |(_, value)| value)
    }
}

impl<'a> Document<'a> {
    /// Reads an answer. Lines of series whose name nobody wants are not looked into.
    ///
    /// # Errors
    /// What is wrong with which line.
    pub fn parse(text: &'a str, is_wanted: impl Fn(&str) -> bool) -> Result<Self, String> {
        let mut document = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(comment) = line.trim_start().strip_prefix('#') {
                let mut words = comment.split_ascii_whitespace();
                if let (Some("TYPE"), Some(name), Some(kind)) = (words.next(), words.next(), words.next()) {
                    document.types.insert(name, kind);
                }
                continue;
            }
            let mut scan = Scan::new(line);
            let name = scan.name();
            if is_wanted(name) {
                let series = series(name, scan);
                let wrong = || format!("line {number} is not of the text format: {}", bounded(line));
                document.series.push(series.ok_or_else(wrong)?);
            }
        }
        Ok(document)
    }
}

/// What stands behind a name: labels, the value, and a time that is not needed.
fn series<'a>(name: &'a str, mut scan: Scan<'a>) -> Option<Series<'a>> {
    let mut labels = Vec::new();
    let is_apart = scan.rest().starts_with([' ', '\t']);
    if scan.take("{") {
        while !scan.take("}") {
            let label = scan.name();
            if label.is_empty() || !scan.take("=") {
                return None;
            }
            labels.push((label, scan.quoted()?));
            if !scan.take(",") && !scan.rest().trim_start().starts_with('}') {
                return None;
            }
        }
    } else if !is_apart {
        return None;
    }
    labels.sort_unstable();
    let value = scan.rest().split_ascii_whitespace().next()?.parse().ok()?;
    Some(Series { name, labels, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Result<Document<'_>, String> {
        Document::parse(text, |name| !name.is_empty())
    }

    #[test]
    fn the_example_of_the_formats_page_is_read() {
        let text = r#"# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045
"#;
        let document = all(text).expect("the page's example");
        assert_eq!(document.types, HashMap::from([("http_requests_total", "counter")]));
        assert_eq!(document.series.len(), 5);
        assert_eq!((document.series[1].label("code"), document.series[1].value), ("400", 3.0));
        assert_eq!(document.series[2].label("path"), r"C:\DIR\FILE.TXT");
        assert_eq!(document.series[2].label("error"), "Cannot find file:\n\"FILE.TXT\"");
        assert_eq!((document.series[3].labels.len(), document.series[3].value), (0, 12.47));
        assert_eq!(document.series[4].value, f64::INFINITY);
    }

    #[test]
    fn values_of_labels_may_hold_every_sign() {
        let document = all("a{x=\"1,y=2}\",z=\"\",} NaN\nb{} 1e3\nc\t-0.5\r\n").expect("three lines");
        assert_eq!((document.series[0].label("x"), document.series[0].label("no")), ("1,y=2}", ""));
        assert!(document.series[0].value.is_nan());
        assert_eq!((document.series[1].value, document.series[2].value), (1000.0, -0.5));
    }

    #[test]
    fn a_wrong_line_is_told_with_its_number() {
        for line in
            ["a", "a{", "a{b}", "a{b=c} 1", "a{b=\"c} 1", "a{b=\"c\" d=\"e\"} 1", "a{} one", "a=1", "a{=\"\"} 1"]
        {
            let text = format!("ok 1\n{line}\n");
            let error = all(&text).expect_err(line);
            assert!(error.starts_with("line 2 "), "{line}: {error}");
        }
        assert_eq!(Document::parse("a{ 1\nb 2", |name| name == "b").expect("nobody wants a").series.len(), 1);
    }

    /// A value as the format writes it.
    fn written(value: &str) -> String {
        value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,8}",
            labels in proptest::collection::btree_map("[a-z_]{1,4}", "[\\PC\n\\\\\"{},=#]{0,12}", 0..4),
            value in proptest::num::f64::NORMAL,
        ) {
            let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", written(value))).collect();
            let text = format!("{name}{{{}}} {value:e}\n", pairs.join(","));
            let document = all(&text).expect("a line of the format");
            let series = &document.series[0];
            prop_assert_eq!((series.name, series.value), (name.as_str(), value));
            let read: Vec<_> = series.labels.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
            prop_assert_eq!(read, labels.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a-z_{}=\",\\\\# \n0-9.+\\PC-]{0,80}") {
            let _ = all(&text);
        }
    }
}
