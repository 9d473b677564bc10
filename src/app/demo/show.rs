//! What arrived at the receiver, as people see it.

use serde_json::Value;

use super::receiver::Arrived;
use crate::report::sign;
use crate::report::text::{clean, wrap};

/// Prints every request, Slack messages as their text, webhooks as their envelope with the signature checked.
pub(super) fn arrived(requests: &[Arrived], secret: &secrecy::SecretString) -> usize {
    let mut verified = 0;
    for request in requests {
        let body: Value = serde_json::from_str(&request.body).unwrap_or(Value::Null);
        if request.path == "/hook" {
            let good = is_signed(request, secret);
            verified += usize::from(good);
            webhook(&body, good);
        } else {
            slack(&body);
        }
    }
    verified
}

fn slack(body: &Value) {
    println!("  Slack message");
    for block in body.get("blocks").and_then(Value::as_array).into_iter().flatten() {
        let texts = [block.pointer("/text/text"), block.pointer("/elements/0/text")];
        let fields = block.get("fields").and_then(Value::as_array).into_iter().flatten();
        let texts = texts.into_iter().flatten().chain(fields.filter_map(|field| field.get("text")));
        for text in texts.filter_map(Value::as_str) {
            for line in text.lines().flat_map(|line| wrap(&clean(line, 400), 100)) {
                println!("    │ {line}");
            }
        }
    }
    println!();
}

fn webhook(body: &Value, good: bool) {
    let text = |key: &str| clean(body.get(key).and_then(Value::as_str).unwrap_or("-"), 160);
    println!("  Webhook {} {}", text("type"), if good { "(signature verified)" } else { "(SIGNATURE WRONG)" });
    println!("    │ id {}  subject {}", text("id"), text("subject"));
    println!("    │ {}", clean(body.pointer("/data/title").and_then(Value::as_str).unwrap_or("-"), 160));
    println!();
}

/// Checks the signature as a receiver of Standard Webhooks does.
fn is_signed(request: &Arrived, secret: &secrecy::SecretString) -> bool {
    let Ok(seconds) = request.header("webhook-timestamp").parse::<i64>() else { return false };
    let Ok(at) = jiff::Timestamp::from_second(seconds) else { return false };
    let expected =
        sign::signature(std::slice::from_ref(secret), request.header("webhook-id"), at, request.body.as_bytes());
    expected.is_ok_and(|expected| expected == request.header("webhook-signature"))
}
