//! What destinations of alerts in AWS need.

use serde_json::{Value, json};

use crate::app::config::{Config, Way};
use crate::report::render::hub::partition;

/// The statements of the configured destinations. A topic encrypted with a key of its own needs
/// `kms:GenerateDataKey` and `kms:Decrypt` on that key as well, which no configuration here names.
pub(super) fn statements(config: &Config) -> Vec<Value> {
    let ways = || config.notify.iter().map(|notify| &notify.way);
    let topics: Vec<&str> = ways()
        .filter_map(|way| match way {
            Way::Sns { topic } => Some(topic.as_str()),
            _ => None,
        })
        .collect();
    let buses: Vec<&str> = ways()
        .filter_map(|way| match way {
            Way::EventBridge { bus } => Some(bus.as_str()),
            _ => None,
        })
        .collect();
    let products: Vec<String> = if ways().any(|way| matches!(way, Way::SecurityHub)) {
        let of = |place: crate::types::Place| {
            let (region, account) = (place.region.as_str(), place.account.as_str());
            let partition = partition(region);
            format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
        };
        config.places().into_iter().map(of).collect()
    } else {
        Vec::new()
    };
    let statement = |sid: &str, action: &str, resources: Value| json!({ "Sid": sid, "Effect": "Allow", "Action": [action], "Resource": resources });
    let mut statements = Vec::new();
    if !topics.is_empty() {
        statements.push(statement("CattleguardAlertTopics", "sns:Publish", json!(topics)));
    }
    if !buses.is_empty() {
        statements.push(statement("CattleguardAlertBuses", "events:PutEvents", json!(buses)));
    }
    if !products.is_empty() {
        statements.push(statement("CattleguardAlertHub", "securityhub:BatchImportFindings", json!(products)));
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::super::read_policy;
    use super::super::tests::{actions, config};

    #[test]
    fn destinations_in_aws_ask_for_their_call_on_their_resource() {
        let none = actions(&read_policy(&config("")));
        assert!(!none.iter().any(|action| action.starts_with("sns:")), "{none:?}");
        let config = config(
            "[[notify]]\nname = \"t\"\nkind = \"sns\"\ntopic = \"arn:aws:sns:eu-west-1:111122223333:alerts\"\n\
             [[notify]]\nname = \"b\"\nkind = \"eventbridge\"\n\
             bus = \"arn:aws:events:eu-west-1:111122223333:event-bus/x\"\n\
             [[notify]]\nname = \"h\"\nkind = \"security-hub\"\n",
        );
        let policy = read_policy(&config);
        let of = |sid: &str| {
            let statements = policy["Statement"].as_array().expect("statements");
            statements.iter().find(|statement| statement["Sid"] == sid).cloned().unwrap_or_default()
        };
        assert_eq!(of("CattleguardAlertTopics")["Resource"][0], "arn:aws:sns:eu-west-1:111122223333:alerts");
        assert_eq!(of("CattleguardAlertBuses")["Action"][0], "events:PutEvents");
        let product = "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default";
        assert_eq!(of("CattleguardAlertHub")["Resource"][0], product);
    }
}
