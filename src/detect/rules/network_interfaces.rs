//! `config-network-interfaces`: as many interfaces as the contract has.

use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(expected) = context.golden.and_then(|golden| golden.contract.interfaces) else { return };
    let seen: Vec<String> = context.instance.interfaces.iter().map(|interface| interface.id.to_string()).collect();
    if seen.len() == expected {
        return;
    }
    out.drifts.push(Drift {
        code: codes::CONFIG_NETWORK_INTERFACES,
        subject: "network interfaces".to_owned(),
        severity: Severity::High,
        summary: format!("has {} network interfaces, should have {expected}", seen.len()),
        expected: json!(expected),
        actual: json!(seen),
        source: Source::Ec2,
        aspect: Some(Aspect::NetworkInterfaces),
    });
}
