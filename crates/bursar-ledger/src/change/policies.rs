//! Policies, set and ended; and the one master key that a ledger is bound to.

use bursar_domain::policy::Policy;
use bursar_domain::roster::Roster;
use bursar_domain::scope::Scope;
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::Changed;
use super::ink::{Ink, Table};
use crate::Error;
use crate::access::{MASTER_KEY, MasterRow, write_policy};
use crate::rules::write_scope;
use crate::statement::{Session, Statement};

const PUT_MASTER_KEY: Statement = Statement {
    doing: "bind the master key",
    sql: include_str!("../../queries/put_master_key.sql"),
};

/// A policy's columns.
#[derive(Debug, Serialize)]
struct PolicyJson<'p> {
    scope: &'p str,
    allows: String,
    set_ms: i64,
    ended_ms: Option<i64>,
}

/// Sets the policy of a scope. One that restricts nothing is none.
pub(super) async fn set(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    (scope, policy): (&Scope, &Policy),
    now: Timestamp,
) -> Result<Changed, Error> {
    let known = known.policies_mut();
    let was = known.get(scope).map(write_policy);
    let becomes = (!policy.is_empty()).then(|| write_policy(policy));
    if was != becomes {
        let scope = write_scope(scope);
        let row = PolicyJson {
            scope: &scope,
            allows: write_policy(policy),
            set_ms: now.0,
            ended_ms: policy.is_empty().then_some(now.0),
        };
        ink.put(Table::Policy, &scope, &row).await?;
    }
    match &becomes {
        Some(_) => known.insert(scope.clone(), policy.clone()),
        None => known.remove(scope),
    };
    let action = if becomes.is_some() { "policy set" } else { "policy end" };
    Ok(Changed { action, subject: scope.to_string(), was, becomes })
}

/// Binds the ledger to a master key, once and for all.
pub(super) async fn bind(
    session: &mut Session<'_>,
    fingerprint: &str,
    now: Timestamp,
) -> Result<Changed, Error> {
    let known: Vec<MasterRow> = session.rows(MASTER_KEY, &[]).await?;
    let was = known.into_iter().next().map(|row| row.fingerprint);
    match &was {
        Some(was) if was == fingerprint => {}
        Some(was) => {
            return Err(Error::OtherMasterKey {
                bound: was.clone(),
                given: fingerprint.to_owned(),
            });
        }
        None => {
            session.run(PUT_MASTER_KEY, &[fingerprint.into(), now.0.into()]).await?;
        }
    }
    let subject = "master key".to_owned();
    Ok(Changed { action: "master key bind", subject, was, becomes: Some(fingerprint.to_owned()) })
}
