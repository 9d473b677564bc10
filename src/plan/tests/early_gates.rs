//! Kill switch to window.

use super::table::*;
use super::world::*;
use crate::plan::{Lineage, PastReplacement};
use crate::types::GateAnswer::{Allow, Hold, Refuse};
use crate::types::{
    Action, CoverageStatus, DecisionStatus, Enforcement, Exception, FindingStatus, Gate, Severity, Source,
};
use jiff::Timestamp;

#[test]
fn nothing_wrong_means_an_operation_from_the_promoted_golden() {
    let plan = World::new().plan();
    assert_eq!(plan.operations.len(), 1);
    assert_eq!(plan.operations[0].golden.as_ref().unwrap().to_string(), "web@1");
    assert!(plan.held.is_empty());
}

#[test]
fn kill_switch() {
    table(
        Gate::KillSwitch,
        &[
            ("all", |w| w.pauses.push((None, "incident".to_owned())), Refuse),
            ("own fleet", |w| w.pauses.push((Some("web".into()), "deploy".to_owned())), Refuse),
            ("other fleet", |w| w.pauses.push((Some("db".into()), "deploy".to_owned())), Allow),
            ("outside the state", |w| w.stopped = Some("/run/cattleguard/stop exists"), Refuse),
        ],
    );
}

#[test]
fn opt_in() {
    table(
        Gate::OptIn,
        &[
            ("mode observe", |w| w.mode = Enforcement::Observe, Refuse),
            ("mode quarantine", |w| w.mode = Enforcement::Quarantine, Refuse),
            ("fleet observe", |w| w.fleets[0].enforcement = Enforcement::Observe, Refuse),
            (
                "containing under a quarantine ceiling",
                |w| {
                    contain(w);
                    w.mode = Enforcement::Quarantine;
                },
                Allow,
            ),
            ("no fleet", |w| w.first().fleet = None, Refuse),
            ("policy error", |w| w.decision().status = DecisionStatus::Error, Refuse),
            (
                "capped when it was decided",
                |w| {
                    w.decision().action = Action::Alert;
                    w.decision().capped_by = Some("mode = \"observe\"".to_owned());
                },
                Refuse,
            ),
        ],
    );
    let mut world = World::new();
    world.mode = Enforcement::Observe;
    let reason = world.gate(Gate::OptIn).reason;
    assert!(reason.contains("mode = \"observe\"") && reason.contains("set mode = \"replace\""), "{reason}");
}

#[test]
fn observing_still_asks_every_gate() {
    let mut world = World::new();
    world.mode = Enforcement::Observe;
    let plan = world.plan();
    assert!(plan.operations.is_empty());
    let not_allowed: Vec<Gate> =
        plan.held[0].gates.iter().filter(|report| report.answer != Allow).map(|report| report.gate).collect();
    assert_eq!(not_allowed, [Gate::OptIn]);
    assert_eq!(plan.held[0].gates.len(), 15);
}

#[test]
fn ownership() {
    fn tagged(world: &mut World, key: &str) {
        world.first().instance.tags.insert(key.to_owned(), "x".to_owned());
    }
    table(
        Gate::Ownership,
        &[
            ("eks", |w| tagged(w, "eks:nodegroup-name"), Refuse),
            ("karpenter", |w| tagged(w, "karpenter.sh/nodepool"), Refuse),
            ("cloudformation", |w| tagged(w, "aws:cloudformation:stack-id"), Refuse),
            ("nodes of one's own", |w| tagged(w, "kubernetes.io/cluster/prod"), Refuse),
            ("kops", |w| tagged(w, "k8s.io/role/node"), Refuse),
            ("batch", |w| tagged(w, "AWSBatchServiceTag"), Refuse),
            ("beanstalk", |w| tagged(w, "elasticbeanstalk:environment-name"), Refuse),
            ("emr", |w| tagged(w, "aws:elasticmapreduce:job-flow-id"), Refuse),
            ("ecs", |w| tagged(w, "AmazonECSManaged"), Refuse),
            ("ec2 fleet", |w| tagged(w, "aws:ec2:fleet-id"), Refuse),
            ("spot fleet", |w| tagged(w, "aws:ec2spot:fleet-request-id"), Refuse),
            ("operator", |w| w.first().instance.operator = Some("workspaces.amazonaws.com".to_owned()), Refuse),
            ("auto scaling group", |w| tagged(w, "aws:autoscaling:groupName"), Allow),
            ("any other tag", |w| tagged(w, "eksperiment"), Allow),
        ],
    );
}

#[test]
fn evidence() {
    fn stale(world: &mut World) {
        for item in world.first().instance.inventory.values_mut() {
            item.captured_at = Some(ago(25));
        }
    }
    fn from_trail(world: &mut World) {
        world.first().findings[0].source = Source::Cloudtrail;
        contain(world);
    }
    table(
        Gate::Evidence,
        &[
            ("stale inventory", stale, Hold),
            ("no inventory", |w| w.first().instance.inventory.clear(), Hold),
            (
                "inventory not expected",
                |w| {
                    stale(w);
                    w.fleets[0].expect_inventory = false;
                },
                Allow,
            ),
            ("ec2 partial", |w| w.coverage_of(Source::Ec2).status = CoverageStatus::Partial, Hold),
            ("ssm failed", |w| w.coverage_of(Source::Ssm).status = CoverageStatus::Failed, Hold),
            ("ssm never asked", |w| w.coverage.retain(|c| c.source != Source::Ssm), Hold),
            (
                "trail failed, but the finding is not the trail's",
                |w| {
                    w.coverage_of(Source::Cloudtrail).status = CoverageStatus::Failed;
                },
                Allow,
            ),
            (
                "trail failed, and the finding is the trail's",
                |w| {
                    w.first().findings[0].source = Source::Cloudtrail;
                    w.coverage_of(Source::Cloudtrail).status = CoverageStatus::Failed;
                },
                Hold,
            ),
            (
                "another place's hole",
                |w| {
                    let mut other = coverage(Source::Ec2);
                    other.region = "us-east-1".into();
                    other.status = CoverageStatus::Failed;
                    w.coverage.push(other);
                },
                Allow,
            ),
            (
                "containing on the trail's word with a silent agent",
                |w| {
                    from_trail(w);
                    stale(w);
                },
                Allow,
            ),
            (
                "containing on the inventory's word when it is stale",
                |w| {
                    contain(w);
                    stale(w);
                },
                Hold,
            ),
        ],
    );
}

#[test]
fn confirmed() {
    fn reported(world: &mut World, first_seen: Timestamp) {
        let captured = world.first().instance.inventory.values().next().and_then(|item| item.captured_at);
        assert_eq!(captured, Some(ago(1)));
        let finding = &mut world.first().findings[0];
        (finding.subject, finding.first_seen) = ("AWS:Application nginx".to_owned(), first_seen);
    }
    fn once(world: &mut World) {
        world.first().findings[0].times_seen = 1;
    }
    table(
        Gate::Confirmed,
        &[
            ("seen once by one source", once, Hold),
            ("twice in the same report", |w| reported(w, ago(1)), Hold),
            ("in a report and a later one", |w| reported(w, ago(2)), Allow),
            (
                "seen once, explained by an event",
                |w| {
                    once(w);
                    w.first().findings[0].attribution.push(attribution());
                },
                Allow,
            ),
            (
                "an event alone",
                |w| {
                    once(w);
                    w.first().findings[0].source = Source::Cloudtrail;
                    w.first().findings[0].attribution.push(attribution());
                },
                Hold,
            ),
        ],
    );
    let mut world = World::new();
    once(&mut world);
    let mut second = finding(0, "web", Severity::High);
    second.source = Source::Cloudtrail;
    second.times_seen = 1;
    second.id = "f-second".into();
    world.decision().policies[0].hits[0].finding_ids.push(second.id.clone());
    world.first().findings.push(second);
    assert_eq!(world.answer(Gate::Confirmed), Allow, "an event and a state finding agree");
}

#[test]
fn exceptions() {
    table(
        Gate::Exception,
        &[
            ("covers it", |w| w.exceptions.push(exception(5)), Hold),
            ("expired", |w| w.exceptions.push(exception(-1)), Allow),
            (
                "covers another",
                |w| w.exceptions.push(Exception { code: Some("config-*".to_owned()), ..exception(5) }),
                Allow,
            ),
            ("waived already", |w| w.first().findings[0].status = FindingStatus::Waived, Hold),
            ("without any scope", |w| w.exceptions.push(Exception { code: None, ..exception(5) }), Allow),
        ],
    );
    let mut world = World::new();
    world.exceptions.push(exception(5));
    world.exceptions.push(Exception { id: "x-2".into(), ..exception(9) });
    assert_eq!(world.gate(Gate::Exception).until, Some(ago(-9)), "the last exception to end decides");
    let mut other = finding(0, "web", Severity::High);
    other.code = crate::types::Code::known("config-volumes");
    other.id = "f-other".into();
    world.decision().policies[0].hits[0].finding_ids.push(other.id.clone());
    world.first().findings.push(other);
    assert_eq!(world.answer(Gate::Exception), Allow, "one finding is not covered");
}

#[test]
fn mass_drift() {
    fn drift(world: &mut World, upto: usize) {
        for number in 1..upto {
            world.members[number] = drifted(number, "web", Action::Alert, Severity::Medium);
        }
    }
    table(
        Gate::MassDrift,
        &[
            ("three of ten", |w| drift(w, 3), Allow),
            ("four of ten", |w| drift(w, 4), Refuse),
            (
                "four, but waived",
                |w| {
                    drift(w, 4);
                    for member in &mut w.members[1..4] {
                        member.findings[0].status = FindingStatus::Waived;
                    }
                },
                Allow,
            ),
            (
                "four, but only blind",
                |w| {
                    drift(w, 4);
                    for member in &mut w.members[1..4] {
                        member.findings[0].code = crate::types::Code::known("blind-not-managed");
                    }
                },
                Allow,
            ),
            (
                "a version was promoted",
                |w| {
                    drift(w, 10);
                    for member in &mut w.members[1..10] {
                        member.findings[0].code = crate::types::Code::known("image-not-promoted");
                    }
                },
                Allow,
            ),
        ],
    );
    let mut world = World::new();
    drift(&mut world, 4);
    assert_eq!(world.plan().frozen.len(), 1);
    assert!(world.operations().is_empty());
}

#[test]
fn one_fingerprint_over_fleets_of_one_line_freezes_them() {
    let mut world = World::new();
    world.fleets.push(fleet("api"));
    for number in 10..20 {
        world.members.push(clean(number, "api"));
    }
    for (index, name) in [(1, "web"), (10, "api"), (11, "api")] {
        world.members[index] = drifted(index, name, Action::Alert, Severity::Medium);
    }
    assert!(world.plan().frozen.is_empty(), "two drifted in each fleet, in different ways");
    let same = world.members[0].findings[0].fingerprint.clone();
    for index in [1, 10, 11] {
        world.members[index].findings[0].fingerprint.clone_from(&same);
    }
    let frozen: Vec<String> = world.plan().frozen.iter().map(|(fleet, _)| fleet.to_string()).collect();
    assert_eq!(frozen, ["api", "web"]);
    world.fleets[1].golden = "other".into();
    assert!(world.plan().frozen.is_empty(), "fleets of other lines do not count");
}

#[test]
fn replace_loop() {
    fn lineage(world: &mut World, hours: &[i64], fingerprints: Vec<String>) {
        let replacements =
            hours.iter().map(|&hours| PastReplacement { at: ago(hours), fingerprints: fingerprints.clone() }).collect();
        world.history.lineages.insert(instance(0).id, Lineage { replacements });
    }
    table(
        Gate::ReplaceLoop,
        &[
            ("one today", |w| lineage(w, &[5], vec![]), Allow),
            ("two today", |w| lineage(w, &[5, 7], vec![]), Hold),
            ("two, one yesterday", |w| lineage(w, &[5, 30], vec![]), Allow),
            (
                "for the same reason, long ago",
                |w| {
                    let same = w.members[0].findings[0].fingerprint.clone();
                    lineage(w, &[700], vec![same]);
                },
                Refuse,
            ),
            (
                "containing",
                |w| {
                    lineage(w, &[1, 2, 3], vec![]);
                    contain(w);
                },
                Allow,
            ),
        ],
    );
    let mut world = World::new();
    lineage(&mut world, &[5, 7], vec![]);
    assert_eq!(world.gate(Gate::ReplaceLoop).until, Some(ago(7 - 24)));
}

#[test]
fn window() {
    table(
        Gate::Window,
        &[
            ("shut", |w| w.fleets[0].windows[0].days = vec!["fri".to_owned()], Hold),
            ("none", |w| w.fleets[0].windows.clear(), Refuse),
            ("broken", |w| w.fleets[0].windows[0].zone = "Mars/Olympus".to_owned(), Refuse),
            (
                "containing without a window",
                |w| {
                    contain(w);
                    w.fleets[0].windows.clear();
                },
                Refuse,
            ),
            (
                "containing a critical drift without a window",
                |w| {
                    contain(w);
                    w.fleets[0].windows.clear();
                    w.decision().severity = Severity::Critical;
                },
                Allow,
            ),
            (
                "replacing a critical drift without a window",
                |w| {
                    w.fleets[0].windows.clear();
                    w.decision().severity = Severity::Critical;
                },
                Refuse,
            ),
            ("grace not over", |w| w.decision().grace_s = 4 * 3_600, Hold),
            ("grace over", |w| w.decision().grace_s = 2 * 3_600, Allow),
        ],
    );
    let mut world = World::new();
    world.fleets[0].windows[0].days = vec!["fri".to_owned()];
    assert_eq!(world.gate(Gate::Window).until, Some("2026-11-27T01:00:00Z".parse().unwrap()));
}
