//! What arrived at the receiver, as people see it.

use secrecy::SecretString;
use serde_json::Value;

use super::print::say;
use super::receiver::Arrived;
use crate::app::error::AppError;
use crate::report::sign;
use crate::report::text::{clean, wrap};

/// Room for text behind its margin.
const WIDTH: usize = 100;

/// Shows what arrived: each message by its title, the worst Slack message in full, and whether every webhook is signed.
///
/// # Errors
/// When nothing arrived at one of the two receivers, or a signature is wrong.
pub(super) fn alerts(requests: &[Arrived], secret: &SecretString) -> Result<(), AppError> {
    let slack = listed(requests, secret)?;
    let is_worst = |body: &&Value| texts(body).first().is_some_and(|title| title.starts_with("CRITICAL"));
    match slack.iter().find(is_worst) {
        Some(worst) => say(&message(worst)),
        None => Err(AppError::failed("nobody was told of the worst change")),
    }
}

/// Shows what people were told of operations.
///
/// # Errors
/// As [`alerts`]; when not each kind of operation was told of.
pub(super) fn notices(requests: &[Arrived], secret: &SecretString) -> Result<(), AppError> {
    let told: Vec<String> = listed(requests, secret)?.iter().map(|body| texts(body).join(" ")).collect();
    for kind in ["quarantine", "replace", "release"] {
        if !told.iter().any(|text| text.contains(kind)) {
            return Err(AppError::failed(format!("nobody was told of the {kind}")));
        }
    }
    Ok(())
}

/// Lists what arrived and counts it; the bodies of the Slack messages.
fn listed(requests: &[Arrived], secret: &SecretString) -> Result<Vec<Value>, AppError> {
    let (mut text, mut slack) = (String::new(), Vec::new());
    let (mut hooks, mut verified) = (0_usize, 0_usize);
    for request in requests {
        let body: Value = serde_json::from_str(&request.body).unwrap_or(Value::Null);
        if request.path == "/hook" {
            hooks += 1;
            verified += usize::from(is_signed(request, secret));
            text.push_str(&item("webhook", body.pointer("/data/title").and_then(Value::as_str).unwrap_or("-")));
        } else {
            text.push_str(&item("Slack", texts(&body).first().copied().unwrap_or("-")));
            slack.push(body);
        }
    }
    let messages = slack.len();
    say(&format!(
        "{text}\n{messages} Slack messages and {hooks} webhooks arrived, {verified} signatures verified.\n\n"
    ))?;
    if slack.is_empty() || hooks == 0 || verified != hooks {
        return Err(AppError::failed("not every message arrived as it should"));
    }
    Ok(slack)
}

fn item(kind: &str, title: &str) -> String {
    let mut text = String::new();
    for (index, line) in wrap(&clean(title, 300), WIDTH - 9).iter().enumerate() {
        let label = if index == 0 { kind } else { "" };
        text.push_str(&format!("{label:<8} {line}\n"));
    }
    text
}

/// A Slack message in full.
fn message(body: &Value) -> String {
    let mut text = "The worst of them in full:\n\n".to_owned();
    for line in texts(body).iter().flat_map(|part| part.lines()).flat_map(|line| wrap(&clean(line, 400), WIDTH)) {
        text.push_str(&format!("  | {line}\n"));
    }
    text.push('\n');
    text
}

fn texts(body: &Value) -> Vec<&str> {
    let mut all = Vec::new();
    for block in body.get("blocks").and_then(Value::as_array).into_iter().flatten() {
        let texts = [block.pointer("/text/text"), block.pointer("/elements/0/text")];
        let fields = block.get("fields").and_then(Value::as_array).into_iter().flatten();
        let texts = texts.into_iter().flatten().chain(fields.filter_map(|field| field.get("text")));
        all.extend(texts.filter_map(Value::as_str));
    }
    all
}

/// Checks the signature as a receiver of Standard Webhooks does.
fn is_signed(request: &Arrived, secret: &SecretString) -> bool {
    let Ok(seconds) = request.header("webhook-timestamp").parse::<i64>() else { return false };
    let Ok(at) = jiff::Timestamp::from_second(seconds) else { return false };
    let expected =
        sign::signature(std::slice::from_ref(secret), request.header("webhook-id"), at, request.body.as_bytes());
    expected.is_ok_and(|expected| expected == request.header("webhook-signature"))
}
