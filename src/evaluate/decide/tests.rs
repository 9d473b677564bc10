use super::*;
use crate::evaluate::input::tests::{facts, finding, fleet, golden, instance};
use crate::evaluate::{PolicySource, shipped};
use crate::types::{Fleet, ScanId};

fn set(texts: &[&str]) -> PolicySet {
    let sources = texts.iter().enumerate().map(|(index, text)| {
        PolicySource::new(format!("p{index}.rego"), format!("package cattleguard.t.p{index}\n\n{text}\n"))
    });
    PolicySet::compile(sources.collect(), Value::Null).unwrap()
}

fn run(texts: &[&str], mode: Enforcement, enforcement: Enforcement) -> Decision {
    let (scan, instance, golden) = (ScanId::new("s-1"), instance(), golden());
    let fleet = Fleet { enforcement, ..fleet() };
    decide(&set(texts), &InputFacts { mode, ..facts(&scan, &instance, &golden, &fleet, &[]) })
}

const REPLACE: &str = r#"deny contains {"msg": "replace it", "severity": "medium", "action": "replace", "grace": 60, "controls": ["b"]} if true"#;
const ALERT: &str = r#"violation contains {"msg": "tell", "severity": "critical", "track": "compromise", "controls": ["a", "b"]} if true"#;

#[test]
fn several_policies_merge_by_maximum() {
    let decision = run(&[REPLACE, ALERT], Enforcement::Replace, Enforcement::Replace);
    assert_eq!((decision.action, decision.asked, decision.capped_by), (Action::Replace, Action::Replace, None));
    assert_eq!((decision.severity, decision.track), (Severity::Critical, Track::Compromise));
    assert_eq!(decision.reasons, ["tell", "replace it"]);
    assert_eq!(decision.controls, ["a", "b"]);
    assert_eq!(decision.grace_s, 60);
    assert_eq!(decision.status, DecisionStatus::Ok);
}

#[test]
fn a_containment_is_not_kept_waiting_by_the_grace_of_something_milder() {
    use Enforcement::Replace;
    let contain = r#"deny contains {"msg": "contain it", "severity": "critical", "action": "quarantine", "track": "compromise"} if true"#;
    let later = contain.replace("contain it", "later").replace("\"track\"", "\"grace\": 5, \"track\"");
    for (texts, grace_s) in [
        (vec![REPLACE, contain], 0),
        (vec![REPLACE, later.as_str()], 5),
        (vec![contain, later.as_str()], 5),
        (vec![REPLACE], 60),
    ] {
        assert_eq!(run(&texts, Replace, Replace).grace_s, grace_s, "{texts:?}");
    }
}

#[test]
fn caps_are_the_minimum_and_every_ceiling_that_binds_is_named() {
    use Enforcement::{Observe, Quarantine, Replace};
    for (mode, enforcement, action, capped_by) in [
        (Replace, Replace, Action::Replace, None),
        (Observe, Replace, Action::Alert, Some("mode = \"observe\"")),
        (Replace, Quarantine, Action::Quarantine, Some("fleet web: enforcement = \"quarantine\"")),
        (Quarantine, Observe, Action::Alert, Some("mode = \"quarantine\"; fleet web: enforcement = \"observe\"")),
    ] {
        let decision = run(&[REPLACE], mode, enforcement);
        assert_eq!((decision.action, decision.asked), (action, Action::Replace), "{mode} {enforcement}");
        assert_eq!(decision.capped_by.as_deref(), capped_by);
    }
}

#[test]
fn an_instance_of_no_fleet_is_only_told() {
    let (scan, instance, golden, fleet) = (ScanId::new("s-1"), instance(), golden(), fleet());
    let facts = InputFacts { fleet: None, ..facts(&scan, &instance, &golden, &fleet, &[]) };
    let decision = decide(&set(&[REPLACE]), &facts);
    assert_eq!(decision.action, Action::Alert);
    assert!(decision.capped_by.unwrap().contains("no fleet"));
}

#[test]
fn an_error_alerts_and_never_enforces_or_passes() {
    for broken in [
        r#"deny contains "x" if to_number(input.scan.mode) > 1"#,
        r#"deny contains {"msg": "x", "severity": "huge"} if true"#,
        r#"deny := {"a": 1}"#,
        "f(x) := 1 if x\nf(x) := 2 if x\ndeny contains \"x\" if f(true) == 1",
    ] {
        let alone = run(&[broken], Enforcement::Replace, Enforcement::Replace);
        assert_eq!((alone.status, alone.action), (DecisionStatus::Error, Action::Alert), "{broken}");
        assert!(alone.severity >= Severity::High);
        assert!(alone.policies[0].error.is_some());
        let beside = run(&[REPLACE, broken], Enforcement::Replace, Enforcement::Replace);
        assert_eq!((beside.action, beside.asked), (Action::Alert, Action::Replace), "{broken}");
        assert!(beside.capped_by.is_some());
    }
}

#[test]
fn an_endless_policy_runs_into_the_time_limit() {
    let slow = "digits := {0,1,2,3,4,5,6,7,8,9}\ndeny contains \"x\" if { a = digits[_]; b = digits[_]; c = digits[_]; d = digits[_]; e = digits[_]; f = digits[_]; g = digits[_]; h = digits[_]; a + b + c + d + e + f + g + h == 1000 }";
    let decision = run(&[slow], Enforcement::Replace, Enforcement::Replace);
    assert_eq!(decision.status, DecisionStatus::Error);
}

#[test]
fn nothing_fires_on_a_clean_instance() {
    let (scan, instance, golden, fleet) = (ScanId::new("s-1"), instance(), golden(), fleet());
    let set = PolicySet::compile(shipped(), Value::Null).unwrap();
    let decision = decide(&set, &facts(&scan, &instance, &golden, &fleet, &[]));
    assert_eq!((decision.action, decision.severity), (Action::None, Severity::Info));
    assert!(decision.reasons.is_empty());
    assert!(decision.policies.iter().all(|policy| policy.outcome == PolicyOutcome::Pass));
    assert_eq!(decision.policies.len(), 6);
}

#[test]
fn the_shipped_pack_asks_to_replace_a_server_somebody_logged_into() {
    let (scan, instance, golden, fleet) = (ScanId::new("s-1"), instance(), golden(), fleet());
    let set = PolicySet::compile(shipped(), Value::Null).unwrap();
    let session = finding("event-interactive-session", Severity::High);
    let (decision, input) = Evaluator::new(&set).decide(&facts(&scan, &instance, &golden, &fleet, &[&session]));
    assert_eq!(decision.action, Action::Replace);
    assert_eq!(decision.reasons, ["web-1 (i-0aa11bb22cc33dd44) was modified in place by Ada: something changed."]);
    let policy = "cattleguard.host.in_place_modification";
    let said = decision.policies.iter().find(|said| said.policy == policy).unwrap();
    assert_eq!(said.hits[0].finding_ids, [session.id]);
    assert_eq!(decision.input_digest, input_digest(&crate::evaluate::canonical_json(&input)));
    assert!(decision.input_digest.starts_with("sha256:") && decision.input_digest.len() == 71);
}

#[test]
fn one_engine_over_many_instances_carries_nothing_over() {
    let (scan, instance, golden, fleet) = (ScanId::new("s-1"), instance(), golden(), fleet());
    let set = PolicySet::compile(shipped(), Value::Null).unwrap();
    let session = finding("event-interactive-session", Severity::High);
    let drifted = [&session];
    let all = [
        facts(&scan, &instance, &golden, &fleet, &[]),
        facts(&scan, &instance, &golden, &fleet, &drifted),
        facts(&scan, &instance, &golden, &fleet, &[]),
    ];
    let decisions: Vec<Decision> = evaluate_all(&set, all.clone()).into_iter().map(|(decision, _)| decision).collect();
    let alone: Vec<Decision> = all.iter().map(|facts| decide(&set, facts)).collect();
    assert_eq!(decisions, alone);
}

#[test]
fn the_longest_chain_of_calls_fits_the_promised_stack() {
    let functions: String =
        (0..63).map(|n| format!("f{n}(x) := y if {{ some z in [x]; y := f{}(z) }}\n", n + 1)).collect();
    let text = format!("{functions}f63(x) := x\ndeny contains \"deep\" if f1(1) == 1");
    let worker = std::thread::Builder::new().stack_size(crate::evaluate::STACK_BYTES);
    let decision =
        worker.spawn(move || run(&[&text], Enforcement::Observe, Enforcement::Observe)).unwrap().join().unwrap();
    assert_eq!(decision.reasons, ["deep"]);
}

#[test]
fn every_shipped_decision_names_listed_controls_only() {
    let (scan, instance, golden, fleet) = (ScanId::new("s-1"), instance(), golden(), fleet());
    let set = PolicySet::compile(shipped(), Value::Null).unwrap();
    let listed: Vec<String> = crate::evaluate::controls::controls().unwrap().into_iter().map(|c| c.id).collect();
    for code in [
        "config-volumes",
        "event-remote-command",
        "file-added",
        "software-package-added",
        "image-revoked",
        "blind-trail-stopped",
    ] {
        let one = finding(code, Severity::High);
        let decision = decide(&set, &facts(&scan, &instance, &golden, &fleet, &[&one]));
        assert!(!decision.controls.is_empty(), "{code}");
        assert!(decision.controls.iter().all(|control| listed.contains(control)), "{:?}", decision.controls);
    }
}
