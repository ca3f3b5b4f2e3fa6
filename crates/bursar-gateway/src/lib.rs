//! Front doors that spend: Bedrock's own wire, and whatever other dialects are put beside it.
//!
//! A door reads who calls and what is asked, hands both to core's metered call, and writes the
//! answer in its own dialect. No price is computed here and no budget is looked at; what reaches
//! Bedrock passes `Bursar::invoke`. Start reading at `bedrock.rs`; the seam that every dialect goes
//! through is `exchange.rs`.

mod answer;
mod anthropic;
mod bedrock;
mod body;
mod connection;
mod counts;
mod dialect;
mod exchange;
mod front;
mod guesses;
mod histogram;
mod lobby;
mod models;
mod openai;
mod page;
mod pour;
mod prefix;
mod private;
mod refusal;
mod routes;
mod server;
mod settings;
mod tls;
mod v1;
mod who;
mod wishes;

#[cfg(test)]
mod tests;

pub use counts::{Counted, Counts};
pub use histogram::Spread;
pub use lobby::{Lobby, Terms};
pub use private::Private;
pub use routes::{ROUTES, Route};
pub use server::{Door, Gateway};
pub use settings::Settings;
pub use tls::{Identity, TlsError};
