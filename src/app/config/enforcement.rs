//! `[enforcement]`: how operations are done in every fleet, and what stops them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use super::reader::Fault;
use super::section::Section;
use super::setting::{Setting, quoted, text_of};
use super::tree::Value;

/// The enforcement settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnforcementConfig {
    /// An operation older than this is left to a person.
    pub max_age: Duration,
    /// How long a replaced instance is kept, isolated and stopped.
    pub retain: Duration,
    /// How long a replacement must serve well before the old instance is retired.
    pub bake: Duration,
    /// Pause between the first looks at what an operation waits for.
    pub poll: Duration,
    /// Name of the security group that lets nothing through, in every VPC.
    pub isolation_group: String,
    /// Name of the security group that lets everything through, for the cut mode `convert`.
    pub open_group: String,
    /// Instance profile of a quarantined instance; `None`: it gets none.
    pub quarantine_profile: Option<String>,
    /// Folder of evidence bundles; `None`: beside the state.
    pub evidence: Option<PathBuf>,
    /// What stops every operation before its next call.
    pub kill_switch: KillSwitchConfig,
    /// How long an approval counts.
    pub approval_ttl: Duration,
    /// Whether a plan needs two people's approval.
    pub two_person: bool,
    /// Operations carried out at the same time.
    pub concurrency: u32,
}

/// What is asked before every call that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillSwitchConfig {
    /// While this file exists nothing is changed.
    pub file: PathBuf,
    /// SSM parameter that has to say `run`.
    pub parameter: Option<String>,
}

const DEFAULT_MAX_AGE: Duration = Duration::from_secs(6 * 3_600);
const DEFAULT_RETAIN: Duration = Duration::from_secs(7 * 86_400);
const DEFAULT_BAKE: Duration = Duration::from_secs(5 * 60);
const DEFAULT_POLL: Duration = Duration::from_secs(5);
/// The pause grows to three times this, and the lease is renewed with each look only.
const LONGEST_POLL: Duration = Duration::from_secs(20);
const DEFAULT_STOP_FILE: &str = "/run/cattleguard/stop";
const DEFAULT_APPROVAL_TTL: Duration = Duration::from_secs(24 * 3_600);
/// Every operation waits most of the time; more at once only makes throttling likelier.
const DEFAULT_CONCURRENCY: u32 = 4;
const MOST_CONCURRENCY: u32 = 64;

pub(super) fn read(section: &mut Section<'_, '_>) -> EnforcementConfig {
    let max_age = section.or("max_age", DEFAULT_MAX_AGE);
    let retain = section.or("retain", DEFAULT_RETAIN);
    let bake = section.or("bake", DEFAULT_BAKE);
    let poll = section.or("poll", DEFAULT_POLL);
    let isolation_group = section.or("isolation_group", GroupName("cattleguard-isolate".to_owned())).0;
    let open_group = section.or("open_group", GroupName("cattleguard-open".to_owned())).0;
    let profile = Profile(Some("cattleguard-quarantine".to_owned()));
    let quarantine_profile = section.or("quarantine_profile", profile).0;
    let evidence = section.optional::<String>("evidence").map(|path| section.resolve(Path::new(&path)));
    let kill_switch = section.table("kill_switch", kill_switch);
    let approval_ttl = section.or("approval_ttl", DEFAULT_APPROVAL_TTL);
    let two_person = section.or("two_person", false);
    let concurrency = section.or("concurrency", DEFAULT_CONCURRENCY);
    if isolation_group == open_group {
        let message = "`enforcement.open_group`: the group that lets everything through cannot be the isolating one";
        section.fault("open_group", Fault::bad(message));
    }
    for (key, duration) in [("max_age", max_age), ("approval_ttl", approval_ttl)] {
        if duration.is_zero() {
            section.fault(key, Fault::bad(format!("`enforcement.{key}`: must be longer than 0s")));
        }
    }
    if !max_age.is_zero() && bake >= max_age {
        let fault = Fault::bad("`enforcement.bake`: must be shorter than `enforcement.max_age`");
        section.fault("bake", fault.help("every replacement would be left to a person before it had baked"));
    }
    if poll < Duration::from_secs(1) || poll > LONGEST_POLL {
        section.fault("poll", Fault::bad("`enforcement.poll`: must be 1s to 20s"));
    }
    if !(1..=MOST_CONCURRENCY).contains(&concurrency) {
        let message = format!("`enforcement.concurrency`: must be 1 to {MOST_CONCURRENCY}");
        section.fault("concurrency", Fault::bad(message));
    }
    EnforcementConfig {
        max_age,
        retain,
        bake,
        poll,
        isolation_group,
        open_group,
        quarantine_profile,
        evidence,
        kill_switch,
        approval_ttl,
        two_person,
        concurrency,
    }
}

fn kill_switch(section: &mut Section<'_, '_>) -> KillSwitchConfig {
    let file = section.or("file", DEFAULT_STOP_FILE.to_owned());
    let parameter = section.optional::<ParameterName>("parameter").map(|name| name.0);
    KillSwitchConfig { file: section.resolve(Path::new(&file)), parameter }
}

/// A security group's name, as `CreateSecurityGroup` allows: groups are found by name because ids differ by VPC.
struct GroupName(String);

impl Setting for GroupName {
    const KIND: &'static str = "group name";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if text.starts_with("sg-") {
            return Err(Fault::bad(format!("{} is an id or looks like one", quoted(text)))
                .help("name the group: one of this name must exist in every VPC"));
        }
        let fits = !text.trim().is_empty() && text.len() <= 255 && !text.chars().any(char::is_control);
        if !fits {
            return Err(Fault::bad("a group's name has 1 to 255 characters"));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// An instance profile's name; the empty one is none.
struct Profile(Option<String>);

impl Setting for Profile {
    const KIND: &'static str = "profile name";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        let fits = text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c));
        if !fits {
            let help = "up to 128 letters, digits and +=,.@_-, without a path; \"\" for no profile at all";
            return Err(Fault::bad(format!("{} is not the name of a profile", quoted(text))).help(help));
        }
        Ok(Self(Some(text.to_owned())))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_deref().unwrap_or_default())
    }
}

/// The full name of an SSM parameter.
struct ParameterName(String);

impl Setting for ParameterName {
    const KIND: &'static str = "parameter name";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let fits = !text.is_empty()
            && text.len() <= 1011
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
            && !text.ends_with('/');
        if !fits {
            let help = "letters, digits and /._-, e.g. /cattleguard/stop";
            return Err(Fault::bad(format!("{} is not the name of a parameter", quoted(text))).help(help));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}
