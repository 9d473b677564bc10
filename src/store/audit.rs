//! The audit log's hash chain, as pure functions: sealing an entry and verifying a list of them.
//!
//! An entry's hash is the SHA-256 of its canonical JSON without the member `hash`: members sorted, no white
//! space. So anybody can check an exported line with `jq -cSj '.entry | del(.hash)'` and `sha256sum`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::traits::AuditEntry;

/// What the first entry has in place of the hash before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is wrong at the first bad entry of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditProblem {
    /// The sequence number is not the next one: entries were removed, inserted or reordered.
    Gap,
    /// It does not continue the entry before it.
    Unlinked,
    /// Its content does not match its hash.
    Edited,
    /// The chain ends before the entry that was recorded as the last, or with another one.
    Truncated,
    /// The state holds what only entries can have made, and they are not in the log.
    Emptied,
    /// It was another entry when it was anchored.
    Rewritten,
    /// It was anchored, and the chain does not reach it.
    Cut,
    /// It was anchored, and the anchor is gone.
    Unanchored,
}

impl fmt::Display for AuditProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gap => "the sequence is broken here: entries were removed, inserted or reordered",
            Self::Unlinked => "it does not continue the entry before it",
            Self::Edited => "its content does not match its hash",
            Self::Truncated => "the log does not end with the entry that was recorded as its last",
            Self::Emptied => {
                "the state holds scans, goldens, operations or waivers of which the log has no entry: it was emptied or \
                 begun anew"
            }
            Self::Rewritten => "it was another entry when it was anchored: the log was written anew",
            Self::Cut => "it was anchored and the log does not reach it: the log was cut, or the state replaced",
            Self::Unanchored => {
                "it was anchored and the anchor is gone: the bucket is not the one it was put into, or was emptied"
            }
        })
    }
}

/// Where a chain breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("audit entry {seq}: {problem}")]
pub struct AuditBreak {
    /// The sequence number that should have been here.
    pub seq: i64,
    /// What is wrong.
    pub problem: AuditProblem,
}

/// Makes the entry that follows `last` (sequence and hash), with its hash.
pub fn seal(
    last: Option<(i64, String)>,
    at: Timestamp,
    actor: &str,
    action: &str,
    object: &str,
    details: &Value,
) -> AuditEntry {
    let (seq, previous) = last.map_or_else(|| (1, GENESIS.to_owned()), |(seq, hash)| (seq.saturating_add(1), hash));
    let mut entry = AuditEntry {
        seq,
        at,
        actor: actor.to_owned(),
        action: action.to_owned(),
        object: object.to_owned(),
        details: exact(details),
        previous,
        hash: String::new(),
    };
    entry.hash = hash_of(&entry);
    entry
}

/// The hash that an entry should have, 64 hex digits. Its `hash` member is not looked at.
pub fn hash_of(entry: &AuditEntry) -> String {
    // Destructured in full: a member that is added must be hashed, or it can be edited.
    let AuditEntry { seq, at, actor, action, object, details, previous, hash: _ } = entry;
    let body = json!({
        "seq": seq, "at": at.to_string(), "actor": actor, "action": action, "object": object,
        "details": details, "previous": previous,
    });
    Sha256::digest(canonical(&body)).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks that the entries are a complete chain from the first one on.
///
/// # Errors
/// The first entry that is wrong. Entries cut off the end are not seen here, see [`verify_to`].
pub fn verify(entries: &[AuditEntry]) -> Result<(), AuditBreak> {
    let mut previous = GENESIS;
    for (seq, entry) in (1..).zip(entries) {
        let problem = if entry.seq != seq {
            AuditProblem::Gap
        } else if entry.previous != previous {
            AuditProblem::Unlinked
        } else if entry.hash != hash_of(entry) {
            AuditProblem::Edited
        } else {
            previous = &entry.hash;
            continue;
        };
        return Err(AuditBreak { seq, problem });
    }
    Ok(())
}

/// Checks the chain, and that it ends with the recorded head ([`super::Audit::head`], or one that was kept
/// elsewhere).
///
/// # Errors
/// The first entry that is wrong, or the place where the head is missing.
pub fn verify_to(entries: &[AuditEntry], head: Option<&(i64, String)>) -> Result<(), AuditBreak> {
    verify(entries)?;
    let last = entries.last().map(|entry| (entry.seq, &entry.hash));
    if last == head.map(|(seq, hash)| (*seq, hash)) {
        return Ok(());
    }
    let last = last.map_or(0, |(seq, _)| seq);
    if head.is_some_and(|(seq, _)| *seq == last) {
        return Err(AuditBreak { seq: last, problem: AuditProblem::Edited });
    }
    Err(AuditBreak { seq: last.saturating_add(1), problem: AuditProblem::Truncated })
}

/// Compact JSON with the members of every object sorted by their names' bytes, whatever order the map keeps.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&str, &Value> = map.iter().map(|(name, value)| (name.as_str(), value)).collect();
            let members: Vec<String> =
                sorted.into_iter().map(|(name, value)| format!("{}:{}", Value::from(name), canonical(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

/// Turns numbers that are not integers into text: reading and writing them again may change a last digit,
/// and then the hash of an untouched entry would not match.
fn exact(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), exact(value))).collect(),
        Value::Array(items) => items.iter().map(exact).collect(),
        Value::Number(number) if number.is_f64() => Value::from(number.to_string()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
