//! `policy replay`: what other policies would have asked for on what past scans saw.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Sources, Trust};
use crate::app::cli::policy::ReplayArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::policies::Policies;
use crate::app::terminal::{clean, clean_short};
use crate::evaluate::{Answered, Asked, Waived, canonical_json, shipped};
use crate::store::Store;
use crate::types::InstanceId;

/// One input on which the bundles differ.
struct Change {
    scanned_at: Timestamp,
    instance: InstanceId,
    before: Asked,
    after: Asked,
}

impl Change {
    fn is_stronger(&self) -> bool {
        self.after.action > self.before.action
    }
}

/// What a replay came to.
struct Outcome {
    since: Timestamp,
    before: String,
    after: String,
    inputs: u64,
    /// Inputs on which a policy of the new bundle could not be evaluated.
    failed: u64,
    changes: Vec<Change>,
}

impl Outcome {
    fn stronger(&self) -> usize {
        self.changes.iter().filter(|change| change.is_stronger()).count()
    }

    /// What cannot be judged wins, as in a scan.
    fn exit(&self) -> Exit {
        match () {
            () if self.failed > 0 => Exit::Partial,
            () if self.stronger() > 0 => Exit::Findings,
            () => Exit::Ok,
        }
    }
}

/// Exit 1 when any action would be stronger, 3 when a policy cannot be evaluated on an input.
pub(super) fn run(context: &Context<'_>, args: &ReplayArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let before = Sources::read(context, &[], &[], Trust::of(args.unverified))?;
    let mut after = Sources::read(context, &args.bundle, &args.data, Trust::Verified)?;
    if args.with_shipped {
        after.library.clear();
        after.policies.extend(shipped());
    }
    let config = context.load(Vec::new())?.config;
    let launch = context.backend.policy_worker().filter(|_| config.policy.sandbox);
    let store = context.read_store(&config)?;
    let span = SignedDuration::try_from(args.since).unwrap_or(SignedDuration::MAX);
    let since = context.now().checked_sub(span).unwrap_or(Timestamp::MIN);
    let before = Policies::load(launch.clone(), before.to_evaluate(), before.data.clone())?;
    let after = Policies::load(launch, after.to_evaluate(), after.data.clone())?;
    let was = evaluate(&before, store.as_ref(), since)?;
    let would = evaluate(&after, store.as_ref(), since)?;
    let mut outcome =
        Outcome { since, before: before.digest(), after: after.digest(), inputs: 0, failed: 0, changes: Vec::new() };
    // A scan may have committed between the two passes: what only one of them saw is left out.
    let mut would: BTreeMap<String, Judged> = would.into_iter().map(|judged| (judged.digest.clone(), judged)).collect();
    for Judged { digest, scanned_at, instance, asked: before } in was {
        let Some(Judged { asked: after, .. }) = would.remove(&digest) else { continue };
        outcome.inputs += 1;
        outcome.failed += u64::from(!after.failed.is_empty());
        if before != after {
            outcome.changes.push(Change { scanned_at, instance, before, after });
        }
    }
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => crate::app::commands::json_text(&as_json(&outcome)),
            Format::Table => as_text(&outcome),
        })
    })?;
    Ok(outcome.exit())
}

/// One stored input with what a bundle asks for on it.
struct Judged {
    digest: String,
    scanned_at: Timestamp,
    instance: InstanceId,
    asked: Asked,
}

/// What a bundle asks for on every stored input, the oldest first.
fn evaluate(policies: &Policies, store: &dyn Store, since: Timestamp) -> Result<Vec<Judged>, AppError> {
    let mut read = Ok(());
    let mut judged = Vec::new();
    let feed = |ask: &mut dyn FnMut((String, Timestamp, InstanceId, Waived), String)| {
        read = store.each_input_since(since, &mut |stored| {
            let text = canonical_json(&stored.input);
            ask((stored.digest, stored.scanned_at, stored.instance, Waived::of_input(&stored.input)), text);
        });
    };
    let answered = policies.evaluate(feed, |(digest, scanned_at, instance, waived), answered: Answered| {
        let asked = Asked::of(&waived.apply(answered.policies));
        judged.push(Judged { digest, scanned_at, instance, asked });
    });
    read?;
    answered.ok_or_else(|| AppError::failed("policies could not be evaluated"))?;
    judged.sort_by_key(|judged| judged.scanned_at);
    Ok(judged)
}

fn as_text(outcome: &Outcome) -> String {
    let mut text = String::new();
    for change in &outcome.changes {
        let mark = if change.is_stronger() { "stronger" } else { "differs " };
        let (instance, time) = (clean(change.instance.as_str()), change.scanned_at);
        let _ = writeln!(text, "{mark} {instance}, last seen so at {time}: {}", moved(change));
        let (before, after) = (&change.before, &change.after);
        for (sign, rules) in
            [("-", before.rules.difference(&after.rules)), ("+", after.rules.difference(&before.rules))]
        {
            for rule in rules {
                let _ = writeln!(text, "    {sign} {}", clean_short(rule, 200));
            }
        }
        for (policy, why) in &after.failed {
            let _ = writeln!(text, "    ! {} cannot be evaluated: {}", clean_short(policy, 200), clean_short(why, 300));
        }
    }
    let (inputs, changed, stronger) = (outcome.inputs, outcome.changes.len(), outcome.stronger());
    let _ = writeln!(
        text,
        "{inputs} stored inputs of servers with findings since {}: {changed} would differ, {stronger} of them stronger, {} could not be evaluated \
         (before the caps of mode and fleet)",
        outcome.since, outcome.failed
    );
    if inputs == 0 {
        let _ = writeln!(text, "nothing is stored for that time: scans keep what policies saw, see `state.retention`");
    }
    text
}

fn moved(Change { before, after, .. }: &Change) -> String {
    let mut parts = Vec::new();
    let mut part = |what: &str, from: &str, to: &str| {
        if from != to {
            parts.push(format!("{what} {from} -> {to}"));
        }
    };
    part("action", before.action.as_str(), after.action.as_str());
    part("severity", before.severity.as_str(), after.severity.as_str());
    part("track", before.track.as_str(), after.track.as_str());
    if parts.is_empty() { format!("action {} for other reasons", after.action) } else { parts.join(", ") }
}

fn as_json(outcome: &Outcome) -> Value {
    let asked = |asked: &Asked| {
        json!({
            "action": asked.action, "severity": asked.severity, "track": asked.track,
            "failed": asked.failed.keys().collect::<Vec<_>>(), "errors": asked.failed, "rules": asked.rules,
        })
    };
    let changes = outcome.changes.iter().map(|change| {
        json!({
            "instance": change.instance, "scanned_at": change.scanned_at, "stronger": change.is_stronger(),
            "before": asked(&change.before), "after": asked(&change.after),
        })
    });
    json!({
        "schema": "cattleguard.dev/policy-replay/v1",
        "since": outcome.since,
        "before_digest": outcome.before,
        "after_digest": outcome.after,
        "inputs": outcome.inputs,
        "failed": outcome.failed,
        "stronger": outcome.stronger(),
        "changes": changes.collect::<Value>(),
        "exit_code": outcome.exit().code(),
    })
}
