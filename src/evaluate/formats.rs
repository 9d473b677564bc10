//! Forms of texts in parameters: what a pack would read as something that never holds, or always does.

use regex::Regex;
use serde_json::Value;

use super::engine::is_zone;

/// What is wrong with a value by the name of its form; `None` when nothing is.
pub(super) fn fault(format: &str, value: &Value) -> Option<String> {
    if format == "period" {
        let at = |key: &str| value.get(key).and_then(Value::as_str).and_then(instant);
        let (from, until) = (at("from")?, at("until")?);
        return (from >= until).then(|| "`until` is not after `from`, so it never holds".to_owned());
    }
    let text = value.as_str()?;
    match format {
        "principal" => principal(text),
        "regex" => regex(text).err(),
        "path-filter" => match regex(text) {
            Ok(pattern) => pattern.is_match("/").then(|| format!("`{text}` is like every path")),
            Err(why) => Some(why),
        },
        "instant" => instant(text).is_none().then(|| format!("`{text}` is no time like 2026-12-18T00:00:00Z")),
        "time-of-day" => (!is_time_of_day(text)).then(|| format!("`{text}` is no time of day from 00:00 to 23:59")),
        "zone" => (!is_zone(text)).then(|| format!("`{text}` is no time zone like Europe/Berlin")),
        _ => None,
    }
}

/// What is wrong with a pattern of principals: it would match nobody, or everybody.
pub fn principal(text: &str) -> Option<String> {
    let (known, open) = text.strip_suffix('*').map_or((text, false), |known| (known, true));
    if known.contains('*') {
        return Some(format!("`{text}`: `*` may stand at the end only"));
    }
    // A service calls by its own name.
    if !open && known.ends_with(".amazonaws.com") {
        return None;
    }
    // arn:partition:service:region:account:resource
    let parts: Vec<&str> = known.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam" | "sts", _, account, rest] if !account.is_empty() && (open || !rest.is_empty()) => None,
        _ if open => Some(format!("`{text}` does not name an account: it would stand for everybody")),
        _ => Some(format!("`{text}` is no ARN of a role, a user or a session: nobody is called so")),
    }
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| {
        let why = error.to_string();
        format!(
            "`{text}` is no regular expression: {}",
            why.lines().last().unwrap_or_default().trim().trim_start_matches("error: ")
        )
    })
}

fn instant(text: &str) -> Option<jiff::Timestamp> {
    let is_whole = text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T') && text.as_bytes().get(16) == Some(&b':');
    text.parse().ok().filter(|_| is_whole)
}

fn is_time_of_day(text: &str) -> bool {
    let number = |part: &str, most: u8| {
        part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok_and(|n| n <= most)
    };
    text.split_once(':').is_some_and(|(hour, minute)| number(hour, 23) && number(minute, 59))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_never_holds_or_always_does_is_a_fault() {
        for (format, wrong) in [
            ("principal", json!("*")),
            ("principal", json!("arn:aws:*")),
            ("principal", json!("arn:aws:iam::*:role/x")),
            ("principal", json!("ops-admin")),
            ("principal", json!("")),
            ("principal", json!("arn:aws:iam::111122223333:")),
            ("regex", json!("([A-Z")),
            ("path-filter", json!("")),
            ("path-filter", json!(".*")),
            ("path-filter", json!("^/")),
            ("path-filter", json!("[")),
            ("instant", json!("2026-12-20")),
            ("instant", json!("2026-12-20T00:00:00")),
            ("instant", json!("2026-12-20 00:00:00Z")),
            ("instant", json!("2026-02-30T00:00:00Z")),
            ("time-of-day", json!("9:00")),
            ("time-of-day", json!("25:00")),
            ("time-of-day", json!("24:00")),
            ("zone", json!("Europe/Berlinn")),
            ("period", json!({"from": "2027-01-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"})),
        ] {
            assert!(fault(format, &wrong).is_some(), "{format} {wrong}");
        }
    }

    #[test]
    fn what_can_be_meant_is_none() {
        for (format, right) in [
            ("principal", json!("arn:aws:iam::111122223333:role/patching*")),
            ("principal", json!("arn:aws:sts::111122223333:assumed-role/ops/*")),
            ("principal", json!("arn:aws-us-gov:iam::111122223333:user/eve")),
            ("principal", json!("arn:aws:iam::111122223333:*")),
            ("principal", json!("autoscaling.amazonaws.com")),
            ("regex", json!("[A-Z]+-[0-9]+")),
            ("path-filter", json!("^/srv/app/cache/")),
            ("instant", json!("2026-12-18T00:00:00Z")),
            ("instant", json!("2026-12-18T00:00:00.5+01:00")),
            ("time-of-day", json!("23:59")),
            ("zone", json!("Europe/Berlin")),
            ("zone", json!("UTC")),
            ("period", json!({"from": "2026-12-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"})),
            ("another", json!("x")),
        ] {
            assert_eq!(fault(format, &right), None, "{format} {right}");
        }
    }
}
