//! What only those who run the shop may do: switch its faults on and off.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use bytesize::ByteSize;
use serde::Deserialize;
use serde_json::{Value, json};

use super::SharedShop;
use super::access::bearer_token;
use super::error::ApiError;
use super::extract::Json;
use crate::Options;
use crate::faults::Slow;
use crate::store::Query;

/// Who may: whoever has the token or, where there is none, everybody on this machine, if nobody else can come in.
#[derive(Debug)]
pub(super) enum Guard {
    Token(String),
    Loopback,
    Nobody,
}

impl Guard {
    pub(super) fn of(options: &Options) -> Self {
        match &options.admin_token {
            Some(token) => Self::Token(token.clone()),
            None if options.listen.ip().is_loopback() => Self::Loopback,
            None => Self::Nobody,
        }
    }
}

/// Lets a request pass that comes from an operator.
pub(super) async fn operators_only(
    State(shop): SharedShop,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match &shop.guard {
        Guard::Loopback => {}
        Guard::Token(token) if bearer_token(request.headers()) == Some(token.as_str()) => {}
        Guard::Token(_) => return Err(ApiError::new(StatusCode::UNAUTHORIZED, "the token of --admin-token is needed")),
        Guard::Nobody => {
            let message = "the shop listens beyond this machine: faults are only switched with an --admin-token";
            return Err(ApiError::new(StatusCode::FORBIDDEN, message));
        }
    }
    Ok(next.run(request).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedLeak {
    per_request: ByteSize,
}

/// `POST /api/admin/leak`: `{"per_request": "10kB"}`, and `"0B"` to stop it.
pub(super) async fn leak(State(shop): SharedShop, Json(wanted): Json<WantedLeak>) -> Json<Value> {
    shop.leak.set(wanted.per_request);
    Json(json!({ "leak": { "per_request": wanted.per_request.as_u64() } }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedSlow {
    query: Query,
    delay: String,
}

/// `POST /api/admin/slow-query`: `{"query": "search", "delay": "200ms"}`, and `"0ms"` to let it go.
pub(super) async fn slow_query(
    State(shop): SharedShop,
    Json(wanted): Json<WantedSlow>,
) -> Result<Json<Value>, ApiError> {
    let slow =
        Slow::by(wanted.query, &wanted.delay).map_err(|problem| ApiError::new(StatusCode::BAD_REQUEST, problem))?;
    shop.slow.set(slow);
    Ok(Json(json!({ "slow_query": { "query": slow.query, "delay_ms": slow.delay.as_secs_f64() * 1e3 } })))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn without_a_token_nobody_switches_faults_where_others_can_come_in() {
        let guard = |flags: &[&str]| Guard::of(&Options::parse_from([&["drumfire-demo"], flags].concat()));
        assert!(matches!(guard(&[]), Guard::Loopback));
        assert!(matches!(guard(&["--listen=0.0.0.0:80"]), Guard::Nobody));
        assert!(matches!(guard(&["--listen=[::1]:80"]), Guard::Loopback));
        assert!(matches!(guard(&["--listen=0.0.0.0:80", "--admin-token=t"]), Guard::Token(token) if token == "t"));
    }
}
