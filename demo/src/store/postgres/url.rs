//! Where the database is. The address may have a password in it: it is never shown, whatever is wrong with it.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use tokio_postgres::config::{Config, Host};

use super::DatabaseFailure;

/// An address as it was given, such as `postgres://USER:PASSWORD@HOST:PORT/NAME`; not looked into yet, because whoever
/// refuses an argument shows it.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl FromStr for DatabaseUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DatabaseUrl(…)")
    }
}

impl DatabaseUrl {
    /// What it says; where it has no password, `PGPASSWORD` may.
    ///
    /// # Errors
    /// Where it is not understood.
    pub(crate) fn config(&self) -> Result<Config, DatabaseFailure> {
        // What the parser says could be a part of a password with a character that would have to be encoded.
        let mut config: Config = self.0.parse().map_err(|_| DatabaseFailure::Url)?;
        if config.get_hosts().is_empty() {
            return Err(DatabaseFailure::Url);
        }
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        Ok(config)
    }
}

/// Where it is, without who asks and by which password.
pub(super) fn place(config: &Config) -> String {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    });
    let ports = config.get_ports().iter().map(u16::to_string).collect::<Vec<_>>();
    let ports = if ports.is_empty() { "5432".to_owned() } else { ports.join(",") };
    let name = config.get_dbname().unwrap_or("(default)");
    format!("database {name} at {}, port {ports}", hosts.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_over_tcp_and_by_socket_are_understood() {
        let tcp = url("postgres://shop:sec%40ret@db.example:5433/goods").config().unwrap();
        assert_eq!(place(&tcp), "database goods at db.example, port 5433");
        let socket = url("postgres:///goods?host=/run/postgresql").config().unwrap();
        assert_eq!(place(&socket), "database goods at /run/postgresql, port 5432");
    }

    #[test]
    fn a_password_is_not_shown_even_where_the_address_is_wrong() {
        for text in ["postgres://shop:secret@host:no-port/goods", "mysql://shop:secret@host/goods", "postgres:///goods"]
        {
            let refused = url(text).config().unwrap_err();
            assert!(!format!("{refused} {refused:?} {:?}", url(text)).contains("secret"), "{text}: {refused}");
        }
        let config = url("postgres://shop:secret@host/goods").config().unwrap();
        assert!(!format!("{} {config:?}", place(&config)).contains("secret"));
    }
}
