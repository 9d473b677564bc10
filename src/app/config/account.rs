//! `[[account]]`: what to read, and as whom.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::names::is_account;
use super::reader::Fault;
use super::section::Section;
use super::setting::{Setting, quoted, text_of};
use super::tree::Value;
use crate::types::{AccountId, Place, Region};

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountConfig {
    /// Account id.
    pub id: AccountId,
    /// A name for people.
    pub alias: Option<String>,
    /// Regions to read.
    pub regions: Vec<Region>,
    /// ARN of the role to assume for reading; without one the ambient credentials are used.
    pub role: Option<String>,
    /// External id that the role's trust policy demands.
    pub external_id: Option<String>,
    /// Source identity for the role session, shown in CloudTrail.
    pub source_identity: Option<String>,
    /// ARN of the role to assume for enforcement, with the same external id and source identity; without one the
    /// credentials that read the account change it.
    pub enforce_role: Option<String>,
}

impl AccountConfig {
    /// Its account-regions.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.regions.iter().map(|region| Place { account: self.id.clone(), region: region.clone() })
    }
}

pub(super) fn read(section: &mut Section<'_, '_>) -> Option<AccountConfig> {
    let id = section.required::<AccountId>("id");
    let alias = section.optional::<String>("alias");
    let regions = section.list::<Region>("regions", None);
    let role = section.optional::<RoleArn>("role").map(|role| role.0);
    let external_id = section.optional::<ExternalId>("external_id").map(|id| id.0);
    let source_identity = section.optional::<SourceIdentity>("source_identity").map(|identity| identity.0);
    let enforce_role = section.optional::<RoleArn>("enforce_role").map(|role| role.0);
    let mut seen = BTreeSet::new();
    if let Some(twice) = regions.iter().find(|region| !seen.insert((*region).clone())) {
        section.fault("regions", Fault::new("duplicate", format!("region `{twice}` is listed twice")));
    }
    for (key, given) in [("role", &role), ("enforce_role", &enforce_role)] {
        if let (Some(id), Some(given)) = (&id, given)
            && given.split(':').nth(4) != Some(id.as_str())
        {
            let message = format!("`{key}`: the role is not in account {id}");
            let help = "the ARN holds the account id: arn:aws:iam::ACCOUNT:role/NAME";
            section.fault(key, Fault::bad(message).help(help));
        }
    }
    for (key, given) in [("external_id", external_id.is_some()), ("source_identity", source_identity.is_some())] {
        if given && role.is_none() && enforce_role.is_none() {
            let message = format!("`{key}` has no effect without `role`");
            section.fault(key, Fault::bad(message));
        }
    }
    Some(AccountConfig { id: id?, alias, regions, role, external_id, source_identity, enforce_role })
}

/// Whether it names one role, with its path ("IAM and AWS STS quotas"): it goes into policies, where a `*` would stand for
/// every role.
pub(in crate::app) fn is_role_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "/_+=,.@-".contains(c);
    !name.is_empty() && !name.ends_with('/') && name.chars().all(fits)
}

/// `arn:PARTITION:iam::ACCOUNT:role/PATH`.
pub(super) struct RoleArn(pub(super) String);

impl Setting for RoleArn {
    const KIND: &'static str = "role ARN";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let fits = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws") && is_account(account)
                && resource.strip_prefix("role/").is_some_and(is_role_name));
        if !fits {
            let help = "role ARNs look like arn:aws:iam::111122223333:role/cattleguard-read";
            return Err(Fault::bad(format!("{} is not a role ARN", quoted(text))).help(help));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// As the STS API reference of `AssumeRole` allows: 2 to 1224 of these characters.
pub(super) struct ExternalId(pub(super) String);

impl Setting for ExternalId {
    const KIND: &'static str = "string";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if !(2..=1224).contains(&text.len()) || !text.chars().all(|c| is_session_character(c) || matches!(c, ':' | '/'))
        {
            return Err(Fault::bad("an external id has 2 to 1224 letters, digits and _+=,.@:/-"));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// As the STS API reference of `AssumeRole` allows: 2 to 64 of these characters, not beginning with `aws:`.
struct SourceIdentity(String);

impl Setting for SourceIdentity {
    const KIND: &'static str = "string";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if !(2..=64).contains(&text.len()) || !text.chars().all(is_session_character) {
            return Err(Fault::bad("a source identity has 2 to 64 letters, digits and _+=,.@-"));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

fn is_session_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-')
}
