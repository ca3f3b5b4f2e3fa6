//! Aliases where they are used: beside what they stand for, so that nobody has to look them up.
//! What an alias stands for is decided by the settings' names, not here.

use bursar_domain::model::ModelRef;

use crate::settings::Settings;

/// `quick = amazon.nova-lite-v1:0`; the id alone where it was not called by an alias.
pub(crate) fn beside(model: &ModelRef, id: &str) -> String {
    match model.alias.as_deref().filter(|alias| *alias != id) {
        Some(alias) => format!("{alias} = {id}"),
        None => id.to_owned(),
    }
}

/// The user's aliases that lead to a model, directly, through one of its profiles, or by weight.
pub(crate) fn of_model<'a>(settings: &'a Settings, base: &str) -> Vec<&'a str> {
    let is_it = |text: &str| {
        let model = settings.resolve(text).ok().and_then(|model| model.base);
        model.is_some_and(|model| model.as_str() == base)
    };
    let leads_here = |alias: &&str| settings.names.meanings(alias).into_iter().any(is_it);
    settings.names.all().filter(leads_here).collect()
}
