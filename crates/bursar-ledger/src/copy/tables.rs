//! The tables that hold history, in the order in which they are copied: a row after what it names.
//!
//! Not copied: holds and their lines, for an open call belongs to a living process, and the owners.

use super::row::Kind;
use crate::statement::Statement;

/// How one table is copied.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The primary key, in the order of its index.
    pub(crate) key: &'static [(&'static str, Kind)],
    /// The rows after a key.
    pub(crate) page: Statement,
    /// Writes rows, those that are there already only where they differ.
    pub(crate) put: Statement,
    /// Counts which of these rows are known; only for tables that tell one ledger from another.
    pub(crate) known: Option<Statement>,
}

const fn page(sql: &'static str) -> Statement {
    Statement { doing: "read rows to copy", sql }
}

const fn put(sql: &'static str) -> Statement {
    Statement { doing: "write copied rows", sql }
}

/// What is copied.
pub(crate) static TABLES: [Table; 31] = [
    Table {
        name: "report_tag",
        key: &[("tag_key", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/report_tag_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/report_tag_put.sql"),
        },
        known: None,
    },
    Table {
        name: "team",
        key: &[("id", Kind::Text)],
        page: page(include_str!("../../queries/copy/team_page.sql")),
        put: put(include_str!("../../queries/copy/team_put.sql")),
        known: Some(Statement {
            doing: "compare the ledgers",
            sql: include_str!("../../queries/copy/team_known.sql"),
        }),
    },
    Table {
        name: "team_fact",
        key: &[("team_id", Kind::Text), ("since_ms", Kind::Int)],
        page: page(include_str!("../../queries/copy/team_fact_page.sql")),
        put: put(include_str!("../../queries/copy/team_fact_put.sql")),
        known: None,
    },
    Table {
        name: "project",
        key: &[("id", Kind::Text)],
        page: page(include_str!("../../queries/copy/project_page.sql")),
        put: put(include_str!("../../queries/copy/project_put.sql")),
        known: None,
    },
    Table {
        name: "member",
        key: &[("id", Kind::Text)],
        page: page(include_str!("../../queries/copy/member_page.sql")),
        put: put(include_str!("../../queries/copy/member_put.sql")),
        known: None,
    },
    Table {
        name: "virtual_key",
        key: &[("id", Kind::Text)],
        page: page(include_str!("../../queries/copy/virtual_key_page.sql")),
        put: put(include_str!("../../queries/copy/virtual_key_put.sql")),
        known: None,
    },
    Table {
        name: "key_secret",
        key: &[("key_id", Kind::Text), ("generation", Kind::Int)],
        page: page(include_str!("../../queries/copy/key_secret_page.sql")),
        put: put(include_str!("../../queries/copy/key_secret_put.sql")),
        known: None,
    },
    Table {
        name: "policy",
        key: &[("scope", Kind::Text)],
        page: page(include_str!("../../queries/copy/policy_page.sql")),
        put: put(include_str!("../../queries/copy/policy_put.sql")),
        known: None,
    },
    Table {
        name: "master_key",
        key: &[("id", Kind::Int)],
        page: page(include_str!("../../queries/copy/master_key_page.sql")),
        put: put(include_str!("../../queries/copy/master_key_put.sql")),
        known: None,
    },
    Table {
        name: "budget",
        key: &[("id", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/budget_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/budget_put.sql"),
        },
        known: Some(Statement {
            doing: "compare the ledgers",
            sql: include_str!("../../queries/copy/budget_known.sql"),
        }),
    },
    Table {
        name: "budget_window",
        key: &[("id", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/budget_window_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/budget_window_put.sql"),
        },
        known: None,
    },
    Table {
        name: "frozen",
        key: &[("id", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/frozen_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/frozen_put.sql"),
        },
        known: None,
    },
    Table {
        name: "stream_limit",
        key: &[("id", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/stream_limit_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/stream_limit_put.sql"),
        },
        known: None,
    },
    Table {
        name: "threshold",
        key: &[("window_id", Kind::Text), ("percent", Kind::Int)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/threshold_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/threshold_put.sql"),
        },
        known: None,
    },
    Table {
        name: "change",
        key: &[("seq", Kind::Int)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/change_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/change_put.sql"),
        },
        known: None,
    },
    Table {
        name: "journal",
        key: &[("window_id", Kind::Text), ("seq", Kind::Int)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/journal_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/journal_put.sql"),
        },
        known: None,
    },
    Table {
        name: "call",
        key: &[("id", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/call_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/call_put.sql"),
        },
        known: Some(Statement {
            doing: "compare the ledgers",
            sql: include_str!("../../queries/copy/call_known.sql"),
        }),
    },
    Table {
        name: "call_once",
        key: &[("asker", Kind::Text), ("key_hash", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/call_once_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/call_once_put.sql"),
        },
        known: None,
    },
    Table {
        name: "attempt",
        key: &[("call_id", Kind::Text), ("number", Kind::Int)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/attempt_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/attempt_put.sql"),
        },
        known: None,
    },
    Table {
        name: "call_tag",
        key: &[("tag_key", Kind::Text), ("started_ms", Kind::Int), ("call_id", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/call_tag_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/call_tag_put.sql"),
        },
        known: None,
    },
    Table {
        name: "correction",
        key: &[("call_id", Kind::Text)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/correction_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/correction_put.sql"),
        },
        known: None,
    },
    Table {
        name: "refusal",
        key: &[("key_id", Kind::Text), ("minute_ms", Kind::Int), ("slot", Kind::Int)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/refusal_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/refusal_put.sql"),
        },
        known: Some(Statement {
            doing: "compare the ledgers",
            sql: include_str!("../../queries/copy/refusal_known.sql"),
        }),
    },
    Table {
        name: "admin_key",
        key: &[("id", Kind::Text)],
        page: page(include_str!("../../queries/copy/admin_key_page.sql")),
        put: put(include_str!("../../queries/copy/admin_key_put.sql")),
        known: None,
    },
    Table {
        name: "account",
        key: &[("id", Kind::Text)],
        page: page(include_str!("../../queries/copy/account_page.sql")),
        put: put(include_str!("../../queries/copy/account_put.sql")),
        known: None,
    },
    Table {
        name: "api_token",
        key: &[("id", Kind::Text)],
        page: page(include_str!("../../queries/copy/api_token_page.sql")),
        put: put(include_str!("../../queries/copy/api_token_put.sql")),
        known: None,
    },
    Table {
        name: "usage_hour",
        key: &[
            ("hour_ms", Kind::Int),
            ("shard", Kind::Int),
            ("team", Kind::Text),
            ("project", Kind::Text),
            ("user_id", Kind::Text),
            ("key_id", Kind::Text),
            ("tags", Kind::Text),
            ("operation", Kind::Text),
            ("model", Kind::Text),
            ("provider", Kind::Text),
            ("region", Kind::Text),
            ("served_region", Kind::Text),
            ("routing", Kind::Text),
            ("tier", Kind::Text),
            ("outcome", Kind::Text),
            ("price_id", Kind::Text),
            ("simulated", Kind::Bool),
        ],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/usage_hour_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/usage_hour_put.sql"),
        },
        known: Some(Statement {
            doing: "compare the ledgers",
            sql: include_str!("../../queries/copy/usage_hour_known.sql"),
        }),
    },
    Table {
        name: "usage_grain",
        key: &[
            ("grain", Kind::Text),
            ("start_ms", Kind::Int),
            ("value", Kind::Text),
            ("value2", Kind::Text),
            ("count_tokens", Kind::Bool),
            ("shard", Kind::Int),
        ],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/usage_grain_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/usage_grain_put.sql"),
        },
        known: None,
    },
    Table {
        name: "block",
        key: &[("number", Kind::Int)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/block_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/block_put.sql"),
        },
        known: None,
    },
    Table {
        name: "sealed",
        key: &[("block", Kind::Int), ("place", Kind::Int)],
        page: Statement {
            doing: "read rows to copy",
            sql: include_str!("../../queries/copy/sealed_page.sql"),
        },
        put: Statement {
            doing: "write copied rows",
            sql: include_str!("../../queries/copy/sealed_put.sql"),
        },
        known: None,
    },
    Table {
        name: "archive",
        key: &[("month_ms", Kind::Int)],
        page: page(include_str!("../../queries/copy/archive_page.sql")),
        put: put(include_str!("../../queries/copy/archive_put.sql")),
        known: None,
    },
    Table {
        name: "journal_base",
        key: &[("window_id", Kind::Text)],
        page: page(include_str!("../../queries/copy/journal_base_page.sql")),
        put: put(include_str!("../../queries/copy/journal_base_put.sql")),
        known: None,
    },
];
