//! Every row of the event table, by records in the shapes that CloudTrail writes: `tests/fixtures/trail-rows`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::condition::Body;
use super::super::envelope::Envelope;
use super::super::table::{self, PathRef, Row, table};
use super::super::{extract, normalise};
use super::*;

/// One record and what it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Service without its domain.
    on: String,
    name: String,
    /// `code severity category`, or why it is no change.
    is: String,
    /// What it aims at.
    #[serde(default)]
    of: Vec<String>,
    #[serde(default)]
    request: Value,
    #[serde(default)]
    response: Value,
    #[serde(default)]
    resources: Vec<String>,
}

impl Case {
    fn raw(&self) -> String {
        let resources: Vec<Value> = self.resources.iter().map(|arn| json!({"ARN": arn})).collect();
        let reads = self.is.starts_with("event-password-read") || self.is.starts_with("event-console-read");
        json!({
            "eventVersion": "1.11", "eventID": "e", "eventTime": "2026-03-02T09:00:00Z", "awsRegion": "eu-west-1",
            "eventSource": format!("{}.amazonaws.com", self.on), "eventName": self.name, "readOnly": reads,
            "recipientAccountId": "444455556666", "eventType": "AwsApiCall", "eventCategory": "Management",
            "userIdentity": {"type": "IAMUser", "userName": "maria", "accountId": "444455556666",
                "arn": "arn:aws:iam::444455556666:user/maria"},
            "requestParameters": self.request, "responseElements": self.response, "resources": resources,
        })
        .to_string()
    }

    fn on_body<T>(&self, look: impl FnOnce(&Body<'_>) -> T) -> T {
        look(&Envelope::parse(&self.raw()).unwrap().record().unwrap().body)
    }

    /// The names, conditions and paths of the table that this record is an example of.
    fn proves(&self, body: &Body<'_>) -> Vec<String> {
        let key = format!("{}:{}", self.on, self.name);
        let mut proven = vec![key.clone()];
        let mut rows = self.rows().iter().enumerate();
        let Some((index, row)) = rows.find(|(_, row)| super::super::classify::applies(row, body)) else {
            return proven;
        };
        proven.push(format!("{key} {index}"));
        let holding = row.when.iter().filter(|condition| condition.holds(body));
        proven.extend(holding.map(|condition| format!("{key} {index} when {}", condition.path_and_pattern())));
        proven.extend(used(row, body).map(|path| format!("{:?} {path}", row.says)));
        proven
    }

    fn rows(&self) -> &'static [Row] {
        match table().entry(&format!("{}.amazonaws.com", self.on), &self.name) {
            Some(table::Entry::Rows(rows)) => rows,
            _ => &[],
        }
    }

    /// What the record comes out as.
    fn comes_out(&self) -> (String, Vec<String>) {
        match classify(&self.raw(), "test", &ClassifyContext::default()) {
            Classified::Change(change) => {
                let event = &change.event;
                let of = change.targets.iter().map(ToString::to_string).collect();
                (format!("{} {} {}", event.code, event.severity, event.category), of)
            }
            Classified::Ignored(reason) => (reason.to_string(), Vec::new()),
            Classified::Launch(_) => (IgnoredReason::Launch.to_string(), Vec::new()),
            Classified::End(_) => (IgnoredReason::Termination.to_string(), Vec::new()),
            other => (format!("{other:?}"), Vec::new()),
        }
    }
}

fn cases() -> Vec<Case> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(fixture("../trail-rows")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().map(|path| std::fs::read_to_string(path).unwrap());
    let lines: Vec<String> = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn every_record_comes_out_as_what_it_is() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (is, of) = case.comes_out();
        let wanted: BTreeSet<&String> = case.of.iter().collect();
        if is != case.is || of.iter().collect::<BTreeSet<_>>() != wanted {
            let request = &case.request;
            wrong.push(format!(
                "{}:{} is {is} of {of:?}, not {} of {:?}: {request}",
                case.on, case.name, case.is, case.of
            ));
        }
    }
    assert!(wrong.is_empty(), "{} records:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_name_condition_and_path_of_the_table_has_a_record() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        case.on_body(|body| seen.extend(case.proves(body)));
    }
    let mut missing = Vec::new();
    for (source, name, rows) in table().all() {
        let key = format!("{}:{name}", source.trim_end_matches(".amazonaws.com"));
        if !seen.contains(&key) {
            missing.push(key.clone());
        }
        for (index, row) in rows.iter().enumerate() {
            let mut wanted = vec![format!("{key} {index}")];
            wanted.extend(row.when.iter().map(|one| format!("{key} {index} when {}", one.path_and_pattern())));
            wanted.extend(paths(row).map(|path| format!("{:?} {}", row.says, shown(path))));
            missing.extend(wanted.into_iter().filter(|wanted| !seen.contains(wanted)));
        }
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "{} without a record:\n{}", missing.len(), missing.join("\n"));
}

fn paths(row: &Row) -> impl Iterator<Item = &PathRef> {
    let lists = [&row.targets, &row.otherwise, &row.selectors, &row.tag_filters, &row.scan, &row.learns, &row.gives];
    lists.into_iter().flatten().chain(&row.execution)
}

fn shown(path: &PathRef) -> String {
    format!("{:?}", (path.side, &path.path))
}

/// The paths at which the record holds something. What is looked for when nothing else is found, only then.
fn used<'r>(row: &'r Row, body: &'r Body<'_>) -> impl Iterator<Item = String> + 'r {
    let without = Row { otherwise: Vec::new(), ..row.clone() };
    let found = extract::targets(&without, &Envelope::parse(&bare(body)).unwrap().record().unwrap());
    let alone = found.iter().all(|target| matches!(target, Target::Unknown(_)));
    let holds = |path: &PathRef| !normalise::values(body.side(path.side), &path.path).is_empty();
    paths(row).filter(move |path| holds(path) && (alone || !row.otherwise.contains(path))).map(shown)
}

/// A record with nothing but this body, in the normal form.
fn bare(body: &Body<'_>) -> String {
    json!({"eventID": "e", "eventTime": "2026-03-02T09:00:00Z", "awsRegion": "eu-west-1", "recipientAccountId": "444455556666",
        "requestParameters": body.request, "responseElements": body.response()})
    .to_string()
}
