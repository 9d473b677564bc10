//! Runs one scan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cattleguard_agent::inventory::{DIFFERENCE_TYPE, REPORT_TYPE};
use jiff::Timestamp;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::decisions::{self, Evaluated};
use super::stage_log::StageLog;
use super::standing;
use super::wish::Wish;
use super::{commit, contents, history, lease, outcome, own_calls, planning, unseen};
use crate::app::policies::Policies;
use crate::collect::hashes::CleanHashes;
use crate::collect::{self, CloudRead, CollectSettings, Collected, Collection, Memory, Progress};
use crate::detect::{DetectInput, Detection, detect};
use crate::plan::{Alarm, Permissions};
use crate::remediate::Approval;
use crate::report::{
    Destination, NotifySettings, OutboxHistory, ScanReport, Waivers, approval_notices, draft_notices,
    exception_notices, lapsed_notices,
};
use crate::store::{InstanceResult, Store, StoreError};
use crate::types::{
    AccountId, CallOutcome, ChangeEvent, Coverage, CoverageStatus, Exception, Finding, Fleet, Golden, ImageId,
    Instance, InstanceId, InventoryContent, InventoryType, Place, Region, ScanId, ScanMode, Severity, Snapshot, Source,
    TRACE,
};

/// Events older than this no longer explain anything new and are not loaded for correlation.
const REMEMBER_DAYS: i64 = 30;

/// What a scan needs beside the cloud and the store.
pub struct ScanInputs<'a> {
    /// What to collect.
    pub collect: CollectSettings,
    /// Fleets.
    pub fleets: &'a [Fleet],
    /// Ceiling.
    pub mode: ScanMode,
    /// Findings at or above this make the exit code 1.
    pub fail_on: Severity,
    /// Policies.
    pub policies: &'a Policies,
    /// Where notices go.
    pub destinations: &'a [Destination],
    /// How notices are grouped.
    pub notify: NotifySettings,
    /// No exception lasts longer.
    pub exceptions_last: std::time::Duration,
    /// People are told this long before an exception ends.
    pub exceptions_warn: std::time::Duration,
    /// Principals that cattleguard itself uses.
    pub own_principals: Vec<String>,
    /// Why the kill switch outside the state stops everything, if it does.
    pub stopped: Option<String>,
    /// Alarms that hold enforcement, with their state.
    pub alarms: Vec<Alarm>,
    /// What is known of the enforcing role's permissions.
    pub permissions: Permissions,
    /// How many different people must approve a plan where approval is wanted.
    pub approvals_needed: usize,
    /// What a person wants done with one instance.
    pub wish: Option<&'a Wish>,
    /// Who holds the lease: host, pid, command.
    pub holder: String,
    /// The clock.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Progress.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that evaluates policies died.
    #[error("policy evaluation ended without a result; nothing was committed")]
    Policy,
}

/// A finished and committed scan.
pub struct ScanOutcome {
    /// The report.
    pub report: ScanReport,
    /// Notices put into the outbox.
    pub notices: usize,
    /// Events that were read for the first time.
    pub events: usize,
    /// The plan for a person's wish alone; `None` when there was none, or its instance was not seen.
    pub wished: Option<crate::types::Plan>,
}

/// What the store knows before the scan.
#[derive(Default)]
pub(super) struct Known {
    pub(super) goldens: Vec<Golden>,
    pub(super) findings: Vec<Finding>,
    pub(super) exceptions: Vec<Exception>,
    pub(super) remembered: Vec<ChangeEvent>,
    pub(super) last_clean: BTreeMap<InstanceId, Timestamp>,
    pub(super) renewed: BTreeMap<InstanceId, Timestamp>,
    pub(super) pauses: Vec<(Option<crate::types::FleetName>, String)>,
    pub(super) approvals: Vec<Approval>,
}

/// Scans, and commits the result.
///
/// # Errors
/// When another process holds the lease, or the state cannot be read or written. Sources that cannot be read are
/// not errors: they are coverage in the report.
pub async fn run_scan(
    cloud: &dyn CloudRead,
    store: &dyn Store,
    inputs: &ScanInputs<'_>,
) -> Result<ScanOutcome, ScanError> {
    let held = lease::Held::acquire(store, &inputs.holder, inputs.clock)?;
    let span = tracing::info_span!(target: TRACE, "scan", scan.id = Empty);
    scan_under_lease(cloud, store, inputs, &held).instrument(span).await
}

async fn scan_under_lease(
    cloud: &dyn CloudRead,
    store: &dyn Store,
    inputs: &ScanInputs<'_>,
    held: &lease::Held<'_>,
) -> Result<ScanOutcome, ScanError> {
    let now = (inputs.clock)();
    let mut log = StageLog::start("load");
    let known = load(store, inputs.exceptions_last, now)?;
    log.next("collect");
    let mut collected = held.renewing(gather(cloud, store, inputs, &known).instrument(log.span())).await??;
    log.next("detect");
    let snapshot = &collected.snapshot;
    Span::current().record("scan.id", snapshot.scan_id.as_str());

    let mut detection = detect(&DetectInput {
        snapshot,
        goldens: &known.goldens,
        fleets: inputs.fleets,
        exceptions: &known.exceptions,
        known: &known.findings,
        remembered: &known.remembered,
        last_clean: &known.last_clean,
        renewed: &known.renewed,
    });
    let drifted = detection.instances.iter().filter(|found| !found.findings.is_empty());
    let operations = history::load(store, now, drifted.map(|found| &found.instance))?;
    standing::without_our_doing(&mut detection, &standing::standings(store, snapshot)?, &known.findings);
    let contents = contents::learn(&collected, &detection.instances, &known.goldens);
    log.next("evaluate");
    let evaluated = decisions::decide_all(inputs, snapshot, &known, &detection, &operations);
    let mut evaluated = evaluated.ok_or(ScanError::Policy)?;
    log.next("plan");
    let unseen = unseen::unseen(store, snapshot, &detection)?;
    let plan = planning::plan(inputs, snapshot, &known, &detection, &evaluated, &operations, &unseen);
    let wished = planning::wished(inputs, snapshot, &known, &detection, &evaluated, &operations, &unseen);
    log.next("report");
    let mut report = report(inputs, &mut collected.snapshot, detection, &mut evaluated, plan, unseen);
    report.unfinished = store.unfinished_operations()?;
    report.totals = outcome::totals(&report, inputs.fail_on);

    // What this scan gives up is not in the store yet.
    report.dead_letters = collected.marks.dead.iter().rev().cloned().collect();
    report.dead_letters.extend(store.dead_letters()?);

    let history = OutboxHistory::new(store);
    let mut notify = inputs.notify.clone();
    notify.silences.extend(store.silences()?);
    let mut drafts = draft_notices(&report, inputs.destinations, &history, now, &notify);
    let previous = store.last_plan()?;
    drafts.extend(approval_notices(&report.plan, previous.as_ref(), inputs.destinations, &history, now));
    let looked = |place: &Place| wholly_seen(&collected.snapshot.coverage, place);
    drafts.extend(lapsed_notices(&operations, &report.plan, looked, inputs.destinations, &history, now));
    let waivers = Waivers { exceptions: &known.exceptions, before: &known.findings, warn: inputs.exceptions_warn };
    drafts.extend(exception_notices(&waivers, &report.findings, inputs.destinations, &history, now));
    if let Some(error) = history.take_error() {
        tracing::warn!(error = %error, "the outbox history could not be read; a notice may be repeated");
    }
    let notices = drafts.len();
    let events = collected.snapshot.events.len();
    let receipts = std::mem::take(&mut collected.receipts);
    let scan = commit::build(&mut report, collected, evaluated, drafts, contents);
    log.next("commit");
    store.commit_scan(held.lease(), &scan)?;
    report.instances = scan.instances;
    log.end();
    // Only now: what is deleted from a queue is nowhere else.
    collect::acknowledge(cloud, &receipts).await;
    Ok(ScanOutcome { report, notices, events, wished })
}

/// Whether every server of a place was seen.
fn wholly_seen(coverage: &[Coverage], place: &Place) -> bool {
    let here =
        |one: &&Coverage| one.source == Source::Ec2 && one.account == place.account && one.region == place.region;
    let mut found = coverage.iter().filter(here).peekable();
    found.peek().is_some() && found.all(|one| one.status == CoverageStatus::Complete)
}

/// The configured inventory types that some golden can judge: reading a type of a whole fleet costs a call for every
/// 50 servers. Before the first golden is recorded all of them are read, so that silence is seen.
pub(super) fn judged_types(configured: &[InventoryType], fleets: &[Fleet], goldens: &[Golden]) -> Vec<InventoryType> {
    let judged: Vec<InventoryType> = configured
        .iter()
        .filter(|kind| goldens.iter().any(|golden| golden.baseline.inventory.contains_key(*kind)))
        .cloned()
        .collect();
    let mut types = if judged.is_empty() { configured.to_vec() } else { judged };
    // The agent's reports are read when somebody expects them. What differs in which subtree only the agent's own
    // readers need to know.
    let expected = fleets.iter().any(|fleet| fleet.expect_agent)
        || goldens.iter().any(|golden| golden.baseline.manifest_root.is_some());
    for kind in [REPORT_TYPE, DIFFERENCE_TYPE].map(InventoryType::new) {
        if expected && !types.contains(&kind) {
            types.push(kind);
        }
    }
    types
}

/// Collects; what earlier scans remember is loaded for no longer than that.
async fn gather(
    cloud: &dyn CloudRead,
    store: &dyn Store,
    inputs: &ScanInputs<'_>,
    known: &Known,
) -> Result<Collected, StoreError> {
    let memory = memory(store, inputs, known, (inputs.clock)())?;
    let known_events = |ids: &[crate::types::EventId]| store.known_events(ids).unwrap_or_default();
    let inventory_types = judged_types(&inputs.collect.inventory_types, inputs.fleets, &known.goldens);
    let settings = CollectSettings { inventory_types, ..inputs.collect.clone() };
    let collection = Collection {
        cloud,
        settings: &settings,
        memory: &memory,
        known_events: &known_events,
        clock: inputs.clock,
        progress: inputs.progress,
    };
    let scan_id = ScanId::new(uuid::Uuid::now_v7().to_string());
    Ok(collect::collect(&collection, scan_id).await)
}

pub(super) fn load(store: &dyn Store, most: std::time::Duration, now: Timestamp) -> Result<Known, StoreError> {
    let since = now.checked_sub(jiff::SignedDuration::from_hours(24 * REMEMBER_DAYS)).unwrap_or(Timestamp::MIN);
    Ok(Known {
        goldens: store.goldens()?,
        findings: store.findings(false)?,
        exceptions: store.exceptions()?.into_iter().map(|exception| exception.lasting_at_most(most)).collect(),
        remembered: store.events_since(since)?,
        last_clean: store.last_clean()?,
        renewed: history::renewed(&store.operations_since(since)?),
        pauses: store.pauses()?,
        approvals: store.approvals(now)?,
    })
}

fn memory(store: &dyn Store, inputs: &ScanInputs<'_>, known: &Known, now: Timestamp) -> Result<Memory, StoreError> {
    let checkpoints = store.checkpoints()?;
    let since = own_calls::since(&checkpoints, inputs.collect.lookback, inputs.collect.overlap, now);
    // A scan that does not enforce has no writer to ask.
    let own = own_calls::context(store, since, now)?;
    let mut own_principals = inputs.own_principals.clone();
    own_principals.extend(own.own_principals);
    let user_data_images: BTreeSet<ImageId> = known
        .goldens
        .iter()
        .filter(|golden| golden.contract.user_data.is_some())
        .flat_map(|golden| golden.images.iter().map(|image| image.image.clone()))
        .collect();
    let day = now.checked_sub(jiff::SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    let is_unresolved = |event: &&ChangeEvent| !event.unresolved.is_empty() && event.time >= day;
    Ok(Memory {
        unresolved: known.remembered.iter().filter(is_unresolved).cloned().collect(),
        reports: store.content_reports()?,
        clean: CleanHashes::of(&known.goldens, &store.clean_contents()?),
        links: store.links()?,
        user_data: store.user_data()?,
        checkpoints,
        objects: store.object_marks()?,
        again: store.dead_letters()?.into_iter().filter(|letter| letter.again).collect(),
        user_data_images,
        own_principals,
        own_events: own.own_calls,
        own_windows: own.own_windows,
    })
}

/// Grave changes of this scan's events whose targets are not all known. What concerns trails is a finding by itself.
fn unresolved(snapshot: &Snapshot) -> Vec<ChangeEvent> {
    let grave = |event: &&ChangeEvent| event.severity >= Severity::High && event.outcome == CallOutcome::Succeeded;
    let of_servers = |event: &&ChangeEvent| event.code.family() != "blind" && !event.unresolved.is_empty();
    snapshot.events.iter().filter(grave).filter(of_servers).cloned().collect()
}

/// The report takes the instances and decisions over: they are large, and nobody else needs them any more.
fn report(
    inputs: &ScanInputs<'_>,
    snapshot: &mut Snapshot,
    detection: Detection,
    evaluated: &mut Evaluated,
    plan: crate::types::Plan,
    unseen: Vec<InstanceResult>,
) -> ScanReport {
    let mut rowless = Rowless::default();
    // Detection keeps the snapshot's order and leaves some out.
    let mut seen = std::mem::take(&mut snapshot.instances).into_iter();
    let mut instances: Vec<InstanceResult> = detection
        .instances
        .into_iter()
        .filter_map(|found| {
            let mut instance = seen.find(|instance| instance.id == found.instance)?;
            instance.inventory.values_mut().for_each(|item| rowless.strip(&mut item.content));
            Some(InstanceResult {
                decision: evaluated.decisions.remove(&found.instance),
                instance,
                fleet: found.fleet,
                golden: found.golden,
                verdict: found.verdict,
                reasons: found.reasons,
                findings: found.findings,
            })
        })
        .collect();
    instances.extend(unseen);
    instances.sort_by(|a, b| order(&a.instance).cmp(&order(&b.instance)));
    ScanReport {
        scan_id: snapshot.scan_id.clone(),
        started_at: snapshot.started_at,
        finished_at: snapshot.finished_at,
        mode: inputs.mode,
        coverage: snapshot.coverage.clone(),
        instances,
        findings: detection.findings,
        resolved: detection.resolved,
        new: detection.new,
        plan,
        unfinished: Vec::new(),
        trail_sources: snapshot.trail_sources.clone(),
        dead_letters: Vec::new(),
        set_aside: snapshot.set_aside.clone(),
        unresolved_events: unresolved(snapshot),
        calls: snapshot.calls.clone(),
        calls_saved: snapshot.calls_saved,
        // Whoever sends the requests counts them.
        calls_throttled: 0,
        calls_retried: 0,
        totals: crate::report::ScanTotals::default(),
    }
}

/// Inventory without its rows: only the digests are kept, one allocation for each.
#[derive(Default)]
struct Rowless(BTreeMap<String, Arc<InventoryContent>>);

impl Rowless {
    fn strip(&mut self, content: &mut Arc<InventoryContent>) {
        let digest = &content.digest;
        let bare = self
            .0
            .entry(digest.clone())
            .or_insert_with(|| Arc::new(InventoryContent { entries: Vec::new(), digest: digest.clone() }));
        *content = Arc::clone(bare);
    }
}

/// The order in which instances are listed everywhere.
fn order(instance: &Instance) -> (&AccountId, &Region, &InstanceId) {
    (&instance.account, &instance.region, &instance.id)
}
