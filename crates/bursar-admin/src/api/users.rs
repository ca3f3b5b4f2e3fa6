//! Who may sign in where people look.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Nothing, Rows};
use crate::{MadeUser, Method, NewUser, Operation, Route, UserRow};

/// One user.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichUser {
    /// Their id or name.
    pub user: String,
}

/// Who may sign in.
pub static USERS: Route<Nothing, Rows<UserRow>> =
    Route::new((Method::Get, "/users"), "Who may sign in, or might once", |desk, Nothing {}| {
        Box::pin(async move { Ok(Rows { rows: desk.admin.users().await? }) })
    });

/// Makes somebody who may sign in.
pub static MAKE_USER: Route<NewUser, MadeUser> = Route::new(
    (Method::Post, "/users"),
    "Make somebody who may sign in; without a password, a link to set it by is in the reply",
    |desk, ask| {
        Box::pin(async move { desk.admin.create_user(&desk.master_key().await?, ask).await })
    },
);

/// Takes a password away, and makes a link to set another by.
pub static RESET_USER: Route<WhichUser, MadeUser> = Route::new(
    (Method::Post, "/users/{user}/reset"),
    "Take a user's password away, end their sessions, and make a link to set another by",
    |desk, ask| {
        Box::pin(async move { desk.admin.reset_user(&desk.master_key().await?, &ask.user).await })
    },
);

/// Lets somebody sign in no more.
pub static DISABLE_USER: Route<WhichUser, UserRow> = Route::new(
    (Method::Post, "/users/{user}/disable"),
    "Let a user sign in no more, and end their sessions",
    |desk, ask| Box::pin(async move { desk.admin.let_user(&ask.user, false).await }),
);

/// Lets somebody sign in again.
pub static ENABLE_USER: Route<WhichUser, UserRow> =
    Route::new((Method::Post, "/users/{user}/enable"), "Let a user sign in again", |desk, ask| {
        Box::pin(async move { desk.admin.let_user(&ask.user, true).await })
    });

pub(super) fn operations() -> Vec<Operation> {
    vec![
        USERS.operation(),
        MAKE_USER.operation(),
        RESET_USER.operation(),
        DISABLE_USER.operation(),
        ENABLE_USER.operation(),
    ]
}
