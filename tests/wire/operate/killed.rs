//! The process dies between any two steps; the next one goes on, and does nothing twice.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ec2::types::Filter;
use cattleguard::remediate::{Journal as _, OperationStatus};
use serde_json::json;

use super::judge::Log;
use super::killing::{die_at, kill_after, operation, steps_done, store};
use super::picture::{Picture, tags};
use super::site::Site;

/// What must be after the old server was replaced, however often the process died.
async fn replaced_once(site: &Site, old: &str, interface: &str) {
    let made = site.replacements(old).await;
    assert_eq!(made.len(), 1, "{made:#?}");
    let new = made[0].instance_id().unwrap().to_owned();
    assert_eq!((site.state(old).await.as_str(), site.state(&new).await.as_str()), ("terminated", "running"));
    assert_eq!((site.targets(&new).await["web"].as_str(), site.targets(old).await.len()), ("healthy", 0));
    let own: BTreeSet<String> = tags(&made[0]).into_keys().filter(|key| key.starts_with("cattleguard:")).collect();
    assert_eq!(own, ["cattleguard:operation", "cattleguard:replaces"].map(str::to_owned).into());
    assert_eq!(site.role_policies().await, Vec::<String>::new());
    let groups = site.mia.ec2.describe_security_groups().send().await.unwrap().security_groups.unwrap();
    let named: BTreeSet<_> = groups.iter().filter_map(|group| group.group_name()).collect();
    assert_eq!(named, BTreeSet::from(["default", "cattleguard-isolate", "cattleguard-open", "bens"]));
    let log = Log::of(&site.scene).await;
    log.new_before_old(old, interface, &new, &["web"]);
    log.nothing_was_refused();
    site.audited();
}

#[tokio::test]
async fn a_replacement_goes_on_from_wherever_it_died() {
    let (site, old) = Site::balanced().await;
    let interface = site.interface(&old).await;
    let points = [
        "claim:before",
        "launch:before",
        "launch:after",
        "refresh-inventory:after",
        "register:before",
        "register:after",
        "deregister:after",
        "isolate-interface:before",
        "isolate-interface:after",
        "stop:before",
        "stop:after",
    ];
    for point in points {
        die_at(&site, &["enforce"], point);
    }
    assert_eq!(site.enforce()["status"], "retaining");
    site.retained().await;
    die_at(&site, &["enforce"], "terminate:before");
    die_at(&site, &["enforce"], "terminate:after");
    assert_eq!(site.enforce()["status"], "done");
    replaced_once(&site, &old, &interface).await;
}

#[tokio::test]
async fn a_member_is_replaced_once_wherever_it_died() {
    let (site, old) = Site::grouped().await;
    let interface = site.interface(&old).await;
    for point in ["launch-in-group:after", "mark-replacement:before", "leave-group:before", "leave-group:after"] {
        die_at(&site, &["enforce"], point);
    }
    assert_eq!(site.enforce()["status"], "retaining");
    site.retained().await;
    die_at(&site, &["enforce"], "terminate:after");
    assert_eq!(site.enforce()["status"], "done");
    replaced_once(&site, &old, &interface).await;
}

#[tokio::test]
async fn a_replacement_survives_sigkill_at_any_moment() {
    let (site, old) = Site::balanced().await;
    let interface = site.interface(&old).await;
    let mut killed = 0;
    for round in 0..40_u64 {
        if operation(&site).is_some_and(|record| record.status == OperationStatus::Retaining) {
            break;
        }
        // Between two steps and in the middle of one, in an order that is not the natural one.
        let later = Duration::from_millis(round * 37 % 100);
        killed += u32::from(kill_after(&site, &["enforce"], steps_done(&site) + 1, later));
    }
    assert!(killed >= 8, "only {killed} times");
    site.retained().await;
    killed += u32::from(kill_after(&site, &["enforce"], steps_done(&site) + 1, Duration::from_millis(50)));
    let ended = site.desk.run(&["enforce"]);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(operation(&site).unwrap().status, OperationStatus::Done, "after {killed} kills");
    replaced_once(&site, &old, &interface).await;
}

#[tokio::test]
async fn a_quarantine_and_its_release_go_on_from_wherever_they_died() {
    let site = Site::new(2).await;
    let server = site.grounds.standalone[0].clone();
    site.record().await;
    let before = Picture::of(&site, &server).await;
    die_at(&site, &["quarantine", &server, "--override", "drill"], "protect-from-termination:after");
    let id = operation(&site).unwrap().id.to_string();
    let resume = ["operations", "resume", &id];
    let points = [
        "keep-volumes:after",
        "snapshot-volumes:after",
        "deregister:before",
        "deregister:after",
        "isolate-interface:after",
        "replace-profile:before",
        "replace-profile:after",
        "deny-sessions:after",
    ];
    for point in points {
        die_at(&site, &resume, point);
    }
    site.desk.ok(&resume);
    assert_eq!(operation(&site).unwrap().status, OperationStatus::Done);
    let contained = Picture::of(&site, &server).await;
    assert_eq!((contained.policies.len(), contained.protected, contained.targets.len()), (1, true, 0));
    let own = Filter::builder().name("tag-key").values("cattleguard:operation").build();
    let snapshots = site.mia.ec2.describe_snapshots().filters(own).send().await.unwrap().snapshots.unwrap();
    assert_eq!(snapshots.len(), 1, "{snapshots:#?}");

    die_at(&site, &["release", &server], "undo-deny-sessions:after");
    let all = store(&site).unfinished_operations().unwrap();
    let id = all[0].id.to_string();
    for point in ["undo-replace-profile:after", "undo-isolate-interface:before", "undo-deregister:after"] {
        die_at(&site, &["operations", "resume", &id], point);
    }
    let (code, done) = site.desk.json(&["operations", "resume", &id]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &json!("done")), "{done:#}");
    assert_eq!(Picture::of(&site, &server).await, before);
    Log::of(&site.scene).await.nothing_was_refused();
    site.audited();
}
