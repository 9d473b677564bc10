//! `notify status`: the outbox, by destination and row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::table;
use crate::app::terminal::clean_short;
use crate::store::{OutboxRow, OutboxState};

/// Rows listed; the counts are exact.
const LISTED: usize = 200;

/// One destination's rows, counted.
#[derive(Default)]
struct Lane {
    configured: bool,
    delivered: u64,
    pending: u64,
    retried: u64,
    dead: u64,
    /// Whether the newest row that was tried arrived.
    failing: bool,
}

pub(super) fn run(context: &Context<'_>) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    let rows = context.read_store(&config)?.rows(None)?;
    let names: Vec<&str> = config.notify.iter().map(|notify| notify.name.as_str()).collect();
    let lanes = lanes(&names, &rows);
    let open: Vec<&OutboxRow> = rows.iter().filter(|row| row.state != OutboxState::Delivered).collect();
    let now = context.now();
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => crate::app::commands::json_text(&as_json(&lanes, &open, now)),
            Format::Table => as_table(&lanes, &open, now, canvas),
        })
    })?;
    let failing = lanes.values().any(|lane| lane.configured && lane.failing);
    Ok(if failing { Exit::Unavailable } else { Exit::Ok })
}

fn lanes<'r>(names: &[&'r str], rows: &'r [OutboxRow]) -> BTreeMap<&'r str, Lane> {
    let mut lanes: BTreeMap<&str, Lane> = BTreeMap::new();
    for name in names {
        lanes.entry(name).or_default().configured = true;
    }
    // Newest last, so the last one that was tried decides.
    for row in rows {
        let lane = lanes.entry(&row.draft.destination).or_default();
        match row.state {
            OutboxState::Delivered => lane.delivered += 1,
            OutboxState::Dead => lane.dead += 1,
            OutboxState::Pending if row.attempts > 0 => lane.retried += 1,
            OutboxState::Pending => lane.pending += 1,
        }
        if row.state != OutboxState::Pending || row.attempts > 0 {
            lane.failing = row.state != OutboxState::Delivered;
        }
    }
    lanes
}

fn state(row: &OutboxRow) -> &'static str {
    match row.state {
        OutboxState::Delivered => "delivered",
        OutboxState::Dead => "dead",
        OutboxState::Pending if row.attempts > 0 => "retried",
        OutboxState::Pending => "pending",
    }
}

fn title(row: &OutboxRow) -> String {
    clean_short(row.draft.payload.get("title").and_then(Value::as_str).unwrap_or("-"), 80)
}

fn as_table(lanes: &BTreeMap<&str, Lane>, open: &[&OutboxRow], now: Timestamp, canvas: Canvas) -> String {
    if lanes.is_empty() {
        return "no destination is configured and the outbox is empty".to_owned();
    }
    let summary: Vec<Vec<String>> = lanes
        .iter()
        .map(|(name, lane)| {
            let word = match (lane.configured, lane.failing) {
                (false, _) => "not configured",
                (true, true) => "failing",
                (true, false) => "ok",
            };
            let counts = [lane.delivered, lane.pending, lane.retried, lane.dead].map(|count| count.to_string());
            [vec![(*name).to_owned(), word.to_owned()], counts.to_vec()].concat()
        })
        .collect();
    let headings = ["destination", "state", "delivered", "pending", "retried", "dead"];
    let mut text = table::render(&headings, &summary, canvas);
    if open.is_empty() {
        return text;
    }
    let rows: Vec<Vec<String>> = open
        .iter()
        .rev()
        .take(LISTED)
        .map(|row| {
            vec![
                row.draft.destination.clone(),
                state(row).to_owned(),
                age(row, now),
                row.attempts.to_string(),
                title(row),
                clean_short(row.last_error.as_deref().unwrap_or("-"), 200),
            ]
        })
        .collect();
    let headings = ["destination", "state", "age", "attempts", "message", "last error"];
    text.push_str("\n\n");
    text.push_str(&table::render(&headings, &rows, canvas));
    if open.len() > LISTED {
        text.push_str(&format!("\nand {} older ones", open.len() - LISTED));
    }
    text
}

fn as_json(lanes: &BTreeMap<&str, Lane>, open: &[&OutboxRow], now: Timestamp) -> Value {
    let destinations: Vec<Value> = lanes
        .iter()
        .map(|(name, lane)| {
            let Lane { configured, delivered, pending, retried, dead, failing } = lane;
            json!({
                "name": name, "configured": configured, "failing": failing, "delivered": delivered,
                "pending": pending, "retried": retried, "dead": dead,
            })
        })
        .collect();
    let rows: Vec<Value> = open
        .iter()
        .map(|row| {
            json!({
                "seq": row.seq, "destination": row.draft.destination, "state": state(row), "message": title(row),
                "created_at": row.created_at, "age_s": seconds(row, now), "attempts": row.attempts,
                "next_attempt_at": (row.state == OutboxState::Pending).then_some(row.next_attempt_at),
                "last_error": row.last_error.as_deref().map(|error| clean_short(error, 300)),
            })
        })
        .collect();
    json!({ "schema": "cattleguard.dev/outbox/v1", "destinations": destinations, "rows": rows })
}

fn seconds(row: &OutboxRow, now: Timestamp) -> i64 {
    now.duration_since(row.created_at).as_secs().max(0)
}

/// `45 s`, `12 min`, `5 h`, `3 d`.
fn age(row: &OutboxRow, now: Timestamp) -> String {
    match seconds(row, now) {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}
