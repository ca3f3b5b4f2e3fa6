//! The ways to Bedrock that the configuration names, made.

use bursar_core::{Account, Bedrock, Connection, Upstream, Upstreams, is_simulator};

use crate::failure::Failure;
use crate::settings::{Settings, UpstreamSettings};

/// The ways that the configuration names; none where calls go where AWS's own settings say.
pub(crate) async fn open(settings: &Settings) -> Result<Upstreams, Failure> {
    let mut upstreams = Vec::with_capacity(settings.upstreams.len());
    for said in &settings.upstreams {
        let bedrock = connect(settings, said).await.map_err(|failure| {
            let message = format!("upstream `{}`: {}", said.name, failure.message);
            Failure { message, ..failure }
        })?;
        upstreams.push(Upstream {
            name: said.name.clone(),
            priority: said.priority,
            weight: said.weight,
            models: said.models.clone(),
            teams: said.teams.clone(),
            bedrock,
        });
    }
    Ok(Upstreams::new(upstreams))
}

async fn connect(settings: &Settings, said: &UpstreamSettings) -> Result<Bedrock, Failure> {
    let connection = Connection {
        region: Some(said.region.clone()),
        endpoint: endpoint(settings, said),
        ..settings.connection()
    };
    let account = Account {
        profile: said.profile.clone(),
        role_arn: said.role_arn.clone(),
        sts_endpoint: settings.sts_endpoint.clone(),
    };
    Ok(Bedrock::connect_as(&connection, &account).await?)
}

/// Where one leads: as it says, else where everything does.
fn endpoint(settings: &Settings, said: &UpstreamSettings) -> Option<String> {
    said.endpoint.clone().or_else(|| settings.endpoint.clone())
}

/// Whether all of them lead to simulators.
pub(crate) async fn are_simulated(settings: &Settings) -> bool {
    for said in &settings.upstreams {
        match endpoint(settings, said) {
            Some(endpoint) if is_simulator(&endpoint).await => {}
            _ => return false,
        }
    }
    true
}
