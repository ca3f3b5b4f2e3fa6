//! What calls are recorded in, and what they are priced by: the ledger's health, and the age of the
//! embedded figures.

use bursar_domain::price_book::PriceBook;
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use bursar_ledger::{Checkup, DatabaseUrl, HeadDelivery};

use super::finding::Finding;
use crate::failure::{Failure, Situation};
use crate::settings::Settings;
use crate::wiring;

/// The check's name.
pub(super) const CHECK: &str = "ledger";

/// Bedrock's prices and models change every few weeks.
const CATALOGUE_DAYS_MAX: i64 = 90;
/// No call takes longer, unless somebody raised the limit on it.
const OPEN_MS_USUAL: i64 = HOUR_MS;

/// Opens the ledger, if there is one, and looks at it.
pub(super) async fn examine(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    match look(settings).await {
        Ok((url, Some((checkup, delivery)))) => {
            let mut findings = vec![judge(&url, &checkup, now)];
            findings.extend(heads(settings, delivery.as_ref()));
            findings
        }
        Ok((url, None)) => {
            vec![Finding::note(
                CHECK,
                format!("there is none at {url} yet: the first call makes it"),
            )]
        }
        Err(failure) => vec![Finding::of(CHECK, failure)],
    }
}

/// What a quick look shows, and what became of the last signed head.
type Looked = (Checkup, Option<HeadDelivery>);

async fn look(settings: &Settings) -> Result<(DatabaseUrl, Option<Looked>), Failure> {
    let url = settings.database()?;
    // Who only looks makes no ledger.
    if !settings.ledger_exists()? {
        return Ok((url, None));
    }
    let ledger = wiring::open_ledger(settings).await?;
    let checkup = ledger.checkup().await;
    let delivery = ledger.head_delivery().await;
    ledger.close().await?;
    Ok((url, Some((checkup?, delivery?))))
}

fn judge(url: &DatabaseUrl, checkup: &Checkup, now: Timestamp) -> Finding {
    let Checkup { version, holds, oldest_hold, bytes, is_read_whole, findings } = checkup;
    let mut told = format!("{url}, version {version}, {}", size(*bytes));
    if !is_read_whole && url.file().is_some() {
        told.push_str(", not read whole: `bursar ledger audit` does");
    }
    let since = oldest_hold.map(|oldest| format!(", the oldest since {oldest}"));
    let calls = if *holds == 1 { "call" } else { "calls" };
    told = format!("{told}, {holds} {calls} open{}", since.unwrap_or_default());
    if let Some(first) = findings.first() {
        let wrong = format!(
            "{told}; {} holds are not what their calls say, such as that of `{}`",
            findings.len(),
            first.subject
        );
        return Finding::failure(CHECK, Situation::Ledger, wrong)
            .then("`bursar ledger audit` tells all that does not add up");
    }
    let lag = oldest_hold.map_or(0, |oldest| now.0 - oldest.0);
    if lag > OPEN_MS_USUAL {
        return Finding::warning(CHECK, format!("{told}, which is long for a call")).then(
            "a process that lives holds it: see what it waits for, or end it, and it is settled",
        );
    }
    Finding::ok(CHECK, told)
}

/// Whether the webhook takes signed heads, where one is named.
fn heads(settings: &Settings, delivery: Option<&HeadDelivery>) -> Option<Finding> {
    let check = "heads";
    settings.heads_hook.as_ref()?;
    let Some(HeadDelivery { tried_block, tried_at, taken, failure }) = delivery else {
        return Some(Finding::note(check, "none was offered to the webhook yet"));
    };
    let last = match taken {
        Some((block, at)) => format!("it took that of block {block} at {at}"),
        None => "it never took one".to_owned(),
    };
    let Some(why) = failure else {
        return Some(Finding::ok(check, format!("the webhook: {last}")));
    };
    let told = format!(
        "the webhook did not take that of block {tried_block} at {tried_at}: {why}; {last}"
    );
    Some(Finding::warning(check, told).then("see `[ledger] heads_url`; then `bursar ledger seal`"))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1_048_576)),
    }
}

/// How old the embedded prices are.
pub(super) fn catalogue(now: Timestamp) -> Finding {
    let check = "catalogue";
    let day = PriceBook::retrieved_on();
    let Some(retrieved) = Timestamp::parse_date(day) else {
        return Finding::warning(check, format!("its prices have no date, but `{day}`"));
    };
    let days = (now.0 - retrieved.0).div_euclid(DAY_MS);
    let told = format!("prices of {day}");
    if days <= CATALOGUE_DAYS_MAX {
        return Finding::ok(check, told);
    }
    let old = format!("{told}, {days} days ago: newer models have none, and some have changed");
    Finding::warning(check, old)
        .then("use a newer `bursar`, or name a file of your own prices under `[prices]`")
        .then("`bursar models refresh` asks Bedrock which models there are")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn prices_warn_when_they_are_older_than_ninety_days() {
        let day = Timestamp::parse_date(PriceBook::retrieved_on()).unwrap();
        assert_eq!(catalogue(Timestamp(day.0 + 90 * DAY_MS)).level, Level::Ok);
        let old = catalogue(Timestamp(day.0 + 91 * DAY_MS));
        assert_eq!(old.level, Level::Warning);
        assert!(old.found.contains("91 days ago"), "{}", old.found);
    }

    #[test]
    fn a_call_that_is_open_for_more_than_an_hour_warns() {
        let url = DatabaseUrl::parse("sqlite:a.db").unwrap();
        let checkup = Checkup {
            version: 1,
            holds: 1,
            oldest_hold: Some(Timestamp(0)),
            bytes: 2_000_000,
            is_read_whole: true,
            findings: Vec::new(),
        };
        assert_eq!(judge(&url, &checkup, Timestamp(HOUR_MS)).level, Level::Ok);
        let late = judge(&url, &checkup, Timestamp(HOUR_MS + 1));
        assert_eq!(late.level, Level::Warning);
        assert!(late.found.contains("2 MiB, 1 call open, the oldest since 1970"), "{}", late.found);
    }
}
