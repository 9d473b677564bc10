//! `exceptions`: time-boxed waivers.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::app::cli::exceptions::{AddArgs, ListArgs, RevokeArgs};
use crate::app::config::parse_duration;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::{output, table};
use crate::types::{Exception, ExceptionId, InstanceId};

/// A waiver that outlives a quarter is a change of policy and belongs there.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);

pub(super) fn add(context: &Context<'_>, args: &AddArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    let now = context.now();
    let mut exception = Exception {
        id: ExceptionId::new(""),
        fleet: super::known_fleet(&config, args.fleet.as_deref())?,
        instance: args.instance.as_deref().map(InstanceId::new),
        code: args.code.clone(),
        fingerprint: args.fingerprint.clone(),
        subject: args.subject.clone(),
        reason: args.reason.clone(),
        ticket: args.ticket.clone(),
        approver: args.approver.clone(),
        created_at: now,
        expires_at: expiry(&args.expires, now).map_err(|why| AppError::usage(format!("--expires: {why}")))?,
    };
    exception.id = id_of(&exception);
    context.store(&config)?.add_exception(&exception, &context.operator())?;
    output::print(&format!("{}\n", exception.id))?;
    Ok(Exit::Ok)
}

/// The same waiver made at the same moment is the same one: its id is a digest of its content.
fn id_of(exception: &Exception) -> ExceptionId {
    let body = serde_json::to_vec(exception).unwrap_or_default();
    let hex = blake3::hash(&body).to_hex();
    ExceptionId::new(format!("x-{}", hex.get(..12).unwrap_or_default()))
}

/// A duration from now, the end of a day (UTC), or a time.
pub(super) fn expiry(text: &str, now: Timestamp) -> Result<Timestamp, String> {
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
    if ahead > SignedDuration::try_from(LONGEST).unwrap_or(SignedDuration::MAX) {
        return Err("more than 90 days ahead; a lasting rule belongs into a policy".to_owned());
    }
    Ok(expires)
}

pub(super) fn list(context: &Context<'_>, args: &ListArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let now = context.now();
    let mut exceptions = context.store(&config)?.exceptions()?;
    exceptions.retain(|exception| args.all || exception.is_active(now));
    exceptions.sort_by(|a, b| (a.expires_at, &a.id).cmp(&(b.expires_at, &b.id)));
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Table if exceptions.is_empty() => "no exceptions".to_owned(),
            Format::Table => as_table(&exceptions, now, canvas),
            Format::Json | Format::Ndjson => super::json_text(&json!({
                "schema": "cattleguard.dev/exceptions/v1",
                "exceptions": exceptions,
            })),
        })
    })?;
    Ok(Exit::Ok)
}

fn as_table(exceptions: &[Exception], now: Timestamp, canvas: Canvas) -> String {
    let rows: Vec<Vec<String>> = exceptions
        .iter()
        .map(|exception| {
            let state = if exception.is_active(now) { "active" } else { "ended" };
            vec![
                exception.id.to_string(),
                state.to_owned(),
                exception.expires_at.to_string(),
                scope(exception),
                exception.ticket.clone(),
                exception.approver.clone(),
                exception.reason.clone(),
            ]
        })
        .collect();
    table::render(&["id", "state", "expires", "scope", "ticket", "approver", "reason"], &rows, canvas)
}

fn scope(exception: &Exception) -> String {
    let parts = [
        exception.fleet.as_ref().map(|fleet| format!("fleet {fleet}")),
        exception.instance.as_ref().map(|instance| format!("instance {instance}")),
        exception.code.as_ref().map(|code| format!("code {code}")),
        exception.fingerprint.as_ref().map(|fingerprint| format!("fingerprint {fingerprint}")),
        exception.subject.as_ref().map(|subject| format!("subject {subject}")),
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
        let at = |text: &str| expiry(text, now).map(|time| time.to_string());
        assert_eq!(at("7d").as_deref(), Ok("2026-11-30T10:00:00Z"));
        assert_eq!(at("2026-12-01").as_deref(), Ok("2026-12-02T00:00:00Z"), "through the end of the day");
        assert_eq!(at("2026-12-01T08:00:00+01:00").as_deref(), Ok("2026-12-01T07:00:00Z"));
        assert_eq!(at("2026-11-23").as_deref(), Ok("2026-11-24T00:00:00Z"), "today is not over");
        for wrong in ["2026-11-22", "0s", "91d", "2036-01-01", "soon", "2026-02-30"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }
}
