//! Which series a metric is made of: a name and matchers of labels, as in PromQL.

use std::str::FromStr;

use regex::Regex;

use super::scan::Scan;
use super::text::Series;

/// The series that a metric is made of, and what they are made into.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The name of the metric.
    pub name: String,
    /// What holds for its labels.
    pub(super) matchers: Vec<Matcher>,
    /// Of a histogram: which quantile.
    pub quantile: Option<f64>,
    /// Labels by whose values series are kept apart.
    pub by: Vec<String>,
    /// What it is, whatever the answer says.
    pub series_type: Option<SeriesType>,
}

/// What a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesType {
    /// It only grows.
    Counter,
    /// It is a level.
    Gauge,
}

#[derive(Debug, Clone)]
pub(super) struct Matcher {
    label: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Is(String),
    IsNot(String),
    Matches(Regex),
    MatchesNot(Regex),
}

impl Selection {
    /// The name of the series that are looked at.
    pub fn series_name(&self) -> String {
        if self.quantile.is_some() { format!("{}_bucket", self.name) } else { self.name.clone() }
    }

    /// Whether the labels of a series are as they must be.
    pub fn lets_through(&self, series: &Series<'_>) -> bool {
        self.matchers.iter().all(|matcher| {
            let value = series.label(&matcher.label);
            match &matcher.test {
                Test::Is(wanted) => value == wanted,
                Test::IsNot(unwanted) => value != unwanted,
                Test::Matches(pattern) => pattern.is_match(value),
                Test::MatchesNot(pattern) => !pattern.is_match(value),
            }
        })
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut scan = Scan::new(text);
        let name = scan.name().to_owned();
        if name.is_empty() {
            return Err(format!("`{text}` does not begin with the name of a metric"));
        }
        let mut matchers = Vec::new();
        if scan.take("{") {
            while !scan.take("}") {
                matchers.push(matcher(&mut scan)?);
                if !scan.take(",") && !scan.rest().trim_start().starts_with('}') {
                    return Err(format!("`{text}` has no `}}` behind its matchers"));
                }
            }
        }
        match scan.rest().trim() {
            "" => Ok(Self { name, matchers, quantile: None, by: Vec::new(), series_type: None }),
            rest => Err(format!("`{rest}` cannot follow a selection")),
        }
    }
}

fn matcher(scan: &mut Scan<'_>) -> Result<Matcher, String> {
    let label = scan.name().to_owned();
    let sign = ["=~", "!~", "!=", "="].into_iter().find(|sign| scan.take(sign));
    let (Some(sign), false) = (sign, label.is_empty()) else {
        return Err("a matcher is written such as `code=\"200\"`, with `=`, `!=`, `=~` or `!~`".to_owned());
    };
    let value = scan.quoted().ok_or_else(|| format!("the value of `{label}` has to stand in quotes"))?.into_owned();
    let pattern = || {
        // The whole value has to match, as in PromQL.
        Regex::new(&format!("^(?s:{value})$")).map_err(|error| format!("the pattern of `{label}` is wrong: {error}"))
    };
    let test = match sign {
        "=" => Test::Is(value),
        "!=" => Test::IsNot(value),
        "=~" => Test::Matches(pattern()?),
        _ => Test::MatchesNot(pattern()?),
    };
    Ok(Matcher { label, test })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lets_through(selection: &str, labels: &[(&'static str, &'static str)]) -> bool {
        let labels = labels.iter().map(|&(name, value)| (name, value.into())).collect();
        let selection: Selection = selection.parse().expect("a selection");
        selection.lets_through(&Series { name: "m", labels, value: 1.0 })
    }

    #[test]
    fn matchers_are_those_of_promql() {
        let labels = [("code", "503"), ("path", "/api")];
        assert!(lets_through("m", &labels));
        assert!(lets_through("m{}", &labels));
        assert!(lets_through(r#"m{code="503", path != "/",}"#, &labels));
        assert!(lets_through(r#"m{code=~"5..|4.."}"#, &labels));
        assert!(!lets_through(r#"m{code=~"50"}"#, &labels), "the whole value has to match");
        assert!(!lets_through(r#"m{code!~"5.*"}"#, &labels));
        assert!(lets_through("m{absent=''}", &labels), "a label that is not there is empty");
    }

    #[test]
    fn what_is_no_selection_is_refused() {
        for (text, said) in [
            ("", "name of a metric"),
            ("1m", "name of a metric"),
            ("m{", "matcher is written"),
            ("m{code}", "matcher is written"),
            ("m{code=200}", "in quotes"),
            ("m{code=\"200\"", "no `}`"),
            ("m{code=~\"(\"}", "pattern of `code`"),
            ("rate(m[1m])", "cannot follow"),
        ] {
            let error = text.parse::<Selection>().expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z_{}=~!\",'\\\\ ()*0-9]{0,40}") {
            let _ = text.parse::<Selection>();
        }
    }
}
