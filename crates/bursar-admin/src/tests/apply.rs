use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::price_book::PriceBook;
use bursar_ledger::Secret;

use super::admin;
use crate::{Admin, Applied, ApplyRequest, Error, KnownModels, MasterKeySource, StepKind};

const FILE: &str = r#"
[policy]
regions = ["us-*"]

[teams.research]
owner = "ann"
cost_centre = "4711"
projects = ["atlas"]
users = ["ann", "bob"]
policy = { models = ["anthropic", "amazon.nova-lite-v1:0"], routing = "geo:us" }

[[teams.research.limits]]
window = "month"
limit = "500usd"

[teams.research.keys.ci]
project = "atlas"
user = "ann"
expires = "2027-06-30"
policy = { max_tokens = 2000 }
limits = [{ window = "day", limit = "20usd", on_limit = "freeze" }]

[teams.sales]

[[limits]]
select = { provider = "anthropic", team = "research" }
each = "user"
window = "5m"
limit = "60requests"
"#;

async fn run(admin: &Admin, text: &str, prune: bool, dry_run: bool) -> Result<Applied, Error> {
    let (prices, names) = (PriceBook::embedded_only(), Names::default());
    let known = KnownModels { catalogue: Catalogue::embedded(), prices: &prices, names: &names };
    let request = ApplyRequest { name: "access.toml", text, prune, dry_run };
    let master = MasterKeySource::Said(Secret::new("0123456789abcdef".repeat(4)));
    admin.apply(&request, &known, &master).await
}

async fn apply(admin: &Admin, text: &str) -> Result<Applied, Error> {
    run(admin, text, false, false).await
}

/// The plan as people read it.
fn lines(applied: &Applied) -> Vec<String> {
    applied.steps.iter().map(|step| format!("{} {}", step.act.sign(), step.what)).collect()
}

/// All that an error could have changed.
async fn state(admin: &Admin) -> String {
    format!("{:?} {:?}", admin.ledger.access().await.unwrap(), admin.ledger.limits().await.unwrap())
}

#[tokio::test]
async fn a_file_becomes_so_and_then_there_is_nothing_to_change() {
    let admin = admin().await;
    let planned = run(&admin, FILE, false, true).await.unwrap();
    assert!(admin.ledger.access().await.unwrap().teams.is_empty(), "a dry run changes nothing");
    assert_eq!(admin.ledger.master_key().await.unwrap(), None);
    // Select names a team that the file makes: it is there by the second time.
    let applied = apply(&admin, FILE).await.unwrap();
    assert_eq!(lines(&applied).len(), 12, "{:#?}", lines(&applied));
    assert_eq!(planned.steps.len(), 12);
    let [key] = applied.keys.as_slice() else { panic!("{:?}", applied.keys) };
    let holder = admin.holder(&key.key.secret).await.unwrap().holder;
    assert_eq!((holder.team.as_str(), holder.key.project.as_deref()), ("research", Some("atlas")));
    for prune in [false, true] {
        let again = run(&admin, FILE, prune, false).await.unwrap();
        assert_eq!(lines(&again), Vec::<String>::new());
        assert!(again.keys.is_empty());
    }
    let row = admin.key("ci").await.unwrap();
    assert_eq!(row.policy.max_tokens, Some(2_000));
    assert_eq!(admin.ledger.limits().await.unwrap().len(), 3);
    admin.end().await;
}

#[tokio::test]
async fn what_is_said_otherwise_is_changed_and_only_that() {
    let admin = admin().await;
    apply(&admin, FILE).await.unwrap();
    for (from, to, expected) in [
        ("\"4711\"", "\"0815\"", "~ team research: owner ann, cost centre 0815"),
        ("500usd", "600usd", "~ limit team research, month: 600usd hard"),
        ("geo:us", "in-region", "~ policy of team research"),
        ("2027-06-30", "2027-07-31", "~ key ci of team research"),
        ("\"ann\", \"bob\"", "\"ann\", \"bob\", \"eve\"", "+ user eve in team research"),
    ] {
        let other = FILE.replace(from, to);
        assert_ne!(other, FILE);
        let applied = apply(&admin, &other).await.unwrap();
        assert_eq!(lines(&applied), [expected]);
        assert_eq!(lines(&apply(&admin, &other).await.unwrap()), Vec::<String>::new());
        run(&admin, FILE, true, false).await.unwrap();
    }
    admin.end().await;
}

#[tokio::test]
async fn what_is_not_spoken_of_stays_or_is_ended_where_the_file_is_the_whole_truth() {
    let admin = admin().await;
    apply(&admin, FILE).await.unwrap();
    let less = "[teams.sales]\nprojects = [\"atlas\"]\n";
    let error = apply(&admin, less).await.unwrap_err().to_string();
    assert!(error.starts_with("access.toml:2: there is a project `atlas` already"), "{error}");
    assert_eq!(lines(&apply(&admin, "[teams.sales]").await.unwrap()), Vec::<String>::new());
    let pruned = run(&admin, less, true, false).await.unwrap();
    let ended = pruned.steps.iter().filter(|step| step.act == StepKind::End).count();
    assert_eq!(ended, 3 + 1 + 1 + 2 + 3 + 1, "{:#?}", lines(&pruned));
    let access = admin.ledger.access().await.unwrap();
    assert_eq!(access.team("research"), None);
    assert_eq!(access.project("atlas").unwrap().team, access.team("sales").unwrap().id);
    assert!(access.policies.is_empty() && admin.ledger.limits().await.unwrap().is_empty());
    assert_eq!(lines(&run(&admin, less, true, false).await.unwrap()), Vec::<String>::new());
    admin.end().await;
}

#[tokio::test]
async fn a_mistake_anywhere_names_its_line_and_nothing_is_applied() {
    let admin = admin().await;
    apply(&admin, FILE).await.unwrap();
    let before = state(&admin).await;
    let mut long =
        (0..148).fold(String::new(), |long, team| format!("{long}[teams.team-{team}]\n\n"));
    long.push_str("[[teams.team-1.limits]]\nwindow = \"day\"\n\nlimit = \"5.00eur\"\n");
    for (text, place, says) in [
        (long.as_str(), "300", "`5.00eur` is no limit"),
        ("[teams.a]\nlimits = [{ window = \"year\", limit = \"1usd\" }]", "2", "`year`"),
        ("[[limits]]\nwindow = \"day\"\n", "1", "has no `limit`"),
        ("[teams.a]\nowner = \"\\u0007\"\n", "2", "owner"),
        ("\n[teams.\"../a\"]\n", "2", "`../a` is no name"),
        ("[teams.a]\nusers = [\"x\",\n \"x\"]\n", "3", "named twice"),
        ("[teams.a]\n[teams.a]\n", "2", "duplicate key"),
        ("[teams.a]\nowner = 5\n", "2", "string"),
        ("[teams.a]\ncolour = \"red\"\n", "2", "unknown field `colour`"),
        ("[teams.a]\npolicy = { models = [\"gpt-9\"] }\n", "2", "`gpt-9`"),
        ("[teams.a]\npolicy = { routing = \"far\" }\n", "2", "`far` is no routing"),
        ("[teams.a.keys.k]\nuser = \"eve\"\n", "2", "none of its team's"),
        ("[teams.a.keys.k]\nexpires = \"2020-01-01\"\n", "2", "is past"),
        ("[teams.a.keys.k]\nexpires = \"90d\"\n", "2", "no date"),
        (
            "[[limits]]\nselect = { team = \"nobody\" }\nwindow=\"day\"\nlimit=\"1usd\"\n",
            "2",
            "nobody",
        ),
        (
            "[[limits]]\nwindow=\"day\"\nlimit=\"1usd\"\n[[limits]]\nwindow=\"day\"\nlimit=\"2usd\"\n",
            "4",
            "said twice",
        ),
        ("teams = [", "1", ""),
    ] {
        let error = apply(&admin, text).await.unwrap_err();
        assert!(matches!(error, Error::BadFile { .. }), "{error}");
        let told = error.to_string();
        assert!(told.starts_with(&format!("access.toml:{place}: ")), "{text}: {told}");
        assert!(told.contains(says) && told.contains("\nhint: "), "{text}: {told}");
    }
    assert_eq!(state(&admin).await, before);
    admin.end().await;
}
