//! `config-instance-profile`: the profile's name is the contract's. Names, not ARNs: accounts differ.

use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(expected) = context.golden.and_then(|golden| golden.contract.instance_profile.as_ref()) else { return };
    let actual = context.instance.instance_profile.as_deref().map(profile_name);
    if actual == expected.as_deref() {
        return;
    }
    let shown = |name: Option<&str>| name.unwrap_or("none").to_owned();
    out.drifts.push(Drift {
        code: codes::CONFIG_INSTANCE_PROFILE,
        subject: "instance profile".to_owned(),
        severity: Severity::Critical,
        summary: format!("instance profile is {}, should be {}", shown(actual), shown(expected.as_deref())),
        expected: json!(expected),
        actual: json!(context.instance.instance_profile),
        source: Source::Ec2,
        aspect: Some(Aspect::InstanceProfile),
    });
}

/// `arn:aws:iam::111122223333:instance-profile/path/name` -> `name`.
pub(crate) fn profile_name(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}
