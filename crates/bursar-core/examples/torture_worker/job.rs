//! What a worker can be told to do. Every field that may be left out has its default here.

use std::path::PathBuf;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Job {
    /// Make an empty database on a PostgreSQL server.
    Database(Database),
    /// Set a limit, and say its id.
    Limit(Limit),
    /// Make metered calls.
    Call(Box<Calls>),
    /// Compare the ledger with what was served, and with itself.
    Check(Check),
    /// Look at a ledger again and again, until stdin is closed.
    Watch(Watch),
    /// Say how many holds are open and which version the ledger is, and touch nothing.
    Look(Look),
    /// Say how many requests a simulator has served.
    Served(Served),
    /// Open and audit every ledger below a folder.
    Images(Images),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    /// The superuser's URL.
    pub(crate) server: String,
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) ledger: String,
    /// Whose; everybody's when left out.
    pub(crate) team: Option<String>,
    /// `usd`, `tokens` …
    pub(crate) unit: String,
    /// `total`, `1m` …
    pub(crate) span: String,
    /// In millionths of the unit.
    pub(crate) micro: i64,
}

/// What the calls are like.
#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Any sizes, well within what is held for them.
    #[default]
    Any,
    /// Each costs exactly what is held for it.
    Full,
    /// The rows of a trace.
    Trace,
}

/// When callers give up.
#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Leaving {
    /// They stay to the end.
    #[default]
    Never,
    /// After some byte of the answer.
    MidReply,
    /// At any time: the future is dropped, whatever it waits for.
    Anywhere,
}

#[derive(Debug, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calls {
    pub(crate) ledger: String,
    /// The simulator's address.
    pub(crate) endpoint: String,
    /// Addresses of gateways: with them, each call is an HTTP request to one of them.
    #[serde(default)]
    pub(crate) gateways: Vec<String>,
    /// The virtual key that the gateways ask for.
    #[serde(default)]
    pub(crate) secret: String,
    /// This process's name: every call's mark begins with it.
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) team: Option<String>,
    pub(crate) tasks: u64,
    /// How many calls, by all tasks together; without, until told to stop.
    #[serde(default)]
    pub(crate) count: Option<u64>,
    /// How many calls in a row are one and the same.
    #[serde(default = "default_repeat")]
    pub(crate) repeat: u64,
    /// What the calls' idempotency keys begin with; without, they have none.
    #[serde(default)]
    pub(crate) key: Option<String>,
    #[serde(default)]
    pub(crate) seed: u64,
    #[serde(default)]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) trace: Option<PathBuf>,
    #[serde(default = "default_max_tokens")]
    pub(crate) max_tokens: u64,
    /// More words for the simulator, in turn.
    #[serde(default)]
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) leaving: Leaving,
    /// How long a refusal for what is held is tried again.
    #[serde(default)]
    pub(crate) held_patience_ms: u64,
    /// Whether to stop at the first refusal for what is spent.
    #[serde(default)]
    pub(crate) until_spent: bool,
    /// The longest wait for a head, and within an answer.
    #[serde(default)]
    pub(crate) patience_ms: Option<u64>,
    /// How far this process's clock is off.
    #[serde(default)]
    pub(crate) clock_ms: i64,
    /// Whether the clock jumps about, by so much either way.
    #[serde(default)]
    pub(crate) clock_jumps_ms: i64,
    /// A pause between two calls of a task.
    #[serde(default)]
    pub(crate) pause_ms: u64,
    /// Writes without fdatasync: the mutant that the room `power` has to catch.
    #[serde(default)]
    pub(crate) without_sync: bool,
    /// Opens the ledger as the program of the next version: the room `upgrade`.
    #[serde(default)]
    pub(crate) next_version: bool,
    /// Where the ids of calls are kept whose settlement was acknowledged.
    #[serde(default)]
    pub(crate) acknowledged: Option<PathBuf>,
}

const fn default_repeat() -> u64 {
    1
}

const fn default_max_tokens() -> u64 {
    256
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    pub(crate) ledger: String,
    /// The simulator, where calls were made.
    #[serde(default)]
    pub(crate) endpoint: Option<String>,
    /// Files of ids that have to be recorded.
    #[serde(default)]
    pub(crate) acknowledged: Vec<PathBuf>,
    /// How long to wait for open holds to end; opening sweeps, and so does the waiting.
    #[serde(default)]
    pub(crate) patience_ms: u64,
    /// Lets the leases of owners on PostgreSQL lapse at once, as if their time had passed.
    #[serde(default)]
    pub(crate) end_leases: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Look {
    pub(crate) ledger: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Served {
    pub(crate) endpoint: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Watch {
    pub(crate) ledger: String,
    pub(crate) every_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Images {
    /// Each folder in it holds one `ledger.db` and what belongs to it.
    pub(crate) folder: PathBuf,
}
