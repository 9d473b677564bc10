//! `exceptions`: time-boxed waivers.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::app::cli::exceptions::{AddArgs, ListArgs, RevokeArgs};
use crate::app::config::{Config, parse_duration};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::terminal::clean_short;
use crate::app::{output, table};
use crate::report::render::parts::time;
use crate::types::{AccountId, Exception, ExceptionId, Finding, InstanceId, TooWide};

pub(super) fn add(context: &Context<'_>, args: &AddArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    let now = context.now();
    let limit = config.exceptions.max_duration;
    let mut exception = Exception {
        id: ExceptionId::new(""),
        fleet: super::known_fleet(&config, args.fleet.as_deref())?,
        account: known_account(&config, args.account.as_deref())?,
        instance: args.instance.as_deref().map(InstanceId::new),
        code: args.code.clone(),
        fingerprint: args.fingerprint.clone(),
        subject: args.subject.clone(),
        path: args.path.clone(),
        reason: args.reason.clone(),
        ticket: args.ticket.clone(),
        approver: args.approver.clone(),
        created_at: now,
        expires_at: expiry(&args.expires, limit, now).map_err(|why| AppError::usage(format!("--expires: {why}")))?,
    };
    narrow(&exception)?;
    let operator = context.operator();
    if config.exceptions.other_approver && is_same(&exception.approver, &operator) {
        let message = format!("--approver: {operator} adds this exception, so somebody else must have approved it");
        return Err(AppError::usage(message).with_hint("exceptions.other_approver asks for two people"));
    }
    exception.id = id_of(&exception);
    let store = context.store(&config)?;
    store.add_exception(&exception, &operator)?;
    let waives = store.findings(false)?.iter().filter(|finding| exception.covers(finding)).count();
    output::print(&format!("{}\n", exception.id))?;
    context.note(&match waives {
        0 => "no finding of the last scan is like that: it will show as unused until one is".to_owned(),
        one_or_more => format!("waives {one_or_more} of the last scan's findings from the next scan on"),
    });
    Ok(Exit::Ok)
}

/// An operator is `user@host` or a principal; an approver may be written without the host.
fn is_same(approver: &str, operator: &str) -> bool {
    let name = |text: &str| text.split('@').next().unwrap_or_default().trim().to_lowercase();
    name(approver) == name(operator)
}

/// A waiver says what is waived, or on which one server: everything in a fleet or an account is a policy, not an exception.
fn narrow(exception: &Exception) -> Result<(), AppError> {
    if let Some(path) = exception.path.as_deref().filter(|path| !path.starts_with('/')) {
        return Err(AppError::usage(format!("--path: `{path}` does not begin with /")));
    }
    let Some(why) = exception.too_wide() else { return Ok(()) };
    let refused = |flag: &str, hint: &str| Err(AppError::usage(format!("{flag}{why}")).with_hint(hint));
    match why {
        TooWide::Path => refused("--path: ", "--path '/opt/app/**'"),
        TooWide::Code => refused("--code: ", "`cattleguard explain CODE` explains one"),
        TooWide::Family => refused("", "add --fleet, --account or --instance"),
        TooWide::Place if exception.subject.is_some() => {
            refused("--subject: ", "a pattern has to name something, not only its kind: 'AWS:Application openssl*'")
        }
        TooWide::Place => refused("", "add --code, --fingerprint, --subject or --path"),
    }
}

fn known_account(config: &Config, id: Option<&str>) -> Result<Option<AccountId>, AppError> {
    let Some(id) = id else { return Ok(None) };
    let known = config.accounts.iter().find(|account| account.id.as_str() == id);
    let found = known.ok_or_else(|| {
        let ids: Vec<&str> = config.accounts.iter().map(|account| account.id.as_str()).collect();
        AppError::usage(format!("--account: no [[account]] is called `{}`", clean_short(id, 20)))
            .with_hint(format!("configured: {}", ids.join(", ")))
    })?;
    Ok(Some(found.id.clone()))
}

/// The same waiver made at the same moment is the same one: its id is a digest of its content.
fn id_of(exception: &Exception) -> ExceptionId {
    let body = serde_json::to_vec(exception).unwrap_or_default();
    let hex = blake3::hash(&body).to_hex();
    ExceptionId::new(format!("x-{}", hex.get(..12).unwrap_or_default()))
}

/// A duration from now, the end of a day (UTC), or a time; at most `limit` ahead.
pub(super) fn expiry(text: &str, limit: Duration, now: Timestamp) -> Result<Timestamp, String> {
    const SHAPE: &str = "write a duration (7d), a date (2026-12-31, through its end in UTC) or a time with its offset";
    let expires = if let Ok(duration) = parse_duration(text) {
        now.checked_add(SignedDuration::try_from(duration).map_err(|error| error.to_string())?)
            .map_err(|error| error.to_string())?
    } else if let Ok(time) = text.parse::<Timestamp>() {
        time
    } else {
        let date: Date = text.parse().map_err(|_| SHAPE.to_owned())?;
        let next = date.tomorrow().map_err(|error| error.to_string())?;
        let midnight = next.to_zoned_datetime(TimeZone::UTC).map_err(|error| error.to_string())?;
        midnight.timestamp()
    };
    let ahead = expires.duration_since(now);
    if ahead <= SignedDuration::ZERO {
        return Err("that is over already".to_owned());
    }
    if ahead > SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX) {
        let days = limit.as_secs() / 86_400;
        return Err(format!("more than {days} days ahead; a lasting rule belongs into a policy"));
    }
    Ok(expires)
}

/// An exception with how it stands.
struct Row {
    exception: Exception,
    state: &'static str,
    waives: usize,
}

pub(super) fn list(context: &Context<'_>, args: &ListArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let now = context.now();
    let (findings, exceptions) = match context.any_store(&config)? {
        Some(store) => (store.findings(false)?, store.exceptions()?),
        None => Default::default(),
    };
    let mut rows: Vec<Row> = exceptions
        .into_iter()
        .map(|exception| row(exception.lasting_at_most(config.exceptions.max_duration), &findings, &config, now))
        .collect();
    rows.retain(|row| args.all || row.exception.is_active(now));
    rows.retain(|row| !args.unused || row.waives == 0);
    rows.sort_by(|a, b| (a.exception.expires_at, &a.exception.id).cmp(&(b.exception.expires_at, &b.exception.id)));
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Table if rows.is_empty() => "no exceptions".to_owned(),
            Format::Table => as_table(&rows, canvas),
            Format::Json | Format::Ndjson => super::json_text(&json!({
                "schema": "cattleguard.dev/exceptions/v1",
                "exceptions": rows.iter().map(as_json).collect::<Vec<_>>(),
            })),
        })
    })?;
    Ok(Exit::Ok)
}

fn row(exception: Exception, findings: &[Finding], config: &Config, now: Timestamp) -> Row {
    let waives = findings.iter().filter(|finding| exception.covers(finding)).count();
    let warn = SignedDuration::try_from(config.exceptions.warn_before).unwrap_or(SignedDuration::MAX);
    let state = match () {
        () if !exception.is_active(now) => "ended",
        // Of an older version, or put in by hand: it is not applied.
        () if exception.too_wide().is_some() => "too wide",
        () if waives == 0 => "unused",
        () if exception.expires_at.duration_since(now) <= warn => "ends soon",
        () => "active",
    };
    Row { exception, state, waives }
}

fn as_json(row: &Row) -> serde_json::Value {
    let mut document = serde_json::to_value(&row.exception).unwrap_or_default();
    if let Some(fields) = document.as_object_mut() {
        fields.insert("state".to_owned(), row.state.into());
        fields.insert("waives".to_owned(), row.waives.into());
    }
    document
}

fn as_table(rows: &[Row], canvas: Canvas) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|Row { exception, state, waives }| {
            vec![
                exception.id.to_string(),
                (*state).to_owned(),
                time(exception.expires_at),
                waives.to_string(),
                scope(exception),
                exception.ticket.clone(),
                exception.approver.clone(),
                exception.reason.clone(),
            ]
        })
        .collect();
    table::render(&["id", "state", "expires", "waives", "scope", "ticket", "approver", "reason"], &rows, canvas)
}

fn scope(exception: &Exception) -> String {
    let parts = [
        exception.fleet.as_ref().map(|fleet| format!("fleet {fleet}")),
        exception.account.as_ref().map(|account| format!("account {account}")),
        exception.instance.as_ref().map(|instance| format!("instance {instance}")),
        exception.code.as_ref().map(|code| format!("code {code}")),
        exception.fingerprint.as_ref().map(|fingerprint| format!("fingerprint {fingerprint}")),
        exception.subject.as_ref().map(|subject| format!("subject {subject}")),
        exception.path.as_ref().map(|path| format!("path {path}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub(super) fn revoke(context: &Context<'_>, args: &RevokeArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    let store = context.store(&config)?;
    store.revoke_exception(&ExceptionId::new(&args.id), &context.operator(), context.now())?;
    context.note(&format!("ended exception {}", args.id));
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_reads_durations_dates_and_times_and_bounds_them() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().expect("a time");
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let at = |text: &str| expiry(text, days(90), now).map(|time| time.to_string());
        assert_eq!(at("7d").as_deref(), Ok("2026-11-30T10:00:00Z"));
        assert_eq!(at("2026-12-01").as_deref(), Ok("2026-12-02T00:00:00Z"), "through the end of the day");
        assert_eq!(at("2026-12-01T08:00:00+01:00").as_deref(), Ok("2026-12-01T07:00:00Z"));
        assert_eq!(at("2026-11-23").as_deref(), Ok("2026-11-24T00:00:00Z"), "today is not over");
        for wrong in ["2026-11-22", "0s", "91d", "2036-01-01", "soon", "2026-02-30"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }

    fn scoped(edit: impl FnOnce(&mut Exception)) -> Result<(), String> {
        let at: Timestamp = "2026-11-23T10:00:00Z".parse().expect("a time");
        let mut exception = Exception {
            id: "x".into(),
            fleet: None,
            account: None,
            instance: None,
            code: None,
            fingerprint: None,
            subject: None,
            path: None,
            reason: "r".to_owned(),
            ticket: "T".to_owned(),
            approver: "a".to_owned(),
            created_at: at,
            expires_at: at,
        };
        edit(&mut exception);
        narrow(&exception).map_err(|error| error.to_string())
    }

    #[test]
    fn what_waives_everything_somewhere_is_refused() {
        let text = |text: &str| Some(text.to_owned());
        assert!(scoped(|x| x.fleet = Some("web".into())).is_err());
        assert!(scoped(|x| x.account = Some("111122223333".into())).is_err());
        for code in ["*", "soft*"] {
            assert!(scoped(|x| (x.fleet, x.code) = (Some("web".into()), text(code))).is_err(), "{code}");
        }
        assert!(scoped(|x| x.code = text("software-*")).is_err(), "a family everywhere");
        for kind in ["*", "**", "AWS:*", "AWS:Application *", "/etc/*", "interface *"] {
            assert!(scoped(|x| x.subject = text(kind)).is_err(), "{kind}");
            assert!(scoped(|x| (x.fleet, x.subject) = (Some("web".into()), text(kind))).is_err(), "{kind} of a fleet");
            let family = scoped(|x| (x.code, x.subject) = (text("software-*"), text(kind)));
            assert!(family.is_err(), "a family everywhere, and {kind}");
            assert!(scoped(|x| (x.code, x.subject) = (text("event-tags-changed"), text(kind))).is_ok(), "{kind}");
        }
        for name in ["AWS:Application openssl*", "user data", "/opt/app/*", "interface 0*"] {
            assert!(scoped(|x| x.subject = text(name)).is_ok(), "{name}");
        }
        for path in ["etc/motd", "/**", "/*/**", "/", "/***", "/**/*.*"] {
            assert!(scoped(|x| x.path = text(path)).is_err(), "{path}");
        }
        assert!(scoped(|x| x.instance = Some("i-1".into())).is_ok());
        assert!(scoped(|x| x.code = text("software-package-added")).is_ok());
        assert!(scoped(|x| (x.fleet, x.code) = (Some("web".into()), text("software-*"))).is_ok());
        assert!(scoped(|x| x.path = text("/opt/app/**")).is_ok());
    }

    #[test]
    fn the_approver_is_told_from_the_operator_by_name() {
        assert!(is_same("Dora", "dora@ops-1") && is_same("dora@x", "dora"));
        assert!(!is_same("erin", "dora@ops-1"));
    }
}
