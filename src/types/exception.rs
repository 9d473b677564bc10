//! Exceptions: time-boxed waivers.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountId, ExceptionId, Finding, FleetName, InstanceId};

/// A waiver with a mandatory expiry. A waived finding stays visible; it is never acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Id.
    pub id: ExceptionId,
    /// Only this fleet.
    pub fleet: Option<FleetName>,
    /// Only this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Only this instance.
    pub instance: Option<InstanceId>,
    /// Only this finding code; may end in `*`.
    pub code: Option<String>,
    /// Only this fingerprint.
    pub fingerprint: Option<String>,
    /// Only this subject; may end in `*`.
    pub subject: Option<String>,
    /// Only findings about files all of which have such a path: `*` stands for any part of one name, `**` for any
    /// names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Why.
    pub reason: String,
    /// Ticket.
    pub ticket: String,
    /// Who approved it.
    pub approver: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Exception {
    /// Whether it is in force at this time.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.created_at <= now && now < self.expires_at
    }

    /// The same exception, ended no later than this long after it was made: what was granted before the maximum was
    /// lowered does not outlive it.
    #[must_use]
    pub fn lasting_at_most(mut self, most: Duration) -> Self {
        let most = SignedDuration::try_from(most).unwrap_or(SignedDuration::MAX);
        let end = self.created_at.checked_add(most).unwrap_or(Timestamp::MAX);
        self.expires_at = self.expires_at.min(end);
        self
    }

    /// Whether anything narrows it down.
    pub fn is_scoped(&self) -> bool {
        self.fleet.is_some()
            || self.account.is_some()
            || self.instance.is_some()
            || self.code.is_some()
            || self.fingerprint.is_some()
            || self.subject.is_some()
            || self.path.is_some()
    }

    /// Why it is a policy rather than an exception, where it is: it would waive all that is found in some place, or a
    /// whole family everywhere. A pattern that everything is like says nothing.
    pub fn too_wide(&self) -> Option<TooWide> {
        if self.path.as_deref().is_some_and(|path| !path.bytes().any(|byte| byte.is_ascii_alphanumeric())) {
            return Some(TooWide::Path);
        }
        let family = self.code.as_deref().and_then(|code| code.strip_suffix('*'));
        if family.is_some_and(|stem| !stem.contains('-')) {
            return Some(TooWide::Code);
        }
        let thing = self.fingerprint.is_some() || self.path.is_some() || self.subject.as_deref().is_some_and(is_name);
        let somewhere = self.fleet.is_some() || self.account.is_some() || self.instance.is_some();
        match (thing, &self.code, family) {
            (true, ..) | (_, Some(_), None) => None,
            (_, Some(_), Some(_)) => (!somewhere).then_some(TooWide::Family),
            (_, None, _) => self.instance.is_none().then_some(TooWide::Place),
        }
    }

    /// Whether it covers a finding. One that is [too wide](Self::too_wide), from an older version or another hand, covers
    /// nothing.
    pub fn covers(&self, finding: &Finding) -> bool {
        self.too_wide().is_none()
            && self.fleet.as_ref().is_none_or(|fleet| finding.fleet.as_ref() == Some(fleet))
            && self.account.as_ref().is_none_or(|account| *account == finding.account)
            && self.instance.as_ref().is_none_or(|instance| *instance == finding.instance)
            && self.code.as_ref().is_none_or(|pattern| matches(pattern, finding.code.as_str()))
            && self.fingerprint.as_ref().is_none_or(|fingerprint| *fingerprint == finding.fingerprint)
            && self.subject.as_ref().is_none_or(|pattern| matches(pattern, &finding.subject))
            && self.path.as_ref().is_none_or(|pattern| covers_paths(pattern, finding))
    }
}

/// Why an exception covers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooWide {
    /// It names a place, or nothing.
    #[error("an exception says what it waives, not only where")]
    Place,
    /// Its pattern of codes is shorter than a family.
    #[error("a pattern of codes holds a whole family: `software-*`, `file-*`")]
    Code,
    /// It names a family, and no place.
    #[error("a whole family of findings is not waived everywhere")]
    Family,
    /// Its pattern of paths has no name in it.
    #[error("that is every file there is")]
    Path,
}

/// Whether a pattern of subjects names something: a whole subject, or two words of one. What is only the kind of a subject
/// (`*`, `AWS:*`, `AWS:Application *`, `/etc/*`) is like everything of that kind.
fn is_name(pattern: &str) -> bool {
    let Some(stem) = pattern.strip_suffix('*') else { return true };
    let stem = stem.strip_prefix("AWS:").unwrap_or(stem);
    stem.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).count() > 1
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => pattern == text,
    }
}

/// Whether a finding is about files, knows all of them, and the pattern has each. A list that was cut may hide others.
fn covers_paths(pattern: &str, finding: &Finding) -> bool {
    if finding.code.family() != "file" {
        return false;
    }
    if finding.subject.starts_with('/') {
        return path_matches(pattern, &finding.subject);
    }
    let listed = finding.actual.get("list").and_then(|list| list.as_array());
    let complete = finding.actual.get("not_listed").and_then(|count| count.as_u64()) == Some(0);
    let has = |row: &serde_json::Value| {
        row.get("path").and_then(|path| path.as_str()).is_some_and(|path| path_matches(pattern, path))
    };
    complete && listed.is_some_and(|list| !list.is_empty() && list.iter().all(has))
}

/// Whether a path has the form of a pattern, name by name.
fn path_matches(pattern: &str, path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    // Which names of the path can come next, after the parts of the pattern so far.
    let mut reached = std::collections::BTreeSet::from([0]);
    for part in pattern.split('/') {
        reached = if part == "**" {
            let first = reached.first().copied().unwrap_or(usize::MAX);
            (first..=names.len()).collect()
        } else {
            let fits = |at: &usize| names.get(*at).is_some_and(|name| name_matches(part, name));
            reached.iter().filter(|at| fits(at)).map(|at| at + 1).collect()
        };
    }
    reached.contains(&names.len())
}

/// `*` stands for any part of a name. Between its stars a pattern is found from left to right; the last piece is the end.
fn name_matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return left.ends_with(piece);
        }
        let Some((_, after)) = left.split_once(piece) else { return false };
        left = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_within_a_name_and_two_go_on() {
        for (pattern, path, fits) in [
            ("/etc/motd", "/etc/motd", true),
            ("/etc/motd", "/etc/motd.d", false),
            ("/etc/*", "/etc/motd", true),
            ("/etc/*", "/etc/cron.d/x", false),
            ("/etc/**", "/etc/cron.d/x", true),
            ("/etc/**", "/etc", true),
            ("/etc/**", "/etcetera", false),
            ("/**/x", "/a/b/x", true),
            ("/**/x", "/x", true),
            ("/**/x/**/y", "/a/x/y", true),
            ("/opt/app-*/log*.txt", "/opt/app-1/log.2.txt", true),
            ("/opt/app-*/log*.txt", "/opt/app-1/log.2.txt.gz", false),
            ("/a*b*b", "/ab", false),
            ("/a*a", "/a", false),
            ("/**", "/etc/shadow", true),
            ("*", "/etc", false),
        ] {
            assert_eq!(path_matches(pattern, path), fits, "{pattern} {path}");
        }
        let long = format!("/{}", "a/".repeat(2_000));
        assert!(!path_matches(&"/**/a".repeat(40), &long), "ends in good time");
    }
}
