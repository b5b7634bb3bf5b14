//! Who may come in, and how often: login, bearer tokens, rate limits.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::SharedShop;
use super::error::ApiError;
use super::extract::Json;
use crate::tier::Tier;

#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
}

#[derive(Serialize)]
pub(super) struct Session {
    token: &'static str,
    tier: &'static str,
}

/// `POST /api/login`
pub(super) async fn login(Json(credentials): Json<Credentials>) -> Result<Json<Session>, ApiError> {
    let account = Tier::with_email(&credentials.email)
        .ok_or_else(|| ApiError::new(StatusCode::UNAUTHORIZED, "no account with this email"))?
        .account();
    Ok(Json(Session { token: account.token, tier: account.tier }))
}

/// Lets a request pass that has a token and is within its tier's rate; what is behind finds the [`Tier`] as an extension.
pub(super) async fn customers_only(
    State(shop): SharedShop,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let tier = bearer_token(request.headers())
        .and_then(Tier::with_token)
        .ok_or_else(|| ApiError::new(StatusCode::UNAUTHORIZED, "a valid bearer token is needed"))?;
    if let Some(limits) = shop.limits.as_ref().filter(|limits| !limits.admits(tier, shop.clock.now())) {
        let message = format!("more than {} requests per second in tier {}", limits.of(tier), tier.account().tier);
        return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, message));
    }
    shop.leak.drip();
    request.extensions_mut().insert(tier);
    Ok(next.run(request).await)
}

pub(super) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token)
}
