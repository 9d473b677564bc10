//! `config-metadata-options`: each metadata option that the contract sets.

use serde_json::{Map, Value, json};

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, MetadataOptions, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(contract) = context.golden.and_then(|golden| golden.contract.metadata_options.as_ref()) else { return };
    // Destructured without `..`: a new option must be compared here or it does not compile.
    let MetadataOptions { http_tokens, http_endpoint, http_put_response_hop_limit, instance_metadata_tags } = contract;
    let seen = &context.instance.metadata_options;
    let pairs = [
        ("http_tokens", json!(http_tokens), json!(seen.http_tokens)),
        ("http_endpoint", json!(http_endpoint), json!(seen.http_endpoint)),
        ("http_put_response_hop_limit", json!(http_put_response_hop_limit), json!(seen.http_put_response_hop_limit)),
        ("instance_metadata_tags", json!(instance_metadata_tags), json!(seen.instance_metadata_tags)),
    ];
    let (mut expected, mut actual, mut words) = (Map::new(), Map::new(), Vec::new());
    for (option, should, is) in pairs {
        if should != Value::Null && should != is {
            words.push(format!("{option} is {}, should be {}", plain(&is), plain(&should)));
            expected.insert(option.to_owned(), should);
            actual.insert(option.to_owned(), is);
        }
    }
    if words.is_empty() {
        return;
    }
    // IMDSv1 lets any server-side request forgery read the role's credentials.
    let opens_imds_v1 = actual.get("http_tokens").is_some_and(|value| value == "optional");
    out.drifts.push(Drift {
        code: codes::CONFIG_METADATA_OPTIONS,
        subject: "metadata options".to_owned(),
        severity: if opens_imds_v1 { Severity::High } else { Severity::Medium },
        summary: words.join("; "),
        expected: Value::Object(expected),
        actual: Value::Object(actual),
        source: Source::Ec2,
        aspect: Some(Aspect::MetadataOptions),
    });
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
