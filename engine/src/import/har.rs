//! What a browser or a proxy recorded (HTTP Archive, 1.2): its requests one after another, with the times between them.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::sent::{Sent, shown_path};
use super::{Draft, Step, Value, Wrong, address, duration};

/// Times between requests that are shorter than this are not somebody thinking, in ms.
const SHORTEST_THINK_MS: f64 = 100.0;
/// Who was away for longer was away, in ms.
const LONGEST_THINK_MS: f64 = 60_000.0;

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: String,
    /// In ms.
    #[serde(default)]
    time: Option<f64>,
    request: Asked,
    #[serde(default)]
    response: Answer,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default)]
    mime_type: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    params: Vec<Param>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Param {
    name: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    file_name: Option<String>,
}

#[derive(Deserialize, Default)]
struct Answer {
    #[serde(default)]
    status: i64,
}

/// An entry that can be sent.
struct Visit {
    origin: String,
    sent: Sent,
    status: Option<u16>,
    /// When it was asked and when it was answered, in ms since 1970.
    times: Option<(f64, f64)>,
}

/// Makes a draft of a recording.
pub(super) fn draft(text: &str) -> Result<Draft, Wrong> {
    let archive: Archive = serde_json::from_str(text)
        .map_err(|error| Wrong::new(error.line(), format!("this is not an HTTP archive: {error}")))?;
    let mut draft = Draft::new("Made from a recording (HTTP Archive) by `drumfire import har`.");
    let mut visits: Vec<Visit> = Vec::with_capacity(archive.log.entries.len());
    for entry in archive.log.entries {
        visits.extend(visit(entry, &mut draft));
    }
    visits.sort_by(|one, other| start(one).total_cmp(&start(other)));
    let origin = address::most_frequent(visits.iter().map(|visit| visit.origin.as_str()))
        .ok_or_else(|| Wrong::new(None, "there is no request in this archive"))?
        .to_owned();
    draft.set_target(&origin);
    leave_out_others(&mut visits, &origin, &mut draft);
    if visits.iter().any(|visit| visit.times.is_none()) {
        draft.note(None, "there are requests without a time: no think time before and behind them");
    }
    let steps = steps(&visits, &mut draft);
    if steps.is_empty() {
        return Err(draft.nothing_left("none of the requests can be sent"));
    }
    draft.add_visitor("recorded", steps);
    Ok(draft)
}

/// Entries without a time stay where they are among those without one, in front.
fn start(visit: &Visit) -> f64 {
    visit.times.map_or(f64::NEG_INFINITY, |(start, _)| start)
}

fn visit(entry: Entry, draft: &mut Draft) -> Option<Visit> {
    let Entry { started_date_time, time, request, response } = entry;
    let address = address::parse(&request.url)
        .map_err(|reason| draft.note(None, format!("{} {}: {reason}", request.method, shown_path(&request.url))))
        .ok()?;
    let mut sent = Sent { method: request.method, path: address.path, ..Sent::default() };
    let mut has_cookies = false;
    for Pair { name, value } in request.headers {
        if name.eq_ignore_ascii_case("cookie") {
            has_cookies = true;
        } else {
            sent.headers.push((name, value));
        }
    }
    if has_cookies {
        draft.note(None, "headers with cookies are left out: every iteration keeps the cookies that it is given");
    }
    if let Some(data) = request.post_data {
        sent.body = body(&data, &sent, draft);
        if sent.body.is_some() && !data.mime_type.is_empty() && sent.header("content-type").is_none() {
            sent.headers.push(("Content-Type".to_owned(), data.mime_type));
        }
    }
    let status = u16::try_from(response.status).ok().filter(|status| (100..=999).contains(status));
    if status.is_none() {
        let path = shown_path(&sent.path);
        draft.note(
            None,
            format!("{} {path} got no answer when it was recorded: any status below 400 will do", sent.method),
        );
    }
    let times = milliseconds(&started_date_time).map(|start| {
        let length = time.filter(|length| length.is_finite() && *length > 0.0).unwrap_or_default();
        (start, start + length)
    });
    Some(Visit { origin: address.origin, sent, status, times })
}

/// The body as text, or put together of the fields of a form.
fn body(data: &PostData, sent: &Sent, draft: &mut Draft) -> Option<String> {
    if let Some(text) = data.text.as_ref().filter(|text| !text.is_empty()) {
        return Some(text.clone());
    }
    if data.params.is_empty() {
        return None;
    }
    let path = shown_path(&sent.path);
    if data.params.iter().any(|param| param.file_name.is_some()) || data.mime_type.starts_with("multipart/") {
        draft.note(None, format!("the multipart body of {} {path} is not carried over", sent.method));
        return None;
    }
    let pairs =
        data.params.iter().map(|param| format!("{}={}", address::encoded(&param.name), address::encoded(&param.value)));
    Some(pairs.collect::<Vec<_>>().join("&"))
}

fn leave_out_others(visits: &mut Vec<Visit>, origin: &str, draft: &mut Draft) {
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for visit in visits.iter().filter(|visit| visit.origin != origin) {
        *others.entry(&visit.origin).or_default() += 1;
    }
    for (other, count) in others {
        let requests = if count == 1 { "1 request" } else { &format!("{count} requests") };
        draft.note(None, format!("{requests} to {other} left out: the target is {origin}"));
    }
    visits.retain(|visit| visit.origin == origin);
}

/// The flow; the same request again is the same request of the scenario.
fn steps(visits: &[Visit], draft: &mut Draft) -> Vec<Step> {
    let mut known: HashMap<(&str, &str, Option<&str>), (usize, &Visit)> = HashMap::new();
    let mut steps = Vec::new();
    let mut answered_at: Option<f64> = None;
    for visit in visits {
        let key = (visit.sent.method.as_str(), visit.sent.path.as_str(), visit.sent.body.as_deref());
        let place = if let Some(&(place, first)) = known.get(&key) {
            if first.sent.headers != visit.sent.headers {
                let name = draft.requests[place].name.clone();
                draft.note(None, format!("`{name}` was sent with different headers: those of the first time are here"));
            }
            place
        } else {
            let Some(place) = draft.add(&visit.sent) else { continue };
            known.insert(key, (place, visit));
            place
        };
        let request = &mut draft.requests[place];
        if let Some(status) = visit.status.map(|status| Value::Integer(status.into()))
            && !request.expect_status.contains(&status)
        {
            request.expect_status.push(status);
        }
        let name = request.name.clone();
        let gap = answered_at.zip(visit.times).map_or(0.0, |(before, (start, _))| start - before);
        if gap >= SHORTEST_THINK_MS && !steps.is_empty() {
            if gap > LONGEST_THINK_MS {
                draft.note(None, format!("the time before `{name}` was {}, here it is 1m", duration(gap / 1e3)));
            }
            steps.push(Step::Think(duration(gap.min(LONGEST_THINK_MS) / 1e3)));
        }
        steps.push(Step::Request(name));
        // Requests of one page overlap: thinking begins when the last of them is answered.
        answered_at = visit.times.map(|(_, end)| answered_at.map_or(end, |before| before.max(end)));
    }
    steps
}

/// A time of RFC 3339, with or without an offset, in ms since 1970.
fn milliseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let zone = text.len().checked_sub(6).filter(|at| text.is_char_boundary(*at)).map(|at| text.split_at(at));
    let (local, offset_ms) = match zone {
        Some((local, zone)) if zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':' => {
            let minutes = zone[1..3].parse::<f64>().ok()? * 60.0 + zone[4..].parse::<f64>().ok()?;
            (local, if zone.starts_with('-') { -minutes } else { minutes } * 60_000.0)
        }
        _ => (text, 0.0),
    };
    let time = humantime::parse_rfc3339_weak(local).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(time.as_secs_f64() * 1e3 - offset_ms)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{accepted, imported};
    use super::super::{Imported, Kind, from_text};
    use super::milliseconds;

    fn entry(method: &str, url: &str, start: &str, status: i64) -> Value {
        json!({
            "startedDateTime": format!("2026-01-02T03:04:{start}+02:00"), "time": 50.0,
            "request": { "method": method, "url": url, "httpVersion": "HTTP/2", "headers": [
                { "name": ":authority", "value": "h" }, { "name": "Host", "value": "h" },
                { "name": "Accept", "value": "*/*" }, { "name": "Cookie", "value": "sid=hunter2" }] },
            "response": { "status": status, "content": { "text": "x" } }
        })
    }

    fn of(entries: &[Value]) -> Imported {
        imported(Kind::Har, &json!({ "log": { "version": "1.2", "entries": entries } }).to_string())
    }

    #[test]
    fn the_same_request_again_is_the_same_request_of_the_scenario() {
        let imported = of(&[
            entry("GET", "http://h/a?b=1", "00.000", 200),
            entry("GET", "http://h/a?b=2", "00.100", 200),
            entry("GET", "http://h/a?b=1", "02.000", 304),
        ]);
        let scenario = accepted(&imported.text);
        let names: Vec<&str> = scenario.requests.iter().map(|request| request.name.as_str()).collect();
        assert_eq!(names, ["get_a", "get_a_2"]);
        assert_eq!(scenario.requests[0].expect_status, [(200, 200), (304, 304)]);
        assert_eq!(scenario.flows[0].steps.len(), 4);
        let headers: Vec<&str> = scenario.requests[0].headers.iter().map(|header| header.name.as_str()).collect();
        assert_eq!(headers, ["Accept"]);
    }

    #[test]
    fn who_waits_longer_than_a_tenth_of_a_second_thinks() {
        let imported = of(&[
            entry("GET", "http://h/a", "00.000", 200),
            entry("GET", "http://h/b", "00.149", 200),
            entry("GET", "http://h/c", "01.699", 200),
            json!({ "startedDateTime": "2026-01-02T01:14:00Z", "request": { "method": "GET", "url": "http://h/d" } }),
        ]);
        let thinks: Vec<&str> = imported.text.lines().filter(|line| line.contains("think")).map(str::trim).collect();
        assert_eq!(thinks, ["{ think = \"1.5s\" },", "{ think = \"1m\" },"]);
        assert!(imported.notes.join("\n").contains("here it is 1m"), "{:?}", imported.notes);
        accepted(&imported.text);
    }

    #[test]
    fn other_hosts_and_cookies_are_left_out_and_noted() {
        let imported = of(&[
            entry("GET", "http://cdn/x", "00.000", 200),
            entry("GET", "http://h/a", "00.000", 200),
            entry("GET", "http://h/b", "00.000", 0),
            entry("GET", "ws://h/socket", "00.000", 101),
        ]);
        let notes = imported.notes.join("\n");
        for note in ["1 request to http://cdn left out", "cookies", "`ws://`", "/b got no answer"] {
            assert!(notes.contains(note), "{note}\n{notes}");
        }
        assert!(!imported.text.contains("hunter2"), "{}", imported.text);
        accepted(&imported.text);
    }

    #[test]
    fn bodies_are_json_text_or_the_fields_of_a_form() {
        let with = |data: Value| {
            let mut entry = entry("POST", "http://h/a", "00.000", 200);
            entry["request"]["postData"] = data;
            let text = of(&[entry]).text;
            accepted(&text);
            text
        };
        let text = with(json!({ "mimeType": "application/json", "text": "{\"a\": [1], \"password\": \"hunter2\"}" }));
        assert!(text.contains("json = { a = [1], password = \"${PASSWORD:-}\" }"), "{text}");
        let text = with(json!({ "mimeType": "application/x-www-form-urlencoded", "params": [
            { "name": "a b", "value": "ü" }, { "name": "token", "value": "hunter2" }] }));
        assert!(text.contains("body = \"a%20b=%C3%BC&token=${TOKEN:-}\""), "{text}");
        let text = with(json!({ "mimeType": "multipart/form-data", "params": [{ "name": "f", "fileName": "x" }] }));
        assert!(text.contains("# - the multipart body of POST /a is not carried over"), "{text}");
    }

    #[test]
    fn what_is_no_archive_is_told_with_its_line() {
        for (text, line) in [("", Some(1)), ("{\n\"log\": 1}", Some(2)), ("{\"log\": {\"entries\": []}}", None)] {
            assert_eq!(from_text(Kind::Har, "file", text).expect_err(text).line, line, "{text}");
        }
    }

    #[test]
    fn times_may_have_an_offset() {
        assert_eq!(milliseconds("1970-01-01T02:00:01.5+02:00"), Some(1500.0));
        assert_eq!(milliseconds("1970-01-01T00:00:01Z"), Some(1000.0));
        for text in ["", "yesterday", "2026-01-02T03:04:05+é0:00", "ééé", "2026-01-02T03:04:05+aa:bb"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
