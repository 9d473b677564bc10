//! Findings for Security Hub, in the AWS Security Finding Format.
//!
//! Limits: "Required attributes" and "Top-level attributes" of the ASFF: title 256 characters, description 1,024,
//! generator id 512, product fields 50 with names of 128 and values of 2,048. A finding is known by its id, so importing
//! it again updates it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::parts::{NOBODY, arrow};
use crate::report::notice::{Notice, NoticeFinding};
use crate::report::text::clean;
use crate::types::{Place, Severity};

/// Characters of a title.
pub const TITLE_CHARS: usize = 256;
/// Characters of a description.
pub const DESCRIPTION_CHARS: usize = 1024;
/// Characters of a product field's value.
pub const FIELD_CHARS: usize = 2048;

/// One finding as Security Hub takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubFinding {
    /// Id, stable over updates.
    pub id: String,
    /// ARN of the account's default product.
    pub product: String,
    /// Where it is imported.
    pub place: Place,
    /// What found it.
    pub generator: String,
    /// `namespace/category/classifier`.
    pub kind: &'static str,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When this was said.
    pub updated_at: Timestamp,
    /// `INFORMATIONAL`, `LOW`, `MEDIUM`, `HIGH`, `CRITICAL`.
    pub severity: &'static str,
    /// One line.
    pub title: String,
    /// A sentence or two.
    pub description: String,
    /// ARN of the instance.
    pub resource: String,
    /// Partition of the ARNs.
    pub partition: &'static str,
    /// Details by name.
    pub fields: BTreeMap<String, String>,
    /// Whether it is over: `ARCHIVED` instead of `ACTIVE`.
    pub archived: bool,
}

/// The notice's findings.
pub fn hub_findings(notice: &Notice) -> Vec<HubFinding> {
    notice.findings.iter().map(|finding| hub_finding(finding, notice)).collect()
}

fn hub_finding(finding: &NoticeFinding, notice: &Notice) -> HubFinding {
    let place = Place::new(finding.account.clone(), finding.region.clone());
    let partition = partition(place.region.as_str());
    let (account, region) = (place.account.as_str(), place.region.as_str());
    let code = clean(finding.code.as_str(), 80);
    let change = arrow(&clean(&finding.expected, 160), &clean(&finding.actual, 160));
    let change = if change.is_empty() { change } else { format!(" ({change})") };
    let who = finding.who.as_ref();
    let by = who.map_or_else(|| NOBODY.to_owned(), |who| clean(&who.display, 120));
    let instance = clean(finding.instance.as_str(), 40);
    let title = format!("{code} on {instance}");
    let summary = clean(&finding.summary, 500);
    HubFinding {
        id: format!("cattleguard/{}", clean(finding.id.as_str(), 100)),
        product: format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        generator: format!("cattleguard/{code}"),
        kind: kind(&finding.code),
        created_at: finding.first_seen,
        updated_at: notice.time.max(finding.first_seen),
        severity: label(finding.severity),
        title: clean(&title, TITLE_CHARS),
        description: clean(&format!("{summary}{change}. Who: {by}."), DESCRIPTION_CHARS),
        resource: if finding.arn.is_empty() {
            format!("arn:{partition}:ec2:{region}:{account}:instance/{instance}")
        } else {
            clean(&finding.arn, 256)
        },
        partition,
        fields: fields(finding, notice),
        archived: matches!(finding.status.as_str(), "resolved" | "waived"),
        place,
    }
}

fn fields(finding: &NoticeFinding, notice: &Notice) -> BTreeMap<String, String> {
    let who = finding.who.as_ref();
    let fleet = notice.group.fleet.as_ref().map(|fleet| fleet.as_str().to_owned());
    let given = [
        ("Fleet", fleet),
        ("Golden", finding.golden.clone()),
        ("Actor", who.map(|who| who.display.clone())),
        ("Principal", who.map(|who| who.principal.clone())),
        ("EventId", who.map(|who| who.event_id.as_str().to_owned())),
        ("EventName", who.map(|who| who.event_name.clone())),
        ("Policy", Some(finding.policy.join("; ")).filter(|policy| !policy.is_empty())),
        ("Next", Some(finding.next.clone()).filter(|next| !next.is_empty())),
        ("Status", Some(finding.status.clone())),
        ("AuditLog", notice.audit.as_ref().map(ToString::to_string)),
    ];
    given
        .into_iter()
        .filter_map(|(name, value)| Some((format!("cattleguard/{name}"), clean(&value?, FIELD_CHARS))))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Types of the ASFF's taxonomy.
fn kind(code: &crate::types::Code) -> &'static str {
    match code.family() {
        "event" => "Unusual Behaviors/VM/In-place modification",
        "blind" => "Software and Configuration Checks/Visibility/Not observed",
        _ => "Software and Configuration Checks/Immutability/Drift from golden image",
    }
}

fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Info => "INFORMATIONAL",
    }
}

/// The partition of a region, by its name ("Amazon Resource Names").
pub fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn a_finding_carries_what_the_hub_needs() {
        let notice = fixtures::notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")]);
        insta::assert_debug_snapshot!(hub_findings(&notice));
    }

    #[test]
    fn the_worst_finding_keeps_every_limit() {
        for finding in hub_findings(&fixtures::worst_notice()) {
            let chars = |text: &str| text.chars().count();
            assert!(chars(&finding.title) <= TITLE_CHARS && chars(&finding.description) <= DESCRIPTION_CHARS);
            assert!(finding.fields.len() <= 50 && chars(&finding.generator) <= 512 && chars(&finding.id) <= 512);
            assert!(finding.fields.iter().all(|(name, value)| chars(name) <= 128 && chars(value) <= FIELD_CHARS));
            assert!(finding.fields.values().map(String::len).sum::<usize>() < 100_000, "far below 240 kB");
        }
    }

    #[test]
    fn what_is_over_is_archived() {
        let mut notice = fixtures::notice(vec![fixtures::finding("config-user-data", "i-0aa", "x")]);
        assert!(!hub_findings(&notice)[0].archived);
        notice.findings[0].status = "resolved".to_owned();
        assert!(hub_findings(&notice)[0].archived);
    }
}
