//! `bursar streams`: what runs now, in whichever process; how far it may go; and to cut it.

use std::time::Duration;

use bursar_admin::api::{self, CallIds, Nothing, SetStreamLimits};
use bursar_admin::{CutRequest, CutResult, CutState, RunningCall, StreamLimitRow};
use bursar_domain::watch::StreamLimits;
use comfy_table::Cell;
use serde_json::json;

use crate::door::Door;
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::selection::SelectionArgs;
use crate::settings::Settings;
use crate::stream_limits::LimitArgs;
use crate::table;

/// How long a cut is waited for: twice the two seconds in which it is obeyed, and one to spare.
const CUT_WAIT: Duration = Duration::from_secs(5);
/// How often it is looked for.
const CUT_LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  bursar streams
  bursar streams --json
  bursar streams cut --all --reason 'the demo is over'
  bursar streams limit --all --usd 0.50usd --seconds 300 --on-repetition cut

Every call that has not ended is listed, with what it has come to at least; plain calls are marked.
`bursar top` shows the same, live."
)]
pub(crate) struct Streams {
    #[command(subcommand)]
    command: Option<StreamsCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum StreamsCommand {
    /// What runs now
    List,
    /// End running calls, in whichever process
    #[command(after_help = "Examples:
  bursar streams cut 0193a5b2-0000-7000-8000-000000000000 --reason 'a loop'
  bursar streams cut --team research
  bursar streams cut --all

The client gets an error in Bedrock's own wire, at once. What Bedrock generates beyond the cut it
most likely charges for all the same. It waits up to five seconds, and says what became of each.")]
    Cut(Cut),
    /// Set, show or remove how far streams may go
    #[command(after_help = "Examples:
  bursar streams limit
  bursar streams limit --all --usd 0.50usd --tokens 20000 --seconds 600 --idle 60
  bursar streams limit --model amazon.nova-lite-v1:0 --on-repetition alarm
  bursar streams limit --all --remove

Of all limits that match a stream, the strictest of each counts, from the next stream on. Setting
them again replaces what was set for the same selection. With no selection they are listed.")]
    Limit(Limit),
}

#[derive(Debug, clap::Args)]
struct Cut {
    /// The calls to cut
    #[arg(value_name = "ID", required_unless_present_any = ["team", "all"])]
    ids: Vec<String>,
    /// Every call of this team
    #[arg(long, value_name = "NAME")]
    team: Option<String>,
    /// Every call
    #[arg(long, conflicts_with_all = ["team", "ids"])]
    all: bool,
    /// Why; it is told to the clients
    #[arg(long, value_name = "TEXT", default_value = "no reason was given")]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct Limit {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Remove what was set for the selection
    #[arg(long)]
    remove: bool,
}

impl Streams {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        match self.command {
            None | Some(StreamsCommand::List) => list(settings, output).await,
            Some(StreamsCommand::Cut(cut)) => cut.run(settings, output).await,
            Some(StreamsCommand::Limit(limit)) => limit.run(settings, output).await,
        }
    }
}

async fn list(settings: &Settings, output: Output) -> Result<(), Failure> {
    let calls = Door::ask_once(settings, &api::STREAMS, Nothing {}).await?.rows;
    if output.json {
        return Ok(Output::object(&json!({ "rows": calls }))?);
    }
    if calls.is_empty() {
        output.note("nothing runs just now; `bursar calls` lists what has ended");
        return Ok(());
    }
    Ok(Output::line(show(&calls))?)
}

/// The running calls as a table.
pub(crate) fn show(calls: &[RunningCall]) -> String {
    let mut table =
        table::new(&["call", ">age", "team", "model", ">tokens", ">cost", ">room", "owner", ""]);
    for call in calls {
        let known = |figure: &Option<String>| match figure {
            Some(dollars) => table::figure(format!("${dollars}")),
            None => table::figure("–"),
        };
        table.add_row(vec![
            Cell::new(&call.id),
            table::figure(age(call.age_ms)),
            Cell::new(call.team.as_deref().unwrap_or("–")),
            Cell::new(&call.model),
            table::figure(call.output_tokens.map_or("–".to_owned(), |count| count.to_string())),
            known(&call.cost_usd),
            known(&call.room_usd),
            Cell::new(call.owner.get(..8).unwrap_or(&call.owner)),
            Cell::new(remark(call)),
        ]);
    }
    table.trim_fmt()
}

/// What is special about a running call.
pub(crate) fn remark(call: &RunningCall) -> String {
    match (&call.cut_code, &call.cut_wished_by) {
        (Some(code), _) => format!("cut ({code}), read for its usage"),
        (None, Some(by)) => format!("to be cut, says {by}"),
        (None, None) if !call.is_stream => "plain".to_owned(),
        (None, None) => String::new(),
    }
}

/// A time for people: `8s`, `3m12s`, `2h05m`.
pub(crate) fn age(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

impl Cut {
    async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let Self { ids, team, all, reason } = self;
        let door = Door::open(settings).await?;
        let calls = door.ask(&api::CUT, CutRequest { all, team, ids, reason }).await?;
        let results = await_cuts(&door, &calls).await?;
        door.close().await?;
        let object = json!({ "rows": results });
        let bad = results
            .iter()
            .find(|result| matches!(result.state, CutState::NoAnswer | CutState::Unknown));
        if let Some(result) = bad {
            return Err(Failure { object: Some(object), ..not_cut(result) });
        }
        if output.json {
            return Ok(Output::object(&object)?);
        }
        if results.is_empty() {
            output.note("nothing of that runs just now");
        }
        for CutResult { id, state } in &results {
            let word = if *state == CutState::Cut { "cut" } else { "had ended already" };
            Output::line(format!("{id} {word}"))?;
        }
        Ok(())
    }
}

/// Waits until every wish is obeyed, for as long as that may take.
pub(crate) async fn await_cuts(door: &Door, calls: &CallIds) -> Result<Vec<CutResult>, Failure> {
    let until = tokio::time::Instant::now() + CUT_WAIT;
    loop {
        let results = door.ask(&api::CUT_RESULTS, calls.clone()).await?.rows;
        let waits = results.iter().any(|result| result.state == CutState::NoAnswer);
        if !waits || tokio::time::Instant::now() >= until {
            return Ok(results);
        }
        tokio::time::sleep(CUT_LOOK).await;
    }
}

fn not_cut(result: &CutResult) -> Failure {
    let id = &result.id;
    match result.state {
        CutState::Unknown => Failure::new(Situation::Failed, format!("there is no call `{id}`"))
            .hint("`bursar streams` lists what runs"),
        _ => Failure::new(Situation::Failed, format!("the owner of call `{id}` does not answer"))
            .hint("the wish stands; it is obeyed as soon as that process looks")
            .hint("if the process is dead, the next one to open the ledger settles the call"),
    }
}

impl Limit {
    async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let limits = self.limits.limits();
        let (selectors, _) = self.selection.read(settings).await?;
        if selectors.is_empty() && limits == StreamLimits::NONE && !self.remove {
            return list_limits(settings, output).await;
        }
        if self.remove == (limits != StreamLimits::NONE) {
            return Err(Failure::new(Situation::Usage, "there is nothing to set").hint(
                "say how far streams may go, `--usd 0.50usd`, or `--remove` and nothing else",
            ));
        }
        selectors.scope()?;
        let ask = SetStreamLimits { select: selectors, limits: limits.into() };
        let changed = Door::ask_once(settings, &api::LIMIT_STREAMS, ask).await?;
        if output.json {
            return Ok(Output::object(&changed)?);
        }
        let word = |side: &Option<String>| side.clone().unwrap_or_else(|| "no limit".to_owned());
        let (was, becomes) = (word(&changed.was), word(&changed.becomes));
        Ok(Output::line(format!("streams of `{}`: {was} → {becomes}", changed.scope))?)
    }
}

async fn list_limits(settings: &Settings, output: Output) -> Result<(), Failure> {
    let rows = Door::ask_once(settings, &api::STREAM_LIMITS, Nothing {}).await?.rows;
    if output.json {
        return Ok(Output::object(&json!({ "rows": rows }))?);
    }
    if rows.is_empty() {
        output
            .note("no limits of streams are set; `bursar streams limit --all --seconds 600` does");
        return Ok(());
    }
    let headings = ["scope", ">usd", ">tokens", ">seconds", ">idle", "repetition", "on cut"];
    let mut table = table::new(&headings);
    for row in &rows {
        let StreamLimitRow { scope, money_usd, output_tokens, seconds, idle_seconds, .. } = row;
        let count = |count: &Option<u64>| {
            table::figure(count.map_or("–".to_owned(), |count| count.to_string()))
        };
        table.add_row(vec![
            Cell::new(scope),
            table::figure(money_usd.as_deref().unwrap_or("–")),
            count(output_tokens),
            count(seconds),
            count(idle_seconds),
            Cell::new(&row.on_repetition),
            Cell::new(&row.on_cut),
        ]);
    }
    Ok(Output::line(table.trim_fmt())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_short() {
        assert_eq!(
            [age(0), age(59_999), age(192_000), age(7_500_000)],
            ["0s", "59s", "3m12s", "2h05m"]
        );
    }
}
