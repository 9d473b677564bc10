//! Each API refused, throttled or timing out in one of two places.

use cattleguard::collect::ReadFailure;
use cattleguard::testing::{FailRule, FleetBuilder, SimFleet};
use cattleguard::types::{InstanceId, Place};

use crate::harness::{FINDINGS, PARTIAL, Scan, Setup, TestApp, carol};

/// What a failing API costs.
struct Api {
    name: &'static str,
    source: &'static str,
    failure: ReadFailure,
    /// Nothing of the source arrives without it.
    whole: bool,
    /// Whether verdicts rest on it.
    decisive: bool,
}

const fn api(name: &'static str, source: &'static str, failure: ReadFailure, whole: bool) -> Api {
    Api { name, source, failure, whole, decisive: true }
}

const APIS: &[Api] = &[
    api("ec2:DescribeInstances", "ec2", ReadFailure::Denied, true),
    api("ec2:DescribeInstances", "ec2", ReadFailure::Credentials, true),
    api("ec2:DescribeVolumes", "ec2", ReadFailure::Throttled, false),
    api("ec2:DescribeImages", "ec2", ReadFailure::Timeout, false),
    api("ec2:DescribeIamInstanceProfileAssociations", "ec2", ReadFailure::Denied, false),
    api("ec2:DescribeAddresses", "ec2", ReadFailure::Unavailable, false),
    api("ssm:GetInventory", "ssm", ReadFailure::Denied, true),
    api("ssm:GetInventory", "ssm", ReadFailure::Timeout, true),
    api("cloudtrail:LookupEvents", "cloudtrail", ReadFailure::Denied, true),
    api("cloudtrail:LookupEvents", "cloudtrail", ReadFailure::Throttled, true),
    Api { decisive: false, ..api("autoscaling:DescribeAutoScalingGroups", "autoscaling", ReadFailure::Denied, true) },
    Api { decisive: false, ..api("elasticloadbalancing:DescribeTargetGroups", "elb", ReadFailure::Timeout, true) },
    Api { decisive: false, ..api("elasticloadbalancing:DescribeTargetHealth", "elb", ReadFailure::Throttled, false) },
];

struct World {
    app: TestApp,
    broken: Place,
    whole: Place,
}

impl World {
    fn new() -> Self {
        let fleet = FleetBuilder::new("web")
            .place("000000000000", "eu-west-1")
            .place("000000000001", "eu-central-1")
            .standalone(3)
            .group(1)
            .packages(20);
        let app = Setup::new(fleet).failing().start();
        let places = app.cloud().places();
        let (whole, broken) = (places[0].clone(), places[1].clone());
        Self { app, broken, whole }
    }

    fn server(&self, place: &Place, index: usize) -> InstanceId {
        self.app.fleet.standalone[place][index].clone()
    }

    /// One drift of each kind, in both places.
    fn drift(&self) {
        for place in [&self.broken, &self.whole] {
            let (cloud, id) = (self.app.cloud(), self.server(place, 0));
            let debug = SimFleet::security_group(&place.region, "debug-open");
            cloud.modify_instance_groups(&carol(), &id, &[debug]).unwrap();
            cloud.upgrade_package(&id, "nginx", "9.9").unwrap();
        }
        self.app.settle();
    }

    fn drifted_codes(&self, scan: &Scan, place: &Place) -> Vec<String> {
        scan.codes(&self.server(place, 0)).into_iter().map(str::to_owned).collect()
    }
}

#[test]
fn a_failing_api_blinds_its_place_and_nothing_else_and_heals() {
    let world = World::new();
    world.drift();
    let before = world.app.scan();
    assert_eq!(before.code, FINDINGS);
    let codes = ["config-security-groups", "event-security-groups-changed", "software-package-changed"];
    assert_eq!(world.drifted_codes(&before, &world.broken), codes);

    for api in APIS {
        let name = format!("{} {:?}", api.name, api.failure);
        world.app.faults.add_rule(FailRule::fail(api.failure).api(api.name).place(&world.broken));
        world.app.minutes(10);
        let scan = world.app.scan();
        world.app.faults.heal();
        blind(&world, &scan, api, &name);

        world.app.minutes(10);
        let healed = world.app.scan();
        assert_eq!(healed.code, FINDINGS, "{name}: {:#}", healed.doc["coverage"]);
        assert_eq!(world.drifted_codes(&healed, &world.broken), codes, "{name}: as before");
        assert_eq!(healed.verdict(&world.server(&world.broken, 1)), "clean", "{name}");
        assert_eq!(healed.findings_of("*").count(), 0, "{name}: {:#}", healed.doc["findings"]);
    }
}

fn blind(world: &World, scan: &Scan, api: &Api, name: &str) {
    let coverage = scan.coverage(&world.broken, api.source);
    assert_eq!(coverage["status"], if api.whole { "failed" } else { "partial" }, "{name}");
    assert_eq!(coverage["api"], api.name, "{name}");
    let denied = matches!(api.failure, ReadFailure::Denied | ReadFailure::Credentials);
    assert_eq!(coverage["denied"], denied, "{name}");
    assert_eq!(scan.coverage(&world.whole, api.source)["status"], "complete", "{name}");
    assert_eq!(scan.summary("resolved"), 0, "{name}: nothing is resolved by not looking");
    let code = if denied { "blind-access-denied" } else { "blind-source-failed" };
    assert!(scan.findings_of("*").any(|finding| finding["code"] == code), "{name}");
    assert_eq!(scan.code, if api.decisive { PARTIAL } else { FINDINGS }, "{name}");

    // The other place is judged as ever.
    assert_eq!(scan.verdict(&world.server(&world.whole, 1)), "clean", "{name}");
    assert_eq!(scan.verdict(&world.server(&world.whole, 0)), "drifted", "{name}");

    // What was known of the drifted server is still known.
    for finding in ["config-security-groups", "software-package-changed"] {
        assert!(scan.find(&world.server(&world.broken, 0), finding).is_some(), "{name}: {finding} was forgotten");
    }
    let expected = if api.decisive { "unjudged" } else { "clean" };
    assert_eq!(scan.verdict(&world.server(&world.broken, 1)), expected, "{name}");
}

#[test]
fn user_data_that_cannot_be_read_leaves_those_servers_unjudged() {
    let world = World::new();
    world
        .app
        .faults
        .add_rule(FailRule::fail(ReadFailure::Denied).api("ec2:DescribeInstanceAttribute").place(&world.broken));
    let scan = world.app.scan();
    assert_eq!(scan.code, PARTIAL);
    assert_ne!(scan.coverage(&world.broken, "userdata")["status"], "complete");
    assert_eq!(scan.verdict(&world.server(&world.broken, 0)), "unjudged");
    assert_eq!(scan.verdict(&world.server(&world.whole, 0)), "clean");
    world.app.faults.heal();
    world.app.minutes(10);
    assert!(world.app.scan().all_clean());
}

/// SSM is asked about nodes only where inventory leaves a question.
#[test]
fn nodes_that_cannot_be_asked_about_are_unjudged_where_there_was_a_question() {
    let world = World::new();
    let silent = world.server(&world.broken, 0);
    world.app.cloud().unmanage(&silent).unwrap();
    let known = world.app.scan();
    assert!(known.codes(&silent).contains("blind-not-managed"));
    let api = "ssm:DescribeInstanceInformation";
    world.app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api(api).place(&world.broken));
    world.app.minutes(10);
    let scan = world.app.scan();
    assert_eq!(scan.code, PARTIAL);
    assert_eq!(scan.coverage(&world.broken, "ssm")["status"], "partial");
    assert_eq!(scan.coverage(&world.broken, "ssm")["api"], api);
    assert_eq!((scan.verdict(&silent), scan.summary("resolved")), ("unjudged", 0));
    assert!(scan.codes(&silent).contains("blind-not-managed"), "what was known stays");
    assert_eq!(scan.verdict(&world.server(&world.broken, 1)), "clean", "it has just reported");
    assert_eq!(scan.verdict(&world.server(&world.whole, 0)), "clean");
}

#[test]
fn a_change_made_during_an_outage_of_the_trail_is_found_and_attributed_after_it() {
    let world = World::new();
    assert!(world.app.scan().all_clean());
    world.app.faults.add_rule(FailRule::fail(ReadFailure::Timeout).api("cloudtrail:LookupEvents").place(&world.broken));
    let id = world.server(&world.broken, 2);
    world.app.cloud().source_dest_check(&carol(), &id, false).unwrap();
    // Longer than the overlap: only the checkpoint that stayed brings it back.
    for _ in 0..3 {
        world.app.minutes(60);
        let scan = world.app.scan();
        assert_eq!(scan.finding(&id, "config-source-dest-check")["attribution"], serde_json::json!([]));
    }
    world.app.faults.heal();
    world.app.minutes(10);
    let scan = world.app.scan();
    assert_eq!(scan.finding(&id, "config-source-dest-check")["attribution"][0]["display"], "carol");
    assert_eq!(scan.finding(&id, "event-source-dest-check-changed")["attribution"][0]["display"], "carol");
}

#[test]
fn everything_failing_everywhere_is_partial_and_forgets_nothing() {
    let world = World::new();
    world.drift();
    let before = world.app.scan();
    world.app.faults.add_rule(FailRule::fail(ReadFailure::Timeout));
    world.app.minutes(10);
    let scan = world.app.scan();
    assert_eq!((scan.code, scan.summary("clean"), scan.summary("resolved")), (PARTIAL, 0, 0));
    assert_eq!(scan.summary("unjudged") + scan.summary("drifted"), before.list("instances").len() as u64);
    world.app.faults.heal();
    world.app.minutes(10);
    let after = world.app.scan();
    let ids = |scan: &Scan| scan.list("findings").iter().map(|finding| finding["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&after), ids(&before));
}
