//! The parts of the scan document, shared by its JSON and NDJSON forms. Fields are only ever added.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::remediate::kept;
use crate::report::scan_report::ScanReport;
use crate::store::InstanceResult;
use crate::types::{
    AccountId, Action, Attribution, ChangeEvent, Code, Coverage, Decision, DecisionStatus, EventId, ExceptionId,
    Finding, FindingId, FindingStatus, FleetName, GateReport, GoldenRef, Held, InstanceId, Operation, OperationKind,
    PlanHash, Region, Severity, Track, Verdict,
};

/// Schema of the scan document and its records.
pub const SCAN_SCHEMA: &str = "cattleguard.dev/scan/v1";

/// Coverage of one source in one place.
#[derive(Debug, Serialize)]
pub(super) struct CoverageDoc<'a> {
    account: &'a AccountId,
    region: &'a Region,
    source: &'static str,
    status: crate::types::CoverageStatus,
    through: Option<Timestamp>,
    reason: Option<&'a str>,
    api: Option<&'a str>,
    denied: bool,
}

impl<'a> From<&'a Coverage> for CoverageDoc<'a> {
    fn from(entry: &'a Coverage) -> Self {
        let Coverage { account, region, source, status, through, reason, api, denied } = entry;
        Self {
            account,
            region,
            source: source.as_str(),
            status: *status,
            through: *through,
            reason: reason.as_deref(),
            api: api.as_deref(),
            denied: *denied,
        }
    }
}

/// One instance with verdict and decision.
#[derive(Debug, Serialize)]
pub(super) struct InstanceDoc<'a> {
    id: &'a InstanceId,
    account: &'a AccountId,
    region: &'a Region,
    fleet: Option<&'a FleetName>,
    golden: Option<&'a GoldenRef>,
    image: &'a str,
    name: Option<&'a str>,
    state: &'a str,
    verdict: Verdict,
    /// It was replaced and is only kept: it takes no part in its fleet, and is not counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    kept: bool,
    reasons: Vec<ReasonDoc<'a>>,
    decision: Option<DecisionDoc<'a>>,
    findings: &'a [FindingId],
}

#[derive(Debug, Serialize)]
struct ReasonDoc<'a> {
    source: Option<&'static str>,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct DecisionDoc<'a> {
    action: Action,
    asked: Action,
    capped_by: Option<&'a str>,
    track: Track,
    severity: Severity,
    reasons: &'a [String],
    controls: &'a [String],
    status: DecisionStatus,
    input_digest: &'a str,
    bundle_digest: &'a str,
}

/// The instances of a scan.
pub(super) fn instances(report: &ScanReport) -> Vec<InstanceDoc<'_>> {
    let kept = kept(&report.unfinished);
    let doc = |result| InstanceDoc::from(result);
    report.instances.iter().map(doc).map(|doc| InstanceDoc { kept: kept.contains(doc.id), ..doc }).collect()
}

impl<'a> From<&'a InstanceResult> for InstanceDoc<'a> {
    fn from(result: &'a InstanceResult) -> Self {
        let InstanceResult { instance, fleet, golden, verdict, reasons, decision, findings } = result;
        let reasons = reasons
            .iter()
            .map(|reason| ReasonDoc { source: reason.source.map(|s| s.as_str()), reason: &reason.reason })
            .collect();
        Self {
            id: &instance.id,
            account: &instance.account,
            region: &instance.region,
            fleet: fleet.as_ref(),
            golden: golden.as_ref(),
            image: instance.image.as_str(),
            name: instance.tags.get("Name").map(String::as_str),
            state: &instance.state,
            verdict: *verdict,
            kept: false,
            reasons,
            decision: decision.as_ref().map(decision_doc),
            findings,
        }
    }
}

fn decision_doc(decision: &Decision) -> DecisionDoc<'_> {
    DecisionDoc {
        action: decision.action,
        asked: decision.asked,
        capped_by: decision.capped_by.as_deref(),
        track: decision.track,
        severity: decision.severity,
        reasons: &decision.reasons,
        controls: &decision.controls,
        status: decision.status,
        input_digest: &decision.input_digest,
        bundle_digest: &decision.bundle_digest,
    }
}

/// One finding.
#[derive(Debug, Serialize)]
pub(super) struct FindingDoc<'a> {
    id: &'a FindingId,
    code: &'a Code,
    instance: &'a InstanceId,
    account: &'a AccountId,
    region: &'a Region,
    fleet: Option<&'a FleetName>,
    golden: Option<&'a GoldenRef>,
    severity: Severity,
    subject: &'a str,
    summary: &'a str,
    expected: &'a Value,
    actual: &'a Value,
    source: &'static str,
    attribution: &'a [Attribution],
    first_seen: Timestamp,
    last_seen: Timestamp,
    times_seen: u32,
    status: FindingStatus,
    exception: Option<&'a ExceptionId>,
    fingerprint: &'a str,
}

impl<'a> From<&'a Finding> for FindingDoc<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            id: &finding.id,
            code: &finding.code,
            instance: &finding.instance,
            account: &finding.account,
            region: &finding.region,
            fleet: finding.fleet.as_ref(),
            golden: finding.golden.as_ref(),
            severity: finding.severity,
            subject: &finding.subject,
            summary: &finding.summary,
            expected: &finding.expected,
            actual: &finding.actual,
            source: finding.source.as_str(),
            attribution: &finding.attribution,
            first_seen: finding.first_seen,
            last_seen: finding.last_seen,
            times_seen: finding.times_seen,
            status: finding.status,
            exception: finding.exception.as_ref(),
            fingerprint: &finding.fingerprint,
        }
    }
}

/// A change event whose targets are not all known.
#[derive(Debug, Serialize)]
pub(super) struct EventDoc<'a> {
    event_id: &'a EventId,
    event_time: Timestamp,
    event_source: &'a str,
    event_name: &'a str,
    code: &'a Code,
    severity: Severity,
    account: &'a AccountId,
    region: &'a Region,
    instances: &'a [InstanceId],
    unresolved: &'a [String],
    principal: &'a str,
    display: &'a str,
    source_ip: Option<&'a str>,
    summary: &'a str,
}

impl<'a> From<&'a ChangeEvent> for EventDoc<'a> {
    fn from(event: &'a ChangeEvent) -> Self {
        Self {
            event_id: &event.id,
            event_time: event.time,
            event_source: &event.event_source,
            event_name: &event.event_name,
            code: &event.code,
            severity: event.severity,
            account: &event.account,
            region: &event.region,
            instances: &event.instances,
            unresolved: &event.unresolved,
            principal: &event.actor.principal,
            display: &event.actor.display,
            source_ip: event.actor.source_ip.as_deref(),
            summary: &event.summary,
        }
    }
}

/// The plan.
#[derive(Debug, Serialize)]
pub(super) struct PlanDoc<'a> {
    hash: &'a PlanHash,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a PlanHash>,
    created_at: Timestamp,
    operations: Vec<OperationDoc<'a>>,
    held: Vec<HeldDoc<'a>>,
    frozen: Vec<FrozenDoc<'a>>,
}

/// One operation.
#[derive(Debug, Serialize)]
pub(super) struct OperationDoc<'a> {
    kind: OperationKind,
    instance: &'a InstanceId,
    account: &'a AccountId,
    region: &'a Region,
    fleet: &'a FleetName,
    golden: Option<&'a GoldenRef>,
    track: Track,
    severity: Severity,
    findings: &'a [FindingId],
    before_image: &'a str,
    reasons: &'a [String],
    gates: &'a [GateReport],
}

/// What is held.
#[derive(Debug, Serialize)]
pub(super) struct HeldDoc<'a> {
    kind: OperationKind,
    instance: &'a InstanceId,
    account: &'a AccountId,
    region: &'a Region,
    fleet: Option<&'a FleetName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a PlanHash>,
    gates: &'a [GateReport],
}

/// A frozen fleet.
#[derive(Debug, Serialize)]
pub(super) struct FrozenDoc<'a> {
    fleet: &'a FleetName,
    reason: &'a str,
}

impl<'a> From<&'a Operation> for OperationDoc<'a> {
    fn from(operation: &'a Operation) -> Self {
        let Operation {
            kind,
            instance,
            account,
            region,
            fleet,
            golden,
            track,
            severity,
            findings,
            before_image,
            reasons,
            gates,
        } = operation;
        let golden = golden.as_ref();
        Self {
            kind: *kind,
            instance,
            account,
            region,
            fleet,
            golden,
            track: *track,
            severity: *severity,
            findings,
            before_image,
            reasons,
            gates,
        }
    }
}

impl<'a> From<&'a Held> for HeldDoc<'a> {
    fn from(held: &'a Held) -> Self {
        let Held { kind, instance, account, region, fleet, operation, gates } = held;
        Self { kind: *kind, instance, account, region, fleet: fleet.as_ref(), operation: operation.as_ref(), gates }
    }
}

impl<'a> From<&'a crate::types::Plan> for PlanDoc<'a> {
    fn from(plan: &'a crate::types::Plan) -> Self {
        let crate::types::Plan { hash, approval, created_at, operations, held, frozen } = plan;
        Self {
            hash,
            approval: approval.as_ref(),
            created_at: *created_at,
            operations: operations.iter().map(OperationDoc::from).collect(),
            held: held.iter().map(HeldDoc::from).collect(),
            frozen: frozen.iter().map(|(fleet, reason)| FrozenDoc { fleet, reason }).collect(),
        }
    }
}

/// Counts and exit code.
#[derive(Debug, Serialize)]
pub(super) struct SummaryDoc {
    clean: u64,
    drifted: u64,
    unjudged: u64,
    /// Replaced and only kept: not counted among the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<usize>,
    findings: u64,
    new: u64,
    resolved: u64,
    planned: u64,
    held: u64,
    set_aside: u64,
    unresolved_events: u64,
    api_calls: u64,
    api_calls_saved: u64,
    api_throttled: u64,
    api_retries: u64,
    exit_code: u8,
}

impl From<&ScanReport> for SummaryDoc {
    fn from(report: &ScanReport) -> Self {
        let kept = kept(&report.unfinished);
        let only_kept = report.instances.iter().filter(|result| kept.contains(&result.instance.id)).count();
        Self {
            clean: report.totals.clean,
            drifted: report.totals.drifted,
            unjudged: report.totals.unjudged,
            kept: Some(only_kept).filter(|count| *count > 0),
            findings: report.findings.len() as u64,
            new: report.new.len() as u64,
            resolved: report.resolved.len() as u64,
            planned: report.plan.operations.len() as u64,
            held: report.plan.held.len() as u64,
            set_aside: report.set_aside.len() as u64,
            unresolved_events: report.unresolved_events.len() as u64,
            api_calls: report.calls.values().sum(),
            api_calls_saved: report.calls_saved,
            api_throttled: report.calls_throttled,
            api_retries: report.calls_retried,
            exit_code: report.totals.exit_code,
        }
    }
}
