//! How many calls one operation costs, by the emulator's log of requests.
//!
//! `cargo test --workspace --features testing --test wire operate::counted -- --nocapture` prints the figures.

use super::judge::Log;
use super::site::Site;
use crate::desk::Desk;

/// Most changes of one operation with one interface, volume and target group.
const MOST_CHANGES: usize = 14;

/// Steps of the only operation that there is, and how many of them made a call.
fn steps(desk: &Desk) -> (usize, usize) {
    let listed = desk.json(&["operations", "list", "--all"]).1;
    let id = listed["operations"][0]["id"].as_str().unwrap().to_owned();
    let shown = desk.json(&["operations", "show", &id]).1;
    let steps = shown["steps"].as_array().unwrap();
    (steps.len(), steps.iter().filter(|step| !step["call"].is_null()).count())
}

/// Prints the figures; every change belongs to a step, and every step was made once.
async fn told(site: &Site, what: &str) {
    let (steps, calling) = steps(&site.desk);
    let log = Log::of(&site.scene).await;
    let changes = log.changes().count();
    println!("{what}: {steps} steps, {changes} changes, {} reads, {} dry runs", log.reads(), log.dry_runs());
    assert_eq!(changes, calling, "{what}");
    assert!(changes <= MOST_CHANGES, "{what}: {changes}");
}

#[tokio::test]
async fn a_quarantine() {
    let (site, server) = Site::standalone().await;
    site.desk.ok(&["quarantine", &server]);
    told(&site, "quarantine of a standalone server").await;
    let (site, server) = Site::balanced().await;
    site.desk.ok(&["quarantine", &server, "--override", "drill"]);
    told(&site, "quarantine of a server behind a load balancer").await;
}

#[tokio::test]
async fn a_replacement() {
    let sites = [
        (Site::standalone().await.0, "standalone server"),
        (Site::balanced().await.0, "server behind a load balancer"),
        (Site::grouped().await.0, "member of a group"),
    ];
    for (site, what) in sites {
        site.desk.ok(&["enforce"]);
        site.retained().await;
        site.desk.ok(&["enforce"]);
        told(&site, &format!("replacement of a {what}")).await;
    }
}
