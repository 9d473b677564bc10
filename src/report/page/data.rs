//! The lists of a page as compact JSON: texts are kept once in a table and named by their position, because ten thousand
//! servers share a few fleets, places and reasons. `page.js` reads it.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Known;
use super::heat::NO_FLEET;
use crate::remediate::OperationRecord;
use crate::report::door::Door;
use crate::report::render::operation_words::step_name;
use crate::report::render::parts::sides;
use crate::report::text::clean;
use crate::store::InstanceResult;
use crate::types::{Action, Attribution, CallOutcome, ChangeEvent, Finding, FindingStatus, Severity, Verdict};

/// Change events kept for timelines, newest first when there are more.
const EVENTS: usize = 20_000;
/// Authors of one finding.
const AUTHORS: usize = 3;

/// Position of a text.
type Text = u32;

#[derive(Serialize)]
struct Data {
    live: bool,
    now: i64,
    /// The texts.
    s: Vec<String>,
    /// Servers: id, place, fleet, golden, verdict, name, action, born, reasons, image, type.
    i: Vec<(String, Text, Text, Text, u8, Text, Text, i64, Vec<Text>, Text, Text)>,
    /// Findings: id, code, server, severity, status, summary, expected, actual, first, last, times, authors.
    f: Vec<(String, Text, Server, u8, u8, Text, Text, Text, i64, i64, u32, Vec<Author>)>,
    /// Events: time, servers, who, what, call, from, door, refused with.
    e: Vec<(i64, Vec<usize>, Text, Text, Text, Text, Text, Text)>,
    /// Operations: id, server, kind, status, by, replacement, steps.
    o: Vec<(String, Server, Text, Text, Text, Text, i64, Vec<(i64, Text, Text)>)>,
}

/// A server in the list, or the id of one that is gone.
#[derive(Serialize)]
#[serde(untagged)]
enum Server {
    Listed(usize),
    Gone(String),
}

/// Who, with which call, when, from where, because; the event's id.
#[derive(Serialize)]
struct Author(Text, Text, i64, Text, Text, String);

#[derive(Default)]
struct Texts {
    list: Vec<String>,
    known: HashMap<String, Text>,
}

impl Texts {
    fn add(&mut self, text: &str, max: usize) -> Text {
        let text = clean(text, max);
        if let Some(index) = self.known.get(&text) {
            return *index;
        }
        let index = Text::try_from(self.list.len()).unwrap_or(Text::MAX);
        self.list.push(text.clone());
        self.known.insert(text, index);
        index
    }
}

/// The data, safe inside a `script` element.
pub(super) fn json(known: &Known, live: bool) -> String {
    let mut texts = Texts::default();
    // Position 0 is the empty text.
    texts.add("", 1);
    let positions = known.positions();
    let at = |id: &crate::types::InstanceId| match positions.get(id) {
        Some(index) => Server::Listed(*index),
        None => Server::Gone(clean(id.as_str(), 40)),
    };
    let data = Data {
        live,
        now: known.now.as_second(),
        i: known.results.iter().map(|result| instance(&mut texts, result)).collect(),
        f: findings(known).into_iter().map(|finding| row(&mut texts, finding, at(&finding.instance))).collect(),
        e: known
            .events
            .iter()
            .rev()
            .take(EVENTS)
            .map(|one| {
                let servers = one.instances.iter().filter_map(|id| positions.get(id).copied()).collect();
                event(&mut texts, one, servers)
            })
            .collect(),
        o: known.operations.iter().map(|record| operation(&mut texts, record, at(&record.instance))).collect(),
        s: Vec::new(),
    };
    let data = Data { s: texts.list, ..data };
    // Made of strings, numbers and lists: this cannot fail.
    inert(&serde_json::to_string(&data).unwrap_or_default())
}

/// Worst first, the open ones before the others.
fn findings(known: &Known) -> Vec<&Finding> {
    let mut list: Vec<&Finding> = known.findings.iter().collect();
    list.sort_by(|a, b| {
        (status(a.status), b.severity, b.first_seen).cmp(&(status(b.status), a.severity, a.first_seen))
    });
    list
}

fn instance(
    texts: &mut Texts,
    result: &InstanceResult,
) -> (String, Text, Text, Text, u8, Text, Text, i64, Vec<Text>, Text, Text) {
    let instance = &result.instance;
    let golden = result.golden.as_ref().map(ToString::to_string).unwrap_or_default();
    let action = result.decision.as_ref().map_or(Action::None, |decision| decision.action);
    (
        clean(instance.id.as_str(), 40),
        texts.add(&instance.place().to_string(), 60),
        texts.add(result.fleet.as_ref().map_or(NO_FLEET, |fleet| fleet.as_str()), 80),
        texts.add(&golden, 100),
        match result.verdict {
            Verdict::Clean => 0,
            Verdict::Drifted => 1,
            Verdict::Unjudged => 2,
        },
        texts.add(instance.tags.get("Name").map_or("", String::as_str), 80),
        texts.add(action.as_str(), 20),
        second(instance.born_at()),
        result.reasons.iter().map(|reason| texts.add(&reason.reason, 200)).collect(),
        texts.add(instance.image.as_str(), 40),
        texts.add(&instance.instance_type, 40),
    )
}

fn row(
    texts: &mut Texts,
    finding: &Finding,
    server: Server,
) -> (String, Text, Server, u8, u8, Text, Text, Text, i64, i64, u32, Vec<Author>) {
    let (expected, actual) = sides(finding, 200);
    (
        clean(finding.id.as_str(), 40),
        texts.add(finding.code.as_str(), 80),
        server,
        severity(finding.severity),
        status(finding.status),
        texts.add(&finding.summary, 300),
        texts.add(&expected, 200),
        texts.add(&actual, 200),
        second(finding.first_seen),
        second(finding.last_seen),
        finding.times_seen,
        finding.attribution.iter().take(AUTHORS).map(|by| author(texts, by)).collect(),
    )
}

fn author(texts: &mut Texts, by: &Attribution) -> Author {
    Author(
        texts.add(&by.display, 80),
        texts.add(&by.event_name, 60),
        second(by.event_time),
        texts.add(by.source_ip.as_deref().unwrap_or_default(), 60),
        texts.add(&by.because, 80),
        clean(by.event_id.as_str(), 40),
    )
}

fn event(
    texts: &mut Texts,
    event: &ChangeEvent,
    servers: Vec<usize>,
) -> (i64, Vec<usize>, Text, Text, Text, Text, Text, Text) {
    let refused = match &event.outcome {
        CallOutcome::Succeeded => "",
        CallOutcome::Failed(code) => code,
    };
    (
        second(event.time),
        servers,
        texts.add(&event.actor.display, 80),
        texts.add(&event.summary, 200),
        texts.add(&event.event_name, 60),
        texts.add(&event.actor.from().unwrap_or_default(), 80),
        texts.add(Door::of(event).as_str(), 40),
        texts.add(refused, 60),
    )
}

fn operation(
    texts: &mut Texts,
    record: &OperationRecord,
    server: Server,
) -> (String, Server, Text, Text, Text, Text, i64, Vec<(i64, Text, Text)>) {
    let steps = record.steps.iter().filter_map(|step| {
        let at = step.ended_at.or(step.begun_at)?;
        Some((second(at), texts.add(&step_name(step), 120), texts.add(&step.state.to_string(), 20)))
    });
    let steps = steps.collect();
    (
        clean(record.id.as_str(), 60),
        server,
        texts.add(record.kind.as_str(), 20),
        texts.add(record.status.as_str(), 20),
        texts.add(&record.requested.by, 80),
        texts.add(record.facts.replacement.as_ref().map_or("", |id| id.as_str()), 40),
        second(record.created_at),
        steps,
    )
}

fn second(at: Timestamp) -> i64 {
    at.as_second()
}

fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    }
}

fn status(status: FindingStatus) -> u8 {
    match status {
        FindingStatus::Open => 0,
        FindingStatus::Acknowledged => 1,
        FindingStatus::Waived => 2,
        FindingStatus::Resolved => 3,
    }
}

/// JSON that cannot end its script element, open a comment, or be read as markup: these characters stand in strings
/// only, where the escape means the same.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 64);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
