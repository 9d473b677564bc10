//! Everything around the instance: account, golden, fleet, observation, history, exceptions.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::members::{Members, age_s, list, ns, text};
use super::{InputFacts, MAX_LIST};
use crate::types::{Exception, Fleet, Golden, Instance, Verdict};

pub(super) fn account(instance: &Instance) -> Value {
    let arn = instance.arn();
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    json!({"id": instance.account.as_str(), "region": instance.region.as_str(), "partition": partition})
}

pub(super) fn golden(golden: &Golden, digest: &str, now: Timestamp) -> Value {
    Members::default()
        .set("ref", golden.reference().to_string())
        .set("line", golden.line.as_str())
        .set("version", golden.version.as_str())
        .set("status", golden.status.as_str())
        .set("digest", digest)
        .set("recorded_by", text(&golden.recorded_by))
        .set("recorded_at_ns", ns(golden.recorded_at))
        .set("age_s", age_s(golden.recorded_at, now))
        .maybe("promoted_at_ns", golden.promoted_at.map(ns))
        .value()
}

pub(super) fn fleet(fleet: &Fleet) -> Value {
    let mut principals = fleet.sanctioned_principals.clone();
    principals.sort();
    Members::default()
        .set("name", fleet.name.as_str())
        .set("line", fleet.golden.as_str())
        .set("enforcement", fleet.enforcement.as_str())
        .set("approval", fleet.approval)
        .set("expect_inventory", fleet.expect_inventory)
        .set("expect_agent", fleet.expect_agent)
        .set("inventory_max_age_s", fleet.inventory_max_age.as_secs())
        .set("sanctioned_principals", principals)
        .value()
}

pub(super) fn observation(facts: &InputFacts<'_>) -> Value {
    let mut sources: Vec<&str> = facts.sources.iter().map(|source| source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let (missing, truncated) = list(facts.missing, MAX_LIST, |reason| {
        Members::default()
            .maybe("source", reason.source.map(|source| source.as_str()))
            .set("reason", text(&reason.reason))
            .value()
    });
    let captured = facts.instance.inventory.values().filter_map(|item| item.captured_at).max();
    let node = facts.instance.node.seen().and_then(Option::as_ref);
    Members::default()
        .set("verdict", facts.verdict.as_str())
        .set("complete", facts.missing.is_empty() && facts.verdict != Verdict::Unjudged)
        .set("sources", sources)
        .set("missing", missing)
        .set("truncated", truncated)
        .maybe("inventory_time_ns", captured.map(ns))
        .maybe("inventory_age_s", captured.map(|time| age_s(time, facts.now)))
        .maybe("last_ping_ns", node.and_then(|node| node.last_ping).map(ns))
        .value()
}

pub(super) fn history(facts: &InputFacts<'_>) -> Value {
    let (operations, truncated) = list(&facts.history.recent_operations, MAX_LIST, |operation| {
        json!({
            "kind": operation.kind.as_str(),
            "state": operation.state,
            "started_at_ns": ns(operation.started_at),
        })
    });
    Members::default()
        .set("lineage_generation", facts.history.lineage_generation)
        .set("replacements_24h", facts.history.replacements_24h)
        .set("same_fingerprint_hosts", facts.history.same_fingerprint_hosts)
        .set("recent_operations", operations)
        .set("truncated", truncated)
        .value()
}

pub(super) fn exceptions(facts: &InputFacts<'_>) -> Value {
    let mut active: Vec<&Exception> =
        facts.exceptions.iter().copied().filter(|exception| exception.is_active(facts.now)).collect();
    active.sort_by(|a, b| a.id.cmp(&b.id));
    list(active, MAX_LIST, |exception| {
        Members::default()
            .set("id", exception.id.as_str())
            .maybe("fleet", exception.fleet.as_ref().map(|fleet| fleet.as_str()))
            .maybe("account", exception.account.as_ref().map(|id| id.as_str()))
            .maybe("instance", exception.instance.as_ref().map(|id| id.as_str()))
            .maybe("path", exception.path.as_deref().map(text))
            .maybe("code", exception.code.as_deref())
            .maybe("fingerprint", exception.fingerprint.as_deref())
            .maybe("subject", exception.subject.as_deref().map(text))
            .set("reason", text(&exception.reason))
            .set("ticket", text(&exception.ticket))
            .set("approver", text(&exception.approver))
            .set("expires_at_ns", ns(exception.expires_at))
            .value()
    })
    .0
}
