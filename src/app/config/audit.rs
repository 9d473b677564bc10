//! `[audit.anchor]`: a bucket with object lock that is told how far the audit log was.

use std::time::Duration;

use serde_json::Value as Json;

use super::account::AccountConfig;
use super::reader::{Fault, nearest};
use super::section::Section;
use super::setting::{Setting, quoted, text_of};
use super::trail;
use super::trail_names::BucketName;
use super::tree::Value;
use crate::report::anchor::{LockMode, Vault};

/// What the audit log needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// Where its head is put; `None`: nowhere.
    pub anchor: Option<Vault>,
}

const DAY: Duration = Duration::from_secs(86_400);
/// What auditors ask back for, as a rule.
const DEFAULT_RETAIN: Duration = Duration::from_secs(365 * 86_400);
/// S3 takes 100 years at most ("Object Lock considerations", S3 user guide).
const LONGEST_RETAIN: Duration = Duration::from_secs(100 * 365 * 86_400);
const DEFAULT_PREFIX: &str = "cattleguard/";

pub(super) fn read(section: &mut Section<'_, '_>, accounts: &[AccountConfig]) -> AuditConfig {
    AuditConfig { anchor: section.table("anchor", |section| anchor(section, accounts)) }
}

fn anchor(section: &mut Section<'_, '_>, accounts: &[AccountConfig]) -> Option<Vault> {
    let given = !section.is_empty();
    let bucket = section.optional::<BucketName>("bucket");
    if given && !section.has("bucket") {
        let fault =
            Fault::new("missing-key", "`audit.anchor`: needs the `bucket` that heads of the audit log are put into");
        section.fault("", fault);
    }
    let prefix = section.or("prefix", Folder(DEFAULT_PREFIX.to_owned()));
    let access = trail::access(section, accounts, None);
    let retain = section.or("retain", DEFAULT_RETAIN);
    if retain < DAY || retain > LONGEST_RETAIN {
        section.fault("retain", Fault::bad("`audit.anchor.retain`: from a day to 100 years"));
    }
    let mode = section.or("mode", LockMode::Governance);
    Some(Vault { access, bucket: bucket?.0, prefix: prefix.0, retain, mode })
}

/// What comes before the date in a key: empty, or ending in `/`.
struct Folder(String);

impl Setting for Folder {
    const KIND: &'static str = "string";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        // "Safe characters" for keys, S3 user guide.
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
        if text.len() > 512 || !text.chars().all(safe) {
            let help = "letters, digits, `-`, `_`, `.` and `/`";
            return Err(Fault::bad(format!("{} is no prefix of keys", quoted(text))).help(help));
        }
        let bare = text.trim_matches('/');
        Ok(Self(if bare.is_empty() { String::new() } else { format!("{bare}/") }))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

impl Setting for LockMode {
    const KIND: &'static str = "governance or compliance";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if let Some(mode) = Self::ALL.into_iter().find(|mode| mode.as_str() == text) {
            return Ok(mode);
        }
        let fault = Fault::bad(format!("{} is no retention mode", quoted(text)));
        Err(match nearest(text, Self::ALL.map(Self::as_str)) {
            Some(near) => fault.label(format!("did you mean `{near}`?")),
            None => fault.help("governance, which some principals may lift, or compliance, which nobody may"),
        })
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}
