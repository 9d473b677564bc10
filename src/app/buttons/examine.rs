//! Whether buttons can work, as far as it can be asked without pressing one.

use jiff::Timestamp;

use crate::report::Destination;
use crate::report::deliver::Client;
use crate::report::deliver::slack_desk::Desk;
use crate::report::press::PressWay;

/// What was found about the buttons of one destination.
pub(in crate::app) struct Examined {
    /// Whether they can work.
    pub(in crate::app) works: bool,
    /// What is so.
    pub(in crate::app) text: String,
    /// What should be looked after all the same.
    pub(in crate::app) advice: Option<&'static str>,
}

/// Asks Slack; `None` for a destination without buttons.
pub(in crate::app) async fn examine(destination: &Destination, client: &Client, now: Timestamp) -> Option<Examined> {
    let desk = Desk::of(destination)?;
    let failed = |text| Some(Examined { works: false, text, advice: None });
    let identity = match desk.identity(client, now).await {
        Ok(identity) => identity,
        Err(why) => return failed(format!("buttons do not work: {why}")),
    };
    if let Some(scopes) = &identity.scopes
        && !scopes.iter().any(|scope| scope == "chat:write")
    {
        return failed("buttons do not work: `token` lacks the scope chat:write".to_owned());
    }
    let way = match &desk.interactive.way {
        PressWay::Socket { app_token } => match desk.address(client, app_token, now).await {
            Ok(_) => "Socket Mode answers; `cattleguard daemon` listens".to_owned(),
            Err(why) => return failed(format!("buttons do not work: {why}")),
        },
        PressWay::Endpoint { .. } => {
            "`cattleguard serve` takes them at /slack/actions; whether Slack reaches it only a press shows".to_owned()
        }
    };
    let people = desk.interactive.people.len();
    let advice = (people == 0).then_some("list people under `people`: until then nobody may press a button");
    let text = format!("buttons for {people} people of workspace {}: {way}", identity.team);
    Some(Examined { works: true, text, advice })
}
