//! Sources of change events: what they become, and what wrong ones are told.

use super::{ACCOUNT, FLEET, good, parsed, told_of};
use crate::collect::{BucketSource, QueueSource, TrailSource};
use crate::types::Place;

fn only(fragment: &str) -> TrailSource {
    let (config, _) = good(&format!("[collect]\n{fragment}"), &[]);
    assert_eq!(config.collect.trail.len(), 1, "{:?}", config.collect.trail);
    config.collect.trail.into_iter().next().expect("a source")
}

fn bucket(fragment: &str) -> BucketSource {
    match only(fragment) {
        TrailSource::S3(source) => source,
        other => panic!("{other:?}"),
    }
}

fn queue(fragment: &str) -> QueueSource {
    match only(fragment) {
        TrailSource::Sqs(source) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bucket_needs_no_more_than_its_name() {
    let source = bucket("trail = [{ s3 = \"my-trail\" }]");
    assert_eq!((source.bucket.as_str(), source.prefix.as_str(), source.objects), ("my-trail", "", 10_000));
    assert_eq!(source.access.place, Place::new("111122223333", "eu-west-1"), "the first account and its first region");
    assert_eq!(source.name(), "s3:my-trail/");
}

#[test]
fn the_bucket_of_an_organisation_is_read_by_the_role_of_its_account() {
    let role = "arn:aws:iam::444455556666:role/logs";
    let source = bucket(&format!(
        "[[collect.trail]]\ns3 = \"my-trail\"\nprefix = \"/audit\"\norganization = \"o-a1b2c3d4e5\"\nregion = \"eu-central-1\"\n\
         role = \"{role}\"\nexternal_id = \"an-id\"\nkms_keys = [\"arn:aws:kms:eu-central-1:444455556666:key/1\"]"
    ));
    assert_eq!((source.prefix.as_str(), source.organization.as_deref()), ("audit/", Some("o-a1b2c3d4e5")));
    assert_eq!(source.access.place, Place::new("444455556666", "eu-central-1"));
    assert_eq!((source.access.role.as_deref(), source.access.external_id.as_deref()), (Some(role), Some("an-id")));
}

#[test]
fn a_configured_account_is_reached_as_it_is_read() {
    let account = ACCOUNT.to_owned()
        + "role = \"arn:aws:iam::111122223333:role/reader\"\nexternal_id = \"id-1\"\nsource_identity = \"cattleguard\"\n";
    let text = format!("[collect]\ntrail = [{{ s3 = \"my-trail\" }}]\n{account}{FLEET}");
    let (config, _) = parsed(&text, &[], &[]).expect("right");
    let access = config.collect.trail[0].access().expect("a bucket");
    assert_eq!(access.role.as_deref(), Some("arn:aws:iam::111122223333:role/reader"));
    assert_eq!((access.external_id.as_deref(), access.source_identity.as_deref()), (Some("id-1"), Some("cattleguard")));
}

#[test]
fn a_queue_tells_its_account_and_region() {
    let url = "https://sqs.eu-west-2.amazonaws.com/444455556666/trail";
    let source = queue(&format!("trail = [{{ sqs = \"{url}\", buckets = [\"my-trail\"] }}]"));
    assert_eq!(source.access.place, Place::new("444455556666", "eu-west-2"));
    assert_eq!((source.buckets.as_slice(), source.messages), (&["my-trail".to_owned()][..], 10_000));
    let local = queue("trail = [{ sqs = \"http://127.0.0.1:5000/444455556666/trail\", buckets = [] }]");
    assert_eq!(local.access.place, Place::new("444455556666", "eu-west-1"));
}

#[test]
fn the_queue_must_say_whose_objects_it_names() {
    insta::assert_snapshot!(told_of("[collect]\ntrail = [{ sqs = \"https://sqs.eu-west-1.amazonaws.com/111122223333/q\" }]"), @r#"
    error[missing-key]: `collect.trail[0]` needs `buckets` (array of bucket names)
      --> cattleguard.toml:2:10
      |
    2 | trail = [{ sqs = **************************************************** }]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn each_mistake_is_told_where_it_is() {
    insta::assert_snapshot!(told_of(
        "[[collect.trail]]\ns3 = \"s3://my-trail/AWSLogs\"\nprefix = \"audit/AWSLogs/\"\norganisation = \"o-1\"\n\
         external_id = \"id-1\"\nkms_keys = [\"alias/trail\"]\nobjects = 0\n\
         [[collect.trail]]\nsqs = \"my-queue\"\nbuckets = [\"UP\"]\nregion = \"eu-wst-1\"\nmesages = 5\n\
         [[collect.trail]]\ns3 = \"my-trail\"\nsqs = \"x\"\n\
         [[collect.trail]]\n"
    ), @r#"
    error[bad-value]: `collect.trail[0].s3`: `s3://my-trail/AWSLogs` is not a bucket name
      --> cattleguard.toml:2:6
      |
    2 | s3 = "s3://my-trail/AWSLogs"
      |      ^^^^^^^^^^^^^^^^^^^^^^^
      = help: 3 to 63 lower-case letters, digits, `-` and `.`; the name alone, without s3:// and folders

    error[bad-value]: `collect.trail[0].prefix`: `audit/AWSLogs/` goes too far
      --> cattleguard.toml:3:10
      |
    3 | prefix = "audit/AWSLogs/"
      |          ^^^^^^^^^^^^^^^^
      = help: the prefix is what comes before AWSLogs/; account, region and date are found by themselves

    error[unknown-key]: unknown key `organisation` in `collect.trail[0]`
      --> cattleguard.toml:4:1
      |
    4 | organisation = "o-1"
      | ^^^^^^^^^^^^ did you mean `organization`?

    error[bad-value]: `external_id` has no effect without `role`
      --> cattleguard.toml:5:15
      |
    5 | external_id = "id-1"
      |               ^^^^^^

    error[bad-value]: `collect.trail[0].kms_keys`: `alias/trail` is not the ARN of a KMS key
      --> cattleguard.toml:6:13
      |
    6 | kms_keys = ["alias/trail"]
      |             ^^^^^^^^^^^^^
      = help: key ARNs look like arn:aws:kms:eu-west-1:111122223333:key/ID; an alias cannot be granted

    error[bad-value]: `objects`: with 0 nothing would ever be read
      --> cattleguard.toml:7:11
      |
    7 | objects = 0
      |           ^

    error[bad-value]: `collect.trail[1].sqs`: `my-queue` is not the URL of a queue
      --> cattleguard.toml:9:7
      |
    9 | sqs = "my-queue"
      |       ^^^^^^^^^^
      = help: queue URLs look like https://sqs.eu-west-1.amazonaws.com/111122223333/cattleguard

    error[bad-value]: `collect.trail[1].buckets`: `UP` is not a bucket name
       --> cattleguard.toml:10:12
       |
    10 | buckets = ["UP"]
       |            ^^^^
       = help: 3 to 63 lower-case letters, digits, `-` and `.`; the name alone, without s3:// and folders

    error[unknown-key]: unknown key `mesages` in `collect.trail[1]`
       --> cattleguard.toml:12:1
       |
    12 | mesages = 5
       | ^^^^^^^ did you mean `messages`?

    error[bad-value]: a trail source is either `s3` or `sqs`
       --> cattleguard.toml:15:7
       |
    15 | sqs = "x"
       |       ^^^
       = help: write each as a source of its own

    error[bad-value]: an empty table is not a trail source
       --> cattleguard.toml:16:1
       |
    16 | [[collect.trail]]
       | ^^^^^^^^^^^^^^^^^
       = help: write "lookup", { dir = "/path" }, { s3 = "BUCKET" } or { sqs = "URL", buckets = ["BUCKET"] }

    11 errors
    "#);
}

#[test]
fn the_same_source_twice() {
    insta::assert_snapshot!(told_of("[collect]\ntrail = [{ s3 = \"my-trail\" }, \"lookup\", { s3 = \"my-trail\" }]"), @r#"
    error[duplicate]: `collect.trail`: `s3:my-trail/` is listed twice
      --> cattleguard.toml:2:9
      |
    2 | trail = [{ s3 = "my-trail" }, "lookup", { s3 = "my-trail" }]
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}
