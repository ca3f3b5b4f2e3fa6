//! Whom a limit or a freeze is about, as flags say it.

use bursar_admin::Selectors;
use bursar_domain::catalogue::Catalogue;
use bursar_domain::model::ModelRef;
use bursar_domain::nearest::nearest;

use crate::attribution::pairs;
use crate::failure::{Failure, Situation};
use crate::lookup;
use crate::settings::Settings;

/// Flags that select calls. A call must have all that is said.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct SelectionArgs {
    /// Every call
    #[arg(long, help_heading = "Which calls")]
    all: bool,
    /// Calls of this team
    #[arg(long, value_name = "NAME", help_heading = "Which calls")]
    pub(crate) team: Option<String>,
    /// Calls of this project
    #[arg(long, value_name = "NAME", help_heading = "Which calls")]
    pub(crate) project: Option<String>,
    /// Calls of this person
    #[arg(long, value_name = "NAME", help_heading = "Which calls")]
    pub(crate) user: Option<String>,
    /// Calls with this virtual key
    #[arg(long, value_name = "ID", help_heading = "Which calls")]
    pub(crate) key: Option<String>,
    /// Calls to this model, by any name of it
    #[arg(short, long, value_name = "MODEL", help_heading = "Which calls")]
    model: Option<String>,
    /// Calls to models of this provider
    #[arg(long, value_name = "NAME", help_heading = "Which calls")]
    provider: Option<String>,
    /// Calls of this client session
    #[arg(long, value_name = "ID", help_heading = "Which calls")]
    session: Option<String>,
    /// Calls with this label; may be given again
    #[arg(long = "tag", value_name = "KEY=VALUE", help_heading = "Which calls")]
    tags: Vec<String>,
}

impl SelectionArgs {
    /// What is selected, and the model as it would be called.
    pub(crate) async fn read(
        &self,
        settings: &Settings,
    ) -> Result<(Selectors, Option<ModelRef>), Failure> {
        let tags = pairs("--tag", &self.tags)?;
        let reference = match &self.model {
            Some(name) => Some(lookup::model(settings, name).await?),
            None => None,
        };
        let model = reference.as_ref().map(canonical).transpose()?;
        if let Some(provider) = &self.provider {
            check_provider(provider, settings.catalogue()?)?;
        }
        let selectors = Selectors {
            all: self.all,
            team: self.team.clone(),
            project: self.project.clone(),
            user: self.user.clone(),
            key: self.key.clone(),
            model,
            provider: self.provider.clone(),
            session: self.session.clone(),
            tags,
        };
        Ok((selectors, reference))
    }
}

/// The id that calls to a model are counted under.
fn canonical(reference: &ModelRef) -> Result<String, Failure> {
    let base = reference.base.as_ref().map(ToString::to_string);
    base.ok_or_else(|| {
        let message = format!("what `{}` stands for is not known", reference.dispatched);
        Failure::new(Situation::UnknownModel, message)
            .hint("select by the model itself: `bursar models` lists them")
    })
}

fn check_provider(provider: &str, catalogue: Catalogue) -> Result<(), Failure> {
    let models: Vec<String> = catalogue.models().map(|model| model.id.to_string()).collect();
    let mut known: Vec<&str> = models.iter().filter_map(|id| id.split('.').next()).collect();
    known.sort_unstable();
    known.dedup();
    if known.contains(&provider) {
        return Ok(());
    }
    let near = nearest(provider, known.iter().copied());
    let names = if near.is_empty() { known.join("`, `") } else { near.join("`, `") };
    let shown: String = provider.escape_debug().take(60).collect();
    let message = format!("no model is of the provider `{shown}`");
    Err(Failure::new(Situation::UnknownModel, message).hint(format!("there is `{names}`")))
}
