//! `bursar run`: a private gateway for one command, and a cap on what it spends.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use bursar_core::{Bursar, Connection, Credentials};
use bursar_domain::identity::Attribution;
use bursar_gateway::{Door, Gateway, Private};
use tokio::net::TcpListener;

use crate::attribution::CallerArgs;
use crate::child::{self, Signals};
use crate::errand::{self, Errand};
use crate::failure::{Failure, Situation};
use crate::output::{DIM, Output};
use crate::settings::Settings;
use crate::wiring;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar run --cap 2usd -- python agent.py
  bursar run --cap 0.50usd --team research --tag experiment=7 -- claude -p 'Fix the tests'
  bursar run --cap 1usd -- sh -c 'python one.py && node two.js'

The command finds a gateway of its own in its environment, which serves nobody else: AWS's SDKs and
CLI for Bedrock Runtime, OpenAI's and Anthropic's clients call there. What they call is metered, and
what could pass the cap is not sent. Its own AWS credentials stay as they are for everything else. What
is told its address in another way is not capped. At the end one line on stderr says what it cost (with
--json an object); `bursar estimate` says beforehand what a prompt would cost.

Exit codes: the command's own; 5 when the cap refused a call, whatever the command made of that; 127
when there is no such command, and 126 when it cannot be run.")]
pub(crate) struct Run {
    /// The most that all calls of the command may cost: `2usd`
    #[arg(long, value_name = "AMOUNT")]
    cap: String,
    #[command(flatten)]
    caller: CallerArgs,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Run {
    pub(crate) async fn run(
        self,
        settings: &Settings,
        output: Output,
    ) -> Result<ExitCode, Failure> {
        errand::check_cap(&self.cap)?;
        let tags = self.caller.tags()?;
        let mut signals = Signals::listen().map_err(|error| {
            Failure::new(Situation::Failed, format!("cannot listen for signals: {error}"))
        })?;
        let mut bursar = Box::pin(wiring::open(settings)).await?;
        bursar.labels = true;
        // Every client tries again by itself; together they would multiply.
        bursar.limits.attempts_max = 1;
        let admin = wiring::admin_of(&bursar.ledger, settings);
        let who = self.caller.attribution(&admin.ledger, settings, tags).await?;
        let (errand, who) = Errand::begin(&admin, &self.cap, who).await?;
        let ended = self.serve(settings, (bursar, who), &mut signals).await;
        let sums = errand.end(&admin).await?;
        admin.ledger.close().await?;
        let code = ended?;
        if output.json {
            Output::note_object(&sums.as_json(code));
        } else {
            output.note(format!("{DIM}{}{DIM:#}", sums.line()));
        }
        let refused = Situation::OverBudget.exit_code();
        Ok(ExitCode::from(if sums.refused > 0 { refused } else { code }))
    }

    /// Runs the command before a gateway of its own; its exit code, once every call is settled.
    async fn serve(
        &self,
        settings: &Settings,
        (bursar, who): (Bursar, Attribution),
        signals: &mut Signals,
    ) -> Result<u8, Failure> {
        let cannot =
            |error| Failure::new(Situation::Failed, format!("cannot serve the command: {error}"));
        let private = Private::new(&bursar.entropy, who);
        let path = private.path();
        let doors = bursar_gateway::Settings {
            names: settings.names.clone(),
            private: Some(private),
            ..bursar_gateway::Settings::default()
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let running = bursar.running.clone();
        let address = listener.local_addr().map_err(cannot)?;
        // Any number of these may use one SQLite ledger: what one person runs is not much.
        let gateway = Gateway::start(vec![Door { listener, tls: None }], bursar, doors);
        let gateway = gateway.map_err(cannot)?;
        let has_credentials = has_credentials(settings).await;
        let started =
            child::start(&self.command, &format!("http://{address}{path}"), has_credentials);
        let ended = match started {
            Ok(child) => child::wait(child, signals).await.map_err(|error| {
                Failure::new(Situation::Failed, format!("cannot wait for the command: {error}"))
            }),
            Err(failure) => Err(failure),
        };
        let mut stopping = std::pin::pin!(gateway.stop());
        loop {
            tokio::select! {
                () = stopping.as_mut() => break,
                _ = signals.next() => running.cut_all("the run was interrupted", true),
            }
        }
        ended.map(child::exit_code)
    }
}

/// Whether the command finds credentials to sign with. By an API key alone Bursar can call, and a
/// client that speaks plain HTTP cannot.
async fn has_credentials(settings: &Settings) -> bool {
    if settings.credentials != Credentials::BearerToken {
        return true;
    }
    let chain = Connection { credentials: Credentials::Chain, ..settings.connection() };
    chain.credentials_in_use().await.is_ok()
}
