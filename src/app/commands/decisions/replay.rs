//! `decisions replay`: the present policies on the input that a decision was made from.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Kept;
use crate::app::cli::decisions::DecisionArgs;
use crate::app::commands::json_text;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::pipeline::configured_policies;
use crate::app::terminal::clean_short;
use crate::evaluate::{Answered, Asked, Waived, canonical_json};
use crate::types::DecisionRecord;

/// What a replay came to.
struct Outcome {
    record: DecisionRecord,
    bundle: String,
    before: Asked,
    after: Asked,
}

impl Outcome {
    fn same_bundle(&self) -> bool {
        self.record.decision.bundle_digest == self.bundle
    }

    /// What cannot be judged wins.
    fn exit(&self) -> Exit {
        match () {
            () if !self.after.failed.is_empty() => Exit::Partial,
            () if self.before != self.after => Exit::Findings,
            () => Exit::Ok,
        }
    }
}

/// Exit 1 when the policies ask for something else now, 3 when one cannot be evaluated.
pub(super) fn run(context: &Context<'_>, args: &DecisionArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let kept = Kept::open(context)?;
    let record = kept.one(&args.id)?;
    let Some(input) = kept.input(&record)? else {
        return Err(AppError::failed(
            "the input of this decision is not kept: only those of servers with findings are",
        ));
    };
    let launch = context.backend.policy_worker().filter(|_| kept.config.policy.sandbox);
    let (policies, _) = configured_policies(launch, &kept.config.policy)?;
    let mut after = None;
    let answered = policies.evaluate(
        |ask| ask((), canonical_json(&input)),
        |(), answered: Answered| after = Some(Asked::of(&Waived::of_input(&input).apply(answered.policies))),
    );
    let after = answered.and(after).ok_or_else(|| AppError::failed("the policies could not be evaluated"))?;
    let before = Asked::of(&record.decision.policies);
    let outcome = Outcome { record, bundle: policies.digest(), before, after };
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => json_text(&as_json(&outcome)),
            Format::Table => as_text(&outcome),
        })
    })?;
    Ok(outcome.exit())
}

fn as_text(outcome: &Outcome) -> String {
    let Outcome { record, before, after, .. } = outcome;
    let policies = if outcome.same_bundle() { "the same policies" } else { "other policies than then" };
    if before == after {
        return format!("{}: the same, {} asked for, by {policies}\n", record.id, after.action);
    }
    let mut text = format!("{}: action {} -> {}, by {policies}\n", record.id, before.action, after.action);
    for (sign, rules) in [("-", before.rules.difference(&after.rules)), ("+", after.rules.difference(&before.rules))] {
        for rule in rules {
            let _ = writeln!(text, "    {sign} {}", clean_short(rule, 200));
        }
    }
    for (policy, why) in &after.failed {
        let _ = writeln!(text, "    ! {} cannot be evaluated: {}", clean_short(policy, 200), clean_short(why, 300));
    }
    text
}

fn as_json(outcome: &Outcome) -> Value {
    let asked = |asked: &Asked| {
        json!({
            "action": asked.action, "severity": asked.severity, "track": asked.track,
            "failed": asked.failed.keys().collect::<Vec<_>>(), "errors": asked.failed, "rules": asked.rules,
        })
    };
    json!({
        "schema": "cattleguard.dev/decision-replay/v1",
        "decision_id": outcome.record.id,
        "before_digest": outcome.record.decision.bundle_digest,
        "after_digest": outcome.bundle,
        "same": outcome.before == outcome.after,
        "before": asked(&outcome.before),
        "after": asked(&outcome.after),
        "exit_code": outcome.exit().code(),
    })
}
