//! A server that may be somebody else's: it is cut off first, and replaced then.

use aws_sdk_ec2::types::Filter;

use super::judge::Log;
use super::picture::Picture;
use super::site::Site;

/// Numbers and addresses of the entries that deny, in the network ACL of the server's subnet.
async fn denied(site: &Site) -> Vec<String> {
    let filter = Filter::builder().name("association.subnet-id").values(&site.grounds.subnets[0]).build();
    let answer = site.mia.ec2.describe_network_acls().filters(filter).send().await.unwrap();
    let acls = answer.network_acls.unwrap();
    let entries = acls[0].entries().iter().filter(|entry| entry.rule_number() != Some(32_767));
    let denying = entries.filter(|entry| entry.rule_action().is_some_and(|action| action.as_str() == "deny"));
    denying.map(|entry| entry.cidr_block().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn it_is_cut_off_before_it_is_replaced_and_its_address_is_free_again() {
    let site = Site::with(2, "cut = \"nacl\"").await;
    let old = site.grounds.standalone[0].clone();
    site.record().await;
    let (code, done) = site.desk.json(&["replace", &old, "--contain-first", "--override", "a rootkit"]);
    let statuses: Vec<_> = done["operations"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!((code, statuses), (0, vec!["done".into(), "retaining".into()]), "{done:#}");
    let kept = Picture::of(&site, &old).await;
    assert!(kept.protected && kept.targets.is_empty() && kept.policies.len() == 1, "{kept:#?}");
    assert_eq!(denied(&site).await.len(), 2, "both ways");
    let made = site.replacements(&old).await;
    let new = made[0].instance_id().unwrap().to_owned();
    assert_eq!((made.len(), site.targets(&new).await["web"].as_str()), (1, "healthy"));

    site.retained().await;
    assert_eq!(site.enforce()["status"], "done");
    assert_eq!((site.state(&old).await.as_str(), site.state(&new).await.as_str()), ("terminated", "running"));
    assert_eq!(denied(&site).await, Vec::<String>::new());
    assert_eq!(site.role_policies().await.len(), 1, "its credentials may live longer than it was kept");
    Log::of(&site.scene).await.nothing_was_refused();
    site.audited();
}
