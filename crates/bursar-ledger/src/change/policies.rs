//! Policies, set and ended; and the one master key that a ledger is bound to.

use bursar_domain::access::Access;
use bursar_domain::policy::Policy;
use bursar_domain::scope::Scope;
use bursar_domain::time::Timestamp;

use super::Changed;
use crate::Error;
use crate::access::{MASTER_KEY, MasterRow, write_policy};
use crate::rules::write_scope;
use crate::statement::{Session, Statement};

const PUT_POLICY: Statement =
    Statement { doing: "keep a policy", sql: include_str!("../../queries/put_policy.sql") };
const PUT_MASTER_KEY: Statement = Statement {
    doing: "bind the master key",
    sql: include_str!("../../queries/put_master_key.sql"),
};

/// Sets the policy of a scope. One that restricts nothing is none.
pub(super) async fn set(
    session: &mut Session<'_>,
    known: &mut Access,
    (scope, policy): (&Scope, &Policy),
    now: Timestamp,
) -> Result<Changed, Error> {
    let was = known.policies.get(scope).map(write_policy);
    let becomes = (!policy.is_empty()).then(|| write_policy(policy));
    if was != becomes {
        let (text, ended) = (write_policy(policy), policy.is_empty().then_some(now.0));
        let scope = write_scope(scope);
        let values = [scope.as_str().into(), text.as_str().into(), now.0.into(), ended.into()];
        session.run(PUT_POLICY, &values).await?;
    }
    match &becomes {
        Some(_) => known.policies.insert(scope.clone(), policy.clone()),
        None => known.policies.remove(scope),
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
