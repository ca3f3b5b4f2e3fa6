//! Where a ledger is: a SQLite file, SQLite in memory, or a PostgreSQL database.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::Error;

/// A ledger's address. Its texts never show a password.
#[derive(Clone)]
pub struct DatabaseUrl(pub(crate) Place);

#[derive(Clone)]
pub(crate) enum Place {
    File(PathBuf),
    Memory,
    Postgres(Box<PgConnectOptions>),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `sqlite::memory:` or `postgres://…`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text == "sqlite::memory:" {
            return Ok(Self(Place::Memory));
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            return parse_path(path).map(|path| Self(Place::File(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // The driver's own message may quote the address, and with it a password.
            let refuse = |_| bad("the PostgreSQL address cannot be read");
            return PgConnectOptions::from_str(text)
                .map(|options| Self(Place::Postgres(Box::new(options))))
                .map_err(refuse);
        }
        Err(bad("a ledger address starts with `sqlite:` or `postgres://`"))
    }

    /// The file of a SQLite ledger; `None` for any other.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Place::File(path) => Some(path),
            Place::Memory | Place::Postgres(_) => None,
        }
    }
}

fn parse_path(text: &str) -> Result<PathBuf, Error> {
    let path = text.strip_prefix("//").unwrap_or(text);
    if path.is_empty() || path.contains(['\0', '?']) || path.starts_with(':') {
        return Err(bad("the SQLite address has no path, or one with `?` or `:` in it"));
    }
    Ok(PathBuf::from(path))
}

fn bad(problem: &str) -> Error {
    Error::BadUrl { problem: problem.to_owned() }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File(path) => write!(f, "sqlite:{}", path.display()),
            Place::Memory => f.write_str("sqlite::memory:"),
            Place::Postgres(options) => {
                let database = options.get_database().unwrap_or_default();
                write!(f, "postgres://{}:{}/{database}", options.get_host(), options.get_port())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_text() {
        for text in ["sqlite:bursar.db", "sqlite:/var/lib/bursar.db", "sqlite::memory:"] {
            assert_eq!(DatabaseUrl::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn no_text_of_an_address_shows_its_password() {
        let url = DatabaseUrl::parse("postgres://bursar:s3cret@db.example:5433/ledger").unwrap();
        assert_eq!(url.to_string(), "postgres://db.example:5433/ledger");
        assert!(!format!("{url:?}").contains("s3cret"));
        let error = DatabaseUrl::parse("postgres://bursar:s3cret@db:notaport/x").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_hint() {
        for text in ["", "bursar.db", "sqlite:", "sqlite::other:", "mysql://x", "sqlite:a?mode=ro"]
        {
            let error = DatabaseUrl::parse(text).unwrap_err();
            assert!(error.to_string().contains("\nhint: "), "{text}: {error}");
        }
    }
}
