//! Teams, projects, users and keys: kept, audited, all or none.

use bursar_domain::budget::{Refusal, RefusalReason};
use bursar_domain::call::{Intent, Reach};
use bursar_domain::policy::{Aspect, Models, Objection, Policy, Routes};
use bursar_domain::time::Timestamp;

use super::world::{NOW, durable_places, intent, places, refused, scope};
use crate::{AccessChange, Change, Changed, Error, KeyChange, KeyTerms, Ledger};

pub(super) fn team(id: &str, name: &str) -> Change {
    Change::Access(AccessChange::CreateTeam {
        id: id.to_owned(),
        name: name.to_owned(),
        owner: Some("ann".to_owned()),
        cost_centre: None,
    })
}

fn project(id: &str, team: &str, name: &str) -> Change {
    let (id, team, name) = (id.to_owned(), team.to_owned(), name.to_owned());
    Change::Access(AccessChange::CreateProject { id, team, name })
}

fn member(id: &str, team: &str, name: &str) -> Change {
    let (id, team, name) = (id.to_owned(), team.to_owned(), name.to_owned());
    Change::Access(AccessChange::AddMember { id, team, name })
}

pub(super) fn key(id: &str, team: &str, terms: KeyTerms) -> Change {
    Change::Access(AccessChange::Key(KeyChange::Create {
        id: id.to_owned(),
        team: team.to_owned(),
        name: id.to_owned(),
        terms,
        secret_hmac: "5ec7e7".to_owned(),
    }))
}

/// A policy on the team, or the key, of [`intent`].
fn policy(facet: &str, policy: Policy) -> Change {
    Change::Access(AccessChange::SetPolicy { scope: scope(facet), policy })
}

pub(super) fn key_change(change: KeyChange) -> Change {
    Change::Access(AccessChange::Key(change))
}

pub(super) fn end_team(id: &str, force: bool) -> Change {
    Change::Access(AccessChange::EndTeam { id: id.to_owned(), force })
}

/// A row in every table of who may call.
pub(super) async fn fill(ledger: &Ledger) {
    let changes = vec![
        team("team_1", "research"),
        project("proj_1", "team_1", "atlas"),
        member("user_1", "team_1", "ann"),
        key("key_1", "team_1", KeyTerms::default()),
        policy("team", Policy { regions: vec!["*".into()], ..Policy::default() }),
        Change::Access(AccessChange::BindMasterKey { fingerprint: "f1".into() }),
        super::admin_keys::make("adm_1", "terraform"),
        super::admin_keys::make("adm_2", "grafana"),
        super::admin_keys::revoke("adm_2"),
        super::accounts::make("acc_1", "ann"),
        super::api_tokens::make("tok_1", "acc_1"),
    ];
    ledger.change("a test", changes).await.unwrap();
}

async fn change(ledger: &Ledger, change: Change) -> Result<Vec<Changed>, Error> {
    ledger.change("ann", vec![change]).await
}

#[tokio::test]
async fn what_was_made_is_read_back_by_every_process() {
    for place in places().await {
        let ledger = place.open().await;
        fill(&ledger).await;
        let other = if place.is_shared() { place.open().await } else { ledger.clone() };
        let access = other.access().await.unwrap();
        assert_eq!(access.team("research").unwrap().owner.as_deref(), Some("ann"));
        assert_eq!(access.project("atlas").unwrap().team, "team_1");
        assert_eq!(access.memberships("ann").count(), 1);
        assert_eq!(access.key("key_1").unwrap().generation, 1);
        assert_eq!(access, ledger.access().await.unwrap());
        if place.is_shared() {
            other.close().await.unwrap();
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_name_that_lives_is_not_given_twice_and_nothing_of_the_batch_is_kept() {
    for place in places().await {
        let ledger = place.open().await;
        fill(&ledger).await;
        let before = ledger.access().await.unwrap();
        for twice in [
            team("team_2", "research"),
            project("proj_2", "team_1", "atlas"),
            member("user_2", "team_1", "ann"),
            key("key_1", "team_1", KeyTerms::default()),
        ] {
            let batch = vec![team("team_9", "new"), twice];
            let error = ledger.change("ann", batch).await.unwrap_err();
            assert!(matches!(error, Error::Taken { .. }), "{error}");
        }
        let of_nobody = ledger.change("ann", vec![project("p", "team_9", "x")]).await.unwrap_err();
        assert!(matches!(of_nobody, Error::UnknownAccess { what: "team", .. }), "{of_nobody}");
        assert_eq!(ledger.access().await.unwrap(), before);
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_is_said_of_a_team_is_dated_and_the_last_word_counts() {
    for place in durable_places().await {
        let (clock, hands) = super::world::moving_clock(NOW);
        let ledger = place.open_with(|options| options.clock = clock).await.unwrap();
        fill(&ledger).await;
        let set = |owner: &str| {
            let (id, owner) = ("team_1".to_owned(), Some(owner.to_owned()));
            Change::Access(AccessChange::SetTeam { id, owner, cost_centre: Some("4711".into()) })
        };
        hands.set(NOW.0 + 1);
        let changed = change(&ledger, set("bob")).await.unwrap();
        assert!(changed[0].was.as_ref().unwrap().contains("ann"), "{changed:?}");
        assert!(!change(&ledger, set("bob")).await.unwrap()[0].is_change());
        let team = ledger.access().await.unwrap().team("research").unwrap().clone();
        assert_eq!(
            (team.owner.as_deref(), team.cost_centre.as_deref()),
            (Some("bob"), Some("4711"))
        );
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_team_ends_with_all_it_has_and_its_name_is_free_again() {
    for place in places().await {
        let ledger = place.open().await;
        fill(&ledger).await;
        let done = change(&ledger, end_team("team_1", false)).await.unwrap();
        let actions: Vec<&str> = done.iter().map(|done| done.action).collect();
        assert_eq!(actions, ["key revoke", "policy end", "project end", "user end", "team end"]);
        let access = ledger.access().await.unwrap();
        assert_eq!(access.team("research"), None);
        assert_eq!(access.project("atlas"), None);
        assert!(access.key("key_1").unwrap().revoked_at.is_some());
        let twice = change(&ledger, end_team("team_1", false)).await.unwrap_err();
        assert!(matches!(twice, Error::UnknownAccess { .. }), "{twice}");
        change(&ledger, team("team_2", "research")).await.unwrap();
        assert_eq!(ledger.access().await.unwrap().team("research").unwrap().id, "team_2");
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_team_whose_calls_run_ends_only_by_force() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.change("ann", vec![team("t", "research"), team("u", "r_search")]).await.unwrap();
        let open = ledger.admit(intent()).await;
        let error = change(&ledger, end_team("t", false)).await.unwrap_err();
        assert!(matches!(error, Error::BusyTeam { calls: 1, .. }), "{error}");
        // Another team is another team, though its name is a pattern of this one's.
        change(&ledger, end_team("u", false)).await.unwrap();
        change(&ledger, end_team("t", true)).await.unwrap();
        let settlement = super::world::settlement(open.intent());
        ledger.settle(open, settlement).await.unwrap();
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_key_keeps_its_identity_through_rotation_and_its_secrets_stay_out_of_the_log() {
    for place in places().await {
        let ledger = place.open().await;
        fill(&ledger).await;
        let id = || "key_1".to_owned();
        let rotate = key_change(KeyChange::Rotate {
            id: id(),
            generation: 2,
            secret_hmac: "0ther".into(),
            older_until: Timestamp(NOW.0 + 1_000),
        });
        let done = change(&ledger, rotate).await.unwrap();
        let told = format!("{done:?}");
        assert!(!told.contains("0ther") && !told.contains("5ec7e7"), "{told}");
        assert_eq!(ledger.access().await.unwrap().key("key_1").unwrap().generation, 2);
        change(&ledger, key_change(KeyChange::Revoke { id: id() })).await.unwrap();
        let again = change(&ledger, key_change(KeyChange::Revoke { id: id() })).await.unwrap();
        assert!(!again[0].is_change(), "{again:?}");
        let set = key_change(KeyChange::Set { id: id(), terms: KeyTerms::default() });
        assert!(change(&ledger, set).await.is_err());
        ledger.end().await;
    }
}

/// A policy of every kind, none of which [`intent`] keeps to.
fn strict() -> [(Aspect, Policy); 4] {
    let none = Policy::default;
    [
        (Aspect::Model, Policy { models: vec![Models::Provider("amazon".into())], ..none() }),
        (Aspect::Region, Policy { regions: vec!["eu-*".into()], ..none() }),
        (Aspect::Routing, Policy { routes: Some(Routes::InRegion), ..none() }),
        (Aspect::MaxTokens, Policy { max_tokens: Some(99), ..none() }),
    ]
}

/// Sets each policy on each of a call's facets, and has the call refused by another process.
async fn are_refused_outside(ledger: &Ledger, other: &Ledger) {
    let facets = ["all", "team", "key", "model"];
    let cases = strict().into_iter().flat_map(|kind| facets.map(|facet| (facet, kind.clone())));
    for (facet, (expected, strict)) in cases {
        other.good_call(intent()).await;
        change(ledger, policy(facet, strict)).await.unwrap();
        let reach =
            Reach { geography: Some("us".into()), output_tokens: Some(100), ..Reach::default() };
        let refusal = refused(other.reserve(Intent { reach, ..intent() }).await.unwrap());
        assert_eq!(refusal.reason(), RefusalReason::Policy);
        let Refusal::Policy(objection) = refusal else { panic!("{refusal}") };
        let Objection::Outside { scope: of, aspect, .. } = *objection else { panic!() };
        assert_eq!((of, aspect), (scope(facet), expected));
        let ended = change(ledger, policy(facet, Policy::default())).await.unwrap();
        assert_eq!((ended[0].action, &ended[0].becomes), ("policy end", &None));
    }
}

#[tokio::test]
async fn a_call_outside_a_policy_is_refused_by_every_process_from_its_next_admission_on() {
    for place in places().await {
        let ledger = place.open().await;
        let other = if place.is_shared() { place.open().await } else { ledger.clone() };
        are_refused_outside(&ledger, &other).await;
        if place.is_shared() {
            other.close().await.unwrap();
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_key_that_is_revoked_or_expired_and_a_team_that_has_ended_are_refused() {
    for place in places().await {
        let ledger = place.open().await;
        let terms = KeyTerms { expires_at: Some(Timestamp(NOW.0 - 1)), ..KeyTerms::default() };
        let changes =
            vec![team("t", "research"), key("k1", "t", terms), key("k2", "t", KeyTerms::default())];
        ledger.change("ann", changes).await.unwrap();
        let by = |key: &str| {
            let mut call = intent();
            call.attribution.key = Some(key.to_owned());
            call
        };
        let no = refused(ledger.reserve(by("k1")).await.unwrap()).to_string();
        assert!(no.contains("`k1` expired at"), "{no}");
        ledger.good_call(by("k2")).await;
        change(&ledger, key_change(KeyChange::Revoke { id: "k2".into() })).await.unwrap();
        let no = refused(ledger.reserve(by("k2")).await.unwrap()).to_string();
        assert!(no.contains("`k2` was revoked at"), "{no}");
        ledger.good_call(intent()).await;
        change(&ledger, end_team("t", false)).await.unwrap();
        let no = refused(ledger.reserve(intent()).await.unwrap()).to_string();
        assert!(no.contains("the team `research` has ended"), "{no}");
        change(&ledger, team("t2", "research")).await.unwrap();
        ledger.good_call(intent()).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_ledger_is_bound_to_one_master_key() {
    for place in places().await {
        let ledger = place.open().await;
        assert_eq!(ledger.master_key().await.unwrap(), None);
        let bind = |fingerprint: &str| {
            Change::Access(AccessChange::BindMasterKey { fingerprint: fingerprint.to_owned() })
        };
        change(&ledger, bind("f1")).await.unwrap();
        assert!(!change(&ledger, bind("f1")).await.unwrap()[0].is_change());
        let error = change(&ledger, bind("f2")).await.unwrap_err();
        assert!(matches!(error, Error::OtherMasterKey { .. }), "{error}");
        assert_eq!(ledger.master_key().await.unwrap().as_deref(), Some("f1"));
        ledger.end().await;
    }
}
