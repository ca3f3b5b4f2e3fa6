//! Roles that calls are made as: what STS is told, how long a session serves, and what a denial says.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bursar_domain::call::Outcome;
use bursar_domain::identity::Attribution;
use bursar_domain::money::Cost;
use bursar_domain::time::{Clock, Timestamp};
use bursar_simulator::{Settings, Simulator};
use tokio::net::TcpListener;

use super::world::{LITE, World, ask, connection, places, team};
use crate::{Account, Bedrock, ROLE_NOT_ASSUMED, Upstream, Upstreams};

const ROLE: &str = "arn:aws:iam::111122223333:role/bursar";
const DENIED: &str = "arn:aws:iam::111122223333:role/closed";

/// A simulator that denies one role, and a world whose calls go there as a role.
async fn start(place: &str, role: &str) -> (World, Simulator) {
    let mut world = World::start(place, &[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let denied_roles = BTreeSet::from([DENIED.to_owned()]);
    let settings = Settings { denied_roles, ..Settings::default() };
    let simulator = Simulator::start(listener, settings, Clock::system()).unwrap();
    let account = Account {
        role_arn: Some(role.to_owned()),
        sts_endpoint: Some(simulator.url()),
        ..Account::default()
    };
    let bedrock = Bedrock::connect_as(&connection("us-east-1", &simulator.url()), &account).await;
    let upstream = Upstream {
        name: "by-role".to_owned(),
        priority: 1,
        weight: 1,
        models: Vec::new(),
        teams: BTreeSet::new(),
        bedrock: bedrock.unwrap(),
    };
    world.bursar.upstreams = Upstreams::new(vec![upstream]);
    (world, simulator)
}

async fn end(world: World, simulator: Simulator) {
    world.end().await;
    simulator.stop().await;
}

#[tokio::test]
async fn a_teams_calls_are_made_in_a_session_of_its_own_that_names_and_tags_it() {
    for place in places().await {
        let (world, simulator) = start(&place, ROLE).await;
        let who = Attribution {
            team: Some("R&D".to_owned()),
            project: Some("search engine".to_owned()),
            key: Some("key_1".to_owned()),
            ..Attribution::default()
        };
        for _ in 0..2 {
            let made = world.call(who.clone(), ask(LITE, false)).await;
            assert_eq!(made.row.ending.outcome, Outcome::Succeeded, "{}", made.message());
        }
        world.call(team("ops"), ask(LITE, true)).await;
        let sessions = simulator.sessions();
        let told: Vec<(&str, &str)> = sessions
            .iter()
            .map(|session| (session.role_arn.as_str(), session.session_name.as_str()))
            .collect();
        assert_eq!(told, [(ROLE, "bursar-R-D"), (ROLE, "bursar-ops")], "one each, and kept");
        let tags = [("team", "R_D"), ("project", "search engine"), ("key", "key_1")];
        let tags = tags.map(|(tag, value)| (tag.to_owned(), value.to_owned()));
        assert_eq!(sessions[0].tags, tags.into());
        assert_eq!(sessions[1].tags, [("team".to_owned(), "ops".to_owned())].into());
        // The simulator has checked each signature against the session's own key.
        let signers: Vec<_> =
            simulator.calls().into_iter().filter_map(|call| call.signed_by).collect();
        let [first, second] = [&sessions[0], &sessions[1]].map(|session| &session.access_key_id);
        assert_eq!(signers, [first.clone(), first.clone(), second.clone()]);
        end(world, simulator).await;
    }
}

#[tokio::test]
async fn a_session_is_asked_for_anew_before_it_ends() {
    for place in places().await {
        let (mut world, simulator) = start(&place, ROLE).await;
        let now = Arc::new(AtomicI64::new(Clock::system().now().0));
        let told = Arc::clone(&now);
        world.bursar.clock = Clock::new(move || Timestamp(told.load(Ordering::Relaxed)));
        world.call(team("ops"), ask(LITE, false)).await;
        // A session lasts an hour.
        now.fetch_add(54 * 60_000, Ordering::Relaxed);
        world.call(team("ops"), ask(LITE, false)).await;
        assert_eq!(simulator.sessions().len(), 1);
        now.fetch_add(2 * 60_000, Ordering::Relaxed);
        world.call(team("ops"), ask(LITE, false)).await;
        assert_eq!(simulator.sessions().len(), 2);
        end(world, simulator).await;
    }
}

#[tokio::test]
async fn calls_that_come_together_ask_for_one_session() {
    for place in places().await {
        let (world, simulator) = start(&place, ROLE).await;
        let calls = (0..8).map(|_| world.call(team("ops"), ask(LITE, false)));
        futures_util::future::join_all(calls).await;
        assert_eq!((simulator.sessions().len(), simulator.calls().len()), (1, 8));
        end(world, simulator).await;
    }
}

#[tokio::test]
async fn a_role_that_is_denied_is_named_and_nothing_is_sent_or_owed() {
    for place in places().await {
        let (world, simulator) = start(&place, DENIED).await;
        let made = world.call(team("ops"), ask(LITE, false)).await;
        assert_eq!(made.row.ending.outcome, Outcome::Failed);
        assert_eq!(made.row.ending.error_code.as_deref(), Some(ROLE_NOT_ASSUMED));
        assert_eq!((made.row.bill.cost, made.row.bill.estimated), (Some(Cost::ZERO), false));
        assert_eq!(made.attempts[0].2, "unsent");
        for told in [DENIED, "for the team `ops`", "AccessDenied", "is not authorized to perform"] {
            assert!(made.message().contains(told), "{}", made.message());
        }
        assert!(simulator.calls().is_empty());
        end(world, simulator).await;
    }
}
