//! From a request to checked values, and from values to JSON. axum's own extractors answer in plain text when they refuse;
//! these answer as everything else in the shop does.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::ApiError;

/// What is said of the one character that no text may have: databases keep none with it, and so no store does.
const NUL: &str = "a text with the character NUL is not taken";

fn without_nul(found: bool) -> Result<(), ApiError> {
    if found { Err(ApiError::new(StatusCode::BAD_REQUEST, NUL)) } else { Ok(()) }
}

/// A JSON body, of a request or of an answer. The content type is not asked for: a client that sends the right bytes is served.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
        // Written as itself it is no JSON.
        without_nul(bytes.windows(6).any(|window| window == br"\u0000"))?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// What the query string says; keys that `T` does not know are left alone.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        without_nul(parts.uri.query().is_some_and(|query| query.contains("%00")))?;
        let Query(value) = Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::new(StatusCode::BAD_REQUEST, rejection.body_text()))?;
        Ok(Self(value))
    }
}

/// The one variable part of the path.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id): Path<String> = Path::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
        without_nul(id.contains('\0'))?;
        Ok(Self(id))
    }
}

/// A list in a body, of at least one and at most `MAX` entries.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<T>", bound = "T: Deserialize<'de>")]
pub(super) struct Batch<T, const MAX: usize>(pub(super) Vec<T>);

impl<T, const MAX: usize> TryFrom<Vec<T>> for Batch<T, MAX> {
    type Error = String;

    fn try_from(entries: Vec<T>) -> Result<Self, String> {
        match entries.len() {
            len if (1..=MAX).contains(&len) => Ok(Self(entries)),
            len => Err(format!("expected 1 to {MAX} entries, found {len}")),
        }
    }
}
