//! How SQLite finds what a page lists: by the index of what is picked, so that a page of calls reads as
//! many rows from ten million as from ten thousand.

use sqlx::{AssertSqlSafe, FromRow};

use super::world::file;
use crate::Ledger;
use crate::statement::Pool;

/// A list, and the index that it reads by.
const LISTS: [(&str, &str); 6] = [
    (include_str!("../../queries/call_ids_by_key.sql"), "call_key"),
    (include_str!("../../queries/call_ids_by_user.sql"), "call_user"),
    (include_str!("../../queries/call_ids_by_outcome.sql"), "call_trouble"),
    (include_str!("../../queries/call_ids_by_team.sql"), "call_team"),
    (include_str!("../../queries/call_ids_by_model.sql"), "call_model"),
    (include_str!("../../queries/versions_of_team.sql"), "call_team"),
];

#[derive(FromRow)]
struct PlanRow {
    detail: String,
}

async fn plan(ledger: &Ledger, sql: &str) -> Vec<String> {
    let Pool::Sqlite(pool) = &ledger.reads else { panic!("on SQLite") };
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let plan: Vec<PlanRow> = sqlx::query_as(explain).fetch_all(pool).await.unwrap();
    plan.into_iter().map(|row| row.detail).collect()
}

#[tokio::test]
async fn lists_of_calls_are_read_by_the_index_of_what_is_picked() {
    let place = file();
    let ledger = place.open().await;
    for (sql, index) in LISTS {
        let plan = plan(&ledger, sql).await;
        let by_index = format!("SEARCH call USING INDEX {index} (");
        assert!(plan.iter().any(|step| step.starts_with(&by_index)), "{index}: {plan:#?}");
        // Only calls of one millisecond are sorted, never all that match.
        let sort = plan.iter().find(|step| step.starts_with("USE TEMP B-TREE"));
        let of_few = "USE TEMP B-TREE FOR LAST TERM OF ORDER BY";
        assert!(sort.is_none_or(|sort| sort == of_few), "{index}: {plan:#?}");
    }
    ledger.end().await;
}

#[tokio::test]
async fn why_a_window_refuses_is_read_by_the_index_of_windows_the_last_first() {
    let place = file();
    let ledger = place.open().await;
    let plan = plan(&ledger, include_str!("../../queries/refusals_of_window.sql")).await;
    let by_index = "SEARCH refusal USING INDEX refusal_window (window_id=?)";
    assert!(plan.iter().any(|step| step == by_index), "{plan:#?}");
    // Nothing is sorted before the last ones are taken.
    let sorts = plan.iter().filter(|step| step.starts_with("USE TEMP B-TREE"));
    assert!(sorts.clone().all(|step| !step.contains("LAST TERM")), "{plan:#?}");
    assert!(sorts.count() <= 2, "by reason, and by how often: {plan:#?}");
    ledger.end().await;
}
