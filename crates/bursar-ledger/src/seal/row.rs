//! A row in the form in which it is hashed, the same on both databases: every column that is not
//! null, by name. A column that a later version adds is null in older rows, and changes nothing.

use std::collections::BTreeMap;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, FromRow, Row, TypeInfo};

use super::digest::Fields;

/// A value: a truth is 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plain {
    Text(String),
    Number(i64),
}

/// One row, by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlainRow(BTreeMap<String, Plain>);

impl PlainRow {
    /// The text of a column; empty where there is none.
    pub(super) fn text(&self, column: &str) -> &str {
        match self.0.get(column) {
            Some(Plain::Text(text)) => text,
            _ => "",
        }
    }

    /// The number of a column; 0 where there is none.
    pub(super) fn number(&self, column: &str) -> i64 {
        match self.0.get(column) {
            Some(Plain::Number(number)) => *number,
            _ => 0,
        }
    }

    pub(super) fn add_to(&self, fields: &mut Fields) {
        fields.number(i64::try_from(self.0.len()).unwrap_or(i64::MAX));
        for (column, value) in &self.0 {
            fields.text(column);
            match value {
                Plain::Text(text) => fields.text(text),
                Plain::Number(number) => fields.number(*number),
            };
        }
    }
}

impl FromRow<'_, SqliteRow> for PlainRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        // Unchecked, because SQLite keeps a truth as a number, and any other number would be true.
        read(row, |index, kind| match kind {
            "TEXT" => Ok(row.try_get::<Option<String>, _>(index)?.map(Plain::Text)),
            _ => Ok(row.try_get_unchecked::<Option<i64>, _>(index)?.map(Plain::Number)),
        })
    }
}

impl FromRow<'_, PgRow> for PlainRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        read(row, |index, kind| match kind {
            "TEXT" => Ok(row.try_get::<Option<String>, _>(index)?.map(Plain::Text)),
            "BOOL" => {
                let truth = row.try_get::<Option<bool>, _>(index)?;
                Ok(truth.map(|truth| Plain::Number(truth.into())))
            }
            _ => Ok(row.try_get::<Option<i64>, _>(index)?.map(Plain::Number)),
        })
    }
}

fn read<R: Row>(
    row: &R,
    value: impl Fn(usize, &str) -> sqlx::Result<Option<Plain>>,
) -> sqlx::Result<PlainRow> {
    let mut columns = BTreeMap::new();
    for (index, column) in row.columns().iter().enumerate() {
        if let Some(value) = value(index, column.type_info().name())? {
            columns.insert(column.name().to_owned(), value);
        }
    }
    Ok(PlainRow(columns))
}
