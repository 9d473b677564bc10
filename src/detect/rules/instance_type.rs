//! `config-instance-type`: the type is one the contract allows.

use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(allowed) = context.golden.and_then(|golden| golden.contract.instance_types.as_ref()) else { return };
    let actual = &context.instance.instance_type;
    if allowed.contains(actual) {
        return;
    }
    let list = allowed.iter().cloned().collect::<Vec<_>>().join(", ");
    out.drifts.push(Drift {
        code: codes::CONFIG_INSTANCE_TYPE,
        subject: "instance type".to_owned(),
        severity: Severity::Medium,
        summary: format!("instance type is {actual}, should be {list}"),
        expected: json!(allowed),
        actual: json!(actual),
        source: Source::Ec2,
        aspect: Some(Aspect::InstanceType),
    });
}
