//! Findings as JSON, `cattleguard.dev/findings/v1`.

use serde::Serialize;

use super::scan_doc::FindingDoc;
use super::scan_json::pretty;
use crate::types::Finding;

/// Schema of the list.
pub const FINDINGS_SCHEMA: &str = "cattleguard.dev/findings/v1";

#[derive(Serialize)]
struct FindingsDoc<'a> {
    schema: &'static str,
    findings: Vec<FindingDoc<'a>>,
}

/// The findings in the order given; each as in the scan document.
pub fn findings_json(findings: &[Finding]) -> String {
    pretty(&FindingsDoc { schema: FINDINGS_SCHEMA, findings: findings.iter().map(FindingDoc::from).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn lists_findings_under_their_schema() {
        let finding = fixtures::finding("config-volumes", "i-0aa", "/dev/sdf");
        let document: serde_json::Value = serde_json::from_str(&findings_json(&[finding])).unwrap();
        assert_eq!(document["schema"], FINDINGS_SCHEMA);
        assert_eq!(document["findings"][0]["subject"], "/dev/sdf");
    }
}
