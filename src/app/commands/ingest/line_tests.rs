use std::collections::BTreeSet;

use super::*;
use crate::types::{Actor, ActorKind, CallOutcome, Category, Code, Directness, Severity};

/// The fields in their order, as they were written by hand here.
fn by_serde(event: &ChangeEvent) -> String {
    #[derive(Serialize)]
    struct Line<'e> {
        r#type: &'e str,
        schema: &'e str,
        event_id: &'e str,
        event_time: jiff::Timestamp,
        event_source: &'e str,
        event_name: &'e str,
        category: Category,
        code: &'e Code,
        severity: Severity,
        instances: &'e [crate::types::InstanceId],
        unresolved: &'e [String],
        principal: &'e str,
        display: &'e str,
        source_ip: Option<&'e str>,
        vpc_endpoint: Option<&'e str>,
        actor_kind: ActorKind,
        invoked_by: Option<&'e str>,
        mfa: Option<bool>,
        account: &'e str,
        region: &'e str,
        outcome: &'e CallOutcome,
        execution: Option<&'e str>,
        summary: &'e str,
    }
    serde_json::to_string(&Line {
        r#type: "change_event",
        schema: "cattleguard.dev/change-event/v1",
        event_id: event.id.as_str(),
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
        account: event.account.as_str(),
        region: event.region.as_str(),
        outcome: &event.outcome,
        execution: event.execution.as_deref(),
        summary: &event.summary,
    })
    .unwrap()
}

fn event(text: &str, full: bool) -> ChangeEvent {
    let maybe = full.then(|| text.to_owned());
    ChangeEvent {
        id: text.into(),
        time: "2026-11-24T02:40:00.5Z".parse().unwrap(),
        event_source: text.to_owned(),
        event_name: text.to_owned(),
        account: text.into(),
        region: text.into(),
        category: if full { Category::ImageRootVolume } else { Category::Other },
        code: Code::from_text("event-unmapped-mutation"),
        severity: if full { Severity::Critical } else { Severity::Info },
        instances: if full { vec![text.into(), "i-2".into()] } else { Vec::new() },
        unresolved: if full { vec![text.to_owned()] } else { Vec::new() },
        actor: Actor {
            principal: text.to_owned(),
            display: text.to_owned(),
            kind: if full { ActorKind::IdentityCenter } else { ActorKind::IamUser },
            issuer: None,
            session_name: None,
            source_identity: None,
            source_ip: maybe.clone(),
            vpc_endpoint: maybe.clone(),
            user_agent: None,
            mfa: full.then_some(true),
            invoked_by: maybe.clone(),
            calling_instance: None,
        },
        explains: BTreeSet::new(),
        directness: Directness::Direct,
        outcome: if full { CallOutcome::Failed(text.to_owned()) } else { CallOutcome::Succeeded },
        execution: maybe,
        reason: None,
        summary: text.to_owned(),
    }
}

#[test]
fn a_line_is_what_serde_would_make_of_it() {
    for text in ["", "plain", "a \"quote\" \\ and\nmore\u{1}", "\u{e9}\u{1f600}\u{7f}", "x\u{1f}y"] {
        for full in [true, false] {
            let event = event(text, full);
            let mut line = Vec::new();
            write(&event, &mut line);
            assert_eq!(String::from_utf8(line).unwrap(), by_serde(&event));
        }
    }
}

#[test]
fn names_of_categories_are_those_of_serde() {
    for severity in Severity::ALL {
        assert_eq!(serde_json::to_value(severity).unwrap(), severity.as_str());
    }
    for name in ["boot-configuration", "metadata-options", "interactive-session", "credential-access", "other"] {
        let category: Category = serde_json::from_value(name.into()).unwrap();
        assert_eq!(category.as_str(), name);
    }
}
