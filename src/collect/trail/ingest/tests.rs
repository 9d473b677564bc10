use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::collect::trail::{Batch, ClassifyContext, Collected, Entry};

fn read(paths: &[PathBuf], threads: usize) -> (Vec<ChangeEvent>, IngestSummary) {
    let links = LinkMap::default();
    let request =
        IngestRequest { paths, links: &links, threads, learn_all: true, form: Form::STATE, progress: &|_| {} };
    let mut events = Vec::new();
    let summary = ingest(request, &mut |text| {
        events.push(serde_json::from_slice(text)?);
        Ok(())
    });
    (events, summary.unwrap())
}

/// The same, one record after the other and all in memory.
fn plainly(paths: &[PathBuf]) -> (Collected, LinkMap) {
    let mut batch = Batch::new(ClassifyContext::default());
    for path in paths {
        crate::collect::trail::read_path(path, &mut |entry| match entry {
            Entry::Record { raw, origin } => batch.add(raw, origin),
            Entry::Problem(problem) => batch.set_aside(problem),
        });
    }
    let mut links = LinkMap::default();
    (batch.finish(&mut links), links)
}

fn identity(by: &str) -> String {
    format!(
        r#"{{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/ops/{by}","accountId":"111122223333"}}"#
    )
}

fn record(number: usize, second: usize, name: &str, request: &str, response: &str, service: bool) -> String {
    let (identity, source) = (identity("jane"), if service { "autoscaling.amazonaws.com" } else { "192.0.2.1" });
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{identity},"eventTime":"2026-11-24T02:{:02}:{:02}Z","eventSource":"ec2.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"{source}","userAgent":"x","requestParameters":{request},"responseElements":{response},"requestID":"r","eventID":"{number:08x}-0000-4000-8000-000000000000","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333"}}"#,
        second / 60 % 60,
        second % 60,
    )
}

/// Changes by id and by parts, launches that come later in the input, repeats, and records that cannot be read.
fn input(folder: &std::path::Path, files: usize) -> Vec<PathBuf> {
    for file in 0..files {
        let mut records = Vec::new();
        for place in 0..12 {
            let number = file * 12 + place;
            let (server, second) = (number % 7, (number * 7919) % 3000);
            let id = format!("i-{server:017x}");
            records.push(match place % 6 {
                0 => record(number, second, "StopInstances", &format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{id}"}}]}}}}"#), "null", false),
                1 => record(number, second, "CreateTags", &format!(r#"{{"resourcesSet":{{"items":[{{"resourceId":"{id}"}}]}},"tagSet":{{"items":[{{"key":"a","value":"b"}}]}}}}"#), "null", true),
                2 => record(number, second, "DetachNetworkInterface", &format!(r#"{{"attachmentId":"eni-attach-{server}"}}"#), "null", false),
                3 => record(number, second, "RunInstances", "{}", &format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{id}","networkInterfaceSet":{{"items":[{{"networkInterfaceId":"eni-{server}","attachment":{{"attachmentId":"eni-attach-{server}"}}}}]}}}}]}}}}"#), false),
                // The same event again, from another file.
                4 => record(number % 24, (number % 24) * 7919 % 3000, "StopInstances", &format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{id}"}}]}}}}"#), "null", false),
                _ => record(number, second, "DescribeInstances", "{}", "null", false).replace("\"readOnly\":false", "\"readOnly\":true"),
            });
        }
        if file % 5 == 4 {
            records.push("{\"eventVersion\":\"1\"".to_owned());
        }
        let text = format!("{{\"Records\":[{}]}}", records.join(","));
        let path = folder.join(format!("{file:03}.json.gz"));
        let mut out = GzEncoder::new(fs::File::create(path).unwrap(), Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap();
    }
    vec![folder.to_owned(), folder.join("gone.json")]
}

#[test]
fn workers_come_to_what_a_batch_comes_to_in_the_same_order() {
    let folder = tempfile::tempdir().unwrap();
    let paths = input(folder.path(), 23);
    let (expected, links) = plainly(&paths);
    assert!(expected.events.len() > 50 && expected.set_aside_total > 4, "{expected:?}");
    assert!(expected.ignored.contains_key(&IgnoredReason::LaunchNoise), "{:?}", expected.ignored);
    assert!(expected.ignored.contains_key(&IgnoredReason::Duplicate), "{:?}", expected.ignored);
    let now = jiff::Timestamp::UNIX_EPOCH;
    for threads in [1, 2, 5] {
        let (events, summary) = read(&paths, threads);
        assert_eq!(events, expected.events, "{threads}");
        assert_eq!(summary.ignored, expected.ignored, "{threads}");
        assert_eq!(summary.set_aside, expected.set_aside, "{threads}");
        assert_eq!((summary.events_read, summary.set_aside_total), (expected.read, expected.set_aside_total));
        assert_eq!(summary.links.links(now), links.links(now), "{threads}");
        assert_eq!(summary.files, 23);
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let good = record(
        1,
        1,
        "RebootInstances",
        r#"{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"}]}}"#,
        "null",
        false,
    );
    let file = format!("{{\"Records\":[{good}]}}");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(file.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let noise: Vec<u8> =
        (0..5000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
    let deep =
        file.replace("\"userAgent\":\"x\"", &format!("\"userAgent\":{}1{}", "[".repeat(10_000), "]".repeat(10_000)));
    let mut not_text = file.clone().into_bytes();
    let agent = file.find("\"x\"").unwrap();
    not_text[agent + 1] = 0xff;
    for (name, content) in [
        ("a-good.json", file.clone().into_bytes()),
        ("b-cut.json.gz", gzip[..gzip.len() / 2].to_vec()),
        ("c-not-gzip.json.gz", [&[0x1f, 0x8b, 8, 0][..], &noise].concat()),
        ("d-encrypted.json.gz", noise.clone()),
        ("e-empty.json", Vec::new()),
        ("f-deep.json", deep.into_bytes()),
        ("g-not-utf-8.json", not_text),
        ("h-garbage.json", b"hello".to_vec()),
        ("i-trailing.json.gz", [&gzip[..], b"more"].concat()),
    ] {
        fs::write(at(name), content).unwrap();
    }
    fs::create_dir(at("j")).unwrap();
    std::os::unix::fs::symlink(folder.path(), at("j/circle")).unwrap();
    std::os::unix::fs::symlink("nowhere.json", at("k-gone.json")).unwrap();
    let (events, summary) = read(&[folder.path().to_owned()], 2);
    assert_eq!(events.len(), 1, "the good one, and repeats of it");
    let problems: Vec<String> = summary
        .set_aside
        .iter()
        .map(|problem| {
            let name = problem.origin.rsplit('/').next().unwrap();
            format!("{} {}", name.split(':').next().unwrap(), problem.problem)
        })
        .collect();
    insta::assert_snapshot!(problems.join("\n"));
}
