//! One raw record -> a change with its targets still unresolved, a reason to ignore it, or a problem.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::actor::{CallContext, actor};
use super::condition::Body;
use super::envelope::{Envelope, Head};
use super::extract;
use super::inventory::{self, InventoryReport};
use super::launch::{self, LaunchSeen};
use super::learn::EndSeen;
use super::letters;
use super::own::ClassifyContext;
use super::record::Record;
use super::shared::Given;
use super::table::{Entry, Quiet, Row, UNMAPPED, table};
use super::target::Target;
use super::text::{clean, set_aside};
use crate::types::{Actor, ActorKind, CallOutcome, Category, ChangeEvent, Code, Directness, SetAside, Severity};

/// A wrapping inside a wrapping is as deep as we look.
const MAX_WRAPPINGS: usize = 2;

/// Why a readable record is no change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IgnoredReason {
    /// A service that does not touch instances.
    OtherService,
    /// Only looked.
    ReadOnly,
    /// It failed, and was no attempt at a critical change.
    Failed,
    /// It asked for a dry run.
    DryRun,
    /// The instance was launched by it.
    Launch,
    /// A service's call on an instance that it had just launched.
    LaunchNoise,
    /// The instance was ended by it.
    Termination,
    /// The SSM agent talking about itself.
    AgentChatter,
    /// Known not to modify a running instance.
    NotAModification,
    /// It names no instance nor a part of one.
    NoInstance,
    /// Our own call.
    Own,
    /// A node's own report of its inventory.
    Inventory,
    /// The same event was already read.
    Duplicate,
}

impl IgnoredReason {
    /// The kebab-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherService => "other-service",
            Self::ReadOnly => "read-only",
            Self::Failed => "failed",
            Self::DryRun => "dry-run",
            Self::Launch => "launch",
            Self::LaunchNoise => "launch-noise",
            Self::Termination => "termination",
            Self::AgentChatter => "agent-chatter",
            Self::NotAModification => "not-a-modification",
            Self::NoInstance => "no-instance",
            Self::Own => "own",
            Self::Inventory => "inventory",
            Self::Duplicate => "duplicate",
        }
    }
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A change whose targets are not yet turned into instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnresolvedChange {
    /// The event; `instances` and `unresolved` are empty until it is resolved.
    pub event: ChangeEvent,
    /// What it aims at.
    pub targets: Vec<Target>,
    /// Ids that belong to the targeted instances from this event on.
    pub learned: Vec<String>,
    /// Ids that belong to nobody from this event on.
    pub lost: Vec<String>,
    /// Shared things that the targeted instances hold from this event on, in place of all they had of the kind.
    pub given: Option<Given>,
    /// An AWS service made the call, on its own or for somebody.
    pub by_service: bool,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Classified {
    /// It modified, or tried to modify, instances.
    Change(Box<UnresolvedChange>),
    /// An inventory report.
    Inventory(Box<InventoryReport>),
    /// It launched instances. Counted as ignored; kept to know births and parts.
    Launch(Box<LaunchSeen>),
    /// It ended instances. Counted as ignored; kept to know until when they lived.
    End(Box<EndSeen>),
    /// No change.
    Ignored(IgnoredReason),
    /// Not readable.
    SetAside(SetAside),
}

/// Classifies one raw record: a CloudTrail record, or one wrapped by LookupEvents or EventBridge. `origin`
/// says where it came from and is only used when it cannot be read.
pub fn classify(raw: &str, origin: impl fmt::Display, ctx: &ClassifyContext) -> Classified {
    classified(raw, ctx, MAX_WRAPPINGS).unwrap_or_else(|problem| Classified::SetAside(set_aside(origin, problem, raw)))
}

fn classified(raw: &str, ctx: &ClassifyContext, wrappings: usize) -> Result<Classified, String> {
    let envelope = Envelope::parse(raw).map_err(|error| format!("not a record: {error}"))?;
    if let Some(inner) = envelope.inner().filter(|_| wrappings > 0) {
        return classified(&inner, ctx, wrappings - 1);
    }
    if let Some(unquoted) = envelope.unquoted(raw).filter(|_| wrappings > 0) {
        return classified(&unquoted, ctx, wrappings - 1);
    }
    let head = match envelope.head() {
        Ok(head) => head,
        Err(problem) => match letters::restored(raw).filter(|_| wrappings > 0) {
            Some(restored) => return classified(&restored, ctx, wrappings - 1),
            None => return Err(problem.to_owned()),
        },
    };
    match table().entry(&head.source, &head.name) {
        None => Ok(Classified::Ignored(IgnoredReason::OtherService)),
        Some(Entry::Quiet(reason)) => quiet(reason, envelope, &head),
        Some(Entry::Rows(rows)) => known(rows, envelope, &head, ctx),
        Some(Entry::Unknown) => unknown(envelope, &head, ctx),
    }
}

/// What a call's name alone says against its being a change; `read_only` as the record says it. Only what
/// [`classify`] says of every record of that name.
pub(super) fn by_name(source: &str, name: &str, read_only: Option<bool>) -> Option<IgnoredReason> {
    match table().entry(source, name) {
        None => Some(IgnoredReason::OtherService),
        // Births and ends are remembered.
        Some(Entry::Quiet(Quiet::Launch | Quiet::Termination)) => None,
        Some(Entry::Quiet(Quiet::AgentChatter)) => Some(IgnoredReason::AgentChatter),
        Some(Entry::Quiet(Quiet::NotAModification)) => Some(IgnoredReason::NotAModification),
        Some(Entry::Rows(rows)) if rows.iter().any(|row| row.signal) => None,
        Some(Entry::Rows(_) | Entry::Unknown) => (read_only == Some(true)).then_some(IgnoredReason::ReadOnly),
    }
}

fn quiet(reason: Quiet, envelope: Envelope<'_>, head: &Head<'_>) -> Result<Classified, String> {
    if let (Quiet::Launch | Quiet::Termination, Some(error)) = (reason, &head.error) {
        return Ok(Classified::Ignored(failure(error)));
    }
    Ok(match reason {
        Quiet::Launch => Classified::Launch(Box::new(launch::launch(&envelope.record()?))),
        Quiet::Termination => Classified::End(Box::new(launch::end(&envelope.record()?))),
        Quiet::AgentChatter => Classified::Ignored(IgnoredReason::AgentChatter),
        Quiet::NotAModification => Classified::Ignored(IgnoredReason::NotAModification),
    })
}

fn known(rows: &[Row], envelope: Envelope<'_>, head: &Head<'_>, ctx: &ClassifyContext) -> Result<Classified, String> {
    if head.read_only == Some(true) && !rows.iter().any(|row| row.signal) {
        return Ok(Classified::Ignored(IgnoredReason::ReadOnly));
    }
    // Cheap answers first: the body of a failed call is read only where an attempt matters.
    if let Some(error) = &head.error
        && (is_no_attempt(error) || !rows.iter().any(|row| row.severity == Severity::Critical))
    {
        return Ok(Classified::Ignored(failure(error)));
    }
    let record = envelope.record()?;
    // A report of the node itself is evidence; what anybody else reports in its name goes on as a change.
    if let Some(report) = inventory::report(head, &record, || caller(&record)) {
        return Ok(Classified::Inventory(Box::new(report)));
    }
    let Some(row) = rows.iter().find(|row| applies(row, &record.body)) else {
        return Ok(Classified::Ignored(IgnoredReason::NotAModification));
    };
    if let Some(error) = head.error.as_deref().filter(|_| row.severity < Severity::Critical) {
        return Ok(Classified::Ignored(failure(error)));
    }
    let targets = extract::targets(row, &record);
    if targets.is_empty() {
        let was_spared = !row.spares.is_empty();
        let reason = if was_spared { IgnoredReason::NotAModification } else { IgnoredReason::NoInstance };
        return Ok(Classified::Ignored(reason));
    }
    if !row.housekeeping.is_empty() && caller(&record).invoked_by.is_some_and(|by| row.housekeeping.contains(&by)) {
        return Ok(Classified::Ignored(IgnoredReason::NotAModification));
    }
    let summary = row.says.of(&record.body);
    let (summary, outcome) = match &head.error {
        None => (summary, CallOutcome::Succeeded),
        Some(error) => (clean(&format!("attempt failed with {error}: {summary}")), CallOutcome::Failed(error.clone())),
    };
    let aims = match &head.error {
        None => Aims {
            targets,
            learned: extract::learned(row, &record.body),
            lost: extract::lost(row, &record.body),
            given: extract::given(row, &record.body),
        },
        Some(_) => Aims::at(targets),
    };
    let event = Draft {
        category: row.category,
        code: row.code.clone(),
        severity: row.severity,
        directness: row.directness,
        outcome,
        execution: extract::execution(row, &record.body),
        summary,
    };
    Ok(change(event.on(head, &record, row.explains.clone()), &record, aims, ctx))
}

/// Whether the conditions of a row hold.
pub(super) fn applies(row: &Row, body: &Body<'_>) -> bool {
    (row.when.is_empty() || row.when.iter().any(|condition| condition.holds(body)))
        && !row.unless.iter().any(|condition| condition.holds(body))
}

/// A write to a service we watch, by a name that the table does not have.
fn unknown(envelope: Envelope<'_>, head: &Head<'_>, ctx: &ClassifyContext) -> Result<Classified, String> {
    if head.read_only.unwrap_or_else(|| reads_by_name(&head.name)) {
        return Ok(Classified::Ignored(IgnoredReason::ReadOnly));
    }
    if let Some(error) = &head.error {
        return Ok(Classified::Ignored(failure(error)));
    }
    let record = envelope.record()?;
    let targets = extract::ids_below(&record.body.request);
    if targets.is_empty() {
        return Ok(Classified::Ignored(IgnoredReason::NoInstance));
    }
    let event = Draft {
        category: Category::Other,
        code: Code::known(UNMAPPED),
        severity: Severity::Medium,
        directness: Directness::Direct,
        outcome: CallOutcome::Succeeded,
        execution: None,
        summary: clean(&format!("called {}, which names the instance", head.name)),
    };
    Ok(change(event.on(head, &record, BTreeSet::new()), &record, Aims::at(targets), ctx))
}

/// Records before event version 1.05 do not say whether they read.
fn reads_by_name(name: &str) -> bool {
    ["Describe", "Get", "List", "Search", "Lookup", "Preview", "BatchGet"].iter().any(|prefix| name.starts_with(prefix))
}

fn failure(error: &str) -> IgnoredReason {
    if error.contains("DryRunOperation") { IgnoredReason::DryRun } else { IgnoredReason::Failed }
}

/// Dry runs, and refusals for load that the same caller retries anyway.
fn is_no_attempt(error: &str) -> bool {
    ["DryRunOperation", "Throttl", "RequestLimitExceeded", "TooManyRequests", "ServiceUnavailable", "InternalError"]
        .iter()
        .any(|part| error.contains(part))
}

fn caller(record: &Record<'_>) -> Actor {
    let call = CallContext {
        source_ip: record.source_ip.as_deref(),
        user_agent: record.user_agent.as_deref(),
        vpc_endpoint: record.vpc_endpoint.as_deref(),
        vpc_endpoint_account: record.vpc_endpoint_account.as_deref(),
        from_console: record.from_console,
        recipient: record.account.as_str(),
    };
    actor(&record.identity, call)
}

/// What a row says of an event, before record and caller are added.
struct Draft {
    category: Category,
    code: Code,
    severity: Severity,
    directness: Directness,
    outcome: CallOutcome,
    execution: Option<String>,
    summary: String,
}

impl Draft {
    fn on(self, head: &Head<'_>, record: &Record<'_>, explains: BTreeSet<crate::types::Aspect>) -> ChangeEvent {
        let text = |text: &Cow<'_, str>| clean(text);
        ChangeEvent {
            id: record.id.clone(),
            time: record.time,
            event_source: text(&head.source),
            event_name: text(&head.name),
            account: record.account.clone(),
            region: record.region.clone(),
            category: self.category,
            code: self.code,
            severity: self.severity,
            instances: Vec::new(),
            unresolved: Vec::new(),
            actor: caller(record),
            explains,
            directness: self.directness,
            outcome: self.outcome,
            execution: self.execution,
            reason: extract::reason(&record.body),
            summary: self.summary,
        }
    }
}

/// What a call aims at, and what it tells of that.
struct Aims {
    targets: Vec<Target>,
    learned: Vec<String>,
    lost: Vec<String>,
    given: Option<Given>,
}

impl Aims {
    /// It teaches nothing.
    fn at(targets: Vec<Target>) -> Self {
        Self { targets, learned: Vec::new(), lost: Vec::new(), given: None }
    }
}

fn change(event: ChangeEvent, record: &Record<'_>, aims: Aims, ctx: &ClassifyContext) -> Classified {
    let Aims { targets, learned, lost, given } = aims;
    if ctx.is_own(record, &event.event_name, &event.actor, &targets) {
        return Classified::Ignored(IgnoredReason::Own);
    }
    let by_service = event.actor.kind == ActorKind::AwsService || event.actor.invoked_by.is_some();
    Classified::Change(Box::new(UnresolvedChange { event, targets, learned, lost, given, by_service }))
}
