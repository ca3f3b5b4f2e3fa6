//! What the process that is asked does with itself.

use super::Nothing;
use crate::{Method, Operation, Reloaded, Route};

/// Reads the configuration again.
pub static RELOAD: Route<Nothing, Reloaded> = Route::new(
    (Method::Post, "/reload"),
    "Read the configuration of this process again; a bad one changes nothing",
    |desk, Nothing {}| Box::pin(async move { desk.read_again() }),
);

pub(super) fn operations() -> Vec<Operation> {
    vec![RELOAD.operation()]
}
