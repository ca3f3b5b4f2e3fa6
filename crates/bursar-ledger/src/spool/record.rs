//! What the spool says: calls that were admitted without the ledger, and ends of calls. A record
//! stands for itself, so that it can be written to the ledger without the ones before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bursar_domain::budget::WindowId;
use bursar_domain::limit::Line;
use bursar_domain::money::{Cost, Micros};
use bursar_domain::watch::StreamLimits;
use serde::{Deserialize, Serialize};

use super::settlement::{self, SettlementJson};
use crate::admitted::Open;
use crate::facts::{read_intent, write_intent};
use crate::queue::Task;
use crate::writer::WindowJson;

/// The rows of the windows that a call is counted in, by window.
pub(crate) type Windows = BTreeMap<String, WindowJson>;

/// One record.
#[derive(Debug)]
pub(crate) enum Record {
    /// The first of each file: which ledger it belongs to.
    Ledger(String),
    /// A call was admitted; under a broken glass, where one is named.
    Admitted { open: Box<Open>, windows: Windows, glass: Option<Glass> },
    /// A call has ended: a task to settle, abandon or void it.
    Ended(Task),
}

/// Who has opened hard limits, why and until when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Glass {
    pub(crate) by: String,
    pub(crate) reason: String,
    /// In milliseconds since 1970.
    pub(crate) until_ms: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordJson {
    Ledger(String),
    Admitted { call: OpenJson, windows: Windows, glass: Option<Glass> },
    Settled { call: OpenJson, settlement: Box<SettlementJson> },
    Abandoned { call: OpenJson, checkpoint_pico: Option<i64> },
    Voided { call: OpenJson },
}

#[derive(Debug, Serialize, Deserialize)]
struct OpenJson {
    facts: String,
    held_micro: Option<i64>,
    /// Each window with its unit and what is asked of it.
    lines: Vec<(String, String, Option<i64>)>,
    by_heart: bool,
}

/// A record's JSON; `None` for a task that ends no call.
pub(crate) fn write(record: &Record) -> Option<Vec<u8>> {
    let json = match record {
        Record::Ledger(address) => RecordJson::Ledger(address.clone()),
        Record::Admitted { open, windows, glass } => RecordJson::Admitted {
            call: write_open(open),
            windows: windows.clone(),
            glass: glass.clone(),
        },
        Record::Ended(Task::Settle { open, settlement }) => RecordJson::Settled {
            call: write_open(open),
            settlement: Box::new(settlement::write(settlement)),
        },
        Record::Ended(Task::Abandon { open, checkpoint }) => RecordJson::Abandoned {
            call: write_open(open),
            checkpoint_pico: checkpoint.map(Cost::pico),
        },
        Record::Ended(Task::Void { open }) => RecordJson::Voided { call: write_open(open) },
        Record::Ended(_) => return None,
    };
    serde_json::to_vec(&json).ok()
}

/// A record from its JSON; `None` when it is not what [`write`] makes.
pub(crate) fn read(json: &[u8]) -> Option<Record> {
    Some(match serde_json::from_slice(json).ok()? {
        RecordJson::Ledger(address) => Record::Ledger(address),
        RecordJson::Admitted { call, windows, glass } => {
            Record::Admitted { open: read_open(call)?, windows, glass }
        }
        RecordJson::Settled { call, settlement } => Record::Ended(Task::Settle {
            open: read_open(call)?,
            settlement: Box::new(settlement::read(*settlement)?),
        }),
        RecordJson::Abandoned { call, checkpoint_pico } => Record::Ended(Task::Abandon {
            open: read_open(call)?,
            checkpoint: settlement::cost(checkpoint_pico)?,
        }),
        RecordJson::Voided { call } => Record::Ended(Task::Void { open: read_open(call)? }),
    })
}

fn write_open(open: &Open) -> OpenJson {
    let line = |line: &Line| {
        let amount = line.amount.map(|amount| amount.0);
        (line.window.to_string(), line.unit.to_string(), amount)
    };
    OpenJson {
        facts: write_intent(&open.intent),
        held_micro: open.held.map(|held| held.0),
        lines: open.lines.iter().map(line).collect(),
        by_heart: open.by_heart,
    }
}

fn read_open(json: OpenJson) -> Option<Box<Open>> {
    let line = |(window, unit, amount): (String, String, Option<i64>)| {
        let (window, amount) = (WindowId(window), amount.map(Micros));
        Some(Line { window, unit: unit.parse().ok()?, amount })
    };
    Some(Box::new(Open {
        intent: Arc::new(read_intent(&json.facts)?),
        held: json.held_micro.map(Micros),
        lines: json.lines.into_iter().map(line).collect::<Option<_>>()?,
        // The call runs no more, or its stream knows its own limits.
        streams: StreamLimits::NONE,
        room: None,
        by_heart: json.by_heart,
        detours: Vec::new(),
        lead: 0,
    }))
}
