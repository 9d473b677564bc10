//! The verdict of one instance, with its reasons.

use crate::types::{CoverageStatus, Finding, Instance, Severity, Snapshot, Source, Verdict, VerdictReason};

/// Sources whose failure leaves every instance of the place unjudged. Membership sources (Auto Scaling,
/// ELB) inform the plan, not the verdict; SSM and user data are judged instance by instance.
const DECISIVE: [Source; 2] = [Source::Ec2, Source::Cloudtrail];

/// Judges: drifted when something differs, else unjudged when something needed could not be seen, else clean.
pub fn judge(
    instance: &Instance,
    snapshot: &Snapshot,
    findings: &[&Finding],
    gaps: &[(Source, String)],
) -> (Verdict, Vec<VerdictReason>) {
    let mut reasons = Vec::new();
    for source in DECISIVE {
        match snapshot.coverage_of(&instance.place(), source) {
            Some(entry) if entry.status == CoverageStatus::Complete => {}
            Some(entry) => reasons.push(VerdictReason {
                source: Some(source),
                reason: format!(
                    "{} was not read completely: {}",
                    source.as_str(),
                    entry.reason.as_deref().unwrap_or("no reason was given")
                ),
            }),
            None => reasons
                .push(VerdictReason { source: Some(source), reason: format!("{} was not asked", source.as_str()) }),
        }
    }
    for (source, reason) in gaps {
        reasons.push(VerdictReason { source: Some(*source), reason: reason.clone() });
    }
    let drifted = findings.iter().any(|finding| finding.severity > Severity::Info && finding.code.family() != "blind");
    let verdict = match (drifted, reasons.is_empty()) {
        (true, _) => Verdict::Drifted,
        (false, false) => Verdict::Unjudged,
        (false, true) => Verdict::Clean,
    };
    (verdict, reasons)
}
