//! `config-user-data`: the digest of the user data. It runs at the next boot, so a changed one is code
//! waiting to be executed as root.

use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Observed, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(expected) = context.golden.and_then(|golden| golden.contract.user_data.as_ref()) else { return };
    let actual = match &context.instance.user_data {
        Observed::Unknown => {
            out.gaps.push((Source::UserData, "user data could not be read".to_owned()));
            return;
        }
        Observed::Seen(actual) => actual,
    };
    if actual == expected {
        return;
    }
    let summary = match (expected, actual) {
        (Some(_), Some(_)) => "user data is not the recorded one; it runs at the next boot",
        (Some(_), None) => "user data was removed",
        (None, _) => "has user data, should have none; it runs at the next boot",
    };
    out.drifts.push(Drift {
        code: codes::CONFIG_USER_DATA,
        subject: "user data".to_owned(),
        severity: Severity::Critical,
        summary: summary.to_owned(),
        expected: json!(expected),
        actual: json!(actual),
        source: Source::UserData,
        aspect: Some(Aspect::UserData),
    });
}
