use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use bursar_admin::{Admin, Desk, KeyRequest, NewUser, TeamFacts};
use bursar_domain::call::{
    Attempt, Bill, CallId, Ending, Guardrail, Intent, Operation, Outcome, Reach, Settlement,
    VersionEvidence,
};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelId;
use bursar_domain::money::Cost;
use bursar_domain::price::{PriceStamp, Routing, Tier};
use bursar_domain::time::{Clock, DAY_MS, Timestamp};
use bursar_domain::usage::Usage;
use bursar_ledger::{Admission, Admitted, DatabaseUrl, Ledger, OpenOptions, Secret};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::endings;
use crate::{Meters, Options, Provider, ServeError, Site, serve};

pub(super) const PASSWORD: &str = "correct horse battery";
pub(super) const NOVA: &str = "amazon.nova-lite-v1:0";
pub(super) const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";
/// Everybody who signs in here: an admin, finance, research's lead, and a member of it.
pub(super) const PEOPLE: [(&str, &str, Option<&str>); 4] = [
    ("ada", "admin", None),
    ("fin", "finance", None),
    ("lea", "lead", Some("research")),
    ("mia", "member", Some("research")),
];

/// A served ledger with two teams, four people and calls of both teams.
pub(super) struct House {
    pub(super) desk: Desk,
    pub(super) url: String,
    pub(super) client: Client,
    /// Keys by team: research's own, mia's, and that of sales.
    pub(super) keys: BTreeMap<&'static str, String>,
    /// Calls, by whose they are.
    pub(super) calls: BTreeMap<&'static str, CallId>,
    /// By how many milliseconds its clock is ahead.
    pub(super) ahead: Arc<AtomicI64>,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) served: JoinHandle<Result<(), ServeError>>,
    _folder: Option<TempDir>,
}

/// SQLite in a file, and a new database on a real PostgreSQL.
pub(super) async fn houses() -> [House; 2] {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let clock = Clock::system();
    let on_disk = House::of((&file, Some(folder)), clock.clone(), |_| None).await;
    [on_disk, House::of((&postgres(), None), clock, |_| None).await]
}

/// One whose people are there and whose calls are not.
pub(super) async fn empty_house() -> House {
    House::opened(("sqlite::memory:", None), Clock::system(), |_| None, false).await
}

/// The first of them.
pub(super) async fn house() -> House {
    house_at(Clock::system()).await
}

/// The same, by another clock.
pub(super) async fn house_at(clock: Clock) -> House {
    House::of(("sqlite::memory:", None), clock, |_| None).await
}

/// The same, where people also sign in by a provider that is made for its URL.
pub(super) async fn house_by(provider: impl FnOnce(&str) -> Provider) -> House {
    House::of(("sqlite::memory:", None), Clock::system(), |url| Some(provider(url))).await
}

fn postgres() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("dashboard_{}_{number}", std::process::id());
    #[expect(clippy::disallowed_methods, reason = "the test server's address comes from outside")]
    let server = std::env::var("BURSAR_TEST_POSTGRES")
        .expect("these tests need PostgreSQL: run them with `cargo xtask test`");
    let create = format!("CREATE DATABASE {name}");
    let made = Command::new("psql").args([&server, "--quiet", "--command", &create]).output();
    let made = made.expect("psql is installed beside the server");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (host, _) = server.rsplit_once('/').expect("the address names a database");
    format!("{host}/{name}")
}

impl House {
    async fn of(
        place: (&str, Option<TempDir>),
        clock: Clock,
        provider: impl FnOnce(&str) -> Option<Provider>,
    ) -> Self {
        Self::opened(place, clock, provider, true).await
    }

    async fn opened(
        (url, folder): (&str, Option<TempDir>),
        clock: Clock,
        provider: impl FnOnce(&str) -> Option<Provider>,
        has_calls: bool,
    ) -> Self {
        let url = DatabaseUrl::parse(url).unwrap();
        let ahead = Arc::new(AtomicI64::new(0));
        let by = Arc::clone(&ahead);
        let clock = Clock::new(move || Timestamp(clock.now().0 + by.load(Ordering::Relaxed)));
        // With a tag that sums tell apart.
        let report_tags = vec!["env".to_owned()];
        let options = OpenOptions { report_tags, ..OpenOptions::new(clock.clone()) };
        let ledger = Ledger::open(&url, options).await.unwrap();
        let base = super::desk().await;
        base.admin.ledger.clone().close().await.unwrap();
        let desk = Desk { admin: Admin { ledger, clock, ..base.admin.clone() }, ..base };
        let keys = people(&desk).await;
        let mut made = BTreeMap::new();
        if has_calls {
            made = calls(&desk, &keys).await;
            endings::of_both_teams(&desk, &keys).await;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        let site = Site::new(desk.clone(), Meters::none());
        let site = match provider(&url) {
            Some(provider) => site.with_provider(provider),
            None => site,
        };
        let served = tokio::spawn(serve(listener, (site, Options::default()), stopped));
        let client = Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.build().unwrap();
        Self { desk, url, client, keys, calls: made, ahead, stop, served, _folder: folder }
    }

    /// Signs somebody in; their cookie.
    pub(super) async fn sign_in(&self, name: &str) -> String {
        let answer = self.post("/login", None, &[("username", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{name}");
        cookie(&answer).unwrap()
    }

    /// Opens a page.
    pub(super) async fn open(&self, cookie: &str, path: &str) -> (StatusCode, String) {
        let answer = self.get(cookie, path).await;
        (answer.status(), answer.text().await.unwrap())
    }

    pub(super) async fn get(&self, cookie: &str, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.url)).header(COOKIE, cookie);
        request.send().await.unwrap()
    }

    /// Sends a form as a browser does.
    pub(super) async fn post(
        &self,
        path: &str,
        cookie: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Response {
        let request = self.client.post(format!("{}{path}", self.url)).header(ORIGIN, &self.url);
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(encoded(fields));
        let request = match cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// Sends a form of a page, with what that page gave it.
    pub(super) async fn send(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Response {
        let (_, page) = self.open(cookie, path).await;
        let token = form_token(&page).to_owned();
        let all: Vec<(&str, &str)> =
            [("form_token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post(path, Some(cookie), &all).await
    }

    /// Ends the ledger, and leaves the server.
    pub(super) async fn lose_ledger(&self) {
        self.desk.admin.ledger.clone().close().await.unwrap();
    }

    /// Ends the server, of a ledger that is lost.
    pub(super) async fn leave(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
    }

    pub(super) async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        let report = self.desk.admin.ledger.audit().await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        self.desk.admin.ledger.close().await.unwrap();
    }
}

pub(super) fn encoded(fields: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", crate::filters::escaped(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The cookie that an answer sets, without what is said of it.
pub(super) fn cookie(answer: &Response) -> Option<String> {
    let header = answer.headers().get(SET_COOKIE)?.to_str().unwrap();
    Some(header.split(';').next().unwrap().to_owned())
}

pub(super) fn location(answer: &Response) -> &str {
    answer.headers().get(LOCATION).map(|to| to.to_str().unwrap()).unwrap_or_default()
}

/// What a page's forms carry.
pub(super) fn form_token(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"form_token\" value=\"").unwrap();
    rest.split_once('"').unwrap().0
}

async fn people(desk: &Desk) -> BTreeMap<&'static str, String> {
    let admin = &desk.admin;
    let master = admin.master_key(&desk.master).await.unwrap();
    for team in ["research", "sales"] {
        admin.create_team(team, TeamFacts::default()).await.unwrap();
    }
    admin.add_users("research", &["mia".to_owned()]).await.unwrap();
    admin.add_projects("research", &["atlas".to_owned()]).await.unwrap();
    admin.add_projects("sales", &["secret-merger".to_owned()]).await.unwrap();
    let mut keys = BTreeMap::new();
    for (name, team, user) in
        [("research", "research", None), ("mia", "research", Some("mia")), ("sales", "sales", None)]
    {
        let request = KeyRequest {
            team: team.to_owned(),
            name: Some(format!("{name}-key")),
            user: user.map(str::to_owned),
            ..KeyRequest::default()
        };
        keys.insert(name, admin.create_key(&master, &request).await.unwrap().id);
    }
    for (name, role, team) in PEOPLE {
        let request = NewUser {
            name: name.to_owned(),
            role: role.to_owned(),
            team: team.map(str::to_owned),
            password: Some(Secret::new(PASSWORD.to_owned())),
        };
        admin.create_user(&master, request).await.unwrap();
    }
    keys
}

/// Calls of both teams, today and on the days before.
async fn calls(
    desk: &Desk,
    keys: &BTreeMap<&'static str, String>,
) -> BTreeMap<&'static str, CallId> {
    let now = desk.admin.clock.now();
    let mut made = BTreeMap::new();
    for (whose, team, user) in
        [("research", "research", None), ("mia", "research", Some("mia")), ("sales", "sales", None)]
    {
        for (days_ago, model, pico) in
            [(40, NOVA, 40_000_000_001_i64), (3, HAIKU, 3_000_000_000_123), (0, NOVA, 7_654_321)]
        {
            let who = Attribution {
                team: Some(team.to_owned()),
                project: (team == "sales").then(|| "secret-merger".to_owned()),
                user: user.map(str::to_owned),
                key: keys.get(whose).cloned(),
                ..Attribution::default()
            };
            let started_at = Timestamp(now.0 - days_ago * DAY_MS);
            let id = call(desk, (who, model), (started_at, pico)).await;
            made.insert(whose, id);
        }
    }
    made
}

/// A call that went well. What its client calls its session stands for whatever others say.
pub(super) async fn call(desk: &Desk, who: (Attribution, &str), when: (Timestamp, i64)) -> CallId {
    let ending = Ending { error_message: who.0.client_session.clone(), ..well() };
    ended(desk, who, when, (ending, Vec::new())).await
}

/// A call that ended so, after these attempts.
pub(super) async fn ended(
    desk: &Desk,
    who: (Attribution, &str),
    (started_at, pico): (Timestamp, i64),
    (ending, attempts): (Ending, Vec<Attempt>),
) -> CallId {
    let admitted = begun(desk, who, started_at).await;
    let settlement = Settlement { ending, attempts, ..settlement(admitted.intent(), pico) };
    let id = admitted.id().clone();
    desk.admin.ledger.settle(admitted, settlement).await.unwrap();
    id
}

/// A call that went well, and was billed so.
pub(super) async fn priced(
    desk: &Desk,
    who: (Attribution, &str),
    started_at: Timestamp,
    (usage, price, cost): (Usage, PriceStamp, Cost),
) {
    let admitted = begun(desk, who, started_at).await;
    let (price, cost) = (Some(price), Some(cost));
    let bill = Bill { usage, price, cost, estimated: false, cost_low: None };
    let settlement = Settlement { bill, ..settlement(admitted.intent(), 0) };
    desk.admin.ledger.settle(admitted, settlement).await.unwrap();
}

/// What a call asks, before it is sent.
pub(super) fn intent(
    desk: &Desk,
    (attribution, model): (Attribution, &str),
    started_at: Timestamp,
) -> Intent {
    Intent {
        id: CallId::new(started_at, &desk.admin.entropy.bytes()),
        started_at,
        attribution,
        operation: Operation::ConverseStream,
        model_requested: model.to_owned(),
        model: ModelId::parse(model).unwrap(),
        region: "us-east-1".to_owned(),
        routing: Routing::Regional,
        tier_requested: Tier::Standard,
        price: None,
        ceiling: None,
        ceiling_tokens: None,
        reach: Reach::default(),
        request_hmac: None,
        simulated: true,
    }
}

/// A call that runs.
pub(super) async fn begun(
    desk: &Desk,
    who: (Attribution, &str),
    started_at: Timestamp,
) -> Admitted {
    let intent = intent(desk, who, started_at);
    let Admission::Admitted(admitted) = desk.admin.ledger.reserve(intent).await.unwrap() else {
        panic!("nothing limits it");
    };
    admitted
}

/// How a call ends that went well.
pub(super) fn settlement(intent: &Intent, pico: i64) -> Settlement {
    let at = |ms: i64| Timestamp(intent.started_at.0 + ms);
    Settlement {
        id: intent.id.clone(),
        first_token_at: Some(at(90)),
        ended_at: at(1_500),
        chosen: None,
        model_version: intent.model.to_string(),
        version_evidence: VersionEvidence::Requested,
        served_region: None,
        tier: Tier::Standard,
        ending: well(),
        attempts: Vec::new(),
        request_id: None,
        bill: Bill {
            usage: Usage { input: 100, output: 1_000, ..Usage::default() },
            price: None,
            cost: Cost::from_pico(pico),
            estimated: false,
            cost_low: None,
        },
        guardrail: Guardrail::default(),
    }
}

fn well() -> Ending {
    Ending {
        outcome: Outcome::Succeeded,
        client_gone: false,
        http_status: Some(200),
        error_code: None,
        error_message: None,
        stop_reason: Some("end_turn".to_owned()),
    }
}
