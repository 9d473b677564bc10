//! Messages whose state moves without a notice: a plan that was approved or is not the last any more, and a button that
//! was pressed a moment ago. Edits are made again until they succeed; making one twice changes nothing.

use jiff::Timestamp;
use serde_json::json;

use super::Client;
use super::slack_api::{Api, Trouble};
use super::thread::{Story, story};
use crate::remediate::Approval;
use crate::report::destination::{Destination, DestinationKind};
use crate::report::notice::NoticeKind;
use crate::report::press::{Act, Button, buttons_of};
use crate::report::render::slack_root;
use crate::store::{StoreError, Thread, Threads};
use crate::types::PlanHash;
use secrecy::ExposeSecret as _;

/// Open messages looked through.
const THREADS: usize = 500;
/// How the state of a message begins that can still be approved.
const WAITS: &str = "Waits for";
/// Edits of one round, below what Slack takes in a minute.
const EDITS: usize = 20;

/// How plans stand.
pub(crate) struct Standing {
    /// The last one.
    pub(crate) plan: Option<PlanHash>,
    /// Approvals that count now.
    pub(crate) approvals: Vec<Approval>,
    /// How many people must approve.
    pub(crate) needed: usize,
}

impl Standing {
    /// The state of a message that asks for the approval of a plan: in words, and whether it goes on and can still be
    /// approved.
    fn of(&self, plan: &str) -> (String, bool, bool) {
        let last = self.plan.as_ref().is_some_and(|last| last.as_str() == plan);
        let of_plan = self.approvals.iter().filter(|approval| approval.plan.as_str() == plan);
        let (mut by, mut until) = (Vec::new(), None::<Timestamp>);
        for approval in of_plan {
            by.push(approval.approver.as_str());
            until = Some(until.map_or(approval.expires_at, |until| until.min(approval.expires_at)));
        }
        let missing = self.needed.saturating_sub(by.len());
        match until {
            // What was approved of it stays approved while a later plan has it unchanged.
            Some(until) if missing == 0 => (format!("Approved by {} until {until:.0}", by.join(" and ")), last, false),
            _ if !last => ("Superseded by a later plan".to_owned(), false, false),
            None => (format!("{WAITS} approval"), true, true),
            Some(_) => (format!("{WAITS} {missing} more; approved by {}", by.join(" and ")), true, true),
        }
    }
}

/// The open messages that ask for an approval.
fn asking<S: Threads + ?Sized>(store: &S, destination: &Destination) -> Result<Vec<(Thread, Story)>, StoreError> {
    let open = store.open_threads(&destination.name, THREADS)?.into_iter();
    let known = open.filter_map(|thread| story(&thread).map(|story| (thread, story)));
    Ok(known.filter(|(_, story)| story.notice.kind == NoticeKind::ApprovalWanted).collect())
}

/// Brings the messages that ask for approvals to how plans stand, which is asked only where there are any. Slack's refusals are returned, and tried again by the
/// next call.
///
/// # Errors
/// When the store fails.
pub(crate) async fn show_approvals<S: Threads + ?Sized>(
    store: &S,
    destinations: &[Destination],
    client: &Client,
    stand: impl Fn() -> Result<Standing, StoreError>,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let (mut refused, mut standing) = (Vec::new(), None);
    for destination in destinations {
        let Some(editor) = Editor::of(destination, client, now) else { continue };
        let asking = asking(store, destination)?;
        if asking.is_empty() {
            continue;
        }
        let standing = match standing.as_ref() {
            Some(known) => known,
            None => standing.insert(stand()?),
        };
        let mut edits = 0;
        for (thread, mut story) in asking {
            let plan = story.notice.group.actor.clone().unwrap_or_default();
            let (state, open, can) = standing.of(&plan);
            if state == story.state && open {
                continue;
            }
            edits += 1;
            if edits > EDITS {
                break;
            }
            story.state = state;
            let buttons = if can { buttons_of(&story.notice) } else { Vec::new() };
            match editor.edit(&thread, &story, &buttons).await {
                Ok(()) => {
                    let body = serde_json::to_value(&story).unwrap_or_default();
                    store.save_thread(&Thread { open, body, changed_at: now, ..thread })?;
                }
                Err(why) => refused.push(format!("{}: {why}", destination.name)),
            }
        }
    }
    Ok(refused)
}

/// Brings a message that was just pressed to what can still be done, without waiting for the notice that follows. `keep`
/// says of a button whether there is anything left for it; `state` is shown where what it acknowledges was.
///
/// # Errors
/// When the store fails.
pub(crate) async fn show_pressed<S: Threads + ?Sized>(
    store: &S,
    destination: &Destination,
    client: &Client,
    message: &str,
    (keep, state): (impl Fn(&Button) -> Result<bool, StoreError>, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(editor) = Editor::of(destination, client, now) else { return Ok(()) };
    let open = store.open_threads(&destination.name, THREADS)?;
    let Some(thread) = open.into_iter().find(|thread| thread.ts == message) else { return Ok(()) };
    let Some(mut story) = story(&thread) else { return Ok(()) };
    let mut buttons = Vec::new();
    for button in buttons_of(&story.notice) {
        // Of approvals the message's own state tells, which follows the plan.
        let kept = if button.act() == Act::Approve { story.state.starts_with(WAITS) } else { keep(&button)? };
        match (kept, button.act()) {
            (true, _) => buttons.push(button),
            (false, Act::Acknowledge) => state.clone_into(&mut story.state),
            (false, Act::Approve | Act::Pause) => {}
        }
    }
    if let Err(why) = editor.edit(&thread, &story, &buttons).await {
        // The notice of what was done edits it again.
        tracing::debug!(destination = destination.name, error = %why, "a pressed message could not be edited");
    }
    Ok(())
}

/// Edits messages of one destination that has buttons.
struct Editor<'a> {
    api: Api<'a>,
}

impl<'a> Editor<'a> {
    fn of(destination: &'a Destination, client: &'a Client, now: Timestamp) -> Option<Self> {
        let DestinationKind::SlackBot { token, api, interactive: Some(_), .. } = &destination.kind else { return None };
        if destination.broken.is_some() {
            return None;
        }
        let allow_private = destination.allow_private;
        Some(Self { api: Api { client, base: api, token: token.expose_secret(), allow_private, now } })
    }

    /// A message that is gone, or may not be edited any more, needs no edit.
    async fn edit(&self, thread: &Thread, story: &Story, buttons: &[Button]) -> Result<(), String> {
        let mut message = slack_root(&story.notice, &story.state, buttons);
        if let Some(fields) = message.as_object_mut() {
            fields.insert("channel".to_owned(), json!(thread.channel));
            fields.insert("ts".to_owned(), json!(thread.ts));
        }
        match self.api.call("chat.update", &message).await {
            Ok(_) => Ok(()),
            Err(Trouble::Says(word))
                if matches!(word.as_str(), "message_not_found" | "cant_update_message" | "edit_window_closed") =>
            {
                Ok(())
            }
            Err(Trouble::Says(word)) => Err(format!("Slack refuses chat.update: {word}")),
            Err(Trouble::Ends(_)) => Err("chat.update got no answer".to_owned()),
        }
    }
}
