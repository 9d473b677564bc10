//! A member of an Auto Scaling group.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::LaunchTemplateSpecification;
use aws_sdk_ec2::types::RequestLaunchTemplateData;

use super::judge::Log;
use super::picture::{Picture, state};
use super::site::Site;

/// Desired capacity, and members with their lifecycle state.
async fn group(site: &Site) -> (i32, BTreeMap<String, String>) {
    let scaling = aws_sdk_autoscaling::Client::new(&site.mia.config);
    let answer = scaling.describe_auto_scaling_groups().auto_scaling_group_names("web").send().await.unwrap();
    let group = answer.auto_scaling_groups.unwrap().remove(0);
    let members = group.instances.unwrap().into_iter();
    let state = |member: aws_sdk_autoscaling::types::Instance| {
        (member.instance_id.unwrap(), member.lifecycle_state.unwrap().as_str().to_owned())
    };
    (group.desired_capacity.unwrap(), members.map(state).collect())
}

#[tokio::test]
async fn it_is_replaced_through_its_group() {
    let (site, old) = Site::grouped().await;
    let interface = site.interface(&old).await;
    let operation = site.enforce();
    assert_eq!(operation["status"], "retaining", "{operation:#}");
    let made = site.replacements(&old).await;
    let new = made[0].instance_id().unwrap().to_owned();
    assert!(made.len() == 1 && made[0].image_id() == Some(site.grounds.image.as_str()));
    let (desired, members) = group(&site).await;
    assert_eq!((desired, members.len()), (2, 2), "{members:?}");
    assert!(members[&new] == "InService" && !members.contains_key(&old), "{members:?}");
    assert_eq!((site.targets(&new).await["web"].as_str(), site.targets(&old).await.len()), ("healthy", 0));

    site.retained().await;
    assert_eq!(site.enforce()["status"], "done");
    assert_eq!((site.state(&old).await.as_str(), group(&site).await.0), ("terminated", 2));
    let log = Log::of(&site.scene).await;
    log.new_before_old(&old, &interface, &new, &["web"]);
    log.nothing_was_refused();
    assert_eq!((log.count("LaunchInstances"), log.count("SendCommand"), log.count("RunInstances")), (1, 1, 0));
    site.audited();
}

#[tokio::test]
async fn it_stands_by_in_quarantine_and_comes_back() {
    let (site, member) = Site::grouped().await;
    let (before, other) =
        (Picture::of(&site, &member).await, group(&site).await.1.into_keys().find(|id| *id != member));
    let (code, done) = site.desk.json(&["quarantine", &member, "--override", "drill"]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &"done".into()), "{done:#}");
    let (desired, members) = group(&site).await;
    assert_eq!((desired, members[&member].as_str(), members.len()), (2, "Standby", 3), "the group has a substitute");
    assert!(site.targets(&member).await.is_empty());

    let (code, done) = site.desk.json(&["release", &member]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &"done".into()), "{done:#}");
    let (desired, members) = group(&site).await;
    assert_eq!((desired, members.len(), members[&member].as_str()), (2, 2, "InService"), "{members:?} {other:?}");
    assert_eq!(Picture::of(&site, &member).await, before);
    Log::of(&site.scene).await.nothing_was_refused();
    site.audited();
}

#[tokio::test]
async fn a_group_that_would_launch_something_else_is_left_alone() {
    let (site, old) = Site::grouped().await;
    let other = site.mia.image("not-golden").await;
    let data = RequestLaunchTemplateData::builder().image_id(other).instance_type("t3.micro".into()).build();
    let request = site.mia.ec2.create_launch_template_version().launch_template_name("web").launch_template_data(data);
    request.send().await.unwrap();
    let template = LaunchTemplateSpecification::builder().launch_template_name("web").version("2").build();
    let scaling = aws_sdk_autoscaling::Client::new(&site.mia.config);
    let request = scaling.update_auto_scaling_group().auto_scaling_group_name("web").launch_template(template);
    request.send().await.unwrap();

    let (code, done) = site.desk.json(&["enforce"]);
    let operation = &done["operations"][0];
    assert_eq!((code, &operation["outcome"]), (4, &"refused".into()), "{done:#}");
    let reason = operation["reason"].as_str().unwrap();
    assert!(reason.contains("would not be golden") && reason.contains(&site.grounds.image), "{reason}");
    assert_eq!(Log::of(&site.scene).await.changes().count(), 0);
    assert_eq!((site.state(&old).await.as_str(), group(&site).await.0), ("running", 2));
}

#[tokio::test]
async fn a_substitute_that_differs_leaves_the_group_and_ends() {
    let (site, old) = Site::grouped().await;
    let before = Picture::of(&site, &old).await;
    site.inside(&site.grounds.image, &[("openssl", "3.0.8")]).await;
    let (code, done) = site.desk.json(&["enforce"]);
    assert_eq!((code, &done["operations"][0]["status"]), (2, &"rolled-back".into()), "{done:#}");
    let made = site.replacements(&old).await;
    assert_eq!((made.len(), state(&made[0]).as_str()), (1, "terminated"));
    let (desired, members) = group(&site).await;
    assert_eq!((desired, members.len(), members[&old].as_str()), (2, 2, "InService"), "{members:?}");
    assert_eq!(Picture::of(&site, &old).await, before);
    Log::of(&site.scene).await.nothing_was_refused();
    site.audited();
}
