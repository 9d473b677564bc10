//! Pure: what first boot legitimately creates, learned from a canary that people booted for it.
//!
//! The canary is checked against its own golden, so what `check -o json` printed there is what first boot did, and
//! nothing else. Each path is left out of the next golden by name, with that reason; whatever gives rights or decides
//! what runs is never learned and has to be named by a person (`--exclude`).
#![deny(clippy::disallowed_methods)]

use jiff::Timestamp;
use serde::Deserialize;

use crate::pattern::Pattern;
use crate::settings::Exclusion;
use crate::{escape, path};

/// The schema of the document.
pub const SCHEMA: &str = "cattleguard.dev/agent/check/v1";

/// Nothing at or below these is learned: programs, and what says who may do what and which programs start.
const NEVER: [&[u8]; 27] = [
    b"/bin",
    b"/boot",
    b"/etc/cron.d",
    b"/etc/cron.daily",
    b"/etc/cron.hourly",
    b"/etc/cron.monthly",
    b"/etc/cron.weekly",
    b"/etc/crontab",
    b"/etc/group",
    b"/etc/init.d",
    b"/etc/ld.so.conf",
    b"/etc/ld.so.conf.d",
    b"/etc/ld.so.preload",
    b"/etc/pam.d",
    b"/etc/passwd",
    b"/etc/profile",
    b"/etc/profile.d",
    b"/etc/rc.local",
    b"/etc/security",
    b"/etc/shadow",
    b"/etc/sudoers",
    b"/etc/sudoers.d",
    b"/etc/systemd",
    b"/lib",
    b"/sbin",
    b"/usr",
    b"/var/spool/cron",
];

/// Nor anything in a folder of this name: keys that may log in.
const NEVER_NAMED: &[u8] = b".ssh";

/// A canary's document, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Document {
    schema: String,
    golden_root: String,
    started_at: Timestamp,
    differences: Vec<Difference>,
    differences_cut: u64,
    unjudged_count: u64,
}

#[derive(Debug, Deserialize)]
struct Difference {
    code: String,
    path: String,
    privileged: bool,
    after: Option<Facts>,
}

#[derive(Debug, Deserialize)]
struct Facts {
    #[serde(rename = "type")]
    kind: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// To be left out.
    pub exclusions: Vec<Exclusion>,
    /// Paths that were not learned, and why.
    pub refused: Vec<(String, &'static str)>,
}

/// A document that nothing can be learned from.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// It is something else.
    #[error("not what `check -o json` prints")]
    Json(#[from] serde_json::Error),
    /// It is of another version.
    #[error("its schema is not {SCHEMA}")]
    Schema,
    /// The canary did not see or tell everything.
    #[error("the canary could not judge everything, or had too many differences to list them all")]
    Partial,
}

/// Learns from what a check on the canary printed.
///
/// # Errors
/// When it is no such document, or not a whole one.
pub fn learn(json: &[u8]) -> Result<Learned, LearnError> {
    let document: Document = serde_json::from_slice(json)?;
    if document.schema != SCHEMA {
        return Err(LearnError::Schema);
    }
    if document.differences_cut > 0 || document.unjudged_count > 0 {
        return Err(LearnError::Partial);
    }
    let root: String = document.golden_root.chars().filter(char::is_ascii_graphic).take(24).collect();
    let reason = format!("made at first boot: learned from a canary of {root} on {}", document.started_at);
    let mut learned = Learned::default();
    let mut good: Vec<(Vec<u8>, &Difference)> = Vec::new();
    let mut bad: Vec<Vec<u8>> = Vec::new();
    for difference in &document.differences {
        let why = match escape::bytes(&difference.path).and_then(|raw| path::clean(&raw)) {
            None => Some("it is no path"),
            Some(raw) => {
                let why = refusal(difference, &raw);
                if why.is_some() {
                    bad.push(raw)
                } else {
                    good.push((raw, difference))
                }
                why
            }
        };
        learned.refused.extend(why.map(|why| (difference.path.clone(), why)));
    }
    for (raw, difference) in &good {
        if bad.iter().any(|refused| path::is_below(refused, raw)) {
            learned.refused.push((difference.path.clone(), "something in it cannot be learned"));
        } else if !good.iter().any(|(folder, _)| path::is_below(raw, folder) && !is_mixed(folder, &bad)) {
            match Pattern::exactly(raw) {
                Ok(pattern) => learned.exclusions.push(Exclusion { pattern, reason: reason.clone() }),
                Err(_) => learned.refused.push((difference.path.clone(), "it is no path")),
            }
        }
    }
    Ok(learned)
}

fn is_mixed(folder: &[u8], bad: &[Vec<u8>]) -> bool {
    bad.iter().any(|refused| path::is_below(refused, folder))
}

/// Why a difference cannot be learned.
fn refusal(difference: &Difference, raw: &[u8]) -> Option<&'static str> {
    let is_folder = difference.after.as_ref().is_some_and(|facts| facts.kind == "directory");
    if difference.privileged {
        Some("it gives or moves rights")
    } else if NEVER.iter().any(|never| raw == *never || path::is_below(raw, never))
        || path::components(raw).any(|name| name == NEVER_NAMED)
    {
        Some("it decides who may do what, or what runs")
    } else if is_folder && path::components(raw).count() < 2 {
        Some("too much would be left out with it")
    } else {
        match difference.code.as_str() {
            "file-added" => None,
            "file-content-changed" if !is_folder => None,
            "file-content-changed" | "file-metadata-changed" => Some("leaving it out would leave out what is in it"),
            _ => Some("it was not created"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(code: &str, path: &str, kind: &str, privileged: bool) -> serde_json::Value {
        serde_json::json!({ "code": code, "path": path, "privileged": privileged, "after": { "type": kind }, "x": 1 })
    }

    fn document(differences: &[serde_json::Value], cut: u64) -> Vec<u8> {
        serde_json::to_vec(&serde_json::json!({
            "schema": SCHEMA, "golden_root": "blake3:00ff", "started_at": "2026-11-01T00:00:00Z",
            "differences": differences, "differences_cut": cut, "unjudged_count": 0, "mode": "full",
        }))
        .unwrap()
    }

    #[test]
    fn what_first_boot_creates_is_learned_by_its_topmost_name() {
        let learned = learn(&document(
            &[
                difference("file-added", "/var/lib/app", "directory", false),
                difference("file-added", "/var/lib/app/id\\x0a*", "file", false),
                difference("file-content-changed", "/etc/hosts", "file", false),
            ],
            0,
        ))
        .unwrap();
        let patterns: Vec<_> = learned.exclusions.iter().map(|exclusion| exclusion.pattern.as_str()).collect();
        assert_eq!(patterns, ["/var/lib/app", "/etc/hosts"]);
        assert!(learned.exclusions[0].reason.contains("canary of blake3:00ff on 2026-11-01"));
        assert_eq!(learned.refused, []);
    }

    #[test]
    fn rights_and_programs_are_never_learned_nor_folders_that_hold_them() {
        let learned = learn(&document(
            &[
                difference("file-added", "/home/admin", "directory", false),
                difference("file-added", "/home/admin/.bashrc", "file", false),
                difference("file-added", "/home/admin/.ssh/authorized_keys", "file", false),
                difference("file-content-changed", "/etc/passwd", "file", false),
                difference("file-added", "/opt/tool", "file", true),
                difference("file-added", "/usr/local/bin/x", "file", false),
                difference("file-metadata-changed", "/srv", "directory", false),
                difference("file-removed", "/etc/flag", "file", false),
                difference("file-added", "/data", "directory", false),
            ],
            0,
        ))
        .unwrap();
        let patterns: Vec<_> = learned.exclusions.iter().map(|exclusion| exclusion.pattern.as_str()).collect();
        assert_eq!(patterns, ["/home/admin/.bashrc"]);
        assert_eq!(learned.refused.len(), 8);
    }

    #[test]
    fn half_a_truth_teaches_nothing() {
        assert!(matches!(learn(&document(&[], 1)), Err(LearnError::Partial)));
        assert!(matches!(learn(b"{}"), Err(LearnError::Json(_))));
        let other = document(&[], 0);
        let other = String::from_utf8(other).unwrap().replace("check/v1", "diff/v1");
        assert!(matches!(learn(other.as_bytes()), Err(LearnError::Schema)));
    }
}
