//! A server of its own.

use std::collections::BTreeSet;

use super::judge::Log;
use super::picture::{Picture, state, tags};
use super::site::Site;

#[tokio::test]
async fn a_drifted_server_is_replaced_kept_and_ended() {
    let (site, old) = Site::standalone().await;
    let interface = site.interface(&old).await;
    let operation = site.enforce();
    assert_eq!((&operation["kind"], &operation["status"]), (&"replace".into(), &"retaining".into()), "{operation:#}");

    let made = site.replacements(&old).await;
    let new = made[0].instance_id().unwrap().to_owned();
    assert!(made.len() == 1 && operation["replacement"] == new.as_str(), "{operation:#}");
    assert_eq!((state(&made[0]), made[0].image_id()), ("running".to_owned(), Some(site.grounds.image.as_str())));
    assert_eq!(made[0].iam_instance_profile().unwrap().arn(), Some(site.grounds.profile.as_str()));
    let (document, kept) = (site.desk.scan().1, Picture::of(&site, &old).await);
    let seen = document["instances"].as_array().unwrap().iter().find(|one| one["id"] == new.as_str()).unwrap();
    assert_eq!(seen["verdict"], "clean", "attested against the golden, and not by what ben did: {document:#}");
    assert_eq!((kept.state.as_str(), kept.tags["cattleguard:state"].as_str()), ("stopped", "retained"));
    assert_eq!(kept.groups[&interface], BTreeSet::from([site.grounds.isolate.clone()]));

    site.retained().await;
    assert_eq!(site.enforce()["status"], "done");
    assert_eq!((site.state(&old).await.as_str(), site.state(&new).await.as_str()), ("terminated", "running"));
    let log = Log::of(&site.scene).await;
    log.new_before_old(&old, &interface, &new, &[]);
    log.nothing_was_refused();
    assert_eq!((log.count("RunInstances"), log.count("TerminateInstances")), (1, 1));
    site.audited();
}

#[tokio::test]
async fn a_quarantined_server_is_cut_off_and_released_as_it_was() {
    let (site, server) = Site::standalone().await;
    let before = Picture::of(&site, &server).await;
    before.is_clean_of_marks();
    let (code, done) = site.desk.json(&["quarantine", &server]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &"done".into()), "{done:#}");
    let cut = Picture::of(&site, &server).await;
    let isolated = BTreeSet::from([site.grounds.isolate.clone()]);
    assert!(cut.groups.values().all(|groups| *groups == isolated), "{cut:#?}");
    assert!(cut.protected && cut.shutdown == "stop" && cut.ends_with_it.is_empty(), "{cut:#?}");
    assert_eq!(cut.profile.as_ref(), Some(&site.grounds.quarantine));
    assert_eq!((cut.policies.len(), cut.tags["cattleguard:state"].as_str()), (1, "quarantined"));

    let (code, done) = site.desk.json(&["release", &server]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &"done".into()), "{done:#}");
    assert_eq!(Picture::of(&site, &server).await, before);
    Log::of(&site.scene).await.nothing_was_refused();
    assert_eq!(tags(&site.server(&server).await).len(), 1);
    site.audited();
}

#[tokio::test]
async fn a_replacement_that_differs_is_ended_and_the_old_one_keeps_serving() {
    let (site, old) = Site::balanced().await;
    let before = Picture::of(&site, &old).await;
    site.inside(&site.grounds.image, &[("openssl", "3.0.7"), ("bash", "5.2.15"), ("netcat", "1.226")]).await;
    let (code, done) = site.desk.json(&["enforce"]);
    assert_eq!((code, &done["operations"][0]["status"]), (2, &"rolled-back".into()), "{done:#}");
    assert!(done["operations"][0]["note"].as_str().unwrap().contains("netcat"), "{done:#}");
    let made = site.replacements(&old).await;
    assert_eq!((made.len(), state(&made[0]).as_str()), (1, "terminated"));
    assert_eq!(Picture::of(&site, &old).await, before);
    let (code, again) = site.desk.json(&["enforce"]);
    assert_eq!((code, &again["operations"]), (4, &serde_json::json!([])), "the fleet is frozen: {again:#}");
    Log::of(&site.scene).await.nothing_was_refused();
    site.audited();
}
