//! `[audit.anchor]`.

use std::time::Duration;

use super::{good, told_of};
use crate::report::anchor::LockMode;
use crate::types::Place;

#[test]
fn a_bucket_is_enough() {
    assert_eq!(good("", &[]).0.audit.anchor, None);
    let (config, _) = good("[audit.anchor]\nbucket = \"my-anchors\"\n", &[]);
    let vault = config.audit.anchor.expect("a vault");
    assert_eq!(
        (vault.bucket.as_str(), vault.prefix.as_str(), vault.mode),
        ("my-anchors", "cattleguard/", LockMode::Governance)
    );
    assert_eq!(vault.retain, Duration::from_secs(365 * 86_400));
    assert_eq!(vault.access.place, Place::new("111122223333", "eu-west-1"), "the first account and its first region");
    let (config, _) = good("", &[("CATTLEGUARD__AUDIT__ANCHOR__BUCKET", "my-anchors")]);
    assert!(config.audit.anchor.is_some());
}

#[test]
fn the_role_of_the_bucket_names_its_account() {
    let role = "arn:aws:iam::444455556666:role/anchors";
    let fragment = format!(
        "[audit.anchor]\nbucket = \"my-anchors\"\nprefix = \"/a/b/\"\nrole = \"{role}\"\nregion = \"eu-central-1\"\n\
         retain = \"30d\"\nmode = \"compliance\"\n"
    );
    let vault = good(&fragment, &[]).0.audit.anchor.expect("a vault");
    assert_eq!(vault.access.place, Place::new("444455556666", "eu-central-1"));
    assert_eq!(
        (vault.access.role.as_deref(), vault.prefix.as_str(), vault.mode),
        (Some(role), "a/b/", LockMode::Compliance)
    );
}

#[test]
fn what_cannot_be_is_told() {
    for (fragment, part) in [
        ("mode = \"compliance\"", "needs the `bucket`"),
        ("bucket = \"s3://my-anchors\"", "is not a bucket name"),
        ("bucket = \"my-anchors\"\nmode = \"complience\"", "did you mean `compliance`?"),
        ("bucket = \"my-anchors\"\nretain = \"1h\"", "from a day to 100 years"),
        ("bucket = \"my-anchors\"\nprefix = \"a b\"", "is no prefix of keys"),
        ("bucket = \"my-anchors\"\nretian = \"30d\"", "retain"),
        ("bucket = \"my-anchors\"\nexternal_id = \"x1\"", "no effect without `role`"),
    ] {
        let told = told_of(&format!("[audit.anchor]\n{fragment}\n"));
        assert!(told.contains(part), "{fragment}: {told}");
    }
}
