//! `config-tags`: the tags that the contract names have its values. Other tags are nobody's business.

use serde_json::{Map, Value, json};

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(golden) = context.golden else { return };
    let (mut expected, mut actual) = (Map::new(), Map::new());
    for (key, value) in &golden.contract.tags {
        let seen = context.instance.tags.get(key);
        if seen != Some(value) {
            expected.insert(key.clone(), json!(value));
            actual.insert(key.clone(), json!(seen));
        }
    }
    if expected.is_empty() {
        return;
    }
    let keys = expected.keys().cloned().collect::<Vec<_>>().join(", ");
    out.drifts.push(Drift {
        code: codes::CONFIG_TAGS,
        subject: "tags".to_owned(),
        severity: Severity::Low,
        summary: format!("tags differ from the contract: {keys}"),
        expected: Value::Object(expected),
        actual: Value::Object(actual),
        source: Source::Ec2,
        aspect: Some(Aspect::Tags),
    });
}
