//! Settings and health: what this server is, and how its ledger is.

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
        Tile::new("Its size, in bytes", figures::tokens(bytes), bytes),
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
        empty: "Nothing wrong. `bursar ledger audit` looks at everything.".to_owned(),
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
