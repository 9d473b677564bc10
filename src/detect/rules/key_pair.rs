//! `config-key-pair`: the key pair named at launch. It cannot be changed on a running server, so a
//! difference means that the server was launched by other means than the contract's.

use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(expected) = context.golden.and_then(|golden| golden.contract.key_name.as_ref()) else { return };
    let actual = &context.instance.key_name;
    if actual == expected {
        return;
    }
    let shown = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
    out.drifts.push(Drift {
        code: codes::CONFIG_KEY_PAIR,
        subject: "key pair".to_owned(),
        severity: Severity::Medium,
        summary: format!("launched with key pair {}, should be {}", shown(actual), shown(expected)),
        expected: json!(expected),
        actual: json!(actual),
        source: Source::Ec2,
        aspect: None,
    });
}
