//! Whether somebody may do what a press asks for.

use super::button::{Act, Button};
use super::payload::Press;
use super::{Interactive, Person};

/// What a press asks for, by somebody who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub button: Button,
    /// The name under which they act.
    pub author: String,
    /// Their id in Slack.
    pub user: String,
}

/// Why nothing is done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another workspace than the one that the bot is in.
    #[error("this press comes from another workspace than the bot's; nothing was done")]
    Workspace,
    /// Another app than the one that is connected.
    #[error("this press was of another app's button; nothing was done")]
    App,
    /// An action or a value that this version does not know.
    #[error(
        "this button is not known to the cattleguard that listens: it may be from another version; nothing was done"
    )]
    Button,
    /// Not listed at all.
    #[error("{0} may press nothing here: whoever runs cattleguard lists people under `people` of this destination")]
    Stranger(String),
    /// Listed, and not for this.
    #[error("{author} may not {act} here: `may` of this destination's `people` does not list it", act = act.as_str())]
    NotThis {
        /// Who.
        author: String,
        /// What.
        act: Act,
    },
}

/// Judges a press. `team` and `app` are the workspace and the app that it must come from, where they are known.
///
/// # Errors
/// Why it may not be done, in a sentence for the person who pressed.
pub fn judge(
    press: &Press,
    interactive: &Interactive,
    team: Option<&str>,
    app: Option<&str>,
) -> Result<Request, Refusal> {
    if team.is_some_and(|team| team != press.team) {
        return Err(Refusal::Workspace);
    }
    if app.is_some_and(|app| app != press.app) {
        return Err(Refusal::App);
    }
    let person = interactive.people.iter().find(|person| person.user == press.user);
    let Some(Person { author, may, .. }) = person else { return Err(Refusal::Stranger(press.user.clone())) };
    let Some(button) = press.button.clone() else { return Err(Refusal::Button) };
    let act = button.act();
    if !may.contains(&act) {
        return Err(Refusal::NotThis { author: author.clone(), act });
    }
    Ok(Request { button, author: author.clone(), user: press.user.clone() })
}
