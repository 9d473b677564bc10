//! Counters that the state keeps.

use super::exposition::Families;
use crate::store::Counter;
use crate::store::counters::{ANCHORS, API_CALLS, API_RETRIES, NOTICES, SCANS};

/// Counters with the names and the words that Prometheus sees.
const SHOWN: [(&str, &str, &str); 5] = [
    (
        API_CALLS,
        "cattleguard_aws_api_calls_total",
        "Requests sent to AWS by scans, enforcement and alerts, repeated ones too, by what came of them.",
    ),
    (API_RETRIES, "cattleguard_aws_api_retries_total", "Requests among them that repeated a failed one."),
    (NOTICES, "cattleguard_notices_total", "Attempts to deliver a notice: delivered, retried (later) or dead."),
    (SCANS, "cattleguard_scans_total", "Scans that were committed, by exit code."),
    (ANCHORS, "cattleguard_audit_anchors_total", "Heads of the audit log that were put into the anchor's bucket."),
];

pub(super) fn put(out: &mut Families, counters: &[Counter]) {
    for (kept, name, help) in SHOWN {
        let family = out.family(name, "counter", help);
        for counter in counters.iter().filter(|counter| counter.name == kept) {
            let labels: Vec<_> = counter.labels.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            family.put(&labels, counter.value);
        }
    }
}
