//! `--dry-run`: the same arithmetic as the real call, and no call.

use bursar_admin::RateReply;
use bursar_core::{Invocation, Priced};
use bursar_domain::money::{Cost, Total};
use bursar_domain::time::Clock;
use serde_json::json;

use crate::alias;
use crate::failure::Failure;
use crate::output::{BOLD, Output};
use crate::settings::Settings;
use crate::wiring;

/// Prints what the call is, what it would be priced at and the most it can cost.
pub(crate) fn run(
    settings: &Settings,
    invocation: Invocation,
    output: Output,
) -> Result<(), Failure> {
    let priced = wiring::pricing(settings).price(invocation, Clock::system().now())?;
    if output.json {
        Output::object(&as_json(&priced))?;
        return Ok(());
    }
    let bound = |tokens: Option<u64>| {
        tokens.map_or_else(|| "unbounded".to_owned(), |tokens| format!("at most {tokens} tokens"))
    };
    let ceiling = match (priced.ceiling, &priced.price) {
        (_, None) => "unpriced".to_owned(),
        (None, _) => "unbounded".to_owned(),
        (Some(cost), _) => Total::from(cost).rounded(),
    };
    let model = alias::beside(&priced.invocation.model, priced.model.as_str());
    Output::line(format!("{BOLD}{model}{BOLD:#} from {}", priced.region))?;
    Output::line(format!("  operation   {}", priced.invocation.operation))?;
    Output::line(format!("  routing     {}, tier {}", priced.routing, priced.tier))?;
    Output::line(format!("  input       {}", bound(priced.bound.input_tokens)))?;
    Output::line(format!("  output      {}", bound(priced.bound.output_tokens)))?;
    Output::line(format!("  worst case  {ceiling}"))?;
    output.note("nothing was called; `bursar price` tells what known token counts cost");
    Ok(())
}

fn as_json(priced: &Priced) -> serde_json::Value {
    json!({
        "model": priced.model.as_str(),
        "alias": priced.invocation.model.alias,
        "operation": priced.invocation.operation.as_str(),
        "region": priced.region,
        "routing": priced.routing.as_str(),
        "tier": priced.tier.as_str(),
        "input_tokens_max": priced.bound.input_tokens,
        "output_tokens_max": priced.bound.output_tokens,
        "cost_max_usd": priced.ceiling.map(Cost::usd),
        "price_id": priced.price.as_ref().map(|price| price.id.to_string()),
        "rates": priced.price.as_ref().map(|price| RateReply::from(&price.rates)),
    })
}
