//! A real provider to sign on by: oidc-provider, from npm, in a process of its own; and a browser that
//! goes there and comes back.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bursar_admin::Role;
use bursar_ledger::Secret;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use tempfile::TempDir;

use super::house::{House, encoded, house_by, location};
use crate::{Group, Provider, ProviderSettings};

/// A provider, which ends with its stdin.
pub(super) struct Referee {
    child: Child,
    pub(super) issuer: String,
    folder: TempDir,
}

fn place(variable: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "where the referee is comes from outside")]
    let place = std::env::var(variable);
    place.unwrap_or_else(|_| panic!("no {variable}: run this test with `cargo xtask test`"))
}

impl Referee {
    /// One that sends browsers back to a house at this URL.
    pub(super) fn start(url: &str, algorithm: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/clients/oidc_provider.cjs");
        let accounts = folder.path().join("accounts.json");
        std::fs::write(&accounts, "{}").unwrap();
        let mut command = Command::new(place("BURSAR_TEST_NODE"));
        command.env("NODE_PATH", place("BURSAR_TEST_NODE_MODULES")).env("NODE_NO_WARNINGS", "1");
        command.args([script, &format!("{url}/login/oidc/back")]).arg(accounts).arg(algorithm);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("Node.js starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("it says where it is").unwrap();
        let issuer = line.strip_prefix("issuer ").expect("it says where it is").to_owned();
        Self { child, issuer, folder }
    }

    /// Who has which groups from now on.
    pub(super) fn say(&self, accounts: &str) {
        std::fs::write(self.folder.path().join("accounts.json"), accounts).unwrap();
    }

    pub(super) fn end(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

pub(super) fn settings(url: &str, issuer: &str) -> ProviderSettings {
    let group = |name: &str, role, team: Option<&str>| {
        let team = team.map(str::to_owned);
        Group { name: name.to_owned(), role, team }
    };
    ProviderSettings {
        issuer: issuer.to_owned(),
        client_id: "bursar".to_owned(),
        client_secret: Some(Secret::new("a secret of the client".to_owned())),
        url: url.to_owned(),
        scopes: vec!["profile".to_owned(), "groups".to_owned()],
        groups_claim: "groups".to_owned(),
        name_claim: "preferred_username".to_owned(),
        groups: vec![
            group("finance", Role::Finance, None),
            group("research-leads", Role::Lead, Some("research")),
            group("lost", Role::Lead, Some("no such team")),
        ],
        label: "the works".to_owned(),
        in_private_network: false,
        answer_ms: 5_000,
        passwords: true,
    }
}

/// A house, and the provider that it believes.
pub(super) async fn signed_by(algorithm: &str) -> (House, Referee) {
    let mut referee = None;
    let house = house_by(|url| {
        let started = referee.insert(Referee::start(url, algorithm));
        Provider::new(settings(url, &started.issuer)).unwrap()
    });
    let house = house.await;
    (house, referee.unwrap())
}

/// The cookies of one browser at one host.
#[derive(Default)]
pub(super) struct Jar(BTreeMap<String, String>);

impl Jar {
    fn keep(&mut self, answer: &Response) {
        for header in answer.headers().get_all(SET_COOKIE) {
            let pair = header.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    fn text(&self) -> String {
        let pairs = self.0.iter().filter(|(_, value)| !value.is_empty());
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

/// Proves to the provider to be somebody, as a person does in a browser: where it sends them then.
pub(super) async fn prove(
    house: &House,
    referee: &Referee,
    (address, name): (&str, &str),
) -> String {
    let (client, mut jar): (&Client, _) = (&house.client, Jar::default());
    let mut next = client.get(address);
    for _ in 0..12 {
        let answer = next.header(COOKIE, jar.text()).send().await.unwrap();
        jar.keep(&answer);
        let to = location(&answer).to_owned();
        if to.starts_with(&house.url) {
            return to;
        }
        if !to.is_empty() {
            let to = if to.starts_with('/') { format!("{}{to}", referee.issuer) } else { to };
            next = client.get(to);
            continue;
        }
        let page = answer.text().await.unwrap();
        let (_, form) = page.split_once("action=\"").unwrap_or_else(|| panic!("{page}"));
        let action = form.split('"').next().unwrap();
        let prompt = if page.contains("value=\"login\"") { "login" } else { "consent" };
        let fields = encoded(&[("prompt", prompt), ("login", name), ("password", "any")]);
        let form = "application/x-www-form-urlencoded";
        next = client.post(action).header("content-type", form).body(fields);
    }
    panic!("the provider does not come to an end");
}

/// A sign-on that was begun in a browser: where that goes, and its cookies.
pub(super) async fn begin(house: &House, path: &str) -> (String, Jar) {
    let mut jar = Jar::default();
    let answer = house.get("", path).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    jar.keep(&answer);
    (location(&answer).to_owned(), jar)
}

/// The whole way, from the button to what comes of it.
pub(super) async fn sign_on(house: &House, referee: &Referee, name: &str) -> Response {
    let (address, jar) = begin(house, "/login/oidc?next=%2Fmodels").await;
    let back = prove(house, referee, (&address, name)).await;
    come_back(house, &jar, &back).await
}

pub(super) async fn come_back(house: &House, jar: &Jar, url: &str) -> Response {
    house.get(&jar.text(), url.strip_prefix(&house.url).unwrap()).await
}

/// That a sign-on was refused, and why; and that no session came of it.
pub(super) async fn refused(answer: Response, status: StatusCode, said: &str) {
    let given = answer.headers().get_all(SET_COOKIE).iter().map(|one| one.to_str().unwrap());
    let given: Vec<String> = given.map(str::to_owned).collect();
    assert!(given.iter().all(|one| !one.starts_with("bursar=")), "{given:?}");
    let (found, page) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(found, status, "{page}");
    assert!(page.contains(said), "{said}: {page}");
}

/// The session that an answer begins.
pub(super) fn session(answer: &Response) -> String {
    let mut jar = Jar::default();
    jar.keep(answer);
    format!("bursar={}", jar.0["bursar"])
}
