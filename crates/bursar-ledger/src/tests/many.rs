//! Many teams, keys and limits: made by few statements, and a call asks no more because of them.

use bursar_domain::budget::Mode;
use bursar_domain::call::Intent;
use bursar_domain::limit::Limit;
use bursar_domain::money::Micros;
use bursar_domain::scope::{Facet, Scope};

use super::access::{end_team, key, team};
use super::world::{NOW, intent, limit, places};
use crate::statement::tally;
use crate::{Change, KeyTerms, Ledger};

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
