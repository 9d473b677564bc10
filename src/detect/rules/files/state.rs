//! State that the agent finds beside files, as findings: kernel modules, kernel settings, listening sockets. No digest
//! covers it, so the host's rows are all there is; and no row can take anything away from what the root digest says.

use serde_json::json;

use cattleguard_agent::inventory::{DifferenceRow, Report};

use super::listing::bounded;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Code, Severity, Source};

/// A finding lists this many; the count is exact.
const LISTED: usize = 50;

/// One finding for each code that has rows, and one for what is counted but not listed.
pub(super) fn findings(report: &Report, rows: &[DifferenceRow], out: &mut RuleOutput) {
    let mut listed = 0;
    for (code, noun, severity) in [
        (codes::SOFTWARE_MODULE_CHANGED, "kernel modules", Severity::High),
        (codes::SOFTWARE_SYSCTL_CHANGED, "kernel settings", Severity::Medium),
        (codes::SOFTWARE_LISTENER_CHANGED, "listening sockets", Severity::Medium),
    ] {
        let own: Vec<String> =
            rows.iter().filter(|row| row.code == code.as_str()).map(|row| bounded(&row.detail)).collect();
        listed += own.len() as u64;
        if !own.is_empty() {
            out.drifts.push(drift(code, noun, severity, &own, own.len() as u64));
        }
    }
    let unlisted = report.state.saturating_sub(listed);
    if unlisted > 0 && listed == 0 {
        let noun = "state beside files";
        out.drifts.push(drift(codes::SOFTWARE_MODULE_CHANGED, noun, Severity::Medium, &[], unlisted));
    }
}

fn drift(code: Code, noun: &str, severity: Severity, own: &[String], count: u64) -> Drift {
    let told: Vec<&String> = own.iter().take(LISTED).collect();
    let example = own.first().map_or_else(String::new, |first| format!(": {first}"));
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    Drift {
        code,
        subject: noun.to_owned(),
        severity,
        summary: format!("{noun} differ from the golden{example}{}", if own.is_empty() { "" } else { &more }),
        expected: json!({ "differences": 0 }),
        actual: json!({ "differences": count, "list": told }),
        source: Source::Agent,
        aspect: Some(Aspect::Software),
    }
}
