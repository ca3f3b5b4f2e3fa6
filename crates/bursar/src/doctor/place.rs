//! Where calls go: the settings, the region, the endpoint, and the time that it is there.

use bursar_core::NoAnswer;
use bursar_domain::advice::{Advice, Cause, Trouble, advise, advise_on};
use bursar_domain::time::Clock;

use super::finding::Finding;
use crate::failure::{Failure, Situation};
use crate::settings::Settings;

/// The check's name.
pub(super) const CHECK: &str = "endpoint";
const CLOCK: &str = "clock";

/// A signature is good for five minutes around its time.
const SKEW_MS_MAX: u64 = 5 * 60 * 1000;
/// A clock that is this far off is not being set.
const SKEW_MS_USUAL: u64 = 60 * 1000;

/// Which file was read.
pub(super) fn configuration(settings: &Settings) -> Finding {
    let check = "configuration";
    match &settings.file {
        Some(file) => Finding::ok(check, format!("`{}`", file.display())),
        None => Finding::note(check, "there is no file, so everything is as usual"),
    }
}

/// Which region, by whom, and whether anything is offered there.
pub(super) fn region(settings: &Settings) -> Finding {
    let check = "region";
    let region = settings.region.as_str();
    let named = match settings.region_from {
        Some(from) => Finding::ok(check, format!("`{region}`, by {from}")),
        None => Finding::warning(check, format!("nobody names one, so it is `{region}`"))
            .then("set `AWS_REGION`, or `region` under `[aws]` in the configuration"),
    };
    let catalogue = match settings.catalogue() {
        Ok(catalogue) => catalogue,
        Err(failure) => return Finding::of(check, failure),
    };
    let offers = catalogue.models().any(|model| {
        let here = |regions: &[&str]| regions.contains(&region);
        here(model.in_region_on_demand.as_deref().unwrap_or_default())
            || catalogue.profiles_of(model.id).iter().any(|route| here(&route.from))
    });
    if offers {
        return named;
    }
    let day = catalogue.retrieved_on();
    let unknown = format!("the catalogue of {day} knows no model that is offered there");
    named.and(
        Finding::warning(check, unknown).then("check how it is spelt, and that Bedrock is there"),
    )
}

/// Whether anybody answers, who it is, and how far the clocks differ.
pub(super) async fn examine(settings: &Settings, simulated: bool, clock: &Clock) -> Vec<Finding> {
    let connection = settings.connection();
    let Some(url) = connection.runtime_url().await else {
        let found = format!("the AWS SDK knows no endpoint for `{}`", settings.region);
        let finding = Finding::failure(CHECK, Situation::Configuration, found);
        return vec![finding.then("check how the region is spelt")];
    };
    let knock = match connection.knock(&url, clock).await {
        Ok(knock) => knock,
        Err(refused) => {
            let unmeasured =
                Finding::note(CLOCK, "not measured, since the endpoint does not answer");
            return vec![closed(settings, &url, &refused, clock), unmeasured];
        }
    };
    let door = if simulated {
        Finding::note(
            CHECK,
            format!("{url} is a simulator: no model runs, and nothing costs anything"),
        )
    } else if knock.is_aws {
        Finding::ok(CHECK, format!("{url} answers"))
    } else {
        let code = format!("Http{}", knock.status);
        let trouble = Trouble { status: Some(knock.status), ..trouble(settings, &code, "", clock) };
        let Advice { what, next, .. } = advise(&trouble, &settings.prices);
        Finding::warning(CHECK, format!("{url}: {what}, and without AWS's request id"))
            .then_all(next)
    };
    let trouble = trouble(settings, "", "", clock);
    let advice = advise_on(Cause::ClockSkew, &trouble, &settings.prices);
    vec![door, skew(knock.ahead_ms, advice.next)]
}

/// Nobody answers.
fn closed(settings: &Settings, url: &str, refused: &NoAnswer, clock: &Clock) -> Finding {
    let trouble = trouble(settings, &refused.code, &refused.message, clock);
    let failure = Failure::advised(Situation::Upstream, advise(&trouble, &settings.prices));
    let mut finding = Finding::of(CHECK, failure);
    finding.found = format!("{url}: {}", finding.found);
    match settings.proxy {
        Some(name) => finding.then(format!(
            "`{name}` is set, but calls go straight to AWS: they need a way without a proxy, such as \
             a VPC endpoint"
        )),
        None => finding,
    }
}

fn skew(ahead_ms: Option<i64>, remedy: Vec<String>) -> Finding {
    let Some(ahead_ms) = ahead_ms else {
        return Finding::note(CLOCK, "not measured, since the answer has no date");
    };
    if ahead_ms == 0 {
        return Finding::ok(CLOCK, "as the endpoint's, to the second");
    }
    let off = ahead_ms.unsigned_abs();
    let way = if ahead_ms > 0 { "ahead of" } else { "behind" };
    let found = format!("{} s {way} the endpoint's", off.div_ceil(1000));
    if off <= SKEW_MS_USUAL {
        return Finding::ok(CLOCK, found);
    }
    if off <= SKEW_MS_MAX {
        return Finding::warning(CLOCK, found).then_all(remedy);
    }
    let found = format!("{found}: AWS refuses what is signed by it");
    let wrong = Finding::failure(CLOCK, Situation::Unauthenticated, found);
    Finding { cause: Some(Cause::ClockSkew), ..wrong }.then_all(remedy)
}

fn trouble<'a>(
    settings: &'a Settings,
    code: &'a str,
    message: &'a str,
    clock: &Clock,
) -> Trouble<'a> {
    Trouble {
        code,
        status: None,
        message,
        operation: None,
        model: None,
        region: &settings.region,
        attempts: 1,
        body_bytes: 0,
        at: clock.now(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_clock_warns_after_a_minute_and_fails_after_five() {
        let at = |ahead_ms| skew(Some(ahead_ms), vec!["set the clock".to_owned()]);
        assert_eq!(at(0).level, Level::Ok);
        assert_eq!(at(60_000).level, Level::Ok);
        assert_eq!(at(-60_001).level, Level::Warning);
        assert_eq!(at(300_000).level, Level::Warning);
        let wrong = at(-300_001);
        assert_eq!(
            (wrong.level, wrong.situation),
            (Level::Failure, Some(Situation::Unauthenticated))
        );
        assert!(wrong.found.starts_with("301 s behind"), "{}", wrong.found);
        assert_eq!(wrong.remedy, ["set the clock"]);
        assert_eq!(skew(None, Vec::new()).level, Level::Note);
    }
}
