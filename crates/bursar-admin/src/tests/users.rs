use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bursar_domain::time::{Clock, HOUR_MS, Timestamp};
use bursar_ledger::{ForeignIdentity, MasterKey, Secret};

use super::{NOW, admin_at, master};
use crate::{Admin, Error, KeyRequest, NewUser, Role, Sight, SignOn, TeamFacts};

const PASSWORD: &str = "correct horse battery";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn user(name: &str, role: &str, team: Option<&str>, password: Option<&str>) -> NewUser {
    NewUser {
        name: name.to_owned(),
        role: role.to_owned(),
        team: team.map(str::to_owned),
        password: password.map(secret),
    }
}

struct Hands(Arc<AtomicI64>);

/// An admin whose clock the test holds, and a master key.
async fn held() -> (Admin, MasterKey, Hands) {
    let now = Arc::new(AtomicI64::new(NOW.0));
    let read = Arc::clone(&now);
    let admin = admin_at(Clock::new(move || Timestamp(read.load(Ordering::Relaxed)))).await;
    (admin, master(), Hands(now))
}

impl Hands {
    fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_user_is_made_of_a_role_and_the_team_that_it_needs() {
    let (admin, master, _) = held().await;
    admin.create_team("research", TeamFacts::default()).await.unwrap();
    for (request, said) in [
        (user("ann", "boss", None, None), "`boss` is no role"),
        (user("ann", "lead", None, None), "a lead is of a team"),
        (user("ann", "admin", Some("research"), None), "of no team"),
        (user("ann", "member", Some("nowhere"), None), "there is no team `nowhere`"),
        (user("=ann", "admin", None, None), "is no name"),
        (user("ann", "admin", None, Some("too short")), "9 characters"),
    ] {
        let error = admin.create_user(&master, request).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(!admin.has_user().await.unwrap());
    let first = admin.create_first_user(&master, ("root", secret(PASSWORD))).await.unwrap();
    assert_eq!((first.role.as_str(), first.link), ("admin", None));
    let second = admin.create_first_user(&master, ("more", secret(PASSWORD))).await.unwrap_err();
    assert!(second.to_string().contains("already"), "{second}");
    let lead = user("lea", "lead", Some("research"), None);
    let made = admin.create_user(&master, lead).await.unwrap();
    assert!(made.link.unwrap().expose().starts_with("/link/"));
    let rows = admin.users().await.unwrap();
    let states: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.state.as_str())).collect();
    assert_eq!(states, [("lea", "invited"), ("root", "live")]);
    assert_eq!(rows[0].team.as_deref(), Some("research"));
    admin.end().await;
}

#[tokio::test]
async fn who_signs_in_is_known_by_the_token_until_signing_out_idling_or_half_a_day() {
    let (admin, master, hands) = held().await;
    admin.create_user(&master, user("ann", "finance", None, Some(PASSWORD))).await.unwrap();
    let sign_in = async |name: &str, password: &str, old: Option<&Secret>| {
        admin.sign_in(&master, (name, secret(password)), old).await.unwrap()
    };
    for (name, password) in [("ann", "wrong horse battery"), ("bob", PASSWORD), ("", "")] {
        assert_eq!(sign_in(name, password, None).await, None, "{name} {password}");
    }
    let token = sign_in("ann", PASSWORD, None).await.unwrap();
    let viewer = admin.viewer(&master, &token).await.unwrap().unwrap();
    assert_eq!((viewer.role, &viewer.sight), (Role::Finance, &Sight::Everything));
    // A new one in place of the old one, which is of no use then.
    let next = sign_in("ann", PASSWORD, Some(&token)).await.unwrap();
    assert_ne!(next, token);
    let known = async |token: &Secret| admin.viewer(&master, token).await.unwrap().is_some();
    assert!(!known(&token).await && !known(&secret("forged")).await);
    // In use, it lasts; half an hour alone ends it, and half a day in any case.
    for _ in 0..24 {
        hands.pass(HOUR_MS / 2 - 60_000);
        assert!(known(&next).await);
    }
    hands.pass(HOUR_MS / 2 - 60_000);
    assert!(!known(&next).await, "twelve hours are over");
    let idle = sign_in("ann", PASSWORD, None).await.unwrap();
    hands.pass(HOUR_MS / 2);
    assert!(!known(&idle).await);
    let out = sign_in("ann", PASSWORD, None).await.unwrap();
    admin.sign_out(&master, (&viewer, &out)).await.unwrap();
    assert!(!known(&out).await);
    let gone = sign_in("ann", PASSWORD, None).await.unwrap();
    admin.let_user("ann", false).await.unwrap();
    assert!(!known(&gone).await && sign_in("ann", PASSWORD, None).await.is_none());
    let told = format!("{:?}", admin.ledger.changes(None, None, 1_000).await.unwrap());
    for secret in [PASSWORD, "argon2", token.expose(), next.expose()] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(told.contains("sign in") && told.contains("sign out"), "{told}");
    admin.end().await;
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_for_a_day() {
    let (admin, master, hands) = held().await;
    let made = admin.create_user(&master, user("ann", "admin", None, None)).await.unwrap();
    let token = |link: Option<Secret>| link.unwrap().expose().replace("/link/", "");
    let first = token(made.link);
    assert_eq!(admin.name_of_link(&master, &first).await.unwrap().as_deref(), Some("ann"));
    let short = admin.use_link(&master, (&first, secret("short"))).await.unwrap_err();
    assert!(matches!(short, Error::Contradiction { .. }), "{short}");
    let used = admin.use_link(&master, (&first, secret(PASSWORD))).await.unwrap();
    assert_eq!(used.as_deref(), Some("ann"));
    assert_eq!(admin.use_link(&master, (&first, secret(PASSWORD))).await.unwrap(), None);
    assert!(admin.sign_in(&master, ("ann", secret(PASSWORD)), None).await.unwrap().is_some());
    let second = token(admin.reset_user(&master, "ann").await.unwrap().link);
    assert!(admin.sign_in(&master, ("ann", secret(PASSWORD)), None).await.unwrap().is_none());
    hands.pass(24 * HOUR_MS);
    assert_eq!(admin.use_link(&master, (&second, secret(PASSWORD))).await.unwrap(), None);
    admin.end().await;
}

#[tokio::test]
async fn a_lead_sees_a_team_and_a_member_their_own_keys() {
    let (admin, master, _) = held().await;
    admin.create_team("research", TeamFacts::default()).await.unwrap();
    admin.create_team("sales", TeamFacts::default()).await.unwrap();
    admin.add_users("research", &["mia".to_owned()]).await.unwrap();
    admin.add_projects("research", &["atlas".to_owned(), "moon".to_owned()]).await.unwrap();
    // A name that another team has by now.
    admin.end_project("moon").await.unwrap();
    admin.add_projects("sales", &["moon".to_owned()]).await.unwrap();
    let key = async |team: &str, user: Option<&str>| {
        let (team, user) = (team.to_owned(), user.map(str::to_owned));
        let request = KeyRequest { team, user, ..KeyRequest::default() };
        admin.create_key(&master, &request).await.unwrap().id
    };
    let (of_team, of_mia) = (key("research", None).await, key("research", Some("mia")).await);
    key("sales", None).await;
    let sight = async |name: &str, role: &str| {
        let request = user(name, role, Some("research"), Some(PASSWORD));
        admin.create_user(&master, request).await.unwrap();
        let token = admin.sign_in(&master, (name, secret(PASSWORD)), None).await.unwrap().unwrap();
        admin.viewer(&master, &token).await.unwrap().unwrap().sight
    };
    let lead = sight("lea", "lead").await;
    let part = lead.part().unwrap();
    let mut keys = part.keys.clone();
    keys.sort();
    let mut expected = vec![of_team, of_mia.clone()];
    expected.sort();
    assert_eq!((part.team.as_str(), &part.user, keys), ("research", &None, expected));
    assert_eq!(part.projects, ["atlas"]);
    let member = sight("mia", "member").await;
    let part = member.part().unwrap();
    assert_eq!((part.user.as_deref(), part.keys.clone()), (Some("mia"), vec![of_mia]));
    admin.end().await;
}

fn vouched(subject: &str, name: &str, (role, team): (Role, Option<&str>)) -> SignOn {
    SignOn {
        identity: ForeignIdentity {
            issuer: "https://id.example".to_owned(),
            subject: subject.to_owned(),
        },
        name: name.to_owned(),
        role,
        team: team.map(str::to_owned),
    }
}

#[tokio::test]
async fn who_is_vouched_for_is_known_by_identity_and_has_the_role_of_the_last_time() {
    let (admin, master, _) = held().await;
    admin.create_team("research", TeamFacts::default()).await.unwrap();
    let viewer = async |token: &Secret| admin.viewer(&master, token).await.unwrap();
    let ann = vouched("1", "ann", (Role::Admin, None));
    let first = admin.sign_on(&master, &ann, None).await.unwrap().unwrap();
    assert_eq!(viewer(&first).await.unwrap().role, Role::Admin);
    // The same person under another name and with less: what they had open is over.
    let less = vouched("1", "anna", (Role::Lead, Some("research")));
    let second = admin.sign_on(&master, &less, None).await.unwrap().unwrap();
    let seen = viewer(&second).await.unwrap();
    assert_eq!((seen.name.as_str(), seen.role), ("ann", Role::Lead));
    assert!(viewer(&first).await.is_none());
    // Another person does not become the first by taking the name, nor a local account by its own.
    let other = vouched("2", "ann", (Role::Admin, None));
    assert!(admin.sign_on(&master, &other, None).await.unwrap_err().to_string().contains("ann"));
    let reset = admin.reset_user(&master, "ann").await.unwrap_err().to_string();
    assert!(reset.contains("https://id.example"), "{reset}");
    assert!(admin.sign_in(&master, ("ann", secret("")), None).await.unwrap().is_none());
    admin.turn_away(&less.identity).await.unwrap();
    assert!(viewer(&second).await.is_none());
    admin.let_user("ann", false).await.unwrap();
    assert!(admin.sign_on(&master, &ann, None).await.unwrap().is_none(), "and stays out");
    let [row] = admin.users().await.unwrap().try_into().unwrap();
    assert_eq!(
        (row.state.as_str(), row.issuer.as_deref()),
        ("disabled", Some("https://id.example"))
    );
    let told = format!("{:?}", admin.ledger.changes(None, None, 100).await.unwrap());
    for action in ["user create", "user role", "sign in", "sessions end", "user disable"] {
        assert!(told.contains(action), "{action}: {told}");
    }
}
