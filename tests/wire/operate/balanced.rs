//! A server behind a load balancer.

use super::judge::Log;
use super::picture::Picture;
use super::site::Site;

#[tokio::test]
async fn its_replacement_takes_the_traffic_before_it_drains() {
    let (site, old) = Site::balanced().await;
    let interface = site.interface(&old).await;
    let operation = site.enforce();
    assert_eq!(operation["status"], "retaining", "{operation:#}");
    let made = site.replacements(&old).await;
    let new = made[0].instance_id().unwrap().to_owned();
    assert_eq!(made.len(), 1);
    assert_eq!(site.targets(&new).await["web"], "healthy");
    assert!(site.targets(&old).await.is_empty(), "it has drained");
    assert_eq!(site.state(&old).await, "stopped");

    site.retained().await;
    assert_eq!(site.enforce()["status"], "done");
    assert_eq!(site.state(&old).await, "terminated");
    let log = Log::of(&site.scene).await;
    log.new_before_old(&old, &interface, &new, &["web"]);
    log.nothing_was_refused();
    assert_eq!((log.count("RegisterTargets"), log.count("DeregisterTargets")), (1, 1));
    site.audited();
}

#[tokio::test]
async fn the_last_healthy_one_of_a_zone_is_contained_on_a_persons_word_only() {
    let site = Site::new(2).await;
    let server = site.grounds.standalone[0].clone();
    site.record().await;
    let before = Picture::of(&site, &server).await;
    assert_eq!(before.targets["web"], "healthy");
    let (code, plan) = site.desk.json(&["quarantine", &server]);
    assert_eq!(code, 4, "{plan:#}");
    assert_eq!(Log::of(&site.scene).await.changes().count(), 0);

    let (code, done) = site.desk.json(&["quarantine", &server, "--override", "drill"]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &"done".into()), "{done:#}");
    assert!(site.targets(&server).await.is_empty(), "it takes no traffic");
    assert_eq!(site.targets(&site.grounds.standalone[1]).await["web"], "healthy");
    let (code, done) = site.desk.json(&["release", &server]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &"done".into()), "{done:#}");
    assert_eq!(Picture::of(&site, &server).await, before);
    site.audited();
}
