//! `audit verify` and `audit export`.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::world::World;

#[test]
fn the_log_verifies_and_exported_lines_can_be_checked_by_anybody() {
    let world = World::new("");
    world.record(&[]);
    let (exit, told) = world.json(&["audit", "verify"]);
    assert_eq!((exit, &told["ok"]), (0, &Value::Bool(true)), "{told}");
    let head = format!("{}:{}", told["head"]["seq"], told["head"]["hash"].as_str().expect("a hash"));
    assert_eq!(world.run(&["pause", "--reason", "freeze"]), 0);
    assert_eq!(world.run(&["audit", "verify", "--head", &head]), 0, "the old head is still in it");
    let forged = format!("{}:{}", told["head"]["seq"], "0".repeat(64));
    assert_eq!(world.run(&["audit", "verify", "--head", &forged]), 2);

    let (exit, text) = world.text("ndjson", &["audit", "export"]);
    assert_eq!(exit, 0);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (summary, entries) = lines.split_last().expect("lines");
    assert_eq!((&summary["type"], summary["entries"].as_u64()), (&"summary".into(), Some(entries.len() as u64)));
    for line in entries {
        let mut entry = line["entry"].clone();
        let hash = entry.as_object_mut().and_then(|fields| fields.remove("hash")).expect("a hash");
        let digest = Sha256::digest(crate::store::audit::canonical(&entry));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, digest.as_str());
    }
}

#[test]
fn an_edited_entry_is_found_and_exits_2() {
    let world = World::new("");
    world.record(&[]);
    let connection = rusqlite::Connection::open(world.path("state.db")).expect("the file");
    // Whoever edits the file can drop the guard as well.
    connection.execute_batch("DROP TRIGGER audit_is_never_changed").expect("dropped");
    let edited = connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 1", []);
    assert_eq!(edited.expect("an update"), 1);
    drop(connection);
    let (exit, told) = world.json(&["audit", "verify"]);
    assert_eq!((exit, told["broken_at"].as_u64()), (2, Some(1)), "{told}");
    let (exit, text) = world.text("ndjson", &["audit", "export"]);
    assert_eq!(exit, 2);
    assert!(text.lines().last().expect("a summary").contains("\"ok\":false"));
}
