//! Records whose names are in small letters: columns of Athena, and what is unloaded from its tables ("Querying AWS
//! CloudTrail logs", Amazon Athena user guide).

use serde_json::{Map, Value};

/// The names that matter, as CloudTrail writes them. Requests and responses are texts there, which keep their names.
const NAMES: [&str; 40] = [
    "eventID",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "recipientAccountId",
    "readOnly",
    "errorCode",
    "requestID",
    "sourceIPAddress",
    "userAgent",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "sessionCredentialFromConsole",
    "userIdentity",
    "requestParameters",
    "responseElements",
    "serviceEventDetails",
    "resources",
    "ARN",
    "type",
    "principalId",
    "arn",
    "accountId",
    "userName",
    "invokedBy",
    "identityProvider",
    "onBehalfOf",
    "userId",
    "identityStoreArn",
    "credentialId",
    "sessionContext",
    "sessionIssuer",
    "attributes",
    "mfaAuthenticated",
    "creationDate",
    "sourceIdentity",
    "webIdFederationData",
    "federatedProvider",
    "eventVersion",
];

/// Members of a record that may hold names of their own.
const OBJECTS: [&str; 2] = ["userIdentity", "resources"];

/// The record with the names that CloudTrail gives; `None` when it is written otherwise.
pub(super) fn restored(raw: &str) -> Option<String> {
    memchr::memmem::find(raw.as_bytes(), b"\"eventid\"")?;
    let record: Map<String, Value> = serde_json::from_str(raw).ok()?;
    let record: Map<String, Value> = record
        .into_iter()
        .map(|(name, value)| {
            let name = lettered(name, "");
            let value = if OBJECTS.contains(&name.as_str()) { inside(value, &name) } else { value };
            (name, value)
        })
        .collect();
    record.contains_key("eventID").then(|| serde_json::to_string(&record).ok()).flatten()
}

fn inside(value: Value, within: &str) -> Value {
    match value {
        Value::Object(members) => {
            let named = members.into_iter().map(|(name, value)| (lettered(name, within), inside(value, within)));
            Value::Object(named.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| inside(item, within)).collect()),
        scalar => scalar,
    }
}

/// `arn` is `ARN` in the list of resources only.
fn lettered(name: String, within: &str) -> String {
    let is_it = |known: &&&str| {
        known.eq_ignore_ascii_case(&name) && (**known == "ARN") == (within == "resources" && name == "arn")
    };
    NAMES.iter().find(is_it).map_or(name.clone(), |known| (*known).to_owned())
}
