//! Policy over every instance of a scan.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::history;
use super::scan::{Known, ScanInputs};
use crate::app::config::Config;
use crate::app::error::AppError;
use crate::app::policy_files;
use crate::app::policy_stack::on_policy_stack;
use crate::detect::{Detection, InstanceDetection};
use crate::evaluate::{self, Evaluator, HistoryFacts, InputFacts, PolicySet, PolicySource, shipped};
use crate::remediate::OperationRecord;
use crate::types::{
    Coverage, CoverageStatus, Decision, Exception, Finding, FindingId, Instance, InstanceId, Snapshot, Source,
};

/// Decisions by instance, with the inputs they were made from.
pub(super) struct Evaluated {
    pub(super) decisions: BTreeMap<InstanceId, Decision>,
    pub(super) inputs: Vec<(InstanceId, String, Value)>,
}

/// Compiles the shipped pack together with a user's own policies.
///
/// # Errors
/// Every problem of every file, with its line.
pub fn compile_policies(builtin: bool, own: Vec<PolicySource>) -> Result<PolicySet, AppError> {
    let mut sources = if builtin { shipped() } else { Vec::new() };
    sources.extend(own);
    let compiled = on_policy_stack(|| PolicySet::compile(sources.clone(), Value::Object(serde_json::Map::new())))?;
    compiled.map_err(|problems| {
        AppError::config(problems.into_iter().map(|problem| policy_files::diag(problem, &sources)).collect())
    })
}

/// The policies that a configuration evaluates, in the order of their names.
///
/// # Errors
/// A path that cannot be read.
pub fn policy_sources(config: &Config) -> Result<Vec<PolicySource>, AppError> {
    let mut sources = if config.policy.builtin { shipped() } else { Vec::new() };
    sources.extend(policy_files::read(&config.policy.paths)?);
    sources.sort();
    Ok(sources)
}

/// Evaluates every live instance on a thread with a large stack. `None` when that thread died.
pub(super) fn decide_all(
    inputs: &ScanInputs<'_>,
    snapshot: &Snapshot,
    known: &Known,
    detection: &Detection,
    operations: &[OperationRecord],
) -> Option<Evaluated> {
    let lookup = Lookup::new(inputs, snapshot, known, detection, operations);
    let policies = inputs.policies;
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("policy".to_owned())
            .stack_size(evaluate::STACK_BYTES)
            .spawn_scoped(scope, || lookup.evaluate_all(policies))
            .ok()?
            .join()
            .ok()
    })
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

    fn evaluate_all(&self, policies: &PolicySet) -> Evaluated {
        let mut evaluator = Evaluator::new(policies);
        let mut evaluated = Evaluated { decisions: BTreeMap::new(), inputs: Vec::new() };
        for found in &self.detection.instances {
            let Some(instance) = self.instances.get(&found.instance) else { continue };
            let findings: Vec<&Finding> =
                found.findings.iter().filter_map(|id| self.findings.get(id).copied()).collect();
            let exceptions = self.exceptions(&findings);
            let sources = self.sources(instance);
            let facts = self.facts(found, instance, &findings, &exceptions, &sources);
            let (decision, input) = evaluator.decide(&facts);
            // Inputs of clean instances would fill the store and could only replay to the same nothing.
            if !findings.is_empty() {
                evaluated.inputs.push((found.instance.clone(), decision.input_digest.clone(), input));
            }
            evaluated.decisions.insert(found.instance.clone(), decision);
        }
        evaluated
    }

    fn facts<'b>(
        &'b self,
        found: &'b InstanceDetection,
        instance: &'b Instance,
        findings: &'b [&'b Finding],
        exceptions: &'b [&'b Exception],
        sources: &'b [Source],
    ) -> InputFacts<'b> {
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
