use std::fmt::Write as _;

use proptest::prelude::*;

use super::lanes::{Lanes, Words};
use super::*;

fn agree(text: &[u8]) {
    if let Err(difference) = crate::collect::trail::agree::agree(text) {
        panic!("{}\n{difference}", String::from_utf8_lossy(text));
    }
}

const REQUEST: &str = r#"{"instanceId":"i-0123456789abcdef0","groupSet":{"items":[{"groupId":"sg-1"}]}}"#;

/// A record as CloudTrail writes it.
fn record(source: &str, name: &str, reads: bool, request: &str, id: usize) -> String {
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/jane","accountId":"111122223333","sessionContext":{{"attributes":{{"mfaAuthenticated":"false"}}}}}},"eventTime":"2026-11-24T02:40:00Z","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userAgent":"a \"quoted\\\\\" agent","requestParameters":{request},"responseElements":null,"requestID":"r","eventID":"{id:08x}-0000-4000-8000-000000000000","readOnly":{reads},"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","tlsDetails":{{"tlsVersion":"TLSv1.3"}}}}"#
    )
}

fn file(records: &[String]) -> String {
    format!("{{\"Records\":[{}]}}", records.join(","))
}

/// What was passed over, counted in all, and the numbers of those that were not; `None` when it is to be read plainly.
fn skim_bytes(text: &[u8]) -> Option<(u64, Vec<u64>)> {
    let mut candidates = Vec::new();
    let skimmed = skim(&mut Content::plain(text), &mut Names::default(), &mut |number, raw| {
        let is_json = serde_json::from_slice::<serde_json::Value>(raw).is_ok();
        candidates.push((number, raw.starts_with(b"{") && is_json));
        Some(())
    })?;
    // Only now: what comes before a place that is broken is handed on all the same.
    assert!(candidates.iter().all(|(_, is_record)| *is_record), "{}", String::from_utf8_lossy(text));
    let candidates: Vec<u64> = candidates.into_iter().map(|(number, _)| number).collect();
    assert_eq!(skimmed.records, skimmed.ignored.values().sum::<u64>() + candidates.len() as u64);
    Some((skimmed.ignored.values().sum(), candidates))
}

fn skimmed(text: &str) -> (u64, Vec<u64>) {
    skim_bytes(text.as_bytes()).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn only_records_that_may_matter_are_handed_on() {
    let write = record("ec2", "ModifyInstanceAttribute", false, REQUEST, 2);
    let text = file(&[
        record("ec2", "DescribeInstances", true, REQUEST, 1),
        write.clone(),
        record("s3", "ListBuckets", true, "null", 3),
        record("ec2", "NoSuchWriteKnown", false, REQUEST, 4),
        record("ssm", "StartSession", false, REQUEST, 5),
        record("kms", "Encrypt", false, "{}", 6),
    ]);
    assert_eq!(skimmed(&text), (3, vec![2, 4, 5]));
    agree(text.as_bytes());
    agree(file(&[write]).as_bytes());
}

#[test]
fn a_string_or_an_object_that_looks_like_a_record_neither_forges_nor_hides_one() {
    let inner = record("ec2", "StopInstances", false, REQUEST, 7);
    let (read, write) = (("ec2", "DescribeInstances", true), ("ec2", "StopInstances", false));
    for request in [
        format!("{{\"list\":[{{\"a\":1}},{inner},{{\"b\":2}}]}}"),
        format!("{{\"x\":{inner}}}"),
        format!("{{\"x\":{}}}", serde_json::to_string(&format!("}}}}]}},{inner}")).unwrap()),
        r#"{"eventName":"DescribeInstances","eventID":"x","readOnly":true}"#.to_owned(),
        r#"{"x":"\\\",\"eventName\":\"StopInstances\""}"#.to_owned(),
    ] {
        for (source, name, reads) in [read, write] {
            let text =
                file(&[record(source, name, reads, &request, 1), record("ssm", "StartSession", false, REQUEST, 2)]);
            let (_, candidates) = skimmed(&text);
            assert_eq!(candidates.last(), Some(&2), "{text}");
            assert!(reads || candidates.contains(&1), "{text}");
            agree(text.as_bytes());
        }
    }
}

#[test]
fn records_in_another_dress_are_parsed_and_files_in_another_layout_are_read_plainly() {
    let usual = record("ec2", "StopInstances", false, REQUEST, 1);
    let other = record("ec2", "DescribeInstances", true, REQUEST, 2);
    for (from, to) in [
        ("\"eventName\":", "\"eventName\": "),
        ("\"eventName\":", "\"event\\u004eame\":"),
        ("\"eventSource\":\"ec2", "\"eventSource\":\"\\u0065c2"),
        ("\"eventID\":", "\"eventID\" :"),
        ("\"readOnly\":false,", ""),
        ("\"readOnly\":false", "\"readOnly\":\"false\""),
        ("{\"eventVersion\":\"1.11\",", "{\"eventName\":\"StopInstances\","),
        ("\"eventTime\":\"2026-11-24T02:40:00Z\",\"eventSource\"", "\"eventSource\""),
        ("\"eventID\"", "\"id\""),
    ] {
        let dressed = usual.replacen(from, to, 1);
        assert_ne!(dressed, usual);
        let text = file(&[other.clone(), dressed]);
        assert_eq!(skimmed(&text).1, [2], "{text}");
        agree(text.as_bytes());
    }
    let control = usual.replace("192.0.2.1", "192\n0.2.1");
    for text in [
        format!("{{\"Records\": [{usual}]}}"),
        format!("{{\"Records\":[{usual} ,{other}]}}"),
        format!("{{\"Records\":[{usual},null]}}"),
        format!("{{\"Records\":[{usual}],\"x\":[{other}]}}"),
        format!("{{\"Records\":[{usual}]}}{{\"Records\":[{other}]}}"),
        format!("{{\"Records\":[{control}]}}"),
        format!(
            "{{\"Records\":[{}]}}",
            record("s3", "X", true, &format!("{}1{}", "[".repeat(200), "]".repeat(200)), 1)
        ),
        format!("{{\"Records\":[{usual}"),
        format!("{usual}\n{other}\n"),
        "{\"Records\":[]}".to_owned(),
        String::new(),
    ] {
        assert_eq!(skim_bytes(text.as_bytes()), None, "{text}");
        agree(text.as_bytes());
    }
    let mut bytes = file(&[other]).into_bytes();
    let place = bytes.iter().position(|byte| *byte == b'w').unwrap();
    bytes[place] = 0xff;
    assert_eq!(skim_bytes(&bytes), None, "not UTF-8");
}

/// Every way to look at blocks sees the same.
#[test]
fn all_lanes_see_the_same() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let bytes = proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}[]NI ".to_vec())], 128);
    let equal = |bytes: Vec<u8>| {
        let (block, ahead) = (bytes[..64].try_into().unwrap(), bytes[64..].try_into().unwrap());
        let expected = Words.masks(&block, &ahead);
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(v3) = pulp::x86::V3::try_new() {
                assert_eq!(v3.masks(&block, &ahead), expected);
            }
            if let Some(v4) = pulp::x86::V4::try_new() {
                assert_eq!(v4.masks(&block, &ahead), expected);
            }
        }
        let naive = (0..64).filter(|bit| block[*bit] == b'"').fold(0_u64, |mask, bit| mask | 1 << bit);
        assert_eq!(expected.quote, naive);
        Ok(())
    };
    runner.run(&bytes, equal).unwrap();
}

/// Records of every kind, and what may be done to them.
fn records() -> impl Strategy<Value = String> {
    let calls = prop::sample::select(vec![
        ("ec2", "DescribeInstances", true),
        ("ec2", "StopInstances", false),
        ("ec2", "RunInstances", false),
        ("ec2", "TerminateInstances", false),
        ("ec2", "SomethingNew", false),
        ("ssm", "StartSession", false),
        ("ssm", "PutInventory", false),
        ("ssm", "UpdateInstanceInformation", false),
        ("s3", "GetObject", true),
    ]);
    let nested = record("ec2", "RebootInstances", false, REQUEST, 99);
    let requests = prop::sample::select(vec![
        REQUEST.to_owned(),
        "null".to_owned(),
        format!("{{\"a\":[{{}},{nested}]}}"),
        format!("{{\"a\":{}}}", serde_json::to_string(&nested).unwrap()),
        r#"{"a":"\\","b":"\"","instanceId":"i-0123456789abcdef0"}"#.to_owned(),
    ]);
    let twists = prop::sample::select(vec![
        ("", ""),
        ("", ""),
        ("", ""),
        ("\"eventName\":", "\"eventName\" :"),
        ("\"eventName\":", "\"\\u0065ventName\":"),
        ("\"awsRegion\":", "\"eventName\":\"StopInstances\",\"awsRegion\":"),
        ("\"eventID\":", "\"eventId\":"),
        ("\"readOnly\":true,", ""),
        ("\"readOnly\":true", "\"readOnly\":\"TRUE\""),
        ("\"eventTime\":\"2026", "\"eventTime\":\"\u{fc}\",\"x\":\"2026"),
        ("\"eventSource\":\"", "\"eventSource\":\"\\\""),
        ("\"userIdentity\":{", "\"userIdentity\":{\"eventName\":\"x\","),
        ("\"tlsDetails\":", "\"errorCode\":\"AccessDenied\",\"tlsDetails\":"),
    ]);
    (calls, requests, twists, 0_usize..9).prop_map(|((source, name, reads), request, (from, to), id)| {
        let record = record(source, name, reads, &request, id);
        if from.is_empty() { record } else { record.replacen(from, to, 1) }
    })
}

/// A file of them, laid out in some way.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let joints = prop::sample::select(vec![",", ",", ",", ",", ", ", "\n", ",null,", "},{", ""]);
    (proptest::collection::vec(records(), 1..6), joints).prop_map(|(records, joint)| {
        let mut text = "{\"Records\":[".to_owned();
        let _ = write!(text, "{}]}}", records.join(joint));
        text.into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_quick_way_and_the_plain_way_agree(text in files()) {
        agree(&text);
    }

    #[test]
    fn they_agree_on_damaged_files(
        text in files(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..4, prop::sample::select(b"\"\\{}[],:\n x\xff\0N".to_vec())), 1..4),
    ) {
        let mut text = text;
        for (place, kind, byte) in cuts {
            let at = place.index(text.len().max(1)).min(text.len().saturating_sub(1));
            match kind {
                _ if text.is_empty() => {}
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                2 => { text.remove(at); }
                _ => text.truncate(at),
            }
        }
        agree(&text);
    }
}
