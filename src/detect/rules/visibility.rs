//! `blind-not-managed`, `blind-inventory-stale`: servers whose inside cannot be seen.

use jiff::Timestamp;
use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, InventoryType, Observed, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(fleet) = context.fleet else { return };
    if !fleet.expect_inventory {
        return;
    }
    if context.instance.state != "running" {
        out.gaps.push((Source::Ssm, format!("is {}: its inside cannot be seen", context.instance.state)));
        return;
    }
    let newest = context.instance.inventory.values().filter_map(|item| item.captured_at).max();
    let limit = i64::try_from(fleet.inventory_max_age.as_secs()).unwrap_or(i64::MAX);
    let hours = newest.map(|newest| context.now.duration_since(newest).as_secs()).filter(|age| *age > limit);
    match (newest, hours) {
        // It has just shown what it holds: whether its agent answers right now does not matter.
        (Some(_), None) => {}
        (_, Some(age)) => stale(context, age / 3600, limit / 3600, newest, out),
        (None, None) => never_heard(context, out),
    }
}

fn stale(context: &RuleContext<'_>, hours: i64, limit: i64, newest: Option<Timestamp>, out: &mut RuleOutput) {
    let agent = match &context.instance.node {
        Observed::Unknown => "unknown: SSM could not be asked".to_owned(),
        Observed::Seen(None) => "no longer managed".to_owned(),
        Observed::Seen(Some(node)) => node.ping_status.clone(),
    };
    out.gaps.push((Source::Ssm, format!("the newest inventory is {hours} h old")));
    out.drifts.push(blind(
        codes::BLIND_INVENTORY_STALE,
        format!("the newest inventory is {hours} h old (limit {limit} h); agent is {agent}"),
        json!({ "captured_at": newest, "agent": agent }),
    ));
}

fn never_heard(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let node = match &context.instance.node {
        Observed::Unknown => {
            out.gaps.push((Source::Ssm, "SSM could not be asked about this server".to_owned()));
            return;
        }
        Observed::Seen(None) => {
            not_managed(context, out);
            return;
        }
        Observed::Seen(Some(node)) => node,
    };
    if !context.instance.inventory.is_empty() {
        out.gaps.push((Source::Ssm, "inventory carries no readable capture time".to_owned()));
    } else if context.snapshot.is_complete(&context.instance.place(), Source::Ssm) {
        no_inventory(context, &node.ping_status, out);
    } else {
        out.gaps.push((Source::Ssm, "inventory was not read completely".to_owned()));
    }
}

fn not_managed(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let minutes = context.age_minutes();
    if minutes < RuleContext::BOOT_GRACE_MINUTES {
        out.gaps.push((Source::Ssm, format!("launched {minutes} min ago and not yet registered with SSM")));
        return;
    }
    out.gaps.push((Source::Ssm, "not managed by SSM: its software cannot be seen".to_owned()));
    out.drifts.push(blind(
        codes::BLIND_NOT_MANAGED,
        "not managed by SSM: its software cannot be seen".to_owned(),
        json!({ "managed": false }),
    ));
}

fn no_inventory(context: &RuleContext<'_>, ping_status: &str, out: &mut RuleOutput) {
    let minutes = context.age_minutes();
    if minutes < RuleContext::BOOT_GRACE_MINUTES {
        out.gaps.push((Source::Ssm, format!("launched {minutes} min ago and has reported no inventory yet")));
        return;
    }
    let types: Vec<&InventoryType> =
        context.golden.iter().flat_map(|golden| golden.baseline.inventory.keys()).collect();
    out.gaps.push((Source::Ssm, "reports no inventory".to_owned()));
    out.drifts.push(blind(
        codes::BLIND_INVENTORY_STALE,
        format!("is managed by SSM ({ping_status}) but reports no inventory"),
        json!({ "captured_at": null, "ping_status": ping_status, "expected_types": types }),
    ));
}

fn blind(code: crate::types::Code, summary: String, actual: serde_json::Value) -> Drift {
    Drift {
        code,
        subject: "visibility".to_owned(),
        severity: Severity::Medium,
        summary,
        expected: json!(null),
        actual,
        source: Source::Ssm,
        aspect: Some(Aspect::Visibility),
    }
}
