//! `config-source-dest-check`: off turns the server into a router.

use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(expected) = context.golden.and_then(|golden| golden.contract.source_dest_check) else { return };
    for interface in &context.instance.interfaces {
        let Some(actual) = interface.source_dest_check else { continue };
        if actual == expected {
            continue;
        }
        let word = |on: bool| if on { "on" } else { "off" };
        out.drifts.push(Drift {
            code: codes::CONFIG_SOURCE_DEST_CHECK,
            subject: format!("interface {}", interface.device_index),
            severity: Severity::High,
            summary: format!(
                "source/destination check of {} is {}, should be {}",
                interface.id,
                word(actual),
                word(expected)
            ),
            expected: json!(expected),
            actual: json!(actual),
            source: Source::Ec2,
            aspect: Some(Aspect::SourceDestCheck),
        });
    }
}
