//! `[oidc]` of the configuration file: whose word is believed of who somebody is, and what their
//! groups may see and change.

use std::path::Path;

use bursar_admin::Role;
use bursar_dashboard::{Group, Provider, ProviderSettings};
use bursar_ledger::Secret;
use serde::Deserialize;

use super::{Settings, beside, filled, variable};
use crate::failure::{Failure, Situation};

const SECRET: &str = "BURSAR_OIDC_CLIENT_SECRET";
/// More than this is no client's secret.
const SECRET_BYTES_MAX: usize = 4_096;
/// A browser waits as long, and its person.
const ANSWER_MS_MAX: u64 = 60_000;

/// What the file says of it. No issuer is no provider.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Oidc {
    issuer: String,
    client_id: String,
    client_secret_file: String,
    url: String,
    scopes: Vec<String>,
    groups_claim: String,
    name_claim: String,
    label: String,
    private_network: bool,
    answer_ms: u64,
    passwords: bool,
    groups: Vec<GroupSaid>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupSaid {
    group: String,
    role: String,
    team: Option<String>,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret_file: String::new(),
            url: String::new(),
            scopes: vec!["profile".to_owned()],
            groups_claim: "groups".to_owned(),
            name_claim: "sub".to_owned(),
            label: "single sign-on".to_owned(),
            private_network: false,
            answer_ms: 5_000,
            passwords: true,
            groups: Vec::new(),
        }
    }
}

impl Settings {
    /// The provider that people sign on by; `None` where nobody named one. Read where it is needed:
    /// what is wrong there stops no command but `serve`.
    ///
    /// # Errors
    /// What is wrong with it; nothing is asked of it yet.
    pub(crate) fn provider(&self) -> Result<Option<Provider>, Failure> {
        let said = &self.said.oidc;
        if said.issuer.is_empty() {
            let message = "there is no `issuer`, and passwords are off: nobody could sign in";
            return if said.passwords { Ok(None) } else { Err(wrong(message)) };
        }
        let groups = said.groups.iter().map(GroupSaid::meant).collect::<Result<Vec<_>, _>>()?;
        if groups.is_empty() {
            return Err(wrong("no group has a role: nobody could sign in")
                .hint("write `[[oidc.groups]]`, with `group = \"…\"` and `role = \"admin\"`"));
        }
        if !(1..=ANSWER_MS_MAX).contains(&said.answer_ms) {
            return Err(wrong(&format!("`answer_ms` is none of 1 to {ANSWER_MS_MAX}")));
        }
        let settings = ProviderSettings {
            issuer: said.issuer.clone(),
            client_id: said.client_id.clone(),
            client_secret: self.client_secret()?,
            url: said.url.clone(),
            scopes: said.scopes.clone(),
            groups_claim: said.groups_claim.clone(),
            name_claim: said.name_claim.clone(),
            groups,
            label: said.label.clone(),
            in_private_network: said.private_network,
            answer_ms: said.answer_ms,
            passwords: said.passwords,
        };
        let provider = Provider::new(settings).map_err(|error| wrong(&error.to_string()))?;
        Ok(Some(provider))
    }

    /// What proves to the provider who asks: from the environment, or the file that the settings name.
    fn client_secret(&self) -> Result<Option<Secret>, Failure> {
        if let Some(secret) = variable(SECRET) {
            return Ok(Some(Secret::new(secret.trim().to_owned())));
        }
        let Some(named) = filled(&self.said.oidc.client_secret_file) else { return Ok(None) };
        let path = beside(self.file.as_deref(), named);
        read_secret(&path).map(Some)
    }
}

fn read_secret(path: &Path) -> Result<Secret, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read the client secret `{}`: {error}", path.display());
        Failure::new(Situation::NoFile, message)
            .hint("`[oidc] client_secret_file` names it; or give it in BURSAR_OIDC_CLIENT_SECRET")
    })?;
    let secret = text.trim();
    if secret.is_empty() || secret.len() > SECRET_BYTES_MAX || secret.contains(char::is_control) {
        let message = format!("`{}` holds no client secret", path.display());
        return Err(Failure::new(Situation::Configuration, message).hint("it is one line"));
    }
    Ok(Secret::new(secret.to_owned()))
}

impl GroupSaid {
    fn meant(&self) -> Result<Group, Failure> {
        let shown: String = self.group.escape_debug().take(60).collect();
        let role: Role = self.role.parse().map_err(|_| {
            wrong(&format!("the role of `{shown}` is none"))
                .hint("write admin, finance, lead or member")
        })?;
        match (role, &self.team) {
            (Role::Lead | Role::Member, None) => {
                Err(wrong(&format!("a {role} is of a team, and `{shown}` names none")))
            }
            (Role::Admin | Role::Finance, Some(_)) => {
                Err(wrong(&format!("a {role} is of no team, and `{shown}` names one")))
            }
            (role, team) => Ok(Group { name: self.group.clone(), role, team: team.clone() }),
        }
    }
}

fn wrong(problem: &str) -> Failure {
    Failure::new(Situation::Configuration, format!("`[oidc]`: {problem}"))
        .hint("`bursar config` shows every setting, and docs/dashboard.md how they go together")
}
