//! What a call aims at, before it is known which instances that means.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::normalise;
use super::shared::Kind;
use super::text::{clean, is_instance_id};
use super::tree::Tree;
use crate::types::InstanceId;

/// One condition on tags. Values are alternatives; none means that the key is enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TagCriterion {
    /// Tag key; empty when any key will do.
    pub key: String,
    /// Accepted values.
    pub values: Vec<String>,
}

impl fmt::Display for TagCriterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.values.is_empty() {
            true => write!(f, "tag:{}", self.key),
            false => write!(f, "tag:{}={}", self.key, self.values.join(",")),
        }
    }
}

/// One target of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// Named by its id.
    Instance(InstanceId),
    /// Something that belongs, or belonged, to an instance: `eni-…`, `sg-…`, an address, `asg:web`, …
    Key(String),
    /// Something that belongs to an instance, or belonged to it last: it can be on nothing when the call is made.
    Former(String),
    /// Every instance that meets all of these.
    Tags(Vec<TagCriterion>),
    /// Every managed instance of the account and region.
    All,
    /// Not to be found out: it stays as it is.
    Unknown(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(id) => f.write_str(id.as_str()),
            Self::Key(text) | Self::Former(text) | Self::Unknown(text) => f.write_str(text),
            Self::All => f.write_str("*"),
            Self::Tags(criteria) => {
                for (index, criterion) in criteria.iter().enumerate() {
                    write!(f, "{}{criterion}", if index == 0 { "" } else { " & " })?;
                }
                Ok(())
            }
        }
    }
}

impl Target {
    /// Reads one id. `kind` is put before names that do not say themselves what they are.
    pub(super) fn parse(text: &str, kind: Option<&str>) -> Option<Self> {
        let text = clean(text.trim());
        if text.is_empty() {
            return None;
        }
        if let Some(kind) = kind {
            return Some(Self::Key(format!("{kind}:{}", iam_name(&text).unwrap_or(&text))));
        }
        if text == "*" {
            return Some(Self::All);
        }
        let id = arn_resource(&text).unwrap_or(&text);
        if is_instance_id(id) {
            return Some(Self::Instance(InstanceId::new(id)));
        }
        if is_attached(id) {
            return Some(Self::Key(id.to_owned()));
        }
        // An address may be written in several ways; the canonical one is what we remember.
        Some(Self::Key(text.parse::<IpAddr>().map_or(text, |address| address.to_string())))
    }

    /// Whether it may mean any number of instances: all, those with a tag, those that share something.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::All | Self::Tags(_) => true,
            Self::Key(key) => Kind::of(key).is_some(),
            Self::Instance(_) | Self::Former(_) | Self::Unknown(_) => false,
        }
    }

    /// Lets whoever held it last count as well.
    pub(super) fn or_former(&mut self) {
        if let Self::Key(key) = self {
            *self = Self::Former(std::mem::take(key));
        }
    }

    /// Whether it is an instance or a part that is attached to one.
    pub(super) fn is_concrete(&self) -> bool {
        match self {
            Self::Instance(_) => true,
            Self::Key(key) | Self::Former(key) => is_attached(key),
            Self::Tags(_) | Self::All | Self::Unknown(_) => false,
        }
    }
}

/// Volumes and interfaces: parts that events name instead of the instance.
fn is_attached(id: &str) -> bool {
    id.starts_with("vol-") || id.starts_with("eni-")
}

/// The last part of an EC2 or SSM ARN that names an instance, node, volume or interface.
fn arn_resource(text: &str) -> Option<&str> {
    let mut parts = text.splitn(6, ':');
    let (arn, service) = (parts.next()?, parts.nth(1)?);
    if arn != "arn" || !matches!(service, "ec2" | "ssm") {
        return None;
    }
    let (kind, id) = parts.nth(2)?.split_once('/')?;
    matches!(kind, "instance" | "managed-instance" | "volume" | "network-interface").then_some(id)
}

/// The name at the end of the ARN of a role or an instance profile: some calls give the one, some the other.
fn iam_name(text: &str) -> Option<&str> {
    let is_named = text.starts_with("arn:") && (text.contains(":role/") || text.contains(":instance-profile/"));
    text.rsplit('/').next().filter(|_| is_named)
}

/// Reads an SSM target list, `[{key, values}]`. Tags must all be met ("Send commands to multiple managed
/// nodes", AWS Systems Manager user guide); ids and other keys stand each for themselves.
pub(super) fn selectors(list: &[&Tree<'_>]) -> Vec<Target> {
    let (mut targets, mut criteria) = (Vec::new(), Vec::new());
    for item in list {
        let key = item.get("key").and_then(Tree::text).map(|key| clean(&key)).unwrap_or_default();
        let values: Vec<String> = normalise::texts(item, "values").iter().map(|value| clean(value)).collect();
        if let Some(tag) = key.strip_prefix("tag:") {
            criteria.push(TagCriterion { key: tag.to_owned(), values });
        } else if key.eq_ignore_ascii_case("tag-key") {
            criteria.extend(values.into_iter().map(|key| TagCriterion { key, values: Vec::new() }));
        } else if key.eq_ignore_ascii_case("instanceids") || key.eq_ignore_ascii_case("windowtargetids") {
            // The key keeps the caller's spelling.
            targets.extend(values.iter().filter_map(|value| Target::parse(value, None)));
        } else if values.iter().any(|value| is_instance_id(value)) {
            targets.extend(
                values.iter().filter(|value| is_instance_id(value)).map(|id| Target::Instance(id.as_str().into())),
            );
        } else if !key.is_empty() {
            targets.push(Target::Key(clean(&format!("{key}={}", values.join(",")))));
        }
    }
    if !criteria.is_empty() {
        targets.push(Target::Tags(criteria));
    }
    targets
}

/// Reads CodeDeploy tag filters, `[{key, value, type}]`: an instance that meets any of them is a target
/// ("Tagging instances for deployment groups", AWS CodeDeploy user guide).
pub(super) fn tag_filters(list: &[&Tree<'_>]) -> Vec<Target> {
    let text = |item: &Tree<'_>, name: &str| item.get(name).and_then(Tree::text).map(|text| clean(&text));
    list.iter()
        .filter_map(|item| {
            let (key, value) = (text(item, "key"), text(item, "value"));
            let criterion = match text(item, "type").as_deref() {
                Some("KEY_ONLY") => TagCriterion { key: key?, values: Vec::new() },
                Some("VALUE_ONLY") => TagCriterion { key: String::new(), values: vec![value?] },
                _ => TagCriterion { key: key?, values: value.into_iter().collect() },
            };
            Some(Target::Tags(vec![criterion]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_arns_and_names_are_told_apart() {
        let parse = |text| Target::parse(text, None).unwrap().to_string();
        assert_eq!(parse("arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"), "i-0123456789abcdef0");
        assert_eq!(parse("arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"), "vol-1");
        assert_eq!(
            parse("arn:aws:iam::111122223333:policy/instance/i-0123abcd"),
            "arn:aws:iam::111122223333:policy/instance/i-0123abcd"
        );
        assert_eq!(Target::parse("web", Some("asg")), Some(Target::Key("asg:web".to_owned())));
        assert_eq!(Target::parse(" ", None), None);
        let role = Target::parse("arn:aws:iam::111122223333:role/apps/web", Some("role"));
        assert_eq!(role, Some(Target::Key("role:web".to_owned())), "a path is no part of the name");
        assert_eq!(
            Target::parse("arn:aws:elasticbeanstalk:eu-west-1:1:environment/a/b", Some("environment")),
            Some(Target::Key("environment:arn:aws:elasticbeanstalk:eu-west-1:1:environment/a/b".to_owned()))
        );
        // A name that looks like an instance is still a name.
        assert_eq!(Target::parse("i-0123abcd", Some("role")), Some(Target::Key("role:i-0123abcd".to_owned())));
    }

    #[test]
    fn several_tags_are_one_target_and_ids_are_each_their_own() {
        let list = Tree::read(
            r#"[{"key": "tag:app", "values": ["web"]}, {"key": "tag:env", "values": ["prod", "test"]},
                {"key": "instanceids", "values": ["i-0123abcd"]}]"#,
        );
        let Tree::List(list) = &list else { panic!() };
        let list: Vec<&Tree<'_>> = list.iter().collect();
        let shown: Vec<String> = selectors(&list).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["i-0123abcd", "tag:app=web & tag:env=prod,test"]);
    }
}
