//! Settings and health: what this server is, and how its ledger is.

use bursar_admin::AuditReply;
use bursar_domain::span::Zone;
use bursar_ledger::AuditReport;

use super::calls::time;
use super::{Page, Visit, WHOLE};
use crate::content::{Block, Content, Tile};
use crate::figures;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/settings",
    label: Some("Settings"),
    title: "Settings and health",
    roles: WHOLE,
    picks: &[],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let health = view.health().await?;
    let server = view.server()?;
    let bytes = i64::try_from(health.bytes).unwrap_or(i64::MAX);
    let ms = i64::try_from(server.lag.as_millis()).unwrap_or(i64::MAX);
    let tiles = vec![
        Tile::new(
            "The ledger",
            if health.is_sound { "sound" } else { "not sound" },
            health.findings.len(),
        ),
        audit_tile(health.last_audit.as_ref(), filters.zone),
        Tile::new("Its size", format!("{}B", figures::tokens(bytes)), bytes),
        Tile::new("Open calls", health.holds.to_string(), health.holds),
        Tile::new("The last call was kept within", figures::duration(ms), ms),
        Tile::new("Waiting for the ledger", server.waiting.to_string(), server.waiting),
        Tile::new("In the spool, in bytes", server.spooled_bytes.to_string(), server.spooled_bytes),
    ];
    let oldest = health.oldest_hold.as_deref();
    let facts = vec![
        ("This program", Cell::text(env!("CARGO_PKG_VERSION"))),
        ("The ledger's version", Cell::text(health.version.to_string())),
        ("Oldest open call", oldest.map_or_else(|| Cell::text("–"), |at| time(at, filters.zone))),
        ("The ledger is away", Cell::text(if server.is_away { "yes" } else { "no" })),
        ("Calls are made from", Cell::text(&server.region)),
        ("Catalogue of", Cell::text(&server.catalogue_of)),
        ("Prices of", Cell::text(&server.prices_of)),
    ];
    let rows = health.findings.iter().map(|finding| vec![Cell::text(finding)]);
    let findings = Sheet {
        word: "findings",
        title: "What a quick look found".to_owned(),
        columns: vec![("finding", Fill::Words)],
        rows: rows.collect(),
        empty: "Nothing wrong.".to_owned(),
        next: None,
    };
    Ok(Content {
        blocks: vec![
            Block::Tiles(tiles),
            Block::Facts("This server".to_owned(), facts),
            Block::Sheet(findings),
        ],
        ..Content::default()
    })
}

/// What the last look at everything found, which only the command line takes: it reads every call.
fn audit_tile(last: Option<&AuditReply>, zone: Zone) -> Tile {
    let label = "The last audit found";
    let Some(AuditReply { at, findings, calls }) = last else {
        let beside = "`bursar ledger audit` adds everything up";
        return Tile::new(label, "nothing yet: none was made", "").beside(Some(beside.to_owned()));
    };
    let found = match findings {
        0 => "nothing wrong".to_owned(),
        1 => "one fault".to_owned(),
        // It stops collecting there.
        many if usize::try_from(*many).is_ok_and(|many| many >= AuditReport::FINDINGS_MAX) => {
            format!("{many} faults or more")
        }
        many => format!("{many} faults"),
    };
    let (at, calls) = (time(at, zone).text, figures::count(*calls));
    Tile::new(label, found, findings).beside(Some(format!("at {at}, in {calls} calls")))
}
