//! `bursar doctor`: what stands in the way of a call, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use bursar_domain::money::Cost;
use bursar_domain::time::Clock;
use serde_json::{Value, json};

use crate::doctor::live::{self, Live};
use crate::doctor::{Examination, Examined, Finding, show, verdict, worst};
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::terminal::Terminal;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar doctor
  bursar doctor -m amazon.nova-lite-v1:0 --json
  bursar doctor --live --max-cost 0.05usd

Configuration, region, endpoint, clock, credentials, models, ledger, prices: what each check found,
and what to do about it. It asks only what is free, and records nothing.

--live makes real calls, through every API, on the cheapest model that the account has access to.
The most that they can cost is refused over --max-cost, before the first is sent. They stand in the
ledger, and a report without secrets or account ids is written, to be sent in. What a prompt of your
own would cost: `bursar estimate`.

It exits 0 when nothing failed, else as the first check that failed: 78 configuration, 8 endpoint,
4 clock or credentials, 3 model, 10 ledger, 66 no such folder; with --live also as a call would.")]
pub(crate) struct Doctor {
    /// A model to ask about; without, those of `[models.aliases]`; may be given again
    #[arg(short, long = "model", value_name = "MODEL")]
    models: Vec<String>,
    /// How long one check may take, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    limit_ms: u64,
    /// Make real calls, which cost money
    #[arg(long, requires = "max_cost")]
    live: bool,
    /// The most that these calls may cost, such as 0.05usd
    #[arg(long, value_name = "AMOUNT", requires = "live", value_parser = amount)]
    max_cost: Option<Cost>,
    /// Where the report of these calls goes [default: live-report.json]
    #[arg(long, value_name = "FILE", requires = "live")]
    report: Option<PathBuf>,
}

impl Doctor {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        settings.at_ledger()?;
        let examination = Examination {
            settings,
            models: self.models.clone(),
            limit: Duration::from_millis(self.limit_ms),
            clock: Clock::system(),
        };
        let Examined { mut findings, simulated } = Box::pin(examination.run(output)).await;
        // Money is spent only where nothing failed that is free to ask.
        let max_cost = self.max_cost.filter(|_| verdict(&findings).is_ok());
        if self.live && max_cost.is_none() {
            findings.push(Finding::note("live", "no call was made, since a check failed"));
        }
        if !output.json {
            print(&findings)?;
        }
        let mut report = None;
        if let Some(max_cost) = max_cost {
            let path = self.report.unwrap_or_else(live::usual_report);
            let (models, clock) = (&self.models, Clock::system());
            let live = Live { settings, models, max_cost, report: &path, clock };
            let (made, told) = Box::pin(live.run(simulated, output)).await.map_err(|failure| {
                let object = Some(as_json(&findings, None));
                Failure { object, ..failure }
            })?;
            if !output.json {
                print(&made)?;
            }
            output.note(format!("`{}` is written: read it, and send it in", path.display()));
            findings.extend(made);
            report = Some(told);
        }
        let object = as_json(&findings, report);
        match verdict(&findings) {
            Err(failure) => Err(Failure { object: Some(object), ..failure }),
            Ok(()) if output.json => Ok(Output::object(&object)?),
            Ok(()) => Ok(()),
        }
    }
}

fn print(findings: &[Finding]) -> std::io::Result<()> {
    let columns = Terminal::of_stdout().map(|terminal| terminal.columns);
    Output::line(show(findings, columns))
}

fn as_json(findings: &[Finding], report: Option<Value>) -> Value {
    let rows: Vec<Value> = findings.iter().map(Finding::as_json).collect();
    let mut object = json!({"findings": rows, "worst": worst(findings).as_str()});
    if let Some(report) = report {
        object["live"] = report;
    }
    object
}

fn amount(text: &str) -> Result<Cost, String> {
    Cost::parse_usd(text).map_err(|error| error.to_string())
}
