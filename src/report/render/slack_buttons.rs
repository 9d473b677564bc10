//! The buttons of a Slack message, as its last block but one ("Actions block", "Button element" and "Confirmation dialog
//! object", Block Kit reference, docs.slack.dev): at most 25 elements; 255 characters of an `action_id`, 2,000 of a value,
//! 75 of a label; 100, 300 and 30 of a dialogue's title, text and answers.

use serde_json::{Value, json};

use super::mrkdwn::calm;
use super::parts::count;
use crate::report::notice::Notice;
use crate::report::press::Button;
use crate::report::text::clean;

/// Characters of a name or hash in a dialogue.
const NAME_CHARS: usize = 80;

/// The block; `None` without a button.
pub(super) fn block(notice: &Notice, buttons: &[Button]) -> Option<Value> {
    let elements: Vec<Value> = buttons.iter().filter_map(|button| element(notice, button)).collect();
    (!elements.is_empty()).then(|| json!({"type": "actions", "block_id": "cattleguard", "elements": elements}))
}

fn element(notice: &Notice, button: &Button) -> Option<Value> {
    let value = button.value()?;
    let mut element = json!({"type": "button", "action_id": button.act().action_id(), "value": value});
    let fields = element.as_object_mut()?;
    match button {
        Button::Acknowledge(ids) => {
            let label = match ids.len() {
                1 => "Acknowledge".to_owned(),
                more => format!("Acknowledge all {more}"),
            };
            fields.insert("text".to_owned(), plain(&label));
        }
        Button::Approve(plan) => {
            let operations = count(notice.totals.instances, "instance");
            let text = format!(
                "Plan {} is approved as a whole, with everything else that waits in it; here it is about {operations}. \
                 `cattleguard plan` shows it.",
                shown(plan.as_str())
            );
            fields.insert("text".to_owned(), plain("Approve"));
            fields.insert("style".to_owned(), json!("primary"));
            fields.insert("confirm".to_owned(), dialogue("Approve this plan?", &text, "Approve", "primary"));
        }
        Button::Pause(fleet) => {
            let text = format!(
                "Nothing is quarantined or replaced in fleet {} until somebody runs `cattleguard resume`. Scans and \
                 alerts go on.",
                shown(fleet.as_str())
            );
            fields.insert("text".to_owned(), plain("Pause fleet"));
            fields.insert("style".to_owned(), json!("danger"));
            fields.insert("confirm".to_owned(), dialogue("Pause enforcement?", &text, "Pause", "danger"));
        }
    }
    Some(element)
}

fn shown(name: &str) -> String {
    clean(&calm(name), NAME_CHARS)
}

fn dialogue(title: &str, text: &str, confirm: &str, style: &str) -> Value {
    json!({
        "title": plain(title), "text": plain(text), "confirm": plain(confirm), "deny": plain("Cancel"), "style": style,
    })
}

fn plain(text: &str) -> Value {
    // Plain text does not format; a backtick would be shown.
    json!({"type": "plain_text", "text": text.replace('`', "'"), "emoji": false})
}
