//! The life of one instance: launch, events with their actors, verdict changes, findings first seen and resolved.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::operation_words::step_name;
use super::out::Out;
use super::parts::{mfa_phrase, time};
use super::scan_json::pretty;
use crate::remediate::{JournalEntry, OperationRecord, OperationStatus, StepState};
use crate::report::look::{Look, Role};
use crate::report::text::clean;
use crate::types::{CallOutcome, ChangeEvent, Finding, FindingStatus, InstanceId, Verdict};

/// Schema of the JSON form.
pub const TIMELINE_SCHEMA: &str = "cattleguard.dev/timeline/v1";

/// A step that took this long tells when it was begun.
const LONG: SignedDuration = SignedDuration::from_secs(60);

/// What a timeline is made from.
#[derive(Clone, Copy, Debug)]
pub struct Timeline<'a> {
    /// Instance.
    pub instance: &'a InstanceId,
    /// Since when it exists, as far as known.
    pub born_at: Option<Timestamp>,
    /// When its current run started, if it is known.
    pub launched_at: Option<Timestamp>,
    /// When a call ended it, if one did.
    pub ended_at: Option<Timestamp>,
    /// Its change events.
    pub events: &'a [ChangeEvent],
    /// Its verdict by scan, oldest first.
    pub verdicts: &'a [(Timestamp, Verdict)],
    /// Its findings, resolved ones too.
    pub findings: &'a [Finding],
    /// Operations on it, and those that made it, with their journals.
    pub operations: &'a [(OperationRecord, Vec<JournalEntry>)],
}

#[derive(Serialize)]
struct Entry {
    at: Timestamp,
    kind: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

#[derive(Serialize)]
struct TimelineDoc<'a> {
    schema: &'static str,
    instance: &'a InstanceId,
    entries: Vec<Entry>,
}

/// As text, oldest first.
pub fn timeline_text(timeline: &Timeline<'_>, look: &Look) -> String {
    let mut out = Out::new(look);
    out.heading(&format!("Timeline of {}", clean(timeline.instance.as_str(), 40)));
    let entries = entries(timeline);
    if entries.is_empty() {
        out.wrapped(2, "nothing is known of it");
    }
    let mut named = BTreeSet::new();
    for Entry { at, kind, text, id, by: _ } in entries {
        // An operation is named where it begins: its steps follow.
        let follows = matches!(kind, "action" | "step" | "lineage");
        let id = id.filter(|id| !follows || named.insert(id.clone()));
        let id = id.map_or(String::new(), |id| format!(" [{}]", clean(&id, 80)));
        let role = match kind {
            "event" => Role::Bad,
            "finding" => Role::Warning,
            "resolved" => Role::Good,
            _ => Role::Dim,
        };
        let kind = look.paint(role, &format!("{kind:<8}"));
        let lines =
            crate::report::text::wrap(&format!("{}{id}", clean(&text, 600)), look.width.saturating_sub(33).max(40));
        for (index, line) in lines.iter().enumerate() {
            let head = if index == 0 { format!("{}  {kind}  ", time(at)) } else { " ".repeat(32) };
            out.line(2, &format!("{head}{line}"));
        }
    }
    out.finish()
}

/// As JSON, `cattleguard.dev/timeline/v1`.
pub fn timeline_json(timeline: &Timeline<'_>) -> String {
    pretty(&TimelineDoc { schema: TIMELINE_SCHEMA, instance: timeline.instance, entries: entries(timeline) })
}

/// As lines for a page, oldest first: time, kind, text.
pub fn timeline_lines(timeline: &Timeline<'_>) -> Vec<(String, &'static str, String)> {
    entries(timeline).into_iter().map(|entry| (time(entry.at), entry.kind, clean(&entry.text, 600))).collect()
}

fn entries(timeline: &Timeline<'_>) -> Vec<Entry> {
    let Timeline { instance, born_at, launched_at, ended_at, events, verdicts, findings, operations } = timeline;
    let mut entries = Vec::new();
    // A stop and a start begin another run of the same instance.
    if let Some(at) = born_at.filter(|born| launched_at.is_none_or(|launched| launched.duration_since(*born) > LONG)) {
        entries.push(Entry { at, kind: "launch", text: "launched".to_owned(), id: None, by: None });
    }
    if let Some(at) = launched_at {
        entries.push(Entry { at: *at, kind: "launch", text: "started its current run".to_owned(), id: None, by: None });
    }
    if let Some(at) = ended_at {
        entries.push(Entry { at: *at, kind: "end", text: "terminated".to_owned(), id: None, by: None });
    }
    entries.extend(events.iter().map(|one| event(one, instance, events)));
    let mut before = None;
    for (at, verdict) in *verdicts {
        if before != Some(*verdict) {
            let text = match before {
                None => format!("first judged {verdict}"),
                Some(before) => format!("{before} → {verdict}"),
            };
            entries.push(Entry { at: *at, kind: "verdict", text, id: None, by: None });
        }
        before = Some(*verdict);
    }
    for finding in *findings {
        let by = finding.attribution.first().map(|by| by.display.clone());
        let id = Some(finding.id.as_str().to_owned());
        let text = format!("{}: {} ({})", finding.code, finding.summary, finding.severity);
        entries.push(Entry { at: finding.first_seen, kind: "finding", text, id: id.clone(), by: by.clone() });
        if finding.status == FindingStatus::Resolved {
            let text = format!("{}: no longer there after this scan", finding.code);
            entries.push(Entry { at: finding.last_seen, kind: "resolved", text, id, by });
        }
    }
    for (record, journal) in *operations {
        if record.instance == **instance {
            let mut begun = BTreeMap::new();
            entries.extend(journal.iter().filter_map(|entry| step(record, entry, &mut begun)));
        }
        entries.extend(lineage(record, instance));
    }
    entries.sort_by_key(|entry| entry.at);
    entries
}

/// What the journal says; intents are left out, because what became of them follows. What took long, because a process
/// died or because it was waited for, says since when.
fn step(record: &OperationRecord, entry: &JournalEntry, begun: &mut BTreeMap<usize, Timestamp>) -> Option<Entry> {
    let detail = entry.detail.as_deref().map_or(String::new(), |detail| format!(": {detail}"));
    let (kind, text) = match (entry.step, entry.state) {
        (None, _) => {
            let status = if entry.name == OperationStatus::Running.as_str() { "begun" } else { &entry.name };
            ("action", format!("{} {status}{detail}", record.kind))
        }
        (Some(_), None | Some(StepState::Pending)) => return None,
        (Some(index), Some(StepState::Intended | StepState::Undoing)) => {
            begun.entry(index).or_insert(entry.at);
            return None;
        }
        (Some(index), Some(state)) => {
            let name = record.steps.get(index).map_or_else(|| entry.name.clone(), step_name);
            let since = begun.remove(&index).filter(|since| entry.at.duration_since(*since) >= LONG);
            let since = since.map_or(String::new(), |since| format!(", begun {}", time(since)));
            ("step", format!("{} {name} {state}{since}{detail}", record.kind))
        }
    };
    let by = record.requested.by.clone();
    Some(Entry { at: entry.at, kind, text, id: Some(record.id.as_str().to_owned()), by: Some(by) })
}

/// Where it stands in its line.
fn lineage(record: &OperationRecord, instance: &InstanceId) -> Option<Entry> {
    let made = record.facts.replacement.as_ref()?;
    if matches!(record.status, OperationStatus::RollingBack | OperationStatus::RolledBack) {
        return None;
    }
    let at = record.facts.serving_since.unwrap_or(record.created_at);
    let text = if made == instance { format!("replaces {}", record.instance) } else { format!("replaced by {made}") };
    Some(Entry { at, kind: "lineage", text, id: Some(record.id.as_str().to_owned()), by: None })
}

fn event(event: &ChangeEvent, instance: &InstanceId, events: &[ChangeEvent]) -> Entry {
    let actor = &event.actor;
    let from = actor.from().map_or(String::new(), |from| format!(" from {from}"));
    let (tried, outcome) = match &event.outcome {
        CallOutcome::Succeeded => ("", String::new()),
        CallOutcome::Failed(code) => ("tried and failed: ", format!(", refused with {code}")),
    };
    let by = actor.invoked_by.as_deref().filter(|service| *service != actor.display);
    let by = by.map_or(String::new(), |service| format!(" by way of {service}"));
    let (name, mfa) = (actor.shown_on(instance), mfa_phrase(actor.mfa));
    let joined = joined(event, events);
    let text = format!("{name} {tried}{} ({}{from}{by}, {mfa}){outcome}{joined}", event.deed(), event.event_name);
    Entry {
        at: event.time,
        kind: "event",
        text,
        id: Some(event.id.as_str().to_owned()),
        by: Some(actor.display.clone()),
    }
}

/// What other calls say of the same session, command or deployment: who opened it, and when it was ended.
fn joined(event: &ChangeEvent, events: &[ChangeEvent]) -> String {
    let Some(execution) = event.execution.as_deref().filter(|_| event.outcome == CallOutcome::Succeeded) else {
        return String::new();
    };
    let same = |one: &&ChangeEvent| one.execution.as_deref() == Some(execution) && one.id != event.id;
    if opens(event) {
        let end =
            events.iter().filter(same).filter(|one| ends(one) && one.time >= event.time).min_by_key(|one| one.time);
        return match end {
            Some(end) => {
                let seconds = end.time.duration_since(event.time).as_secs();
                let lasted = if seconds < 60 { format!("{seconds} s") } else { format!("{} min", seconds / 60) };
                format!(", ended {} by {} after {lasted}", time(end.time), end.actor.display)
            }
            None if event.event_name == SESSION => ", no end is recorded".to_owned(),
            None => String::new(),
        };
    }
    let opener = events.iter().filter(same).find(|one| opens(one));
    opener.map_or(String::new(), |one| format!(", which {} began {}", one.actor.display, time(one.time)))
}

const SESSION: &str = "StartSession";

/// The calls that begin an execution; all others with its id are about it.
fn opens(event: &ChangeEvent) -> bool {
    let names = [SESSION, "SendCommand", "StartAutomationExecution", "StartChangeRequestExecution", "CreateDeployment"];
    names.contains(&event.event_name.as_str()) && event.outcome == CallOutcome::Succeeded
}

fn ends(event: &ChangeEvent) -> bool {
    ["TerminateSession", "CancelCommand", "StopAutomationExecution", "StopDeployment"]
        .contains(&event.event_name.as_str())
        && event.outcome == CallOutcome::Succeeded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn verdicts_are_told_when_they_change() {
        let mut finding = fixtures::finding("config-user-data", "i-0aa", "userdata");
        finding.status = FindingStatus::Resolved;
        finding.last_seen = fixtures::at(3600);
        let verdicts = [
            (fixtures::at(-7200), Verdict::Clean),
            (fixtures::at(-3600), Verdict::Clean),
            (fixtures::at(0), Verdict::Drifted),
            (fixtures::at(3600), Verdict::Drifted),
            (fixtures::at(7200), Verdict::Clean),
        ];
        let id = InstanceId::from("i-0aa");
        let events = [fixtures::event("i-0aa")];
        let findings = [finding];
        let timeline = Timeline {
            instance: &id,
            born_at: Some(fixtures::at(-90_000)),
            launched_at: Some(fixtures::at(-90_000)),
            ended_at: Some(fixtures::at(90_000)),
            events: &events,
            verdicts: &verdicts,
            findings: &findings,
            operations: &[],
        };
        insta::assert_snapshot!(timeline_text(&timeline, &Look::default()), @r"
        Timeline of i-0aa
          2026-11-22 09:00:00Z  launch    started its current run
          2026-11-23 08:00:00Z  verdict   first judged clean
          2026-11-23 09:58:30Z  event     alice opened an SSM session (StartSession from 198.51.100.7, MFA
                                          unknown) [99999999-2222-3333-4444-555555555555]
          2026-11-23 09:59:00Z  finding   config-user-data: userdata differs from the golden (high)
                                          [f-f216b8fe51eadd78]
          2026-11-23 10:00:00Z  verdict   clean → drifted
          2026-11-23 11:00:00Z  resolved  config-user-data: no longer there after this scan
                                          [f-f216b8fe51eadd78]
          2026-11-23 12:00:00Z  verdict   drifted → clean
          2026-11-24 11:00:00Z  end       terminated
        ");
        let document: serde_json::Value = serde_json::from_str(&timeline_json(&timeline)).unwrap();
        assert_eq!(document["entries"].as_array().unwrap().len(), 8);
    }

    #[test]
    fn what_belongs_to_one_session_or_command_is_joined() {
        let call = |name: &str, by: &str, seconds: i64, execution: &str| {
            let mut one = fixtures::event("i-0aa");
            one.id = format!("{name}-{by}").as_str().into();
            (one.event_name, one.time) = (name.to_owned(), fixtures::at(seconds));
            (one.actor.display, one.execution) = (by.to_owned(), Some(execution.to_owned()));
            one.summary = format!("called {name}");
            one
        };
        let mut failed = call("TerminateSession", "eve", 30, "alice-1");
        failed.outcome = CallOutcome::Failed("AccessDenied".to_owned());
        let events = [
            call("StartSession", "alice", 0, "alice-1"),
            failed,
            call("ResumeSession", "alice", 600, "alice-1"),
            call("TerminateSession", "carol", 1500, "alice-1"),
            call("StartSession", "bob", 2000, "bob-1"),
            call("SendCommand", "carol", 2100, "c-1"),
            call("CancelCommand", "dave", 2130, "c-1"),
            call("TerminateSession", "dave", 2200, "somebody-1"),
        ];
        let id = InstanceId::from("i-0aa");
        let told: Vec<String> = events.iter().map(|one| joined(one, &events)).collect();
        let began = ", which alice began 2026-11-23 10:00:00Z";
        assert_eq!(
            told,
            [
                ", ended 2026-11-23 10:25:00Z by carol after 25 min",
                "",
                began,
                began,
                ", no end is recorded",
                ", ended 2026-11-23 10:35:30Z by dave after 30 s",
                ", which carol began 2026-11-23 10:35:00Z",
                "",
            ]
        );
        let timeline = Timeline {
            instance: &id,
            born_at: Some(fixtures::at(-90_000)),
            launched_at: Some(fixtures::at(-3600)),
            ended_at: None,
            events: &events,
            verdicts: &[],
            findings: &[],
            operations: &[],
        };
        let text = timeline_text(&timeline, &Look::default());
        let launches: Vec<&str> = text.lines().filter(|line| line.contains("  launch  ")).collect();
        assert!(launches[0].ends_with("launched") && launches[1].ends_with("started its current run"), "{text}");
    }

    #[test]
    fn operations_and_the_line_they_make_are_told() {
        use crate::remediate::sample::{moved, operation, turned};
        let record = operation("op-1", crate::types::OperationKind::Replace, "i-0aa", 0);
        let mut journal = vec![turned(&record, OperationStatus::Running, 0).1];
        let (record, intent) = moved(&record, 0, StepState::Intended, 10);
        let (record, done) = moved(&record, 0, StepState::Done, 11);
        let (record, late) = moved(&record, 1, StepState::Intended, 12);
        let (mut record, mut failed) = moved(&record, 1, StepState::Failed, 200);
        failed.detail = Some("throttled\u{1b}[2J".to_owned());
        record.facts.replacement = Some("i-0bb".into());
        record.facts.serving_since = Some(crate::remediate::sample::at(15));
        journal.extend([intent, done, late, failed]);
        let operations = [(record, journal)];
        let shown = |id: &str| {
            let id = InstanceId::from(id);
            let timeline = Timeline {
                instance: &id,
                born_at: None,
                launched_at: None,
                ended_at: None,
                events: &[],
                verdicts: &[],
                findings: &[],
                operations: &operations,
            };
            timeline_text(&timeline, &Look::default())
        };
        insta::assert_snapshot!(shown("i-0aa"), @r#"
        Timeline of i-0aa
          2027-01-15 08:00:00Z  action    replace begun [op-1]
          2027-01-15 08:00:11Z  step      replace protect done
          2027-01-15 08:00:15Z  lineage   replaced by i-0bb
          2027-01-15 08:03:20Z  step      replace isolate-interface eni-1 failed, begun 2027-01-15 08:00:12Z:
                                          throttled
        "#);
        insta::assert_snapshot!(shown("i-0bb"), @r#"
        Timeline of i-0bb
          2027-01-15 08:00:15Z  lineage   replaces i-0aa [op-1]
        "#);
    }
}
