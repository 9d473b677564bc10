//! What stands in the rows. SQLite keeps no checksums of its pages: where bytes within a document changed, every page is sound
//! to it.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde::de::IgnoredAny;

use super::fault::Db;

/// Columns that hold JSON.
const DOCUMENTS: [&str; 5] = ["body", "coverage", "details", "payload", "volatile"];

/// Text that is no text, and documents that cannot be read, by table and column.
pub(super) fn unreadable(connection: &Connection) -> Db<Vec<String>> {
    let mut problems = Vec::new();
    for (table, column) in columns(connection)? {
        let mut statement = connection.prepare(&format!("SELECT \"{column}\" FROM \"{table}\""))?;
        let mut rows = statement.query([])?;
        // A dead letter's body is what somebody sent, whatever that was.
        let document = DOCUMENTS.contains(&column.as_str()) && table != "dead_letter";
        let (mut count, mut first) = (0_u64, None);
        while let Some(row) = rows.next()? {
            let Some(problem) = problem(row.get_ref(0)?, document) else { continue };
            count += 1;
            first.get_or_insert(problem);
        }
        if let Some(problem) = first {
            problems.push(format!("{table}.{column}: unreadable rows: {count}; the first: {problem}"));
        }
    }
    Ok(problems)
}

/// Columns of text of all tables.
fn columns(connection: &Connection) -> Db<Vec<(String, String)>> {
    let mut statement = connection.prepare(
        "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND c.type = 'TEXT' ORDER BY 1, 2",
    )?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn problem(cell: ValueRef<'_>, document: bool) -> Option<String> {
    let ValueRef::Text(bytes) = cell else { return None };
    match std::str::from_utf8(bytes) {
        Err(error) => Some(error.to_string()),
        Ok(text) if document => serde_json::from_str::<IgnoredAny>(text).err().map(|error| error.to_string()),
        Ok(_) => None,
    }
}
