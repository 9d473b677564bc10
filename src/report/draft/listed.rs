//! A finding as a notice lists it: bounded, cleaned, with policy, next action and what is held.

use crate::report::notice::{NoticeActor, NoticeFinding};
use crate::report::render::parts;
use crate::report::text::clean;
use crate::report::view::View;
use crate::types::{Attribution, Finding, GoldenRef};

/// Policy messages listed with one finding.
const POLICY_LINES: usize = 3;
/// Gates listed with one finding. There are fifteen; `explain` prints them all.
const HELD_LINES: usize = 5;
/// Most that a notice says of one gate; `plan` and `explain` say all.
const HELD_CHARS: usize = 330;

pub(super) fn listed(finding: &Finding, view: &View<'_>) -> NoticeFinding {
    let id = &finding.instance;
    let arn = view.result(id).map_or_else(String::new, |result| result.instance.arn());
    let decision = view.decision(id);
    let mut policy: Vec<String> = decision.into_iter().map(parts::decision_line).collect();
    policy.extend(decision.into_iter().flat_map(|d| &d.reasons).take(POLICY_LINES).map(|reason| clean(reason, 200)));
    let held = view.held(id).map_or(&[][..], |held| &held.gates);
    let (expected, actual) = parts::sides(finding, 160);
    NoticeFinding {
        id: finding.id.clone(),
        code: finding.code.clone(),
        instance: id.clone(),
        arn,
        account: finding.account.clone(),
        region: finding.region.clone(),
        golden: finding.golden.as_ref().map(GoldenRef::to_string).map(|golden| clean(&golden, 120)),
        severity: view.severity(finding),
        summary: clean(&finding.summary, 240),
        expected,
        actual,
        who: finding.attribution.first().map(actor),
        policy,
        next: parts::next_step(view, id),
        held: parts::blocking(held)
            .into_iter()
            .take(HELD_LINES)
            .map(|gate| clean(&parts::gate_line(gate), HELD_CHARS))
            .collect(),
        first_seen: finding.first_seen,
        status: finding.status.as_str().to_owned(),
    }
}

pub(super) fn actor(attribution: &Attribution) -> NoticeActor {
    NoticeActor {
        display: clean(&attribution.display, 120),
        principal: clean(&attribution.principal, 200),
        source_ip: attribution.source_ip.as_deref().map(|ip| clean(ip, 80)),
        mfa: attribution.mfa,
        event_name: clean(&attribution.event_name, 80),
        event_id: attribution.event_id.clone(),
        event_time: attribution.event_time,
        execution: attribution.execution.as_deref().map(|id| clean(id, 120)),
        because: clean(&attribution.because, 160),
    }
}
