use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::entry::{Entry, Facts, Kind, Times};
use crate::walk::{Identity, Known, Remembered, Seen};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn header() -> Header {
    Header { agent: crate::VERSION.to_owned(), golden: Digest::of(b"golden"), full_at: at(10_000) }
}

fn seen(path: &str, changed: i64) -> Seen {
    let facts = Facts::bare(Kind::File { size: 1, content: Some(Digest::of(path.as_bytes())), link: None });
    let times = Times { modified: (5, 7), changed: (changed, 9) };
    let identity = Some(Identity { device: 3, inode: 4, size: 1 });
    Seen { entry: Entry { path: path.into(), facts, times, package: None }, identity }
}

fn written(entries: &[Seen]) -> Vec<u8> {
    let mut recorder = Recorder::new(Vec::new(), &header(), SETTLED).unwrap();
    entries.iter().for_each(|entry| recorder.entry(entry).unwrap());
    recorder.finish().unwrap()
}

fn open(bytes: &[u8], now: i64) -> (tempfile::TempDir, Result<Cache, Unusable>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let cache = Cache::open(&path, Digest::of(b"golden"), at(now), FULL_EVERY);
    (folder, cache)
}

#[test]
fn what_was_settled_is_remembered_and_nothing_else() {
    let bytes = written(&[seen("/a", 100), seen("/b", 9_990), seen("/c", 20_000), seen("/d", 100)]);
    let (_folder, cache) = open(&bytes, 10_001);
    let mut cache = cache.unwrap();
    let Seen { entry, identity } = seen("/a", 100);
    let expected = Remembered { identity: identity.unwrap(), times: entry.times, facts: entry.facts };
    assert_eq!(cache.recall(b"/a"), Some(expected));
    assert_eq!(cache.recall(b"/b"), None, "it changed just before the pass");
    assert_eq!(cache.recall(b"/c"), None, "it changes in the future");
    assert!(cache.recall(b"/d").is_some());
    assert_eq!(cache.recalled(), 2);
    assert!(cache.finish().is_ok());
}

#[test]
fn a_damaged_cache_is_noticed_at_the_latest_at_its_end() {
    let mut bytes = written(&[seen("/a", 100), seen("/d", 100)]);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    for damaged in [&bytes[..], &bytes[..last - 20], &bytes[..3], b"CGQ1", b"CGQ2xxxx"] {
        let refused = match open(damaged, 10_001) {
            (_folder, Ok(cache)) => cache.finish().is_err(),
            (_folder, Err(_)) => true,
        };
        assert!(refused);
    }
}

#[test]
fn a_cache_of_another_golden_time_or_owner_is_not_used() {
    let bytes = written(&[]);
    assert!(matches!(open(&bytes, 9_999).1, Err(Unusable::Future(_))));
    assert!(matches!(open(&bytes, 10_000 + 24 * 3600).1, Err(Unusable::Due(_))));
    let (folder, cache) = open(&bytes, 10_000);
    assert!(cache.is_ok());
    let path = folder.path().join("cache");
    assert!(matches!(Cache::open(&path, Digest::of(b"x"), at(10_000), FULL_EVERY), Err(Unusable::Other)));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o620)).unwrap();
    assert!(matches!(Cache::open(&path, header().golden, at(10_000), FULL_EVERY), Err(Unusable::Exposed)));
    let absent = folder.path().join("absent");
    assert!(matches!(Cache::open(&absent, header().golden, at(10_000), FULL_EVERY), Err(Unusable::Absent)));
}
