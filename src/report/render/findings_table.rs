//! Findings as a table.

use super::out::Out;
use super::parts::{count, time};
use crate::report::look::Look;
use crate::report::text::clean;
use crate::types::{Finding, FindingStatus};

/// Below this width the table leaves out when a finding was first seen.
const WIDE: usize = 120;
/// Below this width instance and status are told in words.
const MEDIUM: usize = 90;

/// The findings, worst first, then by first sight.
pub fn findings_table(findings: &[Finding], look: &Look) -> String {
    let mut out = Out::new(look);
    let mut shown: Vec<_> = findings.iter().collect();
    shown.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.first_seen, &finding.id));
    let headers: &[&str] = match look.width {
        WIDE.. => &["FINDING", "SEVERITY", "STATUS", "INSTANCE", "CODE", "WHO", "FIRST SEEN", "WHAT"],
        MEDIUM.. => &["FINDING", "SEVERITY", "STATUS", "INSTANCE", "WHAT"],
        _ => &["FINDING", "SEVERITY", "WHAT"],
    };
    let rows: Vec<_> = shown.into_iter().map(|finding| row(finding, look)).collect();
    if !rows.is_empty() {
        out.table(headers, rows);
    }
    out.line(0, &count(findings.len() as u64, "finding"));
    out.finish()
}

fn row(finding: &Finding, look: &Look) -> Vec<String> {
    let (id, instance) = (clean(finding.id.as_str(), 40), clean(finding.instance.as_str(), 40));
    let (code, summary) = (clean(finding.code.as_str(), 60), clean(&finding.summary, 200));
    let severity = look.severity(finding.severity);
    if look.width < MEDIUM {
        let status = match finding.status {
            FindingStatus::Open => String::new(),
            other => format!(" ({other})"),
        };
        return vec![id, severity, format!("{code} on {instance}{status}: {summary}")];
    }
    let mut cells = vec![id, severity, finding.status.to_string(), instance];
    if look.width >= WIDE {
        let who = finding.attribution.first().map_or_else(|| "-".to_owned(), |by| clean(&by.display, 40));
        cells.extend([code, who, time(finding.first_seen), summary]);
    } else {
        cells.push(format!("{code}: {summary}"));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn worst_first_and_nothing_hostile_gets_through() {
        let mut low = fixtures::finding("config-volumes", "i-0aaaaaaaaaaaaaaaa", "/dev/sdf");
        low.severity = crate::types::Severity::Low;
        low.attribution.clear();
        let mut high = fixtures::finding("event-ssh-key-pushed", "i-0bbbbbbbbbbbbbbbb", "key");
        high.summary = "\u{1b}]0;x\u{7}pushed a key for\n ro\u{202e}ot".to_owned();
        insta::assert_snapshot!(findings_table(&[low, high], &Look { width: 140, ..Look::default() }), @r"
        FINDING             SEVERITY  STATUS  INSTANCE             CODE                  WHO    FIRST SEEN            WHAT
        f-6dc5ade239ebefdc  high      open    i-0bbbbbbbbbbbbbbbb  event-ssh-key-pushed  alice  2026-11-23 09:59:00Z  pushed a key for  root
        f-415cc764fdf7cc9d  low       open    i-0aaaaaaaaaaaaaaaa  config-volumes        -      2026-11-23 09:59:00Z  /dev/sdf differs from the
                                                                                                                      golden
        2 findings
        ");
    }

    #[test]
    fn a_narrow_terminal_gets_words_not_single_letters() {
        let one = fixtures::finding("config-volumes", "i-0aaaaaaaaaaaaaaaa", "/dev/sdf");
        insta::assert_snapshot!(findings_table(&[one], &Look { width: 60, ..Look::default() }), @r"
        FINDING             SEVERITY  WHAT
        f-415cc764fdf7cc9d  high      config-volumes on
                                      i-0aaaaaaaaaaaaaaaa:
                                      /dev/sdf differs from the
                                      golden
        1 finding
        ");
    }
}
