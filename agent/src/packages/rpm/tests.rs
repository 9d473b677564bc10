//! Databases as rpm writes them, made here byte by byte.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::super::Books;
use super::*;

const FOLDER: &str = "var/lib/rpm";

/// A value of a header.
enum Value<'v> {
    Number(u32),
    Numbers(&'v [u32]),
    Text(&'v str),
    Texts(&'v [&'v str]),
}

/// A header with these tags.
fn blob(tags: &[(u32, Value<'_>)]) -> Vec<u8> {
    let (mut index, mut data) = (Vec::new(), Vec::new());
    for (tag, value) in tags {
        let (kind, count, bytes) = match value {
            Value::Number(number) => (4, 1, number.to_be_bytes().to_vec()),
            Value::Numbers(numbers) => (4, numbers.len(), numbers.iter().flat_map(|one| one.to_be_bytes()).collect()),
            Value::Text(text) => (6, 1, [text.as_bytes(), b"\0"].concat()),
            Value::Texts(texts) => {
                (8, texts.len(), texts.iter().flat_map(|one| [one.as_bytes(), b"\0"].concat()).collect())
            }
        };
        for word in [*tag, kind, data.len() as u32, count as u32] {
            index.extend(word.to_be_bytes());
        }
        data.extend(bytes);
    }
    [&(tags.len() as u32).to_be_bytes()[..], &(data.len() as u32).to_be_bytes(), &index, &data].concat()
}

fn bash() -> Vec<u8> {
    blob(&[
        (1000, Value::Text("bash")),
        (1001, Value::Text("5.2.15")),
        (1002, Value::Text("1.amzn2023.0.2")),
        (1022, Value::Text("x86_64")),
        (1116, Value::Numbers(&[0, 1, 1])),
        (1117, Value::Texts(&["bash", "skel", "bashrc"])),
        (1118, Value::Texts(&["/usr/bin/", "/etc/"])),
    ])
}

fn others() -> [Vec<u8>; 3] {
    let named = |name, epoch| {
        blob(&[
            (1000, Value::Text(name)),
            (1001, Value::Text("1.0")),
            (1002, Value::Text("2")),
            (1003, Value::Number(epoch)),
            (1022, Value::Text("noarch")),
        ])
    };
    let key = blob(&[(1000, Value::Text("gpg-pubkey")), (1001, Value::Text("d832c631")), (1002, Value::Text("6515"))]);
    [named("with-epoch", 2), named("epoch-zero", 0), key]
}

fn sqlite(root: &TempDir, blobs: &[Vec<u8>]) -> PathBuf {
    let path = root.path().join(FOLDER).join("rpmdb.sqlite");
    fs::create_dir_all(root.path().join(FOLDER)).unwrap();
    let database = Connection::open(&path).unwrap();
    let table = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)";
    database.execute_batch(table).unwrap();
    for blob in blobs {
        database.execute("INSERT INTO Packages (blob) VALUES (?1)", [blob]).unwrap();
    }
    path
}

fn ndb(root: &TempDir, blobs: &[Vec<u8>]) -> PathBuf {
    let path = root.path().join(FOLDER).join("Packages.db");
    fs::create_dir_all(root.path().join(FOLDER)).unwrap();
    let mut file = [&b"RpmP"[..], &[0; 8], &1_u32.to_le_bytes(), &9_u32.to_le_bytes(), &[0; 12]].concat();
    let mut bodies = Vec::new();
    for slot in 0..254_u32 {
        let Some(blob) = blobs.get(slot as usize) else {
            file.extend([&b"Slot"[..], &[0; 12]].concat());
            continue;
        };
        let (number, length) = ((slot + 1).to_le_bytes(), (blob.len() as u32).to_le_bytes());
        let (start, size) = ((PAGE + bodies.len()) / 16, (16 + blob.len() + 12).next_multiple_of(16));
        file.extend([&b"Slot"[..], &number, &(start as u32).to_le_bytes(), &(size as u32 / 16).to_le_bytes()].concat());
        let mut body = [&b"BlbS"[..], &number, &[0; 4], &length, blob].concat();
        body.resize(size - 12, 0);
        bodies.extend([&body[..], &[0; 4], &length, b"BlbE"].concat());
    }
    assert_eq!(file.len(), PAGE);
    fs::write(&path, [file, bodies].concat()).unwrap();
    path
}

const PAGE: usize = 4096;

fn books(root: &TempDir, wanted: Wanted<'_>) -> Books {
    super::super::read(root.path(), wanted)
}

fn nothing() -> Taken<'static> {
    let merged = Merged::of(Path::new("/nonexistent"));
    Taken { wanted: Wanted::All, merged, packages: Vec::new(), claims: Claims::new() }
}

type Make = fn(&TempDir, &[Vec<u8>]) -> PathBuf;

#[test]
fn packages_and_owners_are_read_from_both_formats_without_the_program() {
    let blobs = [&[bash()][..], &others()].concat();
    for make in [sqlite as Make, ndb] {
        let root = tempfile::tempdir().unwrap();
        make(&root, &blobs);
        assert!(!needs_a_program(root.path()));
        let books = books(&root, Wanted::All);
        assert_eq!(books.problems, Vec::<String>::new());
        let told: Vec<String> = books
            .packages
            .iter()
            .flatten()
            .map(|one| format!("{} {} {}", one.name, one.architecture, one.version))
            .collect();
        assert_eq!(
            told,
            [
                "bash x86_64 5.2.15-1.amzn2023.0.2",
                "epoch-zero noarch 1.0-2",
                "gpg-pubkey (none) d832c631-6515",
                "with-epoch noarch 2:1.0-2",
            ]
        );
        for path in ["/usr/bin/bash", "/etc/skel", "/etc/bashrc"] {
            assert_eq!(books.owning(path.as_bytes()).map(|one| &*one.name), Some("bash"), "{path}");
        }
        assert_eq!(books.owner(b"/usr/bin/skel"), None);
    }
}

#[test]
fn files_of_merged_folders_are_found_where_they_are() {
    let root = tempfile::tempdir().unwrap();
    let glibc = [
        (1000, Value::Text("glibc")),
        (1001, Value::Text("2.34")),
        (1002, Value::Text("52.amzn2023")),
        (1116, Value::Numbers(&[0])),
        (1117, Value::Texts(&["libc.so.6"])),
        (1118, Value::Texts(&["/lib64/"])),
    ];
    sqlite(&root, &[blob(&glibc)]);
    std::os::unix::fs::symlink("usr/lib64", root.path().join("lib64")).unwrap();
    assert!(books(&root, Wanted::All).owner(b"/usr/lib64/libc.so.6").is_some());
}

#[test]
fn of_a_check_only_what_differs_is_looked_up() {
    let root = tempfile::tempdir().unwrap();
    sqlite(&root, &[bash()]);
    let wanted = BTreeSet::from([b"/etc/bashrc".to_vec()]);
    let books = books(&root, Wanted::Only(&wanted));
    assert!(books.owner(b"/etc/bashrc").is_some());
    assert_eq!(books.owner(b"/usr/bin/bash"), None);
}

#[test]
fn an_unfinished_transaction_and_berkeleys_format_are_left_to_the_program() {
    let root = tempfile::tempdir().unwrap();
    let path = sqlite(&root, &[bash()]);
    fs::write(path.with_extension("sqlite-wal"), "").unwrap();
    assert!(!needs_a_program(root.path()));
    fs::write(path.with_extension("sqlite-wal"), "begun").unwrap();
    assert!(needs_a_program(root.path()));
    let root = tempfile::tempdir().unwrap();
    assert!(!needs_a_program(root.path()));
    fs::create_dir_all(root.path().join("usr/lib/sysimage/rpm")).unwrap();
    fs::write(root.path().join("usr/lib/sysimage/rpm/Packages"), "").unwrap();
    assert!(needs_a_program(root.path()));
}

#[test]
fn nothing_is_written_beside_the_database() {
    let root = tempfile::tempdir().unwrap();
    let path = sqlite(&root, &[bash()]);
    Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    let listed = || fs::read_dir(root.path().join(FOLDER)).unwrap().count();
    assert_eq!(listed(), 1);
    assert_eq!(books(&root, Wanted::All).problems, Vec::<String>::new());
    assert_eq!(listed(), 1);
}

#[test]
fn damage_is_told_and_costs_no_other_manager_its_packages() {
    let root = tempfile::tempdir().unwrap();
    let endless =
        "CREATE VIEW Packages AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS blob FROM n";
    type Damage<'d> = (Make, &'d dyn Fn(&Path));
    let damages: [Damage<'_>; 5] = [
        (sqlite, &|path| fs::write(path, "no database").unwrap()),
        (sqlite, &|path| Connection::open(path).unwrap().execute_batch("DROP TABLE Packages").unwrap()),
        (sqlite, &|path| {
            Connection::open(path).unwrap().execute_batch(&format!("DROP TABLE Packages; {endless}")).unwrap();
        }),
        (ndb, &|path| fs::write(path, "RpmP").unwrap()),
        (ndb, &|path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[PAGE] = b'x';
            fs::write(path, bytes).unwrap();
        }),
    ];
    fs::create_dir_all(root.path().join("var/lib/dpkg")).unwrap();
    let status = "Package: base\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n";
    fs::write(root.path().join("var/lib/dpkg/status"), status).unwrap();
    for (make, damage) in damages {
        let path = make(&root, &[bash()]);
        damage(&path);
        let books = books(&root, Wanted::All);
        assert_eq!(books.problems.len(), 1, "{:?}", books.problems);
        assert!(books.problems[0].starts_with("the database of rpm cannot be read: "), "{:?}", books.problems);
        assert_eq!(books.packages.iter().flatten().count(), 1);
        fs::remove_dir_all(root.path().join(FOLDER)).unwrap();
    }
}

#[test]
fn headers_that_contradict_themselves_are_refused() {
    for (tags, said) in [
        (vec![(1001, Value::Text("1")), (1002, Value::Text("1"))], "no name"),
        (vec![(1000, Value::Text("a")), (1002, Value::Text("1"))], "no version"),
        (vec![(1116, Value::Numbers(&[7])), (1117, Value::Texts(&["x"])), (1118, Value::Texts(&["/"]))], "in a folder"),
        (vec![(1116, Value::Text("x")), (1117, Value::Texts(&["x"]))], "under tag 1116"),
    ] {
        let named = [(1000, Value::Text("a")), (1001, Value::Text("1")), (1002, Value::Text("1"))];
        let tags: Vec<_> =
            if tags.iter().any(|(tag, _)| *tag < 1100) { tags } else { named.into_iter().chain(tags).collect() };
        let error = nothing().header(&blob(&tags)).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}

proptest! {
    /// Whatever bytes there are, reading ends and takes no more than they are worth.
    #[test]
    fn any_bytes_are_a_header_or_an_error(start in 0_usize..400, change in proptest::collection::vec(any::<u8>(), 0..8), cut in 0_usize..400) {
        let mut bytes = bash();
        for (place, byte) in (start..).zip(change) {
            if let Some(old) = bytes.get_mut(place) {
                *old = byte;
            }
        }
        bytes.truncate(bytes.len().max(cut) - cut);
        let mut taken = nothing();
        let _ = taken.header(&bytes);
        prop_assert!(taken.packages.len() <= 1 && taken.claims.len() <= bytes.len());
    }
}
