//! One change event as a line of NDJSON.

use serde::Serialize;

use crate::types::ChangeEvent;

/// Begins each line; with the version of its form.
const START: &str = r#"{"type":"change_event","schema":"cattleguard.dev/change-event/v1","event_id":"#;

/// Writes the event, without the end of the line.
pub(super) fn encode(event: &ChangeEvent, out: &mut Vec<u8>) {
    let actor = &event.actor;
    put(out, START, event.id.as_str());
    json(out, r#","event_time":"#, &event.time);
    put(out, r#","event_source":"#, &event.event_source);
    put(out, r#","event_name":"#, &event.event_name);
    put(out, r#","category":"#, event.category.as_str());
    put(out, r#","code":"#, event.code.as_str());
    put(out, r#","severity":"#, event.severity.as_str());
    // Side by side and without blanks, as `Encode` wants them.
    list(out, r#","instances":["#, event.instances.iter().map(|id| id.as_str()));
    list(out, r#","unresolved":["#, event.unresolved.iter().map(String::as_str));
    put(out, r#","principal":"#, &actor.principal);
    put(out, r#","display":"#, &actor.display);
    maybe(out, r#","source_ip":"#, actor.source_ip.as_deref());
    maybe(out, r#","vpc_endpoint":"#, actor.vpc_endpoint.as_deref());
    json(out, r#","actor_kind":"#, &actor.kind);
    maybe(out, r#","invoked_by":"#, actor.invoked_by.as_deref());
    json(out, r#","mfa":"#, &actor.mfa);
    put(out, r#","account":"#, event.account.as_str());
    put(out, r#","region":"#, event.region.as_str());
    json(out, r#","outcome":"#, &event.outcome);
    maybe(out, r#","execution":"#, event.execution.as_deref());
    put(out, r#","summary":"#, &event.summary);
    out.push(b'}');
}

fn put(out: &mut Vec<u8>, name: &str, text: &str) {
    out.extend_from_slice(name.as_bytes());
    quoted(out, text);
}

fn maybe(out: &mut Vec<u8>, name: &str, text: Option<&str>) {
    match text {
        Some(text) => put(out, name, text),
        None => {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"null");
        }
    }
}

fn list<'t>(out: &mut Vec<u8>, name: &str, texts: impl Iterator<Item = &'t str>) {
    out.extend_from_slice(name.as_bytes());
    for (place, text) in texts.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        quoted(out, text);
    }
    out.push(b']');
}

fn json(out: &mut Vec<u8>, name: &str, value: &impl Serialize) {
    out.extend_from_slice(name.as_bytes());
    // Writing into memory does not fail: no part of a line is a map.
    let _ = serde_json::to_writer(out, value);
}

/// Most texts have nothing to escape; those that have are left to `serde_json`.
fn quoted(out: &mut Vec<u8>, text: &str) {
    // To the end in any case: without a way out of the middle, many bytes are looked at together.
    let plain = text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'));
    if plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        let _ = serde_json::to_writer(out, text);
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
