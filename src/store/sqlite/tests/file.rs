use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Barrier;

use rusqlite::Connection;

use super::{folder, open};
use crate::store::contract::sample::{at, finding, golden, lease, scan};
use crate::store::contract::scans::full_scan;
use crate::store::sqlite::migrate::known;
use crate::store::sqlite::open::refuse_old_sqlite;
use crate::store::traits::{Audit, Findings, Goldens, Leases, ScanCommit, Scans, StoreError};
use crate::store::{SqliteStore, audit};

fn setting(store: &SqliteStore, name: &str) -> String {
    let connection = store.lock();
    let value: rusqlite::types::Value =
        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).expect("a pragma");
    format!("{value:?}")
}

#[test]
fn the_file_is_private_and_so_is_what_sqlite_puts_beside_it() {
    let (folder, path) = folder();
    let store = open(&path);
    store.add_golden(&golden("web", "1", 0)).expect("writes");
    let mut seen = 0;
    for entry in fs::read_dir(folder.path()).expect("the folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
        seen += 1;
    }
    assert_eq!(seen, 3, "the database, its log and the log's index");
}

#[test]
fn commits_are_durable_and_references_checked() {
    let (_folder, path) = folder();
    let store = open(&path);
    assert_eq!(setting(&store, "journal_mode"), "Text(\"wal\")");
    assert_eq!(setting(&store, "synchronous"), "Integer(2)");
    assert_eq!(setting(&store, "foreign_keys"), "Integer(1)");
}

#[test]
fn a_missing_folder_is_made_but_not_a_whole_path() {
    let (_folder, path) = folder();
    let folder = path.with_file_name("var");
    open(&folder.join("state.db"));
    assert_eq!(fs::metadata(&folder).expect("made").permissions().mode() & 0o777, 0o700);
    let far = path.with_file_name("nowhere").join("deep");
    let refused = SqliteStore::open(&far.join("state.db")).expect_err("no such folder");
    assert!(matches!(&refused, StoreError::NotFound(text) if text.contains(&far.display().to_string())), "{refused}");
    assert!(!far.exists());
}

#[test]
fn a_damaged_file_is_named_and_left_as_it_is() {
    let (folder, path) = folder();
    let store = open(&path);
    let lease = lease(&store);
    for number in 0..40 {
        store.commit_scan(&lease, &full_scan(&format!("s{number}"), number)).expect("commits");
    }
    // One page of one table: everything that opening reads for its own sake stays sound.
    let page: u32 = store
        .lock()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'verdict'", [], |row| row.get(0))
        .expect("a page");
    drop(store);
    let mut bytes = fs::read(&path).expect("the file");
    let (page, size) = (page as usize, 4096);
    bytes[(page - 1) * size..page * size].fill(0x5a);
    fs::write(&path, &bytes).expect("damaged");
    let refused = SqliteStore::open(&path).expect_err("damaged");
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    assert!(refused.to_string().contains(&path.display().to_string()));
    assert!(fs::read(&path).expect("the file") == bytes, "untouched");

    fs::write(&path, b"this is no database at all, but long enough to be looked at").expect("replaced");
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Corrupt { .. })));
    assert!(matches!(SqliteStore::open_read_only(&path), Err(StoreError::Corrupt { .. })));
    drop(folder);
}

#[test]
fn a_newer_schema_is_refused_and_left_as_it_is() {
    let (_folder, path) = folder();
    drop(open(&path));
    let other = Connection::open(&path).expect("opens");
    let newer = known() + 1;
    other
        .execute("INSERT INTO migration (version, name, checksum) VALUES (?1, 'later', 'x')", [newer])
        .expect("a later version's work");
    drop(other);
    let bytes = fs::read(&path).expect("the file");
    for refused in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
        let refused = refused.expect_err("newer");
        assert!(matches!(refused, StoreError::NewerSchema { found, known: ours } if found == newer && ours == known()));
    }
    assert!(fs::read(&path).expect("the file") == bytes, "untouched");
}

#[test]
fn another_programs_database_is_refused() {
    let (_folder, path) = folder();
    Connection::open(&path).and_then(|other| other.execute_batch("CREATE TABLE t (x)")).expect("another's");
    let refused = SqliteStore::open(&path).expect_err("not ours");
    assert!(refused.to_string().contains("another program"), "{refused}");
}

#[test]
fn an_old_sqlite_is_refused() {
    assert!(refuse_old_sqlite(3_051_002).expect_err("old").to_string().contains("3.51.2"));
    refuse_old_sqlite(3_051_003).expect("the first good one");
    refuse_old_sqlite(rusqlite::version_number()).expect("the bundled one");
}

#[test]
fn reading_works_beside_a_held_lease_and_cannot_write() {
    let (_folder, path) = folder();
    let missing = SqliteStore::open_read_only(&path).expect_err("no state yet");
    assert_eq!(missing.to_string(), format!("no state at {}: run `cattleguard scan` first", path.display()));
    assert!(!path.exists(), "reading creates nothing");

    let writer = open(&path);
    let lease = lease(&writer);
    writer.commit_scan(&lease, &full_scan("s1", 0)).expect("commits");
    let reader = SqliteStore::open_read_only(&path).expect("opens");
    assert_eq!(reader.findings(false).expect("readable").len(), 1);
    writer
        .commit_scan(&lease, &ScanCommit { findings: vec![finding("f-2", "i-1", 9)], ..scan("s2", 9) })
        .expect("commits beside the reader");
    assert_eq!(reader.findings(false).expect("readable").len(), 2, "and the reader sees it");
    let refused = reader.acquire("deliver", "b", at(0), 60).expect_err("read only");
    assert!(refused.to_string().contains("reading only"), "{refused}");
}

/// An interrupted first start leaves a file without a schema, and its mark: that is no state yet, and no damage.
#[test]
fn a_first_start_that_was_cut_off_is_a_state_that_is_not_there_yet() {
    let (_folder, path) = folder();
    let mark = path.with_extension("db.new");
    fs::write(&path, b"").expect("an empty file");
    fs::write(&mark, b"").expect("a mark");
    assert!(matches!(SqliteStore::open_read_only(&path), Err(StoreError::NotFound(_))));
    open(&path);
    SqliteStore::open_read_only(&path).expect("now it is there");
    assert!(!mark.exists(), "and was not begun any more");
}

/// What was known of quarantines and budgets is forgotten in it: that is for a person to want.
#[test]
fn a_state_that_was_emptied_is_no_first_run() {
    let (_folder, path) = folder();
    open(&path);
    fs::write(&path, b"").expect("emptied");
    for refused in [SqliteStore::open(&path).err(), SqliteStore::open_read_only(&path).err()] {
        let said = refused.expect("refused").to_string();
        assert!(said.contains("is empty") && said.contains("Restore a backup"), "{said}");
    }
    assert_eq!(fs::read(&path).expect("readable"), b"", "it is left as it is");
    fs::remove_file(&path).expect("in full knowledge");
    open(&path);
}

#[test]
fn two_processes_may_open_a_new_file_at_once_and_one_gets_the_lease() {
    let (_folder, path) = folder();
    let barrier = Barrier::new(4);
    let held: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let (path, barrier) = (&path, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    open(path).acquire("scan", &format!("process {number}"), at(0), 60)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let winners: Vec<&str> = held.iter().flatten().map(|lease| lease.holder.as_str()).collect();
    assert_eq!(winners.len(), 1);
    for refused in held.iter().filter_map(|one| one.as_ref().err()) {
        assert!(matches!(refused, StoreError::LeaseHeld { holder, .. } if holder == winners[0]), "{refused}");
    }
}

/// Whoever has the file can edit it, with the triggers dropped; the chain tells.
#[test]
fn an_edit_behind_our_back_is_found() {
    let (_folder, path) = folder();
    let store = open(&path);
    for second in 0..3 {
        store.append(at(second), "mallory", "test.note", "-", &serde_json::json!({})).expect("appends");
    }
    let other = Connection::open(&path).expect("opens");
    assert!(other.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 2", []).is_err(), "append-only");
    assert!(other.execute("DELETE FROM audit WHERE seq = 3", []).is_err(), "append-only");
    other.execute_batch("DROP TRIGGER audit_is_never_deleted; DELETE FROM audit WHERE seq = 3").expect("forced");
    let (entries, head) = (store.entries().expect("readable"), store.head().expect("readable"));
    assert_eq!(audit::verify_to(&entries, head.as_ref()).map_err(|found| found.seq), Err(3));
    other
        .execute_batch(
            "DROP TRIGGER audit_is_never_changed; UPDATE audit SET at = 'yesterday', details = '{' WHERE seq = 2",
        )
        .expect("forced");
    let entries = store.entries().expect("still readable");
    assert_eq!(audit::verify(&entries).map_err(|found| found.seq), Err(2));
}
