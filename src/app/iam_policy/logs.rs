//! What reading buckets of log files and their queues needs. Unlike the rest of reading, these actions can be limited
//! to single resources.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::enforce::partition;
use crate::app::config::Config;
use crate::collect::{BucketSource, QueueSource, TrailSource};

const QUEUE: [&str; 4] =
    ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// The statements of all configured sources; none where there are none.
pub(super) fn statements(config: &Config) -> Vec<Value> {
    let aws = partition(config);
    let (mut buckets, mut folders) = (BTreeSet::new(), BTreeSet::new());
    let (mut objects, mut queues, mut keys) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for source in &config.collect.trail {
        match source {
            TrailSource::Lookup | TrailSource::Dir(_) => {}
            TrailSource::S3(BucketSource { bucket, prefix, kms_keys, .. }) => {
                buckets.insert(format!("arn:{aws}:s3:::{bucket}"));
                folders.insert(format!("{prefix}AWSLogs/*"));
                objects.insert(format!("arn:{aws}:s3:::{bucket}/{prefix}AWSLogs/*"));
                keys.extend(kms_keys);
            }
            TrailSource::Sqs(QueueSource { access, url, buckets, kms_keys, .. }) => {
                let name = url.rsplit('/').next().unwrap_or_default();
                queues.insert(format!("arn:{aws}:sqs:{}:{}:{name}", access.place.region, access.place.account));
                objects.extend(buckets.iter().map(|bucket| format!("arn:{aws}:s3:::{bucket}/*")));
                keys.extend(kms_keys);
            }
        }
    }
    let allow = |sid: &str, actions: Value, resources: Value| json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
    let mut statements = Vec::new();
    if !buckets.is_empty() {
        statements.push(json!({
            "Sid": "CattleguardListLogs", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": buckets,
            "Condition": { "StringLike": { "s3:prefix": folders } },
        }));
    }
    if !objects.is_empty() {
        statements.push(allow("CattleguardReadLogs", json!(["s3:GetObject"]), json!(objects)));
    }
    if !keys.is_empty() {
        statements.push(allow("CattleguardDecryptLogs", json!(["kms:Decrypt"]), json!(keys)));
    }
    if !queues.is_empty() {
        statements.push(allow("CattleguardQueue", json!(QUEUE), json!(queues)));
    }
    statements
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::app::iam_policy::tests::{actions, config};
    use crate::app::iam_policy::{assume_policy, read_policy, trust_policies};
    use crate::types::AccountId;

    const KEY: &str = "arn:aws:kms:eu-west-1:444455556666:key/1";
    const ROLE: &str = "arn:aws:iam::444455556666:role/logs";

    fn of(sources: &str) -> Config {
        config(&format!("[collect]\ntrail = [{sources}]\n"))
    }

    fn asked(sources: &str) -> BTreeSet<String> {
        let actions = actions(&read_policy(&of(sources)));
        actions.into_iter().filter(|action| ["s3:", "sqs:", "kms:"].iter().any(|own| action.starts_with(own))).collect()
    }

    fn set(actions: &[&str]) -> BTreeSet<String> {
        actions.iter().map(|action| (*action).to_owned()).collect()
    }

    #[test]
    fn exactly_what_is_configured_is_asked_for() {
        assert_eq!(asked("\"lookup\""), set(&[]));
        assert_eq!(asked("{ s3 = \"my-trail\" }"), set(&["s3:GetObject", "s3:ListBucket"]));
        let with_key = format!("{{ s3 = \"my-trail\", kms_keys = [\"{KEY}\"] }}");
        assert_eq!(asked(&with_key), set(&["kms:Decrypt", "s3:GetObject", "s3:ListBucket"]));
        let url = "https://sqs.eu-west-1.amazonaws.com/444455556666/q";
        assert_eq!(asked(&format!("{{ sqs = \"{url}\", buckets = [] }}")), set(&QUEUE), "events need no bucket");
        let mut both = set(&QUEUE);
        both.insert("s3:GetObject".to_owned());
        assert_eq!(asked(&format!("{{ sqs = \"{url}\", buckets = [\"my-trail\"] }}")), both);
    }

    /// A trait that starts to make a new call must ask for it.
    #[test]
    fn the_statements_list_exactly_the_calls_of_the_traits() {
        let source = include_str!("../../collect/logs.rs");
        let documented: BTreeSet<String> = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix("/// `"))
            .filter_map(|line| line.split('`').next())
            .filter(|call| call.starts_with("s3:") || call.starts_with("sqs:"))
            .map(str::to_owned)
            .collect();
        let url = "https://sqs.eu-west-1.amazonaws.com/444455556666/q";
        let all = asked(&format!("{{ s3 = \"my-trail\" }}, {{ sqs = \"{url}\", buckets = [\"my-trail\"] }}"));
        assert_eq!(all, documented);
    }

    #[test]
    fn the_resources_are_the_configured_ones() {
        let url = "https://sqs.eu-west-2.amazonaws.com/444455556666/q";
        let sources = format!(
            "{{ s3 = \"my-trail\", prefix = \"audit\", kms_keys = [\"{KEY}\"] }}, {{ sqs = \"{url}\", buckets = [\"other\"] }}"
        );
        let statements = statements(&of(&sources));
        let resources: Vec<&Value> = statements.iter().map(|statement| &statement["Resource"]).collect();
        assert_eq!(resources[0], &json!(["arn:aws:s3:::my-trail"]));
        assert_eq!(statements[0]["Condition"]["StringLike"]["s3:prefix"], json!(["audit/AWSLogs/*"]));
        assert_eq!(resources[1], &json!(["arn:aws:s3:::my-trail/audit/AWSLogs/*", "arn:aws:s3:::other/*"]));
        assert_eq!(resources[2], &json!([KEY]));
        assert_eq!(resources[3], &json!(["arn:aws:sqs:eu-west-2:444455556666:q"]));
    }

    #[test]
    fn a_role_of_its_own_is_assumed_and_trusts() {
        let config = of(&format!("{{ s3 = \"my-trail\", role = \"{ROLE}\", external_id = \"logs-id\" }}"));
        let assume = assume_policy(&config).expect("roles");
        assert!(assume["Statement"][0]["Resource"].as_array().expect("roles").contains(&json!(ROLE)), "{assume}");
        let trust = trust_policies(&config, &AccountId::new("123456789012"));
        assert_eq!(trust[ROLE]["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"], "logs-id");
    }
}
