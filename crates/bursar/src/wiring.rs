//! Builds the parts from the settings.

use std::sync::Arc;
use std::time::Duration;

use bursar_admin::{Admin, Desk};
use bursar_core::{
    Bedrock, Bursar, Connection, ControlPlane, Credentials, Health, Hook, Pricing, Running,
    Upstreams, Witness, is_simulator,
};
use bursar_domain::catalogue::Catalogue;
use bursar_domain::entropy::Entropy;
use bursar_domain::time::Clock;
use bursar_ledger::{Ledger, OpenOptions, Sealing, Signer, SigningKey, Webhook};

use crate::failure::Failure;
use crate::settings::Settings;
use crate::ways;

/// How often what was written is sealed, by a process that lives as long.
const SEALING: Duration = Duration::from_secs(1);
/// The first pause after a head was not taken.
const WEBHOOK_PAUSE: Duration = Duration::from_secs(1);

/// Opens the ledger, and makes it when it is missing.
pub(crate) async fn open_ledger(settings: &Settings) -> Result<Ledger, Failure> {
    settings.at_ledger()?;
    let mut options = OpenOptions::new(Clock::system());
    options.report_tags.clone_from(&settings.report_tags);
    options.readers = 1;
    options.sealing = Some(Sealing { every: SEALING, signer: signer(settings)? });
    options.admission_wait = settings.admission_wait;
    options.spool.clone_from(&settings.spool);
    // On the heap: what opens a ledger is large, and stands in every command.
    Ok(Box::pin(Ledger::open(&settings.database()?, options)).await?)
}

/// Who signs the heads of the ledger's blocks, if there is a key.
pub(crate) fn signer(settings: &Settings) -> Result<Option<Signer>, Failure> {
    let path = settings.signing_key_file()?;
    match path.filter(|path| settings.signing_key_is_named() || path.exists()) {
        Some(path) => {
            let signer = Signer::new(SigningKey::read(&path)?, settings.heads_file.clone());
            Ok(Some(signer.with_webhook(settings.heads_hook.clone().map(webhook))))
        }
        None => Ok(None),
    }
}

/// Heads are offered by one post each.
fn webhook(hook: Hook) -> Webhook {
    let hook = Arc::new(hook);
    Webhook::new(WEBHOOK_PAUSE, move |head| {
        let hook = Arc::clone(&hook);
        Box::pin(async move { hook.post(head).await })
    })
}

/// The ledger, as those see it who set its limits and give access, and what words can stand for.
pub(crate) async fn open_desk(settings: &Settings) -> Result<Desk, Failure> {
    desk_of(&open_ledger(settings).await?, settings)
}

/// The same of a ledger that is open.
pub(crate) fn desk_of(ledger: &Ledger, settings: &Settings) -> Result<Desk, Failure> {
    Ok(Desk {
        admin: admin_of(ledger, settings),
        catalogue: settings.catalogue()?,
        prices: settings.prices.clone(),
        names: settings.names.clone(),
        quotas: settings.quotas.clone(),
        master: settings.master_key_source()?,
        region: settings.region.clone(),
        reload: None,
    })
}

/// The same of a ledger that is open.
pub(crate) fn admin_of(ledger: &Ledger, settings: &Settings) -> Admin {
    Admin {
        ledger: ledger.clone(),
        clock: Clock::system(),
        entropy: Entropy::system(),
        actor: settings.actor.clone(),
    }
}

/// What calls cost, without a connection.
pub(crate) fn pricing(settings: &Settings) -> Pricing {
    Pricing {
        catalogue: Catalogue::embedded(),
        prices: settings.prices.clone().into(),
        region: settings.region.clone(),
        allow_unpriced: settings.allow_unpriced,
        max_tokens_default: settings.max_tokens_default,
    }
}

/// Whether calls would go to a simulator. Bedrock's own endpoint is never asked.
pub(crate) async fn is_simulated(settings: &Settings) -> bool {
    if !settings.upstreams.is_empty() {
        return ways::are_simulated(settings).await;
    }
    match &settings.endpoint {
        Some(endpoint) => is_simulator(endpoint).await,
        None => false,
    }
}

/// The control plane of where calls go: a simulator serves both at one address, and who calls one
/// does not mean to ask AWS.
pub(crate) async fn control_plane(settings: &Settings) -> Result<ControlPlane, Failure> {
    let endpoint = match &settings.control_endpoint {
        Some(endpoint) => Some(endpoint.clone()),
        None if is_simulated(settings).await => settings.endpoint.clone(),
        None => None,
    };
    Ok(ControlPlane::connect(&Connection { endpoint, ..settings.connection() }).await?)
}

/// Everything that a metered call needs.
pub(crate) async fn open(settings: &Settings) -> Result<Bursar, Failure> {
    let mut connection = settings.connection();
    if !settings.upstreams.is_empty() {
        // Nothing goes there, so nobody need have credentials for it.
        connection.credentials = Credentials::Simulated;
    }
    let (simulated, upstreams, bursar) = tokio::join!(
        is_simulated(settings),
        ways::open(settings),
        open_at(settings, &connection, false)
    );
    Ok(Bursar { simulated, upstreams: upstreams?, ..bursar? })
}

/// The same, at an endpoint that the caller knows.
pub(crate) async fn open_at(
    settings: &Settings,
    connection: &Connection,
    simulated: bool,
) -> Result<Bursar, Failure> {
    let (bedrock, ledger) = tokio::join!(Bedrock::connect(connection), open_ledger(settings));
    let (bedrock, ledger) = (bedrock?, ledger?);
    let source = settings.master_key_source()?;
    let master_key = admin_of(&ledger, settings).master_key_at_hand(&source).await?;
    Ok(Bursar {
        bedrock,
        ledger,
        pricing: pricing(settings),
        fallbacks: Arc::new(settings.fallbacks.clone()),
        upstreams: Upstreams::default(),
        health: Health::default(),
        limits: settings.limits.clone(),
        clock: Clock::system(),
        entropy: Entropy::system(),
        simulated,
        running: Running::default(),
        master_key,
        labels: false,
        witness: Witness::default(),
    })
}
