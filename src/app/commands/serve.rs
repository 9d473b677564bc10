//! `serve`: the report live on loopback.

use std::sync::Arc;

use secrecy::SecretString;

use crate::app::buttons::{Buttons, listen};
use crate::app::cli::serve::ServeArgs;
use crate::app::config::SecretRef;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::serve::{People, Site, Users, random, serve};
use crate::app::systemd::notify;
use crate::app::terminal::clean_short;
use crate::report::deliver::Client;

/// A shorter token can be guessed.
const SHORTEST: usize = 16;

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// State, tokens, or an address that is taken.
pub(super) fn run(context: &Context<'_>, args: &ServeArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    // A state that cannot be written can still be shown.
    let (store, read_only) = if args.read_only {
        (context.read_store(&config)?, true)
    } else {
        match context.store(&config) {
            Ok(store) => (store, false),
            Err(error) => match context.read_store(&config) {
                Ok(store) => {
                    context.note(&format!("read-only: {error}"));
                    (store, true)
                }
                Err(_) => return Err(error),
            },
        }
    };
    let (users, link) = users(context, args)?;
    let (destinations, faults) = config.readable_destinations(&context.env);
    let whole = faults.is_empty();
    for why in faults {
        context.note(&format!("it is not told of what people do here, and has no buttons here: {why}"));
    }
    let clock = context.backend.clock();
    let client = Client::new().map_err(|error| AppError::failed(error.to_string()))?;
    let buttons = Buttons::new(store.clone(), &config, &destinations, client, clock.clone(), read_only).map(Arc::new);
    // Where a secret cannot be read, which was said above, the pages are still of use.
    if args.slack_socket && whole && !buttons.as_ref().is_some_and(|buttons| buttons.has_socket()) {
        let message = "--slack-socket: no destination has `interactive = \"socket\"`";
        return Err(
            AppError::new(Exit::Config, message).with_hint("see the section about buttons in docs/OPERATIONS.md")
        );
    }
    let people = People { users, hosts: args.hosts.clone(), destinations, buttons: buttons.clone() };
    let site = Arc::new(Site::new(store, config, clock, people, read_only));
    context.runtime()?.block_on(async {
        let shutdown = super::enforce::shutdown()?;
        let pages = serve(site, args.listen, &shutdown, |address| {
            let link = link.as_ref().map_or(String::new(), |token| format!("login#token={token}"));
            context.note(&format!("serving on http://{address}/{link}"));
            notify(sd_notify::NotifyState::Ready);
        });
        match buttons.filter(|_| args.slack_socket) {
            Some(buttons) => {
                let presses = listen(&buttons, context.backend, &shutdown);
                tokio::pin!(presses, pages);
                tokio::select! {
                    // The address cannot be listened on, or the end was asked for.
                    exit = &mut pages => {
                        if exit.is_ok() {
                            presses.await;
                        }
                        exit
                    }
                    () = &mut presses => pages.await,
                }
            }
            None => pages.await,
        }
    })
}

/// Who may log in: those named, or whoever runs this with a new token.
fn users(context: &Context<'_>, args: &ServeArgs) -> Result<(Users, Option<String>), AppError> {
    let mut users = Users::idle_for(args.idle);
    for (name, path) in &args.users {
        let wrong = |why: String, hint: &str| {
            Err(AppError::new(Exit::Config, format!("--user {name}: {why}")).with_hint(hint.to_owned()))
        };
        let file = SecretRef::File(path.clone());
        let token = match file.read(&context.env) {
            Ok(token) => token,
            Err(why) => return wrong(why, "openssl rand -hex 32"),
        };
        let text = secrecy::ExposeSecret::expose_secret(&token);
        let length = text.len();
        if length < SHORTEST {
            return wrong(format!("a token of {length} characters can be guessed"), "openssl rand -hex 32");
        }
        if text.contains(|one: char| one.is_whitespace() || one.is_control()) {
            return wrong("a token is one word, in one line".to_owned(), "openssl rand -hex 32");
        }
        // Whoever can read it can approve what this person can.
        if let Some(who) = file.exposed() {
            return wrong(who, "chmod 600, and for systemd LoadCredential");
        }
        if let Err(other) = users.add(&clean_short(name, 64), &token) {
            let why = format!("the same token as {other}: one of them would act in the name of the other");
            return wrong(why, "openssl rand -hex 32, for each");
        }
    }
    if !args.users.is_empty() {
        return Ok((users, None));
    }
    let token = random().ok_or_else(|| AppError::new(Exit::Unavailable, "the system has no randomness for a token"))?;
    let name = context.operator();
    // There is nobody else yet.
    let _ = users.add(name.split('@').next().unwrap_or("somebody"), &SecretString::from(token.clone()));
    Ok((users, Some(token)))
}
