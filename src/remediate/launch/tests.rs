//! What comes from the contract, what from the old instance, and what from neither.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::collect::{ReadFailure, user_data_digest};
use crate::remediate::samples;
use crate::testing::{FailRule, FailingCloud, FleetBuilder};
use crate::types::*;

fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

fn golden() -> Golden {
    let image = |account: Option<&str>, region: &str, image: &str| GoldenImage {
        account: account.map(AccountId::new),
        region: region.into(),
        image: image.into(),
    };
    Golden {
        line: "web".into(),
        version: "2".into(),
        status: GoldenStatus::Promoted,
        images: vec![
            image(None, "eu-west-1", "ami-shared"),
            image(Some("000000000000"), "eu-west-1", "ami-own"),
            image(None, "us-east-1", "ami-us"),
        ],
        contract: LaunchContract {
            security_groups: BTreeMap::from([(place().to_string(), BTreeSet::from(["sg-golden".to_owned()]))]),
            instance_profile: Some(Some("web-server".to_owned())),
            instance_types: Some(BTreeSet::from(["m7g.xlarge".to_owned()])),
            metadata_options: Some(MetadataOptions {
                http_tokens: Some("required".to_owned()),
                ..MetadataOptions::default()
            }),
            user_data: Some(Some(Digest::new("sha256:golden"))),
            volumes: Some(vec![VolumeContract {
                device: "/dev/xvda".to_owned(),
                size_gib: Some(30),
                volume_type: None,
                encrypted: Some(true),
            }]),
            source_dest_check: Some(true),
            interfaces: Some(1),
            key_name: Some(None),
            tags: BTreeMap::from([("tier".to_owned(), "front".to_owned())]),
        },
        baseline: Baseline::default(),
        reference_instance: None,
        recorded_by: "test".to_owned(),
        recorded_at: Timestamp::UNIX_EPOCH,
        promoted_at: None,
        note: None,
    }
}

use jiff::Timestamp;

fn launch(before: &BeforeImage, golden: &Golden) -> Result<LaunchRequest, Refusal> {
    launch_request(before, golden, &place(), &OperationId::new("op-1"), "token")
}

#[track_caller]
fn refused(before: &BeforeImage, golden: &Golden, text: &str) {
    let refusal = launch(before, golden).unwrap_err();
    assert!(refusal.reason.contains(text) && !refusal.transient, "{refusal}");
}

#[test]
fn the_contract_wins_over_everything_that_drifted() {
    let mut before = samples::before();
    let old = &mut before.detail.instance;
    old.instance_type = "m7g.metal".to_owned();
    old.metadata_options.http_tokens = Some("optional".to_owned());
    old.key_name = Some("mallory".to_owned());
    old.source_dest_check = Some(false);
    old.tags.insert("tier".to_owned(), "other".to_owned());
    old.tags.insert("aws:autoscaling:groupName".to_owned(), "web-1".to_owned());
    old.tags.insert("cattleguard:operation".to_owned(), "op-0".to_owned());
    before.detail.interfaces[0].groups = BTreeSet::from(["sg-wide-open".into()]);
    before.detail.profile = Some(("iip-1".to_owned(), "arn:aws:iam::000000000000:instance-profile/admin".to_owned()));
    before.user_data = Some(Digest::new("sha256:drifted"));
    insta::assert_json_snapshot!(launch(&before, &golden()).unwrap());
}

#[test]
fn a_silent_contract_takes_the_old_instances() {
    let golden = Golden { contract: LaunchContract::default(), ..golden() };
    let mut before = samples::before();
    before.detail.instance.source_dest_check = Some(false);
    let request = launch(&before, &golden).unwrap();
    assert_eq!(request.security_groups, BTreeSet::from(["sg-web".into()]));
    assert_eq!(request.profile.as_deref(), Some("web"));
    assert_eq!(request.key_name.as_deref(), Some("ops"));
    assert_eq!(request.user_data, before.user_data);
    assert_eq!(request.source_dest_check, Some(false));
    assert_eq!(request.metadata, before.detail.instance.metadata_options);
    assert_eq!(request.volumes, [], "another image may need a larger root volume");

    before.detail.instance.image = "ami-own".into();
    assert_eq!(launch(&before, &golden).unwrap().volumes.len(), 1);
}

#[test]
fn an_isolated_server_never_passes_its_isolation_on() {
    let silent = Golden { contract: LaunchContract::default(), ..golden() };
    let mut before = samples::before();
    before.detail.interfaces[0].groups = BTreeSet::from(["sg-isolate".into()]);
    refused(&before, &silent, "it is isolated");
    assert!(launch(&before, &golden()).is_ok());
    let mut before = samples::before();
    let quarantine = before.quarantine_profile.clone().unwrap();
    before.detail.profile = Some(("iip-1".to_owned(), quarantine));
    refused(&before, &silent, "quarantine profile");
    before.detail.interfaces.clear();
    refused(&before, &silent, "it is isolated");
}

#[test]
fn an_accounts_own_image_comes_before_a_shared_one() {
    let golden = golden();
    assert_eq!(image_in(&golden, &place()).map(ImageId::as_str), Some("ami-own"));
    assert_eq!(image_in(&golden, &Place::new("000000000001", "eu-west-1")).map(ImageId::as_str), Some("ami-shared"));
    assert_eq!(image_in(&golden, &Place::new("000000000001", "us-west-2")), None);
}

#[test]
fn a_golden_that_does_not_say_enough_is_refused() {
    let before = samples::before();
    refused(&before, &Golden { status: GoldenStatus::Revoked, ..golden() }, "is revoked");
    refused(&before, &Golden { images: Vec::new(), ..golden() }, "has no image");
    let mut other = golden();
    other.contract.security_groups = BTreeMap::from([("1/us-east-1".to_owned(), BTreeSet::new())]);
    refused(&before, &other, "no security groups recorded");
    let mut other = golden();
    other.contract.instance_types = Some(BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    refused(&before, &other, "m7g.large");
    other.contract.instance_types = Some(BTreeSet::from(["a".to_owned(), "m7g.large".to_owned()]));
    assert_eq!(launch(&before, &other).unwrap().instance_type, "m7g.large");
    let mut crowded = samples::before();
    crowded.detail.instance.tags.extend((0..48).map(|n| (format!("k{n}"), String::new())));
    refused(&crowded, &golden(), "EC2 allows 50");
}

#[test]
fn the_device_of_a_data_volume_stays_free_for_it() {
    let mut golden = golden();
    let volume =
        VolumeContract { device: "/dev/sdf".to_owned(), size_gib: Some(100), volume_type: None, encrypted: None };
    golden.contract.volumes.as_mut().unwrap().push(volume);
    let mut before = samples::before();
    assert_eq!(launch(&before, &golden).unwrap().volumes.len(), 2);
    before.detail.instance.volumes.push(samples::volume("vol-data", "/dev/sdf", false));
    let devices: Vec<_> = launch(&before, &golden).unwrap().volumes.into_iter().map(|volume| volume.device).collect();
    assert_eq!(devices, ["/dev/xvda"]);
}

proptest! {
    /// Whatever groups, profile, key, type and tags the old instance has by now.
    #[test]
    fn nothing_that_the_contract_judges_depends_on_the_old_instance(
        groups in proptest::collection::btree_set("sg-[a-f0-9]{4}", 0..4),
        profile in proptest::option::of("[a-z]{1,8}"),
        key in proptest::option::of("[a-z]{1,8}"),
        instance_type in "[a-z][0-9]\\.[a-z]{3,8}",
        tags in proptest::collection::btree_map("(aws:|cattleguard:|)[a-z]{1,6}", "[a-z]{0,6}", 0..12),
        check in proptest::option::of(any::<bool>()),
    ) {
        let plain = launch(&samples::before(), &golden()).unwrap();
        let mut before = samples::before();
        before.detail.interfaces[0].groups = groups.iter().map(SecurityGroupId::new).collect();
        before.detail.profile = profile.map(|name| ("iip".to_owned(), format!("arn:aws:iam::0:instance-profile/{name}")));
        before.detail.instance.key_name = key;
        before.detail.instance.instance_type = instance_type;
        before.detail.instance.source_dest_check = check;
        before.detail.instance.tags = tags;
        let request = launch(&before, &golden()).unwrap();
        let own = |key: &str| key == crate::remediate::OPERATION_TAG || key == REPLACES_TAG;
        prop_assert!(request.tags.keys().all(|key| own(key) || !(key.starts_with("aws:") || key.starts_with("cattleguard:"))));
        prop_assert_eq!(request.tags.get("tier").map(String::as_str), Some("front"));
        prop_assert_eq!(LaunchRequest { tags: plain.tags.clone(), ..request.clone() }, plain);
        // The same inputs, the same bytes.
        let again = launch(&before, &golden()).unwrap();
        prop_assert_eq!(serde_json::to_vec(&request).unwrap(), serde_json::to_vec(&again).unwrap());
    }
}

const TEXT: &[u8] = b"#cloud-config\nhostname: web\n";

fn wanting(text: Option<&[u8]>) -> LaunchRequest {
    LaunchRequest { user_data: text.map(user_data_digest), ..launch(&samples::before(), &golden()).unwrap() }
}

#[tokio::test]
async fn user_data_is_found_by_its_digest_only() {
    let fleet = FleetBuilder::new("web").standalone(1).packages(1).build().unwrap();
    let (old, place) = (fleet.instances()[0].clone(), place());
    let sources = |file, reference| UserDataSources {
        cloud: &fleet.cloud,
        place: &place,
        file,
        old: &old,
        reference,
        elsewhere: &[],
    };
    assert_eq!(user_data_for(&wanting(None), &sources(None, None)).await, Ok(None));
    let found = user_data_for(&wanting(Some(b"from file")), &sources(Some(b"from file"), None)).await;
    assert_eq!(found, Ok(Some(b"from file".to_vec())));
    let found = user_data_for(&wanting(Some(TEXT)), &sources(Some(b"other"), None)).await;
    assert_eq!(found, Ok(Some(TEXT.to_vec())));

    // Somebody edited it on the old one: the reference instance still has it.
    let mallory = crate::testing::SimActor::role("Admin", "mallory");
    fleet.cloud.modify_user_data(&mallory, &old, b"#!/bin/sh\nbackdoor").unwrap();
    let refusal = user_data_for(&wanting(Some(TEXT)), &sources(Some(b"other"), None)).await.unwrap_err();
    assert!(!refusal.transient && refusal.reason.contains("the configured file, the old instance"), "{refusal}");
    assert!(!refusal.reason.contains("backdoor") && !refusal.reason.contains("hostname"), "{refusal}");
    let found = user_data_for(&wanting(Some(TEXT)), &sources(None, Some(&fleet.reference))).await;
    assert_eq!(found, Ok(Some(TEXT.to_vec())));
}

/// A golden of several account-regions remembers one reference instance.
#[tokio::test]
async fn the_reference_instance_may_live_in_another_account_or_region() {
    let places = [crate::types::Place::new("000000000001", "eu-central-1"), place()];
    let builder = FleetBuilder::new("web").place("000000000001", "eu-central-1");
    let fleet = builder.place(place().account.as_str(), place().region.as_str()).standalone(1).packages(1);
    let fleet = fleet.build().unwrap();
    assert_eq!(fleet.cloud.place_of(&fleet.reference).unwrap(), places[0]);
    let old = &fleet.standalone[&places[1]][0];
    let mallory = crate::testing::SimActor::role("Admin", "mallory");
    fleet.cloud.modify_user_data(&mallory, old, b"#!/bin/sh\nbackdoor").unwrap();
    let reference = Some(&fleet.reference);
    let sources =
        |elsewhere| UserDataSources { cloud: &fleet.cloud, place: &places[1], file: None, old, reference, elsewhere };
    assert!(user_data_for(&wanting(Some(TEXT)), &sources(&places[1..])).await.is_err());
    assert_eq!(user_data_for(&wanting(Some(TEXT)), &sources(&places)).await, Ok(Some(TEXT.to_vec())));
}

#[tokio::test]
async fn a_source_that_cannot_be_read_passes() {
    let fleet = FleetBuilder::new("web").standalone(1).packages(1).build().unwrap();
    let (old, place) = (fleet.instances()[0].clone(), place());
    let cloud = FailingCloud::new(fleet.cloud.clone());
    cloud.add_rule(FailRule::fail(ReadFailure::Throttled).api("ec2:DescribeInstanceAttribute"));
    let sources =
        UserDataSources { cloud: &cloud, place: &place, file: None, old: &old, reference: None, elsewhere: &[] };
    assert!(user_data_for(&wanting(Some(TEXT)), &sources).await.unwrap_err().transient);
}
