//! Which variables say where AWS's services are. What they say is read where it is meant.

/// The names of those that are set, of every service.
pub(crate) fn endpoint_names() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with("AWS_ENDPOINT_URL")).collect()
}
