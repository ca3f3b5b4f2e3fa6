//! What a simulator is told when it starts.

use std::collections::{BTreeMap, BTreeSet};

use bursar_domain::catalogue::Names;

use crate::scenario::Scenario;

/// How a simulator behaves. The default answers every call well and at once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What texts, paddings and struck calls follow from.
    pub seed: u64,
    /// How many calls in a million are throttled.
    pub throttle_ppm: u32,
    /// The region that it claims to be: what its control plane lists is offered there. Calls
    /// signed for any region are served.
    pub region: String,
    /// The only key that signs; `None` accepts every signature unread.
    pub credentials: Option<Credentials>,
    /// What happens to which calls.
    pub scenario: Scenario,
    /// What opaque ARNs stand for. Those not named here are served too, in the shape of their
    /// request and without a model's limits; the application profiles among those that are, the
    /// control plane lists.
    pub names: Names,
    /// Prompt routers by their ARNs, each with the models or profiles that it chooses among.
    pub routers: BTreeMap<String, Vec<String>>,
    /// Base ids of the models that the account has no access to.
    pub no_access: BTreeSet<String>,
    /// ARNs of roles that nobody may assume.
    pub denied_roles: BTreeSet<String>,
    /// How many calls the list of served calls keeps.
    pub calls_max: usize,
    /// How many requests a minute each id takes, and how many tokens, as Bedrock's throttler counts
    /// them; `None` is without end.
    pub requests_per_minute: Option<u64>,
    /// See `requests_per_minute`.
    pub tokens_per_minute: Option<u64>,
    /// Milliseconds before an answer begins, unless steered.
    pub delay_ms: u64,
    /// Milliseconds between two frames of a stream, unless steered.
    pub gap_ms: u64,
    /// Whether to speak TLS, with a certificate that is made at the start and signed by itself.
    pub tls: bool,
    /// Whether to listen on an address that other machines reach. With no credentials it serves
    /// anybody.
    pub allow_remote: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            throttle_ppm: 0,
            region: "us-east-1".to_owned(),
            credentials: None,
            scenario: Scenario::default(),
            names: Names::default(),
            routers: BTreeMap::new(),
            no_access: BTreeSet::new(),
            denied_roles: BTreeSet::new(),
            calls_max: 100_000,
            requests_per_minute: None,
            tokens_per_minute: None,
            delay_ms: 0,
            gap_ms: 0,
            tls: false,
            allow_remote: false,
        }
    }
}

/// A key pair for SigV4. Its debug text does not show the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AKIA…`
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}
