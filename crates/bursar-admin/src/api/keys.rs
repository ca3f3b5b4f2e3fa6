//! Virtual keys, which make calls, and keys of this API, which do not.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Nothing, Rows};
use crate::{
    AdminKeyRow, KeyRequest, KeyRow, Method, NewAdminKey, NewKey, Operation, PolicyEdit,
    PolicyWords, Route, parse_expiry, parse_span,
};

/// Which keys are asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WhichKeys {
    /// Only those of this team, by name or id.
    pub team: Option<String>,
    /// Also those that are revoked.
    pub revoked: bool,
}

/// A key to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MakeKey {
    /// The team that it stands for, by name or id.
    pub team: String,
    /// What people call it.
    pub name: Option<String>,
    /// The project that its calls belong to.
    pub project: Option<String>,
    /// The user that its calls belong to.
    pub user: Option<String>,
    /// When it expires: a date, a time, or `90d` from now.
    pub expires: Option<String>,
    /// What its calls may ask for.
    pub policy: PolicyWords,
}

/// One key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneKey {
    /// Its id or name.
    pub key: String,
}

/// A key that is to have another secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// Its id or name.
    pub key: String,
    /// How long the old secrets are of use: `30m`, `24h`, `7d`.
    #[serde(default = "a_day")]
    pub grace: String,
}

/// What is said anew of what a key's calls may ask for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeyChange {
    /// Its id or name.
    pub key: String,
    /// Whether nothing of what was said before holds on.
    pub anew: bool,
    /// What is said.
    pub policy: PolicyWords,
}

/// A key of this API to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MakeAdminKey {
    /// What the audit log calls who uses it.
    pub name: String,
    /// Whether it only looks.
    pub read_only: bool,
    /// When it expires: a date, a time, or `90d` from now.
    pub expires: Option<String>,
}

fn a_day() -> String {
    "24h".to_owned()
}

/// The keys that there are.
pub static KEYS: Route<WhichKeys, Rows<KeyRow>> = Route::new(
    (Method::Get, "/keys"),
    "The virtual keys that there are",
    |desk, ask: WhichKeys| {
        Box::pin(async move {
            Ok(Rows { rows: desk.admin.keys(ask.team.as_deref(), ask.revoked).await? })
        })
    },
)
.for_part(|view, ask: WhichKeys| {
    Box::pin(async move { Ok(Rows { rows: view.keys_of(&ask).await? }) })
});

/// Makes a key.
pub static MAKE_KEY: Route<MakeKey, NewKey> = Route::new(
    (Method::Post, "/keys"),
    "Make a virtual key; its secrets are in this reply and never again",
    |desk, ask: MakeKey| {
        Box::pin(async move {
            let now = desk.admin.clock.now();
            let expires = ask.expires.as_deref().map(|text| parse_expiry(text, now));
            let request = KeyRequest {
                team: ask.team,
                name: ask.name,
                project: ask.project,
                user: ask.user,
                expires_at: expires.transpose()?,
                policy: ask.policy.policy(&desk.known_models())?,
            };
            desk.admin.create_key(&desk.master_key().await?, &request).await
        })
    },
)
.for_part(|view, ask: MakeKey| Box::pin(async move { view.make_key(ask).await }));

/// One key.
pub static KEY: Route<OneKey, KeyRow> = Route::new(
    (Method::Get, "/keys/{key}"),
    "One key, with what it may ask for",
    |desk, ask: OneKey| Box::pin(async move { desk.admin.key(&ask.key).await }),
)
.for_part(|view, ask: OneKey| Box::pin(async move { view.key_row(&ask.key).await }));

/// Changes what a key's calls may ask for.
pub static CHANGE_KEY: Route<KeyChange, KeyRow> = Route::new(
    (Method::Patch, "/keys/{key}"),
    "Change what a key's calls may ask for",
    |desk, ask| {
        Box::pin(async move {
            let says = ask.policy.policy(&desk.known_models())?;
            desk.admin.set_key_policy(&ask.key, PolicyEdit { anew: ask.anew, says }).await?;
            desk.admin.key(&ask.key).await
        })
    },
);

/// Gives a key other secrets.
pub static ROTATE_KEY: Route<KeyRotation, NewKey> = Route::new(
    (Method::Post, "/keys/{key}/rotate"),
    "Give a key other secrets, which are in this reply and never again; its identity stays",
    |desk, ask: KeyRotation| {
        Box::pin(async move {
            let grace_ms = parse_span(&ask.grace)?;
            desk.admin.rotate_key(&desk.master_key().await?, &ask.key, grace_ms).await
        })
    },
)
.for_part(|view, ask: KeyRotation| Box::pin(async move { view.rotate_key(ask).await }));

/// Ends a key.
pub static REVOKE_KEY: Route<OneKey, KeyRow> = Route::new(
    (Method::Delete, "/keys/{key}"),
    "End a key and all its secrets",
    |desk, ask: OneKey| Box::pin(async move { desk.admin.revoke_key(&ask.key).await }),
)
.for_part(|view, ask: OneKey| Box::pin(async move { view.revoke_key(&ask.key).await }));

/// The keys of this API.
pub static ADMIN_KEYS: Route<Nothing, Rows<AdminKeyRow>> =
    Route::new((Method::Get, "/admin-keys"), "The keys of this API", |desk, Nothing {}| {
        Box::pin(async move { Ok(Rows { rows: desk.admin.admin_keys().await? }) })
    });

/// Makes a key of this API.
pub static MAKE_ADMIN_KEY: Route<MakeAdminKey, NewAdminKey> = Route::new(
    (Method::Post, "/admin-keys"),
    "Make a key of this API; its secret is in this reply and never again",
    |desk, ask| {
        Box::pin(async move {
            let now = desk.admin.clock.now();
            let expires = ask.expires.as_deref().map(|text| parse_expiry(text, now));
            let terms = (ask.read_only, expires.transpose()?);
            desk.admin.create_admin_key(&desk.master_key().await?, &ask.name, terms).await
        })
    },
);

/// Ends a key of this API.
pub static REVOKE_ADMIN_KEY: Route<OneKey, AdminKeyRow> =
    Route::new((Method::Delete, "/admin-keys/{key}"), "End a key of this API", |desk, ask| {
        Box::pin(async move { desk.admin.revoke_admin_key(&ask.key).await })
    });

pub(super) fn operations() -> Vec<Operation> {
    vec![
        KEYS.operation(),
        MAKE_KEY.operation(),
        KEY.operation(),
        CHANGE_KEY.operation(),
        ROTATE_KEY.operation(),
        REVOKE_KEY.operation(),
        ADMIN_KEYS.operation(),
        MAKE_ADMIN_KEY.operation(),
        REVOKE_ADMIN_KEY.operation(),
    ]
}
