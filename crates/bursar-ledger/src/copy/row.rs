//! A row of any table as one JSON object, in the form in which a page of them is a parameter.
//!
//! Every column of the schema is a text, a number or a truth, so both databases give the same.

use serde::Serialize;
use serde_json::{Map, Value as Json};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, ColumnIndex, Decode, FromRow, Row, Type, TypeInfo};

use crate::statement::Value;

/// One row, by column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct CopiedRow(Map<String, Json>);

/// What a column of a key holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Int,
    Bool,
}

impl Kind {
    /// A value before all that a key's first column can hold: no time and no id is as low.
    pub(crate) fn lowest(self) -> Value {
        match self {
            Self::Text => "".into(),
            Self::Int => i64::MIN.into(),
            Self::Bool => Value::Bool(false),
        }
    }
}

impl CopiedRow {
    /// The value of a key's column.
    pub(crate) fn value(&self, column: &str, kind: Kind) -> Value {
        let value = self.0.get(column);
        match kind {
            Kind::Text => value.and_then(Json::as_str).into(),
            Kind::Int => value.and_then(Json::as_i64).unwrap_or_default().into(),
            Kind::Bool => Value::Bool(value.and_then(Json::as_bool).unwrap_or_default()),
        }
    }

    /// The number of a column; 0 where there is none.
    pub(crate) fn number(&self, column: &str) -> i64 {
        self.0.get(column).and_then(Json::as_i64).unwrap_or_default()
    }

    /// The text of a column; empty where there is none.
    pub(crate) fn text(&self, column: &str) -> &str {
        self.0.get(column).and_then(Json::as_str).unwrap_or_default()
    }
}

impl FromRow<'_, SqliteRow> for CopiedRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        read(row)
    }
}

impl FromRow<'_, PgRow> for CopiedRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        read(row)
    }
}

fn read<'r, R>(row: &'r R) -> sqlx::Result<CopiedRow>
where
    R: Row,
    usize: ColumnIndex<R>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<bool>: Decode<'r, R::Database> + Type<R::Database>,
{
    let mut columns = Map::new();
    for (index, column) in row.columns().iter().enumerate() {
        let value = match column.type_info().name() {
            "TEXT" => row.try_get::<Option<String>, _>(index)?.map(Json::from),
            "BOOLEAN" | "BOOL" => row.try_get::<Option<bool>, _>(index)?.map(Json::from),
            // Any other kind is an error of the decoder, with the column's name.
            _ => row.try_get::<Option<i64>, _>(index)?.map(Json::from),
        };
        columns.insert(column.name().to_owned(), value.unwrap_or(Json::Null));
    }
    Ok(CopiedRow(columns))
}
