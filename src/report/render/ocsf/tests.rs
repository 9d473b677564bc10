//! Every event holds to the published schema, and every SARIF log to its own.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

use super::*;
use crate::evaluate::controls::controls;
use crate::report::fixtures;
use crate::report::listing::Listing;
use crate::report::render::sarif;
use crate::store::ScanSummary;
use crate::types::{CoverageStatus, FindingStatus, Severity, Source, Verdict};

const NASTY: &str = "x\u{1b}[2J</script>\"<!channel>\u{202e}=1+1";

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn read(text: &str, pointer: &str) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let document = serde_json::from_str(text).expect("JSON");
        compiler.add_resource("http://schema.test/s.json", document).expect("a schema");
        let index = compiler.compile(&format!("http://schema.test/s.json{pointer}"), &mut schemas).expect("compiles");
        Self { schemas, index }
    }

    fn ocsf(class: &str) -> Self {
        Self::read(include_str!("../../../../tests/fixtures/schemas/ocsf-1.6.0.json"), &format!("#/$defs/{class}"))
    }

    fn holds(&self, value: &Value) {
        if let Err(error) = self.schemas.validate(value, self.index) {
            panic!("{error}\n{value:#}");
        }
    }

    fn refuses(&self, value: &Value) {
        assert!(self.schemas.validate(value, self.index).is_err(), "{value:#}");
    }
}

fn listing() -> Listing {
    let mut findings = Vec::new();
    for (index, status) in
        [FindingStatus::Open, FindingStatus::Acknowledged, FindingStatus::Waived, FindingStatus::Resolved]
            .into_iter()
            .enumerate()
    {
        let severity = Severity::ALL.get(index).copied().unwrap_or_default();
        for (code, subject) in
            [("file-content-changed", "/etc/a b%/ü"), ("config-volumes", NASTY), ("event-interactive-session", "s")]
        {
            let mut finding = fixtures::finding(code, "i-0aaa", subject);
            (finding.status, finding.severity, finding.times_seen) = (status, severity, 1 + index as u32);
            finding.actual = json!({ "list": [NASTY, 1, null] });
            if index == 1 {
                finding.attribution.clear();
            } else if index == 2 {
                finding.exception = Some("e-1".into());
                finding.attribution[0].source_ip = Some("ssm.amazonaws.com".to_owned());
                finding.attribution[0].mfa = None;
                finding.attribution[0].display = NASTY.to_owned();
            }
            findings.push(finding);
        }
    }
    let mut operation = crate::remediate::sample::operation("op-1", crate::types::OperationKind::Replace, "i-0aaa", 0);
    operation.note = Some(NASTY.to_owned());
    Listing {
        now: fixtures::now(),
        scan: ScanSummary {
            scan_id: "s1".into(),
            started_at: fixtures::at(-60),
            finished_at: fixtures::now(),
            exit_code: 3,
            clean: 1,
            drifted: 1,
            unjudged: 1,
            coverage: vec![fixtures::coverage(Source::Ssm, CoverageStatus::Failed)],
        },
        results: vec![
            fixtures::result("i-0aaa", Verdict::Drifted, &findings),
            fixtures::result("i-0bbb", Verdict::Unjudged, &[]),
            fixtures::result("i-0ccc", Verdict::Clean, &[]),
        ],
        findings,
        plan: None,
        operations: vec![operation],
        goldens: Vec::new(),
        exceptions: Vec::new(),
    }
}

#[test]
fn detection_findings_hold_to_the_schema() {
    let (schema, listing) = (Schema::ocsf("detection_finding"), listing());
    let events = detection_findings(&listing);
    assert_eq!(events.len(), listing.findings.len());
    for event in &events {
        schema.holds(event);
        assert_eq!(event["type_uid"].as_u64(), Some(200_400 + event["activity_id"].as_u64().expect("a number")));
    }
    assert_eq!((events[0]["status_id"].as_u64(), events[0]["activity_id"].as_u64()), (Some(1), Some(1)));
    assert_eq!((events[11]["status_id"].as_u64(), events[11]["activity_id"].as_u64()), (Some(4), Some(3)));
    assert_eq!(events[0]["evidences"][0]["src_endpoint"]["ip"], "198.51.100.7");
    // The schema is one that can refuse.
    let mut wrong = events[0].clone();
    wrong["time"] = json!("yesterday");
    schema.refuses(&wrong);
    let mut wrong = events[0].clone();
    wrong["severity_id"] = json!(9);
    schema.refuses(&wrong);
    let mut wrong = events[0].clone();
    wrong["invented"] = json!(1);
    schema.refuses(&wrong);
}

#[test]
fn compliance_findings_hold_to_the_schema_and_unknown_is_no_pass() {
    let (schema, listing) = (Schema::ocsf("compliance_finding"), listing());
    let controls = controls().expect("the shipped controls");
    let assessed = crate::evaluate::Assessed::of(&crate::evaluate::shipped(), &Value::Null);
    let events = compliance_findings(&listing, &controls, &assessed);
    assert_eq!(events.len(), 3 * controls.len());
    events.iter().for_each(|event| schema.holds(event));
    let of = |instance: &str, control: &str| {
        let uid = format!("{instance}/{control}");
        let event = events.iter().find(|event| event["finding_info"]["uid"] == uid.as_str()).expect("an event");
        event["compliance"]["status"].clone()
    };
    assert_eq!(of("i-0aaa", "pci-dss-4.0.1:11.5.2"), "Fail");
    assert_eq!(of("i-0bbb", "pci-dss-4.0.1:2.2.1"), "Unknown", "what was not judged has not passed");
    assert_eq!(of("i-0ccc", "pci-dss-4.0.1:2.2.1"), "Pass");
    assert_eq!(of("i-0ccc", "pci-dss-4.0.1:8.4.2"), "Unknown", "no rule in force looks at it");
    assert_eq!(of("i-0ccc", "pci-dss-4.0.1:12.10.5"), "Unknown", "its files are not seen");
}

#[test]
fn remediation_activities_hold_to_the_schema() {
    let (schema, listing) = (Schema::ocsf("remediation_activity"), listing());
    let events = remediation_activities(&listing);
    assert_eq!(events.len(), 1);
    events.iter().for_each(|event| schema.holds(event));
}

#[test]
fn sarif_holds_to_its_schema() {
    let schema = Schema::read(include_str!("../../../../tests/fixtures/schemas/sarif-2.1.0.json"), "");
    let text = sarif(&listing());
    let log: Value = serde_json::from_str(&text).expect("JSON");
    schema.holds(&log);
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false, "a source failed");
    assert_eq!(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "etc/a%20b%25/%C3%BC");
    assert_eq!(run["results"][6]["suppressions"][0]["kind"], "external");
    let rule = run["results"][0]["ruleIndex"].as_u64().expect("a number") as usize;
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], run["results"][0]["ruleId"]);
    let mut wrong = log.clone();
    wrong["runs"][0]["results"][0]["level"] = json!("awful");
    schema.refuses(&wrong);
}
