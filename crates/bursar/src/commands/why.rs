//! `bursar why`: why a call was admitted, refused, or ended as it did.

use bursar_admin::api::{self, OneCall, OneKey};
use bursar_admin::{InForceRow, KeyWhy, LimitThen, Why};
use comfy_table::Cell;

use crate::budget::show;
use crate::commands::key::allowed;
use crate::door::Door;
use crate::failure::Failure;
use crate::output::{BOLD, Output};
use crate::settings::Settings;
use crate::table;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar why --key key_0000
  bursar why --key key_0000 --json

A call is named by its id, which is told at its end and with its refusal, or by Bedrock's request id:
`bursar why 0193a5b2-0000-7000-8000-000000000000`. The figures of limits are those of then.")]
pub(crate) struct WhyArgs {
    /// A call's id, or Bedrock's request id
    #[arg(value_name = "ID", required_unless_present = "key", conflicts_with = "key")]
    id: Option<String>,
    /// What stands on this virtual key now, and what became of its last calls
    #[arg(long, value_name = "ID")]
    key: Option<String>,
}

impl WhyArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        if let Some(key) = self.key {
            let why = Door::ask_once(settings, &api::WHY_KEY, OneKey { key }).await?;
            if output.json {
                return Ok(Output::object(&why)?);
            }
            return Ok(Output::line(of_key(&why))?);
        }
        let ask = OneCall { id: self.id.unwrap_or_default() };
        let why = Door::ask_once(settings, &api::WHY, ask).await?;
        if output.json {
            return Ok(Output::object(&why)?);
        }
        Ok(Output::line(of_call(&why))?)
    }
}

fn of_call(why: &Why) -> String {
    let reason = why.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let mut lines = vec![format!("call {}: {BOLD}{}{reason}{BOLD:#}", why.id, why.verdict)];
    let facts = [why.at.as_deref(), why.model.as_deref()].into_iter().flatten();
    lines.push(facts.collect::<Vec<_>>().join(" · "));
    if let Some(cost) = &why.cost_usd {
        let bound = if why.estimated { "at most " } else { "" };
        lines.push(format!("it cost {bound}${cost}"));
    }
    lines.extend(why.message.clone());
    if !why.limits.is_empty() {
        lines.push(format!(
            "\nlimits that counted it, as they stood before it\n{}",
            then(&why.limits)
        ));
    }
    if !why.attempts.is_empty() {
        lines.push("\nattempts".to_owned());
    }
    for attempt in &why.attempts {
        let status = attempt.http_status.map(|status| format!(" {status}")).unwrap_or_default();
        let code = attempt.error_code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
        let place = [&attempt.model, &attempt.region, &attempt.upstream].into_iter().flatten();
        let place = place.map(String::as_str).collect::<Vec<_>>().join(" · ");
        lines.push(format!("{}  {}{status}{code}  {place}", attempt.started_at, attempt.outcome));
    }
    lines.extend(why.remedy.iter().map(|remedy| format!("{BOLD}hint:{BOLD:#} {remedy}")));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn then(limits: &[LimitThen]) -> String {
    let mut table =
        table::new(&["limit", ">spent", ">held", ">remaining", ">of", ">asked", ">added"]);
    for limit in limits {
        let figures = &limit.figures;
        let amount = |text: &str| table::figure(figures.words(text));
        table.add_row(vec![
            Cell::new(&limit.name),
            amount(&figures.spent),
            amount(&figures.held),
            amount(&figures.remaining),
            amount(&figures.limit),
            amount(&limit.asked),
            amount(&limit.added),
        ]);
    }
    table.trim_fmt()
}

fn of_key(why: &KeyWhy) -> String {
    let mut lines = Vec::new();
    for freeze in &why.freezes {
        lines.push(format!(
            "{BOLD}frozen{BOLD:#}: `{}` since {} by {}: {}",
            freeze.name, freeze.at, freeze.by, freeze.reason
        ));
    }
    lines.extend(in_force(why));
    if why.limits.is_empty() {
        lines.push(format!("no limit counts every call of the key `{}`", why.key));
    } else {
        lines.push(show::table(&why.limits));
    }
    if why.refusals.is_empty() && why.calls.is_empty() {
        lines.push("no call or refusal of it is recorded".to_owned());
    }
    for refusal in &why.refusals {
        let call = refusal.call.as_deref().unwrap_or("–");
        lines.push(format!(
            "{}  {call}  refused ({}): {}",
            refusal.at, refusal.reason, refusal.message
        ));
    }
    for call in &why.calls {
        let code = call.error_code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
        lines.push(format!("{}  {}  {}{code}", call.at, call.id, call.outcome));
    }
    lines.join("\n")
}

/// The policies, and where there are several, what they allow together.
fn in_force(why: &KeyWhy) -> Vec<String> {
    let InForceRow { refused, expires_at, .. } = &why.in_force;
    let mut lines = Vec::new();
    if let Some(refused) = refused {
        lines.push(format!("{BOLD}refused{BOLD:#}: {refused}"));
    } else if let Some(at) = expires_at {
        lines.push(format!("it expires at {at}"));
    }
    for on in &why.policies {
        lines.push(format!("policy of {}: {}", on.scope, allowed(&on.policy)));
    }
    match why.policies.len() {
        0 => lines.push("no policy restricts what it may ask for".to_owned()),
        1 => {}
        _ => lines.push(format!("in force of them: {}", left(&why.in_force))),
    }
    lines
}

/// What several policies leave, in a line.
fn left(in_force: &InForceRow) -> String {
    let InForceRow { models, regions, served_in, routing, max_tokens, .. } = in_force;
    let list = |what: &str, of: &Option<Vec<String>>| match of.as_deref() {
        None => None,
        Some([]) => Some(format!("no {what} at all")),
        Some(some) => Some(format!("{what} {}", some.join(", "))),
    };
    let serving = Some(served_in).filter(|served| *served != regions);
    let parts = [
        list("models", models),
        list("regions", regions),
        serving.and_then(|served| list("serving regions", served)),
        routing.as_ref().map(|routing| format!("routing {routing}")),
        max_tokens.map(|most| format!("up to {most} tokens an answer")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
