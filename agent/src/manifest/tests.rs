use super::*;
use crate::entry::{Entry, Facts, Flaw, Kind, Missing, Times, Xattr, XattrValue};
use crate::packages::{Manager, Package};
use crate::settings::Settings;
use crate::sign::{self, SigningKey};
use crate::state::{Item, State};
use crate::walk::Tally;

fn entries() -> Vec<Entry> {
    let digest = Digest::of(b"x");
    let kinds = [
        Kind::File { size: 1 << 40, content: Some(digest), link: Some(b"/0".to_vec()) },
        Kind::Symlink { target: b"a\nb\xff".to_vec() },
        Kind::CharDevice { major: 1, minor: 3 },
        Kind::BlockDevice { major: 8, minor: 0 },
        Kind::Fifo,
        Kind::Socket,
        Kind::Mount { file_system: b"xfs".to_vec() },
        Kind::Unknown,
    ];
    let mut list = vec![Entry {
        path: b"/".to_vec(),
        facts: Facts::bare(Kind::Directory),
        times: Times::default(),
        package: None,
    }];
    for (number, kind) in (0_u8..).zip(kinds) {
        let mut facts = Facts::bare(kind);
        (facts.mode, facts.uid, facts.gid, facts.attributes) = (0o4755, u32::MAX, 7, 3);
        facts.xattrs = vec![
            Xattr { name: b"user.a".to_vec(), value: XattrValue::Bytes(vec![0, 255]) },
            Xattr { name: b"user.b".to_vec(), value: XattrValue::Digest(digest) },
        ];
        facts.flaws = vec![Flaw { what: Missing::Content, errno: 13 }];
        let times = Times { modified: (-1, 999_999_999), changed: (i64::MAX, 0) };
        list.push(Entry { path: vec![b'/', b'0' + number], facts, times, package: Some(0) });
    }
    list
}

fn package() -> Package {
    Package {
        manager: Manager::Dpkg,
        name: "alpha".to_owned(),
        architecture: "amd64".to_owned(),
        version: "1".to_owned(),
    }
}

fn item() -> Item {
    Item { section: Section::Cron, file: b"/etc/crontab".to_vec(), key: b"x".to_vec(), value: Vec::new() }
}

fn manifest() -> Vec<u8> {
    signed(None)
}

fn signed(key: Option<&SigningKey>) -> Vec<u8> {
    let settings = Settings::whole_system();
    let packages = [package()];
    let state = State { sections: vec![Section::Cron], items: vec![item()] };
    let preface = Preface {
        settings: &settings,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        packages: Some(&packages),
        state: &state,
        state_exclusions: &[],
    };
    let mut writer = Writer::new(Vec::new(), preface).unwrap();
    entries().iter().for_each(|entry| writer.entry(entry).unwrap());
    writer.finish(&Tally::default(), key).unwrap().0
}

fn read(bytes: &[u8]) -> Result<(Vec<Entry>, Totals), ManifestError> {
    let mut reader = Reader::new(bytes)?;
    let mut found = Vec::new();
    while let Some(entry) = reader.entry()? {
        found.push(entry);
    }
    reader.finish().map(|verified| (found, verified.totals))
}

/// Records inside the compressed frame, changed and packed again.
fn repacked(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    again(&manifest(), change)
}

fn again(whole: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut records = zstd::decode_all(&whole[MAGIC.len()..]).unwrap();
    change(&mut records);
    [MAGIC.to_vec(), zstd::encode_all(&records[..], 1).unwrap()].concat()
}

#[test]
fn every_kind_of_entry_comes_back_as_it_was() {
    let (found, totals) = read(&manifest()).unwrap();
    assert_eq!(found, entries());
    assert_eq!((totals.counts.entries, totals.counts.flawed), (9, 8));
    let whole = manifest();
    let reader = Reader::new(&whole[..]).unwrap();
    assert_eq!(reader.packages(), Some(&[package()][..]));
    assert_eq!(reader.package_of(&entries()[1]), Some(&package()));
}

#[test]
fn equal_trees_make_equal_bytes() {
    assert_eq!(manifest(), manifest());
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = manifest();
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "cut at {length} of {}", whole.len());
    }
    assert!(matches!(read(&whole[..whole.len() - 1]), Err(ManifestError::Truncated)));
}

#[test]
fn a_changed_byte_anywhere_is_refused() {
    let whole = manifest();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        // The compressed frame has a few bits without meaning; what comes out must not depend on them.
        if let Ok(found) = read(&damaged) {
            assert_eq!(found, read(&whole).unwrap(), "byte {at}");
        }
    }
}

#[test]
fn a_changed_record_is_refused_even_in_a_sound_frame() {
    let records = zstd::decode_all(&manifest()[MAGIC.len()..]).unwrap();
    for at in 0..records.len() {
        assert!(read(&repacked(|records| records[at] ^= 1)).is_err(), "byte {at}");
    }
    assert!(read(&repacked(|_| {})).is_ok(), "repacking alone is harmless");
}

#[test]
fn alien_files_and_later_versions_are_told_apart() {
    assert!(matches!(read(b""), Err(ManifestError::Magic)));
    assert!(matches!(read(b"\x7fELF\x02"), Err(ManifestError::Magic)));
    assert!(matches!(read(b"CGM3rest"), Err(ManifestError::Version('3'))));
    assert!(matches!(read(b"CGM2rest"), Err(ManifestError::Compression(_))));
    let trailing = [manifest(), b"x".to_vec()].concat();
    assert!(matches!(read(&trailing), Err(ManifestError::Trailing)));
}

#[test]
fn an_oversize_record_is_refused_before_it_is_read() {
    let bomb = repacked(|records| {
        records.clear();
        records.push(HEADER);
        crate::codec::put_number(records, u64::MAX);
        records.resize(64, 0);
    });
    assert!(matches!(read(&bomb), Err(ManifestError::Oversize(u64::MAX))));
}

#[test]
fn records_in_the_wrong_order_are_refused() {
    let double_header = repacked(|records| {
        let again = records.clone();
        records.splice(0..0, again);
    });
    assert!(read(&double_header).is_err());
    let no_header = repacked(|records| records.splice(..2, [ENTRY, 0]).for_each(drop));
    assert!(matches!(read(&no_header), Err(ManifestError::Record(_))));
}

#[test]
fn a_signature_stands_for_everything_and_cannot_be_exchanged() {
    let key = sign::tests::key();
    let whole = signed(Some(&key));
    let verified = Reader::new(&whole[..]).unwrap().finish().unwrap();
    assert_eq!(verified.signature.unwrap().key(), key.public());
    assert_eq!(Reader::new(&manifest()[..]).unwrap().finish().unwrap().signature, None);
    let forged = again(&whole, |records| {
        let last = records.len() - 1;
        records[last] ^= 1;
    });
    assert!(matches!(Reader::new(&forged[..]).unwrap().finish(), Err(ManifestError::Signature)));
}

#[test]
fn the_first_version_is_still_read_and_has_no_later_records() {
    let old = include_bytes!("../../tests/fixtures/version-1.cgm");
    let mut reader = Reader::new(&old[..]).unwrap();
    assert_eq!(reader.state(), &State::default());
    let mut paths = Vec::new();
    while let Some(entry) = reader.entry().unwrap() {
        paths.push(entry.path);
    }
    assert_eq!(paths, [&b"/"[..], b"/etc", b"/etc/file", b"/etc/link"]);
    assert!(reader.finish().unwrap().signature.is_none());
    for mut later in [manifest(), signed(Some(&sign::tests::key()))] {
        later[3] = b'1';
        assert!(read(&later).is_err(), "state or a signature in version 1");
    }
}
