use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::files::OTHER_LOGS;
use super::*;
use std::fs;

const FILE: &str = "{\"Records\":[{\"a\":1},{\"b\":2}]}";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn read(path: &Path) -> (Vec<String>, Vec<SetAside>, DirStats) {
    let (mut records, mut problems) = (Vec::new(), Vec::new());
    let stats = read_path(path, &mut |entry| match entry {
        Entry::Record { raw, .. } => records.push(raw.to_owned()),
        Entry::Problem(problem) => problems.push(problem),
    });
    (records, problems, stats)
}

#[test]
fn a_bucket_tree_is_read_without_its_digests() {
    let root = tempfile::tempdir().unwrap();
    let base = root.path().join("AWSLogs/444455556666");
    let day = base.join("CloudTrail/eu-west-1/2026/03/02");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join("x_1.json.gz"), gzip(FILE)).unwrap();
    fs::write(day.join("x_2.json"), FILE).unwrap();
    fs::write(day.join("notes.txt"), "not a log").unwrap();
    for other in OTHER_LOGS {
        fs::create_dir_all(base.join(other)).unwrap();
        fs::write(base.join(other).join("d.json"), "{\"digestStartTime\":\"\"}").unwrap();
    }
    let (records, problems, stats) = read(root.path());
    assert_eq!(records, ["{\"a\":1}", "{\"b\":2}", "{\"a\":1}", "{\"b\":2}"]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(stats, DirStats { files: 2, bytes: 2 * FILE.len() as u64, events: 4, set_aside: 0 });
}

#[test]
fn what_other_services_deliver_beside_the_logs_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    for (folder, is_log) in [
        ("AWSLogs/444455556666/Config/eu-west-1/2026/3/2/ConfigHistory", false),
        ("AWSLogs/o-abc1234567/444455556666/CloudTrail/eu-west-1/2026/03/02", true),
        ("AWSLogs/o-abc1234567/444455556666/Config/eu-west-1", false),
        ("copy/111122223333/CloudTrail/eu-west-1", true),
        ("copy/111122223333/Config", false),
        ("cases/111122223333/suspicious", true),
    ] {
        let folder = root.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("x.json"), if is_log { FILE } else { "{\"configurationItems\":[]}" }).unwrap();
    }
    let (records, problems, _) = read(root.path());
    assert_eq!((records.len(), problems), (6, vec![]));
    let named = read(&root.path().join("copy/111122223333/Config"));
    assert_eq!(named.0.len(), 1, "what is named is read");
}

#[test]
fn utf_16_is_called_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    let bytes: Vec<u8> = FILE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&path, [&[0xff, 0xfe][..], &bytes].concat()).unwrap();
    let (_, problems, _) = read(&path);
    assert!(matches!(problems.as_slice(), [one] if one.problem.contains("UTF-16")), "{problems:?}");
}

#[test]
fn several_gzip_members_are_one_file_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anything");
    fs::write(&path, [gzip("{\"a\":1}\n"), gzip("{\"b\":2}\n")].concat()).unwrap();
    assert_eq!(read(&path).0, ["{\"a\":1}", "{\"b\":2}"]);
}

#[test]
fn a_truncated_archive_keeps_what_was_read_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.json.gz");
    // Text that does not compress away, so that the cut falls into the data.
    let many: Vec<String> =
        (0_u64..20_000).map(|n| format!("{{\"n\":\"{:x}\"}}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let whole = gzip(&many.join("\n"));
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (records, problems, stats) = read(&path);
    assert!(!records.is_empty() && records.len() < many.len(), "{}", records.len());
    assert_eq!(problems.len(), 1);
    assert!(problems[0].problem.contains("ends early"), "{}", problems[0].problem);
    assert_eq!(stats.set_aside, 1);
}

#[test]
fn missing_files_and_bytes_that_are_no_text_are_problems() {
    let folder = tempfile::tempdir().unwrap();
    let (records, problems, _) = read(&folder.path().join("none.json"));
    assert!(records.is_empty() && problems[0].problem.contains("cannot be read"), "{problems:?}");
    let path = folder.path().join("latin.json");
    fs::write(&path, b"{\"a\":\"\xe9\"}\n{\"b\":2}").unwrap();
    let (records, problems, _) = read(&path);
    assert_eq!((records, problems[0].problem.as_str()), (vec!["{\"b\":2}".to_owned()], "it is not UTF-8"));
}

#[test]
fn a_file_without_anything_in_it_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("a.json", Vec::new()), ("b.json.gz", gzip("")), ("c.json", b"{\"Records\":[]}".to_vec())] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let (records, problems, stats) = read(folder.path());
    assert!(records.is_empty() && problems.iter().all(|problem| problem.problem == EMPTY), "{problems:?}");
    assert_eq!((stats.files, stats.set_aside), (3, 2));
}
