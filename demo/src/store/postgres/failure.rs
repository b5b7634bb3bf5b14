//! What goes wrong with a database: while the shop is opened or seeded, and while it is asked.

use std::error::Error as _;

use tokio_postgres::Error;

use crate::store::Refusal;

/// Why there is no shop on a database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseFailure {
    /// The address cannot be read; it is not shown, because there may be a password in it.
    #[error(
        "--database: this is no address of a database; expected postgres://USER:PASSWORD@HOST:PORT/NAME or \
         postgres:///NAME?host=/FOLDER/OF/SOCKET, with special characters percent-encoded"
    )]
    Url,
    /// Nobody is there, or does not let us in.
    #[error("cannot open {place}: {reason}")]
    Unreachable {
        /// Where it was looked for.
        place: String,
        /// What was said.
        reason: String,
    },
    /// There is something in it.
    #[error(
        "there is a shop in this database, or what was to be one; --replace drops its tables, with all that is in them"
    )]
    Taken,
    /// Somebody is filling it, or has been stopped while doing so.
    #[error("the seeding of this database has not come to its end; wait for it, or seed it again with --replace")]
    Unfinished,
    /// The pool of connections cannot be made.
    #[error("the pool of connections: {0}")]
    Pool(String),
    /// What is measured of it cannot be.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    /// It did not do what it was told.
    #[error("the database failed: {}", told(.0))]
    Failed(#[from] Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        // Classes 53 and 57: too little of something, and an operator who intervened.
        let state = error.code().map(|state| &state.code()[..2]);
        match state {
            Some("53" | "57") | None => Self::Unreachable(told(&error)),
            Some(_) => Self::Failed(told(&error)),
        }
    }
}

/// What the server said, or what happened on the way to it.
pub(super) fn told(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(server), _) => format!("{} ({})", server.message(), server.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
