//! A scenario file, put together piece by piece: what the tests' scenarios have in common is said here once.

use std::fmt::Write;

/// A scenario file in the making.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    url: String,
    request_timeout: Option<String>,
    keys: String,
    flows: String,
    tables: String,
}

impl Scenario {
    /// One that goes to this server, and holds nothing else so far.
    pub fn to(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }

    /// Gives its requests so long, instead of longer than any machine stalls.
    #[must_use]
    pub fn request_timeout(mut self, time: &str) -> Self {
        self.request_timeout = Some(time.to_owned());
        self
    }

    /// Adds lines of keys that stand at the top of the file.
    #[must_use]
    pub fn key(mut self, line: &str) -> Self {
        _ = writeln!(self.keys, "{line}");
        self
    }

    /// Adds a table with its header, as it is written.
    #[must_use]
    pub fn table(mut self, text: &str) -> Self {
        _ = writeln!(self.tables, "{text}");
        self
    }

    /// Adds a request.
    #[must_use]
    pub fn request(self, name: &str, keys: &str) -> Self {
        self.table(&format!("[requests.{name}]\n{keys}"))
    }

    /// Adds a feeder.
    #[must_use]
    pub fn feeder(self, name: &str, keys: &str) -> Self {
        self.table(&format!("[data.{name}]\n{keys}"))
    }

    /// Adds a flow: an array of steps.
    #[must_use]
    pub fn flow(mut self, name: &str, steps: &str) -> Self {
        _ = writeln!(self.flows, "{name} = {steps}");
        self
    }

    /// Adds a scenario.
    #[must_use]
    pub fn load(self, name: &str, keys: &str) -> Self {
        self.table(&format!("[[scenarios]]\nname = \"{name}\"\n{keys}"))
    }

    /// Adds one that does so many iterations, one after another, of this flow or request.
    #[must_use]
    pub fn times(self, iterations: u32, flow: &str) -> Self {
        let keys = format!("executor = \"per-vu-iterations\"\niterations = {iterations}\nflow = \"{flow}\"");
        self.load("visits", &keys)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let Self { url, request_timeout, keys, flows, tables } = self;
        let request_timeout = request_timeout.as_deref().unwrap_or("30s");
        let target = format!("[target]\nbase_url = \"{url}\"\nrequest_timeout = \"{request_timeout}\"\n");
        let flows = if flows.is_empty() { String::new() } else { format!("[flows]\n{flows}") };
        format!("{keys}{target}{tables}{flows}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_before_tables() {
        let scenario = Scenario::to("u").request("a", "path = \"/\"").flow("f", "[]").key("name = \"n\"");
        let text = scenario.request_timeout("5s").text();
        assert_eq!(
            text,
            "name = \"n\"\n[target]\nbase_url = \"u\"\nrequest_timeout = \"5s\"\n[requests.a]\npath = \"/\"\n[flows]\nf = []\n"
        );
    }
}
