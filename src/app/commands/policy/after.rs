//! What becomes of what policies ask for: the caps of mode and fleet, and the gates of the last plan.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::terminal::clean_short;
use crate::types::{
    Action, Decision, Enforcement, GateAnswer, GateReport, InstanceId, PolicyOutcome, PolicyResult, Severity,
};

/// What the caps leave of what was asked for.
pub(super) struct After {
    /// Asked for by all policies together.
    pub(super) asked: Action,
    /// Left of it.
    pub(super) action: Action,
    /// Why it is less.
    pub(super) capped_by: Vec<String>,
    /// The last scan, for a stored input.
    pub(super) past: Option<Past>,
}

/// What the last scan made of the instance.
pub(super) struct Past {
    scanned_at: jiff::Timestamp,
    decision: Option<Decision>,
    /// Whether the plan would act now.
    planned: bool,
    gates: Vec<GateReport>,
}

impl After {
    /// Applies the ceilings that the document itself names.
    pub(super) fn of(results: &[PolicyResult], input: &Value, past: Option<Past>) -> Self {
        let asked = results.iter().flat_map(|result| &result.hits).map(|hit| hit.action).max().unwrap_or_default();
        if let Some(failed) = results.iter().find(|result| result.outcome == PolicyOutcome::Error) {
            let why = format!("{} could not be evaluated, so nothing is enforced", failed.policy);
            return Self { asked, action: Action::Alert, capped_by: vec![why], past };
        }
        let ceiling = |pointer: &str| {
            let name = input.pointer(pointer)?;
            serde_json::from_value::<Enforcement>(name.clone()).ok()
        };
        let mode = ceiling("/scan/mode").unwrap_or_default();
        let fleet = ceiling("/fleet/enforcement");
        let mut capped_by = Vec::new();
        if asked.capped(mode) < asked {
            capped_by.push(format!("mode = \"{mode}\""));
        }
        let own = fleet.unwrap_or_default();
        if asked.capped(own) < asked {
            capped_by.push(match input.pointer("/fleet/name").and_then(Value::as_str) {
                Some(name) => format!("fleet {}: enforcement = \"{own}\"", clean_short(name, 80)),
                None => "the instance belongs to no fleet".to_owned(),
            });
        }
        Self { asked, action: asked.capped(mode).capped(own), capped_by, past }
    }

    /// The last lines of the text: what was asked for, what is left, and what the gates answered.
    pub(super) fn write(&self, severity: Severity, why: bool, text: &mut String) {
        let _ = writeln!(text, "asks for {}, severity {severity}", self.asked);
        let by = if self.capped_by.is_empty() { String::new() } else { format!(": {}", self.capped_by.join("; ")) };
        let _ = writeln!(text, "the caps leave {}{by}", self.action);
        if let Some(past) = self.past.as_ref().filter(|_| why) {
            past.write(text);
        }
    }
}

impl Past {
    fn write(&self, text: &mut String) {
        let decided = self.decision.as_ref().map_or("nothing", |decision| decision.action.as_str());
        let plan = match (self.planned, self.gates.is_empty()) {
            (true, _) => "every gate allowed it",
            (false, true) => "there was nothing for the gates to answer",
            (false, false) => "the gates held it",
        };
        let _ = writeln!(text, "the scan of {} decided {decided}; {plan}", self.scanned_at);
        for gate in &self.gates {
            let until = gate.until.map_or_else(String::new, |until| format!(" until {until}"));
            let (answer, reason) = (gate.answer, clean_short(&gate.reason, 300));
            let mark = if answer == GateAnswer::Allow { ' ' } else { '!' };
            let _ = writeln!(text, "  {mark} {}: {answer}{until}: {reason}", gate.gate);
        }
    }

    pub(super) fn as_json(&self) -> Value {
        json!({
            "scanned_at": self.scanned_at, "decision": self.decision, "planned": self.planned, "gates": self.gates,
        })
    }
}

/// The newest stored input of an instance, and what that scan made of it.
pub(super) fn stored(context: &Context<'_>, id: &InstanceId) -> Result<(Value, Past), AppError> {
    let store = context.read_store(&context.load(Vec::new())?.config)?;
    let Some(found) = store.last_input(id)? else {
        let hint = "scans keep what policies saw of instances with findings; `cattleguard findings list` names them";
        return Err(AppError::failed(format!("no input of {id} is stored")).with_hint(hint));
    };
    let decision = store.instance_result(id)?.and_then(|result| result.decision);
    let plan = store.last_plan()?;
    let operation = plan.iter().flat_map(|plan| &plan.operations).find(|operation| operation.instance == *id);
    let held = plan.iter().flat_map(|plan| &plan.held).find(|held| held.instance == *id);
    let gates = operation.map(|one| one.gates.clone()).or_else(|| held.map(|held| held.gates.clone()));
    let past =
        Past { scanned_at: found.scanned_at, decision, planned: operation.is_some(), gates: gates.unwrap_or_default() };
    Ok((found.input, past))
}
