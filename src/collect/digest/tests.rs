//! Verification of a folder, whole and tampered with.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::testing::digests::{DigestHour, TrailFolder, TrailSigner, gzip};
use crate::types::{BreakKind, Place};

const LOG: &str = r#"{"Records":[{"eventVersion":"1.11"}]}"#;

fn start() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

fn keys() -> PublicKeys {
    let mut keys = PublicKeys::default();
    keys.read(TrailSigner::trusted().listing().unwrap().to_string().as_bytes()).unwrap();
    keys
}

struct World {
    folder: tempfile::TempDir,
    trail: TrailFolder,
    hours: Vec<DigestHour>,
}

impl World {
    /// Five hours with two log files each; the signature of the last digest is at hand.
    fn new() -> Self {
        let world = Self::unsigned();
        world.hours.last().unwrap().keep_signature().unwrap();
        world
    }

    fn unsigned() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut trail = TrailFolder::new(folder.path(), &place(), "main", start());
        let hours = (0..5).map(|_| trail.hour(&[LOG, "{\"Records\":[]}"]).unwrap()).collect();
        Self { folder, trail, hours }
    }

    fn verify(&self) -> VerifyReport {
        verify_with(self.folder.path(), &keys(), None)
    }

    fn log(&self, hour: usize, index: usize) -> &PathBuf {
        &self.hours[hour].logs[index]
    }
}

fn verify_with(folder: &Path, keys: &PublicKeys, since: Option<Timestamp>) -> VerifyReport {
    let objects = Folder::open(folder).unwrap();
    verify(&VerifyRequest {
        objects: &objects,
        keys,
        since,
        until: None,
        hashed: None,
        places: None,
        progress: &|_| {},
    })
}

/// Kinds of breaks with the hours since the start that they leave in doubt.
fn breaks(report: &VerifyReport) -> Vec<(BreakKind, Option<i64>, Option<i64>)> {
    let hour = |at: Option<Timestamp>| at.map(|at| at.duration_since(start()).as_hours());
    report.breaks.kept.iter().map(|found| (found.kind, hour(found.from), hour(found.to))).collect()
}

fn reasons(report: &VerifyReport) -> Vec<&str> {
    report.unproven.kept.iter().map(|entry| entry.reason.as_str()).collect()
}

#[test]
fn an_intact_chain_is_proven_to_the_last_log() {
    let world = World::new();
    let report = world.verify();
    assert_eq!((breaks(&report), reasons(&report)), (vec![], vec![]));
    assert_eq!((report.logs, report.logs_proven, report.logs_waiting, report.logs_uncovered), (10, 10, 0, 0));
    let [chain] = report.chains.as_slice() else { panic!("{:#?}", report.chains) };
    assert_eq!((chain.digests, chain.proven, chain.earlier.as_deref()), (5, 5, None));
    assert_eq!((chain.from, chain.through), (Some(start()), Some(start() + SignedDuration::from_hours(5))));
}

#[test]
fn a_folder_within_the_tree_or_above_it_is_the_same() {
    let world = World::new();
    let above = tempfile::tempdir().unwrap();
    fs::rename(world.folder.path().join("AWSLogs"), above.path().join("AWSLogs")).unwrap();
    let deep = above.path().join("AWSLogs/000000000000");
    for folder in [above.path(), &above.path().join("AWSLogs"), &deep, &deep.join("CloudTrail-Digest")] {
        let report = verify_with(folder, &keys(), None);
        assert_eq!((report.logs_proven, breaks(&report)), (10, vec![]), "{}", folder.display());
    }
}

#[test]
fn only_the_newest_digest_needs_a_signature_of_its_own() {
    let report = World::unsigned().verify();
    assert_eq!(breaks(&report), []);
    assert_eq!((report.chains[0].proven, report.logs_proven), (4, 8));
    assert_eq!(report.unproven.total, 1);
    assert!(reasons(&report)[0].contains("not at hand"), "{:?}", reasons(&report));
}

#[test]
fn what_head_object_prints_is_a_signature_too() {
    let world = World::unsigned();
    let DigestHour { digest, signature, .. } = world.hours.last().unwrap();
    let head = format!(
        r#"{{"ContentLength": 7, "Metadata": {{"signature-algorithm": "SHA256withRSA", "signature": "{signature}"}}}}"#
    );
    fs::write(format!("{}.signature", digest.display()), head).unwrap();
    assert_eq!(world.verify().chains[0].proven, 5);
}

#[test]
fn without_keys_nothing_is_proven_and_changes_are_still_found() {
    let world = World::new();
    fs::write(world.log(1, 0), gzip(b"{}").unwrap()).unwrap();
    let report = verify_with(world.folder.path(), &PublicKeys::default(), None);
    assert_eq!(breaks(&report), [(BreakKind::LogAltered, Some(1), Some(2))]);
    assert_eq!((report.chains[0].proven, report.logs_proven, report.unproven.total), (0, 0, 5));
}

#[test]
fn an_altered_log_is_found() {
    let world = World::new();
    fs::write(world.log(1, 0), gzip(LOG.replace("1.11", "1.10").as_bytes()).unwrap()).unwrap();
    let report = world.verify();
    assert_eq!(breaks(&report), [(BreakKind::LogAltered, Some(1), Some(2))]);
    assert!(world.log(1, 0).ends_with(&report.breaks.kept[0].object));
    assert_eq!(report.logs_proven, 9);
}

#[test]
fn a_log_that_was_only_packed_anew_is_the_same_log() {
    let world = World::new();
    fs::write(world.log(1, 0), LOG).unwrap();
    assert_eq!(breaks(&world.verify()), []);
}

#[test]
fn records_appended_as_a_second_gzip_member_are_found() {
    let world = World::new();
    let mut packed = fs::read(world.log(2, 1)).unwrap();
    packed.extend(gzip(LOG.as_bytes()).unwrap());
    fs::write(world.log(2, 1), packed).unwrap();
    assert_eq!(breaks(&world.verify()), [(BreakKind::LogAltered, Some(2), Some(3))]);
}

#[test]
fn truncated_and_garbled_logs_are_found() {
    let world = World::new();
    let packed = fs::read(world.log(0, 0)).unwrap();
    fs::write(world.log(0, 0), &packed[..packed.len() - 9]).unwrap();
    fs::write(world.log(3, 0), [&[0x1f, 0x8b][..], &[0xff; 40]].concat()).unwrap();
    fs::write(world.log(4, 0), []).unwrap();
    let kinds = breaks(&world.verify());
    assert_eq!(kinds, [0, 3, 4].map(|hour| (BreakKind::LogAltered, Some(hour), Some(hour + 1))));
}

#[test]
fn a_deleted_log_is_found() {
    let world = World::new();
    fs::remove_file(world.log(3, 1)).unwrap();
    assert_eq!(breaks(&world.verify()), [(BreakKind::LogMissing, Some(3), Some(4))]);
}

#[test]
fn a_deleted_digest_is_found_and_leaves_the_one_before_unproven() {
    let world = World::new();
    fs::remove_file(&world.hours[2].digest).unwrap();
    let report = world.verify();
    assert_eq!(breaks(&report), [(BreakKind::DigestMissing, Some(2), Some(3))]);
    assert!(world.hours[2].digest.ends_with(&report.breaks.kept[0].object));
    assert_eq!((report.unproven.total, report.chains[0].proven, report.logs_uncovered), (1, 3, 2));
}

#[test]
fn two_digests_deleted_in_a_row_do_not_hide_each_other() {
    let world = World::new();
    fs::remove_file(&world.hours[1].digest).unwrap();
    fs::remove_file(&world.hours[2].digest).unwrap();
    assert_eq!(breaks(&world.verify()), [(BreakKind::DigestMissing, Some(1), Some(3))]);
}

#[test]
fn digests_deleted_at_the_end_show_by_the_logs_that_go_on() {
    let world = World::new();
    for hour in &world.hours[1..] {
        fs::remove_file(&hour.digest).unwrap();
    }
    world.hours[0].keep_signature().unwrap();
    let report = world.verify();
    assert_eq!(breaks(&report), [(BreakKind::DigestsEnd, Some(1), Some(4))]);
    assert_eq!(report.logs_waiting, 8);
}

#[test]
fn an_altered_digest_is_found_and_its_logs_are_not_relied_on() {
    let world = World::new();
    let path = &world.hours[2].digest;
    let packed = fs::File::open(path).unwrap();
    let mut digest: serde_json::Value = serde_json::from_reader(flate2::read::GzDecoder::new(packed)).unwrap();
    // Somebody removes a log file together with its entry.
    digest["logFiles"].as_array_mut().unwrap().pop().unwrap();
    fs::write(path, gzip(digest.to_string().as_bytes()).unwrap()).unwrap();
    fs::remove_file(world.log(2, 1)).unwrap();
    let report = world.verify();
    let kinds: Vec<_> = report.breaks.kept.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [BreakKind::DigestAltered]);
    assert_eq!((report.chains[0].proven, report.logs), (3, 8));
}

#[test]
fn a_digest_signed_by_somebody_else_is_found() {
    let mut world = World::unsigned();
    world.trail.sign_with(TrailSigner::foreign());
    let forged = world.trail.hour(&[LOG]).unwrap();
    forged.keep_signature().unwrap();
    let report = world.verify();
    assert_eq!(breaks(&report), [(BreakKind::DigestSignature, Some(5), Some(6))]);
    assert_eq!(report.chains[0].digests, 6);
    // The forged digest proves nothing about the one before it.
    assert_eq!((report.chains[0].proven, report.unproven.total), (4, 1));
}

#[test]
fn a_whole_chain_rewritten_with_another_key_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut trail = TrailFolder::new(folder.path(), &place(), "main", start());
    trail.sign_with(TrailSigner::foreign());
    (0..3).for_each(|_| trail.hour(&[LOG]).unwrap().keep_signature().unwrap());
    let report = verify_with(folder.path(), &keys(), None);
    assert_eq!(report.breaks.kept.iter().filter(|found| found.kind == BreakKind::DigestSignature).count(), 3);
    assert_eq!((report.chains[0].proven, report.logs_proven), (0, 0));
}

#[test]
fn a_restarted_chain_is_a_gap() {
    let mut world = World::new();
    world.trail.restart_after(SignedDuration::from_hours(7));
    world.trail.hour(&[LOG]).unwrap().keep_signature().unwrap();
    let report = world.verify();
    assert_eq!(breaks(&report), [(BreakKind::ChainRestarted, Some(5), Some(12))]);
    assert_eq!((report.chains[0].proven, report.logs_proven), (6, 11));
}

#[test]
fn a_log_that_nobody_listed_is_found_in_its_hour() {
    let mut world = World::new();
    let at = |minutes| start() + SignedDuration::from_mins(minutes);
    world.trail.log(at(90), LOG).unwrap();
    // These may still be listed by the next digest.
    world.trail.log(at(4 * 60 + 30), LOG).unwrap();
    world.trail.log(at(5 * 60 + 30), LOG).unwrap();
    let report = world.verify();
    assert_eq!(breaks(&report), [(BreakKind::LogUnlisted, Some(1), Some(1))]);
    assert_eq!(report.logs_waiting, 2);
}

#[test]
fn late_logs_in_a_digest_of_their_own_are_listed() {
    let mut world = World::new();
    let late = world.trail.log(start() + SignedDuration::from_mins(90), LOG).unwrap();
    world.trail.backfill(vec![late]).unwrap().keep_signature().unwrap();
    let report = world.verify();
    assert_eq!((breaks(&report), report.logs_proven), (vec![], 11));
    assert_eq!(report.chains.iter().filter(|chain| chain.backfill).count(), 1);
}

#[test]
fn a_digest_that_was_moved_or_slipped_in_is_found() {
    let world = World::new();
    let (from, to) = (&world.hours[1].digest, world.hours[1].digest.to_string_lossy().replace("T020000Z", "T023000Z"));
    fs::copy(from, to).unwrap();
    let report = world.verify();
    let kinds: Vec<_> = report.breaks.kept.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [BreakKind::DigestUnlinked]);
    assert_eq!(report.logs_proven, 10, "the others are as they were");
}

#[test]
fn two_regions_and_two_trails_are_told_apart() {
    let world = World::new();
    let frankfurt = Place::new("000000000000", "eu-central-1");
    let mut other = TrailFolder::new(world.folder.path(), &frankfurt, "main", start());
    let first = other.hour(&[LOG]).unwrap();
    other.hour(&[LOG]).unwrap().keep_signature().unwrap();
    fs::remove_file(&first.logs[0]).unwrap();
    let mut second =
        TrailFolder::new(world.folder.path(), &place(), "a_second", start() + SignedDuration::from_mins(1));
    second.hour(&["{\"other\":1}"]).unwrap().keep_signature().unwrap();
    let report = world.verify();
    assert_eq!(report.chains.len(), 3);
    let [found] = report.breaks.kept.as_slice() else { panic!("{:#?}", report.breaks) };
    assert_eq!((found.kind, found.region.as_str()), (BreakKind::LogMissing, "eu-central-1"));
}

#[test]
fn since_leaves_out_what_is_older_and_wants_the_rest_whole() {
    let world = World::new();
    let since = start() + SignedDuration::from_mins(150);
    fs::remove_file(world.log(0, 0)).unwrap();
    let report = verify_with(world.folder.path(), &keys(), Some(since));
    assert_eq!((breaks(&report), report.chains[0].digests), (vec![], 3));
    for hour in &world.hours[..3] {
        fs::remove_file(&hour.digest).unwrap();
    }
    let report = verify_with(world.folder.path(), &keys(), Some(since));
    assert_eq!(breaks(&report), [(BreakKind::DigestMissing, Some(2), Some(3))]);
    assert_eq!(breaks(&world.verify()), [], "it may have expired");
}

#[test]
fn a_restart_shows_also_where_the_chain_before_it_is_older_than_what_is_asked_for() {
    let mut world = World::new();
    world.trail.restart_after(SignedDuration::from_hours(7));
    world.trail.hour(&[LOG]).unwrap().keep_signature().unwrap();
    let report = verify_with(world.folder.path(), &keys(), Some(start() + SignedDuration::from_hours(9)));
    assert_eq!(breaks(&report), [(BreakKind::ChainRestarted, Some(5), Some(12))]);
    assert_eq!((report.chains[0].digests, report.logs), (1, 1));
}

#[test]
fn a_digest_that_is_no_digest_is_named() {
    for content in [&b"\x1f\x8b\x08"[..], b"", b"[", b"{}", b"null", b"\xff\xff", br#"{"digestStartTime":"x"}"#] {
        let world = World::new();
        fs::write(&world.hours[2].digest, content).unwrap();
        let report = world.verify();
        assert_eq!(report.breaks.kept[0].kind, BreakKind::DigestUnreadable, "{content:?}");
        assert_eq!((report.breaks.total, report.chains[0].proven), (1, 3), "{content:?}");
    }
}

#[test]
fn hostile_digests_cost_little_and_lead_nowhere() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(DigestFile::parse(deep.as_bytes()).is_err());
    let twice = r#"{"digestEndTime":"a","digestEndTime":"b"}"#;
    assert!(DigestFile::parse(twice.as_bytes()).unwrap_err().contains("duplicate"));
    let world = World::new();
    fs::write(&world.hours[2].digest, gzip(&vec![b' '; 40 << 20]).unwrap()).unwrap();
    let report = world.verify();
    assert_eq!(report.breaks.kept[0].kind, BreakKind::DigestUnreadable);
    assert!(report.breaks.kept[0].detail.contains("larger than"), "{:?}", report.breaks.kept[0]);
}

#[cfg(unix)]
#[test]
fn links_in_a_loop_and_pipes_are_not_followed() {
    let world = World::new();
    std::os::unix::fs::symlink(world.folder.path(), world.folder.path().join("AWSLogs/again")).unwrap();
    let pipe = world.log(0, 0).with_file_name("000000000000_CloudTrail_eu-west-1_20261101T0010Z_pipe.json.gz");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    assert_eq!((breaks(&world.verify()), world.verify().logs_proven), (vec![], 10));
}

#[test]
fn a_signature_that_openssl_made_holds() {
    // openssl dgst -sha256 -sign trusted.pk8 over the text that `signed_text` gives for these fields.
    let file = DigestFile::parse(include_bytes!("tests/openssl.json")).unwrap();
    let hash = super::content::hex(&<sha2::Sha256 as sha2::Digest>::digest(include_bytes!("tests/openssl.json")));
    assert_eq!(signed_text(&file, &hash), include_str!("tests/openssl.txt"));
    let mut keys = PublicKeys::default();
    keys.read(include_bytes!("tests/openssl-keys.json")).unwrap();
    let signature = include_str!("tests/openssl.sig");
    assert_eq!(super::signature::check(&file, &hash, signature, &keys), super::signature::Signed::Yes);
    assert_eq!(super::signature::check(&file, &"0".repeat(64), signature, &keys), super::signature::Signed::No);
    for bad in ["", "zz", "0", &signature[2..], &signature.replacen('a', "b", 1)] {
        assert_eq!(super::signature::check(&file, &hash, bad, &keys), super::signature::Signed::No, "{bad}");
    }
}

mod properties {
    use proptest::prelude::*;

    use super::super::content::{hex, unhex};
    use super::super::key::{DigestKey, Site, delivered};
    use super::*;

    const PART: &str = "[a-zA-Z0-9_./\\-]{0,20}";

    fn site(base: &str) -> Site {
        Site { base: base.to_owned(), account: "111122223333".into(), region: "eu-west-1".into() }
    }

    proptest! {
        #[test]
        fn names_of_any_kind_are_read_without_a_panic(text in "\\PC{0,200}", part in PART) {
            let near = format!("AWSLogs/111122223333/CloudTrail-Digest/{part}/111122223333_CloudTrail-Digest_{part}_{text}.json.gz");
            for key in [&text, &near] {
                let _ = (DigestKey::parse(key), delivered(key));
                if let Some(object) = site("a/AWSLogs/1").locate(key) {
                    prop_assert!(object.starts_with("a/AWSLogs/") && !object.split('/').any(|part| part == ".."));
                }
            }
        }

        #[test]
        fn hex_goes_both_ways(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,40}") {
            prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
            prop_assert_eq!(unhex(&text).is_some(), text.len() % 2 == 0 && text.bytes().all(|b| b.is_ascii_hexdigit()));
        }

        #[test]
        fn digests_and_keys_of_any_kind_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = DigestFile::parse(&bytes);
            let _ = PublicKeys::default().read(&bytes);
        }

        /// Whatever one byte of a digest becomes, it is not taken for the one that was signed.
        #[test]
        fn no_altered_digest_is_proven(at in 0_usize..900, with in any::<u8>()) {
            let content = include_bytes!("tests/openssl.json");
            let at = at % content.len();
            prop_assume!(content[at] != with);
            let mut altered = content.to_vec();
            altered[at] = with;
            let Ok(file) = DigestFile::parse(&altered) else { return Ok(()) };
            let hash = hex(&<sha2::Sha256 as sha2::Digest>::digest(&altered));
            let mut keys = PublicKeys::default();
            keys.read(include_bytes!("tests/openssl-keys.json")).unwrap();
            let signed = super::super::signature::check(&file, &hash, include_str!("tests/openssl.sig"), &keys);
            prop_assert_ne!(signed, super::super::signature::Signed::Yes);
        }
    }
}

#[test]
fn a_region_whose_digests_are_all_gone_is_not_judged() {
    let world = World::new();
    let other = Place::new("000000000000", "us-east-1");
    TrailFolder::new(world.folder.path(), &other, "main", start()).hour(&[LOG, LOG]).unwrap();
    assert!(world.verify().breaks.total == 0);
    fs::remove_dir_all(world.folder.path().join("AWSLogs/000000000000/CloudTrail-Digest/us-east-1")).unwrap();
    let report = world.verify();
    assert_eq!((report.logs_uncovered, report.is_judged()), (2, false));
    assert_eq!(report.unproven.kept[0].object, "AWSLogs/000000000000/CloudTrail/us-east-1");
    let reason = reasons(&report)[0];
    assert!(reason.starts_with("no digest file covers its 2 log files, from 2026-11-01T00:"), "{reason}");
}

#[test]
fn a_window_whose_digests_are_all_gone_ends_with_the_digests() {
    let mut world = World::new();
    for _ in 0..4 {
        world.hours.push(world.trail.hour(&[LOG]).unwrap());
    }
    for hour in &world.hours[4..] {
        fs::remove_file(&hour.digest).unwrap();
    }
    let report = verify_with(world.folder.path(), &keys(), Some(start() + SignedDuration::from_hours(5)));
    assert_eq!(breaks(&report), [(BreakKind::DigestsEnd, Some(4), Some(8))]);
}

#[test]
fn a_window_that_the_digests_do_not_reach_is_not_judged() {
    let world = World::new();
    let objects = Folder::open(world.folder.path()).unwrap();
    let hours = |hours| start().checked_add(SignedDuration::from_hours(hours)).ok();
    let asked = |until| {
        let (keys, since) = (&keys(), hours(2));
        verify(&VerifyRequest { objects: &objects, keys, since, until, hashed: None, places: None, progress: &|_| {} })
    };
    assert_eq!(reasons(&asked(hours(6))), Vec::<&str>::new(), "the next one may be on its way");
    let late = asked(hours(9));
    assert_eq!(breaks(&late), []);
    assert_eq!(reasons(&late), ["there are no digest files from 2026-11-01T05:00:00Z until 2026-11-01T09:00:00Z"]);
}

#[test]
fn a_digest_that_lies_in_the_bucket_that_a_trail_left_is_not_missing() {
    let world = World::new();
    let digest = &world.hours[4].digest;
    let elsewhere = |path: &Path| {
        let packed = fs::File::open(path).unwrap();
        let mut file: serde_json::Value = serde_json::from_reader(flate2::read::GzDecoder::new(packed)).unwrap();
        file["previousDigestS3Bucket"] = "the-old-bucket".into();
        fs::write(path, gzip(file.to_string().as_bytes()).unwrap()).unwrap();
    };
    for hour in &world.hours[..4] {
        fs::remove_file(&hour.digest).unwrap();
    }
    elsewhere(digest);
    fs::remove_file(digest.with_file_name(format!("{}.signature", digest.file_name().unwrap().to_str().unwrap())))
        .unwrap();
    let report = verify_with(world.folder.path(), &keys(), Some(start()));
    let told: Vec<&str> = reasons(&report).into_iter().filter(|reason| reason.contains("the-old-bucket")).collect();
    assert!(breaks(&report).iter().all(|(kind, ..)| *kind != BreakKind::DigestMissing), "{:?}", breaks(&report));
    assert_eq!(told.len(), 1, "{:?}", reasons(&report));
}
