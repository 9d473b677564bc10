//! Socket Mode: connections to Slack over which presses arrive ("Using Socket Mode", docs.slack.dev).
//!
//! Slack ends each connection after some hours and says so before; then the next one is opened while the old one still
//! delivers. What is not acknowledged is sent again, and a press that was worked off is kept, so that is harmless.

use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use secrecy::SecretString;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{Buttons, Origin};
use crate::app::backend::Backend;
use crate::app::shutdown::Shutdown;
use crate::report::backoff;
use crate::report::deliver::Socket;
use crate::report::deliver::slack_desk::Desk;
use crate::report::press::{Envelope, Goodbye, envelope};
use crate::report::pump::jitter;

/// No wait is longer: people wait for an answer.
const LONGEST: Duration = Duration::from_secs(300);

/// Answers on their way when the end is asked for get this long.
const GRACE: Duration = Duration::from_secs(5);

/// A connection that is silent for this long is dead: Slack pings every few seconds. That is real time, whatever the
/// backend's clock says.
const SILENCE: Duration = Duration::from_secs(90);

/// Keeps a connection for each app token until the end is asked for.
pub(in crate::app) async fn listen(buttons: &Buttons, backend: &dyn Backend, shutdown: &Shutdown) {
    let sockets = buttons.sockets();
    let lines = sockets.iter().map(|(token, desks)| Line { buttons, token, desks, backend, shutdown });
    join_all(lines.map(Line::keep)).await;
}

/// What is kept connected by one app token.
struct Line<'a> {
    buttons: &'a Buttons,
    token: &'a SecretString,
    desks: &'a [Desk<'a>],
    backend: &'a dyn Backend,
    shutdown: &'a Shutdown,
}

/// What is left of a press: to tell of it.
type Answer<'a> = BoxFuture<'a, ()>;

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Slack asks for a new one.
    Refresh,
    /// It broke, or Slack does not want one. Says whether it had worked.
    Broke { worked: bool, why: String },
    /// The end was asked for.
    Shutdown,
}

impl Line<'_> {
    async fn keep(self) {
        let Some(desk) = self.desks.first() else { return };
        let name = desk.destination.name.as_str();
        let (mut failures, mut trouble): (u32, Option<String>) = (0, None);
        let mut old: Option<Socket> = None;
        let mut random = jitter();
        // They outlive the connection over which they were asked for.
        let mut answers = FuturesUnordered::new();
        loop {
            let connecting = desk.connect(&self.buttons.client, self.token, self.buttons.now());
            let opened = tokio::select! {
                _ = self.shutdown.wait() => break,
                opened = alongside(&mut answers, connecting) => opened,
            };
            let end = match opened {
                Ok(socket) => self.serve(socket, (old.take(), &mut old), &mut trouble, &mut answers).await,
                Err(why) => End::Broke { worked: false, why },
            };
            match end {
                End::Shutdown => break,
                End::Refresh => {
                    failures = 0;
                    continue;
                }
                End::Broke { worked, why } => {
                    failures = if worked { 1 } else { failures.saturating_add(1) };
                    if trouble.as_ref() != Some(&why) {
                        tracing::warn!(
                            destination = name, error = %why,
                            "buttons do not work: no connection to Slack; it is tried again until there is one"
                        );
                    }
                    trouble = Some(why);
                }
            }
            let pause = backoff::wait(failures, random()).min(LONGEST);
            tokio::select! {
                _ = self.shutdown.wait() => break,
                () = alongside(&mut answers, self.backend.sleep(pause)) => {}
            }
        }
        finish(&mut answers).await;
    }

    /// Serves a connection to its end, and the one before for as long as it lasts. One that is to be followed by another
    /// is left.
    async fn serve<'s>(
        &'s self,
        mut socket: Socket,
        (mut old, leave): (Option<Socket>, &mut Option<Socket>),
        trouble: &mut Option<String>,
        answers: &mut FuturesUnordered<Answer<'s>>,
    ) -> End {
        let mut app: Option<String> = None;
        let mut worked = false;
        let end = loop {
            let (message, from_old) = tokio::select! {
                _ = self.shutdown.wait() => break End::Shutdown,
                message = socket.next() => (message, false),
                message = next(&mut old) => (message, true),
                Some(()) = answers.next(), if !answers.is_empty() => continue,
                () = tokio::time::sleep(SILENCE) => {
                    break End::Broke { worked, why: "nothing was heard for a minute and a half".to_owned() };
                }
            };
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                // Pings are answered by the library.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None if from_old => {
                    old = None;
                    continue;
                }
                Some(Ok(Message::Close(_))) | None => {
                    break End::Broke { worked, why: "Slack closed the connection".to_owned() };
                }
                Some(Err(_)) => break End::Broke { worked, why: "the connection broke".to_owned() },
            };
            let on = if from_old { old.as_mut() } else { Some(&mut socket) };
            match envelope(text.as_str()) {
                Envelope::Hello(id) => {
                    worked = true;
                    app = id.or(app);
                    self.connected(trouble);
                }
                Envelope::Disconnect(_) if from_old => old = None,
                Envelope::Disconnect(Goodbye::Refresh) if worked => {
                    *leave = Some(socket);
                    return End::Refresh;
                }
                Envelope::Disconnect(Goodbye::Refresh) => {
                    break End::Broke { worked, why: "Slack ended the connection before it began".to_owned() };
                }
                Envelope::Disconnect(Goodbye::Disabled) => {
                    let why = "Socket Mode is turned off in the app's settings".to_owned();
                    break End::Broke { worked: false, why };
                }
                Envelope::Interactive { id, payload } => {
                    let origin = self.origin(app.clone());
                    let done = self.buttons.work(payload.as_bytes(), &origin).await;
                    acknowledge(on, &id).await;
                    match done {
                        Ok(Some(done)) => answers.push(self.buttons.follow(done).boxed()),
                        Ok(None) => {}
                        Err(why) => tracing::debug!("Slack sent something that was not understood: {why}"),
                    }
                }
                Envelope::Other(id) => acknowledge(on, &id).await,
                Envelope::Unknown => {}
            }
        };
        // It ends either way.
        let _ = tokio::time::timeout(GRACE, socket.close(None)).await;
        end
    }

    fn origin(&self, app: Option<String>) -> Origin<'_> {
        Origin { destinations: self.desks.iter().map(|desk| desk.destination).collect(), app }
    }

    /// Says that presses arrive, at the start and after trouble.
    fn connected(&self, trouble: &mut Option<String>) {
        let names: Vec<&str> = self.desks.iter().map(|desk| desk.destination.name.as_str()).collect();
        let names = names.join(", ");
        if trouble.take().is_some() {
            tracing::info!(destinations = names, "buttons work again: connected to Slack");
        } else {
            tracing::info!(destinations = names, "connected to Slack for presses of buttons");
        }
    }
}

/// Waits for something while answers go out.
async fn alongside<T>(answers: &mut FuturesUnordered<Answer<'_>>, wanted: impl Future<Output = T>) -> T {
    tokio::pin!(wanted);
    loop {
        tokio::select! {
            found = &mut wanted => return found,
            Some(()) = answers.next(), if !answers.is_empty() => {}
        }
    }
}

/// The next message of a connection that may be there.
async fn next(socket: &mut Option<Socket>) -> Option<Result<Message, tokio_tungstenite::tungstenite::Error>> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}

/// What cannot be acknowledged is sent again.
async fn acknowledge(socket: Option<&mut Socket>, id: &str) {
    if let Some(socket) = socket {
        let text = json!({"envelope_id": id}).to_string();
        if socket.send(Message::text(text)).await.is_err() {
            tracing::debug!("an envelope could not be acknowledged; Slack sends it again");
        }
    }
}

/// Lets answers that are on their way arrive.
async fn finish(answers: &mut FuturesUnordered<Answer<'_>>) {
    let all = async { while answers.next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::debug!("answers to presses were cut off");
    }
}
