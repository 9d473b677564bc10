use jiff::SignedDuration;
use serde_json::json;

use super::world::*;
use crate::plan::{Alarm, AlarmState, Approval, Lineage, OperationState, PastOperation, PastReplacement, Permissions};
use crate::types::{
    Action, AsgMembership, CoverageStatus, DecisionStatus, Enforcement, Exception, FindingStatus, Gate, GateAnswer,
    GoldenStatus, OperationKind, Severity, Source, Track,
};

use GateAnswer::{Allow, Hold, Refuse};

type Edit = fn(&mut World);

/// Each row changes the world in one way; the gate must answer like this, and every reason must say something.
fn table(gate: Gate, rows: &[(&str, Edit, GateAnswer)]) {
    assert_eq!(World::new().answer(gate), Allow, "{gate} allows in a world where nothing is wrong");
    for (name, edit, expected) in rows {
        let mut world = World::new();
        edit(&mut world);
        let report = world.gate(gate);
        assert_eq!(report.answer, *expected, "{gate}: {name}: {}", report.reason);
        assert!(report.reason.len() > 10, "{gate}: {name}");
    }
}

fn contain(world: &mut World) {
    let decision = world.decision();
    decision.asked = Action::Quarantine;
    decision.action = Action::Quarantine;
    decision.policies[0].hits[0].action = Action::Quarantine;
}

fn exception(hours: i64) -> Exception {
    Exception {
        id: "x-1".into(),
        fleet: None,
        instance: None,
        code: Some("software-*".to_owned()),
        fingerprint: None,
        subject: None,
        reason: "migration".to_owned(),
        ticket: "T-1".to_owned(),
        approver: "ben".to_owned(),
        created_at: ago(48),
        expires_at: ago(-hours),
    }
}

fn past(number: usize, state: OperationState) -> PastOperation {
    PastOperation { kind: OperationKind::Replace, instance: instance(number).id, fleet: "web".into(), state }
}

fn in_group(world: &mut World, in_service: i32, min_size: i32) {
    world.first().instance.asg = Some(AsgMembership {
        group: "web".to_owned(),
        lifecycle_state: Some("InService".to_owned()),
        health: Some("Healthy".to_owned()),
        min_size: Some(min_size),
        desired: Some(in_service),
        max_size: None,
        in_service: Some(in_service),
    });
}

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
    fn once(world: &mut World) {
        world.first().findings[0].times_seen = 1;
    }
    table(
        Gate::Confirmed,
        &[
            ("seen once by one source", once, Hold),
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

#[test]
fn budget() {
    table(
        Gate::Budget,
        &[
            ("percent rounds down to none", |w| w.fleets[0].budget_percent = 9.9, Refuse),
            (
                "one is let through",
                |w| {
                    w.fleets[0].budget_percent = 9.9;
                    w.fleets[0].allow_min_one = true;
                },
                Allow,
            ),
            ("no count", |w| w.fleets[0].budget_count = 0, Refuse),
            ("another in flight", |w| w.history.operations.push(past(5, OperationState::InFlight)), Hold),
            (
                "another in flight, with room",
                |w| {
                    w.history.operations.push(past(5, OperationState::InFlight));
                    w.fleets[0].budget_count = 2;
                    w.fleets[0].budget_percent = 20.0;
                },
                Allow,
            ),
            (
                "itself in flight",
                |w| {
                    w.history.operations.push(past(0, OperationState::InFlight));
                    w.fleets[0].budget_count = 9;
                    w.fleets[0].budget_percent = 90.0;
                },
                Hold,
            ),
            ("another unhealthy", |w| w.members[3].instance.state = "stopped".to_owned(), Hold),
            ("itself unhealthy", |w| w.first().instance.state = "stopped".to_owned(), Allow),
            (
                "finished within the cool-down",
                |w| {
                    let at = ago(0).checked_sub(SignedDuration::from_mins(29)).unwrap();
                    w.history.operations.push(past(5, OperationState::Finished(at)));
                },
                Hold,
            ),
            (
                "finished before the cool-down",
                |w| {
                    w.history.operations.push(past(5, OperationState::Finished(ago(1))));
                },
                Allow,
            ),
        ],
    );
}

#[test]
fn the_budget_goes_to_the_most_severe_then_to_the_oldest() {
    let mut world = World::new();
    world.members[1] = drifted(1, "web", Action::Replace, Severity::Critical);
    world.members[2] = drifted(2, "web", Action::Replace, Severity::High);
    world.members[2].findings[0].first_seen = ago(9);
    assert_eq!(world.operations(), [(OperationKind::Replace, 1)]);
    world.fleets[0].budget_count = 2;
    world.fleets[0].budget_percent = 20.0;
    assert_eq!(world.operations(), [(OperationKind::Replace, 1), (OperationKind::Replace, 2)]);
}

#[test]
fn availability() {
    fn targets(world: &mut World, in_group: u32, in_zone: u32) {
        world.first().instance.targets = vec![target(in_group, in_zone)];
    }
    table(
        Gate::Availability,
        &[
            ("hygiene: the only healthy target", |w| targets(w, 1, 1), Allow),
            (
                "hygiene: already below the minimum",
                |w| {
                    targets(w, 2, 1);
                    w.fleets[0].min_healthy = 3;
                },
                Hold,
            ),
            (
                "containing the only healthy target",
                |w| {
                    contain(w);
                    targets(w, 1, 1);
                },
                Hold,
            ),
            (
                "containing one of two in two zones",
                |w| {
                    contain(w);
                    targets(w, 2, 1);
                },
                Hold,
            ),
            (
                "containing one of two in one zone",
                |w| {
                    contain(w);
                    targets(w, 2, 2);
                },
                Allow,
            ),
            (
                "containing one that is not healthy",
                |w| {
                    contain(w);
                    targets(w, 1, 1);
                    w.first().instance.targets[0].health = "draining".to_owned();
                },
                Allow,
            ),
            (
                "compromise: replacing contains first",
                |w| {
                    w.decision().track = Track::Compromise;
                    targets(w, 1, 1);
                },
                Hold,
            ),
            (
                "group at its minimum, containing",
                |w| {
                    contain(w);
                    in_group(w, 2, 2);
                },
                Hold,
            ),
            (
                "group above its minimum, containing",
                |w| {
                    contain(w);
                    in_group(w, 3, 2);
                },
                Allow,
            ),
            ("group at its minimum, hygiene", |w| in_group(w, 2, 2), Allow),
            ("load balancers not read", |w| w.coverage.retain(|c| c.source != Source::Elb), Hold),
            ("groups not read, and it has none", |w| w.coverage.retain(|c| c.source != Source::Autoscaling), Allow),
            (
                "groups not read, and it has one",
                |w| {
                    in_group(w, 3, 2);
                    w.coverage_of(Source::Autoscaling).status = CoverageStatus::Partial;
                },
                Hold,
            ),
        ],
    );
}

#[test]
fn two_containments_count_against_the_same_target_group() {
    let mut world = World::new();
    world.members[2] = drifted(2, "web", Action::Quarantine, Severity::High);
    contain(&mut world);
    for number in [0, 2] {
        world.members[number].instance.targets = vec![target(2, 2)];
    }
    world.fleets[0].budget_count = 5;
    world.fleets[0].budget_percent = 50.0;
    assert_eq!(world.operations(), [(OperationKind::Quarantine, 0)]);
}

#[test]
fn alarm() {
    fn alarm(fleet: Option<&str>, state: AlarmState) -> Alarm {
        Alarm { fleet: fleet.map(Into::into), name: "errors".to_owned(), state }
    }
    table(
        Gate::Alarm,
        &[
            ("quiet", |w| w.alarms.push(alarm(None, AlarmState::Ok)), Allow),
            ("firing", |w| w.alarms.push(alarm(None, AlarmState::Firing)), Hold),
            ("own fleet's", |w| w.alarms.push(alarm(Some("web"), AlarmState::Firing)), Hold),
            ("another fleet's", |w| w.alarms.push(alarm(Some("db"), AlarmState::Firing)), Allow),
            ("unknown", |w| w.alarms.push(alarm(None, AlarmState::Unknown)), Hold),
        ],
    );
}

#[test]
fn approval() {
    table(Gate::Approval, &[("wanted", |w| w.fleets[0].approval = true, Hold)]);
    let mut world = World::new();
    world.fleets[0].approval = true;
    let waiting = world.plan();
    assert!(waiting.operations.is_empty());
    let approve = |hash: &crate::types::PlanHash, hours: i64| Approval {
        plan: hash.clone(),
        approver: "ben".to_owned(),
        expires_at: ago(-hours),
    };
    world.approvals = vec![approve(&waiting.hash, 1)];
    let approved = world.plan();
    assert_eq!(approved.operations.len(), 1);
    assert_eq!(approved.hash, waiting.hash, "what was approved is what runs");
    world.approvals = vec![approve(&waiting.hash, -1)];
    assert_eq!(world.answer(Gate::Approval), Hold, "it expired");
    world.approvals = vec![approve(&"blake3:00".into(), 1)];
    assert_eq!(world.answer(Gate::Approval), Hold, "it is for another plan");
    world.approvals = vec![approve(&waiting.hash, 1)];
    world.first().instance.instance_type = "m7g.xlarge".to_owned();
    assert_eq!(world.answer(Gate::Approval), Hold, "the instance is not what was approved");
}

#[test]
fn golden_usable() {
    table(
        Gate::GoldenUsable,
        &[
            ("none promoted", |w| w.goldens[0].status = GoldenStatus::Recorded, Refuse),
            ("revoked", |w| w.goldens[0].status = GoldenStatus::Revoked, Refuse),
            ("another line's", |w| w.goldens[0].line = "db".into(), Refuse),
            ("no image here", |w| w.goldens[0].images[0].region = "us-east-1".into(), Refuse),
            ("another account's image", |w| w.goldens[0].images[0].account = Some("999999999999".into()), Refuse),
            ("disabled", |w| w.images.values_mut().for_each(|image| image.state = "disabled".to_owned()), Refuse),
            ("deprecated", |w| w.images.values_mut().for_each(|image| image.deprecated_at = Some(ago(1))), Refuse),
            (
                "deprecated later",
                |w| w.images.values_mut().for_each(|image| image.deprecated_at = Some(ago(-1))),
                Allow,
            ),
            ("not described", |w| w.images.clear(), Hold),
            (
                "not described when observing",
                |w| {
                    w.images.clear();
                    w.mode = Enforcement::Observe;
                },
                Allow,
            ),
            (
                "containing",
                |w| {
                    contain(w);
                    w.goldens.clear();
                },
                Allow,
            ),
        ],
    );
}

#[test]
fn permissions() {
    table(
        Gate::Permissions,
        &[
            ("not checked", |w| w.permissions = Permissions::Unknown, Hold),
            (
                "not checked when observing",
                |w| {
                    w.permissions = Permissions::Unknown;
                    w.mode = Enforcement::Observe;
                },
                Allow,
            ),
            (
                "missing",
                |w| {
                    w.permissions =
                        Permissions::Checked([(ACCOUNT.into(), vec!["ec2:RunInstances".to_owned()])].into());
                },
                Refuse,
            ),
            (
                "another account was checked",
                |w| w.permissions = Permissions::Checked([("9".into(), vec![])].into()),
                Hold,
            ),
        ],
    );
}

#[test]
fn a_ceiling_of_quarantine_contains_and_says_why_it_does_not_replace() {
    let mut world = World::new();
    world.fleets[0].enforcement = Enforcement::Quarantine;
    world.decision().action = Action::Quarantine;
    world.decision().capped_by = Some("fleet web: enforcement = \"quarantine\"".to_owned());
    let plan = world.plan();
    assert_eq!(crate::plan::check(&plan), Vec::<String>::new());
    assert_eq!(plan.operations.iter().map(|operation| operation.kind).collect::<Vec<_>>(), [OperationKind::Quarantine]);
    assert_eq!(plan.held.iter().map(|held| held.kind).collect::<Vec<_>>(), [OperationKind::Replace]);
}

#[test]
fn a_compromise_whose_replacement_is_held_is_contained() {
    let mut world = World::new();
    world.decision().track = Track::Compromise;
    world.decision().severity = Severity::Critical;
    assert_eq!(world.operations(), [(OperationKind::Replace, 0)], "replacing contains first");
    world.fleets[0].windows.clear();
    assert_eq!(world.operations(), [(OperationKind::Quarantine, 0)]);
}

#[test]
fn the_hash_does_not_depend_on_time_or_load() {
    let mut world = World::new();
    world.first().instance.targets = vec![target(5, 3)];
    let one = world.plan().hash;
    world.now = world.now.checked_add(SignedDuration::from_mins(5)).unwrap();
    world.first().instance.targets[0].healthy_in_group = 4;
    world.first().instance.inventory.values_mut().for_each(|item| item.captured_at = Some(ago(2)));
    assert_eq!(world.plan().hash, one);
    world.first().instance.tags.insert("new".to_owned(), json!("x").to_string());
    assert_ne!(world.plan().hash, one);
}

#[test]
fn a_doctored_plan_is_found_out() {
    let plan = World::new().plan();
    let broken = |edit: fn(&mut crate::types::Plan)| {
        let mut copy = plan.clone();
        edit(&mut copy);
        !crate::plan::check(&copy).is_empty()
    };
    assert!(!broken(|_| {}));
    assert!(broken(|plan| plan.operations[0].before_image = "blake3:00".to_owned()));
    assert!(broken(|plan| plan.operations.push(plan.operations[0].clone())));
    assert!(broken(|plan| plan.operations[0].gates[3].answer = Hold));
    assert!(broken(|plan| drop(plan.operations[0].gates.remove(3))));
    assert!(broken(|plan| plan.operations[0].golden = None));
    assert!(broken(|plan| plan.frozen.push(("web".into(), "mass drift".to_owned()))));
}
