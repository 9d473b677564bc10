//! One change event as a line of NDJSON.

use serde::Serialize;

use crate::collect::trail::Form;
use crate::types::ChangeEvent;

/// What stands before each value, in their order, which is that of [`encode`]; the version of the form among them.
const NAMES: [&str; 21] = [
    r#"{"type":"change_event","schema":"cattleguard.dev/change-event/v1","event_id":"#,
    r#","event_time":"#,
    r#","event_source":"#,
    r#","event_name":"#,
    r#","category":"#,
    r#","code":"#,
    r#","severity":"#,
    r#","instances":"#,
    r#","unresolved":"#,
    r#","principal":"#,
    r#","display":"#,
    r#","source_ip":"#,
    r#","vpc_endpoint":"#,
    r#","actor_kind":"#,
    r#","invoked_by":"#,
    r#","mfa":"#,
    r#","account":"#,
    r#","region":"#,
    r#","outcome":"#,
    r#","execution":"#,
    r#","summary":"#,
];

/// Between two values. None holds one: JSON escapes it.
const BETWEEN: u8 = b'\n';

/// Events wait as their values only: that is half of the line.
pub(super) const FORM: Form = Form { encode, between: "\n", finish };

/// Writes the line of an event, without its end.
pub(super) fn write(event: &ChangeEvent, out: &mut Vec<u8>) {
    let mut values = Vec::new();
    encode(event, &mut values);
    finish(&values, out);
}

fn encode(event: &ChangeEvent, out: &mut Vec<u8>) {
    let actor = &event.actor;
    text(out, event.id.as_str());
    json(out, &event.time);
    text(out, &event.event_source);
    text(out, &event.event_name);
    text(out, event.category.as_str());
    text(out, event.code.as_str());
    text(out, event.severity.as_str());
    json(out, &event.instances);
    json(out, &event.unresolved);
    text(out, &actor.principal);
    text(out, &actor.display);
    maybe(out, actor.source_ip.as_deref());
    maybe(out, actor.vpc_endpoint.as_deref());
    json(out, &actor.kind);
    maybe(out, actor.invoked_by.as_deref());
    json(out, &actor.mfa);
    text(out, event.account.as_str());
    text(out, event.region.as_str());
    json(out, &event.outcome);
    maybe(out, event.execution.as_deref());
    text(out, &event.summary);
}

/// Puts the names before the values.
fn finish(values: &[u8], out: &mut Vec<u8>) {
    let mut from = 0;
    for (name, to) in NAMES.iter().zip(memchr::memchr_iter(BETWEEN, values)) {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(values.get(from..to).unwrap_or_default());
        from = to + 1;
    }
    out.push(b'}');
}

fn maybe(out: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => text(out, value),
        None => out.extend_from_slice(b"null\n"),
    }
}

fn json(out: &mut Vec<u8>, value: &impl Serialize) {
    // Writing into memory does not fail: no part of a line is a map.
    let _ = serde_json::to_writer(&mut *out, value);
    out.push(BETWEEN);
}

/// Most texts have nothing to escape; those that have are left to `serde_json`.
fn text(out: &mut Vec<u8>, value: &str) {
    // To the end in any case: without a way out of the middle, many bytes are looked at together.
    let plain = value.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'));
    if !plain {
        return json(out, &value);
    }
    out.push(b'"');
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\"\n");
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
