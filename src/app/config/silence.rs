//! `[[silence]]`: for a while, what matches is not told. `cattleguard silences add` does the same without this file.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::filter::check_code;
use super::reader::Fault;
use super::route::known;
use super::section::Section;
use super::setting::{Setting, quoted, text_of};
use super::tree::Value;
use crate::types::{AccountId, FleetName, InstanceId, Silence, SilenceId};

/// `fleets` are the names that exist.
pub(super) fn read(section: &mut Section<'_, '_>, fleets: &[String]) -> Option<Silence> {
    let fleet = section.optional::<FleetName>("fleet");
    let code = section.optional::<String>("code");
    let account = section.optional::<AccountId>("account");
    let instance = section.optional::<String>("instance").map(InstanceId::from);
    let actor = section.optional::<String>("actor");
    let reason = section.required::<String>("reason");
    let until = section.required::<Moment>("until");
    if let Some(fleet) = &fleet {
        known(section, "fleet", "fleet", fleet.as_str(), fleets);
    }
    if let Some(code) = &code {
        check_code(section, "code", code);
    }
    let mut silence = Silence {
        id: SilenceId::new(""),
        fleet,
        code,
        account,
        instance,
        actor,
        reason: reason?,
        by: "the configuration".to_owned(),
        created_at: Timestamp::MIN,
        until: until?.0,
    };
    let given = ["fleet", "code", "account", "instance", "actor"].iter().any(|key| section.has(key));
    if !given {
        let fault = Fault::bad("a silence needs a scope: fleet, code, account, instance or actor");
        section.fault("until", fault.help("one without would silence everything"));
    }
    let digest = blake3::hash(&serde_json::to_vec(&silence).unwrap_or_default()).to_hex();
    silence.id = SilenceId::new(format!("conf-{}", digest.get(..8).unwrap_or_default()));
    Some(silence)
}

/// A point in time.
struct Moment(Timestamp);

impl Setting for Moment {
    const KIND: &'static str = "time";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a time in quotes", value)?;
        let read = text.parse::<Timestamp>().map(Self);
        read.map_err(|_| Fault::bad(format!("{} is not a time", quoted(text))).help("2026-12-24T18:00:00+01:00"))
    }

    fn json(&self) -> Json {
        Json::from(self.0.to_string())
    }
}
