//! One instance or one finding, explained in full: evidence, actor, policy, plan and every gate's answer.

use std::collections::BTreeSet;

use super::instance::{Depth, body, decision_and_plan, finding_lines, heading};
use super::operation_words::standing;
use super::out::Out;
use super::parts::{count, time};
use crate::report::look::Look;
use crate::report::text::{clean, short};
use crate::report::view::View;
use crate::store::InstanceResult;
use crate::types::{Finding, InstanceId, Observed};

/// Explains one instance. `view` holds its findings and the plan.
pub fn explain_instance(result: &InstanceResult, view: &View<'_>, look: &Look) -> String {
    let mut out = Out::new(look);
    heading(&mut out, result);
    let instance = &result.instance;
    let group = instance.asg.as_ref().map_or(String::new(), |asg| format!(", group {}", clean(&asg.group, 120)));
    let facts = format!(
        "{} in {}, {}, image {}, launched {}{group}",
        clean(&instance.instance_type, 40),
        clean(&instance.zone, 40),
        clean(&instance.state, 40),
        clean(instance.image.as_str(), 40),
        time(instance.launched_at),
    );
    out.labelled(2, "instance  ", &facts);
    out.labelled(2, "managed   ", &node(result));
    body(&mut out, result, view, &BTreeSet::new(), Depth::Full);
    past(&mut out, &instance.id, view);
    out.finish()
}

/// What was done to it, and where it stands in its line.
fn past(out: &mut Out<'_>, id: &InstanceId, view: &View<'_>) {
    for record in view.past(id) {
        let standing = standing(record);
        let standing = if standing.is_empty() { String::new() } else { format!(": {standing}") };
        let (operation, begun) = (clean(record.id.as_str(), 60), time(record.created_at));
        out.labelled(
            2,
            "done      ",
            &format!("{} {operation}, begun {begun}, {}{standing}", record.kind, record.status),
        );
    }
    let ids = |line: Vec<&InstanceId>| line.iter().map(|id| clean(id.as_str(), 40)).collect::<Vec<_>>();
    let (before, after) = (ids(view.ancestors(id)), ids(view.descendants(id)));
    if !before.is_empty() {
        out.labelled(2, "replaces  ", &before.join(", which replaced "));
    }
    if !after.is_empty() {
        out.labelled(2, "replaced  ", &format!("by {}", after.join(", which was replaced by ")));
    }
}

fn node(result: &InstanceResult) -> String {
    match &result.instance.node {
        // A server that has just reported is not asked about: it has shown that its agent works.
        Observed::Unknown => match result.instance.inventory.values().filter_map(|item| item.captured_at).max() {
            Some(at) => format!("by SSM: it reported inventory at {}", time(at)),
            None => "SSM could not be asked".to_owned(),
        },
        Observed::Seen(None) => "not a managed node: SSM sees nothing of its inside".to_owned(),
        Observed::Seen(Some(node)) => {
            let ping = node.last_ping.map_or_else(|| "never".to_owned(), time);
            let version = node.agent_version.as_deref().map_or_else(|| "unknown".to_owned(), |v| clean(v, 40));
            format!("by SSM: {}, last heard {ping}, agent {version}", clean(&node.ping_status, 40))
        }
    }
}

/// Explains one finding, with what policy and plan say of its instance.
pub fn explain_finding(finding: &Finding, view: &View<'_>, look: &Look) -> String {
    let mut out = Out::new(look);
    out.heading(&format!("{} {}", clean(finding.id.as_str(), 40), clean(finding.code.as_str(), 60)));
    let place = format!("{}/{}", clean(finding.account.as_str(), 20), clean(finding.region.as_str(), 30));
    out.labelled(2, "instance  ", &format!("{} in {place}", clean(finding.instance.as_str(), 40)));
    out.labelled(2, "subject   ", &clean(&finding.subject, 300));
    finding_lines(&mut out, finding, view, &BTreeSet::new(), Depth::Full, &mut String::new());
    if !finding.expected.is_null() || !finding.actual.is_null() {
        out.labelled(2, "expected  ", &or_nothing(&short(&finding.expected, 2000)));
        out.labelled(2, "actual    ", &or_nothing(&short(&finding.actual, 2000)));
    }
    let seen = count(u64::from(finding.times_seen), "scan");
    let (first, last) = (time(finding.first_seen), time(finding.last_seen));
    out.labelled(
        2,
        "seen      ",
        &format!("first {first}, last {last}, by {seen}, through {}", finding.source.as_str()),
    );
    let waiver =
        finding.exception.as_ref().map_or(String::new(), |id| format!(", exception {}", clean(id.as_str(), 60)));
    out.labelled(2, "status    ", &format!("{}{waiver}", finding.status));
    out.labelled(
        2,
        "print     ",
        &format!("{} (equal on hosts that drifted in the same way)", clean(&finding.fingerprint, 64)),
    );
    if let Some(result) = view.result(&finding.instance) {
        let others = view.findings(&finding.instance).len().saturating_sub(1) as u64;
        heading(&mut out, result);
        if others > 0 {
            out.wrapped(2, &format!("{} on this instance as well", count(others, "other finding")));
        }
        decision_and_plan(&mut out, result, view, Depth::Full);
    }
    out.finish()
}

fn or_nothing(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::types::Verdict;

    #[test]
    fn an_instance_with_every_gate() {
        let findings = [fixtures::finding("software-package-changed", "i-0aaaaaaaaaaaaaaaa", "openssl")];
        let results = [fixtures::result("i-0aaaaaaaaaaaaaaaa", Verdict::Drifted, &findings)];
        let mut plan = fixtures::plan();
        plan.held.push(fixtures::held("i-0aaaaaaaaaaaaaaaa"));
        let view = View::new(&results, &findings, Some(&plan));
        insta::assert_snapshot!(explain_instance(&results[0], &view, &Look::default()), @r#"
        ✗ drifted i-0aaaaaaaaaaaaaaaa · web · 111122223333/eu-west-1 · web@1
          instance  m7g.large in eu-west-1a, running, image ami-0aaaaaaaaaaaaaaaa, launched 2026-10-24
                    10:00:00Z
          managed   SSM could not be asked
          changed   software-package-changed (high, f-fca0421a71226937): openssl differs from the golden
          who       alice called StartSession from 198.51.100.7, with MFA, at 2026-11-23 09:58:00Z, event
                    11111111-2222-3333-4444-555555555555, session alice-0a1b2c (a session was open then)
                    arn:aws:sts::111122223333:assumed-role/Admin/alice
          policy    alert (policy asked for replace, lowered by mode = "observe"), severity high
                    • modified in place
                    controls pci-dss-4.0.1:11.5.2
                    cattleguard.host.in_place_modification: violation
                    input sha256:0, bundle sha256:1
          plan      would replace it, but holds
                    • kill-switch: allow: not pulled
                    • window: hold until 2026-11-24 02:00:00Z: outside every window
                    • opt-in: refuse: fleet web is observe-only: set enforcement = "replace"
        "#);
    }

    #[test]
    fn an_instance_in_the_middle_of_its_line() {
        use crate::remediate::OperationStatus;
        use crate::remediate::sample::{operation, turned};
        use crate::types::OperationKind::{Quarantine, Replace};
        let replaced = |id: &str, old: &str, new: &str, begun, status| {
            let mut record = operation(id, Replace, old, begun);
            record.facts.replacement = Some(new.into());
            turned(&record, status, begun + 10).0
        };
        let past = [
            replaced("op-1", "i-1", "i-2", 0, OperationStatus::Done),
            replaced("op-2", "i-2", "i-dead", 100, OperationStatus::RolledBack),
            turned(&operation("op-3", Quarantine, "i-2", 200), OperationStatus::Done, 210).0,
            replaced("op-4", "i-2", "i-3", 300, OperationStatus::Retaining),
            replaced("op-5", "i-3", "i-4", 400, OperationStatus::Running),
        ];
        let results = [fixtures::result("i-2", Verdict::Drifted, &[])];
        let view = View::new(&results, &[], None).with_past(&past);
        let text = explain_instance(&results[0], &view, &Look::default());
        let told: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("  plan")).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        plan      nothing more: it was replaced and is kept
        done      replace op-2, begun 2027-01-15 08:01:40Z, rolled-back
        done      quarantine op-3, begun 2027-01-15 08:03:20Z, done
        done      replace op-4, begun 2027-01-15 08:05:00Z, retaining: waits for the end of the retention
        replaces  i-1
        replaced  by i-3, which was replaced by i-4
        "#);
        let document: serde_json::Value =
            serde_json::from_str(&crate::report::render::instance_json(&results[0], &view)).unwrap();
        assert_eq!(document["replaces"], serde_json::json!(["i-1"]));
        assert_eq!(document["replaced_by"], serde_json::json!(["i-3", "i-4"]));
        assert_eq!(document["operations"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn a_finding_that_nobody_explains() {
        let mut finding = fixtures::finding("software-package-changed", "i-0aaaaaaaaaaaaaaaa", "open\u{1b}[1mssl");
        finding.attribution.clear();
        let findings = [finding];
        let results = [fixtures::result("i-0aaaaaaaaaaaaaaaa", Verdict::Drifted, &findings)];
        let view = View::new(&results, &findings, None);
        insta::assert_snapshot!(explain_finding(&findings[0], &view, &Look::default()), @r#"
        f-a386ebd00bca7263 software-package-changed
          instance  i-0aaaaaaaaaaaaaaaa in 111122223333/eu-west-1
          subject   openssl
          changed   software-package-changed (high, f-a386ebd00bca7263): openssl differs from the golden
          who       nobody in the trail explains it
          expected  1.0
          actual    2.0
          seen      first 2026-11-23 09:59:00Z, last 2026-11-23 10:00:00Z, by 2 scans, through ssm
          status    open
          print     c662b8ebe02dcbc1b9de02959f200a5b (equal on hosts that drifted in the same way)

        ✗ drifted i-0aaaaaaaaaaaaaaaa · web · 111122223333/eu-west-1 · web@1
          policy    alert (policy asked for replace, lowered by mode = "observe"), severity high
                    • modified in place
                    controls pci-dss-4.0.1:11.5.2
                    cattleguard.host.in_place_modification: violation
                    input sha256:0, bundle sha256:1
          plan      nothing beyond this alert
        "#);
    }
}
