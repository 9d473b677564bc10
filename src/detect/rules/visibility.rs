//! `blind-not-managed`, `blind-inventory-stale`: servers whose inside cannot be seen.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, InventoryType, Observed, Severity, Source};

/// A server's clock may differ from ours by this much.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(fleet) = context.fleet else { return };
    if !fleet.expect_inventory {
        return;
    }
    if context.instance.state != "running" {
        out.gaps.push((Source::Ssm, format!("is {}: its inside cannot be seen", context.instance.state)));
        return;
    }
    // The server itself says when it captured: a time to come would keep one report fresh for ever.
    let ahead = |at: Timestamp| at.duration_since(context.now) > CLOCKS_DIFFER;
    if context.instance.inventory.values().filter_map(|item| item.captured_at).any(ahead) {
        out.gaps.push((Source::Ssm, "inventory says that it was captured in the future".to_owned()));
        return;
    }
    let captured = captured(context);
    // Until the agent itself reports again, anything may stand there. Who forges a report also chooses its time.
    let since = |forged: &Timestamp| captured.is_none_or(|at| at.duration_since(*forged) <= CLOCKS_DIFFER);
    if let Some(forged) = context.forged_at.filter(since) {
        out.gaps.push((Source::Ssm, format!("its inventory was reported by somebody else at {forged}")));
        return;
    }
    let limit = i64::try_from(fleet.inventory_max_age.as_secs()).unwrap_or(i64::MAX);
    let hours = captured.map(|at| context.now.duration_since(at).as_secs()).filter(|age| *age > limit);
    match (captured, hours) {
        // It has just shown what it holds: whether its agent answers right now does not matter.
        (Some(_), None) => {}
        (_, Some(age)) => stale(context, age / 3600, limit / 3600, captured, out),
        (None, None) => never_heard(context, out),
    }
}

/// When the inside was seen. Every type that the golden is compared with must be fresh by itself: an agent that
/// stopped listing packages and goes on reporting the rest hides what is installed.
fn captured(context: &RuleContext<'_>) -> Option<Timestamp> {
    let inventory = &context.instance.inventory;
    let compared: Vec<_> = context
        .golden
        .iter()
        .flat_map(|golden| golden.baseline.inventory.keys())
        .filter_map(|kind| inventory.get(kind))
        .map(|item| item.captured_at)
        .collect();
    if compared.is_empty() {
        return inventory.values().filter_map(|item| item.captured_at).max();
    }
    // A time that cannot be read is `None`, the least.
    compared.into_iter().min().flatten()
}

fn stale(context: &RuleContext<'_>, hours: i64, limit: i64, captured: Option<Timestamp>, out: &mut RuleOutput) {
    let agent = match &context.instance.node {
        Observed::Unknown => "unknown".to_owned(),
        Observed::Seen(None) => "no longer managed".to_owned(),
        Observed::Seen(Some(node)) => node.ping_status.clone(),
    };
    out.gaps.push((Source::Ssm, format!("the newest inventory is {hours} h old")));
    out.drifts.push(blind(
        codes::BLIND_INVENTORY_STALE,
        format!("the newest inventory is {hours} h old (limit {limit} h); agent is {agent}"),
        json!({ "captured_at": captured, "agent": agent }),
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
