//! curl's commands: each is a request, and those of a file one flow.

mod connection;
mod options;
mod shell;

use self::shell::Command;
use super::sent::Sent;
use super::{Draft, Step, Value, Wrong, address};
use crate::scenario::http;

/// How many redirects `-L` follows where `--max-redirs` does not say; curl itself would follow 50.
const REDIRECTS: u32 = 10;
/// The most redirects that a scenario can follow.
const MOST_REDIRECTS: u32 = 20;
/// The longest time that is carried over: who waits longer than a day does not mean it.
const LONGEST_SECONDS: f64 = 86_400.0;

/// A command as far as it is read.
#[derive(Default)]
struct Reading {
    line: usize,
    urls: Vec<String>,
    sent: Sent,
    data: Vec<String>,
    query: Vec<String>,
    is_get: bool,
    is_json: bool,
    follows: bool,
    redirects: Option<u32>,
    /// In seconds.
    timeout: Option<f64>,
    /// The Unix socket that is connected to in place of the URL's host.
    socket: Option<String>,
    /// The file of a client certificate whose key is still to be named.
    certificate: Option<String>,
}

/// A request on its way: its host is looked at when all are read.
struct Planned {
    origin: String,
    sent: Sent,
    redirects: u32,
}

/// Makes a draft of a text with commands of curl.
pub(super) fn draft(text: &str) -> Result<Draft, Wrong> {
    let mut draft = Draft::new("Made from commands of curl by `drumfire import curl`.");
    let mut planned = Vec::new();
    let mut timeouts = Vec::new();
    for command in shell::commands(text)? {
        let reading = read(&command, &mut draft)?;
        if let Some(reading) = reading {
            timeouts.extend(reading.timeout);
            plan(reading, &mut planned, &mut draft)?;
        }
    }
    let origin = address::most_frequent(planned.iter().map(|one| one.origin.as_str()))
        .ok_or_else(|| Wrong::new(None, "there is no command of curl: it begins with `curl `"))?
        .to_owned();
    draft.set_target(&origin);
    set_timeout(&mut draft, &timeouts);
    connection::drop_what_means_nothing(&origin, &mut draft);
    let mut steps = Vec::new();
    for Planned { origin: other, sent, redirects } in planned {
        if other != origin {
            let path = super::sent::shown_path(&sent.path);
            draft.note(sent.line, format!("the request to {other}{path} is left out: the target is {origin}"));
        } else if let Some(place) = draft.add(&sent) {
            draft.requests[place].follow_redirects = redirects;
            steps.push(Step::Request(draft.requests[place].name.clone()));
        }
    }
    if steps.is_empty() {
        return Err(draft.nothing_left("none of the commands can be sent"));
    }
    draft.add_visitor("commands", steps);
    Ok(draft)
}

fn set_timeout(draft: &mut Draft, timeouts: &[f64]) {
    let longest = timeouts.iter().copied().fold(0.0, f64::max);
    if (0.001..=LONGEST_SECONDS).contains(&longest) {
        draft.connect(None, "request_timeout", Value::literal(&super::duration(longest)));
    }
    if timeouts.iter().any(|timeout| (timeout - longest).abs() > f64::EPSILON) || longest > LONGEST_SECONDS {
        draft
            .note(None, "`-m` is not the same in all commands: the longest time, up to a day, is that of all requests");
    }
}

/// Reads the words of a command; `None` where it is another program's, which is noted.
fn read(command: &Command, draft: &mut Draft) -> Result<Option<Reading>, Wrong> {
    let program = command.words.first().map_or("", String::as_str);
    if program.rsplit('/').next() != Some("curl") {
        // What stands behind `=` may be a secret.
        let shown = program.split('=').next().unwrap_or_default();
        draft.note(command.line, format!("`{shown}` is left out: only commands of curl are read"));
        return Ok(None);
    }
    if command.has_variables {
        draft.note(command.line, "variables of the shell are taken as they are written");
    }
    let mut reading = Reading { line: command.line, ..Reading::default() };
    reading.sent.line = Some(command.line);
    let mut words = command.words[1..].iter();
    let mut only_urls = false;
    while let Some(word) = words.next() {
        if only_urls || !word.starts_with('-') || word == "-" {
            reading.urls.push(word.clone());
        } else if word == "--" {
            only_urls = true;
        } else if word.starts_with("--") {
            let value = || words.next().cloned();
            reading.option(word, value, draft)?;
        } else {
            reading.letters(word, &mut words, draft)?;
        }
    }
    reading.finish_identity(draft);
    Ok(Some(reading))
}

impl Reading {
    /// `-sSL`, `-XPOST`: letters until one that takes a value.
    fn letters(
        &mut self,
        word: &str,
        words: &mut std::slice::Iter<'_, String>,
        draft: &mut Draft,
    ) -> Result<(), Wrong> {
        for (at, letter) in word.char_indices().skip(1) {
            let option = format!("-{letter}");
            let behind = &word[at + letter.len_utf8()..];
            if options::WITH_VALUE.iter().any(|(short, _)| *short == option) {
                let value = || if behind.is_empty() { words.next().cloned() } else { Some(behind.to_owned()) };
                return self.option(&option, value, draft);
            }
            self.option(&option, || None, draft)?;
        }
        Ok(())
    }

    /// One option; `value` is asked only where it takes one.
    fn option(&mut self, option: &str, value: impl FnOnce() -> Option<String>, draft: &mut Draft) -> Result<(), Wrong> {
        let with_value = options::WITH_VALUE.iter().find(|(short, long)| *short == option || *long == option);
        if let Some((_, long)) = with_value {
            let value = value().ok_or_else(|| Wrong::new(self.line, format!("`{option}` has no value")))?;
            self.with_value(long, option, value, draft);
            return Ok(());
        }
        match option {
            "-G" | "--get" => self.is_get = true,
            "-I" | "--head" if self.sent.method.is_empty() => "HEAD".clone_into(&mut self.sent.method),
            "-I" | "--head" => {}
            "-L" | "--location" | "--location-trusted" => self.follows = true,
            "--compressed" => self.set_header("Accept-Encoding", "gzip, deflate"),
            _ if self.connection_flag(option, draft) => {}
            _ if options::OF_NO_CONCERN.contains(&option) => {}
            _ => draft.note(self.line, format!("the option `{option}` is not carried over")),
        }
        Ok(())
    }

    fn with_value(&mut self, long: &str, option: &str, value: String, draft: &mut Draft) {
        match long {
            "--request" => self.sent.method = value,
            "--header" => self.header(&value, draft),
            "--url" => self.urls.push(value),
            "--url-query" => self.query.push(url_encoded(&value)),
            "--data" | "--data-ascii" | "--data-binary" if value.starts_with('@') => {
                draft.note(self.line, format!("the body from the file `{}` is not carried over", &value[1..]));
            }
            "--data" | "--data-ascii" => self.data.push(value.replace(['\r', '\n'], "")),
            "--data-raw" | "--data-binary" => self.data.push(value),
            "--json" => {
                self.is_json = true;
                if let Some(file) = value.strip_prefix('@') {
                    draft.note(self.line, format!("the body from the file `{file}` is not carried over"));
                } else {
                    // Several pieces of JSON are put together without anything between.
                    let before = self.data.pop().unwrap_or_default();
                    self.data.push(before + &value);
                }
            }
            "--data-urlencode" if names_file(&value) => {
                draft.note(self.line, format!("the value `{value}` comes from a file and is not carried over"));
            }
            "--data-urlencode" => self.data.push(url_encoded(&value)),
            // What is sent is `user:password` in Base64, which is as secret as the password.
            "--user" => self.set_header("Authorization", &format!("Basic {value}")),
            "--oauth2-bearer" => self.set_header("Authorization", &format!("Bearer {value}")),
            "--user-agent" => self.set_header("User-Agent", &value),
            "--referer" => self.set_header("Referer", value.trim_end_matches(";auto")),
            "--cookie" if value.contains('=') => self.set_header("Cookie", &value),
            "--range" => self.set_header("Range", &format!("bytes={value}")),
            "--max-redirs" => match value.parse::<i64>() {
                Ok(number) => self.redirects = Some(u32::try_from(number).unwrap_or(MOST_REDIRECTS)),
                Err(_) => draft.note(self.line, format!("`{option} {value}` is no number and not carried over")),
            },
            "--max-time" => match value.parse::<f64>() {
                Ok(seconds) if seconds.is_finite() => self.timeout = Some(seconds),
                _ => draft.note(self.line, format!("`{option} {value}` is no number and not carried over")),
            },
            "--output" | "--write-out" | "--dump-header" => {}
            _ if self.connection_option(long, &value, draft) => {}
            _ => draft.note(self.line, format!("the option `{option}` is not carried over")),
        }
    }

    /// `Name: value`; `Name;` stands for an empty value, `Name:` takes out one that curl would have sent.
    fn header(&mut self, text: &str, draft: &mut Draft) {
        match text.split_once(':') {
            Some((_, value)) if value.trim().is_empty() => {}
            Some((name, value)) => self.sent.headers.push((name.trim().to_owned(), value.trim().to_owned())),
            None if text.ends_with(';') => {
                self.sent.headers.push((text.trim_end_matches(';').to_owned(), String::new()));
            }
            None => draft.note(self.line, "a header without `:` is not carried over"),
        }
    }

    /// A header of an option: one that is given itself comes first.
    fn set_header(&mut self, name: &str, value: &str) {
        if self.sent.header(name).is_none() {
            self.sent.headers.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn names_file(value: &str) -> bool {
    value.find(['=', '@']).is_some_and(|at| value.as_bytes()[at] == b'@')
}

/// `name=content`, the content percent-encoded; `=content` and `content` alone too.
fn url_encoded(value: &str) -> String {
    let (name, content) = value.split_once('=').map_or(("", value), |(name, content)| (name, content));
    let content = address::encoded(content);
    if name.is_empty() { content } else { format!("{name}={content}") }
}

/// The requests of a command, one for each of its URLs.
fn plan(mut reading: Reading, planned: &mut Vec<Planned>, draft: &mut Draft) -> Result<(), Wrong> {
    if reading.urls.is_empty() {
        return Err(Wrong::new(reading.line, "this command names no URL"));
    }
    let mut query = std::mem::take(&mut reading.query);
    let data = std::mem::take(&mut reading.data);
    if reading.is_get {
        query.extend(data);
    } else if !data.is_empty() {
        let joined = data.join("&");
        if reading.is_json {
            reading.set_header("Content-Type", "application/json");
            reading.set_header("Accept", "application/json");
        }
        reading.set_header("Content-Type", "application/x-www-form-urlencoded");
        reading.sent.body = Some(joined);
    }
    if reading.sent.method.is_empty() {
        let method = if reading.sent.body.is_some() { "POST" } else { "GET" };
        method.clone_into(&mut reading.sent.method);
    }
    let redirects = if reading.follows { reading.redirects.unwrap_or(REDIRECTS).min(MOST_REDIRECTS) } else { 0 };
    for url in std::mem::take(&mut reading.urls) {
        let address = address::parse(&url).map_err(|reason| Wrong::new(reading.line, reason))?;
        let mut sent = reading.sent.clone();
        if let (Some(user), None) = (&address.user, sent.header("authorization")) {
            sent.headers.push(("Authorization".to_owned(), format!("Basic {user}")));
        }
        let joint = if address.path.contains('?') { "&" } else { "?" };
        let query = if query.is_empty() { String::new() } else { format!("{joint}{}", query.join("&")) };
        sent.path = address::path(&(address.path + &query));
        if reading.socket.is_some() && address.origin.starts_with("https:") {
            draft.note(reading.line, "TLS over a Unix socket is not spoken here: the request is sent in plain HTTP");
        }
        let origin = reading.socket.as_ref().map_or(address.origin, |socket| format!("unix:{socket}"));
        http::parse_url(&origin).map_err(|reason| Wrong::new(reading.line, reason))?;
        planned.push(Planned { origin, sent, redirects });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, imported};
    use super::super::{Kind, from_text};

    fn of(command: &str) -> String {
        imported(Kind::Curl, command).text
    }

    #[test]
    fn a_command_becomes_a_request() {
        let text = of("curl -sSXPUT 'http://shop.example:81/a b?q=1#x' -H'Accept: text/html' -A me --data a=1 -d b=$");
        for line in [
            "base_url = \"${BASE_URL:-http://shop.example:81}\"",
            "[requests.put_a_20b]",
            "method = \"PUT\"",
            "path = \"/a%20b?q=1\"",
            "body = \"a=1&b=$$\"",
            "flow = \"commands\"",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.contains("Content-Type = \"application/x-www-form-urlencoded\""), "{text}");
        accepted(&text);
    }

    #[test]
    fn methods_follow_from_the_options() {
        for (command, method) in [
            ("curl h", "GET"),
            ("curl h -d x", "POST"),
            ("curl h -I", "HEAD"),
            ("curl h -G -d x=1", "GET"),
            ("curl h --json '{}'", "POST"),
            ("curl h -d x --request patch", "PATCH"),
        ] {
            let text = of(command);
            let written =
                if method == "GET" { !text.contains("method") } else { text.contains(&format!("\"{method}\"")) };
            assert!(written, "{command}: {text}");
            accepted(&text);
        }
        assert!(of("curl h -G -d x=1 --data-urlencode 'y=ü&'").contains("path = \"/?x=1&y=%C3%BC%26\""));
    }

    #[test]
    fn secrets_go_nowhere() {
        let command = "curl -u me:hunter2 http://a/?token=hunter2 -b sid=hunter2\n\
                       curl http://a/ -H 'Authorization: Bearer hunter2' --json '{\"user\": \"me\", \"password\": \"hunter2\"}'\n\
                       curl http://me:hunter2@a/ -d 'password=hunter2'\nTOKEN=hunter2";
        let imported = imported(Kind::Curl, command);
        assert!(!imported.text.contains("hunter2"), "{}", imported.text);
        assert!(!imported.notes.join("\n").contains("hunter2"), "{:?}", imported.notes);
        for variable in ["Basic ${BASIC_TOKEN:-}", "token=${TOKEN:-}", "\"${COOKIE:-}\"", "password=${PASSWORD:-}"] {
            assert!(imported.text.contains(variable), "{variable}\n{}", imported.text);
        }
        accepted(&imported.text);
    }

    #[test]
    fn what_is_not_carried_over_is_noted_with_its_line() {
        let imported = imported(
            Kind::Curl,
            "curl http://a/\ncurl http://b/\ncurl http://a/ --frobnicate -k -F x=@y -d @body.json | jq .",
        );
        let notes = imported.notes.join("\n");
        for note in ["file:2: the request to http://b/", "`--frobnicate`", "`-F`", "`body.json`", "`jq`"] {
            assert!(notes.contains(note), "{note}\n{notes}");
            let plain = note.trim_start_matches("file:2: ");
            assert!(imported.text.contains(plain), "{note}\n{}", imported.text);
        }
        accepted(&imported.text);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (text, line, message) in [
            ("", None, "no command of curl"),
            ("ls", None, "no command of curl"),
            ("\ncurl -H", Some(2), "`-H` has no value"),
            ("curl -s", Some(1), "names no URL"),
            ("curl http://a/\ncurl ftp://b/", Some(2), "not supported"),
            ("curl 'http://a/", Some(1), "never closed"),
            ("curl -X 'A B' http://a/", Some(1), "none of the commands can be sent: a request to / is left out"),
        ] {
            let error = from_text(Kind::Curl, "file", text).expect_err(text);
            assert!(error.message.contains(message), "{text}: {error}");
            assert_eq!(error.line, line, "{text}");
        }
    }

    #[test]
    fn json_is_written_as_a_table_where_toml_can() {
        let text = of(r#"curl h --json '{"items": [{"id": 1, "price": 1.5}], "cost": "$5"}'"#);
        assert!(text.contains("json = { items = [{ id = 1, price = 1.5 }], cost = \"$$5\" }"), "{text}");
        accepted(&text);
        let text = of(r#"curl h --json '{"a": null, "token": "x"}'"#);
        assert!(text.contains(r#"body = '{"a":null,"token":"${TOKEN:-}"}'"#), "{text}");
        accepted(&text);
    }

    #[test]
    fn redirects_and_braces_are_accepted() {
        let text = of("curl -L http://a/ -d '{{ x }}' -m 2.5");
        assert!(text.contains("follow_redirects = 10") && text.contains("request_timeout = \"2.5s\""), "{text}");
        accepted(&text);
    }
}
