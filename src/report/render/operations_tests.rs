use super::*;
use crate::remediate::sample::{at, moved, operation, turned};
use crate::remediate::{Cut, StepState};
use crate::report::render::{operation_json, operations_json};
use crate::types::{GoldenRef, OperationKind};

/// A quarantine in trouble, with everything that can be said of one.
fn stuck() -> OperationRecord {
    let record = operation("op-0190a", OperationKind::Quarantine, "i-0aaaaaaaaaaaaaaaa", 0);
    let (mut record, _) = moved(&record, 0, StepState::Done, 10);
    record.steps[0].ended_at = Some(at(10));
    let (mut record, _) = moved(&record, 1, StepState::Failed, 20);
    record.steps[1].attempts = 3;
    record.steps[1].error = Some("ec2:ModifyNetworkInterfaceAttribute: denied\u{1b}[2J".to_owned());
    record.requested.plan = Some("blake3:00aa".into());
    record.requested.overridden = Some("incident 7".to_owned());
    record.note = Some("the isolating group is missing".to_owned());
    record.facts.cut = Some(Cut { proven: false, why: "one interface was not isolated".to_owned() });
    record.facts.snapshots = vec!["snap-1".to_owned(), "snap-2".to_owned()];
    record.facts.evidence = Some(("/var/lib/cattleguard/evidence/op-0190a".to_owned(), "sha256:11".into()));
    turned(&record, OperationStatus::NeedsHuman, 30).0
}

fn replaced() -> OperationRecord {
    let mut record = operation("op-0190b", OperationKind::Replace, "i-0bbbbbbbbbbbbbbbb", 60);
    record.golden = Some(GoldenRef::new("web", "2"));
    record.generation = 2;
    record.facts.replacement = Some("i-0cccccccccccccccc".into());
    record.facts.serving_since = Some(at(600));
    record.facts.retain_until = Some(at(90_000));
    turned(&record, OperationStatus::Retaining, 1_000).0
}

#[test]
fn an_operation_that_needs_a_person() {
    insta::assert_snapshot!(operation_text(&stuck(), &Look::default()), @r#"
    op-0190a quarantine · needs-human · i-0aaaaaaaaaaaaaaaa · web · 000000000000/eu-west-1
      stands    the isolating group is missing; waits for a person: `cattleguard operations resume
                op-0190a` or `rollback op-0190a`
      by        cattleguard, plan blake3:00aa
                • changed in place
      findings  f-1
      overrode  incident 7
      when      begun 2027-01-15 08:00:00Z, to be done by 2027-01-15 14:00:00Z
      how       hygiene track, severity high
      cut       unproven: one interface was not isolated
      snapshots snap-1, snap-2
      evidence  /var/lib/cattleguard/evidence/op-0190a (sha256:11)

    Steps (3)
    #  STATE    STEP                     WHAT
    1  done     protect                  ec2:ModifyInstanceAttribute at 2027-01-15 08:00:10Z
    2  failed   isolate-interface eni-1  ec2:ModifyNetworkInterfaceAttribute, 3 attempts:
                                         ec2:ModifyNetworkInterfaceAttribute: denied
    3  pending  verify-cut               every interface is isolated
    "#);
}

#[test]
fn an_operation_that_only_waits() {
    let text = operation_text(&replaced(), &Look::default());
    let facts: Vec<&str> = text.lines().take_while(|line| !line.starts_with("Steps")).collect();
    insta::assert_snapshot!(facts.join("\n"), @r#"
    op-0190b replace · retaining · i-0bbbbbbbbbbbbbbbb · web · 000000000000/eu-west-1
      stands    waits for the end of the retention at 2027-01-16 09:00:00Z
      by        cattleguard
                • changed in place
      findings  f-1
      when      begun 2027-01-15 08:01:00Z, to be done by 2027-01-15 14:01:00Z
      how       hygiene track, severity high, from web@2
      launched  i-0cccccccccccccccc, generation 2, serving since 2027-01-15 08:10:00Z
      kept      until 2027-01-16 09:00:00Z
    "#);
}

#[test]
fn a_list_says_what_each_waits_for() {
    let running = operation("op-0190c", OperationKind::Quarantine, "i-0dddddddddddddddd", 120);
    let (running, _) = moved(&running, 0, StepState::Done, 121);
    let gone = turned(&operation("op-0190d", OperationKind::Release, "i-0e", 180), OperationStatus::Done, 190).0;
    let all = [stuck(), replaced(), running, gone];
    insta::assert_snapshot!(operations_table(&all, &Look { width: 160, ..Look::default() }), @r#"
    OPERATION  STATUS       KIND        INSTANCE             FLEET  BEGUN                 WHAT
    op-0190a   needs-human  quarantine  i-0aaaaaaaaaaaaaaaa  web    2027-01-15 08:00:00Z  the isolating group is missing; waits for a person: `cattleguard
                                                                                          operations resume op-0190a` or `rollback op-0190a`
    op-0190b   retaining    replace     i-0bbbbbbbbbbbbbbbb  web    2027-01-15 08:01:00Z  → i-0cccccccccccccccc; waits for the end of the retention at 2027-01-16
                                                                                          09:00:00Z
    op-0190c   running      quarantine  i-0dddddddddddddddd  web    2027-01-15 08:02:00Z  waits for isolate-interface eni-1: ec2:ModifyNetworkInterfaceAttribute
    op-0190d   done         release     i-0e                 web    2027-01-15 08:03:00Z
    4 operations
    "#);
    let narrow = operations_table(&all, &Look { width: 60, ..Look::default() });
    assert!(narrow.contains("release i-0e of web"), "{narrow}");
    assert_eq!(operations_table(&[], &Look::default()), "0 operations\n");
}

#[test]
fn programs_get_everything() {
    let record = stuck();
    let (_, entry) = moved(&operation("op-0190a", OperationKind::Quarantine, "i-0a", 0), 0, StepState::Intended, 9);
    let one: serde_json::Value = serde_json::from_str(&operation_json(&record, &[entry])).expect("JSON");
    assert_eq!(one["schema"], "cattleguard.dev/operation/v1");
    assert_eq!((&one["status"], &one["facts"]["cut"]["proven"]), (&"needs-human".into(), &false.into()));
    assert_eq!(one["steps"][1]["error"], "ec2:ModifyNetworkInterfaceAttribute: denied\u{1b}[2J");
    assert_eq!(one["journal"][0]["call"]["call"], "set-termination-protection");
    let list: serde_json::Value = serde_json::from_str(&operations_json(&[record, replaced()])).expect("JSON");
    assert_eq!(list["schema"], "cattleguard.dev/operations/v1");
    assert_eq!(list["operations"][1]["replacement"], "i-0cccccccccccccccc");
    assert!(list["operations"][1].get("steps").is_none());
}
