//! `bursar simulate`: a local Bedrock, until Ctrl-C.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::model::RefKind;
use bursar_domain::money::parse_decimal;
use bursar_domain::time::Clock;
use bursar_simulator::{Credentials, Scenario, Settings, Simulator};
use tokio::net::TcpListener;

use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::stop;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar simulate --listen 127.0.0.1:4566 --throttle-rate 0.05
  bursar simulate --listen 127.0.0.1:0 --scenario faults.toml
  bursar simulate --requests-per-minute 60 --tokens-per-minute 200000

The first line on stdout is `listening on http://ADDRESS:PORT`; with --tls it is https. One call is
steered by Bedrock's own request metadata, key `bursar-sim`, with words such as
`input=374 output=44 fault=throttle`. GET /_simulator/calls tells what was served.
docs/simulator.md has all of it.")]
pub(crate) struct Simulate {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566")]
    listen: SocketAddr,
    /// What texts and chances follow from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The share of calls that are throttled, 0 to 1
    #[arg(long, value_name = "RATE", default_value = "0", value_parser = parts_per_million)]
    throttle_rate: u32,
    /// Requests a minute that each model and each profile takes; more are throttled
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    requests_per_minute: Option<u64>,
    /// Tokens a minute, counted as Bedrock's throttler counts them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    tokens_per_minute: Option<u64>,
    /// Milliseconds before an answer begins
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay_ms: u64,
    /// Milliseconds between two frames of a stream
    #[arg(long, value_name = "MS", default_value_t = 0)]
    gap_ms: u64,
    /// A file of rules that steer many calls
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// What an ARN stands for, such as an application inference profile's; may be repeated
    #[arg(long, value_name = "ARN=MODEL", value_parser = base_model)]
    base_model: Vec<(String, String)>,
    /// A prompt router's ARN and the models it chooses among, its fallback last; may be repeated
    #[arg(long, value_name = "ARN=MODEL,MODEL", value_parser = prompt_router)]
    prompt_router: Vec<(String, Vec<String>)>,
    /// A model that the account has no access to, by its base id; may be repeated
    #[arg(long, value_name = "MODEL", value_parser = known_model)]
    no_access: Vec<String>,
    /// The region it claims to be
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Check signatures against this key
    #[arg(long, value_name = "ID", requires = "secret_access_key")]
    access_key_id: Option<String>,
    /// The key's secret; a simulator's, never a real one
    #[arg(
        long,
        value_name = "SECRET",
        env = "BURSAR_SIMULATOR_SECRET",
        hide_env_values = true,
        requires = "access_key_id"
    )]
    secret_access_key: Option<String>,
    /// Speak TLS, with a certificate that is made at the start
    #[arg(long)]
    tls: bool,
    /// Where to write that certificate as PEM, for clients to trust (such as by `AWS_CA_BUNDLE`)
    #[arg(long, value_name = "FILE", requires = "tls")]
    certificate: Option<PathBuf>,
    /// Listen on an address that other machines reach
    #[arg(long)]
    allow_remote: bool,
}

impl Simulate {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let address = self.listen;
        let cannot = |error: std::io::Error| {
            Failure::new(Situation::Failed, format!("cannot listen on `{address}`: {error}"))
                .hint("another program may have the port; port 0 takes a free one")
        };
        let certificate = self.certificate.clone();
        let settings = self.settings()?;
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let simulator = Simulator::start(listener, settings, Clock::system()).map_err(cannot)?;
        if let Some((path, pem)) = certificate.zip(simulator.certificate()) {
            write_certificate(&path, pem)?;
        }
        let told = stop::told();
        Output::line(format!("listening on {}", simulator.url()))?;
        output.note(format!(
            "point any AWS SDK at it:\n  export AWS_ENDPOINT_URL_BEDROCK_RUNTIME={url}\n  \
             export AWS_ENDPOINT_URL_BEDROCK={url}\n  \
             export AWS_ACCESS_KEY_ID=simulator AWS_SECRET_ACCESS_KEY=simulator AWS_REGION=us-east-1",
            url = simulator.url()
        ));
        told.await;
        simulator.stop().await;
        Ok(())
    }

    fn settings(self) -> Result<Settings, Failure> {
        let credentials = self.access_key_id.zip(self.secret_access_key);
        Ok(Settings {
            seed: self.seed,
            throttle_ppm: self.throttle_rate,
            requests_per_minute: self.requests_per_minute,
            tokens_per_minute: self.tokens_per_minute,
            names: Names { base_models: self.base_model.into_iter().collect(), ..Names::default() },
            routers: self.prompt_router.into_iter().collect(),
            no_access: self.no_access.into_iter().collect(),
            region: self.region,
            credentials: credentials.map(|(access_key_id, secret_access_key)| Credentials {
                access_key_id,
                secret_access_key,
            }),
            scenario: self.scenario.as_deref().map(read_scenario).transpose()?.unwrap_or_default(),
            delay_ms: self.delay_ms,
            gap_ms: self.gap_ms,
            tls: self.tls,
            allow_remote: self.allow_remote,
            ..Settings::default()
        })
    }
}

pub(crate) fn write_certificate(path: &Path, pem: &str) -> Result<(), Failure> {
    std::fs::write(path, pem).map_err(|error| {
        Failure::new(Situation::Failed, format!("cannot write `{}`: {error}", path.display()))
    })
}

fn read_scenario(path: &Path) -> Result<Scenario, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Situation::NoFile, format!("cannot read `{name}`: {error}"))
    })?;
    Scenario::parse(&text)
        .map_err(|error| Failure::new(Situation::BadData, format!("{name}: {error}")))
}

/// A share from 0 to 1 as parts per million: no floating point decides who is throttled.
fn parts_per_million(text: &str) -> Result<u32, String> {
    let ppm = parse_decimal(text, 6).ok().and_then(|ppm| u32::try_from(ppm).ok());
    ppm.filter(|&ppm| ppm <= 1_000_000).ok_or_else(|| "it is a decimal from 0 to 1".to_owned())
}

/// `ARN=MODEL`, where the model is one that the catalogue knows: a wrong one would be refused on
/// the wire as if the caller had mistyped it.
fn base_model(text: &str) -> Result<(String, String), String> {
    let (arn, model) = text.split_once('=').ok_or("it is an ARN, `=` and a model")?;
    let names =
        Names { base_models: [(arn.to_owned(), model.to_owned())].into(), ..Names::default() };
    let found = Catalogue::embedded().resolve(arn, &names).map_err(|error| error.to_string())?;
    let is_known = arn.starts_with("arn:") && found.base.is_some();
    is_known.then(|| (arn.to_owned(), model.to_owned())).ok_or_else(|| "it is no ARN".to_owned())
}

/// `ARN=MODEL,MODEL`: of one model there is nothing to choose, and Bedrock takes two.
fn prompt_router(text: &str) -> Result<(String, Vec<String>), String> {
    let (arn, models) = text.split_once('=').ok_or("it is an ARN, `=` and models")?;
    let catalogue = Catalogue::embedded();
    let resolve =
        |text: &str| catalogue.resolve(text, &Names::default()).map_err(|error| error.to_string());
    if resolve(arn)?.kind != RefKind::PromptRouterArn {
        return Err("its ARN is no prompt router's".to_owned());
    }
    let known = |model: &str| resolve(model).map(|_| model.to_owned());
    let models = models.split(',').map(known).collect::<Result<Vec<String>, String>>()?;
    match models.len() {
        2.. => Ok((arn.to_owned(), models)),
        _ => Err("it chooses among two models or more".to_owned()),
    }
}

fn known_model(text: &str) -> Result<String, String> {
    let is_known = Catalogue::embedded().model(text).is_some();
    is_known.then(|| text.to_owned()).ok_or_else(|| "it is no base id of a model".to_owned())
}
