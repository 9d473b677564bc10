use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::collect::trail::{Batch, ClassifyContext, Collected, Entry};

fn read(paths: &[PathBuf], threads: usize) -> (Vec<ChangeEvent>, IngestSummary) {
    read_and_learn(paths, threads, true)
}

fn read_and_learn(paths: &[PathBuf], threads: usize, learn_all: bool) -> (Vec<ChangeEvent>, IngestSummary) {
    let links = LinkMap::default();
    let request = IngestRequest { paths, links: &links, threads, learn_all, form: Form::STATE, progress: &|_| {} };
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

/// Calls on few servers, groups, profiles and associations, in a random order of time: who held what depends on many.
fn tangle(folder: &std::path::Path, seed: u64) -> Vec<PathBuf> {
    let mut state = seed;
    let mut below = |end: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % end).unwrap()
    };
    let mut records = Vec::new();
    for number in 0..90 {
        let (server, group, profile) = (format!("i-{:017x}", below(4)), format!("sg-{:017x}", below(5)), below(3));
        let (old, new) = (format!("iip-assoc-{:017x}", below(6)), format!("iip-assoc-{:017x}", below(6)));
        let at_group = format!(r#"{{"groupId":"{group}","ipPermissions":{{}}}}"#);
        let (volume, nic, attachment) = (below(3), below(4), below(4));
        let (name, request, response) = match below(13) {
            0 => (
                "ModifyInstanceAttribute",
                format!(r#"{{"instanceId":"{server}","groupSet":{{"items":[{{"groupId":"{group}"}}]}}}}"#),
                "null".to_owned(),
            ),
            1 => (
                "ModifyNetworkInterfaceAttribute",
                format!(
                    r#"{{"networkInterfaceId":"eni-{}","groupSet":{{"items":[{{"groupId":"{group}"}}]}}}}"#,
                    below(4)
                ),
                "null".to_owned(),
            ),
            2 => (
                "RunInstances",
                "{}".to_owned(),
                format!(
                    r#"{{"instancesSet":{{"items":[{{"instanceId":"{server}","groupSet":{{"items":[{{"groupId":"{group}"}}]}},"iamInstanceProfile":{{"arn":"arn:aws:iam::111122223333:instance-profile/p{profile}"}},"networkInterfaceSet":{{"items":[{{"networkInterfaceId":"eni-{}"}}]}}}}]}}}}"#,
                    below(4)
                ),
            ),
            3 => (
                "AssociateIamInstanceProfile",
                format!(r#"{{"instanceId":"{server}","iamInstanceProfile":{{"name":"p{profile}"}}}}"#),
                format!(r#"{{"iamInstanceProfileAssociation":{{"associationId":"{new}","instanceId":"{server}"}}}}"#),
            ),
            4 => (
                "ReplaceIamInstanceProfileAssociation",
                format!(r#"{{"associationId":"{old}","iamInstanceProfile":{{"name":"p{profile}"}}}}"#),
                format!(r#"{{"iamInstanceProfileAssociation":{{"associationId":"{new}"}}}}"#),
            ),
            5 => (
                "TerminateInstances",
                format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{server}"}}]}}}}"#),
                "null".to_owned(),
            ),
            6 => ("AuthorizeSecurityGroupIngress", at_group, "null".to_owned()),
            7 => {
                ("AttachVolume", format!(r#"{{"instanceId":"{server}","volumeId":"vol-{volume}"}}"#), "null".to_owned())
            }
            8 => ("DetachVolume", format!(r#"{{"volumeId":"vol-{volume}"}}"#), "null".to_owned()),
            9 => (
                "ModifyVolume",
                format!(r#"{{"ModifyVolumeRequest":{{"VolumeId":"vol-{volume}"}}}}"#),
                "null".to_owned(),
            ),
            10 => (
                "AttachNetworkInterface",
                format!(r#"{{"instanceId":"{server}","networkInterfaceId":"eni-{nic}"}}"#),
                format!(r#"{{"attachmentId":"eni-attach-{attachment}"}}"#),
            ),
            11 => (
                "DetachNetworkInterface",
                format!(r#"{{"attachmentId":"eni-attach-{attachment}"}}"#),
                "null".to_owned(),
            ),
            _ => (
                "AttachRolePolicy",
                format!(r#"{{"roleName":"p{profile}","policyArn":"arn:aws:iam::aws:policy/x"}}"#),
                "null".to_owned(),
            ),
        };
        let record = record(number, below(3000), name, &request, &response, false);
        records.push(if name == "AttachRolePolicy" {
            record.replace("ec2.amazonaws.com", "iam.amazonaws.com")
        } else {
            record
        });
    }
    let path = folder.join("log.json");
    fs::write(&path, format!("{{\"Records\":[{}]}}", records.join(","))).unwrap();
    vec![path]
}

#[test]
fn to_learn_only_what_is_asked_for_changes_nobody_s_instances() {
    let folder = tempfile::tempdir().unwrap();
    let mut shared = 0;
    for seed in 0..40 {
        let paths = tangle(folder.path(), seed);
        let (all, _) = read_and_learn(&paths, 1, true);
        let (asked, _) = read_and_learn(&paths, 1, false);
        assert_eq!(asked, all, "{seed}");
        let by_part = |event: &&ChangeEvent| {
            ["AuthorizeSecurityGroupIngress", "AttachRolePolicy"].contains(&event.event_name.as_str())
        };
        shared += all.iter().filter(by_part).filter(|event| !event.instances.is_empty()).count();
    }
    assert!(shared > 100, "{shared} changes of what several share were traced to instances");
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
        ("e-blank.json", b" \n\n".to_vec()),
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
