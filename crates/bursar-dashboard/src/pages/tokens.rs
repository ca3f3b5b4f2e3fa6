//! API tokens: by what programs ask in one's name. One's own, made and revoked here; who sees all of
//! the ledger sees everybody's. A secret is shown this once.

use bursar_admin::{MadeToken, NewToken, TokenRow, View};
use bursar_domain::span::Zone;
use bursar_ledger::Secret;

use super::calls::time;
use super::{ALL, Done, Page, Visit};
use crate::content::{Ask, Block, Content, Field};
use crate::form::Form;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/tokens",
    label: Some("API tokens"),
    title: "API tokens",
    roles: ALL,
    picks: &[],
    show: |visit| Box::pin(show(visit)),
    act: Some(|visit, form| Box::pin(act(visit, form))),
};

const LEAD: &str = "A token asks the API below /api/v1 in your name, and gets what you would get: your \
                    role and team as they are then. It ends by itself, with your account, and when it \
                    is revoked.";

async fn show(visit: Visit) -> Result<Content, Problem> {
    content(&visit.view, visit.filters.zone, Vec::new()).await
}

async fn content(view: &View, zone: Zone, first: Vec<Block>) -> Result<Content, Problem> {
    let mut blocks = first;
    blocks.push(Block::Sheet(sheet(&view.tokens().await?, zone)));
    blocks.push(Block::Form(Ask {
        title: "Make a token".to_owned(),
        what: "make",
        button: "Make the token",
        fields: vec![
            Field::empty("name", "Name, such as the program's"),
            Field { value: "read".to_owned(), ..Field::empty("may", "May: read, or change") },
            Field { value: "90d".to_owned(), ..Field::empty("expires", "Expires, a year at most") },
        ],
    }));
    blocks.push(Block::Form(Ask {
        title: "Revoke a token".to_owned(),
        what: "revoke",
        button: "Revoke the token",
        fields: vec![Field::empty("token", "Token, by its id")],
    }));
    Ok(Content { lead: Some(LEAD.to_owned()), blocks, ..Content::default() })
}

fn sheet(tokens: &[TokenRow], zone: Zone) -> Sheet {
    let row = |token: &TokenRow| {
        let used = token.used_at.as_ref();
        vec![
            Cell::text(&token.name),
            Cell::text(&token.id),
            Cell::text(&token.user),
            Cell::text(if token.may_change { "reads and changes" } else { "reads" }),
            Cell::text(&token.state),
            time(&token.created_at, zone),
            time(&token.expires_at, zone),
            used.map_or_else(|| Cell::text("never"), |at| time(at, zone)),
        ]
    };
    let columns = ["token", "id", "user", "may", "state", "since", "expires", "last used"];
    Sheet {
        word: "tokens",
        title: "Tokens".to_owned(),
        columns: columns.map(|label| (label, Fill::Words)).to_vec(),
        rows: tokens.iter().map(row).collect(),
        empty: "There is no token yet. The form above makes one.".to_owned(),
        next: None,
    }
}

async fn act(visit: Visit, form: Form) -> Result<Done, Problem> {
    let Visit { view, filters, .. } = visit;
    let text = |name: &str| form.text(name).trim().to_owned();
    match form.text("do") {
        "make" => {
            let may_change = match text("may").as_str() {
                "read" => false,
                "change" => true,
                _ => return Err(Problem::usage("a token may `read`, or `change`")),
            };
            let expires = Some(text("expires")).filter(|text| !text.is_empty());
            let made =
                view.make_token(&NewToken { name: text("name"), may_change, expires }).await?;
            Ok(Done::Show(content(&view, filters.zone, secret(&made)).await?))
        }
        "revoke" => {
            view.revoke_token(&text("token")).await?;
            Ok(Done::Go(PAGE.path.to_owned()))
        }
        other => {
            Err(Problem::usage(format!("`{}` cannot be done here", crate::filters::shown(other))))
        }
    }
}

/// A token's secret, as it is sent.
fn secret(token: &MadeToken) -> Vec<Block> {
    let line = format!("authorization: Bearer {}", token.secret.expose());
    vec![
        Block::Note(format!(
            "The token {} ({}). `bursar --server` takes it in BURSAR_ADMIN_KEY.",
            token.name, token.id
        )),
        Block::Secret("The header to send".to_owned(), Secret::new(line)),
    ]
}
