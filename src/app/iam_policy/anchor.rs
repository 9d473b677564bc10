//! What putting heads of the audit log into a bucket with object lock needs, and reading them back.

use serde_json::{Value, json};

use super::enforce::partition;
use crate::app::config::Config;
use crate::report::anchor::Vault;

/// The statements of the configured bucket; none where there is none. Nothing here takes anything away: neither
/// `s3:DeleteObject` nor `s3:BypassGovernanceRetention` is ever needed.
pub(super) fn statements(config: &Config) -> Vec<Value> {
    let Some(Vault { bucket, prefix, .. }) = &config.audit.anchor else { return Vec::new() };
    let bucket = format!("arn:{}:s3:::{bucket}", partition(config));
    vec![
        json!({
            "Sid": "CattleguardPutAnchors", "Effect": "Allow", "Action": ["s3:PutObject", "s3:PutObjectRetention"],
            "Resource": [format!("{bucket}/{prefix}*")],
        }),
        json!({
            "Sid": "CattleguardListAnchors", "Effect": "Allow", "Action": ["s3:ListBucketVersions"], "Resource": [bucket],
            "Condition": { "StringLike": { "s3:prefix": [prefix] } },
        }),
        json!({
            "Sid": "CattleguardAnchorLock", "Effect": "Allow", "Action": ["s3:GetBucketObjectLockConfiguration"],
            "Resource": [bucket],
        }),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::read_policy;
    use super::super::tests::{actions, config};

    fn asked(text: &str) -> BTreeSet<String> {
        actions(&read_policy(&config(text))).into_iter().filter(|action| action.starts_with("s3:")).collect()
    }

    /// A trait that starts to make a new call must ask for it.
    #[test]
    fn anchors_ask_for_exactly_the_calls_of_their_trait() {
        assert_eq!(asked(""), BTreeSet::new());
        let source = include_str!("../../report/anchor.rs");
        let documented = source.lines().filter_map(|line| line.trim().strip_prefix("/// `s3:"));
        let documented: BTreeSet<String> = documented
            .flat_map(|line| {
                let more = line.split_once("` and `s3:").and_then(|(_, rest)| rest.split('`').next());
                [line.split('`').next(), more]
            })
            .flatten()
            .map(|action| format!("s3:{action}"))
            .collect();
        assert_eq!(asked("[audit.anchor]\nbucket = \"my-anchors\"\n"), documented);
    }

    #[test]
    fn a_role_can_put_anchors_below_their_prefix_and_take_nothing_away() {
        let policy = read_policy(&config("[audit.anchor]\nbucket = \"my-anchors\"\nprefix = \"a/b\"\n"));
        let statements = policy["Statement"].as_array().expect("statements");
        let put = statements.iter().find(|one| one["Sid"] == "CattleguardPutAnchors").expect("there");
        assert_eq!(put["Resource"][0], "arn:aws:s3:::my-anchors/a/b/*");
        let list = statements.iter().find(|one| one["Sid"] == "CattleguardListAnchors").expect("there");
        assert_eq!(list["Condition"]["StringLike"]["s3:prefix"][0], "a/b/");
    }
}
