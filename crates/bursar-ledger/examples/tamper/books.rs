//! The books that are tampered with: calls of several teams below limits that change, one of them
//! swept and corrected, in many sealed blocks.

use std::fs;
use std::path::{Path, PathBuf};

use bursar_domain::budget::Mode;
use bursar_domain::call::{
    Attempt, AttemptOutcome, Bill, CallId, Ending, Guardrail, Intent, Operation, Outcome, SentTo,
    Settlement, VersionEvidence,
};
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_domain::limit::{Limit, LimitId, OnLimit, Unit};
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, Micros, Rate};
use bursar_domain::price::{PriceId, PriceStamp, Rates, Routing, Tier};
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::{Span, Zone};
use bursar_domain::time::{Clock, Timestamp};
use bursar_domain::usage::Usage;
use bursar_ledger::{
    Admission, Admitted, Change, DatabaseUrl, Ledger, OpenOptions, PublicKey, Signer, SigningKey,
};
use tempfile::TempDir;

use super::Failure;

const NOW: Timestamp = Timestamp(1_795_428_600_000);
const TEAMS: [&str; 3] = ["research", "search", "support"];
/// Blocks, and calls in each.
const BLOCKS: i64 = 12;
const CALLS: i64 = 8;

/// A ledger that is closed, what was published of it, and where its copy is changed.
pub(crate) struct Books {
    pub(crate) ledger: PathBuf,
    pub(crate) copy: PathBuf,
    pub(crate) heads: String,
    pub(crate) key: PublicKey,
    pub(crate) blocks: usize,
    _folder: TempDir,
}

impl Books {
    pub(crate) async fn write() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name);
        let key = SigningKey::create(&path("key"), &Entropy::system())?;
        let public = key.public();
        let signer = Signer::new(key, Some(path("heads")));
        let url = DatabaseUrl::parse(&format!("sqlite:{}", path("ledger.db").display()))?;
        let options = || OpenOptions::new(Clock::new(|| NOW));
        let ledger = Ledger::open(&url, options()).await?;
        let mut late = Some(reserve(&ledger, BLOCKS * CALLS).await?);
        for block in 0..BLOCKS {
            if block % 3 == 0 {
                let limits = TEAMS.map(|team| Change::SetLimit(limit(team, 50_000_000 + block)));
                ledger.change("ann", limits.to_vec()).await?;
            }
            for call in 0..CALLS {
                let admitted = reserve(&ledger, block * CALLS + call).await?;
                let settled = settlement(admitted.intent());
                ledger.settle(admitted, settled).await?;
            }
            if let Some(late) = late.take_if(|_| block == BLOCKS / 2) {
                // As of a process that is thought dead: swept by the next one, and then back.
                fs::remove_file(owner_file(folder.path())?)?;
                Ledger::open(&url, options()).await?.close().await?;
                ledger.seal(NOW, Some(&signer)).await?;
                let settled = settlement(late.intent());
                ledger.settle(late, settled).await?;
            }
            ledger.seal(NOW, Some(&signer)).await?;
        }
        ledger.close().await?;
        let heads = fs::read_to_string(path("heads"))?;
        Ok(Self {
            ledger: path("ledger.db"),
            copy: path("copy.db"),
            blocks: heads.lines().count(),
            heads,
            key: public,
            _folder: folder,
        })
    }
}

/// The sign of life of the only process that holds anything.
fn owner_file(folder: &Path) -> Result<PathBuf, Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().contains("-owner-") {
            return Ok(path);
        }
    }
    Err("no process shows that it lives".into())
}

fn limit(team: &str, amount: i64) -> Limit {
    Limit {
        id: LimitId(format!("of-{team}")),
        scope: Scope::default().with(Facet::Team, team),
        each: None,
        unit: Unit::Usd,
        span: Span::Total,
        zone: Zone::UTC,
        mode: Mode::Hard,
        on_limit: OnLimit::Refuse,
        amount: Micros(amount),
    }
}

async fn reserve(ledger: &Ledger, number: i64) -> Result<Admitted, Failure> {
    match ledger.reserve(intent(number)?).await? {
        Admission::Admitted(admitted) => Ok(admitted),
        Admission::Refused(refusal) => Err(refusal.to_string().into()),
    }
}

fn price() -> PriceStamp {
    let rates =
        Rates { input: Some(Rate(60_000)), output: Some(Rate(240_000)), ..Rates::default() };
    PriceStamp { id: PriceId("0123456789abcdef".to_owned()), rates, meters: Vec::new() }
}

fn intent(number: i64) -> Result<Intent, Failure> {
    let at = Timestamp(NOW.0 + number * 997);
    let mut random = [3; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let model = "anthropic.claude-haiku-4-5-20251001-v1:0";
    let team = TEAMS[usize::try_from(number)? % TEAMS.len()].to_owned();
    Ok(Intent {
        id: CallId::new(at, &random),
        started_at: at,
        attribution: Attribution { team: Some(team), ..Attribution::default() },
        operation: Operation::ConverseStream,
        model_requested: model.to_owned(),
        model: ModelId::parse(model).ok_or("not a model id")?,
        region: "us-east-1".to_owned(),
        routing: Routing::Regional,
        reach: bursar_domain::call::Reach::default(),
        tier_requested: Tier::Standard,
        price: Some(price()),
        ceiling: Cost::from_pico(5_000_000_000),
        ceiling_tokens: Some(2_000),
        request_hmac: None,
        simulated: true,
    })
}

fn settlement(intent: &Intent) -> Settlement {
    let at = |ms: i64| Timestamp(intent.started_at.0 + ms);
    let request_id = Some(intent.id.to_string());
    let attempt = |from, to, outcome, http_status| Attempt {
        started_at: at(from),
        ended_at: at(to),
        outcome,
        http_status: Some(http_status),
        error_code: None,
        request_id: request_id.clone(),
        sent_to: SentTo::default(),
    };
    Settlement {
        id: intent.id.clone(),
        first_token_at: Some(at(300)),
        ended_at: at(900),
        chosen: None,
        model_version: "1".to_owned(),
        version_evidence: VersionEvidence::Requested,
        served_region: Some("us-east-1".to_owned()),
        tier: Tier::Standard,
        ending: Ending {
            outcome: Outcome::Succeeded,
            client_gone: false,
            http_status: Some(200),
            error_code: None,
            error_message: None,
            stop_reason: Some("end_turn".to_owned()),
        },
        attempts: vec![
            attempt(0, 90, AttemptOutcome::Throttled, 429),
            attempt(100, 900, AttemptOutcome::Succeeded, 200),
        ],
        bill: Bill {
            usage: Usage { input: 100, output: 20, ..Usage::default() },
            price: Some(price()),
            cost: Cost::from_pico(10_800_001),
            estimated: false,
            cost_low: None,
        },
        request_id: request_id.clone(),
        guardrail: Guardrail::default(),
    }
}
