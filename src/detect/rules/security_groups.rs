//! `config-security-groups`: every interface carries exactly the groups of the launch contract.

use std::collections::BTreeSet;

use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(golden) = context.golden else { return };
    let contract = &golden.contract.security_groups;
    if contract.is_empty() {
        return;
    }
    let place = context.instance.place();
    let Some(expected) = contract.get(&place.to_string()) else {
        out.gaps.push((
            Source::Ec2,
            format!(
                "{} has no security groups recorded for {place}: record it with a reference instance there",
                golden.reference()
            ),
        ));
        return;
    };
    for interface in &context.instance.interfaces {
        let actual: BTreeSet<String> = interface.groups.iter().map(ToString::to_string).collect();
        if actual == *expected {
            continue;
        }
        let added: Vec<_> = actual.difference(expected).cloned().collect();
        let removed: Vec<_> = expected.difference(&actual).cloned().collect();
        out.drifts.push(Drift {
            code: codes::CONFIG_SECURITY_GROUPS,
            subject: format!("interface {}", interface.device_index),
            severity: Severity::High,
            summary: format!("security groups of {} differ: {}", interface.id, describe(&added, &removed)),
            expected: json!(expected),
            actual: json!(actual),
            source: Source::Ec2,
            aspect: Some(Aspect::SecurityGroups),
        });
    }
}

fn describe(added: &[String], removed: &[String]) -> String {
    let mut parts = Vec::new();
    if !added.is_empty() {
        parts.push(format!("{} added", added.join(", ")));
    }
    if !removed.is_empty() {
        parts.push(format!("{} removed", removed.join(", ")));
    }
    parts.join("; ")
}
