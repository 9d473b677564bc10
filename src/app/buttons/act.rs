//! What a press does: what the commands do, by the same functions, and once.

use std::sync::PoisonError;

use serde_json::json;

use super::Buttons;
use crate::app::commands::{approve_plan, pause_fleet, tell};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::operator;
use crate::report::deliver::slack_desk::Desk;
use crate::report::press::{Act, Button, Press, Request};
use crate::report::render::parts::count;
use crate::report::text::clean;
use crate::store::{Pressed, StoreError};
use crate::types::{Finding, FindingId, FindingStatus, FleetName};

/// What came of a press.
pub(super) struct Outcome {
    pub(super) text: String,
    pub(super) did: Option<Act>,
    pub(super) state: Option<String>,
}

impl Buttons {
    /// Does what was asked for, and keeps that it was. The same press again does nothing more.
    pub(super) fn act(&self, desk: &Desk<'_>, press: &Press, request: &Request) -> Outcome {
        let nothing = |text: String| Outcome { text, did: None, state: None };
        if self.read_only {
            return nothing("The state is open for reading only where this was pressed; nothing was done.".to_owned());
        }
        let _one = self.acting.lock().unwrap_or_else(PoisonError::into_inner);
        match self.store.press(&press.key) {
            Ok(Some(outcome)) => return nothing(outcome),
            Ok(None) => {}
            Err(error) => return nothing(format!("Nothing was done: {error}")),
        }
        let name = author(&request.author);
        let by = format!("{name} by Slack {}", request.user);
        let done = self.perform(&request.button, &name, &by);
        let (text, did) = match &done {
            Ok((text, _)) => (text.clone(), Some(request.button.act())),
            Err(error) => {
                let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
                (format!("Nothing was done: {}{hint}", error.message()), None)
            }
        };
        tracing::info!(
            destination = desk.destination.name,
            slack.user = request.user,
            act = request.button.act().as_str(),
            outcome = text,
            "a button was pressed"
        );
        let pressed = Pressed {
            key: press.key.clone(),
            at: self.now(),
            by,
            object: object(&request.button),
            details: json!({
                "act": request.button.act().as_str(), "author": name, "slack_user": request.user,
                "workspace": press.team, "channel": press.channel, "message": press.message,
                "destination": desk.destination.name, "done": did.is_some(), "outcome": clean(&text, 500),
            }),
            outcome: text.clone(),
        };
        if let Err(error) = self.store.save_press(&pressed) {
            tracing::error!(error = %error, "a press was worked off and could not be kept");
        }
        Outcome { text, did, state: done.ok().and_then(|(_, state)| state) }
    }

    /// The text for whoever pressed, and what the message shows at once.
    fn perform(&self, button: &Button, name: &str, by: &str) -> Result<(String, Option<String>), AppError> {
        let now = self.now();
        match button {
            Button::Acknowledge(ids) => self.acknowledge(ids, name, by),
            Button::Approve(plan) => {
                // The name that the command would give: who approves here and there is one person, not two.
                let approved =
                    approve_plan(self.store.as_ref(), &self.config, &self.destinations, name, now, plan.as_str())?;
                Ok((approved.to_string(), None))
            }
            Button::Pause(fleet) => {
                self.refuse_paused(fleet)?;
                let reason = format!("paused in Slack by {name}");
                pause_fleet(self.store.as_ref(), &self.config, Some(fleet.as_str()), &reason, by, now)?;
                let until = "nothing is enforced in it until somebody runs `cattleguard resume`";
                Ok((format!("{name} paused fleet {fleet}: {until}."), None))
            }
        }
    }

    fn acknowledge(&self, ids: &[FindingId], name: &str, by: &str) -> Result<(String, Option<String>), AppError> {
        let (mut changed, mut rest): (Vec<Finding>, Option<String>) = (Vec::new(), None);
        for id in ids {
            let found = self.store.finding(id)?;
            let refusal = match found.map(|finding| finding.status) {
                Some(FindingStatus::Open) => {
                    match self.store.set_finding_status(id, FindingStatus::Acknowledged, by, self.now()) {
                        Ok(finding) => {
                            changed.push(finding);
                            continue;
                        }
                        // A scan came between.
                        Err(error @ (StoreError::Conflict(_) | StoreError::NotFound(_))) => error.to_string(),
                        Err(error) => return Err(error.into()),
                    }
                }
                Some(FindingStatus::Acknowledged) => format!("{id} is acknowledged already"),
                Some(status) => format!("{id} is {status}"),
                None => format!("{id} is not known (any more)"),
            };
            rest = rest.or(Some(refusal));
        }
        let what = match (changed.as_slice(), rest) {
            ([], rest) => {
                let message = rest.unwrap_or_else(|| "there is nothing to acknowledge".to_owned());
                return Err(AppError::new(Exit::Held, message));
            }
            ([one], _) => one.id.to_string(),
            (more, _) => count(more.len() as u64, "finding"),
        };
        tell(self.store.as_ref(), &self.destinations, &changed, by, self.now())?;
        Ok((format!("Acknowledged {what} as {name}."), Some(format!("Acknowledged by {name}"))))
    }

    fn refuse_paused(&self, fleet: &FleetName) -> Result<(), AppError> {
        let Some((paused, reason)) = self.paused(fleet)? else { return Ok(()) };
        let what = if paused.is_some() { format!("fleet {fleet}") } else { "everything".to_owned() };
        Err(AppError::new(Exit::Held, format!("{what} is paused already: {}", clean(&reason, 300))))
    }
}

/// The name under which a person acts: one without a host is that of their account here, as `approve` and `serve` give
/// it.
fn author(author: &str) -> String {
    if author.contains('@') || author.starts_with("arn:") { author.to_owned() } else { operator::at_host(author) }
}

fn object(button: &Button) -> String {
    match button {
        Button::Acknowledge(ids) => match ids.as_slice() {
            [one] => one.to_string(),
            more => count(more.len() as u64, "finding"),
        },
        Button::Approve(plan) => plan.to_string(),
        Button::Pause(fleet) => fleet.to_string(),
    }
}
