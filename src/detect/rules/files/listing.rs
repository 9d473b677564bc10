//! File differences as findings: one each while they are few, one for a code when they are many, exact counts in
//! either case.

use serde_json::{Value, json};

use cattleguard_agent::inventory::{DifferenceRow, Report};

use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Code, Severity, Source};

/// Up to this many differences of a code are findings of their own.
const COLLAPSE_ABOVE: usize = 3;

/// A collapsed finding lists this many differences; the count is always exact.
const LISTED: usize = 200;

/// Text of a host is cut here; paths are as long as a file system allows.
const MOST_TEXT: usize = 400;

/// One code with what its differences are called.
struct Kind {
    code: Code,
    noun: &'static str,
    verb: &'static str,
    count: u64,
}

/// The findings of a report that names differences.
pub(super) fn findings(report: &Report, rows: &[DifferenceRow], out: &mut RuleOutput) {
    let counts = &report.differences;
    let kind = |code, noun, verb, count| Kind { code, noun, verb, count };
    let kinds = [
        kind(codes::FILE_PRIVILEGE_CHANGED, "privileges of files", "has other privileges", counts.privilege),
        kind(codes::FILE_CONTENT_CHANGED, "contents of files", "has another content", counts.content),
        kind(codes::FILE_ADDED, "additional files", "was added", counts.added),
        kind(codes::FILE_REMOVED, "missing files", "was removed", counts.removed),
        kind(codes::FILE_METADATA_CHANGED, "attributes of files", "has other attributes", counts.metadata),
    ];
    let packages: Vec<&str> = rows.iter().filter(|row| row.path.is_none()).filter_map(package).collect();
    // What the software rule tells of this server; the host's own word on its packages is not enough.
    let told: Vec<String> = out.drifts.iter().filter(|drift| drift.code.family() == "software").map(software).collect();
    for kind in kinds {
        let of_kind = rows.iter().filter(|row| row.path.is_some() && row.code == kind.code.as_str());
        let (left, own): (Vec<&DifferenceRow>, Vec<&DifferenceRow>) =
            of_kind.partition(|row| kind.code != codes::FILE_PRIVILEGE_CHANGED && belongs_to(row, &packages, &told));
        let count = kind.count.saturating_sub(left.len() as u64).max(own.len() as u64);
        out.drifts.extend(of_code(&kind, &own, count, left.len()));
    }
}

fn package(row: &DifferenceRow) -> Option<&str> {
    row.package.as_deref()
}

/// The text by which a software finding names packages: its subject, and its list when it stands for many.
fn software(drift: &Drift) -> String {
    let list = drift.actual.get("list").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    list.fold(format!("{} ", drift.subject), |text, entry| text + entry + "\n")
}

/// A file of a package that changed is that package's doing, and the software finding tells of it. A file of an
/// unchanged package is the more suspicious.
fn belongs_to(row: &DifferenceRow, packages: &[&str], told: &[String]) -> bool {
    package(row).is_some_and(|name| {
        let named = |text: &String| text.split([' ', '\n']).any(|word| word == name);
        packages.contains(&name) && told.iter().any(named)
    })
}

fn of_code(kind: &Kind, own: &[&DifferenceRow], count: u64, left: usize) -> Vec<Drift> {
    let all_listed = own.len() as u64 == count;
    if all_listed && own.len() <= COLLAPSE_ABOVE {
        return own.iter().map(|row| one(kind, row)).collect();
    }
    if count == 0 { Vec::new() } else { vec![many(kind, own, count, left)] }
}

fn severity(kind: &Kind, privileged: bool) -> Severity {
    if privileged || kind.code == codes::FILE_PRIVILEGE_CHANGED { Severity::Critical } else { Severity::High }
}

pub(super) fn bounded(text: &str) -> String {
    let mut kept: String = text.chars().take(MOST_TEXT).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

fn one(kind: &Kind, row: &DifferenceRow) -> Drift {
    let path = bounded(row.path.as_deref().unwrap_or_default());
    let detail = bounded(&row.detail);
    let told = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    let added = kind.code == codes::FILE_ADDED;
    let removed = kind.code == codes::FILE_REMOVED;
    Drift {
        code: kind.code.clone(),
        subject: path.clone(),
        severity: severity(kind, row.is_privileged),
        summary: format!("{path} {}{told}", kind.verb),
        expected: if added { Value::Null } else { json!("as in the golden") },
        actual: if removed {
            Value::Null
        } else {
            json!({ "change": detail, "package": row.package.as_deref().map(bounded), "privileged": row.is_privileged })
        },
        source: Source::Agent,
        aspect: Some(Aspect::Files),
    }
}

fn many(kind: &Kind, own: &[&DifferenceRow], count: u64, left: usize) -> Drift {
    let list: Vec<Value> = own
        .iter()
        .take(LISTED)
        .map(|row| json!({ "path": row.path.as_deref().map(bounded), "change": bounded(&row.detail) }))
        .collect();
    let unlisted = count.saturating_sub(list.len() as u64);
    let first = own.first().and_then(|row| row.path.as_deref()).map(bounded);
    let example = first.map_or(String::new(), |path| format!(", {path} among them"));
    let privileged = own.iter().any(|row| row.is_privileged);
    Drift {
        code: kind.code.clone(),
        subject: kind.noun.to_owned(),
        severity: severity(kind, privileged),
        summary: format!("{count} {} differ from the golden{example}", kind.noun),
        expected: json!({ "differences": 0 }),
        actual: json!({
            "differences": count, "list": list, "not_listed": unlisted, "of_changed_packages": left,
        }),
        source: Source::Agent,
        aspect: Some(Aspect::Files),
    }
}
