//! One row of the event table applied to one record: targets, execution id, what it teaches.

use super::condition::Body;
use super::normalise;
use super::record::Record;
use super::shared::{Given, Kind};
use super::table::{PathRef, Row};
use super::target::{self, Target};
use super::text::{clean, is_instance_id};
use super::tree::Tree;

/// The targets of a call, in order of appearance, without repeats.
pub(super) fn targets(row: &Row, record: &Record<'_>) -> Vec<Target> {
    let body = &record.body;
    let mut found = direct(&row.targets, body);
    for path in &row.selectors {
        found.extend(target::selectors(&normalise::values(body.side(path.side), &path.path)));
    }
    for path in &row.tag_filters {
        found.extend(target::tag_filters(&normalise::values(body.side(path.side), &path.path)));
    }
    for path in &row.scan {
        for value in normalise::values(body.side(path.side), &path.path) {
            found.extend(ids_below(value));
        }
    }
    if found.is_empty() {
        found = direct(&row.otherwise, body);
    }
    if found.is_empty() && !row.account {
        // A shape that the row does not foresee still names its instances somewhere in the request.
        found = ids_below(&body.request);
    }
    if found.is_empty() && !record.has_request {
        found =
            record.resources.iter().filter_map(|arn| Target::parse(arn, None)).filter(Target::is_concrete).collect();
    }
    if row.strict {
        found.retain(Target::is_concrete);
    }
    if !row.spares.is_empty() && !found.is_empty() {
        let spared = direct(&row.spares, body);
        found.retain(|target| !spared.contains(target));
        if found.is_empty() {
            return found;
        }
    }
    if row.former {
        found.iter_mut().for_each(Target::or_former);
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        found.extend(why_none(row, record));
    }
    found
}

fn why_none(row: &Row, record: &Record<'_>) -> Option<Target> {
    let why = match (row.account, record.has_request) {
        (true, _) => "account",
        // CloudTrail drops parameters over 100 KB: the target exists and is not known.
        (false, false) => "requestParameters omitted",
        (false, true) if row.strict => return None,
        (false, true) => "no target in requestParameters",
    };
    Some(Target::Unknown(why.to_owned()))
}

fn direct(paths: &[PathRef], body: &Body<'_>) -> Vec<Target> {
    let mut found = Vec::new();
    for path in paths {
        normalise::each(body.side(path.side), &path.path, &mut |value| {
            found.extend(value.text().and_then(|text| Target::parse(&text, path.kind.as_deref())));
        });
    }
    found
}

/// Every instance id among the strings below a value, bare or as the end of an ARN.
pub(super) fn ids_below(value: &Tree<'_>) -> Vec<Target> {
    let mut found = Vec::new();
    value.each_string(&mut |text| {
        if is_instance_id(text) || text.starts_with("arn:") {
            found.extend(Target::parse(text, None).filter(|target| matches!(target, Target::Instance(_))));
        }
    });
    found.sort();
    found.dedup();
    found
}

/// Ids that belong to the call's instances from now on.
pub(super) fn learned(row: &Row, body: &Body<'_>) -> Vec<String> {
    keys(&row.learns, body)
}

/// Ids that belong to nobody from now on.
pub(super) fn lost(row: &Row, body: &Body<'_>) -> Vec<String> {
    keys(&row.loses, body)
}

fn keys(paths: &[PathRef], body: &Body<'_>) -> Vec<String> {
    let found = direct(paths, body);
    found.iter().filter(|target| matches!(target, Target::Key(_))).map(ToString::to_string).collect()
}

/// The shared things that the call's targets hold from now on. Values that CloudTrail hides teach nothing.
pub(super) fn given(row: &Row, body: &Body<'_>) -> Option<Given> {
    let kind = row.renews?;
    let keys: Vec<String> = direct(&row.gives, body).iter().map(ToString::to_string).collect();
    let keys: Vec<String> = keys.into_iter().filter(|key| Kind::of(key) == Some(kind)).collect();
    (row.gives.is_empty() || !keys.is_empty()).then_some(Given { kind, keys })
}

/// The execution id.
pub(super) fn execution(row: &Row, body: &Body<'_>) -> Option<String> {
    let path = row.execution.as_ref()?;
    normalise::texts(body.side(path.side), &path.path).first().map(|text| clean(text))
}

/// What the caller gave as its reason: `reason` of `StartSession`, `comment` of `SendCommand` (SSM API reference).
pub(super) fn reason(body: &Body<'_>) -> Option<String> {
    let given = ["reason", "comment"].iter().find_map(|key| body.request.get(key).and_then(Tree::text))?;
    Some(clean(&given)).filter(|text| !text.trim().is_empty())
}
