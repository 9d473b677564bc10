//! Evidence on a real disk.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::*;
use crate::remediate::samples;

fn store() -> (tempfile::TempDir, EvidenceStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = EvidenceStore::new(folder.path().join("evidence"));
    (folder, store)
}

fn parts<'a>() -> BundleParts<'a> {
    BundleParts { now: samples::time(9), instance: None, findings: &[], events: &[], snapshots: &[] }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_file_is_its_owners_alone_and_keeping_it_again_changes_nothing() {
    let (_folder, store) = store();
    let operation = OperationId::new("op-1");
    let digest = store.keep(&operation, "console.txt", b"booting").unwrap();
    assert_eq!(digest.as_str(), "sha256:dd5a75d9d9721c8952c1c586aeab583e61852b68c695464f75737765e3937ca6");
    let path = store.folder.join("op-1").join("console.txt");
    assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&store.folder)), (0o600, 0o700, 0o700));
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(store.keep(&operation, "console.txt", b"booting").unwrap(), digest);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written);
    store.keep(&operation, "console.txt", b"booted").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"booted");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let (folder, store) = store();
    let operation = OperationId::new("op-1");
    for name in ["../x", "/etc/passwd", "a/b", "", ".", "..", ".hidden", "-rf", "a\0b", "ü", &"x".repeat(200)] {
        assert!(matches!(store.keep(&operation, name, b""), Err(EvidenceError::Name(_))), "{name:?}");
        let operation = OperationId::new(name);
        assert!(matches!(store.keep(&operation, "x", b""), Err(EvidenceError::Name(_))), "{name:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_went_wrong_is_said_with_its_cause() {
    let (_folder, store) = store();
    fs::write(&store.folder, "a file").unwrap();
    let error = store.keep(&OperationId::new("op-1"), "x", b"1").unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(!cause.is_empty() && error.to_string().ends_with(&cause), "{error}");
}

/// A command that root types must not keep the service from its evidence.
#[test]
fn what_root_keeps_belongs_to_the_owner_of_the_folder_around_it() {
    let (folder, store) = store();
    let me = fs::metadata(folder.path()).unwrap().uid();
    let owner = if me == 0 { 12_345 } else { me };
    std::os::unix::fs::chown(folder.path(), Some(owner), None).unwrap();
    store.keep(&OperationId::new("op-1"), "console.txt", b"booting").unwrap();
    let operation = store.folder.join("op-1");
    for path in [&store.folder, &operation, &operation.join("console.txt")] {
        assert_eq!(fs::metadata(path).unwrap().uid(), owner, "{}", path.display());
    }
}

#[test]
fn links_are_not_followed() {
    let (folder, store) = store();
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::create_dir(&store.folder).unwrap();
    std::os::unix::fs::symlink(&elsewhere, store.folder.join("op-1")).unwrap();
    assert!(matches!(store.keep(&OperationId::new("op-1"), "x", b"1"), Err(EvidenceError::Io { .. })));

    let operation = OperationId::new("op-2");
    store.keep(&operation, "x", b"1").unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, b"untouched").unwrap();
    std::os::unix::fs::symlink(&victim, store.folder.join("op-2/y")).unwrap();
    std::os::unix::fs::symlink(&victim, store.folder.join("op-2/.y.unfinished")).unwrap();
    store.keep(&operation, "y", b"2").unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"untouched");
    assert!(fs::symlink_metadata(store.folder.join("op-2/y")).unwrap().is_file());
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn what_a_killed_process_left_beside_is_written_over() {
    let (_folder, store) = store();
    let operation = OperationId::new("op-1");
    store.keep(&operation, "x", b"1").unwrap();
    fs::write(store.folder.join("op-1/.console.txt.unfinished"), b"half").unwrap();
    store.keep(&operation, "console.txt", b"whole").unwrap();
    assert_eq!(fs::read(store.folder.join("op-1/console.txt")).unwrap(), b"whole");
    assert!(!store.folder.join("op-1/.console.txt.unfinished").exists());
}

#[test]
fn more_than_is_kept_is_refused() {
    let (_folder, store) = store();
    let big = vec![0_u8; MOST_BYTES + 1];
    assert!(matches!(store.keep(&OperationId::new("op-1"), "x", &big), Err(EvidenceError::TooLarge { .. })));
}

#[test]
fn a_bundle_names_every_file_and_is_written_once() {
    let (_folder, store) = store();
    let record = samples::record("op-1");
    store.keep(&record.id, "console.txt", b"booting").unwrap();
    let (path, digest) = store.bundle(&record, &parts()).unwrap();
    assert_eq!(path, store.folder.join("op-1").display().to_string());
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(store.folder.join("op-1/manifest.json")).unwrap()).unwrap();
    let names: Vec<_> =
        manifest["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    let expected = ["console.txt", "events.json", "findings.json", "instance.json", "operation.json", "snapshots.json"];
    assert_eq!(names, expected);
    assert_eq!(manifest["schema"], "cattleguard.dev/evidence/v1");
    assert_eq!(manifest["operation"], "op-1");

    // Repeated after a crash, with a record that has gone on meanwhile.
    let mut later = record.clone();
    later.facts.notes.push("later".to_owned());
    let again = store.bundle(&later, &BundleParts { now: samples::time(10), ..parts() }).unwrap();
    assert_eq!(again, (path, digest.clone()));
    assert_eq!(store.verify(&record.id).unwrap(), digest);
}

#[test]
fn a_bundle_that_was_cut_short_or_altered_is_written_again() {
    let (_folder, store) = store();
    let record = samples::record("op-1");
    store.bundle(&record, &parts()).unwrap();
    fs::remove_file(store.folder.join("op-1/manifest.json")).unwrap();
    assert!(matches!(store.verify(&record.id), Err(EvidenceError::Altered { .. })));
    let (_, digest) = store.bundle(&record, &parts()).unwrap();
    fs::write(store.folder.join("op-1/events.json"), b"[]").unwrap();
    let altered = store.verify(&record.id).unwrap_err();
    assert!(altered.to_string().contains("events.json"), "{altered}");
    assert_eq!(store.bundle(&record, &parts()).unwrap().1, digest);
    assert_eq!(store.verify(&record.id).unwrap(), digest);
}

#[test]
fn a_manifest_that_names_other_places_is_refused() {
    let (_folder, store) = store();
    let record = samples::record("op-1");
    let manifest = br#"{"schema":"cattleguard.dev/evidence/v1","files":[{"name":"../../x","sha256":"sha256:0"}]}"#;
    store.keep(&record.id, MANIFEST, manifest).unwrap();
    assert!(matches!(store.verify(&record.id), Err(EvidenceError::Name(_))));
}
