//! Containing several servers of one subnet.

use std::collections::BTreeSet;
use std::time::Duration;

use cattleguard::remediate::{AclEntry, CloudProbe as _};
use cattleguard::testing::{FleetBuilder, SimFleet};
use cattleguard::types::InstanceId;

use crate::harness::{OK, Setup, TestApp, carol, small};

const FLEET: &str = "enforcement = \"quarantine\"\ncut = \"nacl\"\nbudget = { count = 2, percent = 50 }";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";

/// The denied addresses of the subnet, with their rule numbers.
fn denied(app: &TestApp, id: &InstanceId) -> Vec<AclEntry> {
    let place = app.place();
    let form = app.cloud().form(&place, id).unwrap();
    let subnet = &form.detail.interfaces[0].subnet;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let acl = runtime.block_on(app.cloud().subnet_acl(&place, subnet)).unwrap().unwrap();
    acl.entries.into_iter().filter(|entry| !entry.allow).collect()
}

fn address(app: &TestApp, id: &InstanceId) -> String {
    let form = app.cloud().form(&app.place(), id).unwrap();
    format!("{}/32", form.detail.interfaces[0].private_ips[0])
}

/// Both choose their rule numbers in the ACL of the subnet before either has made its entries.
#[test]
fn two_servers_of_one_subnet_are_cut_apart_from_each_other() {
    let app = Setup::new(FleetBuilder::new("web").standalone(4).packages(10))
        .mode("quarantine")
        .fleet(FLEET)
        .fleet(OPEN)
        .start();
    let ids = [app.server(0), app.server(3)];
    app.drift(&ids);
    app.cloud().configure(|settings| settings.describe_delay = Duration::from_secs(3));
    let (_, done) = app.json(&["enforce"]);
    let states: Vec<_> = done["operations"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(states, ["done", "done"], "{done:#}");
    app.minutes(5);

    let entries = denied(&app, &ids[0]);
    let numbers: BTreeSet<_> = entries.iter().map(|entry| (entry.egress, entry.rule)).collect();
    assert_eq!((entries.len(), numbers.len()), (4, 4), "{entries:?}");
    let (code, released) = app.json(&["release", ids[0].as_str()]);
    assert_eq!((code, &released["operations"][0]["status"]), (OK, &"done".into()), "{released:#}");
    app.minutes(5);
    let left = denied(&app, &ids[1]);
    let second = address(&app, &ids[1]);
    assert!(left.len() == 2 && left.iter().all(|entry| entry.cidr == second), "{left:?}");
    assert_eq!(app.json(&["release", ids[1].as_str()]).0, OK);
    app.minutes(5);
    assert_eq!(denied(&app, &ids[1]), []);
}

/// The cut gives the server another group: that is our doing, and nothing that its findings say.
#[test]
fn what_was_known_of_a_contained_server_stays_as_it_was_known() {
    let fleet = "enforcement = \"quarantine\"\nbudget = { count = 1, percent = 50 }";
    let app = Setup::new(small()).mode("quarantine").fleet(fleet).fleet(OPEN).start();
    let id = app.server(0);
    let group = SimFleet::security_group(&app.place().region, "debug-open");
    app.cloud().modify_security_groups(&carol(), &id, &[group]).unwrap();
    app.settle();
    let before = app.scan().finding(&id, "config-security-groups").clone();
    assert_eq!(app.run(&["findings", "ack", before["id"].as_str().unwrap()]), OK);
    let (code, done) = app.json(&["quarantine", id.as_str()]);
    assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
    app.minutes(20);
    for _ in 0..2 {
        let scan = app.scan();
        let now = scan.finding(&id, "config-security-groups");
        for key in ["summary", "actual", "severity", "fingerprint", "attribution"] {
            assert_eq!(now[key], before[key], "{key}");
        }
        assert_eq!(now["status"], "acknowledged", "nobody is told of it again: {now:#}");
    }
}

/// Containing launches nothing by itself: where the group might launch something else than the golden, it launches nothing.
#[test]
fn a_member_of_a_group_that_might_launch_anything_is_contained_without_a_substitute() {
    let app = Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).start();
    let (place, id) = (app.place(), app.member(0));
    let group = app.fleet.groups[&place][0].name.clone();
    app.cloud().set_group_habits(&place, &group, false, false).unwrap();
    app.cloud().set_group_limits(&place, &group, 4, 8).unwrap();
    app.settle();
    app.scan();
    let before = app.cloud().form(&place, &id);
    let (code, done) = app.json(&["quarantine", id.as_str(), "--override", "incident 7"]);
    let reason = done["operations"][0]["reason"].as_str().unwrap_or_default();
    assert!(code == 4 && reason.contains("at its minimum of 4") && reason.contains("$Latest"), "{done:#}");
    assert_eq!(app.cloud().form(&place, &id), before, "nothing was done");

    app.cloud().set_group_limits(&place, &group, 3, 8).unwrap();
    app.minutes(5);
    let servers = app.cloud().instance_ids().len();
    let (code, done) = app.json(&["quarantine", id.as_str(), "--override", "incident 7"]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &"done".into()), "{done:#}");
    app.minutes(10);
    assert_eq!(app.cloud().instance_ids().len(), servers, "no substitute was launched");
    let (code, done) = app.json(&["release", id.as_str()]);
    assert_eq!((code, &done["operations"][0]["status"]), (0, &"done".into()), "{done:#}");
    app.minutes(10);
    assert_eq!(app.cloud().instance_ids().len(), servers, "and none was ended");
    assert_eq!(app.cloud().form(&place, &id), before, "as it was");
    app.may_leave_alerts();
}
