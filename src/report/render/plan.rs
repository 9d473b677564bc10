//! What enforcement would do now, and what it holds and why.

use serde::Serialize;

use super::instance::{Depth, gates};
use super::out::Out;
use super::parts::{count, operation_phrase, time};
use super::scan_doc::PlanDoc;
use super::scan_json::pretty;
use crate::report::look::{Look, Role};
use crate::report::text::clean;
use crate::types::{GateAnswer, Plan};

/// Schema of the JSON form.
pub const PLAN_SCHEMA: &str = "cattleguard.dev/plan/v1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    plan: PlanDoc<'a>,
}

/// As JSON, `cattleguard.dev/plan/v1`.
pub fn plan_json(plan: &Plan) -> String {
    pretty(&Document { schema: PLAN_SCHEMA, plan: PlanDoc::from(plan) })
}

/// As text. With `look.verbose` every gate's answer, else those that hold.
pub fn plan_text(plan: &Plan, look: &Look) -> String {
    let depth = if look.verbose { Depth::Full } else { Depth::Short };
    let Plan { hash, approval, created_at, operations, held, frozen } = plan;
    let mut out = Out::new(look);
    let title = look.paint(Role::Heading, &format!("Plan {}", clean(hash.as_str(), 80)));
    out.line(0, &format!("{title} · {}", time(*created_at)));
    if let Some(approval) = approval.as_ref().filter(|approval| *approval != hash) {
        out.labelled(2, "to approve: ", &clean(approval.as_str(), 80));
    }
    for (fleet, reason) in frozen {
        out.labelled(2, "frozen: ", &format!("{}: {}", clean(fleet.as_str(), 60), clean(reason, 300)));
    }
    if !operations.is_empty() {
        out.heading(&format!("Would do ({})", operations.len()));
    }
    for operation in operations {
        let id = clean(operation.instance.as_str(), 40);
        let place = format!("{}/{}", clean(operation.account.as_str(), 20), clean(operation.region.as_str(), 30));
        let fleet = clean(operation.fleet.as_str(), 60);
        out.line(2, &format!("{id} · {fleet} · {place} · {}", operation_phrase(operation)));
        for reason in &operation.reasons {
            out.labelled(12, "• ", &clean(reason, 300));
        }
        if depth == Depth::Full {
            gates(&mut out, &operation.gates, depth);
        }
    }
    if !held.is_empty() {
        out.heading(&format!("Holds ({})", held.len()));
    }
    for held in held {
        let id = clean(held.instance.as_str(), 40);
        let place = format!("{}/{}", clean(held.account.as_str(), 20), clean(held.region.as_str(), 30));
        let fleet = held.fleet.as_ref().map_or_else(|| "no fleet".to_owned(), |fleet| clean(fleet.as_str(), 60));
        let refused = held.gates.iter().any(|gate| gate.answer == GateAnswer::Refuse);
        let word = if refused { "refused" } else { "waits" };
        out.line(2, &format!("{id} · {fleet} · {place} · {} {word}", held.kind));
        gates(&mut out, &held.gates, depth);
    }
    out.gap();
    let planned = count(operations.len() as u64, "operation");
    out.line(0, &format!("{planned}, {} held", plan.held.len()));
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn says_what_it_would_do_and_what_lifts_each_hold() {
        let mut plan = fixtures::plan();
        plan.operations.push(fixtures::operation("i-0aaaaaaaaaaaaaaaa"));
        plan.held.push(fixtures::held("i-0bbbbbbbbbbbbbbbb"));
        plan.frozen.push(("api\u{1b}[1m".into(), "12 of 40 instances drifted".to_owned()));
        insta::assert_snapshot!(plan_text(&plan, &Look::default()), @r#"
        Plan blake3:00aa · 2026-11-23 10:00:00Z
          frozen: api: 12 of 40 instances drifted

        Would do (1)
          i-0aaaaaaaaaaaaaaaa · web · 111122223333/eu-west-1 · replace it from web@1 (hygiene track)
                    • modified in place

        Holds (1)
          i-0bbbbbbbbbbbbbbbb · web · 111122223333/eu-west-1 · replace refused
                    • opt-in: refuse: fleet web is observe-only: set enforcement = "replace"
                    • window: hold until 2026-11-24 02:00:00Z: outside every window

        1 operation, 1 held
        "#);
        let every = plan_text(&plan, &Look { verbose: true, ..Look::default() });
        assert_eq!(every.matches("kill-switch: allow: not pulled").count(), 2);
        let document: serde_json::Value = serde_json::from_str(&plan_json(&plan)).unwrap();
        assert_eq!(document["schema"], PLAN_SCHEMA);
        assert_eq!(document["operations"][0]["golden"], "web@1");
    }
}
