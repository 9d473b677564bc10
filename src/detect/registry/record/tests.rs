use super::super::super::fixtures::{instance, time};
use super::super::{deprecate, promote, revoke};
use super::*;
use crate::detect::stage::{DetectInput, detect};
use crate::types::{CoverageStatus, Source, Verdict};

fn request<'a>(from: Option<&'a Instance>, region: &str) -> RecordRequest<'a> {
    RecordRequest {
        reference: GoldenRef::new("web", "1"),
        image: "ami-1".into(),
        place: Place::new("000000000000", region),
        from: from.map(|instance| Reference { instance, suspicions: Vec::new() }),
        manifest_root: None,
        without: BTreeSet::new(),
        instance_types: BTreeSet::new(),
        tags: BTreeMap::new(),
        recorded_by: "me".to_owned(),
        now: time("09:00"),
    }
}

#[test]
fn what_is_recorded_from_an_instance_judges_it_clean() {
    let one = instance("i-1");
    let golden = record(None, &request(Some(&one), "eu-west-1")).unwrap();
    let snapshot = super::super::super::fixtures::snapshot(vec![one], vec![]);
    assert!(
        snapshot.coverage.iter().all(|entry| entry.status == CoverageStatus::Complete && entry.source != Source::Agent)
    );
    let detection = detect(&DetectInput {
        snapshot: &snapshot,
        goldens: &[promote(&golden, time("09:30")).unwrap()],
        fleets: &[super::super::super::fixtures::fleet()],
        exceptions: &[],
        known: &[],
        remembered: &[],
        last_clean: &BTreeMap::new(),
        renewed: &BTreeMap::new(),
    });
    assert_eq!(detection.findings, []);
    assert_eq!(detection.instances[0].verdict, Verdict::Clean);
}

#[test]
fn a_suspect_or_foreign_instance_is_never_a_reference() {
    let one = instance("i-1");
    let mut suspect = request(Some(&one), "eu-west-1");
    if let Some(from) = &mut suspect.from {
        from.suspicions.push("alice opened an SSM session".to_owned());
    }
    assert!(matches!(record(None, &suspect), Err(RecordRefusal::NotPristine { .. })));
    let mut foreign = request(Some(&one), "eu-west-1");
    foreign.image = "ami-2".into();
    assert!(matches!(record(None, &foreign), Err(RecordRefusal::OtherImage { .. })));
}

#[test]
fn a_second_region_extends_a_version_that_is_not_promoted_yet() {
    let first = instance("i-1");
    let golden = record(None, &request(Some(&first), "eu-west-1")).unwrap();
    let mut second = instance("i-2");
    second.region = "us-east-1".into();
    second.interfaces[0].groups = vec!["sg-other".into()];
    let both = record(Some(&golden), &request(Some(&second), "us-east-1")).unwrap();
    assert_eq!(both.images.len(), 2);
    assert_eq!(both.contract.security_groups.len(), 2);
    assert_eq!(record(Some(&both), &request(Some(&second), "us-east-1")), Err(RecordRefusal::Exists(both.reference())));
    let promoted = promote(&golden, time("10:00")).unwrap();
    assert!(matches!(record(Some(&promoted), &request(Some(&second), "us-east-1")), Err(RecordRefusal::Closed(..))));
}

#[test]
fn a_second_region_that_contradicts_the_contract_is_refused_by_part() {
    let first = instance("i-1");
    let golden = record(None, &request(Some(&first), "eu-west-1")).unwrap();
    let mut second = instance("i-2");
    second.region = "us-east-1".into();
    second.metadata_options.http_tokens = Some("optional".to_owned());
    let refusal = record(Some(&golden), &request(Some(&second), "us-east-1")).unwrap_err();
    assert_eq!(refusal, RecordRefusal::Contradicts(golden.reference(), "metadata-options".to_owned()));
}

#[test]
fn a_revoked_version_cannot_come_back() {
    let golden = record(None, &request(None, "eu-west-1")).unwrap();
    let revoked = revoke(&golden, "vulnerable openssl").unwrap();
    assert!(promote(&revoked, time("10:00")).is_err());
    assert!(deprecate(&revoked, None).is_err());
    let promoted = promote(&golden, time("10:00")).unwrap();
    assert_eq!(promoted.digest(), golden.digest(), "promotion does not change what instances are held to");
}
