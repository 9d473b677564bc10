//! `rpmdb.sqlite`: a table `Packages` with a header in each row (rpm's `lib/backend/sqlite.c`).

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::{MAX_HEADER, Visit};

/// Shows each header.
pub(super) fn each(path: &Path, visit: &mut Visit<'_>) -> Result<(), String> {
    let told = |error: rusqlite::Error| error.to_string();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(as_it_lies(path), flags).map_err(told)?;
    let most = i32::try_from(MAX_HEADER).unwrap_or(i32::MAX);
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, most).map_err(told)?;
    database.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON").map_err(told)?;
    // A view of this name could be anything, and without end.
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'Packages'";
    let is_there: i64 = database.query_one(tables, [], |row| row.get(0)).map_err(told)?;
    if is_there == 0 {
        return Err("it has no table of packages".to_owned());
    }
    let mut statement = database.prepare("SELECT blob FROM Packages").map_err(told)?;
    let mut rows = statement.query([]).map_err(told)?;
    while let Some(row) = rows.next().map_err(told)? {
        let blob = row.get_ref(0).map_err(told)?.as_blob().map_err(|error| error.to_string())?;
        visit(blob)?;
    }
    Ok(())
}

/// The address under which SQLite opens a file without locks and logs, so that it writes nothing beside it
/// (sqlite.org, "Uniform Resource Identifiers", `immutable`).
fn as_it_lies(path: &Path) -> String {
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => address.push(char::from(*byte)),
            // Writing to a string cannot fail.
            byte => drop(write!(address, "%{byte:02x}")),
        }
    }
    address.push_str("?immutable=1");
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_an_address() {
        assert_eq!(as_it_lies(Path::new("/a/b.sqlite")), "file:/a/b.sqlite?immutable=1");
        assert_eq!(as_it_lies(Path::new("/a b?c#d%/é")), "file:/a%20b%3fc%23d%25/%c3%a9?immutable=1");
    }
}
