//! One change event as a line of NDJSON.

use serde::Serialize;

use crate::types::{
    AccountId, ActorKind, CallOutcome, Category, ChangeEvent, Code, EventId, InstanceId, Region, Severity,
};

/// Version of a change event line.
const SCHEMA: &str = "cattleguard.dev/change-event/v1";

/// The fields in their order.
#[derive(Serialize)]
struct Line<'e> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'static str,
    event_id: &'e EventId,
    event_time: jiff::Timestamp,
    event_source: &'e str,
    event_name: &'e str,
    category: Category,
    code: &'e Code,
    severity: Severity,
    instances: &'e [InstanceId],
    unresolved: &'e [String],
    principal: &'e str,
    display: &'e str,
    source_ip: Option<&'e str>,
    vpc_endpoint: Option<&'e str>,
    actor_kind: ActorKind,
    invoked_by: Option<&'e str>,
    mfa: Option<bool>,
    account: &'e AccountId,
    region: &'e Region,
    outcome: &'e CallOutcome,
    execution: Option<&'e str>,
    summary: &'e str,
}

/// Writes the event, without the end of the line.
pub(super) fn encode(event: &ChangeEvent, out: &mut Vec<u8>) {
    let line = Line {
        kind: "change_event",
        schema: SCHEMA,
        event_id: &event.id,
        event_time: event.time,
        event_source: &event.event_source,
        event_name: &event.event_name,
        category: event.category,
        code: &event.code,
        severity: event.severity,
        instances: &event.instances,
        unresolved: &event.unresolved,
        principal: &event.actor.principal,
        display: &event.actor.display,
        source_ip: event.actor.source_ip.as_deref(),
        vpc_endpoint: event.actor.vpc_endpoint.as_deref(),
        actor_kind: event.actor.kind,
        invoked_by: event.actor.invoked_by.as_deref(),
        mfa: event.actor.mfa,
        account: &event.account,
        region: &event.region,
        outcome: &event.outcome,
        execution: event.execution.as_deref(),
        summary: &event.summary,
    };
    // Writing into memory does not fail: no part of a line is a map.
    let _ = serde_json::to_writer(out, &line);
}
