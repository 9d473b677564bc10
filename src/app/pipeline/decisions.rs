//! Policy over every instance of a scan.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::history;
use super::scan::{Known, ScanInputs};
use crate::app::policies::Policies;
use crate::detect::{Detection, InstanceDetection};
use crate::evaluate::{Answered, HistoryFacts, InputBuilder, InputFacts, canonical_json, combine, input_digest};
use crate::remediate::OperationRecord;
use crate::types::{
    Circumstances, Coverage, CoverageStatus, Decision, Exception, Finding, FindingId, Instance, InstanceId, Snapshot,
    Source,
};

/// Decisions by instance, with the inputs they were made from.
pub(super) struct Evaluated {
    pub(super) decisions: BTreeMap<InstanceId, Decision>,
    pub(super) inputs: Vec<(InstanceId, String, Value)>,
    pub(super) circumstances: Vec<Circumstances>,
}

/// Evaluates every live instance. `None` when there is no result to rely on.
pub(super) fn decide_all(
    inputs: &ScanInputs<'_>,
    snapshot: &Snapshot,
    known: &Known,
    detection: &Detection,
    operations: &[OperationRecord],
) -> Option<Evaluated> {
    let lookup = Lookup::new(inputs, snapshot, known, detection, operations);
    lookup.evaluate_all(inputs.policies)
}

/// One instance while its policies are asked.
struct Asked<'a> {
    found: &'a InstanceDetection,
    instance: &'a Instance,
    findings: Vec<&'a Finding>,
    exceptions: Vec<&'a Exception>,
    sources: Vec<Source>,
    /// Of the input document.
    digest: String,
    /// Kept for replay.
    input: Option<Value>,
}

struct Lookup<'a> {
    inputs: &'a ScanInputs<'a>,
    snapshot: &'a Snapshot,
    known: &'a Known,
    detection: &'a Detection,
    operations: &'a [OperationRecord],
    instances: HashMap<&'a InstanceId, &'a Instance>,
    findings: HashMap<&'a FindingId, &'a Finding>,
    sharing: HashMap<&'a str, u32>,
}

impl<'a> Lookup<'a> {
    fn new(
        inputs: &'a ScanInputs<'a>,
        snapshot: &'a Snapshot,
        known: &'a Known,
        detection: &'a Detection,
        operations: &'a [OperationRecord],
    ) -> Self {
        let mut sharing: HashMap<&str, u32> = HashMap::new();
        for finding in &detection.findings {
            *sharing.entry(finding.fingerprint.as_str()).or_default() += 1;
        }
        Self {
            inputs,
            snapshot,
            known,
            detection,
            operations,
            instances: snapshot.instances.iter().map(|instance| (&instance.id, instance)).collect(),
            findings: detection.findings.iter().map(|finding| (&finding.id, finding)).collect(),
            sharing,
        }
    }

    fn evaluate_all(&self, policies: &Policies) -> Option<Evaluated> {
        let bundle = policies.digest();
        let mut evaluated = Evaluated { decisions: BTreeMap::new(), inputs: Vec::new(), circumstances: Vec::new() };
        let feed = |ask: &mut dyn FnMut(Asked<'a>, String)| {
            let mut builder = InputBuilder::default();
            for found in &self.detection.instances {
                let Some(instance) = self.instances.get(&found.instance) else { continue };
                let (asked, text) = self.question(found, instance, &mut builder);
                ask(asked, text);
            }
        };
        policies.evaluate(feed, |asked: Asked<'a>, answered: Answered| {
            let Answered { policies, took } = answered;
            let decision = combine(&self.facts(&asked), policies, asked.digest.clone(), &bundle);
            let instance = asked.found.instance.clone();
            let mut exceptions: Vec<_> = asked.exceptions.iter().map(|exception| exception.id.clone()).collect();
            exceptions.sort();
            evaluated.circumstances.push(Circumstances {
                instance: instance.clone(),
                bundle_revision: self.inputs.policy_revision.clone(),
                exceptions,
                duration_ns: u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
            });
            evaluated.inputs.extend(asked.input.map(|input| (instance.clone(), asked.digest, input)));
            evaluated.decisions.insert(instance, decision);
        })?;
        Some(evaluated)
    }

    /// What is asked about one instance, and the input document as text.
    fn question(
        &self,
        found: &'a InstanceDetection,
        instance: &'a Instance,
        builder: &mut InputBuilder,
    ) -> (Asked<'a>, String) {
        let findings: Vec<&'a Finding> =
            found.findings.iter().filter_map(|id| self.findings.get(id).copied()).collect();
        let exceptions = self.exceptions(&findings);
        let sources = self.sources(instance);
        let mut asked = Asked { found, instance, findings, exceptions, sources, digest: String::new(), input: None };
        let input = builder.build(&self.facts(&asked));
        let text = canonical_json(&input);
        asked.digest = input_digest(&text);
        // Inputs of clean instances would fill the store and could only replay to the same nothing.
        asked.input = (!asked.findings.is_empty()).then_some(input);
        (asked, text)
    }

    fn facts<'b>(&'b self, asked: &'b Asked<'a>) -> InputFacts<'b> {
        let Asked { found, instance, findings, exceptions, sources, .. } = asked;
        let fleet = found.fleet.as_ref().and_then(|name| self.inputs.fleets.iter().find(|fleet| fleet.name == *name));
        let golden = found
            .golden
            .as_ref()
            .and_then(|reference| self.known.goldens.iter().find(|golden| golden.reference() == *reference));
        let shared = findings.iter().filter_map(|finding| self.sharing.get(finding.fingerprint.as_str())).max();
        // Without a finding there is nothing to decide, and most instances have neither findings nor a past.
        let past = if findings.is_empty() || self.operations.is_empty() {
            HistoryFacts::default()
        } else {
            history::facts(self.operations, &instance.id, self.snapshot.started_at)
        };
        InputFacts {
            scan: &self.snapshot.scan_id,
            now: self.snapshot.started_at,
            mode: self.inputs.mode,
            instance,
            golden,
            fleet,
            findings,
            verdict: found.verdict,
            missing: &found.reasons,
            sources,
            history: HistoryFacts { same_fingerprint_hosts: shared.copied().unwrap_or(0), ..past },
            exceptions,
        }
    }

    fn exceptions(&self, findings: &[&Finding]) -> Vec<&'a Exception> {
        let now = self.snapshot.started_at;
        self.known
            .exceptions
            .iter()
            .filter(|exception| exception.is_active(now) && findings.iter().any(|finding| exception.covers(finding)))
            .collect()
    }

    fn sources(&self, instance: &Instance) -> Vec<Source> {
        let here = |entry: &&Coverage| entry.account == instance.account && entry.region == instance.region;
        self.snapshot
            .coverage
            .iter()
            .filter(here)
            .filter(|entry| entry.status == CoverageStatus::Complete)
            .map(|entry| entry.source)
            .collect()
    }
}
