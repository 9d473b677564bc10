//! Operations as JSON, `cattleguard.dev/operation/v1`.

use jiff::Timestamp;
use serde::Serialize;

use super::operation_words::{does, waits_for};
use super::scan_json::pretty;
use crate::remediate::{
    Cut, Facts, JournalEntry, OperationRecord, OperationStatus, Requested, Settings, StepRecord, StepState, WriteCall,
};
use crate::types::{Digest, FleetName, GoldenRef, InstanceId, OperationId, OperationKind, Place, Severity, Track};

/// Schema of one operation.
pub const OPERATION_SCHEMA: &str = "cattleguard.dev/operation/v1";
/// Schema of a list of operations, which leaves out steps.
pub const OPERATIONS_SCHEMA: &str = "cattleguard.dev/operations/v1";

/// What every output says of an operation.
#[derive(Debug, Serialize)]
pub(super) struct HeadDoc<'a> {
    id: &'a OperationId,
    kind: OperationKind,
    status: OperationStatus,
    note: Option<&'a str>,
    waits_for: Option<String>,
    account: &'a str,
    region: &'a str,
    instance: &'a InstanceId,
    replacement: Option<&'a InstanceId>,
    fleet: &'a FleetName,
    golden: Option<&'a GoldenRef>,
    track: Track,
    severity: Severity,
    undoes: Option<&'a OperationId>,
    generation: u32,
    requested: &'a Requested,
    created_at: Timestamp,
    deadline: Timestamp,
    retain_until: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl<'a> From<&'a OperationRecord> for HeadDoc<'a> {
    fn from(record: &'a OperationRecord) -> Self {
        let waits_for = waits_for(record);
        let OperationRecord {
            id,
            kind,
            place: Place { account, region },
            instance,
            fleet,
            golden,
            track,
            severity,
            requested,
            undoes,
            settings: _,
            before: _,
            generation,
            created_at,
            deadline,
            status,
            note,
            steps: _,
            facts,
            ended_at,
        } = record;
        Self {
            id,
            kind: *kind,
            status: *status,
            note: note.as_deref(),
            waits_for,
            account: account.as_str(),
            region: region.as_str(),
            instance,
            replacement: facts.replacement.as_ref(),
            fleet,
            golden: golden.as_ref(),
            track: *track,
            severity: *severity,
            undoes: undoes.as_ref(),
            generation: *generation,
            requested,
            created_at: *created_at,
            deadline: *deadline,
            retain_until: facts.retain_until,
            ended_at: *ended_at,
        }
    }
}

#[derive(Serialize)]
struct EvidenceDoc<'a> {
    folder: &'a str,
    digest: &'a Digest,
}

#[derive(Serialize)]
struct FactsDoc<'a> {
    cut: Option<&'a Cut>,
    snapshots: &'a [String],
    task: Option<&'a str>,
    serving_since: Option<Timestamp>,
    console: Option<&'a Digest>,
    evidence: Option<EvidenceDoc<'a>>,
    attestation: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct StepDoc<'a> {
    index: usize,
    name: &'a str,
    subject: &'a str,
    does: String,
    state: StepState,
    attempts: u32,
    optional: bool,
    after_retention: bool,
    undoable: bool,
    begun_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    call: Option<&'a WriteCall>,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct OperationDoc<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: HeadDoc<'a>,
    settings: &'a Settings,
    facts: FactsDoc<'a>,
    steps: Vec<StepDoc<'a>>,
    journal: &'a [JournalEntry],
}

#[derive(Serialize)]
struct OperationsDoc<'a> {
    schema: &'static str,
    operations: Vec<HeadDoc<'a>>,
}

/// One operation with its steps and its journal.
pub fn operation_json(record: &OperationRecord, journal: &[JournalEntry]) -> String {
    let steps = record.steps.iter().enumerate().map(|(index, step)| step_doc(index, step)).collect();
    pretty(&OperationDoc {
        schema: OPERATION_SCHEMA,
        head: HeadDoc::from(record),
        settings: &record.settings,
        facts: facts_doc(&record.facts),
        steps,
        journal,
    })
}

/// Several operations without their steps.
pub fn operations_json(records: &[OperationRecord]) -> String {
    pretty(&OperationsDoc { schema: OPERATIONS_SCHEMA, operations: records.iter().map(HeadDoc::from).collect() })
}

fn facts_doc(facts: &Facts) -> FactsDoc<'_> {
    let Facts {
        replacement: _,
        principal: _,
        undo_all: _,
        desired: _,
        snapshots,
        cut,
        task,
        serving_since,
        console,
        evidence,
        retain_until: _,
        attestation,
        notes,
    } = facts;
    FactsDoc {
        cut: cut.as_ref(),
        snapshots,
        task: task.as_deref(),
        serving_since: *serving_since,
        console: console.as_ref(),
        evidence: evidence.as_ref().map(|(folder, digest)| EvidenceDoc { folder, digest }),
        attestation,
        notes,
    }
}

fn step_doc(index: usize, record: &StepRecord) -> StepDoc<'_> {
    let StepRecord { step, state, attempts, call, begun_at, ended_at, error, may_have_happened: _ } = record;
    StepDoc {
        index,
        name: &step.name,
        subject: &step.subject,
        does: does(&step.does),
        state: *state,
        attempts: *attempts,
        optional: step.optional,
        after_retention: step.after_retention,
        undoable: !step.undo.is_empty(),
        begun_at: *begun_at,
        ended_at: *ended_at,
        call: call.as_ref(),
        error: error.as_deref(),
    }
}
