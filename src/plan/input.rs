//! Everything a plan depends on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::types::{
    AccountId, Coverage, Decision, Enforcement, Exception, Finding, Fleet, FleetName, Golden, GoldenRef, Image,
    ImageId, Instance, InstanceId, OperationKind, Place, PlanHash,
};

/// Everything a plan depends on. All lists may be in any order.
#[derive(Clone, Debug)]
pub struct PlanInput<'a> {
    /// The time that counts as now: the snapshot's start.
    pub now: Timestamp,
    /// The ceiling on every fleet.
    pub mode: Enforcement,
    /// Every live instance, also those policy asks nothing of: budgets, the mass-drift breaker and
    /// availability are shares of the whole fleet.
    pub subjects: Vec<PlanSubject<'a>>,
    /// Members of fleets that this scan could not look for.
    pub unseen: Vec<PlanUnseen<'a>>,
    /// Fleets.
    pub fleets: &'a [Fleet],
    /// Goldens.
    pub goldens: &'a [Golden],
    /// Images as EC2 describes them; an id that is missing was not described.
    pub images: &'a BTreeMap<ImageId, Image>,
    /// Exceptions, expired ones included.
    pub exceptions: &'a [Exception],
    /// What is paused.
    pub pauses: &'a [Pause],
    /// Why the kill switch outside the state stops everything, if it does.
    pub stopped: Option<&'a str>,
    /// What was read, for each account-region and source.
    pub coverage: &'a [Coverage],
    /// What happened before.
    pub history: &'a History,
    /// Configured alarms with their state; none configured holds nothing.
    pub alarms: &'a [Alarm],
    /// Approvals that people gave.
    pub approvals: &'a [Approval],
    /// What is known of the enforcing role's permissions.
    pub permissions: &'a Permissions,
    /// A person's word that one instance is to be acted on although gates hold it.
    pub overriding: Option<Overriding<'a>>,
}

/// A person's word against the gates, for one instance. The kill switch, the golden and missing permissions stand
/// above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overriding<'a> {
    /// Instance.
    pub instance: &'a InstanceId,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}

impl<'a> PlanInput<'a> {
    /// Live instances that are part of their fleet: not those that are only kept.
    pub(super) fn members(&self) -> impl Iterator<Item = &PlanSubject<'a>> {
        let kept = &self.history.retained;
        self.subjects.iter().filter(|subject| subject.instance.is_live() && !kept.contains(&subject.instance.id))
    }
}

/// One instance with what was found and decided.
#[derive(Clone, Debug)]
pub struct PlanSubject<'a> {
    /// Instance.
    pub instance: &'a Instance,
    /// Its fleet.
    pub fleet: Option<&'a FleetName>,
    /// What policy says.
    pub decision: Option<&'a Decision>,
    /// Its findings that are not resolved.
    pub findings: Vec<&'a Finding>,
}

/// A server that the scan could not look for: its place could not be read.
#[derive(Clone, Debug)]
pub struct PlanUnseen<'a> {
    /// Which one.
    pub instance: &'a InstanceId,
    /// Its fleet, as it was known.
    pub fleet: &'a FleetName,
    /// Its findings that are not resolved.
    pub findings: Vec<&'a Finding>,
}

/// One pulled kill switch: a fleet, or everything, with the reason.
pub type Pause = (Option<FleetName>, String);

/// What happened before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Operations of the last days.
    pub operations: Vec<PastOperation>,
    /// Lineages of instances that replaced others.
    pub lineages: BTreeMap<InstanceId, Lineage>,
    /// Instances that were replaced and are kept, isolated and stopped, until their time is over: they are no part
    /// of their fleet any more.
    pub retained: BTreeSet<InstanceId>,
    /// Instances that are quarantined and were not released: nothing more is to be contained.
    pub contained: BTreeSet<InstanceId>,
    /// Where launches failed for want of capacity.
    pub capacity: Vec<CapacityBackoff>,
}

/// Launches of one type in one zone failed for want of capacity. Other types, zones and fleets are not held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityBackoff {
    /// Where.
    pub place: Place,
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// When the next attempt may be made.
    pub until: Timestamp,
}

/// How an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// It has not ended.
    InFlight,
    /// It ended then, whatever the result.
    Finished(Timestamp),
}

/// One operation that was started before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastOperation {
    /// What.
    pub kind: OperationKind,
    /// On which instance.
    pub instance: InstanceId,
    /// What it launched in its place.
    pub replacement: Option<InstanceId>,
    /// Of which fleet.
    pub fleet: FleetName,
    /// Where.
    pub place: Place,
    /// The availability zone that the instance was in; empty when nobody knows.
    pub zone: String,
    /// What it replaces the instance from.
    pub golden: Option<GoldenRef>,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// How it stands.
    pub state: OperationState,
}

/// The predecessors of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Replacements that led to this instance, in any order.
    pub replacements: Vec<PastReplacement>,
}

/// One replacement in a lineage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastReplacement {
    /// When it finished.
    pub at: Timestamp,
    /// Fingerprints of the findings it was made for.
    pub fingerprints: Vec<String>,
}

/// State of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// Quiet.
    Ok,
    /// Firing.
    Firing,
    /// Could not be read, or has too little data.
    Unknown,
}

/// An alarm that holds enforcement while it fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Only this fleet; `None` for all.
    pub fleet: Option<FleetName>,
    /// Name.
    pub name: String,
    /// State.
    pub state: AlarmState,
}

/// A person's approval of one operation, or of a plan as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Hash of the operation, or of the plan.
    pub plan: PlanHash,
    /// Since when enough people gave it: what was begun on its instance after that has used it up.
    pub given_at: Timestamp,
    /// Who.
    pub approver: String,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// What is known of the enforcing role's permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Permissions {
    /// Nobody checked.
    #[default]
    Unknown,
    /// Checked: the actions that are missing, by account. An account that is absent was not checked.
    Checked(BTreeMap<AccountId, Vec<String>>),
}
