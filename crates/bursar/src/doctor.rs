//! What stands between this machine and an answer, check by check. Asking costs nothing, writes to
//! no ledger, and each check has its time; only the live calls, in `live.rs`, cost money.

mod books;
mod finding;
mod list;
pub(crate) mod live;
mod models;
mod place;
mod plan;
mod report;
mod tried;
mod who;

use std::time::Duration;

use bursar_domain::time::Clock;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) use finding::{Finding, Level, verdict, worst};
pub(crate) use list::show;

use crate::failure::Situation;
use crate::output::Output;
use crate::settings::Settings;
use crate::wiring;

/// Models that are asked about at a time: a patient must not be throttled by the doctor.
const ASKED_AT_ONCE: usize = 8;
/// Checks beside those of models: endpoint, credentials, ledger.
const CHECKS: u64 = 3;

/// What is to be examined, and how long each check may take.
pub(crate) struct Examination<'a> {
    pub(crate) settings: &'a Settings,
    /// Model names; those of the configuration where there are none.
    pub(crate) models: Vec<String>,
    pub(crate) limit: Duration,
    pub(crate) clock: Clock,
}

/// What was found, in the order in which one thing depends on another.
pub(crate) struct Examined {
    pub(crate) findings: Vec<Finding>,
    /// Whether calls would go to a simulator.
    pub(crate) simulated: bool,
}

impl Examination<'_> {
    /// Runs every check: first what each call needs, all at a time; then the models.
    pub(crate) async fn run(&self, output: Output) -> Examined {
        let (settings, clock) = (self.settings, &self.clock);
        let names = self.names();
        let bar = progress_bar(CHECKS + names.len() as u64, "checks", output);
        let asking = tokio::time::timeout(self.limit, wiring::is_simulated(settings));
        let simulated = asking.await.unwrap_or(false);
        let (place, who, books) = tokio::join!(
            self.within(place::CHECK, &bar, place::examine(settings, simulated, clock)),
            self.within(who::CHECK, &bar, who::examine(settings, simulated, clock.now())),
            self.within(books::CHECK, &bar, books::examine(settings, clock.now())),
        );
        let mut findings = vec![place::configuration(settings), place::region(settings)];
        findings.extend(place);
        findings.extend(who);
        if findings.iter().any(|finding| finding.level == Level::Failure) {
            findings.push(Finding::note(models::CHECK, "not asked, since what is above failed"));
        } else {
            findings.extend(self.ask_models(names, &bar).await);
        }
        findings.extend(books);
        findings.push(books::catalogue(clock.now()));
        bar.finish_and_clear();
        Examined { findings, simulated }
    }

    fn names(&self) -> Vec<String> {
        let known = &self.settings.names;
        let own = || known.all().map(str::to_owned).collect();
        let names: Vec<String> = if self.models.is_empty() { own() } else { self.models.clone() };
        names.iter().flat_map(|name| known.meanings(name)).map(str::to_owned).collect()
    }

    async fn ask_models(&self, names: Vec<String>, bar: &ProgressBar) -> Vec<Finding> {
        let ward = models::Ward::open(self.settings, self.limit, self.clock.now());
        let ward = match tokio::time::timeout(self.limit, Box::pin(ward)).await {
            Ok(Ok(ward)) => ward,
            Ok(Err(failure)) => return vec![Finding::of(models::CHECK, failure)],
            Err(_) => return vec![self.too_slow(models::CHECK)],
        };
        if names.is_empty() {
            return self.within(models::CHECK, bar, ward.offer()).await;
        }
        let asked = names.iter().map(|name| {
            let check = format!("model {name}");
            let ward = &ward;
            async move { self.within(&check, bar, Box::pin(ward.ask(&check, name))).await }
        });
        let asked: Vec<Vec<Finding>> =
            futures_util::stream::iter(asked).buffered(ASKED_AT_ONCE).collect().await;
        asked.into_iter().flatten().chain([models::quotas()]).collect()
    }

    async fn within(
        &self,
        check: &str,
        bar: &ProgressBar,
        work: impl Future<Output = Vec<Finding>>,
    ) -> Vec<Finding> {
        let found = tokio::time::timeout(self.limit, work).await;
        bar.inc(1);
        found.unwrap_or_else(|_| vec![self.too_slow(check)])
    }

    fn too_slow(&self, check: &str) -> Finding {
        let (situation, who) = match check {
            books::CHECK => (Situation::Ledger, "another process may hold the ledger: end it"),
            _ => (
                Situation::Upstream,
                "something on the way may swallow what is sent: a firewall, a proxy, a VPN",
            ),
        };
        let waited = self.limit.as_millis();
        Finding::failure(check, situation, format!("nothing came within {waited} ms"))
            .then(who)
            .then("give it longer with --limit-ms")
    }
}

/// So many of them, on a terminal.
fn progress_bar(count: u64, of: &str, output: Output) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count);
    if let Ok(style) = ProgressStyle::with_template(&format!("{{pos}}/{{len}} {of}")) {
        bar.set_style(style);
    }
    bar.tick();
    bar
}
