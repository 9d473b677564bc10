use super::*;
use crate::remediate::sample::{at, moved, operation, turned};
use crate::remediate::{Cut, StepState};
use crate::report::destination::DestinationKind;
use crate::report::draft::{OutboxHistory, approval_notices, lapsed_notices, overtaken_notices};
use crate::report::fixtures;
use crate::report::render::{cloud_event, pagerduty_event, slack_message};
use crate::store::Outbox as _;
use crate::types::{Gate, GateAnswer, Held, Plan};

fn told(record: &OperationRecord, destinations: &[Destination]) -> Vec<Notice> {
    let drafts = operation_notice(&OperationNews::from(record), destinations, at(0));
    drafts.into_iter().map(|draft| serde_json::from_value(draft.payload).expect("a notice")).collect()
}

fn everywhere() -> [Destination; 1] {
    [fixtures::slack("ops", "http://127.0.0.1/")]
}

fn stuck() -> OperationRecord {
    let record = operation("op-1", OperationKind::Quarantine, "i-1", 0);
    let (mut record, _) = moved(&record, 1, StepState::Failed, 10);
    record.steps[1].error = Some("denied\u{1b}[2J <!channel>".to_owned());
    record.note = Some("the isolating group is missing".to_owned());
    record.facts.cut = Some(Cut { proven: false, why: "one interface was not isolated".to_owned() });
    turned(&record, OperationStatus::NeedsHuman, 20).0
}

#[test]
fn each_status_is_told_in_its_own_words() {
    let record = operation("op-1", OperationKind::Replace, "i-1", 0);
    let titles: Vec<(NoticeKind, String)> = OperationStatus::ALL
        .into_iter()
        .flat_map(|status| told(&turned(&record, status, 10).0, &everywhere()))
        .map(|notice| (notice.kind, notice.title))
        .collect();
    let expected = [
        (NoticeKind::OperationStarted, "web: replacement of i-1 has begun"),
        (NoticeKind::OperationDone, "web: i-1 was replaced and is kept"),
        (NoticeKind::OperationFailed, "web: replacement of i-1 needs a person"),
        (NoticeKind::OperationDone, "web: replacement of i-1 is done"),
        (NoticeKind::OperationFailed, "web: replacement of i-1 was rolled back"),
    ];
    assert_eq!(titles, expected.map(|(kind, title)| (kind, title.to_owned())), "going back is not told yet");
}

/// Told beside the news that it is kept, and once.
#[test]
fn a_kept_server_that_a_person_should_look_at_is_news() {
    let record = turned(&operation("op-1", OperationKind::Replace, "i-1", 0), OperationStatus::Retaining, 10).0;
    let asks =
        OperationRecord { note: Some("in traffic again: i-1 is registered in web".to_owned()), ..record.clone() };
    assert_eq!(told(&asks, &everywhere())[0].title, "web: i-1, which was replaced and is kept, needs a look");
    let keys = [&record, &asks].map(|one| {
        let drafts = operation_notice(&OperationNews::from(one), &everywhere(), at(0));
        drafts[0].key.clone()
    });
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn what_was_kept_and_comes_to_its_end_does_not_begin_again() {
    let mut record = operation("op-1", OperationKind::Replace, "i-1", 0);
    record.facts.retain_until = Some(at(900));
    assert_eq!(told(&record, &everywhere()), []);
    let done = told(&turned(&record, OperationStatus::Done, 950).0, &everywhere());
    assert_eq!(done[0].title, "web: replacement of i-1 is done");
}

#[test]
fn who_asked_is_said_once() {
    let mut record = operation("op-1", OperationKind::Replace, "i-1", 0);
    record.requested.reasons = vec![format!("asked for by {}", record.requested.by), "and why".to_owned()];
    let lines = told(&record, &everywhere()).remove(0).lines;
    assert_eq!(lines[..2], ["Operation op-1, asked for by cattleguard.", "and why"]);
}

#[test]
fn what_failed_says_why_and_what_it_waits_for() {
    let notice = told(&stuck(), &everywhere()).remove(0);
    insta::assert_snapshot!(notice.lines.join("\n"), @r#"
    Operation op-1, asked for by cattleguard.
    changed in place
    the isolating group is missing
    isolate-interface eni-1 failed: denied <!channel>
    Cut unproven: one interface was not isolated
    Waits for a person: `cattleguard operations resume op-1` or `rollback op-1`
    "#);
    assert_eq!(notice.severity, Severity::High);
    let slack = slack_message(&notice).to_string();
    assert!(slack.contains("HIGH · web: quarantine of i-1 needs a person"), "{slack}");
    assert!(!slack.contains("<!channel>"), "{slack}");
    let event: serde_json::Value = serde_json::from_slice(&cloud_event(&notice, "ntc_1")).expect("JSON");
    assert_eq!(event["type"], "io.cattleguard.operation.failed.v1");
    assert_eq!(event["subject"], "arn:aws:ec2:eu-west-1:000000000000:instance/i-1");
    assert_eq!(event["data"]["operation"]["status"], "needs-human");
}

#[test]
fn a_status_is_told_once_and_again_after_a_person_resumed_it() {
    let key =
        |record: &OperationRecord| operation_notice(&OperationNews::from(record), &everywhere(), at(5)).remove(0).key;
    let first = stuck();
    assert_eq!(key(&first), key(&OperationRecord { note: Some("again".to_owned()), ..first.clone() }));
    assert_ne!(key(&first), key(&OperationRecord { deadline: at(90_000), ..first.clone() }));
    assert_ne!(key(&first), key(&turned(&first, OperationStatus::RolledBack, 30).0));
}

#[test]
fn the_incident_of_what_was_rolled_back_ends_when_a_later_operation_succeeds() {
    let key = "k".to_owned().into();
    let kind = DestinationKind::PagerDuty { key, url: "http://127.0.0.1/".to_owned() };
    let to = [Destination { kind, ..fixtures::slack("page", "http://127.0.0.1/") }, everywhere()[0].clone()];
    let outbox = fixtures::MemoryOutbox::default();
    let back = turned(&operation("op-1", OperationKind::Replace, "i-1", 0), OperationStatus::RolledBack, 20).0;
    let later = operation("op-2", OperationKind::Replace, "i-1", 60);
    let other = operation("op-3", OperationKind::Quarantine, "i-1", 60);
    let ends = |record: &OperationRecord, status| {
        let record = turned(record, status, 80).0;
        let history = OutboxHistory::new(&outbox);
        overtaken_notices(&record, &[back.clone(), record.clone()], &to, &history, at(80))
    };
    assert_eq!(ends(&later, OperationStatus::Done), [], "it was not told");
    outbox.enqueue(&operation_notice(&OperationNews::from(&back), &to, at(20)), at(20)).expect("kept");
    assert_eq!(ends(&other, OperationStatus::Done), [], "another thing");
    assert_eq!(ends(&later, OperationStatus::NeedsHuman), []);
    let drafts = ends(&later, OperationStatus::Retaining);
    let told: Notice = serde_json::from_value(drafts[0].payload.clone()).expect("a notice");
    assert_eq!((drafts.len(), drafts[0].destination.as_str()), (1, "page"));
    assert_eq!(told.title, "web: replace of i-1 succeeded after it was rolled back");
    let incident = |notice: &Notice| {
        let body: serde_json::Value = serde_json::from_slice(&pagerduty_event(notice, "k")).expect("JSON");
        (body["event_action"].clone(), body["dedup_key"].clone())
    };
    let opened = incident(&operation_told(&back));
    assert_eq!(incident(&told), ("resolve".into(), opened.1));
    outbox.enqueue(&drafts, at(80)).expect("kept");
    assert_eq!(ends(&later, OperationStatus::Done), [], "once");
}

#[test]
fn what_a_person_had_undone_opens_no_incident_and_ends_the_one_that_there_was() {
    let mut back = turned(&operation("op-1", OperationKind::Replace, "i-1", 0), OperationStatus::RolledBack, 20).0;
    assert_eq!(operation_told(&back).kind, NoticeKind::OperationFailed);
    back.facts.undo_all = true;
    let told = operation_told(&back);
    assert_eq!(
        (told.kind, told.title.as_str()),
        (NoticeKind::OperationDone, "web: replacement of i-1 was rolled back, as was asked for")
    );
    assert_eq!(crate::report::render::pagerduty::action(told.kind), "resolve");
}

#[test]
fn the_incident_of_what_was_rolled_back_ends_when_no_plan_wants_it_any_more() {
    let key = "k".to_owned().into();
    let kind = DestinationKind::PagerDuty { key, url: "http://127.0.0.1/".to_owned() };
    let to = [Destination { kind, ..fixtures::slack("page", "http://127.0.0.1/") }];
    let outbox = fixtures::MemoryOutbox::default();
    let back = turned(&operation("op-1", OperationKind::Replace, "i-1", 0), OperationStatus::RolledBack, 20).0;
    outbox.enqueue(&operation_notice(&OperationNews::from(&back), &to, at(20)), at(20)).expect("kept");
    let ends = |plan: &Plan, looked: bool| {
        let history = OutboxHistory::new(&outbox);
        lapsed_notices(std::slice::from_ref(&back), plan, |_| looked, &to, &history, at(80))
    };
    let held = Plan { held: vec![fixtures::held("i-1")], ..fixtures::plan() };
    let without = Plan { held: Vec::new(), operations: Vec::new(), ..fixtures::plan() };
    assert_eq!(ends(&held, true), [], "it is still wanted");
    assert_eq!(ends(&without, false), [], "nobody has looked");
    let drafts = ends(&without, true);
    let told: Notice = serde_json::from_value(drafts[0].payload.clone()).expect("a notice");
    assert_eq!((drafts.len(), told.kind), (1, NoticeKind::OperationDone));
    outbox.enqueue(&drafts, at(80)).expect("kept");
    assert_eq!(ends(&without, true), [], "once");
}

fn operation_told(record: &OperationRecord) -> Notice {
    told(record, &everywhere()).remove(0)
}

#[test]
fn destinations_take_what_concerns_them() {
    let mut low = operation("op-1", OperationKind::Quarantine, "i-1", 0);
    low.severity = Severity::Low;
    let mut picky = fixtures::slack("picky", "http://127.0.0.1/");
    picky.filter.min_severity = Severity::High;
    let mut others = fixtures::slack("db", "http://127.0.0.1/");
    others.filter.fleets = vec!["db".into()];
    let all = [picky, others, fixtures::slack("all", "http://127.0.0.1/")];
    assert_eq!(told(&low, &all).len(), 1);
    let failed = turned(&low, OperationStatus::NeedsHuman, 1).0;
    assert_eq!(told(&failed, &all).len(), 2, "a failure is at least high");
    assert!(told(&failed, &[]).is_empty());
}

fn approve(plan: &Plan, now: Timestamp) -> Vec<OutboxDraft> {
    let outbox = fixtures::MemoryOutbox::default();
    approval_notices(plan, None, &everywhere(), &OutboxHistory::new(&outbox), now)
}

#[test]
fn an_approval_is_asked_for_once_for_each_plan() {
    let mut plan = fixtures::plan();
    plan.held.push(fixtures::held("i-refused"));
    assert!(approve(&plan, at(0)).is_empty(), "an approval would not lift that");
    let mut held = fixtures::held("i-1");
    for report in &mut held.gates {
        report.answer = GateAnswer::Allow;
    }
    let mut approval = held.gates[0].clone();
    (approval.gate, approval.answer) = (Gate::Approval, GateAnswer::Hold);
    held.gates.push(approval);
    plan.held.extend([held.clone(), Held { instance: "i-2".into(), ..held }]);
    let drafts = approve(&plan, at(0));
    let notice: Notice = serde_json::from_value(drafts[0].payload.clone()).expect("a notice");
    assert_eq!((drafts.len(), notice.kind), (1, NoticeKind::ApprovalWanted));
    assert_eq!(notice.title, "web: 2 operations wait for an approval");
    assert_eq!(notice.lines[0], "cattleguard approve blake3:00aa");
    assert_eq!(approve(&plan, at(999))[0].key, drafts[0].key, "not again by the next scan");
    plan.hash = "blake3:00ab".into();
    assert_ne!(approve(&plan, at(999))[0].key, drafts[0].key);
}

/// Rows that wait in the outbox while a new version is installed.
#[test]
fn a_notice_of_a_version_without_operations_is_still_read() {
    let mut stored = Notice::test("ops", at(0)).to_value();
    assert!(stored.as_object_mut().expect("an object").remove("operation").is_none(), "absent when there is none");
    let read: Notice = serde_json::from_value(stored).expect("readable");
    assert_eq!(read.operation, None);
}
