//! Calls that did not end well, one of each team.

use std::collections::BTreeMap;

use bursar_admin::Desk;
use bursar_domain::call::{Attempt, AttemptOutcome, Ending, Outcome, SentTo};
use bursar_domain::identity::Attribution;
use bursar_domain::time::Timestamp;

use super::house::{HAIKU, NOVA, ended};

/// What Bedrock says where its quota of tokens a minute is used up.
pub(super) const THROTTLED: &str = "Too many tokens, please wait before trying again.";

/// An ending of this outcome, with an error.
pub(super) fn ending(outcome: Outcome, status: u16, (code, said): (&str, &str)) -> Ending {
    Ending {
        outcome,
        client_gone: false,
        http_status: Some(status),
        error_code: Some(code.to_owned()),
        error_message: Some(said.to_owned()),
        stop_reason: None,
    }
}

/// A request that was throttled.
pub(super) fn throttled(at: Timestamp) -> Attempt {
    Attempt {
        started_at: at,
        ended_at: Timestamp(at.0 + 20),
        outcome: AttemptOutcome::Throttled,
        http_status: Some(429),
        error_code: Some("ThrottlingException".to_owned()),
        request_id: None,
        sent_to: SentTo::default(),
    }
}

/// Of each team one call that is throttled and one that is cut, neither of which cost anything. What
/// is said of those of sales names what is theirs.
pub(super) async fn of_both_teams(desk: &Desk, keys: &BTreeMap<&'static str, String>) {
    let now = desk.admin.clock.now();
    for (team, project) in [("research", "atlas"), ("sales", "secret-merger")] {
        let who = Attribution {
            team: Some(team.to_owned()),
            project: Some(project.to_owned()),
            key: keys.get(team).cloned(),
            ..Attribution::default()
        };
        let said = format!("{THROTTLED} ({project})");
        let ending = |outcome, status, code| ending(outcome, status, (code, &said));
        let throttles = ending(Outcome::Throttled, 429, "ThrottlingException");
        let attempts = vec![throttled(now), throttled(now)];
        ended(desk, (who.clone(), HAIKU), (now, 0), (throttles, attempts)).await;
        let cut = ending(Outcome::Cut, 200, "operator");
        ended(desk, (who, NOVA), (now, 0), (cut, Vec::new())).await;
    }
}
