//! What was said in flags, environment and file, turned into what is meant.
//!
//! The only reader of the configuration file and of the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use bursar_admin::MasterKeySource;
use bursar_core::{Connection, Credentials, Fallbacks, Hook, Limits};
use bursar_domain::catalogue::{Catalogue, Names, Reason};
use bursar_domain::model::ModelRef;
use bursar_domain::money::Cost;
use bursar_domain::price_book::PriceBook;
use bursar_domain::quota::Quota;
use bursar_ledger::{DatabaseUrl, Secret, SpoolOptions};
use tracing_subscriber::filter::LevelFilter;

use crate::failure::{Failure, Situation};

mod aws;
mod catalogue;
mod endpoints;
mod file;
mod models;
mod oidc;
mod prices;
mod quotas;
mod reload;
mod server;
mod telemetry;
mod upstreams;

pub(crate) use aws::is_region;
pub(crate) use endpoints::endpoint_names;
pub(crate) use file::EXAMPLE;
use models::Source;
pub(crate) use server::Server;
pub(crate) use upstreams::UpstreamSettings;

/// What other programs take a proxy's address from.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// What is meant.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The configuration file that was read, if one was.
    pub(crate) file: Option<PathBuf>,
    said: file::Said,
    pub(crate) ledger_url: String,
    /// Where the key that signs heads is, where a file is named.
    signing_key_named: Option<PathBuf>,
    /// The file that heads are added to, if one is named.
    pub(crate) heads_file: Option<PathBuf>,
    /// Where heads are posted to, if a URL is named.
    pub(crate) heads_hook: Option<Hook>,
    /// Whether nobody named a ledger.
    pub(crate) ledger_is_usual: bool,
    /// Where the program keeps its own files; it may not exist yet.
    pub(crate) data_folder: Option<PathBuf>,
    pub(crate) region: String,
    /// Who said the region; `None` when nobody did.
    pub(crate) region_from: Option<&'static str>,
    pub(crate) endpoint: Option<String>,
    /// The control plane's, where one is named.
    pub(crate) control_endpoint: Option<String>,
    /// STS's, where one is named.
    pub(crate) sts_endpoint: Option<String>,
    pub(crate) allow_unpriced: bool,
    pub(crate) names: Names,
    /// What is called instead of a model that cannot answer.
    pub(crate) fallbacks: Fallbacks,
    /// What an account may take in a minute, by the models' canonical ids, where that was told.
    pub(crate) quotas: BTreeMap<String, Quota>,
    /// The ways to Bedrock, where the file names any.
    pub(crate) upstreams: Vec<UpstreamSettings>,
    /// Where `models refresh` keeps what it read, if a file is named.
    catalogue_named: Option<PathBuf>,
    /// The catalogue, once somebody has asked for it.
    catalogue: OnceLock<Catalogue>,
    pub(crate) prices: PriceBook,
    pub(crate) report_tags: Vec<String>,
    pub(crate) limits: Limits,
    /// The most tokens of an answer whose request does not say; `None` for as many as can be.
    pub(crate) max_tokens_default: Option<u64>,
    /// How long a call waits for room that others hold.
    pub(crate) admission_wait: Duration,
    /// Where calls are recorded while the ledger is away, if anywhere.
    pub(crate) spool: Option<SpoolOptions>,
    pub(crate) connect_timeout: Duration,
    pub(crate) credentials: Credentials,
    /// Who changes things, as the audit log names them: `cli:` and the name at this machine, where
    /// there is one.
    pub(crate) actor: String,
    /// What virtual keys hang on, where somebody said it.
    pub(crate) master_key: Option<MasterKeySource>,
    /// `AWS_PROFILE`.
    pub(crate) profile: Option<String>,
    /// The server to ask in place of a ledger, if one is named.
    pub(crate) server: Option<Server>,
    /// How much `serve` logs, where the file says it.
    pub(crate) log_level: Option<LevelFilter>,
    /// The variable that asks for a proxy, if one does. Its value may hold a password.
    pub(crate) proxy: Option<&'static str>,
}

impl Settings {
    /// Reads file and environment; `config` and `ledger` are the flags.
    pub(crate) fn load(config: Option<&Path>, ledger: Option<&str>) -> Result<Self, Failure> {
        let file = Self::file_path(config)?;
        let text = file.as_deref().map_or(Ok(String::new()), file::text)?;
        let said: file::Said = match &file {
            Some(path) => file::parse(path, &text)?,
            None => file::Said::default(),
        };
        let prices = match said.prices.file.as_str() {
            "" => PriceBook::embedded_only(),
            relative => prices::read(&beside(file.as_deref(), relative))?,
        };
        let limits = Limits {
            attempts_max: said.limits.attempts_max,
            backoff_base: Duration::from_millis(said.limits.backoff_ms),
            first_byte: Duration::from_millis(said.limits.first_byte_ms),
            idle: Duration::from_millis(said.limits.idle_ms),
            total: Duration::from_millis(said.limits.total_ms),
            streams: said.streams.limits()?,
            drain: Duration::from_millis(said.streams.drain_ms),
            ..Limits::default()
        };
        let (region, region_from) = aws::region(&said.aws.region)?;
        let named = ledger.or(filled(&said.ledger.url)).map(str::to_owned);
        Self {
            said: said.clone(),
            signing_key_named: filled(&said.ledger.signing_key_file)
                .map(|path| beside(file.as_deref(), path)),
            heads_file: filled(&said.ledger.heads_file).map(|path| beside(file.as_deref(), path)),
            heads_hook: filled(&said.ledger.heads_url).map(hook).transpose()?,
            ledger_is_usual: named.is_none(),
            ledger_url: match named {
                Some(url) => url,
                None => format!("sqlite:{}", data_folder()?.join("ledger.db").display()),
            },
            data_folder: data_path(),
            region,
            region_from,
            endpoint: filled(&said.aws.endpoint)
                .map(str::to_owned)
                .or_else(|| aws::endpoint_of_environment("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")),
            control_endpoint: aws::endpoint_of_environment("AWS_ENDPOINT_URL_BEDROCK"),
            sts_endpoint: aws::endpoint_of_environment("AWS_ENDPOINT_URL_STS"),
            allow_unpriced: said.models.allow_unpriced,
            catalogue_named: filled(&said.models.catalogue)
                .map(|path| beside(file.as_deref(), path)),
            catalogue: OnceLock::new(),
            names: said.models.names(),
            fallbacks: Fallbacks::default(),
            quotas: BTreeMap::new(),
            upstreams: Vec::new(),
            prices,
            report_tags: said.tags.report,
            limits,
            admission_wait: Duration::from_millis(said.limits.admission_wait_ms),
            max_tokens_default: Some(said.limits.max_tokens_default).filter(|most| *most > 0),
            spool: spool(&said.spool, file.as_deref())?,
            connect_timeout: Duration::from_millis(said.limits.connect_ms),
            credentials: aws::credentials(),
            actor: variable("USER")
                .or_else(|| variable("LOGNAME"))
                .map_or_else(|| "cli".to_owned(), |name| format!("cli:{name}")),
            master_key: master_key(),
            profile: variable("AWS_PROFILE"),
            server: None,
            log_level: said.log.level()?,
            proxy: PROXIES.into_iter().find(|name| variable(name).is_some()),
            file,
        }
        .read(&text)
    }

    /// The same, with what is read once the rest is known.
    fn read(mut self, text: &str) -> Result<Self, Failure> {
        if let Some(path) = self.file.clone() {
            let source = Source { path: &path, text };
            self.read_models(&source)?;
            self.read_quotas(&source)?;
            self.read_upstreams(&source)?;
        }
        Ok(self)
    }

    /// The same, asking a server where one is named: no ledger is opened then.
    pub(crate) fn at_server(mut self, url: Option<&str>) -> Result<Self, Failure> {
        if let Some(url) = url.and_then(filled) {
            self.server = Some(Server { url: url.to_owned(), key: server::key()? });
        }
        Ok(self)
    }

    /// That the ledger itself may be opened, for what no server does.
    pub(crate) fn at_ledger(&self) -> Result<(), Failure> {
        let Some(server) = &self.server else { return Ok(()) };
        let message = format!("this needs the ledger itself, and `{}` was to be asked", server.url);
        Err(Failure::new(Situation::Usage, message)
            .hint("run it where the ledger is, without `--server` and BURSAR_SERVER"))
    }

    /// The file that is read: the flag's, which must exist, or the usual one, which may.
    pub(crate) fn file_path(config: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
        if let Some(path) = config {
            return if path.is_file() {
                Ok(Some(path.to_owned()))
            } else {
                let message = format!("there is no configuration file `{}`", path.display());
                Err(Failure::new(Situation::Configuration, message)
                    .hint("`bursar config > FILE` writes one with every default"))
            };
        }
        Ok(Self::usual_file().filter(|path| path.is_file()))
    }

    /// Where the configuration is looked for when nobody says.
    pub(crate) fn usual_file() -> Option<PathBuf> {
        let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from);
        let folder = folder.or_else(|| Some(home()?.join(".config")));
        folder.map(|folder| folder.join("bursar/config.toml"))
    }

    /// The ledger's address, read once.
    pub(crate) fn database(&self) -> Result<DatabaseUrl, Failure> {
        Ok(DatabaseUrl::parse(&self.ledger_url)?)
    }

    /// Where the master key comes from: as said, or a file beside a ledger that is a file.
    pub(crate) fn master_key_source(&self) -> Result<MasterKeySource, Failure> {
        if let Some(said) = &self.master_key {
            return Ok(said.clone());
        }
        Ok(self.database()?.file().map_or(MasterKeySource::Nowhere, |ledger| {
            let mut name = ledger.as_os_str().to_owned();
            name.push(".key");
            MasterKeySource::Beside(name.into())
        }))
    }

    /// Where the key that signs heads is to be: as named, or beside a SQLite ledger. It may not
    /// exist.
    pub(crate) fn signing_key_file(&self) -> Result<Option<PathBuf>, Failure> {
        if let Some(named) = &self.signing_key_named {
            return Ok(Some(named.clone()));
        }
        let database = self.database()?;
        let beside = database.file().map(|ledger| {
            let mut path = ledger.as_os_str().to_owned();
            path.push("-signing-key");
            PathBuf::from(path)
        });
        Ok(beside)
    }

    /// Whether a file of the signing key is named: then it must be there.
    pub(crate) fn signing_key_is_named(&self) -> bool {
        self.signing_key_named.is_some()
    }

    /// Whether there is a ledger already: what only looks does not make one.
    pub(crate) fn ledger_exists(&self) -> Result<bool, Failure> {
        Ok(self.database()?.file().is_none_or(std::path::Path::exists))
    }

    /// What a model name stands for.
    pub(crate) fn resolve(&self, text: &str) -> Result<ModelRef, Failure> {
        let unknown = match self.prices.resolve(text, &self.names) {
            Ok(found) => return Ok(found),
            Err(unknown) => unknown,
        };
        // Only a name that is not embedded is worth reading the kept list for.
        self.catalogue()?.resolve(text, &self.names).map_err(|_| {
            let failure = Failure::new(Situation::UnknownModel, unknown.to_string());
            let failure = failure.hint(unknown.hint());
            match unknown.reason {
                Reason::NotListed => {
                    failure.hint("if it is new, `bursar models refresh` asks Bedrock for its list")
                }
                _ => failure,
            }
        })
    }

    /// What models there are, with what Bedrock listed when it was last asked. Read when it is first
    /// needed.
    pub(crate) fn catalogue(&self) -> Result<Catalogue, Failure> {
        if let Some(known) = self.catalogue.get() {
            return Ok(*known);
        }
        let catalogue = match self.catalogue_file() {
            Some(file) => catalogue::read(&file)?,
            None => Catalogue::embedded(),
        };
        Ok(*self.catalogue.get_or_init(|| catalogue))
    }

    /// Where `models refresh` keeps what a region offers.
    pub(crate) fn catalogue_file(&self) -> Option<PathBuf> {
        let usual = || Some(self.data_folder.as_ref()?.join(format!("models-{}.tsv", self.region)));
        self.catalogue_named.clone().or_else(usual)
    }

    /// How Bedrock is reached.
    pub(crate) fn connection(&self) -> Connection {
        Connection {
            region: Some(self.region.clone()),
            endpoint: self.endpoint.clone(),
            credentials: self.credentials,
            connect_timeout: self.connect_timeout,
        }
    }
}

fn data_path() -> Option<PathBuf> {
    let folder = variable("XDG_DATA_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(home()?.join(".local/share")))?;
    Some(folder.join("bursar"))
}

/// Where Bursar keeps its data when nobody says: made when missing.
pub(crate) fn data_folder() -> Result<PathBuf, Failure> {
    let folder = data_path().ok_or_else(|| {
        Failure::new(Situation::Configuration, "neither XDG_DATA_HOME nor HOME is set")
            .hint("name a ledger with --ledger sqlite:PATH")
    })?;
    std::fs::create_dir_all(&folder).map_err(|error| {
        let message = format!("cannot make the folder `{}`: {error}", folder.display());
        Failure::new(Situation::Configuration, message).hint("name a ledger with --ledger")
    })?;
    Ok(folder)
}

/// The master key, or its file, as the environment says.
fn master_key() -> Option<MasterKeySource> {
    let said = variable("BURSAR_MASTER_KEY").map(Secret::new).map(MasterKeySource::Said);
    said.or_else(|| Some(MasterKeySource::File(variable("BURSAR_MASTER_KEY_FILE")?.into())))
}

fn beside(file: Option<&Path>, relative: &str) -> PathBuf {
    match file.and_then(Path::parent) {
        Some(folder) => folder.join(relative),
        None => PathBuf::from(relative),
    }
}

fn spool(said: &file::Spool, file: Option<&Path>) -> Result<Option<SpoolOptions>, Failure> {
    let Some(folder) = filled(&said.folder) else { return Ok(None) };
    let wrong = |key: &str, problem: String| {
        Failure::new(Situation::Configuration, format!("`[spool] {key}` {problem}"))
            .hint("`bursar config` shows every setting, its form and its default")
    };
    if said.bytes_max < SpoolOptions::BYTES_MIN {
        let problem = format!("is {}, less than {}", said.bytes_max, SpoolOptions::BYTES_MIN);
        return Err(wrong("bytes_max", problem));
    }
    let usd_max = Cost::parse_usd(&said.usd_max)
        .map_err(|error| wrong("usd_max", format!("is `{}`: {error}", said.usd_max)))?;
    Ok(Some(SpoolOptions {
        folder: beside(file, folder),
        bytes_max: said.bytes_max,
        usd_max: usd_max.micros_up(),
        break_glass: filled(&said.break_glass).map(|path| beside(file, path)),
    }))
}

/// What signed heads are posted to. The URL may hold a secret, and is not repeated.
fn hook(url: &str) -> Result<Hook, Failure> {
    Hook::new(url).map_err(|problem| {
        let message = format!("`[ledger] heads_url`: {problem}");
        Failure::new(Situation::Configuration, message)
            .hint("write `https://HOST/PATH`, or `http://127.0.0.1:PORT/PATH`")
    })
}

fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn home() -> Option<PathBuf> {
    variable("HOME").map(PathBuf::from)
}

/// A variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
