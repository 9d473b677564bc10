//! Findings as a table.

use super::out::Out;
use super::parts::{count, time};
use crate::report::look::Look;
use crate::report::text::clean;
use crate::types::Finding;

/// Below this width the table leaves out when a finding was first seen.
const WIDE: usize = 120;

/// The findings, worst first, then by first sight.
pub fn findings_table(findings: &[Finding], look: &Look) -> String {
    let mut out = Out::new(look);
    let mut shown: Vec<_> = findings.iter().collect();
    shown.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.first_seen, &finding.id));
    let wide = look.width >= WIDE;
    let headers: &[&str] = if wide {
        &["FINDING", "SEVERITY", "STATUS", "INSTANCE", "CODE", "WHO", "FIRST SEEN", "WHAT"]
    } else {
        &["FINDING", "SEVERITY", "STATUS", "INSTANCE", "WHAT"]
    };
    let rows: Vec<_> = shown.into_iter().map(|finding| row(finding, look, wide)).collect();
    if !rows.is_empty() {
        out.table(headers, rows);
    }
    out.line(0, &count(findings.len() as u64, "finding"));
    out.finish()
}

fn row(finding: &Finding, look: &Look, wide: bool) -> Vec<String> {
    let mut cells = vec![
        clean(finding.id.as_str(), 40),
        look.severity(finding.severity),
        finding.status.to_string(),
        clean(finding.instance.as_str(), 40),
    ];
    let code = clean(finding.code.as_str(), 60);
    let summary = clean(&finding.summary, 200);
    if wide {
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
}
