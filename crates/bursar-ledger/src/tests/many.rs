//! Many teams, keys and limits: made by few statements, and a call asks no more because of them.

use bursar_domain::budget::Mode;
use bursar_domain::call::Intent;
use bursar_domain::limit::Limit;
use bursar_domain::money::Micros;
use bursar_domain::scope::{Facet, Scope};

use super::access::{end_team, key, key_change, team};
use super::world::{NOW, intent, limit, places, refused};
use crate::rules::Rules;
use crate::statement::{Session, tally};
use crate::{Change, KeyChange, KeyTerms, Ledger};

/// A team, a key and a limit each, as a file of an operator says them: kind by kind.
fn changes(count: usize) -> Vec<Change> {
    let teams = (0..count).map(|n| team(&format!("team_{n}"), &format!("team {n}")));
    let keys =
        (0..count).map(|n| key(&format!("key_{n}"), &format!("team_{n}"), KeyTerms::default()));
    let limits = (0..count).map(|n| Change::SetLimit(limit_of(n)));
    teams.chain(keys).chain(limits).collect()
}

fn limit_of(n: usize) -> Limit {
    let scope = Scope::default().with(Facet::Team, &format!("team {n}"));
    Limit { scope, ..limit(&format!("limit_{n}"), Mode::Hard, 5_000_000) }
}

fn call_of(n: usize) -> Intent {
    let mut intent = intent();
    intent.attribution.team = Some(format!("team {n}"));
    intent.attribution.key = Some(format!("key_{n}"));
    intent
}

/// What one more call takes, once everything is known by heart: statements, and rows read.
async fn call_takes(ledger: &Ledger) -> (usize, usize) {
    ledger.good_call(call_of(3)).await;
    tally::take();
    ledger.good_call(call_of(3)).await;
    tally::take()
}

#[tokio::test]
async fn thousands_of_changes_are_a_few_statements() {
    for place in places().await {
        let ledger = place.open().await;
        tally::take();
        let made = ledger.change("a test", changes(1_500)).await.unwrap();
        let (statements, rows) = tally::take();
        assert_eq!(made.len(), 4_500);
        assert!(statements < 40, "{statements} statements");
        assert!(rows < 100, "{rows} rows");
        assert_eq!(ledger.limits().await.unwrap().len(), 1_500);
        let access = ledger.access().await.unwrap();
        assert_eq!((access.teams.len(), access.keys.len()), (1_500, 1_500));
        let noted = ledger.changes(None, None, 10_000).await.unwrap();
        assert_eq!(noted.len(), 4_500, "each is in the audit log");
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_call_reads_no_more_where_there_are_more_teams_keys_and_limits() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.change("a test", changes(10)).await.unwrap();
        let few = call_takes(&ledger).await;
        let more = changes(2_000).into_iter();
        let is_new = |change: &Change| !changes(10).contains(change);
        ledger.change("a test", more.filter(is_new).collect()).await.unwrap();
        assert_eq!(call_takes(&ledger).await, few);
        let window = limit_of(3).place_at("", NOW).window;
        assert!(ledger.balance(&window).await.1 > 0, "its limit counts it");
        ledger.end().await;
    }
}

/// What a call is told by rules: who refuses it, and which windows count it, by how much.
fn told(rules: &Rules, intent: &Intent) -> String {
    let places = rules.places(intent, NOW);
    let places = places.iter().map(|counted| (&counted.place.window, counted.limit));
    format!("{:?} {:?}", rules.refusal_of(intent, NOW), places.collect::<Vec<_>>())
}

#[tokio::test]
async fn what_has_changed_is_read_alone_and_is_all_that_is_otherwise() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.change("a test", changes(300)).await.unwrap();
        let mut session = Session::Pool(&ledger.reads);
        let mut known = Rules::read(&mut session, 2).await.unwrap();
        let scope = Scope::default().with(Facet::Key, "key_7");
        let of_key = Limit { scope, ..limit("limit_of_key", Mode::Soft, 9_000_000) };
        let cases: Vec<(Vec<Change>, bool)> = vec![
            (vec![Change::SetLimit(Limit { amount: Micros(1), ..limit_of(7) })], true),
            (vec![Change::SetLimit(of_key.clone())], true),
            (vec![Change::EndLimit(limit_of(7).id)], true),
            (vec![key_change(KeyChange::Revoke { id: "key_7".to_owned() })], true),
            (vec![Change::EndLimit(of_key.id.clone())], true),
            (vec![end_team("team_8", false)], false),
            (vec![team("team_8b", "team 8"), Change::SetLimit(limit_of(7))], true),
            (vec![team("team_x", "team x"), key("key_x", "team_x", KeyTerms::default())], true),
        ];
        for (number, (changes, is_little)) in (3..).zip(cases) {
            ledger.change("a test", changes).await.unwrap();
            tally::take();
            let renewed = Rules::renewed(&mut session, Some(&known), number).await.unwrap();
            let (_, rows) = tally::take();
            assert_eq!(rows < 10, is_little, "{number}: {rows} rows");
            let read = Rules::read(&mut session, number).await.unwrap();
            let calls = [3, 7, 8].map(call_of);
            let all = |rules: &Rules| calls.each_ref().map(|call| told(rules, call));
            assert_eq!(all(&renewed), all(&read), "{number}");
            known = renewed;
        }
        // More than is worth to be told apart.
        let many = (0..1_200).map(|n| team(&format!("team_y{n}"), &format!("y{n}"))).collect();
        ledger.change("a test", many).await.unwrap();
        tally::take();
        Rules::renewed(&mut session, Some(&known), 99).await.unwrap();
        assert!(tally::take().1 > 1_200);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_change_of_one_limit_is_few_rows_to_the_next_call_and_counts_there() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.change("a test", changes(1_000)).await.unwrap();
        call_takes(&ledger).await;
        let none = Limit { amount: Micros(0), ..limit_of(3) };
        ledger.change("a test", vec![Change::SetLimit(none)]).await.unwrap();
        tally::take();
        refused(ledger.reserve(call_of(3)).await.unwrap());
        let (statements, rows) = tally::take();
        assert!(statements < 40 && rows < 40, "{statements} statements, {rows} rows");
        ledger.good_call(call_of(4)).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_name_that_ends_can_be_taken_in_the_same_change() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.change("a test", vec![team("team_1", "research")]).await.unwrap();
        let again = vec![
            end_team("team_1", false),
            team("team_2", "research"),
            end_team("team_2", false),
            team("team_3", "research"),
        ];
        ledger.change("a test", again).await.unwrap();
        let access = ledger.access().await.unwrap();
        assert_eq!(access.team("research").unwrap().id, "team_3");
        // A limit that is set twice is the one that was set last.
        let (first, last) = (limit_of(1), Limit { amount: Micros(7_000_000), ..limit_of(1) });
        ledger.change("a test", [first, last].map(Change::SetLimit).into()).await.unwrap();
        let limits = ledger.limits().await.unwrap();
        assert_eq!(limits.iter().map(|limit| limit.amount.0).collect::<Vec<_>>(), [7_000_000]);
        ledger.end().await;
    }
}
