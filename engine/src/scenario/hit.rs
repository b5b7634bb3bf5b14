//! The flags of `drumfire hit` as a scenario: one request, one flow, one workload.

use clap::ValueEnum;
use runlog::tags::Tags;
use runlog::units::{Nanos, Rate, Thousands};
use serde_json::json;

use super::http::Scheme;
use super::request::DEFAULT_EXPECT_STATUS;
use super::target::{Connections, Family, Lookup, Proxy, Route, Target, Timeouts, Tls, TlsVersion};
use super::workload::{DEFAULT_GRACEFUL_STOP, DEFAULT_MAX_CONNECTIONS};
use super::{
    Arrival, Call, Cookies, Error, Flow, Header, Iterations, Load, Request, Scenario, Span, Stages, Step, Template,
    Text, Vars, Workload, http, limits, secrets,
};
use crate::cli::{Hit, Pair};

const DEFAULT_CONNECTIONS: u32 = 50;
const DEFAULT_DURATION: Nanos = Nanos::from_secs(10);

/// How long a number of requests may take where nobody says: practically for ever, and yet an end.
const UNTIL_ALL_ARE_SENT: Nanos = Nanos::from_secs(86_400);

/// The scenario that the flags ask for.
///
/// # Errors
/// Where flags contradict each other.
pub fn scenario(hit: &Hit, tags: Tags) -> Result<Scenario, Error> {
    let headers = headers(&hit.headers)?;
    let method = hit.method.clone().unwrap_or_else(|| if hit.body.is_some() { "POST" } else { "GET" }.to_owned());
    let path = if hit.url.path.is_empty() { "/".to_owned() } else { hit.url.path.clone() };
    let path = Template::fixed(Text::new(&path, secrets::redact_path(&path)));
    // A name stands in every row: of a long path its beginning will do.
    let name: String = format!("{method} {}", path.shown);
    let name = name[..name.floor_char_boundary(limits::LONGEST_NAME)].to_owned();
    let url = http::Url { path: String::new(), ..hit.url.clone() };
    let target = target(hit, url)?;
    let request = Request {
        name: name.clone(),
        method,
        path,
        headers,
        body: hit.body.as_ref().map(|body| Template::fixed(Text::new(body, secrets::redact_body(body)))),
        body_file: None,
        expect_status: vec![DEFAULT_EXPECT_STATUS],
        follow_redirects: 0,
        checks: Vec::new(),
        tags: Tags::new(),
    };
    let load = load(hit)?;
    let workload = Workload {
        name: "hit".to_owned(),
        executor: if hit.rate.is_some() { "constant-arrival-rate" } else { "constant-vus" },
        load,
        mix: vec![(0, 1.0)],
        vars: Vars::new(),
        cookies: Cookies::Off,
        start_time: Nanos::ZERO,
        graceful_ramp_down: DEFAULT_GRACEFUL_STOP,
        graceful_stop: DEFAULT_GRACEFUL_STOP,
        pipeline: hit.pipeline,
        connections: connections(hit)?,
        tags: Tags::new(),
        span: Span::default(),
    };
    let call = Call { request: 0, vars: Vars::new(), captures: Vec::new(), span: Span::default() };
    Ok(Scenario {
        name: "hit".to_owned(),
        tags,
        resolved: resolved(hit, &target, &request, &workload),
        target,
        vars: Vars::new(),
        setup: Vec::new(),
        teardown: Vec::new(),
        feeders: Vec::new(),
        requests: vec![request],
        flows: vec![Flow { name, steps: vec![Step::Request(call)] }],
        workloads: vec![workload],
        thresholds: Vec::new(),
        probes: Vec::new(),
        probe_thresholds: Vec::new(),
    })
}

/// Whom the flags name, and the way there.
fn target(hit: &Hit, url: http::Url) -> Result<Target, Error> {
    let flags = &hit.connection;
    let tls = Tls {
        ca_cert: flags.ca_cert.clone(),
        identity: flags.client_cert.clone().zip(flags.client_key.clone()),
        server_name: flags.server_name.clone(),
        min_version: flags.tls_min,
        resumption: !flags.no_resumption,
        insecure: flags.insecure,
    };
    let is_secured = url.scheme == Scheme::Https;
    if !is_secured && tls != Tls::default() {
        let flag = if tls.insecure { "--insecure" } else { "--ca-cert and the like" };
        return Err(Error::Flag { flag, message: "only with an `https://` URL".to_owned() });
    }
    Ok(Target {
        shown: url.base(),
        url,
        timeouts: Timeouts {
            connect: flags.connect_timeout.unwrap_or(hit.timeout),
            tls: flags.tls_timeout.unwrap_or(hit.timeout),
            first_byte: flags.first_byte_timeout,
            request: hit.timeout,
        },
        route: Route {
            resolve: flags.resolve.clone(),
            lookup: flags.dns,
            family: flags.ip,
            sources: flags.source.clone(),
            proxy: flags.proxy.clone().map(|url| Proxy { url, authorization: None }),
        },
        tls: is_secured.then_some(tls),
    })
}

/// What becomes of connections between requests.
fn connections(hit: &Hit) -> Result<Connections, Error> {
    let flags = &hit.connection;
    if flags.requests_per_connection.is_some_and(|most| most < hit.pipeline) {
        let message = format!("{} requests at once do not fit into so few", hit.pipeline);
        return Err(Error::Flag { flag: "--requests-per-connection", message });
    }
    Ok(Connections {
        per_iteration: false,
        requests_most: flags.requests_per_connection,
        churn: flags.churn,
        warm_up: flags.warm_up,
    })
}

fn headers(given: &[Pair]) -> Result<Vec<Header>, Error> {
    let mut headers: Vec<Header> = Vec::with_capacity(given.len());
    for Pair(name, value) in given {
        if headers.iter().any(|header| header.name.eq_ignore_ascii_case(name)) {
            return Err(Error::Flag { flag: "--header", message: format!("the header `{name}` is given twice") });
        }
        let value = Text::new(value, secrets::redact_header(name, value));
        headers.push(Header { name: name.clone(), value: Template::fixed(value) });
    }
    Ok(headers)
}

fn load(hit: &Hit) -> Result<Load, Error> {
    let Some(rate) = hit.rate else {
        let duration =
            hit.duration.unwrap_or(if hit.requests.is_some() { UNTIL_ALL_ARE_SENT } else { DEFAULT_DURATION });
        let users = users(hit.connections.unwrap_or(DEFAULT_CONNECTIONS), hit.pipeline)?;
        let iterations = hit.requests.map_or(Iterations::Unbounded, Iterations::Shared);
        return Ok(Load::Vus { users: Stages::constant(users, duration), iterations });
    };
    let duration = match (hit.duration, hit.requests) {
        (Some(duration), _) => duration,
        (None, Some(requests)) => time_of(requests, rate)?,
        (None, None) => DEFAULT_DURATION,
    };
    Ok(Load::Arrivals {
        rate: Stages::constant(rate, duration),
        arrival: hit.arrival,
        most: hit.requests,
        max_connections: hit.connections.unwrap_or(DEFAULT_MAX_CONNECTIONS),
    })
}

/// As many virtual users as requests can be on their way.
fn users(connections: u32, pipeline: u32) -> Result<u32, Error> {
    let users = u64::from(connections) * u64::from(pipeline);
    if users > u64::from(limits::MOST_CONNECTIONS) {
        let most = Thousands(limits::MOST_CONNECTIONS.into());
        let message = format!("{} requests on their way at once are more than {most}", Thousands(users));
        return Err(Error::Flag { flag: "--pipeline", message });
    }
    Ok(users as u32)
}

/// How long so many arrivals take at a rate.
fn time_of(requests: u64, rate: Rate) -> Result<Nanos, Error> {
    let seconds = requests as f64 / rate.as_per_second();
    if seconds > limits::LONGEST_TIME.as_secs_f64() {
        let message = format!("{requests} requests at {rate} take longer than a year: raise --rate");
        return Err(Error::Flag { flag: "--requests", message });
    }
    Ok(Nanos(((seconds * 1e9).ceil() as u64).max(1)))
}

/// The scenario file that would do the same, secrets taken out; `requests` is what no file can say.
fn resolved(hit: &Hit, target: &Target, request: &Request, workload: &Workload) -> serde_json::Value {
    let headers: serde_json::Map<_, _> =
        request.headers.iter().map(|header| (header.name.clone(), header.value.shown.clone().into())).collect();
    let mut asked = json!({ "method": request.method, "path": request.path.shown });
    if !headers.is_empty() {
        asked["headers"] = headers.into();
    }
    if let Some(body) = &request.body {
        asked["body"] = body.shown.clone().into();
    }
    let in_ns = |span: Nanos| format!("{}ns", span.0);
    let mut scenario = json!({ "name": workload.name, "executor": workload.executor });
    match &workload.load {
        Load::Arrivals { rate, arrival, max_connections, .. } => {
            scenario["rate"] = format!("{}/s", rate.start.as_per_second()).into();
            scenario["duration"] = in_ns(rate.stages[0].0).into();
            scenario["arrival"] = if *arrival == Arrival::Even { "even" } else { "poisson" }.into();
            scenario["max_connections"] = (*max_connections).into();
        }
        Load::Vus { users, .. } => {
            scenario["vus"] = users.start.into();
            scenario["duration"] = in_ns(users.stages[0].0).into();
        }
        Load::Replay { .. } => {}
    }
    let policy = &workload.connections;
    if let Some(most) = policy.requests_most {
        scenario["requests_per_connection"] = most.into();
    }
    if let Some(rate) = policy.churn {
        scenario["churn"] = format!("{}/s", rate.as_per_second()).into();
    }
    if policy.warm_up {
        scenario["warm_up"] = true.into();
    }
    if hit.pipeline > 1 {
        scenario["pipeline"] = hit.pipeline.into();
    }
    if let Some(requests) = hit.requests {
        scenario["requests"] = requests.into();
    }
    json!({
        "target": resolved_target(target),
        "requests": { request.name.clone(): asked },
        "scenarios": [scenario],
    })
}

/// What the file would say of the target; what holds anyway is left out.
fn resolved_target(target: &Target) -> serde_json::Value {
    let Target { shown, timeouts, route, tls, .. } = target;
    let in_ns = |span: Nanos| format!("{}ns", span.0);
    let mut said = json!({ "base_url": shown, "request_timeout": in_ns(timeouts.request) });
    for (key, span) in [
        ("connect_timeout", Some(timeouts.connect).filter(|span| *span != timeouts.request)),
        ("tls_timeout", Some(timeouts.tls).filter(|span| *span != timeouts.request)),
        ("first_byte_timeout", timeouts.first_byte),
    ] {
        if let Some(span) = span {
            said[key] = in_ns(span).into();
        }
    }
    for ((host, port), address) in &route.resolve {
        said["resolve"][format!("{host}:{port}")] = address.to_string().into();
    }
    match route.lookup {
        Lookup::Once => {}
        Lookup::PerConnection => said["dns"] = "per-connection".into(),
        Lookup::Every(span) => said["dns"] = in_ns(span).into(),
    }
    if route.family != Family::Any
        && let Some(word) = route.family.to_possible_value()
    {
        said["ip"] = word.get_name().into();
    }
    if !route.sources.is_empty() {
        said["source_addresses"] = route.sources.iter().map(ToString::to_string).collect::<Vec<_>>().into();
    }
    if let Some(proxy) = &route.proxy {
        said["proxy"] = proxy.url.base().into();
    }
    if let Some(tls) = tls {
        for (key, file) in [
            ("ca_cert", tls.ca_cert.as_ref()),
            ("client_cert", tls.identity.as_ref().map(|(certificate, _)| certificate)),
            ("client_key", tls.identity.as_ref().map(|(_, key)| key)),
        ] {
            if let Some(file) = file {
                said["tls"][key] = file.display().to_string().into();
            }
        }
        if let Some(name) = &tls.server_name {
            said["tls"]["server_name"] = name.as_str().into();
        }
        if tls.min_version == TlsVersion::V1_3 {
            said["tls"]["min_version"] = "1.3".into();
        }
        for (key, value, default) in [("resumption", tls.resumption, true), ("insecure", tls.insecure, false)] {
            if value != default {
                said["tls"][key] = value.into();
            }
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn hit(flags: &[&str]) -> Result<Scenario, Error> {
        let words = ["drumfire", "hit"].iter().chain(flags);
        let Command::Hit(hit) = Cli::try_parse_from(words).expect("flags").command else { panic!("not a hit") };
        scenario(&hit, Tags::new())
    }

    #[test]
    fn without_a_rate_as_many_users_as_connections_send_as_fast_as_they_can() {
        let scenario = hit(&["http://h:8080/a?b=c", "-c", "7", "-d", "3s"]).expect("a scenario");
        assert_eq!(scenario.requests[0].name, "GET /a?b=c");
        assert_eq!(scenario.workloads[0].executor, "constant-vus");
        let Load::Vus { users, iterations } = &scenario.workloads[0].load else { panic!("open") };
        assert_eq!((users.clone(), *iterations), (Stages::constant(7, Nanos::from_secs(3)), Iterations::Unbounded));
    }

    #[test]
    fn a_number_of_requests_alone_has_no_end_in_time() {
        let scenario = hit(&["http://h", "-n", "100"]).expect("a scenario");
        assert_eq!(scenario.requests[0].path.as_fixed(), Some("/"));
        let Load::Vus { users, iterations } = &scenario.workloads[0].load else { panic!("open") };
        assert_eq!((users.clone(), *iterations), (Stages::constant(50, UNTIL_ALL_ARE_SENT), Iterations::Shared(100)));
    }

    #[test]
    fn with_a_rate_arrivals_do_not_wait() {
        let scenario = hit(&["http://h/", "-r", "50/s", "-n", "100", "--arrival", "poisson"]).expect("a scenario");
        let Load::Arrivals { rate, arrival, most, max_connections } = &scenario.workloads[0].load else {
            panic!("closed")
        };
        assert_eq!(rate.stages[0].0, Nanos::from_secs(2));
        assert_eq!((*arrival, *most, *max_connections), (Arrival::Poisson, Some(100), 512));
    }

    #[test]
    fn a_body_is_posted() {
        let scenario = hit(&["http://h/", "-b", "x"]).expect("a scenario");
        assert_eq!(scenario.requests[0].method, "POST");
        let scenario = hit(&["http://h/", "-b", "x", "-X", "PUT"]).expect("a scenario");
        assert_eq!(scenario.requests[0].method, "PUT");
    }

    #[test]
    fn secrets_do_not_get_into_names_or_what_is_kept() {
        let flags =
            ["http://h/?token=hunter2", "-H", "Authorization: Bearer hunter2", "-b", r#"{"password":"hunter2"}"#];
        let scenario = hit(&flags).expect("a scenario");
        assert_eq!(scenario.requests[0].path.as_fixed(), Some("/?token=hunter2"));
        assert!(!scenario.resolved.to_string().contains("hunter2"), "{}", scenario.resolved);
        assert!(!scenario.requests[0].name.contains("hunter2"));
    }

    #[test]
    fn contradictions_name_the_flag() {
        let error = hit(&["http://h/", "-H", "A: 1", "-H", "a: 2"]).expect_err("twice").to_string();
        assert_eq!(error, "--header: the header `a` is given twice");
        let error = hit(&["http://h/", "-r", "1/d", "-n", "1000"]).expect_err("years").to_string();
        assert!(error.starts_with("--requests: "), "{error}");
    }
}
